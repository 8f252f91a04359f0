"""One scan of a member for all literals that any fact looks for, by ahocorasick-rs or `find`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

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
