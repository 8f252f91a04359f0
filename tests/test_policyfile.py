"""The policy file: what it says in three formats, and how it is refused, with the place."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from auditor import docs, policyfile
from auditor.errors import UsageError
from auditor.facts.demands import Budgets, Demands, MapMode
from auditor.model import Profile, Severity
from auditor.policy import Override, Policy, Waiver
from auditor.rulebook import Head
from tests import schemas

RULES = {
    "embedded-sources": Head(severity=Severity.HIGH, protected=True),
    "test-file": Head(severity=Severity.LOW, protected=False),
    "foreign-host": Head(severity=Severity.MEDIUM, protected=False),
}

YAML = """\
fail-on: high
profile: intake
rules:
  test-file: ignore
  foreign-host: {severity: info, reason: all comes from our mirror}
source-maps: {mode: allow, reason: the sources are public, owner: zoe}
budgets: {packed: 500 kB, unpacked: 1.5 MB, files: 200, file: 1 MiB}
deny-words: [falcon]
deny-words-file: secret/words.txt
names: quiet
internal: ["@acme", acme-*]
reviewed: [reactt]
allowed-hosts: ["npm.example.org:8080"]
data-age: 2w
rule-folders: [audit-rules]
manifest: ships.json
baseline: known.json
waivers:
  - rule: test-file
    path: "dist/**/*.test.js"
    reason: users run them
  # one of a protected rule
  - rule: embedded-sources
    fingerprint: 0123456789abcdef
    package: left-pad
    reason: the map of our demo
    until: 2027-01-31
    owner: zoe
"""
TOML = """\
[project]
name = "kit"

[tool.audit]
fail-on = "high"
profile = "intake"
source-maps = {mode = "allow", reason = "the sources are public", owner = "zoe"}
budgets = {packed = "500 kB", unpacked = "1.5 MB", files = 200, file = "1 MiB"}
deny-words = ["falcon"]
deny-words-file = "secret/words.txt"
names = "quiet"
internal = ["@acme", "acme-*"]
reviewed = ["reactt"]
allowed-hosts = ["npm.example.org:8080"]
data-age = "2w"
rule-folders = ["audit-rules"]
manifest = "ships.json"
baseline = "known.json"

[tool.audit.rules]
test-file = "ignore"
foreign-host = {severity = "info", reason = "all comes from our mirror"}

[[tool.audit.waivers]]
rule = "test-file"
path = "dist/**/*.test.js"
reason = "users run them"

[[tool.audit.waivers]]
rule = "embedded-sources"
fingerprint = "0123456789abcdef"
package = "left-pad"
reason = "the map of our demo"
until = 2027-01-31
owner = "zoe"
"""


def expected(file: str, *lines: int | None) -> Policy:
    return Policy(
        file=file,
        fail_on=Severity.HIGH,
        profile=Profile.INTAKE,
        overrides={
            "test-file": Override(severity=None),
            "foreign-host": Override(severity=Severity.INFO, reason="all comes from our mirror"),
            "embedded-sources": Override(
                severity=Severity.INFO, reason="the sources are public", owner="zoe"
            ),
            "removed-source": Override(
                severity=Severity.INFO, reason="the sources are public", owner="zoe"
            ),
        },
        demands=Demands(
            budgets=Budgets(packed=500_000, unpacked=1_500_000, files=200, file=1_048_576),
            words=("falcon",),
            maps=MapMode.ALLOW,
        ),
        words_file="secret/words.txt",
        names="quiet",
        internal=("@acme", "acme-*"),
        reviewed=("reactt",),
        allowed_hosts=("npm.example.org:8080",),
        data_age=timedelta(days=14),
        rule_folders=("audit-rules",),
        manifest="ships.json",
        baseline="known.json",
        waivers=(
            Waiver(
                rule="test-file",
                path="dist/**/*.test.js",
                reason="users run them",
                file=file,
                line=lines[0],
            ),
            Waiver(
                rule="embedded-sources",
                fingerprint="0123456789abcdef",
                package="left-pad",
                reason="the map of our demo",
                until=date(2027, 1, 31),
                owner="zoe",
                file=file,
                line=lines[1],
            ),
        ),
    )


def read(text: str, name: str = ".audit.yml") -> Policy:
    document = policyfile.document(name, text, name)
    assert document is not None
    return policyfile.policy(document, RULES)


def same(policy: Policy) -> Policy:
    """Return a policy without the digest of its text, which is never the same."""
    assert len(policy.digest) == 16
    return replace(policy, digest="")


def values(text: str) -> dict[str, Any]:
    document = policyfile.document(".audit.yml", text, ".audit.yml")
    assert document is not None
    return document.values


def test_yaml_says_all_there_is_to_say() -> None:
    assert same(read(YAML)) == expected(".audit.yml", 19, 23)


def test_toml_says_the_same() -> None:
    assert same(read(TOML, "pyproject.toml")) == expected("pyproject.toml", 24, 29)


def test_json_says_the_same_without_lines() -> None:
    text = json.dumps({"name": "kit", "audit": values(YAML)})
    assert same(read(text, "package.json")) == expected("package.json", None, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nname = "audit-kit"\n'),
        ("package.json", '{"name": "audit"}'),
        ("package.json", '{"scripts": {"audit": "npm audit"}}'),
    ],
)
def test_a_file_that_has_other_uses_may_have_no_policy(name: str, text: str) -> None:
    assert policyfile.document(name, text, name) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"audit": broken', "package.json: may hold a policy: not readable as JSON: "),
        ('{"audit": []}', "package.json, audit: is no object"),
    ],
)
def test_a_policy_that_cannot_be_read_is_never_taken_for_none(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        policyfile.document("package.json", text, "package.json")
    assert str(caught.value).startswith(problem)


def test_an_empty_file_is_a_policy_that_changes_nothing() -> None:
    assert same(read("# nothing yet\n")) == Policy(file=".audit.yml")


REFUSED = [
    ("fial-on: high", "'fial-on' is no key here; did you mean 'fail-on'?"),
    ("waiver: []", "'waiver' is no key here; did you mean 'waivers'?"),
    ("fail-on: hgih", "fail-on: 'hgih' is none of info, low, medium, high, critical"),
    ("profile: relase", "profile: 'relase' is none of release, intake"),
    ("names: loud", "names: 'loud' is none of quiet, default, everything, off"),
    ("rules: {test-fle: low}", "rules.test-fle: 'test-fle' is no rule; did you mean 'test-file'?"),
    (
        "rules: {test-file: none}",
        "rules.test-file: 'none' is none of info, low, medium, high, critical, ignore",
    ),
    (
        "rules: {test-file: {severty: low}}",
        "rules.test-file: 'severty' is no key here; did you mean 'severity'?",
    ),
    (
        "rules: {embedded-sources: low}",
        (
            "rules.embedded-sources: embedded-sources is protected: to make it less, "
            "say who and why: "
            "{severity: low, reason: …, owner: …}"
        ),
    ),
    (
        "rules: {embedded-sources: {severity: ignore, reason: so}}",
        (
            "rules.embedded-sources: embedded-sources is protected: to make it less, "
            "say who and why: "
            "{severity: ignore, reason: …, owner: …}"
        ),
    ),
    (
        "source-maps: allow",
        (
            "source-maps: that maps give sources back is a decision to be named: "
            "{mode: allow, reason: …, owner: …}"
        ),
    ),
    (
        "source-maps: {mode: complete, reason: so}",
        (
            "source-maps: that maps give sources back is a decision to be named: "
            "{mode: complete, reason: …, owner: …}"
        ),
    ),
    (
        "source-maps: {mode: some}",
        "source-maps.mode: 'some' is none of forbid, no-content, complete, allow",
    ),
    ("budgets: {pakced: 1}", "budgets: 'pakced' is no key here; did you mean 'packed'?"),
    (
        "budgets: {packed: 5 mB}",
        "budgets.packed: '5 mB' is no size: write 500 kB, 5 MB or 1 MiB",
    ),
    ("budgets: {packed: -1}", "budgets.packed: -1 is no size: write 500 kB, 5 MB or 1 MiB"),
    ("deny-words: falcon", "deny-words: expected `array`, got `str`"),
    ("deny-words: ['']", "deny-words[0]: expected `str` of length >= 1"),
    ("deny-words: ['a*bc?de*']", "deny-words: 'a*bc?de*' matches too much: it needs 3 letters in"),
    ("deny-words-file: ''", "deny-words-file: expected `str` of length >= 1"),
    ("waivers: {}", "waivers: must be a list"),
    ("waivers: [3]", "waivers[0]: must be a mapping with rule, a subject and reason"),
    ("waivers: [{rul: x}]", "waivers[0]: 'rul' is no key here; did you mean 'rule'?"),
    (
        "waivers: [{rule: test-file, path: a}]",
        "waivers[0]: object missing required field `reason`",
    ),
    (
        "waivers: [{rule: test-fle, path: a, reason: so}]",
        "waivers[0].rule: 'test-fle' is no rule; did you mean 'test-file'?",
    ),
    (
        "waivers: [{rule: test-file, reason: so}]",
        "waivers[0]: names no subject: a path, a package or a fingerprint says what it is about",
    ),
    (
        "waivers: [{rule: test-file, path: a, reason: so, until: 2027-02-30}]",
        "waivers[0].until: '2027-02-30' is no day: day is out of range for month",
    ),
    (
        "waivers: [{rule: embedded-sources, path: a, reason: so, until: 2027-01-01}]",
        "waivers[0]: embedded-sources is protected: a waiver of it needs owner, too",
    ),
    (
        "waivers: [{rule: embedded-sources, path: a, reason: so}]",
        "waivers[0]: embedded-sources is protected: a waiver of it needs owner and until, too",
    ),
    ("- a", "is no mapping of keys to values"),
    ("a: 1\na: 2", "line 2: has the key 'a' twice"),
    ("rules: {test-file: off}", "line 1: has 'off' without quotes, which YAML readers disagree"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_what_is_wrong_is_refused_with_the_place(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    told = str(caught.value).removeprefix(".audit.yml").lstrip(",: ")
    assert told.startswith(problem)


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        ({"\ud800": 1}, ""),
        ({"rules": {"a": "\udfff"}}, ", rules.a"),
    ],
)
def test_half_a_character_as_json_can_write_one_is_refused(
    policy: dict[str, Any], place: str
) -> None:
    text = json.dumps({"name": "kit", "audit": policy})
    document = policyfile.document("package.json", text, "package.json")
    assert document is not None
    with pytest.raises(UsageError) as caught:
        policyfile.policy(document, RULES)
    assert str(caught.value) == f"package.json{place}: is a text with half of a character"


def test_a_protected_rule_may_be_made_more_severe_by_anybody() -> None:
    assert read("rules: {embedded-sources: critical}").overrides == {
        "embedded-sources": Override(severity=Severity.CRITICAL)
    }


SHAPE = schemas.checked(policyfile.schema())


def test_the_schema_takes_what_the_reader_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(policyfile.schema())
    SHAPE.validate(values(YAML))


@pytest.mark.parametrize(
    "text",
    [
        text
        for text, problem in REFUSED
        if not any(word in problem for word in ("rule", "line", "protected", "decision", "subject"))
        and not any(word in problem for word in ("no size", "no day", "no mapping", "much"))
    ],
)
def test_the_schema_refuses_what_has_the_wrong_shape(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        SHAPE.validate(values(text))


def test_the_schema_that_comes_along_is_the_one_that_is_made() -> None:
    path = Path(__file__).parent.parent / docs.POLICY_SCHEMA
    assert path.read_text(encoding="utf-8") == docs.policy_schema()
