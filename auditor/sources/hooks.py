"""Are we called from a script of the very publish that we imitate: then not everything runs again.

A project that audits itself in `prepublishOnly` or `prepack` would otherwise call us from within
our own run of these scripts, without end. Two things tell: the packer says in the environment
which script runs (`npm_lifecycle_event`), and so do we, for scripts that go through `npm run`.
"""

from __future__ import annotations

import json
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "AUDIT_PACKING"
"""A JSON object of the folders that are being packed further up, and the stage of each."""

_BEFORE = frozenset({"prepublishOnly", "prepublish", "publish", "postpublish"})
_WITHIN = frozenset({"prepack", "prepare", "postpack"})
_NOT_OURS = frozenset({"npm_lifecycle_event", "npm_lifecycle_script", "npm_config_dry_run"})
"""What the scripts of an outer publish have in their environment and a new one would not."""


class Stage(IntEnum):
    """How far an outer publish of the same package has come."""

    OUTSIDE = 0
    BEFORE = 1
    """In the scripts around packing: they are not run again."""
    WITHIN = 2
    """In the scripts of packing itself: packing must run none."""


def stage(folder: Path, name: str, environment: Mapping[str, str]) -> Stage:
    """Return the stage of a publish that we are called from; `folder` is resolved."""
    return max(_by_mark(folder, environment), _by_event(folder, name, environment))


def event(environment: Mapping[str, str]) -> str:
    """Return the name of the script that we are called from, empty outside of scripts."""
    return environment.get("npm_lifecycle_event", "")


def environment_for(folder: Path, now: Stage, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that runs a stage of packing a folder."""
    inherited = {
        name: value for name, value in environment.items() if name.lower() not in _NOT_OURS
    }
    inherited[VARIABLE] = json.dumps({**_marks(environment), str(folder): int(now)})
    return inherited


def _by_mark(folder: Path, environment: Mapping[str, str]) -> Stage:
    value = _marks(environment).get(str(folder), 0)
    return Stage(value) if isinstance(value, int) and 0 <= value <= 2 else Stage.WITHIN


def _by_event(folder: Path, name: str, environment: Mapping[str, str]) -> Stage:
    script = event(environment)
    now = (
        Stage.BEFORE if script in _BEFORE else Stage.WITHIN if script in _WITHIN else Stage.OUTSIDE
    )
    manifest = environment.get("npm_package_json")
    if manifest:  # npm from 7, pnpm from 10, yarn from 2, bun
        return now if Path(manifest).parent.resolve() == folder else Stage.OUTSIDE
    return now if environment.get("npm_package_name", name) == name else Stage.OUTSIDE


def _marks(environment: Mapping[str, str]) -> dict[str, object]:
    try:
        marks = json.loads(environment.get(VARIABLE, "{}"))
    except (ValueError, RecursionError):
        return {}
    return marks if isinstance(marks, dict) else {}
