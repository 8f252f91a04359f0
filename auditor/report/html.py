"""The report as one HTML page for a browser, which works offline, printed and without script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report import ReportFormat, View
from auditor.report._html import page, paper

if TYPE_CHECKING:
    from auditor.model import Report


def render(report: Report, view: View) -> str:
    """Return the page; it has everything, whatever the view, but with `quiet` the verdict alone."""
    return paper.rendered("page.html", page=page.page(report), quiet=view.quiet)


REPORT = ReportFormat(name="html", render=render)
