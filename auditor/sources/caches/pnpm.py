"""pnpm: the indexes of its content-addressed store, one entry for each package in a version.

Seen in stores of pnpm 9 (`v3`: `files/xx/…-index.json`, named after the tarball's SHA-512), 10
(`v10`: `index/xx/…-name@version.json`) and 11 (`v11`: the keys of the SQLite file `index.db`).

The keys of `index.db` are found in its bytes. Each stands behind the header of its record, which
says how long it is. So no SQL runs, nothing is locked or written next to it, what is still in the
write-ahead log counts, and so does an entry that was deleted and not written over yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from auditor.inventory import Origin
from auditor.lazyre import regex
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches._client import Client, Machine
from auditor.sources.caches._reading import Reading, integrity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from auditor.inventory import LockedPackage

_VERSION = regex(r"v\d{1,3}\Z")
_OLD = "-index.json"
_FILE = regex(r"([0-9a-f]{16,126})-(.+)\.json\Z", re.DOTALL)
_DATABASES = ("index.db", "index.db-wal")
_KEY = regex(rb"(sha\d{1,3}-[A-Za-z0-9+/]{20,86}={0,2})\t([\x21-\x7e]{1,600})")
_BUILT = regex(rb"(?:git\+)?(?:https?|ssh)://[\x21-\x7e]{1,600}\t(?:not-)?built")
"""The key of a package that comes from a git host, not from a registry."""
_CHUNK = 4 * 1024 * 1024
_LONGEST = 1024
"""Bytes of a key."""
_HEADER = 14
"""Bytes of a record's header in front of its key."""


class _Index(msgspec.Struct):
    name: str = ""
    version: str = ""


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("npm_config_store_dir", "pnpm_config_store_dir")
    for folder in machine.named("PNPM_HOME"):
        yield folder / "store"
    if machine.windows:
        yield machine.local / "pnpm" / "store"
    elif machine.platform == "darwin":
        yield machine.home / "Library" / "pnpm" / "store"
    yield machine.xdg("XDG_DATA_HOME", ".local/share") / "pnpm" / "store"
    yield machine.home / ".pnpm-store"


def _read(reading: Reading) -> Iterator[LockedPackage]:
    yield from _store(reading, reading.folder)
    for folder in reading.folders(reading.folder):
        if _VERSION.match(folder.name):
            yield from _store(reading, folder)


def _store(reading: Reading, folder: Path) -> Iterator[LockedPackage]:
    """Yield what one version of the layout has, whichever it is."""
    if (index := reading.child(folder, "index")) is not None:
        for path in reading.below(index, 1):
            yield from _named(reading, path)
    elif (files := reading.child(folder, "files")) is not None and not any(
        reading.is_file(folder / name) for name in _DATABASES
    ):
        for path in reading.below(files, 1):
            if path.name.endswith(_OLD):
                digest = path.parent.name + path.name.removesuffix(_OLD)
                whole = integrity("sha512", digest) if len(digest) == 128 else ()
                yield from _described(reading, path, whole)
    seen: set[bytes] = set()
    for name in _DATABASES:
        path = folder / name
        if reading.is_file(path) and (file := reading.open(path)) is not None:
            with file:
                yield from _database(reading, path, file, seen)


def _named(reading: Reading, path: Path) -> Iterator[LockedPackage]:
    """Yield the package that an index file is named after, or else describes."""
    found = _FILE.match(path.name)
    spelled = names.SPELLED.match(found[2]) if found else None
    if spelled:
        name = spelled[1].replace("+", "/", 1)
        yield names.package(reading.place(path), name, spelled[2])
    elif found:
        yield from _described(reading, path, (), Origin.URL)
    else:
        reading.lost(reading.place(path), "is not named as an index")


def _described(
    reading: Reading, path: Path, whole: tuple[str, ...], origin: Origin = Origin.REGISTRY
) -> Iterator[LockedPackage]:
    document = reading.document(path, _Index)
    if document is None:
        return
    if document.name and document.version:
        yield names.package(
            reading.place(path), document.name, document.version, integrity=whole, origin=origin
        )
    else:
        reading.lost(reading.place(path), "has no name and version")


def _database(
    reading: Reading, path: Path, file: BinaryIO, seen: set[bytes]
) -> Iterator[LockedPackage]:
    """Yield the package of each key, once."""
    place = reading.place(path)
    git: set[bytes] = set()
    for offset, key in _keys(reading, path, file, git):
        if key in seen:
            continue
        seen.add(key)
        digest, _, spelled = key.decode().partition("\t")
        named = names.SPELLED.match(spelled)
        got = None if named else names.fetched(spelled)
        if named:
            yield names.package(f"{place}:{offset}", named[1], named[2], integrity=(digest,))
        elif got is not None:
            yield names.package(
                f"{place}:{offset}",
                got.name,
                got.version,
                resolved=spelled,
                integrity=(digest,),
                origin=got.origin,
            )
        else:
            reading.lost(f"{place}:{offset}", "is the key of an entry, and names no package")
    if git:
        reading.lost(
            place, f"{len(git):,} entries are of git hosts, their names and versions not read"
        )


def _keys(
    reading: Reading, path: Path, file: BinaryIO, git: set[bytes]
) -> Iterator[tuple[int, bytes]]:
    """Yield offset and text of each key in a file of pages; collect those of git hosts."""
    data, start, done = b"", 0, -1
    chunk = b"-"
    while chunk:
        try:
            chunk = file.read(_CHUNK)
        except OSError as problem:
            reading.lost(reading.place(path), f"cannot be read: {problem.strerror or problem}")
            return
        data += chunk
        sure = len(data) - _LONGEST if chunk else len(data)
        if len(git) < reading.limits.members:
            git.update(_BUILT.findall(data))
        for found in _KEY.finditer(data):
            at = found.start()
            length = _length(data, at) if done < start + at and at < sure else 0
            if length and _KEY.fullmatch(data, at, at + length):
                done = start + at
                yield done, data[at : at + length]
        kept = data[-_LONGEST - _HEADER :]  # with the header of a key that begins there
        start += len(data) - len(kept)
        data = kept


def _length(data: bytes, start: int) -> int:
    """Return the length of a key by the header in front of it; 0 where no header stands there.

    The header of a record has its own size, the type of the key and the type of the data, each as
    a number of variable length; a text of n bytes has the type 2n + 13.
    """
    for size in range(3, _HEADER):
        at = start - size
        if at < 0 or data[at] != size:
            continue
        types = _numbers(data[at + 1 : start])
        if len(types) == 2 and types[0] > 13 and types[0] % 2 and types[1] >= 12:
            return min((types[0] - 13) // 2, _LONGEST)
    return 0


def _numbers(data: bytes) -> list[int]:
    """Return the numbers of variable length that bytes are; nothing where the last is cut."""
    numbers: list[int] = []
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    return numbers if data and data[-1] < 0x80 else []


CLIENT = Client(name="pnpm", places=_places, read=_read)
