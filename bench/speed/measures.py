"""What is measured, with the goal of each: the one table of all limits."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_BESIDE = Path(sys.executable).with_name("audit")
AUDIT = (str(_BESIDE),) if _BESIDE.is_file() else (sys.executable, "-m", "auditor")
"""What users type: the command that is installed beside this Python, or ourselves as a module."""
BARE = (sys.executable, str(Path(__file__).with_name("bare.py")))
"""The least that a program like ours costs in Python; a kind and files follow."""
_PACK = (*AUDIT, "pack", "{file}", "--format", "json")
_PACK_ALL = (*AUDIT, "pack", "{files}", "--format", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The least that the same work can cost: a command that everybody has."""

    name: str
    words: tuple[str, ...]


GZIP = Floor(name="`gzip -dc`", words=("gzip", "-dc", "{file}"))
TAR = Floor(name="`tar tzf`", words=("tar", "tzf", "{file}"))
UNZIP = Floor(name="`unzip -tq`", words=("unzip", "-tq", "{file}"))
PYTHON = Floor(name="`python -c pass`", words=(sys.executable, "-c", "pass"))
LOOP = Floor(
    name="`gzip -dc` of each",
    words=("sh", "-c", 'for file in *.tgz; do gzip -dc "$file" || exit 1; done'),
)
ONE_CORE = Floor(name="the same on one core", words=("taskset", "--cpu-list", "{core}", *_PACK_ALL))
"""By wall time; taskset is Linux's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One call of ours, and what it is compared with."""

    name: str
    title: str
    input: str
    ours: tuple[str, ...]
    floor: Floor
    goal: float
    """The ratio to the floor that we want: CPU time, or wall time where `wall`."""
    bare: tuple[str, ...] = ()
    """The least that the same work costs in Python, a command; empty where that is our start."""
    guard: float | None = None
    """The ratio above which `python -m bench.guard` fails; None where that does not measure it."""
    wall: bool = False
    peak: float | None = None
    """MB that the largest process may hold."""
    code: int = 0
    """Our exit code."""
    count: int | None = None
    """Files of the artifacts, or packages of the inventory; None where no JSON is printed."""
    finds: Mapping[str, int] = field(default_factory=dict)
    """By rule, how many findings there must be; of other rules there may be any."""
    shows: str = ""
    """What stands in our output, where it is no JSON."""
    peers: bool = True
    """Whether peers get it, too."""


def _lock(form: str, title: str, file: str, goal: float, guard: float) -> Measure:
    return Measure(
        name=form,
        title=f"{title}, 2,500 packages",
        input=form,
        ours=(*AUDIT, "lock", file, "--format", "json"),
        floor=PYTHON,
        goal=goal,
        bare=(*BARE, "lines", "{file}"),
        guard=guard,
        code=1,
        count=2_500,
        finds={"known-malicious": 1},
    )


MEASURES = (
    Measure(
        name="leak",
        title="stand-in of the leak, 5 files, 72 MB unpacked",
        input="leak",
        ours=_PACK,
        floor=GZIP,
        goal=1.0,
        bare=(*BARE, "map", "{file}"),
        guard=2.0,
        peak=100,
        code=1,
        count=5,
        finds={"embedded-sources": 1},
    ),
    Measure(
        name="next",
        title="`next@15.0.3`, 6,790 files",
        input="next",
        ours=_PACK,
        floor=GZIP,
        goal=1.0,
        bare=(*BARE, "tar", "{file}"),
        code=1,
        count=6_790,
        finds={"embedded-sources": 2_184},
    ),
    Measure(
        name="icons",
        title="`@mui/icons-material@6.1.6`, 31,858 files",
        input="icons",
        ours=_PACK,
        floor=TAR,
        goal=1.5,
        bare=(*BARE, "tar", "{file}"),
        count=31_858,
    ),
    Measure(
        name="many",
        title="made package, 30,000 files",
        input="many",
        ours=_PACK,
        floor=TAR,
        goal=1.5,
        bare=(*BARE, "tar", "{file}"),
        guard=4.6,
        count=30_000,
        peers=False,
    ),
    Measure(
        name="one",
        title="made package, 100 kB packed",
        input="one",
        ours=_PACK,
        floor=PYTHON,
        goal=10,
        bare=(*BARE, "tar", "{file}"),
        guard=14.0,
        count=15,
    ),
    Measure(
        name="pandas",
        title="`pandas==3.1.1`, 1,558 files",
        input="pandas",
        ours=_PACK,
        floor=UNZIP,
        goal=1.0,
        bare=(*BARE, "zip", "{file}"),
        count=1_558,
    ),
    Measure(
        name="numpy",
        title="`numpy==2.4.6`, 1,042 files",
        input="numpy",
        ours=_PACK,
        floor=UNZIP,
        goal=1.0,
        bare=(*BARE, "zip", "{file}"),
        count=1_042,
        peers=False,
    ),
    Measure(
        name="gradio",
        title="`gradio==5.9.1`, 3,406 files, 213 MB unpacked",
        input="gradio",
        ours=_PACK,
        floor=UNZIP,
        goal=1.0,
        bare=(*BARE, "zip", "{file}"),
        code=1,
        count=3_406,
        finds={"embedded-sources": 532},
    ),
    _lock("package-lock", "package-lock.json", "package-lock.json", 8, 28),
    _lock("pnpm", "pnpm-lock.yaml", "pnpm-lock.yaml", 8, 32),
    _lock("yarn", "yarn.lock (classic)", "yarn.lock", 8, 30),
    _lock("yarn-berry", "yarn.lock (berry)", "yarn.lock", 8, 27),
    _lock("uv", "uv.lock", "uv.lock", 12, 40),
    _lock("poetry", "poetry.lock", "poetry.lock", 12, 38),
    Measure(
        name="version",
        title="`audit --version`",
        input="nothing",
        ours=(*AUDIT, "--version"),
        floor=PYTHON,
        goal=5,
        guard=5.5,
        shows=r"^audit, version \d",
    ),
    Measure(
        name="small",
        title="1,000 small packages in one call",
        input="small",
        ours=_PACK_ALL,
        floor=LOOP,
        goal=1.0,
        bare=(*BARE, "tar", "{files}"),
        count=12_983,
    ),
    Measure(
        name="cores",
        title="1,000 small packages on all cores, wall time",
        input="small",
        ours=_PACK_ALL,
        floor=ONE_CORE,
        goal=1 / 1.6,
        wall=True,
        count=12_983,
    ),
    Measure(
        name="few",
        title="200 small packages in one call",
        input="few",
        ours=_PACK_ALL,
        floor=LOOP,
        goal=1.0,
        bare=(*BARE, "tar", "{files}"),
        guard=2.8,
        count=2_454,
    ),
)
