"""The load commands of Mach-O files, thin and fat, both byte orders (`loader.h`, `fat.h`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.binaries import MACHO_FAT, MACHO_THIN
from auditor.binaries.layout import Kind, Part, row, section, size_of, table
from auditor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_THIN = dict(zip(MACHO_THIN, ((">", False), ("<", False), (">", True), ("<", True)), strict=True))
"""By magic as it stands in the file, the byte order, and whether it has 64 bits."""
_FAT = dict(zip(MACHO_FAT, (">5I", ">IIQQII"), strict=True))
_FIRST_JAVA_CLASS = 45
"""Java's class files have the same magic, and their version where the number of slices stands."""
_MOST_COMMANDS = 10_000
_SEGMENTS = {1: False, 0x19: True}
_SYMTAB = 2
_DSYM = 10
_LAYOUTS = {  # whether it has 64 bits: the file header, a segment command, a section
    False: ("7I", "2I16s4I4I", "16s16s9I"),
    True: ("8I", "2I16s4Q4I", "16s16s2Q8I"),
}
_SMALLEST = 28


def claims(data: bytes) -> bool:
    """Tell a Mach-O file by its magic, and a fat one from a class file of Java."""
    if len(data) < _SMALLEST:
        return False
    if data[:4] in _FAT:
        return 0 < int.from_bytes(data[4:8], "big") < _FIRST_JAVA_CLASS
    return data[:4] in _THIN


def parts(data: bytes) -> Iterator[Part]:
    """Yield sections of debug information and what else the load commands show, slice by slice.

    Raises ParseError where a table, or what it points at, lies outside of the file.
    """
    layout = _FAT.get(data[:4])
    if layout is None:
        yield from _thin(data, 0)
        return
    count = int.from_bytes(data[4:8], "big")
    for _, _, offset, *_ in table(data, layout, 8, count, "the table of slices"):
        if data[offset : offset + 4] in _THIN:  # a slice may also hold a static library
            yield from _thin(data, offset)
        elif offset >= len(data):
            raise ParseError("a slice lies outside of the file")


def _thin(data: bytes, base: int) -> Iterator[Part]:
    order, is_64 = _THIN[data[base : base + 4]]
    file, segment, entry = (order + layout for layout in _LAYOUTS[is_64])
    header = row(data, file, base, "the file header")
    if header[3] == _DSYM:
        yield Part(kind=Kind.SEPARATE)
    if header[4] > _MOST_COMMANDS:
        raise ParseError(f"says that it has {header[4]:,} load commands")
    offset = base + size_of(file)
    for _ in range(header[4]):
        command, size = row(data, f"{order}2I", offset, "a load command")
        if size < 8:
            raise ParseError(f"says that a load command has {size} bytes")
        if _SEGMENTS.get(command) is is_64:
            count = row(data, segment, offset, "a segment command")[9]
            if count * size_of(entry) > size - size_of(segment):
                raise ParseError("a segment has more sections than its command has room for")
            start = offset + size_of(segment)
            for name, owner, _, length, where, *_ in table(data, entry, start, count, "a section"):
                if owner.rstrip(b"\0") == b"__DWARF" and length:
                    label = name.partition(b"\0")[0].decode("ascii", "replace")
                    yield section(data, label, base + where, length)
        elif command == _SYMTAB and row(data, f"{order}6I", offset, "a symbol command")[3]:
            yield Part(kind=Kind.SYMBOLS)
        offset += size
