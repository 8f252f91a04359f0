"""Real packages in tests: where they are kept, and our program run over one as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def kept_in(name: str) -> Path:
    """Return the folder of what was fetched: below $AUDIT_TEST_CACHE, or a temporary one."""
    default = Path(tempfile.gettempdir(), f"audit-test-cache-{Path.home().name}")
    folder = Path(os.environ.get("AUDIT_TEST_CACHE") or default).resolve() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def audited(path: Path, *options: str) -> str:
    """Return what `audit pack` prints, 100 columns wide; it must pass or find something."""
    command = [sys.executable, "-m", "auditor", "pack", str(path), *options]
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, check=False, capture_output=True, env={**os.environ, "COLUMNS": "100"}
    )
    assert done.returncode in {0, 1}, done.stderr.decode(errors="replace")
    return done.stdout.decode()
