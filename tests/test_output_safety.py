"""No text of others gets out of any output as anything but text, whatever field it came in by."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from lxml import etree
from markdown_it import MarkdownIt

from auditor import mapview, report
from auditor.recovery import Recovery
from auditor.report import View
from auditor.safe import escaped
from tests import hostile
from tests.action_runner import annotated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VIEWS = (View(), View(verbose=True, width=60, root="/repo", folder="sub"))
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
FORMATS = report.names()
MAPS = mapview.names()


def rendered(name: str, text: str, view: View) -> str:
    return report.load(name).render(hostile.report(text), view)


def mapped(name: str, text: str, view: View) -> str:
    return mapview.load(name)(hostile.made(Recovery, text), view)


def harmless(shown: str) -> None:
    """Check what holds for every output: nothing moves a cursor, hides or breaks an encoder."""
    odd = Counter(shown.replace("\n", "")) - Counter(escaped(shown.replace("\n", "")))
    assert not odd
    shown.encode("utf-8")


# what each format promises beside that


def is_console(shown: str, text: str) -> None:
    for line in shown.splitlines() if len(text) < 1000 else ():  # a long word is broken
        assert not line.startswith(hostile.MARK)  # each line is begun by us
    if "[" in text and "\x1b" not in text:
        assert "[bold red]" not in text or "[bold red]" in shown.replace("\n", "")


def is_json(shown: str, text: str) -> None:
    document = json.loads(shown)
    assert text in set(_texts(document))  # whoever reads it gets the text itself


def is_json_of_a_known_tool(shown: str, _: str) -> None:
    json.loads(shown)


def is_sarif(shown: str, _: str) -> None:
    run = json.loads(shown)["runs"][0]
    for message in _of_key(run, "message"):
        text = message.get("text", "") if isinstance(message, dict) else ""
        assert "](" not in text
        assert not re.search(r"(?<!\{)\{(?!\{)", text.replace("{{", ""))
    for uri in _of_key(run, "uri"):
        assert not str(uri).lower().startswith("javascript:")
        assert "\n" not in str(uri)


def is_xml(shown: str, _: str) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(shown.encode(), parser)
    tags = {str(one.tag) for one in root.iter()}
    assert tags <= {"testsuites", "testsuite", "testcase", "failure", "error", "skipped",
                    "properties", "property", "system-out", "system-err"}  # fmt: skip
    assert "<!DOCTYPE" not in shown.replace("&lt;", "")[:200]


def is_annotations(shown: str, _: str) -> None:
    for line in shown.splitlines():
        assert re.match(r"::(?:error|warning|notice) [^\r\n]*?::", line), line
    assert "##[" not in shown
    assert len(annotated(shown)) == len(shown.splitlines())
    assert {one.kind for one in annotated(shown)} <= {"error", "warning", "notice"}


def is_markdown(shown: str, _: str) -> None:
    spoken = []
    for token in _flat(MARKDOWN.parse(shown)):
        if token.type in {"link_open", "image"}:
            target = str(token.attrs.get("href") or token.attrs.get("src"))
            assert hostile.HOST not in target
            assert not target.startswith("javascript:")
        if token.type in {"html_block", "html_inline"}:
            assert set(re.findall(r"</?([a-z0-9]+)", token.content.lower())) <= _TAGS, token.content
            assert not re.search(r"\bon\w+\s*=", re.sub(r"<code>.*?</code>", "", token.content))
        if token.type in {"heading_open", "fence"}:
            assert not token.info.startswith(hostile.MARK)
        if token.type in {"text", "html_inline"}:
            spoken.append(token.content)
    said = re.sub(r"<code>.*?</code>", "", "".join(spoken))
    assert not re.search(r"(?<![\w`])@octocat|#1\b|GH-1\b|://|www\.", said), said


_TAGS = frozenset("details summary code br sub sup kbd b strong table tr td th pre".split())


def is_html(shown: str, text: str) -> None:
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(shown)
    assert isinstance(root, Element)
    scripts = 0
    for one in root.iter():
        tag = str(one.tag)
        assert tag not in {"iframe", "object", "embed", "base", "img"}
        if tag == "script" and "json" in one.get("type", ""):
            json.loads(one.text or "")
        else:
            scripts += tag == "script"
        for name, value in one.attrib.items():
            assert not name.startswith("on")
            if name in {"href", "src", "action"}:
                assert value.startswith(("#", "https://", "http://") if tag == "a" else "data:")
    assert scripts == 1  # ours, which the page's policy knows by its digest
    assert "<script>alert" not in shown
    if len(text) < 1000:
        harmless("".join(root.itertext()))


CHECKS: dict[str, Callable[[str, str], None]] = {
    "console": is_console,
    "cyclonedx": is_json_of_a_known_tool,
    "github": is_annotations,
    "html": is_html,
    "json": is_json,
    "junit": is_xml,
    "markdown": is_markdown,
    "sarif": is_sarif,
    "summary": is_markdown,
}


def test_every_report_and_every_view_has_a_promise() -> None:
    assert {*FORMATS, *MAPS} == {*CHECKS}


EVERY = [
    pytest.param(
        text,
        view,
        marks=() if number % len(VIEWS) == turn else (pytest.mark.sweep,),
        id=f"{text}-{turn}",
    )
    for number, text in enumerate(hostile.TEXTS)
    for turn, view in enumerate(VIEWS)
]
"""Each text with each view: with one of them by turns, and the rest in the sweep."""
every_text = pytest.mark.parametrize(("text", "view"), EVERY)


@every_text
@pytest.mark.parametrize("name", FORMATS)
def test_no_report_lets_a_text_be_more_than_text(name: str, text: str, view: View) -> None:
    shown = rendered(name, hostile.TEXTS[text], view)
    harmless(shown)
    CHECKS[name](shown, hostile.TEXTS[text])


@every_text
@pytest.mark.parametrize("name", MAPS)
def test_no_view_of_maps_lets_a_text_be_more_than_text(name: str, text: str, view: View) -> None:
    shown = mapped(name, hostile.TEXTS[text], view)
    harmless(shown)
    CHECKS[name](shown, hostile.TEXTS[text])


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_colours_are_ours_alone(text: str) -> None:
    given = hostile.TEXTS[text]
    for render in (rendered, mapped):
        shown = render("console", given, View(color=True, verbose=True))
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
        harmless(plain)
        assert _lines(plain) == _lines(render("console", given, View(verbose=True)))


BOUNDED = {"console", "github", "html", "junit", "markdown", "summary"}
"""Those that people read; of the others a name is what it is, however long."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_long_text_is_cut_for_people_and_breaks_nothing(name: str) -> None:
    shown = rendered(name, hostile.LONG, View())

    harmless(shown)
    CHECKS[name](shown, hostile.LONG)
    if name in BOUNDED:
        assert "x" * 1001 not in shown


@pytest.mark.parametrize("name", MAPS)
def test_so_it_is_in_the_views_of_maps(name: str) -> None:
    shown = mapped(name, hostile.LONG, View(verbose=True))

    harmless(shown)
    CHECKS[name](shown, hostile.LONG)
    if name in BOUNDED:
        assert "x" * 1001 not in shown


def _lines(shown: str) -> list[str]:
    return [line.rstrip() for line in shown.splitlines()]


def _texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for one in node:
            yield from _texts(one)
    elif isinstance(node, dict):
        for key, one in node.items():
            yield key
            yield from _texts(one)


def _of_key(node: Any, name: str) -> Iterator[Any]:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        for one in node:
            yield from _of_key(one, name)
    elif isinstance(node, dict):
        for key, one in node.items():
            if key == name:
                yield one
            yield from _of_key(one, name)


def _flat(tokens: list[Any]) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])
