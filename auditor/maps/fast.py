"""The quick parser of source maps: msgspec, with the embedded texts left raw until their turn."""

from __future__ import annotations

import re
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import astuple

from auditor import fastpaths
from auditor.jsonscan import unknown
from auditor.lazyre import regex
from auditor.maps import places
from auditor.maps.reader import (
    MAX_SECTION_DEPTH,
    UNKNOWN,
    Code,
    Given,
    Named,
    Origin,
    Part,
    Question,
    Span,
    json_text,
    part_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.jsonscan import MetIn

_ESCAPED_KEY = regex(rb'"[A-Za-z_]*+\\u00[0-9A-Fa-f]{2}(?:[A-Za-z_]|\\u00[0-9A-Fa-f]{2})*+"')

_BACKSLASH = regex(rb"\\")
_ABSENT = msgspec.Raw()
_QUOTE, _BRACKET = b'"['


class _Map(msgspec.Struct):
    """One map, each value as it is written; the names are the standard's."""

    version: msgspec.Raw = _ABSENT
    file: msgspec.Raw = _ABSENT
    names: msgspec.Raw = _ABSENT
    debugId: msgspec.Raw = _ABSENT  # noqa: N815
    debug_id: msgspec.Raw = _ABSENT
    sourceRoot: msgspec.Raw = _ABSENT  # noqa: N815
    sources: msgspec.Raw = _ABSENT
    mappings: msgspec.Raw = _ABSENT
    ignoreList: msgspec.Raw = _ABSENT  # noqa: N815
    x_google_ignoreList: msgspec.Raw = _ABSENT  # noqa: N815
    sourcesContent: list[msgspec.Raw] | None = None  # noqa: N815
    sections: list[msgspec.Raw] | None = None


_UNREAD = 5
"""So many of these are of no interest but for their length."""
_KEYS = {name: b'"%b"' % name.encode() for name in _Map.__struct_fields__[_UNREAD:]}
"""What a map has once at most, as it is written."""
_LISTS = frozenset({"sourcesContent", "sections"})
_BESIDE = [len(f'"{name}":,') for name in _Map.__struct_fields__]
"""What is written with a value."""


class _Section(msgspec.Struct):
    map: msgspec.Raw = _ABSENT


class _Deeper(Exception):  # noqa: N818 - a way out, not an error
    """Sections inside sections beyond what this parser follows."""


_map = msgspec.json.Decoder(_Map)
_section = msgspec.json.Decoder(_Section)
_text = msgspec.json.Decoder(str | None)
_names = msgspec.json.Decoder(list[str | None])
_indices = msgspec.json.Decoder(list[int] | None)


def parts(data: bytes, origin: Origin, met_in: MetIn = unknown) -> Iterator[Part | Given] | None:
    """Return the regular maps in `data`; None when this parser could miss something."""
    try:
        maps = list(_walk(data, 0))
        regular = [(one, _named(one, origin)) for one in maps if _is_map(one)]
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
    if len(regular) < held or (not regular and b"sourcesContent" in data):
        return None
    return _given(regular, spans, met_in)


def _is_plain(document: _Map, size: int) -> bool:
    """Tell from its length that a document has nothing beside what was read of it, as most have.

    That is no more than its keys and values take where each stands there once, without blanks
    between them. An object where none is looked for may have keys of its own.
    """
    *values, texts, sections = astuple(document)
    if sections is not None or not _begins(document.mappings, _QUOTE):
        return False
    if b"{" in b"".join(values[:_UNREAD]):
        return False
    written = sum(
        [len(value) + more for value, more in zip(values, _BESIDE, strict=False) if value]
    )
    if texts is not None:
        written += len('"sourcesContent":[],') + sum(map(len, texts)) + max(len(texts) - 1, 0)
    return size == len("{") + written


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
    return value is not None if name in _LISTS else len(value) > 0


def _given(
    regular: Iterable[tuple[_Map, Named]], spans: Sequence[Span], met_in: MetIn
) -> Iterator[Part | Given]:
    for document, named in regular:
        code = UNKNOWN
        carried = document.sourcesContent or ()
        if _holds_text(document.mappings) and named.has_own_text(map(_holds_text, carried)):
            code = Code(partial(_answer, document.mappings, len(named.names)))
        yield from part_of(named, map(_text_of, carried), code, met=starmap(met_in, spans))


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
    mapped = _begins(document.mappings, _QUOTE)
    return _begins(document.sources, _BRACKET) and (mapped or document.sourcesContent is not None)


def _named(document: _Map, origin: Origin) -> Named:
    ignored = None
    for written in (document.ignoreList, document.x_google_ignoreList):
        if ignored is None and len(written):
            ignored = _indices.decode(written)
    root = _text.decode(document.sourceRoot) if len(document.sourceRoot) else None
    return Named(_names.decode(document.sources), root or "", ignored or (), origin)


def _begins(raw: msgspec.Raw, sign: int) -> bool:
    return len(raw) > 0 and memoryview(raw)[0] == sign


def _holds_text(raw: msgspec.Raw) -> bool:
    return len(raw) > len('""') and _begins(raw, _QUOTE)


def _text_of(raw: msgspec.Raw) -> str | None:
    """Return an embedded text, as the standard library reads it where msgspec refuses to."""
    if not _holds_text(raw):
        return None
    try:
        text: str | None = _text.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = json_text(bytes(memoryview(raw)))
    return text


def _answer(raw: msgspec.Raw, count: int, question: Question) -> frozenset[int] | None:
    written = memoryview(raw)[1:-1]
    answer = question(written, count)
    if answer is None and _BACKSLASH.search(written):
        # some writers escape the slash, which is one of its digits
        answer = question((_text_of(raw) or "").encode("utf-8", "replace"), count)
    return answer
