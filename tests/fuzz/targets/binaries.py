"""Executables and libraries: ELF, Mach-O, PE, WebAssembly, `ar`. Nothing is ever raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.binaries import is_binary, tables
from auditor.binaries.layout import Kind
from tests import binaries, payloads
from tests.fuzz.target import BrokenError, Target

if TYPE_CHECKING:
    from collections.abc import Iterator


def run(data: bytes) -> object:
    found = tables.inspect(data)
    parts = () if found is None else found.parts
    for part in parts:
        if part.kind is Kind.DEBUG and not 0 <= part.start <= part.end <= len(data):
            raise BrokenError(f"{part.text!r} lies outside of the file")
    return is_binary(data), found, tables.links(data, Kind.MAP)


def elf_seeds() -> Iterator[bytes]:
    for bits, order in ((64, "<"), (32, ">")):
        yield binaries.elf({".debug_info": b"/home/zoe"}, bits=bits, order=order, symbols=24)


def macho_seeds() -> Iterator[bytes]:
    thin = binaries.macho({"__debug_info": b"/home/zoe"})
    yield thin
    yield binaries.fat(thin, thin)


def pe_seeds() -> Iterator[bytes]:
    yield binaries.pe({".debug_info": b"/home/zoe"})


def wasm_seeds() -> Iterator[bytes]:
    yield payloads.wasm({"sourceMappingURL": payloads.text("a.wasm.map"), "name": b"x"})
    yield payloads.wasm({"external_debug_info": payloads.text("a.dbg"), ".debug_info": b"x"})


def ar_seeds() -> Iterator[bytes]:
    yield binaries.library([("a.o/", binaries.elf({".debug_info": b"x"}))])


TARGETS = tuple(
    Target(name=f"binary-{name}", run=run, seeds=seeds, words=words, longest=2048)
    for name, seeds, words in (
        ("elf", elf_seeds, (b"\x7fELF", b".debug_info\0", b".symtab\0")),
        ("macho", macho_seeds, (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"__DWARF\0")),
        ("pe", pe_seeds, (b"MZ", b"PE\0\0", b"RSDS", b".debug_info")),
        ("wasm", wasm_seeds, (b"\0asm\1\0\0\0", b"\x10sourceMappingURL", b"name")),
        ("ar", ar_seeds, (b"!<arch>\n", b"`\n", b"#1/20", b"//")),
    )
)
