"""The quick parser of source maps: msgspec, with the embedded texts left raw until their turn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from auditor.lazyre import regex
from auditor.maps import mappings, places
from auditor.maps.reader import (
    MAX_SECTION_DEPTH,
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


_KEYS = {name: b'"%b"' % name.encode() for name in _Map.__struct_fields__}
"""What a map has once at most, as it is written."""


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
    spans = places.of_texts(data, map(bytes, texts))
    if _shows_another_key(data, tuple(places.beside(data, spans)), maps):
        return None
    held = sum(document.sourcesContent is not None for document in maps)
    regular = [document for document in maps if _is_map(document)]
    if len(regular) < held or (not regular and b"sourcesContent" in data):
        return None
    return _given(regular, origin, spans)


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
    return memoryview(value).nbytes > 0 if name == "mappings" else value is not None


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
            if memoryview(inner).nbytes:
                yield from _walk(inner, depth + 1)


def _is_map(document: _Map) -> bool:
    mapped = bytes(memoryview(document.mappings)[:1]) == b'"'
    return document.sources is not None and (mapped or document.sourcesContent is not None)


def _part(document: _Map, origin: Origin, spans: Sequence[Span]) -> Iterator[Part | Given]:
    ignored = document.x_google_ignoreList if document.ignoreList is None else document.ignoreList
    named = Named(document.sources or (), document.sourceRoot or "", ignored or (), origin)
    carried = document.sourcesContent or ()
    in_code = None
    if _holds_text(document.mappings) and named.has_own_text(map(_holds_text, carried)):
        in_code = _in_code(document.mappings, len(named.names))
    return part_of(named, map(_text_of, carried), in_code, spans=spans)


def _holds_text(raw: msgspec.Raw) -> bool:
    view = memoryview(raw)
    return view.nbytes > len('""') and bytes(view[:1]) == b'"'


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
