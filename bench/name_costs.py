"""What the detector of look-alike names costs a process: loading, memory, size of its files.

python -m bench.name_costs FOLDER [POPULAR]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import auditor.names
from bench.measure import in_turn, table
from bench.name_data import lists_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = 20
SOME = 1_000
IMPORT = "import sys, time; from auditor.names.matcher import Matcher"
LOAD = f"""\
{IMPORT}
started = time.process_time(), time.perf_counter()
matcher = Matcher(sys.argv[1])
matcher.judge("name-of-nobody")  # what is loaded late counts too
seconds = time.process_time() - started[0], time.perf_counter() - started[1]
"""
NAMES = f"""
rows = [line.split("\\t") for line in open(sys.argv[2], encoding="utf-8")]
names = [row[1] for row in rows if row[3].startswith("lock-")]
# they are sorted: names of all letters, not the scoped ones that come first
for name in names[:: max(1, len(names) // {SOME})][:{SOME}]:
    judge(name)
"""
JUDGED = f"{LOAD}judge = matcher.judge\n{NAMES}"
COMPARED = f"""\
import sys
from pathlib import Path
from bench.name_baselines import OneEdit
from bench.name_data import popular_names
judge = OneEdit(popular_names(Path(sys.argv[3]), sys.argv[1]))
{NAMES}"""


def load_times(ecosystem: str) -> tuple[float, float]:
    """Return the seconds from the imported module to its first answer: of CPU, and in all.

    Medians; those in all are those of a machine that has other things to do as well.
    """
    command = [sys.executable, "-c", f"{LOAD}print(*seconds)", ecosystem]
    runs = [
        subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split()  # noqa: S603
        for _ in range(PROCESSES)
    ]
    cpu, wall = (statistics.median(map(float, column)) for column in zip(*runs, strict=True))
    return cpu, wall


def index_files() -> Iterator[tuple[str, int]]:
    """Return name and size of all that lies among the modules and is none."""
    for folder in auditor.names.__path__:
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file() and file.suffix not in {".py", ".pyc"}:
                yield file.name, file.stat().st_size


def processes(ecosystem: str, negative: Path, popular: Path) -> str:
    """Return CPU time and peak memory of processes that judge names of lockfiles."""
    rest = [ecosystem, str(negative), str(popular)]
    commands = {
        "`python -c pass`": [sys.executable, "-c", "pass"],
        "our modules imported": [sys.executable, "-c", IMPORT],
        "one name": [sys.executable, "-c", LOAD, *rest],
        f"{SOME:,} names": [sys.executable, "-c", JUDGED, *rest],
        f"one edit, {SOME:,} names": [sys.executable, "-c", COMPARED, *rest],
    }
    for command in commands.values():
        subprocess.run(command, check=True)  # noqa: S603 - what fails costs little
    return table(in_turn(commands, PROCESSES))


def main() -> None:
    folder = Path(sys.argv[1])
    popular = Path(sys.argv[2]) if len(sys.argv) > 2 else lists_of(folder)
    sizes = ", ".join(f"`{name}` {size / 1e6:,.2f} MB" for name, size in index_files())
    print(f"## Loading\n\nFiles of the index: {sizes or 'none'}.\n")
    for ecosystem in ("npm", "pypi"):
        measured = processes(ecosystem, folder / f"{ecosystem}_negative.tsv", popular)
        cpu, wall = (seconds * 1000 for seconds in load_times(ecosystem))
        print(
            f"{ecosystem}: {cpu:,.1f} ms of CPU, {wall:,.1f} ms in all from the imported modules "
            f"to the first answer, medians of {PROCESSES} processes. Whole processes, {PROCESSES} "
            f"rounds in turn:\n\n{measured}\n",
            flush=True,
        )


if __name__ == "__main__":
    main()
