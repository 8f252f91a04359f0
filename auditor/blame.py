"""The end of a unit of work: what it raised is a reason for a gap, or a bug of ours.

A unit is one reader over one member, one collector over one artifact, one file, one target. Which
exception is whose fault stands in `auditor.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import BugError, InputError, UsageError, is_of_input
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_OURS = "auditor"
_LONGEST = 200
"""Characters of another library's message."""
_DEEPEST = 60
"""Steps of a traceback that are kept, half of them at either end."""


def of_input(problem: Exception, work: str) -> InputError:
    """Return what an exception says of the input; raise BugError where the fault is ours.

    `work` says what was being done to what, for people: `the reader of sources, a.tgz`. Raises a
    UsageError or BugError as it is.
    """
    if isinstance(problem, InputError):
        return problem
    if isinstance(problem, UsageError | BugError):
        raise problem
    if is_of_input(problem):
        return InputError(_reason(problem))
    raise bug(problem, work) from problem


def bug(problem: Exception, work: str = "") -> BugError:
    """Return an exception as a bug of ours, with the way that led to it."""
    if isinstance(problem, BugError):
        return problem
    return BugError(
        work,
        type(problem).__name__,
        _place(problem.__traceback__),
        shortened(_message(problem), _LONGEST),
        tuple(_trace(problem)),
    )


def _reason(problem: Exception) -> str:
    from auditor.masking import hidden  # noqa: PLC0415 - seldom needed

    if isinstance(problem, MemoryError):
        return "there is not enough memory for it"
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    said = hidden(shortened(_message(problem), _LONGEST))
    return f"{type(problem).__name__}: {said}" if said else type(problem).__name__


def _message(problem: BaseException) -> str:
    try:
        return " ".join(str(problem).split())
    except Exception:  # noqa: BLE001 - of a class that we do not know
        return ""


def _place(trace: TracebackType | None) -> str:
    """Return module and line of our own code that were reached last; the last at all where none."""
    steps = [*_steps(trace)]
    ours = [step for step in steps if step.partition(".")[0] == _OURS]
    return (ours or steps or ["?"])[-1].partition(" ")[0]


def _trace(problem: BaseException | None) -> Iterator[str]:
    """Yield the steps to an exception, and those to what caused it: no value of any variable."""
    for _ in range(10):
        if problem is None:
            return
        steps = [*_steps(problem.__traceback__)]
        if len(steps) > _DEEPEST:
            left = len(steps) - _DEEPEST
            steps[_DEEPEST // 2 : -_DEEPEST // 2] = [f"… {left} more steps"]
        yield from steps
        yield f"{type(problem).__name__}: {shortened(_message(problem), _LONGEST)}"
        hides = problem.__suppress_context__
        problem = problem.__cause__ or (None if hides else problem.__context__)
        if problem is not None:
            yield "because of"


def _steps(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        name = trace.tb_frame.f_globals.get("__name__", "?")
        yield f"{name}:{trace.tb_lineno} {code.co_qualname}"
        trace = trace.tb_next
