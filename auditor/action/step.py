"""One run of the step: its inputs, its event, and how it calls our own commands."""

from __future__ import annotations

import glob
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.action import event
from auditor.action.event import Event
from auditor.action.inputs import Inputs, Mode
from auditor.errors import UsageError
from auditor.sources import child

if TYPE_CHECKING:
    from collections.abc import Sequence

_PRIVILEGED = (
    f"a folder is not packed on {event.PRIVILEGED}: the scripts of the pull request would run with"
    " the repository's secrets; use pull_request"
)


class Step(Struct, frozen=True, kw_only=True):
    """One run of the step."""

    environment: Mapping[str, str]
    """Of the step, without what is the runner's alone."""
    folder: Path
    """Private to the run, and there until the job ends."""
    inputs: Inputs
    event: Event
    say: Callable[[str], None]
    """Prints a line to the log."""

    def call(self, words: Sequence[str], folder: Path) -> child.Ended:
        """Run one of our own commands; what it prints goes to the log."""
        command = (sys.executable, "-I", "-X", "utf8", "-m", "auditor", *words)
        return child.run(command, folder, self.environment, self.say)

    def targets(self) -> tuple[str, ...]:
        """Return what is audited; raise UsageError where that must not be, or matches nothing."""
        if self.inputs.artifact:
            return self.artifacts(Path.cwd())
        if self.inputs.mode is Mode.PACK and self.event.name == event.PRIVILEGED:
            raise UsageError(_PRIVILEGED)
        return self.inputs.path

    def artifacts(self, folder: Path) -> tuple[str, ...]:
        """Return the built files below a folder; raise UsageError for a pattern without any."""
        found: dict[str, None] = {}
        for pattern in self.inputs.artifact:
            # Not Path.glob, which refuses absolute patterns and `..`.
            matches = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207
            if not matches:
                raise UsageError(f"the input 'artifact' has {pattern!r}, which matches no file")
            found |= dict.fromkeys(sorted(matches))
        return tuple(found)
