"""What a package can do now and could not do before, against an earlier record of what ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.comparing.comparison import ComparedWith
from auditor.model import Fact
from auditor.shipped import ChangeKind, Power

if TYPE_CHECKING:
    from collections.abc import Iterator


class AbilityChangeFact(Fact, frozen=True, kw_only=True):
    """One install script, dependency, command or entry point; `key` is its kind and name."""

    change: ChangeKind
    against: str
    """What it is compared with, in words."""
    expected: bool
    """That is what the maintainers said would ship."""
    power: Power
    name: str
    before: str
    after: str
    moved: bool
    """What came was there before under another condition or in another section."""


def collect(contents: Contents) -> Iterator[AbilityChangeFact]:
    """Yield one fact for each change of each comparison."""
    for seen in contents.of(ComparedWith):
        went = {
            (one.power, _bare(one.name))
            for one in seen.comparison.abilities
            if one.change is ChangeKind.REMOVED
        }
        for one in seen.comparison.abilities:
            yield AbilityChangeFact(
                path="",
                key=f"{one.power} {one.name}",
                change=one.change,
                against=seen.comparison.against,
                expected=seen.expected,
                power=one.power,
                name=one.name,
                before=one.before,
                after=one.after,
                moved=one.change is ChangeKind.ADDED and (one.power, _bare(one.name)) in went,
            )


def _bare(name: str) -> str:
    """Return a dependency's name without its condition or section."""
    return name.partition(" (")[0]


COLLECTOR = Collector(name="ability-change", fact=AbilityChangeFact, collect=collect)
