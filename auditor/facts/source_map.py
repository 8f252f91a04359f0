"""Source maps under any name and in every carrier: what text each of them gives back."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor import binaries
from auditor.archives import is_archive
from auditor.errors import ParseError
from auditor.facts import Collector, Contents, Hits, Reader, Unread
from auditor.facts.file import kind_of
from auditor.maps import bun, deno, evaluated, links, pkg, reader, written
from auditor.maps.links import LinkSeen
from auditor.maps.origin import is_third_party, plain_name
from auditor.maps.reader import Origin, Source, SourceMap, TooDeepError
from auditor.model import ByteCount, Fact, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = frozenset({b'"mappings"', b'"sections"', written.KEY})
_PAYLOADS = frozenset({bun.TRAILER, deno.MAGIC, pkg.START})
_ESCAPED_KEYS = b"\\u00"
_LARGE = 1024 * 1024
"""Bytes from which a text that looks like a map, and cannot be read, is a gap under any name."""
_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*+\{\s*+"(?:version|mappings|sources|sections|names|file)"'
)
_SAMPLE = 8
_TEXT_KINDS = frozenset({"scripts", "types and sources", "styles"})
_COMPILED = frozenset({"js", "mjs", "cjs"})
_WRITTEN = frozenset({"ts", "tsx", "mts", "cts", "jsx"})
_STYLES = frozenset({"scss", "sass", "less", "styl"})


class Carrier(StrEnum):
    """In what form source text ships."""

    FILE = "file"
    """A map as a file of its own, under any name."""
    INLINE = "inline"
    """A map written into another file as a `data:` URL."""
    OBJECT = "object"
    """A map written into code as an object, or as the text of one."""
    EVALUATED = "evaluated"
    """No map: modules as strings, which a development bundle evaluates one by one."""
    BINARY = "binary"
    """All that a binary holds of maps and sources: a single-file executable, WebAssembly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSeen:
    """One map, where it was, and the line for one that is written into other text."""

    path: str
    line: int | None
    size: int
    map: SourceMap
    carrier: Carrier = Carrier.FILE


Found = tuple[int, SourceMap, int]
"""Where a map stands, what it says, and the bytes that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSeen:
    """The digest of one text that ships, by which an embedded source is recognised."""

    path: str
    digest: bytes


def wants(member: Member) -> bool:
    """Ask for maps by name, and for texts that a map could give back."""
    return member.path.lower().endswith((".map", ".json")) or kind_of(member.path) in _TEXT_KINDS


def read(member: Member, data: bytes, hits: Hits) -> Iterator[MapSeen | TextSeen | Unread]:
    """Leave what is a map, every map and module written into other text, and digests of texts.

    What stands inline in the texts of a map is the map's own to tell, not the file's.
    """
    marks = [offset for anchor, offset in hits if anchor == links.MARK]
    origin = Origin(foreign=is_third_party(member.path.replace("!", "/")))
    if kind_of(member.path) in _TEXT_KINDS:
        yield TextSeen(path=member.path, digest=reader.text_digest(data))
    has_key = any(anchor in _KEYS for anchor, _ in hits)
    if reader.looks_like_json(data) and _may_be_map(member, data, has_key):
        seen = _map_file(member, data, origin)
        if seen is not None:
            yield seen
            return
    if is_archive(data[:512]):
        return  # its members come one by one
    inside = _Inside(member, data, hits, origin)
    if binaries.is_binary(data):
        yield from inside.of_binary(marks)
    else:
        yield from inside.of_text(marks)


def _may_be_map(member: Member, data: bytes, has_key: bool) -> bool:  # noqa: FBT001
    if has_key or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    return member.path.lower().endswith((".map", ".json")) and _ESCAPED_KEYS in data


def _map_file(member: Member, data: bytes, origin: Origin) -> MapSeen | Unread | None:
    try:
        found = reader.read(data, origin)
    except ParseError as problem:
        # code and templates start with a bracket too: only what claims to be a map is a gap
        name = member.path.lower()
        texts = b'"sourcesContent"' in data
        deep = isinstance(problem, TooDeepError) and written.KEY in data
        large = texts and len(data) > _LARGE and _HEAD.match(data) is not None
        if deep or large or name.endswith(".map") or (texts and name.endswith("json")):
            return Unread(path=member.path, reason=f"a source map that cannot be read: {problem}")
        return None
    if found is None:
        return None
    return MapSeen(path=member.path, line=None, size=member.size, map=found)


class _Inside:
    """What one file has inside that gives source text back, without being a map itself."""

    def __init__(self, member: Member, data: bytes, hits: Hits, origin: Origin) -> None:
        self._member = member
        self._data = data
        self._origin = origin
        self._hits = hits
        self._inline_at: list[tuple[int, int]] = []

    def of_text(self, marks: list[int]) -> Iterator[MapSeen | Unread]:
        """Yield each map of a text with its line, and the modules that it evaluates as one."""
        lines = links.Lines(self._data)
        told: list[int] = []
        found: list[tuple[int, MapSeen | Unread]] = []
        for inline in self._inline(marks):
            if isinstance(inline, Unread):
                yield inline
                continue
            offset, map_, size = inline
            told += [offset] if any(one.digest for one in map_.sources) else []
            found.append((offset, self._seen(map_, size, Carrier.INLINE)))
        for one in self._written():
            if isinstance(one, Unread):
                yield one
                continue
            offset, map_, size = one
            found.append((offset, self._seen(map_, size, Carrier.OBJECT)))
        found += self._evaluated(told)
        for offset, seen in sorted(found, key=lambda pair: pair[0]):
            yield replace(seen, line=lines.at(offset)) if isinstance(seen, MapSeen) else seen

    def of_binary(self, marks: list[int]) -> Iterator[MapSeen | Unread]:
        """Yield all that a binary holds as one map: lines mean nothing in it."""
        maps: list[SourceMap] = []
        size = 0
        for one in (*self._inline([*marks]), *self._written(), *self._payloads(), *self._linked()):
            if isinstance(one, Unread):
                yield one
                continue
            _, map_, count = one
            size += count
            maps.append(map_)
        whole = reader.merged(maps)
        if whole.sources:
            yield self._seen(whole, size, Carrier.BINARY)

    def _seen(self, found: SourceMap, size: int, carrier: Carrier) -> MapSeen:
        return MapSeen(path=self._member.path, line=None, size=size, map=found, carrier=carrier)

    def _gap(self, what: str, problem: ParseError) -> Unread:
        return Unread(path=self._member.path, reason=f"{what} that cannot be read: {problem}")

    def _inline(self, marks: list[int]) -> Iterator[Found | Unread]:
        for inline in links.inline_maps(self._member.path, self._data, marks):
            if isinstance(inline, Unread):
                yield inline
            else:
                self._inline_at.append((inline.offset, inline.end))
                yield from self._map(inline.data, inline.offset, "an inline source map")

    def _map(self, data: bytes, offset: int, what: str) -> Iterator[Found | Unread]:
        try:
            found = reader.read(data, self._origin)
        except ParseError as problem:
            # words about maps are no map: only what decodes to one counts, or is a large part of it
            large = len(data) > _LARGE and _HEAD.match(data) is not None
            if large or isinstance(problem, TooDeepError):
                yield self._gap(what, problem)
            return
        if found is not None:
            yield offset, found, len(data)

    def _written(self) -> Iterator[Found | Unread]:
        """Yield the objects that stand outside of the inline maps, which were read before."""
        if kind_of(self._member.path) == "documents":
            return  # it shows what a map looks like
        keys = [
            offset
            for anchor, offset in self._hits
            if anchor == written.KEY
            if not self._is_inline(offset)
        ]
        for one in written.maps_in(self._member.path, self._data, keys):
            if isinstance(one, Unread):
                yield one
            else:
                yield from self._map(one.data, one.offset, "a source map in other text")

    def _is_inline(self, offset: int) -> bool:
        """Tell whether an offset lies in the payload of an inline map, which come in order."""
        before = bisect_left(self._inline_at, (offset, 0)) - 1
        return before >= 0 and offset < self._inline_at[before][1]

    def _evaluated(self, told: list[int]) -> Iterator[tuple[int, MapSeen]]:
        """Yield the modules that no inline map (at the offsets `told`) gives back already."""
        if not any(anchor == evaluated.MARK for anchor, _ in self._hits):
            return
        modules = [
            module
            for module in evaluated.modules(self._data)
            if bisect_left(told, module.offset) == bisect_left(told, module.end)
        ]
        if modules:
            texts = ((one.name, one.text.decode("utf-8", "replace")) for one in modules)
            size = sum(len(one.text) for one in modules)
            seen = self._seen(reader.of_texts(texts, self._origin), size, Carrier.EVALUATED)
            yield modules[0].offset, seen

    def _payloads(self) -> Iterator[Found | Unread]:
        """Yield what programs of bun, deno and pkg carry."""
        places = {
            mark: [offset for anchor, offset in self._hits if anchor == mark] for mark in _PAYLOADS
        }
        try:
            for embedded in bun.maps(self._data, places[bun.TRAILER]):
                if embedded.document:
                    yield from self._map(embedded.document, 0, "the source map of a bun program")
                else:
                    yield 0, reader.of_texts(embedded.sources, self._origin), embedded.size
            files = [
                (path, content.decode("utf-8", "replace"))
                for path, content in (
                    *deno.sources(self._data, places[deno.MAGIC]),
                    *pkg.sources(self._data, places[pkg.START]),
                )
                if kind_of(path) in _TEXT_KINDS
            ]
        except ParseError as problem:
            yield self._gap("the payload of a program", problem)
            return
        if files:
            size = sum(len(text) for _, text in files)
            yield 0, reader.of_texts(files, self._origin), size

    def _linked(self) -> Iterator[Found | Unread]:
        """Yield the map that a module of WebAssembly has as a `data:` URL."""
        for part in binaries.links(self._data, binaries.Kind.MAP):
            inner = links.inline_map(part.text.encode("utf-8", "replace"))
            if inner:
                yield from self._map(inner, part.start, "an inline source map")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMapFact(Fact):
    """One source map. Counts of files are counts of sources that carry text."""

    first_party_files: int
    first_party_lines: int
    first_party_bytes: ByteCount
    third_party_files: int
    third_party_bytes: ByteCount
    undisclosed_files: int
    """First-party texts that the artifact does not ship in any other place."""
    undisclosed_lines: int
    undisclosed_bytes: ByteCount
    listed: int
    """Sources that the map names, with text or without."""
    unavailable: int
    """Sources without text in the map and without a file in the artifact."""
    inline: bool
    """It is written into another file, whatever its form."""
    carrier: Carrier
    linked: bool
    """Some file refers to it (always true of an inline map)."""
    size: ByteCount
    sample: tuple[str, ...]
    """The names of the largest first-party texts, those that ship nowhere else first."""


def collect(contents: Contents) -> Iterator[SourceMapFact]:
    """Yield one fact for each map, inline maps with their line."""
    shipped = _Shipped(contents)
    linked = {link.target for link in contents.of(LinkSeen)}
    for seen in contents.of(MapSeen):
        yield _fact(seen, shipped, linked)


def _fact(seen: MapSeen, shipped: _Shipped, linked: set[str]) -> SourceMapFact:
    carried = [source for source in seen.map.sources if source.digest is not None]
    first = [source for source in carried if not source.third_party]
    third = [source for source in carried if source.third_party]
    hidden = [source for source in first if not shipped.has(source)]
    kept = set(map(id, hidden))
    by_weight = sorted(first, key=lambda s: (id(s) not in kept, -s.size))
    without = [source for source in seen.map.sources if source.digest is None]
    return SourceMapFact(
        path=seen.path,
        line=seen.line,
        first_party_files=len(first),
        first_party_lines=sum(source.lines for source in first),
        first_party_bytes=ByteCount(sum(source.size for source in first)),
        third_party_files=len(third),
        third_party_bytes=ByteCount(sum(source.size for source in third)),
        undisclosed_files=len(hidden),
        undisclosed_lines=sum(source.lines for source in hidden),
        undisclosed_bytes=ByteCount(sum(source.size for source in hidden)),
        listed=len(seen.map.sources),
        unavailable=sum(not shipped.has_file(seen, source) for source in without),
        inline=seen.carrier is not Carrier.FILE,
        carrier=seen.carrier,
        linked=seen.carrier is not Carrier.FILE or seen.path in linked,
        size=ByteCount(seen.size),
        sample=tuple(plain_name(source.name) for source in by_weight[:_SAMPLE]),
    )


class _Shipped:
    """What the artifact ships besides its maps, asked by text and by name."""

    def __init__(self, contents: Contents) -> None:
        self._digests = {text.digest for text in contents.of(TextSeen)}
        self._paths = frozenset(contents.files())
        self._stems = {_stem(path) for path in self._paths if _extension(path) in _WRITTEN}
        self._styles = {_stem(path)[-1] for path in self._paths if _extension(path) in _STYLES}

    def has(self, source: Source) -> bool:
        """Tell whether a source's text ships anyway.

        A compiled intermediate (`internal/umd.js`) counts as shipped where the file that it was
        compiled from (`src/internal/umd.ts`) is there: the original says more than it does. So
        does a style sheet between two steps (`site.css`) where `scss/site.scss` is there.
        """
        if source.digest in self._digests:
            return True
        extension = _extension(source.name)
        if extension == "css":
            return _stem(source.name)[-1] in self._styles
        return extension in _COMPILED and _stem(source.name) in self._stems

    def has_file(self, seen: MapSeen, source: Source) -> bool:
        """Tell whether the file that a map names is in the artifact, relative to the map."""
        roots = seen.map.roots or ("",)
        return any(
            links.resolved(seen.path, f"{root.rstrip('/')}/{source.name}" if root else source.name)
            in self._paths
            for root in roots
        )


def _extension(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _stem(path: str) -> tuple[str, ...]:
    """Return the last folder and the name without extension: enough to tell modules apart."""
    return tuple(path.rpartition(".")[0].split("/")[-2:])


READER = Reader(
    anchors=_KEYS | _PAYLOADS | binaries.ANCHORS | {links.MARK, evaluated.MARK},
    wants=wants,
    read=read,
)
COLLECTOR = Collector(name="source-map", fact=SourceMapFact, collect=collect)
