"""What the bench of names is measured on: confusions, legitimate names, popular names."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Sequence

ECOSYSTEMS = ("npm", "pypi")
HERE = Path(__file__).parent / "data" / "names"
LISTS = Path(__file__).parent.parent / "rules" / "names"
"""Popular names by ecosystem, the most popular first: `npm.txt`, `pypi.txt`."""
GROUPS = {
    "lock_all": ("lock-popular", "lock-tail"),
    "lock-tail": ("lock-tail",),
    "midpop": ("midpop",),
    "hard": ("hard",),
}
"""Groups of legitimate names, by the categories that they are made of."""
HEADER = ["ecosystem", "name", "target", "category", "label", "source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A name that was published as a confusion of another."""

    name: str
    targets: frozenset[str]
    """Each of them is right."""
    category: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """All data of one ecosystem; PyPI's names are normalised."""

    ecosystem: str
    strong: tuple[Pair, ...]
    weak: tuple[Pair, ...]
    """Labels of less care: never counted with the others."""
    legitimate: Mapping[str, tuple[str, ...]]
    """By group, in the order of the file."""
    popular: tuple[str, ...]
    """Most popular first."""

    def names(self) -> frozenset[str]:
        """Return every name that is to be judged."""
        pairs = {pair.name for pair in (*self.strong, *self.weak)}
        return frozenset(pairs.union(*self.legitimate.values()))

    def sampled(self, size: int) -> Data:
        """Return the same with at most `size` names of each group: always the same ones."""
        groups = {
            group: tuple(random.Random(group).sample(names, min(size, len(names))))  # noqa: S311
            for group, names in self.legitimate.items()
        }
        return dataclasses.replace(self, legitimate=groups)


def spelled(name: str, ecosystem: str) -> str:
    """Return a name in the spelling that stands for all others of its ecosystem."""
    return canonicalize_name(name) if ecosystem == "pypi" else name


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of one of the tables."""
    lines = path.read_text(encoding="utf-8").splitlines()
    table = [line.split("\t") for line in lines]
    for number, cells in enumerate(table, start=1):
        if len(cells) != len(HEADER) or (number == 1 and cells != HEADER):
            raise SystemExit(f"{path}, line {number}: not the columns {' '.join(HEADER)}")
    return [dict(zip(HEADER, cells, strict=True)) for cells in table[1:]]


def popular_names(folder: Path, ecosystem: str) -> tuple[str, ...]:
    """Return the list of popular names; what stands behind a tab is no part of a name."""
    path = folder / f"{ecosystem}.txt"
    if not path.is_file():
        raise SystemExit(f"{path}: there is no such list of popular names")
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(spelled(line.partition("\t")[0], ecosystem) for line in lines if line)


def pairs(table: Sequence[Mapping[str, str]], ecosystem: str, *, weak: bool) -> tuple[Pair, ...]:
    """Return the confusions of one table: those of less care, or all others."""
    return tuple(
        Pair(
            name=spelled(row["name"], ecosystem),
            targets=frozenset(spelled(target, ecosystem) for target in row["target"].split("|")),
            category=row["category"].removeprefix("weak-"),
            source=row["source"],
        )
        for row in table
        if row["category"].startswith("weak") is weak
    )


def lists_of(folder: Path) -> Path:
    """Return where the popular names of some data lie: in `popular` beside it, else with us."""
    own = folder / "popular"
    return own if own.is_dir() else LISTS


def read(folder: Path, ecosystem: str, popular: Path | None = None) -> Data:
    """Return the data of one ecosystem in a folder; its popular names may lie in another one."""
    positive = rows(folder / f"{ecosystem}_positive.tsv")
    negative = rows(folder / f"{ecosystem}_negative.tsv")
    unknown = {row["category"] for row in negative}.difference(*GROUPS.values())
    if unknown:
        raise SystemExit(f"{folder}: unknown categories {', '.join(sorted(unknown))}")
    return Data(
        ecosystem=ecosystem,
        strong=pairs(positive, ecosystem, weak=False),
        weak=pairs(positive, ecosystem, weak=True),
        legitimate={
            group: tuple(
                spelled(row["name"], ecosystem) for row in negative if row["category"] in categories
            )
            for group, categories in GROUPS.items()
        },
        popular=popular_names(popular or lists_of(folder), ecosystem),
    )
