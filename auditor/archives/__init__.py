"""Archives as streams of members: listed and read once, under a budget, never unpacked."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import chain
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, BinaryIO, overload

from msgspec.structs import replace

from auditor.archives import tar
from auditor.archives.entry import BEHIND, loose
from auditor.archives.entry import Entries as Entries
from auditor.archives.entry import Entry as Entry
from auditor.archives.entry import Loose as Loose
from auditor.archives.entry import Several as Several
from auditor.archives.inflate import MAGICS, PLAIN_CHUNK, Inflated, is_compressed
from auditor.archives.marks import ZIP_END as END
from auditor.archives.marks import has_zip_end, is_asar
from auditor.archives.tar import stripped as stripped
from auditor.errors import ArchiveError, InputError
from auditor.lazyre import regex
from auditor.model import Member, Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.limits import Budget

AS_ZIP, AS_TAR = "(as a zip archive)", "(as a tar archive)"
ASIDE = "(beside the compressed data)"
"""Names of what is in a file beside what its format says."""
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


_UNREAD = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"LZIP\x01", "lzip"),
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"\x02\x21\x4c\x18", "LZ4"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"\x89LZO\x00\r\n\x1a\n", "lzop"),
    (b"\xff\x06\x00\x00sNaPpY", "Snappy"),
    (b"MSCF\0\0\0\0", "cabinet"),
    (b"xar!\x00\x1c", "xar"),
    (b"\xed\xab\xee\xdb", "RPM"),
    (b"!<arch>\ndebian-binary", "Debian"),
    (b"070701", "cpio"),
    (b"070702", "cpio"),
    (b"070707", "cpio"),
)
_HEADS = frozenset(
    head[:2]
    for head in (
        *(magic for magic, _ in _UNREAD),
        *MAGICS,
        *ZIP_MAGIC,
        *(bytes((first, 0x2A)) for first in range(0x50, 0x60)),  # frames that are skipped
        b"\x5d\0",  # LZMA
        b"\4\0",  # asar
    )
)
"""The first two bytes of all archives but tars, and zips that have something in front."""
_CPIO = regex(rb"07070(?:[12][0-9A-Fa-f]{104}|7[0-7]{70})")
_LZMA = regex(rb"\x5d\x00{2}[\x00-\xff]{2}(?:\xff{8}|[\x00-\xff]{5}\x00{3})", re.DOTALL)
"""An .lzma of common settings: the size of what it holds is unknown, or below a terabyte."""


_CONTROL = regex(rb"[\x00-\x08\x0e-\x1f\x7f]")


def unread_format(head: bytes) -> str:
    """Return the name of the archive format that a file begins like and that we do not read."""
    name = next((name for magic, name in _UNREAD if head.startswith(magic)), "")
    if name == "cpio" and not _CPIO.match(head):  # six digits begin many a text
        return ""
    if not name and len(head) > 13 and _LZMA.match(head) and not head[13]:
        return "LZMA"  # whose coder begins with a zero byte
    return name


def is_zip(head: bytes) -> bool:
    """Tell by its first bytes whether a file begins as a zip does."""
    return head.startswith(ZIP_MAGIC)


def is_archive(head: bytes) -> bool:
    """Tell by its first bytes (512 are enough) whether `walk` may be asked to read a file."""
    return is_compressed(head) or is_zip(head) or _is_tar(head) or is_asar(head)


def holds_archive(data: bytes) -> bool:
    """Tell whether a whole file is an archive: by its first bytes, or a zip by its end as well."""
    return is_archive(data[:512]) or _is_whole_zip(memoryview(data))


def is_plain(name: str, data: bytes) -> bool:
    """Tell quickly that a small file is no archive, neither one that is read nor one that is not.

    True for nearly all files; False says nothing.
    """
    return (
        data[:2] not in _HEADS
        and data[257:262] != b"ustar"
        and not _may_end_zip(data)
        and not name.endswith((".br", ".BR", ".Br", ".bR"))
        and not tar.is_header(data[: tar.BLOCK])
    )


def _may_end_zip(data: bytes) -> bool:
    """Tell whether a zip's end stands somewhere: most texts have not even its third byte."""
    return END[2:3] in data and END in data


def _are_plain(files: Several) -> bool:
    """Tell as `is_plain` does of several files at once."""
    contents = files.contents
    return (
        b"ustar" not in [data[257:262] for data in contents]
        and not _may_end_zip(b"\0".join(contents))
        and ".br\n" not in "\n".join([*(member.path for member in files.members), ""]).lower()
        and _HEADS.isdisjoint([data[:2] for data in contents])
        and not any(
            data[148] in tar.BEGIN_NUMBERS and tar.is_header(data[: tar.BLOCK])
            for data in contents
            if len(data) >= tar.BLOCK
        )
    )


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
    if not is_zip(head):
        return ()
    from auditor.archives import zip  # noqa: A004, PLC0415 - the format's name; not of tarballs

    try:
        return zip.listing(_whole(file, head), budget)
    except InputError:
        return ()


def lone(file: BinaryIO, path: str, budget: Budget) -> bytes | None:
    """Return the content of the one entry of a zip that has a path, before the zip is read.

    None where that cannot be told, for whatever reason.
    """
    head = file.read(4)
    if not is_zip(head):
        return None
    from auditor.archives import zip  # noqa: A004, PLC0415 - see above

    return zip.lone(_whole(file, head), path, budget)


@overload
def walk(
    file: BinaryIO,
    budget: Budget,
    *,
    strip: int,
    strip_zip: int = 0,
    lone: str = "",
    brotli: bool = False,
) -> Iterator[Entry]: ...
@overload
def walk(
    file: BinaryIO,
    budget: Budget,
    *,
    strip: int,
    strip_zip: int = 0,
    lone: str = "",
    brotli: bool = False,
    together: bool,
) -> Iterator[Entries]: ...
def walk(  # noqa: PLR0913 - what is known of a file before it is read
    file: BinaryIO,
    budget: Budget,
    *,
    strip: int,
    strip_zip: int = 0,
    lone: str = "",
    brotli: bool = False,
    together: bool = False,
) -> Iterator[Entries]:
    """Yield the members of an archive, whatever its name, in file order.

    `strip` folders are taken off the paths of a tar archive, `strip_zip` off those of a zip: of
    the zips, only old sdists have a root folder.
    With `lone`, a compressed file that holds no tar archive is one member of that name. `brotli`
    says that the file is of Brotli, which nothing in it does. With `together`, small files in a row
    come as Several.

    Raises ArchiveError (no archive, damaged, not supported) or LimitError; what was yielded
    before stands.
    """
    head = file.read(tar.BLOCK)
    row = _are_plain if together else None
    if brotli:
        yield from _inflated(Inflated(file, budget, head, brotli=True), budget, strip, lone)
        return
    if is_zip(head):
        whole = _whole(file, head)
        if tar.is_header(head):
            yield _two_formats("a tar archive")
            yield from _as(AS_TAR, tar.members(iter((bytes(whole),)), budget, strip=strip))
        yield from _of_zip(whole, budget, strip=strip_zip, together=row)
        return
    if not head:
        raise ArchiveError("an empty file, not an archive")
    claimed = is_asar(head)
    if not claimed and not _is_tar(head) and not is_compressed(head):
        whole = _whole(file, head)
        if has_zip_end(whole):  # with bytes in front, as self-extracting archives have
            yield from _of_zip(whole, budget, strip=0)
            return
        raise ArchiveError("not an archive: neither gzip, bzip2, xz, Zstandard nor tar")
    at_hand = _at_hand(file)
    if at_hand is not None and _is_whole_zip(at_hand):
        yield _two_formats("a zip archive")
        yield from _as(AS_ZIP, _of_zip(at_hand, budget, strip=0))
    if claimed:
        from auditor.archives import asar  # noqa: PLC0415 - few files are one

        yield from asar.members(_whole(file, head), budget)
    elif _is_tar(head):
        plain = chain((head,), iter(lambda: file.read(PLAIN_CHUNK), b""))
        yield from tar.members(plain, budget, strip=strip, together=row)
    else:
        yield from _inflated(Inflated(file, budget, head), budget, strip, lone, row)


def _inflated(
    inflated: Inflated,
    budget: Budget,
    strip: int,
    lone: str,
    together: tar.Together | None = None,
) -> Iterator[Entries]:
    """Yield what a compressed file holds: the members of a tar archive, or itself inflated."""
    chunks: Iterator[bytes] = iter(inflated)
    first = b""
    while len(first) < tar.BLOCK and (chunk := next(chunks, b"")):
        first += chunk
    if lone and not _is_tar(first):
        yield _lone(lone, chain((first,), chunks), budget)
    else:
        chunks = chain((first,), chunks)
        yield from tar.members(chunks, budget, strip=strip, together=together)
    if inflated.streams > 1:
        detail = f"is {inflated.streams:,} compressed streams in a row: some read the first alone"
        yield Oddity(kind="several-streams", path="", detail=detail)
    if inflated.padded:
        detail = "has zero bytes between its compressed streams, where some stop reading"
        yield Oddity(kind="several-streams", path="", detail=detail)
    if inflated.aside:
        yield loose(ASIDE, (bytes(inflated.aside),), budget)
    rest = inflated.rest()
    if behind := next(rest, b""):
        remains = loose(BEHIND, chain((behind,), rest), budget)
        detail = f"{remains.size:,} bytes behind the compressed stream"
        yield Oddity(kind="trailing-data", path="", detail=detail)
        yield remains


def _of_zip(
    data: memoryview, budget: Budget, *, strip: int, together: tar.Together | None = None
) -> Iterator[Entries]:
    from auditor.archives import zip  # noqa: A004, PLC0415 - see above

    return zip.members(data, budget, strip=strip, together=together)


def _is_whole_zip(data: memoryview) -> bool:
    """Tell whether a file that begins as another one ends exactly as a zip archive does."""
    if not has_zip_end(data):
        return False
    from auditor.archives import zip  # noqa: A004, PLC0415 - see above

    return zip.is_whole(data)


def _two_formats(other: str) -> Oddity:
    detail = f"is {other} as well: what is in it depends on who opens it"
    return Oddity(kind="two-formats", path="", detail=detail)


def _as(name: str, entries: Iterator[Entries]) -> Iterator[Entry]:
    """Yield the members that a file has when it is read in another way, below a name for that.

    What is odd there, and what is loose, is what the other reading of the file consists of.
    """
    try:
        for entry in entries:
            if isinstance(entry, Unread):
                yield replace(entry, path=f"{name}!{entry.path}")
            elif isinstance(entry, tuple):
                member, content = entry
                yield replace(member, path=f"{name}!{member.path}"), content
    except ArchiveError as problem:
        yield Unread(path=name, reason=f"not read to the end: {problem}")


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


def _at_hand(file: BinaryIO) -> memoryview | None:
    """Return all bytes of a file that need not be read for it; None for a stream."""
    if isinstance(file, BytesIO):
        return memoryview(file.getvalue())  # the same bytes, which the file need not outlive
    try:
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    except (OSError, ValueError):
        return None


def _whole(file: BinaryIO, head: bytes) -> memoryview:
    """Return all bytes of a file, mapped where it lies on disk: a zip is read from its end."""
    found = _at_hand(file)
    return memoryview(head + file.read()) if found is None else found
