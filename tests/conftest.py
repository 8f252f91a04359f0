"""What all tests share: an environment without the caller's settings, and small packages."""

from __future__ import annotations

import gc
import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from auditor import rulebook
from auditor.registries import VARIABLES
from auditor.sources import rulecache
from tests.often import WHOLE

_OF_CLIENTS = frozenset(
    "PYENV_ROOT NVM_DIR VOLTA_HOME FNM_DIR PNPM_HOME BUN_INSTALL BUN_INSTALL_CACHE_DIR PIPX_HOME"
    " UV_TOOL_DIR UV_PYTHON_INSTALL_DIR UV_CACHE_DIR PIP_CACHE_DIR PIPENV_CACHE_DIR PDM_CACHE_DIR"
    " POETRY_CACHE_DIR DENO_DIR YARN_CACHE_FOLDER YARN_GLOBAL_FOLDER CONDA_PKGS_DIRS"
    " PYTHONUSERBASE PREFIX XDG_CACHE_HOME XDG_DATA_HOME TMPDIR AUDIT_DB AUDIT_DB_SOURCE".split()
)
"""By which clients, and we after them, find what they, or we, keep on a machine."""
_WINDOWS = ("APPDATA", "LOCALAPPDATA", "PROGRAMDATA")
Pack = Callable[..., Path]

# Fifteen thousand tests stay as long as the run: to look through them for cycles again and again
# takes a quarter of the time in which they are collected. Our own calls wait so, too (`__main__`).
gc.set_threshold(50_000)

settings.register_profile("whole", max_examples=WHOLE, deadline=None, derandomize=True)
settings.register_profile("part", settings.get_profile("whole"), max_examples=WHOLE // 4)
settings.register_profile(
    "chance",
    settings.get_profile("whole"),
    max_examples=4 * WHOLE,
    derandomize=False,
    database=None,
)
settings.load_profile("part")

MANIFEST = json.dumps({"name": "demo-kit", "version": "1.0.0"})


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "npm_lifecycle_event"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_settings_of_users(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Hide what clients are configured for and keep here, also from what a test starts.

    What installs and downloads needs them.
    """
    if any(map(request.node.get_closest_marker, ("packer", "registry", "browser"))):
        return
    empty = str(tmp_path_factory.getbasetemp() / "nobody")
    for name in list(os.environ):
        own = name in _OF_CLIENTS or name.lower() in VARIABLES
        if own or name.lower().startswith("npm_config_"):
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", *_WINDOWS):
        monkeypatch.setenv(name, empty)
    for name in ("PIP_CONFIG_FILE", "UV_CONFIG_FILE", "PDM_CONFIG_FILE", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("auditor.sources.settings._MACHINE", Path(empty))


@pytest.fixture(scope="session")
def kept_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a call keeps below the user's cache folder: its rules and packs, parsed.

    For processes that have a home of their own: parsing takes each of them longer than its work.
    """
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_CACHE_HOME", raising=False)
        for lockfile in (None, False, True):
            rulecache.load((rulebook.builtin_folder(),), lockfile=lockfile)
        rulecache.packs((rulebook.builtin_folder(),))
    return home / ".cache"


def tarball(members: Mapping[str, str | bytes]) -> bytes:
    """Return an npm-shaped .tgz of members below `package/`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Write a small package and return its path; package.json is added where it is missing."""

    def write(members: Mapping[str, str | bytes], name: str = "demo-kit-1.0.0.tgz") -> Path:
        path = tmp_path / name
        path.write_bytes(tarball({"package.json": MANIFEST, **members}))
        return path

    return write
