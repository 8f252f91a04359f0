"""A small runner of GitHub Actions: executes the steps of `action.yml` as the real one would.

It evaluates the few kinds of expression that the action uses, gives each step the runner's files,
reads what a step prints for commands (those of today and the older form, until they are stopped),
and plays the actions that the steps use. What it does not know is an error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_INPUT = re.compile(r"inputs\.([\w-]+)")
_OUTPUT = re.compile(r"steps\.([\w-]+)\.outputs\.([\w-]+)")
_EQUAL = re.compile(r"(\S+) == '([^']*)'")
_COMMAND = re.compile(r"::([\w-]+)(?: ([^:]*))?::(.*)", re.DOTALL)
_OLD_COMMAND = re.compile(r"##\[([\w-]+)(?: ([^\]]*))?\](.*)", re.DOTALL)
_KNOWN = frozenset("error warning notice debug group endgroup add-mask stop-commands".split())
_DECODED = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


class _NoCommandsError(Exception):
    """A step says something that this runner has no answer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What GitHub shows at a line."""

    kind: str
    message: str
    title: str = ""
    file: str = ""
    line: str = ""


@dataclass(slots=True, kw_only=True)
class Done:
    """What is left of a run."""

    passed: bool = True
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    annotations: list[Annotation] = field(default_factory=list)
    log: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A machine with a workspace: where the job has checked out, and what its actions answer."""

    workspace: Path
    temporary: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    played: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The outputs of steps that are not executed here, by the step's id."""
    refused: tuple[str, ...] = ()
    """Actions that fail, by the beginning of what is used."""

    def run(self, event: str, described: Mapping[str, Any], inputs: Mapping[str, str]) -> Done:
        """Run the action once for an event."""
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        said = {name: str(one["default"]) for name, one in action["inputs"].items()}
        for name, value in inputs.items():
            said[_declared(name, said)] = value
        self.temporary.mkdir(exist_ok=True)
        place = self.temporary / "event.json"
        place.write_text(json.dumps(described), encoding="utf-8")
        done = Done()
        for number, step in enumerate(action["runs"]["steps"]):
            if done.passed and self._wanted(step, said, done):
                environment = {
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_ACTION_PATH": str(ROOT),
                    "GITHUB_EVENT_NAME": event,
                    "GITHUB_EVENT_PATH": str(place),
                    "GITHUB_WORKSPACE": str(self.workspace),
                    "RUNNER_TEMP": str(self.temporary),
                    **self.environment,
                }
                self._step(number, step, said, environment, done)
        done.outputs = {
            name: _filled(one["value"], said, done) for name, one in action["outputs"].items()
        }
        return done

    def _wanted(self, step: Mapping[str, Any], said: Mapping[str, str], done: Done) -> bool:
        if "if" not in step:
            return True
        found = _EQUAL.fullmatch(step["if"])
        if found is None:
            raise _NoCommandsError(step["if"])
        return _value(found[1], said, done) == found[2]

    def _step(
        self,
        number: int,
        step: Mapping[str, Any],
        said: Mapping[str, str],
        environment: dict[str, str],
        done: Done,
    ) -> None:
        if "uses" in step:
            given = {name: _filled(one, said, done) for name, one in step.get("with", {}).items()}
            done.used.append((step["uses"], given))
            failed = step["uses"].startswith(self.refused) if self.refused else False
        elif step.get("id") in self.played:
            failed = False
        else:
            failed = self._script(number, step, said, environment, done)
        if step.get("id") in self.played:
            done.steps[step["id"]] = dict(self.played[step["id"]])
        if failed and not step.get("continue-on-error"):
            done.passed = False

    def _script(
        self,
        number: int,
        step: Mapping[str, Any],
        said: Mapping[str, str],
        environment: dict[str, str],
        done: Done,
    ) -> bool:
        assert step["shell"] == "bash"
        files = {}
        for name in ("OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"):
            files[name] = self.temporary / f"{name.lower()}-{number}"
            files[name].touch()
            environment[f"GITHUB_{name}"] = str(files[name])
        for name, one in step.get("env", {}).items():
            environment[name] = _filled(one, said, done)
        script = self.temporary / f"step-{number}.sh"
        script.write_text(step["run"], encoding="utf-8", newline="\n")
        ended = subprocess.run(  # noqa: S603 - our own action
            (shutil.which("bash") or "bash", "--noprofile", "--norc", "-eo", "pipefail", script),
            cwd=self.workspace / _filled(step.get("working-directory", "."), said, done),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        text = ended.stdout.decode("utf-8", "replace")
        done.log += text
        done.annotations += annotated(text)
        done.summary += files["STEP_SUMMARY"].read_text(encoding="utf-8")
        if "id" in step:
            done.steps[step["id"]] = outputs(files["OUTPUT"].read_text(encoding="utf-8"))
        for name in ("ENV", "PATH", "STATE"):
            assert not files[name].read_bytes(), f"{name} changes the rest of the user's job"
        return ended.returncode != 0


def _declared(name: str, said: Mapping[str, str]) -> str:
    declared = name.replace("_", "-")
    if declared not in said:
        raise _NoCommandsError(f"there is no input {declared}")
    return declared


def _value(expression: str, said: Mapping[str, str], done: Done) -> str:
    if found := _INPUT.fullmatch(expression):
        return said[found[1]]
    if found := _OUTPUT.fullmatch(expression):
        return done.steps.get(found[1], {}).get(found[2], "")
    raise _NoCommandsError(expression)


def _filled(text: object, said: Mapping[str, str], done: Done) -> str:
    plain = str(text).lower() if isinstance(text, bool) else str(text)
    return _EXPRESSION.sub(lambda found: _value(found[1], said, done), plain)


def outputs(text: str) -> dict[str, str]:
    """Read an output file: `name=value`, or a value between two equal marks."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        plain, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (plain < 0 or heredoc < plain):
            name, _, mark = line.partition("<<")
            value = []
            for part in lines:
                if part == mark:
                    break
                value.append(part)
            found[name] = "\n".join(value)
        elif plain >= 0:
            found[line[:plain]] = line[plain + 1 :]
        elif line:
            raise _NoCommandsError(line)
    return found


def annotated(text: str) -> list[Annotation]:
    """Return what the commands in a step's output make, as the runner reads them line by line."""
    found = []
    stopped = ""
    for line in text.splitlines():
        if stopped:
            if line.strip() == f"::{stopped}::":
                stopped = ""
            continue
        match = _COMMAND.match(line.lstrip())
        if match is None or match[1] not in _KNOWN:
            at = line.find("##[")
            match = _OLD_COMMAND.match(line[at:]) if at >= 0 else None
        if match is None or match[1] not in _KNOWN:
            continue
        if match[1] == "stop-commands":
            stopped = match[3]
        elif match[1] in {"error", "warning", "notice"}:
            pairs = (part.partition("=") for part in (match[2] or "").split(",") if part)
            values = {name.strip(): _decoded(value, _DECODED) for name, _, value in pairs}
            message = _decoded(match[3], (*_DECODED[:2], _DECODED[-1]))
            found.append(Annotation(kind=match[1], message=message, **values))
    return found


def _decoded(text: str, codes: tuple[tuple[str, str], ...]) -> str:
    for code, sign in codes:
        text = text.replace(code, sign)
    return text


def quiet(**more: str) -> dict[str, str]:
    """Return an environment of a machine without anybody's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "GIT_CONFIG_NOSYSTEM": "1", **more}
