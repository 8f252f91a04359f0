"""What became of each waiver of the policy: it set findings aside, it has ended, it is idle.

Who applies the policy knows, and leaves the facts themselves as observations.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class State(StrEnum):
    """What a waiver is worth today."""

    USED = "used"
    UNUSED = "unused"
    """Its rule judged, all was examined, and there was nothing to set aside."""
    UNTRIED = "untried"
    """Its rule did not judge, or not all was examined."""
    EXPIRED = "expired"
    """Its last day is over; it sets nothing aside."""


class WaiverFact(Fact, frozen=True, kw_only=True):
    """One waiver; `path` and `line` are its place in the policy file, `key` rule and subject."""

    rule: str
    subject: str
    """What it is about, in words."""
    reason: str
    owner: str
    until: str
    """The last day on which it holds; empty for no end."""
    state: State
    findings: int
    """How many it set aside; of one that has ended, how many it would."""


def collect(contents: Contents) -> Iterator[WaiverFact]:
    """Yield one fact for each waiver."""
    yield from contents.of(WaiverFact)


COLLECTOR = Collector(name="waiver", fact=WaiverFact, collect=collect, policy=True)
