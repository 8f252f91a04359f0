"""Git as a program that is asked: with all switched off that a repository's settings could start.

A repository's own configuration is not trusted: git is only asked to list, to match and to print
what it holds, with the settings that name programs (`core.fsmonitor`, hooks, remotes, signatures)
switched off. Whom a repository belongs to is git's to judge (`safe.directory`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from auditor.errors import InputError
from auditor.safe import safe
from auditor.sources.credentials import hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_NETWORK = "protocol.allow=never"
_TRANSPORTS = "file:http:https:ssh"
"""Those that start no program of the repository's choice, as `ext` does."""
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    _NO_NETWORK,
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "log.showSignature=false",
    "log.showRoot=true",
)
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
PATIENCE = 60
"""Seconds for one question; a listing of 100,000 files takes less than one."""


class NoAnswerError(InputError):
    """Git could not or would not say; the text is its own first line."""


def program() -> str:
    """Return where git is installed; raise NoAnswerError where it is not."""
    path = shutil.which("git")
    if path is None or not os.path.isabs(path):  # noqa: PTH117 - never a program of the project's
        raise NoAnswerError("git is not installed")
    return path


def ask(
    git: str,
    folder: bytes,
    *words: str,
    paths: bytes = b"",
    patience: float = 0,
    network: bool = False,
) -> bytes:
    """Run one of git's commands in a folder and return what it prints; 1 is no failure.

    With `network` it may speak to the repository's own remotes, as that is what the user asked for.
    """
    patience = patience or PATIENCE
    try:
        ended = subprocess.run(  # noqa: S603 - fixed words; paths go through its input
            _command(git, words, network=network),
            cwd=os.fsdecode(folder),
            env=_environment(network=network),
            input=paths,
            capture_output=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"git {words[0]} did not end within {patience:g} seconds") from None
    except OSError as problem:
        raise NoAnswerError(f"git cannot be started: {problem.strerror or problem}") from None
    if ended.returncode not in {0, 1}:
        lines = ended.stderr.decode("utf-8", "replace").splitlines()
        said = next((line for line in lines if line.startswith("fatal: ")), "".join(lines[:1]))
        said = hidden(said.removeprefix("fatal: "), Path(os.fsdecode(folder)))
        raise NoAnswerError(f"git says: {safe(said, 200)}")
    return ended.stdout


def contents(
    git: str, folder: bytes, names: Iterable[str], most: int, words: Iterable[str] = ()
) -> Iterator[tuple[str, bytes | None]]:
    """Yield the content of each blob by its id; None for one that is missing or larger than `most`.

    One process answers for all of them, one after the other, so that one content is held at a time.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - fixed words; ids go through its input
            _command(git, (*words, "cat-file", "--batch")),
            cwd=os.fsdecode(folder),
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as problem:
        raise NoAnswerError(f"git cannot be started: {problem.strerror or problem}") from None
    with process:
        asked, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        for name in names:
            try:
                asked.write(f"{name}\n".encode())
                asked.flush()
            except OSError as problem:
                raise NoAnswerError(f"git cat-file ended: {problem.strerror}") from None
            yield name, _answer(answers, most)


def _answer(answers: IO[bytes], most: int) -> bytes | None:
    """Read `<id> <type> <size>` and the content, or the one line that says why there is none."""
    head = answers.readline().split()
    if len(head) != 3 or not head[2].isdigit():
        return None
    size = int(head[2])
    kept = head[1] == b"blob" and size <= most
    data = b""
    left = size + 1
    while left > 0 and (part := answers.read(min(left, 1 << 20) if not kept else left)):
        left -= len(part)
        data = part if kept else b""
    return data[:-1] if kept else None


def _command(git: str, words: Iterable[str], *, network: bool = False) -> list[str]:
    kept = (one for one in _SETTINGS if not (network and one == _NO_NETWORK))
    settings = [word for setting in kept for word in ("-c", setting)]
    return [git, "--no-pager", *settings, *words]


def _environment(*, network: bool = False) -> dict[str, str]:
    """Return the caller's environment without what a hook of git's, or a tracer, has set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_")
        or name in _KEPT
        or (name.startswith("GIT_CONFIG_") and name != "GIT_CONFIG_PARAMETERS")
    }
    return kept | {
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": _TRANSPORTS if network else "none",
    }
