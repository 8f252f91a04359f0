"""What the walkers of all formats share: bounds-checked numbers, and the parts that they report."""

from __future__ import annotations

import struct
from enum import StrEnum
from functools import cache
from typing import Any

from msgspec import Struct

from auditor.errors import ParseError

MOST_ROWS = 200_000
"""Rows of one table: objects that give each function its own section reach tens of thousands."""


class Kind(StrEnum):
    """What a part of a binary is."""

    DEBUG = "debug"
    """A section of debug information; `text` is its name."""
    SYMBOLS = "symbols"
    """A static symbol table, which `strip` takes out."""
    SEPARATE = "separate"
    """The file holds symbols for another one, and no code."""
    PDB = "pdb"
    """Where the linker put the program database; `text` is the path."""
    COMPRESSED = "compressed"
    """The code is compressed, and unpacks itself when it runs; `text` is the name of the tool."""
    MAP = "map"
    """The address of a source map, `data:` among them; `text` is that."""
    DEBUG_ELSEWHERE = "debug-elsewhere"
    """The address of a file with the debug information; `text` is that."""


class Part(Struct, frozen=True, kw_only=True):
    """One thing that a table shows; `start` and `end` are offsets in the file, in bytes."""

    kind: Kind
    start: int = 0
    end: int = 0
    text: str = ""
    packing: str = ""
    """Of a section: `zlib` or `zstd` where its bytes are compressed."""


@cache
def _struct(layout: str) -> struct.Struct:
    return struct.Struct(layout)


def size_of(layout: str) -> int:
    """Return the bytes of one row."""
    return _struct(layout).size


def row(data: bytes, layout: str, offset: int, what: str) -> tuple[Any, ...]:
    """Unpack one row; raise ParseError, saying `what` it is, where it is not all in the file."""
    unpacker = _struct(layout)
    if not 0 <= offset <= len(data) - unpacker.size:
        raise ParseError(f"{what} lies outside of the file")
    return unpacker.unpack_from(data, offset)


def table(data: bytes, layout: str, offset: int, count: int, what: str) -> list[tuple[Any, ...]]:
    """Unpack `count` rows; raise ParseError where they are not all there, or more than any has."""
    unpacker = _struct(layout)
    if count > MOST_ROWS:
        raise ParseError(f"{what} says that it has {count:,} rows")
    if not 0 <= offset <= len(data) - count * unpacker.size:
        raise ParseError(f"{what} lies outside of the file")
    return list(unpacker.iter_unpack(data[offset : offset + count * unpacker.size]))


def section(data: bytes, name: str, start: int, size: int, packing: str = "") -> Part:
    """Return a section of debug information; raise ParseError where it is not all in the file."""
    if not 0 <= start <= len(data) - size:
        raise ParseError(f"the section {name} lies outside of the file")
    return Part(kind=Kind.DEBUG, start=start, end=start + size, text=name, packing=packing)


def text_at(data: bytes, offset: int, longest: int = 1024) -> str:
    """Return the NUL-ended text at an offset, cut at `longest` bytes; empty outside of the file."""
    if not 0 <= offset < len(data):
        return ""
    return data[offset : offset + longest].partition(b"\0")[0].decode("utf-8", "replace")
