"""What git says of the files that were packed from a project's folder.

How git is asked, and what of a repository's configuration is not trusted, is in `git_program`.
"""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor import words
from auditor.errors import InputError
from auditor.facts.distribution import SITE, scheme_of
from auditor.facts.file import kind_of
from auditor.facts.project.build_output import DOCUMENTS, neighbours
from auditor.facts.project.git_state import GitSeen, PathState, State
from auditor.model import ArtifactKind
from auditor.safe import safe
from auditor.sources import packed_from
from auditor.sources.git_program import NoAnswerError, ask, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from auditor.facts import Contents

_MOST_ZONES = 100
_GITLINK = b"160000 "
"""The mode of a submodule in the index (gitdatamodel(7))."""
_PLACEHOLDERS = (b".", b"readme")
"""How names begin that a folder of output holds so that git keeps the folder."""
_UNASKED = "which packed files git ignores or does not know was not found out"


def seen(project: Path, contents: Contents) -> GitSeen | None:
    """Ask git about each file of an artifact that was packed from a project's folder.

    None where the folder lies in no work tree, so that there is nothing to say. Where git does not
    answer, or tracks nothing yet, the notes say so. Never raises for what it finds.
    """
    root = project.resolve()
    if not any(os.path.lexists(folder / ".git") for folder in (root, *root.parents)):
        return None
    try:
        return _seen(os.fsencode(root), contents)
    except NoAnswerError as problem:
        return GitSeen(notes=(f"{_UNASKED}: {problem}",))


def content_at(folder: Path, revision: str, name: str) -> bytes | None:
    """Return a folder's file as a revision of its repository has it; None where it was not there.

    Raises InputError where the folder lies in no repository, there is no such revision, or git has
    the file's name but not its content.
    """
    where = os.fsencode(folder.resolve())
    git = program()
    commit = ask(git, where, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    spelled = commit.decode("ascii", "replace").strip()
    if len(spelled) < 40:
        raise InputError(f"git knows no revision {safe(revision, 80)!r} here")
    if not ask(git, where, "ls-tree", "-z", spelled, "--", name):
        return None
    return ask(git, where, "cat-file", "blob", f"{spelled}:./{name}")


def _seen(root: bytes, contents: Contents) -> GitSeen:
    git = program()
    main = _Zone(git, root)
    documents: dict[str, bytes] = {}
    base = ""
    places: Iterable[tuple[str, bytes | None]]
    if contents.kind in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        documents = {name: packed_from.read(root, name) for name in DOCUMENTS}
    if contents.kind is ArtifactKind.WHEEL:
        places = packed_from.by_content(root, contents, main.tracked, main.known, documents)
    else:
        paths: Iterable[str] = packed_from.packed_files(contents)
        if contents.kind is ArtifactKind.NPM_TARBALL:
            base = packed_from.sent_from(root)
            paths = (path for path in paths if not path.startswith("node_modules/"))
        places = packed_from.by_path(root, paths, base)
    asked = _Asked(main)
    states = tuple(asked.states(tuple(places)))
    if contents.kind is ArtifactKind.WHEEL and main.holds_some:
        asked.notes |= dict.fromkeys(_lost(states))
    return GitSeen(states=states, notes=tuple(asked.notes), base=base, documents=documents)


def _lost(states: tuple[PathState, ...]) -> Iterator[str]:
    """Say so where most of a wheel was not found in the project, as where its folders are moved."""
    files = [one for one in states if scheme_of(one.path)[0] in SITE]
    files = [one for one in files if kind_of(one.path) != "native code"]
    lost = [one for one in files if one.state is State.GENERATED]
    if len(lost) * 2 > len(files):
        yield (
            f"{len(lost):,} of the wheel's {words.counted(len(files), 'file')} were not found in"
            " the project by path and content: git was not asked about them"
        )


class _Match(Struct, frozen=True, kw_only=True):
    """The pattern that decides on a path."""

    pattern: bytes
    source: bytes
    line: bytes

    @property
    def takes_all(self) -> bool:
        """Tell whether the pattern is for all that is in a folder: `dist/*`, `dist/**`."""
        return not self.pattern.rstrip(b"/").rpartition(b"/")[2].strip(b"*")


class _Zone(Struct):
    """A folder that one index of git speaks for: a project's, a submodule's, one behind a link."""

    git: str
    folder: bytes
    prefix: bytes = b""
    """The folder as a path of the project, with a slash at its end; empty for the project's own."""
    tracked: set[bytes] = field(default_factory=set)
    links: set[bytes] = field(default_factory=set)
    """The folders of submodules."""
    folders: set[bytes] = field(default_factory=set)
    """All folders that hold something tracked."""
    matches: dict[bytes, _Match] = field(default_factory=dict)
    _same: dict[str, bytes] = field(default_factory=dict)
    _outputs: dict[bytes, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in ask(self.git, self.folder, "ls-files", "--stage", "-z").split(b"\0"):
            head, _, path = entry.partition(b"\t")
            if path:
                (self.links if head.startswith(_GITLINK) else self.tracked).add(path)
        for path in (*self.tracked, *self.links):
            self.folders.update(_folders(path))

    @property
    def holds_some(self) -> bool:
        """Tell whether anything in the folder is tracked."""
        return bool(self.tracked or self.links)

    def known(self) -> Iterator[bytes]:
        """Yield all files that git tracks or does not ignore."""
        yield from self.tracked
        listed = ask(self.git, self.folder, "ls-files", "--others", "--exclude-standard", "-z")
        yield from (path for path in listed.split(b"\0") if path and not path.endswith(b"/"))

    def match(self, paths: Iterable[bytes]) -> None:
        """Have git try its patterns on paths, the folders above them, and this folder itself."""
        top = os.path.lexists(self._at(b".git"))  # which nothing above it can ignore
        wanted: dict[bytes, None] = {} if top else {b".": None}
        for path in paths:
            wanted |= dict.fromkeys(b"./" + one for one in (*_folders(path), path))
        words = ("check-ignore", "--no-index", "--stdin", "-z", "--verbose", "--non-matching")
        said = ask(self.git, self.folder, *words, paths=b"".join(p + b"\0" for p in wanted))
        answers = said.split(b"\0")
        for source, line, pattern, path in zip(*(answers[i::4] for i in range(4)), strict=False):
            if source and not pattern.startswith(b"!"):  # a negated pattern takes a path back
                where = b"" if path == b"." else path.removeprefix(b"./")
                self.matches[where] = _Match(pattern=pattern, source=source, line=line)

    def holds(self, path: bytes) -> bool:
        """Tell whether a path is tracked, in the spelling of the disk where that ignores case."""
        if path in self.tracked or path in self.links:
            return True
        if not self._same:
            self._same = {_plain(one): one for one in self.tracked}
        other = self._same.get(_plain(path))
        try:
            return other is not None and os.path.samestat(
                os.lstat(self._at(path)), os.lstat(self._at(other))
            )
        except OSError:
            return False

    def exists(self, path: bytes) -> bool:
        """Tell whether something lies at a path."""
        return os.path.lexists(self._at(path))

    def ignored_folder(self, path: bytes) -> bytes:
        """Return the outermost folder of the project that is ignored with a path in it.

        A pattern like `dist/*` means the folder, as long as git holds no more of it than what
        keeps it there. Empty where the file itself is what is ignored.
        """
        if b"" in self.matches:
            return self.prefix[:-1]
        item = next(one for one in (*_folders(path), path) if one in self.matches)
        match, parent = self.matches[item], item.rpartition(b"/")[0]
        at = match.source.rpartition(b"/")[0]
        inside = b"/" in match.pattern.strip(b"/") or f"/{_text(at)}".endswith(f"/{_text(parent)}")
        if match.takes_all and parent and inside and self._is_output(parent):
            return self.prefix + parent
        return b"" if item == path else self.prefix + item

    def untracked_folder(self, path: bytes) -> bytes:
        """Return the project's outermost folder above a path in which nothing is tracked."""
        if self.prefix and not self.holds_some:
            return self.prefix[:-1]
        empty = next((one for one in _folders(path) if one not in self.folders), None)
        return b"" if empty is None else self.prefix + empty

    def made_from(self, path: bytes) -> str:
        """Return a tracked file that tools make this one from; empty for none."""
        candidates = neighbours(os.fsdecode(path))
        return next((one for one in candidates if os.fsencode(one) in self.tracked), "")

    def _is_output(self, folder: bytes) -> bool:
        if folder not in self._outputs:
            self._outputs[folder] = all(
                one.rpartition(b"/")[2].lower().startswith(_PLACEHOLDERS)
                for one in self.tracked
                if one.startswith(folder + b"/")
            )
        return self._outputs[folder]

    def _at(self, path: bytes) -> bytes:
        return os.path.join(self.folder, path)  # noqa: PTH118 - names that are no text stay whole


class _Asked:
    """The packed files of one artifact, each put to the zone that speaks for it."""

    def __init__(self, main: _Zone) -> None:
        self._main = main
        self._zones: dict[bytes, tuple[_Zone | None, bytes]] = {b"": (main, b"")}
        self._made = 0
        self.notes: dict[str, None] = {}

    def states(self, places: tuple[tuple[str, bytes | None], ...]) -> Iterator[PathState]:
        """Yield the state of each packed path, given the path on disk or None."""
        located = {raw: self._located(raw) for _, raw in places if raw is not None}
        open_: dict[bytes, tuple[_Zone, list[bytes]]] = {}
        for zone, path in located.values():
            if zone and not zone.holds(path) and zone.exists(path):
                open_.setdefault(zone.prefix, (zone, []))[1].append(path)
        for zone, paths in open_.values():
            zone.match(paths)
        main = self._main
        if not main.holds_some:
            self.notes["git tracks no file of this folder yet: only what it ignores is told"] = None
        if match := main.matches.get(b""):
            where = f"{_shown_source(match.source)}:{_text(match.line)}"
            why = (
                f"this folder lies in one that git ignores ({where}: {safe(_text(match.pattern))})"
            )
            self.notes[f"{_UNASKED}: {why}"] = None
        for packed, raw in places:
            if raw is None:
                yield PathState(path=packed, state=State.GENERATED)
                continue
            zone, path = located[raw]
            state = self._state(packed, zone, path, _text(raw)) if zone else None
            if state is not None:
                yield state

    def _state(self, packed: str, zone: _Zone, path: bytes, source: str) -> PathState | None:
        """Return the state of a path in its zone; None where git has no say in it."""
        if zone.holds(path):
            return PathState(path=packed, state=State.TRACKED, source=source)
        if not zone.exists(path):
            return PathState(path=packed, state=State.GENERATED)
        match = zone.matches.get(path)
        if zone is self._main and (b"" in zone.matches or not (match or zone.holds_some)):
            return None
        return PathState(
            path=packed,
            state=State.IGNORED if match else State.UNTRACKED,
            source=source,
            pattern=_text(match.pattern) if match else "",
            pattern_source=f"{_shown_source(match.source)}:{_text(match.line)}" if match else "",
            folder=_text(zone.ignored_folder(path)) if match else "",
            untracked_folder=_text(zone.untracked_folder(path)),
            made_from=zone.made_from(path),
        )

    def _located(self, raw: bytes) -> tuple[_Zone | None, bytes]:
        """Return the zone of a path, and the path there; submodules and links begin a new one."""
        folder, slash, name = raw.rpartition(b"/")
        zone, path = self._zone(folder)
        return zone, path + slash + name if path else name

    def _zone(self, folder: bytes) -> tuple[_Zone | None, bytes]:
        for one in (*_folders(folder + b"/"),):
            if one in self._zones:
                continue
            above, _, name = one.rpartition(b"/")
            zone, path = self._zones[above]
            path = path + b"/" + name if path else name
            if zone is None:
                self._zones[one] = None, b""
                continue
            place = os.path.join(zone.folder, path)  # noqa: PTH118 - bytes
            if path in zone.links or os.path.islink(place):  # noqa: PTH114 - bytes
                self._zones[one] = self._opened(one, place), b""
            else:
                self._zones[one] = zone, path
        return self._zones[folder]

    def _opened(self, folder: bytes, place: bytes) -> _Zone | None:
        self._made += 1
        try:
            if self._made > _MOST_ZONES:
                raise NoAnswerError(f"there are more than {_MOST_ZONES} submodules and links")  # noqa: TRY301
            real = os.path.realpath(place)
            if not os.path.isdir(real):  # noqa: PTH112 - bytes
                return None
            return _Zone(self._main.git, real, prefix=folder + b"/")
        except NoAnswerError as problem:
            shown = safe(_text(folder)) if self._made <= _MOST_ZONES else "the rest"
            self.notes[f"git was not asked about the files of {shown}: {problem}"] = None
            return None


def _folders(path: bytes) -> Iterator[bytes]:
    """Yield the folders that a path lies in, outermost first."""
    position = path.find(b"/")
    while position > 0:
        yield path[:position]
        position = path.find(b"/", position + 1)


def _plain(path: bytes) -> str:
    """Return a path so that spellings which one file system takes for the same are equal."""
    return unicodedata.normalize("NFC", os.fsdecode(path)).casefold()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _shown_source(source: bytes) -> str:
    """Return a file of patterns as its owner would type it: no path of a home folder is told."""
    text = _text(source)
    if text.endswith("/info/exclude"):
        return ".git/info/exclude"
    home = os.path.expanduser("~")  # noqa: PTH111 - a text is compared
    return f"~{text.removeprefix(home)}" if text.startswith(f"{home}/") else text


__all__ = ["seen"]
