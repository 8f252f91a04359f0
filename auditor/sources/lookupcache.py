"""What registries said within the last hour, kept on the disk so that it is not asked again.

It lies in the folder `lookups` of what `keptfile` describes. One file is one name of one registry,
as the few values that were read of its answer. Whatever is wrong with a file, it is as if it was
not there. That a name is unknown is not kept: who logs in, or publishes, must not wait for an hour.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from auditor.limits import MIB
from auditor.names.signals import Signals
from auditor.sources import keptfile

AGE = 3600
"""Seconds for which an answer counts."""
_LARGEST = 2 * MIB
"""Bytes of one entry; a package with 40,000 versions has about that."""
_MOST = 20_000
"""Entries; more are not written."""
_ENDING = ".json"


class _Entry(msgspec.Struct):
    """One answer, with what it is the answer to: the name of its file alone proves nothing."""

    base: str
    name: str
    asked: float
    """Seconds since 1970."""
    said: Signals


_DECODER = msgspec.json.Decoder(_Entry)


def folder() -> Path:
    """Return where answers are kept for this user."""
    return keptfile.folder("lookups")


class LookupCache:
    """The answers in one folder; what is too old is taken away when it is opened."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._room = _MOST - self._swept() if keptfile.made(place) else 0

    def get(self, base: str, name: str) -> Signals | None:
        """Return what the registry at `base` said of a name; None where that is to be asked."""
        data = keptfile.content(self._path(base, name), _LARGEST)
        if data is None:
            return None
        try:
            entry = _DECODER.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if (entry.base, entry.name) != (base, name) or not 0 <= time.time() - entry.asked < AGE:
            return None
        return entry.said

    def put(self, base: str, name: str, said: Signals) -> None:
        """Keep an answer, in whole or not at all."""
        data = msgspec.json.encode(_Entry(base=base, name=name, asked=time.time(), said=said))
        if len(data) > _LARGEST or self._room <= 0:
            return
        self._room -= 1
        keptfile.put(self._path(base, name), data)

    def _path(self, base: str, name: str) -> Path:
        key = hashlib.sha256(f"{base}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._place / f"{key}{_ENDING}"

    def _swept(self) -> int:
        """Take away what is too old, also what was never finished; return how much is left."""
        left = 0
        earliest = time.time() - AGE
        with suppress(OSError), os.scandir(self._place) as entries:
            for entry in entries:
                left += 1
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < earliest:
                        Path(entry.path).unlink()
                        left -= 1
        return left
