"""Which advisory database is asked, and which one is filled.

That is `--db`, or what AUDIT_DB names, or `advisories.sqlite` of `release-audit` in the folder
where programs of this system keep the user's data (`~/.local/share`, `~/Library/Application
Support`, `%LOCALAPPDATA%`). Where none of these is there, malicious packages alone are known, by
the database that comes with audit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import InputError, UsageError
from auditor.sources import userplaces
from auditor.sources.advisorydb import AdvisoryDatabase, State

if TYPE_CHECKING:
    from datetime import date, timedelta

VARIABLE = "AUDIT_DB"
NAME = "advisories.sqlite"
BUNDLED = Path(__file__).parent.parent / "advisories" / "data" / "malicious.sqlite"


class Known(Struct, frozen=True, kw_only=True):
    """The database that a call asks, and what a report says of it."""

    database: AdvisoryDatabase | None = None
    state: State | None = None
    path: str = ""
    """Its path, for messages."""
    problem: str = ""
    """Why it cannot be asked; empty where it can."""

    @property
    def told(self) -> tuple[str, ...]:
        """What each part of it is, of which day, and the digest of the whole."""
        if self.state is None:
            return ()
        kind = self.state.trimmed or "records"
        return tuple(
            f"advisories ({kind}) of {source.name} {source.day} {self.state.digest}"
            for source in self.state.sources
            if source.day
        )

    def aged(self, today: date, most: timedelta) -> tuple[str, ...]:
        """Return why its knowledge is too old, one sentence for each part that is."""
        from datetime import date  # noqa: PLC0415 - only where an age is asked for

        if self.state is None:
            return () if self.problem else ("there is no advisory database",)
        sources = [source for source in self.state.sources if source.whole and source.day]
        if not sources:
            return (f"{self.path}: holds no whole export, so that nobody knows how old it is",)
        ages = [(source, today - date.fromisoformat(source.day)) for source in sources]
        return tuple(
            f"{self.path}: knows what was known of {source.name} on {source.day}, {age.days:,} days"
            f" ago; --max-db-age allows {most.days:,}"
            for source, age in ages
            if age > most
        )


def place(said: Path | None) -> Path:
    """Return the database that is filled and described."""
    if said is not None:
        return said
    if named := os.environ.get(VARIABLE):
        return Path(named)
    return userplaces.data() / NAME


def known(said: Path | None) -> Known:
    """Open the database to ask; raise UsageError where one is named that is not there.

    One that cannot be read is no reason to ask another one in its place.
    """
    path = place(said)
    if not path.exists():
        if said is not None or os.environ.get(VARIABLE):
            raise UsageError(f"{path}: there is no such database; audit db import makes one")
        path = BUNDLED
        if not path.exists():  # an installation that was made smaller
            return Known()
    try:
        database = AdvisoryDatabase(path)
        return Known(database=database, state=database.state(), path=str(path))
    except InputError as problem:
        return Known(path=str(path), problem=str(problem))
