"""Reports made for the tests of machine-readable formats, plain ones and hostile ones."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from auditor import lockscan
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Confidence,
    Finding,
    Gap,
    Home,
    Location,
    Report,
    RuleText,
    SetAside,
    Severity,
    Suppressed,
    Verdict,
)

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles"
NASTY = (
    "\x1b[2J",
    "\r\nPASS",
    "a\u202egpj",
    "\ud800",
    "\ufffe\uffff",
    "]]>",
    "<x a='\"'>&amp;",
    "[here](https://evil.example.org)",
    "[a\\](1)",
    "{0} {1}",
    "../../etc/passwd",
    "C:\\x",
    "javascript:alert(1)",
    "a b?c#d%2f",
    "päckchen/ü.js",
    "",
    "x" * 5000,
)
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))


def finding(path: str = "dist/a.map", **parts: Any) -> Finding:  # noqa: ANN401 - fields of any type
    return replace(
        Finding(
            rule="bad-file",
            title="A bad file",
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            message=f"{path} is bad",
            location=Location(source="a.tgz", path=path, line=3),
            evidence={"size": len(path)},
            fix="Leave it out.\nPack again.",
            fingerprint=f"{sum(map(ord, path)):032x}",
            kind=ArtifactKind.NPM_TARBALL,
        ),
        **parts,
    )


ARTIFACT = Artifact(
    source="a.tgz",
    kind=ArtifactKind.NPM_TARBALL,
    name="demo",
    version="1.0.0",
    packed=ByteCount(2_000),
    unpacked=ByteCount(4_000),
    files=3,
    sha256="ab" * 32,
)


def rule(name: str = "bad-file", **parts: Any) -> RuleText:  # noqa: ANN401 - fields of any type
    return replace(
        RuleText(
            id=name,
            title="A bad file",
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            artifacts=frozenset({ArtifactKind.NPM_TARBALL, ArtifactKind.WHEEL}),
            why="It is `bad`.\nSee {path}.\n",
            fix="{leave_out}\n",
            references=("https://spec.example.org/bad",),
        ),
        **parts,
    )


RULES = (rule(), rule("good-file", title="A good file", severity=Severity.LOW))
GAP = Gap(location=Location(source="a.tgz", path="in.zip"), reason="encrypted")
WAIVED = Suppressed(
    finding=finding("lib/b.map"),
    reason="published on purpose",
    owner="release-engineering",
    until="2027-01-31",
    declared=".audit.yml:12",
)
BASELINE = Suppressed(finding=finding("c.map"), reason="was there", by=SetAside.BASELINE)


def report(**parts: Any) -> Report:  # noqa: ANN401 - fields of any type
    return replace(
        Report(
            verdict=Verdict.FAIL,
            threshold=Severity.MEDIUM,
            ruleset="0123456789abcdef",
            artifacts=(ARTIFACT,),
            rules=RULES,
        ),
        **parts,
    )


def reports() -> st.SearchStrategy[Report]:
    """Return reports in which any text may be anything."""
    location = st.builds(
        Location,
        source=st.one_of(st.just("a.tgz"), TEXTS),
        path=TEXTS,
        line=st.one_of(st.none(), st.integers(1, 10**6)),
        key=st.one_of(st.none(), TEXTS),
    )
    found = st.builds(
        finding,
        rule=st.sampled_from(["bad-file", "good-file", "some-other"]),
        message=TEXTS,
        title=TEXTS,
        fix=TEXTS,
        severity=st.sampled_from(Severity),
        confidence=st.sampled_from(Confidence),
        kind=st.sampled_from([None, *ArtifactKind]),
        location=location,
    )
    home = st.builds(
        Home, folder=TEXTS, manifest=TEXTS, tracked=st.dictionaries(TEXTS, TEXTS, max_size=3)
    )
    artifact = st.builds(
        Artifact,
        source=st.one_of(st.just("a.tgz"), TEXTS),
        kind=st.sampled_from(ArtifactKind),
        name=TEXTS,
        version=TEXTS,
        sha256=st.sampled_from(["", "ab" * 32]),
        home=st.one_of(st.none(), home),
    )
    suppressed = st.builds(
        Suppressed, finding=found, reason=TEXTS, owner=TEXTS, until=TEXTS, declared=TEXTS
    )
    return st.builds(
        Report,
        verdict=st.sampled_from(Verdict),
        threshold=st.sampled_from(Severity),
        ruleset=st.just("0"),
        rules=st.sampled_from([(), RULES]),
        artifacts=st.lists(artifact, max_size=2).map(tuple),
        findings=st.lists(found, max_size=3).map(tuple),
        suppressed=st.lists(suppressed, max_size=2).map(tuple),
        gaps=st.lists(st.builds(Gap, location=location, reason=TEXTS), max_size=2).map(tuple),
    )


@functools.cache
def of_fixtures(run: int = 1) -> dict[str, Report]:
    """Return the report of all fixtures of each lockfile format; each `run` is one of its own."""
    assert run
    return {
        folder.name: lockscan.scan(lockscan.LockRequest(targets=(str(folder),), listed=True))
        for folder in sorted(FIXTURES.iterdir())
    }
