"""The quick parser of source maps: msgspec, with the embedded texts left raw until their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from auditor.lazyre import regex
from auditor.maps import mappings
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
_KEY = b'"sourcesContent"'
_BEGIN = regex(rb"\s*+:\s*+\[\s*+")
_NEXT = regex(rb"\s*+(?:,\s*+)?")
_MAPPINGS = regex(rb'"mappings"\s*+:\s*+')
_OF_TEXTS = frozenset({b'"', b"n"})
"""What a text begins with, and the null of one that is not there."""
_OPTIONAL = ("sourceRoot", "sections", "ignoreList", "x_google_ignoreList")
"""Keys that a map need not have, and has once at most."""


class _Map(msgspec.Struct):
    sourceRoot: str | None = None  # noqa: N815 - the standard's names
    sources: list[str | None] | None = None
    sourcesContent: list[msgspec.Raw] | None = None  # noqa: N815
    mappings: msgspec.Raw = msgspec.Raw()
    sections: list[msgspec.Raw] | None = None
    ignoreList: list[int] | None = None  # noqa: N815
    x_google_ignoreList: list[int] | None = None  # noqa: N815


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
    spans = _spans(data, maps[0].sourcesContent or ()) if len(maps) == 1 else ()
    aside = _without(data, spans, maps[0]) if spans else data
    held = sum(document.sourcesContent is not None for document in maps)
    escaped = b"\\u00" in aside and _ESCAPED_KEY.search(aside) is not None
    named = sum(document.sources is not None for document in maps)
    mapped = sum(memoryview(document.mappings).nbytes > 0 for document in maps)
    if (
        escaped
        or aside.count(b'"sourcesContent"') > held
        or aside.count(b'"sources"') > named
        or aside.count(b'"mappings"') > mapped
        or any(
            aside.count(f'"{key}"'.encode()) > sum(getattr(one, key) is not None for one in maps)
            for key in _OPTIONAL
        )
    ):
        return None  # a key twice, escaped, or elsewhere: the other parser shows every one
    regular = [document for document in maps if _is_map(document)]
    if len(regular) < held or (not regular and b"sourcesContent" in data):
        return None
    return _given(regular, origin, spans)


def _spans(data: bytes, texts: Sequence[msgspec.Raw]) -> Sequence[Span]:
    """Return where the texts of the only map of a document stand in it; nothing where unsure.

    Of what stands there every byte is compared with the texts, and only strings and null are texts:
    so there is no key among them, whatever they say.
    """
    key = data.find(_KEY)
    begin = _BEGIN.match(data, key + len(_KEY)) if key >= 0 else None
    if begin is None:
        return ()
    spans = []
    position = begin.end()
    for raw in texts:
        written = bytes(raw)
        if written[:1] not in _OF_TEXTS or not data.startswith(written, position):
            return ()
        end = position + len(written)
        spans.append((position, end))
        position = _NEXT.match(data, end).end()  # type: ignore[union-attr]
    return spans


def _without(data: bytes, spans: Sequence[Span], document: _Map) -> bytes:
    """Return a document without its texts and its mappings, which is where its keys are."""
    aside = data[: spans[0][0]] + data[spans[-1][1] :]
    found = _MAPPINGS.search(aside)
    written = bytes(document.mappings)
    if found is None or not written.startswith(b'"') or not aside.startswith(written, found.end()):
        return aside
    return aside[: found.end()] + aside[found.end() + len(written) :]


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
        in_code = mappings.used(_mappings(document.mappings), len(named.names))
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


def _mappings(raw: msgspec.Raw) -> bytes | memoryview:
    view = memoryview(raw)[1:-1]
    if _BACKSLASH.search(view):  # some writers escape the slash, which is one of its digits
        return (_text_of(raw) or "").encode("utf-8", "replace")
    return view
