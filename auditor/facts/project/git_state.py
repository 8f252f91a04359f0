"""What git knows of each packed file: tracked, untracked, ignored, or made by the packer.

The answers are git's own (`git ls-files`, `git check-ignore`), brought by `auditor.sources.git`;
without that observation there are no facts. Ignoring is as gitignore(5) has it: `.gitignore` at
every level, `.git/info/exclude` and the user's `core.excludesFile`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor import words
from auditor.facts import Collector, Contents
from auditor.facts.project.build_output import BuildOutput
from auditor.lazyre import regex
from auditor.model import ByteCount, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPELLED = regex(
    r"(?P<state>\w+)(?: (?P<source>\S+):(?P<line>\d+) (?P<pattern>\S+))?(?: in (?P<folder>\S+))?"
)


class State(StrEnum):
    """What git says of a file."""

    TRACKED = "tracked"
    UNTRACKED = "untracked"
    """It lies in the work tree; git neither holds nor ignores it."""
    IGNORED = "ignored"
    GENERATED = "generated"
    """It is not in the work tree: the packer or the build wrote it into the artifact."""


class PathState(Struct, frozen=True, kw_only=True):
    """Git's answer about one packed file."""

    path: str
    """In the artifact."""
    state: State
    source: str = ""
    """In the project; empty where it is not there, or not below the project's folder."""
    pattern: str = ""
    """Of an ignored file, the pattern as written."""
    pattern_source: str = ""
    """The file with the pattern, from the root of the repository, and its line: `.gitignore:3`."""
    folder: str = ""
    """The outermost folder of the project that is what is ignored; empty for the file itself."""
    untracked_folder: str = ""
    """The outermost folder above the file in which git tracks nothing; empty for none."""
    made_from: str = ""
    """A tracked file beside it that tools make such a file from: of `a.js` it is `a.ts`."""

    @classmethod
    def parse(cls, path: str, text: str) -> PathState:
        """Read the spelling of rule tests: `ignored .gitignore:3 *.env`, `untracked in assets`.

        `in FOLDER` is the folder as a whole that is ignored, or in which nothing is tracked.
        Raises ValueError where the text is none.
        """
        found = _SPELLED.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no STATE [SOURCE:LINE PATTERN] [in FOLDER]")
        state = State(found["state"])
        return cls(
            path=path,
            state=state,
            source="" if state is State.GENERATED else path,
            pattern=found["pattern"] or "",
            pattern_source=f"{found['source']}:{found['line']}" if found["source"] else "",
            folder=(found["folder"] or "") if state is State.IGNORED else "",
            untracked_folder=found["folder"] or "",
        )


class GitSeen(Struct, frozen=True, kw_only=True):
    """What git says of an artifact that was packed from a project's folder."""

    states: tuple[PathState, ...] = ()
    """Of each packed file of which something is known; bundled dependencies are not asked for."""
    notes: tuple[str, ...] = ()
    """What a reader of the report must know: why the state of some files is not known."""
    base: str = ""
    """The folder that was packed, where it is one below the project's (`publishConfig`)."""
    documents: Mapping[str, bytes] = field(default_factory=dict)
    """The files of a Python project that say what is built, by name."""


class GitStateFact(Fact, frozen=True, kw_only=True):
    """One packed file, as git knows it."""

    state: State
    pattern: str
    """The pattern that ignores it; empty where none does."""
    pattern_source: str
    """Where that pattern stands: file and line, as in `.gitignore:3`."""
    by_folder: bool
    """Not the file is ignored, but a folder above it; or nothing in that folder is tracked."""
    folder: str
    """That folder, in the project."""
    declared: bool
    """The project names it, or its folder, as what it builds and ships; or a tool makes it from a
    tracked file beside it."""
    made_from: str
    first: bool
    """False for all files but the first of a folder that is ignored or untracked as a whole."""
    files: int
    """How many files of that folder ship undeclared; 1 for a file by itself."""
    size: ByteCount
    """Of this file."""
    subject: str
    """The file or folder with its size, as a message names it."""


def collect(contents: Contents) -> Iterator[GitStateFact]:
    """Yield one fact for each packed file; nothing where git was not asked."""
    for seen in contents.of(GitSeen):
        yield from _facts(contents, seen)


def _facts(contents: Contents, seen: GitSeen) -> Iterator[GitStateFact]:
    tracked = {one.source for one in seen.states if one.state is State.TRACKED}
    output = BuildOutput(contents, seen.documents, tracked)
    sizes = {path: member.size for path, member in contents.files().items()}
    declared = {one.path for one in seen.states if _is_declared(one, output, seen.base)}
    heaps: dict[tuple[State, str], _Heap] = defaultdict(_Heap)
    for one in seen.states:
        if _folder(one) and one.path not in declared:
            heaps[one.state, _folder(one)].add(one.path, sizes.get(one.path, 0))
    for one in seen.states:
        folder = _folder(one)
        heap = heaps.get((one.state, folder)) if one.path not in declared else None
        if heap is None:
            heap = _Heap()
            heap.add(one.path, sizes.get(one.path, 0))
        yield GitStateFact(
            path=one.path,
            state=one.state,
            pattern=one.pattern,
            pattern_source=one.pattern_source,
            by_folder=bool(folder),
            folder=folder,
            declared=one.path in declared,
            made_from=one.made_from,
            first=one.path == heap.first,
            files=heap.files,
            size=ByteCount(sizes.get(one.path, 0)),
            subject=heap.subject(folder),
        )


class _Heap(Struct):
    """The undeclared files of one folder that is ignored or untracked as a whole."""

    first: str = ""
    files: int = 0
    total: int = 0

    def add(self, path: str, size: int) -> None:
        self.first = min(self.first or path, path)
        self.files += 1
        self.total += size

    def subject(self, folder: str) -> str:
        if self.files == 1:
            return f"{self.first} ({words.size(self.total)})"
        return f"{folder}/ ({words.counted(self.files, 'file')}, {words.size(self.total)})"


def _folder(one: PathState) -> str:
    """Return the folder as a whole that a file's state is that of."""
    if one.state is State.IGNORED:
        return one.folder
    return one.untracked_folder if one.state is State.UNTRACKED else ""


def _is_declared(one: PathState, output: BuildOutput, base: str) -> bool:
    if one.state not in {State.IGNORED, State.UNTRACKED}:
        return False
    folders = (one.folder, one.untracked_folder)
    if base and any(f"{base}/".startswith(f"{folder}/") for folder in folders if folder):
        return True
    return bool(one.made_from) or output.declares(one.path, one.source, folders)


COLLECTOR = Collector(name="git-state", fact=GitStateFact, collect=collect)
