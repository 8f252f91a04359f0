"""Packages of uv and Poetry straight from the text of their tables; None for all that is unusual.

Nearly every package of a lockfile is written alike: what differs stands between quotation marks. A
text that is parted at these gives its values at once, and what is left of it is to be exactly what
the writer puts between them. A table that is a bit other is read as a document of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from auditor.errors import InputError
from auditor.lockfiles._toml_lines import has_control

if TYPE_CHECKING:
    import re

    from auditor.inventory import LockedPackage

Table = dict[str, Any]
Plain = Callable[[str, int], "tuple[LockedPackage, Table] | None"]
"""What reads a table as it mostly is: from its text and line the package, and the rest of it."""

_KEY = "package"
_HEADER = "[[package]]\n"
_FURTHER = "\n\n["
"""Begins a table of the package: only its own lines are plain."""


class _Unusual(Exception):  # noqa: N818 - no error: the document is read as a whole
    """The text is not made of tables that can be read one by one."""


def read(
    text: str, toml: Callable[[str], Table], plain: Plain, further: frozenset[str]
) -> tuple[Table, dict[int, LockedPackage]] | None:
    """Return a document as `toml` reads it, and by index the packages that are plain.

    Of their tables in the document only that is true which `plain` says of them, and the tables of
    the names `further` that they have. None where the text cannot be taken apart.
    """
    if has_control(text):
        return None
    head, *written = text.split("\n" + _HEADER)
    try:
        return _tables(head, written, toml, plain, further)
    except (InputError, _Unusual):
        return None


def _tables(
    head: str,
    written: list[str],
    toml: Callable[[str], Table],
    plain: Plain,
    further: frozenset[str],
) -> tuple[Table, dict[int, LockedPackage]]:
    document = toml(head)
    if _KEY in document:
        raise _Unusual
    found: dict[int, LockedPackage] = {}
    tables: list[Table] = []
    line = head.count("\n") + 2
    for index, block in enumerate(written):
        own, begun, rest = block.partition(_FURTHER)
        both = plain(f"{own}\n" if begun else own, line)
        if both is not None and begun:
            more, others = _one(f"[{rest}", toml)
            both[1].update(more)
            if others or not more.keys() <= further or {*map(type, more.values())} != {dict}:
                both = None
        if both is not None:
            found[index], table = both
        else:
            table, others = _one(block, toml)
            if not document.keys().isdisjoint(others):
                raise _Unusual
            document.update(others)
        tables.append(table)
        line += block.count("\n") + 2
    if tables:
        document[_KEY] = tables
    return document, found


def _one(block: str, toml: Callable[[str], Table]) -> tuple[Table, Table]:
    """Return the table of a package by the text behind its header, and what else follows it."""
    document = toml(_HEADER + block)
    table, *more = document.pop(_KEY)
    if more:
        raise _Unusual
    return table, document


def parted(text: str, shape: re.Pattern[str]) -> tuple[re.Match[str], list[str]] | None:
    """Return what stands around the texts of some lines, and these; None where it is other.

    `shape` is of all that is no text: of each text one quotation mark is left.
    """
    parts = text.split('"')
    around = '"'.join(parts[::2])
    if not len(parts) % 2 or "\\" in text or text.count("\n") != around.count("\n"):
        return None
    found = shape.fullmatch(around)
    return None if found is None else (found, parts[1::2])
