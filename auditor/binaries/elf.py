"""The section table of ELF files, 32 and 64 bits, both byte orders (System V ABI, chapter 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.binaries.layout import Kind, Part, row, section, size_of, table, text_at
from auditor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYMTAB = 2
_NOBITS = 8
_EXECUTABLE = 0x4
_COMPRESSED = 0x800
_IN_ANOTHER_SECTION = 0xFFFF
_PACKINGS = {1: "zlib", 2: "zstd"}
_DEBUG = (b".debug_", b".zdebug_")
_SCRIPTS = b".debug_gdb_scripts"
"""Names a script for the debugger; Rust writes it into every program, and it tells nothing."""
_ZLIB = b"ZLIB"
_ZLIB_HEAD = 12
_UPX = b"UPX!"
_UPX_WINDOW = 1024
_LAYOUTS = {  # by class: the file header behind e_ident, a section header, a compression header
    1: ("HHIIIIIHHHHHH", "10I", "III"),
    2: ("HHIQQQIHHHHHH", "IIQQQQIIQQ", "IIQQ"),
}
_SMALLEST = 52


def claims(data: bytes) -> bool:
    """Tell an ELF file by its magic, class and byte order."""
    return (
        len(data) >= _SMALLEST
        and data.startswith(b"\x7fELF")
        and data[4] in _LAYOUTS
        and data[5] in {1, 2}
    )


def parts(data: bytes) -> Iterator[Part]:
    """Yield sections of debug information and what else the section table shows.

    Raises ParseError where the table, or what it points at, lies outside of the file. A file
    without a section table is sound: nothing that runs it needs one.
    """
    if _UPX in data[:_UPX_WINDOW]:
        yield Part(kind=Kind.COMPRESSED, text="UPX")
    order = "<" if data[5] == 1 else ">"
    file, entry, packed = (order + layout for layout in _LAYOUTS[data[4]])
    header = row(data, file, 16, "the file header")
    offset, entry_size, count, names_index = header[5], header[10], header[11], header[12]
    if offset == 0:
        return
    first = row(data, entry, offset, "the section table")
    if entry_size != size_of(entry):
        raise ParseError(f"says that a section header has {entry_size:,} bytes")
    count = count or first[5]
    names_index = first[6] if names_index == _IN_ANOTHER_SECTION else names_index
    rows = table(data, entry, offset, count, "the section table")
    names = rows[names_index][4] if 0 < names_index < len(rows) else len(data)
    if names > len(data):
        raise ParseError("the table of section names lies outside of the file")
    holds_debug = holds_code = empty_code = False
    for name, kind, flags, _, start, size, *_ in rows:
        if flags & _EXECUTABLE:
            holds_code = holds_code or kind != _NOBITS
            empty_code = empty_code or kind == _NOBITS
        if kind == _SYMTAB and size:
            yield Part(kind=Kind.SYMBOLS)
        elif kind != _NOBITS and size and data.startswith(_DEBUG, names + name):
            if data.startswith(_SCRIPTS, names + name):
                continue
            label = text_at(data, names + name, 64)
            holds_debug = True
            yield _debug(data, packed, label, start, size, compressed=bool(flags & _COMPRESSED))
            if label.endswith(".dwo"):
                empty_code = True
    if holds_debug and empty_code and not holds_code:
        yield Part(kind=Kind.SEPARATE)


def _debug(  # noqa: PLR0913
    data: bytes, packed: str, name: str, start: int, size: int, *, compressed: bool
) -> Part:
    """Return a section, from behind the header that says how it is compressed."""
    whole = section(data, name, start, size)
    if compressed:
        (method, *_) = row(data, packed, start, f"the section {name}")
        head = min(size_of(packed), size)
        packing = _PACKINGS.get(method, f"method {method}")
        return section(data, name, start + head, size - head, packing)
    if name.startswith(".zdebug_") and data.startswith(_ZLIB, start) and size > _ZLIB_HEAD:
        return section(data, name, start + _ZLIB_HEAD, size - _ZLIB_HEAD, "zlib")
    return whole
