"""poetry: wheels and sdists as they were downloaded, in folders of digests of their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sources.caches import _python_names as names
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading

_DEPTH = 4
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")


def _places(machine: Machine) -> Iterator[Path]:
    for folder in machine.named("POETRY_CACHE_DIR"):
        yield folder / "artifacts"
    default = machine.caches / "pypoetry"
    yield (default / "Cache" if machine.windows else default) / "artifacts"


def _read(reading: Reading) -> Iterator[LockedPackage]:
    for path in reading.below(reading.folder, _DEPTH):
        if path.name.endswith(_ARCHIVES):
            named = names.file(path.name)
            if named.name:
                yield names.package(reading.place(path), named)
            else:
                reading.lost(reading.place(path), "is not named as a wheel or sdist")


CLIENT = Client(name="poetry", places=_places, read=_read)
