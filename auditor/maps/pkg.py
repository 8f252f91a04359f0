"""The sources inside an executable of pkg: modules that it holds as text and not as bytecode.

Behind the contents stands the code that starts the program, and at its end, each on a line of its
own: the files by path (`1` is the place of a content, counted from the first one; `0` that of
bytecode), the path to start with, links, the dictionary of names in paths and the compression.
Seen in what @yao-pkg/pkg 6 writes; pkg 5 writes the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from auditor.archives.inflate import inflated
from auditor.errors import InputError, ParseError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TABLES = regex(
    rb',\n(\{"[^\n]*+)\n,\n"[^\n]*+\n,\n\{[^\n]*+\n,\n(\{[^\n]*+)\n,\n([0-3]|true|false)\n\);'
)
_BROTLI = b"2"
_PACKED = frozenset({b"1", b"3", b"true"})
"""gzip and Zstandard, which their first bytes tell apart."""
_CONTENT = "1"
_ROOT = regex(r"(?:[A-Za-z]:)?/snapshot/")
_LARGEST_TABLE = 16 * 1024 * 1024
_MOST_TEXT = 256 * 1024 * 1024
"""What all contents may inflate to, in bytes."""


def sources(data: bytes, starts: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Yield each file that is there as it was, by its path; `starts` are offsets of the literal.

    Raises ParseError for tables or contents that are damaged, or that need a library that is not
    installed.
    """
    for start in sorted(starts, reverse=True):
        found = _TABLES.search(data, start)
        if found is None:
            continue
        if found.end(2) - found.start(1) > _LARGEST_TABLE:
            raise ParseError("the list of files of a pkg program is too long")
        yield from _files(data, start, *found.groups())
        return


def _files(
    data: bytes, end: int, listing: bytes, names: bytes, packing: bytes
) -> Iterator[tuple[str, bytes]]:
    try:
        files, codes = json.loads(listing), json.loads(names)
    except (ValueError, RecursionError):
        raise ParseError("the list of files of a pkg program cannot be read") from None
    spelled = {str(code): name for name, code in codes.items()}
    places = {path: _places(row) for path, row in files.items()}
    base = end - max(
        (start + size for row in places.values() for start, size in row.values()), default=0
    )
    left = _MOST_TEXT
    for path, row in places.items():
        if _CONTENT not in row:
            continue
        start, size = row[_CONTENT]
        if base < 0:
            raise ParseError("the files of a pkg program are cut short")
        content = _plain(data[base + start : base + start + size], packing, left)
        left -= len(content)
        whole = "/".join(spelled.get(part, part) for part in path.split("/")) if spelled else path
        yield _ROOT.sub("", whole.replace("\\", "/"), count=1), content


def _places(row: object) -> dict[str, tuple[int, int]]:
    """Return where each form of one file lies; raise ParseError for a row that is none."""
    places: dict[str, tuple[int, int]] = {}
    for store, place in row.items() if isinstance(row, dict) else ():
        match place:
            case [int(start), int(size)] if start >= 0 and size >= 0:
                places[store] = (start, size)
            case _:
                raise ParseError("the list of files of a pkg program has a row that is none")
    return places


def _plain(content: bytes, packing: bytes, most: int) -> bytes:
    if packing not in _PACKED and packing != _BROTLI:
        return content
    try:
        return inflated(content, most, brotli=packing == _BROTLI)
    except InputError as problem:
        raise ParseError(f"a file of a pkg program: {problem}") from None
