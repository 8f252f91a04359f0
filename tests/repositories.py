"""Git repositories with a scripted history, the same ids in every run."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def lock(*packages: str, **versions: str) -> str:
    """Return a package-lock.json of `name@version` texts."""
    wanted = [package.rpartition("@")[::2] for package in packages]
    wanted += list(versions.items())
    rows = {f"node_modules/{name}": {"version": version} for name, version in wanted}
    root = {"dependencies": dict.fromkeys((name for name, _ in wanted), "*")}
    return json.dumps({"lockfileVersion": 3, "packages": {"": root, **rows}}, indent=1) + "\n"


class Repository:
    """A repository in a folder; each commit has the time that the test gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "--initial-branch=main")

    def git(self, *words: str, at: str = "2026-01-01T00:00:00Z") -> str:
        """Run one git command at a time; return what it prints."""
        settings = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_DATE": at,
        }
        ended = subprocess.run(  # noqa: S603 - a test's own words
            ["git", *settings, *words],  # noqa: S607
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return ended.stdout

    def commit(self, at: str, files: Mapping[str, str | None], *words: str) -> str:
        """Write files (None removes one) and commit them; return the commit's id."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "change", *words, at=at)
        return self.head()

    def head(self) -> str:
        """Return the id of the last commit."""
        return self.git("rev-parse", "HEAD").strip()

    def switch(self, branch: str, *, new: bool = False) -> Self:
        """Go to a branch."""
        self.git("switch", "-q", *(("-c",) if new else ()), branch)
        return self


class Change:
    """A repository with a change: a base of two commits, a branch from the first, their merge.

    `first` has the files of both, `head` is the branch, `base` the tip it is to go to, and `merge`
    is what GitHub merges for a trial and checks out.
    """

    def __init__(
        self,
        folder: Path,
        first: Mapping[str, str | None],
        head: Mapping[str, str | None],
        base: Mapping[str, str | None],
    ) -> None:
        at = "2026-01-01T00:00:00Z"
        self.origin = Repository(folder)
        self.first = self.origin.commit(at, first)
        self.origin.switch("change", new=True)
        self.head = self.origin.commit(at, head)
        self.origin.switch("main")
        self.base = self.origin.commit(at, base)
        self.origin.git("switch", "-q", "--detach", "main")
        self.origin.git("merge", "-q", "--no-ff", "-m", "trial", self.head, at=at)
        self.merge = self.origin.head()
        self.origin.git("update-ref", "refs/pull/1/merge", self.merge)
        self.origin.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def clone(self, place: Path, commit: str, *words: str) -> Path:
        """Check one commit out, as the action for that does; `words` are git fetch's."""
        made = Repository(place)
        made.git("remote", "add", "origin", self.origin.folder.as_uri())
        made.git("fetch", "-q", "--no-tags", *words, "origin", commit)
        made.git("checkout", "-q", "--detach", commit)
        return place

    def event(self, *, fork: bool = False) -> dict[str, object]:
        """Return what GitHub describes a pull request of the change with."""
        return {
            "pull_request": {
                "base": {"sha": self.first, "repo": {"full_name": "ann/demo"}},
                "head": {
                    "sha": self.head,
                    "repo": {"full_name": "bob/demo" if fork else "ann/demo"},
                },
            }
        }
