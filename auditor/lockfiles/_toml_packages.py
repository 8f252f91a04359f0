"""Packages of uv and Poetry straight from the text of their tables; None for all that is unusual.

Nearly every package of a lockfile is written alike: what differs stands between quotation marks. A
text that is parted at these gives its values at once, and what is left of it is to be exactly what
the writer puts between them. A table that is a bit other is read as a document of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from auditor.errors import InputError
from auditor.inventory import LockedPackage
from auditor.lockfiles._toml_lines import has_control

Table = dict[str, Any]

MARK = "\0"
"""Stands for a quotation mark in a text."""
_KEY = "package"
_HEADER = "[[package]]\n"


class Plain(Struct, frozen=True, kw_only=True):
    """How a client writes nearly all of its packages."""

    around: re.Pattern[str]
    """What stands around the texts of a package; of each text one quotation mark is left."""
    package: Callable[[re.Match[str], list[str], int], tuple[LockedPackage, Table] | None]
    """Returns the package and what of its table is asked for, by what stands around the texts, the
    texts and the line of the header; None for what is not plain after all. A quotation mark within
    a text is `MARK`, and no other escaped sign comes."""


class Written(Struct, frozen=True, kw_only=True):
    """A document with packages."""

    document: Table
    """As tomllib gives it; of plain packages only that is true which their `Plain` says."""
    lines: list[int]
    """Where the packages begin, from 1."""
    plain: dict[int, LockedPackage]
    """By index those that are read already."""


class _Unusual(Exception):  # noqa: N818 - no error: the document is read as a whole
    """The text is not made of tables that can be read one by one."""


def read(text: str, toml: Callable[[str], Table], plain: Plain) -> Written | None:
    """Return a document, its odd parts as `toml` reads them; None where that must read it all."""
    if has_control(text):
        return None
    head, *blocks = text.split("\n" + _HEADER)
    try:
        return _written(head, blocks, toml, plain)
    except (InputError, _Unusual):
        return None


def _written(head: str, blocks: list[str], toml: Callable[[str], Table], plain: Plain) -> Written:
    document = toml(head)
    if _KEY in document:
        raise _Unusual
    found: dict[int, LockedPackage] = {}
    tables: list[Table] = []
    lines: list[int] = []
    line = head.count("\n") + 2
    for index, block in enumerate(blocks):
        around, texts = _parted(block)
        shape = plain.around.fullmatch(around)
        both = plain.package(shape, texts, line) if shape else None
        if both is not None:
            found[index], table = both
        else:
            table, others = _one(block, toml)
            if not document.keys().isdisjoint(others):
                raise _Unusual
            document.update(others)
        tables.append(table)
        lines.append(line)
        line += (around or block).count("\n") + 2
    if tables:
        document[_KEY] = tables
    return Written(document=document, lines=lines, plain=found)


def _parted(block: str) -> tuple[str, list[str]]:
    """Return what stands around the texts, and these; nothing where one is odd."""
    if "\\" in block:  # one before another sign stays
        block = block.replace("\\\\", "\\ ").replace('\\"', MARK)
    parts = block.split('"')
    texts = parts[1::2]
    together = "".join(texts)
    if not len(parts) % 2 or "\n" in together or "\\" in together:
        return "", []
    return '"'.join(parts[::2]), texts


def _one(block: str, toml: Callable[[str], Table]) -> tuple[Table, Table]:
    """Return the table of a package by the text behind its header, and what else follows it."""
    document = toml(_HEADER + block)
    table, *more = document.pop(_KEY)
    if more:
        raise _Unusual
    return table, document
