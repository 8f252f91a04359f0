"""Both parsers read a map alike, count as a naive count does, and let no text go unseen."""

from __future__ import annotations

import base64
import json
from itertools import permutations, zip_longest
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auditor import fastpaths
from auditor.errors import ParseError
from auditor.maps import fast, reader
from auditor.maps.reader import HERE, Origin, SourceMap
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]

OWN = ("../src/a.ts", "webpack://kit/./src/b.ts", "c d.js", "", "\u00fcber/\u65e5.ts", "/e.vue")
LIBRARY = ("../node_modules/x/index.js", "webpack://kit/./node_modules/@s/y/z.js")


def dumped(document: object, *, ascii_only: bool = True, indent: int | None = None) -> bytes:
    return json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()


def compact(document: object) -> bytes:
    """Return a document as most tools write it, without blanks."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def standard_library(data: bytes) -> SourceMap | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "parts", lambda *_: None)
        return reader.read(data)


def told(found: SourceMap | None) -> list[tuple[str, bool, int, int, bool]]:
    assert found is not None
    return [(s.name, s.third_party, s.size, s.lines, s.digest is not None) for s in found.sources]


def naive(document: Document) -> list[tuple[str, bool, int, int, bool]]:
    """Count one valid map with nothing of ours: names, bytes and lines, source by source."""
    rows = []
    names = document.get("sources")
    texts = document.get("sourcesContent") or []
    if names is not None and ("sourcesContent" in document or "mappings" in document):
        fallback: list[int] = document.get("x_google_ignoreList") or []
        ignored: list[int] = document.get("ignoreList", fallback)
        for index, (name, text) in enumerate(zip_longest(names, texts)):
            if not text and name is None:
                continue
            shown = name or f"(unnamed source {index + 1})"
            foreign = "node_modules" in shown or index in ignored
            lines = 0
            if text:
                lines = len(text.split("\n")) - (1 if text[-1] == "\n" else 0)
            rows.append((shown, foreign, len((text or "").encode()), lines, bool(text)))
    for section in document.get("sections", []):
        rows += naive(section["map"])
    return rows


def carries_text(node: object) -> bool:
    """Tell whether some list under `sourcesContent` holds a text, wherever it lies."""
    if isinstance(node, dict):
        listed = node.get("sourcesContent")
        if isinstance(listed, list) and any(isinstance(t, str) and t for t in listed):
            return True
        return any(carries_text(value) for value in node.values())
    return isinstance(node, list) and any(carries_text(value) for value in node)


# -- random maps

CHARACTERS = st.characters(exclude_categories=["Cs"])
WORDS = st.sampled_from(
    ["\n", "\r\n", '"', "\\", "\\u0041", "\u2028", "\x1b", '"sourcesContent":', "{", "let a\n"]
)
TEXTS = st.one_of(
    st.none(),
    st.text(CHARACTERS, max_size=12),
    st.lists(st.one_of(WORDS, st.text(CHARACTERS, max_size=4)), max_size=8).map("".join),
)
NAMES = st.one_of(st.none(), st.sampled_from(OWN), st.sampled_from(LIBRARY))
INDEXES = st.lists(st.integers(0, 6), max_size=3)
MAPPINGS = st.sampled_from(
    ["AAAA;", "ACAA,GEAA;;A", "AAAA,gBAAAA", "", "AA", "AAAA,A/AAA", "\u00fc"]
)
REGULAR = st.fixed_dictionaries(
    {"version": st.just(3), "sources": st.lists(NAMES, max_size=5), "mappings": MAPPINGS},
    optional={
        "file": st.text(CHARACTERS, max_size=4),
        "names": st.lists(st.text(CHARACTERS, max_size=4), max_size=2),
        "sourceRoot": st.sampled_from(["", "/", "../lib/"]),
        "sourcesContent": st.lists(TEXTS, max_size=6),
        "ignoreList": INDEXES,
        "x_google_ignoreList": INDEXES,
        "debugId": st.just("00000000-0000-4000-8000-000000000000"),
        "x_vendor": st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=2)),
    },
)
INDEX = st.recursive(
    REGULAR,
    lambda inner: st.lists(
        st.fixed_dictionaries(
            {"offset": st.just({"line": 0, "column": 0}), "map": inner},
        ),
        max_size=3,
    ).map(lambda sections: {"version": 3, "sections": sections}),
    max_leaves=5,
)


@st.composite
def spelled(draw: st.DrawFn, documents: st.SearchStrategy[Document] = INDEX) -> tuple[Any, bytes]:
    """Return a map and one of the ways to write it: key order, escapes, white space, wrapping."""
    document = draw(documents)
    keys = draw(st.permutations(list(document)))
    document = {key: document[key] for key in keys}
    forms: list[dict[str, Any]] = [{}, {"indent": 1}, {"separators": (",", ":")}]
    ascii_only, form = draw(st.booleans()), draw(st.sampled_from(forms))
    data = json.dumps(document, ensure_ascii=ascii_only, **form).encode()
    wrapped = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b")]}'\n", b")]}'xyz\r\n", b" \n\t"]))
    return document, wrapped + data


@given(spelled())
@settings(max_examples=often(250), deadline=None)
def test_any_valid_map_is_read_as_a_naive_count_has_it(case: tuple[Document, bytes]) -> None:
    document, data = case
    rows = naive(document)
    found = reader.read(data)
    if found is None:
        assert not rows
        return
    assert told(found) == rows


@given(spelled())
@settings(max_examples=often(250), deadline=None)
def test_both_parsers_give_the_same_map(case: tuple[Document, bytes]) -> None:
    _, data = case
    assert reader.read(data) == standard_library(data)


@given(spelled(REGULAR), st.data())
@settings(max_examples=often(250), deadline=None)
def test_a_bent_map_is_read_or_refused_and_shows_its_texts(
    case: tuple[Document, bytes], data: st.DataObject
) -> None:
    """Any value replaced by one of another shape: no crash, and what carries text is a map."""
    document = json.loads(json.dumps(case[0]))
    other: st.SearchStrategy[object] = st.sampled_from(
        [None, True, 1, 1.5, "text", [], ["x"], [1], {}, {"a": ["x"]}, [[]]]
    )
    key = data.draw(st.sampled_from(sorted(document)))
    value = document[key]
    if isinstance(value, list) and value and data.draw(st.booleans()):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(other)
    else:
        document[key] = data.draw(other)
    found = reader.read(dumped(document))
    assert found == standard_library(dumped(document))
    if carries_text(document):
        assert found is not None
        assert any(source.digest for source in found.sources)


@pytest.mark.parametrize("names", [{}, {"a.ts": 1}])
def test_names_that_are_an_object_are_none(names: dict[str, int]) -> None:
    document = {"version": 3, "sources": names, "mappings": "AAAA"}
    for data in (dumped(document), dumped(document | {"x": {"sources": []}})):
        assert reader.read(data) is None
        assert standard_library(data) is None
    found = reader.read(dumped(document | {"sourcesContent": ["let a"]}))
    assert told(found) == [("(unnamed source 1)", False, 5, 1, True)]


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = reader.read(data)
    except ParseError:
        return
    assert found is None


@given(st.data())
@settings(max_examples=often(200), deadline=None)
def test_a_damaged_map_is_read_or_refused(data: st.DataObject) -> None:
    document = {"version": 3, "sources": ["a.ts"], "sourcesContent": ["let a"], "mappings": ""}
    text = bytearray(dumped(document))
    position = data.draw(st.integers(0, len(text) - 1))
    text[position] = data.draw(st.integers(0, 255))
    assume(bytes(text) != dumped(document))
    try:
        found = reader.read(bytes(text))
    except ParseError:
        return
    assert found is None or found == standard_library(bytes(text))


# -- the orders in which tools write the members (bun, rollup, tsc, webpack, parcel, and all others)

MEMBERS: Document = {
    "version": 3,
    "file": "a.js",
    "names": ["n"],
    "sources": ["src/a.ts", "node_modules/x/x.js"],
    "sourcesContent": ["let a\nlet b\n", "x"],
    "mappings": "AAAA",
}
EXPECTED = [("src/a.ts", False, 12, 2, True), ("node_modules/x/x.js", True, 1, 1, True)]


@pytest.mark.parametrize(
    "keys",
    [
        "version sources sourcesContent mappings names",
        "version file sources sourcesContent names mappings",
        "names sources sourcesContent mappings version",
        "version file names sources mappings sourcesContent",
        "version file mappings sources sourcesContent names",
        "mappings sources sourcesContent names version file",
    ],
)
def test_the_order_of_members_does_not_matter_to_the_quick_parser(keys: str) -> None:
    data = dumped({key: MEMBERS[key] for key in keys.split()})
    assert fast.parts(data, HERE) is not None, "the quick parser should not need help"
    assert told(reader.read(data)) == EXPECTED


def test_a_name_that_is_spelled_like_a_key_needs_no_other_parser() -> None:
    document = MEMBERS | {"names": ["sources", "mappings", "sections"], "file": "sources"}
    for indent in (None, 1):
        data = dumped(document, indent=indent)
        assert fast.parts(data, HERE) is not None
        assert told(reader.read(data)) == EXPECTED


NOTHING_ELSE: Document = {
    "version": 3,
    "file": "a.js",
    "sourceRoot": "..",
    "sources": ["src/a.ts", None, "node_modules/x/x.js"],
    "sourcesContent": ['let a\n"sources":', None, "x"],
    "names": ["sources", "\u00e9"],
    "mappings": "AAAA",
}


def test_a_plain_map_is_known_by_its_length_and_not_gone_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = standard_library(compact(NOTHING_ELSE))
    monkeypatch.setattr(fast, "_shows_another_key", None)

    for without in (set(), {"file", "sourceRoot"}, {"sourcesContent"}, {"names", "version"}):
        data = compact({key: value for key, value in NOTHING_ELSE.items() if key not in without})
        assert fast.parts(data, HERE) is not None
    assert reader.read(compact(NOTHING_ELSE)) == expected


HIDDEN = {
    "a key that stands twice": b'{"sources":["a"],"sources":["b"],"sourcesContent":["x"],'
    b'"mappings":""}',
    "an escaped key, where another one is shorter": b'{"s\\u006furces":["a"],"sources":["b"],'
    b'"sourcesContent":["x"],"mappings":""}',
    "in the names": b'{"sources":["a"],"sourcesContent":["x"],"mappings":"",'
    b'"names":[{"sourcesContent":["y"]}]}',
    "in the version": b'{"version":{"sourcesContent":["y"]},"sources":["a"],'
    b'"sourcesContent":["x"],"mappings":""}',
    "in the file": b'{"file":{"sourcesContent":["y"]},"sources":["a"],"sourcesContent":["x"],'
    b'"mappings":""}',
    "in the mappings": b'{"sources":["a"],"sourcesContent":["x"],'
    b'"mappings":{"sourcesContent":["y"]}}',
    "among the texts": b'{"sources":["a"],"sourcesContent":["x",{"sourcesContent":["y"]}],'
    b'"mappings":""}',
    "as a key of its own": b'{"x":{"sourcesContent":["y"]},"sources":["a"],'
    b'"sourcesContent":["x"],"mappings":""}',
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_map_in_which_something_is_hidden_is_not_plain(case: str) -> None:
    assert fast.parts(HIDDEN[case], HERE) is None
    assert reader.read(HIDDEN[case]) == standard_library(HIDDEN[case])


@settings(max_examples=often(150), deadline=None)
@given(spelled(REGULAR))
def test_plain_maps_are_read_as_those_that_are_gone_through(case: tuple[Document, bytes]) -> None:
    """What is gone through may be left to the other parser, as mappings that look like a key."""

    def rows(data: bytes) -> list[object] | None:
        found = fast.parts(data, HERE)
        return None if found is None else list(found)

    for data in (case[1], compact(case[0])):
        with fastpaths.taken(fastpaths.OFF):
            thorough, whole = rows(data), reader.read(data)
        assert thorough is None or rows(data) == thorough
        assert reader.read(data) == whole


@pytest.mark.parametrize("between", ["", " ", "\n\t\r "])
def test_beside_such_a_name_a_key_that_stands_there_twice_is_seen(between: str) -> None:
    sound = dumped(MEMBERS | {"names": ["sources"]})
    data = sound[:-1] + f',"sources"{between}:["src/b.ts"]}}'.encode()

    assert fast.parts(data, HERE) is None
    assert reader.read(data) == standard_library(data)


TWICE: dict[str, tuple[object, object]] = {
    "sources": (["src/b.ts"], None),
    "mappings": ("*", ["A"]),
    "sourceRoot": ("/x", None),
    "ignoreList": ([0], []),
    "x_google_ignoreList": ([0], None),
}


@pytest.mark.parametrize("texts", [True, False])
@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("key", TWICE)
def test_of_a_key_that_stands_there_twice_both_parsers_take_the_last(
    key: str,
    turned: bool,  # noqa: FBT001 - each is tried
    texts: bool,  # noqa: FBT001
) -> None:
    sound = {k: v for k, v in MEMBERS.items() if k != key and (texts or k != "sourcesContent")}
    values = TWICE[key][::-1] if turned else TWICE[key]
    twice = b",".join(f'"{key}":{json.dumps(value)}'.encode() for value in values)
    data = dumped(sound)[:-1] + b"," + twice + b"}"
    assert reader.read(data) == standard_library(data)


@pytest.mark.parametrize(
    "mappings", ['["\\n"]', '{"\\n": 1}', "1", "null", r'"\ud800"', r'"A\/A"', '"', r'"\x"', '""']
)
def test_mappings_of_any_shape_are_read_alike_by_both_parsers(mappings: str) -> None:
    sound = dumped({key: value for key, value in MEMBERS.items() if key != "mappings"})
    data = sound[:-1] + f',"mappings":{mappings}}}'.encode()

    def read(parse: Callable[[bytes], SourceMap | None]) -> SourceMap | str | None:
        try:
            return parse(data)
        except ParseError:
            return "refused"

    assert read(reader.read) == read(standard_library)


def test_no_order_of_members_matters() -> None:
    for keys in permutations(["version", "sources", "sourcesContent", "mappings", "names"]):
        assert told(reader.read(dumped({key: MEMBERS[key] for key in keys}))) == EXPECTED


def test_long_mappings_before_the_sources_hide_nothing() -> None:
    data = dumped({"mappings": "A;" * 1_000_000, "sources": ["a.ts"], "sourcesContent": ["let a"]})
    assert told(reader.read(data)) == [("a.ts", False, 5, 1, True)]


# -- what stands before the JSON

PLAIN = dumped(
    {"version": 3, "sources": ["a.ts"], "sourcesContent": ["l\u00e9t a"], "mappings": ""}
)
READ = [("a.ts", False, 6, 1, True)]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + PLAIN,
        b")]}'\n" + PLAIN,
        b")]}'garbage here\n" + PLAIN,
        b"\xef\xbb\xbf)]}'\n" + PLAIN,
        b" \r\n\t" * 2000 + PLAIN,
        PLAIN.decode().encode("utf-16"),
        b"\xfe\xff" + PLAIN.decode().encode("utf-16-be"),
    ],
    ids=["bom", "xssi", "xssi-garbage", "bom-xssi", "blanks", "utf-16-le", "utf-16-be"],
)
def test_what_stands_before_the_json_is_taken_off(data: bytes) -> None:
    assert reader.looks_like_json(data)
    assert told(reader.read(data)) == READ


@pytest.mark.parametrize("data", [b"", b"var a", b"(function(){", b"\x00{", b"// {}", b"<svg>"])
def test_code_does_not_look_like_json(data: bytes) -> None:
    assert not reader.looks_like_json(data)


# -- spellings that a parser may read in two ways: each text shows

TWO_WAYS = {
    "sourcesContent twice, told first": '"sourcesContent":["let a"],"sourcesContent":[null]',
    "sourcesContent twice, told last": '"sourcesContent":[null],"sourcesContent":["let a"]',
    "escaped key": r'"sources\u0043ontent":["let a"]',
    "escaped key after a decoy": r'"sourcesContent":[null],"sources\u0043ontent":["let a"]',
    "escaped key before a decoy": r'"\u0073ourcesContent":["let a"],"sourcesContent":[null]',
    "blanks around the colon": '"sourcesContent" \n:\t[ "let a" ]',
    "a number among the texts": '"sourcesContent":[1,"let a"]',
    "NaN beside it": '"x":NaN,"sourcesContent":["let a"]',
    "Infinity beside it": '"x":-Infinity,"sourcesContent":["let a"]',
    "a number of many digits": f'"x":{"9" * 6000},"sourcesContent":["let a"]',
    "a lone surrogate beside it": r'"file":"\ud800","sourcesContent":["let a"]',
    "mappings of a wrong type": '"mappings":7,"sourcesContent":["let a"]',
    "names of a wrong type": '"names":{},"sourcesContent":["let a"]',
    "an ignore list of a wrong type": '"ignoreList":"0","sourcesContent":["let a"]',
    "no version": '"sourcesContent":["let a"]',
    "deep in another member": '"x":{"y":[{"sourcesContent":["let a"]}]}',
    "in another member, beside a decoy": '"sourcesContent":[null],"x":{"sourcesContent":["let a"]}',
    "a map written as a text": r'"x":"{\"sources\":[\"b.ts\"],\"sourcesContent\":[\"let a\"]}"',
    "sections twice": '"sections":[{"map":{"sources":["b.ts"],"sourcesContent":["let a"]}}],'
    '"sections":[]',
    "a section's map twice": '"sections":[{"map":{"sources":["b.ts"],"sourcesContent":["let a"]},'
    '"map":{"sources":[],"mappings":""}}]',
}


@pytest.mark.parametrize("members", TWO_WAYS.values(), ids=TWO_WAYS)
def test_a_text_shows_however_it_is_spelled(members: str) -> None:
    found = reader.read(f'{{"sources":["a.ts"],{members}}}'.encode())
    assert found is not None
    texts = [s for s in found.sources if s.digest == reader.text_digest(b"let a")]
    assert len(texts) == 1
    assert (texts[0].size, texts[0].lines) == (5, 1)


def test_repeated_texts_all_show() -> None:
    found = reader.read(b'{"sources":["a"],"sourcesContent":["x"],"sourcesContent":["yy"]}')
    assert told(found) == [("a", False, 1, 1, True), ("a", False, 2, 1, True)]


def test_texts_without_sources_show() -> None:
    found = reader.read(b'{"version":3,"sourcesContent":["let a"],"mappings":""}')
    assert told(found) == [("(unnamed source 1)", False, 5, 1, True)]


def test_a_lone_surrogate_in_a_text_is_counted_as_three_bytes() -> None:
    found = reader.read(rb'{"sources":["a"],"sourcesContent":["a\ud800\n"],"mappings":""}')
    assert told(found) == [("a", False, 5, 1, True)]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"sources":["a"],"sourcesContent":["let a"',
        b'{"sources":["a"],"sourcesContent":["let a"]} // and more',
        b"{'sources': []}",
        b")]}'" + PLAIN,
        b"\xff\xfe{",
    ],
    ids=["open", "cut short", "trailing text", "single quotes", "one line with its guard", "odd"],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="not readable as JSON"):
        reader.read(data)


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_deep_nesting_is_read(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    data = f'{{"x":{deep},"sources":["a"],"sourcesContent":["let a"],"mappings":""}}'.encode()

    assert told(reader.read(data)) == [("a", False, 5, 1, True)]


@pytest.mark.parametrize("depth", [1, 31, 32, 33, 100])
def test_sections_in_sections_are_followed_to_any_depth(depth: int) -> None:
    document: Document = {"sources": ["a"], "sourcesContent": ["let a"], "mappings": ""}
    for _ in range(depth):
        document = {"version": 3, "sections": [{"offset": {}, "map": document}]}
    assert told(reader.read(dumped(document))) == [("a", False, 5, 1, True)]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"tiles": []},
        {"mappings": {"properties": {}}, "sources": []},
        {"sources": ["a"]},
        {"sections": [{"title": "x"}], "sourcesContent": []},
        {"sections": [{"url": "a.js.map", "offset": {}}]},
        {"sourcesContent": [None, ""]},
    ],
)
def test_json_that_is_no_map(document: Document) -> None:
    assert reader.read(dumped(document)) is None
    assert standard_library(dumped(document)) is None


@pytest.mark.parametrize("data", [b"[]", b"3", b'"x"', b"null", b"[[1]]"])
def test_json_that_is_no_object(data: bytes) -> None:
    assert reader.read(data) is None


def test_a_build_cache_is_the_sum_of_the_maps_in_it() -> None:
    inner = {"version": 3, "sources": ["a.ts"], "sourcesContent": ["let a"], "mappings": ""}
    cache = [{"code": "let a", "map": inner}, {"code": "b", "map": json.dumps(inner)}]
    assert told(reader.read(dumped(cache))) == [("a.ts", False, 5, 1, True)] * 2


# -- counting


@pytest.mark.parametrize(
    ("text", "lines"),
    [("a", 1), ("a\n", 1), ("a\nb", 2), ("a\r\nb\r\n", 2), ("\n", 1), ("\n\n", 2), ("a\rb", 1)],
)
def test_lines_are_line_feeds_and_what_follows_the_last(text: str, lines: int) -> None:
    data = dumped({"sources": ["a"], "sourcesContent": [text], "mappings": ""})
    assert told(reader.read(data)) == [("a", False, len(text), lines, True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"let a\nlet b\n", b"let a\r\nlet b"),
        (b"let a", b"\n  let a\n\n"),
        (b"let a", b"\xef\xbb\xbflet a"),
        (b"let a\n", b"let a\n//# sourceMappingURL=a.js.map\n"),
        (b"let a\n", b"let a\n//# sourceMappingURL=data:application/json;base64,e30=\n"),
        (b"a{}", b"a{}\n\n/*# sourceMappingURL=a.css.map */"),
        (
            b"let a",
            b"let a\n//# debugId=00000000-0000-4000-8000-0\n//# sourceMappingURL=a.js.map",
        ),
    ],
)
def test_what_builds_change_at_the_edges_does_not_change_a_digest(one: bytes, other: bytes) -> None:
    assert reader.text_digest(one) == reader.text_digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"let a", b"let b"),
        (b"let  a", b"let a"),
        (b"let a // the rest", b"let a"),
        (b"let a\n// sourceMappingURL is set by the bundler", b"let a"),
        (b"let a //# sourceMappingURL=a.js.map", b"let a"),
    ],
)
def test_texts_that_differ_have_different_digests(one: bytes, other: bytes) -> None:
    assert reader.text_digest(one) != reader.text_digest(other)


# -- whose text it is


@pytest.mark.parametrize(
    ("members", "third_party"),
    [
        ({"ignoreList": [0]}, True),
        ({"ignoreList": [1]}, False),
        ({"x_google_ignoreList": [0]}, True),
        ({"ignoreList": [], "x_google_ignoreList": [0]}, False),
        ({"ignoreList": None, "x_google_ignoreList": [0]}, True),
        ({"ignoreList": ["0", 0]}, True),
        ({"sourceRoot": "../node_modules/x/"}, True),
        ({"sourceRoot": "../src"}, False),
    ],
)
def test_ignore_lists_and_roots_decide_whose_text_it_is(
    members: Document,
    third_party: bool,  # noqa: FBT001
) -> None:
    document = {"sources": ["a.ts"], "sourcesContent": ["let a"], "mappings": "", **members}
    assert told(reader.read(dumped(document))) == [("a.ts", third_party, 5, 1, True)]
    assert told(standard_library(dumped(document))) == [("a.ts", third_party, 5, 1, True)]


def test_all_of_a_dependency_that_ships_along_is_a_third_party_s() -> None:
    found = reader.read(dumped(MEMBERS), Origin(foreign=True))
    assert [third for _, third, *_ in told(found)] == [True, True]


def test_roots_are_told_once_each() -> None:
    inner = {"sourceRoot": "../lib", "sources": ["a"], "mappings": ""}
    document = {"sections": [{"map": inner}, {"map": inner}, {"map": {**inner, "sourceRoot": "b"}}]}
    found = reader.read(dumped(document))
    assert found is not None
    assert found.roots == ("../lib", "b")


# -- maps inside the texts of a map


def inline(document: Document) -> str:
    payload = base64.b64encode(dumped(document)).decode()
    return f"//# sourceMappingURL=data:application/json;base64,{payload}"


ORIGINAL = {"sources": ["a.ts"], "sourcesContent": ["let a: number"], "mappings": ""}
COMPILED = f"let a\n{inline(ORIGINAL)}\n"


def test_a_first_party_text_gives_back_what_its_inline_map_holds() -> None:
    outer = {"sources": ["out/a.js"], "sourcesContent": [COMPILED], "mappings": ""}
    compiled = ("out/a.js", False, len(COMPILED), 2, True)
    assert told(reader.read(dumped(outer))) == [compiled, ("a.ts", False, 13, 1, True)]


def test_a_library_s_text_stays_a_library_s() -> None:
    outer = {"sources": [LIBRARY[0]], "sourcesContent": [COMPILED], "mappings": ""}
    assert told(reader.read(dumped(outer))) == [(LIBRARY[0], True, len(COMPILED), 2, True)]


def test_maps_inside_maps_end_somewhere() -> None:
    document = ORIGINAL
    for _ in range(8):
        document = {"sources": ["b"], "sourcesContent": [f"b\n{inline(document)}"], "mappings": ""}
    found = reader.read(dumped(document))
    assert len(told(found)) == 1 + reader.MAX_TEXT_DEPTH
