"""Which sources are mapped: as a plain decoder says, and never an answer from malformed text."""

from __future__ import annotations

import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import anchors
from auditor.maps import mappings
from auditor.maps.mappings import unused, used

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def vlq(value: int) -> str:
    """Write a number as ECMA-426 has it: the sign in the lowest bit, five bits a digit."""
    rest = (-value << 1 | 1) if value < 0 else value << 1
    out = ""
    while True:
        digit, rest = rest & 31, rest >> 5
        out += DIGITS[digit | (32 if rest else 0)]
        if not rest:
            return out


def decoded(text: str) -> list[list[list[int]]]:
    """Return the lines of mappings as segments of numbers, digit by digit; ValueError for none."""
    lines = []
    for line in text.split(";"):
        segments = []
        for segment in filter(None, line.split(",")):
            numbers, value, shift = [], 0, 0
            for digit in segment:
                part = DIGITS.index(digit)
                value |= (part & 31) << shift
                shift += 5
                if part < 32:
                    numbers.append(-(value >> 1) if value & 1 else value >> 1)
                    value = shift = 0
            if shift or len(numbers) not in {1, 4, 5}:
                raise ValueError(segment)
            segments.append(numbers)
        lines.append(segments)
    return lines


def plain(text: str, count: int) -> frozenset[int] | None:
    """Return what `used` has to: by decoding every number."""
    met, current = set(), 0
    for line in decoded(text):
        for segment in line:
            if len(segment) > 1:
                current += segment[1]
                if not 0 <= current < count:
                    return None
                met.add(current)
    return frozenset(met) or None


NUMBERS = st.one_of(st.just(0), st.integers(-3, 3), st.integers(-(2**31) + 1, 2**31 - 1))
STEPS = st.one_of(st.just(0), st.just(0), st.integers(-2, 3), st.integers(-70, 70))
SEGMENTS = st.one_of(
    st.tuples(NUMBERS),
    st.tuples(NUMBERS, STEPS, NUMBERS, NUMBERS),
    st.tuples(NUMBERS, STEPS, NUMBERS, NUMBERS, NUMBERS),
).map(lambda numbers: "".join(map(vlq, numbers)))
SEPARATORS = st.sampled_from([",", ";", ",", ";;", ",,;"])


@st.composite
def written(draw: st.DrawFn) -> str:
    segments = draw(st.lists(SEGMENTS, max_size=30))
    return "".join(segment + draw(SEPARATORS) for segment in segments)


@given(written(), st.integers(0, 80), st.sampled_from([7, 40, 256 * 1024]))
def test_a_source_is_mapped_where_a_plain_decoder_says_so(
    text: str, count: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        longest = max(map(len, text.replace(";", ",").split(",")))
        patch.setattr(mappings, "_PIECE", max(piece, longest + 1))
        assert used(text.encode(), count) == plain(text, count)
        assert used(memoryview(text.encode()), count) == plain(text, count)


@given(
    written() | st.text(DIGITS[:4] + "gh/,;", max_size=14),
    st.integers(0, 80) | st.integers(0, 3),
    st.sampled_from([7, 40, 256 * 1024]),
)
def test_a_source_is_unused_where_the_others_are_known_to_be_used(
    text: str, count: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mappings, "_PIECE", piece)
        known = used(text.encode(), count)
        left = frozenset() if known is None else frozenset(range(count)) - known
        assert (unused(text.encode(), count) or frozenset()) == left


def test_mappings_are_read_until_each_source_has_been_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mappings, "_PIECE", 12)
    monkeypatch.setattr(mappings, "_is_well_formed", None)

    assert unused(b"AAAA,ACAA,AAAA,!!!!", 2) == frozenset()
    assert unused(b"!!!!", 1) == frozenset()


@given(st.binary(max_size=40), st.integers(0, 5))
def test_no_bytes_make_it_fail(text: bytes, count: int) -> None:
    met = used(text, count)
    assert met is None or met <= frozenset(range(count))


@given(st.text(DIGITS[:4] + "gh/,;", max_size=14), st.integers(0, 3))
def test_what_a_plain_decoder_refuses_says_nothing_or_too_much(text: str, count: int) -> None:
    """Unknown, or more fields than five: never that a source is missing because of an error."""
    try:
        decoded(text)
    except ValueError:
        many = any(
            len("".join(c for c in segment if DIGITS.index(c) < 32)) > 5
            for segment in text.replace(";", ",").split(",")
        )
        assert many or used(text.encode(), count) is None


@pytest.mark.parametrize(
    ("text", "count", "met"),
    [
        ("AAAA", 1, {0}),
        ("AAAA", 3, {0}),
        ("ACAA", 2, {1}),
        ("AAAA,CCAA;ADAA", 3, {0, 1}),
        (";;A,AEAA", 3, {2}),
        ("A,C,AAAAA", 1, {0}),
        ("AgCAA", 33, {32}),
        ("gBAAA,gBgCAA,gBhCAA", 33, {0, 32}),
        ("AAAA,", 1, {0}),
        # nothing is known
        ("", 1, None),
        (";;;,", 1, None),
        ("A;C", 2, None),
        ("AAAA", 0, None),
        ("ACAA", 1, None),
        ("ADAA", 2, None),
        ("AAAA,AgggggggggA", 5, None),
        ("AggggggEAA", 2**32, None),
        ("AAA", 1, None),
        ("AA", 1, None),
        ("AAAg", 1, None),
        ("AAAA;g", 1, None),
        ("A AAA", 1, None),
        ("AAAA,ÄAAA", 1, None),
        ("null", 1, None),
        ("A-AA", 1, None),
    ],
)
def test_a_text_of_mappings(text: str, count: int, met: set[int] | None) -> None:
    assert used(text.encode(), count) == (None if met is None else frozenset(met))


@given(st.text("ztcx,", max_size=30) | st.text("ztc,", max_size=30))
def test_each_engine_finds_the_steps_that_a_pattern_finds(text: str) -> None:
    classes = f",{text},".encode()
    expected = None
    if not set(re.findall("x|c,", f",{text},")):
        expected = [step.end() for step in re.finditer(",c*[zt][tc]", f",{text},")]

    for small, large in ((10**9, 10**9), (-1, 10**9), (-1, -1)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(anchors, "SMALL", small)
            patch.setattr(anchors, "LARGE", large)
            assert mappings._steps(classes) == expected  # noqa: SLF001 - each way to one answer


@pytest.mark.parametrize("digits", [1, 6, 7, 8, 40])
def test_a_step_is_seen_behind_a_first_field_of_any_length(digits: int) -> None:
    text = b"AAAA," + b"g" * (digits - 1) + b"ACAA"

    assert used(text, 2) == frozenset({0, 1})


def test_a_segment_longer_than_a_piece_is_none() -> None:
    long = b"A" * 300_000
    assert used(b"AAAA," + long, 1) is None
    assert used(long + b",AAAA", 1) is None


def test_a_long_text_is_read_without_a_copy() -> None:
    one = (vlq(0) + vlq(1) + "AA" + ",GAAC" * 1_000 + ";").encode()
    text = b"AAAA;" + one * 2_000
    tracemalloc.start()
    try:
        met = used(text, 2_001)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert met == frozenset(range(2_001))
    assert peak < len(text) / 4
