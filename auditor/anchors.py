"""One scan of a member for all literals that any fact looks for, by ahocorasick-rs or `find`."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WINDOW = 1024 * 1024
"""Bytes per call of the automaton: bounds the list of hits that a hostile text can cause."""

SMALL = 4096
"""Below this many bytes `in` for each literal is quicker than the automaton's call."""


class Anchors:
    """Literals compiled once, searched in many texts."""

    def __init__(self, literals: frozenset[bytes]) -> None:
        self._literals = tuple(sorted(literals))
        self._longest = max(map(len, self._literals), default=1)
        self._automaton: Any = None
        used = frozenset(b"".join(self._literals))
        self._between = next((bytes((byte,)) for byte in range(256) if byte not in used), None)

    def hits(self, text: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield each literal with its offset, for every place where it stands in `text`."""
        if len(text) <= SMALL:
            yield from self._find(text, [x for x in self._literals if x in text])
            return
        automaton = self._compiled()
        if automaton is None:
            yield from self._find(text, list(self._literals))
            return
        step = WINDOW - self._longest + 1
        for start in range(0, len(text), step):
            piece = text[start : start + WINDOW] if len(text) > WINDOW else text
            for index, begin, _ in automaton.find_matches_as_indexes(piece, overlapping=True):
                if begin < step or start + WINDOW >= len(text):
                    yield self._literals[index], start + begin
            if start + WINDOW >= len(text):
                return

    def hits_in(self, texts: Sequence[bytes]) -> dict[int, list[tuple[bytes, int]]]:
        """Return the hits of many small texts, by the number of the text; of most there are none.

        They are searched as one, with a byte between them that is in no literal, so that nothing
        is found across two of them.
        """
        if self._between is None:
            return {n: found for n, text in enumerate(texts) if (found := [*self.hits(text)])}
        found: dict[int, list[tuple[bytes, int]]] = {}
        starts: list[int] = []
        for literal, offset in self.hits(self._between.join(texts)):
            starts = starts or [0, *accumulate(len(text) + 1 for text in texts)]
            number = bisect_right(starts, offset) - 1
            found.setdefault(number, []).append((literal, offset - starts[number]))
        return found

    def _compiled(self) -> Any:  # noqa: ANN401 - the extension module has no types
        if self._automaton is None:
            try:
                from ahocorasick_rs import BytesAhoCorasick  # noqa: PLC0415
            except ImportError:  # no wheel for this platform: the same answer, slower
                return None
            self._automaton = BytesAhoCorasick(self._literals)
        return self._automaton

    @staticmethod
    def _find(text: bytes, literals: list[bytes]) -> Iterator[tuple[bytes, int]]:
        for literal in literals:
            offset = text.find(literal)
            while offset >= 0:
                yield literal, offset
                offset = text.find(literal, offset + 1)
