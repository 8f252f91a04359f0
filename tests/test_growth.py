"""What grows with the input grows no faster than it: reports, and what a limit ends."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from auditor import facts, fastpaths, lockscan, mapscan, report, scan
from auditor.errors import SpentError
from auditor.examine import Examination
from auditor.facts import Reader
from auditor.facts.source_map import MapSeen
from auditor.limits import Budget, Gauges, Limits
from auditor.model import (
    ArtifactKind,
    Gap,
    Location,
    Member,
    Suppressed,
    Verdict,
)
from auditor.report import View
from auditor.sources import gauges
from tests.made_reports import ARTIFACT, finding, rule
from tests.made_reports import report as made_report
from tests.test_secrets import TOKENS
from tests.work import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auditor.facts import Contents
    from auditor.model import Report

# reports


def _report(count: int) -> Report:
    """Return a report in which everything that a package can bring in is there so many times."""
    found = tuple(
        finding(
            f"d{n}/f{n}.map",
            rule=f"bad-{n % 7}",
            location=Location(source=f"s{n % (count // 2)}", path=f"d{n}/f{n}.map", key=f"k{n}"),
            fix=f'Leave it out.\nIn pyproject.toml:\n  [tool.x]\n  exclude = ["d{n}/**"]\n',
        )
        for n in range(count)
    )
    return made_report(
        verdict=Verdict.INCOMPLETE,
        rules=tuple(rule(f"bad-{n}") for n in range(7)),
        artifacts=tuple(replace(ARTIFACT, source=f"s{n}") for n in range(count // 4)),
        findings=(*found, *(replace(one, location=Location(source="one")) for one in found)),
        suppressed=tuple(Suppressed(finding=one, reason="on purpose") for one in found),
        gaps=tuple(Gap(location=Location(source=f"s{n}"), reason=f"gap {n}") for n in range(count)),
    )


@pytest.mark.parametrize("size", [40, pytest.param(150, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", report.names())
def test_a_report_takes_no_more_than_there_is_to_tell(
    name: str, *, verbose: bool, size: int
) -> None:
    render = report.load(name).render
    view = View(verbose=verbose)
    few, many = _report(size), _report(4 * size)
    render(few, view)  # what is loaded once
    short, long = calls(lambda: render(few, view)), calls(lambda: render(many, view))

    assert long < 6 * short


# maps


def _map_of(sources: int) -> bytes:
    """Return a map of so many texts of 20 KB, with a token in every tenth of them."""
    token = TOKENS["AKIA"][1]
    texts = [
        f"// {number}\n"
        + (f'const id = "{token}";\n' if number % 10 == 0 else "")
        + "let a;\n" * 2900
        for number in range(sources)
    ]
    names = [f"../src/{number}.ts" for number in range(sources)]
    mappings = "AAAA;ACAA," * (sources * 500)
    map_ = {"version": 3, "sources": names, "sourcesContent": texts, "mappings": mappings}
    return json.dumps(map_).encode()


def _examined(data: bytes) -> Contents:
    examination = Examination("a.tgz", facts.load(lockfile=False)[1], Budget(Limits()))
    pieces = (data[at : at + 262_144] for at in range(0, len(data), 262_144))
    examination.run([(Member(path="a.js.map", name="a.js.map", size=len(data)), pieces)])
    assert not examination.gaps
    return examination.contents(ArtifactKind.NPM_TARBALL, None)


@pytest.mark.parametrize("paths", [fastpaths.ON, fastpaths.OFF], ids=["quick", "thorough"])
def test_a_map_takes_work_in_proportion_to_its_texts(paths: fastpaths.FastPaths) -> None:
    few, many = _map_of(50), _map_of(200)
    with fastpaths.taken(paths):
        _examined(many)  # what is loaded once, also for large contents alone
        short, long = calls(lambda: _examined(few)), calls(lambda: _examined(many))

    assert long < 4.2 * short


def test_a_map_takes_its_own_size_of_memory_and_little_more() -> None:
    _examined(_map_of(400))  # what is loaded once, also for large contents alone
    for data in (_map_of(50), _map_of(400)):
        tracemalloc.start()
        try:
            contents = _examined(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert sum(len(seen.map.sources) for seen in contents.of(MapSeen)) in {50, 400}
        assert peak < 1.1 * len(data) + 2 * 1024 * 1024


# what a limit ends


class Clock:
    """Goes on by a step at each look."""

    def __init__(self, step: float) -> None:
        self.now = 100.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def spent(step: float, seconds: int = 600) -> Budget:
    return Budget(Limits(seconds=seconds), Gauges(clock=Clock(step)))


def test_the_time_of_a_budget_begins_with_it() -> None:
    budget = spent(10, seconds=30)
    budget.check()
    budget.check()
    budget.check()

    with pytest.raises(SpentError) as raised:
        budget.check()
    assert str(raised.value) == (
        "limit seconds of 30 met (found at least 40); raise it with --limit seconds=N"
    )


def test_memory_is_looked_at_at_once_and_then_now_and_again() -> None:
    asked: list[int] = []

    def held() -> float:
        asked.append(1)
        return 1 if len(asked) < 3 else 2049.5

    budget = Budget(Limits(), Gauges(memory=held))
    with pytest.raises(SpentError) as raised:
        [*budget.watched(range(1000))]
    assert len(asked) == 3
    assert str(raised.value) == (
        "limit memory of 2,048 MiB met (found at least 2,050 MiB); raise it with --limit memory=N"
    )


@pytest.mark.parametrize("spend", ["member", "take", "inflate", "watched"])
def test_everything_that_is_spent_takes_time(spend: str) -> None:
    budget = spent(1000)
    ways: dict[str, Callable[[], object]] = {
        "member": budget.member,
        "take": lambda: budget.take(1),
        "inflate": lambda: budget.inflate(1, 1, 1),
        "watched": lambda: [*budget.watched([1])],
    }

    with pytest.raises(SpentError, match="seconds"):
        ways[spend]()


def test_a_budget_without_gauges_ends_nothing() -> None:
    budget = Budget(Limits(seconds=1, memory=1))

    for _ in range(1000):
        budget.check()


def test_when_time_is_over_what_was_seen_stays_and_one_gap_says_so() -> None:
    def read(member: Member, *_: object) -> Iterator[object]:
        yield member.path

    entries = [(Member(path=f"{n}.js", name=f"{n}.js", size=1), iter([b"x"])) for n in range(1000)]
    budget = spent(10, seconds=95)
    examination = Examination("a.tgz", [Reader(wants=lambda _: True, read=read)], budget)
    examination.run(iter(entries))
    seen = examination.contents(ArtifactKind.ARCHIVE, None).of(str)
    (gap,) = examination.gaps

    assert 0 < len(seen) < 20
    assert "limit seconds of 95 met" in gap.reason
    assert "not read to the end" in gap.reason


MAP = '{"version":3,"sources":["../src/a.ts"],"sourcesContent":["let n = 1"],"mappings":""}'


@pytest.mark.parametrize("limit", ["seconds", "memory"])
@pytest.mark.parametrize("command", ["pack", "lock", "map"])
def test_each_command_reports_what_it_found_till_then(
    command: str, limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limit == "seconds":
        monkeypatch.setattr(
            gauges, "budget", lambda limits: Budget(limits, Gauges(clock=Clock(1000)))
        )
    else:
        monkeypatch.setattr(gauges, "held", lambda: 10_000.0)
    (tmp_path / "a.js.map").write_text(MAP)
    (tmp_path / "package-lock.json").write_text(
        json.dumps({"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}})
    )
    gaps: tuple[Gap, ...]
    if command == "pack":
        gaps = scan.scan(scan.Request(targets=(str(tmp_path),), as_is=True)).gaps
    elif command == "lock":
        told = lockscan.scan(lockscan.LockRequest(targets=(str(tmp_path),)))
        gaps = told.gaps
        assert told.inventories[0]["count"] == 1
    else:
        gaps = mapscan.examined(mapscan.Request(target=str(tmp_path))).gaps

    assert any(f"limit {limit} of " in gap.reason for gap in gaps)
    assert len(gaps) < 5


def test_this_process_holds_some_memory_where_the_system_says_so() -> None:
    assert 0 <= gauges.held() < 100_000


_FORKED = """
import os
from auditor.sources import gauges
before = gauges.held()
child = os.fork()
if not child:
    data = bytes([1]) * 2**26
print(gauges.held() - before, flush=True)
if not child:
    os._exit(0)
os.waitpid(child, 0)
data = bytes([1]) * 2**27
print(gauges.held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say it")
def test_a_forked_process_tells_its_own_memory() -> None:
    """Whatever was opened before it was there; and each tells what it holds now.

    In processes of their own, as this one may have room for as much in what it was given before.
    """
    words = [sys.executable, "-c", _FORKED]
    done = subprocess.run(words, capture_output=True, check=True)  # noqa: S603 - our own
    grown = sorted(map(float, done.stdout.split()))
    assert len(grown) == 3
    assert grown[0] < 20
    assert 50 < grown[1] < 100
    assert grown[2] > 120
