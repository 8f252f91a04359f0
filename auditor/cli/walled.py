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
from pathlib import Path
from typing import TYPE_CHECKING

import click

import auditor
from auditor import exits, sandbox
from auditor.errors import InputError, UsageError
from auditor.rulebook import builtin_folder
from auditor.words import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.cli.confined import Wall
    from auditor.limits import Limits

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


def made(wall: Wall, call: Callable[[], int]) -> int:
    """Make a call in a child process, and return its exit code; raises as `confined.run` does."""
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
