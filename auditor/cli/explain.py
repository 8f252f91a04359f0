"""`audit explain`: the page of a rule or of an incident in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import rules_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("explain")
@click.argument("known_id", metavar="ID")
@rules_option
def command(known_id: str, rules: tuple[Path, ...]) -> None:
    """Explain a rule or an incident.

    Of a rule: what it finds, why that matters, how to fix it, when it is wrong. Of an incident
    (`audit rules incidents` lists them): packages, versions, what to do in which order, traces.
    """
    from auditor import docs, incidentfile, incidentpage, rulebook, rulefile  # noqa: PLC0415
    from auditor.cli import streams  # noqa: PLC0415

    folders = (rulebook.builtin_folder(), *rules)
    index = incidentfile.load(folders)
    incidents = {incident.id: incident for incident in index.incidents}
    if known_id in incidents:
        streams.put_lines(incidentpage.page(index, incidents[known_id]))
        return
    ruleset = rulefile.load(folders, tests=True)
    streams.put_lines(docs.page(docs.find(ruleset, known_id, tuple(incidents))))
