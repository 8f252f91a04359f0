"""Which findings are new since an earlier artifact."""

from __future__ import annotations

import pytest

from auditor import since
from auditor.model import Confidence, Finding, Location, SetAside, Severity


def finding(
    path: str,
    rule: str = "a-rule",
    severity: Severity = Severity.LOW,
    line: int = 1,
    key: str | None = None,
) -> Finding:
    return Finding(
        rule=rule,
        title="",
        severity=severity,
        confidence=Confidence.HIGH,
        message="",
        location=Location(source=f"of {line}", path=path, line=line, key=key),
        evidence={},
        fix="",
        fingerprint=str(line),
    )


@pytest.mark.parametrize(
    ("earlier", "now", "new"),
    [
        (finding("a.js"), finding("a.js", line=7), False),
        (finding("d-1.0.dist-info/METADATA"), finding("d-1.1.dist-info/METADATA"), False),
        (finding("app.3f2a91bc.js"), finding("app.9c0d11e2.js"), False),
        (finding("a.js"), finding("b.js"), True),
        (finding("a.js"), finding("a.js", rule="another"), True),
        (finding("a.js"), finding("a.js", key="x"), True),
        (finding("a.js"), finding("a.js", severity=Severity.HIGH), True),
    ],
)
def test_a_finding_is_the_same_by_rule_severity_file_and_key(
    earlier: Finding, now: Finding, *, new: bool
) -> None:
    told, old = since.divided([now], [earlier])
    assert told == ([now] if new else [])
    assert [one.finding for one in old] == ([] if new else [now])


def test_one_more_of_the_same_is_new() -> None:
    first, second, third = (finding("a.js", line=number) for number in (1, 2, 3))
    new, old = since.divided([first, second, third], [first, first])
    assert new == [third]
    assert [(one.finding, one.by) for one in old] == [
        (first, SetAside.EARLIER),
        (second, SetAside.EARLIER),
    ]
    assert old[0].reason == "what it is compared with has it as well"
