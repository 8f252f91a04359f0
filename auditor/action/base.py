"""What a change is compared with: its base, packed in the same way, or the commit alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.action import calls
from auditor.action.inputs import Mode
from auditor.errors import AuditError, InputError
from auditor.sources import child
from auditor.sources.worktree import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.action.step import Step

_SHORT = 10
"""Digits of a commit that are shown."""
_SHOWN = 3
"""Things of the base that could not be examined, and are named."""


class Base(Struct, frozen=True, kw_only=True):
    """What the head is compared with."""

    against: str = ""
    """A report, or a commit; empty where there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What the reader has to know of it, one sentence each."""
    bare: bool = False
    """It ships nothing but what git has, as far as nothing was built there."""


def base(step: Step, targets: Sequence[str]) -> Base:
    """Return what a change is compared with; where it cannot be had, the note says why."""
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
        step.say(f"audit: first the base, {commit[:_SHORT]}, to compare with")
        return _recorded(step, repository, commit, targets)
    except AuditError as problem:
        return Base(notes=(f"Not compared with the base of this change: {problem}",))


def _recorded(step: Step, repository: Repository, commit: str, targets: Sequence[str]) -> Base:
    """Pack the base as the head is packed, and return its report; raise InputError for none."""
    if any(Path(target).is_absolute() for target in targets):
        raise InputError("an absolute path leads to the same files in both")
    if step.inputs.artifact and not step.inputs.base_setup:
        raise InputError("nothing builds the artifact there (input base-setup)")
    short = commit[:_SHORT]
    record = step.folder / f"base-{short}"
    with repository.checked_out(commit, step.folder / "base") as folder:
        if not folder.is_dir():
            raise InputError(f"{short} has no such folder")
        _made_ready(step, folder, short)
        there = step.artifacts(folder) if step.inputs.artifact else targets
        ended = step.call(calls.base(step.inputs, there, record), folder)
        bare = not (step.inputs.base_setup or is_built(folder, there, record))
    if not record.is_file():
        raise InputError(f"{short} could not be audited: {ended.reason()}")
    document = json.loads(record.read_bytes())
    gaps = document["gaps"]
    if not document["artifacts"]:
        why = gaps[0]["reason"] if gaps else "it ships nothing"
        raise InputError(f"{short} could not be packed: {why}")
    notes = tuple(
        f"Not all of the base was examined: {gap['location']['source']}: {gap['reason']}"
        for gap in gaps[:_SHOWN]
    )
    return Base(against=str(record), notes=notes, bare=bare)


def is_built(folder: Path, targets: Sequence[str], record: Path) -> bool:
    """Tell whether what a report says to ship has a file of a folder that git does not track.

    Raises InputError where git does not answer.
    """
    if not record.is_file():
        return False
    artifacts = json.loads(record.read_bytes())["artifacts"]
    paths = [file["path"] for one in artifacts if one["ships"] for file in one["ships"]["files"]]
    folders = [folder / target for target in targets if (folder / target).is_dir()]
    return any(Repository(one).is_built(paths) for one in folders)


def _made_ready(step: Step, folder: Path, short: str) -> None:
    """Run the user's command in the base; raise InputError when it fails."""
    if not step.inputs.base_setup:
        return
    shell = shutil.which("bash") or "bash"
    command = (shell, "-e", "-o", "pipefail", "-c", step.inputs.base_setup)
    ended = child.run(command, folder, step.environment, step.say)
    if ended.code:
        raise InputError(f"base-setup {ended.manner} in {short}: {ended.reason()}")
