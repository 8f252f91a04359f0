"""Where in the repository a finding can be acted on, and that no place lies outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor.cli.output import _repository
from auditor.model import (
    Artifact,
    ArtifactKind,
    Confidence,
    Finding,
    Gap,
    Home,
    Location,
    Report,
    Severity,
    Verdict,
)
from auditor.report import View
from auditor.report._repository import Place, Repository
from auditor.shipped import Entry, Shipped

if TYPE_CHECKING:
    from pathlib import Path

LOCKFILE, PROJECT = ArtifactKind.LOCKFILE, ArtifactKind.PROJECT
TARBALL, WHEEL, SDIST = ArtifactKind.NPM_TARBALL, ArtifactKind.WHEEL, ArtifactKind.SDIST
VIEW = View(root="/home/ann/repo", folder="web")


def finding(
    source: str, path: str, line: int | None = None, kind: ArtifactKind = TARBALL
) -> Finding:
    return Finding(
        rule="bad-file",
        title="A bad file",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="is bad",
        location=Location(source=source, path=path, line=line),
        evidence={},
        fix="",
        fingerprint="0" * 32,
        kind=kind,
    )


def packed(source: str, folder: str, kind: ArtifactKind = TARBALL, **tracked: str) -> Artifact:
    return Artifact(
        source=source,
        kind=kind,
        home=Home(
            folder=folder,
            manifest="package.json" if kind is TARBALL else "pyproject.toml",
            line=7,
            tracked={"src/a.js": "src/a.js", "in.zip": "assets/in.zip", **tracked},
        ),
    )


def repository(*artifacts: Artifact, view: View = VIEW, locks: tuple[str, ...] = ()) -> Repository:
    report = Report(
        verdict=Verdict.FAIL,
        threshold=Severity.MEDIUM,
        ruleset="0",
        artifacts=artifacts,
        inventories=tuple({"source": source, "count": 1} for source in locks),
    )
    return Repository(report, view)


def place(path: str, line: int = 1) -> Place:
    return Place(path=path, line=line)


@pytest.mark.parametrize(
    ("path", "line", "kind", "expected"),
    [
        ("src/a.js", 12, TARBALL, place("web/src/a.js", 12)),
        ("src/a.js", None, TARBALL, place("web/src/a.js")),
        ("in.zip!src/b.js", 5, TARBALL, place("web/assets/in.zip")),
        ("in.zip!deep.tgz!c.js", 5, TARBALL, place("web/assets/in.zip")),
        ("dist/made.js", 3, TARBALL, place("web/package.json", 7)),
        ("made.zip!src/a.js", 3, TARBALL, place("web/package.json", 7)),
        ("", None, TARBALL, place("web/package.json", 7)),
        (".npmignore", 3, PROJECT, place("web/.npmignore", 3)),
        ("package.json", None, PROJECT, place("web/package.json")),
    ],
)
def test_of_a_packed_artifact_it_is_the_tracked_file_or_what_decides(
    path: str, line: int | None, kind: ArtifactKind, expected: Place
) -> None:
    assert repository(packed(".", ".")).of_finding(finding(".", path, line, kind)) == expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (".", "web/src/a.js"),
        ("./", "web/src/a.js"),
        ("packages/kit", "web/packages/kit/src/a.js"),
        ("../api", "api/src/a.js"),
        ("..", "src/a.js"),
        ("../../repo/api", "api/src/a.js"),
        ("/home/ann/repo/api", "api/src/a.js"),
        ("../../other", None),
        ("../../repository", None),
        ("/home/ann/other", None),
        ("/home/ann/repo/../other", None),
    ],
)
def test_a_folder_is_followed_to_the_root_of_the_repository_and_not_beyond(
    folder: str, expected: str | None
) -> None:
    found = repository(packed(folder, folder)).of_finding(finding(folder, "src/a.js", 2))

    assert found == (place(expected, 2) if expected else None)


def test_on_windows_a_typed_path_has_its_own_separators() -> None:
    view = View(root="C:/src/repo", folder="web")
    for typed in (r"..\api\uv.lock", r"C:\src\repo\api\uv.lock", "../api/uv.lock"):
        found = repository(view=view, locks=(typed,)).of_finding(
            finding(typed, "uv.lock", 4, LOCKFILE)
        )
        assert found == place("api/uv.lock", 4)
    for typed in (r"D:\src\repo\uv.lock", r"..\..\uv.lock"):
        assert repository(view=view).of_finding(finding(typed, "uv.lock", 4, LOCKFILE)) is None


def test_the_sdist_and_the_wheel_of_one_source_each_have_their_own_files() -> None:
    wheel = packed("pkg", "pkg", WHEEL, **{"kit/a.py": "src/kit/a.py"})
    sdist = packed("pkg", "pkg", SDIST, **{"src/kit/a.py": "src/kit/a.py", "kit/a.py": "other.py"})
    both = repository(sdist, wheel)

    assert both.of_finding(finding("pkg", "kit/a.py", 3, WHEEL)) == place("web/pkg/src/kit/a.py", 3)
    assert both.of_finding(finding("pkg", "kit/a.py", 3, SDIST)) == place("web/pkg/other.py", 3)
    gap = Gap(location=Location(source="pkg", path="src/kit/a.py"), reason="too long")
    assert both.of_gap(gap) == place("web/pkg/src/kit/a.py")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("demo-1.0.0.tgz", place("web/demo-1.0.0.tgz")),
        ("../dist/demo.whl", place("dist/demo.whl")),
        ("/tmp/demo.whl", None),  # noqa: S108 - a path outside of the repository
        ("npm:demo@1.0.0", None),
        ("pypi:demo==1.0.0", None),
        (". (sdist)", None),
        ("-", None),
    ],
)
def test_a_ready_file_is_its_own_place(source: str, expected: Place | None) -> None:
    ready = repository(Artifact(source=source, kind=TARBALL))

    assert ready.of_finding(finding(source, "src/a.js", 12)) == expected
    assert ready.of_gap(Gap(location=Location(source=source, path="x"), reason="?")) == expected


def test_of_a_folder_as_it_is_the_place_is_the_file() -> None:
    folder = Artifact(
        source="out",
        kind=ArtifactKind.FOLDER,
        ships=Shipped(files=tuple(Entry(path=p, size=1, kind="x") for p in ("a.js", "b.zip"))),
    )
    found = repository(folder)

    def where(path: str) -> Place | None:
        return found.of_finding(finding("out", path, 9, ArtifactKind.FOLDER))

    assert where("a.js") == place("web/out/a.js", 9)
    assert where("b.zip!a.js") == place("web/out/b.zip")
    assert where("missing.js") is None
    assert where("../a.js") is None


@pytest.mark.parametrize(
    ("source", "path", "line", "expected"),
    [
        ("uv.lock", "uv.lock", 40, place("web/uv.lock", 40)),
        ("../api/uv.lock", "uv.lock", None, place("api/uv.lock")),
        ("api/uv.lock", "", None, place("web/api/uv.lock")),
        ("api/uv.lock", "pyproject.toml", None, place("web/api/pyproject.toml")),
        ("uv.lock", "pyproject.toml", None, place("web/pyproject.toml")),
        ("uv.lock", "../../../uv.lock", None, None),
        ("-", "package-lock.json", 3, None),
        ("/etc/uv.lock", "uv.lock", 3, None),
        ("web/node_modules", "node_modules", None, None),
        (".venv/lib/python3.12/site-packages", "site-packages", None, None),
    ],
)
def test_of_a_lockfile_it_is_the_file_as_the_user_named_it(
    source: str, path: str, line: int | None, expected: Place | None
) -> None:
    found = repository(locks=(source,)).of_finding(finding(source, path, line, LOCKFILE))

    assert found == expected


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("api/package-lock.json", LOCKFILE, place("web/app/api/package-lock.json")),
        ("api/notes.md", LOCKFILE, None),
        ("home/ann/.ssh/id", ArtifactKind.MACHINE, None),
    ],
)
def test_of_a_history_it_is_the_lockfile_that_the_history_is_of(
    path: str, kind: ArtifactKind, expected: Place | None
) -> None:
    assert repository().of_finding(finding("app", path, None, kind)) == expected


def test_of_the_policy_it_is_the_line_of_its_file() -> None:
    some = repository(packed("../.audit.yml", "."))

    def where(path: str) -> Place | None:
        return some.of_finding(finding("../.audit.yml", path, 2, ArtifactKind.POLICY))

    assert where("../.audit.yml") == place(".audit.yml", 2)
    assert where("") == place(".audit.yml", 2)
    assert where("/etc/.audit.yml") is None


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("uv.lock", "", place("web/uv.lock")),
        ("uv.lock", "uv.lock", place("web/uv.lock")),
        ("..", "", None),
        ("..", "package-lock.json", None),
        ("../..", "", None),
    ],
)
def test_of_what_could_not_be_read_at_all_it_is_the_file(
    source: str, path: str, expected: Place | None
) -> None:
    gap = Gap(location=Location(source=source, path=path), reason="cannot be read")

    assert repository().of_gap(gap) == expected


def test_without_a_root_no_absolute_path_is_inside() -> None:
    nowhere = repository(view=View(), locks=("a/uv.lock", "/a/uv.lock", "../uv.lock"))

    def where(source: str) -> Place | None:
        return nowhere.of_finding(finding(source, "uv.lock", 2, LOCKFILE))

    assert where("a/uv.lock") == place("a/uv.lock", 2)
    assert where("/a/uv.lock") is None
    assert where("../uv.lock") is None


PATHS = st.lists(
    st.sampled_from(["..", ".", "", "a", "web", "repo", "src/a.js", "~", "C:", "x!y", "\\", "\0"]),
    max_size=6,
).map("/".join)


@given(
    PATHS,
    PATHS,
    PATHS,
    st.sampled_from(["", "/home/ann/repo", "C:/repo"]),
    st.sampled_from(list(ArtifactKind)),
)
def test_no_place_is_absolute_or_leads_out_of_the_repository(
    folder: str, path: str, source: str, root: str, kind: ArtifactKind
) -> None:
    artifact = replace(packed(source, folder), home=Home(folder=folder, manifest=path))
    view = View(root=root, folder="web")
    for some in (repository(artifact, view=view), repository(view=view, locks=(source,))):
        found = some.of_finding(finding(source, path, 1, kind))
        if found is not None:
            parts = found.path.split("/")
            assert ".." not in parts
            assert "." not in parts
            assert "" not in parts


def test_the_repository_is_told_by_the_nearest_git(tmp_path: Path) -> None:
    below = tmp_path / "repo" / "web" / "kit"
    below.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (below / ".git").write_text("gitdir: ../../.git/modules/kit")

    assert _repository(tmp_path / "repo") == ((tmp_path / "repo").as_posix(), "")
    assert _repository(below.parent) == ((tmp_path / "repo").as_posix(), "web")
    assert _repository(below) == (below.as_posix(), "")


def test_without_git_the_current_folder_is_what_paths_are_told_from(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        assert not (folder / ".git").exists()
    assert _repository(tmp_path) == (tmp_path.as_posix(), "")
