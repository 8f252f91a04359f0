"""From the bytes of a source map to its sources, counted and digested (ECMA-426, section 4).

Two parsers, one answer: msgspec keeps the embedded texts as raw slices, so that a map of 60 MB
costs little more than itself; what it refuses or may read in two ways (repeated or escaped keys,
NaN, lone surrogates, maps that lie deeper in a document) goes to the standard library's parser,
which shows every key.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from auditor.errors import ParseError
from auditor.maps import links
from auditor.maps.origin import is_third_party
from auditor.model import ByteCount, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_SECTION_DEPTH = 32
"""Index maps inside index maps; the standard allows one level, no bundler writes more."""
MAX_TEXT_DEPTH = 4
"""Maps inside the texts of maps: a bundler's map of compiled files that have inline maps."""

_UTF16 = frozenset({b"\xff\xfe", b"\xfe\xff"})
_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+(?:\)\]\}'|[{\[])")


class TooDeepError(ParseError):
    """The document nests deeper than the parsers follow: nothing can be said of what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of a map; `digest` is None where the map does not hold its text."""

    name: str
    third_party: bool
    size: ByteCount = ByteCount(0)  # noqa: RUF009 - a type, not a call that computes
    lines: int = 0
    digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """What one map says, sections flattened."""

    roots: tuple[str, ...]
    """Each distinct `sourceRoot`."""
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a map was found, as far as it decides what its sources are."""

    foreign: bool = False
    """True inside a dependency that ships along: all of its sources are a third party's."""
    depth: int = 0
    """How many texts of maps it lies in."""

    def inner(self) -> Origin:
        """Return the origin of a map inside a text of this one."""
        return Origin(foreign=self.foreign, depth=self.depth + 1)


HERE = Origin()


def text_digest(text: bytes) -> bytes:
    """Digest a text so that line endings, blank edges and linking comments do not matter."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    text = text.removeprefix(b"\xef\xbb\xbf").lstrip()
    return hashlib.sha256(memoryview(text)[: links.content_end(text)]).digest()


def unwrapped(data: bytes) -> bytes:
    """Take off what may stand before the JSON: UTF-16, a byte-order mark, the `)]}'` line."""
    if data[:2] in _UTF16:
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith(b")]}'"):
        end = data.find(b"\n")
        data = data[end + 1 :] if end >= 0 else b""
    return data


def looks_like_json(data: bytes) -> bool:
    """Tell from its beginning whether a text can be a JSON object or list, wrapped or not."""
    return data[:2] in _UTF16 or _JSON_START.match(data) is not None


def read(data: bytes, origin: Origin = HERE) -> SourceMap | None:
    """Read one map; None when the text is JSON but holds no source map.

    A document that only contains maps (a build cache) is read as their sum. Raises ParseError
    when the text is not JSON, or nests deeper than the parsers follow.
    """
    data = unwrapped(data)
    parts = _fast(data, origin)
    if parts is None:
        parts = list(_slow(_pairs(data), origin))
    if not parts:
        return None
    return SourceMap(
        roots=tuple(dict.fromkeys(part.root for part in parts if part.root)),
        sources=tuple(source for part in parts for source in part.sources),
    )


def of_texts(texts: Iterable[tuple[str, str]], origin: Origin = HERE) -> SourceMap:
    """Return sources that lie somewhere without a map, as one map has them: name and text."""
    pairs = tuple(texts)
    part = part_of("", (name for name, _ in pairs), (text for _, text in pairs), (), origin)
    return SourceMap(roots=(), sources=part.sources)


def merged(maps: Iterable[SourceMap]) -> SourceMap:
    """Return several maps as their sum."""
    found = tuple(maps)
    return SourceMap(
        roots=tuple(dict.fromkeys(root for one in found for root in one.roots)),
        sources=tuple(source for one in found for source in one.sources),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One regular map: the document itself, or the map of one section."""

    root: str
    sources: tuple[Source, ...]


def part_of(
    root: str,
    names: Iterable[object],
    texts: Iterable[str | None],
    ignored: Iterable[object],
    origin: Origin = HERE,
) -> Part:
    """Count and digest the sources of one regular map, given as its four members."""
    foreign = frozenset(ignored)
    return Part(
        root=root,
        sources=tuple(
            source
            for index, (name, text) in enumerate(zip_longest(names, texts))
            if text or isinstance(name, str)
            for source in _sources(
                name if isinstance(name, str) and name else f"(unnamed source {index + 1})",
                root,
                text,
                origin,
                ignored=index in foreign,
            )
        ),
    )


def _sources(
    name: str, root: str, text: str | None, origin: Origin, *, ignored: bool
) -> Iterator[Source]:
    """Yield a source, and behind it the first-party texts of maps inside its text."""
    foreign = (
        ignored
        or origin.foreign
        or is_third_party(name)
        or (bool(root) and is_third_party(f"{root.rstrip('/')}/{name}"))
    )
    if not text:
        yield Source(name=name, third_party=foreign)
        return
    raw = text.encode("utf-8", "surrogatepass")
    yield Source(
        name=name,
        third_party=foreign,
        size=ByteCount(len(raw)),
        lines=raw.count(b"\n") + (not raw.endswith(b"\n")),
        digest=text_digest(raw),
    )
    if not foreign and origin.depth < MAX_TEXT_DEPTH and links.MARK in raw:
        yield from _inside(raw, origin.inner())


def _inside(text: bytes, origin: Origin) -> Iterator[Source]:
    """Yield the sources that inline maps in an embedded text give back."""
    for inline in links.inline_maps("", text, links.marks_of(text)):
        if isinstance(inline, Unread):
            raise ParseError(inline.reason, "sourcesContent")
        try:
            found = read(inline.data, origin)
        except TooDeepError:
            raise
        except ParseError:
            continue  # words about maps, not a map
        if found is not None:
            yield from (source for source in found.sources if source.digest is not None)


def _fast(data: bytes, origin: Origin) -> list[Part] | None:
    """Read with msgspec; None when the other parser must decide."""
    from auditor.maps import fast  # noqa: PLC0415 - 40 ms of imports that only maps are worth

    return fast.parts(data, origin)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, repeated keys and all."""

    def every(self, key: str, kind: type) -> list[Any]:
        """Return each value of `key` that is of `kind`."""
        return [value for name, value in self if name == key and isinstance(value, kind)]

    def first(self, key: str, kind: type) -> Any:  # noqa: ANN401 - JSON is untyped
        """Return the first value of `key` that is of `kind`, or None."""
        return next(iter(self.every(key, kind)), None)


def _pairs(data: bytes) -> object:
    try:
        return json.loads(
            data.decode("utf-8", "replace"), object_pairs_hook=_Pairs, parse_int=_number
        )
    except RecursionError:
        raise TooDeepError("nested too deep to be read as JSON") from None
    except ValueError as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None


def _number(text: str) -> int:
    """Read a number; one of thousands of digits, which is no index of anything, as -1."""
    return int(text) if len(text) < 19 else -1


class _Place(Enum):
    """What a value of a document is by its place."""

    MAP = "map"
    SECTIONS = "sections"
    SECTION = "section"
    TEXTS = "texts"
    ELSEWHERE = "elsewhere"


_BELOW = {
    (_Place.MAP, "sections"): _Place.SECTIONS,
    (_Place.SECTION, "map"): _Place.MAP,
}


def _slow(document: object, origin: Origin) -> Iterator[Part]:
    """Yield every map of a document: itself, its sections, and what carries text deeper inside."""
    pending: list[tuple[object, _Place]] = [(document, _Place.MAP)]
    while pending:
        node, place = pending.pop()
        if isinstance(node, _Pairs):
            yield from _parts(node, origin, regular=place is _Place.MAP)
            for key, value in reversed(node):
                texts = _Place.TEXTS if key == "sourcesContent" else _Place.ELSEWHERE
                pending.append((value, _BELOW.get((place, key), texts)))
        elif isinstance(node, list):
            inner = _Place.SECTION if place is _Place.SECTIONS else place
            inner = _Place.ELSEWHERE if inner is _Place.MAP else inner
            pending.extend((value, inner) for value in reversed(node))
        elif isinstance(node, str) and place is not _Place.TEXTS and _is_written_map(node):
            yield from _written(node, origin)


def _parts(document: _Pairs, origin: Origin, *, regular: bool) -> Iterator[Part]:
    """Yield one regular map, once for each reading that repeated keys allow."""
    names = document.first("sources", list)
    readings = document.every("sourcesContent", list)
    told = [r for r in readings if any(isinstance(text, str) and text for text in r)]
    mapped = bool(readings) or document.first("mappings", str) is not None
    if not told and not (regular and mapped and names is not None):
        return
    ignored = document.first("ignoreList", list)
    if ignored is None:
        ignored = document.first("x_google_ignoreList", list)
    for reading in told or [[]]:
        yield part_of(
            document.first("sourceRoot", str) or "",
            names or (),
            (text if isinstance(text, str) else None for text in reading),
            (i for i in ignored or () if isinstance(i, int)),
            origin,
        )


def _is_written_map(text: str) -> bool:
    return '"sourcesContent"' in text and text.lstrip()[:1] == "{"


def _written(text: str, origin: Origin) -> Iterator[Part]:
    """Yield the map that a JSON document holds as a text."""
    if origin.depth >= MAX_TEXT_DEPTH:
        raise TooDeepError("JSON written inside JSON too often")
    try:
        found = read(text.encode("utf-8", "surrogatepass"), origin.inner())
    except TooDeepError:
        raise
    except ParseError:
        return
    if found is not None:
        yield Part(root="", sources=found.sources)
