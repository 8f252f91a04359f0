"""The pipeline, from what the user named to a report: joins the disk to the pure parts."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor import batch, beforehand, facts, kinds, policy, rulebook, since
from auditor.advice import advice
from auditor.archives import is_zip, walk
from auditor.batch import Announce, Read, Target
from auditor.blame import of_input
from auditor.comparing import Comparing, Kept, Look, Looked, Wanted
from auditor.errors import InputError, UsageError
from auditor.examine import Examination
from auditor.facts import Contents, Reader
from auditor.facts.demands import Demands
from auditor.facts.distribution import SdistSeen, distribution_of
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.judge import Judge
from auditor.limits import Limits
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Fact,
    Finding,
    Home,
    Profile,
    Report,
)
from auditor.outcome import Outcome
from auditor.packers import PYTHON, PackedPaths, Packer
from auditor.shipping import DIGESTS, shipped
from auditor.sources import directory, gauges, rulecache
from auditor.sources.ahead import Ahead
from auditor.sources.file import ReadFile
from auditor.sources.wish import Wish
from auditor.specs import is_spec, spec_of
from auditor.summary import disclosure, shares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from auditor.facts.comparing.size_history import SizesSeen
    from auditor.facts.project.git_state import GitSeen
    from auditor.packonline import SizeAsker
    from auditor.rulebook import Ruleset
    from auditor.sources.project import Packed


_NOTES: Mapping[ArtifactKind, tuple[str, ...]] = {
    ArtifactKind.ARCHIVE: ("neither an npm package nor a wheel or sdist: only files are judged",),
}

_CHOSEN = "one of {count:,} files of the release; pypi:NAME==VERSION/GLOB asks for another"


class Request(Struct, frozen=True, kw_only=True):
    """One call of `audit pack`."""

    targets: tuple[str, ...]
    wish: Wish = field(default_factory=Wish)
    as_is: bool = False
    like: str | None = None
    """Of several files of one target take the one most like a file of that name; empty for the
    one that most people install."""
    registry_folder: Path | None = None
    """Whose settings say where a registry is; the current folder by default."""
    ahead: Ahead | None = None
    """The releases that were fetched already; None to fetch each when it is its turn."""
    compare: Wanted = field(default_factory=Wanted)
    online: bool = False
    """Ask the registry of each package how large its releases were."""
    rules: tuple[Path, ...] = ()
    profile: Profile = Profile.RELEASE
    settings: policy.Settings = field(default_factory=policy.Settings)
    limits: Limits = field(default_factory=Limits)
    jobs: int | None = 1
    """At most so many processes read package files at once; None for as many as pay."""


class Project(Struct, frozen=True, kw_only=True):
    """The folder that an artifact was packed from, and its configuration."""

    folder: Path
    label: str
    """The folder as the user typed it."""
    contents: Contents
    judged: bool
    """The configuration itself is judged, by the rules for projects."""


def scan(
    request: Request,
    announce: Announce = lambda _: None,
    output: Callable[[str], None] | None = None,
) -> Report:
    """Audit every target; raise UsageError when one is not there or a rule is bad.

    `output` is given what packers print, line by line.
    """
    for target in request.targets:
        if is_spec(target):
            spec_of(target)
        elif not Path(target).exists():
            raise UsageError(f"{target}: no such file or folder")
    ruleset, judge = _rules(request)
    scanner = _Scanner(request, judge, announce, output)
    for targets in _sdists_first(request.targets):
        scanner.all_targets(targets)
    scanner.conclude()
    report = scanner.result.report(request.settings, ruleset, judge)
    return _with_new_alone(report, scanner.past, request) if request.compare.new else report


def _rules(request: Request) -> tuple[Ruleset, Judge]:
    """Return the rules as they are loaded, and who asks them as the policy wants them."""
    ruleset = rulecache.load((rulebook.builtin_folder(), *request.rules), lockfile=False)
    wanted = policy.overridden(ruleset, request.settings.policy)
    return ruleset, Judge(wanted, request.profile, artifacts=len(request.targets))


class _Scanner:
    """One call's request and results, so that its steps need not hand them on."""

    def __init__(
        self,
        request: Request,
        judge: Judge,
        announce: Announce,
        output: Callable[[str], None] | None,
        *,
        earlier: bool = False,
    ) -> None:
        self._request = request
        self._judge = judge
        self._announce = announce
        self._output = output
        self._demands = request.settings.policy.demands
        self._more: tuple[Reader, ...] = ()
        """Readers besides those of the facts."""
        if self._demands.words:
            from auditor.facts import denied_word  # noqa: PLC0415 - where a policy has words

            self._more += (denied_word.reader(self._demands.words),)
        self._comparing = Comparing(request.compare, self._look)
        self._earlier = earlier
        if earlier or request.compare.against:
            self._more += (DIGESTS,)
        self._sdists: dict[tuple[str, str], SdistSeen] = {}
        """The sdists seen so far, by project and version: what wheels are compared with."""
        self._releases: set[tuple[str, str]] = set()
        """The releases for which an sdist was looked for among them."""
        self._sizes = _size_asker(asked=request.online)
        self.result = Outcome()
        self.kept: list[Kept] = []
        """What was read, for a later artifact to be compared with."""
        self.nowhere = ""
        """Why a release cannot be there: the registry has no such package."""
        self.past: dict[str, tuple[Kept, ...]] = {}
        """By artifact, the earlier ones that it was compared with."""

    def __reduce__(self) -> tuple[object, ...]:
        """Cross into a process that was not forked: what all targets share is made anew there."""
        return _anew, (self._request,), {"_sdists": self._sdists}

    def all_targets(self, targets: Sequence[Target]) -> None:
        """Audit some targets in their order; several processes read them where that pays."""
        known = dict(self._sdists)
        self._readers()  # imported here, so that no process need do it for itself
        apart = batch.read(self.apart, targets, self._request.jobs, self._announce)
        for at, target in enumerate(targets):
            read = apart.get(at)
            if read is None or any(self._sdists.get(x) is not known.get(x) for x in read.releases):
                self.whole_target(*target)
            else:
                self.result.add(read.outcome)
                self._sdists.update(read.sdists)

    def apart(self, target: Target) -> Read:
        """Audit a target as `whole_target` does, but give out what came of it."""
        known, result = self._sdists, self.result
        self._sdists, self.result, self._releases = dict(known), Outcome(), set()
        self.whole_target(*target)
        read = Read(
            outcome=self.result,
            releases=frozenset(self._releases),
            sdists={one: seen for one, seen in self._sdists.items() if known.get(one) is not seen},
        )
        self._sdists, self.result = known, result
        return read

    def whole_target(self, target: str, companions: tuple[str, ...]) -> None:
        """Audit a target; whatever about it cannot be examined is a gap, and the next one's turn.

        Raises UsageError and BugError, which are not the target's fault.
        """
        try:
            self._target(target, companions)
        except Exception as problem:  # noqa: BLE001 - the one boundary of a target, sorted by fault
            self.result.gap(target, f"not examined in full: {of_input(problem, target)}")

    def _target(self, target: str, companions: tuple[str, ...]) -> None:
        """Audit a file, a folder as it is, what a project's packer makes, or a release."""
        path = Path(target)
        if is_spec(target):
            self._release(target)
        elif path.is_file():
            notes = tuple(f"{one} goes with it, and is no package" for one in companions)
            self._file(path, Artifact(source=target, kind=ArtifactKind.ARCHIVE, notes=notes), None)
        elif path.is_dir():
            read = self._folder if self._request.as_is else self._project
            read(path, target)
        else:
            self.result.gap(target, "neither a regular file nor a folder")

    def conclude(self) -> None:
        """Write what the call is to leave behind; nothing where something was not examined."""
        if self._request.compare.write and self.result.gaps:
            self.result.gap(
                self._request.targets[0], "no manifest was written, as not all was examined"
            )
        else:
            self._comparing.written()

    def _release(self, target: str) -> None:
        """Audit each file of a release as it comes; there is never more than one on the disk."""
        from auditor.sources.release import AbsentError, Releases  # noqa: PLC0415 - where one is asked for

        self._announce(f"asking for {target}")
        releases = self._request.ahead or Releases(
            self._request.limits, self._request.registry_folder
        )
        try:
            release = releases.find(spec_of(target))
        except AbsentError as problem:
            self.nowhere = str(problem)
            self.result.gap(target, self.nowhere)
            return
        except InputError as problem:
            self.result.gap(target, str(problem))
            return
        for reason in release.problems:
            self.result.gap(target, reason)
        files = {file.name: file for file in release.files}
        wanted = self._wanted(files)
        if not wanted:
            self.result.gap(target, f"it has no file to compare {self._request.like} with")
        for file in (files[name] for name in wanted):
            label = release.label(file)
            self._announce(f"fetching {label}")
            with ExitStack() as stack:
                try:
                    path, origin = stack.enter_context(releases.fetched(release, file))
                except InputError as problem:
                    self.result.gap(label, str(problem))
                    continue
                notes = (origin, *release.notes, *file.notes)
                if len(wanted) < len(files):
                    notes = (*notes, _CHOSEN.format(count=len(files)))
                self._file(
                    path, Artifact(source=label, kind=ArtifactKind.ARCHIVE, notes=notes), None
                )

    def _wanted(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return which of several files of one target are audited."""
        if self._request.like is None:
            return tuple(names)
        from auditor.releases import nearest  # noqa: PLC0415 - only where one is chosen

        found = nearest(self._request.like, names)
        return (found,) if found else ()

    def _look(self, look: Look) -> Looked:
        """Read an earlier target, as any target is read; what is a gap there is one here."""
        request = replace(
            self._request,
            targets=(look.target,),
            online=False,
            like=look.like if is_spec(look.target) else None,
            registry_folder=look.folder,
            compare=Wanted(),
        )
        other = _Scanner(request, self._judge, self._announce, self._output, earlier=True)
        other.whole_target(look.target, ())
        if other.nowhere and look.may_lack:
            return Looked(nowhere=other.nowhere)
        self.result.gaps.extend(other.result.gaps)
        return Looked(kept=tuple(other.kept), nowhere=other.nowhere)

    def _project(self, path: Path, label: str) -> None:
        from auditor.sources.publication import published  # noqa: PLC0415 - only where one is packed

        self._announce(f"packing {label}")
        with ExitStack() as stack:
            try:
                publication = stack.enter_context(
                    published(path, label, self._request.wish, self._output)
                )
            except InputError as problem:
                self.result.gap(label, str(problem))
                return
            for reason in publication.problems:
                self.result.gap(label, reason)
            packs = {pack.tarball.name: pack for pack in publication.packs}
            for pack in (packs[name] for name in self._wanted(packs)):
                artifact = Artifact(
                    source=pack.label,
                    kind=ArtifactKind.ARCHIVE,
                    packer=str(pack.packer),
                    notes=pack.notes,
                )
                self._file(pack.tarball, artifact, self._configuration(pack))

    def _configuration(self, pack: Packed) -> Project:
        """Read the files that decide what a project's packer takes."""
        from auditor.backends import CONFIG_NAMES  # noqa: PLC0415 - only where one is packed
        from auditor.packing import CONFIG_GLOBS  # noqa: PLC0415

        folder = pack.directory
        python = pack.packer.name in PYTHON
        names = sorted(
            {
                found.relative_to(folder).as_posix()
                for glob in (CONFIG_NAMES if python else CONFIG_GLOBS)
                for found in folder.glob(glob)
                if found.is_file() and "node_modules" not in found.parts
            }
        )
        budget = gauges.budget(self._request.limits)
        examination = Examination(pack.label, facts.of("", "project")[1], budget)
        examination.run(directory.files(folder, names, budget))
        self.result.gaps.extend(
            gap for gap in examination.gaps if gap.location.path != MANIFEST
        )  # a bad package.json is in the tarball too, and said once
        contents = examination.contents(ArtifactKind.PROJECT, None)
        observations = {**contents.observations, Packer: (pack.packer,)}
        return Project(
            folder=folder,
            label=pack.typed,
            contents=replace(contents, observations=observations),
            judged=not python,
        )

    def _file(self, path: Path, artifact: Artifact, project: Project | None) -> None:
        progress = self._announce(artifact.source)
        limits = self._request.limits
        try:
            with ReadFile(path, limits, progress) as file:
                names = beforehand.listed(path, limits) if is_zip(file.begins(4)) else ()
                shape = kinds.of_zip(path.name, names)
                whole = readers = self._readers(wheel=shape.wheel)
                if shape.wheel and names:
                    readers = beforehand.of_wheel(path, names, whole, limits)
                examination = self._examination(artifact.source, readers, shape)
                digest, size = _read(file, examination, shape), file.size
            if readers is not whole and examination.is_ambiguous():
                # another program may see other entry points than those that the reader knew of
                examination = self._examination(artifact.source, whole, shape)
                with ReadFile(path, limits, progress) as file:
                    digest, size = _read(file, examination, shape), file.size
        except InputError as problem:
            self.result.gap(artifact.source, str(problem))
            return
        if examination.is_empty():
            self.result.gaps.extend(examination.gaps)
            return
        kind = ArtifactKind.WHEEL if shape.wheel else kinds.of_archive(path.name, examination)
        contents = self._compared(examination.contents(kind, size, path.name), artifact.source)
        if project is not None and (known := _git(project.folder, contents)):
            artifact = replace(artifact, notes=(*artifact.notes, *known.notes))
            observations = {**contents.observations, type(known): (known,)}
            contents = replace(contents, observations=observations)
        notes = (*artifact.notes, *_NOTES.get(kind, ()))
        artifact = replace(artifact, kind=kind, notes=notes, packed=ByteCount(size), sha256=digest)
        self._conclude(artifact, contents, examination, project)

    def _readers(self, *, wheel: bool = False) -> tuple[Reader, ...]:
        """Return who sees members; of Python's distributions only wheels have readers alone."""
        return facts.of("", *(("python",) if wheel else ()))[1] + self._more

    def _examination(
        self, label: str, readers: tuple[Reader, ...], shape: kinds.Zip
    ) -> Examination:
        budget = gauges.budget(self._request.limits)
        return Examination(label, readers, budget, wheel=shape.wheel)

    def _compared(self, contents: Contents, label: str) -> Contents:
        """Remember an sdist, and give any distribution the sdist of its release seen before it."""
        if contents.kind not in {ArtifactKind.SDIST, ArtifactKind.WHEEL}:
            return contents
        release = distribution_of(contents).release
        self._releases.add(release)
        found = self._sdists.get(release)
        if contents.kind is ArtifactKind.SDIST:
            from auditor.facts.python.module_difference import sdist_of  # noqa: PLC0415 - of these

            self._sdists[release] = sdist_of(contents, label)
        if found is None:
            return contents
        return replace(contents, observations={**contents.observations, SdistSeen: (found,)})

    def _folder(self, path: Path, label: str) -> None:
        budget = gauges.budget(self._request.limits)
        examination = Examination(label, self._readers(), budget)
        examination.run(directory.entries(path, budget))
        contents = examination.contents(ArtifactKind.FOLDER, None)
        artifact = Artifact(
            source=label,
            kind=ArtifactKind.FOLDER,
            notes=("taken as it is: no packer decided what belongs to it",),
        )
        if not contents.members:
            self.result.gap(label, "the folder is empty: nothing was inspected")
        self._conclude(artifact, contents, examination, None)

    def _conclude(
        self,
        artifact: Artifact,
        contents: Contents,
        examination: Examination,
        project: Project | None,
    ) -> None:
        """Turn what was seen into facts, findings and the artifact's line in the report."""
        self.result.gaps.extend(examination.gaps)
        name, version = _identity(contents)
        ships = shipped(contents)
        comparisons = self._comparing.of(
            contents, name, ships, None if project is None else project.folder
        )
        for problem in comparisons.problems:
            self.result.gap(artifact.source, problem)
        folder = None if project is None else project.folder
        observed = {**contents.observations, Demands: (self._demands,)}
        sizes = self._sizes_seen(artifact.source, contents, name, version, folder)
        for known_of in filter(None, (comparisons.seen, sizes)):
            observed[type(known_of[0])] = known_of
        contents = replace(contents, observations=observed)
        artifact = replace(
            artifact,
            name=name,
            version=version,
            unpacked=ByteCount(ships.size),
            files=len([1 for member in contents.files().values() if not member.nested]),
            shares=shares(ships),
            discloses=disclosure(contents),
            notes=(*artifact.notes, *comparisons.notes),
            ships=ships,
            compared=tuple(one.comparison for one in comparisons.shown),
            home=None if project is None else _home(project, contents),
        )
        self.result.artifacts.append(artifact)
        configuration = None
        if project is not None:
            paths = PackedPaths(paths=frozenset(member.path for member in contents.members))
            seen = {**project.contents.observations, PackedPaths: (paths,)}
            configuration = replace(project.contents, observations=seen)
        known = advice(configuration, artifact.kind, contents)
        before = len(self.result.findings)
        self._judged(artifact, contents, known)
        if project is not None and configuration is not None and project.judged:
            self._judged(replace(artifact, kind=ArtifactKind.PROJECT), configuration, known)
        self.past[artifact.source] = comparisons.kept
        if self._earlier:
            from auditor import texts  # noqa: PLC0415 - where a later one is compared with it

            told = texts.of(contents)
            found = tuple(self.result.findings[before:])
            kept = Kept(artifact=artifact, file=contents.file, texts=told, findings=found)
            self.kept.append(kept)

    def _sizes_seen(
        self, label: str, contents: Contents, name: str, version: str, folder: Path | None
    ) -> tuple[SizesSeen, ...]:
        """Return what the registry says of earlier releases; what it does not say is a gap."""
        if self._sizes is None:
            return ()
        try:
            seen = self._sizes.seen(contents, name, version, folder)
        except InputError as problem:
            self.result.gap(label, f"earlier releases not looked up: {problem}")
            return ()
        return () if seen is None else (seen,)

    def _judged(
        self, artifact: Artifact, contents: Contents, known: Mapping[str, Callable[[Fact], str]]
    ) -> None:
        # a budget of its own: what registries took in between is not the artifact's fault
        budget = gauges.budget(self._request.limits)
        self.result.judged(self._judge, artifact, contents, known, budget)


def _read(file: ReadFile, examination: Examination, shape: kinds.Zip) -> str:
    """Show a file to its readers; return its digest."""
    examination.expect(file.size)
    strip = int(shape.root)
    examination.run(
        walk(file.stream(), examination.budget, strip=1, strip_zip=strip, together=True)
    )
    return file.finish()


def _size_asker(*, asked: bool) -> SizeAsker | None:
    if not asked:
        return None
    from auditor.packonline import SizeAsker  # noqa: PLC0415 - where registries are asked alone

    return SizeAsker()


def _with_new_alone(
    report: Report, past: Mapping[str, tuple[Kept, ...]], request: Request
) -> Report:
    """Set aside what the earlier artifacts have as well, of all that policy did not set aside."""
    findings: list[Finding] = []
    suppressed = list(report.suppressed)
    by_source: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_source.setdefault(finding.location.source, []).append(finding)
    for source, found in by_source.items():
        new = found
        for kept in past.get(source, ()):
            new, old = since.divided(new, kept.findings)
            suppressed += old
        findings += new
    return replace(
        report,
        verdict=policy.verdict(findings, report.gaps, request.settings),
        findings=policy.ordered(findings),
        suppressed=tuple(suppressed),
    )


def _sdists_first(targets: tuple[str, ...]) -> Iterator[list[Target]]:
    """Yield the targets with what accompanies each: wheels behind what they are compared with.

    What accompanies another target is left out: that one has a note of it.
    """
    named = set(targets)
    beside = {target: tuple(sorted(named & _signatures(target))) for target in named}
    left_out = {one for some in beside.values() for one in some}
    parts: tuple[list[Target], list[Target]] = ([], [])
    for target in targets:
        if target not in left_out:
            parts[target.lower().endswith(".whl")].append((target, beside[target]))
    yield from parts


def _signatures(target: str) -> set[str]:
    """Return how signatures and attestations of a file are called, as `dist/*` has them."""
    return {f"{target}{ending}" for ending in (".asc", ".sig", ".publish.attestation")}


def _anew(request: Request) -> _Scanner:
    return _Scanner(request, _rules(request)[1], lambda _: None, None)


def _git(folder: Path, contents: Contents) -> GitSeen | None:
    from auditor.sources import git  # noqa: PLC0415 - only where a project was packed

    return git.seen(folder, contents)


def _home(project: Project, contents: Contents) -> Home:
    from auditor.home import home  # noqa: PLC0415 - see above

    return home(project.label, project.contents, contents)


def _identity(contents: Contents) -> tuple[str, str]:
    """Return name and version as the artifact's own manifest or metadata has them."""
    if contents.kind in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        said = distribution_of(contents)
        return said.title, said.version
    manifest = manifest_of(contents)
    document = manifest.document if manifest else {}
    return _text(document.get("name")), _text(document.get("version"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


__all__: Sequence[str] = ["Announce", "Request", "scan"]
