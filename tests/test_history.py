"""What a git history had in its lockfiles: `audit triage --history` over scripted repositories."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from auditor import triagescan
from auditor.limits import Limits
from auditor.sources import git_program
from tests import schemas
from tests.repositories import Repository, lock
from tests.test_cli import audit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from auditor.model import Report

CLEAN = lock("axios@1.14.0")
BAD = lock("axios@1.14.1")
LOCK = "package-lock.json"
T1, T2, T3, T4 = (f"2026-03-31T0{hour}:00:00Z" for hour in (0, 1, 5, 9))


def scan(target: Path | str, **options: Any) -> Report:  # noqa: ANN401 - a request's fields
    request = triagescan.TriageRequest(targets=(str(target),), history=True, **options)
    return triagescan.scan(request)


def stays(report: Report) -> list[tuple[object, ...]]:
    """Return path, version, commits that brought it in and took it out, and who still has it."""
    return [
        (
            f.location.path,
            f.location.key,
            f.evidence["came_by"],
            f.evidence["went_by"],
            f.evidence["standing"],
        )
        for f in sorted(report.findings, key=lambda f: str(f.evidence.get("came")))
        if "came_by" in f.evidence
    ]


def test_a_version_that_came_in_and_went_again(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "web")
    repository.commit(T1, {LOCK: CLEAN})
    came = repository.commit(T2, {LOCK: BAD})
    repository.commit(T3, {"README": "x"})
    went = repository.commit(T4, {LOCK: CLEAN})
    report = scan(tmp_path)
    (finding,) = report.findings

    assert stays(report) == [(LOCK, "axios@1.14.1", came, went, ())]
    assert (finding.rule, finding.severity.word) == ("malicious-in-history", "high")
    assert {name: finding.evidence[name] for name in ("came", "went", "hours", "in_window")} == {
        "came": T2,
        "went": T4,
        "hours": 8,
        "in_window": True,
    }
    assert finding.location.source == str(tmp_path / "web")
    assert report.triage is not None
    (place,) = report.triage.places
    assert (place.label, place.level.value) == (str(tmp_path / "web"), "was exposed")
    assert report.verdict.value == "fail"


def test_what_stands_still_is_told_with_the_commit_that_brought_it_in(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    came = repository.commit(T2, {LOCK: BAD})
    report = scan(tmp_path)

    assert stays(report) == [(LOCK, "axios@1.14.1", came, "", ("HEAD",))]
    assert {f.rule for f in report.findings} == {"known-malicious", "malicious-on-branch"}
    assert report.triage is not None
    assert report.triage.level.value == "exposed"


def test_two_stays_of_one_version_are_two(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    times = (T2, T3, "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z")
    texts = (BAD, CLEAN, BAD, CLEAN)
    commits = [repository.commit(at, {LOCK: text}) for at, text in zip(times, texts, strict=True)]
    report = scan(tmp_path)

    assert [row[2:4] for row in stays(report)] == [tuple(commits[:2]), tuple(commits[2:])]
    assert [f.severity.word for f in report.findings] == ["high", "medium"], "within, and after"


def test_renames_are_followed(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    came = repository.commit(T1, {f"web/{LOCK}": BAD})
    repository.git("mv", "web", "app")
    repository.commit(T2, {})
    went = repository.commit(T3, {f"app/{LOCK}": CLEAN})
    report = scan(tmp_path)
    (finding,) = report.findings

    assert stays(report) == [(f"app/{LOCK}", "axios@1.14.1", came, went, ())]
    assert finding.evidence["came_path"] == f"web/{LOCK}"
    assert report.triage is not None
    assert [(p.label, p.level.value) for p in report.triage.places] == [
        (f"{tmp_path}/app", "was exposed")
    ]


def test_a_lockfile_that_is_gone_altogether(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    came = repository.commit(T1, {"yarn.lock": 'axios@^1:\n  version "1.14.1"\n'})
    went = repository.commit(T2, {"yarn.lock": None})
    report = scan(tmp_path)

    assert stays(report) == [("yarn.lock", "axios@1.14.1", came, went, ())]
    assert report.gaps == (), "no lockfile is there now, and its history was read"


def test_what_a_merge_threw_away_is_found(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {LOCK: CLEAN})
    came = repository.switch("update", new=True).commit(T2, {LOCK: BAD})
    repository.switch("main").commit(T3, {"README": "x"})
    repository.git("merge", "-q", "--strategy=ours", "-m", "merge", "update", at=T4)
    report = scan(tmp_path)

    assert stays(report) == [(LOCK, "axios@1.14.1", came, repository.head(), ())]


def test_what_a_merge_itself_brought_in_is_found(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {LOCK: CLEAN})
    repository.switch("update", new=True).commit(T2, {"b": "b"})
    repository.switch("main").commit(T3, {"a": "a"})
    repository.git("merge", "-q", "--no-commit", "--no-ff", "update")
    came = repository.commit(T4, {LOCK: BAD})
    report = scan(tmp_path)

    assert [row[2] for row in stays(report)] == [came]


def test_a_version_that_came_by_a_branch_came_with_the_branch_and_not_with_the_merge(
    tmp_path: Path,
) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {LOCK: CLEAN})
    came = repository.switch("update", new=True).commit(T2, {LOCK: BAD})
    repository.switch("main").git("merge", "-q", "--no-ff", "-m", "merge", "update", at=T3)
    went = repository.commit(T4, {LOCK: CLEAN})
    report = scan(tmp_path)

    assert stays(report) == [(LOCK, "axios@1.14.1", came, went, ())]


def test_other_branches_are_looked_at_when_asked(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {LOCK: CLEAN})
    came = repository.switch("update", new=True).commit(T2, {LOCK: BAD})
    repository.switch("main")

    assert stays(scan(tmp_path)) == []
    report = scan(tmp_path, every_branch=True)
    assert stays(report) == [(LOCK, "axios@1.14.1", came, "", ("update",))]
    assert [f.rule for f in report.findings] == ["malicious-on-branch"]
    assert report.triage is not None
    assert report.triage.level.value == "exposed"


@pytest.mark.parametrize(
    ("target", "paths"),
    [("a", [LOCK]), (f"a/{LOCK}", [LOCK]), ("b", ["yarn.lock"]), ("b/c", []), ("none", [])],
)
def test_a_folder_or_file_inside_a_repository(
    tmp_path: Path, target: str, paths: list[str]
) -> None:
    repository = Repository(tmp_path)
    yarn = 'axios@^1:\n  version "1.14.1"\n'
    good = yarn.replace("1.14.1", "1.14.0")
    repository.commit(T1, {f"a/{LOCK}": BAD, "b/yarn.lock": yarn, "b/c/x": "", "none/x": ""})
    repository.commit(T2, {f"a/{LOCK}": CLEAN, "b/yarn.lock": good})
    report = scan(tmp_path / target)

    assert [row[0] for row in stays(report)] == paths
    assert report.triage is not None
    folder = target.partition("/")[0]
    assert {p.label for p in report.triage.places if p.hits} == (
        {str(tmp_path / folder)} if paths else set()
    )


def test_a_lockfile_under_a_name_of_its_own(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {"deps.lock": BAD, LOCK: BAD})
    repository.commit(T2, {"deps.lock": CLEAN, LOCK: CLEAN})

    assert [row[0] for row in stays(scan(tmp_path / "deps.lock"))] == ["deps.lock"]


def test_a_bare_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work")
    came = repository.commit(T1, {LOCK: BAD})
    went = repository.commit(T2, {LOCK: CLEAN})
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "mirrors/work.git"))
    report = scan(tmp_path / "mirrors")

    assert stays(report) == [(LOCK, "axios@1.14.1", came, went, ())]
    assert report.gaps == ()


def test_a_shallow_clone_is_a_gap_and_what_it_has_is_read(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work")
    repository.commit(T1, {LOCK: BAD})
    came = repository.commit(T2, {LOCK: lock("axios@0.30.4")})
    went = repository.commit(T3, {LOCK: CLEAN})
    url = f"file://{repository.folder}"
    repository.git("clone", "-q", "--depth=2", url, str(tmp_path / "clone"))
    report = scan(tmp_path / "clone")

    assert stays(report) == [(LOCK, "axios@0.30.4", came, went, ())]
    assert [gap.reason for gap in report.gaps] == [
        "a shallow clone: older commits are not here (git fetch --unshallow)"
    ]
    assert report.verdict.value == "incomplete"


def test_states_that_cannot_be_read_are_gaps_and_the_others_are_read(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {LOCK: BAD})
    broken = repository.commit(T2, {LOCK: "<<<<<<< ours\n"})
    repository.commit(T3, {LOCK: "{"})
    repository.commit(T4, {LOCK: CLEAN})
    report = scan(tmp_path)

    assert [row[1] for row in stays(report)] == ["axios@1.14.1"]
    assert [gap.location.path for gap in report.gaps] == [LOCK, LOCK]
    assert f"a state in its history, the first in commit {broken[:10]}: " in report.gaps[0].reason


def test_a_content_that_git_has_lost_is_a_gap(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {LOCK: BAD})
    lost = repository.git("rev-parse", f"HEAD:{LOCK}").strip()
    repository.commit(T2, {LOCK: CLEAN})
    (tmp_path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    report = scan(tmp_path)

    assert stays(report) == []
    assert "git does not have its content" in report.gaps[0].reason


def test_more_states_than_the_limit_are_a_gap(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    for number in range(3):
        repository.commit(T1, {LOCK: lock(f"a@1.0.{number}")})
    report = scan(tmp_path, limits=Limits(history_states=2))

    assert "limit history-states of 2 met (found 3)" in report.gaps[0].reason


def test_many_states_are_read_on_all_cores_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path)
    for number in range(140):
        bad = number == 70
        repository.commit(T1, {LOCK: lock(f"a@1.0.{number}", axios="1.14.1" if bad else "1.14.0")})
    rows = []
    for cores in (1, 2):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        rows.append(stays(scan(tmp_path)))

    assert len(rows[0]) == 1
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", ["päck age", "a\nb", "a\tb", "-x", ":(top)", "a*b", 'q"q'])
def test_folders_of_any_name(tmp_path: Path, name: str) -> None:
    repository = Repository(tmp_path)
    repository.commit(T1, {f"{name}/{LOCK}": BAD})
    repository.commit(T2, {f"{name}/{LOCK}": CLEAN})
    report = scan(tmp_path)

    assert [row[0] for row in stays(report)] == [f"{name}/{LOCK}"]


def test_a_repository_without_a_commit_and_one_that_is_none(tmp_path: Path) -> None:
    Repository(tmp_path / "empty")
    (tmp_path / "empty" / LOCK).write_text(CLEAN)
    (tmp_path / "none/.git").mkdir(parents=True)
    (tmp_path / "none" / LOCK).write_text(CLEAN)
    report = scan(tmp_path)

    assert [(gap.location.source, gap.reason[:44]) for gap in report.gaps] == [
        (str(tmp_path / "none"), "its history was not read: git says: not a gi")
    ]


def test_git_that_is_not_there_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Repository(tmp_path).commit(T1, {LOCK: CLEAN})
    monkeypatch.setattr(shutil, "which", lambda _: None)
    report = scan(tmp_path)

    assert [gap.reason for gap in report.gaps] == ["its history was not read: git is not installed"]


def test_a_walk_that_does_not_end_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Repository(tmp_path).commit(T1, {LOCK: CLEAN})
    ask = git_program.ask

    def slow(*words: Any, **options: Any) -> bytes:  # noqa: ANN401 - passed on
        if "log" in words:
            options["patience"] = 1e-6
        return ask(*words, **options)

    monkeypatch.setattr("auditor.sources.history.ask", slow)

    assert "did not end within" in scan(tmp_path).gaps[0].reason


HOSTILE: Mapping[str, str] = {
    "log.showRoot": "false",
    "log.showSignature": "true",
    "gpg.program": "{0}",
    "diff.external": "{0}",
    "core.pager": "{0}",
    "pager.log": "{0}",
    "alias.log": "!{0}",
    "core.fsmonitor": "{0}",
    "core.alternateRefsCommand": "{0}",
    "diff.x.textconv": "{0}",
    "diff.x.command": "{0}",
    "filter.x.smudge": "{0}",
    "diff.relative": "true",
    "diff.renames": "false",
    "log.follow": "true",
    "log.diffMerges": "off",
    "core.quotePath": "false",
    "log.date": "relative",
    "format.pretty": "oneline",
    "color.ui": "always",
    "log.excludeDecoration": "*",
}


def test_settings_of_the_repository_neither_run_a_program_nor_hide_anything(
    tmp_path: Path,
) -> None:
    repository = Repository(tmp_path / "work")
    files = {"a/" + LOCK: BAD, ".gitattributes": "*.json diff=x filter=x\n"}
    came = repository.commit(T1, files)
    repository.git("mv", "a", "b")
    repository.commit(T2, {})
    went = repository.commit(T3, {f"b/{LOCK}": CLEAN})
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    program.chmod(0o755)
    for name, value in HOSTILE.items():
        repository.git("config", name, value.format(program))

    assert stays(scan(repository.folder)) == [(f"b/{LOCK}", "axios@1.14.1", came, went, ())]
    assert not (tmp_path / "ran").exists()


def test_times_that_nobody_can_have_had(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    came = repository.commit("@9999999999 +0000", {LOCK: BAD})
    went = repository.commit("@100 +0000", {LOCK: CLEAN})
    report = scan(tmp_path)
    (finding,) = report.findings

    assert stays(report) == [(LOCK, "axios@1.14.1", came, went, ())]
    assert finding.evidence["hours"] is None, "a clock that ran backwards measures nothing"


def test_a_link_with_a_lockfile_s_name_is_no_lockfile(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    (tmp_path / "yarn.lock").symlink_to("elsewhere")
    repository.commit(T1, {})

    assert scan(tmp_path, every_branch=True).findings == ()


def test_the_report_as_json_has_the_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Repository(tmp_path)
    repository.commit(T2, {LOCK: BAD})
    repository.commit(T4, {LOCK: CLEAN})
    code, out, _ = audit(capsys, "triage", str(tmp_path), "--history", "--format", "json")
    document = json.loads(out)
    schemas.REPORT.validate(document)
    (hit,) = document["triage"]["places"][0]["hits"]

    assert code == 1
    assert (hit["level"], hit["since"], hit["until"]) == ("was exposed", T2, T4)
    assert document["triage"]["playbook"][2]["do"] == (
        f"Find the CI runs and machines that installed from {tmp_path}/{LOCK} between {T2} and"
        f" {T4}, and treat each as exposed."
    )
