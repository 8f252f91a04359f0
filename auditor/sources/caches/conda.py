"""conda and mamba: archives, what they were unpacked to, and a list of addresses (`urls.txt`).

The list is only ever added to: it also names what `conda clean` has removed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.addresses import address, conda_named
from auditor.inventory import LockedPackage
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.sources.caches._reading import Reading

_LIST = "urls.txt"
_ENDINGS = (".conda", ".tar.bz2")
_ROOTS = "miniconda3 anaconda3 miniforge3 mambaforge micromamba miniconda .conda".split()


def _places(machine: Machine) -> Iterator[Path]:
    between = "[,;]" if machine.windows else "[,:]"
    for folder in re.split(between, machine.environment.get("CONDA_PKGS_DIRS", "")):
        if folder:
            yield machine.home.joinpath(folder)
    for folder in machine.named("MAMBA_ROOT_PREFIX", "CONDA_ROOT"):
        yield folder / "pkgs"
    for executable in machine.named("CONDA_EXE"):
        yield executable.parent.parent / "pkgs"
    for root in _ROOTS:
        yield machine.home / root / "pkgs"


def _read(reading: Reading) -> Iterator[LockedPackage]:
    """Yield each package once: with its address, or else as an archive or folder."""
    listed: set[str] = set()
    path = reading.folder / _LIST
    data = reading.content(path) if reading.is_file(path) else None
    for number, line in enumerate((data or b"").decode("utf-8", "replace").splitlines(), 1):
        file = line.strip().rpartition("/")[2]
        if (one := _package(f"{_LIST}:{number}", file, line.strip(), number)) is not None:
            stem = _stem(file)
            if stem not in listed:
                listed.add(stem)
                yield one
    for entry in reading.entries(reading.folder):
        stem = _stem(entry.name)
        is_package = entry.is_dir(follow_symlinks=False) or entry.name.endswith(_ENDINGS)
        if not is_package or entry.is_symlink() or stem in listed:
            continue
        if (one := _package(entry.name, f"{stem}.conda", "", None)) is not None:
            listed.add(stem)
            yield one


def _package(place: str, file: str, resolved: str, line: int | None) -> LockedPackage | None:
    named = conda_named(address(f"file:///{file}"))
    if not named.name:
        return None
    return LockedPackage(
        id=place,
        ecosystem="conda",
        name=named.name,
        version=named.version,
        resolved=resolved,
        section="cached",
        line=line,
    )


def _stem(name: str) -> str:
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name


CLIENT = Client(name="conda", places=_places, read=_read)
