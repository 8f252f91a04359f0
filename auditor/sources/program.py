"""A packer as it is installed here: where its program is and which version answers."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import PackerError
from auditor.lazyre import regex
from auditor.packers import Packer
from auditor.sources import child

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from auditor.sources.packer_choice import Demand

_VERSION = regex(r"v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)")
_OLDEST_NPM = 7
"""The first with `--pack-destination`: an older one would litter the project's folder."""


class Program(Struct, frozen=True, kw_only=True):
    """An installed packer; `packer` has the version that it says it is, in the folder asked."""

    packer: Packer
    path: str
    notes: tuple[str, ...] = ()


def installed(demand: Demand, folder: Path, environment: Mapping[str, str]) -> Program:
    """Find the packer's program and ask it for its version in a folder.

    In that folder, because `packageManager`, yarn's `yarnPath` and version managers decide by
    folder. Raises PackerError when it is not there, says no version, or is too old.
    """
    name = demand.packer.name
    path = shutil.which(name, path=environment.get("PATH"))
    if path is None or not os.path.isabs(path):  # noqa: PTH117 - never a program of the project's
        raise PackerError(_missing(demand))
    ended = child.run((path, "--version"), folder, environment, None)
    if ended.code != 0:
        raise PackerError(f"{name} --version {ended.manner}: {ended.reason()}")
    said = [found.group(1) for line in ended.tail if (found := _VERSION.fullmatch(line.strip()))]
    if not said:
        raise PackerError(f"{name} --version printed no version: {ended.reason()}")
    packer = Packer(name=name, version=said[-1])
    if name == "npm" and (packer.major or 0) < _OLDEST_NPM:
        raise PackerError(
            f"{packer} cannot pack into another folder; install npm {_OLDEST_NPM} or later, "
            "or audit a ready .tgz"
        )
    return Program(packer=packer, path=path, notes=_difference(demand, packer))


def _difference(demand: Demand, packer: Packer) -> tuple[str, ...]:
    wanted = demand.packer
    if wanted.major is None or wanted.major == packer.major:
        return ()
    return (
        f"{demand.source} wants {wanted.name} {wanted.major}, {packer.name} {packer.major} packed",
    )


def _missing(demand: Demand) -> str:
    name = demand.packer.name
    why = f", which {demand.source} asks for," if demand.source else ""
    enable = ""
    if name in {"pnpm", "yarn"} and shutil.which("corepack"):
        enable = f" (`corepack enable` makes {name} available)"
    return (
        f"{name}{why} is not installed, so what would be published is not known: "
        f"install {name}{enable}, choose another packer with --packer, or audit a ready .tgz"
    )
