"""Annotations: the worst first, ten of a type, at lines that are there, and no other command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor.model import (
    Artifact,
    ArtifactKind,
    Confidence,
    Finding,
    Gap,
    Home,
    Location,
    Report,
    Severity,
    Verdict,
)
from auditor.report import View, load
from auditor.safe import safe
from tests.action_runner import Annotation, annotated
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Sequence

FINDING = Finding(
    rule="private-key",
    title="A private key",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="lib/key.pem is a key",
    location=Location(source=".", path="lib/key.pem", line=3),
    evidence={},
    fix="Revoke it.\nThen, take it out:\n  rm lib/key.pem",
    fingerprint="0" * 32,
)
ARTIFACT = Artifact(
    source=".",
    kind=ArtifactKind.NPM_TARBALL,
    home=Home(folder=".", manifest="package.json", line=4, tracked={"lib/key.pem": "lib/key.pem"}),
)


def rendered(
    findings: Sequence[Finding] = (),
    gaps: Sequence[Gap] = (),
    threshold: Severity = Severity.MEDIUM,
) -> str:
    report = Report(
        verdict=Verdict.FAIL,
        threshold=threshold,
        ruleset="0",
        artifacts=(ARTIFACT,),
        findings=tuple(findings),
        gaps=tuple(gaps),
    )
    return load("github").render(report, View())


def many(count: int, severity: Severity) -> list[Finding]:
    return [replace(FINDING, rule=f"{severity.word}-{i}", severity=severity) for i in range(count)]


def gap(path: str) -> Gap:
    return Gap(location=Location(source="npm:a@1", path=path), reason="encrypted")


def test_an_annotation_is_at_the_line_with_the_fix_below_it() -> None:
    assert rendered([FINDING]) == (
        "::error file=lib/key.pem,line=3,title=high%3A private-key::lib/key.pem is a key%0A%0A"
        "Revoke it.%0AThen, take it out:%0A  rm lib/key.pem\n"
    )


def test_what_git_does_not_have_is_at_the_line_that_lets_it_ship() -> None:
    built = replace(FINDING, location=Location(source=".", path="dist/a.map", line=1))

    assert rendered([built]).startswith("::error file=package.json,line=4,title=")


def test_what_is_not_of_this_repository_has_no_line() -> None:
    other = replace(FINDING, location=Location(source="npm:demo@1.0.0", path="lib/key.pem", line=3))

    assert rendered([other]).startswith("::error title=high%3A private-key::")


@pytest.mark.parametrize(
    ("severity", "threshold", "kind"),
    [
        (Severity.CRITICAL, Severity.MEDIUM, "error"),
        (Severity.MEDIUM, Severity.MEDIUM, "error"),
        (Severity.LOW, Severity.MEDIUM, "warning"),
        (Severity.INFO, Severity.MEDIUM, "notice"),
        (Severity.HIGH, Severity.CRITICAL, "warning"),
        (Severity.INFO, Severity.INFO, "error"),
    ],
)
def test_what_fails_is_an_error(severity: Severity, threshold: Severity, kind: str) -> None:
    (shown,) = annotated(rendered([replace(FINDING, severity=severity)], threshold=threshold))

    assert shown.kind == kind


def test_many_findings_of_a_rule_at_one_line_are_one_annotation() -> None:
    first = replace(FINDING, location=Location(source=".", path="a.map"))
    rest = [replace(first, location=Location(source=".", path=f"b{i}.map")) for i in range(192)]
    (shown,) = annotated(rendered([first, *rest]))

    assert shown.message.splitlines()[:2] == [
        "lib/key.pem is a key",
        "… and 192 more of this rule here",
    ]


def test_ten_of_each_type_are_shown_and_the_last_counts_the_rest() -> None:
    found = many(12, Severity.HIGH) + many(11, Severity.LOW) + many(15, Severity.INFO)
    shown = annotated(rendered(found))
    kinds = [one.kind for one in shown]

    assert {kind: kinds.count(kind) for kind in kinds} == {"error": 10, "warning": 10, "notice": 10}
    assert [one.title for one in shown[:2]] == ["high: high-0", "high: high-1"]
    assert shown[-1] == Annotation(
        kind="notice",
        title="audit",
        message="9 more annotations are not shown: GitHub shows 10 of each type. The log has all.",
    )


def test_all_are_shown_where_they_are_ten() -> None:
    assert len(annotated(rendered(many(10, Severity.HIGH)))) == 10


def test_gaps_are_errors_and_leave_room_for_findings() -> None:
    shown = annotated(rendered(many(9, Severity.HIGH), [gap(f"{i}.zip") for i in range(9)]))

    assert shown[0] == Annotation(
        kind="error",
        title="not examined",
        message="npm:a@1 (0.zip): encrypted",
    )
    assert [one.title for one in shown if one.kind == "error"] == (
        ["not examined"] * 5 + [f"high: high-{i}" for i in range(5)]
    )
    assert shown[-1].message.startswith("8 more annotations are not shown")


def test_a_long_fix_is_cut() -> None:
    (shown,) = annotated(rendered([replace(FINDING, fix="\n".join(map(str, range(40))))]))

    assert shown.message.splitlines()[-2:] == ["11", "…"]


def test_nothing_to_say_is_nothing() -> None:
    assert rendered() == ""


SIGNS = st.lists(
    st.sampled_from(["::", "##[", "error", "]", "%", "0A", "\n", "\r", ",", ":", "=", " "])
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@settings(max_examples=often(300), deadline=None)
@given(SIGNS)
@example("%0A::error::x 100%25")
def test_no_text_begins_a_command_or_ends_one_of_ours(text: str) -> None:
    at = Location(source=".", path=text, line=2)
    hostile = replace(FINDING, rule=text, message=text, fix=text, location=at)
    shown = rendered([hostile], [replace(gap(text), reason=text)])

    assert [line[:8] for line in shown.split("\n")] == ["::error ", "::error ", ""]
    assert "##[" not in shown
    assert len(annotated(shown)) == 2
    assert annotated(shown)[1].message.split("\n")[0] == safe(text, 1000).replace("##[", "## [")
    assert {(one.kind, one.file) for one in annotated(shown)} == {
        ("error", "package.json"),
        ("error", ""),
    }
