"""What a call costs, said so that it is the same on each machine: never by a clock on the wall."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from cProfile import Profile
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDLESS = 30
"""Seconds of this process's own time: a hundred times of what tests let stand under `ends`."""


def calls(call: Callable[[], object]) -> int:
    """Return how many functions of Python a call enters."""
    profile = Profile(builtins=False)
    profile.runcall(call)
    return sum(entry.callcount for entry in profile.getstats())


@contextmanager
def ends() -> Iterator[None]:
    """Let what is inside fail where it would never end.

    For what takes a fraction of a second, and hours where it takes more than time in proportion to
    its input, as a regular expression does that tries all there is. No call of Python shows that.
    """
    if sys.platform == "win32":  # which has no such timer
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _tell)
    signal.setitimer(signal.ITIMER_VIRTUAL, ENDLESS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _tell(*_: object) -> NoReturn:
    raise AssertionError(f"this does not end within {ENDLESS} seconds of CPU time")
