"""What people and programs are shown: grouped, capped, escaped, and the same in every run."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from auditor import report, words
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Confidence,
    Disclosure,
    Finding,
    Gap,
    Location,
    Report,
    Severity,
    Share,
    Verdict,
)
from auditor.report import View


def finding(path: str, severity: Severity = Severity.HIGH, rule: str = "bad-file") -> Finding:
    return Finding(
        rule=rule,
        title="A bad file",
        severity=severity,
        confidence=Confidence.HIGH,
        message=f"{path} is bad",
        location=Location(source="a.tgz", path=path),
        evidence={"size": len(path), "sample": ("src/a.ts", "src/b.ts")},
        fix="Leave it out.\nReally.",
        fingerprint="0" * 32,
    )


ARTIFACT = Artifact(
    source="a.tgz",
    kind=ArtifactKind.NPM_TARBALL,
    name="demo",
    version="1.0.0",
    packed=ByteCount(2_000_000),
    unpacked=ByteCount(4_000_000),
    files=3,
    shares=(
        Share(kind="source maps", files=1, size=ByteCount(3_000_000)),
        Share(kind="scripts", files=2, size=ByteCount(1_000_000)),
    ),
    discloses=Disclosure(maps=1, files=2, lines=1200, size=ByteCount(50_000), third_party_files=7),
)


def rendered(view: View | None = None, **parts: object) -> str:
    whole = Report(
        **{  # type: ignore[arg-type]
            "verdict": Verdict.FAIL,
            "threshold": Severity.MEDIUM,
            "ruleset": "0123456789abcdef",
            "artifacts": (ARTIFACT,),
            **parts,
        }
    )
    return report.load("console").render(whole, view or View())


def test_the_whole_console_report_of_a_small_package() -> None:
    found = (finding("dist/a.map"), finding("x.log", Severity.LOW, "junk-file"))

    assert rendered(findings=found) == (
        " FAIL  1 high, 1 low (fails from medium up)\n"
        "\n"
        "demo 1.0.0  npm tarball · 3 files · 2.0 MB packed · 4.0 MB unpacked\n"
        "a.tgz\n"
        "1 source map gives back 2 files, 1,200 lines, 50.0 kB of first-party source"
        " (and 7 files of\n"
        "libraries)\n"
        "\n"
        "high    bad-file  A bad file\n"
        "  dist/a.map is bad\n"
        "    src/a.ts, src/b.ts, …\n"
        "  fix: Leave it out. Really.\n"
        "\n"
        "low     junk-file  A bad file\n"
        "  x.log is bad\n"
        "    src/a.ts, src/b.ts, …\n"
        "\n"
        "source maps           3.0 MB       1  ██████████████████        75%\n"
        "scripts               1.0 MB       2  ██████                    25%\n"
    )


def test_many_places_of_one_rule_are_counted_and_v_lists_them() -> None:
    found = tuple(finding(f"d{i % 12}/{i:04}.map") for i in range(1746))
    short = rendered(findings=found)
    long = rendered(View(verbose=True), findings=found)

    assert "high    bad-file ×1,746" in short
    assert "… and 1,743 more in 12 folders (-v lists them)" in short
    assert short.count(" is bad") == 3
    assert short.count("\n") < 20
    assert long.count(" is bad") == 1746
    assert "more" not in long


def test_gaps_come_first_and_are_never_silent() -> None:
    gaps = tuple(
        Gap(location=Location(source="a.tgz", path=f"{i}.zip"), reason="encrypted")
        for i in range(12)
    )
    shown = rendered(verdict=Verdict.INCOMPLETE, gaps=gaps)

    assert shown.startswith(" INCOMPLETE  no findings; 12 things could not be examined\n")
    assert "  0.zip: encrypted\n" in shown
    assert "  … and 2 more (-v lists them)\n" in shown


def test_colour_is_the_views_and_never_in_a_pipe() -> None:
    assert "\x1b[" not in rendered(findings=(finding("a"),))
    assert "\x1b[" in rendered(View(color=True), findings=(finding("a"),))


@pytest.mark.parametrize("name", report.names())
@pytest.mark.parametrize(
    "text",
    ["\x1b[2J", "\r\nPASS", "[bold]x[/bold]", "[/]", "\u202egpj", ":smile:", "\ud800", "a" * 9000],
)
def test_no_format_lets_a_name_do_anything(name: str, text: str) -> None:
    whole = Report(
        verdict=Verdict.FAIL,
        threshold=Severity.MEDIUM,
        ruleset="0",
        artifacts=(ARTIFACT,),
        findings=(finding(text),),
        gaps=(Gap(location=Location(source="a.tgz", path=text), reason=text),),
    )
    shown = report.load(name).render(whole, View())

    shown.encode("utf-8")
    for raw in ("\x1b", "\r", "\u202e", "\nPASS"):
        assert raw not in shown
    if name == "json":
        assert json.loads(shown)["findings"][0]["location"]["path"] == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (59_800_000, "59.8 MB"),
        (999_949, "1.0 MB"),
        (123_456, "123 kB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_sizes_are_decimal_as_registries_print_them(count: int, text: str) -> None:
    assert words.size(count) == text


def test_a_fix_that_was_said_is_not_said_again_and_no_sentence_is_torn() -> None:
    first = (
        "Revoke the token first, and look at what it was used for since it was packed. Then take\n"
        'it out of the file.\nIn pyproject.toml:\n  exclude = ["/a"]'
    )
    second = first.replace("/a", "/b")
    found = tuple(
        replace(finding("x", rule=rule), fix=fix)
        for rule, fix in (("a-a", first), ("b-b", first), ("c-c", second))
    )
    fixes = [part.partition("\n\n")[0] for part in rendered(findings=found).split("  fix: ")[1:]]

    assert fixes[0].startswith("Revoke the token first")
    assert fixes[1].strip() == "as above"
    assert " ".join(fixes[2].split()) == (
        'Then take it out of the file. In pyproject.toml: exclude = ["/b"]'
    )
