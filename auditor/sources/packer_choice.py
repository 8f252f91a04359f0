"""Which packer would publish a folder: what its files say, and the first of them that speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import PackerError, UsageError
from auditor.packers import NODE, Packer
from auditor.safe import safe
from auditor.sources import package_json, workspaces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOCKFILES: Mapping[str, str] = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
"""Names of lockfiles and whose they are; the order decides where several lie side by side."""


class Demand(Struct, frozen=True, kw_only=True):
    """The packer that is asked for, before it is known what is installed."""

    packer: Packer
    """With a version only where one is asked for."""
    source: str
    """Who asks: `--packer`, `package.json`, a lockfile; empty where nothing did."""
    notes: tuple[str, ...] = ()


def demanded(folder: Path, wanted: str | None) -> Demand:
    """Return the packer for a folder, by the first that speaks.

    That is `wanted` (`NAME[@VERSION]`), `packageManager` or `devEngines.packageManager` of the
    package.json here or of its workspace root, the lockfile here or in the nearest folder up to
    the workspace or git root, a pnpm-workspace.yaml there; else npm. Raises UsageError for a
    wrong `wanted`, PackerError when package.json is broken or names a packer that we do not know.
    """
    if wanted is not None:
        packer = Packer.parse(wanted)
        if packer.name not in NODE:
            raise UsageError(f"{packer.name} packs no npm package; choose one of {', '.join(NODE)}")
        return Demand(packer=packer, source="--packer")
    above, in_workspace = _above(folder)
    for current in above if in_workspace else above[:1]:
        named = _named(current, must=current == folder)
        if named:
            return Demand(packer=_known(named), source=package_json.MANIFEST)
    for current in above:
        found = tuple(name for name in LOCKFILES if (current / name).is_file())
        if found:
            return _by_lockfile(found)
    if (above[-1] / package_json.PNPM_WORKSPACE).is_file():
        return Demand(packer=Packer(name="pnpm"), source=package_json.PNPM_WORKSPACE)
    return Demand(packer=Packer(name="npm"), source="")


def _above(folder: Path) -> tuple[tuple[Path, ...], bool]:
    """Return the folders up to the workspace root (then True) or git root, or just this one."""
    passed: list[Path] = []
    for current in (folder, *folder.parents):
        passed.append(current)
        if workspaces.has(current, folder):
            return tuple(passed), True
        if (current / ".git").exists():
            return tuple(passed), False
    return (folder,), False


def _named(folder: Path, *, must: bool) -> str:
    try:
        return package_json.read(folder).package_manager
    except PackerError:
        if must:
            raise
        return ""  # folders between a package and its root need no package.json


def _known(text: str) -> Packer:
    name = text.partition("@")[0]
    if name not in NODE:
        raise PackerError(
            f"{package_json.MANIFEST} names a packer not known here, {safe(text, 80)!r}; "
            f"choose one of {', '.join(NODE)} with --packer, or audit a ready .tgz"
        )
    return Packer.parse(text)


def _by_lockfile(found: tuple[str, ...]) -> Demand:
    packer = Packer(name=LOCKFILES[found[0]])
    if len({LOCKFILES[name] for name in found}) == 1:
        return Demand(packer=packer, source=found[0])
    note = (
        f"there are lockfiles of several packers ({', '.join(found)}) and {packer.name} was taken; "
        "say which one publishes with packageManager in package.json, or with --packer"
    )
    return Demand(packer=packer, source=found[0], notes=(note,))
