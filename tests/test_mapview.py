"""How the answer of `audit map` looks: exact texts, the schema, and names that mean harm."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import html5lib
import pytest

from auditor import mapview
from auditor.mapview import _tree
from auditor.model import Gap, Location
from auditor.report import View
from tests import schemas
from tests.made_maps import made_map, recovered

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SHOP = {
    "app.js": "let a\n//# sourceMappingURL=app.js.map\n",
    "src/open.ts": "let open\n",
    "app.js.map": made_map(
        {
            "src/app.ts": "let a\nlet b\n",
            "src/open.ts": "let open\n",
            "src/later/voice.ts": "speech\n",
            "src/later/deep/only.ts": "x",
            "webpack/runtime/chunk.js": "r",
            "node_modules/one/index.js": "one\n",
            "node_modules/two/index.js": "two\n",
            "src/none.ts": None,
        },
        mapped=[0, 1, 3, 4, 5, 6],
    ),
}
CONSOLE = """\
demo  folder
1 source map gives back 4 files, 5 lines, 29 bytes of first-party source
  languages: TypeScript 4 (29 bytes)
  ships anyway, outside of maps: 1 file, 1 line, 9 bytes
  in a map, not in the bundle: 1 file, 1 line, 7 bytes
  third-party source: 3 files, 3 lines, 9 bytes

what can be recovered
  src/                                         4 files       5 lines  29 bytes  1 ships anyway, 1 not in the bundle
    later/                                     2 files       2 lines   8 bytes  1 not in the bundle
      deep/                                     1 file        1 line    1 byte
        only.ts                                               1 line    1 byte  TypeScript
      voice.ts                                                1 line   7 bytes  TypeScript  not in the bundle
    app.ts                                                   2 lines  12 bytes  TypeScript
    open.ts                                                   1 line   9 bytes  TypeScript  ships anyway
  node_modules/                                2 files       2 lines   8 bytes  third-party
  webpack/runtime/                              1 file        1 line    1 byte  third-party

in a map, not in the bundle
  src/later/voice.ts  1 line, 7 bytes

source maps
  app.js.map (361 bytes): 4 files, 5 lines, 29 bytes, 1 not in the bundle, 3 third-party, 1 named without text
"""  # noqa: E501 - as a terminal of 100 columns has it, which breaks longer lines
BROKEN = '{"version": 3, "sources": ["a"], "mappings": '
NASTY = (
    "<script>alert(1)</script>.ts",
    "\x1b[31mred\x07.ts",
    "[/x](https://evil.example.org).ts",
    "::error::x.ts",
    "@maintainer.ts",
    "`code`|table.ts",
    "\u202etxt.exe",
    "</script><!--.ts",
    "{{ page }}.ts",
    "\ud800.ts",
)


def shown(name: str, files: dict[str, str], view: View | None = None) -> str:
    return mapview.load(name)(recovered(files), view or View())


def test_the_formats_are_those_of_the_folder() -> None:
    assert mapview.names() == ("console", "html", "json", "markdown")


def test_the_console_shows_the_answer_the_tree_and_the_maps() -> None:
    assert shown("console", SHOP) == CONSOLE


def test_quiet_is_the_answer_and_what_was_not_examined() -> None:
    files = {"a.js.map": BROKEN, **SHOP}

    *told, last = shown("console", files, View(quiet=True)).splitlines()

    assert told == [
        "demo  folder",
        "1 source map gives back 4 files, 5 lines, 29 bytes of first-party source",
        "",
        "not examined",
    ]
    assert last.startswith("  a.js.map: a source map that cannot be read: not readable as JSON")


def test_verbose_opens_every_folder() -> None:
    files = {
        "a.map": made_map({f"src/{n}/{m}.ts": f"{n}{m}" for n in range(20) for m in range(20)})
    }

    brief, whole = (shown("console", files, View(verbose=verbose)) for verbose in (False, True))

    assert len(re.findall(r"^ +\d+\.ts ", whole, re.MULTILINE)) == 400
    assert len(brief.splitlines()) < _tree.ROWS + 20
    assert re.search(r"^ +… +160 files ", brief, re.MULTILINE)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.js": "let a"}, "holds no source map: no source can be recovered"),
        (
            {"a.map": made_map({"a.ts": None})},
            "1 source map gives back no source text: none of it is embedded",
        ),
        (
            {"a.map": made_map({"node_modules/a/i.js": "x"})},
            "1 source map gives back no first-party source, and third-party source alone",
        ),
        (
            {"a.map": BROKEN},
            "no source map was found in what could be examined",
        ),
        (
            {"a.ts": "let a\n", "a.map": made_map({"a.ts": "let a\n"})},
            "1 source map gives back 1 file, 1 line, 6 bytes of first-party source",
        ),
    ],
)
def test_the_answer_is_one_sentence(files: dict[str, str], expected: str) -> None:
    assert shown("console", files).splitlines()[1] == expected


def test_json_is_what_its_schema_says() -> None:
    document = json.loads(shown("json", {"b.map": BROKEN, **SHOP}))

    schemas.MAP.validate(document)
    assert document["complete"] is False
    assert document["totals"]["removed"] == {"files": 1, "lines": 1, "bytes": 7}
    assert document["maps"][0]["carrier"] == "file"
    assert document["files"][-1] == {
        "path": "webpack/runtime/chunk.js",
        "name": "webpack/runtime/chunk.js",
        "bytes": 1,
        "lines": 1,
        "language": "JavaScript",
        "third_party": True,
        "ships": False,
        "in_bundle": True,
        "maps": [0],
    }


def test_the_schema_closes_every_object() -> None:
    def open_ones(node: object) -> list[object]:
        if isinstance(node, list):
            return [found for one in node for found in open_ones(one)]
        if not isinstance(node, dict):
            return []
        below = [found for one in node.values() for found in open_ones(one)]
        return below + ([node] if "properties" in node and node.get("required") is None else [])

    assert open_ones(schemas.MAP.schema) == []


def test_markdown_has_the_tree_as_code() -> None:
    text = shown("markdown", SHOP)

    assert text.startswith(
        "# demo\n\n1 source map gives back 4 files, 5 lines, 29 bytes of first-party source.\n"
    )
    assert "```\nsrc/  4 files, 5 lines, 29 bytes, 1 ships anyway, 1 not in the bundle\n" in text
    assert "- app.js.map (361 bytes): 4 files" in text


@pytest.mark.parametrize("name", ["console", "markdown", "html"])
@pytest.mark.parametrize("nasty", NASTY)
def test_no_name_means_anything_to_who_shows_it(name: str, nasty: str) -> None:
    found = recovered({f"{nasty}.map": made_map({nasty: "text"}, mapped=[])}, source=nasty)

    text = mapview.load(name)(found, View(verbose=True))

    assert "\x1b" not in text
    assert "\u202e" not in text
    text.encode()
    if name == "html":
        tags = {one.tag for one in _page(text).iter()}
        plain = {one.tag for one in _page(shown("html", SHOP)).iter()}
        assert tags <= plain
        assert text.count("<script") == 2
    elif name == "markdown":
        outside = re.sub(r"^```$.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert not re.search(r"(?<![\\`])[<\[]|(?<!`)@maintainer", outside)


def _page(text: str) -> Element:
    found: Element = html5lib.parse(text, namespaceHTMLElements=False)
    return found


def test_the_page_works_offline_and_has_every_source() -> None:
    text = shown("html", SHOP)
    page = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False).parse(text)
    (policy,) = (one.get("content") for one in page.iter("meta") if one.get("http-equiv"))
    (tree,) = (one.text for one in page.iter("script") if one.get("id") == "tree")

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r"(?:src|href)=\"(?!#)", text)
    assert json.loads(tree) == {
        "kinds": ["first-party", "not in the bundle", "ships anyway", "third-party", "other files"],
        "tree": [
            "",
            [
                [
                    "node_modules",
                    [
                        ["one", [["index.js", 4, 3, "third-party · JavaScript · 1 line"]]],
                        ["two", [["index.js", 4, 3, "third-party · JavaScript · 1 line"]]],
                    ],
                ],
                [
                    "src",
                    [
                        [
                            "later",
                            [
                                ["deep", [["only.ts", 1, 0, "first-party · TypeScript · 1 line"]]],
                                ["voice.ts", 7, 1, "not in the bundle · TypeScript · 1 line"],
                            ],
                        ],
                        ["app.ts", 12, 0, "first-party · TypeScript · 2 lines"],
                        ["open.ts", 9, 2, "ships anyway · TypeScript · 1 line"],
                    ],
                ],
                ["webpack/runtime", [["chunk.js", 1, 3, "third-party · JavaScript · 1 line"]]],
            ],
        ],
    }


def test_the_page_says_what_was_not_examined_and_with_quiet_little_else() -> None:
    found = recovered(SHOP)
    gap = Gap(location=Location(source="demo", path="b.map"), reason="cut short")
    incomplete = recovered({"b.map": BROKEN, **SHOP})

    assert "Not examined" in mapview.load("html")(incomplete, View())
    assert "Not examined" not in mapview.load("html")(found, View())
    assert 'id="ships"' not in mapview.load("html")(found, View(quiet=True))
    assert gap.reason not in mapview.load("html")(found, View())
