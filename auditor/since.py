"""What is found in an artifact and was not found in an earlier one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from auditor.model import Finding, SetAside, Severity, Suppressed
from auditor.stable import release_path

if TYPE_CHECKING:
    from collections.abc import Iterable

_REASON = "what it is compared with has it as well"
Mark = tuple[str, Severity, str, str]


def divided(
    findings: Iterable[Finding], earlier: Iterable[Finding]
) -> tuple[list[Finding], list[Suppressed]]:
    """Return what is new, and what the earlier artifact has as well, each as often as it has it.

    It is the same where rule, severity, file and key are: a line may move, a finding that became
    worse is new, and versions in paths do not count.
    """
    known = Counter(map(_mark, earlier))
    new: list[Finding] = []
    old: list[Suppressed] = []
    for finding in findings:
        mark = _mark(finding)
        if known[mark]:
            known[mark] -= 1
            old.append(Suppressed(finding=finding, reason=_REASON, by=SetAside.EARLIER))
        else:
            new.append(finding)
    return new, old


def _mark(finding: Finding) -> Mark:
    place = finding.location
    return finding.rule, finding.severity, release_path(place.path), place.key or ""


__all__ = ["divided"]
