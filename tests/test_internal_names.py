"""Internal names: the lists of them, what resembles one, whose registry an internal package has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import UsageError
from auditor.facts import Contents
from auditor.facts.lock.file import Beside
from auditor.facts.lock.index import UserSettings
from auditor.facts.lock.internal_name import InternalNameFact, collect
from auditor.facts.lock.names import NamesAsked, Source
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind
from auditor.namelists import LONGEST, MOST, NameList
from auditor.names import Kind, Level, Lookalike
from auditor.registries import Setting
from auditor.sources.namefile import names_in
from tests.test_lock_cli import as_json, entry, package_lock, run
from tests.test_lookalike import Fake

if TYPE_CHECKING:
    from pathlib import Path

SQUATTED = (
    "audio-capture-napi",
    "color-diff-napi",
    "image-processor-napi",
    "modifiers-napi",
    "url-handler-napi",
)

# lists


@pytest.mark.parametrize(
    ("entry_", "held", "not_held"),
    [
        ("acme-kit", ["acme-kit", "Acme-Kit"], ["acme-kits", "@acme/acme-kit", "acme_kit"]),
        ("@acme", ["@acme/kit", "@ACME/x"], ["acme", "@acmee/kit", "kit"]),
        ("@acme/kit", ["@acme/kit"], ["kit", "@acme/kits"]),
        ("acme-*", ["acme-", "acme-kit"], ["acme", "my-acme-kit", "@acme-x/kit"]),
        ("@acme/*-kit", ["@acme/a-kit"], ["@acme/kit", "a-kit"]),
        (" acme-kit ", ["acme-kit"], ["acme"]),
    ],
)
def test_what_a_list_holds(entry_: str, held: list[str], not_held: list[str]) -> None:
    names = NameList([entry_])
    assert [name for name in (*held, *not_held) if names.holds(name)] == held


def test_names_of_pypi_are_held_in_every_spelling() -> None:
    names = NameList(["Acme.Kit", "acme-lib-*"])
    assert names.holds("acme_kit", "pypi")
    assert names.holds("ACME--kit", "pypi")
    assert names.holds("acme_lib_x", "pypi")
    assert not names.holds("acme_kit", "npm")
    assert not names.holds("acme-kits", "pypi")


@pytest.mark.parametrize(
    "entry_", ["", "@", "@/x", "@a/", "a b", "a/b", "@a/b/c", "-", "a" * (LONGEST + 1), "@@a"]
)
def test_what_can_be_no_entry_is_refused(entry_: str) -> None:
    with pytest.raises(UsageError):
        NameList([entry_])


def test_a_list_is_bounded() -> None:
    assert NameList(f"n{n}" for n in range(MOST))
    with pytest.raises(UsageError, match="at most"):
        NameList(f"n{n}" for n in range(MOST + 1))


def test_an_empty_list_is_false_and_holds_nothing() -> None:
    assert not NameList()
    assert not NameList().holds("a")
    assert NameList().resembled("a", Level.EVERYTHING) is None
    assert NameList(["@acme"])
    assert NameList(["a*"])


# what resembles one


def resembled(
    name: str, *entries: str, level: Level = Level.DEFAULT, ecosystem: str = "npm"
) -> Any:  # noqa: ANN401
    found = NameList(entries).resembled(name, level, ecosystem)
    return found and (found.target, found.level.word, found.reason)


@pytest.mark.parametrize(
    ("name", "target", "level", "how"),
    [
        ("acme-kitt", "acme-kit", "quiet", "one t more"),
        ("acme-ki", "acme-kit", "quiet", "one t less"),
        ("acme-kid", "acme-kit", "quiet", "d for t"),
        ("amce-kit", "acme-kit", "quiet", "c and m swapped"),
        ("Acme-Kitt", "acme-kit", "quiet", "one t more"),
        ("acme_kit", "acme-kit", "quiet", "other separators"),
        ("acmekit", "acme-kit", "quiet", "other separators"),
        ("@acme/my_kit", "@acme/my-kit", "quiet", "other separators"),
        ("@acmee/kit", "@acme/kit", "quiet", "one e more"),
        ("acme-kit", "@acme/kit", "default", "its scope written as a word"),
        ("kit", "@acme/kit", "default", "its scope left out"),
        ("k-i-t", "@acme/kit", "default", "its scope left out"),
    ],
)
def test_what_resembles_an_internal_name(name: str, target: str, level: str, how: str) -> None:
    assert resembled(name, target) == (target, level, f"the internal name {target} with {how}")
    quiet = resembled(name, target, level=Level.QUIET)
    assert (quiet is not None) == (level == "quiet")


@pytest.mark.parametrize(
    ("name", "entry_"),
    [
        ("acme-kit", "acme-kit"),  # the name itself
        ("acme-tool", "acme-kit"),
        ("acme-kitty", "acme-kit"),  # two slips
        ("kits", "kit"),  # too short to say anything
        ("@other/kit", "@acme/kit"),  # everybody has a kit
        ("@other/acme-kit", "acme-kit"),
        ("@other/kit", "@acme/otherkit"),
        ("xbaba", "xabab"),  # two swaps
        ("acme-kitt", "@acme"),  # a scope names no package
        ("acme-kitt", "acme-*"),
        ("", "acme-kit"),
        ("---", "acme-kit"),
        ("a" * 300, "a" * 64),
    ],
)
def test_what_does_not(name: str, entry_: str) -> None:
    assert resembled(name, entry_, level=Level.EVERYTHING) is None


def test_a_name_of_another_list_entry_is_no_look_alike() -> None:
    assert resembled("acme-kitt", "acme-kit", "acme-kitt") is None


def test_names_of_pypi_resemble_in_every_spelling() -> None:
    assert resembled("ACME.kitt", "Acme_Kit", ecosystem="pypi") == (
        "acme_kit",
        "quiet",
        "the internal name acme_kit with one t more",
    )
    assert resembled("acme.kit", "acme_kit", ecosystem="pypi") is None


LETTERS = st.text(alphabet="abc-.1", min_size=5, max_size=12).map(lambda text: f"x{text}")


@given(
    name=LETTERS, place=st.integers(0, 12), letter=st.sampled_from("abcz"), how=st.integers(0, 3)
)
def test_every_single_slip_is_found(name: str, place: int, letter: str, how: int) -> None:
    place %= len(name)
    head, sign, tail = name[:place], name[place], name[place + 1 :]
    slipped = [
        head + tail,
        head + letter + sign + tail,
        head + letter + tail,
        head + tail[:1] + sign + tail[1:],
    ][how]
    found = NameList([name]).resembled(slipped, Level.QUIET)
    assert slipped == name or (found is not None and found.kind is Kind.INTERNAL)


@given(st.text(max_size=300), st.sampled_from(["npm", "pypi"]), st.sampled_from(Level))
def test_any_text_may_be_asked(name: str, ecosystem: str, level: Level) -> None:
    found = NameList(["acme-kit", "@acme/ui", "acme-*"]).resembled(name, level, ecosystem)
    assert found is None or isinstance(found, Lookalike)


# files of names


def test_a_file_has_one_name_a_line(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes(b"\xef\xbb\xbfacme-kit\r\n\n# ours\n  @acme # all of it\nacme-*")
    assert names_in([path, path]) == ("acme-kit", "@acme", "acme-*") * 2


@pytest.mark.parametrize(
    ("data", "said"),
    [(None, "cannot be read"), (b"\xff", "is no UTF-8"), (b"a\n" * 3_000_000, "has more than")],
)
def test_a_file_that_cannot_be_read_is_an_error_of_usage(
    tmp_path: Path, data: bytes | None, said: str
) -> None:
    path = tmp_path / "names"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError, match=said):
        names_in([path])


# where internal packages come from


def package(spelled: str, resolved: str = "", **more: Any) -> LockedPackage:  # noqa: ANN401
    name, _, version = spelled.rpartition("@")
    values = {"id": spelled, "ecosystem": "npm", "name": name, "version": version, **more}
    return LockedPackage(resolved=resolved, **values)


def facts_of(
    *packages: LockedPackage,
    internal: tuple[str, ...] = ("@acme", "acme-kit"),
    users: tuple[Setting, ...] = (),
    **beside: str,
) -> list[InternalNameFact]:
    seen: dict[type, tuple[object, ...]] = {
        Inventory: (Inventory(path="lock", format="package-lock", packages=packages),),
        Beside: (Beside(files={n.replace("_", "."): t.encode() for n, t in beside.items()}),),
        UserSettings: (UserSettings(settings=users),),
        NamesAsked: (NamesAsked(judge=lambda _: Fake(), level=None, internal=NameList(internal)),),
    }
    return list(collect(Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=seen)))


PUBLIC = "https://registry.example.org"
OURS = "https://npm.acme.example"
SCOPED = f"registry={PUBLIC}\n@acme:registry={OURS}:8443/npm/"


@pytest.mark.parametrize(
    ("spelled", "resolved", "npmrc", "source"),
    [
        ("@acme/ui@1", f"{PUBLIC}/@acme/ui/-/ui-1.tgz", "", Source.OTHER),
        ("@acme/ui@1", f"{PUBLIC}/@acme/ui/-/ui-1.tgz", f"registry={OURS}", Source.OTHER),
        ("@acme/ui@1", f"{OURS}/@acme/ui/-/ui-1.tgz", f"registry={OURS}", Source.CONFIGURED),
        ("@acme/ui@1", f"{PUBLIC}/@acme/ui/-/ui-1.tgz", SCOPED, Source.OTHER),
        ("@acme/ui@1", f"{OURS}:8443/ui-1.tgz", SCOPED, Source.CONFIGURED),
        ("@acme/ui@1", f"{OURS}/ui-1.tgz", SCOPED, Source.OTHER),
        ("acme-kit@1", f"{OURS}:8443/acme-kit-1.tgz", SCOPED, Source.OTHER),
        ("acme-kit@1", f"{PUBLIC}/acme-kit/-/acme-kit-1.tgz", SCOPED, Source.CONFIGURED),
        ("acme-kit@1", "", SCOPED, Source.UNSAID),
        ("acme-kit@1", "http://localhost:4873/acme-kit-1.tgz", "", Source.CONFIGURED),
        ("acme-kit@1", "http://[::1]:4873/acme-kit-1.tgz", "", Source.CONFIGURED),
        ("acme-kit@1", "https://localhost.example/acme-kit-1.tgz", "", Source.OTHER),
    ],
)
def test_whose_registry_an_internal_package_comes_from(
    spelled: str, resolved: str, npmrc: str, source: Source
) -> None:
    (fact,) = facts_of(package(spelled, resolved), _npmrc=npmrc)
    assert fact.source is source


def test_what_the_user_configured_counts_and_that_of_a_scope_alone() -> None:
    public, ours = (package("@acme/ui@1", f"{host}/@acme/ui/-/ui-1.tgz") for host in (PUBLIC, OURS))
    default = Setting(by=".npmrc", scope="", host="registry.example.org")
    scoped = Setting(by=".npmrc", scope="@acme", host="npm.acme.example")
    pip = Setting(by="pip.conf", scope="", host="registry.example.org")

    (fact,) = facts_of(public, users=(default,))
    assert fact.source is Source.CONFIGURED
    (fact,) = facts_of(public, users=(default, scoped))
    assert fact.source is Source.OTHER
    assert (fact.expected, fact.known) == (
        ("npm.acme.example",),
        "configured for it: npm.acme.example",
    )
    (fact,) = facts_of(ours, users=(default, scoped))
    assert fact.source is Source.CONFIGURED
    (fact,) = facts_of(public, users=(pip,))
    assert fact.source is Source.OTHER
    assert (fact.expected, fact.known) == ((), "none is configured")


def test_each_place_is_told_once_and_what_is_no_registrys_not_at_all() -> None:
    facts = facts_of(
        package("@acme/ui@1", f"{PUBLIC}/@acme/ui/-/ui-1.tgz", line=3, install_script=True),
        package("@acme/ui@2", f"{PUBLIC}/@acme/ui/-/ui-2.tgz"),
        package("@acme/ui@3", f"{OURS}/@acme/ui/-/ui-3.tgz", direct=True, dev=True),
        package("ms@2", f"{PUBLIC}/ms/-/ms-2.tgz"),
        *(
            package("acme-kit@1", f"{PUBLIC}/k.tgz", id=origin.value, origin=origin)
            for origin in Origin
            if origin is not Origin.REGISTRY
        ),
    )
    assert [(f.key, f.line, f.host) for f in facts] == [
        ("@acme/ui@1", 3, "registry.example.org"),
        ("@acme/ui@3", None, "npm.acme.example"),
    ]
    assert [(f.install_script, f.direct, f.dev) for f in facts] == [
        (True, False, False),
        (False, True, True),
    ]
    assert facts[1].reach == "required by the project itself"


def test_files_tell_where_a_python_package_comes_from_that_names_no_index() -> None:
    files = ("https://files.example.org/a/acme_kit-1.tar.gz", "acme_kit-1-py3-none-any.whl")
    row = package("Acme_Kit@1", ecosystem="pypi", files=files)
    (fact,) = facts_of(row)
    assert (fact.source, fact.host) == (Source.OTHER, "files.example.org")
    (fact,) = facts_of(row, pip_conf="[global]\nindex-url = https://files.example.org/simple")
    assert fact.source is Source.CONFIGURED
    two = package("acme-kit@1", ecosystem="pypi", files=(f"{OURS}/a", "https://b.example/a"))
    (fact,) = facts_of(two, pip_conf=f"[global]\nindex-url = {OURS}/simple")
    assert (fact.source, fact.host) == (Source.OTHER, "b.example")
    indexed = package("acme-kit@1", f"{OURS}/simple", ecosystem="pypi", files=files)
    (fact,) = facts_of(indexed, pip_conf=f"[global]\nindex-url = {OURS}/simple")
    assert fact.source is Source.CONFIGURED, "an index may have its files anywhere"


def test_without_a_list_there_is_nothing_to_say() -> None:
    assert facts_of(package("acme-kit@1", f"{PUBLIC}/k.tgz"), internal=()) == []


# audit lock


@pytest.fixture
def squatted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("auditor.names.matcher.Matcher.judge", lambda *_: None)
    path = tmp_path / "package-lock.json"
    path.write_text(package_lock(**{name: entry(name, "1.0.0") for name in SQUATTED}))
    return str(path)


RULE = "internal-name-from-public-registry"


def test_the_five_squatted_names_are_critical_when_they_are_listed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, squatted: str
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("\n".join(SQUATTED[1:]))
    code, document = as_json(
        capsys, squatted, "--internal", SQUATTED[0], "--internal-file", str(names)
    )
    found = [f for f in document["findings"] if f["rule"] == RULE]

    assert code == 1
    assert {f["severity"] for f in found} == {"critical"}
    assert sorted(f["evidence"]["name"] for f in found) == list(SQUATTED)
    assert "none is configured" in found[0]["message"]
    assert not [f for f in as_json(capsys, squatted)[1]["findings"] if f["rule"] == RULE]


def test_the_five_squatted_names_look_like_those_of_a_scope(
    capsys: pytest.CaptureFixture[str], squatted: str
) -> None:
    options = [word for name in SQUATTED for word in ("--internal", f"@ant/{name}")]
    _, document = as_json(capsys, squatted, *options)
    found = [f["evidence"] for f in document["findings"] if f["rule"] == "lookalike-name"]

    assert sorted(f["name"] for f in found) == list(SQUATTED)
    assert {f["kind"] for f in found} == {"internal"}
    assert {f["target"] for f in found} == {f"@ant/{name}" for name in SQUATTED}


def test_off_does_not_keep_quiet_about_internal_names(
    capsys: pytest.CaptureFixture[str], squatted: str
) -> None:
    _, document = as_json(capsys, squatted, "--names", "off", "--internal", "*-napi")
    assert len([f for f in document["findings"] if f["rule"] == RULE]) == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--internal", "a b"], "is no name"),
        (["--internal-file", "missing.txt"], "cannot be read"),
        (["--internal-file", "."], "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_read_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], squatted: str, options: list[str], said: str
) -> None:
    code, _, error = run(capsys, squatted, *options)
    assert code == 2
    assert said in error
