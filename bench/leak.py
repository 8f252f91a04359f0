"""The stand-in of the leak, audited in full, beside `gzip -dc` of the same file.

python -m bench.leak [ROUNDS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import in_turn, table


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        # in a process of its own: a child's peak counts what its parent held when it was started
        maker = [sys.executable, "-m", "bench.standin", folder]
        subprocess.run(maker, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        file = str(Path(folder, "leak.tgz"))
        audit = [sys.executable, "-m", "auditor"]
        measured = in_turn(
            {
                "`gzip -dc`": ["gzip", "-dc", file],
                "`python -c pass`": [sys.executable, "-c", "pass"],
                "`audit --version`": [*audit, "--version"],
                "`audit pack` (JSON)": [*audit, "pack", file, "--format", "json"],
                "`audit pack`": [*audit, "pack", file],
            },
            rounds,
        )
    print(f"leak.tgz: 29.4 MB packed, 71.8 MB unpacked; {rounds} rounds in turn\n")
    print(table(measured))


if __name__ == "__main__":
    main()
