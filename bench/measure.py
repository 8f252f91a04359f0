"""Whole processes measured in turn: CPU seconds and peak memory, as ratios to the first of them."""

from __future__ import annotations

import os
import statistics
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians over all rounds of one command."""

    name: str
    cpu: float
    """Seconds, user and system."""
    peak: float
    """MiB."""
    ratio: float
    """Median of the per-round ratios to the first command."""


def once(command: Sequence[str]) -> tuple[float, float]:
    """Run a command to its end; return CPU seconds and peak MiB."""
    with subprocess.Popen(  # noqa: S603 - commands of our own benches
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def in_turn(commands: Mapping[str, Sequence[str]], rounds: int = 7) -> list[Measured]:
    """Run all commands in turn, `rounds` times; the first is what the others are compared with."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(once(command))
    base = [cpu for cpu, _ in next(iter(runs.values()))]
    return [
        Measured(
            name=name,
            cpu=statistics.median(cpu for cpu, _ in measured),
            peak=statistics.median(peak for _, peak in measured),
            ratio=statistics.median(
                cpu / floor for (cpu, _), floor in zip(measured, base, strict=True)
            ),
        )
        for name, measured in runs.items()
    ]


def table(measured: Sequence[Measured]) -> str:
    """Return a Markdown table."""
    rows = [
        f"| {m.name} | {m.cpu * 1000:,.0f} ms | {m.ratio:.2f} | {m.peak:,.0f} MiB |"
        for m in measured
    ]
    return "\n".join(
        [f"| command | CPU | to {measured[0].name} | peak memory |", "|---|---:|---:|---:|", *rows]
    )
