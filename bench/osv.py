"""The advisory database: how fast exports are taken in, how fast a lockfile is looked up, memory.

    python -m bench.osv EXPORT... [--scale N]

EXPORT are OSV exports (`npm/all.zip`). With `--scale` an export of N made-up records of malicious
packages is measured as well, as that of npm has 230,000. Each import is a process of its own; the
look-up is one of 2,500 packages of which one in fifty is recorded, against each database.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import incidentfile, rulebook
from auditor.inventory import LockedPackage
from auditor.sources.advisorydb import AdvisoryDatabase
from auditor.usual import Usual

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGES = 2_500
RECORDED = 50
"""One package of so many is one that records are about."""
ROUNDS = 21
_IMPORT = """
import resource, sys, time
from pathlib import Path
from auditor.sources.advisoryimport import Export, import_exports
started = time.perf_counter()
done = import_exports(Path(sys.argv[1]), [Export(path=Path(path)) for path in sys.argv[2:]])
used = resource.getrusage(resource.RUSAGE_SELF)
print(done.read, time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def made_up(path: Path, count: int) -> None:
    """Write an export of made-up records, in length and content like those of npm."""
    details = "Any computer that has this package installed should be considered compromised. " * 12
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(count):
            record = {
                "id": f"MAL-2026-{number}",
                "modified": "2026-05-01T10:00:00Z",
                "published": "2026-05-01T10:00:00Z",
                "summary": f"Malicious code in made-up-{number} (npm)",
                "details": details,
                "aliases": [f"GHSA-{number:04x}-0000-0000"],
                "affected": [
                    {
                        "package": {"ecosystem": "npm", "name": f"made-up-{number}"},
                        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
                        "versions": [f"1.0.{number % 9}"] if number % 3 else [],
                    }
                ],
            }
            archive.writestr(f"{record['id']}.json", json.dumps(record))


def imported(database: Path, exports: Iterable[str]) -> str:
    """Take exports into a database in a process of its own; return what that cost."""
    told = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", _IMPORT, str(database), *exports],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    records, wall, cpu, peak = int(told[0]), *(float(value) for value in told[1:])
    return (
        f"{records:,} records in {wall:.1f} s ({cpu:.1f} s CPU, {records / cpu:,.0f} a second), "
        f"peak {peak / 1024:,.0f} MiB, {database.stat().st_size / 1e6:.1f} MB"
    )


def looked_up(path: Path) -> str:
    """Look up a lockfile's packages; return the median of CPU time, and what memory it took."""
    index = incidentfile.load((rulebook.builtin_folder(),))
    with AdvisoryDatabase(path) as database:
        connection = database._connection  # noqa: SLF001 - names to ask for, of any database
        known = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM package WHERE ecosystem = 'npm' ORDER BY number LIMIT ?",
                (PACKAGES // RECORDED,),
            )
        ]
        names = [*known, *(f"some-package-{number}" for number in range(PACKAGES - len(known)))]
        packages = [_locked(name) for name in names]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        asking, matching = [], []
        unusual = Usual(places=(None,) * len(packages), found={})
        for _ in range(ROUNDS):
            started = time.process_time()
            records = database.records(index.asked(packages, unusual))
            asked = time.process_time()
            hits = sum(len(index.hits(package, records)) for package in packages)
            asking.append(asked - started)
            matching.append(time.process_time() - asked)
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return (
        f"{PACKAGES:,} packages: {sorted(asking)[ROUNDS // 2] * 1000:.1f} ms CPU to ask, "
        f"{sorted(matching)[ROUNDS // 2] * 1000:.1f} ms to match ({hits} hits), {more:,} KiB more"
    )


def _locked(name: str) -> LockedPackage:
    tail = name.rpartition("/")[2]
    return LockedPackage(
        id=f"node_modules/{name}",
        ecosystem="npm",
        name=name,
        version="1.0.0",
        resolved=f"https://registry.example.org/{name}/-/{tail}-1.0.0.tgz",
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("exports", nargs="*")
    parser.add_argument("--scale", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, again = Path(folder, "real.sqlite"), Path(folder, "made.sqlite")
        if given.exports:
            print("import:      ", imported(first, given.exports))
            print("once more:   ", imported(first, given.exports))
            print("look-up:     ", looked_up(first))
        if given.scale:
            export = Path(folder, "all.zip")
            made_up(export, given.scale)
            print("made up:     ", imported(again, [str(export)]))
            print("look-up:     ", looked_up(again))


if __name__ == "__main__":
    main()
