"""An earlier run, read from its JSON report: what shipped, what was found, what was audited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from auditor import structs
from auditor.errors import InputError, UsageError
from auditor.model import ArtifactKind, Verdict
from auditor.shipped import Ability, Entry, Power, Shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1


class Recorded(Struct, frozen=True, kw_only=True):
    """One artifact of an earlier report."""

    source: str
    kind: ArtifactKind
    name: str
    version: str
    sha256: str
    """Empty for what was no single file."""
    ships: Shipped | None


class Earlier(Struct, frozen=True, kw_only=True):
    """What an earlier report says."""

    verdict: Verdict
    artifacts: tuple[Recorded, ...]
    fingerprints: frozenset[str]
    """Of all its findings, those that were set aside among them."""

    def match(self, kind: ArtifactKind, name: str) -> Recorded | None:
        """Return the artifact of that kind and name; None where it has none."""
        found = (one for one in self.artifacts if (one.kind, one.name) == (kind, name))
        return next(found, None)


class _Entry(msgspec.Struct):
    path: str
    bytes: int
    kind: str
    sha256: str = ""


class _Ability(msgspec.Struct):
    power: Power
    name: str
    value: str


class _Ships(msgspec.Struct):
    files: list[_Entry]
    abilities: list[_Ability]


class _Artifact(msgspec.Struct):
    source: str
    kind: ArtifactKind
    name: str
    version: str
    sha256: str | None
    ships: _Ships | None = None


class _Finding(msgspec.Struct):
    fingerprint: str


class _Suppressed(msgspec.Struct):
    finding: _Finding


class _Report(msgspec.Struct):
    schema_version: int
    verdict: Verdict
    artifacts: list[_Artifact]
    findings: list[_Finding]
    suppressed: list[_Suppressed] = []


def read(data: bytes, file: str) -> Earlier:
    """Read a JSON report; raise UsageError, naming file and place, for what is none."""
    try:
        report = structs.own(data, _Report)
    except InputError as problem:
        raise UsageError(f"{file} is no JSON report of audit: {problem}") from None
    if report.schema_version != VERSION:
        told = f"version {report.schema_version} of reports is not known"
        raise UsageError(f"{file}, schema_version: {told}")
    return Earlier(
        verdict=report.verdict,
        artifacts=tuple(map(_recorded, report.artifacts)),
        fingerprints=frozenset(_fingerprints(report)),
    )


def _recorded(artifact: _Artifact) -> Recorded:
    return Recorded(
        source=artifact.source,
        kind=artifact.kind,
        name=artifact.name,
        version=artifact.version,
        sha256=artifact.sha256 or "",
        ships=None if artifact.ships is None else _shipped(artifact.ships),
    )


def _shipped(ships: _Ships) -> Shipped:
    return Shipped(
        files=tuple(
            Entry(path=one.path, size=one.bytes, kind=one.kind, sha256=one.sha256)
            for one in ships.files
        ),
        abilities=tuple(
            Ability(power=one.power, name=one.name, value=one.value) for one in ships.abilities
        ),
    )


def _fingerprints(report: _Report) -> Iterator[str]:
    yield from (one.fingerprint for one in report.findings)
    yield from (one.finding.fingerprint for one in report.suppressed)
