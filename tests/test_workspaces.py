"""Which folders are the workspaces of a project, and which of them a name means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.errors import PackerError, UsageError
from auditor.sources.workspaces import find, public, select
from tests.test_packer_choice import write

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDERS = (
    "packages/a packages/b packages/group/c packages/a/node_modules/dep packages/.cache "
    "apps/web tools node_modules/demo"
).split()


def project(folder: Path, files: Mapping[str, object]) -> Path:
    named = {f"{path}/package.json": {"name": f"@demo/{Path(path).name}"} for path in FOLDERS}
    return write(folder, {"packages/notes/readme.md": "", **named, **files})


def paths(root: Path, packer: str = "npm") -> list[str]:
    return [workspace.path for workspace in find(root, packer)]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["packages/*"], "packages/a packages/b"),
        (["./packages/*/"], "packages/a packages/b"),
        (["packages/**"], "packages/a packages/b packages/group/c"),
        (["**"], "apps/web packages/a packages/b packages/group/c tools"),
        (["packages/{a,group/c}", "tools"], "packages/a packages/group/c tools"),
        (["packages/[ab]"], "packages/a packages/b"),
        (["packages/?"], "packages/a packages/b"),
        (["packages/*", "!packages/a"], "packages/b"),
        (["!packages/a", "packages/*"], "packages/a packages/b"),
        (["packages/*", "!packages/*", "packages/b"], "packages/b"),
        (["packages/.cache"], "packages/.cache"),
        (["nothing/*", "packages/notes"], ""),
        ([], ""),
    ],
)
def test_patterns_name_folders_that_hold_a_package(
    patterns: list[str], expected: str, tmp_path: Path
) -> None:
    project(tmp_path, {"package.json": {"workspaces": patterns}})

    assert paths(tmp_path) == expected.split()


def test_both_spellings_of_workspaces_are_read(tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {"workspaces": {"packages": ["tools"]}}})

    assert paths(tmp_path) == ["tools"]


YAML = """\
# a comment
packages:
  - packages/*
  - '!packages/a'
  - "packages/a"
catalog:
  react: &react 18.10
  react-dom: *react
  on: 1.10
"""


def test_for_pnpm_its_own_file_counts_and_a_negation_wins(tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {"workspaces": ["tools"]}, "pnpm-workspace.yaml": YAML})

    assert paths(tmp_path, "pnpm") == ["packages/b"]
    assert paths(tmp_path, "npm") == ["tools"]


def test_the_other_file_is_taken_where_a_packer_s_own_is_not_there(tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {}, "pnpm-workspace.yaml": YAML})
    assert paths(tmp_path, "yarn") == ["packages/b"]

    (tmp_path / "pnpm-workspace.yaml").unlink()
    write(tmp_path, {"package.json": {"workspaces": ["tools"]}})
    assert paths(tmp_path, "pnpm") == ["tools"]


@pytest.mark.parametrize("text", ["", "catalog: {}", "packages:"])
def test_a_pnpm_workspace_without_packages_has_none(text: str, tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {}, "pnpm-workspace.yaml": text})

    assert paths(tmp_path, "pnpm") == []


@pytest.mark.parametrize(
    "text",
    ["- a", "packages: [a", "packages: {a: b}", "packages: [[a]]", "a: b: c", "{[a]: b}", "\x00"],
)
def test_a_broken_pnpm_workspace_is_an_error(text: str, tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {}, "pnpm-workspace.yaml": text})

    with pytest.raises(PackerError, match=r"pnpm-workspace\.yaml cannot be read: "):
        find(tmp_path, "pnpm")


@pytest.mark.parametrize("pattern", ["packages/!(a)", "packages/@(a|b)", "../elsewhere"])
def test_a_pattern_that_is_not_read_is_not_passed_over(pattern: str, tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {"workspaces": ["packages/*", pattern]}})

    with pytest.raises(PackerError, match="audit the workspace's own folder"):
        find(tmp_path, "npm")


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {"workspaces": ["packages/**"]}})
    (tmp_path / "packages" / "a" / "up").symlink_to(tmp_path / "packages")

    assert paths(tmp_path) == ["packages/a", "packages/b", "packages/group/c"]


def test_a_broken_package_json_of_a_workspace_is_named(tmp_path: Path) -> None:
    project(
        tmp_path, {"package.json": {"workspaces": ["packages/*"]}, "packages/b/package.json": "{"}
    )

    with pytest.raises(PackerError, match=r"packages/b/package\.json cannot be read"):
        find(tmp_path, "npm")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (("@demo/b",), "packages/b"),
        (("packages/b",), "packages/b"),
        (("./packages/b/",), "packages/b"),
        (("@demo/b", "@demo/a", "packages/b"), "packages/b packages/a"),
    ],
)
def test_workspaces_are_named_by_name_or_path(
    wanted: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    project(tmp_path, {"package.json": {"workspaces": ["packages/*"]}})

    chosen = select(find(tmp_path, "npm"), wanted, "demo")

    assert [workspace.path for workspace in chosen] == expected.split()


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    project(tmp_path, {"package.json": {"workspaces": ["packages/*"]}})

    with pytest.raises(UsageError) as caught:
        select(find(tmp_path, "npm"), ("@demo/bb",), "demo")

    assert str(caught.value) == (
        "demo has no workspace '@demo/bb'; there are @demo/a, @demo/b; did you mean '@demo/b'?"
    )


def test_private_workspaces_are_left_out_and_said(tmp_path: Path) -> None:
    private = {"name": "@demo/a", "private": True}
    project(
        tmp_path,
        {"package.json": {"workspaces": ["packages/*"]}, "packages/a/package.json": private},
    )

    kept, notes = public(find(tmp_path, "npm"), "demo")

    assert [workspace.path for workspace in kept] == ["packages/b"]
    assert notes == ("left out as private: @demo/a",)


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [([], "it declares none"), (["packages/a"], "all 1 workspace are private")],
)
def test_nothing_to_publish_is_no_good_result(
    patterns: list[str], reason: str, tmp_path: Path
) -> None:
    private = {"private": True}
    project(
        tmp_path, {"package.json": {"workspaces": patterns}, "packages/a/package.json": private}
    )

    with pytest.raises(UsageError, match=reason):
        public(find(tmp_path, "npm"), "demo")
