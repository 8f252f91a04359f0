"""Tar headers to members, streamed: every member, in one pass, nothing on disk.

Reads POSIX ustar and pax (IEEE Std 1003.1-2017, pax) and the GNU extensions, sparse members with
their holes. Our own walk and not `tarfile`, which stops quietly at a bad header and never looks
behind the end-of-archive blocks: here every byte is a member's, an Oddity with what is loose, or an
ArchiveError. Where CPython's tarfile, GNU tar, libarchive, Go's archive/tar, node-tar or tar-rs
read the same header in another way, that is an Oddity, too.
"""

from __future__ import annotations

import zlib
from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple, overload

from msgspec.structs import replace

from auditor import fastpaths
from auditor.archives import npm_readers, sparse
from auditor.archives.entry import BEHIND, Entries, Entry, Several, loose, refused
from auditor.archives.pax import EXTENDING, SPARSE, Extended
from auditor.errors import ArchiveError, LimitError, MemberError
from auditor.model import Member, MemberType, Oddity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.limits import Budget

    Together = Callable[[Several], bool]
    """Tells whether some files can be handed on together."""

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

AMBIGUOUS = "ambiguous-header"
"""The kind of oddity where headers can be read in two ways."""
_OF_GNU = frozenset({b"S", b"L", b"K", b"D", b"M", b"N", b"V"})
"""Types in whose headers nobody looks for a prefix."""
_OLD_LONG_NAME = b"N"
_GNU = b"ustar  \x00"
_USTAR = b"ustar\x0000"
_LARGEST_OCTAL = 8**11
"""Sizes from here on do not fit into a header: there the extended one alone is right."""


BEGIN_NUMBERS = b"\x80\0 01234567"
_FIELDS = Struct("100s8s16x12s12x6s358s")
"""Name, mode, size, checksum, and all behind that, of a header (POSIX ustar)."""
_SUM_ENDS = frozenset({b"\0 ", b" \0"})
_LITTLE = 64 * 1024
"""Bytes in memory below which more are put behind them: no member in two parts, no long way."""
_MOST_PLAIN = 256
"""More folders than the longest name in an ordinary header can have."""


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

    def peek(self) -> bytes:
        """Return what `block` would, and leave it there."""
        end = self._position + BLOCK
        if end <= len(self._buffer):
            return self._buffer[self._position : end]
        self._buffer, self._position = self.block() + self._buffer[self._position :], 0
        return self._buffer[:BLOCK]

    def ahead(self) -> tuple[bytes, int]:
        """Return what lies in memory, and where in it the next byte is.

        Where little is left, the next chunk is put behind it. That it cannot be read is said when
        its turn comes: what lies before it is not lost.
        """
        if len(self._buffer) - self._position < _LITTLE:
            try:
                chunk = next(self._chunks, b"")
            except Exception as problem:  # noqa: BLE001 - raised again, to whoever reads on
                self._chunks = _raising(problem)
            else:
                self._buffer, self._position = self._buffer[self._position :] + chunk, 0
        return self._buffer, self._position

    def pass_zeros(self) -> int:
        """Go on behind the zero blocks that come next in memory; return how many they are."""
        start = self._position
        while self._buffer.startswith(_ZEROS, self._position):
            self._position += BLOCK
        return (self._position - start) // BLOCK

    def pass_to(self, position: int) -> None:
        """Go on at a place in what lies in memory."""
        self._position = position

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


def _raising(problem: Exception) -> Iterator[bytes]:
    raise problem
    yield b""  # what makes it an iterator


@overload
def members(chunks: Iterable[bytes], budget: Budget, *, strip: int) -> Iterator[Entry]: ...
@overload
def members(
    chunks: Iterable[bytes], budget: Budget, *, strip: int, together: Together | None
) -> Iterator[Entries]: ...
def members(
    chunks: Iterable[bytes], budget: Budget, *, strip: int, together: Together | None = None
) -> Iterator[Entries]:
    """Yield each member with its content, and what is odd about the archive, in file order.

    Files in a row that `together` says yes to are one entry.

    `strip` folders are taken off the front of each path, as npm and pip do with one. The content
    iterator is valid until the next entry is asked for; what is not read of it is skipped.
    Raises ArchiveError where the structure breaks, LimitError where a limit is met.
    """
    tape = Tape(chunks)
    extended = Extended()
    ended = 0
    late = ""
    counted = 0
    quick = fastpaths.enabled("plain_headers") and budget.limits.path_depth >= _MOST_PLAIN
    while True:
        if quick and not ended and not late and extended.says_nothing:
            files = _plain(tape, strip)
            if files.members:
                counted += len(files.members)
                yield from _in_a_row(files, budget, together)
                continue
        if not (block := tape.block()):
            break
        if _ZEROS.startswith(block):
            extended.none_left()
            ended += len(block) == BLOCK  # a part of one may be a header's, whose name is empty
            ended += tape.pass_zeros()
            continue
        if not is_header(block):
            yield from _no_header(block, tape, ended, budget)
            break
        if ended:
            late = "a zero block" if ended == 1 else "the end-of-archive blocks"
            ended = 0
        size = _number(block[124:136], "size")
        if block[156:157] in EXTENDING:
            yield from _extending(tape, block, size, budget, extended)
            continue
        budget.member()
        counted += 1
        settings, odd = extended.settings()
        claimed = int(settings.get("size", size))
        member = _member(block, claimed, settings, strip)
        _check_depth(member, budget)
        differing = _differing(block, member, size, claimed, settings)
        for detail in (*odd, *differing, *npm_readers.differing(block, settings)):
            yield Oddity(kind=AMBIGUOUS, path=member.path, detail=detail)
        if late:
            detail = f"behind {late}: some tools list it, others never see it"
            yield Oddity(kind="member-after-end", path=member.path, detail=detail)
        yield from _contents(tape, _Head(block, claimed, settings), member, budget)
    extended.none_left()
    yield from _end(counted, ended)


def _extending(
    tape: Tape, block: bytes, size: int, budget: Budget, extended: Extended
) -> Iterator[Oddity]:
    """Take in an extended header of some bytes; yield what is odd about it alone."""
    kind = block[156:157]
    if kind == b"g":  # which no member need follow
        budget.member()
    if block[257:265] not in {_USTAR, _GNU}:
        detail = "an extended header is none of ustar or GNU: tar-rs takes it for a member"
        yield Oddity(kind=AMBIGUOUS, path="", detail=detail)
    for detail in npm_readers.differing_in_extended(block):
        yield Oddity(kind=AMBIGUOUS, path="", detail=f"an extended header: {detail}")
    data, padding = _small(tape, size, budget)
    for detail in extended.take(kind, data, padding):
        yield Oddity(kind=AMBIGUOUS, path="", detail=detail)


def _end(counted: int, ended: int) -> Iterator[Oddity]:
    if not counted:
        raise ArchiveError("no members: this is no tar archive, or an empty one")
    if not ended:
        detail = "ends without the end-of-archive blocks: members may have been cut off"
        yield Oddity(kind="no-end", path="", detail=detail)


def _check_depth(member: Member, budget: Budget) -> None:
    if (depth := member.path.count("/")) > budget.limits.path_depth:
        raise LimitError("path-depth", budget.limits.path_depth, depth, "folders")


def _in_a_row(files: Several, budget: Budget, together: Together | None) -> Iterator[Entries]:
    if (
        together is not None
        and files.contents
        and max(map(len, files.contents)) <= budget.limits.member_bytes
        and budget.has_room(len(files.members))
        and together(files)
    ):
        budget.member(len(files.members))
        yield files
        return
    for member, content in zip(files.members, files.contents, strict=True):
        budget.member()
        yield member, iter((content,))


def _plain(tape: Tape, strip: int) -> Several:
    """Return the ordinary files that come next and whose headers and contents lie in memory.

    Ordinary is a file with a header of ustar to the letter, whose name is ASCII, of which all
    readers make the same. The first other header ends it and is left to be read by `members`; so is
    whatever a chunk breaks off.
    """
    buffer, at = tape.ahead()
    available, passed = len(buffer), at
    found: list[Member] = []
    contents: list[bytes] = []
    known, tail = b"", None
    folder, owner, group, others = "", "", "", 0
    spelled_mode, mode = b"", 0
    root = "\0"  # with which no name begins
    while at + BLOCK <= available:
        field, of_mode, of_size, of_sum, following = _FIELDS.unpack_from(buffer, at)
        if following != known:  # most headers say the same from here on
            known, tail = following, _tail(following)
            if tail is not None:
                folder, owner, group, others = tail
        digits = of_size.rstrip(b"\0 ")  # npm ends it with both
        if tail is None or not digits.isdigit():
            break
        front = buffer[at : at + 148]
        if (
            of_sum != b"%06o" % ((zlib.adler32(front) & 0xFFFF) + others)
            or not front.isascii()
            or 10 in field  # a line end, see npm_readers
            or 13 in field
        ):
            break
        try:
            size = int(digits, 8)
            name = field.decode("ascii").partition("\0")[0]
            if of_mode != spelled_mode:
                spelled_mode, mode = of_mode, _number(of_mode, "mode") & 0o7777
        except (ValueError, ArchiveError):
            break
        content = at + BLOCK
        end = content + size
        at = end + -size % BLOCK
        if at > available or not name or name[-1] == "/":
            break
        if folder:
            name = f"{folder}/{name}"
        passed = at
        if name.startswith(root) and "/." not in name and "//" not in name:
            path = name[len(root) :]
        else:
            path = stripped(name, strip)
            head, _, rest = name.partition("/")
            if rest == path and head not in _EDGES:
                root = f"{head}/"
        found.append(Member(path=path, name=name, size=size, mode=mode, owner=owner, group=group))
        contents.append(buffer[content:end])
    tape.pass_to(passed)
    return Several(members=found, contents=contents)


class _Tail(NamedTuple):
    """What the headers of ordinary files say behind the checksum, which most of them share."""

    folder: str
    owner: str
    group: str
    total: int
    """What their bytes add to the checksum."""


def _tail(block: bytes) -> _Tail | None:
    """Return what the last 358 bytes of a header say; None for anything but an ordinary file."""
    shift = 154
    folder = _text(block[345 - shift : 500 - shift])
    is_file = block[2:3] in {b"0", b"\0"} and block[257 - shift : 265 - shift] == _USTAR
    if not is_file or not block.isascii() or block[508 - shift :] == b"tar\0":
        return None
    if block[:2] not in _SUM_ENDS:
        return None
    if block[3] or b"\n" in block or b"\r" in block or (block[475 - shift] and not folder):
        return None  # see npm_readers
    return _Tail(
        folder=folder,
        owner=_text(block[265 - shift : 297 - shift]),
        group=_text(block[297 - shift : 329 - shift]),
        total=sum(block[2:]) + 8 * 32 - 1,  # adler32 begins to count at one
    )


class _Head(NamedTuple):
    """A header behind which a tape stands, and what extended ones make of it."""

    block: bytes
    size: int
    settings: dict[str, str]

    @property
    def type(self) -> bytes:
        return self.block[156:157]


def _contents(tape: Tape, head: _Head, member: Member, budget: Budget) -> Iterator[Entry]:
    """Yield a member with its content, and leave the tape behind both."""
    if member.type is MemberType.SPARSE:
        yield from _sparse(tape, head, member, budget)
        return
    size = head.size
    if size and member.type in _WITHOUT_DATA:
        detail = f"a {member.type.value} whose header claims {size:,} bytes of content"
        yield Oddity(kind="link-with-data", path=member.path, detail=detail)
        following = tape.peek()
        if is_header(following) or not following.strip(b"\0"):
            size = 0  # as most read it: what comes next is the next member
    content = tape.pieces(size)
    if head.type == _OLD_LONG_NAME and size <= budget.limits.header_bytes:
        data = b"".join(content)
        detail = f"some take its content for the next member's name: {_text(data)!r}"
        yield Oddity(kind=AMBIGUOUS, path=member.path, detail=detail)
        yield _sized(member, size), iter((data,))
    else:
        yield _sized(member, size), content
        for _ in content:
            pass
    tape.skip(-size % BLOCK)


def _sparse(tape: Tape, head: _Head, member: Member, budget: Budget) -> Iterator[Entry]:
    """Yield a sparse member with its holes filled; of what cannot be filled the reason why not."""
    further = _further_blocks(tape, head.block, budget) if head.type == b"S" else b""
    stored = tape.pieces(head.size)
    inner = Tape(stored)
    try:
        found, taken = _map(inner, head, further, budget)
        sparse.checked(found, head.size - taken)
    except MemberError as problem:
        yield _sized(member, head.size), refused(str(problem))
    else:
        yield _sized(member, found.size), _filled(found, inner, head.size, budget)
    for _ in stored:
        pass
    tape.skip(-head.size % BLOCK)


def _filled(found: sparse.Map, inner: Tape, stored: int, budget: Budget) -> Iterator[bytes]:
    try:
        budget.inflate(0, stored, found.size)
    except LimitError as met:  # this one member is too sparse; those behind it may not be
        raise MemberError(str(met)) from None
    yield from sparse.expanded(found, inner.pieces, budget)


def _map(inner: Tape, head: _Head, further: bytes, budget: Budget) -> tuple[sparse.Map, int]:
    """Return where the stored bytes belong, and how many of them are the map itself."""
    if head.type == b"S":
        if SPARSE in head.settings:
            raise MemberError("it has two sparse maps, of two formats")
        return sparse.of_header(head.block, further, _map_number), 0
    if not sparse.in_front(head.settings):
        return sparse.of_records(head.settings), 0
    return sparse.of_content(head.settings, inner.block, budget.limits.header_bytes)


def _map_number(field: bytes) -> int:
    try:
        return _number(field, "sparse map")
    except ArchiveError:
        raise MemberError("its sparse map has something else than numbers") from None


def _further_blocks(tape: Tape, block: bytes, budget: Budget) -> bytes:
    """Return the blocks in which an old sparse map goes on, while a flag says so."""
    if block[257:265] != _GNU:
        raise ArchiveError("a sparse member whose header is not GNU's: its content cannot be told")
    further = bytearray()
    more = block[482]
    while more:
        follow = tape.block()
        if len(follow) < BLOCK:
            raise ArchiveError("cut short: a sparse header has no end")
        further += follow
        if len(further) > budget.limits.header_bytes:
            allowed = budget.limits.header_bytes
            raise LimitError("header-bytes", allowed, len(further), "bytes")
        more = follow[504]
    return bytes(further)


def _differing(
    block: bytes, member: Member, size: int, claimed: int, settings: dict[str, str]
) -> Iterator[str]:
    """Tell where readers make different things of one header."""
    if claimed != size and claimed < _LARGEST_OCTAL:
        yield f"its header says {size:,} bytes, its extended header {claimed:,}"
    spelled = block[124:136].strip(b" \0")
    if spelled and not block[124] & 0x80 and (not block[124] or b"\0" in spelled):
        yield f"its size is spelled with a NUL in front or in the middle: some read {size:,}"
    if not block.isascii() and _number(block[148:156], "checksum") != _sum(block):
        yield "its checksum is right for signed bytes alone: some take it for damaged"
    if member.type is MemberType.SPARSE and block[156:157] == b"S" and SPARSE in settings:
        yield "it is sparse by two formats at once"
    if block[257:265] == _GNU and block[156:157] != b"S" and (block[386] or block[483]):
        yield "its header has a sparse map though it is no sparse member: some fill in its holes"
    if not block[345] or "path" in settings or block[156:157] in _OF_GNU:
        return
    if block[257:265] != _USTAR:
        folder = _text(block[345:500])
        yield f"some take {folder!r} for the folder it is in, which headers of its kind do not have"
    elif block[508:512] == b"tar\0" and b"\0" not in block[345:476]:
        yield "its folder's name is longer than star writes one: some cut it, some do not"


def _no_header(block: bytes, tape: Tape, ended: int, budget: Budget) -> Iterator[Entry]:
    """Bytes that are no header: padding behind the end is an oddity, anything else an error."""
    if not ended and len(block) < BLOCK:
        raise ArchiveError(f"cut short: {len(block)} bytes where a header must stand")
    if not ended:
        raise ArchiveError("a header's checksum is wrong; nothing behind it can be trusted")
    rest = loose(BEHIND, chain((block,), tape.rest()), budget)
    detail = f"{rest.size:,} bytes behind the end-of-archive blocks that are no member"
    yield Oddity(kind="trailing-data", path="", detail=detail)
    yield rest


def is_header(block: bytes) -> bool:
    """Tell by its checksum whether a block of 512 bytes is a tar header."""
    if len(block) < BLOCK or block[148] not in BEGIN_NUMBERS:
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
    plain = _sum(block)
    above = sum(256 for byte in block[:148] + block[156:] if byte > 127)
    return wanted in {plain, plain - above}  # the latter as old tars wrote it: of signed bytes


def _sum(block: bytes) -> int:
    """Return the sum of a header's bytes, the checksum's own taken for blanks."""
    return sum(block[:148]) + 8 * 32 + sum(block[156:])


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


def _small(tape: Tape, size: int, budget: Budget) -> tuple[bytes, bytes]:
    """Return the next `size` bytes, and what follows them up to the end of their block."""
    if size > budget.limits.header_bytes:
        raise LimitError("header-bytes", budget.limits.header_bytes, size, "bytes")
    return b"".join(tape.pieces(size)), b"".join(tape.pieces(-size % BLOCK))


def _member(block: bytes, size: int, settings: dict[str, str], strip: int) -> Member:
    """Build a member from its header; a link has no content, whatever `size` says."""
    ustar = block[257:262] == b"ustar"
    name = settings.get("path")
    if name is None:
        name = _text(block[0:100])
        if block[257:263] == b"ustar\0" and block[345]:
            name = f"{_text(block[345:500])}/{name}"
    kind = _TYPES.get(block[156:157], MemberType.UNKNOWN)
    if kind is MemberType.FILE and SPARSE in settings:
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


def _sized(member: Member, size: int) -> Member:
    return member if member.size == size else replace(member, size=size)


_EDGES = frozenset({"", ".", "/"})


def stripped(name: str, strip: int) -> str:
    """Return a member's path below the root folder; empty and `.` parts do not count."""
    if "/." not in name and "//" not in name and name[-1:] not in _EDGES:
        # the answer below, quicker: nearly all names are spelled so
        if strip == 0 and name[0] not in _EDGES:
            return name
        root, _, path = name.partition("/")
        if strip == 1 and path and root not in _EDGES:
            return path
    parts = [part for part in name.split("/") if part not in {"", "."}]
    return "/".join(parts[strip:] if len(parts) > strip else parts)
