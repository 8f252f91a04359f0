"""One scan of a content for all literals that any fact looks for."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from auditor import fastpaths, literals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WINDOW = 1024 * 1024
"""Bytes per call of an engine: bounds the list of hits that a hostile text can cause."""

SMALL = 4096
"""Up to so many bytes, all texts together, no automaton is worth to be made."""
LARGE = 4 * 1024 * 1024
"""From so many bytes on, all texts together, hyperscan is worth to be loaded."""


class Anchors:
    """Literals compiled once, searched in many texts."""

    def __init__(self, literals: frozenset[bytes]) -> None:
        self._literals = tuple(sorted(literals))
        self._longest = max(map(len, self._literals), default=1)
        self._searched = 0
        used = frozenset(b"".join(self._literals))
        self._between = next((bytes((byte,)) for byte in range(256) if byte not in used), None)

    def expect(self, size: int) -> None:
        """Choose the engine for as many more bytes, at least, that are going to be searched."""
        self._searched += size

    def hits(self, text: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield each literal with its offset, for every place where it stands in `text`."""
        if not self._literals:
            return
        self._searched += len(text)
        engine = self._engine()
        if len(text) <= WINDOW:
            for index, begin in engine(text):
                yield self._literals[index], begin
            return
        step = WINDOW - self._longest + 1
        view = memoryview(text)
        for start in range(0, len(text), step):
            last = start + WINDOW >= len(text)
            for index, begin in engine(view[start : start + WINDOW]):
                if begin < step or last:
                    yield self._literals[index], start + begin
            if last:
                return

    def hits_in(self, texts: Sequence[bytes]) -> dict[int, list[tuple[bytes, int]]]:
        """Return the hits of many small texts, by the number of the text; of most there are none.

        They are searched as one, with a byte between them that is in no literal, so that nothing
        is found across two of them.
        """
        if self._between is None:
            each = ([*self.hits(text)] for text in texts)
            return {number: hits for number, hits in enumerate(each) if hits}
        found: dict[int, list[tuple[bytes, int]]] = {}
        starts: list[int] = []
        for literal, offset in self.hits(self._between.join(texts)):
            starts = starts or [0, *accumulate(len(text) + 1 for text in texts)]
            number = bisect_right(starts, offset) - 1
            found.setdefault(number, []).append((literal, offset - starts[number]))
        return found

    def places(self, text: bytes, most: int) -> list[int] | None:
        """Return where literals stand, in order, as the quickest engine alone finds them.

        None without it, until it is worth to be loaded, and where they stand in more places.
        """
        self._searched += len(text)
        large = self._searched > LARGE and fastpaths.enabled("hyperscan")
        if not large or literals.by_hyperscan(self._literals) is None:
            return None
        found = sorted(offset for _, offset in islice(self.hits(text), most + 1))
        return found if len(found) <= most else None

    def _engine(self) -> literals.Engine:
        """Return the quickest engine for what was searched so far; each gives the same answer."""
        found: literals.Engine | None = None
        if self._searched > LARGE and fastpaths.enabled("hyperscan"):
            found = literals.by_hyperscan(self._literals)
        if found is None and self._searched > SMALL:
            found = literals.by_automaton(self._literals)
        return found or literals.by_find(self._literals)


@lru_cache(8)
def shared(wanted: frozenset[bytes]) -> Anchors:
    """Return the same object for the same literals: the engines are made once for all targets."""
    return Anchors(wanted)
