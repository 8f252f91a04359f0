"""The pipeline of `audit lock`: from paths to lockfiles, their packages, and what is wrong."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor import fastpaths, incidentfile, lockfiles, policy, rulebook
from auditor.blame import of_input
from auditor.errors import InputError, UsageError
from auditor.facts.lock.index import Asked, UserSettings, UsualSeen
from auditor.facts.lock.names import NamesAsked
from auditor.facts.lock.recorded import Recorded
from auditor.facts.lock.sibling import SiblingsSeen, counterpart, family_of
from auditor.inventory import Inventory, Origin
from auditor.judge import Judge
from auditor.limits import Limits
from auditor.lockcontents import contents_of
from auditor.model import Artifact, ArtifactKind, Profile, Report
from auditor.namelists import NameList
from auditor.names import Level
from auditor.names import index as names_index
from auditor.outcome import Outcome
from auditor.registries import Setting
from auditor.sources import advisoryplaces, gauges, rulecache, settings
from auditor.sources import lockfiles as files
from auditor.sources.lockfiles import Found
from auditor.usual import Usual, none_of, usual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from auditor.facts.around.change import Earlier
    from auditor.facts.around.dropper import MembersSeen
    from auditor.facts.around.installed import HiddenSeen
    from auditor.facts.lock.names import NameJudge
    from auditor.facts.lock.said import RegistrySaid
    from auditor.inventory import LockedPackage
    from auditor.limits import Budget
    from auditor.lockcontents import Observation
    from auditor.lockfiles import Document, Format
    from auditor.lockonline import Asker
    from auditor.names import Lookalike
    from auditor.sources.file import Progress

    Announce = Callable[[str], Progress | None]

STDIN = "-"
SHARED = 32
"""Files for which a further process is worth its start."""
LOST = "not examined: the system ended the process that was to read it; is there enough memory?"


class OnlineWish(Struct, frozen=True, kw_only=True):
    """What the user wants to know of registries."""

    now: datetime
    min_age: timedelta | None = None
    """Releases that are younger are told; None for none."""
    cached: bool = True
    """What was said within the last hour is not asked again."""


class LockRequest(Struct, frozen=True, kw_only=True):
    """One call of `audit lock`."""

    targets: tuple[str, ...]
    format: str = ""
    """The format that files are read as; empty to tell it from each file."""
    stdin: bytes = b""
    """What the target `-` stands for."""
    listed: bool = False
    """The report has every package."""
    triage: bool = False
    """Judge by the rules alone that say what a finding means in an incident report."""
    incidents: tuple[str, ...] = ()
    """The ids of the incidents to look for; empty for all."""
    against: str = ""
    """A file, or a revision of the git repository that a lockfile lies in, to compare with."""
    names: Level | None = Level.DEFAULT
    """How much is told of names that look like others; None for nothing."""
    internal: tuple[str, ...] = ()
    """The user's own packages: names, scopes and globs."""
    reviewed: tuple[str, ...] = ()
    """Names that the user has looked at, in the same spellings."""
    online: OnlineWish | None = None
    """What registries are asked; None for nothing."""
    programs: bool = True
    """Other programs, and further processes of our own, may be started."""
    users: tuple[Setting, ...] | None = None
    """The registries of the user's own settings; None to read these."""
    records: bool = True
    """Ask the advisory database."""
    database: Path | None = None
    """That database; None for the user's own, or the one that comes with us."""
    max_db_age: timedelta | None = None
    """Older knowledge is a gap; None for none."""
    rules: tuple[Path, ...] = ()
    profile: Profile = Profile.INTAKE
    settings: policy.Settings = field(default_factory=policy.Settings)
    limits: Limits = field(default_factory=Limits)


def scan(request: LockRequest, announce: Announce = lambda _: None) -> Report:
    """Audit every lockfile below the targets; raise UsageError for one that is not there.

    A file that cannot be read is a gap, and the others are read all the same. `announce` is told
    what is worked on, and returns who wants to know how far it is.
    """
    check(request.targets)
    if request.format and request.format not in lockfiles.formats():
        known = ", ".join(lockfiles.formats())
        raise UsageError(f"--as {request.format!r} is no lockfile format; there are {known}")
    outcome = Outcome()
    found: list[Found] = []
    for target in request.targets:
        announce(target)
        here = (
            [Found(path=Path(STDIN), label=STDIN)] if target == STDIN else [*files.search(target)]
        )
        if not here:
            outcome.gap(target, "no lockfile was found below it: nothing was inspected")
        found += here
    scanner = Scanner(request)
    for number, one in enumerate(outcomes(scanner, found), 1):
        outcome.add(one)
        if progress := announce(f"{number:,} of {len(found):,} lockfiles"):
            progress(number, len(found))
    for reason in scanner.of_database():
        outcome.gap(scanner.known.path or "advisory database", reason)
    data = names_index.states() if request.names is not None else ()
    told = (*data, *scanner.known.told)
    return outcome.report(request.settings, scanner.ruleset, scanner.judge, told)


def check(targets: Iterable[str]) -> None:
    """Raise UsageError for a target that is not there."""
    for target in targets:
        if target == STDIN:
            continue
        try:
            Path(target).stat()
        except (FileNotFoundError, ValueError):
            raise UsageError(f"{target}: no such file or folder") from None
        except OSError as problem:
            raise UsageError(f"{target}: {problem.strerror}") from None


def outcomes(scanner: Scanner, found: list[Found]) -> Iterator[Outcome]:
    """Audit what was found, in order; many files on all cores, unless registries are asked.

    These are to get few requests at a time, and no name twice.
    """
    request = scanner.request
    alone = request.online or not request.programs
    workers = 1 if alone else min(os.cpu_count() or 1, len(found) // SHARED)
    if workers < 2:
        yield from map(scanner.outcome_of, found)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - only where it pays
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    done = 0
    try:
        with ProcessPoolExecutor(workers, initializer=_start, initargs=(request,)) as pool:
            for one in pool.map(_work, found, chunksize=8):
                done += 1
                yield one
    except BrokenProcessPool:  # the system ended one, as it does where memory runs out
        lost = Outcome()
        for one_found in found[done:]:
            lost.gap(one_found.label, LOST)
        yield lost


_OURS: list[Scanner] = []
"""The scanner of a worker process."""


def _start(request: LockRequest) -> None:
    _OURS.append(Scanner(request))


def _work(found: Found) -> Outcome:
    return _OURS[0].outcome_of(found)


class Scanner:
    """What one process needs to audit any number of lockfiles."""

    def __init__(self, request: LockRequest) -> None:
        folders = (rulebook.builtin_folder(), *request.rules)
        ruleset = rulecache.load(folders, lockfile=True, telling=request.triage)
        packs, digest = rulecache.packs(folders)
        self.ruleset = replace(ruleset, digest=f"{ruleset.digest}-{digest}")
        self.request = request
        self.limits = request.limits
        allowed = request.settings.policy.allowed_hosts
        self._users = UserSettings(
            settings=settings.of_user() if request.users is None else request.users,
            allowed=frozenset(host.lower() for host in allowed),
        )
        self._names = NamesAsked(
            judge=self._name_judge,
            level=request.names,
            internal=NameList(request.internal),
            reviewed=NameList(request.reviewed),
        )
        said = request.settings.policy
        self.judge = Judge(policy.overridden(ruleset, said), request.profile)
        self.incidents = incidentfile.index(packs, request.incidents)
        self._asker = _asker(request.online)
        self.known = (
            advisoryplaces.known(request.database) if request.records else advisoryplaces.Known()
        )
        self._outcome = Outcome()
        self._budget = gauges.budget(self.limits)

    def of_database(self) -> tuple[str, ...]:
        """Return what keeps the advisory database from being relied on."""
        most = self.request.max_db_age
        old = self.known.aged(self.request.settings.today, most) if most is not None else ()
        return (self.known.problem, *old) if self.known.problem else old

    def recorded(self, inventory: Inventory, usual: Usual | None = None) -> tuple[Recorded, ...]:
        """Return what the advisory database has about an inventory; raise InputError if damaged."""
        if self.known.database is None:
            return ()
        names = self.incidents.asked(inventory.packages, usual or none_of(inventory))
        found = self.known.database.records(names)
        return (Recorded(records=found, popular=names_index.popular),)

    def _recorded(self, inventory: Inventory, usual: Usual) -> tuple[Recorded, ...]:
        try:
            return self.recorded(inventory, usual)
        except InputError as problem:
            self._outcome.gap(self.known.path, str(problem))
            return ()

    def outcome_of(self, found: Found) -> Outcome:
        """Audit one lockfile, or installed tree; what cannot be read is a gap."""
        self._outcome = Outcome()
        self._budget = gauges.budget(self.limits)
        try:
            self._found(found)
        except Exception as problem:  # noqa: BLE001 - the one boundary of a file, sorted by fault
            why = of_input(problem, found.label)
            self._outcome.gap(found.label, f"not examined in full: {why}")
        return self._outcome

    @property
    def _format(self) -> Format | None:
        return lockfiles.formats()[self.request.format] if self.request.format else None

    def _found(self, found: Found) -> None:
        if found.label == STDIN:
            name = next(iter(self._format.files), STDIN) if self._format else STDIN
            document = lockfiles.Document(path=name, data=self.request.stdin, limits=self.limits)
            self._document(document, STDIN, Path())
            return
        if found.reason:
            self._outcome.gap(found.label, found.reason)
            return
        if found.installed:
            self._tree(found)
            return
        try:
            document = files.document(found, self.request.limits)
        except InputError as problem:
            self._outcome.gap(found.label, str(problem))
            return
        try:
            earlier = self._earlier(found)
        except InputError as problem:
            self._outcome.gap(found.label, f"not compared: {problem}")
            earlier = ()
        seen: tuple[Observation, ...] = (*earlier, *self._siblings(found, document))
        self._document(document, found.label, found.path.parent, *seen)

    def _lookups(self, inventory: Inventory, folder: Path, label: str) -> tuple[RegistrySaid, ...]:
        """Return what registries say of an inventory; what they do not say is a gap."""
        if self._asker is None:
            return ()
        found = self._asker.lookups(inventory, folder, self._names)
        for reason in found.gaps:
            self._outcome.gap(label, reason, inventory.path)
        return (found.said,)

    def _tree(self, found: Found) -> None:
        """Audit installed packages, with the lockfile that npm hides among them."""
        from auditor.facts.around import dropper  # noqa: PLC0415 - of these alone
        from auditor.sources import installed  # noqa: PLC0415

        inventory = installed.inventory(found.path, found.path.name, self.request.limits)
        hidden = self._hidden(found)
        if not (inventory.packages or inventory.unread or hidden):
            return
        seen: list[HiddenSeen | MembersSeen] = [*hidden]
        below = hidden[0].inventory if hidden else None
        if asked := dropper.asked(inventory, below, self.incidents):
            seen.append(dropper.MembersSeen(paths=installed.present(found.path, asked)))
        self._inventory(inventory, {}, found.label, found.path.parent, *seen)

    def _hidden(self, found: Found) -> tuple[HiddenSeen, ...]:
        """Return the lockfile in an installed tree; that it cannot be read is told by itself."""
        from auditor.facts.around.installed import HiddenSeen  # noqa: PLC0415 - see above

        path = found.path / files.HIDDEN
        try:
            document = files.document(Found(path=path, label=found.label), self.request.limits)
            return (HiddenSeen(inventory=self.read(document, found.path)),)
        except InputError:
            return ()

    def _siblings(self, found: Found, document: Document) -> tuple[SiblingsSeen, ...]:
        """Return what lies beside a lockfile; that it cannot be read is told by its own scan.

        Of several only the one is read that the lockfile is compared with.
        """
        beside = files.siblings(found, family_of(found.path.name))
        if not beside:
            return ()
        names = frozenset(beside)
        other = beside.get(counterpart(found.path.name, names, document.beside)[0])
        try:
            seen = (
                (self.read(files.document(other, self.limits), other.path.parent),) if other else ()
            )
        except InputError:
            seen = ()
        return (SiblingsSeen(names=names, inventories=seen),)

    def _earlier(self, found: Found) -> tuple[Earlier, ...]:
        """Return the earlier state of a lockfile; empty where it was not there yet."""
        against = self.request.against
        if not against:
            return ()
        from auditor.facts.around.change import Earlier  # noqa: PLC0415 - where one is named

        name = found.path.name
        if Path(against).is_file():
            one = Found(path=Path(against), label=against, named=True)
            data: bytes | None = files.document(one, self.request.limits).data
            name = one.path.name
        else:
            from auditor.sources import git  # noqa: PLC0415 - only where a revision is named

            data = git.content_at(found.path.parent, against, name)
        if data is None:
            return (Earlier(label=against, inventory=Inventory(path=name, format="")),)
        document = lockfiles.Document(path=name, data=data, limits=self.limits)
        return (Earlier(label=against, inventory=self.read(document, found.path.parent)),)

    def read(self, document: Document, folder: Path) -> Inventory:
        """Read a document that lies in a folder; bun is asked for its binary lockfile as text.

        Raises InputError for whatever cannot be read about it.
        """
        format_ = self._format
        if document.data.startswith(b"#!"):  # as no text of a lockfile does
            document, format_ = self._printed(document, folder, format_)
        try:
            return lockfiles.read(document, format_)
        except Exception as problem:  # noqa: BLE001 - of one document, sorted by fault
            raise of_input(problem, f"the reader of lockfiles on {document.path}") from None

    def _printed(
        self, document: Document, folder: Path, format_: Format | None
    ) -> tuple[Document, Format | None]:
        """Return bun's binary lockfile as bun prints it, with its format; others as they are."""
        from auditor.lockfiles.bun_lockb import FORMAT, HOW, MAGIC  # noqa: PLC0415 - seldom needed

        if format_ not in {None, FORMAT} or not document.data.startswith(MAGIC):
            return document, format_
        if not self.request.programs:
            raise InputError(f"is bun's binary lockfile, and no program runs here; {HOW}")
        from auditor.sources import bun_lockb as bun  # noqa: PLC0415 - see above

        return bun.printed(document, folder, self.request.limits), FORMAT

    def _document(self, document: Document, label: str, folder: Path, *seen: Observation) -> None:
        try:
            inventory = self.read(document, folder)
        except InputError as problem:
            self._outcome.gap(label, str(problem))
            return
        self._inventory(inventory, document.beside, label, folder, *seen)
        for one in document.unread:
            self._outcome.gap(label, one.reason, one.path)

    def _inventory(
        self,
        inventory: Inventory,
        beside: Mapping[str, bytes],
        label: str,
        folder: Path,
        *seen: Observation,
    ) -> None:
        """Judge what was read, and say how much that was."""
        if not inventory.packages:
            sections = ", ".join(inventory.sections) or "none"
            self._outcome.gap(label, f"no package was read (sections: {sections})")
        for place, reason in inventory.unread:
            self._outcome.gap(label, f"{place}: {reason}" if place else reason, inventory.path)
        self._outcome.inventories.append(summary(inventory, label, listed=self.request.listed))
        artifact = Artifact(source=label, kind=ArtifactKind.LOCKFILE, name=inventory.path)
        plain = _usual_in(inventory)
        seen = (
            *seen,
            *self._lookups(inventory, folder, label),
            *self._recorded(inventory, plain),
            *self._asked(inventory, plain),
        )
        contents = contents_of(inventory, beside, self.incidents, self._users, self._names, *seen)
        self._budget = gauges.budget(self.limits)  # without what registries took
        self._outcome.judged(self.judge, artifact, contents, {}, self._budget)

    def _asked(self, inventory: Inventory, usual: Usual) -> tuple[UsualSeen | Asked, ...]:
        """Return what spares facts of which no rule can hold."""
        if not fastpaths.enabled("usual_entries"):
            return ()
        asked = Asked(may_tell=partial(self.judge.may_tell, ArtifactKind.LOCKFILE))
        return UsualSeen(inventory=inventory, usual=usual), asked

    def _name_judge(self, ecosystem: str) -> NameJudge:
        return _Watched(name_judge(ecosystem), self._budget)


class _Watched:
    """Judges names as another one does, as long as there is time for a lockfile."""

    def __init__(self, judge: NameJudge, budget: Budget) -> None:
        self._judge = judge
        self._budget = budget

    def known(self, names: Iterable[str], /) -> set[str]:
        """Return those of some names that are popular themselves."""
        return self._judge.known(names)

    def judge(self, name: str, level: Level, /) -> Lookalike | None:
        """Return what a name imitates, None for nothing; raises SpentError."""
        self._budget.check()
        return self._judge.judge(name, level)


def _usual_in(inventory: Inventory) -> Usual:
    """Return which entries are as usual; none where each is to be asked about in full."""
    return usual(inventory) if fastpaths.enabled("usual_entries") else none_of(inventory)


def _asker(wish: OnlineWish | None) -> Asker | None:
    """Return who asks registries; None where nothing is to leave this machine."""
    if wish is None:
        return None
    from auditor.lockonline import Asker  # noqa: PLC0415 - where registries are asked alone

    return Asker(now=wish.now, min_age=wish.min_age, cached=wish.cached)


@cache
def name_judge(ecosystem: str) -> NameJudge:
    """Return what knows the popular names of an ecosystem, loaded once."""
    from auditor.names.matcher import Matcher  # noqa: PLC0415 - only where names are judged

    return Matcher(ecosystem)


def summary(inventory: Inventory, source: str, *, listed: bool) -> dict[str, object]:
    """Return an inventory as reports have it: counts, and with `listed` each package.

    The project itself and its workspaces are not among the packages: others published those.
    """
    packages = [one for one in inventory.packages if one.origin is not Origin.WORKSPACE]
    row: dict[str, object] = {
        "source": source,
        "format": inventory.format,
        "format_version": inventory.format_version,
        "count": len(packages),
        "sections": dict(inventory.sections),
    }
    if listed:
        row["packages"] = [_package(package) for package in packages]
    return row


def _package(package: LockedPackage) -> dict[str, object]:
    return {
        "ecosystem": package.ecosystem,
        "name": package.name,
        "version": package.version,
        "purl": purl(package),
        "origin": package.origin.value,
        "resolved": package.resolved or None,
        "integrity": list(package.integrity),
        "alias": package.alias or None,
        "dev": package.dev,
        "optional": package.optional,
        "direct": package.direct,
        "install_script": package.install_script,
        "line": package.line,
    }


def purl(package: LockedPackage) -> str:
    """Return a package URL (ECMA-427); PyPI names are normalised, as its type asks."""
    from urllib.parse import quote  # noqa: PLC0415 - for lists alone

    name = package.name
    if package.ecosystem == "pypi":
        from packaging.utils import canonicalize_name  # noqa: PLC0415

        name = canonicalize_name(name)
    # a lone surrogate has no bytes in UTF-8, and JSON can spell one
    path = "/".join(quote(part, safe="", errors="replace") for part in name.split("/"))
    version = quote(package.version, safe="", errors="replace")
    version = f"@{version}" if version else ""
    return f"pkg:{package.ecosystem}/{path}{version}"
