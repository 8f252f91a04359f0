"""A project's folder: its own packer makes the tarballs that a publish would upload."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import UsageError
from auditor.packers import Packer
from auditor.sources import package_json, workspaces
from auditor.sources.packer_choice import Demand, demanded
from auditor.sources.privatefolder import private_folder
from auditor.sources.program import Program, installed
from auditor.sources.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sources.child import Output

_PRIVATE = "package.json says private, so a publish would be refused"


class Packed(Struct, frozen=True, kw_only=True):
    """One package's tarball, there as long as the `packed` that it comes from is open."""

    tarball: Path
    directory: Path
    """The package's folder."""
    typed: str
    """The folder as the user typed it, with the workspace's path where it is one."""
    label: str
    """The same, with what was made of it where that is more than one archive."""
    packer: Packer
    """With the version that really ran."""
    notes: tuple[str, ...]
    """What the reader must know to take the tarball for what it is."""


class _Target(Struct, frozen=True, kw_only=True):
    folder: Path
    label: str
    notes: tuple[str, ...] = ()


def choose(directory: Path, wanted: str | None) -> Packer:
    """Return the packer that would publish a folder, in the version that is installed.

    `wanted` is `NAME[@VERSION]` and wins. Raises UsageError when that is no packer's name,
    PackerError when package.json is not there or broken, or the packer is not there.
    """
    return _program(directory.resolve(), wanted)[1].packer


@contextmanager
def packed(  # noqa: PLR0913 - one parameter per option of the command
    directory: Path,
    label: str,
    *,
    packer: str | None,
    ignore_scripts: bool,
    workspaces: tuple[str, ...],
    all_workspaces: bool,
    output: Output | None,
) -> Iterator[tuple[Packed, ...]]:
    """Pack a project's folder, or some of its workspaces, and remove the tarballs at the end.

    `label` is the folder as the user typed it. `workspaces` are names or relative paths,
    `all_workspaces` takes each that is not private; without both it is the folder itself.
    `output` gets what the packers print. Runs the project's code, unless `ignore_scripts`.
    Raises UsageError when a workspace is not there, PackerError when the folder is no package or
    no tarball comes of it.
    """
    root = directory.resolve()
    demand, program = _program(root, packer, label)
    targets = _targets(root, label, program.packer.name, workspaces, everything=all_workspaces)
    with private_folder() as private:
        made = []
        for number, target in enumerate(targets):
            place = private / str(number)
            place.mkdir()
            manifest = package_json.read(target.folder, target.label)
            tarball, notes = Rehearsal(
                folder=target.folder,
                manifest=manifest,
                program=program,
                ignore_scripts=ignore_scripts,
                output=output,
            ).tarball(place)
            made.append(
                Packed(
                    tarball=tarball,
                    directory=target.folder,
                    typed=target.label,
                    label=target.label,
                    packer=program.packer,
                    notes=(*demand.notes, *program.notes, *target.notes, *notes),
                )
            )
        yield tuple(made)


def _program(root: Path, wanted: str | None, label: str = "") -> tuple[Demand, Program]:
    package_json.read(root, label)
    demand = demanded(root, wanted)
    return demand, installed(demand, root, os.environ)


def _targets(
    root: Path, label: str, packer: str, wanted: tuple[str, ...], *, everything: bool
) -> tuple[_Target, ...]:
    if wanted and everything:
        raise UsageError("--workspace and --workspaces exclude each other")
    if not wanted and not everything:
        return (_Target(folder=root, label=label, notes=_root_notes(root, packer)),)
    known = workspaces.find(root, packer)
    notes: tuple[str, ...] = ()
    if everything:
        chosen, notes = workspaces.public(known, label)
    else:
        chosen = workspaces.select(known, wanted, label)
    return tuple(
        _Target(
            folder=one.folder,
            label=str(PurePath(label) / one.path),
            notes=(_PRIVATE,) if one.private else () if number else notes,
        )
        for number, one in enumerate(chosen)
    )


def _root_notes(root: Path, packer: str) -> tuple[str, ...]:
    if not package_json.read(root).private:
        return ()
    if workspaces.patterns(root, packer).texts:
        return (f"{_PRIVATE}; --workspaces packs the packages in its workspaces",)
    return (_PRIVATE,)
