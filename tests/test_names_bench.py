"""The bench of look-alike names counts right: on made-up data, with a matcher that knows it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.names import Kind, Level, Lookalike
from auditor.names.matcher import Matcher
from bench import names
from bench.name_baselines import OneEdit, of_guarddog
from bench.name_data import HERE, LISTS, Data, Pair, popular_names, read
from bench.name_rates import Rate, correct, flagged, within_reach
from bench.name_speed import ROUNDS, speeds
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "ecosystem\tname\ttarget\tcategory\tlabel\tsource"
POSITIVE = """\
npm	lodahs	lodash	edit1	positive	neupane2023
npm	lodash-js	lodash	combo	positive	annotated-random-sample
npm	type-node	@types/node|node	scope	positive	osv-malicious-text
npm	reactt	preact	edit1	positive	spellbound2020-historical
npm	exprez	express	weak-edit2	positive	confudb-malware
"""
NEGATIVE = """\
npm	lodash		lock-popular	negative	npm-lockfile
npm	lodush		lock-tail	negative	npm-lockfile
npm	mine		lock-tail	negative	npm-lockfile
npm	reakt		midpop	negative	hist-popular-list
npm	expres		hard	negative	confudb
"""
PYPI_POSITIVE = "pypi\tReq_uests\trequests|Urllib3\tedit1\tpositive\tkam193-named\n"
PYPI_NEGATIVE = "pypi\tZope.Interface\t\tlock-tail\tnegative\tpypi-lockfile\n"
POPULAR = "react\nlodash\nexpress\n@types/node\n"
SAYS = {
    "lodahs": ("lodash", Level.QUIET),
    "type-node": ("node", Level.DEFAULT),
    "lodash-js": ("lodash", Level.EVERYTHING),
    "reactt": ("react", Level.QUIET),
    "exprez": ("express", Level.DEFAULT),
    "lodush": ("lodash", Level.EVERYTHING),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "npm_positive.tsv": f"{HEADER}\n{POSITIVE}",
        "npm_negative.tsv": f"{HEADER}\n{NEGATIVE}",
        "pypi_positive.tsv": f"{HEADER}\n{PYPI_POSITIVE}",
        "pypi_negative.tsv": f"{HEADER}\n{PYPI_NEGATIVE}",
        "popular/npm.txt": POPULAR,
        "popular/pypi.txt": "boto3\t1880218825\nZope_Interface\t1577819710\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


class Knowing:
    """A matcher that says what a table says."""

    def __init__(self, ecosystem: str, *, reviewed: bool) -> None:
        assert not reviewed, "names that were looked at are counted all the same"
        self.ecosystem = ecosystem

    def judge(self, name: str, level: Level = Level.DEFAULT) -> Lookalike | None:
        target, lowest = SAYS.get(name, ("", Level.QUIET))
        if not target or level < lowest:
            return None
        return Lookalike(
            name=name, target=target, kind=Kind.EDIT, level=lowest, rank=1, reason="As the table."
        )


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Newcombe 1998, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_the_interval_is_wilsons(hits: int, total: int, low: float, high: float) -> None:
    assert Rate(hits, total).interval == pytest.approx((low, high), abs=5e-5)


@settings(max_examples=often(200), deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_mirrors(counts: tuple[int, int]) -> None:
    hits, total = counts
    low, high = Rate(hits, total).interval
    other_low, other_high = Rate(total - hits, total).interval

    assert 0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1
    assert (1 - high, 1 - low) == pytest.approx((other_low, other_high))


@pytest.mark.parametrize(
    ("rate", "unit", "text"),
    [
        (Rate(81, 263), 100, "30.8 (25.5–36.6)"),
        (Rate(15, 148), 1000, "101.4 (62.4–160.5)"),
        (Rate(0, 0), 100, "none"),
    ],
)
def test_a_rate_in_words(rate: Rate, unit: int, text: str) -> None:
    assert rate.text(unit) == text


def pair(name: str, *targets: str) -> Pair:
    return Pair(name=name, targets=frozenset(targets), category="edit1", source="made up")


def test_one_of_the_alternatives_is_right_and_one_of_those_named_is_enough() -> None:
    pairs = [pair("a", "x", "y"), pair("b", "x"), pair("c", "x"), pair("d", "x")]
    answers = {"a": {"y"}, "b": {"x", "z"}, "c": {"z"}, "d": set[str]()}
    frozen = {name: frozenset(told) for name, told in answers.items()}

    assert correct(pairs, frozen) == Rate(2, 4)
    assert flagged("abcd", frozen) == Rate(3, 4)
    assert within_reach(pairs, ["y", "z"]) == Rate(1, 4)


def test_a_name_that_was_not_judged_is_no_miss_but_an_error() -> None:
    with pytest.raises(KeyError):
        flagged(["a"], {})


def test_weak_labels_stand_apart_and_groups_are_made_of_categories(folder: Path) -> None:
    data = read(folder, "npm")

    assert [one.name for one in data.strong] == ["lodahs", "lodash-js", "type-node", "reactt"]
    assert [(one.name, one.category) for one in data.weak] == [("exprez", "edit2")]
    assert data.strong[2].targets == {"@types/node", "node"}
    assert data.popular == ("react", "lodash", "express", "@types/node")
    assert data.legitimate == {
        "lock_all": ("lodash", "lodush", "mine"),
        "lock-tail": ("lodush", "mine"),
        "midpop": ("reakt",),
        "hard": ("expres",),
    }


def test_names_of_pypi_are_compared_in_their_normal_spelling(folder: Path) -> None:
    data = read(folder, "pypi")

    assert data.popular == ("boto3", "zope-interface")
    assert data.strong[0].name == "req-uests"
    assert data.strong[0].targets == {"requests", "urllib3"}
    assert data.names() == {"req-uests", "zope-interface"}


def test_popular_names_may_lie_elsewhere(folder: Path) -> None:
    (folder / "popular").rename(folder / "lists")

    assert read(folder, "npm", folder / "lists").popular[0] == "react"
    assert read(folder, "npm").popular == popular_names(LISTS, "npm")
    with pytest.raises(SystemExit, match="there is no such list"):
        read(folder, "npm", folder / "nowhere")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("npm\ta\tb\tedit1\n", "line 7: not the columns"),
        ("npm\ta\t\tlock-new\tnegative\tx\n", "unknown categories lock-new"),
    ],
)
def test_data_of_another_layout_is_refused(row: str, problem: str, folder: Path) -> None:
    with (folder / "npm_negative.tsv").open("a") as file:
        file.write(row)

    with pytest.raises(SystemExit, match=problem):
        read(folder, "npm")


def test_a_sample_is_of_each_group_and_always_the_same(folder: Path) -> None:
    data = read(folder, "npm")
    part = data.sampled(1)

    assert {group: len(names) for group, names in part.legitimate.items()} == {
        "lock_all": 1,
        "lock-tail": 1,
        "midpop": 1,
        "hard": 1,
    }
    assert all(
        set(part.legitimate[group]) <= set(data.legitimate[group]) for group in data.legitimate
    )
    assert part == data.sampled(1)
    assert part.strong == data.strong
    assert data.sampled(9).legitimate["lock-tail"] in {("lodush", "mine"), ("mine", "lodush")}


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("lodash", set()),  # popular itself, though one letter from another
        ("lodahs", {"lodash"}),  # two letters swapped count as one edit
        ("lodas", {"lodash"}),
        ("lodashs", {"lodash", "lodashss"}),
        ("1odash", {"lodash", "kodash"}),
        ("1odas", set()),
        ("", set()),
    ],
)
def test_the_baseline_is_one_edit_from_any_popular_name(name: str, targets: set[str]) -> None:
    assert OneEdit(["lodash", "lodashss", "kodash"])(name) == targets


FAKE_GUARDDOG = {
    "requests.py": """\
class ConnectionError(Exception):
    pass

def get(url):
    raise AssertionError("a list is fetched")
""",
    "guarddog/__init__.py": "",
    "guarddog/analyzer/__init__.py": "",
    "guarddog/analyzer/metadata/__init__.py": "",
    "guarddog/analyzer/metadata/npm/__init__.py": "",
    "guarddog/analyzer/metadata/pypi/__init__.py": "",
    "guarddog/analyzer/metadata/typosquatting.py": """\
import requests

class TyposquatDetector:
    def __init__(self):
        try:
            requests.get("registry.example.org")
        except requests.ConnectionError:
            self.refused = True

    def get_typosquatted_package(self, name):
        return [self.prefix + name] if self.refused and name != "lodash" else []
""",
    "guarddog/analyzer/metadata/npm/typosquatting.py": """\
from guarddog.analyzer.metadata.typosquatting import TyposquatDetector

class NPMTyposquatDetector(TyposquatDetector):
    prefix = "npm "
""",
    "guarddog/analyzer/metadata/pypi/typosquatting.py": """\
from guarddog.analyzer.metadata.typosquatting import TyposquatDetector

class PypiTyposquatDetector(TyposquatDetector):
    prefix = "pypi "
""",
}


@pytest.fixture
def guarddog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a Python that has something with the modules of guarddog."""
    for name, text in FAKE_GUARDDOG.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    return sys.executable


@pytest.mark.parametrize("ecosystem", ["npm", "pypi"])
def test_guarddog_answers_from_a_python_of_its_own(ecosystem: str, guarddog: str) -> None:
    assert of_guarddog(guarddog, ecosystem, ["lodahs", "lodash"]) == {
        "lodahs": {f"{ecosystem} lodahs"},
        "lodash": frozenset(),
    }


def ran(data: Data, monkeypatch: pytest.MonkeyPatch) -> list[names.Contestant]:
    monkeypatch.setattr(names, "Matcher", Knowing)
    return list(names.contestants(data))


def without_intervals(table: str) -> list[list[str]]:
    """Return the cells of a table; of a rate its first number."""
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [[cells[0], *(cell.split()[0] for cell in cells[1:])] for cells in rows]


def test_each_level_and_each_baseline_has_its_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = names.overview(ran(read(folder, "npm"), monkeypatch))

    assert table.splitlines()[0] == (
        "| detector | right target, % | flagged, % | lock_all (3) | lock-tail (2) | midpop (1) |"
        " hard (1) |"
    )
    assert without_intervals(table) == [
        ["one edit, all 4", "25.0", "50.0", "333.3", "500.0", "1000.0", "1000.0"],
        ["one edit, top 5,000", "25.0", "50.0", "333.3", "500.0", "1000.0", "1000.0"],
        ["`audit`, quiet", "25.0", "50.0", "0.0", "0.0", "0.0", "0.0"],
        ["`audit`, default", "50.0", "75.0", "0.0", "0.0", "0.0", "0.0"],
        ["`audit`, everything", "75.0", "100.0", "333.3", "500.0", "0.0", "0.0"],
    ]


def test_sources_are_grouped_by_who_named_the_target(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = read(folder, "npm")
    (everything,) = (one for one in ran(data, monkeypatch) if one.title.endswith("everything"))
    table = names.by([everything], "target named", names.by_source(data.strong))

    assert without_intervals(table) == [
        ["**by others**", "2", "50.0"],
        ["neupane2023", "1", "100.0"],
        ["spellbound2020-historical", "1", "0.0"],
        ["**by others in part**", "1", "100.0"],
        ["osv-malicious-text", "1", "100.0"],
        ["**by reading the names**", "1", "100.0"],
        ["annotated-random-sample", "1", "100.0"],
    ]


@pytest.mark.parametrize(
    ("source", "by"),
    [
        ("ecosystems-typosquatting-dataset", "by others"),
        ("kam193-named", "by others"),
        ("kam193-typosquat-record", "by reading the names"),
        ("malregistry-typosquat-campaign", "by reading the names"),
    ],
)
def test_who_named_the_targets_of_a_source(source: str, by: str) -> None:
    assert names.named_by(source) == by


def test_the_whole_report_says_what_was_not_run_and_keeps_weak_labels_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(names, "Matcher", Knowing)
    monkeypatch.setattr("sys.argv", ["names", str(folder), "--no-costs"])
    names.main()
    printed = capsys.readouterr().out

    assert printed.count("guarddog was not run") == 2
    npm, pypi = printed.split("\n## ")[1:]
    assert npm.startswith("npm\n\n4 confusions")
    assert "target of 75.0 (30.1–95.4) % is in the list of 4 popular names" in npm
    assert npm.count("| edit2 | 1 |") == 1
    assert pypi.startswith("pypi\n\n1 confusions")


def test_guarddog_has_a_row_of_its_own(
    folder: Path,
    guarddog: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(names, "Matcher", Knowing)
    options = ["--no-costs", "--guarddog", guarddog, "--sample", "1"]
    monkeypatch.setattr("sys.argv", ["names", str(folder), *options])
    names.main()
    printed = capsys.readouterr().out

    assert "not run" not in printed
    assert printed.count("| guarddog, 1 of a group | 0.0 (") == 2


def test_every_round_has_a_new_detector_that_judges_all_names() -> None:
    made: list[list[str]] = []

    def maker() -> Callable[[str], object]:
        made.append([])
        return made[-1].append

    lines = speeds({"one": maker, "two": maker}, ["a", "b"]).splitlines()

    assert [line.split(" | ")[0] for line in lines[2:]] == ["| one", "| two"]
    assert [seen[1:] for seen in made] == [["a", "b"]] * (2 * ROUNDS)


@pytest.mark.parametrize(
    ("ecosystem", "recall", "alarms"), [("npm", 0.48, 0.002), ("pypi", 0.63, 0.004)]
)
def test_what_is_found_and_wrongly_told_at_the_default_level(
    ecosystem: str, recall: float, alarms: float
) -> None:
    data = read(HERE, ecosystem)
    judge = Matcher(ecosystem, reviewed=False).judge
    right = [one for one in data.strong if (f := judge(one.name)) and f.target in one.targets]
    wrong = [name for name in data.legitimate["lock_all"] if judge(name)]

    assert len(right) >= recall * len(data.strong)
    assert len(wrong) <= alarms * len(data.legitimate["lock_all"])
