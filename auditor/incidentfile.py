"""The files of incident packs, our own and the user's, to the index that looks entries up."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.advisories import IncidentIndex, packs
from auditor.advisories.reading import suggestion
from auditor.errors import RuleError, UsageError
from auditor.rulebook import builtin_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from auditor.advisories import Pack

FOLDER = "incidents"
"""Where packs stand inside a folder of rules; their lists are in its `data`."""


class Folder(Struct, frozen=True, kw_only=True):
    """The files of one folder, by name."""

    own: bool
    lists: dict[str, str]
    packs: dict[str, str]


class Packs(Struct, frozen=True, kw_only=True):
    """The files of all packs of a call, not yet parsed."""

    folders: tuple[Folder, ...]
    digest: str
    """Of all of that; 64 hex digits."""


def source(folders: Iterable[Path]) -> Packs:
    """Read the files of packs; raises RuleError for the first that cannot be read."""
    state = hashlib.sha256()
    found = []
    for folder in folders:
        place = folder / FOLDER
        one = Folder(
            own=folder == builtin_folder(),
            lists={path.name: _text(path) for path in sorted((place / "data").glob("*.txt"))},
            packs={path.name: _text(path) for path in sorted(place.glob("*.yaml"))},
        )
        for name, text in (*one.lists.items(), *one.packs.items()):
            state.update(f"{one.own}\0{name}\0{text}\0".encode())
        found.append(one)
    return Packs(folders=tuple(found), digest=state.hexdigest())


def read(folders: Iterable[Path], *, whole: bool = False) -> tuple[Pack, ...]:
    """Read the packs of folders of rules, each `<folder>/incidents/*.yaml`; see `parsed`.

    Raises RuleError, also for the first file that cannot be read.
    """
    return parsed(source(folders), whole=whole)


def parsed(files: Packs, *, whole: bool = False) -> tuple[Pack, ...]:
    """Return what files that were read say.

    Of our own packs a scan reads the heads alone, as their tests read them whole; a user's pack,
    or all with `whole`, is read to its end, so that a mistake shows at once and not on the day of
    a hit. Raises RuleError for the first file that is not a pack in every respect, or repeats an
    id.
    """
    found: dict[str, Pack] = {}
    for folder in files.folders:
        for name, text in folder.packs.items():
            pack = packs.head(text, name, folder.lists)
            if pack.incident.id in found:
                raise RuleError(name, f"the incident {pack.incident.id!r} is already there")
            if whole or not folder.own:
                packs.check(pack)
            found[pack.incident.id] = pack
    return tuple(found.values())


def kept(files: Packs) -> tuple[Pack, ...]:
    """Return what files that were read say, whole and to be kept; raises as `parsed` does."""
    return tuple(map(packs.kept, parsed(files, whole=True)))


@cache
def load(folders: tuple[Path, ...], only: tuple[str, ...] = ()) -> IncidentIndex:
    """Return the index over the packs of folders of rules, or over those of some ids alone.

    Raises as `read` does, and UsageError for an id that there is not.
    """
    return index(read(folders), only)


def index(found: Sequence[Pack], only: tuple[str, ...] = ()) -> IncidentIndex:
    """Return the index over packs, or over those of some ids alone; raises as `load` does."""
    known = [pack.incident.id for pack in found]
    for name in only:
        if name not in known:
            raise UsageError(f"there is no incident {name!r}{suggestion(name, known)}")
    return IncidentIndex([pack for pack in found if not only or pack.incident.id in only])


def digest(folders: Sequence[Path]) -> str:
    """Return what tells two states of the packs apart; 16 hex digits."""
    return source(folders).digest[:16]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RuleError(path.name, f"cannot be read: {problem}") from None
