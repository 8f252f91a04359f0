"""JSON for other programs: version 1 of the schema in `auditor/schema/report-1.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import to_builtins

from auditor import __version__
from auditor.lazyre import regex
from auditor.model import Artifact, Disclosure, Finding, Gap, Location, Report, Suppressed, Verdict
from auditor.report import ReportFormat, View

if TYPE_CHECKING:
    import re

    from auditor.exposure import Triage
    from auditor.shipped import Shipped

SCHEMA_VERSION = 1
_UNUSUAL = regex(r"[^\x00-\x7e]+")
"""What is escaped in JSON of ASCII alone; it stands in strings, and nowhere else."""


def render(report: Report, _: View) -> str:
    """Return the whole report; names are as they are, for JSON escapes what could do harm."""
    document: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {
            "name": "audit",
            "version": __version__,
            "ruleset": report.ruleset,
            "data": list(report.data),
            "policy": list(report.policy),
        },
        "verdict": report.verdict.value,
        "complete": report.verdict is not Verdict.INCOMPLETE,
        "artifacts": [_artifact(artifact) for artifact in report.artifacts],
        "inventories": [dict(inventory) for inventory in report.inventories],
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [_suppressed(item) for item in report.suppressed],
        "gaps": [_gap(gap) for gap in report.gaps],
    }
    if report.triage is not None:
        document["triage"] = _triage(report.triage)
    return _text(document) + "\n"


def _text(document: dict[str, object]) -> str:
    """Return what `json.dumps` makes of a document of texts and whole numbers, 20 times as quickly.

    That writes all in ASCII, which msgspec does not, so what is none is escaped here; where msgspec
    cannot write a text (half of a surrogate pair), it is asked itself.
    """
    try:
        text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    except ValueError:
        return json.dumps(to_builtins(document), indent=1)
    return text if text.isascii() and "\x7f" not in text else _UNUSUAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def _artifact(artifact: Artifact) -> dict[str, object]:
    return {
        "source": artifact.source,
        "kind": artifact.kind.value,
        "name": artifact.name,
        "version": artifact.version,
        "packer": artifact.packer or None,
        "notes": list(artifact.notes),
        "packed_bytes": artifact.packed,
        "unpacked_bytes": artifact.unpacked,
        "files": artifact.files,
        "sha256": artifact.sha256 or None,
        "shares": [
            {"kind": share.kind, "files": share.files, "bytes": share.size}
            for share in artifact.shares
        ],
        "discloses": artifact.discloses and _discloses(artifact.discloses),
        "ships": artifact.ships and _ships(artifact.ships),
        "compared": to_builtins(artifact.compared),
    }


def _discloses(out: Disclosure) -> dict[str, object]:
    return {
        "maps": out.maps,
        "first_party_files": out.files,
        "first_party_lines": out.lines,
        "first_party_bytes": out.size,
        "first_party_shipped_files": out.shipped_files,
        "third_party_files": out.third_party_files,
        "third_party_bytes": out.third_party_size,
        "removed_files": out.removed_files,
        "removed_lines": out.removed_lines,
        "removed_bytes": out.removed_size,
        "removed": list(out.removed),
        "languages": [
            {"language": one.language, "files": one.files, "lines": one.lines, "bytes": one.size}
            for one in out.languages
        ],
    }


def _ships(shipped: Shipped) -> dict[str, object]:
    """Return a record of what ships; `from_report` of `auditor.shipping` reads it again."""
    return {"files": shipped.files, "abilities": shipped.abilities}


def _suppressed(item: Suppressed) -> dict[str, object]:
    return {
        "finding": _finding(item.finding),
        "reason": item.reason,
        "by": item.by.value,
        "owner": item.owner or None,
        "until": item.until or None,
        "declared": item.declared or None,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "confidence": finding.confidence.word,
        "message": finding.message,
        "location": _location(finding.location),
        "evidence": dict(finding.evidence),
        "fix": finding.fix,
        "fingerprint": finding.fingerprint,
    }


def _gap(gap: Gap) -> dict[str, object]:
    return {"location": _location(gap.location), "reason": gap.reason}


def _triage(triage: Triage) -> dict[str, object]:
    """Return an incident report; its values are named as programs are to see them."""
    document: dict[str, Any] = to_builtins(triage)
    for incident in document["incidents"]:
        window = {"from": incident.pop("start"), "to": incident.pop("end") or None}
        incident["window"] = window
    return document


def _location(location: Location) -> dict[str, object]:
    return {
        "source": location.source,
        "path": location.path,
        "line": location.line,
        "key": location.key,
    }


REPORT = ReportFormat(name="json", render=render)
