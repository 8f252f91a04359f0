"""A file about to be published against the report that it passed by."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from auditor.__main__ import run
from tests.test_cli import MAP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Pack = Callable[..., Path]


def report_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, *files: Path, fail_on: str = "low"
) -> Path:
    run(["pack", *map(str, files), "--format", "json", "--fail-on", fail_on])
    report = tmp_path / "report.json"
    report.write_text(capsys.readouterr().out)
    return report


def test_the_file_that_passed_is_told_from_any_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, pack: Pack
) -> None:
    kit = pack({"index.js": "run()"})
    report = report_of(capsys, tmp_path, kit)
    digest = hashlib.sha256(kit.read_bytes()).hexdigest()

    assert run(["pack", "--verify", str(report), str(kit)]) == 0
    assert capsys.readouterr().out == (
        f"{kit} is what was audited as demo-kit 1.0.0, and it passed (SHA-256 {digest})\n"
    )

    kit.write_bytes(kit.read_bytes() + b"\0")
    other = hashlib.sha256(kit.read_bytes()).hexdigest()
    assert run(["pack", "--verify", str(report), str(kit)]) == 1
    assert capsys.readouterr().out == (
        f"{kit} is not what {report} is about (its SHA-256 is {other})\n"
    )


def test_a_file_that_failed_is_no_file_that_passed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, pack: Pack
) -> None:
    kit = pack({"dist/app.js.map": MAP})
    report = report_of(capsys, tmp_path, kit)
    assert run(["pack", "--verify", str(report), str(kit)]) == 1
    assert "as demo-kit 1.0.0, and it failed (SHA-256" in capsys.readouterr().out


def test_what_was_not_examined_in_full_is_not_verified(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, pack: Pack
) -> None:
    kit = pack({"broken.tgz": b"\x1f\x8b\x08\x00"})
    report = report_of(capsys, tmp_path, kit)
    assert run(["pack", "--verify", str(report), str(kit)]) == 3
    assert "and not all of it could be examined" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("report", "files", "problem"),
    [
        ("report.json", (), "--verify needs the files that are about to be published"),
        ("none.json", ("a.tgz",), "none.json: cannot be read: No such file or directory"),
        ("report.json", ("none.tgz",), "none.tgz: cannot be read: No such file or directory"),
        ("report.json", (".",), ".: cannot be read: Is a directory"),
        ("a.tgz", ("a.tgz",), "a.tgz is no JSON report of audit: "),
    ],
)
def test_what_cannot_be_verified_is_an_error_of_usage(  # noqa: PLR0913, PLR0917 - fixtures and a table
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pack: Pack,
    report: str,
    files: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    kit = pack({"index.js": "run()"})
    (tmp_path / "a.tgz").write_bytes(kit.read_bytes())
    report_of(capsys, tmp_path, tmp_path / "a.tgz")
    assert run(["pack", "--verify", report, *files]) == 2
    assert problem in capsys.readouterr().err
