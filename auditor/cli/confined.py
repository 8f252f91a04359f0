"""What a call can have whose reading is confined, and what it needs of network and disk before."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from auditor import sandbox
from auditor.cli import output
from auditor.errors import UsageError
from auditor.limits import Limits
from auditor.specs import is_spec, spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.scan import Request
    from auditor.sources.ahead import Ahead


class Wall(Struct, frozen=True, kw_only=True):
    """What one call is left with."""

    mode: str | None
    """`require`, `try`, or None for no sandbox at all."""
    limits: Limits
    reads: Iterable[Path]
    """What is to be audited, with the user's own rules."""
    writes: tuple[Path, ...] = ()
    """Folders in which files are made."""
    files: tuple[Path, ...] = ()
    """Reports that are written at the end."""


def run(wall: Wall, call: Callable[[], int]) -> int:
    """Make a call, in a sandbox where that is asked for, and return its exit code.

    Raises UsageError where there is to be a sandbox and cannot be, InputError where the child ended
    before the call did. The child raises whatever the call raises.
    """
    if wall.mode is None:
        return call()
    check(wall.mode)
    if not sandbox.is_possible():
        click.echo(f"audit: not in a sandbox: {sandbox.ELSEWHERE}", err=True)
        return call()
    from auditor.cli import walled  # noqa: PLC0415 - where there is a sandbox

    with output.held(wall.files):
        return walled.made(wall, call)


def check(mode: str | None) -> None:
    """Raise UsageError where a sandbox is required and this system has none.

    By itself, so that it can be said before anything is fetched.
    """
    if mode == "require" and not sandbox.is_possible():
        raise UsageError(f"{sandbox.ELSEWHERE}; --try-sandbox goes on without")


def refuse(*asked: tuple[bool, str, str]) -> None:
    """Raise UsageError for the first that is asked for of what cannot be had in a sandbox.

    Each is whether it is asked for, what it is, and what to do instead.
    """
    for is_asked, what, instead in asked:
        if is_asked:
            raise UsageError(f"{what} cannot be had in a sandbox: {instead}")


def named(request: Request, *more: Path | None) -> Iterator[Path]:
    """Yield what the call of a scan is to read, with some files of the user's own."""
    named = (*request.targets, *request.compare.against)
    yield from (Path(one) for one in named if not is_spec(one))
    yield from request.rules
    yield from request.ahead.paths if request.ahead else ()
    yield from filter(None, more)


@contextmanager
def releases(mode: str | None, limits: Limits, *targets: str) -> Iterator[Ahead | None]:
    """Yield who fetches the releases among some targets before they are read, into private files.

    None where there is no sandbox, or no release: then nothing has to be there before.
    """
    if mode is None or not any(map(is_spec, targets)):
        yield None
        return
    from auditor.sources.ahead import Ahead  # noqa: PLC0415 - where a release is asked for
    from auditor.sources.release import Releases  # noqa: PLC0415

    with ExitStack() as stack:
        yield Ahead(stack, Releases(limits))


def fetch(ahead: Ahead | None, target: str, like: str | None = None) -> str:
    """Fetch a target where it is a release; return the name of the (first) file that it has."""
    if not is_spec(target):
        return Path(target).name if Path(target).is_file() else ""
    names = ahead.fetch(spec_of(target), like) if ahead is not None else ()
    return next(iter(names), "")
