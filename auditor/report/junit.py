"""JUnit XML, as CI systems read it: a suite for each artifact or lockfile, a test for each rule.

There is no standard. This is what Jenkins' schema (junit-10.xsd of its xUnit plug-in) takes, with
one failure in a test, as others show the first one alone. A rule that found nothing passed, one
whose findings were all waived was skipped, and findings below the threshold are output.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from auditor.model import ArtifactKind, Finding, Gap, Report, Suppressed
from auditor.report import ReportFormat, View
from auditor.report._repository import Repository
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")
EXAMINED = "examined-in-full"
"""The test that fails for gaps."""
SHOWN = 50
"""Findings of one rule, and gaps, that are listed before the rest is counted."""
_LONGEST = 600
_CONFIGURED = "package.json"
"""What decides for packers whose configuration is judged, too."""


class _Suite(Struct):
    """What was audited, and what is said of it."""

    source: str
    kinds: frozenset[ArtifactKind] = frozenset()
    properties: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def render(report: Report, view: View) -> str:
    """Return the report as one document; nothing in it depends on when it was made."""
    writer = _Writer(report, Repository(report, view))
    root = ET.Element("testsuites", name="audit")
    for suite in _suites(report):
        root.append(writer.suite(suite))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(one.get(name, "0")) for one in root)))
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suites(report: Report) -> list[_Suite]:
    """Return what was audited in the order of the report, and then what else is spoken of."""
    suites: dict[tuple[str, ArtifactKind | None], _Suite] = {}
    for artifact in report.artifacts:
        kinds = {artifact.kind}
        if artifact.home and artifact.home.manifest == _CONFIGURED:
            kinds.add(ArtifactKind.PROJECT)
        properties = {
            "kind": artifact.kind.value,
            "name": artifact.name,
            "version": artifact.version,
            "sha256": artifact.sha256,
        }
        suites.setdefault(
            (artifact.source, artifact.kind),
            _Suite(source=artifact.source, kinds=frozenset(kinds), properties=properties),
        )
    for row in report.inventories:
        source = str(row["source"])
        kinds = set() if report.triage else {ArtifactKind.LOCKFILE}
        properties = {"packages": str(row["count"])}
        suites.setdefault(
            (source, None), _Suite(source=source, kinds=frozenset(kinds), properties=properties)
        )

    by_source: dict[str, list[_Suite]] = {}
    for suite in suites.values():
        by_source.setdefault(suite.source, []).append(suite)

    def meant(source: str, kind: ArtifactKind | None) -> _Suite:
        some = by_source.get(source)
        if not some:
            found = suites[source, None] = _Suite(source=source)
            by_source[source] = [found]
            return found
        return next((suite for suite in some if kind in suite.kinds), some[0])

    for finding in report.findings:
        meant(finding.location.source, finding.kind).findings.append(finding)
    for item in report.suppressed:
        meant(item.finding.location.source, item.finding.kind).suppressed.append(item)
    for gap in report.gaps:
        meant(gap.location.source, None).gaps.append(gap)
    return list(suites.values())


class _Writer:
    """Writes suites of one report."""

    def __init__(self, report: Report, repository: Repository) -> None:
        self._report = report
        self._repository = repository

    def suite(self, suite: _Suite) -> ET.Element:
        """Return one suite with its counts, which stand before the tests that they count."""
        element = ET.Element("testsuite", name=safe(suite.source))
        tests = [self._examined(suite), *self._rules(suite)]
        counts = {
            "tests": len(tests),
            "failures": sum(test.find("failure") is not None for test in tests),
            "errors": sum(test.find("error") is not None for test in tests),
            "skipped": sum(test.find("skipped") is not None for test in tests),
        }
        for name, count in counts.items():
            element.set(name, str(count))
        said = {name: value for name, value in suite.properties.items() if value}
        properties = ET.SubElement(element, "properties")
        said["ruleset"] = self._report.ruleset
        notes = (("policy", text) for text in self._report.policy)
        for name, value in (*said.items(), *notes):
            ET.SubElement(properties, "property", name=name, value=safe(value, _LONGEST))
        element.extend(tests)
        return element

    def _rules(self, suite: _Suite) -> Iterator[ET.Element]:
        asked = {rule.id for rule in self._report.rules if rule.artifacts & suite.kinds}
        asked |= {finding.rule for finding in suite.findings}
        asked |= {item.finding.rule for item in suite.suppressed}
        for name in sorted(asked):
            found = [finding for finding in suite.findings if finding.rule == name]
            waived = [item for item in suite.suppressed if item.finding.rule == name]
            yield self._rule(_test(suite, name), found, waived)

    def _rule(self, test: ET.Element, found: list[Finding], waived: list[Suppressed]) -> ET.Element:
        failing = [one for one in found if one.severity >= self._report.threshold]
        below = [one for one in found if one.severity < self._report.threshold]
        if failing:
            message = _headed([finding.message for finding in failing])
            failure = ET.SubElement(test, "failure", type=failing[0].severity.word, message=message)
            fixes = dict.fromkeys(finding.fix for finding in failing[:SHOWN])
            text = [
                *_listed(failing, self._line),
                "",
                *(line for fix in fixes for line in _lines(fix)),
            ]
            failure.text = "\n".join(text)
        elif waived and not below:
            skipped = ET.SubElement(test, "skipped", message=_headed([w.reason for w in waived]))
            skipped.text = "\n".join(_listed(waived, self._waived))
        output = _listed(below, self._line)
        if failing or below:
            output += _listed(waived, self._waived)
        if output:
            ET.SubElement(test, "system-out").text = "\n".join(output)
        return test

    def _examined(self, suite: _Suite) -> ET.Element:
        test = _test(suite, EXAMINED)
        if suite.gaps:
            message = _headed([gap.reason for gap in suite.gaps])
            error = ET.SubElement(test, "error", type="gap", message=message)
            error.text = "\n".join(_listed(suite.gaps, _gap))
        return test

    def _line(self, finding: Finding) -> str:
        place = self._repository.of_finding(finding)
        where = f"{safe(place.path)}:{place.line}: " if place else ""
        return f"{where}{finding.severity.word}: {safe(finding.message, _LONGEST)}"

    def _waived(self, item: Suppressed) -> str:
        until = f" until {item.until}" if item.until else ""
        owner = f" ({item.owner})" if item.owner else ""
        said = safe(f"{item.by.value}{until}{owner}: {item.reason}", _LONGEST)
        return f"{self._line(item.finding)} [{said}]"


def _test(suite: _Suite, name: str) -> ET.Element:
    return ET.Element("testcase", classname=safe(suite.source), name=safe(name))


def _headed(messages: Sequence[str]) -> str:
    """Return the first message and how many more there are, for where one line is shown."""
    more = f" (and {len(messages) - 1:,} more)" if len(messages) > 1 else ""
    return f"{safe(messages[0])}{more}"


def _listed(items: Sequence[T], line: Callable[[T], str]) -> list[str]:
    rest = len(items) - SHOWN
    return [*map(line, items[:SHOWN]), *([f"… and {rest:,} more"] if rest > 0 else [])]


def _lines(text: str) -> Iterable[str]:
    return (safe(line, _LONGEST) for line in text.splitlines())


def _gap(gap: Gap) -> str:
    where = gap.location.path or gap.location.source
    return f"{safe(where)}: {safe(gap.reason, _LONGEST)}"


REPORT = ReportFormat(name="junit", render=render)
