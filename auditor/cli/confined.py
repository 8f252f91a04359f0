"""A call whose reading is done by a child process that has given up all else it could do.

What needs the network or the disk is done before. Then this process forks: the child confines
itself and goes on with the call, up to the report and the exit code. Nothing comes back but that
code, so there is no protocol that hostile bytes could speak; the parent waits, and takes away what
was made for the child, which itself could not.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

import auditor
from auditor import exits, sandbox
from auditor.cli import output
from auditor.errors import InputError, UsageError
from auditor.limits import Limits
from auditor.rulebook import builtin_folder
from auditor.specs import is_spec, spec_of
from auditor.words import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.scan import Request
    from auditor.sources.ahead import Ahead

_SECONDS = 1800
"""Of the processor, for a whole call."""
_ROOM = 2 << 30
"""Bytes of addresses for Python, its libraries and what is made of what was read."""
_CONTENTS = 8
"""Times the largest member: its bytes, and what a parser makes of them."""
_REPORT = 1 << 30
"""Bytes of a report that goes to a file."""
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/proc/self/statm",
)
"""Where libraries lie that modules load when they are imported, what time zone it is, and how much
memory this process holds."""


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
    with output.held(wall.files):
        return _forked(wall, call)


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


def named(request: Request, *more: Path | None) -> tuple[Path, ...]:
    """Return what the call of a scan is to read, with some files of the user's own."""
    named = (*request.targets, *request.compare.against)
    fetched = request.ahead.paths if request.ahead else ()
    return (
        *(Path(one) for one in named if not is_spec(one)),
        *request.rules,
        *fetched,
        *filter(None, more),
    )


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


def _forked(wall: Wall, call: Callable[[], int]) -> int:
    parent = os.getpid()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    child = os.fork()
    if child:
        return _awaited(child, wall.limits)
    _isolate(wall, parent)
    try:
        return call()
    except MemoryError:
        raise InputError(
            f"not examined: it takes more than the {size(_memory(wall.limits))} of addresses that "
            "the sandbox leaves"
        ) from None


def _awaited(child: int, limits: Limits) -> int:
    """Return the exit code of the child; it does not outlive us."""
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    why = f"by signal {number}"
    if number == signal.SIGXCPU:
        why = f"after {_SECONDS:,} seconds of the processor"
    elif number == signal.SIGKILL:
        why = f"by force; {size(_memory(limits))} of addresses is what it may take"
    raise InputError(f"not examined: what reads in the sandbox was ended {why}")


def _isolate(wall: Wall, parent: int) -> None:
    """Confine this process; raise UsageError where that is required and fails."""
    from auditor.sandbox import _kernel  # noqa: PLC0415 - Linux's

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent has it, too, and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _kernel.end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(exits.EXIT_INCOMPLETE)  # it ended before it could be watched
    sys.dont_write_bytecode = True
    problems = sandbox.confine(
        sandbox.Confinement(
            reads=(*_own(), *wall.reads),
            writes=wall.writes,
            memory=_memory(wall.limits),
            seconds=_SECONDS,
            file_bytes=_largest(wall),
        )
    )
    if not problems:
        return
    said = "; ".join(problems)
    if wall.mode == "require":
        raise UsageError(f"the sandbox lacks {said}; --try-sandbox goes on without")
    click.echo(f"audit: the sandbox lacks {said}", err=True)


def _memory(limits: Limits) -> int:
    """Return bytes of addresses: an archive is mapped as a whole, a member is held as one."""
    return _ROOM + limits.archive_bytes + _CONTENTS * limits.member_bytes


def _largest(wall: Wall) -> int:
    """Return the bytes of the largest file that is written; 0 where none is."""
    if wall.writes:
        return wall.limits.unpacked_bytes
    streams = filter(None, (sys.stdout, sys.stderr))
    outputs = (os.fstat(stream.fileno()).st_mode for stream in streams)
    return _REPORT if wall.files or any(map(stat.S_ISREG, outputs)) else 0


def _own() -> Iterator[Path]:
    """Yield what this program itself is read from, now and later."""
    yield Path(auditor.__file__).parent
    yield builtin_folder()
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    ours = {os.getcwd(), str(Path(auditor.__file__).parent.parent)}  # noqa: PTH109 - as Python has it
    yield from (Path(one) for one in sys.path if one and one not in ours)
    yield Path(sys.base_prefix, "lib")
    yield from map(Path, _SYSTEM)
