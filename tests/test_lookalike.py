"""Look-alike facts: what is told of a name, and what speaks for a package; `audit lock --names`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.facts import Contents
from auditor.facts.lock.file import Beside
from auditor.facts.lock.index import UserSettings
from auditor.facts.lock.lookalike import Excuse, LookalikeFact, collect
from auditor.facts.lock.names import NamesAsked
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind
from auditor.namelists import NameList
from auditor.names import Kind, Level, Lookalike
from auditor.registries import Setting
from tests.test_lock_cli import as_json, entry, package_lock, run
from tests.work import calls

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN = {
    "lodahs": ("lodash", Kind.EDIT, Level.QUIET),
    "lodash-utilz": ("lodash", Kind.AFFIX, Level.DEFAULT),
    "@typess/node": ("@types/node", Kind.SCOPE, Level.DEFAULT),
    "esl1nt": ("eslint", Kind.LOOK, Level.QUIET),
    "chai-as-kept": ("chai", Kind.COMBINATION, Level.EVERYTHING),
    "Flask_Requests": ("flask-request", Kind.EDIT, Level.DEFAULT),
    "django-plug": ("Django", Kind.AFFIX, Level.DEFAULT),
}


class Fake:
    """Knows a few look-alikes, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def known(self, names: Iterable[str]) -> set[str]:
        return {"lodash"}.intersection(names)

    def judge(self, name: str, level: Level = Level.DEFAULT) -> Lookalike | None:
        self.asked.append(name)
        target, kind, least = KNOWN.get(name, ("", Kind.EDIT, Level.QUIET))
        if not target or least > level:
            return None
        return Lookalike(
            name=name, target=target, kind=kind, level=least, rank=3, reason=f"{target} it is not."
        )


def package(spelled: str, **more: Any) -> LockedPackage:  # noqa: ANN401 - a package's fields
    name, _, version = spelled.rpartition("@")
    values = {"id": spelled, "ecosystem": "npm", "name": name, "version": version, **more}
    return LockedPackage(**values)


def asks(*targets: str, peer: bool = False) -> tuple[Edge, ...]:
    return tuple(Edge(name=t.rpartition("@")[0], target=t, peer=peer) for t in targets)


def facts_of(  # noqa: PLR0913 - each is one thing that is seen
    *packages: LockedPackage,
    beside: dict[str, str] | None = None,
    users: tuple[Setting, ...] = (),
    level: Level | None = Level.DEFAULT,
    internal: tuple[str, ...] = (),
    reviewed: tuple[str, ...] = (),
    judge: Fake | None = None,
) -> list[LookalikeFact]:
    fake = judge or Fake()
    asked = NamesAsked(
        judge=lambda _: fake,
        level=level,
        internal=NameList(internal),
        reviewed=NameList(reviewed),
    )
    files = {name: text.encode() for name, text in (beside or {}).items()}
    seen: dict[type, tuple[object, ...]] = {
        Inventory: (Inventory(path="lock", format="package-lock", packages=packages),),
        Beside: (Beside(files=files),),
        UserSettings: (UserSettings(settings=users),),
        NamesAsked: (asked,),
    }
    return list(collect(Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=seen)))


def excuse(*packages: LockedPackage, **more: Any) -> Excuse:  # noqa: ANN401 - as for facts_of
    (fact,) = facts_of(*packages, **more)
    return fact.excuse


# what is told


def test_a_look_alike_is_told_once_with_all_that_its_entries_say() -> None:
    (fact,) = facts_of(
        package("kit@1.0.0", direct=True, requires=asks("mid@1.0.0")),
        package("mid@1.0.0", requires=asks("lodahs@1.0.0")),
        package("lodahs@1.0.0", line=7, dev=True),
        package("lodahs@2.0.0", line=9, install_script=True),
    )
    assert (fact.path, fact.line, fact.key) == ("lock", 7, "lodahs@1.0.0")
    assert (fact.name, fact.version, fact.entries) == ("lodahs", "1.0.0", 2)
    assert (fact.target, fact.kind, fact.rank) == ("lodash", Kind.EDIT, 3)
    assert (fact.level, fact.confidence) == ("quiet", "high")
    assert fact.reason == "lodash it is not"
    assert (fact.direct, fact.dev, fact.install_script) == (False, False, True)
    assert fact.chain == ("kit@1.0.0", "mid@1.0.0", "lodahs@1.0.0")
    assert fact.reach == "required through kit@1.0.0 → mid@1.0.0"
    assert fact.excuse is Excuse.NONE


def test_of_several_entries_the_way_is_that_of_the_one_that_the_project_requires() -> None:
    (fact,) = facts_of(
        package("kit@1.0.0", requires=asks("lodahs@1.0.0"), direct=True),
        package("lodahs@1.0.0", dev=True),
        package("lodahs@2.0.0", dev=True, direct=True),
    )
    assert (fact.direct, fact.dev, fact.version) == (True, True, "1.0.0")
    assert fact.chain == ("lodahs@2.0.0",)


@pytest.mark.parametrize(
    ("level", "names"),
    [
        (None, []),
        (Level.QUIET, ["lodahs"]),
        (Level.DEFAULT, ["lodahs", "lodash-utilz"]),
        (Level.EVERYTHING, ["lodahs", "lodash-utilz", "chai-as-kept"]),
    ],
)
def test_a_level_decides_how_much_is_told(level: Level | None, names: list[str]) -> None:
    rows = [package(f"{name}@1.0.0") for name in ("lodahs", "lodash-utilz", "chai-as-kept")]
    assert [fact.name for fact in facts_of(*rows, level=level)] == names


def test_a_level_means_a_confidence() -> None:
    rows = [package(f"{name}@1.0.0") for name in ("lodahs", "lodash-utilz", "chai-as-kept")]
    told = [(f.level, f.confidence) for f in facts_of(*rows, level=Level.EVERYTHING)]
    assert told == [("quiet", "high"), ("default", "medium"), ("everything", "low")]


def test_only_names_that_a_registry_serves_are_judged_each_once() -> None:
    fake = Fake()
    facts_of(
        *(package(f"lodahs@{n}", origin=origin) for n, origin in enumerate(Origin)),
        package("lodahs@9", ecosystem="conda"),
        package("lodahs@10", ecosystem="jsr"),
        package("a@1"),
        package("a@2"),
        package("@1"),
        package("mine@1"),
        judge=fake,
        internal=("mine",),
    )
    assert fake.asked == ["lodahs", "a"]


def test_popular_names_are_told_together_unless_some_may_resemble_internal_ones() -> None:
    fake = Fake()
    some = [package("lodash@1"), package("lodahs@1"), package("lodahs@1", id="p", ecosystem="pypi")]
    facts_of(*some, judge=fake)
    assert fake.asked == ["lodahs", "lodahs"]
    fake = Fake()
    facts_of(*some, judge=fake, internal=("mine",))
    assert fake.asked == ["lodash", "lodahs", "lodahs"]
    (fact,) = facts_of(package("lodash@1"), internal=("lodashh",))
    assert fact.target == "lodashh"


def test_an_alias_is_judged_by_what_is_installed() -> None:
    (fact,) = facts_of(package("lodahs@1.0.0", alias="lodash"))
    assert fact.name == "lodahs"
    assert facts_of(package("lodash@1.0.0", alias="lodahs")) == []


# what speaks for it


def test_nothing_speaks_for_what_anybody_requires() -> None:
    assert excuse(package("a@1", requires=asks("lodahs@1")), package("lodahs@1")) is Excuse.NONE
    assert excuse(package("lodahs@1", direct=True)) is Excuse.NONE


@pytest.mark.parametrize(
    ("asker", "name", "wanted"),
    [
        ("lodash", "lodahs", Excuse.ASKED_BY_TARGET),
        ("@lodash/core", "lodahs", Excuse.ASKED_BY_TARGET),
        ("@types/react", "@typess/node", Excuse.ASKED_BY_TARGET),
        ("@typess/react", "@typess/node", Excuse.OWN_SCOPE),
        ("lodash-more", "lodahs", Excuse.NONE),
        ("@lodashes/core", "lodahs", Excuse.NONE),
        ("types", "@typess/node", Excuse.NONE),
    ],
)
def test_who_requires_it_speaks_for_it(asker: str, name: str, wanted: Excuse) -> None:
    rows = (package(f"{asker}@1", requires=asks(f"{name}@2")), package(f"{name}@2"))
    assert excuse(*rows) is wanted
    by_project = (rows[0], package(f"{name}@2", direct=True))
    assert excuse(*by_project) is Excuse.NONE, "what others require excuses no own requirement"


@pytest.mark.parametrize("origin", [Origin.GIT, Origin.URL, Origin.FILE])
def test_what_only_calls_itself_like_the_target_speaks_for_nothing(origin: Origin) -> None:
    asker = package("lodash@1", requires=asks("lodahs@2"), origin=origin)
    assert excuse(asker, package("lodahs@2")) is Excuse.NONE


def test_one_asker_of_another_scope_takes_the_own_scope_away() -> None:
    rows = (
        package("@typess/react@1", requires=asks("@typess/node@2")),
        package("a@1", requires=asks("@typess/node@2")),
        package("@typess/node@2"),
    )
    assert excuse(*rows) is Excuse.NONE


@pytest.mark.parametrize(
    ("name", "target", "more", "wanted"),
    [
        ("lodash-utilz", "lodash", {}, Excuse.REQUIRES_TARGET),
        ("lodash-utilz", "lodash", {"direct": True}, Excuse.REQUIRES_TARGET),
        ("lodash-utilz", "lodash", {"install_script": True}, Excuse.NONE),
        ("lodash-utilz", "underscore", {}, Excuse.NONE),
        ("lodahs", "lodash", {}, Excuse.NONE),
        ("esl1nt", "eslint", {}, Excuse.NONE),
        ("django-plug", "django", {"ecosystem": "pypi"}, Excuse.REQUIRES_TARGET),
    ],
)
def test_a_plug_in_requires_what_it_is_named_after(
    name: str, target: str, more: dict[str, Any], wanted: Excuse
) -> None:
    for peer in (False, True):
        named = (Edge(name=target, peer=peer),)
        assert excuse(package(f"{name}@1", requires=named, **more)) is wanted
    met = package(f"{name}@1", requires=(Edge(name="alias", target="t"),), **more)
    ecosystem = more.get("ecosystem", "npm")
    assert excuse(met, package(f"{target}@1", id="t", ecosystem=ecosystem)) is wanted


@pytest.mark.parametrize(
    ("name", "beside", "wanted"),
    [
        ("lodahs", {"package.json": '{"name": "lodahs"}'}, Excuse.OWN_PROJECT),
        ("lodahs", {"pyproject.toml": '[project]\nname = "lodahs"'}, Excuse.OWN_PROJECT),
        ("lodahs", {"pyproject.toml": '[tool.poetry]\nname = "lodahs"'}, Excuse.OWN_PROJECT),
        ("lodash-utilz", {"package.json": '{"name": "lodash"}'}, Excuse.OWN_PROJECT),
        ("lodahs", {"package.json": '{"name": "lodash"}'}, Excuse.NONE),
        ("lodahs", {"package.json": '{"name": ["lodahs"]}'}, Excuse.NONE),
        ("lodahs", {"package.json": "{", "pyproject.toml": "[["}, Excuse.NONE),
        ("lodahs", {"pyproject.toml": "tool = 1\nproject = 2"}, Excuse.NONE),
    ],
)
def test_the_project_itself_may_be_called_so(
    name: str, beside: dict[str, str], wanted: Excuse
) -> None:
    assert excuse(package(f"{name}@1", direct=True), beside=beside) is wanted


def test_a_member_of_the_project_may_be_called_so() -> None:
    member = package("lodahs@0", id="packages/lodahs", origin=Origin.WORKSPACE)
    assert excuse(member, package("lodahs@1")) is Excuse.OWN_PROJECT


NPMRC = {".npmrc": "registry=https://a.example\n@typess:registry=https://b.example"}


@pytest.mark.parametrize(
    ("spelled", "resolved", "wanted"),
    [
        ("@typess/node@1", "https://b.example/x.tgz", Excuse.PRIVATE_REGISTRY),
        ("@typess/node@1", "https://a.example/x.tgz", Excuse.NONE),
        ("@typess/node@1", "", Excuse.NONE),
        ("lodahs@1", "https://a.example/x.tgz", Excuse.NONE),
        ("lodahs@1", "http://localhost:4873/x.tgz", Excuse.NONE),
    ],
)
def test_a_scope_with_a_registry_of_its_own_is_not_squatted_there(
    spelled: str, resolved: str, wanted: Excuse
) -> None:
    row = package(spelled, resolved=resolved, direct=True)
    assert excuse(row, beside=NPMRC) is wanted
    user = Setting(by=".npmrc", scope="@typess", host="b.example")
    assert excuse(row, users=(user,)) is wanted
    assert excuse(row) is Excuse.NONE


def test_one_entry_from_elsewhere_takes_the_private_registry_away() -> None:
    rows = [
        package(f"@typess/node@{n}", resolved=f"https://{host}.example/x.tgz")
        for n, host in enumerate(["b", "a"])
    ]
    assert excuse(*rows, beside=NPMRC) is Excuse.NONE


@pytest.mark.parametrize("reviewed", ["lodahs", "LODAHS", "loda*"])
def test_what_the_user_has_looked_at_is_excused(reviewed: str) -> None:
    assert excuse(package("lodahs@1"), reviewed=(reviewed,)) is Excuse.REVIEWED
    assert excuse(package("esl1nt@1"), reviewed=(reviewed,)) is Excuse.NONE


def test_a_pypi_name_is_compared_as_pypi_does() -> None:
    rows = (
        package("Flask.Request@1", ecosystem="pypi", requires=asks("Flask_Requests@2")),
        package("Flask_Requests@2", ecosystem="pypi"),
    )
    assert excuse(*rows) is Excuse.ASKED_BY_TARGET
    assert excuse(rows[1], reviewed=("flask-requests",)) is Excuse.REVIEWED


# internal names


def test_a_name_that_looks_like_an_internal_one_is_told_before_popular_ones() -> None:
    (fact,) = facts_of(package("lodahs@1"), internal=("lodahz",))
    assert (fact.target, fact.kind, fact.rank) == ("lodahz", Kind.INTERNAL, 0)
    assert (fact.level, fact.confidence) == ("quiet", "high")


# audit lock


def judged(self: object, name: str, level: Level = Level.DEFAULT) -> Lookalike | None:
    del self
    return Fake().judge(name, level)


@pytest.fixture
def lockfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("auditor.names.matcher.Matcher.judge", judged)
    path = tmp_path / "package-lock.json"
    names = ("lodahs", "lodash-utilz", "chai-as-kept", "acme-kitt")
    path.write_text(package_lock(**{name: entry(name, "1.0.0") for name in names}))
    return str(path)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["lodahs", "lodash-utilz"]),
        (["--names", "quiet"], ["lodahs"]),
        (["--names", "everything"], ["chai-as-kept", "lodahs", "lodash-utilz"]),
        (["--names", "off"], []),
        (["--names", "off", "--internal", "acme-kit"], []),
        (["--reviewed", "lodahs"], ["lodash-utilz"]),
        (["--reviewed", "lod*", "--internal", "acme-kit"], ["acme-kitt"]),
    ],
)
def test_a_lockfile_is_judged_at_the_level_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], lockfile: str, options: list[str], names: list[str]
) -> None:
    code, document = as_json(capsys, lockfile, *options)
    found = [f["evidence"] for f in document["findings"] if f["rule"] == "lookalike-name"]

    assert sorted(one["name"] for one in found) == names
    assert code == (1 if names else 0)


def test_a_finding_says_what_is_imitated_and_how_to_say_that_it_is_right(
    capsys: pytest.CaptureFixture[str], lockfile: str
) -> None:
    _, document = as_json(capsys, lockfile, "--names", "quiet")
    (finding,) = (f for f in document["findings"] if f["rule"] == "lookalike-name")

    assert finding["severity"] == "high"
    assert finding["location"]["key"] == "lodahs@1.0.0"
    assert finding["message"] == (
        "lodahs looks like lodash: lodash it is not; required by the project itself; "
        "confidence high"
    )
    assert "`--reviewed NAME`" in finding["fix"]


@pytest.mark.parametrize("options", [["--names", "loud"], ["--reviewed", "a b"]])
def test_a_wrong_option_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], lockfile: str, options: list[str]
) -> None:
    assert run(capsys, lockfile, *options)[0] == 2


def test_the_processes_of_many_lockfiles_know_the_lists_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, lockfile: str
) -> None:
    text = Path(lockfile).read_text()
    for number in range(70):
        (tmp_path / f"p{number}").mkdir()
        (tmp_path / f"p{number}" / "package-lock.json").write_text(text)
    _, document = as_json(capsys, str(tmp_path), "--internal", "acme-kit", "--reviewed", "lod*")
    found = [f for f in document["findings"] if f["rule"] == "lookalike-name"]

    assert len([f for f in found if f["evidence"]["kind"] == "internal"]) == 71
    assert not [f for f in found if f["evidence"]["name"] == "lodahs"]


def test_hostile_names_are_told_and_break_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hostile(self: object, name: str, level: Level = Level.DEFAULT) -> Lookalike:
        del self, level
        return Lookalike(
            name=name, target=name, kind=Kind.EDIT, level=Level.QUIET, rank=1, reason=name
        )

    monkeypatch.setattr("auditor.names.matcher.Matcher.judge", hostile)
    names = [
        "\ud800",
        "a\x1b[31mb",
        "a" * 5000,
        "{name}",
        "@",
        "@/",
        "x/y/z",
        "\u202e",
        "__proto__",
    ]
    path = tmp_path / "package-lock.json"
    path.write_text(package_lock(**{name: {"version": "1.0.0"} for name in names}))
    _, document = as_json(capsys, str(path), "--internal", "@acme", "--internal", "internal-name")
    found = [f for f in document["findings"] if f["rule"] == "lookalike-name"]

    assert "{name}" in {f["evidence"]["name"] for f in found}
    assert len(found) >= len(names) - 2
    code, out, _ = run(capsys, str(path))
    assert code in {1, 3}
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_very_many_look_alikes_take_time_in_proportion() -> None:
    target = (Edge(name="lodash"),)

    def rows(count: int) -> list[LockedPackage]:
        return [
            package(f"lodash-utilz@{n}", id=f"{n}", name=f"lodash-utilz{n}", requires=target)
            for n in range(count)
        ]

    class Every(Fake):
        def judge(self, name: str, level: Level = Level.DEFAULT) -> Lookalike | None:
            del name
            return super().judge("lodash-utilz", level)

    few, many = rows(1_000), rows(4_000)
    assert len(facts_of(*many, judge=Every())) == 4_000
    short = calls(lambda: facts_of(*few, judge=Every()))
    assert calls(lambda: facts_of(*many, judge=Every())) < 4.4 * short


def test_what_a_fact_says_fits_into_a_report() -> None:
    (fact,) = facts_of(package("lodahs@1.0.0"))
    assert json.loads(json.dumps(fact.evidence()))["excuse"] == "none"
