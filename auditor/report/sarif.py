"""SARIF 2.1.0 (OASIS, errata 01), within the limits of GitHub's code scanning (November 2026).

Of a file that it takes, code scanning shows what has a physical location, and knows a result again
by `primaryLocationLineHash`. Without one its upload action computes it from the line, which is the
same for all members that one line of package.json lets in; so it is the finding's fingerprint.
"""

from __future__ import annotations

import json
import posixpath
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from auditor import __version__, policy, words
from auditor.model import ArtifactKind
from auditor.report import ReportFormat, View
from auditor.report._repository import Place, Repository
from auditor.report._sarif_rules import LEVELS, descriptors, pascal
from auditor.safe import safe, safe_sarif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model import Artifact, Finding, Gap, Report, Suppressed

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MOST = 25_000
"""Results of a run with which code scanning still takes a file."""
SHOWN = 5_000
"""Of these it keeps the worst."""
LARGEST = 10_000_000
"""Bytes of a file, compressed with gzip, that it takes."""
GAPS = 1_000
"""Notifications of gaps before the rest is counted."""
_LONGEST = 1000
_FIX_LINES = 20
_NOTES = {
    "not-examined": "Something could not be examined, so that nothing is known of it.",
    "left-out": "Something is not in this file, or will not be shown.",
}
"""What notifications are about; code scanning wants these described as rules are."""


def render(report: Report, view: View) -> str:
    """Return the report as one run; the same report gives the same bytes.

    What does not fit into code scanning's limits is left out, the least severe first, and a
    notification says how much that is.
    """
    run = _Run(report, Repository(report, view))
    kept = min(len(run.results), MOST)
    while True:
        text = json.dumps(run.document(kept), indent=1) + "\n"
        if not kept or len(text) <= LARGEST or _compressed(text) <= LARGEST:
            return text
        kept //= 2


def _compressed(text: str) -> int:
    return len(zlib.compress(text.encode("ascii"), 6))


class _Run:
    """One report, with all results that it has."""

    def __init__(self, report: Report, repository: Repository) -> None:
        self._report = report
        self._repository = repository
        self._rules = descriptors(report)
        self._indexes = {str(rule["id"]): index for index, rule in enumerate(self._rules)}
        self._titles = {
            a.source: f"{a.name}@{a.version}".strip("@") or a.source for a in report.artifacts
        }
        self.results = [
            *(self._result(finding) for finding in report.findings),
            *(self._suppressed(one) for one in report.suppressed),
        ]

    def document(self, kept: int) -> dict[str, object]:
        """Return the whole file with the first so many results."""
        notes = [
            *(self._gap(gap) for gap in self._report.gaps[:GAPS]),
            *(_note(text) for text in self._left_out(kept)),
        ]
        driver: dict[str, object] = {
            "name": "audit",
            "semanticVersion": __version__,
            "rules": self._rules,
            "notifications": [
                {
                    "id": name,
                    "name": pascal(name),
                    "shortDescription": {"text": text},
                    "fullDescription": {"text": text},
                    "help": {"text": text},
                }
                for name, text in _NOTES.items()
            ],
            "properties": {
                "ruleset": self._report.ruleset,
                "data": [safe(one) for one in self._report.data],
                "policy": [safe(one, _LONGEST) for one in self._report.policy],
            },
        }
        invocation: dict[str, object] = {
            "executionSuccessful": not self._report.gaps,
            "exitCode": policy.EXIT_CODES[self._report.verdict],
            "toolExecutionNotifications": notes,
        }
        run: dict[str, object] = {
            "tool": {"driver": driver},
            "invocations": [invocation],
            "artifacts": self._artifacts(),
            "results": self.results[:kept],
            "columnKind": "unicodeCodePoints",
        }
        return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}

    def _left_out(self, kept: int) -> Iterator[str]:
        total, gaps = len(self.results), len(self._report.gaps)
        if kept < total:
            yield (
                f"{total - kept:,} of {words.counted(total, 'result')} are left out, the least"
                f" severe: code scanning takes at most {MOST:,}, in at most"
                f" {words.size(LARGEST)} of a compressed file"
            )
        if kept > SHOWN:
            yield f"Code scanning shows the {SHOWN:,} worst of these {kept:,} results"
        if gaps > GAPS:
            yield f"{gaps - GAPS:,} more things could not be examined"

    def _result(self, finding: Finding) -> dict[str, object]:
        return {
            "ruleId": finding.rule,
            "ruleIndex": self._indexes[finding.rule],
            "level": LEVELS[finding.severity],
            "message": {"text": _message(finding)},
            "locations": [self._location(finding)],
            "partialFingerprints": {
                "auditFinding/v1": finding.fingerprint,
                "primaryLocationLineHash": f"{finding.fingerprint}:1",
            },
            "properties": {
                "severity": finding.severity.word,
                "confidence": finding.confidence.word,
            },
        }

    def _suppressed(self, item: Suppressed) -> dict[str, object]:
        said = [
            item.reason,
            *(
                f"{name}: {value}"
                for name, value in (("owner", item.owner), ("until", item.until))
                if value
            ),
            f"by {item.by.value}" + (f" in {item.declared}" if item.declared else ""),
        ]
        one = {
            "kind": "external",
            "status": "accepted",
            "justification": safe("; ".join(said), _LONGEST),
        }
        return {**self._result(item.finding), "suppressions": [one]}

    def _location(self, finding: Finding) -> dict[str, object]:
        at = finding.location
        place = self._repository.of_finding(finding)
        location: dict[str, object] = {"physicalLocation": _physical(place, at.source)}
        title = self._titles.get(at.source, "")
        packed = bool(title) and finding.kind is not ArtifactKind.PROJECT
        whole = f"{title}/{at.path}" if packed else at.path
        logical = []
        if at.path and packed:
            name = at.path.rpartition("!")[2].rpartition("/")[2]
            logical.append(_logical(name, whole, "member"))
        if at.key:
            logical.append(_logical(at.key, f"{whole}#{at.key}", "key"))
        if logical:
            location["logicalLocations"] = logical
        return location

    def _artifacts(self) -> list[dict[str, object]]:
        """Return the artifacts, each once, as the schema asks: one may be named twice in a call."""
        rows: list[dict[str, object]] = []
        for row in map(self._artifact, self._report.artifacts):
            if row not in rows:
                rows.append(row)
        return rows

    def _artifact(self, artifact: Artifact) -> dict[str, object]:
        name = f"{artifact.name} {artifact.version}".strip() or artifact.source
        row: dict[str, object] = {
            "description": {"text": safe_sarif(f"{name} ({artifact.kind.value})")},
            "roles": ["analysisTarget"],
        }
        if place := self._repository.of_source(artifact.source):
            row["location"] = {"uri": _uri(place.path)}
        if artifact.packed is not None:
            row["length"] = artifact.packed
        if artifact.sha256:
            row["hashes"] = {"sha-256": artifact.sha256}
        return row

    def _gap(self, gap: Gap) -> dict[str, object]:
        at = gap.location
        subject = safe_sarif(at.path or at.source)
        row: dict[str, object] = {
            "descriptor": {"id": "not-examined", "index": 0},
            "level": "error",
            "message": {"text": f"{subject} was not examined: {safe_sarif(gap.reason, _LONGEST)}"},
        }
        if place := self._repository.of_gap(gap):
            row["locations"] = [{"physicalLocation": _physical(place, at.source)}]
        return row


def _note(text: str) -> dict[str, object]:
    return {
        "descriptor": {"id": "left-out", "index": 1},
        "level": "warning",
        "message": {"text": f"{text}."},
    }


def _message(finding: Finding) -> str:
    """Return the message as a sentence, and what to do on the lines below it."""
    first = safe_sarif(finding.message, _LONGEST)
    lines = [safe_sarif(line, _LONGEST) for line in finding.fix.splitlines()[:_FIX_LINES]]
    end = "" if first.endswith((".", "!", "?", "…")) else "."
    return "\n".join([f"{first}{end}", *(("", *lines) if lines else ())])


def _logical(name: str, whole: str, kind: str) -> dict[str, object]:
    return {"name": safe(name), "fullyQualifiedName": safe(whole, _LONGEST), "kind": kind}


def _physical(place: Place | None, source: str) -> dict[str, object]:
    """Return a place; of what lies in no repository the name alone, as one has to be there."""
    line = place.line if place else 1
    return {
        "artifactLocation": {"uri": _uri(place.path if place else _name(source))},
        "region": {"startLine": line, "startColumn": 1, "endLine": line},
    }


def _name(source: str) -> str:
    return posixpath.basename(source.replace("\\", "/").rstrip("/.")) or "audit"


def _uri(path: str) -> str:
    """Return a path as a relative reference: no part of it is taken for a scheme or a query."""
    return quote(path, safe="/@", errors="backslashreplace")


REPORT = ReportFormat(name="sarif", render=render)
