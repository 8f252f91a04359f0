"""Runs a call of our own command line, and writes down what it asks of Python's runtime.

`python -P tests/watched.py LOG ARGUMENT…`: one JSON array a line, the event and its arguments as
far as they are texts, numbers, paths or code. Python tells each of these before it does them.
"""

from __future__ import annotations

import json
import os
import sys
from types import CodeType
from typing import Any

_QUIET = ("object.", "sys._getframe", "code.__new__", "cpython.", "sys.monitoring", "builtins.id")
_DATA = ("marshal.", "pickle.")
"""Events of which it counts who asks: importing reads code, nobody else may."""


def _plain(value: Any) -> object:  # noqa: ANN401 - arguments of any event
    if isinstance(value, bytes):
        return os.fsdecode(value) if len(value) < 4096 else "…"
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, CodeType):
        return value.co_filename
    return value if isinstance(value, str | int | None) else type(value).__name__


def _watch(log: int) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_QUIET):
            return
        row = [event, *map(_plain, arguments)]
        if event.startswith(_DATA):
            row = [event, sys._getframe(1).f_code.co_filename]  # noqa: SLF001 - who asks
        os.write(log, json.dumps(row).encode() + b"\n")

    sys.addaudithook(hook)


if __name__ == "__main__":
    _watch(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    from auditor.__main__ import run

    sys.exit(run(sys.argv[2:]))
