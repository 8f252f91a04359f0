"""A packer that plays npm and misbehaves on demand; run as a program by the offline tests.

It does what `npm run` and `npm pack` do, as far as scripts go, and lists in $FAKE_LOG what it was
asked. $FAKE_MODE names a way to go wrong when it packs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Play one call."""
    if arguments == ["--version"]:
        print("npm warn cli something to read over")  # noqa: T201 - it is a program
        print(os.environ.get("FAKE_VERSION", "11.5.0"))  # noqa: T201
        return int(os.environ.get("FAKE_VERSION_CODE", "0"))
    with Path(os.environ["FAKE_LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps(arguments) + "\n")
    if arguments[0] == "config":
        print(os.environ.get("FAKE_SETTING", "false"))  # noqa: T201
        return 0
    if arguments[0] == "run":
        return script(arguments[-1])
    return pack(Path(arguments[2]), silent="--ignore-scripts" in arguments)


def script(name: str) -> int:
    """Run a script of package.json, when it is there."""
    manifest = Path("package.json").resolve()
    command = json.loads(manifest.read_text(encoding="utf-8")).get("scripts", {}).get(name)
    if command is None:
        return 0
    environment = {**os.environ, "npm_lifecycle_event": name, "npm_package_json": str(manifest)}
    code = subprocess.call(command, shell=True, env=environment)  # noqa: S602 - as npm does
    if code:
        print(f"npm error code {code}\nnpm error command failed", file=sys.stderr)  # noqa: T201
    return code


def pack(folder: Path, *, silent: bool) -> int:
    """Make a tarball, or go wrong."""
    if not silent and (code := script("prepack") or script("prepare")):
        return code
    mode = os.environ.get("FAKE_MODE", "")
    if mode == "files":
        files(folder / "demo.tgz")
        return 0 if silent else script("postpack")
    names = {"": ["demo.tgz"], "two": ["a.tgz", "b.tgz"], "other": ["demo.txt"]}.get(mode, [])
    for name in names:
        (folder / name).write_bytes(b"tarball")
    if mode == "empty":
        (folder / "demo.tgz").touch()
    elif mode == "link":
        (folder / "demo.tgz").symlink_to(Path("package.json").resolve())
    elif mode == "json":
        print("[]")  # noqa: T201
    elif mode == "fail":
        print("npm error code EWHY\nnpm error the disk is full\x1b[31m\u202e!", file=sys.stderr)  # noqa: T201
        return 7
    elif mode == "sleep":
        hang()
    return 0 if silent else script("postpack")


def files(tarball: Path) -> None:
    """Pack what package.json lists in `files`, each a folder or a file, and itself."""
    listed = json.loads(Path("package.json").read_text(encoding="utf-8")).get("files", [])
    with tarfile.open(tarball, "w:gz") as tar:
        for name in ("package.json", *listed):
            if Path(name).exists():
                tar.add(name, f"package/{name}")


def hang() -> None:
    """Start a child that never ends, say its number, and never end either."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(os.environ["FAKE_LOG"]).with_suffix(".pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stderr.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
