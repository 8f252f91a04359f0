"""Showing a report: on standard output, in files, and a progress bar while it is made."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor import policy, report
from auditor.errors import UsageError
from auditor.safe import safe

if TYPE_CHECKING:
    from auditor.model import Report
    from auditor.scan import Announce
    from auditor.sources.file import Progress

PATIENCE = 1.0
"""Seconds of work before a progress bar appears."""


def destinations(reports: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Read the `FORMAT=FILE` options; raise UsageError before any work is done."""
    found = []
    for text in reports:
        name, equals, path = text.partition("=")
        if not equals or not path or name not in report.names():
            known = ", ".join(report.names())
            raise UsageError(f"--report takes FORMAT=FILE with one of {known}, not {text!r}")
        found.append((name, Path(path)))
    return found


def show(
    result: Report, format_: str, files: list[tuple[str, Path]], *, verbose: bool, quiet: bool
) -> int:
    """Print and write a report; return the exit code that its verdict means."""
    color = _wants_color()
    width = min(shutil.get_terminal_size((100, 24)).columns, 120) if sys.stdout.isatty() else 100
    view = report.View(color=color, width=max(width, 60), verbose=verbose, quiet=quiet)
    text = report.load(format_).render(result, view)
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    sys.stdout.flush()
    for name, path in files:
        content = report.load(name).render(result, report.View(verbose=True))
        try:
            path.write_text(content, encoding="utf-8")
        except OSError as problem:
            raise UsageError(f"{path}: cannot be written: {problem.strerror}") from None
    return policy.EXIT_CODES[result.verdict]


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


@contextmanager
def progress() -> Iterator[Announce]:
    """Yield what a scan tells of its progress; a bar appears on a terminal after a second."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    bar = _Bar()
    try:
        yield bar.announce
    finally:
        bar.close()


class _Bar:
    """A progress bar that costs nothing until there is something to wait for."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bar: object = None

    def announce(self, label: str) -> Progress:
        """Return the callback for one artifact."""
        task: int | None = None

        def advance(done: int, total: int) -> None:
            nonlocal task
            if self._bar is None and time.monotonic() - self._started < PATIENCE:
                return
            from rich.console import Console  # noqa: PLC0415 - only where there is a bar
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn  # noqa: PLC0415

            if self._bar is None:
                columns = (
                    TextColumn("{task.description}", markup=False),
                    BarColumn(),
                    DownloadColumn(),
                )
                self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
                self._bar.start()
            assert isinstance(self._bar, Progress)  # noqa: S101 - for the type checker
            if task is None:
                task = self._bar.add_task(safe(label, 40), total=total)
            self._bar.update(task, completed=done)

        return advance

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]


def packer_output(*, verbose: bool) -> object:
    """Return what is done with a packer's own output: shown on standard error with -v."""
    if not verbose:
        return None
    return lambda line: click.echo(safe(line, 1000), err=True)
