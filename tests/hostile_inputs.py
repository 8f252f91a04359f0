"""Inputs that ask for all that must not be done: files elsewhere, programs, the network.

Everything they name lies in a folder `outside`, beside the one that holds them, and nothing in
there is ever to be opened.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "http://127.0.0.1:9"
"""An address at which nobody listens."""
SHADOWS = ("click", "json", "requests", "sitecustomize", "usercustomize", "auditor", "conftest")
"""Modules that Python would take from the current folder, were it asked to look there."""


def outside(folder: Path) -> Path:
    """Make the folder that is not to be opened, with what each input might be led to in it."""
    place = folder / "outside"
    for name in ("secret", "more.txt", "package.json", "METADATA", "app.js.map", "yarn.lock"):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"name": "outside", "version": "1.0.0"}')
    (place / "inner/evil/package.json").parent.mkdir(parents=True)
    (place / "inner/evil/package.json").write_text('{"name": "evil", "version": "1.0.0"}')
    return place


def _files(away: Path) -> dict[str, str | bytes]:
    there = f"{away}/secret"
    return {
        "package.json": json.dumps(
            {
                "name": "demo-kit",
                "version": "1.0.0",
                "main": there,
                "bin": {"a": "../../outside/secret"},
                "scripts": {"preinstall": f"touch {away}/ran", "prepack": f"touch {away}/ran"},
                "repository": f"file://{there}",
                "publishConfig": {"registry": NOBODY},
            }
        ),
        ".npmrc": f"registry={NOBODY}\n",
        "index.js": f"run()\n//# sourceMappingURL=file://{away}/app.js.map\n",
        "link.js": f"run()\n//# sourceMappingURL={NOBODY}/app.js.map\n",
        "up.js": "run()\n//# sourceMappingURL=../../../outside/app.js.map\n",
        "app.js.map": json.dumps(
            {
                "version": 3,
                "sourceRoot": f"file://{away}",
                "sources": [there, "../../../outside/secret", "/etc/passwd", f"{NOBODY}/a.ts"],
                "sourcesContent": ["let a", None, "let b", None],
                "mappings": "",
            }
        ),
        "page.html": f'<script src="{NOBODY}/x.js"></script><!DOCTYPE a SYSTEM "file://{there}">',
        "a.svg": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://{there}">]><a>&b;</a>',
        "notebook.ipynb": json.dumps({"cells": [{"source": f"open({there!r})"}]}),
        "module.pyc": b"\xa7\r\r\n" + bytes(12) + b"\xe3" + b"\xff" * 40,
        "start.pth": f"import os; os.system('touch {away}/ran')\n",
        **{f"{name}.py": f"open({str(away / 'ran')!r}, 'w')\n" for name in SHADOWS},
    }


def npm(path: Path, away: Path, **more: str) -> Path:
    """Write a package of npm, with links, devices and names that lead out."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in {**_files(away), **more}.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("null", tarfile.CHRTYPE),
            ("disk", tarfile.BLKTYPE),
        ):
            info = tarfile.TarInfo(f"package/{name}")
            info.type, info.linkname = kind, f"{away}/secret"
            tar.addfile(info)
        for name in ("package/../../outside/new", f"{away}/new", "..\\outside\\new"):
            info = tarfile.TarInfo(name)
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))
    path.write_bytes(gzip.compress(out.getvalue(), mtime=0))
    return path


def wheel(path: Path, away: Path) -> Path:
    """Write a wheel whose documents name what lies elsewhere."""
    about = "demo_kit-1.0.0.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        for name, text in _files(away).items():
            made.writestr(f"demo/{name}", text)
        made.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.4\nName: demo-kit\nVersion: 1.0.0\n"
            f"License-File: ../../outside/secret\nProject-URL: a, file://{away}/secret\n"
            "Description-Content-Type: text/x-rst\n\n"
            f".. include:: {away}/secret\n\n.. raw:: html\n   :file: {away}/secret\n\n"
            f".. raw:: html\n   :url: {NOBODY}/\n\n.. csv-table::\n   :file: {away}/secret\n",
        )
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.writestr(f"{about}/entry_points.txt", "[console_scripts]\na = conftest:main\n")
        made.writestr(f"{about}/RECORD", f"../../outside/secret,sha256=x,1\n{away}/secret,,\n")
        made.writestr("../../outside/new", "x")
        link = zipfile.ZipInfo("demo/link")
        link.external_attr = 0o120777 << 16
        made.writestr(link, f"{away}/secret")
    return path


def tree(folder: Path, away: Path) -> Path:
    """Make a folder with links out of it, a pipe and a socket, and modules of Python."""
    folder.mkdir()
    for name, data in _files(away).items():
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    (folder / "link").symlink_to(away / "secret")
    (folder / "link.js.map").symlink_to(away / "app.js.map")
    (folder / "links").symlink_to(away)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.js")
    _socket(folder / "socket.js")
    if os.geteuid() == 0:
        os.mknod(folder / "zero.js", 0o20644, os.makedev(1, 5))
    return folder


def _socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)  # a socket's path has a hundred characters at most
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def project(folder: Path, away: Path) -> Path:
    """Make lockfiles and installed trees whose entries and neighbours lead elsewhere."""
    tree(folder, away)
    text = {
        "package-lock.json": json.dumps(
            {
                "name": "demo",
                "lockfileVersion": 3,
                "packages": {
                    "": {"name": "demo", "workspaces": ["../outside", str(away)]},
                    "node_modules/a": {"version": "1.0.0", "resolved": f"file:{away}/secret"},
                    "node_modules/b": {"resolved": "../outside", "link": True},
                    "node_modules/c": {"version": "1.0.0", "resolved": f"{NOBODY}/c.tgz"},
                    "../outside": {"name": "x", "version": "1.0.0"},
                },
            }
        ),
        "requirements.txt": (
            f"-r ../outside/more.txt\n-r {away}/more.txt\n-c {NOBODY}/c.txt\n"
            f"--find-links {away}\n-e {away}\nsix==1.16.0\n./outside/x.whl\n"
        ),
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  ../outside: {}\npackages: {}\n",
        "pyproject.toml": f'[project]\nname = "a"\nreadme = "{away}/secret"\n',
        "bunfig.toml": f'preload = ["{away}/secret"]\n',
    }
    for name, data in text.items():
        (folder / name).write_text(data)
    (folder / "requirements").symlink_to(away)
    (folder / "yarn.lock").symlink_to(away / "yarn.lock")
    os.mkfifo(folder / "poetry.lock")
    _socket(folder / "uv.lock")
    modules = folder / "node_modules"
    for name in ("a", ".pnpm/x@1.0.0"):
        (modules / name).mkdir(parents=True)
    (modules / ".package-lock.json").symlink_to(away / "package.json")
    (modules / "a/package.json").symlink_to(away / "package.json")
    (modules / "evil").symlink_to(away / "inner/evil")
    (modules / ".pnpm/x@1.0.0/node_modules").symlink_to(away / "inner")
    site = folder / "lib/site-packages"
    for name in ("a-1.0.dist-info", "b-1.0.egg"):
        (site / name).mkdir(parents=True)
    (site / "a-1.0.dist-info/METADATA").symlink_to(away / "METADATA")
    (site / "b-1.0.egg/EGG-INFO").symlink_to(away)
    (folder / ".github").symlink_to(away)
    return folder
