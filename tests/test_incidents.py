"""Incident packs: strict to read, complete, and exact about versions, digests and addresses."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import incidentfile, incidentpage
from auditor.advisories import (
    BadPackage,
    How,
    Incident,
    IncidentIndex,
    Pack,
    digests,
    packs,
    versions,
)
from auditor.advisories.claims import claims
from auditor.errors import RuleError
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.rulebook import builtin_folder
from auditor.usual import usual
from tests.often import often
from tests.test_cli import audit

if TYPE_CHECKING:
    from pathlib import Path

RULES = builtin_folder()
PACKS = incidentfile.read([RULES], whole=True)
INDEX = IncidentIndex(PACKS)
ALL = list(INDEX.packages())
BY_ID = {pack.incident.id: pack for pack in PACKS}


def entry(name: str, version: str, ecosystem: str = "npm", **more: Any) -> LockedPackage:  # noqa: ANN401
    return LockedPackage(id=name, ecosystem=ecosystem, name=name, version=version, **more)


def found(package: LockedPackage) -> list[tuple[str, str, How]]:
    return [(hit.name, hit.version, hit.how) for hit in INDEX.hits(package)]


# -- the packs


def test_all_packs_load_and_are_complete() -> None:
    assert len(PACKS) == 51
    assert sum(len(p.versions) + len(p.decoys) for _, p in ALL) == 6053
    assert sum(1 for _, p in ALL if p.any and not p.versions) == 34
    assert len(ALL) == 2513


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.incident.id)
def test_a_pack_says_what_to_do_and_whom_it_is_from(pack: Pack) -> None:
    detail = packs.detail(pack)
    assert detail.summary
    assert detail.sources
    assert len(detail.steps) >= 2
    assert pack.incident.end == "" or pack.incident.start <= pack.incident.end
    assert len(pack.incident.title) <= 110


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.incident.id)
def test_what_wipes_on_revocation_is_removed_before_tokens_are_revoked(pack: Pack) -> None:
    steps = packs.detail(pack).steps
    switch = [i for i, step in enumerate(steps) if step.before == "any GitHub token is revoked"]
    revoked = [i for i, step in enumerate(steps) if step.do.startswith("Revoke")]
    told = f"{pack.text}".count("gh-token-monitor") + pack.text.count("kitty-monitor")
    assert bool(switch) == bool(told)
    assert all(first < later for first in switch for later in revoked)


PLAYBOOKS = {
    "axios-2026-03": [
        "Look at the folder node_modules/plain-crypto-js",
        "If it ran",
        "Revoke and reissue every secret",
        "Block and search the logs for sfrclak.com",
        "Pin axios 1.14.0 or 0.30.3",
        "Empty the caches",
        "Rebuild the machine",
        "Afterwards install with npm ci",
    ],
    "tanstack-mini-shai-hulud-2026-05": [
        "Take the machine off the network",
        "Stop and remove the gh-token-monitor service",
        "Remove what starts by itself",
        "Revoke and reissue every secret",
        "Take the version out",
        "Do not take provenance",
        "Rebuild the machine",
    ],
    "keyv-cacheable-2026-08": [
        "Take the machine off the network",
        "Stop and remove the gh-token-monitor service",
        "Remove what starts by itself",
        "Revoke and reissue every secret",
        "Do not take provenance",
        "Take the version out",
        "Rebuild the machine",
    ],
}


@pytest.mark.parametrize("incident", PLAYBOOKS)
def test_the_order_of_a_playbook(incident: str) -> None:
    detail = INDEX.detail(incident)
    assert detail is not None
    wanted = PLAYBOOKS[incident]
    assert len(detail.steps) == len(wanted)
    assert all(s.do.startswith(w) for s, w in zip(detail.steps, wanted, strict=True))


def test_indicators_of_low_confidence_stand_apart() -> None:
    detail = INDEX.detail("axios-2026-03")
    assert detail is not None
    assert detail.indicators.domains == ("sfrclak.com",)
    assert detail.indicators.addresses == ("142.11.206.73",)
    assert "142.11.206.72" in detail.doubtful.addresses
    systems = {sign.path: sign.system for sign in detail.indicators.files}
    assert systems["/tmp/ld.py"] == "linux"  # noqa: S108
    assert systems["/Library/Caches/com.apple.act.mond"] == "macos"
    assert systems[r"%PROGRAMDATA%\wt.exe"] == "windows"


def test_there_is_no_detail_of_an_incident_that_there_is_not() -> None:
    assert INDEX.detail("never-2020") is None


# -- every bad version is found, and no good one


def bumped(version: str) -> str:
    """Return a version whose last number of the release is one higher."""
    release, dash, rest = version.partition("-")
    head, dot, last = release.rpartition(".")
    return f"{head}{dot}{int(re.sub(r'[^0-9]', '', last) or 0) + 1}{dash}{rest}"


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.incident.id)
def test_every_bad_version_of_a_pack_is_found(pack: Pack) -> None:
    mine = [(i, p) for i, p in ALL if i.id == pack.incident.id]
    for incident, package in mine:
        for version in package.versions:
            (hit,) = INDEX.hits(entry(package.name, version, package.ecosystem))
            assert (hit.name, hit.version, hit.how) == (package.name, version, How.VERSION)
            assert incident in hit.incidents
        if package.any:
            (hit,) = INDEX.hits(entry(package.name, "77.0.1", package.ecosystem))
            assert hit.how is How.ANY_VERSION


def bad_anywhere(package: BadPackage) -> set[str]:
    known = INDEX.named(package.ecosystem, package.name)
    same = versions.same_version
    return {same(package.ecosystem, v) for _, p in known for v in (*p.versions, *p.decoys)}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.incident.id)
def test_no_version_beside_a_bad_one_is_found(pack: Pack) -> None:
    mine: list[tuple[Incident, BadPackage]] = [x for x in ALL if x[0].id == pack.incident.id]
    for _, package in mine:
        known = INDEX.named(package.ecosystem, package.name)
        if any(other.any for _, other in known):
            continue
        bad = bad_anywhere(package)
        for version in (*package.safe, *map(bumped, package.versions), "77.0.1"):
            if versions.same_version(package.ecosystem, version) not in bad:
                assert not found(entry(package.name, version, package.ecosystem)), version


SOURCE_LIST = "a6f61ef883c326bbbdf21d0c53f2342a23deac7a2f69a1c7c0689ee2420f5900"
"""SHA-256 of the 6,086 rows that were collected from the incidents' reports: incident, ecosystem,
name and version with tabs between, sorted."""
ADDED = {
    ("axios-2026-03", "npm", "plain-crypto-js", "4.2.0"),  # the decoy
    ("axios-2026-03", "npm", "plain-crypto-js", "*"),
    ("mastra-easy-day-js-2026-06", "npm", "easy-day-js", "*"),
}
"""Rows that the packs have beyond the list: what exists only to attack is bad in any version."""


def test_the_packs_hold_the_whole_source_list_and_nothing_unexplained() -> None:
    rows = {
        (incident.id, package.ecosystem, package.name, version)
        for incident, package in ALL
        for version in (*package.versions, *package.decoys, *["*"] * package.any)
    }
    assert rows > ADDED
    listed = sorted(rows - ADDED)
    assert len(listed) == 6086
    text = "\n".join(map("\t".join, listed))
    assert hashlib.sha256(text.encode()).hexdigest() == SOURCE_LIST


# -- one name, one version


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "wanted"),
    [
        ("npm", "axios", "1.14.1", "1.14.1"),
        ("npm", "axios", "v1.14.1", "1.14.1"),
        ("npm", "axios", "=1.14.1", "1.14.1"),
        ("npm", "axios", " = v1.14.1 ", "1.14.1"),
        ("npm", "axios", "1.14.1+build.5", "1.14.1"),
        ("npm", "axios", "1.14.1-rc.1", ""),
        ("npm", "axios", "1.14.10", ""),
        ("npm", "axios", "1.14.1.0", ""),
        ("npm", "Axios", "1.14.1", ""),
        ("npm", "axios", "", ""),
        ("npm", "@axios/axios", "1.14.1", ""),
        ("pypi", "axios", "1.14.1", ""),
        ("pypi", "litellm", "1.82.8", "1.82.8"),
        ("pypi", "LiteLLM", "1.82.8.0", "1.82.8"),
        ("pypi", "litellm", "v1.82.8", "1.82.8"),
        ("pypi", "litellm", "1.82.8+mirror.1", "1.82.8"),
        ("pypi", "litellm", "1.82.8.post1", ""),
        ("pypi", "litellm", "1.82.8rc1", ""),
        ("pypi", "lite.llm", "1.82.8", ""),
        ("pypi", "Pantheon_Agents", "77", ""),
        ("pypi", "ctx", "0.1.2.post1", "0.1.2-1"),
        ("pypi", "ctx", "0.2.0", "0.2"),
        ("pypi", "litellm", "9" * 5000, ""),
        ("npm", "axios", "1" * 5000, ""),
        ("golang", "github.com/adieuu-llc/adieuu-2026", "0.4.9", "v0.4.9"),
        ("conda", "litellm", "1.82.8", ""),
    ],
)
def test_spellings_of_a_version(ecosystem: str, name: str, version: str, wanted: str) -> None:
    hits = [hit.version for hit in INDEX.hits(entry(name, version, ecosystem))]
    assert hits == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    ("version", "among", "wanted"),
    [
        ("1.14.1", ("1.14.0", "0.30.3"), "1.14.0"),
        ("0.30.4", ("1.14.0", "0.30.3"), "0.30.3"),
        ("1.95.7", ("1.95.5", "1.95.8"), "1.95.8"),
        ("1.95.6", ("1.95.5", "1.95.8"), "1.95.5"),
        ("3.3.6", ("4.0.0", "3.3.4"), "3.3.4"),
        ("1.0.0", ("0.7.30", "0.8.1", "1.0.1"), "1.0.1"),
        ("2.0.6", ("2.0.5", "2.0.7"), "2.0.5"),
        ("1.0.0", (), ""),
    ],
)
def test_the_nearest_safe_version(version: str, among: tuple[str, ...], wanted: str) -> None:
    assert versions.nearest(version, among) == wanted


def test_a_version_of_two_incidents_is_one_hit_with_both() -> None:
    (hit,) = INDEX.hits(entry("mbt", "1.2.48"))
    assert [i.id for i in hit.incidents] == [
        "mini-shai-hulud-sap-2026-04",
        "tanstack-mini-shai-hulud-2026-05",
    ]
    assert not hit.single_source


def test_a_version_that_one_source_names_is_marked() -> None:
    sources = {v: INDEX.hits(entry("@ctrl/deluge", v))[0].single_source for v in ("1.2.0", "7.2.1")}
    assert sources == {"1.2.0": True, "7.2.1": False}


@pytest.mark.parametrize(
    ("version", "how"),
    [
        ("4.2.1", How.VERSION),
        ("4.2.0", How.DECOY),
        ("4.3.0", How.ANY_VERSION),
        ("", How.ANY_VERSION),
        ("0.0.1-security", How.PLACEHOLDER),
        ("0.0.1-security.0", How.PLACEHOLDER),
    ],
)
def test_what_a_version_of_an_attackers_name_is(version: str, how: How) -> None:
    assert [hit.how for hit in INDEX.hits(entry("plain-crypto-js", version))] == [how]


# -- digests

SHA1 = "2553649f2322049666871cea80a5d0d6adc700ca"
SHA512 = (
    "sha512-vF/aB4vrIzLyOb2TB9gpuE8gusNHpZqk2ZZcAqSnRjW5IcY7tFSBEurD2tbakohj0Rw5xMHYwjSqOGSfr0ie"
    "wA=="
)
BAD_1_14_1 = [("axios", "1.14.1", How.INTEGRITY)]


@pytest.mark.parametrize(
    "spelled",
    [
        ("sha1-JVNknyMiBJZmhxzqgKXQ1q3HAMo=",),
        ("sha1-JVNknyMiBJZmhxzqgKXQ1q3HAMo",),
        ("SHA1-JVNknyMiBJZmhxzqgKXQ1q3HAMo=?opt",),
        (f"sha1:{SHA1}",),
        (f"sha1-{SHA1}",),
        (SHA1,),
        (SHA1.upper(),),
        ("sha512-AAAA sha1-JVNknyMiBJZmhxzqgKXQ1q3HAMo=",),
        ("md5-xx", "sha1-JVNknyMiBJZmhxzqgKXQ1q3HAMo="),
        ("sha256:5bb67e88846096f1f8d42a0f0350c9c46260591567612ff9af46f98d1b7571cd",),
        ("sha256=5bb67e88846096f1f8d42a0f0350c9c46260591567612ff9af46f98d1b7571cd",),
        (SHA512,),
    ],
)
def test_a_bad_tarball_is_known_by_its_digest_whatever_it_is_called(
    spelled: tuple[str, ...],
) -> None:
    assert found(entry("is-number", "7.0.0", integrity=spelled)) == BAD_1_14_1
    assert found(entry("axios", "1.13.2", integrity=spelled)) == BAD_1_14_1


def test_a_digest_in_the_address_counts() -> None:
    resolved = f"https://registry.example.org/is-number/-/is-number-7.0.0.tgz#{SHA1}"
    assert found(entry("is-number", "7.0.0", resolved=resolved)) == BAD_1_14_1


@pytest.mark.parametrize(
    ("fragment", "met"),
    [
        (SHA1, True),
        (SHA1.upper(), True),
        (f"sha1={SHA1}", True),
        (f"{SHA1}&x=y", True),
        (f"sha1={b64encode(bytes.fromhex(SHA1)).decode()}&x=12345", True),
        (f"x{SHA1[1:]}", False),
        ("0" * 40, False),
        (SHA1[1:], False),
    ],
)
def test_the_digest_behind_an_address_tells_an_entry_in_whatever_spelling(
    fragment: str,
    met: bool,  # noqa: FBT001
) -> None:
    address = f"https://registry.example.org/is-number/-/is-number-7.0.0.tgz#{fragment}"
    one = entry("is-number", "7.0.0", resolved=address, integrity=("sha512-" + "A" * 86 + "==",))
    inventory = Inventory(path="yarn.lock", format="yarn", packages=(one,))
    assert [hit.how for hit in INDEX.hits(one)] == [How.INTEGRITY] * met
    assert [*INDEX.suspects([one], usual(inventory))] == [one] * met


def test_an_entry_that_tells_the_truth_is_one_hit_with_all_that_shows_it() -> None:
    resolved = f"https://registry.example.org/axios/-/axios-1.14.1.tgz?x#{SHA1}"
    (hit,) = INDEX.hits(entry("axios", "1.14.1", resolved=resolved))
    assert hit.how is How.VERSION
    assert set(hit.ways) == {How.VERSION, How.INTEGRITY, How.ADDRESS}


@pytest.mark.parametrize(
    "text",
    ["", "-", "sha1-", "sha1-!!", "sha512-AAAA", "sha1-" + "A" * 200, "sha1-é" * 30, SHA1[:-1]],
)
def test_what_is_no_digest_is_none(text: str) -> None:
    assert digests.key_of(text) is None


# -- addresses

HOST = "https://registry.example.org"
HUB = "https://github.com/axios/axios"
LOAD = "https://codeload.github.com/axios/axios"
LAB = "https://gitlab.example.org/axios/axios"
FILES = "https://files.example.org/a"
CDN = "https://cdn.example.org"


@pytest.mark.parametrize(
    ("ecosystem", "name", "address", "wanted"),
    [
        ("npm", "is-number", f"{HOST}/axios/-/axios-1.14.1.tgz", "axios@1.14.1"),
        ("npm", "axios", f"{HOST}/axios/-/axios-1.14.1.tgz", "axios@1.14.1"),
        ("npm", "x", f"{HOST}/is-number/-/axios-1.14.1.tgz", "axios@1.14.1"),
        ("npm", "x", f"{HOST}/is-number/-/../../axios/-/axios-1.14.1.tgz", "axios@1.14.1"),
        ("npm", "x", f"{HOST}/api/npm/all/axios/-/axios-1.14.1.tgz?v=1", "axios@1.14.1"),
        ("npm", "x", f"{HOST}/@cap-js/sqlite/-/sqlite-2.2.2.tgz", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", f"{HOST}/@cap-js%2fsqlite/-/sqlite-2.2.2.tgz", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", f"{HOST}/@cap-js%252Fsqlite/-/sqlite-2.2.2.tgz", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", f"{HOST}/@cap-js/sqlite/-/@cap-js/sqlite-2.2.2.tgz", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", f"{HOST}/download/@cap-js/sqlite/2.2.2/abcdef", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", f"{HOST}/sqlite/-/sqlite-2.2.2.tgz", ""),
        ("npm", "x", f"{HOST}/axios/-/axios-1.14.0.tgz", ""),
        ("npm", "x", f"{HOST}/my-axios/-/my-axios-1.14.1.tgz", ""),
        ("npm", "x", "axios@npm:1.14.1", "axios@1.14.1"),
        (
            "npm",
            "x",
            f"x@npm:1.0.0::__archiveUrl={HOST}%2Faxios%2F-%2Faxios-1.14.1.tgz",
            "axios@1.14.1",
        ),
        ("npm", "x", "axios@patch:axios@npm%3A1.14.1#./p.patch", "axios@1.14.1"),
        ("npm", "x", f"{CDN}/npm/axios@1.14.1/dist/axios.js", "axios@1.14.1"),
        ("npm", "x", f"{CDN}/@cap-js/sqlite@2.2.2/x.js", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", "node_modules/.pnpm/@cap-js+sqlite@2.2.2/x", "@cap-js/sqlite@2.2.2"),
        ("npm", "x", "file:vendor/axios-1.14.1.tgz", "axios@1.14.1"),
        ("npm", "x", "file:vendor/cap-js-sqlite-2.2.2.tgz", "@cap-js/sqlite@2.2.2"),
        ("npm", "axios", f"{HUB}/archive/refs/tags/v1.14.1.tar.gz", "axios@1.14.1"),
        ("npm", "axios", f"{LOAD}/tar.gz/refs/tags/v1.14.1", "axios@1.14.1"),
        ("npm", "axios", f"{LOAD}/tar.gz/v1.14.1", "axios@1.14.1"),
        ("npm", "axios", f"git+{HUB}#v1.14.1", "axios@1.14.1"),
        ("npm", "axios", "git+ssh://git@github.com/axios/axios.git#v1.14.1", "axios@1.14.1"),
        ("npm", "axios", "git@github.com:axios/axios.git#semver:1.14.1", "axios@1.14.1"),
        ("npm", "axios", "github:axios/axios#axios@1.14.1", "axios@1.14.1"),
        ("npm", "axios", f"{LAB}/-/archive/v1.14.1/axios-v1.14.1.tar.gz", "axios@1.14.1"),
        ("npm", "x", f"git+{HUB}#v1.14.1", ""),
        ("npm", "axios", f"git+{HUB}#v1.14.0", ""),
        (
            "npm",
            "@cap-js/sqlite",
            "git+https://github.com/cap-js/sqlite#v2.2.2",
            "@cap-js/sqlite@2.2.2",
        ),
        ("pypi", "x", f"{FILES}/litellm-1.82.8-py3-none-any.whl", "litellm@1.82.8"),
        ("pypi", "x", f"{FILES}/litellm-1.82.8.tar.gz#sha256=00", "litellm@1.82.8"),
        ("pypi", "litellm", "git+https://github.com/BerriAI/litellm@v1.82.8", "litellm@1.82.8"),
        ("pypi", "x", f"{FILES}/lite_llm-1.82.8-py3-none-any.whl", ""),
        ("pypi", "x", f"{FILES}/litellm-1.82.80.tar.gz", ""),
    ],
)
def test_what_an_address_names(ecosystem: str, name: str, address: str, wanted: str) -> None:
    package = entry(name, "0.0.7", ecosystem, resolved=address, origin=Origin.URL)
    assert [f"{hit.name}@{hit.version}" for hit in INDEX.hits(package)] == (
        [wanted] if wanted else []
    )
    assert all(hit.how is How.ADDRESS for hit in INDEX.hits(package))


def test_one_foreign_file_among_a_packages_own_is_seen() -> None:
    own = ("https://files.example.org/Foo_Bar-1.0.0-py3-none-any.whl",)
    foreign = ("https://files.example.org/litellm-1.82.8-py3-none-any.whl",)
    assert not found(entry("foo.bar", "1.0.0", "pypi", files=own))
    assert found(entry("foo.bar", "1.0.0", "pypi", files=own + foreign)) == [
        ("litellm", "1.82.8", How.ADDRESS)
    ]


def test_a_file_of_a_longer_version_is_not_taken_for_the_entrys_own() -> None:
    file = ("https://files.example.org/litellm-1.82.8-py3-none-any.whl",)
    assert found(entry("litellm", "1.82", "pypi", files=file)) == [
        ("litellm", "1.82.8", How.ADDRESS)
    ]


def test_a_member_of_the_project_has_no_address() -> None:
    package = entry("x", "1.0.0", origin=Origin.WORKSPACE, resolved="packages/axios@1.14.1")
    assert not found(package)


ALPHABET = "axios-@/:#.%2fv=+114_~?\\ é\0\n"
TEXT = st.text(ALPHABET, max_size=60) | st.text(max_size=20)


@given(TEXT, TEXT, TEXT, TEXT, st.sampled_from(["npm", "pypi", "golang", "x"]))
@settings(max_examples=often(400), deadline=None)
def test_any_entry_is_looked_up(
    name: str, version: str, resolved: str, digest: str, ecosystem: str
) -> None:
    package = entry(
        name, version, ecosystem, resolved=resolved, integrity=(digest,), files=(resolved, "")
    )
    assert isinstance(INDEX.hits(package), tuple)


@pytest.mark.parametrize(
    "address", ["-1" * 50_000, "a@1/" * 50_000, "/" * 100_000, "%25" * 50_000, "#" + "a-" * 50_000]
)
def test_a_long_address_costs_no_time(address: str) -> None:
    assert len(claims(address)) < 100


# -- the loader

GOOD = """\
id: some-attack
title: An attack
kind: worm
confidence: high
window:
  from: "2026-01-01T00:00:00Z"
packages:
  npm:
    foo: ["1.0.0"]
summary: What happened.
sources: A report.
steps:
  - Remove it.
references: []
"""


def test_a_small_pack_is_enough() -> None:
    pack = packs.head(GOOD, "some-attack.yaml", {})
    packs.check(pack)
    assert [hit.version for hit in IncidentIndex([pack]).hits(entry("foo", "1.0.0"))] == ["1.0.0"]


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ("id: some-attack", "id: other", "id", "must be words-with-dashes"),
        ("title: An attack", "title: 7", "title", "must be a text"),
        ("title: An attack\n", "", "title", "is missing"),
        ("kind: worm", "kind: wurm", "kind", "did you mean 'worm'?"),
        ("confidence: high", "confidence: certain", "confidence", "is none of"),
        ('"2026-01-01T00:00:00Z"', "yesterday", "window.from", "must be a time in UTC"),
        ("  from:", "  form:", "window.form", "did you mean 'from'?"),
        ("packages:", "package:", "package", "did you mean 'packages'?"),
        ("  npm:", "  nmp:", "packages.nmp", "did you mean 'npm'?"),
        ('["1.0.0"]', "[]", "packages.npm.foo", "must name versions"),
        ('["1.0.0"]', '["1.0.0", "1.0.0"]', "packages.npm.foo", "says one version twice"),
        ('["1.0.0"]', "{safe: ['2.0.0']}", "packages.npm.foo", "must have versions, or any"),
        (
            '["1.0.0"]',
            "{versions: ['1.0.0'], safe: ['1.0.0']}",
            "packages.npm.foo.safe",
            "is among the bad versions",
        ),
        (
            '["1.0.0"]',
            "{versions: ['1.0.0'], single-source: ['2.0.0']}",
            "packages.npm.foo.single-source",
            "is none of the bad versions",
        ),
        (
            '["1.0.0"]',
            "{versions: ['1.0.0'], integrity: {'1.0.0': [sha1-x]}}",
            "packages.npm.foo.integrity.1.0.0[0]",
            "must be a digest",
        ),
        (
            '["1.0.0"]',
            "{versions: ['1.0.0'], integrity: {'2.0.0': []}}",
            "packages.npm.foo.integrity.2.0.0",
            "is none of the bad versions",
        ),
        ("summary: What", "lists: {npm: x.txt}\nsummary: What", "lists.npm", "no list 'x.txt'"),
        ("kind: worm\n", "", "kind", "is missing"),
        ("steps:\n  - Remove it.\n", "", "steps", "is missing"),
        ("steps:", "stepps:", "stepps", "did you mean 'steps'?"),
        ("- Remove it.", "- {doo: x}", "steps[0].doo", "is no key here"),
        ("- Remove it.", "- {where: x}", "steps[0].do", "is missing"),
        ("sources: A report.\n", "", "sources", "is missing"),
        ("summary: What happened.\n", "", "summary", "is missing"),
        ("steps:", "indicators: {domain: [x]}\nsteps:", "indicators.domain", "'domains'?"),
        ("steps:", "indicators: {hashes: {abc: x}}\nsteps:", "indicators.hashes.abc", "SHA-256"),
        ("steps:", "indicators: {ports: ['1']}\nsteps:", "indicators.ports[0]", "whole number"),
        ("references: []", "references: [7]", "references[0]", "must be a text"),
        ("references: []", "references: [no]", "line 14", "without quotes"),
    ],
)
def test_a_pack_that_is_not_one_is_refused(old: str, new: str, where: str, problem: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        packs.check(packs.head(GOOD.replace(old, new), "some-attack.yaml", {"npm.txt": ""}))
    assert caught.value.where == f"some-attack.yaml, {where}"
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("text", "problem"), [("foo\n", "has no version"), ("foo 1.0\nfoo 2.0\n", "stands there twice")]
)
def test_a_list_that_is_not_one_is_refused(text: str, problem: str) -> None:
    listed = GOOD.replace("summary: What", "lists: {npm: x.txt}\nsummary: What")
    with pytest.raises(RuleError, match=problem):
        packs.check(packs.head(listed, "some-attack.yaml", {"x.txt": text}))


def test_a_users_packs_stand_beside_ours(tmp_path: Path) -> None:
    folder = tmp_path / "incidents"
    (folder / "data").mkdir(parents=True)
    listed = GOOD.replace("summary: What", "lists: {npm: x.txt}\nsummary: What")
    (folder / "some-attack.yaml").write_text(listed, encoding="utf-8")
    (folder / "data" / "x.txt").write_text("# a list\n \t\nbar 2.0.0 3.0.0?\n", encoding="utf-8")
    index = incidentfile.load((RULES, tmp_path))
    assert [hit.single_source for hit in index.hits(entry("bar", "3.0.0"))] == [True]
    assert [hit.single_source for hit in index.hits(entry("bar", "2.0.0"))] == [False]
    assert len(index.incidents) == 52


def test_a_users_pack_is_read_to_its_end_at_once(tmp_path: Path) -> None:
    (tmp_path / "incidents").mkdir()
    text = GOOD.replace("references: []", "references: 7")
    (tmp_path / "incidents" / "some-attack.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match="references"):
        incidentfile.read([tmp_path])


def test_an_id_is_there_once(tmp_path: Path) -> None:
    (tmp_path / "incidents").mkdir()
    text = BY_ID["xz-2024-03"].text
    (tmp_path / "incidents" / "xz-2024-03.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match="already there"):
        incidentfile.read([RULES, tmp_path])


def test_a_pack_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "incidents").mkdir()
    (tmp_path / "incidents" / "bad-bytes.yaml").write_bytes(b"id: \xff")
    with pytest.raises(RuleError, match="cannot be read"):
        incidentfile.read([tmp_path])


def test_the_digest_of_the_packs_changes_with_a_list(tmp_path: Path) -> None:
    (tmp_path / "incidents" / "data").mkdir(parents=True)
    before = incidentfile.digest([tmp_path])
    (tmp_path / "incidents" / "data" / "x.txt").write_text("a 1.0.0\n", encoding="utf-8")
    assert incidentfile.digest([tmp_path]) != before


def test_every_incident_has_a_page_with_its_steps_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for incident in INDEX.incidents:
        page = incidentpage.page(INDEX, incident)
        detail = INDEX.detail(incident.id)
        assert detail is not None
        places = [page.index(f"{n}. {step.do}") for n, step in enumerate(detail.steps, 1)]
        assert places == sorted(places)
        assert page.startswith(f"# {incident.id}\n\n{incident.title}")
    code, out, _ = audit(capsys, "explain", "axios-2026-03")
    assert code == 0
    assert "- npm axios: 0.30.4, 1.14.1; safe 1.14.0, 0.30.3\n" in out


def test_incidents_are_listed_and_a_misspelt_one_is_guessed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = audit(capsys, "rules", "incidents")
    days = [line[:10] for line in out.splitlines()]

    assert code == 0
    assert len(days) == len(INDEX.incidents)
    assert days == sorted(days, reverse=True)
    code, _, err = audit(capsys, "explain", "axios-2026-30")
    assert code == 2
    assert "there is no rule or incident 'axios-2026-30'; did you mean 'axios-2026-03'?" in err
