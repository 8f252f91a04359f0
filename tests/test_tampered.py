"""Every tampered lockfile of the corpus is found out, and its clean relatives are quiet.

The corpus is `fixtures/tampered`. A case names checks; the table says which of our rules answers
for each. A case goes through `audit lock` as a user would call it.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor import lockscan
from auditor.model import Severity
from tests import our_rules

if TYPE_CHECKING:
    from auditor.model import Finding, Report

CORPUS = Path(__file__).parent.parent / "fixtures" / "tampered" / "tampered.tar.xz"
RULES = {
    "known-bad": {"known-malicious", "tampered-integrity"},
    "typosquat": {"lookalike-name"},
    "version-url-mismatch": {"masked-version"},
    "name-url-mismatch": {"masked-name"},
    "alias-not-declared": {"undeclared-alias"},
    "host-not-registry": {"foreign-host"},
    "insecure-url": {"insecure-address"},
    "credentials-in-url": {"credentials-in-address"},
    "missing-integrity": {"missing-integrity"},
    "weak-integrity": {"weak-integrity"},
    "integrity-conflict": {"conflicting-integrity"},
    "git-source": {"git-dependency"},
    "git-not-pinned": {"unpinned-git-dependency"},
    "bundled-without-parent": {"orphaned-bundle"},
    "install-script": {"locked-install-script"},
    "deprecated": {"deprecated-package"},
    "split-brain": {"split-lockfile"},
    "duplicate-key": {"duplicate-lock-key"},
    "link-outside": {"outside-link"},
    "invalid-name": {"invalid-package-name"},
    "lock-out-of-sync": {"lockfile-drift"},
    "missing-entry": {"lockfile-drift"},
    "extraneous": {"unexplained-package"},
    "extra-index": {"extra-index"},
    "trusted-host": {"trusted-host"},
}
UNSEEN = {"edge-not-in-registry": "only the registry's own metadata shows it"}
RIGHTLY = {("req-known-bad-underscore", "lookalike-name")}
"""Another name than the bad one, as its case says; and a look-alike of it all the same."""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the corpus."""
    folder = tmp_path_factory.mktemp("tampered")
    with tarfile.open(CORPUS) as archive:
        if hasattr(tarfile, "data_filter"):  # not before Python 3.11.4
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)  # noqa: S202 - our own
    return folder


def cases() -> list[dict[str, Any]]:
    with tarfile.open(CORPUS) as archive:
        listed = archive.extractfile("./cases.json")
        assert listed is not None
        found: list[dict[str, Any]] = json.load(listed)
    return found


ALL = cases()


def scanned(corpus: Path, case: dict[str, Any]) -> Report:
    return lockscan.scan(lockscan.LockRequest(targets=(str(corpus / case["file"]),)))


def about(package: str, finding: Finding) -> bool:
    """Tell whether a finding is about a package, host or key, whatever field says so."""
    said = json.dumps([finding.message, finding.location.key, dict(finding.evidence)], default=str)
    return package.rpartition("@")[0] in said if "@" in package[1:] else package in said


@pytest.mark.parametrize(
    "case", [case for case in ALL if case["expected"]], ids=lambda case: case["case"]
)
def test_what_a_case_expects_is_found(corpus: Path, case: dict[str, Any]) -> None:
    report = scanned(corpus, case)
    told = sorted((f.rule, f.message) for f in report.findings)
    for expected in case["expected"]:
        check = expected["check"]
        if check == "parse-error":
            assert report.gaps
            continue
        if check in UNSEEN:
            assert not [f for f in report.findings if about(expected["package"], f)]
            continue
        hits = [
            f for f in report.findings if f.rule in RULES[check] and about(expected["package"], f)
        ]
        assert hits, f"{expected} in {told}"
        if "level" in expected:
            assert {f.severity.word for f in hits} == {expected["level"]}


@pytest.mark.parametrize(
    "case", [case for case in ALL if not case["expected"]], ids=lambda case: case["case"]
)
def test_a_case_without_tampering_is_quiet(corpus: Path, case: dict[str, Any]) -> None:
    report = scanned(corpus, case)
    loud = {(case["case"], f.rule) for f in report.findings if f.severity >= Severity.MEDIUM}
    assert loud - RIGHTLY == set()
    assert report.gaps == ()


def test_no_case_is_left_out() -> None:
    assert len(ALL) == 58
    assert {e["check"] for case in ALL for e in case["expected"]} == (
        RULES.keys() | UNSEEN.keys() | {"parse-error"}
    )


def test_the_table_names_rules_that_are_there() -> None:
    rules = our_rules.RULES.by_id()
    assert [name for names in RULES.values() for name in names if name not in rules] == []
