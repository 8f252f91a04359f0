"""Which links a debugger follows, which maps stand inline, and what only looks like either."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.maps import links
from auditor.maps.links import InlineMap, js_link
from auditor.model import Unread
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "a.js.map"
COMMENT = f"//# sourceMappingURL={URL}"


def url_of(text: str | bytes) -> str | None:
    data = text if isinstance(text, bytes) else text.encode()
    link = links.js_link(data)
    if link is None:
        return None
    assert data[link.offset :].startswith(links.MARK + link.url.encode())
    return link.url


# -- scripts: what a debugger follows

FOLLOWED = {
    "last line": f"run()\n{COMMENT}",
    "line end behind it": f"run()\n{COMMENT}\n",
    "Windows": f"run()\r\n{COMMENT}\r\n",
    "old Macintosh": f"run()\r{COMMENT}\r",
    "line separator": f"run()\u2028{COMMENT}\u2028",
    "paragraph separator": f"run()\u2029{COMMENT}\u2029",
    "alone in the file": COMMENT,
    "legacy sign": f"run()\n//@ sourceMappingURL={URL}\n",
    "no blank behind the sign": f"run()\n//#sourceMappingURL={URL}\n",
    "tab behind the sign": f"run()\n//#\tsourceMappingURL={URL}\n",
    "blanks around": f"run()\n  {COMMENT}   \n\n \t\n",
    "odd blanks": f"run()\n\u3000{COMMENT}\u00a0\n\ufeff",
    "comments behind it": f"run()\n{COMMENT}\n// the end\n//\n//# debugId=0a1b\n",
    "code before it on its line": f"run();{COMMENT}\n",
    "a string with slashes before it on its line": f'load("http://h/x");{COMMENT}\n',
    "an older one before it": f"//# sourceMappingURL=old.js.map\nrun()\n{COMMENT}\n",
    "two of them": f"//# sourceMappingURL=old.js.map\n{COMMENT}\n",
    "the words in a comment behind it": f"{COMMENT}\n// x sourceMappingURL= y\n",
    "no address behind three slashes behind it": f"{COMMENT}\n///# sourceMappingURL=\n",
    "an address behind three slashes behind it": f"{COMMENT}\n///# sourceMappingURL=b.js.map\n",
    "behind 200 kB of code": "run();\n" * 30_000 + COMMENT,
    "behind one line of 200 kB": "run();" * 35_000 + "\n" + COMMENT,
    "on one line of 200 kB": "run();" * 35_000 + COMMENT,
    "before 200 kB of comments": f"run()\n{COMMENT}\n" + "// and more\n" * 17_000,
}

NOT_FOLLOWED = {
    "none": "run()\n",
    "empty file": "",
    "no URL": "run()\n//# sourceMappingURL=\n",
    "code behind it": f"{COMMENT}\nrun()\n",
    "code behind it, old Macintosh": f"{COMMENT}\rrun()\r",
    "code behind it, line separator": f"{COMMENT}\u2028run()",
    "code behind it, paragraph separator": f"{COMMENT}\u2029run()",
    "next line is not blank": f"{COMMENT}\n\u200b\n",
    "a blank in the URL": f"{COMMENT} and words\n",
    "a double quote in the comment": f'{COMMENT}"\n',
    "a single quote in the comment": f"{COMMENT}'\n",
    "a backtick in the comment": f"{COMMENT}`\n",
    "the end of a block comment in it": f"/* {COMMENT}*/\n",
    "block comment": f"run()\n/*# sourceMappingURL={URL} */\n",
    "block comment behind it": f"{COMMENT}\n/* the end */\n",
    "inside a block comment": f"/*\n{COMMENT}\n*/\n",
    "a quote in a comment behind it": f"{COMMENT}\n// it's the end\n",
    "other sign": f"run()\n//! sourceMappingURL={URL}\n",
    "sign after a blank": f"run()\n// # sourceMappingURL={URL}\n",
    "three slashes": f"run()\n/{COMMENT}\n",
    "three slashes behind code on its line": f"run();/{COMMENT}\n",
    "in a comment": f"run()\n// such as {COMMENT}\n",
    "in a string": f'const s = "{COMMENT}";\n',
    "in a string that is the last text": f"s = '{COMMENT}'",
    "in a template": f"let a = `\n{COMMENT}\n// `",
    "in a template that goes on": f"let a = `\n{COMMENT}\n`;\n",
    "in an escaped string": f'eval("run()\\n{COMMENT}\\n")\n',
    "a pattern": r"const re = /\/\/# sourceMappingURL=(\S*)/",
}


@pytest.mark.parametrize("text", FOLLOWED.values(), ids=FOLLOWED)
def test_a_debugger_follows(text: str) -> None:
    assert url_of(text) == URL


@pytest.mark.parametrize("text", NOT_FOLLOWED.values(), ids=NOT_FOLLOWED)
def test_a_debugger_does_not_follow(text: str) -> None:
    assert url_of(text) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://maps.example.com/a.js.map?token=1#x",
        "//maps.example.com/a.js.map",
        "../maps/a%20b.js.map",
        "/a.js.map",
        "webpack://app/a.js.map",
        "data:application/json;base64," + "QUFB" * 50_000,
        "\u65e5.js.map",
    ],
)
def test_the_url_is_told_as_written(url: str) -> None:
    assert url_of(f"run()\n//# sourceMappingURL={url}\n") == url
    assert url_of(f"run();//# sourceMappingURL={url}") == url


def test_text_that_is_no_utf_8_is_read_all_the_same() -> None:
    assert url_of(b"run('\xff\xfe')\n" + COMMENT.encode()) == URL


LINE_END = re.compile("\r\n|\n|\r|\u2028|\u2029")
MATCH = re.compile(r"^[@#]\s*sourceMappingURL=(\S*?)\s*$")
SPACES = "\t\v\f \u00a0\u3000\ufeff"


def without_parsing(source: str) -> str | None:
    """ECMA-426, JavaScriptExtractSourceMapURL without parsing, step by step."""
    for line in reversed(LINE_END.split(source)):
        position = 0
        while position < len(line):
            first = line[position]
            if first == "/" and position + 1 < len(line):
                position += 1
                if line[position] != "/":
                    return None
                comment = line[position + 1 :]
                if any(sign in comment for sign in ('"', "'", "`", "*/")):
                    return None
                found = MATCH.match(comment)
                if found:
                    return found.group(1)
                position = len(line)
            elif first in SPACES:
                position += 1
            else:
                return None
    return None


PIECES = st.sampled_from(
    [
        *("\n", "\r", "\r\n", "\u2028", "\u2029", " ", "\t", "\u3000", "\ufeff"),
        *("run()", "//", "/", "*/", "/*", "'", '"', "`", "#", "@", "x", "{", "}"),
        *(COMMENT, f"//@ sourceMappingURL={URL}", "// words", "\n//# debugId=1\n"),
        *("\n//# sourceMappingURL=b.css.map\n", "sourceMappingURL=", "//# sourceMappingURL=\n"),
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join))
@settings(deadline=None)
def test_the_standard_s_algorithm_gives_the_same_link(text: str) -> None:
    """Ours may only add a link whose line begins with code, which a parser would find."""
    wanted = without_parsing(text)
    ours = url_of(text)
    if wanted:
        assert ours == wanted
    elif ours is not None:
        line = LINE_END.split(text[: text.rindex("sourceMappingURL=" + ours)])[-1]
        assert line.rstrip()[:-3].strip(SPACES)


# -- style sheets

CSS = f"/*# sourceMappingURL={URL} */"


@pytest.mark.parametrize(
    "text",
    [
        f"a{{}}\n{CSS}",
        f"a{{}}{CSS}\n",
        f"a{{}}\n/*# sourceMappingURL={URL}*/\n",
        f"a{{}}\n/*@ sourceMappingURL={URL} */\n",
        f"a{{}}\n{CSS}\n/* the end ** */ /**/\n",
        f"/* a */ a{{}}\r\n{CSS}\r\n",
        f"/*# sourceMappingURL=old.css.map */\na{{}}\n{CSS}\n",
    ],
)
def test_the_link_of_a_style_sheet(text: str) -> None:
    link = links.css_link(text.encode())
    assert link is not None
    assert link.url == URL
    assert text.encode()[link.offset :].startswith(links.MARK + URL.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a{}",
        "",
        f"{CSS}\na{{}}\n",
        f"a{{}}\n//# sourceMappingURL={URL}\n",
        f"a{{}}\n/* sourceMappingURL={URL} */\n",
        f"a{{}}\n/*# sourceMappingURL={URL}",
        "a{}\n/*# sourceMappingURL=*/\n",
        f"a{{}}\n/*# sourceMappingURL={URL} and words */\n",
        f'a{{content: "{CSS}"}}\n',
        f"a{{}}\n{CSS} /* open",
    ],
)
def test_what_links_no_style_sheet(text: str) -> None:
    assert links.css_link(text.encode()) is None


# -- where a link leads


@pytest.mark.parametrize(
    ("path", "url", "target"),
    [
        ("a.js", "a.js.map", "a.js.map"),
        ("dist/a.js", "a.js.map", "dist/a.js.map"),
        ("dist/esm/a.js", "../a.js.map", "dist/a.js.map"),
        ("dist/a.js", "./maps//a.js.map", "dist/maps/a.js.map"),
        ("dist/a.js", "a%20b.js.map?v=1#x", "dist/a b.js.map"),
        ("dist/a.js", "http-agent.js.map", "dist/http-agent.js.map"),
        ("dist/a.js", "/a.js.map", "/a.js.map"),
        ("dist/a.js", "../../a.js.map", "../a.js.map"),
        ("vendor/kit.tgz!a.js", "a.js.map", "vendor/kit.tgz!a.js.map"),
        ("vendor/kit.tgz!dist/a.js", "../a.js.map", "vendor/kit.tgz!a.js.map"),
        ("vendor/kit.tgz!dist/a.js", "../../a.js.map", "vendor/kit.tgz!../a.js.map"),
    ],
)
def test_a_link_is_resolved_in_the_artifact(path: str, url: str, target: str) -> None:
    assert links.resolved(path, url) == target


# -- maps written inline

MAP = {"version": 3, "sources": ["a.ts"], "sourcesContent": ["run('a')??>~~\u00fc (b) * c;\n"]}
JSON = json.dumps(MAP, ensure_ascii=False).encode()
BASE64 = base64.b64encode(JSON).decode()
URL_SAFE = base64.urlsafe_b64encode(JSON).decode()
COMPONENT = quote(JSON, safe="-_.!~*'()")
"""As `encodeURIComponent` writes it."""
WHOLE = quote(JSON, safe="-_.!~*'();/?:@&=+$,#")
"""As `encodeURI` writes it."""
MIME = "data:application/json;charset=utf-8"


def payloads(text: str | bytes) -> list[bytes]:
    data = text if isinstance(text, bytes) else text.encode()
    found = list(links.inline_maps("a.js", data, links.marks_of(data)))
    assert all(isinstance(one, InlineMap) for one in found)
    return [one.data for one in found if isinstance(one, InlineMap)]


INLINE = {
    "comment": f"run()\n//# sourceMappingURL={MIME};base64,{BASE64}\n",
    "no padding": f"//# sourceMappingURL={MIME};base64,{BASE64.rstrip('=')}\n",
    "url-safe letters": f"//# sourceMappingURL={MIME};base64,{URL_SAFE}\n",
    "url-safe letters, no padding": f"//# sourceMappingURL={MIME};base64,{URL_SAFE.rstrip('=')}",
    "escaped letters": f"//# sourceMappingURL={MIME};base64,{quote(BASE64, safe='')}\n",
    "upper case": f"//# sourceMappingURL=DATA:APPLICATION/JSON;BASE64,{BASE64}\n",
    "no type": f"//# sourceMappingURL=data:;base64,{BASE64}\n",
    "old Windows": f"run()\r\n//@ sourceMappingURL={MIME};base64,{BASE64}\r\n",
    "style sheet": f"a{{}}/*# sourceMappingURL={MIME};base64,{BASE64}*/",
    "page": f"<style>a{{}}<!-- /*# sourceMappingURL={MIME};base64,{BASE64}--></style>",
    "page, no padding": f"<!--# sourceMappingURL={MIME};base64,{BASE64.rstrip('=')}-->",
    "string with escapes": f'eval("run()\\n//# sourceMappingURL={MIME};base64,{BASE64}\\n//# x")',
    "string with escaped escapes": f"'eval(//# sourceMappingURL={MIME};base64,{BASE64}\\\\n)'",
    "escaped slashes": f'"//# sourceMappingURL={MIME};base64,{BASE64}"'.replace("/", "\\/"),
    "code behind it": f"//# sourceMappingURL={MIME};base64,{BASE64}\nrun()\n",
    "percent": f"//# sourceMappingURL={MIME},{COMPONENT}\n",
    "percent, style sheet": f"a{{}}/*# sourceMappingURL={MIME},{COMPONENT}*/",
    "percent, style sheet with a blank": f"a{{}}/*# sourceMappingURL={MIME},{COMPONENT} */",
    "percent in a string": f"s={{a:'/*# sourceMappingURL={MIME},{COMPONENT}'}};run()",
    "percent in a call": f"s('/*# sourceMappingURL={MIME},{COMPONENT}');run()",
    "percent, whole": f"//# sourceMappingURL={MIME},{WHOLE}\n",
    "percent, whole, style sheet": f"a{{}}/*# sourceMappingURL={MIME},{WHOLE}*/",
    "plain": f"//# sourceMappingURL={MIME},{JSON.decode()}\n",
    "plain, style sheet": f"a{{}}/*# sourceMappingURL={MIME},{JSON.decode()} */",
}


@pytest.mark.parametrize("text", INLINE.values(), ids=INLINE)
def test_an_inline_map_is_decoded(text: str) -> None:
    (data,) = payloads(text)
    assert data == JSON


def test_the_samples_hold_what_makes_them_hard() -> None:
    assert BASE64.endswith("=")
    assert "+" in BASE64
    assert "/" in BASE64
    assert {"'", "(", ")"} <= set(COMPONENT)
    assert "*" in COMPONENT


@given(
    st.text(max_size=60),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    st.sampled_from(["=", ""]),
)
@settings(deadline=None)
def test_any_base64_is_decoded_as_it_was_written(
    value: str, encode: Callable[[bytes], bytes], dropped: str
) -> None:
    document = json.dumps(value).encode()
    text = encode(document).decode().rstrip(dropped)
    assert payloads(f"//# sourceMappingURL=data:;base64,{text}\n") == [document]


def test_every_mark_counts_and_tells_its_line() -> None:
    mark = f"//# sourceMappingURL={MIME};base64,{BASE64}"
    text = f'a("{mark}")\nb("{mark}\\n");c("{mark}")\n\n{mark}\n'.encode()
    found = list(links.inline_maps("a.js", text, reversed(links.marks_of(text))))
    assert [one.line for one in found if isinstance(one, InlineMap)] == [1, 2, 2, 4]


def test_an_inline_map_of_many_megabytes_is_decoded() -> None:
    large = json.dumps({"sources": ["a"], "sourcesContent": ["x" * 9_000_000]}).encode()
    text = b"run()\n//# sourceMappingURL=data:;base64," + base64.b64encode(large)
    assert payloads(text) == [large]


NOT_INLINE = {
    "a name": COMMENT,
    "another URL": "//# sourceMappingURL=https://maps.example.com/a.js.map",
    "the head alone": f'"//# sourceMappingURL={MIME};base64,"',
    "the head and code": f'"//# sourceMappingURL={MIME};base64," + encoded',
    "the head in a call": f'"//# sourceMappingURL={MIME};base64,".concat(encoded, " */")',
    "a pattern": r"/sourceMappingURL=data:application\/json;base64,(.*)/",
    "no comma": "//# sourceMappingURL=data:application/json\n",
    "a comma far away": f"//# sourceMappingURL=data:{'x' * 300},e30=\n",
}


@pytest.mark.parametrize("text", NOT_INLINE.values(), ids=NOT_INLINE)
def test_what_is_no_inline_map_gives_no_document(text: str) -> None:
    assert all(b"{" not in data for data in payloads(text))


@given(
    st.lists(
        st.sampled_from(
            [
                links.MARK,
                b"data:",
                b";base64,",
                b",",
                b"{",
                b"%7B",
                b"A",
                b"'",
                b"\n",
                b"=",
                b"\\",
                b'"',
            ]
        ),
        max_size=20,
    ).map(b"".join)
)
@settings(deadline=None)
def test_any_text_is_gone_through(text: bytes) -> None:
    links.js_link(text)
    links.css_link(text)
    for one in links.inline_maps("a.js", text, links.marks_of(text)):
        assert isinstance(one, (InlineMap, Unread))


@pytest.mark.parametrize("piece", [b"sourceMappingURL=data:,{", b"sourceMappingURL=data:,%7B"])
def test_payloads_inside_one_another_are_given_up_and_said(piece: bytes) -> None:
    text = piece * 40_000
    *_, last = links.inline_maps("a.js", text, links.marks_of(text))
    assert isinstance(last, Unread)
    assert last.path == "a.js"
    assert "not all decoded" in last.reason


@pytest.mark.parametrize(
    "text",
    [
        b"//#sourceMappingURL=" * 60_000 + b" x",
        b"/*# sourceMappingURL=" + b"*/" * 300_000 + b"x",
        b"/*# sourceMappingURL=a */" + b"/**/" * 200_000 + b"x",
        b"sourceMappingURL=a\n" + b"run()\n" * 400_000,
        b"// x\n" * 400_000,
    ],
)
def test_hostile_texts_take_no_longer_than_they_are(text: bytes) -> None:
    assert links.css_link(text) is None
    assert js_link(text) is None


def test_lines_are_counted_once_for_all_offsets() -> None:
    text = b"a\nb\n\nc\r\nd"
    lines = links.Lines(text)
    assert [lines.at(i) for i in range(len(text))] == [
        text.count(b"\n", 0, i) + 1 for i in range(len(text))
    ]
    assert [links.line_of(text, i) for i in (0, 2, 4, 5)] == [1, 2, 3, 4]


@settings(max_examples=often(100), deadline=None)
@given(
    pieces=st.lists(st.sampled_from([b"\n", b"a", b"\r\n", b"b" * 65_530, b"\n" * 70_000])),
    start=st.integers(0, 200_000),
    more=st.integers(-10, 200_000),
)
def test_newlines_are_counted_as_bytes_counts_them(
    pieces: list[bytes], start: int, more: int
) -> None:
    text = b"".join(pieces)

    assert links.newlines(text, start, start + more) == text.count(
        b"\n", start, max(start + more, 0)
    )


def test_an_offset_before_the_last_one_leaves_the_line_as_it_is() -> None:
    lines = links.Lines(b"a\nb\nc")

    assert [lines.at(4), lines.at(0), lines.at(4)] == [3, 3, 3]
