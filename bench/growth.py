"""How cost grows: CPU time and memory for 1, 2, 4 and 8 times the members, the map, the packages.

    python -m bench.growth [--rounds N] [--write]

prints a table; `--write` puts it into docs/speed.md and draws docs/growth.svg. Each step is run in
turn with the others. What eight times as much costs beyond a call on nothing, in multiples of what
the single size costs beyond it, is 8 where the cost grows in a line.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Launcher, Run
from bench.speed import inputs, lockfiles, packages, page, rounds
from bench.speed.measures import AUDIT
from bench.speed.peers import environment
from bench.speed.plot import Panel, drawn, size

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = (1, 2, 4, 8)
PICTURE = rounds.ROOT / "docs" / "growth.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One thing that there can be more of."""

    name: str
    unit: str
    one: float
    """How many units the single size has."""
    write: Callable[[Path, int], Path]
    """Writes the input with so many times of it (0: nothing of it) into a folder."""
    command: str


def _members(folder: Path, times: int) -> Path:
    path = folder / "icons-1.0.0.tgz"
    packages.many_files(path, max(4_000 * times, 3))
    return path


def _map(folder: Path, times: int) -> Path:
    return inputs.scaled_leak(folder, 0.125 * times if times else 0.0001)


def _packages(folder: Path, times: int) -> Path:
    return lockfiles.write(folder, "package-lock", max(1_250 * times, 100))


AXES = (
    Axis(name="members of a tarball", unit="files", one=4_000, write=_members, command="pack"),
    Axis(name="size of a source map", unit="MB", one=7.475, write=_map, command="pack"),
    Axis(
        name="packages of a lockfile",
        unit="packages",
        one=1_250,
        write=_packages,
        command="lock",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What came of one axis: costs of nothing, and of 1, 2, 4 and 8 times."""

    axis: Axis
    nothing: rounds.Cost
    steps: tuple[rounds.Cost, ...]

    def factor(self, of: Callable[[rounds.Cost], float]) -> float:
        """Return what the largest costs beyond nothing, in multiples of the smallest."""
        base = of(self.nothing)
        return (of(self.steps[-1]) - base) / max(of(self.steps[0]) - base, 1e-9)


def cpu(cost: rounds.Cost) -> float:
    """Return the CPU time in ms."""
    return cost.cpu * 1000


def grown(axis: Axis, place: Path, launcher: Launcher, count: int) -> Growth:
    """Measure one axis."""
    bench = rounds.Bench(launcher, place, environment(), {"AUDIT_DB": ""})
    made = {}
    for times in (0, *STEPS):
        folder = place / str(times)
        folder.mkdir()
        file = axis.write(folder, times)
        made[times] = inputs.Made(kind="npm", file=file, folder=folder)
    words = (*AUDIT, axis.command, "{file}", "--format", "json")
    runs: dict[int, list[Run]] = {times: [] for times in made}
    for _ in range(count + 1):
        for times, one in made.items():
            run = bench.run(words, one)
            if run.code not in {0, 1}:
                raise SystemExit(f"{axis.name}: {run.code}: {bench.said()[:400]}")
            runs[times].append(run)
    costs = {times: rounds.cost(measured[1:]) for times, measured in runs.items()}
    return Growth(axis=axis, nothing=costs[0], steps=tuple(costs[times] for times in STEPS))


def table(found: Sequence[Growth]) -> str:
    """Return the numbers, and what they come to."""
    lines = [
        "| what | | 1 | 2 | 4 | 8 | 8 to 1, beyond a call on nothing |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        sizes = [f"{size(one.axis.one * times)} {one.axis.unit}" for times in STEPS]
        lines.append(f"| {one.axis.name} | | {' | '.join(sizes)} | |")
        costs = " | ".join(page.seconds(cost.cpu) for cost in one.steps)
        lines.append(f"| | CPU | {costs} | {one.factor(cpu):.1f} |")
        peaks = " | ".join(f"{rounds.megabytes(cost):,.0f} MB" for cost in one.steps)
        lines.append(f"| | peak | {peaks} | {one.factor(rounds.megabytes):.1f} |")
    return "\n".join(lines) + "\n"


def panels(found: Sequence[Growth]) -> list[Panel]:
    """Return what is drawn: CPU above, memory below."""
    drawn_ = []
    for unit, of in (("CPU, ms", cpu), ("peak, MB", rounds.megabytes)):
        for one in found:
            sizes = (0.0, *(one.axis.one * times for times in STEPS))
            values = (of(one.nothing), *(of(cost) for cost in one.steps))
            points = tuple(zip(sizes, values, strict=True))
            drawn_.append(
                Panel(title=f"{one.axis.name} ({one.axis.unit})", unit=unit, points=points)
            )
    return drawn_


def main() -> int:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    found: list[Growth] = []
    with tempfile.TemporaryDirectory(prefix="audit-growth-") as folder, Launcher() as launcher:
        for axis in AXES:
            place = Path(folder, axis.command + str(len(found)))
            place.mkdir()
            found.append(grown(axis, place, launcher, asked.rounds))
            print(table(found[-1:]), flush=True)
    if asked.write:
        text = f"![CPU time and memory over size](growth.svg)\n\n{table(found)}"
        written = page.PAGE.read_text(encoding="utf-8")
        page.PAGE.write_text(page.replaced(page.GROWTH, written, text), encoding="utf-8")
        PICTURE.write_text(drawn(panels(found), columns=len(found)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
