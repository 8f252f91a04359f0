"""Who would publish a folder: the first file that speaks, and the program that answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.errors import PackerError, UsageError
from auditor.packers import Packer
from auditor.sources.package_json import read
from auditor.sources.packer_choice import demanded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(folder: Path, files: Mapping[str, object]) -> Path:
    """Write files, each a text or something that becomes JSON; `name/` is an empty folder."""
    for name, content in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


PLAIN = {"package.json": {"name": "demo-kit"}}
MEMBER = {"pkg/package.json": {"name": "demo-a"}}
WORKSPACE = {"package.json": {"workspaces": ["pkg"]}, **MEMBER}


@pytest.mark.parametrize(
    ("files", "packer", "source"),
    [
        (PLAIN, "npm", ""),
        ({**PLAIN, "package-lock.json": ""}, "npm", "package-lock.json"),
        ({**PLAIN, "npm-shrinkwrap.json": ""}, "npm", "npm-shrinkwrap.json"),
        ({**PLAIN, "pnpm-lock.yaml": ""}, "pnpm", "pnpm-lock.yaml"),
        ({**PLAIN, "yarn.lock": ""}, "yarn", "yarn.lock"),
        ({**PLAIN, "bun.lock": ""}, "bun", "bun.lock"),
        ({**PLAIN, "bun.lockb": ""}, "bun", "bun.lockb"),
        ({**PLAIN, "pnpm-workspace.yaml": ""}, "pnpm", "pnpm-workspace.yaml"),
        ({**PLAIN, "pnpm-workspace.yaml": "", "yarn.lock": ""}, "yarn", "yarn.lock"),
        (
            {"package.json": {"packageManager": "yarn@4.5.0+sha224.ab"}, "package-lock.json": ""},
            "yarn 4.5.0",
            "package.json",
        ),
        ({"package.json": {"packageManager": "bun"}}, "bun", "package.json"),
        (
            {"package.json": {"devEngines": {"packageManager": {"name": "pnpm"}}}, "yarn.lock": ""},
            "pnpm",
            "package.json",
        ),
        (
            {
                "package.json": {
                    "devEngines": {"packageManager": [{"name": "pnpm", "version": "^10.1.0"}]},
                }
            },
            "pnpm 10.1.0",
            "package.json",
        ),
        (
            {
                "package.json": {
                    "devEngines": {"packageManager": {"name": "pnpm", "version": ">=9 || 11"}},
                }
            },
            "pnpm",
            "package.json",
        ),
        (
            {
                "package.json": {
                    "devEngines": {"packageManager": {"name": "pnpm", "version": "9 || 11"}},
                }
            },
            "pnpm",
            "package.json",
        ),
        (
            {
                "package.json": {
                    "packageManager": "npm@10.0.0",
                    "devEngines": {"packageManager": {"name": "pnpm"}},
                }
            },
            "npm 10.0.0",
            "package.json",
        ),
    ],
)
def test_the_first_file_that_speaks_decides(
    files: Mapping[str, object], packer: str, source: str, tmp_path: Path
) -> None:
    demand = demanded(write(tmp_path, files), None)

    assert (str(demand.packer), demand.source, demand.notes) == (packer, source, ())


@pytest.mark.parametrize(
    ("files", "packer"),
    [
        ({**WORKSPACE, "pnpm-lock.yaml": ""}, "pnpm"),
        (
            {**WORKSPACE, "package.json": {"workspaces": {"packages": ["p*"]}}, "yarn.lock": ""},
            "yarn",
        ),
        ({**WORKSPACE, "package.json": {"workspaces": ["other"]}, "yarn.lock": ""}, "npm"),
        (
            {"package.json": {"workspaces": ["pkg"], "packageManager": "bun@1.0.0"}, **MEMBER},
            "bun 1.0.0",
        ),
        (
            {
                "package.json": {"workspaces": ["pkg"], "packageManager": "bun@1.0.0"},
                "pkg/package.json": {"packageManager": "pnpm@9.0.0"},
            },
            "pnpm 9.0.0",
        ),
        (
            {
                "package.json": {"workspaces": ["pkg"], "packageManager": "bun@1.0.0"},
                **MEMBER,
                "pkg/yarn.lock": "",
            },
            "bun 1.0.0",
        ),
        ({**WORKSPACE, "yarn.lock": "", "pkg/package-lock.json": ""}, "npm"),
        ({**WORKSPACE, "package-lock.json": "", "pkg/pnpm-workspace.yaml": ""}, "pnpm"),
        ({"pnpm-workspace.yaml": "packages: ['p*']", **MEMBER}, "pnpm"),
        ({"pnpm-workspace.yaml": "packages: ['q*']", **MEMBER}, "npm"),
        ({**MEMBER, "yarn.lock": ""}, "npm"),
        ({**MEMBER, ".git/": "", "yarn.lock": ""}, "yarn"),
        ({**MEMBER, ".git": "gitdir: elsewhere", "bun.lock": ""}, "bun"),
        ({**MEMBER, "pkg/.git/": "", "yarn.lock": ""}, "npm"),
        ({**MEMBER, ".git/": "", "package.json": {"packageManager": "bun@1.0.0"}}, "npm"),
        ({**MEMBER, ".git/": "", "package.json": "{", "yarn.lock": ""}, "yarn"),
    ],
)
def test_above_the_package_the_workspace_and_git_root_are_the_end(
    files: Mapping[str, object], packer: str, tmp_path: Path
) -> None:
    write(tmp_path, files)

    assert str(demanded(tmp_path / "pkg", None).packer) == packer


def test_what_the_user_says_wins(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": {"packageManager": "yarn@4.5.0"}, "bun.lock": ""})

    demand = demanded(tmp_path, "pnpm@11.2.0")

    assert demand.packer == Packer(name="pnpm", version="11.2.0")
    assert demand.source == "--packer"


def test_an_unknown_packer_on_the_command_line_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'pnmp' is no packer; there are npm, pnpm, yarn, bun"):
        demanded(write(tmp_path, PLAIN), "pnmp")


def test_an_unknown_packer_in_package_json_leads_to_the_option(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": {"packageManager": "vlt@1.0.0"}})

    with pytest.raises(PackerError, match=r"package\.json names a packer.*'vlt@1\.0\.0'.*--packer"):
        demanded(tmp_path, None)


def test_a_broken_package_json_says_nothing_about_its_packer(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": "{", "yarn.lock": ""})

    with pytest.raises(PackerError, match="cannot be read"):
        demanded(tmp_path, None)


def test_several_lockfiles_are_said(tmp_path: Path) -> None:
    write(tmp_path, {**PLAIN, "yarn.lock": "", "package-lock.json": "", "npm-shrinkwrap.json": ""})

    demand = demanded(tmp_path, None)

    assert demand.packer.name == "npm"
    (note,) = demand.notes
    assert "package-lock.json, npm-shrinkwrap.json, yarn.lock" in note


def test_two_lockfiles_of_one_packer_are_no_riddle(tmp_path: Path) -> None:
    write(tmp_path, {**PLAIN, "bun.lock": "", "bun.lockb": ""})

    assert demanded(tmp_path, None).notes == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not readable as JSON"),
        ("[]", "is a list, where an object must stand"),
        ('{"name": 1}', "is a number, where a text must stand at 'name'"),
        ('{"scripts": []}', "is a list, where an object must stand at 'scripts'"),
        ('{"workspaces": [1]}', r"where a text must stand at 'workspaces\[0\]'"),
        ('{"workspaces": {"packages": "a"}}', "a list must stand at 'workspaces.packages'"),
        ('{"packageManager": {}}', "is an object, where a text must stand at 'packageManager'"),
    ],
)
def test_a_broken_package_json_is_named_with_its_reason(
    text: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(text)

    with pytest.raises(PackerError, match=rf"demo/package\.json cannot be read: .*{problem}"):
        read(tmp_path, "demo")


def test_a_package_json_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "' + "a" * (16 << 20))

    with pytest.raises(PackerError, match="larger than 16,777,216 bytes"):
        read(tmp_path)


def test_a_folder_without_package_json_leads_to_as_is(tmp_path: Path) -> None:
    with pytest.raises(PackerError, match=r"^demo holds no package\.json.* --as-is$"):
        read(tmp_path, "demo")


def test_odd_values_that_packers_put_up_with_are_put_up_with(tmp_path: Path) -> None:
    document = {"private": "yes", "scripts": {"prepack": "x", "test": 1}, "devEngines": {}}

    manifest = read(write(tmp_path, {"package.json": "\ufeff" + json.dumps(document)}))

    assert (manifest.name, manifest.private, dict(manifest.scripts)) == ("", True, {"prepack": "x"})
