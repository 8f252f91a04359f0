"""Whole processes measured in turn: CPU seconds and peak memory, as ratios to the first of them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one command ended, and what it cost."""

    code: int
    """Its exit code; 127 where it could not be started, negative where a signal ended it."""
    cpu: float
    """Seconds, user and system, of it and of all that it waited for."""
    wall: float
    """Seconds."""
    peak: float
    """MiB, of the largest process among them."""


class Launcher:
    """Runs commands from a small process, so that no peak has what the bench itself holds."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - a file of our own
            [sys.executable, "-I", "-S", str(_LAUNCHER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate()

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path | str = ".",
        env: Mapping[str, str] | None = None,
        said: Path | str = os.devnull,
    ) -> Run:
        """Run a command to its end; what it prints goes to `said`, errors to `said` + `.errors`."""
        given = dict(os.environ) if env is None else dict(env)
        request = {"words": [*command], "cwd": str(cwd), "env": given, "said": str(said)}
        if self._child.stdin is None or self._child.stdout is None:
            raise ValueError("both are pipes")
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        return Run(**json.loads(self._child.stdout.readline()))


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
    with Launcher() as launcher:
        run = launcher.run(command)
    return run.cpu, run.peak


def median_ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """Return the median of the ratios of each round; the longer of the two is cut."""
    return statistics.median(one / other for one, other in zip(these, those, strict=False))


def in_turn(commands: Mapping[str, Sequence[str]], rounds: int = 7) -> list[Measured]:
    """Run all commands in turn, `rounds` times; the first is what the others are compared with."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    with Launcher() as launcher:
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(launcher.run(command))
    base = [run.cpu for run in next(iter(runs.values()))]
    return [
        Measured(
            name=name,
            cpu=statistics.median(run.cpu for run in measured),
            peak=statistics.median(run.peak for run in measured),
            ratio=median_ratio([run.cpu for run in measured], base),
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
