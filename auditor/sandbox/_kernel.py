"""System calls that Python has no function for, through the C library that it is linked with."""

from __future__ import annotations

import ctypes
import os
from functools import cache

_NO_NEW_PRIVS = 38
"""`PR_SET_NO_NEW_PRIVS` of prctl(2)."""
_PARENT_DEATH = 1
"""`PR_SET_PDEATHSIG` of prctl(2)."""


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: object) -> int:
    """Make a system call by its number; raise OSError where it fails."""
    return _checked(_library().syscall(ctypes.c_long(number), *arguments))


def control(option: int, *arguments: object) -> int:
    """Call prctl(2), which takes five arguments; raise OSError where it fails."""
    padded = [*arguments, *(0,) * (4 - len(arguments))]
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in padded]
    return _checked(_library().prctl(ctypes.c_int(option), *words))


def gain_no_privileges() -> None:
    """Keep this process, for good, from gaining rights by what it executes."""
    control(_NO_NEW_PRIVS, 1)


def end_with_parent(signal: int) -> None:
    """Have this process be sent a signal when the one that forked it is gone."""
    control(_PARENT_DEATH, signal)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
