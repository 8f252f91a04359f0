"""deno: npm packages, unpacked in one folder for each host, name and version.

What it fetches from elsewhere (`remote/`) lies there file by file, under digests of addresses, and
is no package of a registry that is read here.
"""

from __future__ import annotations

import binascii
from base64 import b32decode
from typing import TYPE_CHECKING

from auditor.lazyre import regex
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading

_COPY = regex(r"_\d+\Z")
"""Further copies of one version, for other peers."""


def _places(machine: Machine) -> Iterator[Path]:
    for folder in machine.named("DENO_DIR"):
        yield folder / "npm"
    yield machine.caches / "deno" / "npm"


def _read(reading: Reading) -> Iterator[LockedPackage]:
    for host in reading.folders(reading.folder):
        for folder in reading.folders(host):
            if folder.name.startswith("@"):
                for scoped in reading.folders(folder):
                    yield from _versions(reading, scoped, f"{folder.name}/{scoped.name}")
            else:
                yield from _versions(reading, folder, _name(folder.name))


def _versions(reading: Reading, folder: Path, name: str) -> Iterator[LockedPackage]:
    for path in reading.folders(folder):
        if path.name[:1].isdigit():
            yield names.package(reading.place(path), name, _COPY.sub("", path.name))


def _name(folder: str) -> str:
    """Return the name behind a folder's: capitals are kept as base 32, behind a `_`."""
    if not folder.startswith("_"):
        return folder
    text = folder[1:].upper()
    try:
        return b32decode(text + "=" * (-len(text) % 8)).decode()
    except (binascii.Error, ValueError):
        return folder


CLIENT = Client(name="deno", places=_places, read=_read)
