"""How old the data is that a report rests on, where the policy has a limit for that.

Who makes the report knows, and leaves the facts themselves as observations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class DataAgeFact(Fact, frozen=True, kw_only=True):
    """One set of data; `key` is its name, `path` the policy file that limits its age."""

    day: str
    """Of which day it is (RFC 3339)."""
    age: int
    """Days."""
    most: int
    """Days that the policy allows."""
    stale: bool


def collect(contents: Contents) -> Iterator[DataAgeFact]:
    """Yield one fact for each set of data."""
    yield from contents.of(DataAgeFact)


COLLECTOR = Collector(name="data-age", fact=DataAgeFact, collect=collect, policy=True)
