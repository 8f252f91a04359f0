"""Rules as SARIF describes them, and as GitHub's code scanning reads that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.docs import filled
from auditor.model import Confidence, RuleText, Severity
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model import Finding, Report

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""The middle of what code scanning calls by these words; 0.0 is no severity there."""
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_TAGS = 10
"""Tags of a rule that code scanning keeps; it refuses a file with more than 20."""
_LONGEST = 1024
"""Characters of a description that it takes."""
_LONGEST_NAME = 255


def descriptors(report: Report) -> list[dict[str, object]]:
    """Return the rules that were asked, by id; of one that is not among them its title.

    Code scanning takes a severity from the rule alone. It is the worst that a finding of the rule
    has in this run, so that what a rule calls low here is not shown as high. There is no helpUri:
    the rules' pages are no part of what is installed, and their references are about the matter.
    """
    found = [*report.findings, *(one.finding for one in report.suppressed)]
    rules = {rule.id: rule for rule in report.rules}
    worst: dict[str, Severity] = {}
    for finding in found:
        rules.setdefault(finding.rule, _unknown(finding))
        worst[finding.rule] = max(finding.severity, worst.get(finding.rule, Severity.INFO))
    return [
        _descriptor(rules[name], worst.get(name, rules[name].severity)) for name in sorted(rules)
    ]


def _unknown(finding: Finding) -> RuleText:
    return RuleText(
        id=finding.rule,
        title=finding.title,
        severity=finding.severity,
        confidence=finding.confidence,
        artifacts=frozenset({finding.kind} if finding.kind else ()),
        why=finding.title,
        fix="",  # the finding's has names of members in it
    )


def _descriptor(rule: RuleText, worst: Severity) -> dict[str, object]:
    title = rule.title.strip() or rule.id
    why, fix = filled(rule.why) or title, filled(rule.fix)
    properties: dict[str, object] = {
        "precision": _PRECISION[rule.confidence],
        "tags": _tags(kind.value for kind in rule.artifacts),
    }
    if worst in _SCORES:
        properties["security-severity"] = _SCORES[worst]
    return {
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": {"text": shortened(f"{title}.", _LONGEST)},
        "fullDescription": {"text": shortened(" ".join(why.split()), _LONGEST)},
        "help": {
            "text": _help(why, fix, rule.references, "How to fix it:"),
            "markdown": _help(why, fix, rule.references, "## How to fix it"),
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties,
    }


def pascal(name: str) -> str:
    """Return an id as the name that viewers show: `BigFile` for `big-file`."""
    return shortened("".join(map(str.capitalize, name.split("-"))), _LONGEST_NAME)


def _tags(kinds: Iterable[str]) -> list[str]:
    return ["security", "supply-chain", *sorted(kinds)][:_TAGS]


def _help(why: str, fix: str, references: tuple[str, ...], head: str) -> str:
    """Return what a rule says, as its author wrote it; braces in it are no placeholders.

    They would have to be doubled (3.11.5), but without arguments nobody puts anything in, and code
    scanning prints what is there.
    """
    more = "\n".join(f"- {one}" for one in references)
    return "\n\n".join(part for part in (why, head if fix else "", fix, more) if part)
