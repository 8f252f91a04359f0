"""The pipeline of `audit map`: a target to what its maps give back, and that to a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor import kinds, words
from auditor.archives import is_archive, listing, walk
from auditor.blame import of_input
from auditor.errors import InputError, UsageError
from auditor.examine import Examination
from auditor.facts import Contents, Embedded, source_map, source_reference
from auditor.limits import Limits
from auditor.maps.links import LinkSeen
from auditor.maps.reader import Source
from auditor.model import ArtifactKind, Gap, Location
from auditor.recovery import NOT_READ, Recovery, of_contents
from auditor.sources import directory, gauges
from auditor.sources.ahead import Ahead
from auditor.sources.file import ReadFile
from auditor.specs import is_spec, spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.archives import Entries
    from auditor.facts import Hits, Reader
    from auditor.limits import Budget
    from auditor.model import Member
    from auditor.scan import Announce
    from auditor.sources.extraction import Extraction

STDIN = "-"
_HEAD = 512
_CHOSEN = "one of {count:,} files of the release; pypi:NAME==VERSION/GLOB asks for another"
_NAMED = 3
"""Linked maps that a note names."""


class Request(Struct, frozen=True, kw_only=True):
    """One call of `audit map`."""

    target: str
    extract: Path | None = None
    """A new or empty folder, into which what can be recovered is written."""
    registry_folder: Path | None = None
    """Whose settings say where a registry is; the current folder by default."""
    ahead: Ahead | None = None
    """The release that was fetched already; None to fetch it."""
    spooled: Path | None = None
    """The file that standard input was put into already; None to do that."""
    limits: Limits = field(default_factory=Limits)


def examined(request: Request, announce: Announce = lambda _: None) -> Recovery:
    """Return what can be recovered from a target, and write it where that is asked for.

    Raises UsageError where the target is not there, or the folder is not to be written into.
    """
    check(request)
    extraction = None
    if request.extract is not None:
        from auditor.sources.extraction import Extraction  # noqa: PLC0415 - where one is asked for

        extraction = Extraction(request.extract, request.limits)
    try:
        found = _Examiner(request, extraction, announce).found()
    except Exception as problem:  # noqa: BLE001 - the one boundary of a target, sorted by fault
        why = of_input(problem, f"the recovery from {request.target}")
        found = of_nothing(request.target, str(why))
    if extraction is None:
        return found
    said, gaps = extraction.concluded(found)
    return replace(found, notes=(*found.notes, *said), gaps=(*found.gaps, *gaps))


def check(request: Request) -> None:
    """Raise UsageError where the target is not there, or what is written would lie in it."""
    target = request.target
    if target != STDIN and not is_spec(target) and not Path(target).exists():
        raise UsageError(f"{target}: no such file or folder")
    extract = request.extract
    if extract is not None and extract.resolve().is_relative_to(Path(target).resolve()):
        # what is written there would be read as what ships
        raise UsageError(f"{extract}: lies in {target}; name a folder beside it")


def of_nothing(target: str, reason: str) -> Recovery:
    """Return the answer where nothing of a target could be read."""
    contents = Contents(kind=ArtifactKind.ARCHIVE, members=())
    gap = Gap(location=Location(source=target), reason=reason)
    return of_contents(contents, target, NOT_READ, gaps=[gap])


class _Examiner:
    """One call's request, so that its steps need not hand it on."""

    def __init__(self, request: Request, extraction: Extraction | None, announce: Announce) -> None:
        self._limits = request.limits
        self._request = request
        self._announce = announce
        read: Callable[[Member, bytes, Hits], Iterable[object]] = source_map.IN_FULL
        if extraction is not None:
            read = partial(_taken, extraction)
        reader = replace(source_map.READER, read=read, read_scanned=None)
        self._readers: tuple[Reader, ...] = (reader, source_reference.READER)

    def found(self) -> Recovery:
        """Examine the target; raises InputError where nothing of it can be read."""
        target = self._request.target
        if target == STDIN:
            from auditor.sources import standardinput  # noqa: PLC0415 - where it is asked for

            if self._request.spooled is not None:
                return self._file(self._request.spooled, "standard input")
            with standardinput.spooled(self._limits) as path:
                return self._file(path, "standard input")
        if is_spec(target):
            return self._release(target)
        path = Path(target)
        if path.is_dir():
            return self._folder(path, target)
        if path.is_file():
            return self._file(path, target)
        raise InputError("neither a regular file nor a folder")

    def _release(self, target: str) -> Recovery:
        from auditor.releases import nearest  # noqa: PLC0415 - where a release is asked for
        from auditor.sources.release import Releases  # noqa: PLC0415

        self._announce(f"asking for {target}")
        releases = self._request.ahead or Releases(self._limits, self._request.registry_folder)
        release = releases.find(spec_of(target))
        files = {file.name: file for file in release.files}
        if not files:
            raise InputError("; ".join(release.problems) or "the release has no file")
        file = files[nearest("", files)]
        label = release.label(file)
        self._announce(f"fetching {label}")
        with releases.fetched(release, file) as (path, origin):
            notes = [origin, *release.notes, *file.notes]
            if len(files) > 1:
                notes.append(_CHOSEN.format(count=len(files)))
            found = self._file(path, label, notes)
        problems = [
            Gap(location=Location(source=target), reason=reason) for reason in release.problems
        ]
        return replace(found, gaps=(*found.gaps, *problems))

    def _file(self, path: Path, label: str, notes: Iterable[str] = ()) -> Recovery:
        """Examine an archive's members, or any other file as the only member of its own."""
        budget = gauges.budget(self._limits)
        progress = self._announce(label)
        try:
            with path.open("rb") as file:
                archive = is_archive(file.read(_HEAD))
                file.seek(0)
                names = listing(file, budget)
        except OSError as problem:
            raise InputError(f"cannot be read: {problem.strerror or problem}") from None
        if not archive:
            entry = directory.member_of(path, path.parent, budget)
            return self._examined(label, [entry], budget, kind="file", notes=notes)
        shape = kinds.of_zip(path.name, names)
        with ReadFile(path, self._limits, progress) as read:
            lone = path.name.rpartition(".")[0] or path.name
            entries = walk(read.stream(), budget, strip=1, strip_zip=int(shape.root), lone=lone)
            kind = ArtifactKind.WHEEL.value if shape.wheel else ""
            return self._examined(label, entries, budget, kind=kind, notes=notes, file=path.name)

    def _folder(self, path: Path, label: str) -> Recovery:
        self._announce(label)
        budget = gauges.budget(self._limits)
        return self._examined(label, directory.entries(path, budget), budget, kind="folder")

    def _examined(  # noqa: PLR0913 - what is known of a target
        self,
        label: str,
        entries: Iterable[Entries],
        budget: Budget,
        *,
        kind: str = "",
        notes: Iterable[str] = (),
        file: str = "",
    ) -> Recovery:
        examination = Examination(label, self._readers, budget)
        examination.run(entries)
        known = ArtifactKind.FOLDER if kind else kinds.of_archive(file, examination)
        contents = examination.contents(known, None, file)
        said = [*notes]
        if kind == "file":
            said += _elsewhere(contents.of(LinkSeen), label)
        return of_contents(
            contents, label, kind or known.value.replace("-", " "), said, examination.gaps
        )


def _taken(extraction: Extraction, member: Member, data: bytes, hits: Hits) -> Iterator[object]:
    """Give each text to an extraction as it is read, when no other one is held; yield the rest."""
    for seen in source_map.IN_FULL(member, data, hits):
        if isinstance(seen, Embedded) and isinstance(seen.source, Source):
            extraction.take(seen.holder, seen.source, seen.text)
        else:
            yield seen


def _elsewhere(links: Iterable[LinkSeen], label: str) -> Iterable[str]:
    """Yield a note on the maps that a single file only refers to."""
    named = tuple(dict.fromkeys(link.target or link.url for link in links))
    if named:
        yield (
            f"its map is another file, which was not looked at: {words.listed(named, _NAMED)} "
            f"(seen from {label})"
        )


__all__ = ["Request", "examined"]
