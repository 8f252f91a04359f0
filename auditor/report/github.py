"""Annotations for GitHub: workflow commands that the runner shows at lines of the repository.

Of each type the runner keeps the first ten of a step, so the worst ten are printed, and one line
says how many are not shown. A line is always a whole command of ours: no text of an artifact can
begin one, or end ours.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.model import Severity
from auditor.report import ReportFormat, View
from auditor.report._repository import Place, Repository
from auditor.safe import safe_command, safe_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model import Finding, Gap, Report

MOST = 10
"""Annotations of one type that GitHub shows of a step."""
GAPS = 5
"""Gaps that are shown before findings, where there are both."""
FIX = 12
"""Lines of a fix that are shown."""
_LONGEST = 1000


class Kind(StrEnum):
    """The types of annotations, by the command that makes one."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Annotation(Struct, frozen=True, kw_only=True):
    """One annotation; texts are as they were found."""

    kind: Kind
    title: str
    lines: tuple[str, ...]
    place: Place | None = None

    def command(self) -> str:
        """Return the workflow command that the runner makes it from."""
        properties = [f"title={safe_property(self.title)}"]
        if self.place is not None:
            where = f"file={safe_property(self.place.path, _LONGEST)}"
            properties = [where, f"line={self.place.line}", *properties]
        message = "%0A".join(safe_command(line, _LONGEST) for line in self.lines)
        return f"::{self.kind.value} {','.join(properties)}::{message}"


def render(report: Report, view: View) -> str:
    """Return the commands, one a line; nothing for a report without findings and gaps."""
    repository = Repository(report, view)
    found = _findings(report, repository)
    gaps = [_gap(gap, repository) for gap in report.gaps]
    errors = [one for one in found if one.kind is Kind.ERROR]
    first = gaps[: max(GAPS, MOST - len(errors))]
    shown = [
        *islice((*first, *errors), MOST),
        *islice((one for one in found if one.kind is Kind.WARNING), MOST),
        *islice((one for one in found if one.kind is Kind.NOTICE), MOST - 1),
    ]
    left = len(gaps) + len(found) - len(shown)
    if left:
        shown.append(_rest(left))
    return "".join(f"{one.command()}\n" for one in shown)


def _rest(left: int) -> Annotation:
    more = words.counted(left, "more annotation")
    verb = "is" if left == 1 else "are"
    return Annotation(
        kind=Kind.NOTICE,
        title="audit",
        lines=(f"{more} {verb} not shown: GitHub shows {MOST} of each type. The log has all.",),
    )


def _findings(report: Report, repository: Repository) -> list[Annotation]:
    """Return one annotation for all findings of a rule at one line, the worst first."""
    groups: dict[tuple[str, Place | None, Kind], list[Finding]] = {}
    for finding in report.findings:
        kind = _kind(finding.severity, report.threshold)
        groups.setdefault((finding.rule, repository.of_finding(finding), kind), []).append(finding)
    return [_annotation(findings, place, kind) for (_, place, kind), findings in groups.items()]


def _annotation(findings: Sequence[Finding], place: Place | None, kind: Kind) -> Annotation:
    worst = findings[0]
    return Annotation(
        kind=kind,
        title=f"{worst.severity.word}: {worst.rule}",
        lines=tuple(_lines(findings)),
        place=place,
    )


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    yield findings[0].message
    if len(findings) > 1:
        yield f"… and {len(findings) - 1:,} more of this rule here"
    fix = findings[0].fix.splitlines()
    yield ""
    yield from fix[:FIX]
    if len(fix) > FIX:
        yield "…"


def _kind(severity: Severity, threshold: Severity) -> Kind:
    """Return an error for what fails; below that, a notice for mere information alone."""
    if severity >= threshold:
        return Kind.ERROR
    return Kind.NOTICE if severity is Severity.INFO else Kind.WARNING


def _gap(gap: Gap, repository: Repository) -> Annotation:
    at = gap.location
    where = f"{at.source} ({at.path})" if at.path else at.source
    return Annotation(
        kind=Kind.ERROR,
        title="not examined",
        lines=(f"{where}: {gap.reason}",),
        place=repository.of_gap(gap),
    )


REPORT = ReportFormat(name="github", render=render, commands=True)
