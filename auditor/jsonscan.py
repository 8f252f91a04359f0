r"""What one scan of a JSON document says of its strings: which literals stand in each of them.

A map of 60 MB is its texts written as JSON strings. So who has searched the map has searched them,
but for what an escape hides: `\u0041KIA` is AKIA, and nobody finds it in the document.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeAlias

from auditor import fastpaths
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ESCAPE = b"\\u00"
"""What every escape of an ASCII character by its number begins with (RFC 8259, section 7)."""
_PLAIN = regex(rb"[ !#-.0-\[\]-~]+")
"""What JSON writes as it is, or by its number alone: ASCII, but for signs with a short escape."""
_BLOCK = 16
"""Escapes are remembered by blocks of 64 KiB, however many a hostile text has."""

Met: TypeAlias = "frozenset[bytes] | None"
"""Which literals stand in a string, of those that are looked for; None where that is unknown."""
MetIn: TypeAlias = "Callable[[int, int], Met]"
"""Tells that of the string written between two offsets."""


def unknown(_: int, __: int) -> Met:
    """Tell of each string that it is unknown: nobody has searched the document."""
    return None


class Sought:
    """Some literals, and whether each stands in a string as it does in what the string says."""

    __slots__ = ("literals", "plain")

    def __init__(self, literals: Iterable[bytes]) -> None:
        self.literals = frozenset(literals)
        self.plain = fastpaths.enabled("texts_as_written") and all(
            map(_PLAIN.fullmatch, self.literals)
        )


class Scan:
    """The hits of one scan of a content, and what follows for the strings in it."""

    __slots__ = ("_escaped", "_of_strings", "_places", "_sure", "hits")

    def __init__(self, of_strings: Sought) -> None:
        """`of_strings` is looked for in the strings, and is among what the scan looks for."""
        self._of_strings = of_strings
        self._sure = of_strings.plain
        self._escaped: set[int] = set()
        self._places: list[tuple[int, bytes]] | None = None
        self.hits: dict[bytes, list[int]] = {}
        """The offsets of each literal that was met."""

    def escape(self, offset: int) -> None:
        """Take note of an escape by number."""
        self._escaped.add(offset >> _BLOCK)

    def broken_off(self) -> None:
        """Take note that not all hits are known."""
        self._sure = False

    def met_in(self, start: int, end: int) -> Met:
        """Return which of the literals stand in the string written between two offsets.

        Asked once all hits are there.
        """
        if not self._sure:
            return None
        if not self._escaped.isdisjoint(range(start >> _BLOCK, (end >> _BLOCK) + 1)):
            return None
        if self._places is None:
            met = self.hits.keys() & self._of_strings.literals
            self._places = sorted(
                (place, literal) for literal in met for place in self.hits[literal]
            )
        first, behind = (bisect_left(self._places, (offset, b"")) for offset in (start, end))
        return frozenset(literal for _, literal in self._places[first:behind])
