"""The advisory database: what its tables are, and how it is asked.

It is one file of SQLite, only ever replaced as a whole, so that it is opened as one that does not
change. A file whose tables are not exactly ours is none: nothing that somebody wrote into a schema
is run. Nothing is kept in memory but what was asked for.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from msgspec import Struct

from auditor.advisories.records import Advisory, Records
from auditor.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from auditor.advisories.records import Name

APPLICATION = 0x41755376
VERSION = 1
ASKED = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """\
CREATE TABLE source (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, url TEXT NOT NULL,
 etag TEXT NOT NULL, sha256 TEXT NOT NULL, fetched_at TEXT NOT NULL, newest INTEGER NOT NULL,
 whole INTEGER NOT NULL, records INTEGER NOT NULL)""",
    """\
CREATE TABLE record (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
 modified INTEGER NOT NULL, published TEXT NOT NULL, withdrawn INTEGER NOT NULL,
 aliases TEXT NOT NULL, summary TEXT NOT NULL, severity TEXT NOT NULL)""",
    """\
CREATE TABLE package (ecosystem TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,
 PRIMARY KEY (ecosystem, name)) WITHOUT ROWID""",
    """\
CREATE TABLE affected (package INTEGER NOT NULL, record INTEGER NOT NULL, spec TEXT NOT NULL,
 PRIMARY KEY (package, record)) WITHOUT ROWID""",
)
"""What is looked up: all that a trimmed database has."""
SCHEMA = (
    *ASKED,
    "CREATE INDEX affected_record ON affected (record)",
    """\
CREATE TABLE held (record INTEGER NOT NULL, source INTEGER NOT NULL,
 PRIMARY KEY (record, source)) WITHOUT ROWID""",
)
"""`held` says which export has a record, `package` the number that `affected` has for a name."""
_BATCH = 400
"""Names in one query; every SQLite takes 999 values."""
_QUERY = (
    "SELECT p.name, r.id, r.published, r.aliases, r.summary, r.severity, a.spec FROM package p"
    " CROSS JOIN affected a ON a.package = p.number CROSS JOIN record r ON r.number = a.record"
    " WHERE p.ecosystem = ? AND p.name IN ({})"
)
_COUNTED = """
SELECT p.ecosystem, count(DISTINCT p.number), count(DISTINCT a.record),
 count(DISTINCT CASE WHEN r.id GLOB 'MAL-*' THEN a.record END)
FROM package p JOIN affected a ON a.package = p.number JOIN record r ON r.number = a.record
GROUP BY p.ecosystem ORDER BY 3 DESC, 1"""
_LACKS = "is damaged: it lacks records that it says it has"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(Struct, frozen=True, kw_only=True):
    """One export that the database was filled from."""

    name: str
    """`npm`, `PyPI`; by it the next export is known that replaces this one."""
    url: str
    etag: str
    sha256: str
    """Of the file, in hex."""
    fetched_at: str
    """When it was fetched, or last found to be unchanged (RFC 3339, UTC); empty for a file."""
    newest: str
    """The latest `modified` of its records (RFC 3339, UTC)."""
    whole: bool
    """It is a whole export; else single records, of which nobody knows what is missing."""
    records: int

    @property
    def day(self) -> str:
        """The day until which it knows what became known (RFC 3339); empty where there is none."""
        return (self.fetched_at or self.newest)[:10]


class Ecosystem(Struct, frozen=True, kw_only=True):
    """How many records are about packages of one ecosystem."""

    name: str
    """The type of a purl, or OSV's own word."""
    packages: int
    records: int
    malicious: int


class State(Struct, frozen=True, kw_only=True):
    """What a database is."""

    digest: str
    """Tells two sets of records apart, however they came together; 16 hex digits."""
    records: int
    malicious: int
    withdrawn: int
    licence: str
    trimmed: str
    """What it was trimmed to (`malicious records`); empty for a whole one, which can grow."""
    sources: tuple[Source, ...]
    """By name."""


class AdvisoryDatabase:
    """An open database; raises InputError for a file that is none, or is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path):
            self._connection = opened(path, "mode=ro&immutable=1")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def records(self, names: Iterable[Name]) -> Records:
        """Return what there is about packages; the names as `versions.same_name` spells them."""
        asked: dict[str, list[str]] = defaultdict(list)
        for ecosystem, name in dict.fromkeys(names):
            asked[ecosystem].append(name)
        found: dict[Name, list[Advisory]] = defaultdict(list)
        with _told(self.path):
            for ecosystem, some in asked.items():
                for start in range(0, len(some), _BATCH):
                    for name, advisory in self._batch(ecosystem, some[start : start + _BATCH]):
                        found[ecosystem, name].append(advisory)
        return Records(found={name: tuple(some) for name, some in found.items()})

    def _batch(self, ecosystem: str, names: list[str]) -> Iterator[tuple[str, Advisory]]:
        query = _QUERY.format(",".join("?" * len(names)))
        for name, id_, published, aliases, summary, severity, spec in self._connection.execute(
            query, (ecosystem, *names)
        ):
            yield (
                name,
                Advisory(
                    id=id_,
                    published=published,
                    aliases=tuple(aliases.split()),
                    summary=summary,
                    severity=tuple(severity.split()),
                    spec=spec,
                ),
            )

    def state(self) -> State:
        """Return what the database is, as it was written."""
        with _told(self.path):
            meta = dict(self._connection.execute("SELECT key, value FROM meta"))
            return State(
                digest=meta["digest"],
                records=int(meta["records"]),
                malicious=int(meta["malicious"]),
                withdrawn=int(meta["withdrawn"]),
                licence=meta["licence"],
                trimmed=meta.get("trimmed", ""),
                sources=tuple(_sources(self._connection)),
            )

    def ecosystems(self) -> tuple[Ecosystem, ...]:
        """Return how many records each ecosystem has, the most first; reads the whole file."""
        with _told(self.path):
            return tuple(
                Ecosystem(name=name, packages=packages, records=records, malicious=malicious)
                for name, packages, records, malicious in self._connection.execute(_COUNTED)
            )

    def check(self) -> None:
        """Read the whole file; raise InputError where it lacks what it says it has."""
        with _told(self.path):
            (said,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise InputError(f"{self.path}: is damaged: {said}")
            state = self.state()
            (count,) = self._connection.execute("SELECT count(*) FROM record").fetchone()
            if count != state.records:
                raise InputError(f"{self.path}: {_LACKS}")
            if state.trimmed:
                return
            held = self._connection.execute("SELECT source, count(*) FROM held GROUP BY source")
            told = self._connection.execute("SELECT number, records FROM source WHERE records")
            if dict(held) != dict(told):
                raise InputError(f"{self.path}: {_LACKS}")


def opened(path: Path, how: str) -> sqlite3.Connection:
    """Open a database; raise sqlite3.Error for a file that is none, InputError for another's."""
    place = quote(str(path.absolute()).replace("\\", "/"))
    connection = sqlite3.connect(f"file:{place}?{how}", uri=True, isolation_level=None)
    try:
        problem = _foreign(connection)
    except sqlite3.Error:
        connection.close()
        raise
    if problem:
        connection.close()
        raise InputError(f"{path}: {problem}")
    return connection


def _foreign(connection: sqlite3.Connection) -> str:
    """Return why a file is no database of ours; empty where it is one."""
    connection.execute("PRAGMA trusted_schema = OFF")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION:
        return "is no advisory database"
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    if version != VERSION or {sql for (sql,) in tables} not in (set(SCHEMA), set(ASKED)):
        return "is a database of another version of audit; remove it and import anew"
    return ""


def _sources(connection: sqlite3.Connection) -> Iterator[Source]:
    rows = connection.execute(
        "SELECT name, url, etag, sha256, fetched_at, newest, whole, records FROM source"
        " ORDER BY name"
    )
    for name, url, etag, sha256, fetched_at, newest, whole, records in rows:
        yield Source(
            name=name,
            url=url,
            etag=etag,
            sha256=sha256,
            fetched_at=fetched_at,
            newest=shown(newest),
            whole=bool(whole),
            records=records,
        )


def shown(microseconds: int) -> str:
    """Return a time as people read it; empty for none."""
    if not microseconds:
        return ""
    return f"{_EPOCH + timedelta(microseconds=microseconds):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what is wrong with a file in words of ours."""
    try:
        yield
    except (sqlite3.Error, KeyError, ValueError, TypeError, AttributeError) as problem:
        said = "is missing" if isinstance(problem, KeyError) else problem
        raise InputError(f"{path}: cannot be read as an advisory database: {said}") from None
