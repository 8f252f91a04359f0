"""A lockfile with git's conflict markers is two lockfiles; both are read.

Whoever resolves the conflict installs one side, and people do not look which. pnpm and npm merge
such files without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.errors import InputError, ParseError
from auditor.lazyre import regex
from auditor.lockfiles._documents import conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from auditor.inventory import Edge, Inventory, LockedPackage
    from auditor.lockfiles import Document

_MARKERS = regex(r"(?m)^(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$")


def sides(text: str) -> tuple[str, str] | None:
    """Return both sides of a text with conflict markers; None where they are not in order."""
    ours: list[str] = []
    theirs: list[str] = []
    state = ">"
    position = 0
    for marker in _MARKERS.finditer(text):
        part = text[position : marker.start()]
        if state in {"<", ">"}:
            ours.append(part)
        if state in {"=", ">"}:
            theirs.append(part)
        position = marker.end() + 1
        sign = marker[1][0]
        if sign not in {">": "<", "<": "|=", "|": "=", "=": ">"}[state]:
            return None
        state = sign
    if state != ">" or position == 0:
        return None
    rest = text[position:]
    return "".join((*ours, rest)), "".join((*theirs, rest))


def both_sides(document: Document, read: Callable[[Document, str], Inventory]) -> Inventory:
    """Read a document, and where it holds a merge conflict both of its sides.

    `read` gets the document and the text to read in place of its own. Packages that only the
    second side has follow those of the first, under ids of their own. Raises ParseError as `read`
    does; where one side alone cannot be read that is an entry of `unread`.
    """
    text = document.text
    problem = conflict(text)
    both = sides(text) if problem else None
    if problem is None or both is None:
        return read(document, text)
    inventories = []
    unread = []
    for name, side in zip(("the first side", "the second side"), both, strict=True):
        try:
            inventories.append(read(document, side))
        except InputError as error:
            unread.append((f"{name} of the conflict", str(error)))
    if not inventories:
        raise ParseError(f"{problem.detail}; {unread[0][1]}")
    merged = inventories[0]
    for other in inventories[1:]:
        merged = _joined(merged, other)
    # Lines are those of one side; only the marker's is true of the file.
    packages = tuple(replace(package, line=None) for package in merged.packages)
    return replace(
        merged,
        packages=packages,
        problems=(problem, *(replace(p, line=None) for p in merged.problems)),
        unread=(*merged.unread, *unread),
    )


def _joined(first: Inventory, second: Inventory) -> Inventory:
    """Return both as one: an entry of both sides is one package, which requires what each says."""
    packages = {package.id: package for package in first.packages}
    same = {_content(package): package.id for package in reversed(first.packages)}
    ids: dict[str, str] = {}
    """What each package of the second side is called here."""
    added = 0
    for package in second.packages:
        content = _content(package)
        its = packages.get(package.id)
        if its is not None and _content(its) == content:
            ids[package.id] = package.id
        elif content in same:
            ids[package.id] = same[content]
        else:
            added += 1
            ids[package.id] = _free(package.id, packages)
            packages[ids[package.id]] = replace(package, id=ids[package.id], requires=())

    def led(edges: Iterable[Edge]) -> Iterator[Edge]:
        return (replace(edge, target=ids.get(edge.target, edge.target)) for edge in edges)

    for package in second.packages:
        own = packages[ids[package.id]]
        packages[own.id] = replace(
            own,
            requires=tuple(dict.fromkeys((*own.requires, *led(package.requires)))),
            direct=own.direct or package.direct,
            dev=own.dev and package.dev,
            optional=own.optional and package.optional,
        )
    return replace(
        first,
        packages=tuple(packages.values()),
        roots=tuple(dict.fromkeys((*first.roots, *led(second.roots)))),
        sections={**first.sections, "second side": added},
        indexes=tuple(dict.fromkeys((*first.indexes, *second.indexes))),
        problems=tuple(dict.fromkeys((*first.problems, *second.problems))),
        unread=tuple(dict.fromkeys((*first.unread, *second.unread))),
    )


def _free(wanted: str, taken: Container[str]) -> str:
    """Return an id that no package has yet."""
    while wanted in taken:
        wanted = f"{wanted} (second side)"
    return wanted


def _content(package: LockedPackage) -> LockedPackage:
    """Return all that an entry says of what is installed: not where it stands, nor what for."""
    return replace(package, id="", line=None, requires=(), dev=False, optional=False, direct=False)
