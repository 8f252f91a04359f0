"""Tar headers to members, streamed: every member, in one pass, nothing on disk.

Reads POSIX ustar and pax (IEEE Std 1003.1-2017, pax) and the GNU extensions. Our own walk and
not `tarfile`, which stops quietly at a bad header and never looks behind the end-of-archive
blocks: here every byte is a member's, an Oddity, or an ArchiveError.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from auditor.errors import ArchiveError, LimitError
from auditor.limits import Budget
from auditor.model import Member, MemberType, Oddity, Unread

BLOCK = 512
_ZEROS = bytes(BLOCK)
_TYPES = {
    b"0": MemberType.FILE,
    b"\0": MemberType.FILE,
    b"7": MemberType.FILE,
    b"1": MemberType.HARDLINK,
    b"2": MemberType.SYMLINK,
    b"3": MemberType.DEVICE,
    b"4": MemberType.DEVICE,
    b"5": MemberType.DIRECTORY,
    b"6": MemberType.FIFO,
    b"S": MemberType.SPARSE,
}
_WITHOUT_DATA = frozenset(
    {
        MemberType.HARDLINK,
        MemberType.SYMLINK,
        MemberType.DEVICE,
        MemberType.DIRECTORY,
        MemberType.FIFO,
    }
)

Entry = tuple[Member, Iterator[bytes]] | Oddity | Unread
"""A member with its content, something odd about the archive, or what could not be read."""


class Tape:
    """Exact reads over an iterator of chunks of any size."""

    __slots__ = ("_buffer", "_chunks", "_position")

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""
        self._position = 0

    def block(self) -> bytes:
        """Return the next 512 bytes; fewer, or none, at the end of the stream."""
        end = self._position + BLOCK
        if end <= len(self._buffer):
            block = self._buffer[self._position : end]
            self._position = end
            return block
        return b"".join(self._take(BLOCK))

    def pieces(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes in pieces; raise ArchiveError where they end early."""
        missing = count
        for piece in self._take(count):
            missing -= len(piece)
            yield piece
        if missing:
            raise ArchiveError(f"cut short: {missing:,} bytes of a member are missing")

    def rest(self) -> Iterator[bytes]:
        """Yield everything that is left."""
        yield self._buffer[self._position :]
        self._buffer, self._position = b"", 0
        yield from self._chunks

    def _take(self, count: int) -> Iterator[bytes]:
        while count:
            available = len(self._buffer) - self._position
            if not available:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return
                self._buffer, self._position = chunk, 0
                continue
            size = min(count, available)
            piece = self._buffer[self._position : self._position + size]
            self._position += size
            count -= size
            yield piece


def members(chunks: Iterable[bytes], budget: Budget, *, strip: int) -> Iterator[Entry]:
    """Yield each member with its content, and what is odd about the archive, in file order.

    `strip` folders are taken off the front of each path, as npm and pip do with one. The content
    iterator is valid until the next entry is asked for; what is not read of it is skipped.
    Raises ArchiveError where the structure breaks, LimitError where a limit is met.
    """
    tape = Tape(chunks)
    extended: dict[str, str] = {}
    defaults: dict[str, str] = {}
    ended = 0
    counted = 0
    while block := tape.block():
        if len(block) < BLOCK:
            if block.strip(b"\0"):
                raise ArchiveError(f"cut short: {len(block)} bytes where a header must stand")
            break
        if block == _ZEROS:
            ended += 1
            continue
        if not is_header(block):
            yield from _no_header(tape, ended)
            return
        if ended:
            blocks = "a zero block" if ended == 1 else "the end-of-archive blocks"
            yield Oddity(
                kind="member-after-end",
                path=_text(block[0:100]),
                detail=f"behind {blocks}: some tools list it, others never see it",
            )
            ended = 0
        typeflag = block[156:157]
        size = _number(block[124:136], "size")
        if typeflag in {b"x", b"g", b"X", b"L", b"K"}:
            data = _small(tape, size, budget)
            if typeflag == b"g":
                defaults.update(_pax(data))
            elif typeflag in {b"L", b"K"}:
                extended["path" if typeflag == b"L" else "linkpath"] = _text(data)
            else:
                extended.update(_pax(data))
            continue
        budget.member()
        counted += 1
        settings = {**defaults, **extended}
        extended = {}
        member, stored = _member(block, size, settings, strip)
        if member.path.count("/") > budget.limits.path_depth:
            raise LimitError(
                "path-depth", budget.limits.path_depth, member.path.count("/"), "folders"
            )
        if member.type is MemberType.SPARSE:
            _skip_sparse_headers(tape, block)
        if size and member.type in _WITHOUT_DATA:
            yield Oddity(
                kind="link-with-data",
                path=member.path,
                detail=f"a {member.type.value} whose header claims {size:,} bytes of content",
            )
        content = tape.pieces(stored)
        yield member, content
        for _ in content:
            pass
        for _ in tape.pieces(-stored % BLOCK):
            pass
    if extended:
        raise ArchiveError("an extended header at the end belongs to no member")
    if not counted:
        raise ArchiveError("no members: this is no tar archive, or an empty one")


def _no_header(tape: Tape, ended: int) -> Iterator[Oddity]:
    """Bytes that are no header: padding behind the end is an oddity, anything else an error."""
    if not ended:
        raise ArchiveError("a header's checksum is wrong; nothing behind it can be trusted")
    size = BLOCK + sum(len(piece) for piece in tape.rest())
    yield Oddity(
        kind="trailing-data",
        path="",
        detail=f"{size:,} bytes behind the end-of-archive blocks that are no member",
    )


def is_header(block: bytes) -> bool:
    """Tell by its checksum whether a block of 512 bytes is a tar header."""
    if len(block) < BLOCK:
        return False
    try:
        wanted = _number(block[148:156], "checksum")
    except ArchiveError:
        return False
    if block.isascii():
        # adler32's low half is 1 + the plain sum modulo 65521, which ASCII cannot reach:
        # the same answer, eight times quicker than sum()
        plain = (zlib.adler32(block) & 0xFFFF) - 1
        return plain - sum(block[148:156]) + 8 * 32 == wanted
    blanked = block[:148] + b" " * 8 + block[156:]
    if sum(blanked) == wanted:
        return True
    return sum(byte - 256 if byte > 127 else byte for byte in blanked) == wanted  # old signed sums


def _number(field: bytes, name: str) -> int:
    if field[0] == 0x80:  # base-256, GNU and star
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise ArchiveError(f"a header's {name} is no octal number") from None


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def _small(tape: Tape, size: int, budget: Budget) -> bytes:
    if size > budget.limits.header_bytes:
        raise LimitError("header-bytes", budget.limits.header_bytes, size, "bytes")
    data = b"".join(tape.pieces(size))
    for _ in tape.pieces(-size % BLOCK):
        pass
    return data


def _pax(data: bytes) -> dict[str, str]:
    """Read pax records: `LENGTH KEY=VALUE\\n`, the length counting the whole record."""
    records: dict[str, str] = {}
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit() or len(length) > 8:
            raise ArchiveError("a pax header is malformed: a record without a length")
        end = int(length)
        record = data[len(length) + 1 : end]
        key, equals, value = record.partition(b"=")
        if end <= len(length) + 1 or end > len(data) or not equals or value[-1:] != b"\n":
            raise ArchiveError("a pax header is malformed: a record's length is wrong")
        records[key.decode("utf-8", "backslashreplace")] = value[:-1].decode(
            "utf-8", "backslashreplace"
        )
        data = data[end:]
    return records


def _member(block: bytes, size: int, settings: dict[str, str], strip: int) -> tuple[Member, int]:
    """Build a member from its header; also return how many bytes of content are stored."""
    name = settings.get("path")
    if name is None:
        name = _text(block[0:100])
        if block[257:263] == b"ustar\0" and block[345]:
            name = f"{_text(block[345:500])}/{name}"
    kind = _TYPES.get(block[156:157], MemberType.UNKNOWN)
    if any(key.startswith("GNU.sparse.") for key in settings):
        kind = MemberType.SPARSE
        name = settings.get("GNU.sparse.name", name)
    if kind is MemberType.FILE and name.endswith("/"):
        kind = MemberType.DIRECTORY
    if "size" in settings:
        if not settings["size"].isdigit() or len(settings["size"]) > 19:
            raise ArchiveError("a pax header is malformed: size is no decimal number")
        size = int(settings["size"])
    stored = 0 if kind in _WITHOUT_DATA else size
    return (
        Member(
            path=stripped(name, strip),
            name=name,
            size=stored,
            type=kind,
            mode=_number(block[100:108], "mode") & 0o7777,
            link=settings.get("linkpath", _text(block[157:257])) if kind in _WITHOUT_DATA else "",
            owner=settings.get("uname", _text(block[265:297])),
        ),
        stored,
    )


def stripped(name: str, strip: int) -> str:
    """Return a member's path below the root folder; empty and `.` parts do not count."""
    if not strip and "//" not in name and "./" not in name:
        return name.rstrip("/")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    return "/".join(parts[strip:] if len(parts) > strip else parts)


def _skip_sparse_headers(tape: Tape, block: bytes) -> None:
    """Old GNU sparse maps go on in further blocks while a flag says so."""
    more = block[482] if block[257:265] == b"ustar  \0" else 0
    while more:
        follow = tape.block()
        if len(follow) < BLOCK:
            raise ArchiveError("cut short: a sparse header has no end")
        more = follow[504]
