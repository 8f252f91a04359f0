"""The commit that a change goes on top of: found or fetched, and checked out beside it.

A pull request is checked out as the merge of its base and its head, mostly without a history. Then
the merge itself names the base; else the two have to have a common ancestor here.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.sources.git_program import NoAnswerError, ask, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PATIENCE = 900
"""Seconds for one fetch or checkout."""
_REMOTE = "origin"


class Repository:
    """The repository that a folder lies in; raises NoAnswerError where git does not answer."""

    def __init__(self, folder: Path) -> None:
        self._git = program()
        self._folder = os.fsencode(folder.resolve())
        self.prefix = self._ask("rev-parse", "--show-prefix")
        """The folder below the repository's top, with a slash at its end; empty for the top."""

    def base(self, base: str, head: str) -> str:
        """Return the commit to compare with, which is here then; fetches what is missing.

        `base` is the tip of the branch that the change is to go to, `head` the change's own tip.
        Where the two have been merged for a trial, that is what is checked out, the commit is the
        merge's first parent: later changes of the branch are in both then. Raises NoAnswerError
        where it cannot be had.
        """
        merged = self._parents()
        if len(merged) == 2 and merged[1] == head:
            return self._here(merged[0])
        self._here(base)
        common = self._ask("merge-base", base, "HEAD")
        if not common and self._ask("rev-parse", "--is-shallow-repository") == "true":
            self._fetch("--unshallow", base)
            common = self._ask("merge-base", base, "HEAD")
        if not common:
            raise NoAnswerError("the two have no commit in common")
        return common

    def commit(self, revision: str) -> str:
        """Return the commit that a revision names here; raise NoAnswerError for none."""
        found = self._ask("rev-parse", "--quiet", "--verify", "--end-of-options", revision + "^{}")
        if not found:
            raise NoAnswerError(f"there is no revision {revision!r} here")
        return found

    def is_built(self, paths: Iterable[str]) -> bool:
        """Tell whether one of some paths is a file here that git does not track, so was made."""
        tracked = frozenset(self._ask("ls-files", "-z").split("\0"))
        here = Path(os.fsdecode(self._folder))
        return any(path not in tracked and (here / path).is_file() for path in paths)

    @contextmanager
    def checked_out(self, commit: str, place: Path) -> Iterator[Path]:
        """Check a commit out at a place, yield the folder in it that is ours, and remove it."""
        words = ("worktree", "add", "--quiet", "--detach", "--force", str(place), commit)
        self._ask(*words, patience=_PATIENCE)
        try:
            yield place / self.prefix
        finally:
            with suppress(NoAnswerError):
                self._ask("worktree", "remove", "--force", "--force", str(place))

    def _parents(self) -> list[str]:
        """Return HEAD's parents as the commit names them, also where they are not here."""
        head = self._ask("cat-file", "commit", "HEAD").partition("\n\n")[0]
        rows = (line.split(" ") for line in head.splitlines())
        return [row[1] for row in rows if row[0] == "parent" and len(row) == 2]

    def _here(self, commit: str) -> str:
        if not self._ask("cat-file", "-t", commit, fails=False):
            self._fetch("--depth=1", commit)
        return commit

    def _fetch(self, depth: str, commit: str) -> None:
        words = (
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
        )
        self._ask(*words, depth, _REMOTE, commit, patience=_PATIENCE, network=True)

    def _ask(
        self, *words: str, patience: float = 0, network: bool = False, fails: bool = True
    ) -> str:
        try:
            said = ask(self._git, self._folder, *words, patience=patience, network=network)
        except NoAnswerError:
            if fails:
                raise
            return ""
        return os.fsdecode(said).rstrip("\n")
