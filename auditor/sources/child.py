"""A child program run to its end: its output line by line, and its end by force when we are ended.

What runs for the user has no time limit: builds are long. A process that the child leaves behind,
with the output still open, does not keep us waiting. What is only asked (`answer`) has limits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import IO, TYPE_CHECKING, TextIO, cast

from msgspec import Struct

from auditor import words
from auditor.errors import InputError, PackerError
from auditor.lazyre import regex
from auditor.safe import escaped, safe
from auditor.sources.credentials import hidden

if TYPE_CHECKING:
    from pathlib import Path

Output = Callable[[str], None]
"""Given each line of a child's output, printable and without its line end."""

_TAIL = 40
_LONGEST_LINE = 64 * 1024
_CHUNK = 64 * 1024
_POLL = 0.25
"""Seconds between two looks at whether a silent child is still there."""
_PATIENCE = 5
"""Seconds that an interrupted child has to end by itself."""
_COLOUR = regex(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_FAULT = regex(r"(?i)error\b(?!\()|\bERR_|\bfailed\b|\bcannot\b|\bnot found\b")
_EPILOGUE = regex(
    r"npm (?:error|ERR!)(?:\s*$| code | path | workspace | location | command | A complete log"
    r"| Lifecycle | Error: command failed| errno | syscall )"
    r"|\[?ELIFECYCLE|error Command failed|error: script \""
)
"""What a packer says of its own when a script failed; the script said why before."""


class Ended(Struct, frozen=True, kw_only=True):
    """How a child ended; `tail` is the end of its output, at most 40 lines."""

    code: int
    tail: tuple[str, ...]

    @property
    def manner(self) -> str:
        """The exit code, or the signal, in words."""
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        return f"was ended by signal {-self.code}"

    def reason(self) -> str:
        """Return the line that most likely says why: the first that speaks of an error."""
        lines = [line.strip() for line in self.tail if line.strip()]
        faults = [line for line in lines if _FAULT.search(line)]
        telling = [line for line in faults if not _EPILOGUE.match(line)]
        best = (telling or faults[-1:] or lines[-1:])[:1]
        return safe(best[0]) if best else "it printed nothing"


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Output | None
) -> Ended:
    """Run a command in a folder, without input; both of its streams go to `output`.

    Raises PackerError when it cannot be started. Whatever ends us while it runs (KeyboardInterrupt,
    an error of `output`) ends the child and its own children first.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the project's own packer is what was asked for
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a group of its own, so that all of it can be ended
        )
    except OSError as problem:
        raise PackerError(f"{command[0]} cannot be started: {problem.strerror}") from None
    tail: deque[str] = deque(maxlen=_TAIL)
    try:
        for line in _lines(process):
            shown = _shown(line, folder)
            tail.append(shown)
            if output is not None:
                output(shown)
        code = process.wait()
    except BaseException:
        _end(process)
        raise
    return Ended(code=code, tail=tuple(tail))


class Answer(Struct, frozen=True, kw_only=True):
    """How a child ended that was asked for something, and all that it answered."""

    ended: Ended
    data: bytes


def answer(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    seconds: int,
    most: int,
) -> Answer:
    """Run a command and return the bytes that it prints; `ended` has its other stream.

    Raises InputError when it cannot be started, takes more than `seconds` or prints more than
    `most` bytes; the child and its own children are ended then, as they are when we are.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the caller's own words
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as problem:
        raise InputError(f"cannot be started: {problem.strerror or problem}") from None
    latest = time.monotonic() + seconds
    out = _Taken(cast("IO[bytes]", process.stdout), most, whole=False)
    said = _Taken(cast("IO[bytes]", process.stderr), _LONGEST_LINE, whole=True)
    try:
        for taken in (out, said):
            taken.join(latest)
        if len(out.data) > most:
            raise InputError(f"printed more than {words.counted(most, 'byte')}")  # noqa: TRY301
        code = process.wait(max(latest - time.monotonic(), 0))
        if out.open or said.open:  # by a child that it left behind
            raise subprocess.TimeoutExpired(command, seconds)  # noqa: TRY301
    except subprocess.TimeoutExpired:
        _end(process)
        raise InputError(f"did not end within {words.counted(seconds, 'second')}") from None
    except BaseException:
        _end(process)
        raise
    lines = said.data[:_LONGEST_LINE].decode("utf-8", "replace").splitlines()[-_TAIL:]
    tail = tuple(_shown(line, folder) for line in lines)
    return Answer(ended=Ended(code=code, tail=tail), data=bytes(out.data))


def _shown(line: str, folder: Path) -> str:
    """Return a line that a child printed, which may have been a token of the user's."""
    return hidden(escaped(_COLOUR.sub("", line).rstrip()), folder)


class _Taken:
    """A stream that is read beside us: `most` bytes of it, and a little more where there are."""

    def __init__(self, stream: IO[bytes], most: int, *, whole: bool) -> None:
        self.data = bytearray()
        self._stream, self._most, self._whole = stream, most, whole
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """Tell whether more may come."""
        return self._thread.is_alive()

    def join(self, latest: float) -> None:
        """Wait for the end of the stream, or for a time of the monotonic clock."""
        self._thread.join(max(latest - time.monotonic(), 0))

    def _take(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._stream:
            while chunk := self._stream.read(_CHUNK):
                if len(self.data) <= self._most:
                    self.data += chunk
                elif not self._whole:
                    return


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the output until it closes, or until the child is gone and nothing more came."""
    lines: SimpleQueue[str | None] = SimpleQueue()
    stream = cast("TextIO", process.stdout)
    threading.Thread(target=_read, args=(stream, lines), daemon=True).start()
    while True:
        gone = process.poll() is not None
        try:
            line = lines.get(timeout=_POLL)
        except Empty:
            if gone:
                return
            continue
        if line is None:
            return
        yield line


def _read(stream: TextIO, lines: SimpleQueue[str | None]) -> None:
    with contextlib.suppress(OSError, ValueError), stream:
        while line := stream.readline(_LONGEST_LINE):
            lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        subprocess.run(  # noqa: S603 - a number and fixed words
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],  # noqa: S607
            capture_output=True,
            check=False,
        )
        process.wait()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(_PATIENCE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
