"""What the action makes of inputs and events, and what it leaves in the runner's files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.action import calls, event, files, inputs, run
from auditor.action.inputs import Inputs, Mode
from auditor.errors import UsageError
from tests.action_runner import outputs
from tests.often import often

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "1" * 40, "2" * 64


def test_without_inputs_the_folder_is_packed() -> None:
    assert inputs.read({"INPUT_PATH": "  \n", "PATH": "/bin"}) == Inputs()


def test_inputs_are_read_a_line_an_item() -> None:
    said = {
        "INPUT_MODE": " lock ",
        "INPUT_PATH": "a b\n\n  -c\n",
        "INPUT_FAIL": "false",
        "INPUT_FAIL_ON": "high",
        "INPUT_ARGUMENTS": "--names\noff",
        "INPUT_BASE_SETUP": "npm ci\nnpm run build\n",
    }

    assert inputs.read(said) == Inputs(
        mode=Mode.LOCK,
        path=("a b", "-c"),
        fail=False,
        fail_on="high",
        arguments=("--names", "off"),
        base_setup="npm ci\nnpm run build",
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"MODE": "all"}, "the input 'mode' takes one of pack, lock, triage, not 'all'"),
        ({"FAIL": "no"}, "the input 'fail' takes one of true, false, not 'no'"),
        ({"PROFILE": "x"}, "the input 'profile' takes one of release, intake, not 'x'"),
        (
            {"UPLOAD_SARIF": "True"},
            "the input 'upload-sarif' takes one of true, false, not 'True'",
        ),
        (
            {"MODE": "lock", "ARTIFACT": "a"},
            "the input 'artifact' is a built file, which mode 'pack' alone audits",
        ),
    ],
)
def test_a_value_that_means_nothing_is_refused(said: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        inputs.read({f"INPUT_{name}": value for name, value in said.items()})

    assert str(caught.value) == problem


def test_the_call_has_every_input_and_a_target_is_never_an_option(tmp_path: Path) -> None:
    full = Inputs(
        packer="npm@11",
        ignore_scripts=True,
        config="ci/audit.yml",
        baseline="known.json",
        fail_on="high",
        profile="intake",
        format="markdown",
        reports=("html=a.html",),
        arguments=("--workspaces", "-v"),
    )
    report = tmp_path / "report.json"
    words = calls.head(full, ("--write-manifest",), [("json", report)], "base-1")

    assert " ".join(words) == (
        "pack --packer npm@11 --ignore-scripts --format markdown --config ci/audit.yml"
        " --baseline known.json --profile intake --fail-on high"
        f" --report json={report} --report html=a.html --against base-1"
        " --workspaces -v -- --write-manifest"
    )
    assert " ".join(calls.base(full, (".",), report)) == (
        f"pack --packer npm@11 --ignore-scripts --no-config --quiet --report json={report}"
        " --workspaces -v -- ."
    )


def test_an_empty_input_is_no_option() -> None:
    lock = Inputs(mode=Mode.LOCK, packer="npm", ignore_scripts=True)

    assert calls.head(lock, ("a", "b"), (), "") == ["lock", "--format", "console", "--", "a", "b"]


def pull(base: object, head: object) -> bytes:
    return json.dumps({"pull_request": {"base": base, "head": head}}).encode()


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("push", b'{"before": "1"}', event.Event(name="push")),
        ("push", b"", event.Event(name="push")),
        (
            "pull_request",
            pull({"sha": ONE, "repo": {"full_name": "a/b"}}, {"sha": TWO, "repo": None}),
            event.Event(name="pull_request", base=ONE, head=TWO, fork=True),
        ),
        (
            "pull_request",
            pull({"sha": "--upload-pack=x"}, {"sha": TWO[:39]}),
            event.Event(name="pull_request"),
        ),
        ("pull_request", pull([], 1), event.Event(name="pull_request")),
        (
            "merge_group",
            json.dumps({"merge_group": {"base_sha": ONE, "head_sha": TWO}}).encode(),
            event.Event(name="merge_group", base=ONE, head=TWO),
        ),
    ],
)
def test_what_an_event_says_of_a_change(name: str, data: bytes, found: event.Event) -> None:
    assert event.read(name, data) == found


@settings(max_examples=often(100), deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]*", fullmatch=True), st.text(), max_size=4))
def test_the_runner_reads_the_outputs_that_were_written(values: dict[str, str]) -> None:
    told = {
        name: value.encode("utf-8", "replace").decode().replace("\r", "")
        for name, value in values.items()
    }

    assert outputs(files.rendered(told)) == told


def test_outside_of_github_it_says_what_it_is() -> None:
    with pytest.raises(UsageError, match="'GITHUB_OUTPUT' is not set: this runs as a step"):
        run.run({}, print)
