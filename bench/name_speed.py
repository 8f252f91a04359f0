"""How many names a second the detector of look-alike names judges, beside the baseline."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUNDS = 5
Judge = Callable[[str], object]


def judging_time(judge: Judge, names: Sequence[str]) -> float:
    """Return the CPU seconds that all names take."""
    started = time.process_time()
    for name in names:
        judge(name)
    return max(time.process_time() - started, 1e-9)  # coarse clocks say 0 for a few names


def speeds(makers: Mapping[str, Callable[[], Judge]], names: Sequence[str]) -> str:
    """Return names per second of all detectors, run in turn, and their ratios to the first.

    Each round has a new detector: none may remember the names of the round before.
    """
    taken: dict[str, list[float]] = {title: [] for title in makers}
    for _ in range(ROUNDS):
        for title, maker in makers.items():
            judge = maker()
            judge("name-of-nobody")  # what is loaded late
            taken[title].append(judging_time(judge, names))
    first = next(iter(makers))
    lines = [f"| detector | names a second | to {first} |", "|---|---:|---:|"]
    for title, seconds in taken.items():
        ratio = statistics.median(
            base / own for base, own in zip(taken[first], seconds, strict=True)
        )
        lines.append(f"| {title} | {len(names) / statistics.median(seconds):,.0f} | {ratio:.1f} |")
    return "\n".join(lines)
