"""What package managers' caches hold: evidence that a version of a package was fetched here.

Each client is one module of this folder with a `CLIENT`; nothing is registered by hand. Evidence is
what a client stores of a package's own content, or notes of having fetched it. What merely lists
versions (a packument, an index page, metadata that is fetched to resolve) is none. Reading changes
nothing: no file is written, no link below a cache's folder followed, no client asked.
"""

from __future__ import annotations

import importlib
import os
from functools import cache as remembered
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import plugins
from auditor.errors import SpentError
from auditor.inventory import Inventory
from auditor.sources.caches._client import Client, Machine
from auditor.sources.caches._reading import Reading, TooManyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.inventory import LockedPackage
    from auditor.limits import Limits

__all__ = ["Cache", "caches", "clients", "inventory"]


class Cache(Struct, frozen=True, kw_only=True):
    """A folder in which a client keeps what it fetched."""

    client: str
    """`npm`, `npm-logs`, `pnpm`, `yarn`, `yarn-berry`, `bun`, `pip`, `uv`, …"""
    folder: Path


@remembered
def clients() -> Mapping[str, Client]:
    """Return all clients by name; the modules are imported here."""
    found: dict[str, Client] = {}
    for name in plugins.modules(__path__):
        declared = getattr(importlib.import_module(f"{__name__}.{name}"), "CLIENT", None)
        if isinstance(declared, Client):
            if declared.name in found:
                raise TypeError(f"two clients are called {declared.name!r}")
            found[declared.name] = declared
    return found


def caches(environment: Mapping[str, str], home: Path, platform: str) -> Iterator[Cache]:
    """Yield the caches that exist for a user, each once; `platform` is spelled as `sys.platform`.

    A folder that a variable names does not hide the one that is used without it: both are evidence.
    """
    machine = Machine(environment=environment, home=home, platform=platform)
    for client in clients().values():
        seen: set[str] = set()
        for folder in client.places(machine):
            real = os.path.realpath(folder)
            if real not in seen and os.path.isdir(folder):  # noqa: PTH112 - it does not raise
                seen.add(real)
                yield Cache(client=client.name, folder=folder)


def inventory(cache: Cache, limits: Limits) -> Inventory:
    """Return what a cache holds; parts that cannot be read are `unread`, never an exception."""
    reading = Reading(cache.folder, limits)
    packages: list[LockedPackage] = []
    try:
        found = clients()[cache.client].read(reading)
        packages += reading.budget.watched(islice(found, limits.members))
    except (TooManyError, SpentError) as problem:
        reading.lost("", str(problem))
    if len(packages) == limits.members:
        reading.lost("", f"{limits.members:,} packages and perhaps more: the rest is not read")
    sections = {"cached": 0}
    for package in packages:
        sections[package.section] = sections.get(package.section, 0) + 1
    return Inventory(
        path=cache.folder.name,
        format=f"{cache.client}-cache",
        packages=tuple(packages),
        sections=sections,
        unread=reading.unread,
    )
