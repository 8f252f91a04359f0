"""An incident as a page to read, and all of them as a list; from the packs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories import BadPackage, Detail, Incident, IncidentIndex, Step

SHOWN = 20
"""Packages, and versions of one, that are named before the rest is counted."""


def table(index: IncidentIndex) -> str:
    """Return the incidents as aligned lines, the latest first: day, id, title."""
    ordered = sorted(index.incidents, key=lambda one: one.start, reverse=True)
    width = max((len(one.id) for one in ordered), default=0)
    return "".join(f"{one.start[:10]}  {one.id:<{width}}  {one.title}\n" for one in ordered)


def page(index: IncidentIndex, incident: Incident) -> str:
    """Return an incident's page in Markdown."""
    detail = index.detail(incident.id)
    window = f"{incident.start} to {incident.end}" if incident.end else f"since {incident.start}"
    single = " · all versions come from one list" if incident.single_source else ""
    facts = f"{incident.kind.value} · confidence {incident.confidence.word}{single}"
    parts = [f"# {incident.id}", f"{incident.title}.", f"{facts}\n\nCould be had {window}."]
    if detail:
        parts.append(detail.summary)
    bad = [package for owner, package in index.packages() if owner.id == incident.id]
    if bad:
        parts += ["## Packages", "\n".join(_packages(bad))]
    if detail:
        parts += list(_rest(detail))
    return "\n\n".join(parts) + "\n"


def _packages(bad: list[BadPackage]) -> Iterator[str]:
    for package in bad[:SHOWN]:
        said = [words.listed(package.versions, SHOWN)] if package.versions else []
        said += ["any version"] if package.any else []
        said += [f"decoys {', '.join(package.decoys)}"] if package.decoys else []
        said += [f"safe {', '.join(package.safe)}"] if package.safe else []
        yield f"- {package.ecosystem} {package.name}: {'; '.join(said)}"
    if len(bad) > SHOWN:
        yield f"- … and {words.counted(len(bad) - SHOWN, 'package')} more"


def _rest(detail: Detail) -> Iterator[str]:
    steps = [f"{number}. {_step(step)}" for number, step in enumerate(detail.steps, 1)]
    yield from ("## What to do, in this order", "\n".join(steps))
    signs = detail.indicators
    traces = [
        f"- {one.system}: {one.path}{f' ({one.note})' if one.note else ''}" for one in signs.files
    ]
    for name, values in (
        ("domains", signs.domains),
        ("addresses", signs.addresses),
        ("processes", signs.process_names),
        ("branches", signs.git_branches),
    ):
        traces += [f"- {name}: {', '.join(values)}"] if values else []
    if traces:
        yield from ("## Traces", "\n".join(traces))
    yield from ("## Sources", detail.sources)
    if detail.unverified:
        yield from ("Not verified:", "\n".join(f"- {one}" for one in detail.unverified))
    yield "\n".join(f"- {one}" for one in (*detail.advisories, *detail.references))


def _step(step: Step) -> str:
    place = f" On: {step.where}." if step.where else ""
    first = f" Before {step.before}." if step.before else ""
    command = f"\n   `{step.command}`" if step.command else ""
    return f"{step.do}{place}{first}{command}"
