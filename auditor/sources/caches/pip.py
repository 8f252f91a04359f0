"""pip: the bodies of its HTTP cache, told by what they are, and the wheels that it built.

The HTTP cache (`http-v2`, `http` before pip 23.3) is named after digests of addresses: nothing in
it says what was asked for. A body that is a wheel or an sdist says it itself; index pages and bare
metadata are no evidence. Wheels built here (`wheels`) have an `origin.json` that names the sdist.
"""

from __future__ import annotations

import re
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING

import msgspec

from auditor.addresses import UNNAMED, Named
from auditor.archives import is_archive, walk
from auditor.archives import zip as zip_
from auditor.errors import InputError
from auditor.inventory import Origin
from auditor.lazyre import regex
from auditor.limits import Budget
from auditor.model import Member
from auditor.sources.caches import _python_names as names
from auditor.sources.caches._client import Client, Machine
from auditor.sources.caches._reading import Reading, integrity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from auditor.inventory import LockedPackage

_DEPTH = 8
_HEAD = 512
_ENVELOPE = regex(rb"cc=4,.{0,8}?\xa8response.{1,5}?\xa4body[\xc4-\xc6]", re.DOTALL)
"""What CacheControl writes in front of a body, and the kind of number that its length is."""
_ZIP = b"PK\x03\x04"
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")


class _Archive(msgspec.Struct):
    hash: str = ""
    hashes: dict[str, str] = {}


class _Origin(msgspec.Struct):
    url: str = ""
    archive_info: _Archive | None = None
    vcs_info: dict[str, object] | None = None
    dir_info: dict[str, object] | None = None


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("PIP_CACHE_DIR")
    folder = machine.caches / "pip"
    yield folder / "Cache" if machine.windows else folder


def read(reading: Reading) -> Iterator[LockedPackage]:
    """Yield what pip fetched into a cache, and what it built of what it had fetched."""
    for name in ("http-v2", "http"):
        if (folder := reading.child(reading.folder, name)) is not None:
            for path in reading.below(folder, _DEPTH):
                named = _body(reading, path)
                if named.name:
                    yield names.package(reading.place(path), named)
    if (folder := reading.child(reading.folder, "wheels")) is not None:
        yield from built(reading, folder)


def built(reading: Reading, folder: Path) -> Iterator[LockedPackage]:
    """Yield the wheels below a folder, each with the address that it was built from."""
    for path in reading.below(folder, _DEPTH):
        if path.suffix != ".whl":
            continue
        named = names.file(path.name)
        if not named.name:
            reading.lost(reading.place(path), "is not named as a wheel")
            continue
        beside = path.with_name("origin.json")
        origin = reading.document(beside, _Origin) if reading.is_file(beside) else None
        yield names.package(
            reading.place(path),
            named,
            resolved=origin.url if origin else "",
            integrity=_digests(origin),
            origin=_origin(origin),
        )


def _digests(origin: _Origin | None) -> tuple[str, ...]:
    archive = origin.archive_info if origin else None
    if archive is None:
        return ()
    algorithm, _, digest = archive.hash.partition("=")
    pairs = archive.hashes or ({algorithm: digest} if digest else {})
    return tuple(one for pair in sorted(pairs.items()) for one in integrity(*pair))


def _origin(origin: _Origin | None) -> Origin:
    if origin and origin.vcs_info is not None:
        return Origin.GIT
    return Origin.FILE if origin and origin.dir_info is not None else Origin.REGISTRY


def _body(reading: Reading, path: Path) -> Named:
    """Return the distribution that a response was; nothing for other responses."""
    file = reading.open(path)
    if file is None:
        return UNNAMED
    try:
        with file:
            head = file.read(_HEAD)
            start, size = _bounds(head)
            content = head[start : start + 8]
            if content.startswith(_ZIP):
                return _of_zip(file, start, size, reading)
            if content.startswith(_COMPRESSED) or is_archive(head[start:]):
                return _of_tar(file, start, reading)
    except (OSError, ValueError) as problem:
        reading.lost(reading.place(path), f"cannot be read: {problem}")
    except InputError as problem:
        reading.lost(reading.place(path), f"is a damaged archive: {problem}")
    return UNNAMED


def _bounds(head: bytes) -> tuple[int, int | None]:
    """Return where the body begins, and its size where the file has more than the body."""
    found = _ENVELOPE.match(head)
    if found is None:
        return 0, None
    width = 1 << head[found.end() - 1] - 0xC4
    start = found.end() + width
    return start, int.from_bytes(head[found.end() : start], "big")


def _of_zip(file: BinaryIO, start: int, size: int | None, reading: Reading) -> Named:
    """Return the distribution of a wheel, or of an sdist that is a zip, by its directory alone."""
    with mmap(file.fileno(), 0, access=ACCESS_READ) as mapped, memoryview(mapped) as whole:
        end = len(whole) if size is None else start + size
        with whole[start:end] as data:
            listed = zip_.listing(data, Budget(reading.limits))
    for name in reversed(listed):  # where builders put it
        named = names.dist_info(name.partition("/")[0])
        if named.name:
            return named
    return names.file(f"{listed[0].partition('/')[0]}.zip") if listed else UNNAMED


def _of_tar(file: BinaryIO, start: int, reading: Reading) -> Named:
    """Return the distribution of an sdist by the folder of its first member."""
    file.seek(start)
    budget = Budget(reading.limits)
    for entry in walk(file, budget, strip=0, lone="page"):
        if isinstance(entry, tuple) and isinstance(entry[0], Member):
            folder, slash, _ = entry[0].path.partition("/")
            return names.file(f"{folder}.tar.gz") if slash else UNNAMED
    return UNNAMED


CLIENT = Client(name="pip", places=_places, read=read)
