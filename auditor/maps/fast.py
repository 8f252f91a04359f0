"""The quick parser of source maps: msgspec, with the embedded texts left raw until their turn."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from auditor import fastpaths
from auditor.lazyre import regex
from auditor.maps import mappings, places
from auditor.maps.reader import (
    MAX_SECTION_DEPTH,
    UNKNOWN,
    Code,
    Given,
    Named,
    Origin,
    Part,
    Span,
    json_text,
    part_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ESCAPED_KEY = regex(rb'"[A-Za-z_]*+\\u00[0-9A-Fa-f]{2}(?:[A-Za-z_]|\\u00[0-9A-Fa-f]{2})*+"')

_BACKSLASH = regex(rb"\\")


class _Map(msgspec.Struct):
    sourceRoot: str | None = None  # noqa: N815 - the standard's names
    sources: list[str | None] | None = None
    sourcesContent: list[msgspec.Raw] | None = None  # noqa: N815
    mappings: msgspec.Raw = msgspec.Raw()
    sections: list[msgspec.Raw] | None = None
    ignoreList: list[int] | None = None  # noqa: N815
    x_google_ignoreList: list[int] | None = None  # noqa: N815
    version: msgspec.Raw = msgspec.Raw()
    file: msgspec.Raw = msgspec.Raw()
    names: msgspec.Raw = msgspec.Raw()


_UNREAD = frozenset({"version", "file", "names"})
"""Keys whose values are of no interest but for their length."""
_KEYS = {name: b'"%b"' % name.encode() for name in _Map.__struct_fields__ if name not in _UNREAD}
"""What a map has once at most, as it is written."""
_QUOTE = ord('"')


class _Section(msgspec.Struct):
    map: msgspec.Raw = msgspec.Raw()


class _Deeper(Exception):  # noqa: N818 - a way out, not an error
    """Sections inside sections beyond what this parser follows."""


_map = msgspec.json.Decoder(_Map)
_section = msgspec.json.Decoder(_Section)
_text = msgspec.json.Decoder(str | None)


def parts(data: bytes, origin: Origin) -> Iterator[Part | Given] | None:
    """Return the regular maps in `data`; None when this parser could miss something."""
    try:
        maps = list(_walk(data, 0))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _Deeper):
        return None
    texts = maps[0].sourcesContent or () if len(maps) == 1 else ()
    spans = None
    if fastpaths.enabled("plain_maps") and _is_plain(maps[0], len(data)):
        spans = places.in_a_row(data, map(len, texts))
    if spans is None:
        spans = places.of_texts(data, map(bytes, texts))
        if _shows_another_key(data, tuple(places.beside(data, spans)), maps):
            return None
    held = sum(document.sourcesContent is not None for document in maps)
    regular = [document for document in maps if _is_map(document)]
    if len(regular) < held or (not regular and b"sourcesContent" in data):
        return None
    return _given(regular, origin, spans)


def _is_plain(document: _Map, size: int) -> bool:
    """Tell from its length that a document has nothing beside what was read of it, as most have.

    That is no more than its keys and values take where each stands there once, without blanks and
    escapes. An object where none is looked for may have keys of its own.
    """
    root, sources, texts = document.sourceRoot, document.sources, document.sourcesContent
    apart = b"".join((document.version, document.file, document.names))
    if b"{" in apart or not _is_text(document.mappings):
        return False
    lengths = {
        "version": len(document.version),
        "file": len(document.file),
        "names": len(document.names),
        "mappings": len(document.mappings),
        "sourceRoot": 0 if root is None else _name_length(root),
        "sources": 0 if sources is None else _list_length([_name_length(one) for one in sources]),
        "sourcesContent": 0 if texts is None else _list_length([len(one) for one in texts]),
    }
    written = sum(len(f'"{key}":,') + length for key, length in lengths.items() if length)
    return size == len("{") + written


def _name_length(name: str | None) -> int:
    return len("null") if name is None else len(name) + len('""')


def _list_length(items: list[int]) -> int:
    return len("[]") + sum(items) + max(len(items) - 1, 0)


def _shows_another_key(data: bytes, ranges: Sequence[Span], maps: Sequence[_Map]) -> bool:
    """Tell whether a key may stand twice, escaped, or elsewhere: another parser shows them."""
    for name, key in _KEYS.items():
        met = 0
        for start, end in ranges:
            met += data.count(key, start, end)
        if met and met > (held := sum(_has(document, name) for document in maps)):
            as_key = re.compile(key + rb"\s*+:")  # what the code calls something may be called so
            if sum(len(as_key.findall(data, *span)) for span in ranges) > held:
                return True
    return any(
        data.find(b"\\u00", *span) >= 0 and _ESCAPED_KEY.search(data, *span) for span in ranges
    )


def _has(document: _Map, name: str) -> bool:
    value = getattr(document, name)
    return len(value) > 0 if name == "mappings" else value is not None


def _given(regular: list[_Map], origin: Origin, spans: Sequence[Span]) -> Iterator[Part | Given]:
    for document in regular:
        yield from _part(document, origin, spans)


def _walk(raw: bytes | msgspec.Raw, depth: int) -> Iterator[_Map]:
    document = _map.decode(raw)
    yield document
    if document.sections is not None:
        if depth >= MAX_SECTION_DEPTH:
            raise _Deeper
        for section in document.sections:
            inner = _section.decode(section).map
            if len(inner):
                yield from _walk(inner, depth + 1)


def _is_map(document: _Map) -> bool:
    mapped = _is_text(document.mappings)
    return document.sources is not None and (mapped or document.sourcesContent is not None)


def _is_text(raw: msgspec.Raw) -> bool:
    return len(raw) > 0 and memoryview(raw)[0] == _QUOTE


def _part(document: _Map, origin: Origin, spans: Sequence[Span]) -> Iterator[Part | Given]:
    ignored = document.x_google_ignoreList if document.ignoreList is None else document.ignoreList
    named = Named(document.sources or (), document.sourceRoot or "", ignored or (), origin)
    carried = document.sourcesContent or ()
    code = UNKNOWN
    if _holds_text(document.mappings) and named.has_own_text(map(_holds_text, carried)):
        code = Code(partial(_in_code, document.mappings, len(named.names)))
    return part_of(named, map(_text_of, carried), code, spans=spans)


def _holds_text(raw: msgspec.Raw) -> bool:
    return len(raw) > len('""') and _is_text(raw)


def _text_of(raw: msgspec.Raw) -> str | None:
    """Return an embedded text, as the standard library reads it where msgspec refuses to."""
    if not _holds_text(raw):
        return None
    try:
        text: str | None = _text.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = json_text(bytes(memoryview(raw)))
    return text


def _in_code(raw: msgspec.Raw, count: int) -> frozenset[int] | None:
    written = memoryview(raw)[1:-1]
    met = mappings.used(written, count)
    if met is None and _BACKSLASH.search(written):
        # some writers escape the slash, which is one of its digits
        text = (_text_of(raw) or "").encode("utf-8", "replace")
        met = mappings.used(text, count)
    return met
