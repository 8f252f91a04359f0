"""The rules and the incident packs of a call, parsed now or before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor import rulebook
from auditor.rulebook import FILES, Rule, Ruleset
from auditor.sources import parsed
from auditor.sources.parsed import Made

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.advisories import Pack
    from auditor.incidentfile import Packs
    from auditor.rulebook import Source

RULES = "parsed.msgpack"
"""The rules as a wheel of ours has them, in the folder of rules."""
INCIDENTS = "parsed-incidents.msgpack"


class _Rules(Struct, frozen=True, kw_only=True, array_like=True):
    digest: str
    lists: dict[str, frozenset[str]]
    rules: tuple[Rule, ...]


def load(
    folders: Sequence[Path], *, lockfile: bool | None = None, telling: bool = False
) -> Ruleset:
    """Return what `rulefile.load` would, without the tests of the rules; raises as it does.

    What each kind of call asks is kept for itself, so that none makes values of other rules.
    """

    def parse(source: Source) -> _Rules:
        return _rules(source, lockfile=lockfile, telling=telling)

    made = Made(
        name=f"rules {lockfile} {telling}",
        files=tuple((folder / below, ending) for folder in folders for below, ending in FILES),
        code=("match.py", "model.py", "rulebook.py", "rulefile.py", "yamldoc.py", "facts"),
    )
    known = parsed.value(made, _Rules, lambda: rulebook.read(folders), parse)
    return Ruleset(rules=known.rules, lists=known.lists, digest=known.digest[:16])


def packs(folders: Sequence[Path]) -> tuple[tuple[Pack, ...], str]:
    """Return what `incidentfile.read` would, and the packs' digest; raises as it does.

    The packs are whole: each has its rest as a value.
    """
    from auditor import incidentfile  # noqa: PLC0415 - of lockfiles alone
    from auditor.advisories.values import Pack  # noqa: PLC0415

    made = Made(
        name="incidents",
        files=tuple(
            (folder / incidentfile.FOLDER / below, ending)
            for folder in folders
            for below, ending in FILES
        ),
        code=("model.py", "incidentfile.py", "yamldoc.py", "advisories"),
    )
    return parsed.value(
        made, tuple[tuple[Pack, ...], str], lambda: incidentfile.source(folders), _packs
    )


def to_ship() -> dict[str, bytes]:
    """Return what a wheel brings into the folder of rules, by name: our own, parsed."""
    from auditor import incidentfile  # noqa: PLC0415 - where a wheel is built

    folders = [rulebook.builtin_folder()]
    rules, incidents = rulebook.read(folders), incidentfile.source(folders)
    return {
        RULES: parsed.to_ship(rules.digest, _rules(rules)),
        INCIDENTS: parsed.to_ship(incidents.digest, _packs(incidents)),
    }


def _rules(source: Source, *, lockfile: bool | None = None, telling: bool = False) -> _Rules:
    place = rulebook.builtin_folder() / RULES
    known = parsed.shipped(place, source.digest, _Rules)
    if known is None:
        from auditor import rulefile  # noqa: PLC0415 - where nothing is kept

        whole = rulefile.parsed(source)
        known = _Rules(digest=source.digest, lists=dict(whole.lists), rules=whole.rules)
    return replace(known, rules=rulebook.chosen(known.rules, lockfile=lockfile, telling=telling))


def _packs(source: Packs) -> tuple[tuple[Pack, ...], str]:
    from auditor import incidentfile  # noqa: PLC0415 - see above
    from auditor.advisories.values import Pack  # noqa: PLC0415

    place = rulebook.builtin_folder() / INCIDENTS
    known = parsed.shipped(place, source.digest, tuple[tuple[Pack, ...], str])
    return known or (incidentfile.kept(source), source.digest[:16])
