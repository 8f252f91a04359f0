"""CycloneDX: valid by its library's validator, with what is affected, and the same each time."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings

from auditor import report as formats
from auditor.cli import cli
from auditor.errors import UsageError
from auditor.model import ArtifactKind, Location, Verdict
from auditor.report import View, cyclonedx
from tests import made_reports as made
from tests.often import often

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model import Report

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_7)
SHA512 = "sha512-" + "q" * 86 + "=="


def written(report: Report) -> dict[str, Any]:
    """Return a document that is valid, and in which each reference is to something, once."""
    text = cyclonedx.render(report, View())
    problem = VALIDATOR.validate_str(text)
    assert problem is None, problem
    document: dict[str, Any] = json.loads(text)
    parts = [*document.get("components", ()), *document.get("vulnerabilities", ())]
    refs = [one["bom-ref"] for one in parts]
    assert len(set(refs)) == len(refs)
    for one in document.get("vulnerabilities", ()):
        assert {target["ref"] for target in one["affects"]} <= set(refs)
    return document


def package(name: str = "@scope/kit", version: str = "1.0.0", **parts: object) -> dict[str, object]:
    return {
        "ecosystem": "npm",
        "name": name,
        "version": version,
        "purl": f"pkg:npm/{name.replace('@', '%40')}@{version}",
        "origin": "registry",
        "resolved": None,
        "integrity": [SHA512],
        "alias": None,
        "dev": False,
        "optional": False,
        "direct": True,
        "install_script": False,
        "line": 12,
        **parts,
    }


def lockfile(source: str, *packages: dict[str, object]) -> dict[str, object]:
    return {
        "source": source,
        "format": "package-lock",
        "format_version": "3",
        "count": len(packages),
        "sections": {},
        "packages": list(packages),
    }


def test_an_artifact_is_a_component_and_a_finding_affects_it() -> None:
    document = written(made.report(findings=(made.finding(),), suppressed=(made.WAIVED,)))
    (component,) = document["components"]
    waived, found = sorted(document["vulnerabilities"], key=lambda one: "analysis" not in one)

    assert (document["specVersion"], document["bomFormat"]) == ("1.7", "CycloneDX")
    assert {"serialNumber", "dependencies"}.isdisjoint(document)
    assert "timestamp" not in document["metadata"]
    assert component == {
        "bom-ref": "pkg:npm/demo@1.0.0",
        "type": "library",
        "name": "demo",
        "version": "1.0.0",
        "purl": "pkg:npm/demo@1.0.0",
        "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        "properties": [
            {"name": "audit:kind", "value": "npm-tarball"},
            {"name": "audit:source", "value": "a.tgz"},
        ],
    }
    assert found["id"] == "bad-file"
    assert found["ratings"] == [
        {"method": "other", "severity": "high", "source": {"name": "audit"}}
    ]
    assert found["affects"] == [{"ref": "pkg:npm/demo@1.0.0"}]
    assert found["detail"] == "dist/a.map is bad"
    assert found["recommendation"] == "Leave it out.\nPack again."
    assert waived["analysis"] == {
        "state": "not_affected",
        "response": ["will_not_fix"],
        "detail": "waiver: published on purpose; owner: release-engineering; until: 2027-01-31;"
        " in .audit.yml:12",
    }


def test_what_a_baseline_sets_aside_is_still_to_be_looked_at() -> None:
    (found,) = written(made.report(suppressed=(made.BASELINE,)))["vulnerabilities"]

    assert found["analysis"] == {"state": "in_triage", "detail": "baseline: was there"}


def test_a_package_of_two_lockfiles_is_one_component_with_two_places() -> None:
    at = Location(source="b/package-lock.json", path="package-lock.json", line=3, key="kit@2.0.0")
    bad = made.finding(
        rule="known-bad",
        location=at,
        kind=ArtifactKind.LOCKFILE,
        evidence={"incident": "axios-2026", "also": ("other-2026",)},
    )
    rows = (
        lockfile("a/package-lock.json", package()),
        lockfile(
            "b/package-lock.json",
            package(line=7),
            package("kit", "2.0.0", dev=True, integrity=["sha1-!!", "md5-" + "0a" * 16]),
        ),
    )
    document = written(made.report(artifacts=(), inventories=rows, findings=(bad,)))
    components = {one["bom-ref"]: one for one in document["components"]}
    scoped, kit = components["pkg:npm/%40scope/kit@1.0.0"], components["pkg:npm/kit@2.0.0"]
    (found,) = document["vulnerabilities"]

    assert sorted(components) == [
        "file:a/package-lock.json",
        "file:b/package-lock.json",
        "pkg:npm/%40scope/kit@1.0.0",
        "pkg:npm/kit@2.0.0",
    ]
    assert (scoped["group"], scoped["name"], scoped["scope"]) == ("@scope", "kit", "required")
    assert scoped["purl"] == "pkg:npm/%40scope/kit@1.0.0"
    assert [(one["location"], one["line"]) for one in scoped["evidence"]["occurrences"]] == [
        ("a/package-lock.json", 12),
        ("b/package-lock.json", 7),
    ]
    assert [one["alg"] for one in scoped["hashes"]] == ["SHA-512"]
    assert len(scoped["hashes"][0]["content"]) == 128
    assert kit["scope"] == "optional"
    assert kit["hashes"] == [{"alg": "MD5", "content": "0a" * 16}]
    assert found["id"] == "axios-2026"
    assert found["references"] == [{"id": "other-2026", "source": {"name": "audit"}}]
    assert found["affects"] == [{"ref": "pkg:npm/kit@2.0.0"}]


def test_a_finding_of_an_entry_affects_the_package_that_it_names() -> None:
    at = Location(source="a.lock", path="a.lock", key="node_modules/@scope/kit")
    found = [
        made.finding(location=at, evidence={"name": "@scope/kit", "version": version})
        for version in ("1.0.0", "9.9.9")
    ]
    rows = (lockfile("a.lock", package()),)
    document = written(made.report(artifacts=(), inventories=rows, findings=tuple(found)))

    assert sorted(one["affects"][0]["ref"] for one in document["vulnerabilities"]) == [
        "file:a.lock",
        "pkg:npm/%40scope/kit@1.0.0",
    ]


def test_the_same_version_with_other_digests_is_another_component() -> None:
    rows = (lockfile("a", package()), lockfile("b", package(integrity=[])))
    refs = {one["bom-ref"] for one in written(made.report(inventories=rows))["components"]}

    assert {"pkg:npm/%40scope/kit@1.0.0", "pkg:npm/%40scope/kit@1.0.0~2"} <= refs


def test_gaps_and_the_verdict_are_said() -> None:
    report = made.report(gaps=(made.GAP,), verdict=Verdict.INCOMPLETE)
    said = {p["name"]: p["value"] for p in written(report)["metadata"]["properties"]}

    assert said["audit:verdict"] == "incomplete"
    assert said["audit:complete"] == "false"
    assert said["audit:gap"] == "in.zip: encrypted"


@settings(max_examples=often(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=made.reports())
def test_any_report_is_valid(report: Report) -> None:
    document = written(report)

    found = len(report.findings) + len(report.suppressed)
    assert len(document.get("vulnerabilities", ())) == found


def test_every_fixture_is_valid_has_its_packages_and_is_the_same_twice() -> None:
    second = made.of_fixtures(run=2)
    for name, report in made.of_fixtures().items():
        document = written(report)
        packages = {
            str(package["purl"])
            for row in report.inventories
            for package in row["packages"]  # type: ignore[attr-defined]
        }
        refs = {one["bom-ref"] for one in document["components"]}
        assert packages <= refs
        assert cyclonedx.render(second[name], View()) == cyclonedx.render(report, View())


def test_without_the_library_it_is_one_line_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(UsageError) as raised:
        formats.load("cyclonedx")
    assert str(raised.value) == (
        "the cyclonedx report needs a library that is not installed:"
        " pip install 'release-audit[cyclonedx]'"
    )
    for asked in (("--format", "cyclonedx"), ("--report", f"cyclonedx={tmp_path}/x.json")):
        with pytest.raises(UsageError):
            cli.main(["lock", str(tmp_path), *asked], standalone_mode=False)
    assert list(tmp_path.iterdir()) == []
    assert formats.load("json").name == "json"


def test_packages_are_listed_for_this_report_alone(tmp_path: Path) -> None:
    lock = made.FIXTURES / "uv"
    target = tmp_path / "out.cdx.json"

    def printed(*options: str) -> str:
        return CliRunner().invoke(cli, ["lock", str(lock), *options]).output

    assert printed("--report", f"cyclonedx={target}") == printed()
    assert printed("--list") != printed()
    assert any("purl" in one for one in json.loads(target.read_text())["components"])
    rows = json.loads(printed("--format", "json", "--report", f"cyclonedx={target}"))["inventories"]
    assert all("packages" not in row for row in rows)
    assert json.loads(printed("--format", "cyclonedx"))["components"]
