"""The report as Markdown (GitHub's), for an issue, a pull request or a wiki."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from auditor import words
from auditor.model import Finding, Gap, Report, Severity
from auditor.report import ReportFormat, View, _incident
from auditor.report._incident import Role
from auditor.safe import safe, safe_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.exposure import Triage
    from auditor.report._incident import Line

SHOWN = 20
"""Findings of one rule that are listed before the rest is counted."""
_LONGEST = 1000
_COMMAND = re.compile(r"[\s`]+")


def render(report: Report, view: View) -> str:
    """Return the report as one document; nothing of an artifact becomes markup, link or mention."""
    made = _triage(report, report.triage, view) if report.triage else _findings(report, view)
    return "\n".join(made).rstrip() + "\n"


def _triage(report: Report, triage: Triage, view: View) -> Iterator[str]:
    yield f"# Incident report: {triage.level.value}"
    yield ""
    yield f"{_text(_incident.summary(triage))}."
    if view.quiet:
        return
    for line in _incident.lines(triage, report.gaps, every=view.verbose):
        yield from _told(line)


def _told(line: Line) -> Iterator[str]:
    text = _text(line.text)
    match line.role:
        case Role.TITLE:
            yield from ("", f"## {text[:1].upper()}{text[1:]}", "")
        case Role.INCIDENT:
            yield from ("", f"## {_code(line.head)}: {text}", "")
        case Role.TEXT:
            yield from (f"{text[:1].upper()}{text[1:]}.", "")
        case Role.PLACE:
            yield f"- **{line.level.value if line.level else ''}** {_code(line.text)}"
        case Role.HIT:
            yield f"  - {text}"
        case Role.DETAIL:
            yield f"    <br>{text}"
        case Role.STEP:
            yield f"{line.head} {text}"
        case Role.COMMAND:
            yield f"   <br>{_code(line.text)}"
        case Role.ITEM:
            yield f"- {_code(line.head) + ': ' if line.head else ''}{text}"


def _findings(report: Report, view: View) -> Iterator[str]:
    counts = [
        words.counted(sum(f.severity is level for f in report.findings), level.word, level.word)
        for level in sorted(Severity, reverse=True)
        if any(f.severity is level for f in report.findings)
    ]
    yield f"# audit: {report.verdict.value}"
    yield ""
    yield f"{', '.join(counts) or 'no findings'} (fails from {report.threshold.word} up)."
    if view.quiet:
        return
    for artifact in report.artifacts:
        name = f"{artifact.name} {artifact.version}".strip() or artifact.source
        files = words.counted(artifact.files, "file")
        yield ""
        yield f"{_code(name)}: {files}, {words.size(artifact.unpacked)} unpacked."
    for row in report.inventories:
        count = words.counted(int(str(row["count"])), "package")
        yield ""
        yield f"{_code(str(row['source']))}: read {count}."
    yield from _gaps(report.gaps)
    for (rule, title), group in groupby(report.findings, key=lambda f: (f.rule, f.title)):
        yield from _rule(rule, title, list(group), view)


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    if gaps:
        yield from ("", "## Not examined", "")
    for gap in gaps:
        where = gap.location.path or gap.location.source
        yield f"- {_code(where)}: {_text(gap.reason)}"


def _rule(rule: str, title: str, findings: list[Finding], view: View) -> Iterator[str]:
    worst = max(finding.severity for finding in findings)
    yield from ("", f"## {worst.word}: {_code(rule)}", "", f"{_text(title)}.", "")
    shown = findings if view.verbose else findings[:SHOWN]
    for finding in shown:
        place = finding.location
        line = f":{place.line}" if place.line else ""
        yield f"- {_code(f'{place.path or place.source}{line}')}: {_text(finding.message)}"
    if len(findings) > len(shown):
        yield f"- … and {len(findings) - len(shown):,} more"
    fixes = list(dict.fromkeys(finding.fix for finding in shown))
    yield from ("", "<details><summary>How to fix it</summary>", "")
    for fix in fixes[:SHOWN]:
        yield from (*(_text(line) for line in fix.splitlines()), "")
    yield "</details>"


def _text(text: str) -> str:
    return safe_markdown(text, _LONGEST)


def _code(text: str) -> str:
    """Return a text as a code span: in one nothing is a link, a mention or markup."""
    shown = _COMMAND.sub(" ", safe(text, _LONGEST)).replace("|", "\\|").strip()
    return f"`{shown}`" if shown else ""


REPORT = ReportFormat(name="markdown", render=render)
