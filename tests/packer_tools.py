"""Real packers and clients for the tests marked `packer`: installed by name, once per machine.

The folder is $AUDIT_TEST_CACHE, by default one below the system's temporary folder; remove it to
get newer versions. Nothing is skipped: a packer that cannot be installed is a failed test.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

NODE = "node@24"
"""Stands in where the machine's own node is older than a packer asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A packer to test with: what is installed, and the oldest major of node that it runs on."""

    spec: str
    name: str
    major: int
    node: int = 18


TOOLS: Mapping[str, Tool] = {
    "npm10": Tool(spec="npm@10", name="npm", major=10),
    "npm11": Tool(spec="npm@11", name="npm", major=11),
    "npm12": Tool(spec="npm@12", name="npm", major=12, node=22),
    "pnpm10": Tool(spec="pnpm@10", name="pnpm", major=10),
    "pnpm11": Tool(spec="pnpm@11", name="pnpm", major=11, node=22),
    "yarn1": Tool(spec="yarn@1", name="yarn", major=1),
    "yarn4": Tool(spec="@yarnpkg/cli-dist@4", name="yarn", major=4),
    "bun": Tool(spec="bun@1", name="bun", major=1),
}
PACKERS = tuple(TOOLS)

CLIENTS: Mapping[str, Tool] = {
    "npm6": Tool(spec="npm@6", name="npm", major=6),
    "npm7": Tool(spec="npm@7", name="npm", major=7),
    "npm11": TOOLS["npm11"],
    "yarn1": TOOLS["yarn1"],
    "yarn4": TOOLS["yarn4"],
    "pnpm9": Tool(spec="pnpm@9", name="pnpm", major=9),
    "pnpm12": Tool(spec="pnpm@12", name="pnpm", major=12, node=22),
    "bun": TOOLS["bun"],
}
"""Those whose lockfiles differ: one of each format and version that is still in use."""


def use(packer: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> Tool:
    """Put a packer first on PATH, with no settings of the user's, for the rest of a test."""
    tool = {**TOOLS, **CLIENTS}[packer]
    folders = [_bin(tool.spec)]
    if _node_major() < tool.node:
        folders.append(_bin(NODE))
    home.mkdir(exist_ok=True)
    for name in list(os.environ):
        if name.lower().startswith("npm_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("YARN_ENABLE_TELEMETRY", "0")
    return tool


def prepare(packer: str, project: Path) -> None:
    """Do what a packer needs before it packs: yarn from 2 wants its lockfile to be in order."""
    if packer == "yarn4":
        (project / "yarn.lock").touch()
        ended = call(project, "yarn", "install", "--no-immutable")  # the default where CI is set
        assert ended.returncode == 0, ended.stdout


def lock(client: str, project: Path) -> None:
    """Have a client write its lockfile; no script of a package runs, and only yarn 1 installs."""
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
    arguments = {
        "npm": ("install", "--package-lock-only", *quiet),
        "pnpm": ("install", "--lockfile-only", "--ignore-scripts", "--no-frozen-lockfile"),
        "bun": ("install", "--lockfile-only", "--ignore-scripts"),
        "yarn": ("install", "--mode=update-lockfile", "--no-immutable"),
    }
    if client == "yarn1":
        words: tuple[str, ...] = ("install", "--ignore-scripts", "--non-interactive")
    else:
        words = arguments[CLIENTS[client].name]
    if client == "yarn4":
        (project / "yarn.lock").touch()  # else a yarn.lock further up would be the project's
    ended = call(project, CLIENTS[client].name, *words)
    assert ended.returncode == 0, ended.stdout


def call(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that is on PATH, without input."""
    path = shutil.which(name)
    assert path is not None, f"{name} is not installed"
    return subprocess.run(  # noqa: S603 - a packer and its arguments
        [path, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@functools.cache
def _node_major() -> int:
    found = re.match(r"v(\d+)\.", call(Path.cwd(), "node", "--version").stdout)
    assert found is not None
    return int(found.group(1))


def installed(spec: str) -> Path:
    """Return the folder with npm packages and their programs (`.bin`); installed if need be.

    `spec` names one package, or several with blanks between them, which then lie in one folder.
    """
    return _bin(spec).parent


def _bin(spec: str) -> Path:
    """Return the folder of a package's programs; the package is installed when it is not there."""
    folder = _cache() / re.sub(r"[^\w.-]+", "_", spec)
    programs = folder / "node_modules" / ".bin"
    with _alone(folder.with_suffix(".lock")):
        if not (folder / "installed").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            # npm from 12 runs no install scripts, which bun and node need: npm 11 installs them
            npm = "npm" if spec == "npm@11" else str(_bin("npm@11") / "npm")
            quiet = ("--no-audit", "--no-fund", "--loglevel=error")
            ended = call(folder, npm, "install", "--prefix", str(folder), *quiet, *spec.split())
            assert ended.returncode == 0, f"{spec} cannot be installed: {ended.stdout}"
            (folder / "installed").touch()
    return programs


def _cache() -> Path:
    default = Path(tempfile.gettempdir(), f"audit-test-cache-{Path.home().name}")
    folder = Path(os.environ.get("AUDIT_TEST_CACHE") or default).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep test processes that run side by side from installing the same thing twice."""
    with path.open("w") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not there on Windows

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Registry:
    """A registry on the loopback address that takes every publish and keeps the tarball."""

    def __init__(self) -> None:
        self.uploads: list[bytes] = []
        uploads = self.uploads

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(404, {"error": "not found"})

            def do_PUT(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["content-length"])))
                uploads.extend(
                    base64.b64decode(attachment["data"])
                    for attachment in document.get("_attachments", {}).values()
                )
                self._answer(201, {"ok": True})

            def _answer(self, code: int, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(code)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish(self, packer: str, project: Path, home: Path) -> list[bytes]:
        """Really publish a project with a packer, to here; return the tarballs that arrived."""
        host = f"127.0.0.1:{self._server.server_port}"
        (home / ".npmrc").write_text(f"registry=http://{host}/\n//{host}/:_authToken=none\n")
        (home / ".yarnrc.yml").write_text(
            f'npmRegistryServer: "http://{host}"\nnpmAuthToken: none\n'
            'unsafeHttpWhitelist: ["127.0.0.1"]\n'
        )
        classic = ("--new-version", "1.0.0", "--non-interactive", "--registry", f"http://{host}")
        arguments = {
            "pnpm10": ("publish", "--no-git-checks"),
            "pnpm11": ("publish", "--no-git-checks"),
            "yarn1": ("publish", *classic),
            "yarn4": ("npm", "publish"),
        }
        ended = call(project, TOOLS[packer].name, *arguments.get(packer, ("publish",)))
        assert ended.returncode == 0, ended.stdout
        return self.uploads
