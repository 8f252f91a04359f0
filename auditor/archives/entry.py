"""What the readers of archives yield: members with their content, and what is no member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import MemberError
from auditor.model import Member, Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.limits import Budget


class Loose(Struct, frozen=True, kw_only=True):
    """Bytes of a file that belong to no member: looked into as if they did, and not listed.

    Some program may read them (a second archive behind the first), or none (what somebody hid).
    """

    name: str
    """Where they lie, in parentheses: `(behind the archive)`."""
    size: int
    content: Iterator[bytes]


class Several(Struct, frozen=True, kw_only=True):
    """Small ordinary files in a row, none of them an archive, with their contents."""

    members: list[Member]
    contents: list[bytes]


Entry = tuple[Member, Iterator[bytes]] | Oddity | Unread | Loose
"""A member with its content, something odd about the archive, what could not be read, the rest."""
Entries = Entry | Several
"""What those are given who ask for files together."""

BEHIND = "(behind the archive)"
BEFORE = "(before the archive)"
COMMENT = "(comment)"
"""Names of what is loose."""
DESCRIPTORS = "data-descriptor"
COMMENTS = "entry-comment"
METHODS = "unusual-method"
UNLOVED = frozenset({DESCRIPTORS, COMMENTS, METHODS})
"""Kinds of oddity of zips that unpackers agree about."""


def refused(reason: str) -> Iterator[bytes]:
    """Return a content that cannot be read: asking for it raises MemberError."""
    raise MemberError(reason)
    yield b""  # what makes it an iterator


def loose(name: str, chunks: Iterable[bytes], budget: Budget) -> Loose:
    """Take in bytes that come as a stream; of more than is looked into only how many they are.

    Raises LimitError where there are too many members, as one of which it counts.
    """
    budget.member()
    size = 0
    pieces: list[bytes] = []
    for chunk in chunks:
        size += len(chunk)
        if size > budget.limits.member_bytes:
            pieces.clear()
        else:
            pieces.append(chunk)
    return Loose(name=name, size=size, content=iter(pieces))
