"""CycloneDX 1.7 (ECMA-424): artifacts, lockfiles and their packages, and what was found in them.

Written by cyclonedx-python-lib, which comes with `pip install 'release-audit[cyclonedx]'`. Serial
number and time are absent, so that the same report gives the same bytes.
"""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING, Any

from auditor import __version__, integrity
from auditor.model import ArtifactKind, Finding, Report, SetAside, Suppressed, Verdict
from auditor.report import ReportFormat, View
from auditor.safe import escaped, safe, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cyclonedx.model import HashType, Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.vulnerability import Vulnerability, VulnerabilityAnalysis
    from packageurl import PackageURL

    from auditor.model import Artifact

_PACKAGES = {
    ArtifactKind.NPM_TARBALL: "npm",
    ArtifactKind.WHEEL: "pypi",
    ArtifactKind.SDIST: "pypi",
}
_HASHES = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
_LONGEST = 1000
SCHEMA = "http://cyclonedx.org/schema/bom-1.7.schema.json"
_PREFIX = "audit"
"""Before the names of our properties."""


def render(report: Report, _: View) -> str:
    """Return the report as JSON; what could not be examined is among the properties."""
    from cyclonedx.schema.schema import SchemaVersion1Dot7  # noqa: PLC0415 - few have it

    # The library's outputter compares each component with each other one, and enters all as
    # depending on nothing, which nobody has said; its serializer does neither.
    text = _Writer(report).bom().as_json(view_=SchemaVersion1Dot7)  # type: ignore[attr-defined]
    document: dict[str, Any] = {"$schema": SCHEMA, "bomFormat": "CycloneDX", "specVersion": "1.7"}
    document |= json.loads(text)
    del document["serialNumber"], document["metadata"]["timestamp"]
    return f"{json.dumps(document, indent=1)}\n"


class _Writer:
    """Collects components, so that findings can refer to them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._components: dict[str, Component] = {}
        """By reference."""
        self._refs: dict[tuple[str, str], str] = {}
        """The references of what is in a source, by key (`name@version`); empty for the source."""
        self._numbers: dict[str, int] = {}

    def bom(self) -> Bom:
        """Return the whole document."""
        from cyclonedx.model.bom import Bom, BomMetaData  # noqa: PLC0415
        from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
        from cyclonedx.model.tool import ToolRepository  # noqa: PLC0415

        for artifact in self._report.artifacts:
            self._artifact(artifact)
        for row in self._report.inventories:
            self._lockfile(row)
        found = [self._vulnerability(finding, None) for finding in self._report.findings]
        found += [self._vulnerability(one.finding, one) for one in self._report.suppressed]
        us = Component(
            name="audit", version=__version__, type=ComponentType.APPLICATION, bom_ref="audit"
        )
        return Bom(
            components=self._components.values(),
            vulnerabilities=found,
            metadata=BomMetaData(
                tools=ToolRepository(components=[us]), properties=_properties(self._said())
            ),
        )

    def _said(self) -> Iterator[tuple[str, str]]:
        report = self._report
        yield "verdict", report.verdict.value
        yield "complete", "false" if report.verdict is Verdict.INCOMPLETE else "true"
        yield "ruleset", report.ruleset
        for one in report.data:
            yield "data", one
        for one in report.policy:
            yield "policy", one
        for gap in report.gaps:
            where = gap.location.path or gap.location.source
            yield "gap", f"{where}: {gap.reason}"

    def _artifact(self, artifact: Artifact) -> None:
        from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415

        kind = _PACKAGES.get(artifact.kind, "")
        purl = _purl(kind, artifact.name, artifact.version) if kind and artifact.name else None
        group, name = _named(artifact.name if purl else artifact.source)
        ref = self._ref(str(purl) if purl else artifact.source)
        self._refs.setdefault((artifact.source, ""), ref)
        self._components[ref] = Component(
            name=name,
            group=group,
            version=_version(artifact.version),
            type=ComponentType.LIBRARY if purl else ComponentType.FILE,
            bom_ref=ref,
            purl=purl,
            hashes=_hashes((f"sha256-{artifact.sha256}",)),
            properties=_properties([("kind", artifact.kind.value), ("source", artifact.source)]),
        )

    def _lockfile(self, row: Mapping[str, object]) -> None:
        source = str(row["source"])
        self._file(source, str(row.get("format", "")))
        packages = row.get("packages")
        for package in packages if isinstance(packages, list) else ():
            self._package(source, package)

    def _file(self, source: str, format_: str = "") -> str:
        """Return the reference of a source, which becomes a file where it is none yet."""
        from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415

        if (source, "") not in self._refs:
            ref = self._refs[source, ""] = self._ref(f"file:{source}")
            self._components[ref] = Component(
                name=escaped(source) or "-",
                type=ComponentType.FILE,
                bom_ref=ref,
                properties=_properties([("format", format_)] if format_ else []),
            )
        return self._refs[source, ""]

    def _package(self, source: str, row: Mapping[str, object]) -> None:
        """Take in a package; one that several lockfiles have with the same digests is one."""
        from cyclonedx.model.component import Component, ComponentScope  # noqa: PLC0415
        from cyclonedx.model.component_evidence import (  # noqa: PLC0415
            ComponentEvidence,
            Occurrence,
        )

        name, version = str(row["name"]), str(row["version"])
        listed = row["integrity"]
        digests = tuple(map(str, listed)) if isinstance(listed, list) else ()
        same = ("", "\0".join([str(row["purl"]), *sorted(digests)]))
        line = row["line"] if isinstance(row["line"], int) else None
        if same not in self._refs:
            group, bare = _named(name)
            ref = self._refs[same] = self._ref(str(row["purl"]))
            dispensable = bool(row["dev"] or row["optional"])
            self._components[ref] = Component(
                name=bare,
                group=group,
                version=_version(version),
                scope=ComponentScope.OPTIONAL if dispensable else ComponentScope.REQUIRED,
                bom_ref=ref,
                purl=_purl(str(row["ecosystem"]), name, version),
                hashes=_hashes(digests),
                evidence=ComponentEvidence(),
            )
        ref = self._refs[same]
        self._refs.setdefault((source, f"{name}@{version}"), ref)
        evidence = self._components[ref].evidence
        if evidence is not None:
            evidence.occurrences.add(
                Occurrence(
                    bom_ref=f"{ref}#{len(evidence.occurrences)}",
                    location=escaped(source) or "-",
                    line=line,
                )
            )

    def _vulnerability(self, finding: Finding, waived: Suppressed | None) -> Vulnerability:
        from cyclonedx.model.vulnerability import (  # noqa: PLC0415
            BomTarget,
            Vulnerability,
            VulnerabilityRating,
            VulnerabilityReference,
            VulnerabilityScoreSource,
            VulnerabilitySeverity,
            VulnerabilitySource,
        )

        at, us = finding.location, VulnerabilitySource(name="audit")
        incident, also = finding.evidence.get("incident"), finding.evidence.get("also")
        named = f"{finding.evidence.get('name')}@{finding.evidence.get('version')}"
        keys = ((at.source, key) for key in (at.key or "", named))
        ref = next((self._refs[key] for key in keys if key in self._refs), "")
        ref = ref or self._file(at.source)
        place = f"{at.path}:{at.line}" if at.line else at.path
        return Vulnerability(
            bom_ref=self._ref(finding.fingerprint),
            id=escaped(str(incident or finding.rule)),
            source=us,
            references=[
                VulnerabilityReference(id=escaped(str(one)), source=us)
                for one in (also if isinstance(also, tuple) else ())
            ],
            ratings=[
                VulnerabilityRating(
                    source=us,
                    severity=VulnerabilitySeverity(finding.severity.word),
                    method=VulnerabilityScoreSource.OTHER,
                )
            ],
            description=safe(finding.title, _LONGEST),
            detail=safe(finding.message, _LONGEST),
            recommendation="\n".join(safe(line, _LONGEST) for line in finding.fix.splitlines()),
            affects=[BomTarget(ref=ref)],
            analysis=None if waived is None else _analysis(waived),
            properties=_properties(
                [
                    ("rule", finding.rule),
                    ("confidence", finding.confidence.word),
                    ("fingerprint", finding.fingerprint),
                    ("source", at.source),
                    ("place", place),
                ]
            ),
        )

    def _ref(self, wanted: str) -> str:
        """Return a reference that nothing else has."""
        ref = escaped(wanted) or "-"
        number = self._numbers[ref] = self._numbers.get(ref, 0) + 1
        return ref if number == 1 else f"{ref}~{number}"


def _analysis(waived: Suppressed) -> VulnerabilityAnalysis:
    """Return what a policy says of a finding: a waiver settles it, a baseline only postpones it."""
    from cyclonedx.model.impact_analysis import (  # noqa: PLC0415
        ImpactAnalysisResponse,
        ImpactAnalysisState,
    )
    from cyclonedx.model.vulnerability import VulnerabilityAnalysis  # noqa: PLC0415

    said = [
        f"{waived.by.value}: {waived.reason}",
        *(f"owner: {one}" for one in (waived.owner,) if one),
        *(f"until: {one}" for one in (waived.until,) if one),
        *(f"in {one}" for one in (waived.declared,) if one),
    ]
    settled = waived.by is SetAside.WAIVER
    return VulnerabilityAnalysis(
        state=ImpactAnalysisState.NOT_AFFECTED if settled else ImpactAnalysisState.IN_TRIAGE,
        responses=[ImpactAnalysisResponse.WILL_NOT_FIX] if settled else [],
        detail=safe("; ".join(said), _LONGEST),
    )


def _version(text: str) -> str | None:
    return shortened(escaped(text), _LONGEST) or None


def _named(name: str) -> tuple[str | None, str]:
    """Return a name as group and name: the scope of npm is a group of its own."""
    scope, slash, bare = name.partition("/")
    if slash and scope.startswith("@") and bare:
        return escaped(scope), escaped(bare)
    return None, escaped(name) or "-"


def _purl(kind: str, name: str, version: str) -> PackageURL | None:
    """Return a package URL; None for a name that no URL can be made of."""
    from packageurl import PackageURL  # noqa: PLC0415 - comes with the library

    group, bare = _named(name)
    try:
        return PackageURL(type=escaped(kind), namespace=group, name=bare, version=_version(version))
    except ValueError:
        return None


def _hashes(values: tuple[str, ...]) -> list[HashType]:
    """Return the digests of a package; what is none, or of another algorithm, has no place here."""
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415

    return [
        HashType(alg=HashAlgorithm(_HASHES[algorithm]), content=_hex(algorithm, text))
        for algorithm, text in integrity.digests(values)
        if algorithm in _HASHES and integrity.is_digest(algorithm, text)
    ]


def _hex(algorithm: str, text: str) -> str:
    if len(text) == 2 * integrity.LENGTHS[algorithm]:
        return text.lower()
    return binascii.a2b_base64(text).hex()


def _properties(said: Iterable[tuple[str, str]]) -> list[Property]:
    from cyclonedx.model import Property  # noqa: PLC0415

    return [Property(name=f"{_PREFIX}:{name}", value=safe(value, _LONGEST)) for name, value in said]


REPORT = ReportFormat(name="cyclonedx", render=render, packages=True, library="cyclonedx")
