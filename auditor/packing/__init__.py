"""What the packers' rules mean: whether `files` and the ignore files let a path into the package.

Six readings of the same lines, each as the packer's own code has it and as packing shows it:

    packlist   npm 9 to 11, pnpm 11 on ordered rules; a name without `/` counts at any depth
    globbed    npm from 12             each entry is looked up from the root, in order
    sets       npm to 8, pnpm to 10    looked up from the root; negations after all includes
    classic    yarn 1                  a negated entry takes in the whole tree
    berry      yarn from 2             a negation wins wherever it stands
    bun        bun                     the same, in two stages

Nothing here touches a disk: the question is always about one path, and its own parts say which
entries are files or folders.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor.packing import npm, others
from auditor.packing.npm import Ignores
from auditor.packing.patterns import (
    alternatives,
    bare,
    glob,
    has_wildcard,
    is_opaque,
    patterns_of,
    prefixes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.packers import Packer

__all__ = [
    "CONFIG_GLOBS",
    "MODERN",
    "WHO",
    "Configuration",
    "Reading",
    "alternatives",
    "bare",
    "glob",
    "has_wildcard",
    "ignored",
    "is_config",
    "is_opaque",
    "patterns_of",
    "prefixes",
    "readings",
    "ships",
]

_FOLDERS = ("", "build/", "config/", "scripts/", "tools/")
_CONFIGS = (
    "tsconfig*.json",
    "vite.config.*",
    "rollup.config.*",
    "rolldown.config.*",
    "webpack.config.*",
    "webpack.*.js",
    "webpack.*.cjs",
    "webpack.*.mjs",
    "webpack.*.ts",
    "esbuild*.js",
    "esbuild*.mjs",
    "esbuild*.cjs",
    "esbuild*.ts",
    "build.js",
    "build.mjs",
    "build.cjs",
    "build.ts",
)

CONFIG_GLOBS: tuple[str, ...] = (
    "package.json",
    ".npmignore",
    ".gitignore",
    "*/.npmignore",
    "*/.gitignore",
    "tsup.config.*",
    "tsdown.config.*",
    "build.config.*",
    "babel.config.*",
    ".babelrc",
    ".babelrc.json",
    ".swcrc",
    "next.config.*",
    *(f"{folder}{name}" for folder in _FOLDERS for name in _CONFIGS),
)
"""The files of a package's folder that say what is packed and what is built, as glob patterns
relative to it; `*` stays within one name."""
_NAMED = frozenset(one for one in CONFIG_GLOBS if "*" not in one)
_IN_ANY_FOLDER = frozenset(one[1:] for one in CONFIG_GLOBS if one.startswith("*"))
_HALVES = tuple(one.split("*") for one in CONFIG_GLOBS if "*" in one[1:])
"""What stands before and behind the one star of a pattern."""
_BEGINNINGS = tuple({before for before, _ in _HALVES})
_LETTERS = frozenset(one.rpartition("/")[2][:2] for one in CONFIG_GLOBS)
"""The first two letters of all their names, by which nearly every other file is told."""


def is_config(path: str) -> bool:
    """Tell whether `CONFIG_GLOBS` names a path; it is asked of every file."""
    if path.rpartition("/")[2][:2].lower() not in _LETTERS:
        return False
    path = path.lower()
    folder, slash, name = path.partition("/")
    if path in _NAMED or (folder and slash + name in _IN_ANY_FOLDER):
        return True
    return path.startswith(_BEGINNINGS) and any(
        path.startswith(before)
        and path.endswith(behind)
        and len(before) + len(behind) <= len(path)
        and "/" not in path[len(before) : len(path) - len(behind)]
        for before, behind in _HALVES
    )


class Reading(StrEnum):
    """How a packer reads `files` and ignore files."""

    PACKLIST = "packlist"
    GLOBBED = "globbed"
    SETS = "sets"
    CLASSIC = "classic"
    BERRY = "berry"
    BUN = "bun"


WHO: Mapping[Reading, tuple[str, ...]] = {
    Reading.PACKLIST: ("npm 9 to 11", "pnpm from 11"),
    Reading.GLOBBED: ("npm from 12",),
    Reading.SETS: ("pnpm up to 10",),
    Reading.CLASSIC: ("yarn 1",),
    Reading.BERRY: ("yarn from 2",),
    Reading.BUN: ("bun",),
}
"""The packers of each reading, as messages name them."""

MODERN = (Reading.PACKLIST, Reading.GLOBBED, Reading.SETS, Reading.BERRY, Reading.BUN)
"""Every reading under which negated entries can work at all."""


_CHANGES: Mapping[str, tuple[tuple[int, Reading], ...]] = {
    "npm": ((0, Reading.SETS), (9, Reading.PACKLIST), (12, Reading.GLOBBED)),
    "pnpm": ((0, Reading.SETS), (11, Reading.PACKLIST)),
    "yarn": ((0, Reading.CLASSIC), (2, Reading.BERRY)),
    "bun": ((0, Reading.BUN),),
}
"""By packer, the first major version of each reading."""


def readings(packer: Packer | None) -> tuple[Reading, ...]:
    """Return the readings that a packer may have: one where its version is known.

    Without a version these are the last two, which may still be in use.
    """
    if packer is None or packer.name not in _CHANGES:
        return MODERN
    changes = _CHANGES[packer.name]
    if packer.major is None:
        return tuple(reading for _, reading in changes[-2:])
    return tuple(reading for first, reading in changes if first <= packer.major)[-1:]


class Configuration(Struct, frozen=True, kw_only=True):
    """What decides on a package's content, apart from what every packer always takes."""

    files: tuple[str, ...] | None = None
    """The entries of `files` in package.json; None where there is no list."""
    ignores: Ignores = field(default_factory=dict)
    """By folder (the root is empty), the lines of the ignore file that is read there."""


def ships(configuration: Configuration, reading: Reading, path: str) -> bool:
    """Tell whether `files` and the ignore files let a path in.

    `path` is relative to the package, `/` between parts. What is always packed (package.json, the
    readme, `main`) or never (`.git`, `.npmrc`) is not considered.
    """
    files = configuration.files
    if files is None:
        return _PLAIN[reading](configuration.ignores, path)
    return _LISTED[reading](files, configuration.ignores, path)


def ignored(lines: Iterable[str], path: str) -> bool:
    """Tell whether the lines of a root ignore file, where they count, leave a path out."""
    return not npm.plain({"": tuple(lines)}, path)


_LISTED = {
    Reading.PACKLIST: npm.packlist,
    Reading.GLOBBED: npm.globbed,
    Reading.SETS: npm.sets,
    Reading.CLASSIC: others.classic,
    Reading.BERRY: others.berry,
    Reading.BUN: others.bun,
}
_PLAIN = {
    Reading.PACKLIST: npm.plain,
    Reading.GLOBBED: npm.plain,
    Reading.SETS: npm.plain_sets,
    Reading.CLASSIC: others.plain_classic,
    Reading.BERRY: others.plain_berry,
    Reading.BUN: others.plain_bun,
}
