"""Where packages are installed outside of projects: global folders, version managers, tools."""

from __future__ import annotations

import fnmatch
import os
import stat
from typing import TYPE_CHECKING

from auditor.sources.caches._client import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_NODE = "lib/node_modules"
_SITE = "lib/python*/site-packages"
_WINDOWS_SITE = "Lib/site-packages"
_PNPM = ("*/node_modules", "*/.pnpm/*/node_modules", "*/*/node_modules")
"""Up to pnpm 10 the packages lie beside what links to them; pnpm 11 has a folder for each call."""


def installed_trees(
    environment: Mapping[str, str], home: Path, platform: str, unread: dict[Path, str]
) -> Iterator[Path]:
    """Yield folders called `node_modules` or `site-packages` that exist for a user, each once.

    `unread` is given the folders that could not be looked into, and why.
    Those of the system itself are not among them: it is the user's that are asked for. pnpm 11
    links what is global to its store; there the lockfiles below `global` tell more than the trees.
    """
    machine = Machine(environment=environment, home=home, platform=platform)
    seen: set[str] = set()
    for base, pattern in _patterns(machine):
        for folder in _found(base, pattern, unread):
            real = os.path.realpath(folder)
            if real not in seen:
                seen.add(real)
                yield folder


def _found(base: Path, pattern: str, unread: dict[Path, str]) -> list[Path]:
    """Return the folders that a pattern names; `Path.glob` says nothing of what it may not list."""
    found = [base]
    for part in pattern.split("/"):
        if "*" in part:
            found = [one / name for one in found for name in _names(one, part, unread)]
        else:
            found = [one / part for one in found]
    return [one for one in found if _is_folder(one, unread)]


def _names(folder: Path, pattern: str, unread: dict[Path, str]) -> list[str]:
    try:
        return sorted(fnmatch.filter((one.name for one in folder.iterdir()), pattern))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    except OSError as problem:
        unread[folder] = f"cannot be listed: {problem.strerror}"
        return []


def _is_folder(path: Path, unread: dict[Path, str]) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as problem:
        unread[path] = f"cannot be looked at: {problem.strerror}"
        return False


def _patterns(machine: Machine) -> Iterator[tuple[Path, str]]:
    yield from _node(machine)
    yield from _python(machine)


def _node(machine: Machine) -> Iterator[tuple[Path, str]]:
    home, data = machine.home, machine.xdg("XDG_DATA_HOME", ".local/share")
    own = machine.local / "npm-cache" if machine.windows else home / ".npm"
    for cache in (*machine.named("npm_config_cache"), own):
        yield cache, "_npx/*/node_modules"
    for prefix in machine.named("npm_config_prefix", "PREFIX"):
        yield prefix, "node_modules" if machine.windows else _NODE
    for roaming in machine.named("APPDATA"):
        yield roaming, "npm/node_modules"
    for prefix in (home / ".npm-global", home / ".npm-packages", home / ".local"):
        yield prefix, _NODE
    for root in (*machine.named("NVM_DIR"), home / ".nvm"):
        yield root, f"versions/node/*/{_NODE}"
    for root in (*machine.named("VOLTA_HOME"), home / ".volta"):
        yield root, f"tools/image/node/*/{_NODE}"
        yield root, f"tools/image/packages/*/{_NODE}"
        yield root, f"tools/image/packages/*/*/{_NODE}"  # of a scope
    for root in (*machine.named("FNM_DIR"), data / "fnm", home / ".fnm"):
        yield root, f"node-versions/*/installation/{_NODE}"
    for root in (*machine.named("PNPM_HOME"), data / "pnpm", home / "Library" / "pnpm"):
        yield from ((root, f"global/{pattern}") for pattern in _PNPM)
    for root in (machine.caches / "pnpm", machine.local / "pnpm-cache"):
        yield root, "dlx/*/*/node_modules"
    if machine.windows:
        yield from ((machine.local, f"pnpm/global/{pattern}") for pattern in _PNPM)
        yield machine.local, "Yarn/Data/global/node_modules"
    yield home, ".config/yarn/global/node_modules"
    if machine.root:
        yield type(home)("/usr/local/share"), ".config/yarn/global/node_modules"
    for root in (*machine.named("BUN_INSTALL"), home / ".bun"):
        yield root, "install/global/node_modules"


def _python(machine: Machine) -> Iterator[tuple[Path, str]]:
    home, data = machine.home, machine.xdg("XDG_DATA_HOME", ".local/share")
    sites = (_WINDOWS_SITE,) if machine.windows else (_SITE,)
    for site in sites:
        for root in (*machine.named("PYTHONUSERBASE"), home / ".local"):
            yield root, site
        for root in (*machine.named("PIPX_HOME"), data / "pipx", home / ".local" / "pipx"):
            yield root, f"venvs/*/{site}"
            yield root, f"shared/{site}"
        for root in (*machine.named("UV_TOOL_DIR"), data / "uv" / "tools"):
            yield root, f"*/{site}"
        for root in (*machine.named("UV_PYTHON_INSTALL_DIR"), data / "uv" / "python"):
            yield root, f"*/{site}"
        for root in (
            *machine.named("UV_CACHE_DIR"),
            machine.xdg("XDG_CACHE_HOME", ".cache") / "uv",
        ):
            yield root, f"environments-v*/*/{site}"
            yield root, f"archive-v*/*/{site}"  # what uvx runs in
        for root in (*machine.named("PYENV_ROOT"), home / ".pyenv"):
            yield root, f"versions/*/{site}"
    if machine.windows:
        for roaming in machine.named("APPDATA"):
            yield roaming, "Python/Python*/site-packages"
            yield roaming, f"uv/tools/*/{_WINDOWS_SITE}"
            yield roaming, f"uv/python/*/{_WINDOWS_SITE}"
        for bucket in ("environments-v*", "archive-v*"):
            yield machine.local, f"uv/cache/{bucket}/*/{_WINDOWS_SITE}"
        yield machine.local, f"Programs/Python/Python*/{_WINDOWS_SITE}"
    elif machine.platform == "darwin":
        yield home, "Library/Python/*/lib/python/site-packages"
