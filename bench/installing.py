"""Installs the programs that we are compared with: each once, by name, in its own folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

PLACE = Path(__file__).parent.parent / ".cache" / "peers"


def installed(name: str, installer: str, package: str, version: str) -> Path:
    """Return the folder of a program, which is installed where it is not there.

    `installer` is `pip`, `npm` or `go`. Raises OSError where there is no such installer, and
    subprocess.CalledProcessError where it fails; what it says is shown as it comes.
    """
    place = PLACE / name
    wanted = f"{package} {version}"
    mark = place / "installed"
    if mark.is_file() and mark.read_text("utf-8") == wanted:
        return place
    environment = dict(os.environ)
    command: tuple[str, ...]
    if installer == "pip":
        venv.create(place, clear=True, with_pip=True)
        pip = (str(place / "bin" / "python"), "-m", "pip", "install", "--quiet")
        command = (*pip, "--disable-pip-version-check", f"{package}=={version}")
    elif installer == "npm":
        npm = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place))
        command = (*npm, f"{package}@{version}")
    else:
        environment["GOBIN"] = str(place / "bin")
        command = ("go", "install", f"{package}@v{version}")
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"{command[0]} is not installed")
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - names that stand in benches
    mark.write_text(wanted, encoding="utf-8")
    return place
