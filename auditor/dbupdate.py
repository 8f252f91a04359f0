"""The pipeline of `audit db update`: which exports are asked for, and what became of each.

Three gates stand before the work: lock (one call at a time), age (at most once a day) and need (the
server has something new). Each export is fetched and taken into the database on its own, so that
one that fails takes nothing from the others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import InputError, LimitError, UsageError
from auditor.limits import MIB
from auditor.sources import advisoryimport, exportfiles, exports, onlyone, pieces
from auditor.sources.advisorydb import AdvisoryDatabase
from auditor.sources.advisoryimport import Export, ImportResult
from auditor.sources.exports import Fetched
from auditor.sources.pieces import Piece
from auditor.words import duration, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from auditor.limits import Limits
    from auditor.sources.advisoryimport import Source
    from auditor.sources.exports import Progress

    Announce = Callable[[str], Progress | None]

SOURCE = "https://osv-vulnerabilities.storage.googleapis.com/{ecosystem}/all.zip"
"""Where OSV itself offers its exports (google.github.io/osv.dev/data)."""
ECOSYSTEMS = {"npm": "npm", "pypi": "PyPI"}
"""How OSV spells an ecosystem, by how we do."""
LIMITS = replace(exportfiles.LIMITS, archive_bytes=1024 * MIB, download_seconds=1800)
"""What an export may cost; that of npm has 210 MB."""
_PLACE = "{ecosystem}"
_AGE = timedelta(days=1)


class Outcome(StrEnum):
    """What became of one export."""

    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    """The server has nothing that the database has not."""
    SKIPPED = "skipped"
    """Nobody was asked."""
    FAILED = "failed"


class Place(Struct, frozen=True, kw_only=True):
    """One export: what it is called, and where it is."""

    name: str
    url: str

    @property
    def known(self) -> str:
        """Return the location without what may change from call to call, or be nobody's business.

        That is the query, in which signatures travel: the database and messages have none of it.
        """
        return self.url.partition("#")[0].partition("?")[0]


class Step(Struct, frozen=True, kw_only=True):
    """What became of one export, and why."""

    place: Place
    outcome: Outcome
    reason: str = ""
    """One sentence part; empty for what was imported."""
    fetched: Fetched | None = None
    """None where nothing came, or not all of it."""
    taken: ImportResult | None = None


def places(sources: Sequence[str], ecosystems: Sequence[str]) -> tuple[Place, ...]:
    """Return the exports that some locations mean; a location with `{ecosystem}` means one of each.

    Without any, it is OSV's own. Of a name the database has one export, which the next one of that
    name replaces: a mirror's is called as OSV's (`npm`), and what it is beside as its address.
    Raises UsageError for a location that can be none, or that shows who asks.
    """
    found: dict[str, Place] = {}
    names: set[str] = set()
    for source in sources or (SOURCE,):
        _check(source)
        some = [ECOSYSTEMS[one] for one in ecosystems] if _PLACE in source else [""]
        for name in some:
            place = Place(name=name, url=source.replace(_PLACE, name))
            if not name or name in names:
                place = replace(place, name=place.known.partition("://")[2])
            if place.known not in found:
                found[place.known] = place
                names.add(place.name)
    return tuple(found.values())


def _check(source: str) -> None:
    shown = source.partition("?")[0].rpartition("@")[2]
    try:
        parts = urlsplit(source)
        there = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        there = False
    if not there:
        raise UsageError(f"an export lies at an http or https address, and {shown!r} is none")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"no credentials are sent for exports: take them off {shown!r}")
    if set("{}") & set(source.replace(_PLACE, "")):
        raise UsageError(f"{shown!r}: {_PLACE} is the only thing in braces that is filled in")


def update(  # noqa: PLR0913 - what the options of the command say
    database: Path,
    wanted: Sequence[Place],
    *,
    now: datetime,
    force: bool = False,
    shrink: bool = False,
    limits: Limits = LIMITS,
    announce: Announce = lambda _: None,
) -> Iterator[Step]:
    """Fetch what is new and take it into a database; yield what became of each export.

    `now` has a time zone. With `force` the last time that somebody was asked counts for nothing;
    `shrink` is what `import_exports` takes. Raises InputError for a database that cannot be read,
    UsageError where none can be written, or where it was trimmed.
    """
    database = database.resolve()  # one lock and one piece, by whatever name it goes
    with onlyone.held(database.with_name(f"{database.name}.update.lock")) as alone:
        if not alone:
            reason = "another update of this database is under way"
            yield from (Step(place=one, outcome=Outcome.SKIPPED, reason=reason) for one in wanted)
            return
        _check_whole(database)
        for place in wanted:
            known = {one.url: one for one in advisoryimport.sources(database)}
            had = known.get(place.known)
            if not force and had is not None and (since := _since(had, now)) is not None:
                ago = duration(int(since.total_seconds()))
                reason = f"asked {ago} ago, and once a day is enough (--force asks all the same)"
                yield Step(place=place, outcome=Outcome.SKIPPED, reason=reason)
                continue
            when = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            one = _One(database, place, had, when, announce)
            yield one.updated(limits, shrink=shrink)


def _check_whole(database: Path) -> None:
    if database.exists():
        with AdvisoryDatabase(database) as known:
            if trimmed := known.state().trimmed:
                raise UsageError(f"{database}: was trimmed to {trimmed}; update another one")


def _since(had: Source, now: datetime) -> timedelta | None:
    """Return how long ago somebody was asked, where that is less than a day; else None.

    A time that is yet to come was written by a clock that was wrong, and counts for nothing.
    """
    try:
        since = now - datetime.fromisoformat(had.fetched_at)
    except (ValueError, TypeError):  # no time, or one without a zone
        return None
    return since if timedelta() <= since < _AGE else None


class _One:
    """One export on its way into the database."""

    def __init__(
        self, database: Path, place: Place, had: Source | None, when: str, announce: Announce
    ) -> None:
        self._database = database
        self._place = place
        self._had = had
        self._when = when
        self._announce = announce

    def updated(self, limits: Limits, *, shrink: bool) -> Step:
        """Fetch the export and take it; whatever fails, the database is as it was."""
        known = "" if self._had is None else self._had.etag
        try:
            piece = Piece(pieces.folder(), self._place.known, str(self._database))
        except InputError as problem:
            return self._step(Outcome.FAILED, f"not fetched: what comes {problem}")
        progress = self._announce(f"fetching {self._place.name}") or (lambda *_: None)
        try:
            fetched = exports.fetch(self._place.url, piece, known, limits, progress)
        except InputError as problem:
            host = urlsplit(self._place.url).netloc
            who = f"{host}:" if isinstance(problem, LimitError) else host
            return self._step(Outcome.FAILED, f"not fetched: {who} {problem}{_rest(piece)}")
        try:
            step = self._taken(known, fetched, limits, shrink=shrink)
        except InputError as problem:
            piece.drop()  # whatever is wrong with it, the next call must not meet it again
            return self._step(Outcome.FAILED, f"not imported: {problem}", fetched)
        except UsageError as problem:  # a full disk, or another import: it is no fault of what came
            return self._step(Outcome.FAILED, f"not imported: {problem}", fetched)
        piece.drop()
        return step

    def _taken(self, known: str, fetched: Fetched | None, limits: Limits, *, shrink: bool) -> Step:
        """Have the database take what came, or note that it was asked about."""
        if fetched is None:
            self._confirm(known)
            return self._step(Outcome.UNCHANGED, "the server has nothing newer")
        if self._had is not None and fetched.sha256 == self._had.sha256:
            self._confirm(fetched.validator)
            return self._step(Outcome.UNCHANGED, "what came is what the database has", fetched)
        export = Export(
            path=fetched.path,
            name=self._place.name,
            url=self._place.known,
            etag=fetched.validator,
            sha256=fetched.sha256,
            fetched_at=self._when,
        )
        taken = advisoryimport.import_exports(
            self._database, (export,), limits=limits, shrink=shrink, announce=self._announce
        )
        return Step(place=self._place, outcome=Outcome.IMPORTED, fetched=fetched, taken=taken)

    def _confirm(self, validator: str) -> None:
        advisoryimport.confirm(
            self._database, self._place.known, fetched_at=self._when, etag=validator
        )

    def _step(self, outcome: Outcome, reason: str, fetched: Fetched | None = None) -> Step:
        return Step(place=self._place, outcome=outcome, reason=reason, fetched=fetched)


def _rest(piece: Piece) -> str:
    """Return what is said of what the next call goes on from; take away what it cannot use."""
    if piece.note() is None:
        piece.drop()
        return ""
    return f"; {size(piece.size)} are kept, and the next call goes on from there"
