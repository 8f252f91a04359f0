"""Native code: debug information, symbol tables and the build machine's paths in each binary."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from auditor import buildpaths
from auditor.binaries import HEADS
from auditor.errors import ParseError
from auditor.facts import Collector, Contents, Hits, Reader, Unread
from auditor.lazyre import regex
from auditor.model import ByteCount, Fact, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.binaries.tables import Part

_SMALLEST = 28
_INFORMATION = regex(r"[._]*z?debug_(?:info|line|types)|PDB\Z")
"""Sections that name sources, lines and types; others, such as .debug_frame, serve to unwind."""
_NAMES = regex(r"[._]*z?debug_(?:str|line|line_str)\b")
"""Sections in which DWARF keeps the names of folders and files."""
_BUNDLED = regex(r"(?:^|[/!])(?:[^/!]+\.libs|\.libs|\.dylibs|node_modules)/", re.IGNORECASE)
_RATIO = 20
_MOST = 256 * 1024 * 1024
"""What sections may inflate to: names of files shrink to a fifth at most."""


class NativeCodeFact(Fact, frozen=True, kw_only=True):
    """One executable, library, object file or file of symbols, recognised by its content."""

    format: str
    """`ELF`, `Mach-O`, `PE`, `static library`, or `PDB` for a program database."""
    debug_information: bool
    """It holds the names of sources, functions, variables and types (DWARF, or a database)."""
    debug_bytes: ByteCount
    """What all sections of debug information take, as they are stored."""
    symbol_table: bool
    """It has a symbol table that running it does not need."""
    separate: bool
    """It holds nothing but symbols for another file: `.pdb`, `.dSYM`, `.dwo`, a split `.debug`."""
    database: str
    """Where the linker of a PE file wrote the program database, as recorded in it."""
    bundled: bool
    """It lies where auditwheel, delocate, delvewheel or npm put what others built."""
    paths: int
    """Different absolute paths of sources and objects on the build machine."""
    example: str
    user: str
    """The user name that a path shows; empty for none, or one of a build service or image."""
    shared: bool
    """There are paths, and everybody who builds on that service or image has the same ones."""


def read(member: Member, data: bytes, _: Hits) -> Iterator[NativeCodeFact | Unread]:
    """Leave the fact of one binary, and a gap for tables or sections that could not be read."""
    from auditor.binaries.tables import Kind, inspect  # noqa: PLC0415 - where there is such a file

    binary = inspect(data)
    if binary is None:
        return
    problems = [f"tables not read to the end: {problem}" for problem in binary.problems]
    problems += {f"not looked into: packed by {part.text}" for part in binary.of(Kind.COMPRESSED)}
    database = next((part.text for part in binary.of(Kind.PDB)), "")
    paths = [database] if database else []
    debug = binary.of(Kind.DEBUG)
    try:
        paths += _paths(data, debug)
    except ParseError as problem:
        problems.append(f"not searched for paths to the end: {problem}")
    shown = buildpaths.shown(paths)
    yield NativeCodeFact(
        path=member.path,
        format=binary.format,
        debug_information=any(_INFORMATION.match(part.text) for part in debug),
        debug_bytes=ByteCount(sum(end - start for start, end in _merged(debug))),
        symbol_table=bool(binary.of(Kind.SYMBOLS)),
        separate=bool(binary.of(Kind.SEPARATE)),
        database=database,
        bundled=_BUNDLED.search(member.path) is not None,
        paths=shown.count,
        example=shown.example,
        user=shown.user,
        shared=shown.shared,
    )
    yield from (Unread(path=member.path, reason=problem) for problem in problems)


def _paths(data: bytes, debug: tuple[Part, ...]) -> Iterator[str]:
    """Yield the paths in the file as it is, then those in its compressed sections of names.

    Raises ParseError for a section that is damaged, or compressed in a way that we do not read.
    """
    yield from buildpaths.in_bytes(data, _merged(debug))
    packed = dict.fromkeys(part for part in debug if part.packing and _NAMES.match(part.text))
    left = min(_RATIO * len(data), _MOST)
    for part in packed:
        names = _inflated(data, part, left)
        left -= len(names)
        yield from buildpaths.in_bytes(names, [(0, len(names))])


def _inflated(data: bytes, part: Part, most: int) -> bytes:
    if part.packing != "zlib":
        raise ParseError(f"the section {part.text} is compressed by {part.packing}")
    inflater = zlib.decompressobj()
    try:
        names = inflater.decompress(data[part.start : part.end], max(most, 1))
    except zlib.error:
        raise ParseError(f"the section {part.text} is damaged") from None
    if not inflater.eof:
        raise ParseError(f"the section {part.text} is cut short, or inflates to more than it may")
    return names


def _merged(parts: tuple[Part, ...]) -> list[tuple[int, int]]:
    """Return the ranges of sections in order, those that touch or overlap as one."""
    ranges: list[tuple[int, int]] = []
    for start, end in sorted((part.start, part.end) for part in parts):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def collect(contents: Contents) -> Iterator[NativeCodeFact]:
    """Yield what the reader found."""
    yield from contents.of(NativeCodeFact)


READER = Reader(
    endings=frozenset(),
    heads=HEADS,
    wants=lambda member: member.size >= _SMALLEST,
    read=read,
)
COLLECTOR = Collector(name="native-code", fact=NativeCodeFact, collect=collect)
