"""The bench of hostile files: what a run is worth, and that its page is what it writes."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from bench.robustness import PAGE, TOOLS, Ended, Outcome, judged, page, run, table
from tests import archives

BY_NAME = {tool.name: tool for tool in TOOLS}


def case(expect: str, *accept: str, group: str = "zip-framing") -> dict[str, Any]:
    return {"class": group, "subject": "pack", "file": "a.whl", "expect": expect, "accept": accept}


BROKEN = case("error", "finding")
SOUND = case("ok")
TRACEBACK = "words\nTraceback (most recent call last):\n  File"


@pytest.mark.parametrize(
    ("tool", "want", "ended", "outcome"),
    [
        ("audit", BROKEN, Ended(code=3, said=""), Outcome.OK),
        ("audit", BROKEN, Ended(code=0, said=""), Outcome.MISSED),
        ("audit", BROKEN, Ended(code=4, said="a fault of ours"), Outcome.CRASH),
        ("audit", SOUND, Ended(code=1, said=""), Outcome.FALSE_ALARM),
        ("twine", BROKEN, Ended(code=1, said="refused"), Outcome.OK),
        ("twine", BROKEN, Ended(code=0, said=""), Outcome.NOT_CLAIMED),
        ("twine", BROKEN, Ended(code=1, said=TRACEBACK), Outcome.CRASH),
        ("twine", BROKEN, Ended(code=-11, said=""), Outcome.CRASH),
        ("twine", SOUND, Ended(code=1, said=""), Outcome.FALSE_ALARM),
        ("twine", SOUND, Ended(code=0, said=""), Outcome.OK),
        ("twine", SOUND, Ended(code=None, said=""), Outcome.HANG),
        ("twine", case("ok", "finding"), Ended(code=1, said=""), Outcome.OK),
        ("twine", case("finding", "ok"), Ended(code=0, said=""), Outcome.OK),
        ("publint", BROKEN, Ended(code=1, said="Error\n\nNode.js v20.20.2\n"), Outcome.CRASH),
        ("publint", BROKEN, None, Outcome.NOT_CLAIMED),
        ("guarddog", case("error", group="limits"), Ended(code=0, said=""), Outcome.MISSED),
        (
            "guarddog",
            case("error", group="tar-headers"),
            Ended(code=0, said=""),
            Outcome.NOT_CLAIMED,
        ),
    ],
)
def test_what_a_run_is_worth(
    tool: str, want: dict[str, Any], ended: Ended | None, outcome: Outcome
) -> None:
    assert judged(BY_NAME[tool], "some-case", want, ended) is outcome


@pytest.mark.parametrize(
    ("tool", "name", "claimed"),
    [
        ("check-wheel-contents", "zip-entries file-that-record-does-not-list", True),
        ("check-wheel-contents", "zip-entries record-of-another-content", True),
        ("check-wheel-contents", "zip-entries wheel-without-a-record", True),
        ("check-wheel-contents", "zip-framing end-record-in-the-comment", False),
        ("guarddog", "tar-extended pax-path-that-climbs-out", True),
        ("guarddog", "tar-sparse hole-of-eight-tebibytes", True),
        ("guarddog", "names-and-links hard-link-to-the-system", True),
        ("guarddog", "nested nested-path-that-climbs-out", False),
        ("guarddog", "limits gzip-of-zeros", True),
        ("guarddog", "limits nested-gzip-of-zeros", False),
        ("guarddog", "tar-sparse sparse-map-of-words", False),
        ("guarddog", "zip-framing second-name-in-an-extra-field", False),
        ("audit", "anything at-all", True),
    ],
)
def test_what_a_tool_says_that_it_finds(
    tool: str,
    name: str,
    claimed: bool,  # noqa: FBT001 - as in the table
) -> None:
    assert (BY_NAME[tool].claims.search(name) is not None) is claimed


def test_a_tool_runs_in_an_empty_folder_without_the_user_s_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "1")
    script = "import os, sys; print(os.listdir(), 'SECRET_OF_THE_USER' in os.environ); sys.exit(7)"
    assert run([sys.executable, "-c", script], {}) == Ended(code=7, said="[] False\n")


def test_only_what_a_tool_reads_is_given_to_it() -> None:
    path = PAGE.with_name("a.whl")
    reads = {name: bool(tool.command(BROKEN, path)) for name, tool in BY_NAME.items()}
    assert reads == {
        "audit": True,
        "check-wheel-contents": True,
        "twine": True,
        "publint": False,
        "guarddog": True,
    }
    lockfile = {**BROKEN, "subject": "lock", "file": "yarn.lock"}
    assert [n for n, tool in BY_NAME.items() if tool.command(lockfile, path)] == ["audit"]


def read_rows() -> dict[tuple[str, str], dict[Outcome, int]]:
    rows = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith(("| tool ", "| **")):
            tool, group, *counts = (cell.strip() for cell in line.strip("|").split("|"))
            numbers = [int(count.replace(",", "") or 0) for count in counts]
            rows[tool, group] = dict(zip(Outcome, numbers, strict=True))
    return rows


def test_the_page_is_what_the_bench_writes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r" on (\d{4}-\d\d-\d\d); do not edit", text)
    assert found is not None
    assert text == page(read_rows(), found[1])
    assert table(read_rows()) in text


def test_the_page_has_every_tool_over_every_class_and_audit_fails_at_none() -> None:
    rows = read_rows()
    groups = {group for _, group in rows}
    assert groups <= {one.group for one in archives.cases().values()}
    assert set(rows) == {(tool.name, group) for tool in TOOLS for group in groups}
    for group in groups:
        assert len({sum(rows[tool.name, group].values()) for tool in TOOLS}) == 1
        bad = {one: n for one, n in rows["audit", group].items() if n and one is not Outcome.OK}
        assert bad == {}, group
