"""From exports of advisories to the database: written beside the old one, then put in its place.

Readers have the old database or the new one, whole, whatever happens meanwhile. One that was left
unfinished is taken away by the next import; a lock that the system takes back when a process ends
keeps two imports apart.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.advisories import ranges
from auditor.advisories.records import MALICIOUS
from auditor.errors import InputError, UsageError
from auditor.sources import exportfiles, onlyone
from auditor.sources.advisorydb import (
    APPLICATION,
    SCHEMA,
    VERSION,
    AdvisoryDatabase,
    Source,
    opened,
)
from auditor.sources.exportfiles import Export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.advisories.osv import Record
    from auditor.limits import Limits
    from auditor.sources.exportfiles import Piece

    Announce = Callable[[str], object]

__all__ = ["Export", "ImportResult", "Source", "confirm", "import_exports", "sources"]

LICENCE = (
    "records of the OSV exports that `source` names: malicious-packages (OpenSSF) under Apache-2.0,"
    " PyPA and GitHub advisories under CC-BY-4.0"
)
_NEW = ".new"
_TOLD = 5_000
"""Records after which it is said how far it is."""
_CACHE = "PRAGMA cache_size = -32000"
"""KiB of the file being written that are kept in memory."""


class ImportResult(Struct, frozen=True, kw_only=True):
    """What an import made of the database, in records."""

    read: int
    added: int
    updated: int
    """Those of which the database had an older state (`modified`)."""
    removed: int
    """Those that an export of the same name had before, and that none has any more."""
    total: int
    """In the database now."""


def import_exports(
    database: Path,
    exports: Sequence[Export],
    *,
    limits: Limits | None = None,
    shrink: bool = False,
    announce: Announce = lambda _: None,
) -> ImportResult:
    """Take the records of exports into a database, all or none; make it where there is none.

    An export that has less than half of the records that the last one of its name had is refused,
    unless it may `shrink`. `announce` is told how far it is. Raises InputError for an export, or an
    old database, that cannot be read in full, and UsageError where nothing can be written; the old
    database is then untouched.
    """
    found = exportfiles.pieces(exports)
    with _rewritten(database) as connection:
        filling = _Filling(connection, shrink=shrink, announce=announce)
        for piece in found:
            filling.take(piece, limits or exportfiles.LIMITS)
        return filling.finish()


def confirm(database: Path, url: str, *, fetched_at: str, etag: str = "") -> None:
    """Record that an export's place has nothing newer (a `304`); raises as `import_exports`.

    Raises UsageError where the database has no export from there.
    """
    if not any(source.url == url for source in sources(database)):
        raise UsageError(f"{database}: has no export from {url}")
    with _rewritten(database) as connection:
        connection.execute("UPDATE source SET fetched_at = ? WHERE url = ?", (fetched_at, url))
        if etag:
            connection.execute("UPDATE source SET etag = ? WHERE url = ?", (etag, url))


def sources(database: Path) -> tuple[Source, ...]:
    """Return what a database was filled from; empty where there is none.

    Raises InputError for a file that is no such database, or is damaged.
    """
    if not database.exists():
        return ()
    with AdvisoryDatabase(database) as known:
        return known.state().sources


@contextmanager
def _rewritten(database: Path) -> Iterator[sqlite3.Connection]:
    """Give a copy of a database to change, or an empty one; afterwards it is the database.

    Nothing is replaced where nothing was changed, or where an exception ends it.
    """
    database = Path(os.path.realpath(database))  # what a link leads to is replaced, not the link
    with told(database), onlyone.held(database.with_name(f"{database.name}.lock")) as alone:
        if not alone:
            raise UsageError(f"{database}: another import is at work on it")
        _swept(database)
        handle, name = tempfile.mkstemp(_NEW, f"{database.name}.", database.parent)
        os.close(handle)
        beside = Path(name)
        try:
            there = database.exists()
            if there:
                _copied(database, beside)
            connection = opened(beside, "mode=rw") if there else made(beside, SCHEMA)
            try:
                connection.execute(_CACHE)
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("BEGIN")
                before = connection.total_changes
                yield connection
                changed = connection.total_changes > before
                connection.execute("COMMIT")
            finally:
                connection.close()
            if changed or not there:
                put(beside, database)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def told(database: Path) -> Iterator[None]:
    """Tell what keeps a database from being written in words of ours."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as problem:
        raise UsageError(f"{database}: cannot be written: {problem.strerror or problem}") from None
    except sqlite3.Error as problem:
        raise UsageError(f"{database}: cannot be written: {problem}") from None


def _swept(database: Path) -> None:
    """Take away what imports left that were ended; the lock says that nobody is at it."""
    for left in database.parent.glob(f"{database.name}.*{_NEW}"):
        with suppress(OSError):
            left.unlink()


def _copied(database: Path, beside: Path) -> None:
    with AdvisoryDatabase(database) as old:
        if trimmed := old.state().trimmed:
            raise UsageError(f"{database}: was trimmed to {trimmed}; import into another one")
        old.check()
    shutil.copyfile(database, beside)


def made(beside: Path, schema: Sequence[str]) -> sqlite3.Connection:
    """Make a database with tables and no rows in an empty file; raises sqlite3.Error."""
    connection = sqlite3.connect(beside, isolation_level=None)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for statement in schema:
        connection.execute(statement)
    return connection


def put(beside: Path, database: Path) -> None:
    """Put a finished file in the place of the old one, in whole even if the power goes."""
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.chmod(0o644)  # others of this machine may read what is public anyway
    beside.replace(database)
    if os.name == "posix":
        folder = os.open(database.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class _Filling:
    """Takes records into an open database, and counts."""

    def __init__(self, connection: sqlite3.Connection, *, shrink: bool, announce: Announce) -> None:
        self._ask = connection.execute
        self._shrink = shrink
        self._announce = announce
        self._read = self._added = self._updated = 0
        self._package = self._number("SELECT max(number) FROM package")

    def _number(self, query: str, *values: object) -> int:
        (number,) = self._ask(query, values).fetchone()
        return int(number or 0)

    def take(self, piece: Piece, limits: Limits) -> None:
        """Take in one piece; raise InputError for one that is not whole."""
        export = piece.export
        digest = exportfiles.sha256(piece)
        self._ask(
            "INSERT OR IGNORE INTO source (name, url, etag, sha256, fetched_at, newest, whole,"
            " records) VALUES (?, '', '', '', '', 0, ?, 0)",
            (export.name, piece.whole),
        )
        number, known, had, newest = self._ask(
            "SELECT number, sha256, records, newest FROM source WHERE name = ?", (export.name,)
        ).fetchone()
        if known == digest:  # the same file: its records are there, or newer ones
            self._read += had
        else:
            if piece.whole:
                self._ask("DELETE FROM held WHERE source = ?", (number,))
                newest = 0
            newest = self._filled(piece, limits, number, newest)
            have = self._number("SELECT count(*) FROM held WHERE source = ?", number)
            if have * 2 < had and not self._shrink:
                raise InputError(
                    f"{export.path}: has {have:,} records, where the last export called"
                    f" {export.name!r} had {had:,}; it is taken with --shrink alone"
                )
            self._ask("UPDATE source SET records = ? WHERE number = ?", (have, number))
        row = (export.url, export.etag, digest, export.fetched_at, newest, piece.whole)
        self._ask(
            "UPDATE source SET (url, etag, sha256, fetched_at, newest, whole) = (?, ?, ?, ?, ?, ?)"
            " WHERE number = ?7 AND (url, etag, sha256, fetched_at, newest, whole)"
            " <> (?1, ?2, ?3, ?4, ?5, ?6)",
            (*row, number),
        )

    def _filled(self, piece: Piece, limits: Limits, source: int, newest: int) -> int:
        """Take in the records of a piece; return the latest time that one was modified."""
        for count, record in enumerate(exportfiles.records(piece, limits), 1):
            number = self._taken(record)
            self._ask("INSERT OR IGNORE INTO held VALUES (?, ?)", (number, source))
            newest = max(newest, record.modified)
            self._read += 1
            if count % _TOLD == 0:
                self._announce(f"{piece.export.name}: {count:,} records")
        return newest

    def _taken(self, record: Record) -> int:
        """Take in a record that is new, or newer than what is there; return its number."""
        known = self._ask(
            "SELECT number, modified FROM record WHERE id = ?", (record.id,)
        ).fetchone()
        if known is None:
            self._added += 1
            return self._written(record, None)
        number, modified = known
        if record.modified > modified or not record.modified:
            self._updated += record.modified > modified
            self._ask("DELETE FROM affected WHERE record = ?", (number,))
            self._written(record, number)
        return int(number)

    def _written(self, record: Record, number: int | None) -> int:
        row = (
            number,
            record.id,
            record.modified,
            record.published,
            record.withdrawn,
            " ".join(record.aliases),
            record.summary,
            " ".join(record.severity),
        )
        written = self._ask("REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        number = number or written.lastrowid
        for one in record.affected:
            spec = ranges.encoded(one.versions, one.ranges)
            package = self._numbered(one.ecosystem, one.name)
            self._ask("INSERT INTO affected VALUES (?, ?, ?)", (package, number, spec))
        return int(number or 0)

    def _numbered(self, ecosystem: str, name: str) -> int:
        """Return the number of a package, a new one for one that is not there yet."""
        found = self._ask(
            "SELECT number FROM package WHERE ecosystem = ? AND name = ?", (ecosystem, name)
        ).fetchone()
        if found:
            return int(found[0])
        self._package += 1
        self._ask("INSERT INTO package VALUES (?, ?, ?)", (ecosystem, name, self._package))
        return self._package

    def finish(self) -> ImportResult:
        """Take out what no export has any more, and write down what there is."""
        removed = self._ask(
            "DELETE FROM record WHERE NOT EXISTS"
            " (SELECT 1 FROM held WHERE held.record = record.number)"
        ).rowcount
        if removed:
            self._ask("DELETE FROM affected WHERE record NOT IN (SELECT number FROM record)")
        if removed or self._updated:
            self._ask("DELETE FROM package WHERE number NOT IN (SELECT package FROM affected)")
        return ImportResult(
            read=self._read,
            added=self._added,
            updated=self._updated,
            removed=removed,
            total=described(self._ask),
        )


def described(ask: Callable[..., sqlite3.Cursor]) -> int:
    """Write into a database what is told of it, and its digest; return how many records it has."""
    state = hashlib.sha256()
    records = malicious = gone = 0
    for id_, modified, withdrawn in ask("SELECT id, modified, withdrawn FROM record ORDER BY id"):
        state.update(f"{id_} {modified} {withdrawn}\n".encode())
        records += 1
        malicious += id_.startswith(MALICIOUS)
        gone += withdrawn
    told = {
        "digest": state.hexdigest()[:16],
        "licence": LICENCE,
        "malicious": malicious,
        "records": records,
        "withdrawn": gone,
    }
    for key, value in told.items():
        ask(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            " WHERE value <> excluded.value",
            (key, str(value)),
        )
    return records
