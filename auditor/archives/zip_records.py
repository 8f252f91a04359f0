"""The records of a zip file: end records, directory, local headers; and where two of them differ.

Rests on PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5, and on what CPython's zipfile, Go's
archive/zip, uv's async-zip and PyPI's own walker make of files that do not keep to it: which of two
end records counts, whether offsets count what stands in front, what a zip64 value is for.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from auditor.archives.marks import LONGEST_COMMENT, ZIP_END
from auditor.errors import ArchiveError
from auditor.model import MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_DESCRIPTOR = b"PK\x07\x08"
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_NAMED = struct.Struct("<4s4xH18xHHH12x")
"""Of the same record what names takes: magic, flags, and the lengths of what follows."""
_END = struct.Struct("<4sHHHHLLH")
_END64_RECORD = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")

ENCRYPTED, DESCRIPTOR, PATCHED, STRONG, UTF8, MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
_TELLING = ENCRYPTED | DESCRIPTOR | PATCHED | STRONG | UTF8 | MASKED
"""Flags that change how an entry is read."""
_MOST_ENDINGS = 4
"""End records that are looked into; where there are more of them, that is told all the same."""
_FULL, _FULL_COUNT = 0xFFFFFFFF, 0xFFFF
_ZIP64, _UNICODE_PATH = 1, 0x7075
_MOST_FIELDS = 100
"""Extra fields of one entry; nobody has a use for more."""
_ONCE = frozenset({_ZIP64, _UNICODE_PATH})
"""Extra fields that change what an entry is: two of one kind can be read in two ways."""
_COMMON = _ONCE | {0x5455, 0x5855, 0x7855, 0x7875, 0x000A, 0x6375, 0xCAFE, 0xD935}
"""Those and times, owners, a comment's spelling, jar's mark, the padding of Android."""
_UNIX = frozenset({3, 19})
"""Systems whose attributes are those of Unix: Unix, and OS X."""
_DOS_FOLDER = 0x10
_KINDS = {
    0o120000: MemberType.SYMLINK,
    0o060000: MemberType.DEVICE,
    0o020000: MemberType.DEVICE,
    0o010000: MemberType.FIFO,
    0o140000: MemberType.UNKNOWN,
}
_USUAL = frozenset({0, 8})
"""Stored and deflated."""
_UNIX_FOLDER = 0o040000


class Record(Struct, frozen=True, kw_only=True):
    """One entry of the central directory, zip64 values taken in, its offset that in the file."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int
    kind: MemberType
    extra: bytes
    comment: bytes
    folder: bool
    """Its attributes say that it is a folder."""
    problem: str = ""
    """Why its values cannot be taken."""


class Ending(NamedTuple):
    """What the end records of a file say of its directory."""

    offset: int
    """Where the directory begins in the file."""
    size: int
    entries: int
    shift: int
    """Bytes in front of the archive that its offsets do not count."""
    end: int
    """Offset of the first record that closes the file (zip64 or plain)."""
    comment: int
    """Offset of the comment, behind the last record."""
    tail: int
    """Offset behind the comment."""
    odd: tuple[str, ...]
    further: tuple[int, int] = (0, 0)
    """What stands in or behind the zip64 end record and is none of its fields."""


class Local(NamedTuple):
    """What a local header says."""

    start: int
    """Where the content begins."""
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    extra: bytes


# end records


def endings(data: memoryview) -> list[Ending]:
    """Return what the end records say: that which counts for most readers, and all others.

    Raises ArchiveError where there is none, or the last of them is broken.
    """
    places = _end_records(data)
    if not places:
        raise ArchiveError("no end record: this is no zip archive, or it is cut short")
    found = _ending(data, places[0])
    others: list[Ending] = []
    for at in places[1:]:
        try:
            other = _ending(data, at)
        except ArchiveError:
            continue
        # Any other one lies in the content of an entry: a zip in the zip.
        if not found.entries or at >= found.offset or other.tail == len(data):
            others.append(other)
    if others:
        odd = f"{1 + len(others):,} end records, and readers differ on which of them counts"
        found = found._replace(odd=(*found.odd, odd))
    # One of no entries tells nothing about where those of the others are.
    known = sorted([found, *others[:_MOST_ENDINGS]], key=lambda ending: not ending.entries)
    return [known[0], *_second_place(data, known[0]), *known[1:]]


def _end_records(data: memoryview) -> list[int]:
    """Return where end records stand whose comment fits into the file, the last one first."""
    lowest = max(0, len(data) - LONGEST_COMMENT - _END.size)
    tail = bytes(data[lowest:])
    found: list[int] = []
    place = tail.rfind(ZIP_END)
    while place >= 0:
        at = lowest + place
        if at + _END.size <= len(data):
            *_, comment = _END.unpack_from(data, at)
            if at + _END.size + comment <= len(data):
                found.append(at)
        place = tail.rfind(ZIP_END, 0, place)
    return found


def _ending(data: memoryview, at: int) -> Ending:
    _, disk, _, here, entries, size, offset, comment = _END.unpack_from(data, at)
    if disk not in {0, _FULL_COUNT}:
        raise ArchiveError("a zip archive in several volumes")
    behind = at + _END.size
    odd = () if here == entries else ("the end record says two numbers of entries",)
    plain = Ending(offset, size, entries, 0, at, behind, behind + comment, odd)
    return _placed(data, _zip64(data, plain))


def _zip64(data: memoryview, plain: Ending) -> Ending:
    at = plain.end - _LOCATOR.size
    if at < 0 or bytes(data[at : at + 4]) != _LOCATOR64:
        return plain
    _, _, stated, _ = _LOCATOR.unpack_from(data, at)
    close = at - _END64_RECORD.size
    there = [
        place
        for place in dict.fromkeys((stated, close))
        if 0 <= place <= close and bytes(data[place : place + 4]) == _END64
    ]
    if not there:
        raise ArchiveError("the zip64 end record is not where its locator says")
    odd = list(plain.odd)
    if len(there) > 1:
        odd.append("two zip64 end records: one where their locator says, one right before it")
    elif there[0] != stated:
        odd.append("the zip64 end record is not where its locator says, but right before it")
    record = there[0]
    _, length, _, _, _, _, here, entries, size, offset = _END64_RECORD.unpack_from(data, record)
    if here != entries:
        odd.append("the zip64 end record says two numbers of entries")
    if length != _END64_RECORD.size - 12 or record + 12 + length != at:
        further = at - record - _END64_RECORD.size
        odd.append(f"a zip64 end record of another length than most, {further:,} bytes behind it")
    for name, narrow, wide, full in (
        ("number of entries", plain.entries, entries, _FULL_COUNT),
        ("size of the directory", plain.size, size, _FULL),
        ("offset of the directory", plain.offset, offset, _FULL),
    ):
        if narrow not in {full, wide}:
            odd.append(f"the two end records differ in the {name}")
    return plain._replace(
        offset=offset,
        size=size,
        entries=entries,
        end=record,
        odd=tuple(odd),
        further=(record + _END64_RECORD.size, at),
    )


def _placed(data: memoryview, said: Ending) -> Ending:
    """Find the directory: right before the end record, else where the end record says."""
    close = said.end - said.size
    if close == said.offset or not _is_central(data, close):
        return said
    return said._replace(offset=close, shift=close - said.offset)


def _second_place(data: memoryview, found: Ending) -> list[Ending]:
    """Return the same ending with the directory where it says, if there is one as well."""
    stated = found.offset - found.shift
    if not found.shift or not _is_central(data, stated):
        return []
    odd = "two directories: one where the end record says, one right before it"
    size = found.offset - stated if stated < found.offset else found.size
    return [found._replace(offset=stated, size=size, shift=0, odd=(odd,))]


def _is_central(data: memoryview, at: int) -> bool:
    return at >= 0 and bytes(data[at : at + 4]) == CENTRAL


# the directory


def directory(data: memoryview, ending: Ending, most: int) -> tuple[list[Record], str]:
    """Return the records of a directory, at most `most`; and what is wrong with it, if anything.

    It ends where its size says, however many entries the end record says there are.
    """
    records: list[Record] = []
    at = ending.offset
    last = min(ending.offset + ending.size, ending.end)
    while at < last:
        if len(records) >= most:
            return records, ""
        if at + _CENTRAL.size > last or bytes(data[at : at + 4]) != CENTRAL:
            return records, "the central directory is cut short or damaged"
        (
            _, made_by, _, flags, method, _, _, crc, packed, size,
            name_size, extra_size, comment_size, _, _, attributes, offset,
        ) = _CENTRAL.unpack_from(data, at)  # fmt: skip
        names = at + _CENTRAL.size
        extras = names + name_size
        comments = extras + extra_size
        at = comments + comment_size
        if at > last:
            return records, "the central directory is cut short or damaged"
        raw = bytes(data[names:extras])
        extra = bytes(data[extras:comments])
        problem = ""
        try:
            size, packed, offset = _wide(extra, size, packed, offset)
        except ArchiveError as broken:
            problem = str(broken)
        name = decoded(raw, flags)
        unix = made_by >> 8 in _UNIX
        mode = attributes >> 16 if unix else 0o644
        records.append(
            Record(
                name=name,
                raw_name=raw,
                flags=flags,
                method=method,
                crc=crc,
                packed=packed,
                size=size,
                offset=offset + ending.shift,
                mode=mode & 0o7777,
                kind=MemberType.DIRECTORY
                if name.endswith("/")
                else _KINDS.get(mode & 0o170000, MemberType.FILE),
                extra=extra,
                comment=bytes(data[comments:at]),
                folder=bool(attributes & _DOS_FOLDER) or (unix and mode & 0o170000 == _UNIX_FOLDER),
                problem=problem,
            )
        )
    if at != ending.offset + ending.size:
        return records, "the central directory has another size than its end record says"
    return records, ""


def names(data: memoryview, ending: Ending, most: int) -> tuple[list[tuple[str, int]], int]:
    """Return the names in a directory, at most `most`, and where each record begins; nothing else.

    Also where that ends, which is the directory's end unless it is damaged.
    """
    found: list[tuple[str, int]] = []
    at = ending.offset
    last = min(ending.offset + ending.size, ending.end)
    while 0 <= at <= last - _NAMED.size and len(found) < most:
        magic, flags, name_size, extra_size, comment_size = _NAMED.unpack_from(data, at)
        if magic != CENTRAL:
            break
        start = at + _NAMED.size
        behind = start + name_size + extra_size + comment_size
        if behind > last:
            break
        found.append((decoded(bytes(data[start : start + name_size]), flags), at))
        at = behind
    return found, at


def decoded(raw: bytes, flags: int) -> str:
    """Return a name; without the flag for UTF-8 as most writers mean it all the same."""
    if flags & UTF8 or raw.isascii():
        return raw.decode("utf-8", "backslashreplace")
    try:
        return raw.decode("utf-8")  # many writers forget the flag
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _fields(extra: bytes) -> tuple[list[tuple[int, bytes]], bool]:
    """Return the extra fields (APPNOTE 4.5.1), number and content; and whether all is sound."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        found.append((kind, extra[at + 4 : at + 4 + length]))
        at += 4 + length
        if len(found) > _MOST_FIELDS:
            return found, False
    return found, at <= len(extra) and not extra[at:].strip(b"\0")


def unknown_fields(extra: bytes) -> bytes:
    """Return what stands in extra fields that are no common ones; all of it where one is broken."""
    fields, sound = _fields(extra)
    return b"".join(body for kind, body in fields if kind not in _COMMON) if sound else extra


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Take the 64-bit values of extra field 1 (APPNOTE 4.5.3) where the 32-bit ones are full."""
    wanted = [value == _FULL for value in (size, packed, offset)]
    if not any(wanted):
        return size, packed, offset
    for kind, body in _fields(extra)[0]:
        if kind == _ZIP64:
            if len(body) < 8 * sum(wanted):
                raise ArchiveError("a zip64 field is too short for the sizes it stands for")
            values = iter(_numbers(body))
            size, packed, offset = (
                next(values) if wide else value
                for wide, value in zip(wanted, (size, packed, offset), strict=True)
            )
            return size, packed, offset
    raise ArchiveError("an entry needs a zip64 field and has none")


def _numbers(body: bytes) -> list[int]:
    return [int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body) - 7, 8)]


# local headers


def local(data: memoryview, at: int) -> Local:
    """Return the local header at an offset; raise ArchiveError where there is none."""
    if at < 0 or at + _LOCAL.size > len(data):
        raise ArchiveError("the entry's local header lies outside the file")
    (
        magic, _, flags, method, _, _, crc, packed, size, name_size, extra_size
    ) = _LOCAL.unpack_from(data, at)  # fmt: skip
    if magic != LOCAL:
        raise ArchiveError("there is no local header where the directory points")
    at += _LOCAL.size
    raw = bytes(data[at : at + name_size])
    extra = bytes(data[at + name_size : at + name_size + extra_size])
    size, packed, _ = _wide(extra, size, packed, 0)
    return Local(at + name_size + extra_size, raw, flags, method, crc, packed, size, extra)


def local_of(data: memoryview, record: Record) -> Local:
    """Return the local header of an entry; raise ArchiveError where there is none to be had."""
    if record.problem:
        raise ArchiveError(record.problem)
    return local(data, record.offset)


def plain_start(data: memoryview, record: Record, following: int) -> int:
    """Return where the content of an ordinary file begins, of which both headers say the same.

    0 for any other entry. Ordinary are nearly all: a name of ASCII, stored or deflated, sizes in
    front, no extra fields, nothing of it beyond the next record.
    """
    name = record.raw_name
    start = record.offset + _LOCAL.size + len(name)
    if (
        record.kind is not MemberType.FILE
        or record.folder
        or record.problem
        or record.extra
        or record.flags & _TELLING & ~UTF8
        or record.method not in _USUAL
        or not name.isascii()
        or record.offset < 0
        or start + record.packed > min(following, len(data))
    ):
        return 0
    magic, _, flags, method, _, _, crc, packed, size, *lengths = _LOCAL.unpack_from(
        data, record.offset
    )
    same = (
        (magic, flags, method) == (LOCAL, record.flags, record.method)
        and (crc, packed, size) == (record.crc, record.packed, record.size)
        and lengths == [len(name), 0]
        and data[start - len(name) : start] == name
    )
    return start if same else 0


def as_record(found: Local, offset: int) -> Record:
    """Return a local header as the record that the directory does not have of it."""
    name = decoded(found.raw_name, found.flags)
    return Record(
        name=name,
        raw_name=found.raw_name,
        flags=found.flags,
        method=found.method,
        crc=found.crc,
        packed=found.packed,
        size=found.size,
        offset=offset,
        mode=0o644,
        kind=MemberType.DIRECTORY if name.endswith("/") else MemberType.FILE,
        extra=found.extra,
        comment=b"",
        folder=False,
    )


def differing(record: Record, found: Local) -> Iterator[str]:
    """Tell where a local header and the directory differ, or one of them says two things."""
    both = (record.extra, found.extra)
    yield from dict.fromkeys(odd for extra in both for odd in _of_fields(extra, record))
    differs = []
    if found.raw_name != record.raw_name:
        differs.append(f"name {decoded(found.raw_name, found.flags)!r}")
    telling = _TELLING & ~(UTF8 if record.raw_name.isascii() else 0)
    if (found.flags ^ record.flags) & telling:
        differs.append("set of flags")
    if found.method != record.method:
        differs.append(f"method {found.method}")
    said = (found.packed, found.size, found.crc)
    if not found.flags & DESCRIPTOR or said != (0, 0, 0):
        if (found.packed, found.size) != (record.packed, record.size):
            differs.append(f"sizes {found.packed:,} and {found.size:,}")
        if found.crc != record.crc:
            differs.append("checksum")
    yield from (f"the local header has another {what} than the directory" for what in differs)
    if record.folder and record.kind is not MemberType.DIRECTORY:
        yield "its attributes say that it is a folder, its name does not"


def _of_fields(extra: bytes, record: Record) -> Iterator[str]:
    """Tell where extra fields are broken, stand there twice, or say something else."""
    fields, sound = _fields(extra)
    said = {record.size, record.packed, record.offset}
    kinds = [kind for kind, _ in fields if kind in _ONCE]
    if len(kinds) > len(set(kinds)):
        yield "has an extra field twice, and readers differ on which of them counts"
    if not sound:
        yield "has a broken extra field, which some readers refuse and some pass over"
    for kind, body in fields:
        if kind == _UNICODE_PATH and body[5:] != record.raw_name:
            name = body[5:].decode("utf-8", "backslashreplace")
            if name != record.name:  # the field is there to spell a name that cp437 cannot
                yield f"has a second name in an extra field, {name!r}"
        if kind == _ZIP64 and len(body) % 8 not in {0, 4}:
            yield "has a zip64 field of a length that none can have"
        if kind == _ZIP64 and not said.issuperset(_numbers(body)):
            yield "has other sizes in a zip64 field, which some readers take and some do not"


def end_of(data: memoryview, record: Record, found: Local, limit: int) -> tuple[int, str]:
    """Return the offset behind an entry's content and data descriptor; and what is odd of that.

    `limit` is where the next record begins. Raises ArchiveError where the content goes beyond it.
    """
    end = found.start + record.packed
    if end > len(data):
        raise ArchiveError(f"cut short: the content of {record.name!r} goes beyond the file")
    if not (record.flags | found.flags) & DESCRIPTOR:
        return end, ""
    behind = bytes(data[end : min(limit, end + 24)])
    for form in ("<4sLLL", "<4sLQQ", "<LLL", "<LQQ"):
        size = struct.calcsize(form)
        if len(behind) < size:
            continue
        *sign, crc, packed, plain = struct.unpack_from(form, behind)
        if sign in ([], [_DESCRIPTOR]) and (crc, packed, plain) == (
            record.crc,
            record.packed,
            record.size,
        ):
            return end + size, ""
    return end, "the sizes behind its content are not those of the directory"
