"""Bad versions in the history of a lockfile: when each came in, when it went, how long it stood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor import words
from auditor.advisories import How, IncidentIndex
from auditor.facts import Collector, Contents
from auditor.facts.lock.known_bad import KnownBadFact
from auditor.inventory import Origin
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.advisories import Incident

_SHORT = 10
"""Digits of a commit that are shown; git finds it by fewer."""
_SAMPLE = 5


class Commit(Struct, frozen=True, kw_only=True):
    """A commit; times in seconds since 1970, as git has them: anybody may have written them."""

    id: str
    committed: int
    authored: int
    parents: int = 1


class Change(Struct, frozen=True, kw_only=True):
    """What a commit did to one lockfile."""

    commit: Commit
    path: str
    """After it, relative to the top of the repository."""
    blob: str
    """The content after it; empty where it removed the file."""
    before: tuple[tuple[str, str], ...]
    """Path and content before it, for each parent that is another; empty where there was none."""
    same_as_a_parent: bool = False
    """A merge that took this file as one of its parents has it."""


class HistorySeen(Struct, frozen=True, kw_only=True):
    """The changes of a repository's lockfiles, no commit before its parents."""

    changes: tuple[Change, ...]
    bad: Mapping[str, tuple[KnownBadFact, ...]]
    """What is known to be bad in a content; contents without any may be left out."""
    tips: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The content that each ref has at a path now."""


class PastFact(Fact, frozen=True, kw_only=True):
    """One stay of a bad version in a lockfile; `path` is the file's last one, `key` the version."""

    ecosystem: str
    name: str
    version: str
    how: How
    origin: Origin
    incident: str
    also: tuple[str, ...]
    title: str
    kind: str
    certainty: str
    window: str
    came: str
    """When the commit was made that brought it in (RFC 3339, UTC)."""
    came_by: str
    """The commit."""
    came_path: str
    """The file's path then."""
    went: str
    """When the last commit was made that took it out; empty where none did."""
    went_by: str
    hours: int | None
    """How long it stood, rounded down; None where it still stands, or times run backwards."""
    states: int
    """How many different contents of the file had it."""
    stands: bool
    """A ref that was looked at still has it."""
    standing: tuple[str, ...]
    """The first five of these refs."""
    in_window: bool
    """It stood while the bad version could be had; true where one of the times is not known."""
    chain: tuple[str, ...]
    """The way from a direct dependency, as in the first content that had it."""
    safe: str
    account: str
    """All of it, in one sentence."""


class _Stay(Struct):
    """A bad version from its coming to its going."""

    fact: KnownBadFact
    came: Commit
    path: str
    went: Commit | None = None


def collect(contents: Contents) -> Iterator[PastFact]:
    """Yield a fact for each stay of each bad version in each lockfile, renames followed."""
    incidents = {i.id: i for index in contents.of(IncidentIndex) for i in index.incidents}
    for history in contents.of(HistorySeen):
        for changes in _lines_of_descent(history.changes):
            yield from _File(history, changes, incidents).facts()


def _lines_of_descent(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield the changes of each file, whatever it was called, in the order of the files' coming."""
    known: dict[str, str] = {}

    def first(path: str) -> str:
        while (above := known.setdefault(path, path)) != path:
            path = above
        return path

    for change in changes:
        for path, blob in change.before:
            if blob and path != change.path:
                known[first(change.path)] = first(path)
    grouped: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[first(change.path)].append(change)
    yield from grouped.values()


def of_file(changes: Sequence[Change], path: str) -> Iterator[Change]:
    """Yield the changes of the file that is at a path now, whatever it was called."""
    for some in _lines_of_descent(changes):
        if _last_path(some) == path:
            yield from some


def last_paths(changes: Sequence[Change]) -> list[str]:
    """Return the last path of each file."""
    return [_last_path(some) for some in _lines_of_descent(changes)]


def contents(changes: Sequence[Change]) -> dict[str, int]:
    """Return how many different contents each file had, by its last path."""
    return {
        _last_path(some): len({change.blob for change in some} - {""})
        for some in _lines_of_descent(changes)
    }


def relative(seen: HistorySeen, prefix: str) -> HistorySeen:
    """Return the same history with paths relative to a folder below the top."""
    if not prefix:
        return seen
    return HistorySeen(
        changes=tuple(
            replace(
                change,
                path=change.path.removeprefix(prefix),
                before=tuple((p.removeprefix(prefix), blob) for p, blob in change.before),
            )
            for change in seen.changes
        ),
        bad=seen.bad,
        tips={path.removeprefix(prefix): tips for path, tips in seen.tips.items()},
    )


def _last_path(changes: Sequence[Change]) -> str:
    return next((c.path for c in reversed(changes) if c.blob), changes[-1].path)


class _File:
    """One lockfile's changes, and the stays that they make."""

    def __init__(
        self, history: HistorySeen, changes: list[Change], incidents: Mapping[str, Incident]
    ) -> None:
        self._bad = history.bad
        self._changes = changes
        self._incidents = incidents
        self._path = _last_path(changes)
        self._tips = history.tips.get(self._path, {})
        self._stays: dict[str, list[_Stay]] = {}

    def facts(self) -> Iterator[PastFact]:
        """Yield the stays, by version and time."""
        for change in self._changes:
            self._follow(change)
        for key, stays in self._stays.items():
            standing = tuple(ref for ref, blob in self._tips.items() if key in self._keys(blob))
            for stay in stays:
                last = stay is stays[-1]
                yield self._fact(key, stay, standing if last else ())

    def _keys(self, blob: str) -> dict[str, KnownBadFact]:
        return {fact.key or "": fact for fact in reversed(self._bad.get(blob, ()))}

    def _follow(self, change: Change) -> None:
        now = self._keys(change.blob)
        before = [self._keys(blob) for _, blob in change.before]
        for key, fact in now.items():
            if change.same_as_a_parent or any(key in keys for keys in before):
                continue
            stays = self._stays.setdefault(key, [])
            if not stays or stays[-1].went:
                stays.append(_Stay(fact=fact, came=change.commit, path=change.path))
        for key in {key for keys in before for key in keys} - now.keys():
            if key in self._stays:  # on another branch it may have gone before
                self._stays[key][-1].went = change.commit

    def _fact(self, key: str, stay: _Stay, standing: tuple[str, ...]) -> PastFact:
        bad = stay.fact
        went = None if "HEAD" in standing else stay.went
        spelled = came_by, went_by = stay.came.id, went.id if went else ""
        seconds = went.committed - stay.came.committed if went else -1
        states = {c.blob for c in self._changes if key in self._keys(c.blob)}
        window = _overlap(self._incidents.get(bad.incident), stay.came, went)
        return PastFact(
            path=self._path,
            key=key,
            ecosystem=bad.ecosystem,
            name=bad.name,
            version=bad.version,
            how=bad.how,
            origin=bad.origin,
            incident=bad.incident,
            also=bad.also,
            title=bad.title,
            kind=bad.kind,
            certainty=bad.certainty,
            window=bad.window,
            came=_time(stay.came.committed),
            came_by=came_by,
            came_path=stay.path,
            went=_time(went.committed) if went else "",
            went_by=went_by,
            hours=seconds // 3600 if seconds >= 0 else None,
            states=len(states),
            stands=bool(standing),
            standing=standing[:_SAMPLE],
            in_window=window,
            chain=bad.chain,
            safe=bad.safe,
            account=_account(stay, went, standing, seconds, in_window=window, ids=spelled),
        )


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def _overlap(incident: Incident | None, came: Commit, went: Commit | None) -> bool:
    """Tell whether a stay meets an incident's window; of a commit's two times the wider counts."""
    if incident is None:
        return True
    start = datetime.fromisoformat(incident.start).timestamp()
    end = datetime.fromisoformat(incident.end).timestamp() if incident.end else None
    first = min(came.committed, came.authored)
    last = max(went.committed, went.authored) if went else None
    return (end is None or first <= end) and (last is None or last >= start)


def _account(  # noqa: PLR0913 - what the sentence is made of
    stay: _Stay,
    went: Commit | None,
    standing: tuple[str, ...],
    seconds: int,
    *,
    in_window: bool,
    ids: tuple[str, str],
) -> str:
    came = f"came in {_time(stay.came.committed)} (commit {ids[0][:_SHORT]})"
    if went is not None:
        lasted = f", after {words.duration(seconds)}" if seconds >= 0 else ""
        end = f", went {_time(went.committed)} (commit {ids[1][:_SHORT]}){lasted}"
        if standing:
            end += f", and still stands on {words.listed(standing)}"
    else:
        end = f", and stands on {words.listed(standing)}" if standing else ", and is gone by now"
    when = "within" if in_window else "outside of"
    return f"{came}{end}; {when} the time in which it could be had"


COLLECTOR = Collector(name="lock-history", fact=PastFact, collect=collect, lockfile=True)
