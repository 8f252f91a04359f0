"""pdm: unpacked wheels (`packages`, where `install.cache` is on) and those that it built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sources.caches import _python_names as names
from auditor.sources.caches import pip
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("PDM_CACHE_DIR")
    folder = machine.caches / "pdm"
    yield folder / "pdm" / "Cache" if machine.windows else folder


def _read(reading: Reading) -> Iterator[LockedPackage]:
    if (folder := reading.child(reading.folder, "packages")) is not None:
        for path in reading.folders(folder):
            stem = path.name.removesuffix(".cache").removesuffix(".whl")
            named = names.file(f"{stem}.whl")
            if named.name:
                yield names.package(reading.place(path), named)
            else:
                reading.lost(reading.place(path), "is not named as a wheel")
    if (folder := reading.child(reading.folder, "wheels")) is not None:
        yield from pip.built(reading, folder)


CLIENT = Client(name="pdm", places=_places, read=_read)
