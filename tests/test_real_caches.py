"""The caches that today's clients really write, each filled with one small package."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from auditor.limits import Limits
from auditor.sources import caches
from tests import distributions
from tests.packer_tools import _alone, _cache, call, use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.packer

ODD = ("is-odd", "3.0.1")
INSTALLS = {
    "npm12": ("npm", "install", "--no-audit", "--no-fund"),
    "npm10": ("npm", "install", "--no-audit", "--no-fund"),
    "pnpm11": ("pnpm", "add"),
    "pnpm10": ("pnpm", "add"),
    "yarn1": ("yarn", "add", "--no-lockfile"),
    "yarn4": ("yarn", "add"),
    "bun": ("bun", "add"),
}
"""What installs a package, by the tool of `packer_tools`."""
PYPROJECT = """
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "demo-kit"
version = "1.0"
description = "A demonstration"
"""
CLIENTS = {"yarn1": ["yarn"], "yarn4": ["yarn-berry"], "bun": ["bun"]}


def told(environment: Mapping[str, str], home: Path) -> dict[str, set[tuple[str, str]]]:
    """Return the packages of each cache of a user; none of them may have a gap."""
    found: dict[str, set[tuple[str, str]]] = {}
    for cache in caches.caches(environment, home, sys.platform):
        inventory = caches.inventory(cache, Limits())
        assert inventory.unread == (), cache
        found[cache.client] = {(p.name, p.version) for p in inventory.packages}
    return found


@pytest.mark.parametrize("tool", INSTALLS)
def test_a_package_that_was_installed_is_in_the_cache(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    use(tool, monkeypatch, home)
    environment = {}
    if tool == "yarn1":  # as root it has a folder that others share
        environment["YARN_CACHE_FOLDER"] = str(home / "yarn")
        monkeypatch.setenv("YARN_CACHE_FOLDER", environment["YARN_CACHE_FOLDER"])
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    project.mkdir()
    (project / "package.json").write_text('{"name": "demo", "version": "1.0.0", "private": true}')
    (project / "yarn.lock").touch()
    program, *arguments = INSTALLS[tool]
    wanted = [f"{ODD[0]}@{ODD[1]}", "@types/node@18.0.0"]
    ended = call(project, program, *arguments, *wanted)
    assert ended.returncode == 0, ended.stdout

    found = told(environment, home)
    clients = CLIENTS.get(tool) or (["npm", "npm-logs"] if program == "npm" else ["pnpm"])
    assert sorted(found) == clients
    for client in clients:
        assert found[client] == {ODD, ("is-number", "6.0.0"), ("@types/node", "18.0.0")}


class _Index(SimpleHTTPRequestHandler):
    """An index on the loopback address whose answers may be kept."""

    def end_headers(self) -> None:
        self.send_header("cache-control", "max-age=600")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _index(folder: Path) -> Iterator[str]:
    """Serve a folder with a folder for each project as a simple index (PEP 503)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Index, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _environment(*packages: str) -> Path:
    """Return the programs of a virtual environment with packages of today, made once."""
    bin_ = "Scripts" if sys.platform == "win32" else "bin"
    folder = _cache() / ("clients-" + "-".join(packages))
    with _alone(folder.with_suffix(".lock")):
        if not (folder / "installed").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            commands: list[list[str | Path]] = [
                [sys.executable, "-m", "venv", folder],
                [folder / bin_ / "python", "-m", "pip", "install", "-q", "--upgrade", *packages],
            ]
            for command in commands:
                subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours
            (folder / "installed").touch()
    return folder / bin_


@pytest.mark.parametrize("client", ["pip", "uv"])
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_distribution_that_was_installed_is_in_the_cache(
    client: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    programs = _environment("pip", "uv", "flit_core")  # in the real home
    for variable in ("XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR", "PIP_FIND_LINKS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # our sdist's members are of 1970
    files = tmp_path / "index/demo-kit"
    files.mkdir(parents=True)
    if kind == "wheel":
        distributions.wheel(files)
    else:
        distributions.sdist(files, {"pyproject.toml": PYPROJECT})
    target = ["--target", str(tmp_path / "target")]
    with _index(tmp_path / "index") as url:
        host = url.removeprefix("http://").rstrip("/")
        quick = ["--no-build-isolation", "--index-url", url]
        commands: dict[str, list[str | Path]] = {
            "pip": [programs / "python", "-m", "pip", "install", "--trusted-host", host],
            "uv": [programs / "uv", "pip", "install", "--python", programs / "python"],
        }
        ended = subprocess.run(  # noqa: S603 - a client and its arguments
            [*commands[client], *quick, *target, "demo-kit==1.0"],
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = {
        (name.replace("_", "-"), version) for name, version in told({}, home).get(client, set())
    }
    assert found == {("demo-kit", "1.0")}
