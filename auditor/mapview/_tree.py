"""The tree of what can be recovered as rows, each folder with its sums, the largest first.

A whole tree is longer than anybody reads. So it is opened where most of it lies, until there are
enough rows; what stays closed is told by its sum, as are folders that hold third-party text alone.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor.model import ByteCount
from auditor.recovery import Amount, Recovered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROWS = 50
"""Rows that a tree is opened to."""
SIDE_BY_SIDE = 12
"""Rows of one folder before its rest is one row."""


class Folder(Struct):
    """A folder, with the sums of all that lies in it and below."""

    name: str
    folders: dict[str, Folder] = field(default_factory=dict)
    files: list[Recovered] = field(default_factory=list)
    first: Amount = field(default_factory=Amount)
    third: Amount = field(default_factory=Amount)
    ships: int = 0
    """First-party files that ship anyway."""
    removed: int = 0
    """First-party files that are not in the bundle."""

    @property
    def foreign(self) -> bool:
        """Tell whether all in it is third-party."""
        return not self.first.files

    @property
    def weight(self) -> tuple[int, int, str]:
        """Sorts what is first-party before what is not, then the largest first."""
        return -self.first.size, -self.third.size, self.name

    def add(self, one: Recovered) -> None:
        """Count a file that lies in this folder or below."""
        if one.third_party:
            self.third += one.amount
        else:
            self.first += one.amount
            self.ships += one.ships
            self.removed += one.is_removed


class Row(Struct, frozen=True, kw_only=True):
    """One line of the tree."""

    depth: int
    name: str
    """One part of a path, or several where a folder holds nothing but the next one."""
    amount: Amount
    """First-party text, or third-party text where there is no other."""
    file: Recovered | None = None
    folder: Folder | None = None
    """Neither of both for the rest of a folder."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What sets it apart from first-party text that is in the bundle and ships nowhere else."""
        if self.file is not None:
            return tuple(_of_file(self.file))
        return () if self.folder is None else tuple(_of_folder(self.folder))


def _of_file(file: Recovered) -> Iterator[str]:
    if file.third_party:
        yield "third-party"
        return
    if file.ships:
        yield "ships anyway"
    if file.is_removed:
        yield "not in the bundle"


def _of_folder(folder: Folder) -> Iterator[str]:
    if folder.foreign:
        yield "third-party"
        return
    if folder.third.files:
        yield f"and {folder.third.files:,} third-party"
    if folder.ships:
        yield f"{folder.ships:,} {'ships' if folder.ships == 1 else 'ship'} anyway"
    if folder.removed:
        yield f"{folder.removed:,} not in the bundle"


def tree(files: Iterable[Recovered]) -> Folder:
    """Return the folder that holds all of some files."""
    root = Folder(name="")
    for one in files:
        *folders, _ = one.path.split("/")
        here = root
        here.add(one)
        for name in folders:
            here = here.folders.setdefault(name, Folder(name=name))
            here.add(one)
        here.files.append(one)
    return root


def rows(root: Folder, *, every: bool = False) -> Iterator[Row]:
    """Yield the rows of a tree, as many as are read, or all of them."""
    yield from _below(root, 0, None if every else _opened(root))


def _opened(root: Folder) -> set[int]:
    """Return which folders are shown open: those in which most of the text lies."""
    opened = {id(root)}
    left = ROWS - _length(root)
    order = 0
    waiting: list[tuple[int, int, Folder]] = []
    current: Folder | None = root
    while current is not None:
        for folder in current.folders.values():
            order += 1
            heapq.heappush(waiting, (-folder.first.size, order, folder))
        current = None
        while waiting and current is None:
            _, _, folder = heapq.heappop(waiting)
            folder = _deepest(folder)
            if not folder.foreign and _length(folder) <= left:
                left -= _length(folder)
                opened.add(id(folder))
                current = folder
    return opened


def _length(folder: Folder) -> int:
    return min(len(folder.folders) + len(folder.files), SIDE_BY_SIDE + 1)


def _deepest(folder: Folder) -> Folder:
    """Return the folder at the end of a way without a fork."""
    while not folder.files and len(folder.folders) == 1:
        (folder,) = folder.folders.values()
    return folder


def _below(folder: Folder, depth: int, opened: set[int] | None) -> Iterator[Row]:
    folders = sorted(folder.folders.values(), key=lambda one: one.weight)
    files = sorted(folder.files, key=lambda one: (one.third_party, -one.size, one.path))
    inside: list[Folder | Recovered] = [*folders, *files]
    shown = len(inside) if opened is None or len(inside) <= SIDE_BY_SIDE + 1 else SIDE_BY_SIDE
    for one in inside[:shown]:
        if isinstance(one, Recovered):
            name = one.path.rpartition("/")[2]
            yield Row(depth=depth, name=name, amount=one.amount, file=one)
            continue
        name = one.name
        while not one.files and len(one.folders) == 1:
            (one,) = one.folders.values()  # noqa: PLW2901 - the way goes on
            name = f"{name}/{one.name}"
        amount = one.third if one.foreign else one.first
        yield Row(depth=depth, name=f"{name}/", amount=amount, folder=one)
        if opened is None or id(one) in opened:
            yield from _below(one, depth + 1, opened)
    rest = inside[shown:]
    if rest:
        yield Row(depth=depth, name="…", amount=_sum(rest))


def _sum(rest: Iterable[Folder | Recovered]) -> Amount:
    """Return what some entries hold together, first-party and not."""
    files = lines = size = 0
    for one in rest:
        amount = one.amount if isinstance(one, Recovered) else one.first + one.third
        files += amount.files
        lines += amount.lines
        size += amount.size
    return Amount(files=files, lines=lines, size=ByteCount(size))
