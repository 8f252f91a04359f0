"""The engines that find literals in bytes: hyperscan, ahocorasick-rs, and `find` where neither is.

All give every place of every literal, also of those that lie over one another. Measured with the 56
literals of our readers: 3,000 MB/s, 500 MB/s, 25 MB/s; to be made they take 10 ms, 1 ms, nothing.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Literals: TypeAlias = tuple[bytes, ...]
Places: TypeAlias = "Iterable[tuple[int, int]]"
"""The number of a literal, and the offset at which it stands."""
Engine: TypeAlias = "Callable[[bytes | memoryview], Places]"

_KEPT = 8
"""Sets of literals whose engines are kept: ours, and those of a policy."""
_LONGEST, _MOST = 256, 1000
"""Bytes of one literal, and literals, for hyperscan: making and trying it grows with both."""
_FILLER = b"\x00"


def by_find(literals: Literals) -> Engine:
    """Return the engine that is there everywhere, and quick for a few kilobytes alone."""

    def places(text: bytes | memoryview) -> Places:
        data = bytes(text)
        for index, literal in enumerate(literals):
            offset = data.find(literal)
            while offset >= 0:
                yield index, offset
                offset = data.find(literal, offset + 1)

    return places


@lru_cache(_KEPT)
def by_automaton(literals: Literals) -> Engine | None:
    """Return ahocorasick-rs' engine; None where there is no wheel of it."""
    try:
        from ahocorasick_rs import BytesAhoCorasick  # noqa: PLC0415
    except ImportError:
        return None
    automaton = BytesAhoCorasick(literals)

    def places(text: bytes | memoryview) -> Places:
        found = automaton.find_matches_as_indexes(text, overlapping=True)
        return map(_PLACE, found)

    return places


_PLACE = itemgetter(0, 1)


@lru_cache(_KEPT)
def by_hyperscan(literals: Literals) -> Engine | None:
    """Return hyperscan's engine; None where it is not installed, or not to be relied on.

    The wheels bundle Vectorscan 5.4.12, which is known to miss some matches of regular expressions
    with gaps (VectorCamp/vectorscan#382). Literals are none of these, and each set of them is tried
    out before it is used. What is too much to be tried out is left to the automaton.
    """
    if len(literals) > _MOST or max(map(len, literals)) > _LONGEST:
        return None
    import threading  # noqa: PLC0415 - where hyperscan is

    try:
        import hyperscan  # noqa: PLC0415 - an extra, and for large contents alone
    except ImportError:
        return None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=literals, ids=list(range(len(literals))), flags=0, literal=True
        )
    except hyperscan.error:
        return None
    lengths = tuple(map(len, literals))
    own = threading.local()  # two scans must not share what each needs to work in

    def places(text: bytes | memoryview) -> Places:
        ends: list[tuple[int, int]] = []

        def met(index: int, _: int, end: int, *__: object) -> None:
            ends.append((end, index))

        if not hasattr(own, "scratch"):
            own.scratch = hyperscan.Scratch(database)
        searched: Any = text  # its stubs know bytes alone, it takes any buffer
        database.scan(searched, match_event_handler=met, scratch=own.scratch)
        ends.sort()
        return ((index, end - lengths[index]) for end, index in ends)

    return places if _finds_all(places, literals) else None


def _finds_all(engine: Engine, literals: Literals) -> bool:
    """Tell whether an engine finds the literals at every alignment, also right behind another."""
    filled = b"".join(
        _FILLER * (index % 64) + literal for index, literal in enumerate(literals * 2)
    )
    text = filled + b"".join(literals)
    return sorted(engine(text)) == sorted(by_find(literals)(text))
