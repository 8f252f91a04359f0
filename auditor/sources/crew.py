"""Items shared out among processes; a process that ends before its work does is noticed, and told.

Each process is given a few items at a time, and sends back its answers together where they come
quickly. Which item it was at when it ended is known where one was left; of several each is given
out again, alone. Processes are forked on Linux, where nothing of ours runs in a second thread by
then, and started anew elsewhere, as forking is not safe with all libraries there.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import wait
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from auditor.blame import bug
from auditor.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
R = TypeVar("R")

FORKED = sys.platform == "linux"
_START = "fork" if FORKED else "spawn"
_SHARES = 16
"""Times that each process comes back for more, so that all end at about the same time."""
_LATE = 0.05
"""Seconds that an answer may wait for others: one by one they cost as much as a small package."""


class Ended(Struct, frozen=True, kw_only=True):
    """Stands for the answer of an item whose process is gone, with the reason in words."""

    why: str


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared(
    do: Callable[[T], R],
    items: Sequence[T],
    weights: Sequence[float],
    workers: int,
    start: str = _START,
) -> Generator[tuple[int, R | Ended]]:
    """Yield the place of each item with its answer, as they come; heavy items are done first.

    `weights` say what each item costs, in any unit. What `do` raises is raised here; exceptions
    that are none of ours became a BugError. Whoever leaves before the end ends all processes. Items
    are left out where the system lets no process be made. For another `start` than `fork`, `do` and
    the items must be such that they can be pickled.
    """
    waiting = deque(bundles(weights, workers * _SHARES))
    context = multiprocessing.get_context(start)
    crew: list[_Worker[T, R]] = []
    with ExitStack() as stack:
        stack.callback(lambda: [worker.end() for worker in crew])
        while waiting or crew:
            with suppress(OSError):  # the system has no more processes to give
                while waiting and len(crew) < workers:
                    crew.append(_Worker(context, do, items))
                    crew[-1].give(waiting.popleft())
            if not crew:
                return
            ready = set(wait([worker.answers for worker in crew]))
            for worker in [one for one in crew if one.answers in ready]:
                yield from worker.came()
                if waiting and not (worker.left or worker.gone):
                    worker.give(waiting.popleft())
                if worker.gone or not worker.left:
                    crew.remove(worker)
                    waiting.extend([at] for at in worker.left)
                    worker.end()


def bundles(weights: Sequence[float], most: int) -> Iterator[list[int]]:
    """Yield places of items, heavy ones first, in about as many bundles of about one weight."""
    enough = sum(weights) / most
    bundle, weight = [], 0.0
    for at in sorted(range(len(weights)), key=lambda at: -weights[at]):
        bundle.append(at)
        weight += weights[at]
        if weight >= enough:
            yield bundle
            bundle, weight = [], 0.0
    if bundle:
        yield bundle


class _Worker(Generic[T, R]):
    """One process as who started it sees it: what it is at, and the ways to it and back."""

    def __init__(
        self,
        context: multiprocessing.context.BaseContext,
        do: Callable[[T], R],
        items: Sequence[T],
    ) -> None:
        orders, self._orders = context.Pipe(duplex=False)
        self.answers, answers = context.Pipe(duplex=False)
        self.left: deque[int] = deque()
        self.gone = False
        self._process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(do, items, orders, answers, os.getpid()), daemon=True
        )
        with _uninterrupted():
            self._process.start()
        orders.close()
        answers.close()

    def give(self, places: list[int]) -> None:
        """Have it do some items."""
        self.left.extend(places)
        with suppress(OSError):  # it is gone, which is told when its answers are asked for
            self._orders.send(places)

    def came(self) -> Iterator[tuple[int, R | Ended]]:
        """Yield the items that it has done, each with its answer; raise what one of them raised.

        Where it is gone, that is the answer of the one item that was left, and else there is none.
        """
        try:
            answers: list[R | Exception] = self.answers.recv()
        except (EOFError, OSError):
            self.gone = True
            if len(self.left) == 1:
                yield self.left.popleft(), Ended(why=self.end())
            return
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
            yield self.left.popleft(), answer

    def end(self) -> str:
        """End it, where it did not end by itself, and return how it ended in words."""
        self._process.kill()
        self._process.join()
        code = self._process.exitcode or 0
        self.answers.close()
        self._orders.close()
        return f"by signal {-code}" if code < 0 else f"with exit code {code}"


def _work(
    do: Callable[[T], R],
    items: Sequence[T],
    orders: Connection,
    answers: Connection,
    parent: int,
) -> None:
    """Do what is asked for until nobody asks any more; never returns, so as to leave no trace."""
    code = 1
    try:
        _attach(parent)
        while True:
            places = orders.recv()
            done: list[R | Exception] = []
            sent = monotonic()
            for at in places:
                done.append(_answer(do, items[at]))
                if monotonic() - sent > _LATE:
                    answers.send(done)
                    done, sent = [], monotonic()
            if done:
                answers.send(done)
    except (EOFError, OSError):
        code = 0  # whoever asked is gone, or has no more to ask
    finally:
        os._exit(code)


def _answer(do: Callable[[T], R], item: T) -> R | Exception:
    try:
        return do(item)
    except AuditError as problem:
        return problem
    except Exception as problem:  # noqa: BLE001 - as the one handler of a call sorts it
        return bug(problem)


def _attach(parent: int) -> None:
    """End with whoever started this process, who alone is interrupted by a key."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if FORKED:
        from auditor.sandbox import _kernel  # noqa: PLC0415 - Linux's

        with suppress(OSError):
            _kernel.end_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep a key from interrupting a process that is just being made."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
