"""The report as Markdown (GitHub's), for an issue, a pull request or a wiki."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import fixes, words
from auditor.report import ReportFormat, View, _markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model import Report

SHOWN = 20
"""Findings of one rule that are listed before the rest is counted."""


def render(report: Report, view: View) -> str:
    """Return the report as one document; nothing of an artifact becomes markup, link or mention."""
    if report.triage is not None:
        made = _markdown.triage(report, report.triage, view)
    else:
        made = _findings(report, view)
    return "\n".join(made).rstrip() + "\n"


def _findings(report: Report, view: View) -> Iterator[str]:
    yield f"# audit: {report.verdict.value}"
    yield ""
    yield _markdown.counts(report)
    if view.quiet:
        return
    for artifact in report.artifacts:
        name = f"{artifact.name} {artifact.version}".strip() or artifact.source
        files = words.counted(artifact.files, "file")
        yield ""
        yield f"{_markdown.code(name)}: {files}, {words.size(artifact.unpacked)} unpacked."
        if told := _markdown.disclosed(artifact):
            yield from ("", told)
        for comparison in artifact.compared:
            yield ""
            yield from _markdown.comparison(comparison, every=view.verbose)
    for row in report.inventories:
        count = words.counted(int(str(row["count"])), "package")
        yield ""
        yield f"{_markdown.code(str(row['source']))}: read {count}."
    if report.gaps:
        yield from ("", "## Not examined", "")
        yield from _markdown.gaps(report.gaps)
    for rule, title, worst, findings in _markdown.rules(report.findings):
        yield from ("", f"## {worst.word}: {_markdown.code(rule)}", "")
        yield from (f"{_markdown.text(title)}.", "")
        yield from _markdown.places(findings, None if view.verbose else SHOWN)
        yield from _markdown.fix(findings, None if view.verbose else fixes.MOST)
    if report.suppressed:
        yield from ("", "## Set aside", "")
        yield from _markdown.aside(report.suppressed, every=view.verbose)


REPORT = ReportFormat(name="markdown", render=render)
