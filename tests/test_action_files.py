"""action.yml, the workflows to copy and the locked dependencies: safe, current, and the same."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from auditor.action.inputs import PREFIX, Inputs
from auditor.starting import WORKFLOW, Wishes, Write, plan
from tests.action_runner import ROOT
from tests.programs import needed

if TYPE_CHECKING:
    from pathlib import Path

ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "docs/workflows").glob("*.yml"))
LOCKED = (ROOT / "requirements-action.txt").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # \S.*")


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    if path == ACTION:
        return list(document(path)["runs"]["steps"])
    return [step for job in document(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_what_is_used_is_pinned_to_a_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))

    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_no_value_becomes_part_of_a_script(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_keep_no_credentials_and_grant_what_they_need(path: Path) -> None:
    workflow = document(path)
    text = path.read_text(encoding="utf-8")

    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert "pull_request_target:" not in text
    assert "${{ secrets." not in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_use_inputs_and_outputs_that_are_there(path: Path) -> None:
    action = document(ACTION)
    ours = [step for step in steps(path) if step.get("uses", "").startswith("OWNER/audit@")]

    assert ours
    for step in ours:
        assert step.get("with", {}).keys() <= action["inputs"].keys()
    outputs = re.findall(r"steps\.audit\.outputs\.([\w-]+)", path.read_text(encoding="utf-8"))
    assert set(outputs) <= action["outputs"].keys()


def test_each_input_reaches_the_code_and_has_its_default() -> None:
    action = document(ACTION)
    (audit,) = (step for step in steps(ACTION) if step.get("id") == "audit")
    given = {name for name in audit["env"] if name.startswith(PREFIX)}
    plain = Inputs()
    told = {"working-directory", "python-version"}

    assert given == {
        PREFIX + name.replace("-", "_").upper() for name in action["inputs"] if name not in told
    }
    for name, one in action["inputs"].items():
        if name in told:
            continue
        value = getattr(plain, name.replace("-", "_"))
        shown = "\n".join(value) if isinstance(value, tuple) else str(value)
        assert one["default"] == (shown.lower() if isinstance(value, bool) else shown)
        assert one["description"].endswith((".", ")"))


def test_the_readme_shows_the_smallest_workflow() -> None:
    workflow = (ROOT / "docs/workflows/minimal.yml").read_text(encoding="utf-8")

    assert workflow.count("\n") <= 15
    assert f"```yaml\n{workflow}```\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_locked_dependencies_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rows = re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", LOCKED)
    locked = {canonicalize_name(name): version for name, version in rows}
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]

    for one in map(Requirement, wanted):
        there = locked.get(canonicalize_name(one.name), "")
        assert there, f"{one.name} is not there: run `make requirements-action.txt`"
        assert one.specifier.contains(there), f"{one}, and {there} is locked"


def test_the_locked_dependencies_have_digests_and_come_from_wherever_pip_is_set_to() -> None:
    entries = re.split(r"(?m)^(?=[\w.-]+==)", LOCKED)[1:]

    assert len(entries) == len([one for one in entries if "--hash=sha256:" in one])
    assert "://" not in LOCKED
    assert "index" not in LOCKED


def written(folder: Path) -> Path:
    """Return the workflow that `audit init` writes for an npm project."""
    files = {"package.json": '{"name": "kit"}'}
    writes = {one.path: one.after for one in plan(files, Wishes()) if isinstance(one, Write)}
    path = folder / "written.yml"
    path.write_text(writes[WORKFLOW], encoding="utf-8")
    return path


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    call = (needed("zizmor"), "--offline", "--no-progress", "--color=never", "--persona=auditor")
    ended = subprocess.run(  # noqa: S603 - a linter on our own files
        (*call, ACTION, *WORKFLOWS, written(tmp_path)), capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (0, "No findings to report. Good job!\n"), ended


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    action = tmp_path / "audit"
    action.mkdir()
    (action / "action.yml").write_bytes(ACTION.read_bytes())
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for path in (*WORKFLOWS, written(tmp_path)):
        # Of an action beside the workflows, actionlint looks at the inputs as well.
        local = re.sub(r"OWNER/audit@\S+", "./audit", path.read_text(encoding="utf-8"))
        (folder / path.name).write_text(local, encoding="utf-8")
    ended = subprocess.run(  # noqa: S603 - a linter on our own files
        (needed("actionlint"), "-no-color", *sorted(folder.iterdir())),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


def test_the_shell_of_each_step_is_bash_on_every_system() -> None:
    assert [step["shell"] for step in steps(ACTION) if "run" in step] == ["bash"] * 4
