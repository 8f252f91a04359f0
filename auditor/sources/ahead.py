"""Releases that are fetched before anything of them is read: what reads them has no network.

It answers as `release.Releases` does, of what was fetched and of nothing else.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from auditor.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

    from auditor.releases import File, Release
    from auditor.sources.release import Releases
    from auditor.specs import Spec

T = TypeVar("T")

_UNFETCHED = "was not fetched before the sandbox was closed"


class Ahead:
    """Files that are there as long as a stack is open, and why others are not."""

    def __init__(self, stack: ExitStack, releases: Releases) -> None:
        self._stack = stack
        self._releases = releases
        self._found: dict[Spec, Release | InputError] = {}
        self._files: dict[tuple[Spec, str], tuple[Path, str] | InputError] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that came."""
        there = (one for one in self._files.values() if not isinstance(one, InputError))
        return tuple(path for path, _ in there)

    def fetch(self, spec: Spec, like: str | None = None) -> tuple[str, ...]:
        """Fetch the files of a release, or the one most like a file of a name; return their names.

        What does not come is kept as the reason that `find` and `fetched` raise.
        """
        from auditor.releases import nearest  # noqa: PLC0415 - who only names the type has no need

        try:
            release = self._releases.find(spec)
        except InputError as problem:
            self._found[spec] = problem
            return ()
        self._found[spec] = release
        files = {file.name: file for file in release.files}
        wanted = tuple(files) if like is None else tuple(filter(None, (nearest(like, files),)))
        for name in wanted:
            try:
                got = self._stack.enter_context(self._releases.fetched(release, files[name]))
            except InputError as problem:
                self._files[spec, name] = problem
            else:
                self._files[spec, name] = got
        return wanted

    def find(self, spec: Spec) -> Release:
        """Return a release that was asked for; raise InputError as it was raised then."""
        return _said(self._found.get(spec))

    @contextmanager
    def fetched(self, release: Release, file: File) -> Iterator[tuple[Path, str]]:
        """Yield a file and a note on where it is from; raise InputError where it did not come."""
        yield _said(self._files.get((release.spec, file.name)))


def _said(answer: T | InputError | None) -> T:
    if answer is None:
        raise InputError(_UNFETCHED)
    if isinstance(answer, InputError):
        raise answer
    return answer
