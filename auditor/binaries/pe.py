"""The section table and debug directory of PE files (Microsoft's PE and COFF specification)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.binaries.layout import Kind, Part, row, section, table, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEBUG = (".debug_", ".zdebug_")
_DIRECTORIES = {0x10B: 92, 0x20B: 108}
"""By magic of the optional header: where in it the number of data directories stands."""
_DEBUG_DIRECTORY = 6
_CODEVIEW = 2
_PATH_IN_CODEVIEW = {b"RSDS": 24, b"NB10": 16}
_MOST_ENTRIES = 64
_SYMBOL_SIZE = 18
_UPX = ("UPX0", "UPX1")


def claims(data: bytes) -> bool:
    """Tell a PE file by both of its magics: the first alone is a program for DOS, or a text."""
    if len(data) < 64 or data[:2] != b"MZ":
        return False
    offset = int.from_bytes(data[60:64], "little")
    return data[offset : offset + 4] == b"PE\0\0"


def parts(data: bytes) -> Iterator[Part]:
    """Yield sections of debug information, the path of the program database and what else shows.

    Raises ParseError where a table, or what it points at, lies outside of the file.
    """
    start = int.from_bytes(data[60:64], "little") + 4
    _, count, _, symbols, symbol_count, optional, _ = row(data, "<2H3I2H", start, "the file header")
    if symbol_count:
        yield Part(kind=Kind.SYMBOLS)
    long_names = symbols + symbol_count * _SYMBOL_SIZE
    header = start + 20
    rows = table(data, "<8s6I2HI", header + optional, count, "the section table")
    for raw, _, _, size, offset, *_ in rows:
        name = raw.rstrip(b"\0").decode("ascii", "replace")
        if name[:1] == "/" and name[1:].isdecimal():
            name = text_at(data, long_names + int(name[1:]), 64)
        if name.startswith(_DEBUG) and size:
            yield section(data, name, offset, size)
        elif name in _UPX:
            yield Part(kind=Kind.COMPRESSED, text="UPX")
    yield from _program_database(data, header, optional, rows)


def _program_database(
    data: bytes, header: int, size: int, rows: list[tuple[Any, ...]]
) -> Iterator[Part]:
    """Yield the path that the debug directory's CodeView entry names."""
    magic = int.from_bytes(data[header : header + 2], "little")
    at = _DIRECTORIES.get(magic)
    if at is None or size < at + 4 + 8 * (_DEBUG_DIRECTORY + 1):
        return
    (directories,) = row(data, "<I", header + at, "the optional header")
    if directories <= _DEBUG_DIRECTORY:
        return
    address, length = row(data, "<2I", header + at + 4 + 8 * _DEBUG_DIRECTORY, "the header")
    offset = _offset_of(address, rows)
    if offset is None:
        return
    entries = min(length // 28, _MOST_ENTRIES)
    for *_, kind, _, _, where in table(data, "<2I2H4I", offset, entries, "the debug directory"):
        head = data[where : where + 4]
        if kind == _CODEVIEW and head in _PATH_IN_CODEVIEW:
            yield Part(kind=Kind.PDB, text=text_at(data, where + _PATH_IN_CODEVIEW[head]))


def _offset_of(address: int, rows: list[tuple[Any, ...]]) -> int | None:
    """Return where in the file a virtual address lies, by the sections; None for nowhere."""
    for _, _, start, size, offset, *_ in rows:
        if address and start <= address < start + size:
            return int(address - start + offset)
    return None
