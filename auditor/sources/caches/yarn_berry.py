"""yarn from 2: one zip archive for each package, named after it.

A scoped package's file is called `@scope-name-npm-…`, which can be cut in several ways: where the
scope ends is read from the paths of the archive's first entries, `node_modules/@scope/name/…`.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from auditor.inventory import Origin
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches import yarn_classic
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading

_FILE = re.compile(
    r"(.+?)-(npm-(\d.*)|(?:patch|https?|git|ssh|file|exec|virtual|commit)-.*)"
    r"-[0-9a-f]{10}-[0-9a-z]{1,16}\.zip\Z",
    re.DOTALL,
)
_HEAD = 4096
_HEADER = struct.Struct("<4s14xI4xHH")
_LOCAL = b"PK\x03\x04"
_INSIDE = re.compile(r"node_modules/((?:@[^/]+/)?[^/]+)/")
_ORIGINS = {"http": Origin.URL, "https": Origin.URL, "git": Origin.GIT, "ssh": Origin.GIT}


def _places(machine: Machine) -> Iterator[Path]:
    for folder in machine.named("YARN_GLOBAL_FOLDER"):
        yield folder / "cache"
    if machine.windows:
        yield machine.local / "Yarn" / "Berry" / "cache"
    elif machine.environment.get("XDG_DATA_HOME"):
        yield machine.xdg("XDG_DATA_HOME", ".local/share") / "yarn" / "berry" / "cache"
    yield machine.home / ".yarn" / "berry" / "cache"
    classic = set(yarn_classic.CLIENT.places(machine))
    for folder in machine.named("YARN_CACHE_FOLDER"):  # of both generations of yarn
        if not any(path.parent == folder and path.is_dir() for path in classic):
            yield folder


def _read(reading: Reading) -> Iterator[LockedPackage]:
    for entry in reading.entries(reading.folder):
        if not entry.name.endswith(".zip"):
            continue
        found = _FILE.match(entry.name)
        path = reading.folder / entry.name
        if found is None or not reading.is_file(path):
            reading.lost(entry.name, "is no archive that is named as yarn names them")
            continue
        protocol = found[2].partition("-")[0]
        if protocol in {"patch", "virtual"}:  # made here, of an archive that is there as well
            continue
        name = _name(reading, path, found[1])
        if name is not None:
            origin = _ORIGINS.get(protocol, Origin.REGISTRY if found[3] else Origin.FILE)
            yield names.package(entry.name, name, found[3] or "", origin=origin)


def _name(reading: Reading, path: Path, slug: str) -> str | None:
    """Return the name that a file's name begins with; None, and a note, where it is not told."""
    if not slug.startswith("@"):
        return slug
    head = reading.head(path, _HEAD)
    if head is None:
        return None
    for entry in _entries(head):
        inside = _INSIDE.match(entry)
        if inside and inside[1].replace("/", "-") == slug:
            return inside[1]
    reading.lost(path.name, "its first entries do not say where the scope of its name ends")
    return None


def _entries(head: bytes) -> Iterator[str]:
    """Yield the paths of the first entries of a zip, as their own headers have them."""
    at = 0
    while at + _HEADER.size <= len(head):
        magic, packed, length, extra = _HEADER.unpack_from(head, at)
        if magic != _LOCAL:
            return
        at += _HEADER.size
        yield head[at : at + length].decode("utf-8", "replace")
        at += length + extra + packed


CLIENT = Client(name="yarn-berry", places=_places, read=_read)
