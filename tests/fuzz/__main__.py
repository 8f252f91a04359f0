"""The runner: every target for some seconds, several at once; what breaks one is kept.

    python -m tests.fuzz [TARGET…] [--seconds N] [--jobs N] [--seed N] [--keep] [--list]
    python -m tests.fuzz [TARGET…] --gate | --count [--seconds N]

Needs atheris (the extra `fuzz`). The first of what breaks a target is written to
`regressions/TARGET/`, with the traceback behind all rows, and the exit code is 1. `--keep` takes
the smallest set of inputs that reaches what was reached into the kept corpus.

With a seed a run begins from the seeds and the kept corpus alone, and its inputs come in the same
order (mostly: libFuzzer's choice depends a little on where memory lies, which `engine` can fix for
one place of the checkout alone); how many they are is up to the machine's speed. `--gate` is such a
run of as many inputs as `gate.toml` says, so that CI tries what is tried here; `--count` writes
there what this machine does in some seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.target import CORPUS, REGRESSIONS, Target, kept, modules, targets, targets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".cache" / "fuzz"
SLOWEST = 60
"""Seconds after which one input is a hang: instrumented code is some ten times slower, and the
machine may be busy."""
SHORTER = 4
"""What the time of a target is divided by that is not a main one."""
GATE = Path(__file__).with_name("gate.toml")
GATE_SEED = 1
LARGEST_CORPUS = 100 * 1024
"""Bytes that are kept of one target; the smallest inputs come first."""
MEMORY = 2048
"""MiB that one process may take."""
_GATE_HEAD = """\
# How many inputs the gate gives to each target (`python -m tests.fuzz --count` counts them anew).
# A count, and no time: a slow machine tries as many as a quick one.

[runs]
"""
_RUNS = re.compile(r"stat::number_of_executed_units: +(\d+)")
_REACHED = re.compile(r"cov: (\d+) ft: (\d+)")
_UNCAUGHT = re.compile(r"(?s)(=== Uncaught Python exception: ===.*?)\n==\d+==")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one target."""

    name: str
    runs: int
    edges: int
    features: int
    broken: Path | None
    said: str
    """The end of the engine's output, where it broke."""


def is_to_be_had() -> bool:
    """Tell whether there is an atheris for this machine: it comes for Linux on x86-64 alone."""
    return (
        sys.platform == "linux"
        and platform.machine() == "x86_64"
        and sys.version_info < (3, 15)
        and platform.python_implementation() == "CPython"
    )


def fuzz(
    target: Target, *, seconds: int = 0, runs: int = -1, seed: int = 0, work: Path = WORK
) -> Result:
    """Run one target for some seconds, or for a number of inputs, from its seeds and corpus.

    With a `seed` nothing is left of runs before, and the inputs come in the same order each time;
    0 draws another one, and goes on from what the last ones have found.
    """
    folder = work / (f"{target.name}.{seed}" if seed else target.name)
    if seed:
        shutil.rmtree(folder, ignore_errors=True)
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    words = folder / "words"
    words.write_text("".join(f'"{_spelled(word)}"\n' for word in target.words))
    for old in folder.glob("*-*"):
        old.unlink()
    options = (
        f"-seed_inputs=@{_listed(target, folder)}",
        f"-max_total_time={seconds}",
        f"-runs={runs}",
        f"-seed={seed}",
        "-reload=0",  # by the clock
        f"-max_len={target.longest}",
        f"-timeout={SLOWEST}",
        f"-report_slow_units={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={folder}/",
        *((f"-dict={words}",) if target.words else ()),  # an empty one is an error
        "-print_final_stats=1",
    )
    said = _run(target, folder, *options, str(inputs))
    reached = _REACHED.findall(said)[-1:] or [("0", "0")]
    counted = _RUNS.search(said)
    found = next((path for path in folder.glob("*-*")), None)
    return Result(
        name=target.name,
        runs=int(counted[1]) if counted else 0,
        edges=int(reached[0][0]),
        features=int(reached[0][1]),
        broken=None if found is None else _saved(target, found),
        said=_excerpt(said) if found is not None or counted is None else "",
    )


def _listed(target: Target, folder: Path) -> Path:
    """Write a target's seeds and corpus, and a list of them: a folder's order is the disk's."""
    first = folder / "first"
    first.mkdir(exist_ok=True)
    places: dict[Path, None] = {}
    for data in (*target.seeds(), *(path.read_bytes() for path in kept(target))):
        place = first / hashlib.sha256(data).hexdigest()[:16]
        place.write_bytes(data)
        places[place] = None
    listed = folder / "list"
    listed.write_text(",".join(map(str, places)))
    return listed


def _run(target: Target, folder: Path, *options: str) -> str:
    done = subprocess.run(  # noqa: S603 - this program, and the names of our own targets
        [_program(target, folder), *options],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONHASHSEED": "0"},
    )
    return done.stdout.decode("utf-8", "replace")


def _program(target: Target, folder: Path) -> Path:
    """Write the program that runs a target; as one file, because libFuzzer calls it to merge."""
    program = folder / "engine"
    module = next(one for one in modules() if target in targets_of(one))
    words = [sys.executable, "-m", "tests.fuzz.engine", str(program), module, target.name]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def _spelled(word: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in word)


def _excerpt(said: str) -> str:
    found = _UNCAUGHT.search(said)
    return found[1].strip() if found else "\n".join(said.splitlines()[-15:])


def _saved(target: Target, found: Path) -> Path:
    """Keep what broke a target, under its kind (crash, timeout, oom) and digest."""
    kind, _, digest = found.name.partition("-")
    place = REGRESSIONS / target.name / f"{kind}-{digest[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, place)
    return place


def keep(target: Target, work: Path = WORK) -> None:
    """Put the smallest set of inputs that reaches what was reached into the kept corpus."""
    place = CORPUS / target.name
    folder = work / target.name
    fresh = folder / "kept"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    options = ("-set_cover_merge=1", f"-max_len={target.longest}", f"-timeout={SLOWEST}")
    _run(target, folder, *options, str(fresh), str(folder / "first"), str(folder / "inputs"))
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    known = {hashlib.sha256(data).hexdigest() for data in target.seeds()}
    size = 0
    for data in sorted((path.read_bytes() for path in fresh.iterdir()), key=len):
        digest = hashlib.sha256(data).hexdigest()
        size += len(data)
        if digest not in known and size <= LARGEST_CORPUS:
            (place / digest[:12]).write_bytes(data)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="for each main target")
    parser.add_argument("--seed", type=int, default=0, help="0 for another one each time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--gate", action="store_true", help="as gate.toml says")
    parser.add_argument("--count", action="store_true", help="write gate.toml")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args(arguments)
    known = targets()
    if asked.list:
        print("\n".join(known))
        return 0
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"there is no target {unknown[0]!r}; there are {' '.join(known)}")
    if asked.keep and (asked.seed or asked.gate or asked.count):
        parser.error("--keep is for what chance has found over time: without a seed")
    if importlib.util.find_spec("atheris") is None:
        told = "pip install -e '.[fuzz]'" if is_to_be_had() else "there is none for this machine"
        print(f"nothing was fuzzed: atheris is not installed ({told})", file=sys.stderr)
        return int(is_to_be_had())
    chosen = [known[name] for name in asked.names] or list(known.values())
    chosen.sort(key=lambda one: not one.main)
    with ThreadPoolExecutor(asked.jobs) as pool:
        results = [_row(result) for result in pool.map(partial(_one, asked=asked), chosen)]
    if asked.count:
        _count([result for result in results if not result.said])
    return _told([result for result in results if result.said])


def _one(target: Target, asked: argparse.Namespace) -> Result:
    if asked.gate:
        return fuzz(target, runs=gate()[target.name], seed=GATE_SEED)
    seconds = asked.seconds if target.main else -(-asked.seconds // SHORTER)
    result = fuzz(target, seconds=seconds, seed=GATE_SEED if asked.count else asked.seed)
    if asked.keep and not result.said:
        keep(target)
    return result


def gate() -> dict[str, int]:
    """Return how many inputs the gate gives to each target, by its name."""
    runs: dict[str, int] = tomllib.loads(GATE.read_text(encoding="utf-8"))["runs"]
    return runs


def _count(results: Sequence[Result]) -> None:
    """Write what was run into the table, two digits of it: the rest is the machine's mood."""
    known = targets()
    runs = {**(gate() if GATE.exists() else {}), **{one.name: one.runs for one in results}}
    rows = [f"{name} = {_rounded(runs[name])}\n" for name in sorted(runs.keys() & known.keys())]
    GATE.write_text(_GATE_HEAD + "".join(rows), encoding="utf-8")


def _rounded(count: int) -> int:
    digits = str(count)
    return int(digits[:2].ljust(len(digits), "0"))


def _row(result: Result) -> Result:
    edges, features = f"{result.edges:,} edges", f"{result.features:,} features"
    broke = "  BROKE" if result.said else ""
    print(f"{result.name:20} {result.runs:>12,} runs {edges:>14} {features:>16}{broke}", flush=True)
    return result


def _told(broken: Sequence[Result]) -> int:
    """Print what broke, behind all rows, where the end of a log shows it; return the exit code."""
    for result in broken:
        print(f"\n{result.name}: {result.said}")
        if result.broken is not None:
            print(f"kept as {result.broken.relative_to(ROOT)}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
