"""Builders of tar and gzip bytes from scratch, so that every attack is a few lines of code.

Nothing here checks anything: a header says whatever it is told to say, with a right checksum unless
a wrong one is asked for. `told` writes down what our readers make of such bytes.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from auditor.archives import Entries, Loose, Several, tar, walk
from auditor.errors import InputError, MemberError
from auditor.limits import Budget, Limits
from auditor.model import Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

BLOCK = 512
END = bytes(2 * BLOCK)
"""The end-of-archive blocks."""

USTAR = b"ustar\x0000"
GNU = b"ustar  \x00"
V7 = bytes(8)


def octal(value: int, width: int = 12) -> bytes:
    """Return a number as header fields spell it."""
    return f"{value:0{width - 1}o}".encode() + b"\0"


def base256(value: int, width: int = 12) -> bytes:
    """Return a number as GNU and star spell one that octal has no room for."""
    if value < 0:
        return (value + (1 << 8 * width)).to_bytes(width, "big")
    return b"\x80" + value.to_bytes(width - 1, "big")


def header(  # noqa: PLR0913 - as many as the format has fields
    name: bytes = b"a",
    *,
    size: int | bytes = 0,
    type: bytes = b"0",  # noqa: A002 - the field's name
    mode: bytes = b"0000644\0",
    uid: bytes = b"0000000\0",
    link: bytes = b"",
    magic: bytes = USTAR,
    owner: bytes = b"",
    prefix: bytes = b"",
    tail: bytes | None = None,
    checksum: bytes | None = None,
    signed: bool = False,
) -> bytes:
    """Return one header; `tail` is everything from offset 345 on, in place of `prefix`."""
    block = b"".join(
        (
            name.ljust(100, b"\0"),
            mode.ljust(8, b"\0"),
            uid,
            octal(0, 8),
            size.ljust(12, b"\0") if isinstance(size, bytes) else octal(size),
            octal(0),
            b" " * 8,
            type,
            link.ljust(100, b"\0"),
            magic,
            owner.ljust(32, b"\0"),
            bytes(32),
            bytes(16),
            (prefix if tail is None else tail).ljust(BLOCK - 345, b"\0"),
        )
    )
    if checksum is None:
        total = sum(byte - 256 if signed and byte > 127 else byte for byte in block)
        checksum = octal(total & 0o777777, 7) + b" "
    return block[:148] + checksum.ljust(8, b"\0") + block[156:]


def padded(data: bytes) -> bytes:
    """Return content filled up to whole blocks."""
    return data + bytes(-len(data) % BLOCK)


def file(name: bytes = b"a", content: bytes = b"", **fields: object) -> bytes:
    """Return a header with its content; any field of `header` may say something else."""
    stated = {"size": len(content), **fields}
    return header(name, **stated) + padded(content)  # type: ignore[arg-type]


def record(key: str, value: bytes) -> bytes:
    """Return one pax record, whose length counts its own digits."""
    rest = b" " + key.encode() + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def pax(records: Mapping[str, bytes] | bytes, **fields: object) -> bytes:
    """Return an extended header; bytes stand for records that are spelled out, right or wrong."""
    if isinstance(records, bytes):
        data = records
    else:
        data = b"".join(record(key, value) for key, value in records.items())
    return file(b"PaxHeader/a", data, **{"type": b"x", **fields})


def gnu_long(name: bytes, type: bytes = b"L", end: bytes = b"\0") -> bytes:  # noqa: A002
    """Return the GNU header of a long name (`L`) or a long link target (`K`)."""
    return file(b"././@LongLink", name + end, type=type, magic=GNU)


def behind(member: bytes, more: bytes) -> bytes:
    """Return a member, of a block at most, with something right behind its content."""
    end = BLOCK + int(member[124:136].rstrip(b"\0 "), 8)
    return (member[:end] + more).ljust(2 * BLOCK, b"\0")


def gnu_sparse(
    name: bytes,
    stored: bytes,
    *,
    claimed: int,
    pieces: Sequence[tuple[int, int]] | None = None,
) -> bytes:
    """Return an old GNU sparse member of `claimed` bytes, its map in as many blocks as it takes."""
    rows = [(0, len(stored))] if pieces is None else pieces
    spelled = [base256(offset) + octal(length) for offset, length in rows]
    inner, further = spelled[:4], spelled[4:]
    blocks = b""
    while further:
        taken, further = further[:21], further[21:]
        blocks += b"".join(taken).ljust(504, b"\0") + bytes([bool(further)]) + bytes(7)
    tail = bytes(41) + b"".join(inner).ljust(96, b"\0") + bytes([bool(blocks)]) + base256(claimed)
    block = header(name, size=len(stored), type=b"S", magic=GNU, tail=tail)
    return block + blocks + padded(stored)


def sparse_10(
    name: bytes,
    pieces: Sequence[tuple[int, int]],
    claimed: int,
    stored: bytes,
    *,
    text: bytes | None = None,
) -> bytes:
    """Return a sparse member of pax format 1.0; `text` is the map in place of the right one."""
    if text is None:
        numbers = [len(pieces), *(number for piece in pieces for number in piece)]
        text = b"".join(b"%d\n" % number for number in numbers)
    said = {
        "GNU.sparse.major": b"1",
        "GNU.sparse.minor": b"0",
        "GNU.sparse.name": name,
        "GNU.sparse.realsize": b"%d" % claimed,
    }
    return pax(said) + file(b"GNUSparseFile.0/" + name, padded(text) + stored)


def archive(*parts: bytes) -> bytes:
    """Return members and the end of the archive."""
    return b"".join(parts) + END


def gz(  # noqa: PLR0913 - the same
    data: bytes,
    *,
    flags: int = 0,
    extra: bytes = b"",
    crc: int | None = None,
    length: int | None = None,
    level: int = 6,
) -> bytes:
    """Return a gzip member (RFC 1952) whose header and trailer say what they are told to."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(4) + b"\0\xff" + extra
    crc = zlib.crc32(data) if crc is None else crc
    length = len(data) % 2**32 if length is None else length
    return head + body + crc.to_bytes(4, "little") + length.to_bytes(4, "little")


def deflated_zeros(before: bytes, rounds: int, behind: bytes = b"") -> bytes:
    """Return raw deflate (RFC 1951) of some bytes, 1 + 258 * `rounds` zeros and some more bytes.

    Written by hand, since how small a library makes zeros depends on its version: 258 zeros take
    two bits. The bytes around are at most 65,535 each.
    """
    # A block of dynamic codes (3.2.7): its kind, how many codes there are, and in their odd order
    # the bits of the codes that the codes' lengths are written in.
    bits = "0" + _lowest_first(2, 2)
    bits += _lowest_first(286 - 257, 5) + _lowest_first(0, 5) + _lowest_first(18 - 4, 4)
    widths = {18: 1, 1: 2, 2: 2}
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1)
    bits += "".join(_lowest_first(widths.get(symbol, 0), 3) for symbol in order)
    many, one, two = "0", "10", "11"
    # The zero byte and the end have two bits, 285 (258 bytes) and the distance of 1 one bit each.
    bits += two + many + _lowest_first(138 - 11, 7) + many + _lowest_first(117 - 11, 7)
    bits += two + many + _lowest_first(28 - 11, 7) + one + one
    zero, end, same = "10", "11", "0" + "0"
    bits += zero + same * rounds + end
    bits += "1" + _lowest_first(0, 2)  # a last block, which is stored
    bits += "0" * (-len(bits) % 8)
    packed = int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")
    return b"\0" + _stored(before) + packed + _stored(behind)


def _lowest_first(value: int, width: int) -> str:
    return f"{value:0{width}b}"[::-1]


def _stored(data: bytes) -> bytes:
    length = len(data)
    return length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + data


def gz_zeros(before: bytes, rounds: int, behind: bytes = b"") -> bytes:
    """Return a gzip member of what `deflated_zeros` packs."""
    whole = before + bytes(1 + 258 * rounds) + behind
    trailer = zlib.crc32(whole).to_bytes(4, "little") + len(whole).to_bytes(4, "little")
    return b"\x1f\x8b\x08" + bytes(5) + b"\0\xff" + deflated_zeros(before, rounds, behind) + trailer


def pieces(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """Cut bytes into chunks of these sizes, then what is left."""
    start = 0
    for size in sizes:
        yield data[start : start + size]
        start += size
    yield data[start:]


def told(entries: Iterator[Entries]) -> list[str]:
    """Return what a reader yields as lines of text, the error that ends it as the last one."""
    lines: list[str] = []
    try:
        for entry in entries:
            if isinstance(entry, Oddity):
                lines.append(f"{entry.kind} {entry.path!r}: {entry.detail}")
            elif isinstance(entry, Unread):
                lines.append(f"unread {entry.path!r}: {entry.reason}")
            elif isinstance(entry, Loose):
                lines.append(f"loose {entry.name!r} {entry.size}")
            else:
                assert not isinstance(entry, Several), "nobody asked for files together"
                member, content = entry
                target = f" -> {member.link}" if member.link else ""
                line = f"{member.type.value} {member.path!r} {member.size}{target}"
                lines.append(line)
                try:
                    text = b"".join(content)
                except MemberError as problem:
                    lines.append(f"refused {member.path!r}: {problem}")
                    continue
                if text:
                    lines[-1] = f"{line} {text[:20].decode('latin-1')}"
    except InputError as problem:
        lines.append(f"error: {problem}")
    return lines


def listed(
    data: bytes, limits: Limits | None = None, *, strip: int = 0, lone: str = ""
) -> list[str]:
    """Return what `walk` says of a file's bytes."""
    budget = Budget(limits or Limits())
    return told(walk(BytesIO(data), budget, strip=strip, lone=lone))


def streamed(chunks: Iterable[bytes], limits: Limits | None = None, *, strip: int = 0) -> list[str]:
    """Return what the tar reader says of an archive that comes in these chunks."""
    return told(tar.members(chunks, Budget(limits or Limits()), strip=strip))


def limit_met(name: str, allowed: int, found: int, unit: str = "") -> str:
    """Return what an error says of a limit."""
    unit = f" {unit}" if unit else ""
    return (
        f"limit {name} of {allowed:,}{unit} met (found at least {found:,}{unit}); "
        f"raise it with --limit {name}=N"
    )
