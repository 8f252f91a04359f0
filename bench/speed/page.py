"""What was measured as Markdown: docs/speed.md, and the table of it that the README quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.speed.peers import ABSENT, PEERS
from bench.speed.rounds import ROOT, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.speed.rounds import Cost, Result, Rival

PAGE = ROOT / "docs" / "speed.md"
README = ROOT / "README.md"
TABLE, GROWTH = "speed", "growth"
"""Blocks: the table, which both have, and what `python -m bench.growth` writes."""


def seconds(value: float) -> str:
    """Return a time for a table."""
    return f"{value * 1000:,.0f} ms" if value < 10 else f"{value:,.1f} s"


def times(ratio: float) -> str:
    """Return a ratio for a table: two digits are meant, and no more."""
    return f"{ratio:,.2f}" if ratio < 9.95 else f"{ratio:,.0f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _time(cost: Cost, result: Result) -> str:
    return seconds(cost.wall if result.measure.wall else cost.cpu)


def _goal(result: Result) -> str:
    peak = result.measure.peak
    memory = "" if peak is None else f", {peak:,.0f} MB"
    return f"{times(result.measure.goal)}{memory}"


def summary(results: Sequence[Result]) -> str:
    """Return the table of all measures: ours beside the floor, and how much slower peers are."""
    lines = [
        _row(
            "what",
            "floor",
            "its CPU",
            "bare Python",
            "ours",
            "ratio",
            "goal",
            "peak",
            "peers, in times of us",
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for one in results:
        rivals = [
            f"{rival.name} {times(rival.ratio)}" for rival in one.rivals if rival.cost is not None
        ]
        ratio = times(one.ratio) if one.reached else f"**{times(one.ratio)}**"
        lines.append(
            _row(
                one.measure.title,
                one.measure.floor.name,
                _time(one.floor, one),
                "" if one.bare is None else times(one.bare),
                _time(one.ours, one),
                ratio,
                _goal(one),
                f"{megabytes(one.ours):,.0f} MB",
                ", ".join(rivals),
            )
        )
    return "\n".join(lines) + "\n"


def _rival(rival: Rival) -> tuple[str, ...]:
    goal = "" if rival.goal is None else f"at least {times(rival.goal)}"
    if rival.cost is None:
        return (rival.name, "", "", goal, "", "", rival.trouble)
    missed = rival.goal is not None and rival.ratio < rival.goal
    ratio = f"**{times(rival.ratio)}**" if missed else times(rival.ratio)
    peak = f"{megabytes(rival.cost):,.0f} MB"
    return (rival.name, seconds(rival.cost.cpu), ratio, goal, peak, str(rival.cost.rounds), "")


def _peers(results: Sequence[Result]) -> Iterator[str]:
    head = ("what", "program", "CPU", "times of us", "goal", "peak", "rounds", "")
    yield _row(*head)
    yield "|---|---|---:|---:|---:|---:|---:|---|"
    for one in results:
        name = one.measure.title
        for rival in sorted(one.rivals, key=lambda rival: rival.ratio):
            yield _row(name, *_rival(rival))
            name = ""


_HEAD = """\
# Speed: beside the least that the work can cost, and beside our peers

Written by `python -m bench.speed --write` on {day}; do not edit. {machine}. Advisory database:
{database}.

Each line is one input. Its commands were run in turn, {rounds} times, as whole processes, each with
its start-up; a ratio is the median of the ratios of each round, times are medians. Times are CPU
time (user and system, of a command and all that it waited for), as that changes least with what
else the machine does; where it says wall time, it is that. Peaks are those of the largest process.
Ratios that miss their goal are bold. `audit` runs with all its default rules and prints JSON.

The *floor* is a common program that does the least of the work: unpacks the bytes, lists the names,
or, for lockfiles, does nothing at all in the same language.

*Bare Python* is `bench/speed/bare.py`, as a ratio to the same floor: it loads the libraries that
our commands have to load and hands out each member, text or line once, with the quickest means that
we know, and does nothing with them. What a goal leaves above it is what there is for all checks.

How Python was built matters: systems, containers and installers have one that was built with
profiles of its use; pyenv's is not unless that is asked for, and is slower. So does the machine:
with the same Python, on 2026-11-26, an AMD EPYC with two cores said 1.12 of the stand-in of the
leak, 2.59 of `next`, 1.80 of `pandas` and `gradio`, 16 of package-lock.json.

"""

_OTHERS = """
## Each peer

What a peer says was looked at once: one that did not do its work is no quick one, and has no time
here. One that is slow is run fewer times. None has a network. They do other things than we do, and
what each does is said below; a time says nothing about what is found.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What else the page says of a run."""

    day: str
    machine: str
    npm: str
    """Its version: it is the one peer that is there before."""
    lacking: Mapping[str, str]
    """Peers that could not be installed, and why."""


def page(results: Sequence[Result], about: About, growth: str) -> str:
    """Return the page; `growth` is the block that another bench writes."""
    database = next((one.database for one in results if one.database), "none")
    counts = sorted({one.ours.rounds for one in results})
    turns = " or ".join(map(str, counts))
    head = _HEAD.format(day=about.day, machine=about.machine, rounds=turns, database=database)
    parts = [head, block(TABLE, quoted(results))]
    if wrong := [f"- {one.measure.title}: {one.trouble}\n" for one in results if one.trouble]:
        parts += ["\nWhat is not as expected:\n\n", *wrong]
    parts += [_OTHERS, "\n".join(_peers(results)), "\n\n## What each of them is for\n\n"]
    for peer in PEERS:
        version = peer.version or about.npm
        parts.append(f"**{peer.name}** {version} {peer.words}\n\n")
        calls = dict.fromkeys(" ".join(call.words) for call in peer.calls.values())
        shown = [text.replace("{place}/node_modules/.bin/", "") for text in calls]
        parts += [f"- `{text.replace('{place}/bin/', '')}`\n" for text in shown]
        parts += [f"- not given `{name}`: {why}\n" for name, why in peer.apart.items()]
        parts.append("\n")
    parts.append("Not measured:\n\n")
    parts += [f"- {name}: {why}\n" for name, why in {**about.lacking, **ABSENT}.items()]
    parts += ["\n## How the cost grows\n\n", block(GROWTH, growth)]
    return "".join(parts)


def block(name: str, text: str) -> str:
    """Return a block between its marks."""
    return f"<!-- {name}:begin -->\n{text}<!-- {name}:end -->\n"


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->\n", re.DOTALL)


def inside(name: str, text: str) -> str:
    """Return what stands in a block of a page; nothing where there is none."""
    found = _pattern(name).search(text)
    return "" if found is None else found[1]


def replaced(name: str, text: str, body: str) -> str:
    """Return a page with another text in a block; raise ValueError where there is none."""
    changed, count = _pattern(name).subn(lambda _: block(name, body), text)
    if count != 1:
        raise ValueError(f"the page has {count} blocks {name!r}")
    return changed


def quoted(results: Sequence[Result]) -> str:
    """Return what the README says: on which days it was measured, and the table."""
    days = " and ".join(sorted({one.day for one in results}))
    return f"Measured on {days}:\n\n{summary(results)}"


def told(result: Result) -> str:
    """Return a result in a line, with its peers, as it is known."""
    parts = [f"{result.measure.name}: {times(result.ratio)} (goal {_goal(result)})"]
    parts.append(f"{seconds(result.ours.cpu)}, {megabytes(result.ours):,.0f} MB")
    parts += [
        f"{rival.name} {times(rival.ratio) if rival.cost else rival.trouble}"
        for rival in result.rivals
    ]
    return "; ".join([*parts, *([f"WRONG: {result.trouble}"] if result.trouble else [])])


def write(results: Sequence[Result], about: About) -> None:
    """Write the page, and the README's table; what another bench wrote into the page stays."""
    growth = inside(GROWTH, PAGE.read_text(encoding="utf-8")) if PAGE.is_file() else ""
    PAGE.write_text(page(results, about, growth), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    body = quoted(results)
    README.write_text(replaced(TABLE, readme, body), encoding="utf-8")
