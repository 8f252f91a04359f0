"""A progress bar on a terminal, for a call that takes longer than a second."""

from __future__ import annotations

from threading import Lock, Timer
from typing import TYPE_CHECKING

from auditor.safe import safe

if TYPE_CHECKING:
    from rich.progress import Progress as Shown
    from rich.progress import TaskID

    from auditor.sources.file import Progress

PATIENCE = 1.0
"""Seconds of work before a progress bar appears."""


class Bar:
    """A progress bar that appears when there is something to wait for, and not before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._closed = False
        self._bar: Shown | None = None
        self._task: TaskID | None = None
        self._label = ""
        self._timer: Timer | None = None

    def announce(self, label: str) -> Progress:
        """Say what is worked on; returns who wants to know how far it is."""
        if self._timer is None:  # not before: a process with a second thread is not forked safely
            self._timer = Timer(PATIENCE, self._appear)
            self._timer.daemon = True
            self._timer.start()
        with self._lock:
            self._label = safe(label, 60)
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, description=self._label, completed=0, total=None)
        return self._advance

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    def _advance(self, done: int, total: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def _appear(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where there is a bar
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        with self._lock:
            if self._closed:
                return
            self._bar = RichProgress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(self._label, total=None)
            self._bar.start()
