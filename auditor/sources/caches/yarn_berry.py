"""yarn from 2: one zip archive for each package, named after it.

A scoped package's file is called `@scope-name-npm-…`, which can be cut in several ways, as can some
others: then the paths of the archive's first entries, `node_modules/@scope/name/…`, decide.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from auditor.inventory import Origin
from auditor.lazyre import regex
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches import yarn_classic
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading

_END = regex(r"-[0-9a-f]{10}-[0-9a-z]{1,16}\.zip\Z")
_CUT = regex(r"-(?=npm-\d|(?:patch|https?|git|ssh|file|exec|virtual|commit)-)")
_HEAD = 4096
_HEADER = struct.Struct("<4s14xI4xHH")
_LOCAL = b"PK\x03\x04"
_INSIDE = regex(r"node_modules/((?:@[^/]+/)?[^/]+)/")
_ORIGINS = {"http": Origin.URL, "https": Origin.URL, "git": Origin.GIT, "ssh": Origin.GIT}


def _places(machine: Machine) -> Iterator[Path]:
    for folder in machine.named("YARN_GLOBAL_FOLDER"):
        yield folder / "cache"
    if machine.windows:
        yield machine.local / "Yarn" / "Berry" / "cache"
    elif machine.environment.get("XDG_DATA_HOME"):
        yield machine.xdg("XDG_DATA_HOME", ".local/share") / "yarn" / "berry" / "cache"
    yield machine.home / ".yarn" / "berry" / "cache"
    for folder in machine.named("YARN_CACHE_FOLDER"):  # of both generations of yarn
        if not any(os.path.isdir(folder / layout) for layout in yarn_classic.LAYOUTS):  # noqa: PTH112 - it does not raise
            yield folder


def _read(reading: Reading) -> Iterator[LockedPackage]:
    for entry in reading.entries(reading.folder):
        if not entry.name.endswith(".zip"):
            continue
        stem = _END.sub("", entry.name)
        cuts = {stem[: cut.start()]: stem[cut.end() :] for cut in _CUT.finditer(stem)}
        cuts.pop("", None)
        path = reading.folder / entry.name
        if stem == entry.name or not cuts or not reading.is_file(path):
            reading.lost(entry.name, "is no archive that is named as yarn names them")
            continue
        (slug, reference), *others = cuts.items()
        name: str | None = slug
        if others or slug.startswith("@"):
            name = _name(reading, path, cuts)
            reference = cuts.get((name or "").replace("/", "-"), "")
        protocol, _, rest = reference.partition("-")
        if name is None or protocol in {"patch", "virtual"}:
            continue  # the latter are made here, of an archive that is there as well
        npm = protocol == "npm"
        origin = Origin.REGISTRY if npm else _ORIGINS.get(protocol, Origin.FILE)
        yield names.package(entry.name, name, rest if npm else "", origin=origin)


def _name(reading: Reading, path: Path, slugs: Iterable[str]) -> str | None:
    """Return the name that a file's name can begin with; None, and a note, where none is told."""
    head = reading.head(path, _HEAD)
    if head is None:
        return None
    for entry in _entries(head):
        inside = _INSIDE.match(entry)
        if inside and inside[1].replace("/", "-") in slugs:
            return inside[1]
    reading.lost(path.name, "its first entries do not say where its name ends")
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
