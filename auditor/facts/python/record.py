"""RECORD against the wheel it stands in: what it does not list, what is not there, what differs.

Rests on "Recording installed projects" and "Binary distribution format" (PEP 376, 427): every file
but RECORD and its signatures is listed with a digest of SHA-256 or better. Installers copy what
the archive holds and most of them check nothing, so it is the archive that is listed here, and
RECORD is the claim. A RECORD in a vendored package's dist-info, further down, says nothing of this
wheel.
"""

from __future__ import annotations

import binascii
import hashlib
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import fastpaths
from auditor.facts import Collector, Contents, Reader, Unread
from auditor.facts.distribution import distribution_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind, ByteCount, Fact, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.facts import Hits
    from auditor.model import Member

_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
_WEAK = frozenset({"md5", "sha1", "sha224"})
_STRONG = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
_SPECIAL = regex(rb'["\\\0]|\r(?!\n)')
"""What means something else than itself in a RECORD, or to some reader of it."""
_SHOWN = 80


class Problem(StrEnum):
    """What is wrong with one line, or with the file as a whole."""

    MISSING = "missing"
    """There is no RECORD."""
    UNREADABLE = "unreadable"
    """It is no UTF-8 text, or no CSV."""
    MALFORMED = "malformed"
    """A line that has no three fields, or a digest or size that cannot be one."""
    UNLISTED = "unlisted"
    """A file of the wheel that no line names."""
    SELF_UNLISTED = "self-unlisted"
    """RECORD does not name itself."""
    ABSENT = "absent"
    """A line whose file is not in the wheel."""
    REPEATED = "repeated"
    """Two lines for one file."""
    NO_DIGEST = "no-digest"
    WEAK_DIGEST = "weak-digest"
    """MD5, SHA-1 or SHA-224, or an algorithm that nobody knows."""
    WRONG_DIGEST = "wrong-digest"
    WRONG_SIZE = "wrong-size"


class MemberDigest(Struct, frozen=True, kw_only=True, gc=False):
    """The SHA-256 of one member of a wheel, as 32 bytes."""

    path: str
    size: int
    sha256: bytes


class RecordFact(Fact, frozen=True, kw_only=True):
    """One problem; `path` is the file that it is about, `line` that of RECORD if there is one."""

    problem: Problem
    detail: str
    """What is wrong, to be read after the path."""
    size: ByteCount
    """Of the file; 0 where it is not there."""


def wants(member: Member) -> bool:
    """Ask for all that lies in the wheel itself."""
    return not member.nested


def read(member: Member, data: bytes, _: Hits) -> tuple[MemberDigest]:
    """Leave the digest."""
    sha256 = hashlib.sha256(data).digest()
    return (MemberDigest(path=member.path, size=len(data), sha256=sha256),)


def quiet(members: Sequence[Member], contents: Sequence[bytes]) -> Iterator[MemberDigest]:
    """Leave the digests of many."""
    for member, data in zip(members, contents, strict=True):
        if wants(member):
            yield from read(member, data, ())


def collect(contents: Contents) -> Iterator[RecordFact | Unread]:
    """Yield every problem of a wheel's RECORD; of other artifacts nothing."""
    if contents.kind is not ArtifactKind.WHEEL:
        return
    wheel = distribution_of(contents)
    path = f"{wheel.dist_info}/RECORD" if wheel.dist_info else ""
    if not path or path not in wheel.documents:
        if path not in contents.files():  # else it is there and could not be read, which is a gap
            where = path or "the wheel"
            yield _problem(where, Problem.MISSING, "is not there: nothing says what belongs to it")
        return
    if fastpaths.enabled("exact_record") and _is_exact(contents, path, wheel.documents[path]):
        return
    import csv  # noqa: PLC0415 - of wheels whose RECORD is not as a tool would write it

    try:
        lines = _lines(wheel.documents[path])
    except (UnicodeDecodeError, csv.Error) as problem:
        yield _problem(path, Problem.UNREADABLE, f"cannot be read: {problem}")
        return
    yield from _Comparison(contents, path).of(lines)


def _is_exact(contents: Contents, path: str, record: bytes) -> bool:
    """Tell whether RECORD is, but for its order, what a tool writes of the wheel as it is.

    Then there is nothing to say of it. False says nothing: a name with a comma is quoted, and each
    algorithm that is better than SHA-256 is allowed.
    """
    members = [
        member.path
        for member in contents.members
        if member.type is not MemberType.DIRECTORY and wants(member)
    ]
    digests = contents.of(MemberDigest)
    read_once = len({*members}) == len(members) == len(digests)
    if not read_once or {one.path for one in digests} != {*members}:
        return False
    wanted = [f"{path},,"]
    for one in digests:
        if one.path != path:
            digest = urlsafe_b64encode(one.sha256).decode("ascii").rstrip("=")
            wanted.append(f"{one.path},sha256={digest},{one.size}")
    written = "\n".join(wanted).encode("utf-8", "surrogatepass").split(b"\n")
    lines = record.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    plain = record.count(b",") == 2 * len(lines)
    return plain and sorted(lines) == sorted(written) and not _SPECIAL.search(record)


class _Line(Struct, frozen=True):
    number: int
    fields: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.fields[0].replace("\\", "/")


def _lines(data: bytes) -> list[_Line]:
    import csv  # noqa: PLC0415 - of wheels alone

    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    return [_Line(reader.line_num, tuple(row)) for row in reader if row]


class _Comparison:
    """What is in the wheel, asked line by line."""

    def __init__(self, contents: Contents, record: str) -> None:
        self._record = record
        folder = record.rpartition("/")[0]
        self._exempt = {f"{folder}/{name}" for name in _SIGNATURES}
        self._members = {
            member.path: member.size
            for member in contents.members
            if member.type is not MemberType.DIRECTORY and not member.nested
        }
        self._digests: dict[str, set[tuple[int, bytes]]] = defaultdict(set)
        for seen in contents.of(MemberDigest):
            self._digests[seen.path].add((seen.size, seen.sha256))

    def of(self, lines: list[_Line]) -> Iterator[RecordFact | Unread]:
        listed: dict[str, int] = {}
        for line in lines:
            if len(line.fields) != 3:
                fields = f"line {line.number} has {len(line.fields)} fields where 3 are due"
                yield _problem(self._record, Problem.MALFORMED, fields, line=line.number)
                continue
            if line.path in listed:
                detail = f"is listed twice (lines {listed[line.path]} and {line.number})"
                yield self._about(line, Problem.REPEATED, detail)
                continue
            listed[line.path] = line.number
            if line.path not in self._members:
                yield self._about(line, Problem.ABSENT, "is listed and not in the wheel")
            elif line.path != self._record and line.path not in self._exempt:
                yield from self._checked(line)
        for path in sorted(self._members.keys() - listed.keys() - self._exempt):
            if path == self._record:
                yield _problem(path, Problem.SELF_UNLISTED, "does not list itself")
            else:
                size = self._members[path]
                yield _problem(path, Problem.UNLISTED, "is in the wheel and not listed", size=size)

    def _checked(self, line: _Line) -> Iterator[RecordFact | Unread]:
        _, digest, size = line.fields
        name, _, value = digest.partition("=")
        there = self._digests.get(line.path, set())
        if not digest:
            yield self._about(line, Problem.NO_DIGEST, "is listed without a digest")
        elif name in _STRONG:
            why = f"RECORD gives a {name} digest of it, which is not checked (SHA-256 is)"
            yield Unread(path=line.path, reason=why)
        elif name != "sha256":
            weak = "which is too weak to prove anything" if name in _WEAK else "which nobody knows"
            yield self._about(line, Problem.WEAK_DIGEST, f"has a digest by {name[:_SHOWN]}, {weak}")
        else:
            yield from self._digest(line, value, there)
        if size and not (size.isascii() and size.isdigit() and len(size) < 20):
            yield self._about(line, Problem.MALFORMED, f"has a size of {size[:_SHOWN]!r}")
        elif size and (wrong := sorted(real for real, _ in there if real != int(size))):
            detail = f"has {wrong[0]:,} bytes where RECORD says {int(size):,}"
            yield self._about(line, Problem.WRONG_SIZE, detail)

    def _digest(
        self, line: _Line, value: str, there: set[tuple[int, bytes]]
    ) -> Iterator[RecordFact]:
        try:
            wanted = urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (binascii.Error, ValueError):
            wanted = b""
        if len(wanted) != 32:
            yield self._about(line, Problem.MALFORMED, f"has a digest of {value[:_SHOWN]!r}")
        elif any(wanted != real for _, real in there):
            detail = "is not the file that RECORD describes: its digest differs"
            yield self._about(line, Problem.WRONG_DIGEST, detail)

    def _about(self, line: _Line, problem: Problem, detail: str) -> RecordFact:
        size = self._members.get(line.path, 0)
        return _problem(line.path, problem, detail, line=line.number, size=size)


def _problem(
    path: str, problem: Problem, detail: str, *, line: int | None = None, size: int = 0
) -> RecordFact:
    return RecordFact(path=path, line=line, problem=problem, detail=detail, size=ByteCount(size))


READER = Reader(wheels_only=True, wants=wants, read=read, quiet=quiet)
COLLECTOR = Collector(name="record", fact=RecordFact, collect=collect, python=True)
