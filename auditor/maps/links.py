"""Finding what links generated code to its source map: comments, and maps written inline.

A `data:` map counts wherever it stands, because whoever reads the text can decode it. A comment
that names another file counts only where a debugger would read it (ECMA-426, section 11.1.2.1,
extraction "without parsing"); the same words inside a string are no reference.
"""

from __future__ import annotations

import binascii
import posixpath
import re
from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

MARK = b"sourceMappingURL="
"""The literal that every form of link holds."""

_DATA_URL = re.compile(rb"data:[^,\s\"'`]{0,256},")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=_-]*")
_PERCENT = re.compile(rb"[^\s\"'`<>\\)]*")
_LINE_END = re.compile("\r\n|[\n\r\u2028\u2029]")
_COMMENT_URL = re.compile(r"[@#]\s*sourceMappingURL=(\S*?)\s*$")
_CSS_COMMENT = re.compile(r"/\*[@#]\s*sourceMappingURL=(\S*?)\s*\*/\s*$")
_TAIL = 4096
"""A link to a file is short: only this many bytes before the mark's line are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineMap:
    """The decoded payload of one `data:` link, and the line (from 1) it stands on."""

    data: bytes
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSeen:
    """The link to a map in one file; `target` is the path it means, empty for a URL elsewhere."""

    path: str
    line: int
    url: str
    target: str


def inline_map(text: bytes, mark: int) -> InlineMap | None:
    """Decode the `data:` URL behind the mark at offset `mark`; None when there is none."""
    head = _DATA_URL.match(text, mark + len(MARK))
    if head is None:
        return None
    body = _BASE64 if b";base64" in head.group().lower() else _PERCENT
    payload = body.match(text, head.end())
    if payload is None:  # pragma: no cover - both patterns match the empty text
        return None
    raw = payload.group()
    if body is _BASE64:
        raw = raw.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        try:
            data = b64decode(raw + b"=" * (-len(raw) % 4))
        except binascii.Error:
            return None
    else:
        data = unquote_to_bytes(raw)
    return InlineMap(data=data, line=line_of(text, mark))


def line_of(text: bytes, offset: int) -> int:
    """Return the line, from 1, that an offset lies on."""
    return text.count(b"\n", 0, offset) + 1


def linked_url(text: bytes, mark: int, *, css: bool) -> str | None:
    """Return the URL of the link at `mark` if nothing but comments follows it, else None."""
    start = max(text.rfind(b"\n", 0, mark) + 1, mark - _TAIL)
    tail = text[start:].decode("utf-8", "replace")
    if css:
        found = _CSS_COMMENT.search(tail)
        return found.group(1) if found else None
    url: str | None = None
    for line in _LINE_END.split(tail):
        url = _line_url(line, url)
    return url


def _line_url(line: str, url: str | None) -> str | None:
    """One line of the standard's scan: code forgets the URL, a comment may set it."""
    position = 0
    while position < len(line):
        two = line[position : position + 2]
        if two == "//":
            comment = line[position + 2 :]
            if any(quote in comment for quote in ("\"", "'", "`", "*/")):
                return None
            found = _COMMENT_URL.match(comment)
            return found.group(1) if found else url
        if two == "/*":
            end = line.find("*/", position + 2)
            if end < 0:
                return url
            found = _COMMENT_URL.match(line[position + 2 : end])
            url = found.group(1) if found else url
            position = end + 2
            continue
        if not line[position].isspace() and line[position] != "\ufeff":
            url = None
        position += 1
    return url


def resolved(folder: str, url: str) -> str:
    """Return the member path that a relative URL means, seen from a file in `folder`.

    Query and fragment do not count, percent-escapes are decoded. A URL that leads above the root
    keeps its `../`, so that it can equal no member's path.
    """
    plain = unquote(url.partition("?")[0].partition("#")[0])
    joined = plain if plain.startswith("/") else f"{folder}/{plain}" if folder else plain
    return posixpath.normpath(joined)
