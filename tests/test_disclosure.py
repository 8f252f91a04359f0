"""What maps give back: in which language, what ships anyway, and what no bundle has any more."""

from __future__ import annotations

import json
import re

import pytest

from auditor import report, summary
from auditor.facts.source_map import SourceMapFact, given_back
from auditor.maps import reader
from auditor.maps.languages import OTHER, language_of
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Disclosure,
    LanguageShare,
    Report,
    Severity,
    Verdict,
)
from auditor.report import View
from tests.test_source_facts import contents_of, encoded, facts_of, map_fact

FIRST, SECOND, BOTH = "AAAA", "ACAA", "AAAA,GCAA"
"""Mappings of one source of two, of the other, and of each."""


def document(texts: dict[str, str | None], mappings: object = FIRST, **more: object) -> str:
    """Return a map by its sources' names and texts."""
    plain = {
        "version": 3,
        "sources": list(texts),
        "sourcesContent": list(texts.values()),
        "mappings": mappings,
    }
    return json.dumps(plain | more)


def mapped(text: str) -> list[bool | None]:
    """Return whether code is mapped to each source; what facts ask says of which there is none."""
    known, asked = (
        [source.mapped for source in found.sources]
        for full in (True, False)
        if (found := reader.read(text.encode(), reader.Origin(in_full=full))) is not None
    )
    assert asked == [False if one is False else None for one in known]
    return known


TWO: dict[str, str | None] = {"../src/app.ts": "app()", "../src/beta.ts": "beta()\nsoon()\n"}


# -- what is mapped


@pytest.mark.parametrize(
    ("mappings", "told"),
    [
        (FIRST, [True, False]),
        (SECOND, [False, True]),
        (BOTH, [True, True]),
        (f";;{FIRST};,A", [True, False]),
        ("", [None, None]),
        ("AAA", [None, None]),
        (f"{FIRST},g", [None, None]),
        (f"{FIRST},GGAA", [None, None]),
        (None, [None, None]),
        (["AAAA"], [None, None]),
    ],
)
def test_sources_that_code_is_mapped_to(mappings: object, told: list[bool | None]) -> None:
    assert mapped(document(TWO, mappings)) == told


def test_both_parsers_say_the_same_of_escaped_mappings() -> None:
    """Some writers of JSON escape the slash, which is a digit of mappings."""
    text = document(TWO, "AAAA,gBCAA,/BAAA").replace("/B", "\\/B")
    assert "\\/" in text
    assert mapped(text) == [True, True]
    assert mapped(text.replace('"sources"', '"\\u0073ources"')) == [True, True]


def test_each_section_has_mappings_of_its_own() -> None:
    sections = [
        {"offset": {"line": 0, "column": 0}, "map": json.loads(document(TWO, mappings))}
        for mappings in (FIRST, SECOND, "")
    ]
    assert mapped(json.dumps({"version": 3, "sections": sections})) == [
        *(True, False),
        *(False, True),
        *(None, None),
    ]


def test_mappings_of_maps_that_give_no_own_text_are_not_read() -> None:
    assert mapped(document({"a.ts": None, "b.ts": ""})) == [None, None]
    libraries: dict[str, str | None] = {"node_modules/a/i.js": "a", "node_modules/b/i.js": "b"}
    assert mapped(document(libraries)) == [None, None]
    assert mapped(document(TWO, ignoreList=[0, 1])) == [None, None]
    assert mapped(document(TWO, ignoreList=[0])) == [True, False]


ALONE: dict[str, str | None] = {"../src/app.ts": "app()"}


@pytest.mark.parametrize(
    ("mappings", "told"), [("AAAA", [True]), ("", [None]), ("ACAA", [None]), ("AAA", [None])]
)
def test_of_the_only_source_it_is_never_said_that_it_has_no_code(
    mappings: str, told: list[bool | None]
) -> None:
    assert mapped(document(ALONE, mappings)) == told


def test_a_text_without_a_name_has_no_code_where_mappings_are_sound() -> None:
    document = {"sources": ["a.ts"], "sourcesContent": ["a", "b"], "mappings": "AAAA"}
    assert mapped(json.dumps(document)) == [True, False]
    assert mapped(json.dumps(document | {"mappings": "AAAA,AAA"})) == [None, None]


def test_a_map_inside_the_only_text_is_in_the_bundle_as_far_as_that_is() -> None:
    inner = document({"inner/a.ts": "a", "inner/b.ts": "b"})
    text = f"x\n//# sourceMappingURL=data:application/json;base64,{encoded(inner)}\n"
    assert mapped(document({"../out/a.js": text}, "AAAA")) == [True, True, False]
    assert mapped(document({"../out/a.js": text}, "")) == [None, None, None]


def test_a_map_inside_a_text_is_in_the_bundle_as_far_as_that_text_is() -> None:
    inner = document({"inner/a.ts": "a", "inner/b.ts": "b"})
    text = f"x\n//# sourceMappingURL=data:application/json;base64,{encoded(inner)}\n"
    outer: dict[str, str | None] = {"../out/a.js": text, "../out/b.js": "y"}
    assert mapped(document(outer, FIRST)) == [True, True, False, False]
    assert mapped(document(outer, SECOND)) == [False, False, False, True]
    assert mapped(document(outer, "")) == [None, None, None, None]


# -- what is in no bundle


def test_a_source_without_a_mapping_is_removed() -> None:
    fact = map_fact({"dist/a.js": "app()", "dist/a.js.map": document(TWO)})
    assert (fact.first_party_files, fact.removed_files) == (2, 1)
    assert (fact.removed_lines, fact.removed_bytes) == (2, len("beta()\nsoon()\n"))
    assert fact.removed == ("src/beta.ts",)


NOT_REMOVED = {
    "its text ships": {"src/other.ts": "beta()\nsoon()\n"},
    "another map maps it": {"dist/b.js.map": document(TWO, SECOND)},
    "another map may map it": {"dist/b.js.map": document(TWO, "")},
}


@pytest.mark.parametrize("more", NOT_REMOVED.values(), ids=NOT_REMOVED)
def test_a_source_that_may_be_somewhere_is_not_removed(more: dict[str, str]) -> None:
    facts = facts_of("source-map", {"dist/a.js.map": document(TWO), **more})
    assert [
        fact.removed_files
        for fact in facts
        if isinstance(fact, SourceMapFact) and fact.path == "dist/a.js.map"
    ] == [0]


def test_the_largest_of_many_are_named() -> None:
    texts: dict[str, str | None] = {"../src/app.ts": "app()"}
    texts |= {f"../src/{number}.ts": "x" * number for number in range(1, 13)}
    fact = map_fact({"dist/a.js.map": document(texts)})
    assert fact.removed_files == 12
    assert fact.removed == tuple(f"src/{number}.ts" for number in range(12, 4, -1))


def test_each_source_of_each_map_is_told_with_what_the_artifact_makes_of_it() -> None:
    texts = {**TWO, "../src/shipped.ts": "ships()", "../src/none.ts": None, "../src/gone.ts": None}
    contents = contents_of(
        {
            "dist/a.js.map": document(texts),
            "src/shipped.ts": "ships()",
            "src/none.ts": "another text",
        }
    )
    ((seen, sources),) = given_back(contents)
    assert (seen.path, seen.line) == ("dist/a.js.map", None)
    assert [(s.source.path, s.ships, s.in_bundle, s.is_own, s.is_removed) for s in sources] == [
        ("src/app.ts", False, None, True, False),
        ("src/beta.ts", False, False, True, True),
        ("src/shipped.ts", True, False, True, False),
        ("src/none.ts", True, False, False, False),
        ("src/gone.ts", False, False, False, False),
    ]


# -- languages


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("../src/a.ts", "TypeScript"),
        ("webpack://kit/./src/A.TSX", "TypeScript"),
        ("src/a.mjs", "JavaScript"),
        ("src/App.vue?vue&type=script&lang=ts", "Vue"),
        ("src/App.vue?a=b.css", "Vue"),
        ("webpack:///./src/site.scss?1a2b", "Sass"),
        ("a.module.css", "CSS"),
        ("src/locale.json", "JSON"),
        ("lib.rs", "Rust"),
        ("Makefile", OTHER),
        ("a.b c", OTHER),
        ("a.unheardof", OTHER),
        ("", OTHER),
        (".", OTHER),
    ],
)
def test_the_language_of_a_name(name: str, language: str) -> None:
    assert language_of(name) == language


def test_the_languages_of_a_map_are_those_of_first_party_texts_largest_first() -> None:
    texts: dict[str, str | None] = {
        "../src/a.css": "a{}",
        "../src/a.ts": "let a",
        "../src/b.ts": "b",
        "../src/c.vue": None,
        "../node_modules/l/i.js": "module.exports = 1",
    }
    assert map_fact({"dist/a.js.map": document(texts)}).languages == ("TypeScript", "CSS")


# -- the summary, and what reports say of it


def test_the_summary_tells_parts_apart() -> None:
    texts = {**TWO, "../src/a.css": "a{}", "../node_modules/l/i.js": "lib()"}
    members = {
        "src/app.ts": "app()",
        "dist/a.js.map": document(texts),
        "dist/b.js.map": document({"../src/Next.ts": "app()"}),
    }
    assert summary.disclosure(contents_of(members)) == Disclosure(
        maps=2,
        files=3,
        lines=4,
        size=ByteCount(5 + 14 + 3),
        third_party_files=1,
        third_party_size=ByteCount(5),
        shipped_files=1,
        removed_files=2,
        removed_lines=3,
        removed_size=ByteCount(14 + 3),
        removed=("src/beta.ts", "src/a.css"),
        languages=(
            LanguageShare(language="TypeScript", files=2, lines=3, size=ByteCount(19)),
            LanguageShare(language="CSS", files=1, lines=1, size=ByteCount(3)),
        ),
    )


OUT = Disclosure(
    maps=2,
    files=20,
    lines=900,
    size=ByteCount(50_000),
    third_party_files=1,
    shipped_files=1,
    removed_files=3,
    removed_lines=90,
    removed_size=ByteCount(3_000),
    removed=("src/\x1b[31mbeta.ts", "src/next|`.ts", "src/c.ts"),
    languages=(
        LanguageShare(language="TypeScript", files=18, lines=890, size=ByteCount(49_000)),
        LanguageShare(language="CSS", files=2, lines=10, size=ByteCount(1_000)),
    ),
)


def rendered(name: str, out: Disclosure = OUT) -> str:
    artifact = Artifact(source="a.tgz", kind=ArtifactKind.NPM_TARBALL, name="kit", discloses=out)
    whole = Report(
        verdict=Verdict.FAIL, threshold=Severity.MEDIUM, ruleset="01", artifacts=(artifact,)
    )
    return " ".join(report.load(name).render(whole, View()).split())


def test_the_console_says_it_in_a_line() -> None:
    assert (
        "2 source maps give back 20 files, 900 lines, 50.0 kB of first-party source"
        " (and 1 file of libraries) TypeScript 18 files, CSS 2 files; 1 file ships anyway; 3 files,"
        " 90 lines are in no bundle (src/\\x1b[31mbeta.ts, src/next|`.ts, …)"
    ) in rendered("console")


@pytest.mark.parametrize("name", ["markdown", "summary"])
def test_markdown_says_it_and_no_name_is_markup(name: str) -> None:
    shown = rendered(name)
    assert (
        "2 source maps give back 20 files, 900 lines, 50.0 kB of first-party source"
        " (and 1 file of libraries): TypeScript 18 files, CSS 2 files; 1 file ships anyway;"
        " 3 files, 90 lines are in no bundle (" in shown
    )
    assert "\x1b" not in shown
    assert "next|`.ts" not in shown


@pytest.mark.parametrize("name", ["console", "markdown", "summary", "html"])
def test_nothing_is_said_of_what_is_not_there(name: str) -> None:
    bare = Disclosure(maps=1, files=1, lines=1, size=ByteCount(1), third_party_files=0)
    _, said, rest = rendered(name, bare).partition("of first-party source")
    assert said
    assert not re.search("in no bundle|ships? anyway|class=.dim.> ", rest)


@pytest.mark.parametrize("name", ["markdown", "summary"])
def test_markdown_says_nothing_of_libraries_alone(name: str) -> None:
    bare = Disclosure(maps=1, files=0, lines=0, size=ByteCount(0), third_party_files=3)
    assert "give" not in rendered(name, bare)
    assert "librar" not in rendered(name, bare)


def test_json_says_all_of_it() -> None:
    (artifact,) = json.loads(rendered("json"))["artifacts"]
    assert artifact["discloses"] == {
        "maps": 2,
        "first_party_files": 20,
        "first_party_lines": 900,
        "first_party_bytes": 50_000,
        "first_party_shipped_files": 1,
        "third_party_files": 1,
        "third_party_bytes": 0,
        "removed_files": 3,
        "removed_lines": 90,
        "removed_bytes": 3_000,
        "removed": ["src/\x1b[31mbeta.ts", "src/next|`.ts", "src/c.ts"],
        "languages": [
            {"language": "TypeScript", "files": 18, "lines": 890, "bytes": 49_000},
            {"language": "CSS", "files": 2, "lines": 10, "bytes": 1_000},
        ],
    }
