"""The registries that the user's own clients are configured for, outside of the audited project.

No client is asked, which costs each of them 200 ms: the files are read as text, from where npm,
pnpm, Yarn, Bun, pip, uv and PDM look for them, and the variables of the environment. Poetry has no
such settings (its `repositories` are for publishing). Only hosts are kept, never what else stands
there; `texts` is for whoever asks such a registry, and needs the rest. These files are the user's
own and may be links; one that cannot be read, or that is too large to be one, allows no host:
nothing of what is audited goes unseen for that, so it is no gap.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.registries import VARIABLES, settings_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.registries import Setting

_MACHINE = Path("/etc")
_PIP = "pip.ini" if sys.platform == "win32" else "pip.conf"
_LARGEST = 1024 * 1024
_UPWARD = {
    "yarn": (".yarnrc", ".npmrc"),
    "yarn-berry": (".yarnrc.yml",),
    "uv": ("uv.toml",),
}
"""Files that a client also looks for above its lockfile, by the lockfile's format. npm, pnpm, Bun
and pip read the project's own and the user's only."""
NAMES = (".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "pip.conf", "uv.toml", "pyproject.toml")
"""Settings files that clients read in the folder in which they run."""
_DEEPEST = 64
"""Folders above a lockfile that are looked into, at most."""


def of_user(environment: Mapping[str, str] = os.environ) -> tuple[Setting, ...]:
    """Return what the user's settings files and environment say of registries."""
    lowered = {name.lower(): value for name, value in environment.items() if value}
    files = {
        f"environment/{name}": value.encode("utf-8", "replace")
        for name, value in lowered.items()
        if name in VARIABLES
    }
    for number, (name, path) in enumerate(_places(lowered)):
        data = _content(path)
        if data is not None:
            files[f"{number}/{name}"] = data
    return settings_in(files)


def texts(name: str, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the user's settings files that are read as one of a name, the one that wins first."""
    lowered = {key.lower(): value for key, value in environment.items() if value}
    paths = [path for read_as, path in _places(lowered) if read_as == name]
    for path in sorted(paths, key=_is_everybodys):  # which keeps the order otherwise
        data = _content(path)
        if data is not None:
            yield data.decode("utf-8", "replace")


def everything(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the text of every settings file of the user's clients."""
    lowered = {key.lower(): value for key, value in environment.items() if value}
    yield from read(dict.fromkeys(path for _, path in _places(lowered)))


def read(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the texts of those files that are there, and small enough to be settings."""
    for path in paths:
        data = _content(path)
        if data is not None:
            yield data.decode("utf-8", "replace")


def _is_everybodys(path: Path) -> bool:
    return path.is_relative_to(_MACHINE) or path.is_relative_to("/Library")


def above(folder: Path, format_name: str) -> dict[str, bytes]:
    """Return the settings above a lockfile that its client reads, up to the repository's root.

    They are named by their path relative to the lockfile (`../.yarnrc.yml`). Outside of a
    repository nothing tells where the project ends, and nothing above the lockfile is read.
    """
    names = _UPWARD.get(format_name, ())
    found: dict[str, bytes] = {}
    if not names:
        return found
    start = folder.absolute()
    prefix = ""
    for here in (start, *list(start.parents)[:_DEEPEST]):
        if prefix:
            for name in names:
                path = here / name
                data = None if path.is_symlink() else _content(path)
                if data is not None:
                    found[f"{prefix}{name}"] = data
        if (here / ".git").exists():
            return found
        prefix += "../"
    return {}


def files_above(folder: Path) -> Iterator[Path]:
    """Yield the files that `above` may read, whatever the format; that they exist is not said."""
    names = {name for some in _UPWARD.values() for name in some}
    for here in list(folder.absolute().parents)[:_DEEPEST]:
        yield from (here / name for name in sorted(names) if not (here / name).is_symlink())


def _places(variables: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Yield the files that clients read, each with the name that tells how it is read.

    The variables are by their names in lower case.
    """
    home = Path(os.path.expanduser(variables.get("home") or "~"))  # noqa: PTH111 - never raises
    xdg = Path(variables.get("xdg_config_home") or home / ".config")
    yield ".npmrc", Path(variables.get("npm_config_userconfig") or home / ".npmrc")
    if globally := variables.get("npm_config_globalconfig"):
        yield ".npmrc", Path(globally)
    if prefix := variables.get("npm_config_prefix"):
        yield ".npmrc", Path(prefix, "etc", "npmrc")
    yield ".yarnrc", home / ".yarnrc"
    yield ".yarnrc.yml", home / ".yarnrc.yml"
    yield "bunfig.toml", home / ".bunfig.toml"
    if "xdg_config_home" in variables:
        yield "bunfig.toml", xdg / ".bunfig.toml"
    yield from _pip(variables)
    if config := variables.get("uv_config_file"):
        yield "uv.toml", Path(config)
    if config := variables.get("pdm_config_file"):
        yield "pdm/config.toml", Path(config)
    for folder in _folders(variables, home, xdg):
        yield ".npmrc", folder / "pnpm" / "rc"
        yield ".npmrc", folder / "pnpm" / "config" / "rc"
        yield "pip.conf", folder / "pip" / _PIP
        yield "uv.toml", folder / "uv" / "uv.toml"
        yield "pdm/config.toml", folder / "pdm" / "config.toml"
        yield "pdm/config.toml", folder / "pdm" / "pdm" / "config.toml"
    yield "pip.conf", home / ("pip" if sys.platform == "win32" else ".pip") / _PIP


def _pip(variables: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if config := variables.get("pip_config_file"):
        yield "pip.conf", Path(config)
    if environment := variables.get("virtual_env"):
        yield "pip.conf", Path(environment) / _PIP
    if sys.platform != "win32":
        yield "pip.conf", _MACHINE / _PIP


def _folders(variables: Mapping[str, str], home: Path, xdg: Path) -> Iterator[Path]:
    """Yield the folders in which clients have a folder of settings: the user's, then everybody's.

    macOS has two customs, and clients differ in which they follow.
    """
    if sys.platform == "win32":
        for name in ("appdata", "localappdata", "programdata"):
            if place := variables.get(name):
                yield Path(place)
        return
    yield xdg
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support"
        yield home / "Library" / "Preferences"
        yield Path("/Library/Application Support")
    for place in (variables.get("xdg_config_dirs") or "/etc/xdg").split(os.pathsep):
        yield Path(place)
    yield _MACHINE  # uv's, where no folder of XDG has it


def _content(path: Path) -> bytes | None:
    """Return a small regular file's content; None for everything else."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        with path.open("rb") as file:
            return file.read(_LARGEST + 1)
    except (OSError, ValueError):
        return None
