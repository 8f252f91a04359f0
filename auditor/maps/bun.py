"""The maps inside an executable of `bun build --compile --sourcemap`, whose texts are compressed.

At the end of what bun appends stand the sizes, then `---- Bun! ----`. Before them lies a table of
modules; each row begins with three places: name, content and map. A map is a header (how many
sources, how many bytes of mappings), the places of names and of texts, mappings in bun's own form,
names, and each text as a Zstandard frame of its own; up to 1.1 it was one frame of JSON. Seen in
what bun 1.4 writes, and in bun's StandaloneModuleGraph.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.archives.inflate import ZSTD, inflated
from auditor.errors import InputError, ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TAILS = (32, 28, 24)
"""Bytes of the sizes before the trailer, newest first."""
_ROWS = (52, 36, 32, 28)
"""Bytes of one module in the table, newest first."""
_ROOTS = (b"/$bunfs/", b"B:/~BUN/", b"B:\\~BUN\\", b"compiled://")
_MOST_ROWS = 1_000_000
"""Rows of tables that are looked at in one file, whatever it holds."""
_MOST_SOURCES = 100_000
_MOST_TEXT = 256 * 1024 * 1024
"""What all texts of one executable may inflate to, in bytes."""


class Embedded(Struct, frozen=True, kw_only=True):
    """One map of an executable: its sources by name, or the JSON that it is written as."""

    sources: tuple[tuple[str, str], ...] = ()
    document: bytes = b""
    size: int = 0
    """Bytes in the executable."""


def maps(data: bytes, trailers: Iterable[int]) -> Iterator[Embedded]:
    """Yield the map of each module; `trailers` are the offsets of the trailer.

    Raises ParseError for a map that is damaged, or that this machine has no library to inflate.
    """
    left = _MOST_ROWS
    for trailer in sorted(trailers, reverse=True):
        for tail in _TAILS:
            graph, rows = _graph(data, trailer, tail, left)
            left -= rows
            if graph:
                yield from _maps(graph)
                return


def _maps(blobs: Iterable[bytes]) -> Iterator[Embedded]:
    left = _MOST_TEXT
    for blob in blobs:
        found = _map(blob, left)
        left -= sum(len(text) for _, text in found.sources)
        yield found


def _graph(data: bytes, trailer: int, tail: int, most: int) -> tuple[list[bytes], int]:
    """Return the maps of a module table, and how many rows were looked at.

    The list is empty where there is no table, or no module of it has a map.
    """
    looked = 0
    if trailer < tail:
        return [], looked
    count, offset, length = struct.unpack_from("<QII", data, trailer - tail)
    base = trailer - tail - count
    if base < 0 or offset + length > count or not length:
        return [], looked
    for row in _ROWS:
        blobs: list[bytes] = []
        if length % row:
            continue
        for at in range(base + offset, base + offset + length, row):
            looked += 1
            name, size, _, _, start, mapped = struct.unpack_from("<6I", data, at)
            if looked > most or not _is_name(data, base + name, size):
                break
            if mapped and start + mapped <= count:
                blobs.append(data[base + start : base + start + mapped])
        else:
            return blobs, looked
    return [], looked


def _is_name(data: bytes, start: int, size: int) -> bool:
    return data[start : start + size].startswith(_ROOTS)


def _map(blob: bytes, most: int) -> Embedded:
    if blob.startswith(ZSTD):
        return Embedded(document=_inflated(blob, most), size=len(blob))
    try:
        count, _ = struct.unpack_from("<II", blob)
        if count > _MOST_SOURCES:
            raise ParseError(f"says that it has {count:,} sources")
        places = list(struct.iter_unpack("<II", blob[8 : 8 + 16 * count]))
    except struct.error:
        raise ParseError("cut short") from None
    if len(places) != 2 * count:
        raise ParseError("cut short")
    sources = []
    for (name_at, name_size), (text_at, text_size) in zip(
        places[:count], places[count:], strict=True
    ):
        name = blob[name_at : name_at + name_size].decode("utf-8", "replace")
        text = _inflated(blob[text_at : text_at + text_size], most) if text_size else b""
        most -= len(text)
        sources.append((name, text.decode("utf-8", "replace")))
    return Embedded(sources=tuple(sources), size=len(blob))


def _inflated(frame: bytes, most: int) -> bytes:
    try:
        return inflated(frame, most)
    except InputError as problem:
        raise ParseError(str(problem)) from None
