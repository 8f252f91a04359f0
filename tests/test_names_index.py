"""The index of popular names: what is entered is found, and what is near is near."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from auditor.names import __main__ as build
from auditor.names import index, spelling, table
from auditor.names.edits import Edit, distance, edit_of, is_other_english
from auditor.names.index import Index
from tests.often import often

TEXTS = st.text(st.sampled_from("abcdé-1/@"), min_size=1, max_size=12)


@settings(max_examples=often(50), deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(0, 0xFFFF)), max_size=60))
def test_a_table_gives_back_what_was_entered_in_that_order(entries: list[tuple[str, int]]) -> None:
    found = table.Table(table.built(entries))

    for text in {text for text, _ in entries}:
        wanted = [value for other, value in entries if other == text]
        assert [value for value in found.get(text) if value in wanted] == wanted


@settings(max_examples=often(50), deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(0, 0xFFFF)), max_size=60), st.lists(TEXTS))
def test_a_table_gives_the_numbers_of_several_texts_at_once(
    entries: list[tuple[str, int]], more: list[str]
) -> None:
    found = table.Table(table.built(entries))
    texts = [*(text for text, _ in entries[::2]), *more]

    assert found.of_any(texts) == {number for text in texts for number in found.get(text)}


def small(*names: str) -> Index:
    return Index(index.built("npm", names, (), "2026-01-01"))


RANDOM = random.Random(1)  # noqa: S311 - the same names in every run
NAMES = tuple(dict.fromkeys("".join(RANDOM.choices("abcdefg12", k=4 + n % 11)) for n in range(600)))
MANY = small(*NAMES)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """Return a name, and the same after up to two insertions, deletions or substitutions."""
    target = draw(st.sampled_from(NAMES))
    name = target
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(name)))
        letter = draw(st.sampled_from("abcdefg12"))
        kind = draw(st.sampled_from(("put in", "taken out", "another")))
        behind = name[place:] if kind == "put in" else name[place + 1 :]
        name = name[:place] + ("" if kind == "taken out" else letter) + behind
    return target, name


@settings(max_examples=often(500))
@given(edited())
def test_every_name_that_is_two_edits_away_is_near(pair: tuple[str, str]) -> None:
    target, name = pair

    if len(name) >= 3:
        assert (target, MANY.rank(target)) in list(MANY.near(name))


@pytest.mark.parametrize("name", ["loadsh", "lodahs", "oldash"])
def test_a_swap_is_near(name: str) -> None:
    assert ("lodash", 1) in list(small("lodash").near(name))


def test_names_are_known_together_as_they_are_one_by_one() -> None:
    names = [*NAMES[::3], *(f"{name}x" for name in NAMES[::5]), "", "\ud800"]
    assert MANY.known(names) == {name for name in names if name in MANY}


def test_modules_of_the_language_are_no_known_packages() -> None:
    found = Index(index.built("pypi", ["flask"], (), "2026-01-01", modules=["json"]))
    assert found.known(["flask", "json"]) == {"flask"}


def test_what_an_index_knows_of_a_name() -> None:
    found = small("cross-env", "lodash", "@a/b-c", "urllib3", "lodash.merge", "lodash.get")

    assert [found.rank(n) for n in ("cross-env", "lodash", "@a/b-c", "crossenv")] == [1, 2, 3, 0]
    assert list(found.spelled("crossenv")) == [("cross-env", 1, 0)]
    assert list(found.ordered(["env", "cross"])) == ["cross-env"]
    assert list(found.scoped("b-c")) == ["@a/b-c"]
    assert list(found.looking(spelling.looks("l0dash"))) == ["lodash"]
    assert (found.of_stem("urllib"), found.of_stem("lodas")) == ("urllib3", "")
    assert list(found.spelled("lodash")) == [("lodash", 2, 2)]
    assert (found.is_word("lodash"), found.is_word("merge")) == (True, False)
    assert (found.is_unknown("merge"), found.is_unknown("nothing")) == (False, True)
    assert "crossenv" not in found
    assert len(found) == 6


def test_a_name_of_the_other_registry_is_known_by_its_rank_there() -> None:
    theirs = ("cross-env", "beautifulsoup4", "six", "@a/beautifulsoup")
    found = Index(index.built("npm", ("cross-env",), (), "2026-01-01", elsewhere=theirs))

    assert [found.elsewhere(name) for name in theirs] == [0, 2, 0, 0]
    assert found.elsewhere("beautifulsoup5") == 0


def test_likely_letters_are_likelier() -> None:
    found = index.load("npm")

    assert found.likelihood("request") > found.likelihood("rqeuest")
    assert found.likelihood("") < 0
    assert found.likelihood("日本") < found.likelihood("ab")


@pytest.mark.parametrize(
    ("name", "target", "edit"),
    [
        ("axois", "axios", Edit.SWAP),
        ("axos", "axios", Edit.DROP),
        ("axxios", "axios", Edit.DOUBLE),
        ("axioss", "axios", Edit.DOUBLE),
        ("axuos", "axios", Edit.KEY),
        ("axzos", "axios", Edit.OTHER),
        ("axnios", "axios", Edit.INSERT),
        ("axiosn", "axios", Edit.INSERT),
        ("qxios", "axios", Edit.KEY),
    ],
)
def test_which_edit_it_was(name: str, target: str, edit: Edit) -> None:
    assert edit_of(name, target) is edit


@given(st.text("abc-", max_size=9), st.text("abc-", max_size=9), st.integers(0, 3))
def test_a_distance_is_what_the_whole_table_of_distances_says(
    one: str, other: str, most: int
) -> None:
    assert distance(one, other, most) == min(OSA.distance(one, other), most + 1)


@given(st.text("ab-1", min_size=3, max_size=20), st.data())
def test_two_edits_are_told_wherever_they_are(name: str, data: st.DataObject) -> None:
    edited = name
    for _ in range(2):
        place = data.draw(st.integers(0, len(edited) - 1))
        change = data.draw(st.sampled_from(["", "x", "xy", edited[place : place + 2][::-1]]))
        edited = edited[:place] + change + edited[place + (len(change) or 1) :]

    assert distance(name, edited, 2) == min(OSA.distance(name, edited), 3)


@pytest.mark.parametrize(
    "ecosystem",
    [
        pytest.param(one, marks=() if one == "pypi" else pytest.mark.sweep)
        for one in index.ECOSYSTEMS
    ],
)
def test_the_indexes_are_those_of_the_lists(ecosystem: str) -> None:
    made = build.build()[ecosystem]
    there = (build.DATA / f"{ecosystem}.idx").read_bytes()

    assert made == there, "run `python -m auditor.names build`"
    assert len(there) < 5_000_000 / 2


def test_what_is_no_index_is_refused() -> None:
    with pytest.raises(ValueError, match="no index"):
        Index(b"something else\n")


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("normalise-url", "normalize-url"),
        ("colours", "colors"),
        ("tokenisers", "tokenizers"),
        ("css-analyser", "css-analyzer"),
        ("centre-align", "center-align"),
        ("licence-checker", "license-checker"),
        ("dialogues", "dialogs"),
        ("labelled", "labeled"),
        ("grey-behaviour", "gray-behavior"),
    ],
)
def test_british_spelling_is_told_from_other_slips(british: str, american: str) -> None:
    assert is_other_english(british, american)
    assert is_other_english(american, british)
    assert not is_other_english(american, american)
    assert not is_other_english(british, american[1:])


@pytest.mark.parametrize(
    ("name", "target"), [("our", "or"), ("lodise", "lodase"), ("rise", "rize")]
)
def test_other_words_are_of_one_spelling(name: str, target: str) -> None:
    assert not is_other_english(name, target)
