"""How much more an artifact ships than an earlier record says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.facts import Collector, Contents
from auditor.facts.comparing.comparison import ComparedWith, percent
from auditor.model import ByteCount, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.shipped import Comparison


class SizeChangeFact(Fact, frozen=True, kw_only=True):
    """The artifact as a whole against one record; `path` is empty."""

    against: str
    """What it is compared with, in words."""
    expected: bool
    """That is what the maintainers said would ship."""
    before: ByteCount
    after: ByteCount
    grown: ByteCount
    """Bytes that it is larger; 0 where it is not."""
    growth: int | None
    """By how many per cent it is larger; None where nothing shipped before."""
    files_before: int
    files_after: int
    most: str
    """What grew most, with its size, to be read after the numbers; empty where nothing grew."""


def collect(contents: Contents) -> Iterator[SizeChangeFact]:
    """Yield one fact for each comparison."""
    for seen in contents.of(ComparedWith):
        told = seen.comparison
        yield SizeChangeFact(
            path="",
            against=told.against,
            expected=seen.expected,
            before=ByteCount(told.size_before),
            after=ByteCount(told.size_after),
            grown=ByteCount(max(told.size_after - told.size_before, 0)),
            growth=percent(told.size_before, told.size_after),
            files_before=told.files_before,
            files_after=told.files_after,
            most=_most(told),
        )


def _most(told: Comparison) -> str:
    most = max(told.files, key=lambda one: (one.after or 0) - (one.before or 0), default=None)
    if most is None or (most.after or 0) <= (most.before or 0):
        return ""
    if most.before is None:
        return f"{most.path} is new with {words.size(most.after or 0)}"
    return f"{most.path} has {words.size(most.after or 0)} instead of {words.size(most.before)}"


COLLECTOR = Collector(name="size-change", fact=SizeChangeFact, collect=collect)
