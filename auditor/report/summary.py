"""The summary of a job on GitHub, in its Markdown: what a change would publish comes first.

GitHub takes one MiB of a step and drops a longer one whole, so it is cut before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import fixes, words
from auditor.model import Severity, Verdict
from auditor.report import ReportFormat, View, _markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model import Artifact, Report

LIMIT = 1_000_000
"""Bytes; what lacks to a MiB is left to whoever writes more into the same summary."""
PLACES = 5
"""Findings of one rule that are listed before the rest is counted."""
GAPS = 50
_CUT = (
    "",
    "The summary ends here, as GitHub takes no more than 1 MiB; the log and the reports have all.",
)
_COLUMNS = "|---|---|---:|---:|---:|---|"
_VERDICT = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INCOMPLETE: "incomplete, not everything could be examined",
}

Block = tuple[str, ...]
"""Lines that belong together: the summary is never cut inside of them."""


def render(report: Report, view: View) -> str:
    """Return the summary, at most `LIMIT` bytes of UTF-8."""
    return "\n".join(_within(_blocks(report, view), LIMIT)) + "\n"


def _within(blocks: Iterable[Block], limit: int) -> Iterator[str]:
    """Yield the lines of as many blocks as fit, and a sentence where they are not all."""
    left = limit - _bytes(_CUT)
    for block in blocks:
        left -= _bytes(block)
        if left < 0:
            yield from _CUT
            return
        yield from block


def _bytes(block: Block) -> int:
    return sum(len(line.encode()) + 1 for line in block)


def _blocks(report: Report, view: View) -> Iterator[Block]:
    if report.triage is not None:
        yield from ((line,) for line in _markdown.triage(report, report.triage, view))
        return
    yield (f"## audit: {_VERDICT[report.verdict]}", "", _markdown.counts(report))
    if view.quiet:
        return
    for artifact in report.artifacts:
        yield from _compared(artifact, several=len(report.artifacts) > 1)
    if report.gaps:
        yield ("", "### Not examined", "")
        for item in _markdown.gaps(report.gaps[:GAPS]):
            yield (item,)
        if len(report.gaps) > GAPS:
            yield (f"- … and {len(report.gaps) - GAPS:,} more",)
    yield from _findings(report)
    if report.suppressed:
        yield ("", "### Set aside", "")
        for item in _markdown.aside(report.suppressed, every=False):
            yield (item,)
    yield from _audited(report)


def _compared(artifact: Artifact, *, several: bool) -> Iterator[Block]:
    """Yield what ships now and did not, and the other way round; folded in full, if longer."""
    for comparison in artifact.compared:
        title = "New in what would be published"
        if several:
            title += f": {_markdown.code(artifact.source)}"
        short = tuple(_markdown.comparison(comparison, every=False))
        whole = tuple(_markdown.comparison(comparison, every=True))
        yield ("", f"### {title}", "", *short)
        if whole != short:
            folded = ("", "<details><summary>All changes</summary>", "", *whole, "", "</details>")
            yield folded


def _findings(report: Report) -> Iterator[Block]:
    if not report.findings:
        return
    yield ("", "### Findings", "")
    yield ("| severity | rule | findings | what it is |", "|---|---|---:|---|")
    for rule, title, worst, findings in _markdown.rules(report.findings):
        cells = (worst.word, _markdown.code(rule), f"{len(findings):,}", _markdown.text(title))
        yield (f"| {' | '.join(cells)} |",)
    for rule, _, worst, findings in _markdown.rules(report.findings):
        if worst is Severity.INFO:  # the table has their number, the log each of them
            continue
        yield ("", f"#### {worst.word}: {_markdown.code(rule)}", "")
        yield from ((line,) for line in _markdown.places(findings, PLACES))
        yield tuple(_markdown.fix(findings, fixes.MOST))


def _audited(report: Report) -> Iterator[Block]:
    """Yield what was looked at: artifacts with their digests, and lockfiles."""
    if report.artifacts:
        yield ("", "### Audited", "")
        yield ("| artifact | kind | files | packed | unpacked | SHA-256 |", _COLUMNS)
    for artifact in report.artifacts:
        name = f"{artifact.name} {artifact.version}".strip() or artifact.source
        packed = "" if artifact.packed is None else words.size(artifact.packed)
        unpacked = words.size(artifact.unpacked)
        digest = _markdown.code(artifact.sha256)
        kind = artifact.kind.value.replace("-", " ")
        cells = (_markdown.code(name), kind, f"{artifact.files:,}", packed, unpacked, digest)
        yield (f"| {' | '.join(cells)} |",)
    for artifact in report.artifacts:
        if told := _markdown.disclosed(artifact):
            yield ("", f"{_markdown.code(artifact.source)}: {told}")
        for note in artifact.notes:
            yield ("", f"{_markdown.code(artifact.source)}: {_markdown.text(note)}.")
    if report.inventories:
        packages = sum(int(str(row["count"])) for row in report.inventories)
        files = words.counted(len(report.inventories), "lockfile")
        yield ("", f"Read {words.counted(packages, 'package')} of {files}.")


REPORT = ReportFormat(name="summary", render=render)
