"""Runs a measure: first whether each command does its work, then all commands in turn."""

from __future__ import annotations

import json
import os
import re
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import median_ratio
from bench.speed.measures import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.measure import Launcher, Run
    from bench.speed.inputs import Made
    from bench.speed.peers import Call, Peer

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
"""Seconds that a peer gets for all rounds of one measure; the first is always run to its end."""
_TIMEOUT = ("timeout", "600")
"""Before each peer's words: one that does not end is stopped, and that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Medians of one command."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    """Seconds."""
    peak: float
    """MiB, of the largest process."""
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """What became of one peer."""

    name: str
    cost: Cost | None = None
    """None where it did not do its work."""
    ratio: float = 0.0
    """Its CPU time in multiples of ours."""
    goal: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one measure."""

    measure: Measure
    floor: Cost
    ours: Cost
    ratio: float
    """Ours in multiples of the floor: the median of the ratios of each round."""
    day: str
    """On which it was measured: 2026-11-26."""
    bare: float | None = None
    """The same for the least that such a program costs in Python, where that is measured."""
    rivals: tuple[Rival, ...] = ()
    trouble: str = ""
    """What our answer has that it should not have; nothing where it is right."""
    database: str = ""
    """The advisories that were there, in words; nothing where none are asked."""

    @property
    def reached(self) -> bool:
        """Whether ratio and memory are within the goal."""
        peak = self.measure.peak
        return self.ratio <= self.measure.goal and (peak is None or megabytes(self.ours) < peak)


def megabytes(cost: Cost) -> float:
    """Return a peak in MB of a million bytes."""
    return cost.peak * 1024 * 1024 / 1e6


class Bench:
    """Runs commands for measures, all with the same environment."""

    def __init__(
        self,
        launcher: Launcher,
        place: Path,
        environment: Mapping[str, str],
        ours: Mapping[str, str],
    ) -> None:
        self._launcher = launcher
        self._said = place / "said"
        home = place / "home"
        home.mkdir()
        self._place = place
        self._environment = {
            **environment,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
        }
        self._ours = {**self._environment, "PYTHONPATH": str(ROOT), **ours}

    def run(
        self, words: tuple[str, ...], made: Made, peer: Peer | None = None, home: str = ""
    ) -> Run:
        """Run one command over an input; what it says stays until the next one."""
        values = {"place": home, "database": str(self._place)}
        environment = self._ours
        if peer is not None:
            theirs = {name: value.format_map(values) for name, value in peer.environment.items()}
            environment = {**self._environment, **theirs}
        limit = () if peer is None else _TIMEOUT
        command = made.words((*limit, *words), **values)
        return self._launcher.run(command, cwd=made.folder, env=environment, said=self._said)

    def warm(self, peer: Peer, home: str) -> None:
        """Run what a peer wants to be run once."""
        if peer.before:
            words = [word.format_map({"place": home}) for word in peer.before]
            self._launcher.run(words, cwd=self._place, env=self._environment)

    def floor(self, measure: Measure, made: Made) -> Run:
        """Run the floor; raise ValueError where it fails."""
        values = {"core": str(min(_cores()))}
        words = made.words(measure.floor.words, **values)
        run = self._launcher.run(words, cwd=made.folder, env=self._ours)
        if run.code not in {0, measure.code}:
            raise ValueError(f"{measure.floor.name} of {measure.name} ended with {run.code}")
        return run

    def bare(self, measure: Measure, made: Made) -> Run:
        """Run the least that Python can do; raise ValueError where it fails."""
        run = self._launcher.run(made.words(measure.bare), cwd=made.folder, env=self._ours)
        if run.code:
            raise ValueError(f"the bare program of {measure.name} ended with {run.code}")
        return run

    def said(self) -> str:
        """Return what the last command printed, and behind it what it printed as errors."""
        both = (self._said, self._said.with_name(f"{self._said.name}.errors"))
        return "\n".join(path.read_text("utf-8", "replace") for path in both if path.exists())

    def output(self) -> str:
        """Return what the last command printed on standard output."""
        return self._said.read_text("utf-8", "replace")


def _cores() -> frozenset[int]:
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def wrong(measure: Measure, run: Run, output: str) -> str:
    """Return what of our answer is not as expected; nothing where all is."""
    if run.code != measure.code:
        return f"exit code {run.code}, and not {measure.code}"
    if measure.count is None:
        return "" if re.search(measure.shows, output) else f"printed {output[:80]!r}"
    report = json.loads(output)
    if report["gaps"]:
        return f"{len(report['gaps']):,} gaps"
    count = sum(one["files"] for one in report["artifacts"])
    count += sum(one["count"] for one in report["inventories"])
    if count != measure.count:
        return f"{count:,} files or packages, and not {measure.count:,}"
    found = Counter(finding["rule"] for finding in report["findings"])
    for rule, number in measure.finds.items():
        if found[rule] != number:
            return f"{found[rule]:,} findings of {rule}, and not {number:,}"
    return ""


def idle(call: Call, run: Run, said: str) -> str:
    """Return why a peer's run counts for nothing; nothing where it did its work."""
    if run.code == 124:
        return f"stopped after {_TIMEOUT[1]} seconds"
    if run.code not in call.codes:
        return f"ended with {run.code}"
    if not re.search(call.shows, said):
        return "did not say that it had done its work"
    return ""


def rounds_for(seconds: float, rounds: int, patience: float = PATIENCE) -> int:
    """Return how often a peer is run that takes so long: at least once, at most `rounds` times."""
    return max(1, min(rounds, int(patience / max(seconds, 0.001))))


def cost(runs: Sequence[Run]) -> Cost:
    """Return the medians of some runs."""
    return Cost(
        cpu=statistics.median(run.cpu for run in runs),
        wall=statistics.median(run.wall for run in runs),
        peak=statistics.median(run.peak for run in runs),
        rounds=len(runs),
    )


def measured(
    bench: Bench,
    measure: Measure,
    made: Made,
    peers: Mapping[Peer, str],
    rounds: int,
) -> Result:
    """Check each command once, then run all of them in turn; `peers` has the folder of each.

    A peer that is slow is run fewer times; one that is run once is compared with our median.
    """
    bench.floor(measure, made)
    run = bench.run(measure.ours, made)
    trouble = wrong(measure, run, bench.output())
    first: dict[Peer, Run] = {}
    troubles: dict[Peer, str] = {}
    for peer, home in peers.items():
        call = peer.calls[made.kind]
        first[peer] = bench.run(call.words, made, peer, home)
        if why := idle(call, first[peer], bench.said()):
            troubles[peer] = why
    left = {peer: rounds_for(first[peer].wall, rounds) for peer in peers if peer not in troubles}
    floors: list[Run] = []
    least: list[Run] = []
    ours: list[Run] = []
    others: dict[Peer, list[Run]] = {peer: [] for peer in left}
    for number in range(rounds):
        floors.append(bench.floor(measure, made))
        if measure.bare:
            least.append(bench.bare(measure, made))
        ours.append(bench.run(measure.ours, made))
        for peer, times in left.items():
            if times == 1:
                others[peer] = [first[peer]]
            elif number < times:
                others[peer].append(bench.run(peer.calls[made.kind].words, made, peer, peers[peer]))
            if others[peer][-1].code not in peer.calls[made.kind].codes:
                troubles[peer] = f"ended with {others[peer][-1].code}"
    return Result(
        measure=measure,
        day=datetime.now(UTC).date().isoformat(),
        floor=cost(floors),
        ours=cost(ours),
        ratio=median_ratio(_of(ours, measure), _of(floors, measure)),
        bare=median_ratio(_of(least, measure), _of(floors, measure)) if least else None,
        rivals=tuple(
            _rival(peer, made.kind, others.get(peer, []), ours, troubles.get(peer, ""))
            for peer in peers
        ),
        trouble=trouble,
    )


def _of(runs: Sequence[Run], measure: Measure) -> list[float]:
    return [run.wall if measure.wall else run.cpu for run in runs]


def _rival(peer: Peer, kind: str, runs: list[Run], ours: list[Run], trouble: str) -> Rival:
    goal = peer.calls[kind].slower
    if trouble:
        return Rival(name=peer.name, goal=goal, trouble=trouble)
    base = [run.cpu for run in ours]
    if len(runs) == 1:
        base = [statistics.median(base)]
    ratio = median_ratio([run.cpu for run in runs], base)
    return Rival(name=peer.name, cost=cost(runs), ratio=ratio, goal=goal)
