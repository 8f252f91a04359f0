"""What registries said within the last hour, kept on the disk so that it is not asked again.

It lies where programs of this system keep what they can fetch anew: `release-audit/lookups` in
`~/.cache` (or `XDG_CACHE_HOME`) or `~/Library/Caches`, `release-audit/Cache/lookups` in
`%LOCALAPPDATA%`. One file is one name of one registry, as the few values that were read of its
answer. Whatever is wrong with a file, it is as if it was not there. That a name is unknown is not
kept: who logs in, or publishes, must not wait for an hour.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from auditor.limits import MIB
from auditor.names.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable

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
    from platformdirs import user_cache_path  # noqa: PLC0415 - for lookups alone

    return user_cache_path("release-audit", appauthor=False) / "lookups"


class LookupCache:
    """The answers in one folder; what is too old is taken away when it is opened."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._room = _MOST - self._swept() if self._made() else 0

    def get(self, base: str, name: str) -> Signals | None:
        """Return what the registry at `base` said of a name; None where that is to be asked."""
        data = _content(self._path(base, name))
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
        with suppress(OSError):
            handle, temporary = tempfile.mkstemp(dir=self._place)  # for this user alone
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(temporary).replace(self._path(base, name))
            except OSError:
                Path(temporary).unlink(missing_ok=True)

    def _path(self, base: str, name: str) -> Path:
        key = hashlib.sha256(f"{base}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._place / f"{key}{_ENDING}"

    def _made(self) -> bool:
        """Make the folder; tell whether it is one, and of nobody else."""
        with suppress(OSError):
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _is_own(self._place.lstat(), stat.S_ISDIR)
        return False

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


def _content(path: Path) -> bytes | None:
    """Return an entry's content; None for a link, another's file, or one that is too large."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not _is_own(os.fstat(file.fileno()), stat.S_ISREG):
                return None
            data = file.read(_LARGEST + 1)
    except OSError:
        return None
    return None if len(data) > _LARGEST else data


def _is_own(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Tell whether something is of a kind and of this user, where the system knows users."""
    user = getattr(os, "getuid", None)
    return is_kind(found.st_mode) and (user is None or found.st_uid == user())
