"""How much time went by on this machine, and how much memory this process holds."""

from __future__ import annotations

import os
import time
from functools import cache

from auditor.limits import MIB, Budget, Gauges, Limits

_STATM = "/proc/self/statm"
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


def held() -> float:
    """Return the MiB that this process holds and could not give back; 0 where nobody says it.

    Mapped files are not among them: the system drops those pages when it needs the room.
    """
    try:
        handle = _statm(os.getpid())  # not on Windows, which has no pread either
        resident, shared = os.pread(handle, 256, 0).split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE / MIB


@cache
def _statm(_: int) -> int:
    """Return a handle of what the system says of this process, which has that number.

    Asked for often: to open it each time takes seven times as long. A process that was forked from
    this one has another number, and opens its own.
    """
    return os.open(_STATM, os.O_RDONLY)


def budget(limits: Limits) -> Budget:
    """Return a budget of which time and memory are spent from now on."""
    return Budget(limits, Gauges(clock=time.monotonic, memory=held))
