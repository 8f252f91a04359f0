"""Builders of zip bytes from scratch, so that every record can say something else than the others.

Nothing here checks anything: `Entry` says what both its headers say, and `local`, `central` and
`end` change single fields of one of them.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
DESCRIPTOR = b"PK\x07\x08"
END = b"PK\x05\x06"
END64 = b"PK\x06\x06"
LOCATOR64 = b"PK\x06\x07"

STORED, DEFLATED, DEFLATE64, BZIP2, LZMA, ZSTD, XZ, PPMD = 0, 8, 9, 12, 14, 93, 95, 98
FULL = 0xFFFFFFFF
"""What stands in a field of 32 bits whose value is in a zip64 field."""


def deflated(data: bytes) -> bytes:
    """Return raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def lzma_packed(data: bytes) -> bytes:
    """Return LZMA as method 14 has it (APPNOTE 5.8.8): version, size of properties, properties."""
    props = lzma._encode_filter_properties(  # type: ignore[attr-defined]  # noqa: SLF001
        {"id": lzma.FILTER_LZMA1}
    )
    packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1}])
    head = struct.pack("<BBH", 9, 4, len(props)) + props
    return bytes(head + packer.compress(data) + packer.flush())


def zstd_packed(data: bytes) -> bytes:
    """Return one frame of Zstandard."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return bytes(zstd.compress(data))


PACKERS: Mapping[int, Callable[[bytes], bytes]] = {
    STORED: bytes,
    DEFLATED: deflated,
    BZIP2: bz2.compress,
    LZMA: lzma_packed,
    ZSTD: zstd_packed,
    XZ: lzma.compress,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a zip; `local` and `central` override fields of the one header."""

    name: bytes
    data: bytes = b""
    method: int = STORED
    packed: bytes | None = None
    """What is stored, where it is not what the method makes of `data`."""
    flags: int = 0
    made_by: int = 3 << 8 | 20
    mode: int = 0o100644
    attributes: int = 0
    """The lower 16 bits of the external attributes, which are those of DOS."""
    extra: bytes = b""
    comment: bytes = b""
    descriptor: bytes = b""
    """What stands behind the content."""
    before: bytes = b""
    """What stands in front of the local header."""
    listed: bool = True
    """It is in the directory."""
    local: Mapping[str, int | bytes] = field(default_factory=dict)
    central: Mapping[str, int | bytes] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the content as it is stored."""
        if self.packed is not None:
            return self.packed
        return PACKERS.get(self.method, bytes)(self.data)

    def said(self, other: Mapping[str, int | bytes]) -> dict[str, int | bytes]:
        """Return what a header says, `other` taken in."""
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.data),
            "packed": len(self.content()),
            "size": len(self.data),
            "extra": self.extra,
            "comment": self.comment,
            "magic": b"",
            **other,
        }


def local_header(entry: Entry) -> bytes:
    """Return an entry's local header (APPNOTE 4.3.7)."""
    said = entry.said(entry.local)
    name, extra = said["name"], said["extra"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    return (
        struct.pack(
            "<4sHHHHHLLLHH",
            said["magic"] or LOCAL,
            20,
            said["flags"],
            said["method"],
            0,
            0x21,
            said["crc"],
            said["packed"],
            said["size"],
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def central_header(entry: Entry, offset: int) -> bytes:
    """Return an entry's record in the directory (APPNOTE 4.3.12)."""
    said = {"offset": offset, **entry.said(entry.central)}
    name, extra, comment = said["name"], said["extra"], said["comment"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    assert isinstance(comment, bytes)
    return (
        struct.pack(
            "<4sHHHHHHLLLHHHHHLL",
            said["magic"] or CENTRAL,
            entry.made_by,
            20,
            said["flags"],
            said["method"],
            0,
            0x21,
            said["crc"],
            said["packed"],
            said["size"],
            len(name),
            len(extra),
            len(comment),
            0,
            0,
            entry.mode << 16 | entry.attributes,
            said["offset"],
        )
        + name
        + extra
        + comment
    )


def end_record(**said: int | bytes) -> bytes:
    """Return the end of central directory record (APPNOTE 4.3.16)."""
    comment = said.get("comment", b"")
    assert isinstance(comment, bytes)
    return (
        struct.pack(
            "<4sHHHHLLH",
            END,
            said.get("disk", 0),
            said.get("disk", 0),
            said.get("here", said.get("entries", 0)),
            said.get("entries", 0),
            said.get("size", 0),
            said.get("offset", 0),
            said.get("length", len(comment)),
        )
        + comment
    )


def end64_record(entries: int, size: int, offset: int, extensible: bytes = b"") -> bytes:
    """Return the zip64 end record (APPNOTE 4.3.14)."""
    length = 44 + len(extensible)
    return (
        struct.pack("<4sQHHLLQQQQ", END64, length, 45, 45, 0, 0, entries, entries, size, offset)
        + extensible
    )


def locator64(offset: int) -> bytes:
    """Return the zip64 locator (APPNOTE 4.3.15)."""
    return struct.pack("<4sLQL", LOCATOR64, 0, offset, 1)


def descriptor(data: bytes, packed: bytes, *, wide: bool = False, signed: bool = True) -> bytes:
    """Return a data descriptor (APPNOTE 4.3.9) that tells the truth."""
    sizes = struct.pack("<LQQ" if wide else "<LLL", zlib.crc32(data), len(packed), len(data))
    return (DESCRIPTOR if signed else b"") + sizes


def extra_field(kind: int, body: bytes, length: int | None = None) -> bytes:
    """Return one extra field (APPNOTE 4.5.1)."""
    return struct.pack("<HH", kind, len(body) if length is None else length) + body


def zipped(  # noqa: PLR0913 - each is a place where something may stand
    entries: Sequence[Entry],
    *,
    head: bytes = b"",
    shifted: bool = False,
    between: bytes = b"",
    middle: bytes = b"",
    tail: bytes = b"",
    end: Mapping[str, int | bytes] | None = None,
) -> bytes:
    """Return a zip with bytes where none belong.

    `head` stands before the first entry, `between` the last one and the directory, `middle` before
    the end record, `tail` behind it.
    Offsets count `head`, unless `shifted`: then all of them are as if it were not there.
    """
    base = 0 if shifted else len(head)
    body = b""
    directory = b""
    count = 0
    for entry in entries:
        body += entry.before
        if entry.listed:
            directory += central_header(entry, base + len(body))
            count += 1
        body += local_header(entry) + entry.content() + entry.descriptor
    body += between
    said = {"entries": count, "size": len(directory), "offset": base + len(body), **(end or {})}
    return head + body + directory + middle + end_record(**said) + tail


def zipped64(entries: Sequence[Entry], *, extensible: bytes = b"", behind: bytes = b"") -> bytes:
    """Return a zip whose end records are those of zip64; `behind` stands between both of them."""
    body = b""
    directory = b""
    for entry in entries:
        directory += central_header(entry, len(body))
        body += local_header(entry) + entry.content() + entry.descriptor
    record = end64_record(len(entries), len(directory), len(body), extensible)
    place = len(body) + len(directory)
    return (
        body
        + directory
        + record
        + behind
        + locator64(place)
        + end_record(entries=0xFFFF, size=FULL, offset=FULL)
    )
