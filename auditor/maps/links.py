"""Finding what links generated code to its source map: comments, and maps written inline.

A `data:` map counts wherever it stands, because whoever reads the text can decode it. A comment
that names another file counts only where a debugger would read it (ECMA-426, extraction of a
source map URL); the same words inside a string are no reference.
"""

from __future__ import annotations

import json
import posixpath
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes

from msgspec import Struct

from auditor.lazyre import regex
from auditor.model import Unread

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

FORM = "sourceMappingURL"
MARK = FORM.encode() + b"="
"""The literal that every link in a text holds."""

_DATA_URL = regex(rb"(?i:data):[^,\s\"'`]{0,256},")
_BASE64 = regex(rb"(?:[A-Za-z0-9+/=_-]++|%[0-9A-Fa-f]{2}|\\/)*+")
"""Also with what URLs (`%2B`) and JSON strings (`\\/`) make of its characters."""
_NOT_BASE64 = regex(rb"[^A-Za-z0-9+/=_-]+")
_PERCENT = regex(rb"[^\s\"`<>\\]*+")
"""`encodeURIComponent` leaves quotes and brackets in; only what it never leaves ends a text."""
_PLAIN = regex(rb"[^\r\n]*+")
_SLACK = 1024 * 1024

_OTHER_LINE_ENDS = "\r\u2028\u2029"
"""Two that stand together end a blank line."""
_SPACE = (
    " \t\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
    "\u205f\u3000\ufeff"
)
"""ECMA-262's WhiteSpace, which is not Python's."""
_MARK_TEXT = MARK.decode()
_COMMENT_BEFORE = regex(r"(?<!:)//")
_CSS_OPENER = regex(rb"/\*[@#]\s*\Z")
_CSS_REST = regex(rb"(?:\s++|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
_OPENER = 64
_QUOTES = ('"', "'", "`", "*/")
_SHORT_TAIL, _TAIL = 1024, 64 * 1024
"""Bytes at the end of a file in which the link nearly always stands; else all of it is read."""

_MAGIC_LINE = regex(rb"[ \t]*(?://|/\*)[@#][ \t]*(?:sourceMappingURL|sourceURL|debugId)=[^\n]*\Z")

_MAGIC_STARTS = frozenset({b" ", b"\t", b"/"})


class InlineMap(Struct, frozen=True, kw_only=True):
    """The decoded payload of one `data:` link, and where that stands: line (from 1) and offsets."""

    data: bytes
    line: int
    offset: int = 0
    end: int = 0
    """Where a payload ends that is written as it is; an encoded one ends no earlier."""


class LinkSeen(Struct, frozen=True, kw_only=True):
    """The link to a map in one file; `target` is the path it means, empty for a URL elsewhere."""

    path: str
    line: int | None
    """None in a binary."""
    url: str
    target: str
    form: str = FORM


class Link(Struct, frozen=True, kw_only=True):
    """A link as written: the URL, and the offset of its mark."""

    url: str
    offset: int
    form: str = FORM
    has_line: bool = True


_PIECE = 64 * 1024
"""Bytes whose newlines are counted at once: they stay in the processor's cache."""


def newlines(text: bytes, start: int, end: int) -> int:
    """Count the newlines between two offsets of a text."""
    count = 0
    for begin in range(start, end, _PIECE):
        piece = text[begin : min(begin + _PIECE, end)]
        # what takes newlines out looks for them at thrice the speed of what counts them
        count += len(piece) - len(piece.replace(b"\n", b""))
    return count


class Lines:
    """The line numbers of offsets that only grow: the text is gone through once for all of them."""

    __slots__ = ("_line", "_offset", "_text")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._offset = 0
        self._line = 1

    def at(self, offset: int) -> int:
        """Return the line, from 1, that an offset lies on; asks no smaller one than the last."""
        self._line += newlines(self._text, self._offset, offset)
        self._offset = max(offset, self._offset)
        return self._line


def marks_of(text: bytes) -> list[int]:
    """Return the offset of every mark in a text."""
    found = []
    offset = text.find(MARK)
    while offset >= 0:
        found.append(offset)
        offset = text.find(MARK, offset + 1)
    return found


def inline_maps(path: str, text: bytes, marks: Iterable[int]) -> Iterator[InlineMap | Unread]:
    """Yield the payload of every `data:` URL behind a mark, in the text's order.

    Payloads that lie in one another, as only a hostile text has them, end with an Unread once
    they come to several times the text.
    """
    lines = Lines(text)
    spent = 0
    for mark in sorted(marks):
        head = _DATA_URL.match(text, mark + len(MARK))
        if head is None:
            continue
        if spent > 2 * len(text) + _SLACK:
            yield Unread(path=path, reason="inline source maps inside one another: not all decoded")
            return
        data, size = _payload(text, head)
        spent += size
        if data:
            end = head.end() + min(size, len(data))
            yield InlineMap(data=data, line=lines.at(mark), offset=mark, end=end)


def inline_map(url: bytes) -> bytes:
    """Return what a `data:` URL by itself holds, decoded; nothing for another URL."""
    head = _DATA_URL.match(url)
    return b"" if head is None else _payload(url, head)[0]


def _payload(text: bytes, head: re.Match[bytes]) -> tuple[bytes, int]:
    """Return what a `data:` URL holds, decoded, and the bytes that it was written in."""
    if b";base64" in head.group().lower():
        raw = _matched(_BASE64, text, head.end())
        return _base64(raw), len(raw)
    plain = text[head.end() : head.end() + 1] == b"{"
    raw = _matched(_PLAIN if plain else _PERCENT, text, head.end())
    return _json_head(raw if plain else unquote_to_bytes(raw)), len(raw)


def _matched(pattern: re.Pattern[bytes], text: bytes, start: int) -> bytes:
    found = pattern.match(text, start)
    return found.group() if found else b""


def _base64(raw: bytes) -> bytes:
    """Decode as browsers do: either alphabet, padded or not, percent-escapes first."""
    if b"%" in raw or b"\\" in raw:
        raw = _NOT_BASE64.sub(b"", unquote_to_bytes(raw.replace(b"\\", b"")))
    # the `--` of an HTML comment's end is no part of it: no JSON ends in a byte that gives `-`
    raw = raw.rstrip(b"-").replace(b"-", b"+").replace(b"_", b"/")
    raw = raw.partition(b"=")[0]
    if len(raw) % 4 == 1:
        raw = raw[:-1]
    return b64decode(raw + b"=" * (-len(raw) % 4))


def _json_head(data: bytes) -> bytes:
    """Cut off what follows a JSON object: a comment's end, a quote, code."""
    if data.lstrip()[:1] != b"{":
        return data
    text = data.decode("utf-8", "surrogateescape")
    start = len(text) - len(text.lstrip())
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return data
    return text[:end].encode("utf-8", "surrogateescape")


def line_of(text: bytes, offset: int) -> int:
    """Return the line, from 1, that an offset lies on."""
    return newlines(text, 0, offset) + 1


def ends_in_comment(text: bytes) -> bool:
    """Tell whether the last line of a text is a comment that tools read."""
    start = text.rfind(b"\n") + 1
    return text[start : start + 1] in _MAGIC_STARTS and _MAGIC_LINE.match(text, start) is not None


def content_end(text: bytes) -> int:
    """Return where a text ends, but for blanks and the comments that tools read (links, ids).

    A build step adds those, so that they differ where the text is the same.
    """
    end = _stripped_end(text, len(text))
    while _MAGIC_LINE.match(text, start := text.rfind(b"\n", 0, end) + 1, end):
        end = _stripped_end(text, start)
    return end


def _stripped_end(text: bytes, end: int) -> int:
    """Return the end of a text without blanks; no more of it is copied than a line's worth."""
    while end:
        piece = text[max(0, end - 64) : end]
        kept = len(piece.rstrip())
        if kept:
            return end - len(piece) + kept
        end -= len(piece)
    return 0


def js_link(text: bytes) -> Link | None:
    """Return the link that a debugger follows from a script, None when it has none.

    From the end, only `//` comments and blank lines may stand before it is met, none of them with
    a quote or `*/` in it (ECMA-426, "without parsing"). Code may stand before the comment on its
    own line, as extraction "through parsing" allows, unless that is a comment itself.
    """
    for size in (_SHORT_TAIL, _TAIL, len(text)):
        begin = max(0, len(text) - size)
        for start, line in _from_the_end(text[begin:].decode("utf-8", "replace")):
            if begin and not start:
                break  # it may begin before the tail
            if not line.strip(_SPACE):
                continue
            found = _link_comment(line)
            if found is not None:
                return _link(text, found)
            code, slashes, comment = line.partition("//")
            if not slashes or code.strip(_SPACE) or any(quote in comment for quote in _QUOTES):
                return None
    return None


def _from_the_end(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text, the last one first, each with where it begins.

    Of a text of megabytes most are never asked for.
    """
    for sign in _OTHER_LINE_ENDS:
        text = text.replace(sign, "\n")
    end = len(text)
    while end >= 0:
        start = text.rfind("\n", 0, end) + 1
        yield start, text[start:end]
        end = start - 1


def _link_comment(line: str) -> str | None:
    """Return the URL of a comment that is a link; code may stand before it, but no comment."""
    mark = line.rfind(_MARK_TEXT)
    opener = line[: max(mark, 0)].rstrip()
    url = line[mark + len(_MARK_TEXT) :].strip()
    if not opener.endswith(("//#", "//@")) or len(url.split(None, 1)) > 1:
        return None
    # up to its first slash: of three, the first two begin the comment
    if _COMMENT_BEFORE.search(opener[:-2]) or any(quote in url for quote in _QUOTES):
        return None
    return url


def css_link(text: bytes) -> Link | None:
    """Return the link of a style sheet: a comment behind which only comments stand."""
    mark = text.rfind(MARK)
    end = text.find(b"*/", max(mark, 0))
    if mark < 0 or end < 0 or not _CSS_OPENER.search(text, max(0, mark - _OPENER), mark):
        return None
    url = text[mark + len(MARK) : end].strip().decode("utf-8", "replace")
    if len(url.split(None, 1)) != 1 or not _CSS_REST.fullmatch(text, end + 2):
        return None
    return _link(text, url)


def _link(text: bytes, url: str) -> Link | None:
    """Return the link with its place; an empty URL is none."""
    place = text.rfind(MARK + url.encode("utf-8", "replace"))
    return Link(url=url, offset=place if place >= 0 else text.rfind(MARK)) if url else None


def resolved(path: str, url: str) -> str:
    """Return the member path that a relative URL means, seen from the file at `path`.

    Query and fragment do not count, percent-escapes are decoded. A URL that leads above the root,
    of a nested archive too, keeps its `../`, so that it can equal no member's path.
    """
    archive, bang, inner = path.rpartition("!")
    plain = unquote(url.partition("?")[0].partition("#")[0])
    return archive + bang + posixpath.normpath(posixpath.join(posixpath.dirname(inner), plain))
