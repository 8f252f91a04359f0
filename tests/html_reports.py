"""Reports for the tests of the HTML page: one with everything, a hostile one, a big one."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor import report
from auditor.exposure import Hit, Level, Met, Order, Place, Triage
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Confidence,
    Disclosure,
    Finding,
    Gap,
    LanguageShare,
    Location,
    Report,
    SetAside,
    Severity,
    Share,
    Suppressed,
    Verdict,
)
from auditor.report import View
from auditor.report._html.treemap import KINDS
from auditor.shipped import (
    Ability,
    AbilityChange,
    ChangeKind,
    Comparison,
    Entry,
    FileChange,
    Power,
    Shipped,
    TextChange,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.model import Evidence

SOURCE = "demo-2.0.0.tgz"


def rendered(whole: Report, view: View | None = None) -> str:
    """Return the page of a report."""
    return report.load("html").render(whole, view or View())


def finding(  # noqa: PLR0913 - each is what some test is about
    path: str,
    severity: Severity = Severity.HIGH,
    rule: str = "bad-file",
    *,
    message: str = "",
    source: str = SOURCE,
    fix: str = "Leave it out.",
    number: int = 0,
    evidence: Evidence | None = None,
    line: int | None = None,
    confidence: Confidence = Confidence.HIGH,
) -> Finding:
    """Return a finding; its message begins with its path, as most do."""
    return Finding(
        rule=rule,
        title="A bad file",
        severity=severity,
        confidence=confidence,
        message=message or f"{path} is bad",
        location=Location(source=source, path=path, line=line),
        evidence=evidence or {"size": 1234},
        fix=fix,
        fingerprint=f"{number:012x}{0:020x}",
    )


def artifact(
    files: Mapping[str, tuple[int, str]], name: str = "demo", source: str = ""
) -> Artifact:
    """Return an artifact of files: path to bytes and kind."""
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for size, kind in files.values():
        sizes[kind] += size
        counts[kind] += 1
    entries = tuple(Entry(path=p, size=s, kind=k) for p, (s, k) in sorted(files.items()))
    return Artifact(
        source=source or f"{name}-2.0.0.tgz",
        kind=ArtifactKind.NPM_TARBALL,
        name=name,
        version="2.0.0",
        packed=ByteCount(sum(sizes.values()) // 4),
        unpacked=ByteCount(sum(sizes.values())),
        files=len(files),
        sha256="ab" * 32,
        notes=("prepack was not run",),
        shares=tuple(
            Share(kind=kind, files=counts[kind], size=ByteCount(size))
            for kind, size in sizes.most_common()
        ),
        discloses=Disclosure(
            maps=1,
            files=20,
            lines=1234,
            size=ByteCount(50_000),
            third_party_files=7,
            shipped_files=5,
            removed_files=1,
            removed_lines=12,
            removed_size=ByteCount(300),
            removed=("src/<b>beta</b>.ts",),
            languages=(
                LanguageShare(language="TypeScript", files=20, lines=1234, size=ByteCount(50_000)),
            ),
        ),
        ships=Shipped(
            files=entries,
            abilities=(Ability(power=Power.INSTALL_SCRIPT, name="postinstall", value="node x.js"),),
        ),
    )


FILES = {
    "dist/app.js.map": (3_000_000, "source maps"),
    "dist/app.js": (1_000_000, "scripts"),
    "dist/locale/de.js": (300_000, "scripts"),
    "dist/locale/fr.js": (200_000, "scripts"),
    "lib/native/addon.node": (900_000, "native code"),
    "README.md": (12_000, "documents"),
    "empty.txt": (0, "documents"),
}

COMPARISON = Comparison(
    against="npm:demo@1.0.0",
    files_before=6,
    files_after=7,
    size_before=2_000_000,
    size_after=5_412_000,
    files=(
        FileChange(
            change=ChangeKind.ADDED,
            path="dist/app.js.map",
            kind="source maps",
            after=3_000_000,
            new_kind=True,
        ),
        FileChange(change=ChangeKind.REMOVED, path="old.js", kind="scripts", before=500),
        FileChange(
            change=ChangeKind.SHRANK,
            path="README.md",
            kind="documents",
            before=24_000,
            after=12_000,
        ),
    ),
    abilities=(
        AbilityChange(
            change=ChangeKind.ADDED,
            power=Power.INSTALL_SCRIPT,
            name="postinstall",
            after="node x.js",
        ),
    ),
    texts=(
        TextChange(
            path="package.json",
            lines=("--- package.json", "+++ package.json", " {", '-  "a": 1', '+  "a": 2'),
            left_out=3,
        ),
    ),
)


def everything() -> Report:
    """Return a report in which every section has something."""
    demo = replace(artifact(FILES), compared=(COMPARISON,))
    return Report(
        verdict=Verdict.INCOMPLETE,
        threshold=Severity.MEDIUM,
        ruleset="0123456789abcdef",
        data=("popular names of 2026-08-01",),
        artifacts=(demo, artifact({"a.py": (100, "types and sources")}, "other")),
        findings=(
            finding("package.json", Severity.CRITICAL, "install-script", number=1, line=7),
            finding(
                "dist/app.js.map",
                number=2,
                evidence={"lines": 10_053, "inline": False, "sample": ("src/a.ts", "src/b.ts")},
                fix='Leave it out.\nIn package.json:\n  exclude = ["a"]\nOr set `sourcemap`.',
            ),
            finding("dist/two.js.map", number=3, fix='Leave it out.\n  exclude = ["b"]'),
            finding(
                "x.log",
                Severity.LOW,
                "junk-file",
                number=4,
                source="other-2.0.0.tgz",
                confidence=Confidence.LOW,
            ),
        ),
        suppressed=(
            Suppressed(
                finding=finding("dist/w.map", rule="waived-rule", number=5),
                reason="the sources are public anyway",
                owner="release-engineering",
                until="2026-12-31",
                declared=".audit.yml:12",
            ),
            Suppressed(
                finding=finding("dist/old.map", Severity.LOW, number=6),
                reason="it was there before",
                by=SetAside.BASELINE,
                declared=".audit-baseline.json",
            ),
        ),
        gaps=(
            Gap(location=Location(source=SOURCE, path="data.zip"), reason="it is encrypted"),
            Gap(location=Location(source="third.tgz"), reason="the trailer is missing"),
        ),
        inventories=(
            {
                "source": "web/package-lock.json",
                "format": "package-lock",
                "format_version": "3",
                "count": 2,
                "sections": {},
                "packages": [{"name": "axios", "version": "1.14.1"}],
            },
        ),
    )


def incident() -> Report:
    """Return an incident report."""
    hit = Hit(
        level=Level.EXPOSED,
        incident="axios-2026-03",
        package="axios@1.14.1",
        source="web/package-lock.json",
        path="package-lock.json",
        line=12,
        account="axios@1.14.1: required by the project itself",
        safe="1.14.0",
    )
    triage = Triage(
        level=Level.EXPOSED,
        looked_for=51,
        places=(
            Place(
                label="web", level=Level.EXPOSED, sources=("web/package-lock.json",), hits=(hit,)
            ),
            Place(label="docs", level=Level.NOT_FOUND, sources=("docs/yarn.lock",), packages=9),
        ),
        incidents=(
            Met(
                id="axios-2026-03",
                title="two bad versions of axios",
                level=Level.EXPOSED,
                kind="account takeover",
                start="2026-03-31T00:21:58Z",
                end="2026-03-31T03:30:00Z",
                certainty="well established",
                summary="An account was taken over.",
                places=("web",),
                references=("the maintainers' account of it",),
            ),
        ),
        playbook=(
            Order(do="Take it off the network.", incidents=("axios-2026-03",)),
            Order(do="Pin it.", incidents=("axios-2026-03",), command="npm install axios@1.14.0"),
        ),
        unchecked=("other machines: run this there, too",),
    )
    return Report(
        verdict=Verdict.FAIL,
        threshold=Severity.MEDIUM,
        ruleset="0",
        findings=(finding("package-lock.json", source="web/package-lock.json"),),
        triage=triage,
    )


def hostile(text: str) -> Report:
    """Return a report that has a text wherever a text of others can be."""
    one = Finding(
        rule=text,
        title=text,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=text,
        location=Location(source=text, path=f"dir/{text}", line=1, key=text),
        evidence={text: text, "sample": (text, text)},
        fix=f"{text}\n  {text}\n- {text}",
        fingerprint=text,
    )
    change = FileChange(change=ChangeKind.ADDED, path=text, kind=text, after=1, new_kind=True)
    ability = AbilityChange(
        change=ChangeKind.ADDED, power=Power.COMMAND, name=text, before=text, after=text
    )
    diff = TextChange(path=text, lines=(f"+{text}", f"-{text}", text))
    comparison = Comparison(
        against=text,
        files_before=0,
        files_after=1,
        size_before=0,
        size_after=1,
        files=(change,),
        abilities=(ability,),
        texts=(diff,),
    )
    demo = Artifact(
        source=text,
        kind=ArtifactKind.NPM_TARBALL,
        name=text,
        version=text,
        packer=text,
        notes=(text,),
        unpacked=ByteCount(20),
        files=2,
        sha256=text,
        shares=(Share(kind=text, files=2, size=ByteCount(20)),),
        ships=Shipped(
            files=(
                Entry(path=f"{text}/{text}", size=10, kind=text),
                Entry(path=text, size=10, kind="scripts"),
            ),
            abilities=(Ability(power=Power.COMMAND, name=text, value=text),),
        ),
        compared=(comparison,),
    )
    met = Met(
        id=text,
        title=text,
        level=Level.EXPOSED,
        kind=text,
        start=text,
        end=text,
        certainty=text,
        summary=text,
        places=(text,),
        references=(text,),
    )
    hit = Hit(
        level=Level.EXPOSED,
        incident=text,
        package=text,
        source=text,
        path=text,
        line=1,
        account=text,
        safe=text,
    )
    return Report(
        verdict=Verdict.INCOMPLETE,
        threshold=Severity.MEDIUM,
        ruleset=text,
        data=(text,),
        artifacts=(demo,),
        findings=(one,),
        suppressed=(Suppressed(finding=one, reason=text, owner=text, until=text, declared=text),),
        gaps=(Gap(location=Location(source="a.tgz", path=text), reason=text),),
        inventories=(
            {
                "source": text,
                "format": text,
                "format_version": text,
                "count": 1,
                "packages": [{"name": text, "version": text}],
            },
        ),
        triage=Triage(
            level=Level.EXPOSED,
            places=(Place(label=text, level=Level.EXPOSED, hits=(hit,)),),
            incidents=(met,),
            playbook=(Order(do=text, incidents=(text,), where=text, command=text, before=text),),
            unchecked=(text,),
        ),
    )


def big(files: int = 20_000, findings: int = 5_000) -> Report:
    """Return a report of many files and findings."""
    draw = random.Random(1)  # noqa: S311 - the same in every run
    folders = ("src", "lib", "dist", "core", "vendor", "util", "feature", "page")
    shipped = {}
    for index in range(files):
        depth = draw.randrange(1, 5)
        way = "/".join(f"{draw.choice(folders)}{draw.randrange(4)}" for _ in range(depth))
        size = int(draw.paretovariate(0.7) * 700) % 9_000_000
        shipped[f"{way}/file-{index:05}.js"] = (size, draw.choice(KINDS))
    evidence = {f"field_of_evidence_{number}": number * 1000 for number in range(12)}
    return Report(
        verdict=Verdict.FAIL,
        threshold=Severity.MEDIUM,
        ruleset="0",
        artifacts=(artifact(shipped, "big"),),
        findings=tuple(
            finding(
                f"dist/module-{index}/chunk-{index:05}.js.map",
                Severity(index % 5),
                "embedded-sources" if index % 2 else f"rule-{index % 40}",
                source="big-2.0.0.tgz",
                number=index,
                evidence=evidence,
            )
            for index in range(findings)
        ),
    )
