"""Findings: fingerprints that stay, messages in people's numbers, verdicts that follow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import fastpaths, policy, rulefile
from auditor.facts.file import FileFact
from auditor.judge import Judge
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Finding,
    Gap,
    Location,
    MemberType,
    Profile,
    Severity,
    Verdict,
)
from auditor.rulebook import Ruleset
from auditor.stable import stable_path
from tests.often import often
from tests.our_rules import RULES

RULE = """\
id: big-file
title: A big file
fact: file
where:
  size: {over: 10}
severity: low
severity_when:
  - where: {size: {over: 100}}
    severity: high
confidence: high
artifacts: [npm-tarball]
profiles: [release]
message: "{path} has {size}"
why: because
fix: |
  {leave_out}
tests: []
"""


def ruleset() -> Ruleset:
    rule = rulefile.parse(RULE.replace("tests: []\n", "tests:\n"), "big-file.yaml", {}, tests=False)
    return Ruleset(rules=(rule,), lists={}, digest="0")


def file(path: str, size: int, line: int | None = None) -> FileFact:
    return FileFact(
        path=path,
        line=line,
        name=path,
        size=ByteCount(size),
        type=MemberType.FILE,
        kind="scripts",
        executable=False,
        nested=False,
    )


def judged(
    *facts: FileFact, name: str = "demo", profile: Profile = Profile.RELEASE
) -> list[Finding]:
    artifact = Artifact(source="a.tgz", kind=ArtifactKind.NPM_TARBALL, name=name)
    advice = {"leave_out": lambda fact: f"drop {fact.path}", "stop_emitting": lambda _: ""}
    return list(Judge(ruleset(), profile).findings(artifact, "file", facts, advice))


def test_message_fix_and_severity_are_of_the_fact() -> None:
    small, large = judged(file("a.js", 11), file("b.js", 5000))

    assert (small.message, small.severity, small.fix) == (
        "a.js has 11 bytes",
        Severity.LOW,
        "drop a.js",
    )
    assert (large.message, large.severity) == ("b.js has 5.0 kB", Severity.HIGH)
    assert large.evidence["size"] == 5000


def test_a_rule_of_another_profile_is_silent() -> None:
    assert judged(file("a.js", 11), profile=Profile.INTAKE) == []


@pytest.mark.parametrize(
    ("old", "new", "another"),
    [
        ("dist/app.3f2a91bc.js", "dist/app.77e0d1aa.js", "dist/lib.3f2a91bc.js"),
        ("a/index-DiwrgTda.js", "a/index-BkfuqZpo.js", "a/index-DateTime.js"),
    ],
)
def test_a_fingerprint_stays_when_lines_sizes_and_chunk_hashes_change(
    old: str, new: str, another: str
) -> None:
    (before,) = judged(file(old, 11, line=3))
    (after,) = judged(file(new, 99, line=13))
    (other,) = judged(file(another, 11))
    (elsewhere,) = judged(file(old, 11), name="other")

    assert before.fingerprint == after.fingerprint
    assert len({before.fingerprint, other.fingerprint, elsewhere.fingerprint}) == 3


def test_two_findings_in_one_place_have_two_fingerprints() -> None:
    first, second = judged(file("a.js", 11), file("a.js", 11))

    assert first.fingerprint != second.fingerprint


NAMES = st.sampled_from((".env", "src/.env.local", "a.js", "core.1", "id_rsa", "x/.DS_Store", "b"))


@settings(max_examples=often(100))
@given(st.lists(st.lists(NAMES, min_size=1, max_size=6), min_size=1, max_size=3))
def test_rules_find_the_same_in_one_of_many_artifacts(artifacts: list[list[str]]) -> None:
    """Whether a screen is made for the first of them, for a later one, or for none."""
    several = (Judge(RULES), Judge(RULES, artifacts=1000), Judge(RULES))
    found: list[list[list[Finding]]] = [[], [], []]
    for place, judge in enumerate(several):
        with fastpaths.taken(fastpaths.OFF if place == 2 else fastpaths.ON):
            for names in artifacts:
                artifact = Artifact(source="a.tgz", kind=ArtifactKind.NPM_TARBALL)
                facts = [file(name, 1) for name in names]
                advice = {"leave_out": lambda _: "", "stop_emitting": lambda _: ""}
                found[place].append([*judge.findings(artifact, "file", facts, advice)])
    assert found[0] == found[1] == found[2]


def test_a_judge_says_which_facts_it_wants() -> None:
    judge = Judge(ruleset())
    assert judge.wanted(ArtifactKind.NPM_TARBALL) == {"file"}
    assert judge.wanted(ArtifactKind.WHEEL) == frozenset()


def test_a_judge_says_which_rules_it_asks() -> None:
    text = Judge(ruleset(), Profile.RELEASE).texts[0]

    assert (text.id, text.title, text.severity.word) == ("big-file", "A big file", "low")
    assert text.artifacts == {ArtifactKind.NPM_TARBALL}
    assert (text.why, text.fix) == ("because", "{leave_out}")
    assert Judge(ruleset(), Profile.INTAKE).texts == ()


@pytest.mark.parametrize(
    ("path", "stable"),
    [
        ("dist/app.3f2a91bc.js", "dist/app.*.js"),
        ("assets/index-DkT3x9_a.css", "assets/index-*.css"),
        ("dist/jquery.js", "dist/jquery.js"),
        ("lib/es2015-promise.js", "lib/es2015-promise.js"),
        ("rollup-plugin-node-resolve.js", "rollup-plugin-node-resolve.js"),
        ("2024-01-31-notes.md", "2024-01-31-notes.md"),
        ("assets/index-DiwrgTda.js", "assets/index-*.js"),
        ("assets/index-BkfuqZpo.js.map", "assets/index-*.js.map"),
        ("assets/register-nyXW-TH3.mjs", "assets/register-*.mjs"),
        ("assets/index-C_gcIYdA.js", "assets/index-*.js"),
        ("use-DateTime.js", "use-DateTime.js"),
        ("trait.ToString.js", "trait.ToString.js"),
        ("icon-Location.svg", "icon-Location.svg"),
        ("index-settings.js", "index-settings.js"),
        ("index-READMEXX.md", "index-READMEXX.md"),
        ("DiwrgTda.js", "DiwrgTda.js"),
    ],
)
def test_only_hashes_are_taken_out_of_paths(path: str, stable: str) -> None:
    assert stable_path(path) == stable


GAP = Gap(location=Location(source="a.tgz"), reason="cut short")


@pytest.mark.parametrize(
    ("size", "gaps", "fail_on", "verdict", "code"),
    [
        (5, (), Severity.INFO, Verdict.PASS, 0),
        (11, (), Severity.MEDIUM, Verdict.PASS, 0),
        (11, (), Severity.LOW, Verdict.FAIL, 1),
        (500, (), Severity.MEDIUM, Verdict.FAIL, 1),
        (500, (GAP,), Severity.MEDIUM, Verdict.INCOMPLETE, 3),
        (5, (GAP,), Severity.MEDIUM, Verdict.INCOMPLETE, 3),
    ],
)
def test_the_verdict_follows_threshold_and_gaps(
    size: int, gaps: tuple[Gap, ...], fail_on: Severity, verdict: Verdict, code: int
) -> None:
    found = policy.verdict(judged(file("a.js", size)), gaps, policy.Settings(fail_on=fail_on))

    assert found is verdict
    assert policy.EXIT_CODES[found] == code


def test_findings_are_ordered_the_same_way_whatever_came_first() -> None:
    found = judged(file("b.js", 11), file("a.js", 11), file("c.js", 500))

    assert [f.location.path for f in policy.ordered(found)] == ["c.js", "a.js", "b.js"]
    assert policy.ordered(found) == policy.ordered(reversed(found))
