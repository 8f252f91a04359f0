"""What the audit says of real packages, as a Markdown table: the one in the README.

    python -m bench.real_packages [FOLDER]

Each package is fetched once, by `npm pack NAME@VERSION` or `pip download NAME==VERSION` from the
registry that npm or pip is set up with, into FOLDER (by default `audit-real-packages` below the
system's temporary folder).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

PACKAGES = (
    "posthog-js@1.372.1",
    "@angular/core@17.3.0",
    "@tensorflow/tfjs@4.22.0",
    "monaco-editor@0.52.2",
    "netlify-cli@23.0.0",
    "axios@1.6.0",
    "bootstrap@5.3.3",
    "rxjs@7.8.1",
    "typescript@5.6.3",
    "jquery@3.7.1",
    "nsfwjs@4.1.0",
    "public-encrypt@4.0.3",
    "agent-base@4.3.0",
    "esbuild@0.25.0",
)
DISTRIBUTIONS = (
    "gradio==5.9.1",
    "mlflow==2.19.0",
    "streamlit==1.41.0",
    "jupyterlab==4.3.4",
    "wandb==0.19.1",
    "spacy==3.8.2",
    "pytorch_lightning==0.7.6",
    "langdetect==1.0.9 (sdist)",
    "attrs==24.2.0",
    "num2words==0.5.13",
    "structlog==24.4.0",
)
_ONE_PLATFORM = (
    "--only-binary=:all:",
    "--platform=manylinux2014_x86_64",
    "--platform=manylinux_2_24_x86_64",
    "--platform=manylinux_2_28_x86_64",
    "--implementation=cp",
    "--python-version=3.11",
    "--abi=cp311",
    "--abi=abi3",
    "--abi=none",
)
"""The same wheels on every machine."""
SEVERITIES = ("critical", "high", "medium", "low", "info")
HEAD = (
    "package",
    "files",
    "packed",
    "unpacked",
    "map files",
    "first-party source given back",
    "findings",
    "verdict",
    "seconds",
)


def fetched(spec: str, folder: Path) -> Path:
    """Return the tarball of one package; `npm pack` fetches it when it is not there."""
    name = re.sub(r"[^\w.-]+", "-", spec.lstrip("@").replace("@", "-"))
    path = folder / f"{name}.tgz"
    if not path.is_file():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is not installed")
        with tempfile.TemporaryDirectory(dir=folder) as made:
            command = [
                npm,
                "pack",
                spec,
                "--ignore-scripts",
                "--silent",
                "--pack-destination",
                made,
            ]
            subprocess.run(command, cwd=made, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
            (tarball,) = Path(made).glob("*.tgz")
            tarball.replace(path)
    return path


def downloaded(spec: str, folder: Path) -> Path:
    """Return the wheel of `NAME==VERSION`, or the sdist with ` (sdist)` behind it; by pip.

    For an old sdist pip runs its setup.py: it wants to know what the package requires.
    """
    requirement, _, kind = spec.partition(" ")
    place = folder / re.sub(r"[^\w.]+", "-", spec)
    if not place.is_dir():
        choice = (f"--no-binary={requirement.partition('==')[0]}",) if kind else _ONE_PLATFORM
        with tempfile.TemporaryDirectory(dir=folder) as made:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *choice]
            command += ["--disable-pip-version-check", "--dest", made, requirement]
            subprocess.run(command, check=True)  # noqa: S603
            Path(made).rename(place)
            Path(made).mkdir()  # for its own removal
    (path,) = place.iterdir()
    return path


def audited(path: Path) -> tuple[dict[str, Any], float]:
    """Return the report of one tarball, and the seconds that it took."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "auditor", "pack", str(path), "--format", "json"]
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    seconds = time.perf_counter() - started
    if done.returncode not in {0, 1, 3}:
        raise SystemExit(done.stderr.decode(errors="replace"))
    report: dict[str, Any] = json.loads(done.stdout)
    return report, seconds


def size(count: int) -> str:
    """Return a number of bytes for a table."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def row(spec: str, report: dict[str, Any], seconds: float) -> tuple[str, ...]:
    """Return the cells of one package."""
    (artifact,) = report["artifacts"]
    maps = next((s["files"] for s in artifact["shares"] if s["kind"] == "source maps"), 0)
    out = artifact["discloses"]
    levels = Counter(finding["severity"] for finding in report["findings"])
    return (
        f"`{spec}`",
        f"{artifact['files']:,}",
        size(artifact["packed_bytes"]),
        size(artifact["unpacked_bytes"]),
        f"{maps:,}",
        f"{out['first_party_files']:,} files, {out['first_party_lines']:,} lines"
        if out
        else "none",
        ", ".join(f"{levels[word]:,} {word}" for word in SEVERITIES if levels[word]) or "none",
        report["verdict"],
        f"{seconds:.1f}",
    )


def main() -> None:
    default = Path(tempfile.gettempdir(), "audit-real-packages")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    print(f"| {' | '.join(HEAD)} |")
    print("|---|---:|---:|---:|---:|---|---|---|---:|")
    for spec in PACKAGES:
        cells = row(spec, *audited(fetched(spec, folder)))
        print(f"| {' | '.join(cells)} |", flush=True)
    for spec in DISTRIBUTIONS:
        cells = row(spec, *audited(downloaded(spec, folder)))
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
