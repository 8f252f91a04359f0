"""The search for literals: what a search of every offset would find, by either engine."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor import anchors
from auditor.anchors import Anchors

LITERALS = st.frozensets(st.binary(min_size=1, max_size=5), min_size=1, max_size=6)
FEW = st.frozensets(
    st.text(alphabet="ab", min_size=1, max_size=6).map(str.encode), min_size=1, max_size=4
)
WINDOWS = st.integers(6, 24)
"""From the longest literal on; one window more or less than the text is among them."""


def every_place(text: bytes, literals: frozenset[bytes]) -> list[tuple[bytes, int]]:
    return sorted(
        (literal, offset)
        for literal in literals
        for offset in range(len(text))
        if text[offset : offset + len(literal)] == literal
    )


def search(
    text: bytes, literals: frozenset[bytes], *, window: int, small: int, automaton: bool
) -> list[tuple[bytes, int]]:
    """Search with a window of so many bytes, by the automaton or by what stands in for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "WINDOW", window)
        patch.setattr(anchors, "SMALL", small)
        if not automaton:
            patch.setitem(sys.modules, "ahocorasick_rs", None)
        return sorted(Anchors(literals).hits(text))


@pytest.mark.parametrize("automaton", [True, False], ids=["automaton", "find"])
@settings(max_examples=80, deadline=None, derandomize=True)
@given(text=st.text(alphabet="ab", max_size=40), literals=FEW, window=WINDOWS)
@example(text="b" * 23 + "ab", literals=frozenset({b"ab"}), window=24)
@example(text="a" * 48, literals=frozenset({b"aaaaaa", b"a"}), window=6)
def test_hits_are_every_place_also_across_windows_and_over_one_another(
    automaton: bool,  # noqa: FBT001 - a parameter of the test
    text: str,
    literals: frozenset[bytes],
    window: int,
) -> None:
    if automaton:
        pytest.importorskip("ahocorasick_rs")
    data = text.encode()
    found = search(data, literals, window=window, small=0, automaton=automaton)

    assert found == every_place(data, literals)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=st.binary(max_size=80), literals=LITERALS, small=st.sampled_from([0, 40, 1000]))
def test_all_ways_of_searching_agree_on_any_bytes(
    text: bytes, literals: frozenset[bytes], small: int
) -> None:
    pytest.importorskip("ahocorasick_rs")
    one = search(text, literals, window=16, small=small, automaton=True)
    other = search(text, literals, window=16, small=small, automaton=False)

    assert one == other == every_place(text, literals)


@pytest.mark.parametrize("size", [0, 1, 5000, 3 * 1024 * 1024])
def test_without_literals_nothing_is_found(size: int) -> None:
    assert list(Anchors(frozenset()).hits(b"x" * size)) == []


def test_the_real_window_loses_nothing_at_its_edges() -> None:
    key = b"-----BEGIN "
    step = anchors.WINDOW - len(key) + 1
    places = [0, step - 1, step, anchors.WINDOW - 5, anchors.WINDOW, 2 * step - 1, 2 * step + 1]
    for place in places:
        text = bytearray(2 * anchors.WINDOW + 100)
        text[place : place + len(key)] = key
        assert list(Anchors(frozenset({key})).hits(bytes(text))) == [(key, place)]


def test_one_compiled_set_serves_many_texts() -> None:
    found = Anchors(frozenset({b"k"}))

    for text in (b"k" * 3, b"." * 5000 + b"k", b"", b"k" + b"." * 5000):
        assert list(found.hits(text)) == every_place(text, frozenset({b"k"}))
