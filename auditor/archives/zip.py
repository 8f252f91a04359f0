"""Zip records to members, from the bytes themselves: directory and local headers must agree.

Reads PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.4. Our own walk and not `zipfile`, which believes
the central directory alone: here a local header that says something else, bytes that belong to no
entry, overlapping entries, data before and behind are each an Oddity, and an entry that cannot be
inflated is Unread. Stored and deflated entries are read; encryption and other methods are named.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import islice
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from auditor.archives.inflate import PLAIN_CHUNK
from auditor.archives.tar import Entry, stripped
from auditor.errors import ArchiveError, LimitError, MemberError
from auditor.model import Member, MemberType, Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.limits import Budget

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_END64_LOCATOR = b"PK\x06\x07"

_LOCAL = Struct("<4sHHHHHLLLHH")
_CENTRAL = Struct("<4sHHHHHHLLLHHHHHLL")
_END = Struct("<4sHHHHLLH")
_END64_RECORD = Struct("<4sQHHLLQQQQ")
_LOCATOR = Struct("<4sLQL")

DESCRIPTORS = "data-descriptor"
COMMENTS = "entry-comment"
UNLOVED = frozenset({DESCRIPTORS, COMMENTS})
"""Kinds of oddity that every unpacker reads in the same way."""

_LONGEST_COMMENT = 0xFFFF
_UNICODE_PATH = 0x7075
_ONCE = frozenset({1, _UNICODE_PATH})
"""Extra fields that change what an entry is: two of one kind can be read in two ways."""
_ENCRYPTED = 0x1
_DESCRIPTOR = 0x8
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_UNIX = 3
_METHODS = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry of the central directory, zip64 values taken in."""

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
    comment: int
    """Bytes of the entry's comment."""


class _Directory(NamedTuple):
    offset: int
    size: int
    entries: int
    end: int
    """Offset of the first record that closes the file (zip64 or plain)."""
    tail: int
    """Offset behind the last record and its comment."""


def members(data: memoryview, budget: Budget, *, strip: int) -> Iterator[Entry]:
    """Yield each member with its content, in the order of their content, and what is odd.

    Raises ArchiveError where there is no directory, or it breaks; LimitError at a limit.
    """
    directory = _find_directory(data)
    if directory.tail < len(data):
        yield _odd("trailing-data", f"{len(data) - directory.tail:,} bytes behind the zip's end")
    if directory.offset + directory.size != directory.end:
        yield _odd("trailing-data", "bytes between the directory and the end record")
    records = sorted(_records(data, directory), key=lambda record: record.offset)
    yield from _unloved(records)
    position = 0
    for record in records:
        budget.member()
        path = stripped(record.name, strip)
        if path.count("/") > budget.limits.path_depth:
            raise LimitError("path-depth", budget.limits.path_depth, path.count("/"), "folders")
        try:
            start, oddities = _local(data, record, path)
        except ArchiveError as problem:
            yield Unread(path=path, reason=str(problem))
            continue
        yield from oddities
        if record.offset < position:
            raise ArchiveError(f"the entry {record.name!r} overlaps the one before it")
        if record.offset > position:
            what = "before the first entry" if not position else f"before the entry {path!r}"
            hidden = bytes(data[position : position + 4]) == LOCAL
            detail = "an entry that the directory does not list" if hidden else "bytes"
            yield _odd(
                "trailing-data", f"{detail} {what}, {record.offset - position:,} bytes", path
            )
        position = _end_of(data, record, start)
        member = Member(
            path=path,
            name=record.name,
            size=record.size,
            type=record.kind,
            mode=record.mode,
            link=_link(data, record, start),
        )
        if record.kind is not MemberType.FILE:
            yield member, iter(())
            continue
        unreadable = _unreadable(record)
        if unreadable:
            yield member, iter(())
            yield Unread(path=path, reason=unreadable)
            continue
        yield member, _content(data, record, start, budget)
    if position < directory.offset:
        size = directory.offset - position
        yield _odd("trailing-data", f"{size:,} bytes between the last entry and the directory")
    if not records:
        raise ArchiveError("a zip archive without entries")


def listing(data: memoryview, budget: Budget) -> tuple[str, ...]:
    """Return the names in the central directory, as many as the budget allows members."""
    most = budget.limits.members
    return tuple(record.name for record in islice(_records(data, _find_directory(data)), most))


def _odd(kind: str, detail: str, path: str = "") -> Oddity:
    return Oddity(kind=kind, path=path, detail=detail)


def _unloved(records: list[Record]) -> Iterator[Oddity]:
    """Tell, once for each, what is sound by the format and yet not taken by every index."""
    for kind, what, those in (
        (DESCRIPTORS, "sizes behind their content (data descriptors)", _with_descriptor(records)),
        (COMMENTS, "a comment of their own", [r for r in records if r.comment]),
    ):
        if those:
            yield _odd(kind, f"{len(those):,} of {len(records):,} entries have {what}")


def _with_descriptor(records: list[Record]) -> list[Record]:
    return [record for record in records if record.flags & _DESCRIPTOR]


def has_end(data: memoryview) -> bool:
    """Tell whether a file ends as a zip archive does."""
    return END in bytes(data[max(0, len(data) - _LONGEST_COMMENT - _END.size) :])


def _find_directory(data: memoryview) -> _Directory:
    lowest = max(0, len(data) - _LONGEST_COMMENT - _END.size)
    tail = bytes(data[lowest:])
    found = tail.rfind(END)
    while found >= 0:
        at = lowest + found
        if at + _END.size <= len(data):
            _, disk, _, _, entries, size, offset, comment = _END.unpack_from(data, at)
            if at + _END.size + comment <= len(data):
                if disk not in {0, 0xFFFF}:
                    raise ArchiveError("a zip archive in several volumes")
                plain = _Directory(offset, size, entries, at, at + _END.size + comment)
                return _zip64(data, plain)
        found = tail.rfind(END, 0, found)
    raise ArchiveError("no end record: this is no zip archive, or it is cut short")


def _zip64(data: memoryview, plain: _Directory) -> _Directory:
    at = plain.end - _LOCATOR.size
    if at < 0 or bytes(data[at : at + 4]) != _END64_LOCATOR:
        return plain
    _, _, record, _ = _LOCATOR.unpack_from(data, at)
    if record + _END64_RECORD.size > at or bytes(data[record : record + 4]) != _END64:
        raise ArchiveError("the zip64 end record is not where its locator says")
    *_, entries, size, offset = _END64_RECORD.unpack_from(data, record)
    return _Directory(offset, size, entries, record, plain.tail)


def _records(data: memoryview, directory: _Directory) -> Iterator[Record]:
    at = directory.offset
    for _ in range(directory.entries):
        if at + _CENTRAL.size > directory.end or bytes(data[at : at + 4]) != CENTRAL:
            raise ArchiveError("the central directory is cut short or damaged")
        (
            _, made_by, _, flags, method, _, _, crc, packed, size,
            name_size, extra_size, comment_size, _, _, attributes, offset,
        ) = _CENTRAL.unpack_from(data, at)  # fmt: skip
        at += _CENTRAL.size
        raw = bytes(data[at : at + name_size])
        extra = bytes(data[at + name_size : at + name_size + extra_size])
        at += name_size + extra_size + comment_size
        size, packed, offset = _wide(extra, size, packed, offset)
        name = _name(raw, flags)
        mode = attributes >> 16 if made_by >> 8 == _UNIX else 0o644
        yield Record(
            name=name,
            raw_name=raw,
            flags=flags,
            method=method,
            crc=crc,
            packed=packed,
            size=size,
            offset=offset,
            mode=mode & 0o7777,
            kind=_kind(name, mode),
            extra=extra,
            comment=comment_size,
        )
    if at != directory.offset + directory.size:
        raise ArchiveError("the central directory has another size than its end record says")


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the extra fields (APPNOTE 4.5.1): number and content."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        yield kind, extra[4 : 4 + length]
        extra = extra[4 + length :]


def _renamed(extra: bytes, record: Record) -> Iterator[str]:
    """Tell where extra fields give an entry a second name, or one of them stands there twice."""
    fields = list(_fields(extra))
    kinds = [kind for kind, _ in fields if kind in _ONCE]
    if len(kinds) > len(set(kinds)):
        yield "has an extra field twice, and readers differ on which of them counts"
    for kind, body in fields:
        if kind == _UNICODE_PATH and body[5:] != record.raw_name:
            name = body[5:].decode("utf-8", "backslashreplace")
            if name != record.name:  # the field is there to spell a name that cp437 cannot
                yield f"has a second name in an extra field, {name!r}"


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Take the 64-bit values of extra field 1 (APPNOTE 4.5.3) where the 32-bit ones are full."""
    wanted = [value == 0xFFFFFFFF for value in (size, packed, offset)]
    if not any(wanted):
        return size, packed, offset
    for kind, body in _fields(extra):
        if kind == 1:
            if len(body) < 8 * sum(wanted):
                raise ArchiveError("a zip64 field is too short for the sizes it stands for")
            values = iter(
                int.from_bytes(body[i : i + 8], "little") for i in range(0, 8 * sum(wanted), 8)
            )
            size, packed, offset = (
                next(values) if wide else value
                for wide, value in zip(wanted, (size, packed, offset), strict=True)
            )
            return size, packed, offset
    raise ArchiveError("an entry needs a zip64 field and has none")


def _name(raw: bytes, flags: int) -> str:
    if flags & _UTF8 or raw.isascii():
        return raw.decode("utf-8", "backslashreplace")
    try:
        return raw.decode("utf-8")  # many writers forget the flag
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _kind(name: str, mode: int) -> MemberType:
    if name.endswith("/"):
        return MemberType.DIRECTORY
    kinds = {0o120000: MemberType.SYMLINK, 0o060000: MemberType.DEVICE, 0o020000: MemberType.DEVICE}
    kinds |= {0o010000: MemberType.FIFO, 0o140000: MemberType.UNKNOWN}
    return kinds.get(mode & 0o170000, MemberType.FILE)


def _local(data: memoryview, record: Record, path: str) -> tuple[int, list[Oddity]]:
    """Return where the content starts, and where the local header says something else."""
    try:
        (
            magic, _, flags, method, _, _, crc, packed, size, name_size, extra_size
        ) = _LOCAL.unpack_from(data, record.offset)  # fmt: skip
    except struct.error:
        raise ArchiveError("the entry's local header lies outside the file") from None
    if magic != LOCAL:
        raise ArchiveError("there is no local header where the directory points")
    at = record.offset + _LOCAL.size
    raw = bytes(data[at : at + name_size])
    extra = bytes(data[at + name_size : at + name_size + extra_size])
    size, packed, _ = _wide(extra, size, packed, 0)
    differs = []
    if raw != record.raw_name:
        differs.append(f"name {_name(raw, flags)!r}")
    oddities = [
        Oddity(kind="header-mismatch", path=path, detail=detail)
        for detail in dict.fromkeys((*_renamed(record.extra, record), *_renamed(extra, record)))
    ]
    if method != record.method:
        differs.append(f"method {method}")
    if not flags & _DESCRIPTOR or (packed, size, crc) != (0, 0, 0):
        if (packed, size) != (record.packed, record.size):
            differs.append(f"sizes {packed:,} and {size:,}")
        if crc != record.crc:
            differs.append("checksum")
    oddities += [
        Oddity(
            kind="header-mismatch",
            path=path,
            detail=f"the local header has another {what} than the directory",
        )
        for what in differs
    ]
    return at + name_size + extra_size, oddities


def _end_of(data: memoryview, record: Record, start: int) -> int:
    """Return the offset behind an entry's content and data descriptor."""
    end = start + record.packed
    if end > len(data):
        raise ArchiveError(f"cut short: the content of {record.name!r} goes beyond the file")
    if not record.flags & _DESCRIPTOR:
        return end
    if bytes(data[end : end + 4]) == b"PK\x07\x08":
        end += 4
    wide = record.packed > 0xFFFFFFFF or record.size > 0xFFFFFFFF
    return end + (20 if wide else 12)


def _unreadable(record: Record) -> str:
    if record.flags & _ENCRYPTED:
        return "not looked into: the entry is encrypted"
    if record.method not in {_STORED, _DEFLATED}:
        name = _METHODS.get(record.method, f"number {record.method}")
        return f"not looked into: the compression method {name} is not read"
    return ""


def _link(data: memoryview, record: Record, start: int) -> str:
    if record.kind is not MemberType.SYMLINK or _unreadable(record) or record.size > 4096:
        return ""
    raw = bytes(data[start : start + record.packed])
    if record.method == _DEFLATED:
        try:
            raw = zlib.decompressobj(-15).decompress(raw, 4096)
        except zlib.error:
            return ""
    return raw.decode("utf-8", "backslashreplace")


def _content(data: memoryview, record: Record, start: int, budget: Budget) -> Iterator[bytes]:
    """Yield an entry's content; raise MemberError where size or checksum do not hold."""
    crc = 0
    done = 0
    for chunk in _chunks(data[start : start + record.packed], record.method):
        done += len(chunk)
        budget.inflate(len(chunk), record.packed, done)
        if done > record.size:
            raise MemberError(f"inflates to more than the {record.size:,} bytes declared")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if done != record.size:
        raise MemberError(f"inflates to {done:,} bytes where {record.size:,} are declared")
    if crc != record.crc:
        raise MemberError("the checksum is wrong")


def _chunks(packed: memoryview, method: int) -> Iterator[bytes]:
    if method == _STORED:
        for start in range(0, len(packed), PLAIN_CHUNK):
            yield bytes(packed[start : start + PLAIN_CHUNK])
        return
    inflater = zlib.decompressobj(-15)
    pending = bytes(packed[:0])
    position = 0
    try:
        while not inflater.eof:
            if not pending:
                pending = bytes(packed[position : position + PLAIN_CHUNK])
                position += len(pending)
                if not pending:
                    raise MemberError("the compressed content is cut short")
            chunk = inflater.decompress(pending, PLAIN_CHUNK)
            pending = inflater.unconsumed_tail
            if chunk:
                yield chunk
    except zlib.error as problem:
        raise MemberError(f"the compressed content is damaged ({problem})") from None
    if inflater.unused_data or position < len(packed):
        raise MemberError("bytes behind the compressed content")
