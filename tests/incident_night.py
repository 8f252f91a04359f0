"""A folder of projects on the morning after an incident: one at each level.

`python -m tests.incident_night` prints what `audit triage` says of it, as the README shows it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.repositories import Repository, lock

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTALLED = {
    "node_modules/axios": {"version": "1.14.1", "dependencies": {"plain-crypto-js": "^4.2.1"}},
    "node_modules/plain-crypto-js": {"version": "4.2.1", "hasInstallScript": True},
}
LOCK = json.dumps(
    {"lockfileVersion": 3, "packages": {"": {"dependencies": {"axios": "^1.14.0"}}, **INSTALLED}}
)
SWAPPED = {"name": "plain-crypto-js", "version": "4.2.0"}
"""The manifest that plain-crypto-js 4.2.1 puts in the place of its own."""
LEVELS = {
    "src/web": "compromised",
    "src/shop": "exposed",
    "src/api": "was exposed",
    "src/old": "not examined",
    "src/docs": "not found",
}
COMMAND = ("triage", "src", "--history", "--no-caches")


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def install(
    folder: Path, manifest: Mapping[str, str] | None = None, *members: str, hidden: bool = True
) -> None:
    """Install the bad versions: `members` are what is left of plain-crypto-js."""
    tree = folder / "node_modules"
    write(tree, {"axios/package.json": json.dumps({"name": "axios", "version": "1.14.1"})})
    (tree / "plain-crypto-js").mkdir()
    write(tree / "plain-crypto-js", dict.fromkeys(members, "//"))
    if manifest:
        write(tree / "plain-crypto-js", {"package.json": json.dumps(manifest)})
    if hidden:
        text = json.dumps({"lockfileVersion": 3, "packages": INSTALLED})
        write(tree, {".package-lock.json": text})


def build(folder: Path) -> None:
    """Write the projects below `src` of a folder; their commits have the same ids in every run."""
    src = folder / "src"
    write(src / "web", {"package-lock.json": LOCK})
    install(src / "web", SWAPPED)
    write(src / "shop", {"package-lock.json": LOCK})
    api = Repository(src / "api")
    api.commit("2026-03-30T12:00:00Z", {"package-lock.json": lock("express@4.18.2")})
    api.commit("2026-03-31T01:12:00Z", {"package-lock.json": lock("axios@1.14.1")})
    api.commit("2026-03-31T08:40:00Z", {"package-lock.json": lock("axios@1.14.0")})
    write(src / "docs", {"yarn.lock": 'left-pad@^1:\n  version "1.3.0"\n'})
    write(src / "old", {"package-lock.json": "<<<<<<< ours\n"})


def block() -> str:
    """Return the README's block."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        ended = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "auditor", *COMMAND],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "NO_COLOR": "1"},
            check=False,
            capture_output=True,
            text=True,
        )
    lines = [line.rstrip() for line in ended.stdout.splitlines()]
    return "\n".join(["```console", f"$ audit {' '.join(COMMAND[:3])}", *lines, "```", ""])


if __name__ == "__main__":
    sys.stdout.write(block())
