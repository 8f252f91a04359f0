"""What each packer's publish runs, and the commands that run the same without publishing.

Measured against the real `publish` of npm 7 to 12, pnpm 9 to 11, yarn 1, yarn 2 to 4 and bun 1
(tests/test_packers.py does it again, with a registry on the loopback address). Two surprises are
kept on purpose: yarn 1 runs `prepare` before it packs and not while it does, and yarn from 2
never runs `prepublishOnly`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from auditor.packers import Packer

_FOLDER = "{folder}"
_FILE = "{file}"


class Dialect(Struct, frozen=True, kw_only=True):
    """One packer's way to pack."""

    before: tuple[str, ...]
    """The scripts that its publish runs before it packs, in order."""
    within: tuple[str, ...]
    """The scripts that its pack command runs by itself."""
    run: tuple[str, ...]
    """What runs one script; its name comes last."""
    command: tuple[str, ...]
    """What packs the current folder."""
    destination: tuple[str, ...]
    """What says where to put the tarball, with a placeholder for the folder or the file."""
    setting: tuple[str, ...] = ()
    """What prints `true` where the user's configuration turns scripts off for a publish."""

    def pack_into(self, folder: Path) -> tuple[str, ...]:
        """Return the arguments that put the tarball into a folder."""
        places = {_FOLDER: str(folder), _FILE: str(folder / "package.tgz")}
        return (*self.command, *(places.get(word, word) for word in self.destination))

    def scripts(self, scripts: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names of a package's scripts that a publish runs up to the tarball."""
        return tuple(name for name in (*self.before, *self.within) if name in scripts)


_SETTING = ("config", "get", "ignore-scripts")

NPM = Dialect(
    before=("prepublishOnly",),
    within=("prepack", "prepare", "postpack"),
    run=("run",),
    command=("pack",),
    destination=("--pack-destination", _FOLDER),
    setting=_SETTING,
)
PNPM = Dialect(
    before=("prepublishOnly", "prepublish"),
    within=("prepack", "prepare", "postpack"),
    # `pnpm run` may install first and runs pre and post scripts; `pnpm publish` does neither.
    run=(
        "run",
        "--config.verify-deps-before-run=false",
        "--config.enable-pre-post-scripts=false",
    ),
    command=("pack",),
    destination=("--pack-destination", _FOLDER),
    setting=_SETTING,
)
YARN_CLASSIC = Dialect(
    before=("prepublish", "prepare", "prepublishOnly"),
    within=("prepack", "postpack"),
    run=("run",),
    command=("pack",),
    destination=("--filename", _FILE),
    setting=_SETTING,
)
YARN_BERRY = Dialect(
    before=("prepublish",),
    within=("prepack", "postpack"),
    run=("run",),
    command=("pack",),
    destination=("--out", _FILE),
)
BUN = Dialect(
    before=("prepublishOnly",),
    within=("prepack", "prepare", "postpack"),
    run=("run",),
    command=("pm", "pack"),
    destination=("--destination", _FOLDER),
)


def of(packer: Packer) -> Dialect:
    """Return the dialect of a packer whose version is known."""
    if packer.name == "yarn":
        return YARN_BERRY if packer.is_berry else YARN_CLASSIC
    return {"npm": NPM, "pnpm": PNPM, "bun": BUN}[packer.name]
