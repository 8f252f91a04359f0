"""The sources inside an executable of `deno compile`: every module as it was written.

Behind the magic word lie, among other things, the files of the program as JSON (`n` name, `o`
place of the original, `m` of what it was compiled to, `s` of its map, `e` what a folder has), and
behind them their contents, each part with its length in eight bytes before it. Seen in what deno
2.9 writes.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from auditor.errors import ParseError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FILES = regex(rb'\[\{"(?:File|Dir|Symlink)":\{"n":"')
_NEAR = 1024 * 1024
"""Bytes behind the magic in which the list of files begins: settings stand before it."""
_MOST_FILES = 100_000
_LARGEST_LISTING = 16 * 1024 * 1024
"""Bytes of JSON: that many files come to less."""


def sources(data: bytes, magics: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Yield each file by its path, with its content; `magics` are the offsets of the magic.

    Raises ParseError for a list of files that is damaged.
    """
    places = sorted(magics)
    offset = places[0] if places else len(data)
    while found := _FILES.search(data, offset):
        start = found.start()
        offset = found.end()
        size = int.from_bytes(data[start - 8 : start], "little")
        before = bisect_left(places, start) - 1
        if not 0 < size <= _LARGEST_LISTING or start - places[before] > _NEAR:
            continue
        base = start + size + 8
        total = int.from_bytes(data[base - 8 : base], "little")
        if total > len(data) - base:
            raise ParseError("the files of a deno program are cut short")
        yield from _files(data[start : start + size], memoryview(data)[base : base + total])
        offset = base + total


def _files(listing: bytes, contents: memoryview) -> Iterator[tuple[str, bytes]]:
    try:
        pending = [("", entry) for entry in reversed(json.loads(listing))]
    except (ValueError, RecursionError):
        raise ParseError("the list of files of a deno program cannot be read") from None
    count = 0
    while pending:
        folder, entry = pending.pop()
        name, file, inner = _entry(entry)
        path = f"{folder}/{name}" if folder else name
        pending += [(path, one) for one in reversed(inner)]
        if file is None:
            continue
        count += 1
        start, size = file
        if count > _MOST_FILES or not 0 <= start <= start + size <= len(contents):
            raise ParseError("the list of files of a deno program leads outside of it")
        yield path, bytes(contents[start : start + size])


def _entry(entry: object) -> tuple[str, tuple[int, int] | None, list[Any]]:
    """Return the name of one row, the place of its content, and the rows inside it."""
    kind, row = next(iter(entry.items()), ("", None)) if isinstance(entry, dict) else ("", None)
    if not isinstance(row, dict) or not isinstance(name := row.get("n"), str):
        raise ParseError("the list of files of a deno program has a row that is none")
    if kind == "Dir":
        inner = row.get("e")
        return name, None, inner if isinstance(inner, list) else []
    match row.get("o"):
        case [int(start), int(size)] if kind == "File":
            return name, (start, size), []
    return name, None, []
