"""The HTML page as text: what it says, what it never loads, and that no text becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor.facts.file import kind_of
from auditor.model import Location, Report, Severity, Verdict
from auditor.report import View, _incident
from auditor.report._html import page, prose, treemap
from auditor.report._html.prose import Form
from auditor.safe import safe
from auditor.shipped import Entry
from tests.html_reports import FILES, artifact, everything, finding, hostile, incident, rendered
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Pack

ROOT = Path(__file__).parent.parent
PARTS = ROOT / "auditor" / "report" / "_html"


def parsed(text: str) -> Element:
    """Return the document as a browser sees it; any parse error fails the test."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parse(text)
    assert isinstance(root, Element)
    return root


BLOCKS = frozenset("dd del dt h1 h2 h3 h4 ins li p pre summary td th".split())


def words_of(element: Element) -> str:
    """Return the text as it is read, with a space where a block ends."""

    def pieces(one: Element) -> Iterator[str]:
        yield one.text or ""
        for below in one:
            yield from pieces(below)
            yield below.tail or ""
        yield " " if one.tag in BLOCKS else ""

    return " ".join("".join(pieces(element)).split())


def with_class(root: Element, name: str) -> list[Element]:
    return [one for one in root.iter() if name in one.get("class", "").split()]


def by_id(root: Element, name: str) -> Element:
    (found,) = (one for one in root.iter() if one.get("id") == name)
    return found


WHOLE = parsed(rendered(everything()))


@pytest.mark.parametrize("make", [everything, incident, lambda: hostile("x")])
def test_the_page_is_html_without_an_error(make: object) -> None:
    assert callable(make)
    assert parsed(rendered(make())).tag == "html"


def test_the_verdict_comes_first_with_what_the_exit_code_means() -> None:
    (verdict,) = with_class(WHOLE, "verdict")

    assert words_of(verdict) == (
        "INCOMPLETE demo 2.0.0, other 2.0.0"
        " Exit code 3: not all could be examined; what was found so far is below."
        " 1 critical 2 high 0 medium 1 low 0 info 2 set aside 2 not examined"
    )


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            Verdict.PASS,
            "Exit code 0: all was examined, and nothing at or above high was found.",
        ),
        (Verdict.FAIL, "Exit code 1: there are findings at or above high."),
    ],
)
def test_each_verdict_says_its_exit_code(verdict: Verdict, sentence: str) -> None:
    whole = Report(verdict=verdict, threshold=Severity.HIGH, ruleset="0")

    assert sentence in words_of(parsed(rendered(whole)))


def test_gaps_stand_before_artifacts_and_findings() -> None:
    sections = [one.get("id") for one in WHOLE.iter("section") if one.get("id")]

    assert sections.index("gaps") < sections.index("artifacts") < sections.index("findings")
    assert words_of(by_id(WHOLE, "gaps")).endswith(
        "data.zip in demo-2.0.0.tgz: it is encrypted third.tgz: the trailer is missing"
    )


def test_an_artifact_is_told_with_its_sizes_digest_notes_and_what_its_maps_disclose() -> None:
    shown = words_of(by_id(WHOLE, "artifacts"))

    for text in (
        "demo 2.0.0 kind npm tarball files 7 packed 1.4 MB unpacked 5.4 MB from demo-2.0.0.tgz",
        f"SHA-256 {'ab' * 32} Note: prepack was not run",
        "gives back 20 files, 1,234 lines, 50.0 kB of first-party source (and 7 files of",
        "TypeScript 20 files; 5 files ship anyway; 1 file, 12 lines is in no bundle (src/<b>beta",
        "install script postinstall node x.js",
    ):
        assert text in shown


def test_findings_are_grouped_by_rule_worst_first() -> None:
    groups = with_class(WHOLE, "group")
    heads = [words_of(head) for group in groups for head in group.findall("h3")]

    assert heads == [
        "critical install-script 1 A bad file",
        "high bad-file 2 A bad file",
        "low junk-file 1 A bad file",
    ]


def test_a_finding_has_its_place_severity_confidence_message_and_evidence() -> None:
    shown = {one.get("id"): words_of(one) for one in with_class(WHOLE, "finding")}

    assert shown["finding-000000000001"] == (
        "package.json:7 is bad in demo-2.0.0.tgz severity critical, high confidence"
        " in demo-2.0.0.tgz size 1,234 fingerprint 00000000000100000000000000000000"
    )
    assert shown["finding-000000000002"].startswith(
        "dist/app.js.map is bad in demo-2.0.0.tgz severity high, high confidence"
        " in demo-2.0.0.tgz lines 10,053 inline no sample src/a.ts, src/b.ts fingerprint"
    )
    assert shown["finding-000000000004"].startswith(
        "x.log is bad in other-2.0.0.tgz low confidence severity low, low confidence"
    )


def test_fixes_of_a_rule_are_one_and_each_finding_has_its_own_where_they_differ() -> None:
    group = by_id(WHOLE, "rule-bad-file")
    joined, first, second = (words_of(one) for one in with_class(group, "fix"))

    assert 'exclude = ["a", "b"]' in joined
    assert 'exclude = ["a"]' in first
    assert 'exclude = ["b"]' in second


def test_what_was_set_aside_is_there_with_reason_owner_end_and_place() -> None:
    shown = words_of(by_id(WHOLE, "aside"))

    assert (
        "waiver: the sources are public anyway · owner release-engineering · until 2026-12-31"
        " · .audit.yml:12"
    ) in shown
    assert "baseline: it was there before · .audit-baseline.json" in shown
    assert "waived-rule: dist/w.map is bad" in shown


def test_a_comparison_tells_files_abilities_and_texts() -> None:
    shown = words_of(by_id(WHOLE, "changes"))

    for text in (
        "demo 2.0.0 against npm:demo@1.0.0",
        "6 files, 2.0 MB before; 7 files, 5.4 MB now: +3.4 MB (+171%).",
        "+ added install script postinstall node x.js",
        "+ added dist/app.js.map new kind source maps – 3.0 MB +3.0 MB",
        "- removed old.js scripts 500 bytes – −500 bytes (−100%)",
        "~ shrank README.md documents 24.0 kB 12.0 kB −12.0 kB (−50%)",
        "… and 3 more lines of this difference",
    ):
        assert text in shown
    (diff,) = with_class(WHOLE, "diff")
    assert [(one.tag, one.text) for one in diff] == [
        ("span", "--- package.json"),
        ("span", "+++ package.json"),
        ("span", " {"),
        ("del", '-  "a": 1'),
        ("ins", '+  "a": 2'),
    ]


def test_every_file_is_a_row_of_the_table_that_stands_for_the_treemap() -> None:
    table = with_class(WHOLE, "files")[0]
    rows = [words_of(row) for row in table.iter("tr")]

    assert rows == [
        "file kind size",
        "(at the top) 12.0 kB",
        "README.md documents 12.0 kB",
        "empty.txt documents 0 bytes",
        "dist 4.0 MB",
        "app.js scripts 1.0 MB",
        "app.js.map source maps 3.0 MB",
        "dist/locale 500 kB",
        "de.js scripts 300 kB",
        "fr.js scripts 200 kB",
        "lib/native 900 kB",
        "addon.node native code 900 kB",
    ]


def test_an_inventory_is_told_with_its_format_and_number() -> None:
    shown = words_of(by_id(WHOLE, "inventories"))

    assert "web/package-lock.json package-lock 3 2" in shown
    assert "axios 1.14.1" in shown


def test_an_incident_report_has_its_level_places_steps_and_what_was_not_looked_at() -> None:
    root = parsed(rendered(incident()))
    (verdict,) = with_class(root, "verdict")
    shown = words_of(by_id(root, "incident"))

    assert "tone-fail" in verdict.get("class", "")
    assert words_of(verdict).startswith("EXPOSED Incident report 1 of 2 projects hit;")
    for text in (
        "exposed axios-2026-03 two bad versions of axios An account was taken over.",
        "exposed web axios@1.14.1: required by the project itself in web/package-lock.json:12;",
        "Sources: 1 the maintainers' account of it",
        "what to do, in this order Take it off the network. Pin it. npm install axios@1.14.0",
        "not found in 1 place (9 packages read) docs: 1 source, 9 packages",
        "not looked at other machines: run this there, too",
    ):
        assert text in shown


def test_quiet_is_the_verdict_alone() -> None:
    root = parsed(rendered(everything(), View(quiet=True)))

    assert [one.get("class") for one in root.iter("section")] == ["verdict tone-incomplete"]


def test_many_findings_of_a_rule_are_all_there_the_first_ones_open() -> None:
    found = tuple(finding(f"{i}.map", number=i) for i in range(page.OPEN + 30))
    whole = replace(everything(), findings=found, suppressed=())
    root = parsed(rendered(whole))
    (more,) = with_class(root, "more")

    assert len(with_class(root, "finding")) == page.OPEN + 30
    assert len(with_class(more, "finding")) == 30
    assert words_of(more).startswith("30 more findings")


def test_too_many_findings_of_a_rule_are_counted() -> None:
    found = tuple(finding("a.map", number=i) for i in range(page.MOST + 7))
    whole = replace(everything(), findings=found, artifacts=())

    assert "… and 7 more findings, which are too many for a page" in rendered(whole)


def test_ids_are_distinct_also_where_fingerprints_and_rules_are_not() -> None:
    found = (finding("a"), finding("b"), finding("c", rule="A b"), finding("d", rule="a-b"))
    root = parsed(rendered(replace(everything(), findings=found)))
    ids = Counter(one.get("id") for one in root.iter() if one.get("id"))

    assert ids["rule-a-b"] == ids["rule-a-b--2"] == ids["finding-000000000000--4"] == 1
    assert set(ids.values()) == {1}


# Safety


def test_the_page_loads_nothing_and_leads_nowhere() -> None:
    for one in WHOLE.iter():
        for name in ("src", "srcset", "action", "data", "poster", "background", "ping", "style"):
            assert one.get(name) is None
        assert one.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in one.attrib)
        assert one.tag not in {"link", "base", "iframe", "img", "object", "embed"}
    style = (PARTS / "style.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face|https?:", style)


def test_the_script_makes_texts_of_texts_and_keeps_nothing() -> None:
    script = (PARTS / "script.js").read_text(encoding="utf-8")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\b|DOMParser"
        r"|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(|localStorage|sessionStorage"
        r"|indexedDB|document\.cookie|https?:"
    )

    assert re.findall(forbidden, script) == []


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    def digest(tag: str) -> str:
        (text,) = (one.text for one in WHOLE.iter(tag) if one.get("type") is None)
        raw = hashlib.sha256((text or "").encode()).digest()
        return f"'sha256-{base64.b64encode(raw).decode()}'"

    (policy,) = (m.get("content") for m in WHOLE.iter("meta") if m.get("http-equiv"))

    assert policy == (
        f"default-src 'none'; script-src {digest('script')}; style-src {digest('style')};"
        " base-uri 'none'; form-action 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )


TREES = {"_ships.html": [" one.tree "], "map.html": [" page.tree "]}
"""What templates take as it is: JSON made by `treemap.document`."""


def test_no_template_marks_a_text_as_safe_or_is_without_escapes() -> None:
    for template in PARTS.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), template.name
        inert = re.findall(r"\{\{([^}]*)\| inert \}\}", text)
        assert inert == TREES.get(template.name, []), template.name


NASTY = (
    "<script>alert(1)</script>",
    "</script>",
    "</style>",
    "<!--",
    "-->",
    "]]>",
    "<img src=x onerror=alert(1)>",
    '" onfocus="alert(1)" autofocus="',
    "' onclick='alert(1)",
    "&lt;b&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egpj.exe",
    "\ud800",
    "\u2028\u2029",
    "\x00\x1b[2J\x08",
    "\r\nx",
    "javascript:alert(1)",
    "../../../etc/passwd",
    "a//b",
    "`code`",
    "`",
    "/",
    "a" * 2000,
)
TEXTS = st.lists(st.one_of(st.text(max_size=30), st.sampled_from(NASTY)), min_size=1, max_size=4)


def shape_of(root: Element) -> tuple[set[tuple[str, ...]], int]:
    """Return which elements there are with which attributes, and the number of scripts."""
    kinds = {(str(one.tag), *sorted(one.attrib)) for one in root.iter()}
    return kinds, sum(1 for _ in root.iter("script"))


HARMLESS = shape_of(parsed(rendered(hostile("`x` y"))))


@settings(max_examples=often(60), deadline=None)
@given(TEXTS.map("".join))
def test_no_text_of_others_becomes_markup_and_none_is_lost(text: str) -> None:
    root = parsed(rendered(hostile(text)))
    kinds, scripts = shape_of(root)

    assert kinds <= HARMLESS[0]
    assert scripts == HARMLESS[1]
    shown = {"".join(one.itertext()) for one in root.iter()}
    assert safe(text, 300) in shown
    assert safe(f"dir/{text}:1", 300) in shown
    tree = next(one.text for one in root.iter("script") if one.get("type"))
    assert json.loads(tree or "")["kinds"] == list(treemap.KINDS)


@given(TEXTS.map("".join))
def test_json_in_a_script_element_cannot_end_it(text: str) -> None:
    made = treemap.inert([text])

    assert not set("<>&\u2028\u2029") & set(made)
    assert json.loads(made) == [text]


def test_a_name_of_a_megabyte_does_not_make_the_page_large() -> None:
    assert len(rendered(hostile("a" * 1_000_000))) < 200_000


def test_a_path_of_many_folders_is_read() -> None:
    deep = "a/" * 50_000 + "b"
    tree = json.loads(treemap.document(treemap.folders([Entry(path=deep, size=1, kind="data")])))

    assert tree["tree"][1] == [["b", 1, 5]]
    assert len(tree["tree"][0]) <= treemap.LONGEST


def test_two_runs_write_the_same_bytes(pack: Pack) -> None:
    path = pack({"a.js": "let a", "b/c.map": "{}", ".env": "A=1", "d.log": "x"})
    pages = {
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "auditor", "pack", str(path), "--format", "html"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=False,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }

    (only,) = pages
    assert only.startswith(b"<!DOCTYPE html>")


def test_other_formats_start_without_the_templates() -> None:
    code = "import sys, auditor.report.html; sys.exit('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)  # noqa: S603

    assert done.returncode == 0


# Its parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("One\nsentence.", [(Form.TEXT, "One sentence.")]),
        ("One.\nTwo.", [(Form.TEXT, "One."), (Form.TEXT, "Two.")]),
        (
            "Then:\n  a = 1\n\n    b = 2\nEnd",
            [
                (Form.TEXT, "Then:"),
                (Form.TYPED, "a = 1"),
                (Form.TYPED, "  b = 2"),
                (Form.TEXT, "End"),
            ],
        ),
        ("1. Go\non\n2. Stop", [(Form.ITEM, "1. Go on"), (Form.ITEM, "2. Stop")]),
        ("- a\n- b", [(Form.ITEM, "- a"), (Form.ITEM, "- b")]),
    ],
)
def test_a_fix_is_paragraphs_items_and_lines_to_type(
    text: str, parts: list[tuple[Form, str]]
) -> None:
    assert [(one.form, "\n".join(one.lines)) for one in prose.parts(text)] == parts


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("plain", ((False, "plain"),)),
        ("set `a` and `b`", ((False, "set "), (True, "a"), (False, " and "), (True, "b"))),
        ("one ` alone", ((False, "one ` alone"),)),
    ],
)
def test_what_stands_between_backticks_is_code(
    text: str, spans: tuple[tuple[bool, str], ...]
) -> None:
    assert prose.spans(text) == spans


def test_the_tree_has_folders_in_folders_and_a_way_without_a_fork_is_one_step() -> None:
    demo = artifact(FILES)
    assert demo.ships is not None
    tree = json.loads(treemap.document(treemap.folders(demo.ships.files)))["tree"]

    assert tree == [
        "",
        [
            [
                "dist",
                [
                    ["locale", [["de.js", 300_000, 1], ["fr.js", 200_000, 1]]],
                    ["app.js", 1_000_000, 1],
                    ["app.js.map", 3_000_000, 0],
                ],
            ],
            ["lib/native", [["addon.node", 900_000, 7]]],
            ["README.md", 12_000, 4],
            ["empty.txt", 0, 4],
        ],
    ]


def test_every_kind_of_file_has_a_colour_of_its_own() -> None:
    extensions = "js map ts css md json png so zip whatever".split()

    assert {kind_of(f"a.{one}") for one in extensions} == set(treemap.KINDS)


def test_a_kind_without_a_colour_of_its_own_is_named() -> None:
    listing = treemap.folders([Entry(path="a", size=1, kind="holograms")])

    assert json.loads(treemap.document(listing))["tree"][1] == [["a", 1, 9, "holograms"]]


def test_beyond_so_many_files_each_folder_has_the_sum_of_its_smaller_ones() -> None:
    files = [Entry(path=f"d/{size}", size=size, kind="data") for size in range(1, 8)]
    (folder,) = treemap.folders(files, listed=2)

    assert [(row.name, row.size) for row in folder.rows] == [
        ("6", 6),
        ("7", 7),
        ("… 5 smaller files", 15),
    ]


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (Location(source="a.tgz", path="b/c.js", line=3), "b/c.js:3"),
        (Location(source="a.tgz"), "a.tgz"),
        (Location(source="web/yarn.lock", path="yarn.lock", line=9), "web/yarn.lock:9"),
        (Location(source="a.tgz", path="p.json", key="bin"), "p.json (bin)"),
    ],
)
def test_a_place_is_told_as_far_as_needed_to_find_it(location: Location, place: str) -> None:
    assert page.place(location) == place


def test_lines_of_an_incident_report_stand_below_what_they_belong_to() -> None:
    role = _incident.Role
    lines = [
        _incident.Line(role=one, text=str(number))
        for number, one in enumerate(
            (role.INCIDENT, role.TEXT, role.PLACE, role.HIT, role.DETAIL, role.HIT, role.TITLE)
        )
    ]

    def flat(told: tuple[page.Told, ...]) -> list[object]:
        return [[one.line.text, *flat(one.below)] for one in told]

    assert flat(page.nested(lines)) == [["0", ["1"], ["2", ["3", ["4"]], ["5"]]], ["6"]]


# Contrast


def colors(mode: int) -> dict[str, str]:
    """Return the variables of the style sheet in light (0) or dark (1)."""
    style = (PARTS / "style.css").read_text(encoding="utf-8")
    found = re.findall(r"(\.kind-\d|--[\w-]+)(?::| \{ --kind:) light-dark\((#\w+), (#\w+)\)", style)
    return {name: pair[mode] for name, *pair in found}


def luminance(color: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_all_texts_have_the_contrast_that_wcag_aa_asks_for(mode: int) -> None:
    color = colors(mode)
    tones = ("red", "amber", "blue", "green", "violet")
    pairs = [
        *((ink, ground) for ink in ("--text", "--dim", "--link") for ground in ("--bg", "--soft")),
        *((f"--{tone}", f"--{tone}-soft") for tone in tones),
        *((f"--{tone}", "--bg") for tone in tones),
        *(("--text", f"--{tone}-soft") for tone in tones),
        ("--dim", "--grey-soft"),
        *(("--text", f".kind-{number}") for number in range(len(treemap.KINDS))),
    ]

    assert [pair for pair in pairs if contrast(color[pair[0]], color[pair[1]]) < 4.5] == []
