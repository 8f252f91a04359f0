"""The artifact against the budgets of the user's policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.facts import Collector, Contents
from auditor.facts.demands import Budgets, Demands
from auditor.facts.size import SizeFact
from auditor.facts.size import collect as sizes
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class BudgetFact(Fact, frozen=True, kw_only=True):
    """One budget; `key` is its name. `path` is the largest file's for `file`, else empty."""

    budget: str
    """`packed`, `unpacked`, `files` or `file`."""
    limit: int
    actual: int
    said: str
    """Both in words: `5.1 MB of at most 5 MB`."""
    exceeded: bool


def collect(contents: Contents) -> Iterator[BudgetFact]:
    """Yield one fact for each budget that is set and that the artifact has a size for."""
    for demands in contents.of(Demands):
        if demands.budgets == Budgets():
            continue
        for size in sizes(contents):
            yield from _facts(size, demands.budgets)


def _facts(size: SizeFact, budgets: Budgets) -> Iterator[BudgetFact]:
    for name, limit, actual in (
        ("packed", budgets.packed, size.packed),
        ("unpacked", budgets.unpacked, size.unpacked),
        ("files", budgets.files, size.files),
        ("file", budgets.file, size.largest_size),
    ):
        if limit is None or actual is None:
            continue
        if name == "files":
            said = f"{words.counted(actual, 'file')} of at most {limit:,}"
        else:
            said = f"{words.size(actual)} of at most {words.size(limit)}"
        yield BudgetFact(
            path=size.largest if name == "file" else "",
            key=name,
            budget=name,
            limit=limit,
            actual=actual,
            said=said,
            exceeded=actual > limit,
        )


COLLECTOR = Collector(name="budget", fact=BudgetFact, collect=collect)
