"""Limits of setrlimit(2).

There is none on the number of processes: `RLIMIT_NPROC` counts all that a user runs, threads among
them, and does not bind the superuser. Seccomp refuses new processes whoever asks.
"""

from __future__ import annotations

import resource

_GRACE = 5
"""Seconds between the signal that says which limit was met and the one that says nothing."""


def limit(*, memory: int, seconds: int, file_bytes: int) -> None:
    """Lower the limits of this process, for good; raise OSError or ValueError where one is refused.

    One that is lower already stays as it is.
    """
    for what, wanted in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        soft, hard = resource.getrlimit(what)
        lower = min(one for one in (wanted, soft, hard) if one != resource.RLIM_INFINITY)
        grace = _GRACE if what == resource.RLIMIT_CPU else 0
        ends = (lower + grace, hard)
        resource.setrlimit(what, (lower, min(one for one in ends if one != resource.RLIM_INFINITY)))
