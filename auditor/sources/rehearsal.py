"""One package packed as its publish would pack it, up to the tarball and no further.

First the scripts that a publish runs around packing (`prepublishOnly` and its like), then the
packer's pack command, which runs its own. Nothing that a packer prints is believed: the file that
appeared is the result, and no file, or an empty one, is an error.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct

from auditor.errors import PackerError
from auditor.safe import safe
from auditor.sources import child, dialects, hooks, no_scripts
from auditor.sources.child import Ended, Output
from auditor.sources.hooks import Stage
from auditor.sources.package_json import PackageJson
from auditor.sources.program import Program
from auditor.words import listed

_QUIET = {"npm_config_update_notifier": "false"}


class Rehearsal(Struct, frozen=True, kw_only=True):
    """One package's folder (resolved), its package.json, and what is to pack it."""

    folder: Path
    manifest: PackageJson
    program: Program
    ignore_scripts: bool
    output: Output | None

    def tarball(self, private: Path) -> tuple[Path, tuple[str, ...]]:
        """Pack into a private folder; return the tarball and what to know about it.

        Raises PackerError when a script or the packer fails, or no single tarball comes of it.
        """
        stage = hooks.stage(self.folder, self.manifest.name, os.environ)
        ours = dialects.of(self.program.packer)
        names = ours.scripts(self.manifest.scripts)
        before = tuple(name for name in names if name in ours.before)
        if self.ignore_scripts or stage is Stage.WITHIN:
            within = tuple(name for name in names if name not in ours.before)
            self._pack(private, ours, within)
            notes = self._unrun(names)
        else:
            notes = self._before(before, stage, ours)
            self._pack(private, ours, None)
        name = self.program.packer.name
        return _appeared(private / "out", name), (*notes, *self._never(ours))

    def _before(
        self, names: tuple[str, ...], stage: Stage, ours: dialects.Dialect
    ) -> tuple[str, ...]:
        """Run the scripts that come before packing; return why they were not run."""
        if not names:
            return ()
        shown = listed(names)
        if stage is Stage.BEFORE:
            return (f"called from {_caller()} of a publish: {shown} did not run again",)
        environment = self._environment(Stage.BEFORE)
        path = self.program.path
        if ours.setting:
            asked = child.run((path, *ours.setting), self.folder, environment, None)
            if asked.code == 0 and "true" in asked.tail:  # warnings may stand around it
                name = self.program.packer.name
                why = f"{name} is configured to ignore scripts"
                return (f"{why}: {shown} did not run, as in a publish",)
        for name in names:
            ended = child.run((path, *ours.run, name), self.folder, environment, self.output)
            self._succeeded(ended, f"run {name}")
        return ()

    def _pack(self, private: Path, ours: dialects.Dialect, unrun: tuple[str, ...] | None) -> None:
        """Run the pack command; `unrun` are its scripts where none is to run."""
        packer = self.program.packer
        destination = private / "out"
        destination.mkdir()
        environment = self._environment(Stage.WITHIN)
        gag = no_scripts.Gag()
        if unrun is not None:
            gag = no_scripts.gag(packer, unrun, private, environment)
        ended = child.run(
            (self.program.path, *ours.pack_into(destination), *gag.arguments),
            self.folder,
            {**environment, **gag.environment},
            self.output,
        )
        self._succeeded(ended, " ".join(ours.command))
        gag.check(packer)

    def _environment(self, stage: Stage) -> dict[str, str]:
        return hooks.environment_for(self.folder, stage, os.environ) | _QUIET

    def _succeeded(self, ended: Ended, what: str) -> None:
        if ended.code != 0:
            name = self.program.packer.name
            raise PackerError(f"{name} {what} {ended.manner}: {ended.reason()}")

    def _unrun(self, names: tuple[str, ...]) -> tuple[str, ...]:
        notes = no_scripts.runs_all_the_same(self.program.packer, self.folder)
        if not names:
            return notes
        why = "" if self.ignore_scripts else f"called from {_caller()} of packing: "
        shown = listed(names, len(names))
        note = f"{why}scripts were not run ({shown}), so the list may differ from what is published"
        return (note, *notes)

    def _never(self, ours: dialects.Dialect) -> tuple[str, ...]:
        """Return a note where a publish skips a script that its author may count on."""
        script = "prepublishOnly"
        if script in ours.before or script not in self.manifest.scripts:
            return ()
        packer = f"{self.program.packer.name} {self.program.packer.major}"
        why = f"{packer} publishes without running {script}, so it did not run here"
        return (f"{why}; if npm publishes this package, say so with --packer npm",)


def _caller() -> str:
    name = hooks.event(os.environ)
    return f"the script {safe(name, 80)}" if name else "a script"


def _appeared(folder: Path, packer: str) -> Path:
    """Return the one tarball that lies in a folder; anything else is a PackerError."""
    there = sorted(folder.iterdir())
    if not there:
        raise PackerError(f"{packer} pack reported success but made no tarball: nothing to audit")
    if len(there) > 1:
        names = safe(listed(tuple(path.name for path in there)))
        raise PackerError(f"{packer} pack made {len(there)} files where one was due: {names}")
    (path,) = there
    status = path.lstat()
    if path.suffix != ".tgz" or not stat.S_ISREG(status.st_mode):
        raise PackerError(f"{packer} pack made {safe(path.name)}, which is no tarball")
    if status.st_size == 0:
        raise PackerError(f"{packer} pack made an empty tarball: nothing to audit")
    return path
