"""Standard output and standard error: what is put there arrives, or the call says that it did not.

A stream may be closed, full, a pipe that nobody reads any more, or of an encoding without half of
our characters.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

from auditor.errors import UsageError
from auditor.safe import escaped, safe, uncommanded


def lenient() -> None:
    """Let both streams escape the characters that their encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def put(text: str, *, commands: bool = False) -> None:
    """Print a text; characters that the terminal does not have are escaped.

    Nothing in it is a command to GitHub's runner, unless it is of `commands`.

    Raises UsageError where it cannot be written, BrokenPipeError where nobody reads any more.
    """
    try:
        shown = text if commands else uncommanded(text)
        sys.stdout.buffer.write(shown.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as problem:
        raise UsageError(unwritable(problem)) from None


def put_lines(text: str) -> None:
    """Print a text of several lines, of which nothing but the line ends is left that is no sign."""
    put("\n".join(map(escaped, text.split("\n"))))


def unwritable(problem: Exception) -> str:
    """Return in words that standard output does not take anything."""
    return f"standard output cannot be written: {getattr(problem, 'strerror', None) or problem}"


def say(message: str, longest: int = 1000) -> None:
    """Print one line of ours on standard error, without what is secret or moves a cursor."""
    from auditor.sources.credentials import hidden  # noqa: PLC0415 - where there is something to say

    complain(f"audit: {safe(hidden(message), longest)}\n")


def complain(text: str) -> None:
    """Print a harmless text on standard error, if there is one: the exit code tells it as well."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(uncommanded(text))
        sys.stderr.flush()
    except (OSError, ValueError):
        abandon(sys.stderr)


def settle() -> None:
    """Make sure that nothing is left that Python would fail to write when it ends."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                abandon(stream)


def abandon(stream: TextIO) -> None:
    """Send what a broken stream still holds nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
