"""What is there of a file that did not come in full, so that the next call goes on from it.

It lies where programs of this system keep what they can fetch anew (`release-audit/exports` in the
user's cache folder): `<key>.part` is the content so far, `<key>.json` says of what. Whatever is
wrong with either, it is as if neither was there.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from auditor.errors import InputError
from auditor.lazyre import regex
from auditor.sources import userplaces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

AGE = 7 * 24 * 3600
"""Seconds after which nobody is expected to go on from what is there."""
_LARGEST = 64 * 1024
"""Bytes of a note."""
_TAG = regex(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')
_DATE = regex(r"[A-Za-z0-9,: -]{1,40}")
_APART = 60
"""Seconds between `Last-Modified` and `Date` from which on two states have two dates."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Of what a piece is the content."""

    location: str
    validator: str
    """As `validator` returns it, where it is strong; else empty, and nobody goes on from that."""
    total: int | None = None
    """Bytes of the whole; None where the server did not say."""


def folder() -> Path:
    """Return where pieces are kept for this user."""
    return userplaces.cache() / "exports"


def validator(headers: Mapping[str, str]) -> tuple[str, bool]:
    """Return by what a state of a file is known again, and whether that is to the byte.

    It is its `ETag`, or its `Last-Modified` as the server spells it; empty for neither. A date is
    strong where the answer's own is so much later that a second state had another one (RFC 9110,
    8.8.2.2).
    """
    tag = headers.get("ETag", "")
    if _TAG.fullmatch(tag):
        return tag, tag.startswith('"')
    modified = headers.get("Last-Modified", "")
    if not _DATE.fullmatch(modified):
        return "", False
    try:
        apart = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(modified)
    except (TypeError, ValueError):  # no dates, or one of them without a zone
        return modified, False
    return modified, apart.total_seconds() >= _APART


class Piece:
    """The piece of one location, of one database; nobody else writes it meanwhile."""

    def __init__(self, place: Path, location: str, owner: str) -> None:
        self.location = location
        key = hashlib.sha256(f"{owner}\0{location}".encode("utf-8", "surrogatepass")).hexdigest()
        self.path = place / f"{key}.part"
        self._note = place / f"{key}.json"
        _made(place)
        _sweep(place)

    @property
    def size(self) -> int:
        """Return how many bytes are there."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def note(self) -> Note | None:
        """Return of what the piece is the content; None where there is nothing to go on from."""
        size = self.size
        try:
            with self._note.open("rb") as file:
                note = msgspec.json.decode(file.read(_LARGEST), type=Note)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        fits = note.total is None or size <= note.total
        known = note.validator and note.location == self.location
        return note if size and fits and known else None

    def begin(self, validator: str, total: int | None) -> None:
        """Forget what is there, and note what will be; raise InputError where that fails."""
        self.drop()  # first: no note may stand beside the content of another state
        self.describe(validator, total)

    def describe(self, validator: str, total: int | None) -> None:
        """Note of what the piece is the content, in whole; raise InputError where that fails."""
        note = Note(location=self.location, validator=validator, total=total)
        try:
            handle, temporary = tempfile.mkstemp(dir=self._note.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(note))
            Path(temporary).replace(self._note)
        except OSError as problem:
            raise unwritable(self._note.parent, problem) from None

    def append(self) -> BinaryIO:
        """Open the piece to write behind its end; raise InputError where that fails."""
        try:
            return self.path.open("ab", buffering=0)  # what was written stays, whatever comes
        except OSError as problem:
            raise unwritable(self.path.parent, problem) from None

    def drop(self) -> None:
        """Take away what is there."""
        for path in (self._note, self.path):
            with suppress(OSError):
                path.unlink()


def unwritable(place: Path, problem: OSError) -> InputError:
    """Return the error of a folder in which nothing can be kept."""
    return InputError(f"cannot be kept in {place}: {problem.strerror or problem}")


def _made(place: Path) -> None:
    """Make the folder, of this user alone; raise InputError where it is none, or another's."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.lstat()
    except OSError as problem:
        raise unwritable(place, problem) from None
    user = getattr(os, "getuid", None)
    if not stat.S_ISDIR(found.st_mode) or (user is not None and found.st_uid != user()):
        raise InputError(f"cannot be kept in {place}: it is no folder of this user")


def _sweep(place: Path) -> None:
    """Take away what was left so long ago that nobody goes on from it."""
    earliest = time.time() - AGE
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.stat(follow_symlinks=False).st_mtime < earliest:
                    Path(entry.path).unlink()
