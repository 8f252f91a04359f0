"""The pipeline of `audit triage`: projects, their history, this machine: an incident report."""

from __future__ import annotations

import os
import posixpath
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor import historyscan, lockcontents, lockscan, policy, triage
from auditor.advisories.signs import Sort
from auditor.blame import of_input
from auditor.errors import InputError
from auditor.limits import Limits
from auditor.model import Artifact, ArtifactKind, Profile, Report, Unread
from auditor.outcome import Outcome
from auditor.places import project_of
from auditor.sources import caches, gauges, trails
from auditor.sources import lockfiles as files
from auditor.sources.history import Repository
from auditor.sources.trees import installed_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from auditor.facts.lock.recorded import Recorded
    from auditor.inventory import Inventory
    from auditor.lockscan import Announce, Scanner
    from auditor.sources.lockfiles import Found

MACHINE = "this machine"


class TriageRequest(Struct, frozen=True, kw_only=True):
    """One call of `audit triage`."""

    targets: tuple[str, ...]
    history: bool = False
    every_branch: bool = False
    """All refs of a history, not what HEAD leads to alone."""
    caches: bool = True
    """Look into the caches of package managers, and at what is installed outside of projects."""
    host: bool = False
    """Look at the known places of attackers' files on this machine."""
    incidents: tuple[str, ...] = ()
    """The ids of the incidents to look for; empty for all."""
    database: Path | None = None
    """The advisory database, asked where no incidents are named; None for the user's own."""
    rules: tuple[Path, ...] = ()
    settings: policy.Settings = field(default_factory=policy.Settings)
    limits: Limits = field(default_factory=Limits)


def scan(request: TriageRequest, announce: Announce = lambda _: None) -> Report:
    """Look for incidents in all that lies below the targets; raise UsageError for a missing one."""
    lockscan.check(request.targets)
    return _Triage(request, announce).report()


class _Triage:
    """One call: what was found so far, and to which place each source belongs."""

    def __init__(self, request: TriageRequest, announce: Announce) -> None:
        self._request = request
        self._announce = announce
        locks = lockscan.LockRequest(
            targets=request.targets,
            triage=True,
            incidents=request.incidents,
            records=not request.incidents,
            database=request.database,
            names=None,
            rules=request.rules,
            profile=Profile.INTAKE,
            settings=request.settings,
            limits=request.limits,
        )
        self._scanner: Scanner = lockscan.Scanner(locks)
        self._outcome = Outcome()
        self._places: dict[str, str] = {}
        self._states: dict[str, int] = {}

    def report(self) -> Report:
        """Look everywhere that was asked for, and put it together."""
        found, repositories = self._search()
        if self._request.caches:
            found += self._outside(found)
        self._current(found)
        if self._request.caches:
            self._caches()
        if self._request.history:
            for number, one in enumerate(repositories, 1):
                self._announce(f"history {number:,} of {len(repositories):,}: {one.label}")
                self._history(one)
        self._trails(found)
        if self._request.host:
            self._host()
        looked = triage.Looked(
            places=self._places,
            packages={str(r["source"]): int(str(r["count"])) for r in self._outcome.inventories},
            states=self._states,
            machine=MACHINE,
            left_out=tuple(self._left_out(repositories)),
        )
        scanner = self._scanner
        for reason in scanner.of_database():
            self._outcome.gap(MACHINE, reason)
        data = scanner.known.told
        report = self._outcome.report(self._request.settings, scanner.ruleset, scanner.judge, data)
        told = triage.collate(report.findings, report.gaps, self._scanner.incidents, looked)
        return replace(report, triage=told)

    # what is there now

    def _search(self) -> tuple[list[Found], list[Found]]:
        """Return lockfiles and installed trees, and the folders that are under git."""
        found: list[Found] = []
        repositories: list[Found] = []
        for target in self._request.targets:
            self._announce(target)
            here = [*files.search(target, repositories=True)]
            under_git = [one for one in here if one.repository]
            if not any(one.label == target for one in under_git) and (top := _inside(target)):
                under_git.insert(0, top)
            repositories += under_git
            locks = [one for one in here if not one.repository]
            if not locks and not (self._request.history and under_git):
                self._outcome.gap(target, "no lockfile was found below it: nothing was inspected")
                self._places.setdefault(target, target)
            found += locks
        return found, repositories

    def _outside(self, found: Sequence[Found]) -> list[Found]:
        """Return what is installed for this user outside of projects, but for what was met."""
        met = {os.path.realpath(one.path) for one in found}
        unread: dict[Path, str] = {}
        trees = installed_trees(os.environ, Path.home(), sys.platform, unread)
        outside = [one for one in trees if os.path.realpath(one) not in met]
        for folder, reason in unread.items():
            self._places[str(folder)] = MACHINE
            self._outcome.gap(str(folder), reason)
        self._places.update(dict.fromkeys(map(str, outside), MACHINE))
        return [files.Found(path=one, label=str(one), installed=True) for one in outside]

    def _caches(self) -> None:
        """Look into the caches of this user's package managers."""
        for cache in caches.caches(os.environ, Path.home(), sys.platform):
            source = str(cache.folder)
            self._announce(source)
            try:
                inventory = caches.inventory(cache, self._request.limits)
            except Exception as problem:  # noqa: BLE001 - of one cache, sorted by fault
                self._places[source] = MACHINE
                self._outcome.gap(source, f"not read: {of_input(problem, source)}")
                continue
            if inventory.packages or inventory.unread:
                self._places[source] = MACHINE
                self._outcome.inventories.append(lockscan.summary(inventory, source, listed=False))
                self._judge(source, ArtifactKind.MACHINE, inventory, *self._recorded(inventory))
            for place, reason in inventory.unread:
                self._outcome.gap(source, reason, place)

    def _recorded(self, inventory: Inventory) -> tuple[Recorded, ...]:
        try:
            return self._scanner.recorded(inventory)
        except InputError as problem:
            self._outcome.gap(MACHINE, str(problem))
            return ()

    def _current(self, found: list[Found]) -> None:
        for one in found:
            self._places.setdefault(one.label, project_of(one.label))
        for number, outcome in enumerate(lockscan.outcomes(self._scanner, found), 1):
            self._outcome.add(outcome)
            if progress := self._announce(f"{number:,} of {len(found):,} lockfiles"):
                progress(number, len(found))

    # what was there

    def _history(self, found: Found) -> None:
        is_file = not found.path.is_dir()
        folder = found.path.parent if is_file else found.path
        label = project_of(found.label) if is_file else found.label
        only = found.path.name if is_file else ""
        try:
            self._branches(Repository(folder), label)
            seen = historyscan.seen(
                folder,
                self._scanner,
                self._progress(label),
                only=only,
                every_branch=self._request.every_branch,
            )
        except Exception as problem:  # noqa: BLE001 - of one repository, sorted by fault
            why = of_input(problem, f"the history of {label}")
            self._gap(label, f"its history was not read: {why}")
            return
        for reason, path in seen.gaps:
            self._gap(label, reason, path)
        for path in seen.paths:
            source = posixpath.join(label, path)
            self._places.setdefault(source, project_of(source))
            self._states[source] = seen.states[path]
        if seen.history:
            self._judge(label, ArtifactKind.LOCKFILE, seen.history)

    def _progress(self, label: str) -> Callable[[int, int], None]:
        def told(done: int, total: int) -> None:
            if progress := self._announce(f"{label}: {done:,} of {total:,} states"):
                progress(done, total)

        return told

    # what an attack leaves

    def _branches(self, repository: Repository, label: str) -> None:
        asked = trails.wanted(self._scanner.incidents, Sort.BRANCH, sys.platform)
        self._signs(label, trails.branches(repository.branches(), asked))

    def _trails(self, found: list[Found]) -> None:
        """Look for signs in the folders of projects, and in environments of Python."""
        index = self._scanner.incidents
        asked = trails.wanted(index, Sort.PROJECT, sys.platform)
        for label in dict.fromkeys(self._places.values()):  # labels are paths as the user types
            self._signs(label, trails.below(Path(label), asked, Sort.PROJECT))
        asked = trails.wanted(index, Sort.PYTHON, sys.platform)
        for one in found:
            if one.installed and one.path.name != "node_modules":
                self._signs(one.label, trails.below(one.path, asked, Sort.PYTHON))

    def _host(self) -> None:
        asked = trails.wanted(self._scanner.incidents, Sort.HOST, sys.platform)
        self._places.setdefault(MACHINE, MACHINE)
        self._signs(MACHINE, trails.on_host(asked, os.environ, Path.home()))

    def _signs(self, label: str, seen: Iterable[object]) -> None:
        found = []
        for one in seen:
            if isinstance(one, Unread):
                self._gap(label, one.reason, one.path)
            else:
                found.append(one)
        if found:
            self._judge(label, ArtifactKind.MACHINE, *found)

    def _judge(self, label: str, kind: ArtifactKind, *seen: object) -> None:
        artifact = Artifact(source=label, kind=kind, name=label)
        contents = lockcontents.observed(kind, self._scanner.incidents, *seen)
        budget = gauges.budget(self._request.limits)
        self._outcome.judged(self._scanner.judge, artifact, contents, {}, budget)

    def _gap(self, label: str, reason: str, path: str = "") -> None:
        self._outcome.gap(label, reason, path)
        self._places.setdefault(label, label)

    def _left_out(self, repositories: Sequence[Found]) -> Iterator[str]:
        if not self._request.history:
            count = f" of {len(repositories):,} repositories" if len(repositories) > 1 else ""
            yield f"what the lockfiles said before, in the history{count} (--history)"
        elif not self._request.every_branch:
            yield "branches that HEAD does not lead to (--history --all)"
        if not self._request.caches:
            yield "what package managers of this machine have fetched or hold outside of projects"
        if not self._request.host:
            yield "the places on this machine where attacks leave files (--host)"
        if self._request.incidents:
            yield f"other incidents than {', '.join(self._request.incidents)} (--incident)"
        yield "other machines, CI runners and registry proxies: run this there, too"


def _inside(target: str) -> Found | None:
    """Return a target that lies in a repository without being its top; None where it does not."""
    path = Path(target)
    folder = (path if path.is_dir() else path.parent).resolve()
    if not any(os.path.lexists(one / ".git") for one in (folder, *folder.parents)):
        return None
    return files.Found(path=path, label=target, repository=True)
