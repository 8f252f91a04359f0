"""The step of the action that audits, and what GitHub shows of it.

It never fails by a verdict, so that the steps behind it can show what was found; what the job is to
end with is an output. Nothing that it prints is taken for a command by the runner.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor import exits, policy
from auditor.action import calls, event, files, inputs, scanning
from auditor.action.base import base, is_built
from auditor.action.step import Step
from auditor.errors import UsageError
from auditor.safe import safe_command, safe_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REPORTS = {
    "json": "report.json",
    "sarif": "report.sarif",
    "github": "annotations.txt",
    "summary": "summary.md",
}
_OPEN = "code-scanning.sarif"
"""The SARIF report without what was set aside."""
_JUDGED = frozenset(policy.EXIT_CODES.values())
"""How a call ends that came to a verdict."""
_LONGEST = 1000
_BARE = (
    "Nothing was built in the base, and this change ships what a build made: all of that is told as"
    " new. The input base-setup takes the command that builds it"
)


def run(environment: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Audit as a step of GitHub Actions; `say` prints a line to the log.

    Returns the exit code of the step, 0 whatever the verdict. Raises UsageError outside of GitHub
    Actions.
    """
    try:
        output, private = (Path(environment[name]) for name in ("GITHUB_OUTPUT", "RUNNER_TEMP"))
    except KeyError as missing:
        raise UsageError(f"{missing} is not set: this runs as a step of GitHub Actions") from None
    mark = secrets.token_hex(32)
    say(f"::stop-commands::{mark}")
    try:
        folder = Path(tempfile.mkdtemp(prefix="audit-", dir=private))
        outputs, summary = _audited(environment, folder, say)
    finally:
        say(f"::{mark}::")
    files.append(output, files.rendered(outputs))
    if place := environment.get("GITHUB_STEP_SUMMARY"):
        files.append(Path(place), summary)
    return exits.EXIT_PASS


def _audited(
    environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
) -> tuple[dict[str, str], str]:
    """Return the step's outputs, and its summary."""
    try:
        step = _step(environment, folder, say)
        targets = step.targets()
    except UsageError as problem:
        say(f"audit: {problem}")
        return _failed(folder, str(problem), exits.EXIT_USAGE)
    compared = base(step, targets)
    reports = {name: folder / file for name, file in _REPORTS.items()}
    words = calls.head(step.inputs, targets, reports.items(), compared.against)
    ended = step.call(words, Path.cwd())
    if ended.code not in _JUDGED or not reports["summary"].is_file():
        return _failed(folder, ended.reason(), ended.code or exits.EXIT_INTERNAL)
    notes = compared.notes
    if compared.bare and is_built(Path.cwd(), targets, reports["json"]):
        notes = (*notes, _BARE)
    shown = reports["github"].read_text(encoding="utf-8")
    told = "".join(_annotation("warning", note) for note in notes)
    reports["github"].write_text(told + shown, encoding="utf-8")
    summary = reports["summary"].read_text(encoding="utf-8")
    told = "".join(f"\n{safe_markdown(note, _LONGEST)}.\n" for note in notes)
    sarif = reports["sarif"].read_text(encoding="utf-8")
    (folder / _OPEN).write_text(scanning.open_alone(sarif), encoding="utf-8")
    outputs = _outputs(step, reports, ended.code)
    return {**outputs, "upload-file": str(folder / _OPEN)}, summary + told


def _step(environment: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> Step:
    place = environment.get("GITHUB_EVENT_PATH", "")
    described = Path(place).read_bytes() if place and Path(place).is_file() else b""
    return Step(
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


def _outputs(step: Step, reports: Mapping[str, Path], code: int) -> dict[str, str]:
    document: dict[str, Any] = json.loads(reports["json"].read_bytes())
    digests = {one["source"]: one["sha256"] for one in document["artifacts"] if one["sha256"]}
    built = [f"{sha}  {name}" for name, sha in digests.items() if Path(name).is_file()]
    upload = step.inputs.upload_sarif and not step.event.fork
    return {
        "verdict": document["verdict"],
        "findings": str(len(document["findings"])),
        "gaps": str(len(document["gaps"])),
        "report-json": str(reports["json"]),
        "sarif-file": str(reports["sarif"]),
        "artifact-sha256": next(iter(digests.values())) if len(digests) == 1 else "",
        "sha256sums": "\n".join(built),
        "annotations": str(reports["github"]),
        "upload": "true" if upload else "false",
        "exit-code": str(code if step.inputs.fail else exits.EXIT_PASS),
    }


def _failed(folder: Path, why: str, code: int) -> tuple[dict[str, str], str]:
    """Return what is left of a call that could not be carried out; it fails the job in any case."""
    annotations = folder / _REPORTS["github"]
    files.append(annotations, _annotation("error", why))
    outputs = {
        "verdict": "error",
        "annotations": str(annotations),
        "upload": "false",
        "exit-code": str(code),
    }
    return outputs, f"## audit: error\n\n{safe_markdown(why, _LONGEST)}\n"


def _annotation(kind: str, text: str) -> str:
    return f"::{kind} title=audit::{safe_command(text, _LONGEST)}\n"
