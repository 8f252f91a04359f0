"""Whether we have become slower: ratios to a floor that is measured in the same run, no seconds.

    python -m bench.guard [NAME]...

runs the measures that have a `guard` in `bench.speed.measures`, over inputs that are made here, in
turn. What exceeds its ratio is measured once more, since a machine may be busy; what exceeds it
again is told, and ends with exit code 1, as does an answer that is not as expected.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Launcher
from bench.speed import inputs, rounds
from bench.speed.measures import MEASURES
from bench.speed.page import times
from bench.speed.peers import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.speed.measures import Measure

ROUNDS = 3
GUARDED = tuple(one for one in MEASURES if one.guard is not None)
_BUNDLED = {"AUDIT_DB": ""}
"""The advisories that come along: nothing is imported."""


def exceeded(measure: Measure, ratio_of: Callable[[Measure], float]) -> str:
    """Return a line about a ratio that is exceeded twice; nothing where all is well."""
    limit = measure.guard
    if limit is None or (first := ratio_of(measure)) <= limit:
        return ""
    second = ratio_of(measure)
    if second <= limit:
        return ""
    return (
        f"{measure.title}: {times(second)} times {measure.floor.name} (before: {times(first)}), "
        f"and {times(limit)} is the limit"
    )


def guarded(measures: Sequence[Measure]) -> list[str]:
    """Measure, print each ratio, and return what is not as it should be, a line each."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="audit-guard-") as folder, Launcher() as launcher:
        place = Path(folder)
        bench = rounds.Bench(launcher, place, environment(), _BUNDLED)
        store = inputs.Store(place)

        def ratio_of(measure: Measure) -> float:
            result = rounds.measured(bench, measure, store.made(measure.input), {}, ROUNDS)
            limit = times(measure.guard or 0)
            print(f"{measure.name}: {times(result.ratio)} of at most {limit}", flush=True)
            if result.trouble:
                wrong.append(f"{measure.title}: {result.trouble}")
            return result.ratio

        slow = [line for measure in measures if (line := exceeded(measure, ratio_of))]
    return [*slow, *wrong]


def main() -> int:
    """Measure, and say what is slower than it may be."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.guard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args().names
    known = [one.name for one in GUARDED]
    if unknown := [name for name in names if name not in known]:
        parser.error(f"there is no measure {unknown[0]!r}; there are {' '.join(known)}")
    wrong = guarded([one for one in GUARDED if not names or one.name in names])
    for line in wrong:
        print(line, file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
