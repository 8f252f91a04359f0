"""From exports of advisories to the database: written beside the old one, then put in its place.

Readers have the old database or the new one, whole, whatever happens meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Announce = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export as it lies on this machine, and where it came from."""

    path: Path
    """A zip archive of records, a folder of them, or one record (JSON, YAML)."""
    name: str = ""
    """What it is called in messages and in the database: `npm`; empty for its path."""
    url: str = ""
    """Where it was fetched from; empty for a file of the user's. By it the next one of the same
    place is known, and what that one has no more is taken out."""
    etag: str = ""
    sha256: str = ""
    """Of the file, in hex; computed where it is empty."""
    fetched_at: str = ""
    """When it was fetched, or last found to be unchanged (RFC 3339, UTC, seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import made of the database, in records."""

    read: int
    added: int
    updated: int
    """Those of which the database had an older state (`modified`)."""
    removed: int
    """Those that an export of the same place had before, and has no more."""
    total: int
    """In the database now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One export that the database has been filled from."""

    name: str
    url: str
    etag: str
    sha256: str
    fetched_at: str
    newest: str
    """The latest `modified` of its records (RFC 3339, UTC)."""
    records: int


def import_exports(
    database: Path,
    exports: Sequence[Export],
    *,
    limits: Limits | None = None,
    announce: Announce = lambda _: None,
) -> ImportResult:
    """Take the records of exports into a database, all or none; make it where there is none.

    Raises InputError for an export, or an old database, that cannot be read in full; the old
    database is then untouched. UsageError where nothing can be written.
    """
    raise NotImplementedError


def confirm(database: Path, url: str, *, fetched_at: str, etag: str = "") -> None:
    """Record that an export's place has nothing newer (a `304`); raises as `import_exports`."""
    raise NotImplementedError


def sources(database: Path) -> tuple[Source, ...]:
    """Return what a database was filled from; empty where there is none.

    Raises InputError for a file that is no such database, or is damaged.
    """
    raise NotImplementedError
