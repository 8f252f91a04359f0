"""What the history of a repository had in its lockfiles: each content is read once."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor import lockcontents, lockscan
from auditor.blame import of_input
from auditor.errors import SpentError
from auditor.facts.around import past
from auditor.facts.lock import known_bad
from auditor.lockfiles import Document
from auditor.sources import gauges
from auditor.sources.history import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.facts.around.past import Change
    from auditor.facts.lock.known_bad import KnownBadFact
    from auditor.inventory import Inventory
    from auditor.lockscan import LockRequest, Scanner

    Progress = Callable[[int, int], None]

_SHARED = 64
"""Contents for which a further process is worth its start."""
_BATCH = 16
_SHORT = 10


class Seen(Struct, frozen=True, kw_only=True):
    """A history as it was read; paths are relative to the folder that was asked for."""

    history: past.HistorySeen | None = None
    """None where no lockfile was ever there."""
    paths: tuple[str, ...] = ()
    """The last path of each lockfile that ever was."""
    states: Mapping[str, int] = field(default_factory=dict)
    """How many different contents each of these had, by path."""
    gaps: tuple[tuple[str, str], ...] = ()
    """What could not be read: the reason, and the path where there is one."""


def seen(
    folder: Path,
    scanner: Scanner,
    progress: Progress,
    *,
    only: str = "",
    every_branch: bool = False,
) -> Seen:
    """Read the history of a folder's lockfiles, or of one file of it; raise InputError."""
    repository = Repository(folder)
    if repository.is_empty():
        return Seen()
    history = repository.history(every_branch=every_branch, names=(only,) if only else ())
    changes = history.changes
    if only:
        changes = tuple(past.of_file(changes, f"{history.prefix}{only}"))
    gaps: list[tuple[str, str]] = []
    if history.shallow:
        gaps.append(("a shallow clone: older commits are not here (git fetch --unshallow)", ""))
    if not changes:
        return Seen(gaps=tuple(gaps))
    reading = _Reading(folder, scanner, progress, changes)
    bad = reading.bad()
    paths = past.last_paths(changes)
    tips = repository.tips(paths, every_branch=every_branch)
    whole = past.HistorySeen(changes=changes, bad=bad, tips=tips)
    return Seen(
        history=past.relative(whole, history.prefix),
        paths=tuple(path.removeprefix(history.prefix) for path in paths),
        states={
            path.removeprefix(history.prefix): count
            for path, count in past.contents(changes).items()
        },
        gaps=(*gaps, *((r, path.removeprefix(history.prefix)) for r, path in reading.gaps)),
    )


class _Reading:
    """All contents of some lockfiles, each read once."""

    def __init__(
        self, folder: Path, scanner: Scanner, progress: Progress, changes: Sequence[Change]
    ) -> None:
        self._folder = folder
        self._scanner = scanner
        self._progress = progress
        self._changes = changes
        self._names = _names(changes)
        self.states = min(len(self._names), scanner.limits.history_states)
        self.gaps: list[tuple[str, str]] = []

    def bad(self) -> dict[str, tuple[KnownBadFact, ...]]:
        """Return what is known to be bad in each content; `gaps` has what could not be read."""
        if len(self._names) > self.states:
            told = f"limit history-states of {self.states:,} met (found {len(self._names):,})"
            self.gaps.append((f"{told}; raise it with --limit history-states=N", ""))
        bad: dict[str, tuple[KnownBadFact, ...]] = {}
        unread: dict[tuple[str, str], list[str]] = {}
        done = 0
        for states in self._in_time():
            done += len(states)
            self._progress(done, self.states)
            for blob, facts, reason in states:
                if facts:
                    bad[blob] = facts
                if reason:
                    unread.setdefault((reason, self._names[blob]), []).append(blob)
        for (reason, path), blobs in unread.items():
            states_of = "a state" if len(blobs) == 1 else f"{len(blobs):,} states"
            commit = self._first_with(blobs[0])[:_SHORT]
            told = f"{states_of} in its history, the first in commit {commit}: {reason}"
            self.gaps.append((told, path))
        return bad

    def _in_time(self) -> Iterator[list[_State]]:
        """Yield what is read while there is time; what is left then is a gap."""
        try:
            yield from gauges.budget(self._scanner.limits).watched(self._read())
        except SpentError as problem:
            self.gaps.append((f"its history was not read to the end: {problem}", ""))

    def _first_with(self, blob: str) -> str:
        for change in self._changes:
            if blob in {change.blob, *(old for _, old in change.before)}:
                return change.commit.id
        return ""

    def _read(self) -> Iterator[list[_State]]:
        wanted = list(islice(self._names.items(), self.states))
        work = [
            (self._folder, tuple(wanted[start : start + _BATCH]))
            for start in range(0, len(wanted), _BATCH)
        ]
        workers = min(os.cpu_count() or 1, len(wanted) // _SHARED)
        if workers < 2:
            yield from (_states(self._scanner, one) for one in work)
            return
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - only where it pays
        from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

        try:
            with ProcessPoolExecutor(workers, None, _start, (self._scanner.request,)) as pool:
                yield from pool.map(_work, work)
        except BrokenProcessPool:
            self.gaps.append((lockscan.LOST, ""))


_Work = tuple[Path, tuple[tuple[str, str], ...]]
"""A repository, and contents with the path that each was found at."""
_State = tuple[str, "tuple[KnownBadFact, ...]", str]
"""A content, what is known to be bad in it, and why it could not be read."""
_OURS: list[Scanner] = []
"""The scanner of a worker process."""


def _names(changes: Sequence[Change]) -> Mapping[str, str]:
    """Return every content that ever was, with the first path that it was found at."""
    names: dict[str, str] = {}
    for change in changes:
        for path, blob in (*change.before, (change.path, change.blob)):
            if blob:
                names.setdefault(blob, path)
    return names


def _start(request: LockRequest) -> None:
    _OURS.append(lockscan.Scanner(request))


def _work(work: _Work) -> list[_State]:
    return _states(_OURS[0], work)


def _states(scanner: Scanner, work: _Work) -> list[_State]:
    """Read some contents, each as the lockfile that its name says."""
    folder, wanted = work
    names = dict(wanted)
    found: list[_State] = []
    for blob, data in Repository(folder).blobs(names, scanner.limits.member_bytes):
        if data is None:
            found.append((blob, (), "git does not have its content, or it is too large"))
            continue
        try:
            above = posixpath.basename(posixpath.dirname(names[blob]))
            name = posixpath.basename(names[blob])
            document = Document(path=name, data=data, folder=above, limits=scanner.limits)
            inventory = scanner.read(document, folder)
            contents = lockcontents.contents_of(inventory, {}, scanner.incidents)
            facts = tuple(known_bad.collect(contents))
        except Exception as problem:  # noqa: BLE001 - of one content, sorted by fault
            why = of_input(problem, f"a state of {names[blob]} in the history")
            found.append((blob, (), str(why)))
            continue
        found.append((blob, facts, _unread(inventory)))
    return found


def _unread(inventory: Inventory) -> str:
    """Return what of a content could not be read; empty where that is nothing.

    Requirements are left out: what they include lies beside them, and a history is read by content.
    """
    if not inventory.unread or inventory.format == "requirements":
        return ""
    (place, reason), *more = inventory.unread
    told = f"{place}: {reason}" if place else reason
    return f"{told}; and {len(more):,} more" if more else told
