"""Minimal executables for tests: headers and tables by hand, with nothing behind them to run."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Sections = Mapping[str, bytes]


def elf(  # noqa: PLR0913
    sections: Sections | None = None,
    *,
    bits: int = 64,
    order: str = "<",
    symbols: int = 0,
    code: int = 1,
    flags: Mapping[str, int] | None = None,
) -> bytes:
    """Return an ELF file; `code` is the type of .text (8: it is empty, as in a split file)."""
    wide = bits == 64
    head = 64 if wide else 52
    layout = order + ("IIQQQQIIQQ" if wide else "10I")
    given = {".text": b"\xc3", **(sections or {})}
    types = {".text": code}
    if symbols:
        given[".symtab"] = bytes(symbols)
        types[".symtab"] = 2
    names = b"\0"
    body = b""
    rows = [struct.pack(layout, *[0] * 10)]
    for name, data in (*given.items(), (".shstrtab", b"")):
        at = len(names)
        names += name.encode() + b"\0"
        content = names if name == ".shstrtab" else data
        bit = (flags or {}).get(name, 6 if name == ".text" else 0)
        row = (at, types.get(name, 1), bit, 0, head + len(body), len(content), 0, 0, 1, 0)
        rows.append(struct.pack(layout, *row))
        body += content
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + bytes(9)
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"),
        *(3, 62, 1, 0, 0, head + len(body), 0, head, 0, 0, struct.calcsize(layout)),
        *(len(rows), len(rows) - 1),
    )
    return ident + header + body + b"".join(rows)


def macho(
    sections: Sections | None = None,
    *,
    bits: int = 64,
    order: str = "<",
    symbols: int = 0,
    kind: int = 6,
) -> bytes:
    """Return a Mach-O file whose sections are all in the segment __DWARF."""
    wide = bits == 64
    given = sections or {}
    segment = struct.calcsize("<2I16s4Q4I" if wide else "<2I16s4I4I")
    entry = struct.calcsize("<16s16s2Q8I" if wide else "<16s16s9I")
    size = segment + entry * len(given)
    head = 32 if wide else 28
    start = head + size + 24
    rows = body = b""
    for name, data in given.items():
        numbers = (0, len(data), start + len(body), *[0] * (7 if wide else 6))
        layout = order + ("16s16s2Q8I" if wide else "16s16s9I")
        rows += struct.pack(layout, name.encode(), b"__DWARF", *numbers)
        body += data
    magic = struct.pack(f"{order}I", 0xFEEDFACF if wide else 0xFEEDFACE)
    header = struct.pack(f"{order}6I", 7, 3, kind, 2, size + 24, 0) + bytes(4 if wide else 0)
    command = struct.pack(
        order + ("2I16s4Q4I" if wide else "2I16s4I4I"),
        *(0x19 if wide else 1, size, b"__DWARF", 0, 0, start, len(body), 7, 7, len(given), 0),
    )
    table = struct.pack(f"{order}6I", 2, 24, 0, symbols, 0, 0)
    return magic + header + command + rows + table + body


def fat(*slices: bytes, wide: bool = False) -> bytes:
    """Return a fat Mach-O file of such slices."""
    layout = ">IIQQII" if wide else ">5I"
    start = 8 + struct.calcsize(layout) * len(slices)
    rows = body = b""
    for one in slices:
        numbers = (7, 3, start + len(body), len(one), 0, 0)[: 6 if wide else 5]
        rows += struct.pack(layout, *numbers)
        body += one
    return struct.pack(">2I", 0xCAFEBABF if wide else 0xCAFEBABE, len(slices)) + rows + body


def pe(  # noqa: PLR0913
    sections: Sections | None = None,
    *,
    bits: int = 64,
    database: str = "",
    codeview: bytes = b"RSDS",
    symbols: int = 0,
    directories: int = 16,
) -> bytes:
    """Return a PE file; long section names go into the string table, as MinGW writes them."""
    given = dict(sections or {})
    if database:
        record = codeview + bytes(20 if codeview == b"RSDS" else 12) + database.encode() + b"\0"
        given[".rdata"] = bytes(28) + record
    optional = (112 if bits == 64 else 96) + 8 * directories
    start = 64 + 24 + optional + 40 * len(given)
    rows = body = names = b""
    address, place, debug = 0x1000, 0, (0, 0)
    for name, data in given.items():
        short = name
        if len(name) > 8:
            short = f"/{4 + len(names)}"
            names += name.encode() + b"\0"
        offset = start + len(body)
        content = data
        if name == ".rdata" and database:
            debug = (address, 28)
            entry = (0, 0, 0, 0, 2, len(data) - 28, address + 28, offset + 28)
            content = struct.pack("<2I2H4I", *entry) + data[28:]
        numbers = (len(content), address, len(content), offset, 0, 0, 0, 0, 0)
        rows += struct.pack("<8s6I2HI", short.encode(), *numbers)
        body += content
        address += 0x1000
    place = start + len(body)
    coff = (0x8664, len(given), 0, place if names or symbols else 0, symbols, optional, 0)
    head = struct.pack("<H", 0x20B if bits == 64 else 0x10B).ljust(optional - 8 * directories - 4)
    table = [b"\0" * 8] * directories
    if directories > 6:
        table[6] = struct.pack("<2I", *debug)
    header = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<2H3I2H", *coff)
    head += struct.pack("<I", directories) + b"".join(table)
    return header + head + rows + body + bytes(18 * symbols) + struct.pack("<I", 4) + names


def library(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return an `ar` archive; names that begin with `#1/` are put before the content (BSD)."""
    out = b"!<arch>\n"
    for name, data in members:
        content = data
        label = name
        if name.startswith("#1/"):
            label = f"#1/{len(name)}"
            content = name.encode() + data
        out += f"{label:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n".encode()
        out += content + b"\n" * (len(content) % 2)
    return out
