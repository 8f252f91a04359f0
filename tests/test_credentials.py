"""What shows who asks is sent to its registry and is nowhere else: all that is made is searched."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor import report
from tests.a_registry import Served, index_document, npm_document, packument, project, send, served
from tests.conftest import tarball

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

ROOT = Path(__file__).parent.parent
TOKEN, USER, PASSWORD = "t0ken-tell-nobody", "ann-tell-nobody", "pass-tell-nobody"
LOGIN = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (TOKEN, PASSWORD, USER, LOGIN, "tell-nobody")
FORMATS = [name for name in report.names() if name != "console"]


@pytest.fixture
def registries() -> Iterator[tuple[Served, Served]]:
    """Run one registry for npm and one for Python."""
    states = Served(), Served()
    servers = [served(one) for one in states]
    yield states
    for server in servers:
        server.shutdown()
        server.server_close()


class Caller:
    """A user with credentials in the settings of both clients, and what comes of the calls."""

    def __init__(self, top: Path, npm: Served, python: Served) -> None:
        self.top = top
        self.home = top / "home"
        self.work = top / "work"
        for folder in (self.home, self.work, top / "temporary"):
            folder.mkdir()
        (self.home / ".npmrc").write_text(
            f"registry={npm.url}/npm/\n//{npm.host}/npm/:_authToken=${{NPM_TOKEN}}\n"
        )
        self._index = f"http://{USER}:{PASSWORD}@{python.host}/simple"
        self.said = ""

    def call(self, *arguments: str) -> int:
        code = "import sys; from auditor.__main__ import run; sys.exit(run(sys.argv[1:]))"
        ended = subprocess.run(  # noqa: S603 - our own package
            [sys.executable, "-c", code, *arguments],
            cwd=self.work,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "HOME": str(self.home),
                "XDG_CACHE_HOME": str(self.home / "cache"),
                "TMPDIR": str(self.top / "temporary"),
                "NPM_TOKEN": TOKEN,
                "PIP_INDEX_URL": self._index,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += ended.stdout + ended.stderr
        return ended.returncode

    def check(self) -> None:
        """Search all that was printed and written, but for the settings themselves."""
        produced = {"what was printed": self.said.encode()}
        for path in self.top.rglob("*"):
            if path.is_file() and path != self.home / ".npmrc":
                produced[str(path)] = path.read_bytes()
        found = {
            (name, secret)
            for name, data in produced.items()
            for secret in SECRETS
            if secret.encode() in data
        }
        assert found == set()


@pytest.fixture
def caller(tmp_path: Path, registries: tuple[Served, Served], kept_rules: Path) -> Caller:
    one = Caller(tmp_path, *registries)
    shutil.copytree(kept_rules, one.home / "cache")
    return one


def redirects(target: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, 302, Location=target)


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def test_nothing_that_is_produced_has_them(
    caller: Caller, registries: tuple[Served, Served]
) -> None:
    npm, python = registries
    data = tarball({"package.json": '{"name": "demo-kit", "version": "1.0.0"}'})
    npm.answers |= {
        "/npm/demo-kit": npm_document(f"{npm.url}/npm", {"1.0.0": data}),
        "/npm/files/demo-kit-1.0.0.tgz": data,
        "/npm/good": packument(100),
    }
    python.answers |= {
        "/simple/demo-kit/": index_document(f"{python.url}", {"demo-kit-1.0.tar.gz": data}),
        "/files/demo-kit-1.0.tar.gz": data,
        "/simple/six/": project(100),
    }
    packages = {"node_modules/good": {"version": "1.0.0", "resolved": f"{npm.url}/npm/good.tgz"}}
    lock = {"lockfileVersion": 3, "packages": {"": {}, **packages}}
    (caller.work / "package-lock.json").write_text(json.dumps(lock))
    (caller.work / "requirements.txt").write_text("six==1.0\n")
    reports = [word for name in FORMATS for word in ("--report", f"{name}={caller.top / name}")]

    codes = [
        caller.call("pack", "npm:demo-kit", "pypi:demo-kit", "-v", "--debug", *reports),
        caller.call("lock", "--online", "-v", "--debug", "--list", *reports),
        caller.call("diff", "npm:demo-kit", "npm:demo-kit@1.0.0", "-v"),
        caller.call("map", "npm:demo-kit", "-v"),
        caller.call("names", "--online", "good"),
    ]

    assert set(codes) <= {0, 1, 3}
    assert {one.headers.get("Authorization") for one in npm.asked} == {f"Bearer {TOKEN}"}
    assert {one.headers.get("Authorization") for one in python.asked} == {f"Basic {LOGIN}"}
    assert any((caller.home / "cache").rglob("*.json")), "the lookups are kept"
    caller.check()


@pytest.mark.parametrize(
    "answer",
    [
        500,
        401,
        b"<html>",
        hangs_up,
        redirects("http://[::1"),
        redirects("https://registry.example.org/"),
        redirects("/npm/demo-kit"),
    ],
)
def test_no_error_says_them(
    caller: Caller,
    registries: tuple[Served, Served],
    answer: bytes | int | Callable[[BaseHTTPRequestHandler], None],
) -> None:
    npm, python = registries
    npm.answers["/npm/demo-kit"] = python.answers["/simple/demo-kit/"] = answer
    out = str(caller.top / "report")
    call = ("pack", "npm:demo-kit", "pypi:demo-kit", "-v", "--debug", "--report", f"json={out}")
    assert caller.call(*call) == 3
    assert npm.asked
    assert python.asked
    caller.check()


def test_a_registry_that_says_them_back_is_not_repeated(
    caller: Caller, registries: tuple[Served, Served]
) -> None:
    """What comes in the answer's headers, its address or its reason is nobody's to print."""
    npm, _ = registries

    def echo(handler: BaseHTTPRequestHandler) -> None:
        shown = handler.headers["Authorization"]
        handler.send_response(418, shown)
        handler.send_header("Location", f"http://{shown}")
        handler.send_header("WWW-Authenticate", shown)
        handler.end_headers()

    npm.answers["/npm/demo-kit"] = echo
    assert caller.call("pack", "npm:demo-kit", "-v", "--debug") == 3
    caller.check()


def test_the_traceback_of_a_fault_of_ours_has_none(caller: Caller) -> None:
    """The addresses and headers are values of frames, which a traceback must not show."""
    code = (
        "import sys\nfrom auditor.sources import transport\nfrom auditor.__main__ import run\n"
        "def fault(*given): raise RuntimeError('a fault')\n"
        "transport._taken = fault\nsys.exit(run(sys.argv[1:]))"
    )
    ended = subprocess.run(  # noqa: S603 - our own package
        [sys.executable, "-c", code, "pack", "npm:demo-kit", "--debug"],
        cwd=caller.work,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(caller.home),
            "NPM_TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4
    assert "audit: auditor.scan:" in ended.stderr  # where it was
    caller.said += ended.stdout + ended.stderr
    caller.check()
