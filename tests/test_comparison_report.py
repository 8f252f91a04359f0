"""What ships that did not, and what was set aside, as people read it in each medium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from auditor.model import (
    Artifact,
    ArtifactKind,
    Confidence,
    Finding,
    Gap,
    Location,
    Report,
    SetAside,
    Severity,
    Suppressed,
    Verdict,
)
from auditor.report import View, _comparison, load, summary
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
from auditor.shipping import compared
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Iterable

ADDED, REMOVED, CHANGED = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED
BEFORE = Shipped(
    files=(
        Entry(path="cli.js", size=1000, kind="scripts"),
        Entry(path="old.md", size=2, kind="documents"),
        Entry(path="same.js", size=5, kind="scripts"),
        Entry(path="small.js", size=900, kind="scripts"),
    ),
    abilities=(
        Ability(power=Power.DEPENDENCY, name="gone", value="^1"),
        Ability(power=Power.DEPENDENCY, name="pad", value="^1"),
    ),
)
AFTER = Shipped(
    files=(
        Entry(path="cli.js", size=1200, kind="scripts"),
        Entry(path="cli.js.map", size=59_800_000, kind="source maps"),
        Entry(path="same.js", size=5, kind="scripts"),
        Entry(path="small.js", size=800, kind="scripts"),
        Entry(path="x.js", size=1, kind="scripts"),
    ),
    abilities=(
        Ability(power=Power.INSTALL_SCRIPT, name="postinstall", value="node x.js"),
        Ability(power=Power.DEPENDENCY, name="pad", value="^2"),
        Ability(power=Power.COMMAND, name="demo", value="cli.js"),
    ),
)
COMPARED = compared(BEFORE, AFTER, "base-1")
CHANGES = [
    "+ cli.js.map 59.8 MB (new kind: source map)",
    "+ x.js 1 byte",
    "+ install script postinstall node x.js",
    "- dependency gone ^1",
    "~ dependency pad ^1 → ^2",
    "+ command demo cli.js",
    "- old.md 2 bytes",
    "~ cli.js 1.0 kB → 1.2 kB (+200 bytes)",
    "~ small.js 900 bytes → 800 bytes (−100 bytes)",
]
FINDING = Finding(
    rule="a-rule",
    title="A bad file",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="x.js is bad",
    location=Location(source="a.tgz", path="x.js"),
    evidence={},
    fix="Leave it out:\n  rm x.js",
    fingerprint="0" * 32,
)
ASIDE = (
    Suppressed(
        finding=FINDING,
        reason="known, #12",
        owner="ann",
        until="2027-01-01",
        declared=".audit.yml:4",
    ),
    Suppressed(finding=replace(FINDING, message="y.js is bad"), reason="", by=SetAside.BASELINE),
    Suppressed(finding=replace(FINDING, message="z.js is bad"), reason="", by=SetAside.BASELINE),
)


def told(comparison: Comparison, *, every: bool = False) -> list[str]:
    return [" ".join(line.parts) for line in _comparison.lines(comparison, every=every)]


def report(
    *comparisons: Comparison,
    findings: Iterable[Finding] = (),
    suppressed: Iterable[Suppressed] = (),
    gaps: Iterable[Gap] = (),
) -> Report:
    artifact = Artifact(
        source="a.tgz", kind=ArtifactKind.NPM_TARBALL, name="demo", compared=comparisons
    )
    return Report(
        verdict=Verdict.PASS,
        threshold=Severity.MEDIUM,
        ruleset="0",
        artifacts=(artifact,),
        findings=tuple(findings),
        suppressed=tuple(suppressed),
        gaps=tuple(gaps),
    )


def rendered(name: str, whole: Report, *, verbose: bool = False) -> str:
    return load(name).render(whole, View(verbose=verbose))


def test_a_new_kind_of_file_comes_first_then_abilities_then_what_went_and_grew() -> None:
    head, *rest = told(COMPARED)

    assert head == "compared with base-1 4 → 5 files, 59.8 MB (+59.8 MB)"
    assert rest == CHANGES


def test_the_same_is_said_in_one_line() -> None:
    assert told(compared(BEFORE, BEFORE, "base-1")) == [
        "compared with base-1 it ships the same 4 files, 1.9 kB"
    ]


def test_what_is_left_out_is_counted_and_v_lists_it() -> None:
    many = tuple(
        FileChange(change=ADDED, path=f"{i:02}.js", kind="scripts", after=1) for i in range(25)
    )
    comparison = Comparison(
        against="b", files_before=1, files_after=26, size_before=1, size_after=26, files=many
    )

    assert told(comparison)[-1] == "… and 15 new files more"
    assert len(told(comparison, every=True)) == 26
    eleven = replace(comparison, files=many[:11])
    assert told(eleven)[-1] == "+ 10.js 1 byte"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            FileChange(change=CHANGED, path="a", kind="data", before=5, after=5),
            "~ a 5 bytes, with other content",
        ),
        (
            FileChange(change=ADDED, path="a", kind="native code", after=5, new_kind=True),
            "+ a 5 bytes (new kind: native code)",
        ),
        (
            FileChange(change=ADDED, path="a", kind="images and fonts", after=5, new_kind=True),
            "+ a 5 bytes (new kind: images and fonts)",
        ),
        (
            AbilityChange(change=CHANGED, power=Power.DEPENDENCY, name="a", after="^1"),
            "~ dependency a (nothing) → ^1",
        ),
        (
            AbilityChange(change=REMOVED, power=Power.STARTUP_FILE, name="a.pth"),
            "- start-up file a.pth",
        ),
    ],
)
def test_how_a_change_is_told(change: FileChange | AbilityChange, line: str) -> None:
    files = (change,) if isinstance(change, FileChange) else ()
    abilities = (change,) if isinstance(change, AbilityChange) else ()
    comparison = Comparison(
        against="b",
        files_before=1,
        files_after=1,
        size_before=5,
        size_after=5,
        files=files,
        abilities=abilities,
    )

    assert told(comparison) == ["compared with b 1 file, 5 bytes (the same size)", line]


TEXTS = replace(
    COMPARED, texts=(TextChange(path="package.json", lines=("-a", "+b", " ```"), left_out=20),)
)


def test_the_console_shows_comparisons_and_with_v_the_texts() -> None:
    short = rendered("console", report(TEXTS))
    long = rendered("console", report(TEXTS), verbose=True)
    head = "compared with base-1: 4 → 5 files, 59.8 MB (+59.8 MB)\n"

    assert head + "".join(f"  {line}\n" for line in CHANGES) in short
    assert "package.json" not in short
    assert "  package.json\n    -a\n    +b\n     ```\n    … and 20 more lines\n" in long


def test_markdown_shows_comparisons_as_blocks_that_nothing_ends() -> None:
    text = rendered("markdown", report(TEXTS), verbose=True)
    blocks = [token for token in MarkdownIt().parse(text) if token.type == "fence"]

    assert "Compared with `base-1`: 4 → 5 files, 59.8 MB (+59.8 MB).\n" in text
    assert [(token.info, token.content.splitlines()) for token in blocks] == [
        ("diff", CHANGES),
        ("diff", ["-a", "+b", " ```", "… and 20 more lines"]),
    ]


def test_what_was_set_aside_is_shown_with_its_reason() -> None:
    assert rendered("console", report(suppressed=ASIDE)).endswith(
        "\n"
        "set aside\n"
        "  a-rule: known, #12 (owner ann, until 2027-01-01, .audit.yml:4)\n"
        "  a-rule ×2: baseline\n"
    )
    assert rendered("console", report(suppressed=ASIDE)).startswith(
        " PASS  no findings; 1 waived, 2 in the baseline\n"
    )
    assert rendered("markdown", report(suppressed=ASIDE)).endswith(
        "## Set aside\n"
        "\n"
        r"- `a-rule`: known, `#12` \(owner ann, until 2027-01-01, .audit.yml:4\)"
        "\n"
        "- `a-rule` ×2: baseline\n"
    )


@pytest.mark.parametrize("name", ["console", "markdown"])
def test_v_names_each_finding_that_was_set_aside(name: str) -> None:
    assert "z.js is bad" not in rendered(name, report(suppressed=ASIDE))
    assert "z.js is bad" in rendered(name, report(suppressed=ASIDE), verbose=True)


def test_the_summary_has_changes_then_gaps_then_findings_then_what_was_set_aside() -> None:
    gap = Gap(location=Location(source="a.tgz", path="b.zip"), reason="encrypted")
    text = rendered("summary", report(TEXTS, findings=(FINDING,), suppressed=ASIDE, gaps=(gap,)))
    titles = [line for line in text.splitlines() if line.startswith("#")]

    assert titles == [
        "## audit: pass",
        "### New in what would be published",
        "### Not examined",
        "### Findings",
        "#### high: `a-rule`",
        "### Set aside",
        "### Audited",
    ]
    assert "```\nrm x.js\n```\n" in text
    assert "<details><summary>All changes</summary>\n" in text


def test_the_steps_of_a_fix_stand_alone_and_its_lines_to_type_are_code() -> None:
    steps = replace(FINDING, fix="Do this:\n1. Stop.\n2. Type\n  rm x.js")
    text = rendered("summary", report(findings=(steps,)))

    assert "\nDo this:\n\n1\\. Stop.\n\n2\\. Type\n\n```\nrm x.js\n```\n" in text


def test_a_short_change_is_not_folded_a_second_time() -> None:
    assert "All changes" not in rendered("summary", report(COMPARED))


def test_many_findings_are_a_row_of_a_table_and_the_first_places() -> None:
    many = [replace(FINDING, message=f"{i} is bad") for i in range(40)]
    text = rendered("summary", report(findings=many), verbose=True)

    assert "| high | `a-rule` | 40 | A bad file |\n" in text
    assert text.count(" is bad") == summary.PLACES
    assert "- … and 35 more\n" in text


def test_the_summary_is_cut_between_its_parts_and_says_so() -> None:
    wide = [
        replace(FINDING, rule=f"rule-{i}", message="é" * 900, fix="\n".join(["è" * 900] * 40))
        for i in range(60)
    ]
    text = rendered("summary", report(findings=wide))

    assert summary.LIMIT - 100_000 < len(text.encode()) <= summary.LIMIT
    assert text.endswith(
        "\n\nThe summary ends here, as GitHub takes no more than 1 MiB; the log and the reports"
        " have all.\n"
    )
    assert text.count("<details>") == text.count("</details>") > 5


SIGNS = "`*_{}[]<>()#+-.!|~&$@:/\\ \n=1aé"


@settings(max_examples=often(150), deadline=None)
@given(st.text(st.sampled_from(SIGNS), max_size=30))
def test_no_name_becomes_markup_in_a_summary(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    at = Location(source=text, path=text)
    change = FileChange(change=ADDED, path=text, kind="data", after=1)
    hostile = replace(COMPARED, against=text, files=(change,))
    found = replace(FINDING, message=text, fix=f"{text}\n  {text}", location=at)
    waived = (Suppressed(finding=found, reason=text, owner=text),)
    whole = report(hostile, findings=(found,), suppressed=waived)
    tokens = parser.parse(
        rendered("summary", replace(whole, gaps=(Gap(location=at, reason=text),)))
    )
    inner = [
        child
        for token in tokens
        for child in token.children or []
        if child.content not in {"<code>", "</code>"}
    ]

    kinds = {token.type for token in (*tokens, *inner)}
    assert kinds.isdisjoint({"html_inline", "link_open", "image", "em_open", "s_open", "hr"})
    assert {token.content for token in tokens if token.type == "html_block"} <= {
        "<details><summary>How to fix it</summary>\n",
        "<details><summary>All changes</summary>\n",
        "</details>\n",
        "</details>",
    }
    titles = [tokens[i + 1].content for i, one in enumerate(tokens) if one.type == "heading_open"]
    assert titles == [
        "audit: pass",
        "New in what would be published",
        "Not examined",
        "Findings",
        "high: `a-rule`",
        "Set aside",
        "Audited",
    ]
