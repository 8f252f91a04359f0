"""Source maps written as objects inside other text: code, strings, the payload of an executable.

css-loader writes the map of a style sheet into the script as an object; minifiers take the quotes
off its keys; development bundles have all that once more inside a string. So each place where
`sourcesContent` stands is tried: as JSON, as an object literal of JavaScript, and as either inside
a string. Only what has texts, names and `mappings` is a map: examples seldom have all three.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex
from auditor.maps import jstext
from auditor.maps.signs import WRITTEN
from auditor.model import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DEPTH = 4
"""Strings inside strings: each level doubles the backslashes, so that no real text goes further."""

_KEYS = (
    rb"(?:version|sources|sourcesContent|sourceRoot|mappings|names|file|ignoreList"
    rb"|x_google_ignoreList|debugId|debug_id|lineCount|sections)"
)
_START = regex(rb'\{\s*+"' + _KEYS + rb'"\s*+:')
_ESCAPED_START = regex(rb"\{(?:\s|\\+[nrt])*+\\+\"" + _KEYS + rb"\\+\"")
_BARE_START = regex(rb"\{(?:\s|\\+[nrt])*+" + _KEYS + rb"\s*+:")
_BETWEEN = regex(rb'[^"{}\[\]]*+(?:"(?:[^"\\]|\\.)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_STRING = (
    rb'(?:"(?:[^"\\]|\\.)*+"'
    rb"|'(?:[^'\\]|\\.)*+'|`(?:[^`\\]|\\.)*+`"
    rb"|null|void 0|undefined)"
)
_LIST = regex(rb"[\"']?\s*+:\s*+\[\s*+((?:" + _STRING + rb"\s*+(?:,\s*+)?)*+)", re.DOTALL)
"""All but the closing bracket, so that it is known how far a list without one was gone through."""
_ITEM = regex(_STRING, re.DOTALL)
_MAPPINGS = regex(rb"mappings[\"']?\s*+:\s*+[\"'`]([A-Za-z0-9+/,;]*+)[\"'`]")
_NEAR = 64 * 1024
"""Bytes behind the texts in which `mappings` may follow: only the list of names stands between."""
_BRACKETS = 1_000_000
_SLACK = 1024 * 1024


class Written(Struct, frozen=True, kw_only=True):
    """One map as JSON, and the offset in the text at which it was found."""

    data: bytes
    offset: int


class _Effort:
    """What was gone through so far; no more than a few times the text, whatever it nests."""

    def __init__(self, text: bytes) -> None:
        self.left = 6 * len(text) + _SLACK

    def spend(self, count: int) -> bool:
        self.left -= count
        return self.left > 0


def keys_of(text: bytes) -> list[int]:
    """Return the offset of every key in a text."""
    found = []
    offset = text.find(WRITTEN)
    while offset >= 0:
        found.append(offset)
        offset = text.find(WRITTEN, offset + len(WRITTEN))
    return found


def maps_in(path: str, text: bytes, keys: Iterable[int]) -> Iterator[Written | Unread]:
    """Yield each map that stands in a text, in its order; `keys` are the offsets of the key.

    Objects that lie in one another, as only a hostile text has them, end with an Unread once they
    come to several times the text.
    """
    effort = _Effort(text)
    for found in _maps(text, sorted(keys), effort, 0):
        if found is None:
            yield Unread(path=path, reason="source maps inside one another: not all read")
            return
        yield found


def _maps(text: bytes, keys: list[int], effort: _Effort, depth: int) -> Iterator[Written | None]:
    """Yield maps; None, and nothing after it, where the effort is spent."""
    floor = 0
    for key in keys:
        if key < floor:
            continue
        end = key + len(WRITTEN)
        start = _in_literal(text, floor, key)
        if start >= 0:
            end = _literal_end(text, start)
            if not effort.spend(end - start):
                yield None
                return
            if depth < MAX_DEPTH:
                inner = jstext.unescaped(text[start:end])
                for found in _maps(inner, keys_of(inner), effort, depth + 1):
                    if found is None:
                        yield None
                        return
                    yield Written(data=found.data, offset=key)
        else:
            document, reached, cost = _object(text, floor, key)
            if not effort.spend(cost):
                yield None
                return
            if document is not None:
                yield Written(data=document, offset=key)
                end = max(end, reached)
        floor = end


def _slashes_before(text: bytes, offset: int) -> int:
    piece = text[max(0, offset - 64) : max(0, offset)]
    return len(piece) - len(piece.rstrip(b"\\"))


def _in_literal(text: bytes, floor: int, key: int) -> int:
    """Return where a map begins that is written inside a string, -1 for one that is not."""
    if text[key - 1 : key] in jstext.BODIES:
        if _slashes_before(text, key - 1) % 2 == 0:
            return -1
        return _last(_ESCAPED_START, text, floor, key, key - 2)
    start = _last(_BARE_START, text, floor, key, -1)
    return start if start >= 0 and b'\\"' in text[start : key + len(WRITTEN) + 4] else -1


def _last(pattern: re.Pattern[bytes], text: bytes, floor: int, end: int, otherwise: int) -> int:
    """Return where the last match before an offset begins."""
    for found in pattern.finditer(text, floor, end):
        otherwise = found.start()
    return otherwise


def _literal_end(text: bytes, start: int) -> int:
    quote = text[start - 1 : start]
    body = jstext.BODIES[quote if quote in {b"'", b"`"} else b'"'].match(text, start)
    return body.end() if body else len(text)


def _object(text: bytes, floor: int, key: int) -> tuple[bytes | None, int, int]:
    """Return the map around a key as JSON, where it ends, and how much was gone through."""
    start = _last(_START, text, floor, key + len(WRITTEN) + 2, -1)
    cost = 0
    if start >= 0:
        quote = text[start - 1 : start]
        if start and quote in {b"'", b"`"}:
            body = jstext.BODIES[quote].match(text, start)
            inner = jstext.unescaped(body.group() if body else b"")
            end, closed = _end_of(inner, 0)
            cost += 2 * len(inner) + end
            if closed and _is_json(inner[:end]):
                return inner[:end], start + end, cost
        end, closed = _end_of(text, start)
        cost += end - start
        if closed and end > key and _is_json(text[start:end]):
            return text[start:end], end, cost
    document, end, more = _literal(text, floor, key)
    return document, end, cost + more


def _is_json(data: bytes) -> bool:
    import msgspec  # noqa: PLC0415 - only where a text holds an object that may be a map

    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    except RecursionError:
        pass  # its brackets are closed; the reader of maps goes through any depth
    return b'"mappings"' in data or b'"sections"' in data


def _end_of(text: bytes, start: int) -> tuple[int, bool]:
    """Return how far the object that begins at `start` goes, and whether it is closed there."""
    depth = 0
    offset = start
    for _ in range(_BRACKETS):
        bracket = text[offset : offset + 1]
        if bracket in {b"{", b"["}:
            depth += 1
        elif bracket in {b"}", b"]"}:
            depth -= 1
            if depth == 0:
                return offset + 1, True
        else:
            break
        step = _BETWEEN.match(text, offset + 1)
        offset = step.end() if step else len(text)
    return offset, False


def _literal(text: bytes, floor: int, key: int) -> tuple[bytes | None, int, int]:
    """Return the map of an object literal, whose keys need no quotes and whose texts may."""
    said, end = _list(text, key + len(WRITTEN))
    cost = end - key
    if not any(said):
        return None, key, cost
    at = text.rfind(b"sources", floor, key)
    names, reached = _list(text, at + len(b"sources")) if at >= 0 else ([], at)
    cost += reached - at
    mappings = _mappings(text, floor, key, end)
    if mappings is None or not any(names):
        return None, key, cost
    document = {"version": 3, "sources": names, "sourcesContent": said, "mappings": mappings}
    return json.dumps(document).encode(), end, cost


def _mappings(text: bytes, floor: int, key: int, end: int) -> str | None:
    before = text.rfind(b"mappings", floor, key)
    found = _MAPPINGS.match(text, before) if before >= 0 else None
    found = found or _MAPPINGS.search(text, end, end + _NEAR)
    return found.group(1).decode() if found else None


def _list(text: bytes, offset: int) -> tuple[list[str | None], int]:
    """Return the items of a list that is the value of a key, and how far it was read."""
    found = _LIST.match(text, offset)
    if found is None or text[found.end() : found.end() + 1] != b"]":
        return [], found.end() if found else offset
    return _items(found.group(1)), found.end() + 1


def _items(written: bytes) -> list[str | None]:
    return [
        jstext.unescaped(item[1:-1]).decode("utf-8", "replace")
        if item[:1] in jstext.BODIES
        else None
        for item in _ITEM.findall(written)
    ]
