"""From findings and gaps to a verdict and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.model import Finding, Gap, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_PASS = 0
EXIT_FAIL = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_INTERNAL = 4
EXIT_INTERRUPTED = 130

EXIT_CODES = {
    Verdict.PASS: EXIT_PASS,
    Verdict.FAIL: EXIT_FAIL,
    Verdict.INCOMPLETE: EXIT_INCOMPLETE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user decides about a verdict."""

    fail_on: Severity = Severity.MEDIUM


def verdict(findings: Iterable[Finding], gaps: Iterable[Gap], settings: Settings) -> Verdict:
    """Return the verdict; what was not examined wins over what was found."""
    if any(True for _ in gaps):
        return Verdict.INCOMPLETE
    if any(finding.severity >= settings.fail_on for finding in findings):
        return Verdict.FAIL
    return Verdict.PASS


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings worst first, then by rule and place: the same order in every run."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                -f.severity,
                -f.confidence,
                f.rule,
                f.location.source,
                f.location.path,
                f.location.line or 0,
                f.location.key or "",
            ),
        )
    )
