"""A process that is to read untrusted bytes gives up all else that it could do, for good; Linux.

Three things together, none of which a process can take back:

- resources: memory, time of the processor, the size of what it writes, no image of its memory;
- Landlock: it opens only what it is to read, executes nothing, reaches nothing over TCP;
- seccomp: no sockets at all, no processes, no changes of the file system.

The libraries for Landlock are in their first versions (`landlock` 1.0.0.dev, `landlockpy` 0.2) and
go through ctypes, too; `pyseccomp` is of 2021 and needs a library of the system; `sandlock` brings
13 MB of machine code, and no seccomp for the process itself. So both are done here.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from msgspec import Struct

ELSEWHERE = "the sandbox is made of what Linux has; this system has none of it"


class Confinement(Struct, frozen=True, kw_only=True):
    """What a process is left with."""

    reads: tuple[Path, ...]
    """Files and folders that can be opened; with all below them."""
    writes: tuple[Path, ...] = ()
    """Folders in which files can be made."""
    memory: int
    """Bytes of addresses, of which a process takes up more than of memory."""
    seconds: int
    """Of the processor's time."""
    file_bytes: int
    """The largest file that is written, which may be one that is open already."""


def is_possible() -> bool:
    """Tell whether the system is one that has any of it."""
    return sys.platform == "linux"


def confine(confinement: Confinement) -> tuple[str, ...]:
    """Confine this process, which must have no second thread; return what could not be done.

    Raises UsageError of nothing: whoever calls decides what to make of a reason.
    """
    from auditor.sandbox import _kernel, _landlock, _resources, _seccomp  # noqa: PLC0415 - Linux's

    problems: list[str] = []
    try:
        _resources.limit(
            memory=confinement.memory,
            seconds=confinement.seconds,
            file_bytes=confinement.file_bytes,
        )
    except (OSError, ValueError) as problem:
        problems.append(f"limits of resources ({problem})")
    try:
        _kernel.gain_no_privileges()
    except OSError as problem:
        problems.append(f"no new privileges ({problem.strerror})")
    if not _landlock.abi():
        problems.append("Landlock, which this kernel does not have or has not switched on")
    else:
        try:
            _landlock.restrict(confinement.reads, confinement.writes)
        except OSError as problem:
            problems.append(f"Landlock ({problem.strerror})")
    if not _seccomp.known():
        problems.append(f"seccomp, for which there is no table of {platform.machine()}")
    else:
        try:
            _seccomp.restrict(writes=bool(confinement.writes))
        except OSError as problem:
            problems.append(f"seccomp ({problem.strerror})")
    return tuple(problems)
