"""Each form in which source text ships besides a map file, and what only looks like it."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import sys
import zipfile
from typing import TYPE_CHECKING

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import facts
from auditor.binaries import tables
from auditor.binaries.tables import Kind
from auditor.examine import Examination
from auditor.facts import source_map
from auditor.facts.source_map import Carrier, MapSeen
from auditor.facts.source_reference import SourceReferenceFact
from auditor.limits import Budget, Limits
from auditor.maps import evaluated, jstext, links, markup, written
from auditor.model import ArtifactKind, Member, Unread
from tests import payloads
from tests.conftest import tarball

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAN = '// the plan\nexport const n: number = "1";\n'
STYLE = '$brand: "red";\na { color: $brand; }\n'


def document(text: str = PLAN, name: str = "../src/a.ts") -> str:
    return json.dumps(
        {"version": 3, "sources": [name], "names": [], "mappings": "AAAA", "sourcesContent": [text]}
    )


def examined(members: Mapping[str, str | bytes]) -> Examination:
    collectors, readers = facts.load()
    assert collectors
    examination = Examination("here", readers, Budget(Limits()))
    examination.run(
        (
            Member(path=path, name=path, size=len(data)),
            iter((data,)),
        )
        for path, content in members.items()
        for data in (content.encode() if isinstance(content, str) else content,)
    )
    return examination


def maps(members: Mapping[str, str | bytes]) -> list[MapSeen]:
    examination = examined(members)
    assert examination.gaps == []
    return list(examination.contents(ArtifactKind.NPM_TARBALL, None).of(MapSeen))


def gaps(members: Mapping[str, str | bytes]) -> list[tuple[str, str]]:
    return [(gap.location.path, gap.reason) for gap in examined(members).gaps]


def told(members: Mapping[str, str | bytes]) -> list[tuple[str, str, list[str]]]:
    """Return place, carrier and named texts (first-party) of each map."""
    return [
        (
            seen.path + (f":{seen.line}" if seen.line else ""),
            seen.carrier.value,
            [s.name for s in seen.map.sources if s.digest and not s.third_party],
        )
        for seen in maps(members)
    ]


# -- string literals

SAID = {
    r"a\nb\tc": "a\nb\tc",
    r"\"\'\\\`\/": "\"'\\`/",
    r"\x41\u0042\u{43}\u{1F600}": "ABC\N{GRINNING FACE}",
    r"\ud83d\ude00": "\N{GRINNING FACE}",
    "a\\\nb": "ab",
    r"\q\0": "q\0",
    "käse": "käse",
}


@pytest.mark.parametrize(("body", "said"), SAID.items())
def test_escapes_are_undone_as_javascript_does(body: str, said: str) -> None:
    assert jstext.unescaped(body.encode()).decode() == said


@given(st.text())
def test_what_json_escapes_is_said_again(text: str) -> None:
    body = json.dumps(text)[1:-1].encode()
    assert jstext.unescaped(body) == text.encode("utf-8", "surrogatepass")


@given(st.binary())
def test_any_bytes_are_unescaped(body: bytes) -> None:
    jstext.unescaped(body)


# -- maps as objects in other text

OBJECT = document(STYLE, "webpack://app/./src/a.css")
BARE = (
    '{version:3,sources:["webpack://app/./src/a.css"],names:[],mappings:"AAAA",'
    'sourcesContent:[\'$brand: "red";\\na { color: $brand; }\\n\'],sourceRoot:""}'
)
AFTER = "{sources:['a.css',null],sourcesContent:[`a {\n}`,void 0],names:['b'],mappings:'AAAA'}"
OBJECTS = {
    "the object that css-loader pushes": f"push([module.id, 'a{{}}', '', {OBJECT}]);\n",
    "minified, its keys bare": f'e.push([t.id,"a",{BARE}])',
    "mappings behind the texts": f"let map = {AFTER};",
    "the text of JSON.parse": f"x = JSON.parse({json.dumps(OBJECT)})",
    "in single quotes": "x = JSON.parse('"
    + OBJECT.replace("\\", "\\\\").replace("'", "\\'")
    + "')",
    "in a module that is evaluated": f"eval({json.dumps(f'push([{OBJECT}])')})",
    "in a string in a string": f"eval({json.dumps(f'eval({json.dumps(OBJECT)})')})",
    "bare, in a module that is evaluated": f"eval({json.dumps(BARE)})",
    "behind another object": f"a = {{sourcesContent: null}}; b = {OBJECT}",
}


@pytest.mark.parametrize("text", OBJECTS.values(), ids=OBJECTS)
def test_a_map_written_as_an_object_is_one(text: str) -> None:
    (seen,) = maps({"dist/a.js": f"'use strict';\n{text}"})
    (source,) = (source for source in seen.map.sources if source.digest)
    assert (seen.carrier, seen.line) == (Carrier.OBJECT, 2)
    assert source.name.endswith("a.css")


@pytest.mark.parametrize("key", ["the object that css-loader pushes", "minified, its keys bare"])
def test_the_text_of_an_object_is_the_source_to_the_byte(key: str) -> None:
    (seen,) = maps({"dist/a.js": OBJECTS[key]})
    (source,) = seen.map.sources
    assert (source.size, source.lines) == (len(STYLE), 2)


def test_several_objects_of_one_file_are_told_apart() -> None:
    text = f"a({OBJECT});\nb({BARE});\neval({json.dumps(OBJECT + OBJECT)});\n"
    assert [place for place, _, _ in told({"a.js": text})] == [
        "a.js:1",
        "a.js:2",
        "a.js:3",
        "a.js:3",
    ]


NO_OBJECTS = {
    "a generator of maps": "map.sourcesContent = sources.map(read); map.mappings = '';",
    "null texts": '{"version":3,"sources":["a"],"sourcesContent":[null],"mappings":"AAAA"}',
    "no names": "{sourcesContent: ['a'], mappings: 'AAAA'}",
    "no mappings": "expect(map).toEqual({sources: ['a.js'], sourcesContent: ['a']})",
    "an open list": "{sources:['a'],mappings:'AAAA',sourcesContent:['a',",
    "a type": "interface Map { sources: string[]; sourcesContent?: string[]; mappings: string }",
    "the end": "sourcesContent",
    "quotes without an end": '"\\"sourcesContent\\":[\\"a',
}


@pytest.mark.parametrize("text", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_code_about_maps_has_none(text: str) -> None:
    carried = [
        one for one in maps({"lib/a.js": f"f({text}"}) if any(s.digest for s in one.map.sources)
    ]
    assert carried == []


def test_a_document_that_shows_a_map_has_none() -> None:
    assert maps({"README.md": f"A map looks so:\n\n    {OBJECT}\n"}) == []


def test_objects_in_one_another_are_given_up_and_said() -> None:
    text = b'{"version":3,"sourcesContent":[' * 20_000
    (gap,) = written.maps_in("a.js", text, written.keys_of(text))
    assert gap == Unread(path="a.js", reason="source maps inside one another: not all read")


@given(
    st.lists(
        st.sampled_from(
            [
                b'{"version":',
                b"sourcesContent",
                b'"',
                b"\\",
                b"[",
                b"]",
                b"}",
                b"'",
                b"a",
                b"mappings:'A'",
                b":",
            ]
        )
    )
)
def test_any_text_is_searched_for_objects(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    list(written.maps_in("a", text, written.keys_of(text)))
    list(evaluated.modules(text))


@pytest.mark.parametrize(
    "piece",
    [
        b"sourcesContent",
        b'sourcesContent:["',
        b'"sourcesContent:[",""',
        b'sources:["a",mappings:"A",sourcesContent:["b",',
        b'{\\"version\\":\\"sourcesContent\\":',
        b'{version:sourcesContent\\"',
        b'\'{"version":"sourcesContent":',
        b'eval("# sourceURL=',
        b"eval(' # sourceURL= eval(\" ",
        b"<script",
    ],
)
def test_hostile_texts_take_no_longer_than_they_are(piece: bytes) -> None:
    text = piece * (1_000_000 // len(piece))
    told_of = [*written.maps_in("a", text, written.keys_of(text)), *evaluated.modules(text)]
    assert [one for one in told_of if not isinstance(one, Unread)] == []
    assert list(markup.blocks(text)) == []


# -- modules of development bundles


def module(text: str, url: str, head: str = "{", tail: str = "\n}") -> str:
    return f"eval({json.dumps(f'{head}{text}' + chr(10) * 3 + f'//# sourceURL={url}' + tail)});\n"


def test_evaluated_modules_are_sources() -> None:
    text = (
        module("// plan\nrun()", "webpack://app/./src/a.js?")
        + module("lib()", "webpack://app/./node_modules/lib/index.js?")
        + module("old()", "webpack:///./src/old.js?", "", "")
        + module("// trusted\n", "webpack://app/./src/t.js?").replace(
            "eval(", "eval(__webpack_require__.ts("
        )
        + module("rspack()", "rspack://app/./src/r.js")
    )
    (seen,) = maps({"dist/main.js": f"// bundle\n{text}"})
    assert (seen.path, seen.line, seen.carrier) == ("dist/main.js", 2, Carrier.EVALUATED)
    assert [(s.name, s.size, s.third_party) for s in seen.map.sources] == [
        ("webpack://app/./src/a.js", len("// plan\nrun()"), False),
        ("webpack://app/./node_modules/lib/index.js", 5, True),
        ("webpack:///./src/old.js", 5, False),
        ("webpack://app/./src/t.js", 10, False),
        ("rspack://app/./src/r.js", 8, False),
    ]


def inlined(text: str) -> str:
    return "data:application/json;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()


def test_a_module_whose_map_has_its_text_counts_once() -> None:
    link = f"\n//# sourceURL=[module]\n//# sourceMappingURL={inlined(document())}"
    text = module(f"run(){link}", "webpack-internal:///./src/a.ts")
    assert told({"a.js": text}) == [("a.js:1", "inline", ["../src/a.ts"])]


def test_a_module_whose_map_has_no_text_is_a_source_itself() -> None:
    bare = json.dumps({"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA"})
    link = f"\n//# sourceURL=[module]\n//# sourceMappingURL={inlined(bare)}"
    text = module(f"run(){link}", "webpack-internal:///./src/a.ts")
    assert told({"a.js": text}) == [
        ("a.js:1", "evaluated", ["webpack-internal:///./src/a.ts"]),
        ("a.js:1", "inline", []),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'eval("run()")',
        'eval("run()\\n//# sourceURL=console.js")',
        'const footer = "\\n//# sourceURL=webpack://" + name + "\\n";\neval(code + footer)',
        '// eval("\nrun()\n//# sourceURL=webpack://app/./src/a.js',
        'eval("//# sourceURL=webpack://app/./src/a.js")',
        "devaleval(x)\n//# sourceURL=webpack-internal:///a",
    ],
)
def test_other_evaluations_are_no_sources(text: str) -> None:
    assert maps({"a.js": text}) == []


# -- inline maps: forms, files


@pytest.mark.parametrize(
    "url",
    [
        inlined(document()),
        inlined(document()).replace("charset=utf-8;", ""),
        inlined(document()).replace("charset=utf-8", "charset=UTF-8"),
        "data:text/plain;base64," + base64.b64encode(document().encode()).decode(),
        "data:application/json," + "".join(f"%{byte:02X}" for byte in document().encode()),
        "data:application/json;charset=utf-8," + "".join(f"%{b:02x}" for b in document().encode()),
        "data:application/json," + document(),
        "DATA:application/json;BASE64," + base64.b64encode(document().encode()).decode(),
    ],
)
@pytest.mark.parametrize("opener", ["//# ", "//@ ", "/*# ", "/*@ ", "<!-- //# "])
def test_an_inline_map_in_each_form(url: str, opener: str) -> None:
    end = {"/*": " */", "<!": " -->"}.get(opener[:2], "")
    text = f"run()\n{opener}sourceMappingURL={url}{end}\n"
    assert told({"a.txt.js": text}) == [("a.txt.js:2", "inline", ["../src/a.ts"])]


@pytest.mark.parametrize(
    "end", "js mjs cjs jsx ts mts cts tsx css scss html svg vue d.ts py".split()
)
def test_several_inline_maps_in_each_kind_of_text(end: str) -> None:
    text = "".join(
        f"{i}\n/*# sourceMappingURL={inlined(document(name=f'{i}.ts'))} */\n" for i in "ab"
    )
    assert told({f"x.{end}": text}) == [
        (f"x.{end}:2", "inline", ["a.ts"]),
        (f"x.{end}:4", "inline", ["b.ts"]),
    ]


# -- links in pages and images

PAGE = """<html><script>run()
//# sourceMappingURL=run.js.map
</script><STYLE media="x">a{}
/*# sourceMappingURL=https://maps.example.com/a.css.map */
</STYLE>
<p>//# sourceMappingURL=words.map</p>
<script>"//# sourceMappingURL=string.map"</script>
<script>never closed //# sourceMappingURL=open.map
"""


def references(members: Mapping[str, str | bytes]) -> list[SourceReferenceFact]:
    collectors, _ = facts.load()
    contents = examined(members).contents(ArtifactKind.NPM_TARBALL, None)
    found = collectors["source-reference"].collect(contents)
    return [fact for fact in found if isinstance(fact, SourceReferenceFact)]


def test_a_page_links_maps_by_its_scripts_and_styles() -> None:
    assert [(f.line, f.url, f.dangling, f.remote) for f in references({"x/index.html": PAGE})] == [
        (2, "run.js.map", True, False),
        (4, "https://maps.example.com/a.css.map", False, True),
    ]
    first, _ = references({"x/i.html": PAGE, "x/run.js.map": "{}"})
    assert not first.dangling


def test_an_image_s_script_may_be_character_data() -> None:
    text = "<svg><script><![CDATA[run()\n//# sourceMappingURL=a.map\n]]></script></svg>"
    assert [(f.line, f.url) for f in references({"a.svg": text})] == [(2, "a.map")]
    assert [kind for kind, _, _ in markup.blocks(text.encode())] == ["script"]


def test_a_declaration_map_without_text_gives_nothing_back() -> None:
    members = {
        "a.d.ts": "export {};\n//# sourceMappingURL=a.d.ts.map",
        "a.d.ts.map": json.dumps({"version": 3, "sources": ["../src/a.ts"], "mappings": "AAAA"}),
    }
    assert told(members) == [("a.d.ts.map", "file", [])]
    assert [f.dangling for f in references(members)] == [False]


# -- WebAssembly


def test_a_wasm_module_names_its_map_wherever_that_is() -> None:
    linked = payloads.wasm({"sourceMappingURL": payloads.text("a.wasm.map")})
    away = payloads.wasm(
        {"external_debug_info": payloads.text("http://localhost:8000/a.debug.wasm")}
    )
    found = references({"a.wasm": linked, "b.bin": away})
    assert [(f.path, f.line, f.form, f.url, f.dangling, f.internal) for f in found] == [
        ("a.wasm", None, "sourceMappingURL", "a.wasm.map", True, False),
        ("b.bin", None, "external_debug_info", "http://localhost:8000/a.debug.wasm", False, True),
    ]


def test_a_wasm_module_may_have_its_map_inline() -> None:
    data = payloads.wasm({"sourceMappingURL": payloads.text(inlined(document()))})
    assert told({"a.wasm": data}) == [("a.wasm", "binary", ["../src/a.ts"])]
    assert references({"a.wasm": data}) == []


def test_debug_information_and_names_of_a_wasm_module_are_told() -> None:
    given = {".debug_info": b"i" * 30, ".debug_str": b"/home/ann/kit/a.c\0", "name": b"\0\2\1a"}
    binary = tables.inspect(payloads.wasm(given))
    assert binary is not None
    assert (binary.format, binary.problems) == ("WebAssembly", ())
    assert [(p.text, p.end - p.start) for p in binary.of(Kind.DEBUG)] == [
        (".debug_info", 30),
        (".debug_str", 18),
    ]
    assert len(binary.of(Kind.SYMBOLS)) == 1
    assert binary.of(Kind.SEPARATE) == ()
    alone = tables.inspect(payloads.wasm(given, code=False))
    assert alone is not None
    assert len(alone.of(Kind.SEPARATE)) == 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (payloads.wasm({"name": b"x"})[:-1], "a section lies outside of the file"),
        (b"\0asm\1\0\0\0\0", "a number lies outside of the file"),
        (b"\0asm\1\0\0\0\0\xff\xff\xff\xff\xff\xff", "a number has more than 32 bits"),
        (b"\0asm\1\0\0\0\0\1\x20", "a text lies outside of its section"),
    ],
)
def test_a_broken_wasm_module_says_so(data: bytes, problem: str) -> None:
    binary = tables.inspect(data)
    assert binary is not None
    assert binary.problems == (problem,)


@given(st.binary())
def test_any_wasm_module_is_gone_through(body: bytes) -> None:
    assert tables.inspect(b"\0asm\1\0\0\0" + body) is not None


# -- archives and compressed files inside the package


def zipped(name: str, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, text)
    return out.getvalue()


PACKED = {
    "a.js.map.gz": (gzip.compress(document().encode()), "a.js.map.gz!a.js.map"),
    "a.js.map.bz2": (bz2.compress(document().encode()), "a.js.map.bz2!a.js.map"),
    "a.js.map.xz": (lzma.compress(document().encode()), "a.js.map.xz!a.js.map"),
    "a.js.map.zst": (zstd.compress(document().encode()), "a.js.map.zst!a.js.map"),
    "a.js.map.br": (brotli.compress(document().encode()), "a.js.map.br!a.js.map"),
    "a.bin": (zstd.compress(document().encode()), "a.bin!a"),
    "a.zip": (zipped("x/a.js.map", document()), "a.zip!x/a.js.map"),
    "a.tgz": (tarball({"a.js.map": document()}), "a.tgz!package/a.js.map"),
    "a.tar.br": (
        brotli.compress(gzip.decompress(tarball({"a": document()}))),
        "a.tar.br!package/a",
    ),
    "app.asar": (
        payloads.asar(
            {"dist": {"files": {"a.map": {"size": len(document()), "offset": "3"}}}},
            b"xyz" + document().encode(),
        ),
        "app.asar!dist/a.map",
    ),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_map_in_each_archive_is_found(name: str) -> None:
    data, path = PACKED[name]
    assert told({f"dist/{name}": data}) == [(f"dist/{path}", "file", ["../src/a.ts"])]


def test_without_its_library_brotli_is_a_gap_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    ((path, reason),) = gaps({"a.js.map.br": brotli.compress(document().encode())})
    assert path == "a.js.map.br"
    assert "pip install 'release-audit[brotli]'" in reason


@pytest.mark.parametrize(
    "data",
    [brotli.compress(b"a" * 99_999)[:-3], b"\xff\0\0\0 no brotli", zstd.compress(b"a" * 999)[:-3]],
)
def test_a_damaged_file_is_a_gap(data: bytes) -> None:
    ((path, _),) = gaps({"a.js.map.br": data})
    assert path == "a.js.map.br"


@pytest.mark.parametrize("data", ["", "messages in Breton", "käse", "ä" * 300, "aä" * 300])
def test_a_text_that_is_called_like_brotli_is_none(data: str) -> None:
    assert gaps({"messages.br": data}) == []


@pytest.mark.parametrize("make", [lambda data: brotli.compress(data, quality=1), zstd.compress])
def test_a_bomb_meets_the_limits(make: object) -> None:
    assert callable(make)
    ((_, reason),) = gaps({"a.br": make(bytes(300 * 1024 * 1024))})
    assert "limit ratio" in reason


def test_maps_of_bundled_dependencies_are_theirs() -> None:
    members: dict[str, str | bytes] = {
        "node_modules/kit/a.js.map": document(),
        "node_modules/kit/b.js": f"x\n//# sourceMappingURL={inlined(document())}",
        "node_modules/kit/c.js": module("run()", "webpack://kit/./src/c.js"),
        "vendor.zip": zipped("node_modules/kit/d.js.map", document()),
    }
    assert [names for _, _, names in told(members)] == [[]] * 4


# -- asar

ASAR = payloads.asar(
    {
        "a.js": {"size": 3, "offset": "0", "executable": True},
        "link": {"link": "a.js"},
        "big.node": {"size": 999, "unpacked": True},
        "d": {"files": {"b.js": {"size": 2, "offset": "3"}}},
    },
    b"abcde",
)


def test_an_asar_is_listed_as_its_header_says() -> None:
    contents = examined({"x.asar": ASAR}).contents(ArtifactKind.ARCHIVE, None)
    assert [(m.path, m.size, m.type.value, m.mode) for m in contents.members[1:]] == [
        ("x.asar!a.js", 3, "file", 0o755),
        ("x.asar!link", 0, "symlink", 0o644),
        ("x.asar!big.node", 999, "file", 0o644),
        ("x.asar!d", 0, "directory", 0o644),
        ("x.asar!d/b.js", 2, "file", 0o644),
    ]
    assert contents.oddities == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ASAR[:40], "the header of the asar is cut short"),
        (payloads.asar({"a": 3}, b""), "has no object at 'a'"),
        (payloads.asar({"a": {"size": -1}}, b""), "has no size"),
        (payloads.asar({"a": {"size": 3, "offset": "0"}}, b"ab"), "lies outside of the asar"),
        (payloads.asar({"a": {"size": 3, "offset": "-1"}}, b"abc"), "lies outside of the asar"),
        (payloads.asar({"a": {"size": 3}}, b"abc"), "lies outside of the asar"),
    ],
)
def test_a_broken_asar_is_a_gap(data: bytes, reason: str) -> None:
    (gap,) = gaps({"x.asar": data})
    assert reason in gap[1]


def test_bytes_behind_an_asar_are_told() -> None:
    contents = examined({"x.asar": ASAR + b"more"}).contents(ArtifactKind.ARCHIVE, None)
    assert [(o.kind, o.path) for o in contents.oddities] == [("trailing-data", "x.asar")]


@given(st.binary())
def test_any_asar_is_read_or_refused(body: bytes) -> None:
    examined({"x.asar": payloads.asar({}, b"")[:16] + body})
    examined({"x.asar": payloads.asar({"a": {"size": len(body), "offset": "0"}}, body)})


# -- single-file programs

SOURCES = {"src/a.ts": PLAN, "node_modules/lib/i.js": "lib()", "src/käse.ts": "// ü\n"}
OWN = ["src/a.ts", "src/käse.ts"]


@pytest.mark.parametrize(("row", "tail"), [(52, 32), (36, 32), (36, 24), (32, 24), (28, 28)])
def test_a_bun_program_gives_back_the_texts_of_its_map(row: int, tail: int) -> None:
    program = payloads.bun(
        [
            ("/$bunfs/root/app", b"run()", payloads.bun_map(SOURCES)),
            ("/$bunfs/root/asset.txt", b"words", b""),
        ],
        row=row,
        tail=tail,
    )
    assert told({"bin/app": program}) == [("bin/app", "binary", OWN)]


def test_a_bun_program_of_old_has_its_map_as_compressed_json() -> None:
    program = payloads.bun(
        [("compiled://root/a", b"run()", zstd.compress(document().encode()))], row=32
    )
    assert told({"app": program}) == [("app", "binary", ["../src/a.ts"])]


def test_a_bun_program_without_a_map_gives_nothing_back() -> None:
    assert told({"app": payloads.bun([("B:/~BUN/root/app.exe", b"run()", b"")])}) == []


@pytest.mark.parametrize("cut", [1, 20, 60, 100])
def test_a_damaged_map_of_a_bun_program_is_a_gap(cut: int) -> None:
    program = payloads.bun([("/$bunfs/root/app", b"run()", payloads.bun_map(SOURCES)[:-cut])])
    ((path, reason),) = gaps({"app": program})
    assert path == "app"
    assert reason.startswith("the payload of a program that cannot be read")


def test_a_deno_program_gives_back_every_module_as_written() -> None:
    program = payloads.deno(
        {
            "main.ts": PLAN,
            "lib": {"b.ts": "let b"},
            "node_modules": {"x": {"i.js": "x"}},
            "a.png": "-",
        }
    )
    assert told({"app.exe": program}) == [("app.exe", "binary", ["main.ts", "lib/b.ts"])]


def test_a_deno_program_that_is_cut_short_is_a_gap() -> None:
    ((_, reason),) = gaps({"app": payloads.deno({"main.ts": PLAN}, cut=9)})
    assert "cut short" in reason


PACKINGS = {0: bytes, 1: gzip.compress, 2: brotli.compress, 3: zstd.compress}


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_pkg_program_gives_back_what_it_holds_as_text(packing: int) -> None:
    pack = PACKINGS[packing]
    program = payloads.pkg(
        {
            "/snapshot/app/main.js": ("1", pack(PLAN.encode())),
            "/snapshot/app/compiled.js": ("0", b"\0bytecode"),
            "/snapshot/app/node_modules/lib/i.js": ("1", pack(b"lib()")),
            "/snapshot/app/logo.png": ("1", pack(b"\x89PNG")),
        },
        packing=packing,
    )
    assert told({"app": program}) == [("app", "binary", ["app/main.js"])]


def test_the_paths_of_a_pkg_program_may_be_abbreviated_or_of_windows() -> None:
    content = ("1", gzip.compress(b"run()"))
    names = {"": "0", "snapshot": "1", "app": "2", "a.js": "z"}
    short = payloads.pkg({"0/1/2/z": content}, packing=1, names=names)
    assert told({"a": short}) == [("a", "binary", ["app/a.js"])]
    windows = payloads.pkg({"C:\\snapshot\\app\\a.js": ("1", b"run()")})
    assert told({"a.exe": windows}) == [("a.exe", "binary", ["app/a.js"])]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"1":[0,', b'"1":[-1,', "has a row that is none"),
        (b'{"/snap', b'{"/sn"p', "cannot be read"),
        (b"\n0\n);", b"\n1\n);", "not a gzip, bzip2, xz or Zstandard text"),
        (b'"3":[5,', b'"3":[9999999,', "cut short"),
    ],
)
def test_a_damaged_pkg_program_is_a_gap(old: bytes, new: bytes, reason: str) -> None:
    program = payloads.pkg({"/snapshot/a.js": ("1", b"run()")})
    ((_, told_of),) = gaps({"app": program.replace(old, new)})
    assert reason in told_of


@pytest.mark.parametrize(
    "blob",
    [
        f"run()\n//# sourceMappingURL={inlined(document())}\n".encode(),
        document().encode(),
        f"x = {OBJECT}".encode(),
    ],
)
def test_a_program_with_a_script_or_map_as_its_payload_gives_that_back(blob: bytes) -> None:
    program = payloads.RUNTIME + b"NODE_SEA_BLOB\0" + blob + bytes(99)
    (seen,) = maps({"app": program})
    assert (seen.carrier, seen.line) == (Carrier.BINARY, None)
    assert [source.digest is not None for source in seen.map.sources] == [True]


PROGRAMS = (
    payloads.bun([("/$bunfs/root/app", b"run()", payloads.bun_map(SOURCES))]),
    payloads.deno({"main.ts": PLAN, "lib": {"b.ts": "let b"}}),
    payloads.pkg({"/snapshot/a.js": ("1", gzip.compress(b"run()"))}, packing=1),
)


@pytest.mark.parametrize("program", PROGRAMS, ids=["bun", "deno", "pkg"])
@given(data=st.data())
def test_a_program_with_any_damage_is_read_or_a_gap(program: bytes, data: st.DataObject) -> None:
    start = len(payloads.RUNTIME)
    at = data.draw(st.integers(start, len(program) - 1))
    junk = data.draw(st.binary(max_size=9))
    examined({"app": program[:at] + junk + program[at + data.draw(st.integers(0, 9)) :]})


def test_several_maps_of_a_program_are_one_observation() -> None:
    program = payloads.RUNTIME + b"\0".join(document(name=f"{i}.ts").encode() for i in range(3))
    assert told({"app": program}) == [("app", "binary", ["0.ts", "1.ts", "2.ts"])]


def test_the_runtime_alone_gives_nothing_back() -> None:
    assert maps({"node": payloads.RUNTIME + b"sourcesContent\0//# sourceMappingURL=\0" * 9}) == []


# -- what cannot be read


@pytest.mark.parametrize("name", ["dist/a.js.map", "dist/build-info.json", "dist/blob.bin"])
def test_a_truncated_map_over_a_megabyte_is_a_gap_under_any_name(name: str) -> None:
    whole = document("x = 1\n" * 200_000)
    ((path, reason),) = gaps({name: whole[: len(whole) // 2 * 2 - 9]})
    assert path == name
    assert reason.startswith("a source map that cannot be read: ")


def test_a_truncated_inline_map_over_a_megabyte_is_a_gap() -> None:
    whole = inlined(document("x = 1\n" * 200_000))
    ((path, reason),) = gaps({"a.js": f"run()\n//# sourceMappingURL={whole[:-4000]}\n"})
    assert path == "a.js"
    assert reason.startswith("an inline source map that cannot be read: ")


def test_a_small_piece_of_an_inline_map_is_an_example() -> None:
    assert gaps({"a.js": f"//# sourceMappingURL={inlined(document())[:-20]}\n"}) == []


def test_a_link_alone_is_decoded() -> None:
    assert links.inline_map(inlined("{}").encode()) == b"{}"
    assert links.inline_map(b"https://maps.example.com/a.map") == b""


def test_the_fact_names_the_carrier() -> None:
    contents = examined({"app": payloads.deno({"main.ts": PLAN})}).contents(
        ArtifactKind.NPM_TARBALL, None
    )
    (fact,) = source_map.collect(contents)
    assert (fact.carrier, fact.inline, fact.linked) == (Carrier.BINARY, True, True)
