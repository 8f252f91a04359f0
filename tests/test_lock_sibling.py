"""Lockfiles side by side: which one counts, and where they do not agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from auditor.facts import Contents
from auditor.facts.lock.file import Beside
from auditor.facts.lock.sibling import SiblingsSeen, collect, counterpart
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind
from tests.test_lock_cli import as_json, entry, package_lock

if TYPE_CHECKING:
    from pathlib import Path

NPM, SHRINKWRAP, YARN, PNPM, BUN = (
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
)
ONE_OF_TWO = "npm 11 reads npm-shrinkwrap.json and npm 12 package-lock.json"
A, B = "sha512-" + "A" * 86 + "==", "sha512-" + "B" * 85 + "A=="
A1, B1 = "sha1-" + "A" * 27 + "=", "sha1-" + "B" * 26 + "A="


def named(client: str, reads: str) -> str:
    return f"package.json names {client} as the project's client, which reads {reads}"


@pytest.mark.parametrize(
    ("name", "others", "manager", "other", "reason"),
    [
        (NPM, {SHRINKWRAP}, None, SHRINKWRAP, ONE_OF_TWO),
        (SHRINKWRAP, {NPM}, None, "", ""),
        (NPM, {SHRINKWRAP}, "npm", SHRINKWRAP, ONE_OF_TWO),
        (NPM, {SHRINKWRAP}, "npm@11.1.0+sha512.00", SHRINKWRAP,
         "npm 11 reads npm-shrinkwrap.json and not this"),
        (NPM, {SHRINKWRAP}, "npm@12.0.0", "", ""),
        (SHRINKWRAP, {NPM}, "npm@12.0.0", NPM, "npm 12 reads package-lock.json and not this"),
        (SHRINKWRAP, {NPM}, "npm@11.0.0", "", ""),
        (NPM, {YARN}, None, "", ""),
        (YARN, {NPM}, None, NPM, ""),
        (PNPM, {YARN}, None, YARN, ""),
        (BUN, {NPM, PNPM}, None, NPM, ""),
        (NPM, {YARN}, "yarn@4.1.0", YARN, named("yarn", YARN)),
        (YARN, {NPM}, "yarn@4.1.0", "", ""),
        (PNPM, {NPM, YARN}, "yarn@4.1.0", YARN, named("yarn", YARN)),
        (YARN, {NPM}, "npm@10.0.0", NPM, named("npm", NPM)),
        (YARN, {NPM, SHRINKWRAP}, "npm@10.0.0", SHRINKWRAP, named("npm", SHRINKWRAP)),
        (YARN, {NPM, SHRINKWRAP}, "npm@12.0.0", NPM, named("npm", NPM)),
        (YARN, {NPM}, "pnpm@9.0.0", NPM, ""),
        (YARN, {NPM}, "volta", NPM, ""),
        (YARN, {NPM}, 7, NPM, ""),
        ("poetry.lock", {"uv.lock"}, None, "uv.lock", ""),
        ("uv.lock", {"poetry.lock"}, None, "", ""),
        ("uv.lock", {NPM}, None, "", ""),
        ("requirements.txt", {"uv.lock"}, None, "", ""),
    ],
)  # fmt: skip
def test_which_lockfile_counts(
    name: str, others: set[str], manager: object, other: str, reason: str
) -> None:
    manifest = {} if manager is None else {"packageManager": manager}
    beside = {"package.json": json.dumps(manifest).encode()}
    assert counterpart(name, others, beside) == (other, reason)


@pytest.mark.parametrize(
    ("engines", "other"),
    [
        ({"packageManager": {"name": "yarn", "version": "^4"}}, YARN),
        ({"packageManager": {"name": "npm", "version": ">=11"}}, ""),
        ({"packageManager": [{"name": "yarn"}]}, ""),
        ("yarn", ""),
    ],
)
def test_engines_name_a_client_too(engines: object, other: str) -> None:
    beside = {"package.json": json.dumps({"devEngines": engines}).encode()}
    assert counterpart(NPM, {YARN}, beside)[0] == other


def package(name: str, version: str = "1.0.0", *integrity: str, **values: Any) -> LockedPackage:  # noqa: ANN401 - fields of several types
    given = {"id": f"{name}@{version}", "ecosystem": "npm", "integrity": integrity} | values
    return LockedPackage(name=name, version=version, **given)


def inventory(path: str, format_: str, *packages: LockedPackage) -> Inventory:
    roots = tuple(Edge(name=p.name, target=p.id) for p in packages if p.direct)
    return Inventory(path=path, format=format_, packages=packages, roots=roots)


def told(here: Inventory, there: Inventory) -> list[tuple[str, str, str]]:
    seen = SiblingsSeen(names=frozenset({there.path}), inventories=(there,))
    contents = Contents(
        kind=ArtifactKind.LOCKFILE,
        members=(),
        observations={Inventory: (here,), SiblingsSeen: (seen,), Beside: (Beside(),)},
    )
    return [(fact.relation.value, fact.here, fact.there) for fact in collect(contents)]


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        (package("a", direct=True), package("a", direct=True), []),
        (package("a", direct=True), package("a", "2.0.0", direct=True), [
            ("other-version", "1.0.0", "2.0.0")
        ]),
        (package("a"), package("a", "2.0.0"), []),
        (package("a", direct=True), package("b", "2.0.0", direct=True), []),
        (package("a", direct=True, origin=Origin.GIT), package("a", "2.0.0", direct=True), []),
        (package("a", "1.0.0", A), package("a", "1.0.0", B), [("other-digest", A, B)]),
        (package("a", "1.0.0", A), package("a", "1.0.0", A, B), []),
        (package("a", "1.0.0", A), package("a", "1.0.0", A1), []),
        (package("a", "1.0.0", A, A1), package("a", "1.0.0", A, B1), []),
        (package("a", "1.0.0", A1), package("a", "1.0.0", B1), [("other-digest", A1, B1)]),
        (package("a", "1.0.0", A), package("a", "1.0.0"), []),
        (package("a", "1.0.0", A), package("a", "1.0.0", "sha512-short"), []),
        (package("a", "1.0.0", A), package("a", "1.0.1", B), []),
        (package("a", "1.0.0", A, origin=Origin.URL), package("a", "1.0.0", B), []),
    ],
)  # fmt: skip
def test_two_lockfiles_agree_or_not(
    here: LockedPackage, there: LockedPackage, found: list[tuple[str, str, str]]
) -> None:
    assert told(inventory(YARN, "yarn", here), inventory(NPM, "package-lock", there)) == found


@pytest.mark.parametrize(
    ("name", "format_"), [(YARN, "yarn-berry"), ("pylock.toml", "pylock"), ("pdm.lock", "pdm")]
)
def test_digests_of_other_files_are_not_compared(name: str, format_: str) -> None:
    other = "uv.lock" if name != YARN else NPM
    found = told(
        inventory(name, format_, package("a", "1.0.0", A)),
        inventory(other, "uv", package("a", "1.0.0", B)),
    )
    assert found == []


def test_names_and_versions_of_python_have_several_spellings() -> None:
    here = package("My.Demo", "1.0", ecosystem="pypi", direct=True)
    there = package("my-demo", "1.0.0", ecosystem="pypi", direct=True)
    other = package("my-demo", "1.1", ecosystem="pypi", direct=True)
    poetry = inventory("poetry.lock", "poetry", here)
    assert told(poetry, inventory("uv.lock", "uv", there)) == []
    assert told(poetry, inventory("uv.lock", "uv", other)) == [("other-version", "1.0", "1.1")]


def test_one_that_shares_a_version_agrees() -> None:
    here = (package("a", "1.0.0", direct=True), package("a", "2.0.0", direct=True))
    there = inventory(NPM, "package-lock", package("a", "2.0.0", direct=True))
    assert told(inventory(YARN, "yarn", *here), there) == []


def rules(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    wanted = {"ignored-lockfile", "lockfiles-disagree"}
    return [
        (f["rule"], f["severity"], f["location"]["path"])
        for f in document["findings"]
        if f["rule"] in wanted
    ]


def test_npms_two_lockfiles_are_read_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NPM).write_text(package_lock(a=entry("a", "1.0.0")))
    (tmp_path / SHRINKWRAP).write_text(package_lock(a=entry("a", "1.0.1")))
    _, document = as_json(capsys, str(tmp_path))
    assert rules(document) == [("ignored-lockfile", "medium", NPM)]

    (tmp_path / SHRINKWRAP).write_text(package_lock(a=entry("a", "1.0.0")))
    _, document = as_json(capsys, str(tmp_path))
    assert rules(document) == [("ignored-lockfile", "low", NPM)]


def test_a_digest_that_was_changed_in_one_of_two_is_high(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = entry("a", "1.0.0")
    (tmp_path / NPM).write_text(package_lock(a=row))
    text = f'a@*:\n  version "1.0.0"\n  resolved "{row["resolved"]}"\n  integrity {B}\n'
    (tmp_path / YARN).write_text(f"# yarn lockfile v1\n\n{text}")
    _, document = as_json(capsys, str(tmp_path / YARN))
    assert rules(document) == [("lockfiles-disagree", "high", YARN)]


def test_a_sibling_that_cannot_be_read_is_a_gap_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NPM).write_text("{")
    (tmp_path / YARN).write_text(f'# yarn lockfile v1\n\na@*:\n  version "1"\n  integrity {B}\n')
    code, document = as_json(capsys, str(tmp_path))
    assert code == 3
    assert [gap["location"]["source"] for gap in document["gaps"]] == [str(tmp_path / NPM)]
    assert rules(document) == []


def test_a_link_is_no_sibling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lock").write_text(package_lock(a=entry("a", "1.0.1")))
    (tmp_path / SHRINKWRAP).symlink_to("elsewhere/lock")
    (tmp_path / NPM).write_text(package_lock(a=entry("a", "1.0.0")))
    _, document = as_json(capsys, str(tmp_path / NPM))
    assert rules(document) == []
