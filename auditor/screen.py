"""Which of many facts some rules can be about at all, told by one search for what is fixed in them.

Each path pattern has something fixed (`/.env`, `.swp` at the end): where none of that stands in a
fact's texts, no pattern matches. A fact that is left may be one that a rule is about, or none.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from auditor.match import END, fixed_part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from auditor.match import Where
    from auditor.model import Fact

MANY = 4096
"""Facts that are looked at together."""


class Need(Struct, frozen=True, kw_only=True):
    """What must be so where some conditions hold: a pattern matches, or else a number is large."""

    patterns: tuple[tuple[str, str], ...] = ()
    """Fields and patterns, of which one matches."""
    field: str = ""
    """A field that is over `bound`; empty where there are patterns."""
    bound: int = 0

    def may_be_met(self, numbers: Iterable[int | None]) -> bool:
        """Tell whether one of the numbers in its field is large enough."""
        return max(filter(None, numbers), default=0) > self.bound


def need_of(where: Where) -> Need | None:
    """Return what must be so where conditions hold; None where nothing of the kind can be said."""
    for condition in where.conditions:
        if condition.operator == "glob":
            return Need(patterns=tuple((condition.field, str(o)) for o in condition.operands))
    groups = [need_of(group) for group in where.any]
    patterns = [pair for group in groups if group is not None for pair in group.patterns]
    if groups and all(group is not None and group.patterns for group in groups):
        return Need(patterns=tuple(patterns))
    for condition in where.conditions:
        if condition.operator == "over" and isinstance(condition.operands[0], int):
            return Need(field=condition.field, bound=condition.operands[0])
    return None


class Lot(Protocol):
    """Some facts of one kind, of which those are made that somebody asks for."""

    def __len__(self) -> int:
        """Return how many there are."""

    def column(self, field: str) -> Sequence[Any]:
        """Return what all of them have in one field."""

    def screened(self, field: str) -> str:
        """Return the field that is searched for what one has: that field, or one that holds it."""

    def fact(self, place: int) -> Fact:
        """Return one of them."""


class Made:
    """Facts that are there as a lot."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts = facts

    def __len__(self) -> int:
        return len(self._facts)

    def column(self, field: str) -> Sequence[Any]:
        """Return what all of them have in one field."""
        return [getattr(fact, field) for fact in self._facts]

    def screened(self, field: str) -> str:
        """Return the field itself."""
        return field

    def fact(self, place: int) -> Fact:
        """Return one of them."""
        return self._facts[place]


class Screen:
    """The fixed parts of all patterns of some rules, searched in many facts together."""

    def __init__(self, needs: Sequence[Need | None]) -> None:
        from auditor.anchors import Anchors  # noqa: PLC0415 - where there are many facts

        self._every = frozenset(range(len(needs)))
        self._fields = sorted({field for need in needs if need for field, _ in need.patterns})
        self._needs: dict[bytes, set[int]] = defaultdict(set)
        for number, need in enumerate(needs):
            for _, pattern in need.patterns if need else ():
                part = fixed_part(pattern).encode("utf-8", "surrogatepass")
                self._needs[part].add(number)
        self._anchors = Anchors(frozenset(self._needs))

    def passed(self, lot: Lot) -> Mapping[int, Collection[int]]:
        """Return the numbers of the facts that some pattern may match, each with which needs."""
        found: dict[int, set[int]] = defaultdict(set)
        for field in {lot.screened(field) for field in self._fields}:
            texts = lot.column(field)
            if not {*map(type, texts)} <= {str}:
                return dict.fromkeys(range(len(lot)), self._every)
            joined = f"/{f'{END}/'.join(texts)}{END}".lower().replace("!", "/")
            data = joined.encode("utf-8", "surrogatepass")
            if data.count(b"\n") != len(texts):  # some text has a line end of its own
                return dict.fromkeys(range(len(lot)), self._every)
            number = last = 0
            for offset, part in sorted((offset, part) for part, offset in self._anchors.hits(data)):
                number += data.count(b"\n", last, offset)
                last = offset
                found[number] |= self._needs[part]
        return found
