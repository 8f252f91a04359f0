"""Bun's binary lockfile as text: bun itself prints it, on a copy in a private folder.

`bun bun.lockb` prints a yarn 1 lockfile and runs nothing, neither `preload` of a bunfig.toml nor a
script of that name. All the same bun is given nothing of the project but these bytes, an empty
folder as its home, and no variable of the caller's but PATH; it is ended when it takes too long or
prints too much. A bun that the project itself has installed is never run.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.errors import InputError
from auditor.lockfiles.bun_lockb import HOW
from auditor.sources import child
from auditor.sources.privatefolder import private_folder

if TYPE_CHECKING:
    from auditor.limits import Limits
    from auditor.lockfiles import Document

PATIENCE = 30
"""Seconds for one lockfile; the largest take bun less than one."""
_NAME = "bun.lockb"
"""By this ending bun tells what it is to do with a file."""
_PASSED = ("SYSTEMROOT", "PATHEXT")
"""Without which no program starts on Windows."""


def printed(document: Document, folder: Path, limits: Limits) -> Document:
    """Return a binary lockfile of a folder as bun prints it; raise InputError where bun does not.

    What lies beside the lockfile stays as it is.
    """
    try:
        data = _ask(document.data, folder, limits)
    except InputError as problem:
        raise InputError(f"is bun's binary lockfile, and {problem}; {HOW}") from None
    return replace(document, data=data, folder="")


def _ask(data: bytes, project: Path, limits: Limits) -> bytes:
    program = _program(project)
    with private_folder() as private:
        folder = private / "lockfile"
        folder.mkdir()
        (folder / _NAME).write_bytes(data)
        try:
            answer = child.answer(
                (program, _NAME),
                folder,
                _environment(str(private)),
                seconds=PATIENCE,
                most=limits.member_bytes,
            )
        except InputError as problem:
            raise InputError(f"bun {problem}") from None
    if answer.ended.code != 0:
        raise InputError(f"bun {answer.ended.manner}: {answer.ended.reason()}")
    if not answer.data.strip():
        raise InputError(f"bun printed nothing of it: {answer.ended.reason()}")
    return answer.data


def _program(project: Path) -> str:
    """Return bun's path; nothing of the project's folder, nor what npm installed above it.

    A home folder may be a project, too: what a user keeps there is the user's.
    """
    root = project.resolve()
    home = Path(os.path.expanduser("~")).resolve()  # noqa: PTH111 - never raises
    own = [folder / "node_modules" for folder in (root, *root.parents)]
    if not home.is_relative_to(root):
        own.append(root)
    folders = [
        folder
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        if os.path.isabs(folder)  # noqa: PTH117 - a text is asked, which may be empty
        and not any(Path(folder).resolve().is_relative_to(one) for one in own)
    ]
    path = shutil.which("bun", path=os.pathsep.join(folders))
    if path is None:
        raise InputError("bun, which alone reads it, is not installed outside the project")
    return path


def _environment(home: str) -> dict[str, str]:
    """Return what bun may know: no token, no setting, nowhere to send a report of a crash."""
    kept = {name: os.environ[name] for name in ("PATH", *_PASSED) if name in os.environ}
    places = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR", "TEMP", "TMP")
    return {
        **kept,
        **dict.fromkeys(places, home),
        "DO_NOT_TRACK": "1",
        "BUN_ENABLE_CRASH_REPORTING": "0",
        "NO_COLOR": "1",
    }
