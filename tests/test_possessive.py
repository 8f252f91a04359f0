"""Possessive repeats match as documented on every Python, mended or sound."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor import possessive
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = [
    ("(?:ab?c)++", "acac a", ["acac"]),
    ("(?:ab?c)?+", "a", ["", ""]),
    ("(?:ab?c){2,}+", "acac acaca", ["acac", "acac"]),
    ("(?:.(?!D))++", "ABCDE", ["AB", "DE"]),
    ("((?:(?!C).)++)", "ABC", ["AB"]),
    ("(?:(?:ab?c)*+d)*+e", "acdacade", ["de"]),
    ("a*+b", "aab", ["aab"]),
    ("a*+a", "aaa", []),
]

ITEMS = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "."]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        inner.map(lambda item: f"(?:{item})?"),
        inner.map(lambda item: f"(?:{item})*"),
        inner.map(lambda item: f"(?={item})"),
        inner.map(lambda item: f"(?!{item})"),
    ),
    max_leaves=5,
)
REPEATS = st.sampled_from(["*", "+", "?", "{1,3}"])
TEXTS = st.text("abc", max_size=8)


@pytest.fixture(params=["as it is", "mended"])
def _kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "mended":
        compiler = import_module("re._compiler")
        monkeypatch.setattr(compiler, "_compile", vars(compiler)["_compile"])
        possessive.mend()
    re.purge()
    yield
    re.purge()


@pytest.mark.usefixtures("_kind")
@pytest.mark.parametrize(("pattern", "text", "found"), CASES)
def test_they_match_as_documented(pattern: str, text: str, found: list[str]) -> None:
    assert re.findall(pattern, text) == found
    assert re.findall(pattern.encode(), text.encode()) == [one.encode() for one in found]


@settings(max_examples=often(400), deadline=None)
@given(ITEMS, REPEATS, TEXTS)
@example("ab?c", "*", "aca")
def test_as_an_atomic_group_of_a_greedy_repeat(item: str, repeat: str, text: str) -> None:
    """What the documentation of `re` calls equivalent."""
    possessively = re.compile(f"(?:{item}){repeat}+")
    assert possessively.findall(text) == re.findall(f"(?>(?:{item}){repeat})", text)


def test_what_was_compiled_says_what_it_was_compiled_from() -> None:
    assert re.compile("(?:ab?c)*+").pattern == "(?:ab?c)*+"
