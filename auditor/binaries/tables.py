"""Section tables of native code: what an executable, library or object file says of its making.

`inspect` tells the format by the content, never by the name, and walks the tables of ELF, Mach-O,
PE and WebAssembly, also of the objects in a static library. Left out: COFF objects, whose two
magic bytes stand in too many other files; static libraries inside a fat Mach-O file; components of
WebAssembly. What is left out is no gap: paths in it are not looked for, secrets are, as in every
file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.binaries import STARTS, ar, elf, macho, pe, wasm
from auditor.binaries.layout import Kind, Part
from auditor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Binary", "Kind", "Part", "inspect", "links"]

_FORMATS: dict[str, tuple[Callable[[bytes], bool], Callable[[bytes], Iterator[Part]]]] = {
    "ELF": (elf.claims, elf.parts),
    "Mach-O": (macho.claims, macho.parts),
    "PE": (pe.claims, pe.parts),
    "WebAssembly": (wasm.claims, wasm.parts),
}
_DATABASES = (
    b"Microsoft C/C++ MSF 7.00\r\n\x1a",
    b"Microsoft C/C++ program database 2.00\r\n\x1a",
    b"BSJB\x01\x00\x01\x00",
)
"""Program databases, the last of .NET ("portable PDB"): no other file begins so."""


class Binary(Struct, frozen=True, kw_only=True):
    """What a file of native code, or of symbols for it, shows."""

    format: str
    """`ELF`, `Mach-O`, `PE`, `WebAssembly`, `static library` or `PDB`."""
    parts: tuple[Part, ...] = ()
    problems: tuple[str, ...] = ()
    """Where a table is cut short, or points outside of the file; the parts are those before."""

    def of(self, kind: Kind) -> tuple[Part, ...]:
        """Return the parts of one kind, in the order of the tables."""
        return tuple(part for part in self.parts if part.kind is kind)


def links(data: bytes, kind: Kind) -> tuple[Part, ...]:
    """Return the addresses that a module of WebAssembly names; nothing for other files."""
    binary = inspect(data) if wasm.claims(data) else None
    return binary.of(kind) if binary is not None else ()


def inspect(data: bytes) -> Binary | None:
    """Return what the tables of a file show; None where it is no native code. Never raises."""
    head = data[:4]
    if head not in STARTS and head[:2] != b"MZ":
        return None
    if data.startswith(_DATABASES):
        whole = Part(kind=Kind.DEBUG, end=len(data), text="PDB")
        return Binary(format="PDB", parts=(Part(kind=Kind.SEPARATE), whole))
    if ar.claims(data):
        return _library(data)
    for name, (claims, parts) in _FORMATS.items():
        if claims(data):
            found, problem = _taken(parts(data))
            return Binary(format=name, parts=tuple(found), problems=(problem,) if problem else ())
    return None


def _taken(parts: Iterator[Part]) -> tuple[list[Part], str]:
    """Return the parts up to where the tables break, and how they do."""
    found: list[Part] = []
    try:
        found.extend(parts)
    except ParseError as problem:
        return found, str(problem)
    return found, ""


def _library(data: bytes) -> Binary | None:
    """Return what the objects of an `ar` archive show together; None where it holds none.

    Other things are such archives as well: Debian's packages, for one.
    """
    found: list[Part] = []
    problems: list[str] = []
    objects = 0
    try:
        for start, end in ar.members(data):
            head = data[start : start + 4]
            if head not in STARTS and head[:2] != b"MZ":
                continue
            piece = data[start:end]
            for claims, parts in _FORMATS.values():
                if claims(piece):
                    objects += 1
                    shown, problem = _taken(parts(piece))
                    found += (
                        replace(part, start=part.start + start, end=part.end + start)
                        for part in shown
                        if part.kind is not Kind.SEPARATE
                    )
                    problems += [problem] if problem else []
    except ParseError as problem:
        problems.append(str(problem))
    if not objects:
        return None
    return Binary(format="static library", parts=tuple(found), problems=tuple(problems[:1]))
