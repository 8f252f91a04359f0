"""What grows with the input grows no faster than it: patterns, reports, and what a limit ends."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import auditor
from auditor import lockscan, mapscan, report, scan
from auditor.errors import SpentError
from auditor.examine import Examination
from auditor.facts import Reader
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auditor.model import Report

# patterns


def _patterns() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Return every compiled pattern that a module of the package holds, by where it stands."""
    found = {}
    for info in pkgutil.walk_packages(auditor.__path__, "auditor."):
        if info.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(info.name)).items():
            if isinstance(value, re.Pattern):
                found[f"{info.name.removeprefix('auditor.')}.{name}"] = value
    return found


PATTERNS = _patterns()


def _seeds(pattern: str) -> list[str]:
    """Return short texts that are repeated: common ones, and the pattern's own literal pieces."""
    literals = re.findall(r"[A-Za-z0-9_/:.@#=\-]{2,}", pattern.replace("\\", ""))
    return [
        "a", " ", "0", "_", "-", ".", "/", "\n", "\t", "=", '"', "'", "`", "(", "[", "{", "<", "@",
        ":", "\\", "a ", " a", "a.", ".a", "a-", "a/", "/a", "a=", "\n ", "\n\t", "a\n", "../",
        "//", "::", "\\n", '\\"', "$", "${", "//# ", "*/", "/*", "0.", "1e", "&amp;",
        *dict.fromkeys(literals[:6]),
    ]  # fmt: skip


def _cost(pattern: re.Pattern[str] | re.Pattern[bytes], text: str) -> float:
    """Return the least of three measurements: others' work on the machine only adds."""
    given = text if isinstance(pattern.pattern, str) else text.encode()
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for _ in pattern.finditer(given):  # type: ignore[arg-type]
            pass
        best = min(best, time.process_time() - start)
    return best


SHORT = 4_000
ALLOWED = 0.02
"""Seconds of work for 16,000 characters below which nothing is compared: 1 MB takes a second."""


@pytest.mark.parametrize("where", PATTERNS)
def test_a_pattern_takes_no_more_than_its_text_is_longer(where: str) -> None:
    """A backtracking pattern takes sixteen times as long for a text four times as long."""
    pattern = PATTERNS[where]
    plain = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin")
    for seed in _seeds(plain):
        for before, after in (("", ""), ("", "\0"), ("a", "!")):
            long = before + seed * (4 * SHORT // len(seed)) + after
            if _cost(pattern, long) < ALLOWED:
                continue
            short = before + seed * (SHORT // len(seed)) + after
            assert _cost(pattern, long) < 9 * _cost(pattern, short), seed


# reports


def _work(call: Callable[[], object]) -> int:
    """Return how many functions of Python a call enters, which is the same on each machine."""
    count = 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


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


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", report.names())
def test_a_report_takes_no_more_than_there_is_to_tell(name: str, verbose: bool) -> None:  # noqa: FBT001
    render = report.load(name).render
    view = View(verbose=verbose)
    few, many = _report(300), _report(1200)
    render(few, view)  # what is loaded once
    short, long = _work(lambda: render(few, view)), _work(lambda: render(many, view))

    assert long < 6 * short


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
        for _ in range(1000):
            budget.check()
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
