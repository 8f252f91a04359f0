"""A table from texts to numbers that is loaded as it lies on disk: no parsing, no objects.

Entries are sorted by the CRC-32 of their text; the upper 16 bits lead to a run of a few entries.
The texts are not kept, so that who needs to be sure compares what the number leads to: one in
20,000 texts that are not there gets another's number.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

_STARTS = 0x10000 + 1
_SHIFT = 16


class Table:
    """Numbers below 65,536 by text; a text may have several."""

    def __init__(self, data: memoryview | bytes) -> None:
        whole = memoryview(data)
        count = (len(whole) - 4 * _STARTS) // 6
        self._starts = numbers("I", whole[: 4 * _STARTS])
        self._keys = numbers("I", whole[4 * _STARTS : 4 * (_STARTS + count)])
        self._values = numbers("H", whole[4 * (_STARTS + count) :])

    def get(self, text: str) -> tuple[int, ...]:
        """Return the numbers of a text, in the order in which they were entered."""
        return self.of(text.encode("utf-8", "surrogatepass"))

    def of(self, spelled: bytes) -> tuple[int, ...]:
        """Return the numbers of a text in UTF-8."""
        key = crc32(spelled)
        starts, keys, bucket = self._starts, self._keys, key >> _SHIFT
        end = starts[bucket + 1]
        place = first = bisect_left(keys, key, starts[bucket], end)
        while place < end and keys[place] == key:
            place += 1
        return tuple(self._values[first:place]) if place > first else ()

    def of_any(self, texts: Iterable[str]) -> set[int]:
        """Return the numbers of all of some texts: as `get` for each, in half the time."""
        starts, keys, values, found = self._starts, self._keys, self._values, set[int]()
        for text in texts:
            key = crc32(text.encode("utf-8", "surrogatepass"))
            bucket = key >> _SHIFT
            end = starts[bucket + 1]
            place = bisect_left(keys, key, starts[bucket], end)
            while place < end and keys[place] == key:
                found.add(values[place])
                place += 1
        return found


def built(entries: Iterable[tuple[str, int]]) -> bytes:
    """Return a table of texts and their numbers."""
    rows = [(crc32(text.encode("utf-8", "surrogatepass")), value) for text, value in entries]
    rows.sort(key=lambda row: row[0])
    starts = array("I", bytes(4 * _STARTS))
    for key, _ in rows:
        starts[(key >> _SHIFT) + 1] += 1
    for bucket in range(1, _STARTS):
        starts[bucket] += starts[bucket - 1]
    keys, values = array("I", (key for key, _ in rows)), array("H", (value for _, value in rows))
    return b"".join(raw(part) for part in (starts, keys, values))


def numbers(kind: Literal["H", "I"], data: memoryview) -> memoryview[int]:
    """Return what `raw` made bytes of: as they lie there, and not as a copy."""
    if sys.byteorder == "big":
        found = array(kind, data.cast(kind))
        found.byteswap()
        return memoryview(found)
    return data.cast(kind)


def raw(numbers: array[int]) -> bytes:
    """Return numbers as they lie in a file: the lowest byte first."""
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()
