"""`audit` beside a floor and beside its peers, in turn, in one run.

    python -m bench.speed [--rounds N] [--only NAME...] [--without-peers] [--osv FOLDER] [--write]

makes its inputs (and fetches five packages by name, once, into `.cache/speed`), installs the peers
(once, into `.cache/peers`), runs everything and prints the table. Each result is kept there, and
`--write` puts the newest of each measure into docs/speed.md and the README. The exit code is 1
where an answer of ours is not as expected.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.installing import PLACE
from bench.measure import Launcher
from bench.speed import inputs, kept, page, rounds
from bench.speed.lockfiles import FORMATS
from bench.speed.measures import MEASURES, Measure
from bench.speed.peers import PEERS, Peer, environment, ready

_VERSIONS = (("gzip", "--version"), ("tar", "--version"), ("unzip", "-v"), ("node", "--version"))


def machine() -> str:
    """Return what this machine is, and which versions of the common programs it has."""
    found = Path("/proc/cpuinfo")
    text = found.read_text(encoding="utf-8") if found.is_file() else ""
    model = re.search(r"model name\s*: (.*)", text)
    name = model[1].strip() if model else platform.processor() or platform.machine()
    told = [_python(), *(_first_number(*call) for call in _VERSIONS)]
    return f"{name}, {os.cpu_count()} cores, {platform.system()}; {', '.join(filter(None, told))}"


def _python() -> str:
    """Return which Python this is, and whether it was built with profiles of its use."""
    version = f"Python {platform.python_version()}"
    if sys.base_prefix == "/usr":  # whose builders have ways of their own
        return f"the system's {version}"
    profiled = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return f"{version} (built with{'' if profiled else 'out'} profiles)"


def _first_number(*call: str) -> str:
    try:
        done = subprocess.run(call, check=False, capture_output=True, text=True)  # noqa: S603
    except OSError:
        return ""
    found = re.search(r"\d+\.[\w.]+", done.stdout + done.stderr)
    return f"{call[0]} {found[0]}" if found else ""


def chosen(names: list[str]) -> list[Measure]:
    """Return the measures that are asked for."""
    return [one for one in MEASURES if not names or one.name in names]


def needed(measures: list[Measure]) -> list[Peer]:
    """Return the peers that read one of the inputs."""
    kinds = {inputs.INPUTS[one.input].kind for one in measures}
    return [peer for peer in PEERS if kinds & peer.calls.keys()]


def measured(asked: argparse.Namespace, place: Path) -> tuple[list[rounds.Result], dict[str, str]]:
    """Run what is asked for; return the results, and why which peer is not there."""
    measures = chosen(asked.only)
    database = ""
    if any(inputs.INPUTS[one.input].kind in FORMATS for one in measures):
        database = inputs.database(place, None if asked.osv is None else Path(asked.osv))
    peers = [] if asked.without_peers else needed(measures)
    lacking = {peer.name: why for peer in peers if (why := ready(peer))}
    homes = {peer: str(PLACE / peer.name) for peer in peers if peer.name not in lacking}
    results = []
    store = inputs.Store(place)
    with Launcher() as launcher:
        ours = {"AUDIT_DB": str(place / "advisories.sqlite")}
        bench = rounds.Bench(launcher, place, environment(), ours)
        for peer, home in homes.items():
            bench.warm(peer, home)
        for measure in measures:
            one = store.made(measure.input)
            theirs = {
                peer: home
                for peer, home in homes.items()
                if measure.peers and one.kind in peer.calls and measure.input not in peer.apart
            }
            result = rounds.measured(bench, measure, one, theirs, asked.rounds)
            if one.kind in FORMATS:
                result = replace(result, database=database)
            print(page.told(result), flush=True)
            kept.merged(inputs.KEPT / "results.json", [result])
            results.append(result)
    return results, lacking


def main() -> int:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=[], choices=[one.name for one in MEASURES])
    parser.add_argument("--without-peers", action="store_true")
    exports = os.environ.get("AUDIT_BENCH_OSV")
    parser.add_argument("--osv", type=Path, default=exports, help="has npm/all.zip, PyPI/all.zip")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audit-bench-") as folder:
        results, lacking = measured(asked, Path(folder))
    print(f"\n{page.quoted(results)}")
    if asked.write:
        known = kept.merged(inputs.KEPT / "results.json", [])
        about = page.About(
            day=datetime.now(UTC).date().isoformat(),
            machine=machine(),
            npm=_first_number("npm", "--version").removeprefix("npm "),
            lacking=lacking,
        )
        page.write(known, about)
    return int(any(result.trouble for result in results))


if __name__ == "__main__":
    sys.exit(main())
