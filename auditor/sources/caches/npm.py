"""npm: the index of its content-addressed cache (`_cacache`), one line for each fetch.

Source: cacache's `entry-index` and make-fetch-happen's `cache/entry`. A line is a SHA-1 and the
JSON that it is of; of several lines with one key the last counts, and one without integrity takes
the entry out. A response that was no 200 says so (`status`), and is no package.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from auditor.sources.caches import _npm_names as names
from auditor.sources.caches._client import Client, Machine
from auditor.sources.caches._reading import Reading, moment, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage

_INDEX = "index-v5"
_DEPTH = 2
"""Folders above a bucket, below the index."""
_REQUEST = "make-fetch-happen:request-cache:"
_TARBALL = "pacote:tarball:"
"""The key of a tarball that npm got by itself: of a git repository, a folder or a file."""
_OK = 200


class _Metadata(msgspec.Struct):
    status: int = _OK


class _Line(msgspec.Struct):
    key: str
    integrity: str | None = None
    time: float = 0
    """Milliseconds since 1970."""
    metadata: _Metadata | None = None


def folders(machine: Machine) -> Iterator[Path]:
    """Yield the folders that npm may use as its cache."""
    yield from machine.named("npm_config_cache")
    yield machine.local / "npm-cache" if machine.windows else machine.home / ".npm"


def _places(machine: Machine) -> Iterator[Path]:
    return (folder / "_cacache" for folder in folders(machine))


def _read(reading: Reading) -> Iterator[LockedPackage]:
    index = reading.child(reading.folder, _INDEX)
    if index is not None:
        for path in reading.below(index, _DEPTH):
            yield from _bucket(reading, path)


def _bucket(reading: Reading, path: Path) -> Iterator[LockedPackage]:
    """Yield each tarball whose key is in a bucket, as it was last fetched."""
    data = reading.content(path)
    if data is None:
        return
    place = reading.place(path)
    found: dict[str, LockedPackage] = {}
    damaged = 0
    for number, raw in enumerate(data.split(b"\n"), 1):
        if not raw:
            continue
        line = _line(raw)
        if line is None:
            damaged += 1
            continue
        if line.integrity:
            one = _package(line, place, number)
            if one is not None:
                found[line.key] = one
        elif line.key in found:
            found[line.key] = replace(found[line.key], section="removed")
    yield from found.values()
    if damaged:
        reading.lost(place, f"{damaged:,} of its lines are damaged, and skipped as npm skips them")


def _line(raw: bytes) -> _Line | None:
    digest, _, text = raw.partition(b"\t")
    if hashlib.sha1(text, usedforsecurity=False).hexdigest().encode() != digest:
        return None
    return parsed(text, _Line)


def _package(line: _Line, place: str, number: int) -> LockedPackage | None:
    for prefix in (_REQUEST, _TARBALL):
        if line.key.startswith(prefix):
            got = names.fetched(line.key.removeprefix(prefix))
            if got is not None and (line.metadata or _Metadata()).status == _OK:
                return names.package(
                    f"{place}:{number}",
                    got.name,
                    got.version,
                    resolved=got.address,
                    integrity=tuple((line.integrity or "").split()),
                    origin=got.origin,
                    fetched_at=moment(line.time / 1000),
                    line=number,
                )
    return None


CLIENT = Client(name="npm", places=_places, read=_read)
