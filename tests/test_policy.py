"""What policies and baselines make of findings, as a user meets it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from auditor import policy
from auditor.__main__ import run
from auditor.model import Confidence, Finding, Location, Severity
from auditor.policy import Policy, Settings, Waiver
from tests import schemas
from tests.test_cli import MAP

if TYPE_CHECKING:
    from pathlib import Path

TODAY = datetime.now(UTC).date()
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a source map that gives text back, with the current folder beside it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "kit"
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "kit", "version": "1.0.0"}')
    (folder / "dist" / "app.js.map").write_text(MAP)
    return folder


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["pack", "kit", "--as-is", "--format", "json", *arguments])
    out, err = capsys.readouterr()
    document = json.loads(out) if out else {"error": err}
    if out:
        schemas.REPORT.validate(document)
    return code, document


def rules(document: dict[str, Any], key: str = "findings") -> list[str]:
    return [one.get("finding", one)["rule"] for one in document[key]]


def waiver(**more: str) -> str:
    said = {"rule": "embedded-sources", "path": "dist/*.map", "reason": "shown to all", **more}
    return "waivers:\n- " + "\n  ".join(f"{key}: '{value}'" for key, value in said.items()) + "\n"


def test_a_waiver_sets_aside_and_stays_in_the_report(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / ".audit.yml").write_text(waiver(owner="zoe", until=TOMORROW))
    code, document = audit(capsys)
    (aside,) = document["suppressed"]
    assert (code, document["verdict"], document["findings"]) == (0, "pass", [])
    assert aside["finding"]["location"]["path"] == "dist/app.js.map"
    del aside["finding"]
    assert aside == {
        "reason": "shown to all",
        "by": "waiver",
        "owner": "zoe",
        "until": TOMORROW,
        "declared": "kit/.audit.yml:2",
    }


def test_an_expired_waiver_fails(capsys: pytest.CaptureFixture[str], kit: Path) -> None:
    (kit / ".audit.yml").write_text(waiver(owner="zoe", until=YESTERDAY))
    code, document = audit(capsys)
    assert code == 1
    assert rules(document) == ["embedded-sources", "expired-waiver"]
    assert document["suppressed"] == []
    found = document["findings"][1]
    assert found["location"] == {
        "source": "kit/.audit.yml",
        "path": "kit/.audit.yml",
        "line": 2,
        "key": "embedded-sources dist/*.map",
    }
    assert found["message"] == (
        "the waiver of embedded-sources for dist/*.map ended on "
        f"{YESTERDAY}: 1 finding counts again (shown to all)"
    )


def test_an_expired_waiver_fails_even_where_nothing_is_left(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / "dist" / "app.js.map").unlink()
    (kit / ".audit.yml").write_text(waiver(owner="zoe", until=YESTERDAY))
    code, document = audit(capsys)
    assert (code, rules(document)) == (1, ["expired-waiver"])


def test_on_its_last_day_a_waiver_holds(capsys: pytest.CaptureFixture[str], kit: Path) -> None:
    (kit / ".audit.yml").write_text(waiver(owner="zoe", until=TODAY.isoformat()))
    assert audit(capsys)[0] == 0


def test_a_waiver_of_a_protected_rule_without_owner_is_refused(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / ".audit.yml").write_text(waiver(until=TOMORROW))
    code, document = audit(capsys)
    assert code == 2
    assert document["error"] == (
        "audit: kit/.audit.yml, waivers[0]: embedded-sources is protected: "
        "a waiver of it needs owner, too\n"
    )


def test_an_unused_waiver_is_reported(capsys: pytest.CaptureFixture[str], kit: Path) -> None:
    (kit / "dist" / "app.js.map").unlink()
    (kit / ".audit.yml").write_text(waiver(owner="zoe", until=TOMORROW))
    code, document = audit(capsys)
    (found,) = document["findings"]
    assert (code, found["rule"], found["severity"]) == (0, "unused-waiver", "low")


def test_a_waiver_whose_rule_was_not_asked_is_not_called_unused(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / "dist" / "app.js.map").unlink()
    (kit / ".audit.yml").write_text(
        "waivers: [{rule: foreign-host, package: a, reason: of the lockfile}]"
    )
    assert audit(capsys)[1]["findings"] == []


def test_with_a_gap_no_waiver_is_called_unused(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / "dist" / "app.js.map").unlink()
    (kit / "broken.tgz").write_bytes(b"\x1f\x8b\x08\x00")
    (kit / ".audit.yml").write_text(waiver(owner="zoe", until=TOMORROW))
    code, document = audit(capsys)
    assert (code, document["findings"]) == (3, [])


@pytest.mark.parametrize(
    ("config", "code", "told"),
    [
        ("fail-on: critical", 0, ["embedded-sources"]),
        (
            "rules: {embedded-sources: {severity: low, reason: so, owner: zoe}}",
            0,
            ["embedded-sources"],
        ),
        ("rules: {embedded-sources: {severity: ignore, reason: so, owner: zoe}}", 0, []),
        ("source-maps: {mode: allow, reason: so, owner: zoe}", 0, ["embedded-sources"]),
        ("source-maps: forbid", 1, ["embedded-sources", "forbidden-source-map"]),
        ("budgets: {files: 1}", 1, ["embedded-sources", "over-budget"]),
        ("deny-words: [App.ts]", 1, ["denied-word", "embedded-sources"]),
    ],
)
def test_a_policy_decides(
    capsys: pytest.CaptureFixture[str], kit: Path, config: str, code: int, told: list[str]
) -> None:
    (kit.parent / "policy.yml").write_text(config)
    found, document = audit(capsys, "--config", "policy.yml")
    assert (found, sorted(rules(document))) == (code, told)


def test_what_a_policy_makes_of_rules_is_said(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit.parent / "policy.yml").write_text(
        "rules: {embedded-sources: {severity: ignore, reason: so, owner: zoe}, test-file: medium}"
    )
    _, document = audit(capsys, "--config", "policy.yml")
    assert document["tool"]["policy"] == [
        "embedded-sources is ignored by policy.yml: so (zoe)",
        "test-file is medium by policy.yml",
    ]


def test_the_report_names_the_policy_that_it_obeys(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / ".audit.yml").write_text("fail-on: low")
    digest = hashlib.sha256(b"fail-on: low").hexdigest()[:16]
    assert audit(capsys)[1]["tool"]["data"] == [f"policy kit/.audit.yml {digest}"]
    assert audit(capsys, "--no-config")[1]["tool"]["data"] == []


def test_the_command_line_wins(capsys: pytest.CaptureFixture[str], kit: Path) -> None:
    (kit / ".audit.yml").write_text("fail-on: critical")
    assert audit(capsys)[0] == 0
    assert audit(capsys, "--fail-on", "high")[0] == 1
    assert audit(capsys, "--no-config")[0] == 1


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ({"repo/kit/.audit.yml": "critical"}, 0),
        ({"repo/.audit.yml": "critical"}, 0),
        ({".audit.yml": "critical"}, 1),
        ({"repo/kit/.audit.yml": "low", "repo/.audit.yml": "critical"}, 1),
    ],
)
def test_the_nearest_policy_of_the_repository_counts(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    places: dict[str, str],
    told: int,
) -> None:
    folder = tmp_path / "repo" / "kit"
    (folder / "dist").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (folder / "package.json").write_text('{"name": "kit", "version": "1.0.0"}')
    (folder / "dist" / "app.js.map").write_text(MAP)
    for place, level in places.items():
        (tmp_path / place).write_text(f"fail-on: {level}")
    monkeypatch.chdir(tmp_path / "repo")
    assert audit(capsys)[0] == told


def test_two_policies_in_one_folder_are_refused(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / ".audit.yml").write_text("fail-on: low")
    (kit / "pyproject.toml").write_text("[tool.audit]\nfail-on = 'high'\n")
    code, document = audit(capsys)
    assert code == 2
    assert document["error"] == (
        "audit: two policies in one folder: kit/.audit.yml and kit/pyproject.toml; keep one, "
        "or use --config\n"
    )


def test_rules_of_the_policy_judge_and_may_be_named(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    rule = (
        "id: acme-map\ntitle: T\nfact: file\nwhere: {kind: source maps}\nseverity: low\n"
        "confidence: high\nartifacts: [folder]\nmessage: '{path}'\nwhy: w\nfix: f\n"
    )
    (kit / "own").mkdir()
    (kit / "own" / "acme-map.yaml").write_text(rule)
    (kit / ".audit.yml").write_text("rule-folders: [own]\nrules: {acme-map: critical}")
    _, document = audit(capsys)
    assert [(one["rule"], one["severity"]) for one in document["findings"]] == [
        ("acme-map", "critical"),
        ("embedded-sources", "high"),
    ]


# baselines


def test_with_a_baseline_only_new_findings_fail(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    assert audit(capsys)[0] == 1
    code, document = audit(capsys, "--write-baseline", "known.json")
    assert (code, rules(document), rules(document, "suppressed")) == (0, [], ["embedded-sources"])
    code, document = audit(capsys, "--baseline", "known.json")
    assert (code, document["suppressed"][0]["by"]) == (0, "baseline")

    (kit / "dist" / "new.js.map").write_text(MAP.replace("app", "new"))
    code, document = audit(capsys, "--baseline", "known.json")
    assert code == 1
    assert [one["location"]["path"] for one in document["findings"]] == ["dist/new.js.map"]


def test_a_baseline_reads_as_a_line_a_finding(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    _, document = audit(capsys)
    audit(capsys, "--write-baseline", "known.json")
    (found,) = document["findings"]
    assert (kit.parent / "known.json").read_text() == (
        '{\n "audit_baseline": 1,\n "findings": [\n'
        f'  {{"fingerprint": "{found["fingerprint"]}", "rule": "embedded-sources", '
        '"path": "dist/app.js.map"}\n ]\n}\n'
    )


def test_a_report_is_a_baseline_too_and_a_policy_may_name_it(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    _, document = audit(capsys)
    (kit / "known.json").write_text(json.dumps(document))
    (kit / ".audit.yml").write_text("baseline: known.json")
    assert audit(capsys)[0] == 0


def test_what_is_gone_from_the_baseline_is_said(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    audit(capsys, "--write-baseline", "known.json")
    (kit / "dist" / "app.js.map").unlink()
    _, document = audit(capsys, "--baseline", "known.json")
    assert document["tool"]["policy"] == ["gone of what the baseline lists: 1 finding"]


def test_a_baseline_does_not_hide_what_was_not_examined(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / "broken.tgz").write_bytes(b"\x1f\x8b\x08\x00")
    code, _ = audit(capsys, "--write-baseline", "known.json")
    assert code == 3


@pytest.mark.parametrize("text", ["{}", "[]", '{"audit_baseline": 2, "findings": []}', "\xff"])
def test_what_is_no_baseline_is_refused(
    capsys: pytest.CaptureFixture[str], kit: Path, text: str
) -> None:
    (kit.parent / "known.json").write_bytes(text.encode("latin-1"))
    code, document = audit(capsys, "--baseline", "known.json")
    assert code == 2
    assert "known.json" in document["error"]


# the matching of waivers


def finding(path: str = "a/b.map", key: str | None = None, fingerprint: str = "ab" * 16) -> Finding:
    return Finding(
        rule="a-rule",
        title="T",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="m",
        location=Location(source="s", path=path, key=key),
        evidence={},
        fix="f",
        fingerprint=fingerprint,
    )


@pytest.mark.parametrize(
    ("said", "found", "covered"),
    [
        ({"path": "a/*.map"}, finding(), True),
        ({"path": "**/b.map"}, finding(), True),
        ({"path": "*.map"}, finding(), False),
        ({"path": "a/*.map"}, finding("a/b.map!src/c.ts"), True),
        ({"path": "**/c.ts"}, finding("a/b.map!src/c.ts"), True),
        ({"path": "src/c.ts"}, finding("a/b.map!src/c.ts"), False),
        ({"path": "a/b.map"}, finding("a/bxmap"), False),
        ({"package": "left-pad"}, finding(key="left-pad@1.0.0"), True),
        ({"package": "left-pad@1.0.0"}, finding(key="left-pad@1.0.0"), True),
        ({"package": "left-pad@2.0.0"}, finding(key="left-pad@1.0.0"), False),
        ({"package": "@acme/*"}, finding(key="@acme/kit@1.0.0"), True),
        ({"package": "@acme/kit"}, finding(key="@acme/kit@1.0.0"), True),
        ({"package": "kit"}, finding(key="@acme/kit@1.0.0"), False),
        ({"package": "left-pad"}, finding(), False),
        ({"fingerprint": "abababab"}, finding(), True),
        ({"fingerprint": "abababac"}, finding(), False),
        ({"path": "a/*", "package": "left-pad"}, finding(key="left-pad@1"), True),
        ({"path": "c/*", "package": "left-pad"}, finding(key="left-pad@1"), False),
        ({"rule": "another-rule", "path": "a/*"}, finding(), False),
    ],
)
def test_a_waiver_covers_what_it_names(
    said: dict[str, str],
    found: Finding,
    covered: bool,  # noqa: FBT001 - a column of the table
) -> None:
    whole = Waiver(**{"rule": "a-rule", "reason": "r", **said})  # type: ignore[arg-type]
    assert whole.covers(found) is covered


def test_of_two_waivers_the_one_that_holds_counts() -> None:
    ended = Waiver(rule="a-rule", path="a/*", reason="old", until=date(2020, 1, 1))
    holding = Waiver(rule="a-rule", path="a/*", reason="new")
    settings = Settings(policy=Policy(waivers=(ended, holding)), today=date(2021, 1, 1))
    judged = policy.set_aside([finding()], settings)
    assert [one.reason for one in judged.suppressed] == ["new"]
    assert judged.uses == (1, 1)


# lockfiles

LOCK = """{"lockfileVersion": 3, "packages": {
"": {"dependencies": {"reactt": "1", "acme-kit": "1", "acme-lib": "1", "acme-a": "1",
  "acme-b": "1", "express": "4"}},
"node_modules/reactt": {"version": "1.0.0"},
"node_modules/acme-kit": {"version": "1.0.0",
  "resolved": "https://registry.example.org/acme-kit/-/acme-kit-1.0.0.tgz"},
"node_modules/acme-lib": {"version": "1.0.0",
  "resolved": "https://mirror.example.net/acme-lib/-/acme-lib-1.0.0.tgz"},
"node_modules/acme-a": {"version": "1.0.0",
  "resolved": "https://registry.example.org/acme-a/-/acme-a-1.0.0.tgz"},
"node_modules/acme-b": {"version": "1.0.0",
  "resolved": "https://registry.example.org/acme-b/-/acme-b-1.0.0.tgz"},
"node_modules/express": {"version": "4.18.2",
  "resolved": "https://mirror.example.net/express/-/express-4.18.2.tgz"}}}
"""


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("fail-on: high", {"lookalike-name", "foreign-host"}),
        ("reviewed: [reactt]", {"foreign-host"}),
        ("names: 'off'", {"foreign-host"}),
        ("allowed-hosts: [mirror.example.net]", {"lookalike-name"}),
        (
            "internal: [acme-kit, acme-lib]",
            {"lookalike-name", "foreign-host", "internal-name-from-public-registry"},
        ),
        (
            "waivers: [{rule: lookalike-name, package: reactt, reason: looked at it}]",
            {"foreign-host"},
        ),
    ],
)
def test_a_policy_speaks_of_lockfiles_too(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    told: set[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package-lock.json").write_text(LOCK)
    (tmp_path / ".npmrc").write_text("registry=https://registry.example.org/\n")
    (tmp_path / ".audit.yml").write_text(config)
    run(["lock", "--format", "json"])
    wanted = {"lookalike-name", "foreign-host", "internal-name-from-public-registry"}
    assert {*rules(json.loads(capsys.readouterr().out))} & wanted == told


@pytest.mark.parametrize(
    ("config", "arguments", "code"),
    [
        ("fail-on: high", (), 1),
        ("reviewed: [reactt]", (), 0),
        ("reviewed: [reactt]", ("--no-config",), 1),
        ("names: everything", (), 1),
        ("names: 'off'", (), 1),
    ],
)
def test_a_policy_speaks_of_names_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    arguments: tuple[str, ...],
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".audit.yml").write_text(config)
    assert run(["names", "reactt", *arguments]) == code


def test_internal_names_of_a_policy_are_what_names_are_compared_with(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".audit.yml").write_text("internal: [acme-payments]")
    assert run(["names", "acme-payment"]) == 1
    assert "acme-payments" in capsys.readouterr().out


def test_old_data_is_told_by_the_age_that_the_policy_allows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package-lock.json").write_text(LOCK)
    (tmp_path / ".audit.yml").write_text("data-age: 30d")
    monkeypatch.setattr(
        "auditor.lockscan.names_index.states", lambda: ("popular names of npm 2020-01-01 0a1b",)
    )
    run(["lock", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    stale = [one for one in document["findings"] if one["rule"] == "stale-data"]
    found, *advisories = sorted(stale, key=lambda one: "popular" not in one["message"])
    assert all("advisories (malicious records)" in one["message"] for one in advisories)
    assert found["message"].startswith("the popular names of npm are 2,")
    assert found["message"].endswith("days old (of 2020-01-01); the policy relies on 30 days")


def test_the_policy_of_a_folder_of_others_is_not_obeyed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "package-lock.json").write_text(LOCK)
    (theirs / ".audit.yml").write_text("names: 'off'")
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    run(["lock", str(theirs), "--format", "json"])
    assert "lookalike-name" in rules(json.loads(capsys.readouterr().out))
