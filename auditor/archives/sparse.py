"""Sparse tar members: where their stored bytes belong, and the holes between them as zeros.

Reads the three ways of GNU tar's manual ("Storing Sparse Files"): the old header with its further
blocks, the pax records of formats 0.0 and 0.1, and the map of format 1.0 that stands in front of
the content. A map says what it likes: `checked` refuses one that is out of order, overlaps, or
ends elsewhere than it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.archives.inflate import PLAIN_CHUNK
from auditor.archives.pax import PAIRS
from auditor.errors import MemberError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from auditor.limits import Budget

BLOCK = 512
_IN_HEADER, _IN_BLOCK = 4, 21
"""Entries of the old map in a header, and in each further block."""
_ENTRY = 24
_DIGITS = 19
"""Of a number in a map: more bytes than that fit nowhere."""
_ZEROS = bytes(PLAIN_CHUNK)


class Map(Struct, frozen=True, kw_only=True):
    """Where each piece of the stored bytes begins, and how long it is; `size` with the holes."""

    pieces: tuple[tuple[int, int], ...]
    size: int

    @property
    def stored(self) -> int:
        """Bytes that are stored."""
        return sum(length for _, length in self.pieces)


def of_header(block: bytes, further: bytes, number: Callable[[bytes], int]) -> Map:
    """Read the map of an old GNU header and its further blocks, all one behind the other.

    `number` reads a field of twelve bytes.
    """
    entries = [block[386 + _ENTRY * index :][:_ENTRY] for index in range(_IN_HEADER)]
    for start in range(0, len(further), BLOCK):
        entries += [further[start + _ENTRY * index :][:_ENTRY] for index in range(_IN_BLOCK)]
    pieces = []
    for entry in entries:
        if not entry[12]:  # a size that is not even written ends the map
            break
        pieces.append((number(entry[:12]), number(entry[12:])))
    return Map(pieces=tuple(pieces), size=number(block[483:495]))


def of_records(records: Mapping[str, str]) -> Map:
    """Read the map of pax records, format 0.0 or 0.1; raise MemberError for one that is none."""
    text = records.get("GNU.sparse.map", records.get(PAIRS, ""))
    numbers = [_number(part) for part in text.split(",")] if text else []
    if len(numbers) % 2:
        raise MemberError("its sparse map ends in the middle of an entry")
    pieces = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if _number(records.get("GNU.sparse.numblocks", str(len(pieces)))) != len(pieces):
        raise MemberError("its sparse map has another number of entries than it says")
    return Map(pieces=pieces, size=_real_size(records))


def in_front(records: Mapping[str, str]) -> bool:
    """Tell whether the map stands in front of the content; MemberError for a format unknown."""
    version = (records.get("GNU.sparse.major", "0"), records.get("GNU.sparse.minor", "0"))
    if version not in {("0", "0"), ("0", "1"), ("1", "0")}:
        raise MemberError("its sparse map is of a format that is not known")
    return version == ("1", "0")


def of_content(
    records: Mapping[str, str], block: Callable[[], bytes], most: int
) -> tuple[Map, int]:
    """Read the map in front of a content, block by block; and how many bytes it takes.

    Raises MemberError for one that is none, or has more than `most` bytes.
    """
    text = b""
    numbers: list[int] = []
    taken = 0
    while not numbers or len(numbers) < 1 + 2 * numbers[0]:
        piece = block()
        taken += len(piece)
        if not piece or taken > most:
            raise MemberError("its sparse map has no end")
        *lines, text = (text + piece).split(b"\n")
        numbers += [_number(line.decode("latin-1")) for line in lines]
        if numbers and numbers[0] > most:
            raise MemberError("its sparse map has no end")
        if len(text) > _DIGITS and len(numbers) < 1 + 2 * (numbers[0] if numbers else 0):
            raise MemberError("its sparse map has no end")
    flat = numbers[1 : 1 + 2 * numbers[0]]
    pieces = tuple(zip(flat[::2], flat[1::2], strict=True))
    return Map(pieces=pieces, size=_real_size(records)), taken


def checked(found: Map, stored: int) -> Map:
    """Return a map that is sound; raise MemberError for one that `stored` bytes do not fit."""
    end = 0
    for offset, length in found.pieces:
        if offset < end:
            raise MemberError("its sparse map is out of order, or overlaps")
        end = offset + length
    if end > found.size:
        raise MemberError("its sparse map goes beyond the size that it says")
    if found.stored != stored:
        raise MemberError(f"its sparse map is of {found.stored:,} bytes, {stored:,} are stored")
    return found


def expanded(found: Map, read: Callable[[int], Iterator[bytes]], budget: Budget) -> Iterator[bytes]:
    """Yield a member's content with its holes; `read` gives the next bytes of those stored.

    Raises LimitError where the holes are more than the budget has left.
    """
    done = 0
    for offset, length in (*found.pieces, (found.size, 0)):
        while done < offset:
            hole = _ZEROS[: min(len(_ZEROS), offset - done)]
            done += len(hole)
            budget.take(len(hole))
            yield hole
        yield from read(length)
        done += length


def _real_size(records: Mapping[str, str]) -> int:
    sizes = {records[key] for key in ("GNU.sparse.realsize", "GNU.sparse.size") if key in records}
    if len(sizes) != 1:
        raise MemberError("its sparse map says no size, or two")
    return _number(sizes.pop())


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise MemberError("its sparse map has something else than numbers")
    return int(text)
