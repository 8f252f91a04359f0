"""Tar headers to members, streamed: every member, in one pass, nothing on disk.

Reads POSIX ustar and pax (IEEE Std 1003.1-2017, pax) and the GNU extensions. Our own walk and
not `tarfile`, which stops quietly at a bad header and never looks behind the end-of-archive
blocks: here every byte is a member's, an Oddity, or an ArchiveError.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from auditor.errors import ArchiveError, LimitError
from auditor.model import Member, MemberType, Oddity, Unread

if TYPE_CHECKING:
    from auditor.limits import Budget

BLOCK = 512
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

AMBIGUOUS = "ambiguous-header"
"""The kind of oddity where headers can be read in two ways."""
_STRUCTURAL = frozenset({"path", "linkpath", "size"})
"""The pax records that decide on what is unpacked where."""
_KEPT = _STRUCTURAL | {"uname", "gname", "GNU.sparse.name"}
_EXTENDING = frozenset({b"x", b"g", b"X", b"L", b"K"})
"""Headers that say something of those behind them: pax, Solaris' pax, GNU long names."""
_WITH_PREFIX = b"ustar\x0000"
"""The magic behind which every reader takes offset 345 for the beginning of the path."""
_LARGEST_OCTAL = 8**11
"""Sizes from here on do not fit into a header: there the extended one alone is right."""

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

    def skip(self, count: int) -> None:
        """Pass over the next `count` bytes; raise ArchiveError where they end early."""
        if count <= len(self._buffer) - self._position:
            self._position += count
        else:
            for _ in self.pieces(count):
                pass

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
    extended = _Extended()
    ended = 0
    late = ""
    counted = 0
    while block := tape.block():
        if not block[0] and not block.strip(b"\0"):
            extended.none_left()
            ended += len(block) == BLOCK  # a part of one may be a header's, whose name is empty
            continue
        if not is_header(block):
            yield _no_header(block, tape, ended)
            break
        if ended:
            late = "a zero block" if ended == 1 else "the end-of-archive blocks"
            ended = 0
        size = _number(block[124:136], "size")
        if block[156:157] in _EXTENDING:
            yield from extended.take(block[156:157], _small(tape, size, budget))
            continue
        budget.member()
        counted += 1
        settings = extended.settings()
        claimed = int(settings.get("size", size))
        member = _member(block, claimed, settings, strip)
        if (depth := member.path.count("/")) > budget.limits.path_depth:
            raise LimitError("path-depth", budget.limits.path_depth, depth, "folders")
        if late or claimed != size or claimed != member.size:
            yield from _oddities(member, size, claimed, late)
        if block[345] and block[257:265] != _WITH_PREFIX and "path" not in settings:
            yield from _doubtful_prefix(member, block)
        if member.type is MemberType.SPARSE:
            _skip_sparse_headers(tape, block)
        content = tape.pieces(member.size)
        yield member, content
        for _ in content:
            pass
        tape.skip(-member.size % BLOCK)
        if member.type is MemberType.SPARSE:
            yield Unread(path=member.path, reason="not looked into: sparse files are not expanded")
    extended.none_left()
    if not counted:
        raise ArchiveError("no members: this is no tar archive, or an empty one")
    if not ended:
        detail = "ends without the end-of-archive blocks: members may have been cut off"
        yield Oddity(kind="no-end", path="", detail=detail)


class _Extended:
    """What extended headers have said: of the next member, and of all that follow."""

    __slots__ = ("_every", "_next")

    def __init__(self) -> None:
        self._every: dict[str, str] = {}
        self._next: dict[str, str] = {}

    def take(self, typeflag: bytes, data: bytes) -> Iterator[Oddity]:
        """Take in one header, a GNU long name as the pax record that it equals.

        Yield what readers disagree about: a global header's say, and two headers that differ.
        """
        if typeflag in {b"L", b"K"}:
            records = {"path" if typeflag == b"L" else "linkpath": _text(data)}
        else:
            records = _pax(data)
        known = self._every if typeflag == b"g" else self._next
        for key in sorted(records.keys() & _STRUCTURAL):
            if typeflag == b"g":
                detail = f"a global header sets the {key} of all members that follow"
            elif known.get(key, records[key]) != records[key]:
                detail = f"two extended headers of one member differ in its {key}"
            else:
                continue
            yield Oddity(kind=AMBIGUOUS, path=records.get("path", ""), detail=detail)
        known.update(records)

    def settings(self) -> dict[str, str]:
        """Return what holds for the member whose header comes now."""
        if not self._next:
            return self._every
        settings = {**self._every, **self._next}
        self._next = {}
        return settings

    def none_left(self) -> None:
        """Raise ArchiveError where a header was for a member that does not come."""
        if self._next:
            raise ArchiveError("an extended header at the end belongs to no member")


def _oddities(member: Member, size: int, claimed: int, late: str) -> Iterator[Oddity]:
    """Tell where readers part: behind the end, sizes that differ, content where none can be."""
    if late:
        detail = f"behind {late}: some tools list it, others never see it"
        yield Oddity(kind="member-after-end", path=member.path, detail=detail)
    if claimed != size and claimed < _LARGEST_OCTAL:
        detail = f"its header says {size:,} bytes, its extended header {claimed:,}"
        yield Oddity(kind=AMBIGUOUS, path=member.path, detail=detail)
    if claimed and member.type in _WITHOUT_DATA:
        detail = f"a {member.type.value} whose header claims {claimed:,} bytes of content"
        yield Oddity(kind="link-with-data", path=member.path, detail=detail)


def _doubtful_prefix(member: Member, block: bytes) -> Iterator[Oddity]:
    """Tell of a header of an older form in which some readers look for a prefix all the same.

    Python's does, whatever the magic; in a sparse file's header nobody does.
    """
    if member.type is not MemberType.SPARSE:
        detail = f"some readers put {_text(block[345:500])!r} in front of its path, others do not"
        yield Oddity(kind=AMBIGUOUS, path=member.path, detail=detail)


def _no_header(block: bytes, tape: Tape, ended: int) -> Oddity:
    """Bytes that are no header: padding behind the end is an oddity, anything else an error."""
    if not ended and len(block) < BLOCK:
        raise ArchiveError(f"cut short: {len(block)} bytes where a header must stand")
    if not ended:
        raise ArchiveError("a header's checksum is wrong; nothing behind it can be trusted")
    size = len(block) + sum(len(piece) for piece in tape.rest())
    return Oddity(
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
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if not digits:
        return 0
    if not digits.isdigit() or b"8" in digits or b"9" in digits:  # int() takes signs and `_` too
        raise ArchiveError(f"a header's {name} is no octal number")
    return int(digits, 8)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def _small(tape: Tape, size: int, budget: Budget) -> bytes:
    if size > budget.limits.header_bytes:
        raise LimitError("header-bytes", budget.limits.header_bytes, size, "bytes")
    data = b"".join(tape.pieces(size))
    tape.skip(-size % BLOCK)
    return data


def _pax(data: bytes) -> dict[str, str]:
    r"""Read pax records: `LENGTH KEY=VALUE\n`, the length counting the whole record.

    Only what decides on a member is kept, so that many records cost no memory.
    """
    records: dict[str, str] = {}
    start = 0
    while start < len(data):
        space = data.find(b" ", start, start + 9)
        if space < 0 or not data[start:space].isdigit():
            raise ArchiveError("a pax header is malformed: a record without a length")
        end = start + int(data[start:space])
        key, equals, value = data[space + 1 : end].partition(b"=")
        if end > len(data) or not equals or value[-1:] != b"\n":
            raise ArchiveError("a pax header is malformed: a record's length is wrong")
        name = key.decode("utf-8", "backslashreplace")
        if name.startswith("GNU.sparse."):
            records["GNU.sparse"] = ""
        if name in _KEPT:
            records[name] = _value(name, value[:-1].decode("utf-8", "backslashreplace"))
        start = end
    return records


def _value(name: str, text: str) -> str:
    if name == "size" and not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ArchiveError("a pax header is malformed: size is no decimal number")
    if name in _STRUCTURAL and (not text or "\0" in text):  # C stops at NUL, others do not
        raise ArchiveError(f"a pax header is malformed: {name} is empty or holds a NUL")
    return text


def _member(block: bytes, size: int, settings: dict[str, str], strip: int) -> Member:
    """Build a member from its header; its size is that of the content that is stored."""
    ustar = block[257:262] == b"ustar"
    name = settings.get("path")
    if name is None:
        name = _text(block[0:100])
        if block[257:263] == b"ustar\0" and block[345]:
            name = f"{_text(block[345:500])}/{name}"
    kind = _TYPES.get(block[156:157], MemberType.UNKNOWN)
    if "GNU.sparse" in settings:
        kind = MemberType.SPARSE
        name = settings.get("GNU.sparse.name", name)
    if kind is MemberType.FILE and name.endswith("/"):
        kind = MemberType.DIRECTORY
    link = kind in _WITHOUT_DATA
    return Member(
        path=stripped(name, strip),
        name=name,
        size=0 if link else size,
        type=kind,
        mode=_number(block[100:108], "mode") & 0o7777,
        link=settings.get("linkpath", _text(block[157:257])) if link else "",
        owner=settings.get("uname", _text(block[265:297]) if ustar else ""),
        group=settings.get("gname", _text(block[297:329]) if ustar else ""),
    )


def stripped(name: str, strip: int) -> str:
    """Return a member's path below the root folder; empty and `.` parts do not count."""
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
