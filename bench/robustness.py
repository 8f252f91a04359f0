"""Our peers and `audit` over the same hostile files: docs/robustness.md.

    python -m bench.robustness [CASES] [--only TOOL] [--jobs N]

CASES is a folder with an expect.json and a folder for each case; without it the cases of
`tests.archives` are written to a temporary one. Each peer is installed once, by name and in the
version that stands here, into a folder of its own below `.cache/peers`. It runs on one file at a
time, in an empty folder, without a network and for 20 seconds at most.

What a tool never claimed to look for it has not missed: such cases are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import auditor
from bench.installing import PLACE, installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "robustness.md"
SECONDS = 20
NOBODY = "http://127.0.0.1:9"
"""Where a tool that asks the network finds nobody: the port of `discard`."""
EVERYTHING = re.compile("")
NOTHING = re.compile(r"(?!)")


class Outcome(StrEnum):
    """What came of one tool and one case; the columns of the page."""

    OK = "ok"
    """It was refused or something was found where that is right, and passed where that is."""
    MISSED = "missed"
    """It passed without a word, of a kind that the tool says it finds."""
    CRASH = "crash"
    """An exception that nobody caught, or a signal."""
    HANG = "hang"
    FALSE_ALARM = "false alarm"
    NOT_CLAIMED = "not claimed"
    """It passed, and the tool never said that it would look at that; or it reads no such file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One program, and what it says of itself."""

    name: str
    version: str
    installer: str
    """`pip`, `npm`, or nothing: it is there."""
    reads: Mapping[str, tuple[str, ...]]
    """Command by the ending of the file's name; `{file}` stands for the file."""
    claims: re.Pattern[str]
    """Of which classes and cases (`class case`) it says that it finds what is wrong."""
    words: str
    """What it is for, and what is counted."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, case: Mapping[str, Any], file: Path) -> list[str]:
        """Return how it is called for a case; nothing where it reads no such file."""
        if self.installer and case["subject"] != "pack":
            return []
        found = next((c for end, c in self.reads.items() if case["file"].endswith(end)), ())
        values = {"file": str(file), "place": str(PLACE / self.name), "subject": case["subject"]}
        return [word.format_map(values) for word in found]


WHEEL, SDIST, NPM = ".whl", ".tar.gz", ".tgz"
TOOLS = (
    Tool(
        name="audit",
        version=auditor.__version__,
        installer="",
        reads={"": (sys.executable, "-m", "auditor", "{subject}", "{file}")},
        claims=EVERYTHING,
        words=(
            "claims every case: a file that it passes without a finding or a gap is a miss. This is"
            " no contest that it could lose: the cases are those that its own tests are made of."
        ),
        environment={"PYTHONPATH": str(ROOT)},
    ),
    Tool(
        name="check-wheel-contents",
        version="0.6.3",
        installer="pip",
        reads={WHEEL: ("{place}/bin/check-wheel-contents", "{file}")},
        claims=re.compile(r"\bwh-record|\brecord-(?:of-(?!padding)|does)|without-a-record"),
        words=(
            "looks for what a wheel's author packed by mistake: bytecode, files of the wrong place,"
            " duplicates. Of what is tried here it says that it compares RECORD with the files, so"
            " that alone is counted. It lists RECORD and not the zip's records, and never said that"
            " it withstands a zip that was made to deceive."
        ),
    ),
    Tool(
        name="twine",
        version="7.0.0",
        installer="pip",
        reads=dict.fromkeys((WHEEL, SDIST), ("{place}/bin/twine", "check", "--strict", "{file}")),
        claims=NOTHING,
        words=(
            "uploads; its `check --strict` tells whether the metadata is complete and the"
            " description renders. It looks at one member and says nothing of the archive, so that"
            " nothing here is a miss of it: what it lets pass, the index refuses or does not."
        ),
    ),
    Tool(
        name="publint",
        version="0.3.25",
        installer="npm",
        reads={NPM: ("{place}/node_modules/.bin/publint", "run", "--strict", "{file}")},
        claims=re.compile(r"manifest|tx-pkg-(?!noname)"),
        words=(
            "lints how a package's manifest and entry points work in different environments. A"
            " manifest that is broken is its subject, the archive around it is not."
        ),
    ),
    Tool(
        name="guarddog",
        version="3.2.0",
        installer="pip",
        reads={
            NPM: ("{place}/bin/guarddog", "npm", "scan", "--exit-non-zero-on-finding", "{file}"),
            **dict.fromkeys(
                (WHEEL, SDIST),
                ("{place}/bin/guarddog", "pypi", "scan", "--exit-non-zero-on-finding", "{file}"),
            ),
        },
        claims=re.compile(
            r"^limits (?!.*(?:nested|pax))|bomb|beyond-the-ratio|hole-of-eight"
            r"|^(?!nested|asar).*(?:climbs-(?!behind|with)|dotdot|absolute|leads-out|to-the-system)"
        ),
        words=(
            "looks for malicious behaviour in the code of a package, which no case here has. It"
            " unpacks before it looks, and says that this is safe: members that lead out of the"
            " folder, and archives that grow beyond its limits, are counted. On a file its rules"
            " about metadata rest, as they need a registry's document; its lists of popular names,"
            " which it renews at the start, are those that it brings. Three files whose"
            " members stay inside of the folder that it makes itself, and which it passes, are"
            " taken for no escape and stand under *not claimed*; whoever reads its words otherwise"
            " adds three to what it missed. Two of its false"
            " alarms are Zstandard under a gzip's name, which nobody has to know."
        ),
        environment={"GUARDDOG_TOP_PACKAGES_CACHE_LOCATION": str(PLACE / "guarddog-names")},
    ),
)

_UNCAUGHT = re.compile(
    r"Traceback \(most recent call last\)|^Node\.js v\d|panicked at", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: its exit code, None where it was stopped, and all that it printed."""

    code: int | None
    said: str


def judged(tool: Tool, name: str, case: Mapping[str, Any], ended: Ended | None) -> Outcome:
    """Return what a run is worth; None stands for a file that the tool does not read."""
    if ended is None:
        return Outcome.NOT_CLAIMED
    if ended.code is None:
        return Outcome.HANG
    if ended.code < 0 or _UNCAUGHT.search(ended.said) or (ended.code > 3 and not tool.installer):
        return Outcome.CRASH
    sound = {case["expect"], *case["accept"]}
    if ended.code:
        return Outcome.OK if sound & {"error", "finding"} else Outcome.FALSE_ALARM
    if "ok" in sound:
        return Outcome.OK
    claimed = tool.claims.search(f"{case['class']} {name}")
    return Outcome.MISSED if claimed else Outcome.NOT_CLAIMED


def run(command: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run a tool in an empty folder, as a user without settings and without a network."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOBODY)
        own = {"HOME": folder, "NO_COLOR": "1", "TERM": "dumb"}
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(  # noqa: S603 - a tool that stands above
                command,
                cwd=folder,
                env={**kept, **proxies, **own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code: int | None = child.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()
                code = None
            said.seek(0)
            return Ended(code=code, said=said.read(1_000_000).decode("utf-8", "replace"))


def outcome(tool: Tool, name: str, case: Mapping[str, Any], cases: Path) -> Outcome:
    """Run one tool over one case; one that seems to hang is given a second try."""
    command = tool.command(case, cases / name / case["file"])
    if not command:
        return Outcome.NOT_CLAIMED
    ended = run(command, tool.environment)
    if ended.code is None:
        ended = run(command, tool.environment)
    return judged(tool, name, case, ended)


def install(tool: Tool) -> None:
    """Install a tool by name, in the version that stands here, where it is not there."""
    if tool.installer:
        place = installed(tool.name, tool.installer, tool.name, tool.version)
        if tool.name == "guarddog":
            dated_names(place, PLACE / "guarddog-names")


def dated_names(place: Path, names: Path) -> None:
    """Copy guarddog's own lists of names, dated today, so that it asks nobody for fresh ones."""
    names.mkdir(parents=True, exist_ok=True)
    for path in place.glob("lib/*/site-packages/guarddog/analyzer/metadata/resources/*"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            today = {"downloaded_timestamp": int(datetime.now(UTC).timestamp())}
            text = json.dumps(json.loads(text) | today)
        (names / path.name).write_text(text, encoding="utf-8")


Rows = Mapping[tuple[str, str], Mapping[Outcome, int]]
"""By tool and class, how many cases came to what."""

_HEAD = """\
# Hostile files: what each tool makes of them

Written by `python -m bench.robustness{given}` on {day}; do not edit. {count} files, made to crash a
reader, to fool it, or to exhaust it, each of which one tool at a time was given: {tools}. A run has
{seconds} seconds, an empty folder and no network.

*ok*: refused or with a finding where that is right, passed where that is. *missed*: passed without
a word, though the tool says that it looks for such a thing. *crash*: an exception that nobody
caught (the exit code is not 0, so that a build stops; what is wrong is not said). *hang*: no end
within the time, twice. *false alarm*: a sound file is refused. *not claimed*: passed, or not read
at all, where the tool never said that it would look; that is no fault of it.

The files are test cases of this project: that `audit` is right about all of them is the condition
under which it is released, and no measure of how it does on files that it does not know.

"""


def table(rows: Rows) -> str:
    """Return the table of the page: for each tool all cases, then by class."""
    lines = [
        f"| tool | class | {' | '.join(Outcome)} |",
        f"|---|---|{'---:|' * len(Outcome)}",
    ]
    for tool in TOOLS:
        of_tool = {group: counts for (name, group), counts in rows.items() if name == tool.name}
        whole: Counter[Outcome] = Counter()
        for counts in of_tool.values():
            whole.update(counts)
        for group, counts in {"all": whole, **dict(sorted(of_tool.items()))}.items():
            cells = [f"{counts.get(one, 0):,}" if counts.get(one) else "" for one in Outcome]
            name = f"**{tool.name}**" if group == "all" else tool.name
            lines.append(f"| {name} | {group} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(rows: Rows, day: str, given: str = "") -> str:
    """Return the page."""
    count = sum(n for (name, _), counts in rows.items() if name == "audit" for n in counts.values())
    tools = ", ".join(f"{tool.name} {tool.version}" for tool in TOOLS)
    head = _HEAD.format(day=day, given=given, count=f"{count:,}", tools=tools, seconds=SECONDS)
    told = "\n".join(f"**{tool.name}** {tool.words}\n" for tool in TOOLS)
    return f"{head}{table(rows)}\n## What each of them is for\n\n{told}"


def measured(cases: Path, tools: Iterable[Tool], jobs: int) -> Rows:
    """Run all tools over all cases of a folder, and print what is not as it should be."""
    expect: dict[str, dict[str, Any]] = json.loads((cases / "expect.json").read_text("utf-8"))
    rows: dict[tuple[str, str], Counter[Outcome]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for tool in tools:
            install(tool)
            of_tool = partial(outcome, tool, cases=cases)
            found = pool.map(of_tool, expect.keys(), expect.values())
            for (name, case), one in zip(expect.items(), found, strict=True):
                rows.setdefault((tool.name, case["class"]), Counter())[one] += 1
                if one not in {Outcome.OK, Outcome.NOT_CLAIMED}:
                    print(f"{tool.name}: {name}: {one}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.robustness", description=__doc__)
    parser.add_argument("cases", nargs="?", type=Path)
    parser.add_argument("--only", choices=[tool.name for tool in TOOLS])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    tools = [tool for tool in TOOLS if asked.only in {None, tool.name}]
    with tempfile.TemporaryDirectory() as folder:
        cases = asked.cases
        if cases is None:
            from tests import archives  # noqa: PLC0415 - the cases, where none are given

            cases = Path(folder)
            archives.write(cases)
        rows = measured(cases.resolve(), tools, asked.jobs)
    if asked.only or asked.cases:
        print(table(rows))
    else:
        PAGE.write_text(page(rows, datetime.now(UTC).date().isoformat()), encoding="utf-8")


if __name__ == "__main__":
    main()
