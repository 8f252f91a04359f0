"""Each hostile archive has exactly its outcome; and what holds for all of them together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor import policy, report
from auditor.report import View
from auditor.scan import Request, scan
from auditor.sources import rulecache
from tests import archives
from tests.archives import Case, cases, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.model import Report

CASES = cases()
ROOT = Path(__file__).parent.parent
FORMATS = tuple(name for name in report.names() if name != "cyclonedx")
"""All but the one whose library is no part of every installation, and which shows no finding."""
MOST_MEMORY = 16 * 1024 * 1024


@pytest.fixture(autouse=True, scope="module")
def _rules_are_read_once() -> Iterator[None]:
    """Read the rules once for all cases: they are the same, and take longer than an archive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rulecache, "load", cache(rulecache.load))
        yield


@pytest.fixture
def audited(tmp_path: Path) -> Callable[[Case], Report]:
    """Return what `audit pack FILE` finds out about a case; nothing is written beside the file."""

    def run(case: Case) -> Report:
        target = tmp_path / case.file
        target.write_bytes(made(case.name))
        found = scan(Request(targets=(str(target),)))
        assert list(tmp_path.iterdir()) == [target]
        return found

    return run


def gaps(found: Report) -> tuple[str, ...]:
    """Return the gaps as cases spell them."""
    return tuple(
        f"{gap.location.path}: {gap.reason}" if gap.location.path else gap.reason
        for gap in found.gaps
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_archive_has_exactly_its_outcome(
    case: Case, audited: Callable[[Case], Report]
) -> None:
    found = audited(case)

    assert {(one.rule, one.location.path) for one in found.findings} == case.found
    assert gaps(found) == case.gaps
    assert policy.EXIT_CODES[found.verdict] == case.exit
    for name in ("json", "sarif"):
        text = report.load(name).render(found, View())
        assert complete(name, json.loads(text)) == (not case.gaps), name


BY_TURNS = [
    pytest.param(case, id=name, marks=() if number % 4 == 0 else pytest.mark.sweep)
    for number, (name, case) in enumerate(CASES.items())
]


@pytest.mark.parametrize("case", BY_TURNS)
def test_what_an_archive_says_is_harmless_in_each_report(
    case: Case, audited: Callable[[Case], Report]
) -> None:
    found = audited(case)

    for name in FORMATS:
        text = report.load(name).render(found, View())
        assert not any(sign in text for sign in "\0\x1b\u200b\u202e"), name


def complete(name: str, document: dict[str, Any]) -> bool:
    """Return what a report for machines says of whether all was examined."""
    if name == "json":
        return bool(document["complete"])
    (run,) = document["runs"]
    return all(one["executionSuccessful"] for one in run["invocations"])


def test_there_are_two_hundred_cases_and_more_and_controls_among_them() -> None:
    assert len(CASES) >= 200
    assert sum(case.exit == 0 for case in CASES.values()) >= 20
    assert {case.exit for case in CASES.values()} == {0, 1, 3}


def test_each_case_says_what_it_tries_and_an_outcome_that_can_be() -> None:
    for name, case in CASES.items():
        assert case.tries.endswith((".", "?", ")")), name
        assert bool(case.gaps) == (case.exit == 3), name
        assert case.found or case.exit != 1, name


@pytest.mark.parametrize(
    "name",
    ["hole-of-eight-tebibytes", "long-name-of-a-gibibyte", "sparse-map-with-a-count-too-large"],
)
def test_what_claims_much_and_has_little_costs_little(
    name: str, audited: Callable[[Case], Report]
) -> None:
    audited(CASES["plain-npm-package"])  # what is imported and read once
    tracemalloc.start()
    try:
        audited(CASES[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MOST_MEMORY


COMMAND = (
    "plain-wheel",
    "member-behind-the-end",
    "gzip-without-its-trailer",
    "member-beneath-a-link-that-leads-out",
    "escape-sequence-in-a-name",
    "hole-of-eight-tebibytes",
    "zip-behind-a-gzip",
)


@pytest.mark.parametrize("name", COMMAND)
def test_the_command_ends_with_the_same_code_and_writes_nothing(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    target = tmp_path / "in" / case.file
    target.parent.mkdir()
    target.write_bytes(made(name))
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "auditor", "pack", str(target), "--format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    document = json.loads(ended.stdout)

    assert ended.returncode == case.exit, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert {(one["rule"], one["location"]["path"]) for one in document["findings"]} == case.found
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [case.file]


def test_the_folder_for_other_programs_has_each_case(tmp_path: Path) -> None:
    archives.write(tmp_path)
    expected = json.loads((tmp_path / "expect.json").read_text(encoding="utf-8"))

    assert expected.keys() == CASES.keys()
    for name, said in expected.items():
        case = CASES[name]
        assert (tmp_path / name / said["file"]).read_bytes() == made(name), "made anew"
        assert said["expect"] == {0: "ok", 1: "finding", 3: "error"}[case.exit]
        assert said["expect"] in said["accept"]
        assert {rule for rule, _ in case.found} <= set(said["must"])
