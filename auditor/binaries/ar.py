"""The members of `ar` archives: static libraries of Unix and Windows (`ar.h`; GNU and BSD names).

A thin archive has no members in it, only their names, and its magic is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"!<arch>\n"
_HEADER = 60
_MOST = 100_000
_DIGITS = 10


def claims(data: bytes) -> bool:
    """Tell an archive by its magic."""
    return data.startswith(_MAGIC)


def members(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each member's content begins and ends, in bytes from the file's start.

    Raises ParseError where a header is none, or a member ends outside of the file; of such a
    member what is there comes first.
    """
    offset = len(_MAGIC)
    for _ in range(_MOST):
        if offset >= len(data):
            return
        header = data[offset : offset + _HEADER]
        length = header[48:58].strip()
        if len(header) < _HEADER or header[58:] != b"`\n" or not length.isdigit():
            raise ParseError(f"what stands at byte {offset:,} is no header of a member")
        start = offset + _HEADER
        end = start + int(length)
        name = header[3:16].strip()
        if header[:3] == b"#1/" and name.isdigit():
            start = min(start + int(name), end)
        yield start, min(end, len(data))
        if end > len(data):
            raise ParseError("the last member ends outside of the file")
        offset = end + end % 2
    raise ParseError(f"has more than {_MOST:,} members")
