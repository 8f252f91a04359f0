"""npm's debug logs: each line of a tarball that was fetched, or taken from the cache.

The time of the call is the file's name. npm keeps the last ten logs, so they reach less far back
than the cache does, and outlive `npm cache clean`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.lazyre import regex
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches import npm
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading

_FETCH = regex(
    r"^\d{1,9} http (?:fetch GET 200|cache) (?:[^\s:]{1,300}?@)?(https?://\S{1,4096})", re.MULTILINE
)
"""A line; what comes from the cache has the package's name in front of the address."""
_NAME = regex(r"(\d{4}-\d\d-\d\d)T(\d\d)_(\d\d)_(\d\d)_")


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("npm_config_logs_dir")
    for folder in npm.folders(machine):
        yield folder / "_logs"


def _read(reading: Reading) -> Iterator[LockedPackage]:
    for entry in reading.entries(reading.folder):
        if entry.name.endswith(".log"):
            yield from _log(reading, reading.folder / entry.name)


def _log(reading: Reading, path: Path) -> Iterator[LockedPackage]:
    """Yield each tarball of a log once, by its first line."""
    data = reading.content(path)
    if data is None:
        return
    text = data.decode("utf-8", "replace")
    seen: set[str] = set()
    number, counted = 1, 0
    for found in _FETCH.finditer(text):
        got = names.fetched(found[1])
        if got is not None and got.address not in seen:
            seen.add(got.address)
            number += text.count("\n", counted, found.start())
            counted = found.start()
            yield names.package(
                f"{reading.place(path)}:{number}",
                got.name,
                got.version,
                resolved=got.address,
                origin=got.origin,
                fetched_at=_time(path.name),
                line=number,
            )


def _time(name: str) -> str:
    """Return the time of a call by its log's name: `2026-03-31T01_10_00_123Z-debug-0.log`."""
    found = _NAME.match(name)
    return f"{found[1]}T{found[2]}:{found[3]}:{found[4]}Z" if found else ""


CLIENT = Client(name="npm-logs", places=_places, read=_read)
