"""pipenv: a folder of its own that it lets pip use as its cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sources.caches import pip
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("PIPENV_CACHE_DIR")
    folder = machine.caches / "pipenv"
    yield folder / "pipenv" / "Cache" if machine.windows else folder


CLIENT = Client(name="pipenv", places=_places, read=pip.read)
