"""What ships, as a tree for the treemap and as rows for the table of the same files."""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor import words
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.shipped import Entry

LISTED = 20_000
"""Files that are told one by one, the largest; of the others each folder has the sum."""
DEEPEST = 32
"""Folders in each other; what lies deeper has the rest of its path as its name."""
LONGEST = 160
"""Characters of one part of a path."""
OTHER = "other files"
DETAIL = " · "
"""Between a kind and what else is told of a single file."""
KINDS = (
    "source maps",
    "scripts",
    "types and sources",
    "styles",
    "documents",
    "data",
    "images and fonts",
    "native code",
    "archives",
    OTHER,
)
"""The kinds that have a colour, in the order of the style sheet's classes."""


class Row(Struct, frozen=True, kw_only=True):
    """One file of a folder."""

    name: str
    size: int
    kind: str


class Folder(Struct, frozen=True, kw_only=True):
    """The files that lie in one folder, not those below it."""

    path: str
    """Empty for the artifact's own."""
    rows: tuple[Row, ...]

    @property
    def size(self) -> int:
        """Bytes of its own files."""
        return sum(row.size for row in self.rows)


class _Node(Struct):
    folders: dict[str, _Node] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def color(kind: str, kinds: Sequence[str] = KINDS) -> int:
    """Return the number of a kind's colour; what stands behind a `DETAIL` does not count."""
    bare = kind.partition(DETAIL)[0]
    return kinds.index(bare if bare in kinds else OTHER)


def folders(files: Iterable[Entry], listed: int = LISTED) -> tuple[Folder, ...]:
    """Return the files by folder, in the order of their paths."""
    files = tuple(files)
    kept = set(heapq.nlargest(listed, range(len(files)), key=lambda i: (files[i].size, -i)))
    rows: dict[str, list[Row]] = defaultdict(list)
    rest: dict[str, list[Entry]] = defaultdict(list)
    for index, entry in enumerate(files):
        folder, _, name = entry.path.rpartition("/")
        if index in kept:
            rows[folder].append(Row(name=name, size=entry.size, kind=entry.kind))
        else:
            rest[folder].append(entry)
    for folder, entries in rest.items():
        name = f"… {words.counted(len(entries), 'smaller file')}"
        rows[folder].append(Row(name=name, size=sum(e.size for e in entries), kind=OTHER))
    return tuple(Folder(path=path, rows=tuple(rows[path])) for path in sorted(rows))


def document(listing: Sequence[Folder], kinds: Sequence[str] = KINDS) -> str:
    """Return the tree as JSON that is safe inside of a script element; `OTHER` is among the kinds.

    `tree` is a folder: `[name, [child, …]]`; a file is `[name, bytes, number of its colour, kind]`
    where the kind is left out if it is the one of that number in `kinds`.
    """
    root = _Node()
    for folder in listing:
        node = root
        for part in folder.path.split("/", DEEPEST) if folder.path else ():
            node = node.folders.setdefault(part, _Node())
        node.rows += folder.rows
    return inert({"kinds": kinds, "tree": _value("", root, kinds)})


def inert(value: object) -> str:
    """Return a value as JSON in which nothing can end a script element or begin a comment."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _value(name: str, node: _Node, kinds: Sequence[str]) -> list[object]:
    while not node.rows and len(node.folders) == 1:  # a way without a fork is one step
        ((below, node),) = node.folders.items()
        name = f"{name}/{below}" if name else below
    children = [_value(below, one, kinds) for below, one in node.folders.items()]
    children += [_leaf(row, kinds) for row in node.rows]
    return [safe(name, LONGEST), children]


def _leaf(row: Row, kinds: Sequence[str]) -> list[object]:
    leaf: list[object] = [safe(row.name, LONGEST), row.size, color(row.kind, kinds)]
    return leaf if row.kind in kinds else [*leaf, safe(row.kind, LONGEST)]
