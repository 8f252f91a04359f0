"""The rules and the incident packs of a call, parsed now or before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import rulebook
from auditor.rulebook import Rule, Ruleset
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
    lists: dict[str, frozenset[str]]
    rules: tuple[Rule, ...]


def load(
    folders: Sequence[Path], *, lockfile: bool | None = None, telling: bool = False
) -> Ruleset:
    """Return what `rulefile.load` would, without the tests of the rules; raises as it does."""
    source = rulebook.read(folders)
    shipped = rulebook.builtin_folder() / RULES
    known = parsed.value(_made_of_rules(source), _Rules, shipped, lambda: _rules(source))
    asked = rulebook.chosen(known.rules, lockfile=lockfile, telling=telling)
    return Ruleset(rules=asked, lists=known.lists, digest=source.digest[:16])


def packs(folders: Sequence[Path]) -> tuple[tuple[Pack, ...], str]:
    """Return what `incidentfile.read` would, and the packs' digest; raises as it does.

    The packs are whole: each has its rest as a value.
    """
    from auditor import incidentfile  # noqa: PLC0415 - of lockfiles alone
    from auditor.advisories.values import Pack  # noqa: PLC0415

    source = incidentfile.source(folders)
    shipped = rulebook.builtin_folder() / INCIDENTS
    known = parsed.value(
        _made_of_packs(source), tuple[Pack, ...], shipped, lambda: incidentfile.kept(source)
    )
    return known, source.digest[:16]


def to_ship() -> dict[str, bytes]:
    """Return what a wheel brings into the folder of rules, by name: our own, parsed."""
    from auditor import incidentfile  # noqa: PLC0415 - where a wheel is built

    folders = [rulebook.builtin_folder()]
    rules, incidents = rulebook.read(folders), incidentfile.source(folders)
    return {
        RULES: parsed.to_ship(_made_of_rules(rules), _rules(rules)),
        INCIDENTS: parsed.to_ship(_made_of_packs(incidents), incidentfile.kept(incidents)),
    }


def _rules(source: Source) -> _Rules:
    from auditor import rulefile  # noqa: PLC0415 - where nothing is kept

    whole = rulefile.parsed(source)
    return _Rules(lists=dict(whole.lists), rules=whole.rules)


def _made_of_rules(source: Source) -> Made:
    names = "\0".join(["rules", *source.lists, *(name for name, _ in source.rules)])
    code = ("match.py", "model.py", "rulebook.py", "rulefile.py", "yamldoc.py", "facts")
    return Made(files=names, digest=source.digest, code=code)


def _made_of_packs(source: Packs) -> Made:
    names = [name for folder in source.folders for name in (*folder.lists, *folder.packs)]
    code = ("model.py", "incidentfile.py", "yamldoc.py", "advisories")
    return Made(files="\0".join(["incidents", *names]), digest=source.digest, code=code)
