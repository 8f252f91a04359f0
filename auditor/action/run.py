"""The step of the action that audits: base, head, and what GitHub shows of it.

It never fails by a verdict, so that the steps behind it can show what was found; what the job is to
end with is an output. Nothing that it prints is taken for a command by the runner.
"""

from __future__ import annotations

import glob
import json
import secrets
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor import policy, report
from auditor.action import calls, event, files, inputs
from auditor.action.inputs import Mode
from auditor.errors import InputError, UsageError
from auditor.safe import safe_command, safe_markdown
from auditor.sources import child
from auditor.sources.worktree import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from auditor.action.event import Event
    from auditor.action.inputs import Inputs

_REPORTS = ("json", "sarif", "github", "summary")
_VERDICTS = {
    policy.EXIT_PASS: "pass",
    policy.EXIT_FAIL: "fail",
    policy.EXIT_INCOMPLETE: "incomplete",
}
_SHORT = 10
"""Digits of a commit that are shown."""
_PRIVILEGED = (
    f"a folder is not packed on {event.PRIVILEGED}: the scripts of the pull request would run with"
    " the repository's secrets; use pull_request"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run: its inputs, its event, and where its files go."""

    environment: Mapping[str, str]
    """Of the step, without what is the runner's alone."""
    folder: Path
    """Private to the run, and there until the job ends."""
    inputs: Inputs
    event: Event
    say: Callable[[str], None]

    def call(self, words: Sequence[str], folder: Path) -> child.Ended:
        """Run one of our own commands; what it prints goes to the log."""
        command = (sys.executable, "-I", "-m", "auditor", *words)
        return child.run(command, folder, self.environment, self.say)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the head is compared with."""

    against: str = ""
    """A report, or a commit; empty where there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What the reader has to know of it, one sentence each."""


def run(environment: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Audit as a step of GitHub Actions; `say` prints a line to the log.

    Returns the exit code of the step, 0 whatever the verdict. Raises UsageError outside of GitHub
    Actions.
    """
    try:
        runner = {name: Path(environment[name]) for name in ("GITHUB_OUTPUT", "RUNNER_TEMP")}
    except KeyError as missing:
        raise UsageError(f"{missing} is not set: this runs as a step of GitHub Actions") from None
    mark = secrets.token_hex(32)
    say(f"::stop-commands::{mark}")
    try:
        folder = Path(tempfile.mkdtemp(prefix="audit-", dir=runner["RUNNER_TEMP"]))
        outputs, summary = _audited(environment, folder, say)
    finally:
        say(f"::{mark}::")
    files.write_outputs(runner["GITHUB_OUTPUT"], outputs)
    if place := environment.get("GITHUB_STEP_SUMMARY"):
        files.append(Path(place), summary)
    return policy.EXIT_PASS


def _audited(
    environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
) -> tuple[dict[str, str], str]:
    """Return the step's outputs, and its summary."""
    place = environment.get("GITHUB_EVENT_PATH", "")
    described = Path(place).read_bytes() if place and Path(place).is_file() else b""
    try:
        step = Step(
            environment={
                name: value
                for name, value in environment.items()
                if name not in files.PRIVATE and not name.startswith(inputs.PREFIX)
            },
            folder=folder,
            inputs=inputs.read(environment),
            event=event.read(environment.get("GITHUB_EVENT_NAME", ""), described),
            say=say,
        )
        targets = _targets(step)
    except UsageError as problem:
        say(f"audit: {problem}")
        return _failed(folder, str(problem), policy.EXIT_USAGE)
    base = _base(step, targets)
    reports = {name: folder / name for name in _REPORTS if name in report.names()}
    against = base.against
    ended = step.call(calls.head(step.inputs, targets, reports.items(), against), Path.cwd())
    verdict = _VERDICTS.get(ended.code)
    if verdict is None or not reports["summary"].is_file():
        return _failed(folder, ended.reason(), ended.code or policy.EXIT_INTERNAL)
    return _outputs(step, reports, ended.code), _summary(base, reports["summary"])


def _targets(step: Step) -> tuple[str, ...]:
    """Return what is audited; raise UsageError where a pattern matches nothing."""
    wanted = step.inputs
    if not wanted.artifact:
        if wanted.mode is Mode.PACK and step.event.name == event.PRIVILEGED:
            raise UsageError(_PRIVILEGED)
        return wanted.path
    found = []
    for pattern in wanted.artifact:
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - also absolute ones
        if not matches:
            raise UsageError(f"the input 'artifact' has {pattern!r}, which matches no file")
        found += [match for match in matches if match not in found]
    return tuple(found)


def _base(step: Step, targets: Sequence[str]) -> Base:
    """Return what a change is compared with; without one, or where it cannot be had, nothing."""
    wanted = step.inputs
    asked = wanted.base_ref or step.event.base
    if not wanted.compare or not asked or wanted.mode is Mode.TRIAGE:
        return Base()
    try:
        repository = Repository(Path.cwd())
        if wanted.base_ref:
            commit = repository.commit(wanted.base_ref)
        else:
            commit = repository.base(step.event.base, step.event.head)
        if wanted.mode is Mode.LOCK:
            return Base(against=commit)
        return _recorded(step, repository, commit, targets)
    except InputError as problem:
        return _missing(str(problem))


def _missing(why: str) -> Base:
    return Base(notes=(f"Not compared with the base of this change: {why}",))


def _recorded(step: Step, repository: Repository, commit: str, targets: Sequence[str]) -> Base:
    """Pack the base as the head is packed, and return its report."""
    wanted, short = step.inputs, commit[:_SHORT]
    if any(Path(target).is_absolute() for target in targets):
        return _missing("an absolute path leads to the same files in both")
    if wanted.artifact and not wanted.base_setup:
        return _missing("nothing builds the artifact there (input base-setup)")
    record = step.folder / f"base-{short}"
    with ExitStack() as stack:
        place = step.folder / "base"
        folder = stack.enter_context(repository.checked_out(commit, place))
        if not folder.is_dir():
            return _missing(f"{short} has no such folder")
        if wanted.base_setup:
            shell = shutil.which("bash") or "bash"
            ready = (shell, "-e", "-o", "pipefail", "-c", wanted.base_setup)
            ended = child.run(ready, folder, step.environment, step.say)
            if ended.code:
                return _missing(f"base-setup {ended.manner} in {short}: {ended.reason()}")
        there = _there(folder, wanted, targets)
        ended = step.call(calls.base(wanted, there, record), folder)
    if not record.is_file():
        return _missing(f"{short} could not be audited: {ended.reason()}")
    document = json.loads(record.read_bytes())
    if not document["artifacts"]:
        why = document["gaps"][0]["reason"] if document["gaps"] else "it ships nothing"
        return _missing(f"{short} could not be packed: {why}")
    notes = [f"{gap['location']['source']}: {gap['reason']}" for gap in document["gaps"][:3]]
    return Base(
        against=str(record),
        notes=tuple(f"Not all of the base was examined: {note}" for note in notes),
    )


def _there(folder: Path, wanted: Inputs, targets: Sequence[str]) -> tuple[str, ...]:
    """Return what is audited in the base: its artifacts have names of their own version."""
    if not wanted.artifact:
        return tuple(targets)
    found = (glob.glob(pattern, root_dir=folder, recursive=True) for pattern in wanted.artifact)
    return tuple(dict.fromkeys(name for names in found for name in sorted(names)))


def _outputs(step: Step, reports: Mapping[str, Path], code: int) -> dict[str, str]:
    document: dict[str, Any] = json.loads(reports["json"].read_bytes())
    artifacts = [one for one in document["artifacts"] if one["sha256"]]
    sarif = reports.get("sarif")
    upload = step.inputs.upload_sarif and sarif is not None and not step.event.fork
    passed = not step.inputs.fail and code in _VERDICTS
    return {
        "verdict": document["verdict"],
        "findings": str(len(document["findings"])),
        "gaps": str(len(document["gaps"])),
        "report-json": str(reports["json"]),
        "sarif-file": str(sarif or ""),
        "artifact-sha256": artifacts[0]["sha256"] if len(artifacts) == 1 else "",
        "sha256sums": "\n".join(f"{one['sha256']}  {one['source']}" for one in artifacts),
        "annotations": str(reports["github"]),
        "upload": "true" if upload else "false",
        "exit-code": str(policy.EXIT_PASS if passed else code),
    }


def _failed(folder: Path, why: str, code: int) -> tuple[dict[str, str], str]:
    """Return what is left of a call that could not be carried out; it fails the job in any case."""
    annotations = folder / "github"
    files.append(annotations, f"::error title=audit::{safe_command(why, 1000)}\n")
    outputs = {
        "verdict": "error",
        "annotations": str(annotations),
        "upload": "false",
        "exit-code": str(code),
    }
    return outputs, f"## audit: error\n\n{safe_markdown(why, 1000)}\n"


def _summary(base: Base, rendered: Path) -> str:
    notes = "".join(f"\n{safe_markdown(note, 1000)}.\n" for note in base.notes)
    return rendered.read_text(encoding="utf-8") + notes
