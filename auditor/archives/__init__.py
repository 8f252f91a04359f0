"""Archives as streams of members: listed and read once, under a budget, never unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from auditor.archives import tar
from auditor.archives.inflate import PLAIN_CHUNK, Inflated, is_compressed
from auditor.errors import ArchiveError
from auditor.limits import Budget
from auditor.model import Member, Oddity

Entry = tar.Entry

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


def is_archive(head: bytes) -> bool:
    """Tell by its first bytes (512 are enough) whether `walk` may be asked to read a file."""
    return is_compressed(head) or head.startswith(ZIP_MAGIC) or head[257:262] == b"ustar"


def walk(file: BinaryIO, budget: Budget, *, strip: int, lone: str = "") -> Iterator[Entry]:
    """Yield the members of an archive, whatever its name, in file order.

    With `lone`, a compressed file that holds no tar archive is one member of that name.

    Raises ArchiveError (no archive, damaged, not supported) or LimitError; what was yielded
    before stands.
    """
    head = file.read(512)
    if head.startswith(ZIP_MAGIC):
        raise ArchiveError("zip archives are not read by this version")
    if head[257:262] == b"ustar":
        chunks = chain((head,), iter(lambda: file.read(PLAIN_CHUNK), b""))
        yield from tar.members(chunks, budget, strip=strip)
        return
    if not head:
        raise ArchiveError("an empty file, not an archive")
    if not is_compressed(head):
        raise ArchiveError("not an archive: neither gzip, bzip2, xz nor tar")
    inflated = Inflated(file, budget, head)
    chunks = iter(inflated)
    first = next(chunks, b"")
    if lone and not tar.is_header(first[: tar.BLOCK]):
        budget.member()
        content = b"".join([first, *chunks])
        yield Member(path=lone, name=lone, size=len(content)), iter((content,))
    else:
        yield from tar.members(chain((first,), chunks), budget, strip=strip)
    if inflated.trailing:
        yield Oddity(
            kind="trailing-data",
            path="",
            detail=f"{inflated.trailing:,} bytes behind the compressed stream",
        )
