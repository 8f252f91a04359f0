"""Installed Python packages in the layouts of old tools, and trees that may not be looked at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from auditor.limits import Limits
from auditor.sources import installed
from tests.test_lock_cli import as_json, gaps, run

SAID = "Metadata-Version: 1.1\nName: litellm\nVersion: VERSION\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "place",
    [
        "litellm-VERSION.dist-info/METADATA",
        "litellm-VERSION-py3.11.egg-info/PKG-INFO",
        "litellm-VERSION-py3.11.egg-info",  # distutils
        "litellm-VERSION-py3.11.egg/EGG-INFO/PKG-INFO",  # setup.py install
    ],
)
@pytest.mark.parametrize(("version", "expected"), [("1.82.8", 1), ("1.82.6", 0)])
def test_each_layout_of_an_installed_distribution_is_a_package(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str, version: str, expected: int
) -> None:
    folder = tmp_path / "site-packages"
    write(folder / place.replace("VERSION", version), SAID.replace("VERSION", version))
    code, document = as_json(capsys, "--list", str(tmp_path))
    (row,) = document["inventories"]

    assert (code, document["gaps"]) == (expected, [])
    assert [(p["name"], p["version"], p["origin"]) for p in row["packages"]] == [
        ("litellm", version, "registry")
    ]
    assert ["known-malicious" in f["rule"] for f in document["findings"]] == [True] * expected


def test_what_leads_to_a_project_elsewhere_is_no_package(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    write(folder / "demo.egg-link", "/home/demo\n.\n")
    write(folder / "__editable__.demo-1.0.pth", "/home/demo\n")
    write(folder / "direct_url.json", "{}")
    write(folder / "a-1.0.egg-info", "Name: a\nVersion: 1.0\n")
    found = installed.inventory(folder, "site-packages", Limits())

    assert [(p.name, p.version, p.origin) for p in found.packages] == [("a", "1.0", "registry")]
    assert found.unread == ()


def test_what_cannot_be_read_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    write(folder / "a-1.0.egg-info", "Name: a\nVersion: 1.0\n")
    write(folder / "b-1.0.egg-info", "Name: b\n")
    write(folder / "c-1.0.egg", "PK")
    write(folder / "d-1.0.egg" / "d.py", "")
    os.mkfifo(folder / "e-1.0.egg-info")
    (folder / "f-1.0.dist-info").mkdir()
    os.mkfifo(folder / "f-1.0.dist-info" / "METADATA")
    write(folder / "g-1.0.egg-info", "Name: g\n" + " x\n" * 2_000_000)
    (folder / "h-1.0.egg-info").symlink_to(folder / "a-1.0.egg-info")
    found = installed.inventory(folder, "site-packages", Limits())

    assert [p.name for p in found.packages] == ["a"]
    assert found.unread == (
        ("b-1.0.egg-info", "its b-1.0.egg-info has no name and version"),
        ("c-1.0.egg", "is no folder; zipped eggs are not read"),
        ("d-1.0.egg", "its PKG-INFO cannot be read: No such file or directory"),
        ("e-1.0.egg-info", "its e-1.0.egg-info cannot be read: is no regular file"),
        ("f-1.0.dist-info", "its METADATA cannot be read: is no regular file"),
        ("g-1.0.egg-info", "its g-1.0.egg-info cannot be read: larger than 4,194,304 bytes"),
    )


def forbid(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """Have nothing in a folder looked at, as without permission; the superuser may do anything."""
    real = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:  # noqa: ANN401 - as os.stat has them
        if isinstance(path, (str, Path)) and Path(path).parent.name == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **more)

    monkeypatch.setattr(os, "stat", stat)


def test_a_package_that_may_not_be_looked_at_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "open"):
        text = f'{{"name": "{name}", "version": "1.0.0"}}'
        write(tmp_path / "node_modules" / name / "package.json", text)
    forbid(monkeypatch, "closed")
    code, document = as_json(capsys, "--list", str(tmp_path))

    assert code == 3
    assert [p["name"] for p in document["inventories"][0]["packages"]] == ["open"]
    assert gaps(document, tmp_path) == {
        "node_modules": "closed: its package.json cannot be read: Permission denied"
    }


def test_a_hidden_lockfile_that_may_not_be_looked_at_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "node_modules" / ".package-lock.json", '{"packages": {}}')
    forbid(monkeypatch, "node_modules")
    code, document = as_json(capsys, str(tmp_path))

    assert code == 3
    assert gaps(document, tmp_path) == {
        "node_modules/.package-lock.json": "cannot be read: Permission denied"
    }


@pytest.mark.parametrize(
    ("name", "reason"), [("closed/yarn.lock", "Permission denied"), ("x" * 300, "name too long")]
)
def test_a_target_that_may_not_be_looked_at_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    reason: str,
) -> None:
    forbid(monkeypatch, "closed")
    code, out, error = run(capsys, str(tmp_path / name))

    assert (code, out) == (2, "")
    assert error.endswith(f"{reason}\n")
