"""Look-alike names: what is found and what is wrongly told, beside simpler detectors, as Markdown.

    python -m bench.names [FOLDER] [--popular FOLDER] [--guarddog PYTHON] [--sample N] [--no-costs]

FOLDER holds `{npm,pypi}_{positive,negative}.tsv`, by default `bench/data/names`, and may hold
`popular`, else the lists are those of `rules/names`. guarddog takes a fifth of a second a name, so
that it judges all confusions, but only a sample of each group of legitimate names.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.names import Level
from auditor.names.matcher import Matcher
from bench.name_baselines import OneEdit, of_guarddog
from bench.name_data import ECOSYSTEMS, GROUPS, HERE, Data, lists_of, read
from bench.name_rates import Answers, correct, flagged, within_reach
from bench.name_speed import ROUNDS, speeds

if TYPE_CHECKING:
    from bench.name_data import Pair

PREAMBLE = """\
A detector is right when the true target is among the names that it takes a confusion for a copy
of. Legitimate names: `lock_all` is all names of lockfiles, `lock-tail` those of them that are not
in the list of popular names, `midpop` names that once were popular, `hard` names that other
detectors flagged wrongly (no base rate: they were chosen for that). None is known as malicious,
which does not prove each of them harmless.
"""
TOP = 5_000
OTHERS = ("neupane2023", "ecosystems-typosquatting-dataset", "kam193-named")
"""Sources in which somebody else named the target."""
OTHERS_STARTING = "spellbound"
PARTLY = "osv-malicious-text"
"""Names some targets, for the others they were read off the names."""
Judge = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A detector and what it said of the data."""

    title: str
    data: Data
    """Of the legitimate names it may have seen a sample alone."""
    answers: Answers


def asked(ecosystem: str, level: Level) -> Judge:
    """Return our detector as it is at one level."""
    matcher = Matcher(ecosystem, reviewed=False)  # who was reviewed was told before

    def judge(name: str) -> frozenset[str]:
        told = matcher.judge(name, level)
        return frozenset({told.target} if told else ())

    return judge


def makers(data: Data) -> dict[str, Callable[[], Judge]]:
    """Return the simpler detector first, then our levels."""
    return {
        f"one edit, all {len(data.popular):,}": lambda: OneEdit(data.popular),
        f"one edit, top {TOP:,}": lambda: OneEdit(data.popular[:TOP]),
        **{f"`audit`, {level.word}": partial(asked, data.ecosystem, level) for level in Level},
    }


def contestants(data: Data) -> Iterator[Contestant]:
    """Let the baselines and our levels judge all names."""
    for title, maker in makers(data).items():
        judge = maker()
        answers = {name: judge(name) for name in data.names()}
        yield Contestant(title=title, data=data, answers=answers)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: text in the first column, numbers in the others."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, f"|---|{'---:|' * (len(head) - 1)}")
    return "\n".join(lines) + "\n"


def overview(ran: Sequence[Contestant]) -> str:
    """Return what each detector finds and what it wrongly tells."""
    groups = [f"{group} ({len(ran[0].data.legitimate[group]):,})" for group in GROUPS]
    return table(
        ["detector", "right target, %", "flagged, %", *groups],
        [
            [
                one.title,
                correct(one.data.strong, one.answers).text(100),
                flagged([pair.name for pair in one.data.strong], one.answers).text(100),
                *(flagged(names, one.answers).text(1000) for names in one.data.legitimate.values()),
            ]
            for one in ran
        ],
    )


def by(ran: Sequence[Contestant], what: str, groups: dict[str, list[Pair]]) -> str:
    """Return how often each detector names the right target, a row for each group of confusions."""
    return table(
        [what, "names", *(one.title for one in ran)],
        [
            [
                group,
                f"{len(pairs):,}",
                *(correct(pairs, one.answers).text(100) for one in ran),
            ]
            for group, pairs in groups.items()
        ],
    )


def named_by(source: str) -> str:
    """Return who named the targets of a source."""
    if source in OTHERS or source.startswith(OTHERS_STARTING):
        return "by others"
    return "by others in part" if source == PARTLY else "by reading the names"


def by_category(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Return confusions by what was done to the name, the most frequent first."""
    return grouped(pairs, lambda pair: pair.category)


def by_source(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Return confusions by who named their targets, and each source behind its kind."""
    return {
        group: members
        for kind, among in sorted(grouped(pairs, lambda pair: named_by(pair.source)).items())
        for group, members in (
            (f"**{kind}**", among),
            *grouped(among, lambda pair: pair.source).items(),
        )
    }


def grouped(pairs: Sequence[Pair], key: Callable[[Pair], str]) -> dict[str, list[Pair]]:
    """Return pairs by a key, the largest group first."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(key(pair), []).append(pair)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def report(ran: Sequence[Contestant], notes: Sequence[str] = ()) -> Iterator[str]:
    """Return all tables of one ecosystem, part by part."""
    data = ran[0].data
    reach = within_reach(data.strong, data.popular)
    yield f"## {data.ecosystem}\n"
    yield (
        f"{len(data.strong):,} confusions, found in per cent; the target of {reach.text(100)} % is "
        f"in the list of {len(data.popular):,} popular names. False alarms per 1,000 names of each "
        f"group, which has so many names. Behind each rate its 95 % interval.\n"
    )
    yield overview(ran)
    yield from notes
    yield "Right target, %, by what was done to the name:\n"
    yield by(ran, "category", by_category(data.strong))
    yield "Right target, %, by who named the target:\n"
    yield by(ran, "target named", by_source(data.strong))
    yield "Right target, %, of confusions with less careful labels, in no other number:\n"
    yield by(ran, "category", {"**all**": list(data.weak), **by_category(data.weak)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.names")
    parser.add_argument("folder", type=Path, nargs="?", default=HERE)
    parser.add_argument("--popular", type=Path, help="the lists of popular names")
    parser.add_argument("--guarddog", metavar="PYTHON", help="a Python that has guarddog 3")
    parser.add_argument("--sample", type=int, default=400, help="names of a group for guarddog")
    parser.add_argument("--no-costs", action="store_true", help="measure no time and memory")
    options = parser.parse_args()
    popular = options.popular or lists_of(options.folder)
    print(PREAMBLE)
    for ecosystem in ECOSYSTEMS:
        data = read(options.folder, ecosystem, popular)
        ran = list(contestants(data))
        if options.guarddog:
            part = data.sampled(options.sample)
            answers = of_guarddog(options.guarddog, ecosystem, part.names())
            title = f"guarddog, {options.sample:,} of a group"
            ran.append(Contestant(title=title, data=part, answers=answers))
            notes = []
        else:
            notes = ["guarddog was not run: `--guarddog PYTHON` names a Python that has it.\n"]
        print("\n".join(report(ran, notes)), flush=True)
        if not options.no_costs:
            names = data.legitimate["lock_all"]
            print(f"All {len(names):,} names of lockfiles, {ROUNDS} rounds in turn, CPU time:\n")
            print(f"{speeds(makers(data), names)}\n", flush=True)
    if not options.no_costs:
        # in a process of its own: a child's peak counts what its parent held when it was started
        command = [sys.executable, "-m", "bench.name_costs", str(options.folder), str(popular)]
        subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
