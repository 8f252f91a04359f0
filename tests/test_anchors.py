"""The search for literals: what a search of every offset would find, by each engine."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor import anchors, facts, fastpaths, literals
from auditor.anchors import Anchors
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Iterator

LITERALS = st.frozensets(st.binary(min_size=1, max_size=5), min_size=1, max_size=6)
FEW = st.frozensets(
    st.text(alphabet="ab", min_size=1, max_size=6).map(str.encode), min_size=1, max_size=4
)
WINDOWS = st.integers(6, 24)
"""From the longest literal on; one window more or less than the text is among them."""


READERS_LITERALS = frozenset(
    anchor for reader in facts.load(lockfile=False)[1] for anchor in reader.anchors
)


def every_place_of(text: bytes, wanted: list[bytes]) -> list[tuple[bytes, int]]:
    """Return where literals stand, by the standard library's patterns."""
    return sorted(
        (literal, found.start())
        for literal in wanted
        for found in re.finditer(b"(?=%b)" % re.escape(literal), text)
    )


def every_place(text: bytes, literals: frozenset[bytes]) -> list[tuple[bytes, int]]:
    return sorted(
        (literal, offset)
        for literal in literals
        for offset in range(len(text))
        if text[offset : offset + len(literal)] == literal
    )


ENGINES = ["find", "ahocorasick_rs", "hyperscan"]
"""The first is there always, the others by the name of their module."""


@pytest.fixture(autouse=True)
def _made_anew() -> Iterator[None]:
    made = literals.by_automaton, literals.by_hyperscan
    for one in made:
        one.cache_clear()
    yield
    for one in made:
        one.cache_clear()


def search(
    text: bytes, wanted: frozenset[bytes], engine: str, *, window: int = anchors.WINDOW
) -> list[tuple[bytes, int]]:
    """Search with a window of so many bytes, by one of the engines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "WINDOW", window)
        patch.setattr(anchors, "SMALL", len(text) if engine == "find" else -1)
        patch.setattr(anchors, "LARGE", -1 if engine == "hyperscan" else len(text))
        return sorted(Anchors(wanted).hits(text))


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=often(80), deadline=None)
@given(text=st.text(alphabet="ab", max_size=40), literals=FEW, window=WINDOWS)
@example(text="b" * 23 + "ab", literals=frozenset({b"ab"}), window=24)
@example(text="a" * 48, literals=frozenset({b"aaaaaa", b"a"}), window=6)
def test_hits_are_every_place_also_across_windows_and_over_one_another(
    engine: str, text: str, literals: frozenset[bytes], window: int
) -> None:
    data = text.encode()

    assert search(data, literals, engine, window=window) == every_place(data, literals)


@settings(max_examples=often(60), deadline=None)
@given(text=st.binary(max_size=80), literals=LITERALS)
def test_all_engines_agree_on_any_bytes(text: bytes, literals: frozenset[bytes]) -> None:
    for engine in ENGINES:
        assert search(text, literals, engine, window=16) == every_place(text, literals)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_planted_literal_is_found_at_every_alignment(engine: str) -> None:
    planted = sorted(READERS_LITERALS)
    for shift in range(64):
        text = b"".join(b"=" * shift + literal + b"\n" for literal in planted)

        found = search(text, READERS_LITERALS, engine)

        assert found == every_place_of(text, planted)


@pytest.mark.parametrize("missing", [["hyperscan"], ["hyperscan", "ahocorasick_rs"]])
def test_an_engine_that_is_not_installed_is_stood_in_for(
    missing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)

    assert literals.by_hyperscan((b"key",)) is None
    assert search(b"a key", frozenset({b"key"}), "hyperscan") == [(b"key", 2)]


def test_hyperscan_is_not_relied_on_where_it_misses_what_it_must_find(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import hyperscan  # noqa: PLC0415 - the one test that looks into it

    class Blind(hyperscan.Database):
        def compile(self, expressions: list[bytes], **settings: Any) -> None:  # type: ignore[override]  # noqa: ANN401
            super().compile([b"other", *expressions[1:]], **settings)

    monkeypatch.setattr(hyperscan, "Database", Blind)

    assert literals.by_hyperscan((b"key", b"word")) is None
    assert search(b"a key", frozenset({b"key", b"word"}), "hyperscan") == [(b"key", 2)]


@pytest.mark.parametrize(
    "wanted",
    [[b"a" * 257], [b"%d" % number for number in range(1001)]],
    ids=["a long one", "many"],
)
def test_literals_that_hyperscan_takes_long_over_are_left_to_the_automaton(
    wanted: list[bytes],
) -> None:
    assert literals.by_hyperscan(tuple(wanted)) is None
    assert (wanted[-1], 0) in search(wanted[-1], frozenset(wanted), "hyperscan")


def test_what_hyperscan_cannot_compile_is_left_to_the_automaton(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import hyperscan  # noqa: PLC0415 - as above

    class Failing(hyperscan.Database):
        def compile(self, **_: object) -> None:  # type: ignore[override]
            raise hyperscan.error("out of memory")

    monkeypatch.setattr(hyperscan, "Database", Failing)

    assert search(b"a key", frozenset({b"key"}), "hyperscan") == [(b"key", 2)]


def test_hyperscan_is_asked_about_large_contents_alone_and_where_it_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[literals.Literals] = []
    monkeypatch.setattr(literals, "by_hyperscan", asked.append)
    monkeypatch.setattr(anchors, "LARGE", 10)
    wanted = frozenset({b"key"})

    one = Anchors(wanted)
    assert list(one.hits(b"0123456789")) == []
    assert asked == []
    assert list(one.hits(b"key")) == [(b"key", 0)]
    assert asked == [(b"key",)]
    with fastpaths.taken(fastpaths.OFF):
        assert list(one.hits(b"key")) == [(b"key", 0)]
    assert asked == [(b"key",)]


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


def test_what_is_going_to_be_searched_counts_for_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that of a large artifact the first members have the engine of the others."""
    asked: list[object] = []
    monkeypatch.setattr(literals, "by_hyperscan", asked.append)
    for size in (0, anchors.LARGE):
        found = anchors.Anchors(frozenset({b"key"}))
        found.expect(size)
        assert list(found.hits(b"a key")) == [(b"key", 2)]
    assert asked == [(b"key",)]
