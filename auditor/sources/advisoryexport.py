"""A trimmed copy of the advisory database: for runners without a network, and to be cached in CI.

It answers as the whole one does about what it has, and cannot grow: what is needed for that is left
out, as are withdrawn records.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.errors import UsageError
from auditor.sources.advisorydb import ASKED, AdvisoryDatabase
from auditor.sources.advisoryimport import described, made, put, told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_CHOSEN = """
CREATE TEMP TABLE chosen AS
SELECT DISTINCT r.number AS number FROM whole.record r
JOIN whole.affected a ON a.record = r.number JOIN whole.package p ON p.number = a.package
WHERE (?1 = 0 OR r.id GLOB 'MAL-*') AND (?2 = '' OR instr(?2, ' ' || p.ecosystem || ' '))
ORDER BY r.number"""
_COPIED = (
    "INSERT INTO record SELECT * FROM whole.record WHERE number IN (SELECT number FROM chosen)",
    """\
INSERT INTO affected SELECT a.* FROM whole.affected a JOIN whole.package p ON p.number = a.package
WHERE +a.record IN (SELECT number FROM chosen)
 AND (?2 = '' OR instr(?2, ' ' || p.ecosystem || ' '))""",
    """\
INSERT INTO package SELECT * FROM whole.package WHERE number IN (SELECT package FROM affected)""",
    """\
INSERT INTO source SELECT s.number, s.name, s.url, s.etag, s.sha256, s.fetched_at, s.newest,
 s.whole, count(*) FROM whole.source s JOIN whole.held h ON h.source = s.number
WHERE h.record IN (SELECT number FROM chosen) GROUP BY s.number""",
)


class Trim(Struct, frozen=True, kw_only=True):
    """What a trimmed database is to have."""

    malicious: bool = False
    """The records of packages that were made to harm, and no vulnerabilities."""
    ecosystems: tuple[str, ...] = ()
    """Types of purls; empty for all."""

    @property
    def words(self) -> str:
        """It as reports say it: `malicious records of npm`."""
        kind = "malicious records" if self.malicious else "records"
        return f"{kind} of {words.listed(self.ecosystems)}" if self.ecosystems else kind


def export(database: Path, target: Path, trim: Trim) -> int:
    """Write a trimmed copy of a database; return how many records it has.

    Raises InputError for a database that cannot be read in full, UsageError for one that is trimmed
    already, where nothing is left, and where nothing can be written.
    """
    with AdvisoryDatabase(database) as whole:
        if already := whole.state().trimmed:
            raise UsageError(f"{database}: was trimmed to {already} already; copy it as it is")
        whole.check()
    with told(target):
        handle, name = tempfile.mkstemp(".new", f"{target.name}.", target.absolute().parent)
        os.close(handle)
        beside = Path(name)
        try:
            connection = made(beside, ASKED)
            try:
                count = _filled(connection, database, trim)
            finally:
                connection.close()
            if not count:
                raise UsageError(f"{database}: has no {trim.words}; nothing was written")
            put(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    return count


def _filled(connection: sqlite3.Connection, database: Path, trim: Trim) -> int:
    ask = connection.execute
    ecosystems: Sequence[str] = trim.ecosystems
    wanted = (trim.malicious, f" {' '.join(ecosystems)} " if ecosystems else "")
    ask("ATTACH ? AS whole", (str(database),))
    ask("PRAGMA journal_mode = OFF")
    ask("BEGIN")
    for statement in (_CHOSEN, *_COPIED):
        ask(statement, wanted if "?" in statement else ())
    count = described(ask)
    ask("INSERT INTO meta VALUES ('trimmed', ?)", (trim.words,))
    ask("COMMIT")
    ask("DETACH whole")
    ask("VACUUM")
    return count
