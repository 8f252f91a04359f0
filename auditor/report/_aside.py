"""What policy set aside, as sentences that say on whose word; the same for each medium."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.model import Finding, SetAside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model import Suppressed

_SAID = {
    SetAside.WAIVER: "waived",
    SetAside.BASELINE: "in the baseline",
    SetAside.EARLIER: "not new",
}


class Group(Struct, frozen=True, kw_only=True):
    """Findings of one rule that were set aside by the same word."""

    rule: str
    title: str
    why: str
    """The reason, and who gave it until when; untrusted text."""
    findings: tuple[Finding, ...]


def groups(suppressed: Sequence[Suppressed]) -> Iterator[Group]:
    """Yield what was set aside, waivers first, the worst findings first."""
    ordered = sorted(suppressed, key=_order)
    for (rule, why), same in groupby(ordered, key=lambda one: (one.finding.rule, _why(one))):
        findings = tuple(one.finding for one in same)
        yield Group(rule=rule, title=findings[0].title, why=why, findings=findings)


def counts(suppressed: Sequence[Suppressed]) -> str:
    """Return how many findings were set aside by what; empty for none."""
    number = Counter(one.by for one in suppressed)
    return ", ".join(f"{number[by]:,} {said}" for by, said in _SAID.items() if number[by])


def _order(one: Suppressed) -> tuple[bool, int, str, str]:
    return one.by is not SetAside.WAIVER, -one.finding.severity, one.finding.rule, _why(one)


def _why(one: Suppressed) -> str:
    said = [one.reason or one.by.value]
    said += [f"owner {one.owner}"] if one.owner else []
    said += [f"until {one.until}"] if one.until else []
    said += [one.declared] if one.declared else []
    return said[0] if len(said) == 1 else f"{said[0]} ({words.listed(tuple(said[1:]))})"
