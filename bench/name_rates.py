"""How often a detector of look-alike names is right: rates with their intervals of 95 %."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.name_data import Pair

Z = 1.959964
"""Of the normal distribution, 95 % lie within so many standard deviations."""
Answers = Mapping[str, frozenset[str]]
"""By name, which popular names a detector takes it for a copy of; none where it says nothing."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    hits: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval: unlike the usual one it holds for few names and no hits."""
        share = self.hits / self.total
        width = Z * Z / self.total
        middle = (share + width / 2) / (1 + width)
        half = Z * math.sqrt((share * (1 - share) + width / 4) / self.total) / (1 + width)
        return max(0.0, middle - half), min(1.0, middle + half)

    def text(self, unit: int) -> str:
        """Return the rate in a hundred or a thousand, with its interval."""
        if not self.total:
            return "none"
        low, high = (unit * end for end in self.interval)
        return f"{unit * self.hits / self.total:.1f} ({low:.1f}–{high:.1f})"


def correct(pairs: Iterable[Pair], answers: Answers) -> Rate:
    """Return for how many the true target is among those named."""
    right = [not pair.targets.isdisjoint(answers[pair.name]) for pair in pairs]
    return Rate(sum(right), len(right))


def flagged(names: Iterable[str], answers: Answers) -> Rate:
    """Return how many names are told of, whatever they are taken for."""
    told = [bool(answers[name]) for name in names]
    return Rate(sum(told), len(told))


def within_reach(pairs: Iterable[Pair], popular: Iterable[str]) -> Rate:
    """Return for how many a true target is a popular name at all: no detector gets beyond it."""
    known = frozenset(popular)
    right = [not pair.targets.isdisjoint(known) for pair in pairs]
    return Rate(sum(right), len(right))
