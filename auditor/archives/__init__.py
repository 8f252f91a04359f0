"""Archives as streams of members: listed and read once, under a budget, never unpacked."""

from __future__ import annotations

import re
from itertools import chain
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, BinaryIO

from auditor.archives import asar, tar, zip  # noqa: A004 - the format's name
from auditor.archives.inflate import PLAIN_CHUNK, Inflated, is_compressed
from auditor.errors import ArchiveError, InputError
from auditor.model import Member, Oddity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.limits import Budget

Entry = tar.Entry

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


_UNREAD = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
}


_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def unread_format(head: bytes) -> str:
    """Return the name of the archive format that a file begins like and that we do not read."""
    return next((name for magic, name in _UNREAD.items() if head.startswith(magic)), "")


def is_archive(head: bytes) -> bool:
    """Tell by its first bytes (512 are enough) whether `walk` may be asked to read a file."""
    return is_compressed(head) or head.startswith(ZIP_MAGIC) or _is_tar(head) or asar.claims(head)


def is_brotli(name: str, head: bytes) -> bool:
    """Tell a file of Brotli, which has no magic: by its name, and that it is no text."""
    return name.lower().endswith(".br") and not _is_text(head)


def _is_text(head: bytes) -> bool:
    if not head.isascii():
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as problem:
            if problem.start < len(head) - 3:
                return False
    return _CONTROL.search(head) is None


def listing(file: BinaryIO, budget: Budget) -> tuple[str, ...]:
    """Return the names in a zip's directory, unread; nothing for other files and broken ones.

    Enough to tell what a zip is before it is read; that it is sound is for `walk` to say.
    """
    head = file.read(4)
    if not head.startswith(ZIP_MAGIC):
        return ()
    try:
        return zip.listing(_whole(file, head), budget)
    except InputError:
        return ()


def walk(  # noqa: PLR0913 - what is known of a file before it is read
    file: BinaryIO,
    budget: Budget,
    *,
    strip: int,
    strip_zip: int = 0,
    lone: str = "",
    brotli: bool = False,
) -> Iterator[Entry]:
    """Yield the members of an archive, whatever its name, in file order.

    `strip` folders are taken off the paths of a tar archive, `strip_zip` off those of a zip: of
    the zips, only old sdists have a root folder.
    With `lone`, a compressed file that holds no tar archive is one member of that name. `brotli`
    says that the file is of Brotli, which nothing in it does.

    Raises ArchiveError (no archive, damaged, not supported) or LimitError; what was yielded
    before stands.
    """
    head = file.read(tar.BLOCK)
    if brotli:
        yield from _inflated(Inflated(file, budget, head, brotli=True), budget, strip, lone)
        return
    if head.startswith(ZIP_MAGIC):
        yield from zip.members(_whole(file, head), budget, strip=strip_zip)
        return
    if asar.claims(head):
        yield from asar.members(_whole(file, head), budget)
        return
    if _is_tar(head):
        plain = chain((head,), iter(lambda: file.read(PLAIN_CHUNK), b""))
        yield from tar.members(plain, budget, strip=strip)
        return
    if not head:
        raise ArchiveError("an empty file, not an archive")
    if not is_compressed(head):
        whole = _whole(file, head)
        if zip.has_end(whole):  # with bytes in front, as self-extracting archives have
            yield from zip.members(whole, budget, strip=0)
            return
        raise ArchiveError("not an archive: neither gzip, bzip2, xz, Zstandard nor tar")
    yield from _inflated(Inflated(file, budget, head), budget, strip, lone)


def _inflated(inflated: Inflated, budget: Budget, strip: int, lone: str) -> Iterator[Entry]:
    """Yield what a compressed file holds: the members of a tar archive, or itself inflated."""
    chunks: Iterator[bytes] = iter(inflated)
    first = b""
    while len(first) < tar.BLOCK and (chunk := next(chunks, b"")):
        first += chunk
    if lone and not _is_tar(first):
        yield _lone(lone, chain((first,), chunks), budget)
    else:
        yield from tar.members(chain((first,), chunks), budget, strip=strip)
    if inflated.trailing:
        yield Oddity(
            kind="trailing-data",
            path="",
            detail=f"{inflated.trailing:,} bytes behind the compressed stream",
        )


def _is_tar(head: bytes) -> bool:
    """Tell a tar archive by the magic of its first header, or in the oldest format by its sum.

    A header that only claims to be one counts: that its sum is wrong is then said by the walk. A
    text is none, even where the word stands in the right place: each header has zero bytes.
    """
    claims = head[257:262] == b"ustar" and b"\0" in head[: tar.BLOCK]
    return claims or tar.is_header(head[: tar.BLOCK])


def _lone(name: str, chunks: Iterable[bytes], budget: Budget) -> tuple[Member, Iterator[bytes]]:
    """Return a compressed file as one member; of one that is too large only the size."""
    budget.member()
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        pieces.append(chunk)
        if size > budget.limits.member_bytes:
            pieces = []
    return Member(path=name, name=name, size=size), iter(pieces)


def _whole(file: BinaryIO, head: bytes) -> memoryview:
    """Return all bytes of a file, mapped where it lies on disk: a zip is read from its end."""
    try:
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    except (OSError, ValueError):
        return memoryview(head + file.read())
