"""Every tampered lockfile of the shared corpus is found out, and its clean relatives are not.

The corpus lies in a folder of its own (`AUDIT_TEST_TAMPERED`, with `cases.json`); without it the
tests are skipped. A case names checks; the table says which of our rules answers for each.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor import facts, lockfiles, rulefile
from auditor.errors import ParseError
from auditor.facts import Contents
from auditor.facts.lock.file import Beside
from auditor.inventory import Inventory
from auditor.judge import Judge
from auditor.model import Artifact, ArtifactKind, Fact, Finding, Severity

FOLDER = os.environ.get("AUDIT_TEST_TAMPERED", "")
NONE = pytest.param(
    None, id="none", marks=pytest.mark.skip(reason="AUDIT_TEST_TAMPERED names no corpus")
)
RULES = {
    "version-url-mismatch": {"masked-version"},
    "name-url-mismatch": {"masked-name"},
    "alias-not-declared": {"undeclared-alias"},
    "host-not-registry": {"foreign-host"},
    "insecure-url": {"insecure-address"},
    "credentials-in-url": {"credentials-in-address"},
    "missing-integrity": {"missing-integrity"},
    "weak-integrity": {"weak-integrity"},
    "malformed-integrity": {"malformed-integrity"},
    "integrity-conflict": {"conflicting-integrity"},
    "git-source": {"git-dependency"},
    "git-not-pinned": {"unpinned-git-dependency"},
    "bundled-without-parent": {"orphaned-bundle"},
    "install-script": {"locked-install-script"},
    "deprecated": {"deprecated-package"},
    "split-brain": {"split-lockfile"},
    "lockfile-version-lie": {"split-lockfile"},
    "duplicate-key": {"duplicate-lock-key"},
    "merge-conflict": {"merge-conflict"},
    "link-outside": {"outside-link"},
    "invalid-name": {"invalid-package-name"},
    "lock-out-of-sync": {"lockfile-drift"},
    "missing-entry": {"lockfile-drift"},
    "version-outside-range": {"lockfile-drift"},
    "extraneous": {"unexplained-package"},
    "extra-index": {"extra-index"},
    "trusted-host": {"trusted-host"},
}
ELSEWHERE = {
    "known-bad": "the rules about incidents",
    "known-bad-name": "the rules about incidents",
    "typosquat": "not judged yet: names are near one another without any ill will",
    "edge-not-in-registry": "offline nothing shows it",
}
KINDS = ("locked-package", "lock-host", "lock-file", "lock-closure")
BESIDE = ("package.json", "pyproject.toml", ".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml")


def cases() -> list[dict[str, Any]]:
    if not FOLDER:
        return []
    found = json.loads(Path(FOLDER, "cases.json").read_text(encoding="utf-8"))
    return [case for case in found if not case["file"].endswith("/")]


tampered = pytest.mark.parametrize(
    "case",
    [case for case in cases() if case["expected"]] or [NONE],
    ids=lambda case: case["case"],
)


@cache
def judge() -> tuple[Judge, frozenset[str]]:
    rules = rulefile.load((rulefile.builtin_folder(),)).rules
    ours = tuple(rule for rule in rules if rule.fact in KINDS)
    ruleset = rulefile.Ruleset(rules=ours, lists={}, digest="")
    return Judge(ruleset), frozenset(rule.id for rule in ours)


def findings_in(file: Path) -> list[Finding]:
    beside = {
        name: (file.parent / name).read_bytes()
        for name in BESIDE
        if name != file.name and (file.parent / name).is_file()
    }
    # The corpus calls the registry registry.example.org, but for one case about upper case.
    data = re.sub(
        rb"https://\w+\.[A-Z]+\.org/", b"https://Registry.EXAMPLE.org/", file.read_bytes()
    )
    document = lockfiles.Document(path=file.name, data=data, beside=beside)
    inventory = lockfiles.read(document)
    contents = Contents(
        kind=ArtifactKind.LOCKFILE,
        members=(),
        observations={Inventory: (inventory,), Beside: (Beside(files=beside),)},
    )
    collectors, _ = facts.load()
    artifact = Artifact(source=str(file), kind=ArtifactKind.LOCKFILE)
    found: list[Finding] = []
    for kind in KINDS:
        seen = [f for f in collectors[kind].collect(contents) if isinstance(f, Fact)]
        found += judge()[0].findings(artifact, kind, seen, {})
    return found


def about(package: str, finding: Finding) -> bool:
    """Tell whether a finding is about a package, host or key, whatever field says so."""
    said = json.dumps([finding.message, finding.location.key, dict(finding.evidence)], default=str)
    return package.rpartition("@")[0] in said if "@" in package[1:] else package in said


@tampered
def test_what_a_case_expects_is_found(case: dict[str, Any]) -> None:
    file = Path(FOLDER, case["file"])
    wanted = [e for e in case["expected"] if e["check"] not in ELSEWHERE]
    if [e["check"] for e in wanted] == ["parse-error"]:
        with pytest.raises(ParseError):
            lockfiles.read(lockfiles.Document(path=file.name, data=file.read_bytes()))
        return
    found = findings_in(file)
    for expected in wanted:
        rules = RULES[expected["check"]]
        hits = [f for f in found if f.rule in rules and about(expected["package"], f)]
        assert hits, f"{expected} in {sorted((f.rule, f.message) for f in found)}"
        if "level" in expected:
            assert {f.severity.word for f in hits} == {expected["level"]}


@pytest.mark.parametrize(
    "case",
    [case for case in cases() if not case["expected"]] or [NONE],
    ids=lambda case: case["case"],
)
def test_a_case_without_tampering_is_quiet(case: dict[str, Any]) -> None:
    found = findings_in(Path(FOLDER, case["file"]))
    assert [f for f in found if f.severity >= Severity.MEDIUM] == []


def test_the_table_names_rules_that_are_there() -> None:
    assert frozenset().union(*RULES.values()) <= judge()[1]
