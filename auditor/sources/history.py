"""The history of lockfiles in a git repository: each commit that changed one, and what it held.

All sides of merges are walked and merges are compared with each of their parents, so that a state
that a merge threw away is seen, too. Renames between lockfiles are followed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import lockfiles
from auditor.facts.around.past import Change, Commit
from auditor.sources.git_program import NoAnswerError, ask, contents, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_PATIENCE = 1800
"""Seconds for the walk over a whole history; the largest that are known take some minutes."""
_MARK = b"\x01"
_NOTHING = b"0" * 40
_FORMAT = "%x01%H%x09%P%x09%ct%x09%at"
_MOST_REFS = 1000
_LINK = b"120000"


class History(Struct, frozen=True, kw_only=True):
    """What a repository has of lockfiles; paths are relative to its top."""

    changes: tuple[Change, ...]
    """The oldest first, no commit before its parents."""
    prefix: str = ""
    """The asked folder below the repository's top, with a slash at its end; empty for the top."""
    shallow: bool = False
    """Older commits are not here (`git clone --depth`)."""


class Repository:
    """A folder of a work tree, or a bare repository, that is asked for its history."""

    def __init__(self, folder: Path) -> None:
        self._git = program()
        self._where = os.fsencode(folder.resolve())
        bare = not any(os.path.lexists(one / ".git") for one in (folder, *folder.resolve().parents))
        self._words = ("--git-dir=.",) if bare else ()

    def _ask(self, *words: str, paths: bytes = b"", patience: float = 0) -> bytes:
        said = (*self._words, *words)
        return ask(self._git, self._where, *said, paths=paths, patience=patience)

    def is_empty(self) -> bool:
        """Tell whether there is no commit yet."""
        return not self._ask("rev-parse", "--quiet", "--verify", "HEAD").strip()

    def history(self, *, every_branch: bool, names: Iterable[str] = ()) -> History:
        """Return the history of the folder's lockfiles.

        `every_branch` walks all refs instead of HEAD alone; `names` are further files of the
        folder, for lockfiles that are called what none is called. Raises InputError where git does
        not answer.
        """
        patterns = {
            pattern for format_ in lockfiles.formats().values() for pattern in format_.files
        }
        specs = [f":(glob)**/{pattern}" for pattern in sorted(patterns)]
        specs += [f":(literal){name}" for name in sorted(names)]
        refs = ("--all",) if every_branch else ()
        said = self._ask(
            "log",
            *("--topo-order", "--reverse", "--full-history", "-m", "--raw", "--no-abbrev", "-z"),
            *("--find-renames", "--no-relative", "--no-ext-diff", f"--format={_FORMAT}"),
            *(*refs, "HEAD", "--", *specs),
            patience=_PATIENCE,
        )
        prefix = self._ask("rev-parse", "--show-prefix").rstrip(b"\n")
        shallow = self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"
        return History(changes=tuple(_changes(said)), prefix=os.fsdecode(prefix), shallow=shallow)

    def tips(self, paths: Sequence[str], *, every_branch: bool) -> dict[str, dict[str, str]]:
        """Return for each path, relative to the top, which blob each ref has there; HEAD first."""
        refs = ["HEAD", *(self._refs("%(refname)") if every_branch else ())]
        asked = [(path, ref) for path in paths if "\n" not in path for ref in refs[:_MOST_REFS]]
        lines = "".join(f"{ref}:{path}\n" for path, ref in asked)
        said = self._ask("cat-file", "--batch-check", paths=os.fsencode(lines))
        found: dict[str, dict[str, str]] = {}
        for (path, ref), line in zip(asked, said.splitlines(), strict=False):
            words = line.split()
            if len(words) == 3 and words[1] == b"blob":
                shown = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
                found.setdefault(path, {})[shown] = words[0].decode()
        return found

    def branches(self) -> tuple[str, ...]:
        """Return the names of all branches, local ones and those of remotes."""
        return self._refs("%(refname:short)")

    def _refs(self, form: str) -> tuple[str, ...]:
        said = self._ask("for-each-ref", f"--format={form}", "refs/heads", "refs/remotes")
        return tuple(os.fsdecode(said).splitlines())

    def blobs(self, names: Iterable[str], most: int) -> Iterator[tuple[str, bytes | None]]:
        """Yield the content of each blob; None for one that is missing or larger than `most`."""
        yield from contents(self._git, self._where, names, most, self._words)


def _changes(said: bytes) -> Iterator[Change]:
    """Read what `git log -m --raw -z` printed: a commit's head once for each of its parents."""
    tokens = iter(said.split(b"\0"))
    commit: Commit | None = None
    olds: dict[bytes, list[tuple[bytes, bytes]]] = {}
    news: dict[bytes, bytes] = {}
    for token in tokens:
        text = token.lstrip(b"\n")
        if text.startswith(_MARK):
            head = _commit(text[1:])
            if commit is None or head.id != commit.id:
                if commit is not None:
                    yield from _of_commit(commit, olds, news)
                commit, olds, news = head, {}, {}
        elif text.startswith(b":"):
            fields = text[1:].split(b" ")
            if len(fields) != 5:
                raise NoAnswerError("git log printed what is not understood")
            old_path = new_path = next(tokens, b"")
            if fields[4][:1] in b"RC":
                new_path = next(tokens, b"")
            if _LINK in fields[:2]:
                continue
            olds.setdefault(new_path, []).append((old_path, fields[2]))
            news[new_path] = fields[3]
    if commit is not None:
        yield from _of_commit(commit, olds, news)


def _commit(head: bytes) -> Commit:
    spelled = head.split(b"\t")
    if len(spelled) != 4:
        raise NoAnswerError("git log printed what is not understood")
    return Commit(
        id=spelled[0].decode("ascii", "replace"),
        parents=len(spelled[1].split()),
        committed=_number(spelled[2]),
        authored=_number(spelled[3]),
    )


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _of_commit(
    commit: Commit,
    olds: dict[bytes, list[tuple[bytes, bytes]]],
    news: dict[bytes, bytes],
) -> Iterator[Change]:
    for path, new in news.items():
        before = olds[path]
        yield Change(
            commit=commit,
            path=os.fsdecode(path),
            blob=_blob(new),
            before=tuple((os.fsdecode(old), _blob(blob)) for old, blob in before),
            same_as_a_parent=len(before) < commit.parents,
        )


def _blob(spelled: bytes) -> str:
    return "" if spelled.startswith(_NOTHING) else spelled.decode("ascii", "replace")
