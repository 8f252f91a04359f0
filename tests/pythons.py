"""The readers' tests on every other Python that is there: `python -m tests.pythons`.

What a standard library makes of compressed bytes changes between versions; what we say of an
archive must not. Looks for `python3.N` on the PATH and for pyenv's versions, gives each its own
virtual environment under .cache/, and says which of them were there. What is said of patterns is
tried as well: how a repeat matches changed too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MINORS = range(11, 15)
ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "pythons"
NEEDED = ("pytest", "hypothesis")
"""What these tests need beside the program itself."""
TESTS = ("inflate", "tar", "sparse", "zip", "archive_facts", "hostile_archives", "possessive")
ASK = "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:3])))"


def found() -> dict[str, Path]:
    """Return the interpreters there are, by their whole version; not the one that runs this."""
    folders = map(Path, os.get_exec_path())
    places = [folder / f"python3.{minor}" for folder in folders for minor in MINORS]
    places += sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python"))
    known: dict[str, Path] = {}
    for place in places:
        version = version_of(place)
        if version.startswith(tuple(f"3.{minor}." for minor in MINORS)):
            known.setdefault(version, place)
    known.pop(version_of(Path(sys.executable)), None)
    return known


def version_of(python: Path) -> str:
    """Return an interpreter's version; empty for what is not there or does not run.

    A shim of pyenv may not; Debian's makes no environments where `python3-venv` is missing.
    """
    if not python.is_file():
        return ""
    command = [str(python), "-c", ASK]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return ended.stdout.strip() if ended.returncode == 0 else ""


def tried(version: str, python: Path) -> bool:
    """Run the tests on one interpreter; tell whether they passed."""
    own = CACHE / version
    binary = own / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not binary.exists():
        subprocess.run([python, "-m", "venv", own], check=True)  # noqa: S603
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([binary, *install, "--editable", ".[brotli]", *NEEDED], cwd=ROOT, check=True)  # noqa: S603
    files = [f"tests/test_{name}.py" for name in TESTS]
    settings = ("-p", "no:cacheprovider", "-q", "--no-header")
    command = [str(binary), "-m", "pytest", *settings, *files]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # noqa: S603


def main() -> int:
    """Try all interpreters; return 1 where the tests of one failed."""
    known = found()
    failed = [version for version, python in sorted(known.items()) if not tried(version, python)]
    here = {version_of(Path(sys.executable)), *known}
    missing = [
        f"3.{minor}"
        for minor in MINORS
        if not any(version.startswith(f"3.{minor}.") for version in here)
    ]
    ran = ", ".join(sorted(known)) or "none but the one at hand"
    print(f"tests of the readers ran on: {ran}")  # noqa: T201 - what this is asked for
    if missing:
        print(f"not there, so not tried: {', '.join(missing)}")  # noqa: T201
    if failed:
        print(f"failed on: {', '.join(failed)}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
