"""Source maps under any name and in every carrier: what text each of them gives back."""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor import binaries
from auditor.archives import is_archive
from auditor.errors import ParseError
from auditor.facts import Collector, Contents, Embedded, Hits, Reader, Unread, shipped_text
from auditor.facts.file import extensions, kind_of
from auditor.facts.shipped_text import TEXT_KINDS, TextsSeen, texts_of
from auditor.jsonscan import unknown
from auditor.lazyre import regex
from auditor.maps import links, reader, signs
from auditor.maps.links import LinkSeen
from auditor.maps.origin import is_third_party
from auditor.maps.reader import Collected, Origin, Part, Source, SourceMap, TooDeepError
from auditor.model import ByteCount, Fact, Member

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from auditor.jsonscan import MetIn
    from auditor.maps.reader import Given

_KEYS = frozenset({b'"mappings"', b'"sections"', signs.WRITTEN})
_PAYLOADS = frozenset({signs.BUN, signs.DENO, signs.PKG})
_UTF16 = frozenset({b"\xff\xfe", b"\xfe\xff"})
_ESCAPED_KEYS = b"\\u00"
_LARGE = 1024 * 1024
"""Bytes from which a text that looks like a map, and cannot be read, is a gap under any name."""
_HEAD = regex(rb'(?:\xef\xbb\xbf)?\s*+\{\s*+"(?:version|mappings|sources|sections|names|file)"')
_SAMPLE = 8
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


class MapSeen(Struct, frozen=True, kw_only=True):
    """One map, where it was, and the line for one that is written into other text."""

    path: str
    line: int | None
    size: int
    map: SourceMap
    carrier: Carrier = Carrier.FILE


Found = tuple[int, SourceMap, int]
"""Where a map stands, what it says, and the bytes that it has."""


def wants(member: Member) -> bool:
    """Ask for maps by name, and for texts that a map could give back."""
    return kind_of(member.path) in TEXT_KINDS or member.path.lower().endswith((".map", ".json"))


def read(
    member: Member,
    data: bytes,
    hits: Hits,
    met_in: MetIn = unknown,
    *,
    in_full: bool = False,
) -> Iterable[MapSeen | TextsSeen | Embedded | Unread]:
    """Leave what is a map, every map and module written into other text, and digests of texts.

    Their texts are left for others, but for those in which `met_in` knows that nothing stands.
    What stands inline in the texts of a map is the map's own to tell, not the file's. `in_full`
    asks for more than facts need (`Origin`).
    """
    if hits or data[:2] in _UTF16 or _ESCAPED_KEYS in data:
        return _read(member, data, hits, met_in, in_full=in_full)
    if kind_of(member.path) in TEXT_KINDS:  # as nearly every member is
        return (shipped_text.digested(member, data),)
    return ()


def _read(
    member: Member, data: bytes, hits: Hits, met_in: MetIn, *, in_full: bool
) -> Iterator[MapSeen | TextsSeen | Embedded | Unread]:
    marks = [offset for anchor, offset in hits if anchor == links.MARK]
    if kind_of(member.path) in TEXT_KINDS:
        yield shipped_text.digested(member, data)
    path = member.path.replace("!", "/") if member.nested else member.path
    foreign = is_third_party(path)
    inside = _Inside(member, data, hits, Origin(foreign=foreign, in_full=in_full))
    has_key = any(anchor in _KEYS for anchor, _ in hits)
    if reader.looks_like_json(data) and _may_be_map(member, data, has_key):
        is_map = False
        for seen in inside.whole(met_in):
            is_map = True
            yield seen
        if is_map:
            return
    if is_archive(data[:512]):
        return  # its members come one by one
    if binaries.is_binary(data):
        yield from inside.of_binary(marks)
    else:
        yield from inside.of_text(marks)


def _may_be_map(member: Member, data: bytes, has_key: bool) -> bool:  # noqa: FBT001
    if has_key or data[:2] in _UTF16:
        return True
    return member.path.lower().endswith((".map", ".json")) and _ESCAPED_KEYS in data


class _Inside:
    """What one file holds that gives source text back: the file as a map, or what is in it."""

    def __init__(self, member: Member, data: bytes, hits: Hits, origin: Origin) -> None:
        self._member = member
        self._data = data
        self._origin = origin
        self._hits = hits
        self._inline_at: list[tuple[int, int]] = []

    def whole(self, met_in: MetIn) -> Iterator[MapSeen | Embedded | Unread]:
        """Yield the texts of a file that is a map, and at its end the map; nothing for others."""
        try:
            found = yield from self._opened(reader.walk(self._data, self._origin, met_in))
        except ParseError as problem:
            # code and templates start with a bracket too: only what claims to be a map is a gap
            name = self._member.path.lower()
            texts = b'"sourcesContent"' in self._data
            deep = isinstance(problem, TooDeepError) and signs.WRITTEN in self._data
            large = texts and _is_large_map(self._data)
            if deep or large or name.endswith(".map") or (texts and name.endswith("json")):
                yield self._gap("a source map", problem)
            return
        if found is not None:
            yield self._seen(found, self._member.size, Carrier.FILE)

    def of_text(self, marks: list[int]) -> Iterator[MapSeen | Embedded | Unread]:
        """Yield each map of a text with its line, and the modules that it evaluates as one."""
        lines = links.Lines(self._data)
        told: list[int] = []
        found: list[tuple[int, MapSeen]] = []
        for one in self._inline(marks):
            if isinstance(one, Unread | Embedded):
                yield one
                continue
            offset, map_, size = one
            told += [offset] if any(source.digest for source in map_.sources) else []
            found.append((offset, self._seen(map_, size, Carrier.INLINE)))
        for carrier, others in (
            (Carrier.OBJECT, self._written()),
            (Carrier.EVALUATED, self._evaluated(told)),
        ):
            for one in others:
                if isinstance(one, Unread | Embedded):
                    yield one
                else:
                    offset, map_, size = one
                    found.append((offset, self._seen(map_, size, carrier)))
        for offset, seen in sorted(found, key=lambda pair: pair[0]):
            yield replace(seen, line=lines.at(offset))

    def of_binary(self, marks: list[int]) -> Iterator[MapSeen | Embedded | Unread]:
        """Yield all that a binary holds as one map: lines mean nothing in it."""
        maps: list[SourceMap] = []
        size = 0
        for one in chain(self._inline([*marks]), self._written(), self._payloads(), self._linked()):
            if isinstance(one, Unread | Embedded):
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

    def _opened(self, parts: Iterable[Part | Given]) -> Generator[Embedded, None, SourceMap | None]:
        """Yield each text for others to look into; return all as a map, None without any."""
        collected = Collected()
        for one in parts:
            collected.add(one)
            if isinstance(one, Part):
                continue
            source, text, met = one
            if text and (met is None or met):
                path = self._member.path
                yield Embedded(holder=path, name=source.path, text=text, source=source, met=met)
        return collected.map

    def _inline(self, marks: list[int]) -> Iterator[Found | Embedded | Unread]:
        for inline in links.inline_maps(self._member.path, self._data, marks):
            if isinstance(inline, Unread):
                yield inline
            else:
                self._inline_at.append((inline.offset, inline.end))
                yield from self._map(inline.data, inline.offset, "an inline source map")

    def _map(self, data: bytes, offset: int, what: str) -> Iterator[Found | Embedded | Unread]:
        try:
            found = yield from self._opened(reader.walk(data, self._origin))
        except ParseError as problem:
            # words about maps are no map: only what decodes to one counts, or is a large part of it
            if _is_large_map(data) or isinstance(problem, TooDeepError):
                yield self._gap(what, problem)
            return
        if found is not None:
            yield offset, found, len(data)

    def _texts(
        self, texts: Sequence[tuple[str, str]], offset: int, size: int
    ) -> Iterator[Found | Embedded]:
        """Yield sources that lie somewhere without a map, as one map has them."""
        found = yield from self._opened(reader.of_texts(texts, self._origin))
        if found is not None:
            yield offset, found, size

    def _written(self) -> Iterator[Found | Embedded | Unread]:
        """Yield the objects that stand outside of the inline maps, which were read before."""
        keys = [
            offset
            for anchor, offset in self._hits
            if anchor == signs.WRITTEN
            if not self._is_inline(offset)
        ]
        if not keys or kind_of(self._member.path) == "documents":
            return  # documents show what a map looks like
        from auditor.maps import written  # noqa: PLC0415 - where there is one

        for one in written.maps_in(self._member.path, self._data, keys):
            if isinstance(one, Unread):
                yield one
            else:
                yield from self._map(one.data, one.offset, "a source map in other text")

    def _is_inline(self, offset: int) -> bool:
        """Tell whether an offset lies in the payload of an inline map, which come in order."""
        before = bisect_left(self._inline_at, (offset, 0)) - 1
        return before >= 0 and offset < self._inline_at[before][1]

    def _evaluated(self, told: list[int]) -> Iterator[Found | Embedded]:
        """Yield the modules that no inline map (at the offsets `told`) gives back already."""
        if not any(anchor == signs.EVALUATED for anchor, _ in self._hits):
            return
        from auditor.maps import evaluated  # noqa: PLC0415 - where there is one

        modules = [
            module
            for module in evaluated.modules(self._data)
            if bisect_left(told, module.offset) == bisect_left(told, module.end)
        ]
        if modules:
            texts = [(one.name, one.text.decode("utf-8", "replace")) for one in modules]
            size = sum(len(one.text) for one in modules)
            yield from self._texts(texts, modules[0].offset, size)

    def _payloads(self) -> Iterator[Found | Embedded | Unread]:
        """Yield what programs of bun, deno and pkg carry."""
        from auditor.maps import bun, deno, pkg  # noqa: PLC0415 - of binaries alone

        places = {
            mark: [offset for anchor, offset in self._hits if anchor == mark] for mark in _PAYLOADS
        }
        try:
            for embedded in bun.maps(self._data, places[signs.BUN]):
                if embedded.document:
                    yield from self._map(embedded.document, 0, "the source map of a bun program")
                else:
                    yield from self._texts(embedded.sources, 0, embedded.size)
            files = [
                (path, content.decode("utf-8", "replace"))
                for path, content in (
                    *deno.sources(self._data, places[signs.DENO]),
                    *pkg.sources(self._data, places[signs.PKG]),
                )
                if kind_of(path) in TEXT_KINDS
            ]
        except ParseError as problem:
            yield self._gap("the payload of a program", problem)
            return
        if files:
            yield from self._texts(files, 0, sum(len(text) for _, text in files))

    def _linked(self) -> Iterator[Found | Embedded | Unread]:
        """Yield the map that a module of WebAssembly has as a `data:` URL."""
        from auditor.binaries import tables  # noqa: PLC0415 - of binaries alone

        for part in tables.links(self._data, tables.Kind.MAP):
            inner = links.inline_map(part.text.encode("utf-8", "replace"))
            if inner:
                yield from self._map(inner, part.start, "an inline source map")


def _is_large_map(data: bytes) -> bool:
    """Tell whether a text that cannot be read is too large a part of a map to be passed over."""
    return len(data) > _LARGE and _HEAD.match(data) is not None


class SourceMapFact(Fact, frozen=True, kw_only=True):
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
    removed_files: int
    """Of these, texts of which no bundle has any code, by the mappings of all maps that have them.

    The bundler took them out (a feature behind a flag, a module that nobody uses), or they give no
    code: types alone, exports of others.
    """
    removed_lines: int
    removed_bytes: ByteCount
    removed: tuple[str, ...]
    """The names of the largest of these."""
    languages: tuple[str, ...]
    """Of the first-party texts, that with the most bytes first."""
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


class GivenBack(Struct, frozen=True, kw_only=True):
    """One source of one map as the artifact makes of it; `path` and `line` are the map's."""

    path: str
    line: int | None
    source: Source
    ships: bool
    """Its text is in the artifact anyway, outside of maps; of one without a text, the file that
    the map names is."""
    in_bundle: bool | None
    """Code of it is in some bundle, by the mappings of all maps that hold the same text.

    None where that is unknown, or was not asked.
    """

    @property
    def is_own(self) -> bool:
        """It has a text, and is no third party's."""
        return self.source.digest is not None and not self.source.third_party

    @property
    def is_removed(self) -> bool:
        """The map alone gives it away: it ships nowhere, and no bundle has code of it."""
        return self.is_own and not self.ships and self.in_bundle is False


def given_back(contents: Contents) -> Sequence[tuple[MapSeen, list[GivenBack]]]:
    """Return every map with its sources, in the order of the map; also those without a text."""
    seen = contents.of(MapSeen), contents.of(TextsSeen)
    return contents.once("given-back", lambda: [*_given_back(contents)], contents.members, *seen)


def _given_back(contents: Contents) -> Iterator[tuple[MapSeen, list[GivenBack]]]:
    maps = contents.of(MapSeen)
    if not maps:
        return
    shipped = _Shipped(contents)
    told = _Mapped(source for seen in maps for source in seen.map.sources)
    for seen in maps:
        yield (
            seen,
            [
                GivenBack(
                    path=seen.path,
                    line=seen.line,
                    source=source,
                    ships=shipped.has(source)
                    if source.digest is not None
                    else shipped.has_file(seen, source),
                    in_bundle=told.of(source),
                )
                for source in seen.map.sources
            ],
        )


def as_written(contents: Contents) -> frozenset[str]:
    """Return the members in whose own bytes the texts of their maps stand, and not encoded."""
    carriers: dict[str, set[Carrier]] = {}
    for seen in contents.of(MapSeen):
        carriers.setdefault(seen.path, set()).add(seen.carrier)
    return frozenset(path for path, those in carriers.items() if Carrier.INLINE not in those)


class _Mapped:
    """Whether texts occur in bundles: what one map does not map, another one may."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._known: dict[bytes, bool | None] = {}
        for source in sources:
            if source.digest is not None:
                met = self._known.get(source.digest, False)
                self._known[source.digest] = _either(met, source.mapped)

    def of(self, source: Source) -> bool | None:
        return source.mapped if source.digest is None else self._known[source.digest]


def _either(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - three values
    if one or other:
        return True
    return None if one is None or other is None else False


def collect(contents: Contents) -> Iterator[SourceMapFact]:
    """Yield one fact for each map, inline maps with their line."""
    yield from contents.once(
        "source-maps",
        lambda: _facts(contents),
        contents.members,
        contents.of(MapSeen),
        contents.of(LinkSeen),
        contents.of(TextsSeen),
    )


def _facts(contents: Contents) -> list[SourceMapFact]:
    linked = {link.target for link in contents.of(LinkSeen)}
    return [_fact(seen, sources, linked) for seen, sources in given_back(contents)]


def _fact(seen: MapSeen, sources: list[GivenBack], linked: set[str]) -> SourceMapFact:
    without = [one for one in sources if one.source.digest is None]
    third = [one for one in sources if one.source.third_party and one.source.digest is not None]
    first = [one for one in sources if one.is_own]
    hidden = [one for one in first if not one.ships]
    removed = [one for one in hidden if one.is_removed]
    first_lines, first_bytes = _extent(first)
    hidden_lines, hidden_bytes = _extent(hidden)
    removed_lines, removed_bytes = _extent(removed)
    return SourceMapFact(
        path=seen.path,
        line=seen.line,
        first_party_files=len(first),
        first_party_lines=first_lines,
        first_party_bytes=first_bytes,
        third_party_files=len(third),
        third_party_bytes=_extent(third)[1],
        undisclosed_files=len(hidden),
        undisclosed_lines=hidden_lines,
        undisclosed_bytes=hidden_bytes,
        removed_files=len(removed),
        removed_lines=removed_lines,
        removed_bytes=removed_bytes,
        removed=_largest(removed),
        languages=_languages(first),
        listed=len(seen.map.sources),
        unavailable=sum(not one.ships for one in without),
        inline=seen.carrier is not Carrier.FILE,
        carrier=seen.carrier,
        linked=seen.carrier is not Carrier.FILE or seen.path in linked,
        size=ByteCount(seen.size),
        sample=_largest(first),
    )


def _extent(sources: Sequence[GivenBack]) -> tuple[int, ByteCount]:
    """Return how many lines and bytes some sources have together."""
    lines = sum([one.source.lines for one in sources])
    return lines, ByteCount(sum([one.source.size for one in sources]))


def _largest(sources: Sequence[GivenBack]) -> tuple[str, ...]:
    """Return the names of the largest sources, those that ship nowhere else first."""
    by_weight = sorted(sources, key=lambda one: (one.ships, -one.source.size))
    return tuple([one.source.path for one in by_weight[:_SAMPLE]])


def _languages(sources: Sequence[GivenBack]) -> tuple[str, ...]:
    """Return the languages of sources, that with the most bytes first."""
    sizes: dict[str, int] = {}
    for one in sources:
        language = one.source.language
        sizes[language] = sizes.get(language, 0) + one.source.size
    return tuple(sorted(sizes, key=sizes.__getitem__, reverse=True))


class _Shipped:
    """What the artifact ships besides its maps, asked by text and by name."""

    def __init__(self, contents: Contents) -> None:
        self._digests = {text.digest for text in texts_of(contents)}
        self._paths = frozenset(contents.files())
        extensions = [(path, _extension(path)) for path in self._paths]
        self._stems = {_stem(path) for path, extension in extensions if extension in _WRITTEN}
        self._styles = {_stem(path)[-1] for path, extension in extensions if extension in _STYLES}

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


IN_FULL = partial(read, in_full=True)
READER = Reader(
    anchors=_KEYS | _PAYLOADS | binaries.ANCHORS | {links.MARK, signs.EVALUATED},
    endings=frozenset({"map", "json", *extensions(TEXT_KINDS)}),
    heads=_UTF16,
    wants=wants,
    read=read,
    read_scanned=read,
    in_strings=frozenset({links.MARK}),
    quiet=shipped_text.quiet,
)
COLLECTOR = Collector(name="source-map", fact=SourceMapFact, collect=collect)
