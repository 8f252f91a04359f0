"""Parts of a report in GitHub's Markdown, in which no text of an artifact is markup."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from auditor import fixes, words
from auditor.lazyre import regex
from auditor.model import Severity
from auditor.report import _aside, _comparison, _disclosed, _incident
from auditor.report._incident import Role
from auditor.safe import code_span, fenced, safe, safe_markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.exposure import Triage
    from auditor.model import Artifact, Finding, Gap, Report, Suppressed
    from auditor.report import View
    from auditor.report._incident import Line
    from auditor.shipped import Comparison

_LONGEST = 1000
_COMMAND = regex(r"[\s`]+")
_ITEM = regex(r"[-*] |\d+\. ")


def text(untrusted: str) -> str:
    """Return a text as a line in which nothing is markup."""
    return safe_markdown(untrusted, _LONGEST)


def disclosed(artifact: Artifact) -> str:
    """Return what an artifact's maps give back; empty where it is no first-party source."""
    out = artifact.discloses
    if out is None or not out.files:
        return ""
    told = _disclosed.details(out, code)
    return f"{_disclosed.total(out)}{f': {told}' if told else ''}."


def code(untrusted: str) -> str:
    """Return a text as a code span: in one nothing is a link, a mention or markup."""
    shown = _COMMAND.sub(" ", safe(untrusted, _LONGEST)).strip()
    return code_span(shown) if shown else ""


def counts(report: Report) -> str:
    """Return how many findings there are of which severity, and what was set aside."""
    found = [
        words.counted(sum(f.severity is level for f in report.findings), level.word, level.word)
        for level in sorted(Severity, reverse=True)
        if any(f.severity is level for f in report.findings)
    ]
    said = f"{', '.join(found) or 'no findings'} (fails from {report.threshold.word} up)"
    if report.suppressed:
        said += f"; {_aside.counts(report.suppressed)}"
    if report.gaps:
        said += f"; {words.counted(len(report.gaps), 'thing')} could not be examined"
    return f"{said}."


def gaps(found: Sequence[Gap]) -> Iterator[str]:
    """Yield what could not be examined, one item each."""
    for gap in found:
        where = gap.location.path or gap.location.source
        yield f"- {code(where)}: {text(gap.reason)}"


def rules(findings: Sequence[Finding]) -> Iterator[tuple[str, str, Severity, list[Finding]]]:
    """Yield each rule with its title, its worst severity and its findings."""
    for (rule, title), group in groupby(findings, key=lambda f: (f.rule, f.title)):
        found = list(group)
        yield rule, title, max(finding.severity for finding in found), found


def places(findings: Sequence[Finding], shown: int | None) -> Iterator[str]:
    """Yield one item for each finding, and one that counts those that are left out."""
    for finding in findings[:shown]:
        at = finding.location
        line = f":{at.line}" if at.line else ""
        yield f"- {code(f'{at.path or at.source}{line}')}: {text(finding.message)}"
    if shown is not None and len(findings) > shown:
        yield f"- … and {len(findings) - shown:,} more"


def fix(findings: Iterable[Finding], most: int | None) -> Iterator[str]:
    """Yield what to do, folded away; lines to type are a block of code."""
    yield from ("", "<details><summary>How to fix it</summary>", "")
    joined = fixes.joined((finding.fix for finding in findings), most)
    for typed, lines in groupby(joined.splitlines(), key=fixes.is_typed):
        if typed:
            yield from ("", *fenced(line.removeprefix("  ") for line in lines), "")
        else:
            for line in lines:  # an item is a paragraph of its own, as its mark is no markup
                yield from ("", text(line)) if _ITEM.match(line) else (text(line),)
    yield from ("", "</details>")


def aside(suppressed: Sequence[Suppressed], *, every: bool) -> Iterator[str]:
    """Yield what was set aside, and why; `every` names each finding."""
    for group in _aside.groups(suppressed):
        count = f" ×{len(group.findings):,}" if len(group.findings) > 1 else ""
        yield f"- {code(group.rule)}{count}: {text(group.why)}"
        for finding in group.findings if every else ():
            yield f"  - {text(finding.message)}"


def comparison(compared: Comparison, *, every: bool) -> Iterator[str]:
    """Yield what an artifact ships that an earlier one did not, and the other way round."""
    head, *rest = _comparison.lines(compared, every=every)
    yield f"Compared with {code(head.subject)}: {head.text}."
    listed = {_comparison.Role.CHANGE, _comparison.Role.MORE}
    changes = [" ".join(line.parts) for line in rest if line.role in listed]
    if changes:
        yield from ("", *fenced(changes, "diff"))
    for path, lines in _texts(rest):
        yield from ("", f"{code(path)}:", "", *fenced(lines, "diff"))


def _texts(lines: Sequence[_comparison.Line]) -> Iterator[tuple[str, list[str]]]:
    """Yield each describing text that differs, with the lines of the difference."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.role is _comparison.Role.TEXT:
            found.append((line.text, []))
        elif line.role is _comparison.Role.DIFF and found:
            found[-1][1].append(line.text)
    yield from found


def triage(report: Report, incident: Triage, view: View) -> Iterator[str]:
    """Yield an incident report."""
    yield f"# Incident report: {incident.level.value}"
    yield ""
    yield f"{text(_incident.summary(incident))}."
    if view.quiet:
        return
    for line in _incident.lines(incident, report.gaps, every=view.verbose):
        yield from _told(line)


def _told(line: Line) -> Iterator[str]:
    shown = text(line.text)
    match line.role:
        case Role.TITLE:
            yield from ("", f"## {shown[:1].upper()}{shown[1:]}", "")
        case Role.INCIDENT:
            yield from ("", f"## {code(line.head)}: {shown}", "")
        case Role.TEXT:
            yield from (f"{shown[:1].upper()}{shown[1:]}.", "")
        case Role.PLACE:
            yield f"- **{line.level.value if line.level else ''}** {code(line.text)}"
        case Role.HIT:
            yield f"  - {shown}"
        case Role.DETAIL:
            yield f"    <br>{shown}"
        case Role.STEP:
            yield f"{line.head} {shown}"
        case Role.COMMAND:
            yield f"   <br>{code(line.text)}"
        case Role.ITEM:
            yield f"- {code(line.head) + ': ' if line.head else ''}{shown}"
