"""The files of incident packs, our own and the user's, to the index that looks entries up."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from auditor.advisories import IncidentIndex, packs
from auditor.advisories.reading import suggestion
from auditor.errors import RuleError, UsageError
from auditor.rulebook import builtin_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.advisories import Pack

FOLDER = "incidents"
"""Where packs stand inside a folder of rules; their lists are in its `data`."""


def read(folders: Sequence[Path], *, whole: bool = False) -> tuple[Pack, ...]:
    """Read the packs of folders of rules, each `<folder>/incidents/*.yaml`.

    Of our own packs a scan reads the heads alone, as their tests read them whole; a user's pack,
    or all with `whole`, is read to its end, so that a mistake shows at once and not on the day of
    a hit. Raises RuleError for the first file that is not a pack in every respect, cannot be read,
    or repeats an id.
    """
    found: dict[str, Pack] = {}
    for folder in folders:
        own = folder == builtin_folder()
        texts = sorted((folder / FOLDER / "data").glob("*.txt"))
        lists = {path.name: _text(path) for path in texts}
        for path in sorted((folder / FOLDER).glob("*.yaml")):
            pack = packs.head(_text(path), path.name, lists)
            if pack.incident.id in found:
                raise RuleError(path.name, f"the incident {pack.incident.id!r} is already there")
            if whole or not own:
                packs.check(pack)
            found[pack.incident.id] = pack
    return tuple(found.values())


@cache
def load(folders: tuple[Path, ...], only: tuple[str, ...] = ()) -> IncidentIndex:
    """Return the index over the packs of folders of rules, or over those of some ids alone.

    Raises as `read` does, and UsageError for an id that there is not.
    """
    found = read(folders)
    known = [pack.incident.id for pack in found]
    for name in only:
        if name not in known:
            raise UsageError(f"there is no incident {name!r}{suggestion(name, known)}")
    return IncidentIndex([pack for pack in found if not only or pack.incident.id in only])


def digest(folders: Sequence[Path]) -> str:
    """Return what tells two states of the packs apart; 16 hex digits."""
    state = hashlib.sha256()
    for folder in folders:
        for path in sorted((folder / FOLDER).rglob("*.*")):
            state.update(f"{path.name}\0{_text(path)}\0".encode())
    return state.hexdigest()[:16]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RuleError(path.name, f"cannot be read: {problem}") from None
