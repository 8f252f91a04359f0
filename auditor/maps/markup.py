"""The scripts and style sheets that a page or an image has inside, each as text of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = regex(rb"<(?i:(script|style))\b[^<>]*+>")
_CLOSE = {
    b"script": regex(rb"</(?i:script)\b"),
    b"style": regex(rb"</(?i:style)\b"),
}
_CDATA = (b"<![CDATA[", b"]]>")


def blocks(text: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Yield `script` or `style`, the offset of each such element's text, and the text.

    An element that is not closed ends the reading, as it takes in the rest for a browser, too.
    """
    offset = 0
    while opened := _OPEN.search(text, offset):
        kind = opened.group(1).lower()
        closed = _CLOSE[kind].search(text, opened.end())
        if closed is None:
            return
        body = text[opened.end() : closed.start()]
        for mark in _CDATA:  # as SVG has it; blanks in its place keep the offsets
            body = body.replace(mark, b" " * len(mark))
        yield kind.decode(), opened.end(), body
        offset = closed.end()
