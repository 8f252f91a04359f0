"""What the engine says of maps, links and build paths, on the shapes in which sources leak."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from auditor import facts
from auditor.examine import Examination
from auditor.facts import Contents
from auditor.facts.build_path import BuildPathFact
from auditor.facts.source_map import SourceMapFact
from auditor.facts.source_reference import SourceReferenceFact
from auditor.limits import Budget, Limits
from auditor.model import (
    ArtifactKind,
    ByteCount,
    Disclosure,
    Fact,
    LanguageShare,
    Member,
    MemberType,
    Report,
    Unread,
    Verdict,
)
from auditor.scan import Request, scan
from auditor.shipping import shipped
from auditor.summary import disclosure, shares

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.archives import Entry
    from tests.conftest import Pack

Members = Mapping[str, str | bytes]

TYPESCRIPT = "// the plan\nexport const n: number = 1;\n"
SCSS = "$brand: red;\na { color: $brand; }\n"


def document(*texts: str | None, sources: tuple[str, ...] = (), **more: object) -> str:
    names = sources or tuple(f"../src/{'abcdefgh'[i]}.ts" for i in range(len(texts)))
    return json.dumps(
        {"version": 3, "sources": names, "sourcesContent": texts, "mappings": "AAAA"} | more
    )


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def contents_of(members: Members, kind: ArtifactKind = ArtifactKind.NPM_TARBALL) -> Contents:
    entries: list[Entry] = []
    for path, content in members.items():
        data = content.encode() if isinstance(content, str) else content
        entries.append((Member(path=path, name=path, size=len(data)), iter((data,))))
    _, readers = facts.load()
    examination = Examination("test", readers, Budget(Limits()))
    examination.run(entries)
    assert not examination.gaps
    return examination.contents(kind, None)


def facts_of(kind: str, members: Members) -> list[Fact]:
    collectors, _ = facts.load()
    seen = list(collectors[kind].collect(contents_of(members)))
    assert not any(isinstance(fact, Unread) for fact in seen)
    return [fact for fact in seen if isinstance(fact, Fact)]


def map_fact(members: Members, path: str = "dist/a.js.map") -> SourceMapFact:
    (found,) = (f for f in facts_of("source-map", members) if f.path == path)
    assert isinstance(found, SourceMapFact)
    return found


def audited(path: Path) -> Report:
    return scan(Request(targets=(str(path),)))


def found(report: Report) -> set[tuple[str, str, str]]:
    """Return rule, severity and `path:line` of every finding."""
    assert not report.gaps
    return {
        (
            f.rule,
            f.severity.word,
            f.location.path + (f":{f.location.line}" if f.location.line else ""),
        )
        for f in report.findings
    }


# -- the shapes in which sources have leaked, each as a whole package through the whole engine

BUN_MAP = json.dumps(
    {
        "version": 3,
        "sources": ["../src/main.tsx", "../node_modules/react/index.js"],
        "sourcesContent": [TYPESCRIPT, "module.exports = 1"],
        "mappings": "AAAA;" * 1000,
        "debugId": "00000000-0000-4000-8000-000000000000",
        "names": [],
    }
)
WEBPACK_MAP = json.dumps(
    {
        "version": 3,
        "file": "app.js",
        "mappings": "AAAA;" * 300_000,
        "sources": ["webpack://app/./src/a.ts", "webpack://app/webpack/bootstrap"],
        "sourcesContent": [TYPESCRIPT, "runtime()"],
        "names": [],
        "sourceRoot": "",
    }
)
SHAPES: dict[str, tuple[dict[str, str], set[tuple[str, str, str]]]] = {
    "a bundle and its linked map": (
        {
            "cli.js": "run()\n//# debugId=0\n//# sourceMappingURL=cli.js.map\n",
            "cli.js.map": BUN_MAP,
        },
        {("embedded-sources", "high", "cli.js.map")},
    ),
    "a map that nothing refers to": (
        {"dist/app.js": "run()\n", "dist/app.js.map": document(TYPESCRIPT)},
        {("embedded-sources", "high", "dist/app.js.map")},
    ),
    "a map of 30 kB inside a script": (
        {
            "dist/app.js": "run()\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,"
            + encoded(document(TYPESCRIPT * 600))
            + "\n"
        },
        {("embedded-sources", "high", "dist/app.js:2")},
    ),
    "a map inside a style sheet": (
        {
            "dist/app.css": "a{color:red}\n/*# sourceMappingURL=data:application/json;base64,"
            + encoded(document(SCSS, sources=("../src/app.scss",)))
            + " */\n"
        },
        {("embedded-sources", "high", "dist/app.css:2")},
    ),
    "maps under other names": (
        {"dist/app.map.json": document(TYPESCRIPT), "dist/blob.bin": document(TYPESCRIPT)},
        {
            ("embedded-sources", "high", "dist/app.map.json"),
            ("embedded-sources", "high", "dist/blob.bin"),
        },
    ),
    "1.5 MB of mappings before the text": (
        {
            "dist/app.js": "run()\n//# sourceMappingURL=app.js.map",
            "dist/app.js.map": WEBPACK_MAP,
        },
        {("embedded-sources", "high", "dist/app.js.map")},
    ),
    "an index map": (
        {
            "dist/app.js.map": json.dumps(
                {
                    "version": 3,
                    "sections": [
                        {
                            "offset": {"line": 0, "column": 0},
                            "map": json.loads(document(TYPESCRIPT)),
                        }
                    ],
                }
            )
        },
        {("embedded-sources", "high", "dist/app.js.map")},
    ),
    "a map of names": (
        {"dist/app.js.map": json.dumps({"sources": ["../src/a.ts"], "mappings": "AAAA"})},
        {("useless-source-map", "low", "dist/app.js.map")},
    ),
    "a map whose texts are null": (
        {"dist/app.js.map": document(None)},
        {("useless-source-map", "low", "dist/app.js.map")},
    ),
    "a legacy link to a map that was left out": (
        {"dist/app.js": "run()\n//@ sourceMappingURL=app.js.map\n"},
        {("dangling-source-map", "low", "dist/app.js:2")},
    ),
    "a link to an archive in a bucket": (
        {"cli.js": "run()\n//# sourceMappingURL=https://pub-0a1b2c.r2.dev/src.zip\n"},
        {("remote-source-archive", "high", "cli.js:2")},
    ),
    "a library that is about maps": (
        {
            "index.js": 'const head = "//# sourceMappingURL=data:application/json;base64,";\n'
            'module.exports = (map) => head + btoa(map) + "\\n//# sourceMappingURL=" + map.file;\n'
        },
        set(),
    ),
}


@pytest.mark.parametrize(("members", "wanted"), SHAPES.values(), ids=SHAPES)
def test_a_shape_gives_exactly_these_findings(
    pack: Pack, members: dict[str, str], wanted: set[tuple[str, str, str]]
) -> None:
    report = audited(pack({"README.md": "# demo-kit\n", "LICENSE": "Apache-2.0\n", **members}))
    assert found(report) == wanted
    failing = any(level != "low" for _, level, _ in wanted)
    assert report.verdict is (Verdict.FAIL if failing else Verdict.PASS)


def test_a_linked_and_a_hidden_map_weigh_the_same_and_are_told_apart() -> None:
    link = "//# sourceMappingURL=a.js.map"
    assert map_fact({"dist/a.js": link, "dist/a.js.map": document(TYPESCRIPT)}).linked
    assert not map_fact({"dist/a.js": "", "dist/a.js.map": document(TYPESCRIPT)}).linked


# -- false friends

TERSER = (
    'result.code += "\\n//# sourceMappingURL=data:application/json;charset=utf-8;base64," + b64;'
)
CSS_LOADER = (
    'var data = "sourceMappingURL=data:application/json;charset=utf-8;base64,".concat(base64);\n'
    'return "/*# ".concat(data, " */");\n'
)
COMPILER = (
    "const re = /^\\/\\/[@#] source[M]appingURL=(.+)\\r?\\n?$/;\n"
    'writer.writeComment(`//# ${"sourceMappingURL"}=${sourceMappingURL}`);\n'
    'const inline = "data:application/json;base64,";\n'
    'fail("//# sourceMappingURL=foo.js.map");\n'
)
EXAMPLE = (
    "/**\n * Ends with a line such as\n *\n"
    " * //# sourceMappingURL=data:application/json;base64,eyJ2ZXJz...\n */\n"
)


@pytest.mark.parametrize("code", [TERSER, CSS_LOADER, COMPILER, EXAMPLE])
def test_code_that_is_about_maps_is_no_map_and_no_link(pack: Pack, code: str) -> None:
    assert (
        found(audited(pack({"index.js": code, "lib/index.ts": code, "README.md": code}))) == set()
    )


# -- whose text, and where else it ships


def test_counts_are_those_of_a_naive_count() -> None:
    texts = ("a\nb\n", "\u00fc", "x\r\ny", "lib")
    names = ("../src/a.ts", "../src/b.ts", "../src/c.ts", "../node_modules/l/i.js")
    fact = map_fact({"dist/a.js.map": document(*texts, sources=names)})
    assert fact.first_party_files == 3
    assert fact.first_party_lines == sum(len(text.splitlines()) for text in texts[:3])
    assert fact.first_party_bytes == sum(len(text.encode()) for text in texts[:3])
    assert (fact.third_party_files, fact.third_party_bytes) == (1, 3)
    assert fact.undisclosed_files == 3
    assert fact.listed == 4
    assert fact.unavailable == 0
    assert fact.sample == ("src/a.ts", "src/c.ts", "src/b.ts")


SHIPPED = {
    "as it is": {"src/a.ts": TYPESCRIPT},
    "under another name": {"lib/other.ts": TYPESCRIPT},
    "as a script": {"lib/other.js": TYPESCRIPT},
    "as a style sheet": {"lib/other.css": TYPESCRIPT},
    "in a nested archive's folder": {"vendor/kit.tgz!src/a.ts": TYPESCRIPT},
    "with Windows line ends": {"src/a.ts": TYPESCRIPT.replace("\n", "\r\n")},
    "with a byte-order mark": {"src/a.ts": b"\xef\xbb\xbf" + TYPESCRIPT.encode()},
    "with a link at its end": {"src/a.ts": f"{TYPESCRIPT}//# sourceMappingURL=a.js.map\n"},
}


@pytest.mark.parametrize("members", SHIPPED.values(), ids=SHIPPED)
def test_a_text_that_ships_anyway_is_disclosed(members: dict[str, str | bytes]) -> None:
    fact = map_fact({"dist/a.js.map": document(TYPESCRIPT), **members})
    assert (fact.first_party_files, fact.undisclosed_files) == (1, 0)


@pytest.mark.parametrize(
    ("source", "shipped"),
    [
        ("../../dist/esm/internal/umd.js", "src/internal/umd.ts"),
        ("../out/ui/page.js", "src/ui/page.tsx"),
        ("../out/ui/page.js", "src/ui/page.jsx"),
        ("../out/ui/page.mjs", "src/ui/page.mts"),
        ("../out/ui/page.cjs", "src/ui/page.cts"),
        ("site.css", "scss/site.scss"),
        ("../dist/css/site.css", "styles/site.less"),
        ("../dist/css/site.css", "styles/site.sass"),
        ("../dist/css/site.css", "styles/site.styl"),
    ],
)
def test_a_compiled_step_is_disclosed_where_its_original_ships(source: str, shipped: str) -> None:
    fact = map_fact(
        {"dist/a.js.map": document("compiled", sources=(source,)), shipped: "the original"}
    )
    assert fact.undisclosed_files == 0


@pytest.mark.parametrize(
    ("source", "shipped"),
    [
        ("../src/a.ts", "src/a.js"),
        ("../src/a.ts", "types/src/a.d.ts"),
        ("../src/a.js", "src/a.d.ts"),
        ("../src/one/index.js", "src/two/index.ts"),
        ("../src/site.css", "dist/site.css"),
        ("../src/site.scss", "other/site.less"),
    ],
)
def test_a_text_is_not_disclosed_by_a_file_that_says_less(source: str, shipped: str) -> None:
    fact = map_fact({"dist/a.js.map": document("secret", sources=(source,)), shipped: "less"})
    assert fact.undisclosed_files == 1


ESCAPED = (
    r'{"\u0073ources": ["../src/a.ts"], "\u0073ourcesContent": ["let a"], "\u006dappings": ""}'
)


@pytest.mark.parametrize("name", ["dist/a.js.map", "dist/A.JS.MAP", "dist/stats.json"])
@pytest.mark.parametrize("text", [ESCAPED.encode(), document("let a").encode("utf-16")])
def test_a_map_in_which_no_key_is_written_plainly_is_one(name: str, text: bytes) -> None:
    assert map_fact({name: text}, name).undisclosed_files == 1


def test_the_sample_names_hidden_texts_first() -> None:
    fact = map_fact(
        {
            "src/a.ts": "long text that ships",
            "dist/a.js.map": document("long text that ships", "hidden", "x"),
        }
    )
    assert fact.sample == ("src/b.ts", "src/c.ts", "src/a.ts")


def test_maps_of_dependencies_that_ship_along_are_theirs() -> None:
    fact = map_fact(
        {"node_modules/kit/a.js.map": document(TYPESCRIPT)}, "node_modules/kit/a.js.map"
    )
    assert (fact.first_party_files, fact.third_party_files) == (0, 1)


def test_maps_inside_the_texts_of_a_map_are_the_map_s() -> None:
    """A bundler that was given compiled files carries their inline maps along: one finding."""
    text = f"lib()\n//# sourceMappingURL=data:application/json;base64,{encoded(document('x'))}\n"
    names = ("../node_modules/lib/index.js",)
    members = {"dist/a.js.map": document(text, sources=names)}
    (only,) = facts_of("source-map", members)
    assert isinstance(only, SourceMapFact)
    assert (only.inline, only.first_party_files, only.third_party_files) == (False, 0, 1)
    own = map_fact({"dist/a.js.map": document(text, sources=("../out/a.js",))})
    assert (own.first_party_files, own.sample) == (2, ("out/a.js", "src/a.ts"))


def test_several_inline_maps_of_one_file_are_told_apart_by_line() -> None:
    mark = f"//# sourceMappingURL=data:application/json;base64,{encoded(document(TYPESCRIPT))}"
    bundle = f'eval("a()\\n{mark}\\n//# sourceURL=a");\neval("b()\\n{mark}\\n");\n'
    assert [(f.path, f.line) for f in facts_of("source-map", {"dist/dev.js": bundle})] == [
        ("dist/dev.js", 1),
        ("dist/dev.js", 2),
    ]


@pytest.mark.parametrize("name", ["page.html", "logo.svg", "app.vue", "data.yaml", "blob"])
def test_an_inline_map_counts_in_any_file(name: str) -> None:
    text = f"/*# sourceMappingURL=data:application/json,{quote(document(TYPESCRIPT))} */"
    (fact,) = facts_of("source-map", {name: text})
    assert isinstance(fact, SourceMapFact)
    assert (fact.first_party_files, fact.inline, fact.line) == (1, True, 1)


def test_a_build_cache_that_holds_maps_is_one() -> None:
    cache = json.dumps({"code": "run()", "map": json.loads(document(TYPESCRIPT))})
    assert map_fact({".cache/0a1b.json": cache}, ".cache/0a1b.json").first_party_files == 1


# -- names without text


@pytest.mark.parametrize(
    ("sources", "root", "members", "unavailable"),
    [
        (("../src/a.ts",), "", ("src/a.ts",), 0),
        (("a.ts",), "../src", ("src/a.ts",), 0),
        (("a.ts",), "../src/", ("src/a.ts",), 0),
        (("../src/a%20b.ts",), "", ("src/a b.ts",), 0),
        (("../src/a.ts",), "", (), 1),
        (("../src/a.ts", "../src/b.ts"), "", ("src/b.ts",), 1),
        (("../../src/a.ts",), "", ("src/a.ts",), 1),
        (("webpack://app/./src/a.ts",), "", ("src/a.ts",), 1),
    ],
)
def test_sources_without_text_are_looked_for_in_the_package(
    sources: tuple[str, ...], root: str, members: tuple[str, ...], unavailable: int
) -> None:
    text = json.dumps({"sourceRoot": root, "sources": sources, "mappings": ""})
    fact = map_fact({"dist/a.js.map": text, **dict.fromkeys(members, "x")})
    assert fact.unavailable == unavailable


# -- what cannot be read is said


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "dist/a.js.map",
            '{"version": 3, "mappings": "AAAA',
            "cannot be read: not readable as JSON",
        ),
        ("dist/a.map.json", '{"sourcesContent": ["let a"', "cannot be read: not readable as JSON"),
        (
            "dist/a.bin",
            f'{{"x": {"[" * 200_000}{"]" * 199_999}, "sources": [], "sourcesContent": ["let a"]}}',
            "cannot be read: nested too deep",
        ),
        ("dist/a.js", "sourceMappingURL=data:,{" * 90_000, "not all decoded"),
    ],
    ids=["cut-short", "cut-short-json", "nested", "overlapping"],
)
def test_a_map_that_cannot_be_read_is_a_gap(pack: Pack, name: str, text: str, reason: str) -> None:
    report = audited(pack({name: text}))
    assert report.verdict is Verdict.INCOMPLETE
    (gap,) = report.gaps
    assert gap.location.path == name
    assert reason in gap.reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("world.map", "tile 1 2 3\n"),
        ("game.map", '"mappings" are no JSON'),
        ("index.js", '{ sections: 1 } // no JSON, but a block of code with "sections"'),
        ("template.html", '{{ "mappings" }}'),
        ("docs.json", '{"mappings": {"properties": {}}, "sources": []}'),
        ("a.js", "//# sourceMappingURL=data:application/json;base64,bm90IEpTT04="),
    ],
)
def test_what_is_no_map_is_no_gap(pack: Pack, name: str, text: str) -> None:
    assert found(audited(pack({name: text}))) == set()


# -- references


def reference(url: str, name: str = "dist/a.js") -> SourceReferenceFact:
    comment = (
        f"/*# sourceMappingURL={url} */"
        if name.endswith(("css", "less"))
        else f"//# sourceMappingURL={url}"
    )
    (fact,) = facts_of("source-reference", {name: f"run()\n{comment}\n"})
    assert isinstance(fact, SourceReferenceFact)
    assert (fact.path, fact.line, fact.form) == (name, 2, "sourceMappingURL")
    return fact


@pytest.mark.parametrize(
    ("url", "host", "marks"),
    [
        ("https://maps.example.com/a.js.map", "maps.example.com", ""),
        ("//maps.example.com/a.js.map", "maps.example.com", ""),
        ("HTTPS://Maps.Example.com/a.js.map", "maps.example.com", ""),
        ("https://maps.example.com/a.ZIP?v=1", "maps.example.com", "archive"),
        ("https://maps.example.com/src.tar.gz#x", "maps.example.com", "archive"),
        ("https://pub-0a.r2.dev/a.map", "pub-0a.r2.dev", "storage"),
        ("https://b.s3.eu-west-1.amazonaws.com/a.map", "b.s3.eu-west-1.amazonaws.com", "storage"),
        ("https://storage.googleapis.com/b/a.map", "storage.googleapis.com", "storage"),
        ("s3://bucket/src.zip", "bucket", "archive storage"),
        ("gs://bucket/a.map", "bucket", "storage"),
        ("http://localhost:8080/a.map", "localhost", "internal"),
        ("https://maps.corp/a.map", "maps.corp", "internal"),
        ("https://sourcemaps.dev.example.com/a.map", "sourcemaps.dev.example.com", "internal"),
        ("http://10.1.2.3/a.map", "10.1.2.3", "internal"),
        ("http://172.20.0.1/a.map", "172.20.0.1", "internal"),
        ("http://172.40.0.1/a.map", "172.40.0.1", ""),
        ("https://developer.example.com/a.map", "developer.example.com", ""),
        ("https://devices.example.com/a.map", "devices.example.com", ""),
        ("https://maps.dev/a.map", "maps.dev", ""),
        ("https://maps-staging.example.com/a.map", "maps-staging.example.com", "internal"),
        ("https://dev-2.maps.example.com/a.map", "dev-2.maps.example.com", "internal"),
        ("https://uat.example.com/a.map", "uat.example.com", "internal"),
        ("http://buildbox/maps/a.map", "buildbox", "internal"),
        ("http://nas.home.arpa/a.map", "nas.home.arpa", "internal"),
        ("http://maps.private/a.map", "maps.private", "internal"),
        ("http://[::1]:3000/a.map", "::1", "internal"),
        ("http://[fd00::12]/a.map", "fd00::12", "internal"),
        ("http://[2001:db8::1]/a.map", "2001:db8::1", ""),
        ("http://169.254.169.254/a.map", "169.254.169.254", "internal"),
        (
            "https://b.oss-cn-hangzhou.aliyuncs.com/a.map",
            "b.oss-cn-hangzhou.aliyuncs.com",
            "storage",
        ),
        (
            "https://s3.eu-central-1.wasabisys.com/b/a.map",
            "s3.eu-central-1.wasabisys.com",
            "storage",
        ),
        ("az://container/a.map", "container", "storage"),
        ("https://files.example.com/src.zip/app/a.ts", "files.example.com", "archive"),
        ("https://files.example.com/src.zip!/a.map", "files.example.com", "archive"),
        ("https://[bad/a.map", "", ""),
    ],
)
def test_a_reference_to_elsewhere(url: str, host: str, marks: str) -> None:
    for name in ("dist/a.js", "dist/a.css", "dist/a.scss", "dist/a.less", "dist/a.d.ts"):
        fact = reference(url, name)
        assert fact.remote
        assert fact.host == host
        told = {mark for mark in ("archive", "storage", "internal") if getattr(fact, mark)}
        assert told == set(marks.split())
        assert not fact.dangling


@pytest.mark.parametrize("ending", "zip tar tgz tar.gz bz2 tar.xz zst 7z rar".split())
def test_an_archive_is_told_by_its_ending(ending: str) -> None:
    assert reference(f"ftps://files.example.com/src.{ending}").archive
    assert reference(f"https://files.example.com/src.{ending}/").archive
    assert reference(f"https://files.example.com/src-{ending.replace('.', '-')}").archive is False


@pytest.mark.parametrize(
    "url", ["http-agent.js.map", "https.js.map", "webpack://app/a.js.map", "c:a.js.map", "a.zip"]
)
def test_a_reference_that_leads_nowhere_else(url: str) -> None:
    fact = reference(url)
    assert not fact.remote
    assert fact.dangling


def test_what_may_be_secret_in_a_url_is_not_repeated() -> None:
    fact = reference("https://ann:hunter2@maps.example.com:8443/a.map?token=0a1b#x")
    assert fact.url == "https://maps.example.com:8443/a.map"


def test_a_data_url_is_no_reference() -> None:
    members = {"a.js": "//# sourceMappingURL=data:application/json;base64,e30="}
    assert facts_of("source-reference", members) == []


def test_maps_refer_by_source_root_and_by_sources() -> None:
    members = {
        "a.map": document("x", sources=("https://h.example.com/a.ts",)),
        "b.map": document("x", sourceRoot="https://h.example.com/src.zip"),
        "c.map": document("x", sources=("webpack://app/a.ts", "/a.ts", "ng://b/c.ts")),
    }
    told = [
        (f.path, f.evidence()["form"], f.evidence()["archive"], f.evidence()["dangling"])
        for f in facts_of("source-reference", members)
    ]
    assert told == [("a.map", "sources", False, False), ("b.map", "sourceRoot", True, False)]


# -- build paths


def build_path(*sources: str, path: str = "dist/a.js.map", root: str = "") -> BuildPathFact:
    (fact,) = facts_of("build-path", {path: document(sources=sources, sourceRoot=root)})
    assert isinstance(fact, BuildPathFact)
    return fact


@pytest.mark.parametrize(
    ("source", "example", "user", "shared"),
    [
        ("/home/ann/app/src/a.ts", "/home/ann/app/src/a.ts", "ann", False),
        ("file:///Users/ann/a.ts", "/Users/ann/a.ts", "ann", False),
        ("C:\\Users\\Ann\\a.ts", "C:\\Users\\Ann\\a.ts", "Ann", False),
        ("file:///C:/Users/Ann/a.ts", "C:/Users/Ann/a.ts", "Ann", False),
        ("webpack:///C:/work/a.ts", "C:/work/a.ts", "", False),
        ("webpack:////builds/team/app/a.ts", "/builds/team/app/a.ts", "", False),
        ("\\\\server\\share\\a.ts", "\\\\server\\share\\a.ts", "", False),
        ("file:///mnt/vss/_work/1/s/a.ts", "/mnt/vss/_work/1/s/a.ts", "", False),
        ("../../out/file:/mnt/vss/a.ts", "/mnt/vss/a.ts", "", False),
        ("../../../../Users/ann/app/a.ts", "/Users/ann/app/a.ts", "ann", False),
        ("/tmp/build-0a1b/a.ts", "/tmp/build-0a1b/a.ts", "", False),  # noqa: S108 - a name only
        ("/home/runner/work/app/app/src/a.ts", "/home/runner/work/app/app/src/a.ts", "", True),
        ("/Users/runner/work/app/app/a.ts", "/Users/runner/work/app/app/a.ts", "", True),
        ("/root/project/a.ts", "/root/project/a.ts", "", True),
        ("/opt/build/repo/a.ts", "/opt/build/repo/a.ts", "", True),
        ("/vercel/path0/a.ts", "/vercel/path0/a.ts", "", True),
        ("/github/workspace/a.ts", "/github/workspace/a.ts", "", True),
        ("D:\\a\\app\\app\\a.ts", "D:\\a\\app\\app\\a.ts", "", True),
    ],
)
def test_an_absolute_path(source: str, example: str, user: str, shared: bool) -> None:  # noqa: FBT001
    fact = build_path(source, "../src/b.ts")
    assert (fact.count, fact.example) == (1, example)
    assert (fact.user, fact.shared) == (user, shared)


@pytest.mark.parametrize(
    "source",
    [
        "../src/a.ts",
        "/src/a.ts",
        "src/home/a.ts",
        "home/ann/a.ts",
        "../../home/ann/a.ts",
        "../../../src/Users/a.ts",
        "webpack:///./home/ann/a.ts",
        "webpack:///home/ann/a.ts",
        "webpack://app/home/ann/a.ts",
        "https://home.example.com/home/ann/a.ts",
        "(unnamed source 1)",
    ],
)
def test_a_path_that_says_nothing_of_a_machine(source: str) -> None:
    fact = build_path(source)
    assert (fact.count, fact.example, fact.user, fact.shared) == (0, "", "", False)


def test_a_path_of_one_s_own_is_the_example_and_decides() -> None:
    fact = build_path("/home/runner/work/a/a/b.ts", "/srv/farm/c.ts", "/home/ann/d.ts")
    assert (fact.count, fact.example, fact.user, fact.shared) == (3, "/srv/farm/c.ts", "ann", False)
    assert build_path("a.ts", root="/home/ann/app").example == "/home/ann/app"


# -- the summary


def test_the_summary_counts_each_text_once() -> None:
    texts = document("a\nb\n", "lib", sources=("../src/a.ts", "../node_modules/l/i.js"))
    members = {
        "dist/a.js.map": texts,
        "dist/b.js.map": texts,
        "dist/c.js.map": document("a\r\nb\r\n", "c", None),
        "dist/d.js.map": document(None),
    }
    assert disclosure(contents_of(members)) == Disclosure(
        maps=3,
        files=2,
        lines=3,
        size=ByteCount(len("a\nb\n") + len("c")),
        third_party_files=1,
        third_party_size=ByteCount(len("lib")),
        removed_files=1,
        removed_lines=1,
        removed_size=ByteCount(1),
        removed=("src/b.ts",),
        languages=(LanguageShare(language="TypeScript", files=2, lines=3, size=ByteCount(5)),),
    )


def test_without_texts_there_is_no_disclosure() -> None:
    assert disclosure(contents_of({"a.js": "run()", "a.js.map": document(None)})) is None


@pytest.mark.parametrize(
    ("source", "told"),
    [("../src/a.ts", (1, 0)), ("../node_modules/l/i.js", (0, 1))],
)
def test_a_disclosure_of_one_kind_only(source: str, told: tuple[int, int]) -> None:
    out = disclosure(contents_of({"a.js.map": document("let a", sources=(source,))}))
    assert out is not None
    assert (out.files, out.third_party_files) == told


def test_shares_count_neither_folders_nor_what_archives_hold() -> None:
    members = (
        Member(path="lib", name="lib", size=7, type=MemberType.DIRECTORY),
        Member(path="lib/a.js", name="lib/a.js", size=3),
        Member(path="lib/a.tgz!b.js", name="b.js", size=5, nested=True),
    )
    told = shares(shipped(Contents(kind=ArtifactKind.NPM_TARBALL, members=members)))
    assert [(share.kind, share.files, share.size) for share in told] == [("scripts", 1, 3)]


def test_shares_call_a_map_a_map_by_any_name() -> None:
    members = {
        "a.bin": document("let a"),
        "a.js": "run()",
        "b.JS": "run()",
        "a.map": "tile 1",
        "README": "words",
        "x.unknown": "",
    }
    told = {
        share.kind: (share.files, share.size) for share in shares(shipped(contents_of(members)))
    }
    assert told == {
        "source maps": (2, len(document("let a")) + 6),
        "scripts": (2, 10),
        "documents": (1, 5),
        "other files": (1, 0),
    }
    assert next(iter(told)) == "source maps", "the largest comes first"
