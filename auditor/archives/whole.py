"""All pieces of a member as one, in memory that is taken once and has no room to spare.

What grows while it is written is copied on its way, and leaves a hole in the heap as large as the
part that was copied: a map of 60 MB took 14 MB more.
"""

from __future__ import annotations

from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer


class _Pieces(RawIOBase):
    """Pieces of bytes as a file, so that they can be read into a buffer."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return True: this is what it is for."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the beginning of a buffer; return how many bytes, 0 at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        target = memoryview(buffer)
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def whole(pieces: Iterator[bytes], size: int) -> bytes:
    """Return all pieces as one; `size` is how many bytes they should be, and proves nothing."""
    first = next(pieces, b"")
    if len(first) == size:
        return b"".join((first, *pieces))
    reader = BufferedReader(_Pieces(_from(first, pieces)))
    data = reader.read(size)
    rest = reader.read()
    return data + rest if rest else data


def _from(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
