"""The baseline: findings that were there when a project began to be audited; only new ones fail.

JSON with a line a finding, so that what is mended goes out of the file as a line.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from auditor import earlier, structs
from auditor.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model import Finding

VERSION = 1


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    fingerprint: str
    rule: str
    path: str


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    audit_baseline: int
    findings: list[_Known]


def rendered(findings: Iterable[Finding]) -> str:
    """Return a baseline of some findings as text; the rule and the place are for who reads it."""
    return "".join(f"{line}\n" for line in _lines(findings))


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    rows = sorted(
        (one.rule, one.location.path or one.location.source, one.fingerprint) for one in findings
    )
    yield "{"
    yield f' "audit_baseline": {VERSION},'
    yield ' "findings": ['
    for number, (rule, path, fingerprint) in enumerate(rows, 1):
        row = json.dumps({"fingerprint": fingerprint, "rule": rule, "path": path})
        yield f"  {row}{',' * (number < len(rows))}"
    yield " ]"
    yield "}"


def parsed(data: bytes, file: str) -> frozenset[str]:
    """Return the fingerprints of a baseline, or of a JSON report; raise UsageError otherwise."""
    if b'"schema_version"' in data[:200]:
        return earlier.read(data, file).fingerprints
    try:
        document = structs.own(data, _Document)
    except InputError as problem:
        raise UsageError(f"{file} is neither a baseline nor a JSON report: {problem}") from None
    if document.audit_baseline != VERSION:
        raise UsageError(f"{file}, audit_baseline: version {document.audit_baseline} is not known")
    return frozenset(one.fingerprint for one in document.findings)
