"""`audit init`: what it writes is shown, is sound, and changes nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import auditor
from auditor import policyfile, starting
from auditor.__main__ import run
from auditor.lockfiles import named
from auditor.model import Severity
from auditor.rulebook import Head
from auditor.starting import Wishes, Write, plan

ROOT = Path(__file__).parent.parent
MANIFEST = '{\n\t"name": "kit",\n\t"files": ["a", "é"],\n\t"scripts": {\n\t\t"test": "x"\n\t}\n}\n'


def writes(files: dict[str, str], **wishes: bool) -> dict[str, Write]:
    return {one.path: one for one in plan(files, Wishes(**wishes)) if isinstance(one, Write)}


def test_the_first_policy_changes_nothing_and_each_line_of_it_may_be_taken_in() -> None:
    text = writes({})[".audit.yml"].after
    rules = {"test-file": Head(severity=Severity.LOW, protected=False)}
    for said in (text, re.sub(r"(?m)^# (?=\S+:|  )", "", text)):
        document = policyfile.document(".audit.yml", said, ".audit.yml")
        assert document is not None
        read = policyfile.policy(document, rules)
        assert read.fail_on is Severity.MEDIUM
    assert read.waivers
    assert read.internal
    assert read.demands.budgets.unpacked == 5_000_000


@pytest.mark.parametrize(
    ("manifest", "after"),
    [
        (
            MANIFEST,
            MANIFEST.replace(
                '"scripts": {\n', '"scripts": {\n\t\t"prepublishOnly": "audit pack .",\n'
            ),
        ),
        (
            '{"scripts": {"prepublishOnly": "npm test"}}',
            '{\n  "scripts": {\n    "prepublishOnly": "npm test && audit pack ."\n  }\n}\n',
        ),
        (
            '{\n    "name": "kit"\n}',
            (
                '{\n    "name": "kit",\n    "scripts": {\n'
                '        "prepublishOnly": "audit pack ."\n    }\n}\n'
            ),
        ),
        (
            '{"scripts": {}}',
            '{\n  "scripts": {\n    "prepublishOnly": "audit pack ."\n  }\n}\n',
        ),
    ],
)
def test_a_publish_audits_first(manifest: str, after: str) -> None:
    assert writes({"package.json": manifest})["package.json"].after == after


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"package.json": '{"private": true}'}, "package.json is private"),
        (
            {"package.json": '{"scripts": {"prepublishOnly": "audit pack ."}}'},
            "prepublishOnly of package.json audits already",
        ),
        ({".audit.yml": "fail-on: low"}, ".audit.yml has a policy: left as it is"),
        ({"pyproject.toml": "[tool.audit]\n"}, "pyproject.toml has a policy: left as it is"),
        ({".github/workflows/audit.yml": ""}, "audit.yml is there: left as it is"),
        ({".pre-commit-config.yaml": "repos: []"}, "add this to its repos:\n  - repo: local"),
        ({".pre-commit-config.yaml": "- id: audit-lock"}, "has the hooks already"),
    ],
)
def test_what_is_there_is_left_as_it_is(files: dict[str, str], sentence: str) -> None:
    found = [*plan(files, Wishes(pre_commit=True))]
    assert any(sentence in one for one in found if isinstance(one, str))
    assert not {one.path for one in found if isinstance(one, Write)} & {*files}


@pytest.mark.parametrize(
    "manifest", ["[]", "{", '{"scripts": 3}', '{"scripts": {"prepublishOnly": 1}}']
)
def test_a_manifest_that_cannot_be_read_is_an_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, manifest: str
) -> None:
    (tmp_path / "package.json").write_text(manifest)
    assert run(["init", str(tmp_path), "--yes"]) == 2
    assert "package.json: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["package.json"]


def test_nothing_is_written_unasked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(MANIFEST)
    assert run(["init", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert '+\\t\\t"prepublishOnly": "audit pack .",' in out.replace("\t", "\\t")
    assert out.endswith("nothing was written: --yes writes it\n")
    assert (tmp_path / "package.json").read_text() == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == ["package.json"]


def test_what_is_written_is_there_and_the_second_time_there_is_nothing_to_write(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(MANIFEST)
    assert run(["init", str(tmp_path), "--yes", "--pre-commit"]) == 0
    scripts = json.loads((tmp_path / "package.json").read_text())["scripts"]
    assert scripts == {"prepublishOnly": "audit pack .", "test": "x"}
    assert (tmp_path / ".github" / "workflows" / "audit.yml").is_file()
    assert (tmp_path / ".audit.yml").is_file()
    capsys.readouterr()
    assert run(["init", str(tmp_path), "--yes", "--pre-commit"]) == 0
    assert capsys.readouterr().out.endswith("there is nothing to write\n")


def hooks(text: str) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(text)
    rows = found["repos"][0]["hooks"] if isinstance(found, dict) else found
    return {row["id"]: row for row in rows}


def test_the_hooks_are_those_that_a_repository_can_name() -> None:
    ours = hooks((ROOT / ".pre-commit-hooks.yaml").read_text())
    written = hooks(writes({}, pre_commit=True)[".pre-commit-config.yaml"].after)
    assert ours.keys() == written.keys() == {"audit-lock", "audit-pack"}
    for name, row in written.items():
        del row["additional_dependencies"]
        assert row == {key: value for key, value in ours[name].items() if key != "description"}


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("package-lock.json", True),
        ("a/b/pnpm-lock.yaml", True),
        ("requirements-dev.txt", True),
        ("requirements/base.txt", True),
        ("x.cdx.json", True),
        ("package.json", False),
        ("src/lock.json", False),
        ("package-lock.json.bak", False),
    ],
)
def test_hooks_are_given_what_is_read_as_a_lockfile(path: str, is_one: bool) -> None:  # noqa: FBT001
    assert bool(re.search(starting.lockfile_pattern(), path)) is is_one
    assert bool(named(path) or named(path.rpartition("/")[2])) is is_one


def test_the_workflow_says_what_it_runs() -> None:
    text = writes({"package.json": MANIFEST})[".github/workflows/audit.yml"].after
    steps = yaml.safe_load(text)["jobs"]["audit"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [
        "npm ci",
        f"pipx install release-audit=={auditor.__version__}",
        "audit lock --format github",
        "audit pack . --format github",
    ]
    assert "npm ci" not in writes({})[".github/workflows/audit.yml"].after
