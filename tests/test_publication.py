"""Which sides of a folder are packed, npm's or Python's or both, and what a failing one does."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import PackerError, UsageError
from auditor.model import Verdict
from auditor.packers import Packer
from auditor.scan import Request, scan
from auditor.sources import project, python_project
from auditor.sources.project import Packed
from auditor.sources.publication import published
from auditor.sources.wish import Wish
from tests.test_python_project import BACKEND, PYPROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PUBLIC = json.dumps({"name": "demo-kit", "version": "1.0.0"})
PRIVATE = json.dumps({"name": "demo-kit", "private": True})
NAMELESS = json.dumps({"devDependencies": {"prettier": "3"}})
TOOLS = "[tool.ruff]\nline-length = 100\n"


def fake(name: str, fails: str) -> Callable[..., Any]:
    """Return a side that makes one file, or fails where its name is asked to."""

    @contextmanager
    def packed(directory: Path, label: str, **_: object) -> Iterator[tuple[Packed, ...]]:
        if name in fails:
            raise PackerError(f"{name} failed")
        yield (
            Packed(
                tarball=directory / name,
                directory=directory,
                typed=label,
                label=label,
                packer=Packer(name=name),
                notes=(),
            ),
        )

    return packed


@pytest.mark.parametrize(
    ("files", "wish", "made", "said"),
    [
        ({"package.json": PUBLIC}, Wish(), ["npm"], ""),
        ({"pyproject.toml": PYPROJECT}, Wish(), ["build"], ""),
        ({"setup.py": ""}, Wish(), ["build"], ""),
        ({"package.json": PUBLIC, "pyproject.toml": PYPROJECT}, Wish(), ["npm", "build"], ""),
        ({"package.json": PUBLIC, "pyproject.toml": TOOLS}, Wish(), ["npm"], ""),
        (
            {"package.json": PRIVATE, "pyproject.toml": PYPROJECT},
            Wish(),
            ["build"],
            "nothing goes to npm",
        ),
        (
            {"package.json": NAMELESS, "pyproject.toml": PYPROJECT},
            Wish(),
            ["build"],
            "nothing goes to npm",
        ),
        ({"package.json": "{", "pyproject.toml": PYPROJECT}, Wish(), ["npm", "build"], ""),
        (
            {"package.json": PRIVATE, "pyproject.toml": PYPROJECT},
            Wish(packer="npm"),
            ["npm"],
            "",
        ),
        (
            {"package.json": PUBLIC, "pyproject.toml": PYPROJECT},
            Wish(packer="uv@0.9"),
            ["build"],
            "",
        ),
        (
            {"package.json": PUBLIC, "pyproject.toml": PYPROJECT},
            Wish(all_workspaces=True),
            ["npm"],
            "",
        ),
        ({"package.json": PRIVATE}, Wish(), ["npm"], ""),
        ({"README": ""}, Wish(packer="npm"), ["npm"], ""),
        ({"README": ""}, Wish(packer="build"), ["build"], ""),
    ],
)
def test_what_a_folder_publishes(  # noqa: PLR0913, PLR0917 - one for each column
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    wish: Wish,
    made: list[str],
    said: str,
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(project, "packed", fake("npm", ""))
    monkeypatch.setattr(python_project, "python_packed", fake("build", ""))
    with published(tmp_path, "here", wish, None) as publication:
        assert [pack.packer.name for pack in publication.packs] == made
        notes = [note for pack in publication.packs for note in pack.notes]
    assert publication.problems == ()
    assert (said in notes[0]) if said else notes == []


@pytest.mark.parametrize(
    ("fails", "made", "problems"),
    [
        ("npm", ["build"], ("npm failed",)),
        ("build", ["npm"], ("build failed",)),
        ("npm build", [], ("npm failed", "build failed")),
    ],
)
def test_a_side_that_fails_leaves_the_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
    made: list[str],
    problems: tuple[str, ...],
) -> None:
    (tmp_path / "package.json").write_text(PUBLIC)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.setattr(project, "packed", fake("npm", fails))
    monkeypatch.setattr(python_project, "python_packed", fake("build", fails))
    with published(tmp_path, "here", Wish(), None) as publication:
        assert [pack.packer.name for pack in publication.packs] == made
    assert publication.problems == problems


def test_a_folder_that_is_no_project_says_so(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TOOLS)
    with pytest.raises(PackerError) as raised, published(tmp_path, "./x", Wish(), None):
        pass
    assert str(raised.value).startswith("./x holds neither a package.json nor a Python project")


def test_a_packer_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    with pytest.raises(UsageError), published(tmp_path, "x", Wish(packer="pip"), None):
        pass


def test_a_python_project_is_built_audited_and_compared(tmp_path: Path) -> None:
    backend = BACKEND.replace("HOOK", "").replace(
        'wheel.writestr("demo_kit/from.txt"',
        'wheel.writestr("demo_kit/late.py", "x = 1"); wheel.writestr("demo_kit/from.txt"',
    )
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "inner.py").write_text(backend)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)

    report = scan(Request(targets=(str(tmp_path),)))
    found = {(finding.rule, finding.location.source) for finding in report.findings}

    assert report.verdict is Verdict.FAIL, report.gaps
    assert [artifact.source for artifact in report.artifacts] == [
        f"{tmp_path} (sdist)",
        f"{tmp_path} (wheel)",
    ]
    assert [a.home.folder for a in report.artifacts if a.home] == [tmp_path.as_posix()] * 2
    assert all(artifact.packer.startswith("build ") for artifact in report.artifacts)
    assert ("unsourced-module", f"{tmp_path} (wheel)") in found
    assert ("missing-record", f"{tmp_path} (wheel)") in found
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "backend",
        "left-behind",
        "pyproject.toml",
    ]


def test_a_build_that_fails_is_one_line_and_not_examined(tmp_path: Path) -> None:
    backend = BACKEND.replace("HOOK", "raise ValueError('no version found')")
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "inner.py").write_text(backend)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)

    report = scan(Request(targets=(str(tmp_path),)))

    assert report.verdict is Verdict.INCOMPLETE
    assert report.artifacts == ()
    assert len(report.gaps) == 1
    assert "no version found" in report.gaps[0].reason
    assert "\n" not in report.gaps[0].reason
