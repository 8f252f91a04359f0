"""The quick parser of source maps: msgspec, with the embedded texts left raw until their turn."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.maps.reader import MAX_SECTION_DEPTH, Part, part_of


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


_map = msgspec.json.Decoder(_Map)
_section = msgspec.json.Decoder(_Section)
_text = msgspec.json.Decoder(str | None)


def parts(data: bytes) -> list[Part] | None:
    """Return the regular maps in `data`; None when this parser could miss something."""
    maps: list[_Map] = []
    try:
        maps.extend(_walk(data, 0))
        found = [_part(document) for document in maps if _is_map(document)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    held = sum(document.sourcesContent is not None for document in maps)
    spelled = data.count(b'"sourcesContent"')
    if spelled > held or (spelled == 0 and b"\\u00" in data):
        return None  # a key twice, or spelled with escapes: the other parser shows every one
    return found


def _walk(raw: bytes | msgspec.Raw, depth: int) -> Iterator[_Map]:
    document = _map.decode(raw)
    yield document
    if document.sections is not None and depth < MAX_SECTION_DEPTH:
        for section in document.sections:
            inner = _section.decode(section).map
            if memoryview(inner).nbytes:
                yield from _walk(inner, depth + 1)


def _is_map(document: _Map) -> bool:
    mapped = memoryview(document.mappings)[:1] == b'"'
    return document.sources is not None and (mapped or document.sourcesContent is not None)


def _part(document: _Map) -> Part:
    ignored = document.x_google_ignoreList if document.ignoreList is None else document.ignoreList
    texts = (_text.decode(text) for text in document.sourcesContent or ())
    return part_of(document.sourceRoot or "", document.sources or (), texts, ignored or ())
