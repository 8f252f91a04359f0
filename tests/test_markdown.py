"""The report as Markdown: nothing that was found becomes markup, a link or a mention."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from auditor.model import Confidence, Finding, Gap, Location, Report, Severity, Verdict
from auditor.report import View, load
from auditor.safe import safe_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = "`*_{}[]<>()#+-.!|~&$@:/\\ \n=1aé"
MARKUP = frozenset(
    {"html_inline", "html_block", "link_open", "image", "em_open", "strong_open", "s_open"}
)


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


CODE = ("<code>", "</code>")


def marked(text: str) -> set[str]:
    """Return the markup in a text, but for elements of code, which are ours."""
    return {t.type for t in flat(PARSER.parse(text)) if t.content not in CODE} & MARKUP


def spoken(text: str) -> str:
    """Return what a reader sees of a text outside of code."""
    seen = (t.content for t in flat(PARSER.parse(text)) if t.type in {"text", "html_inline"})
    return re.sub(r"<code>.*?</code>", "", "".join(seen))


@given(st.text(st.sampled_from(SIGNS), max_size=40))
def test_no_text_becomes_markup_or_a_mention(text: str) -> None:
    shown = f"- x {safe_markdown(text)}"

    assert not marked(shown)
    assert shown.count("<") == 2 * shown.count("<code>"), "no other bracket of a tag is left"
    assert not re.search(r"[@#]\S|://|\bwww\.", spoken(shown))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a plain sentence.", "a plain sentence."),
        ("@scope/name, and #1", "`@scope/name`, and `#1`"),
        ("see https://x.example/a|b", r"see `https://x.example/a\|b`"),
        ("<img src=x>", r"&lt;img src=x\>"),
        ("<img/@x>", r"<code>&lt;img/@x\></code>"),
        ("a `code` b", r"a \`code\` b"),
        ("1. first", r"1\. first"),
        ("- item", r"\- item"),
        ("file_name*", r"file\_name\*"),
        (":tada: GH-12", "`:tada`: `GH-12`"),
    ],
)
def test_what_a_text_becomes(text: str, shown: str) -> None:
    assert safe_markdown(text) == shown


FINDING = Finding(
    rule="editor-junk",
    title="A file of an editor",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    message="a<b>.swp was left by @ann, see http://x.example",
    location=Location(source="demo.tgz", path="a`b|<i>.swp", line=3),
    evidence={},
    fix="Remove it:\n\n  rm *.swp",
    fingerprint="f",
)
REPORT = Report(
    verdict=Verdict.INCOMPLETE,
    threshold=Severity.MEDIUM,
    ruleset="0",
    findings=(FINDING, replace(FINDING, fingerprint="g")),
    gaps=(Gap(location=Location(source="x"), reason="is <b>broken</b>"),),
)


def test_findings_gaps_and_fixes_are_in_the_report() -> None:
    text = load("markdown").render(REPORT, View())

    assert text.splitlines()[:3] == [
        "# audit: incomplete",
        "",
        "2 medium (fails from medium up); 1 thing could not be examined.",
    ]
    assert "## medium: `editor-junk`" in text
    assert (
        r"- <code>a b\|&lt;i\>.swp:3</code>: a&lt;b\>.swp was left by `@ann`, see `http://x.example`"
        in text
    )
    assert r"- `x`: is &lt;b\>broken&lt;/b\>" in text
    assert text.count("Remove it:") == 1
    tokens = [t for t in flat(PARSER.parse(text)) if t.type in MARKUP and t.content not in CODE]
    assert {t.content.strip() for t in tokens} <= {
        "<details><summary>How to fix it</summary>",
        "</details>",
    }


def test_quiet_is_the_verdict_alone() -> None:
    assert load("markdown").render(REPORT, View(quiet=True)).count("\n") == 3
