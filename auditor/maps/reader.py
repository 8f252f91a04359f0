"""From the bytes of a source map to its sources, counted and digested (ECMA-426, section 4).

Three parsers, one answer: msgspec keeps the embedded texts as raw slices, so that a map of 60 MB
costs little more than itself; what it refuses or may read in two ways (repeated or escaped keys,
NaN, lone surrogates, maps that lie deeper in a document) goes to the standard library's parser,
which shows every key. What nests too deep for either is gone through by `deep`.
"""

from __future__ import annotations

import hashlib
import json
from enum import Enum
from functools import cached_property, partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.jsonscan import unknown
from auditor.lazyre import regex
from auditor.maps import deep, links, mappings
from auditor.maps.languages import language_of
from auditor.maps.origin import is_third_party, plain_name
from auditor.model import ByteCount, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from auditor.jsonscan import Met, MetIn

MAX_SECTION_DEPTH = 32
"""Index maps inside index maps; the standard allows one level, no bundler writes more."""
MAX_TEXT_DEPTH = 4
"""Maps inside the texts of maps: a bundler's map of compiled files that have inline maps."""

_UTF16 = frozenset({b"\xff\xfe", b"\xfe\xff"})
_JSON_START = regex(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+(?:\)\]\}'|[{\[])")


class TooDeepError(ParseError):
    """The document nests deeper than the parsers follow: nothing can be said of what it holds."""


class Source(Struct, frozen=True, kw_only=True):
    """One source of a map; `digest` is None where the map does not hold its text."""

    name: str
    third_party: bool
    size: ByteCount = ByteCount(0)
    lines: int = 0
    digest: bytes | None = None
    mapped: bool | None = None
    """Some generated code is mapped to it; None where that is unknown, or was not asked: the
    mappings are missing or malformed, the map gives no first-party text back, or it was only asked
    for what has no code (`Origin.in_full`)."""
    root: str = ""
    """The `sourceRoot` that its name is seen from."""

    @property
    def path(self) -> str:
        """The name for people: scheme, query and leading `../` taken off, still untrusted."""
        return plain_name(self.name)

    @property
    def language(self) -> str:
        """The language that it is written in, by its name; `other` where that says nothing."""
        return language_of(self.name)


class SourceMap(Struct, frozen=True, kw_only=True):
    """What one map says, sections flattened."""

    roots: tuple[str, ...]
    """Each distinct `sourceRoot`."""
    sources: tuple[Source, ...]
    repeated: tuple[str, ...] = ()
    """Keys that stand twice with different values: readers differ in which of them they take."""


class Origin(Struct, frozen=True, kw_only=True):
    """Where a map was found, as far as it decides what its sources are."""

    foreign: bool = False
    """True inside a dependency that ships along: all of its sources are a third party's."""
    depth: int = 0
    """How many texts of maps it lies in."""
    in_full: bool = False
    """It is asked of each source whether code is mapped to it. Facts need to know alone of which
    there is none, and of nearly every map that is soon told: there is no such source."""

    def inner(self) -> Origin:
        """Return the origin of a map inside a text of this one."""
        return replace(self, depth=self.depth + 1)


HERE = Origin()


_SMALL = 64 * 1024
"""Bytes of a text that may be copied without its edges."""


def text_digest(text: bytes) -> bytes:
    """Digest a text so that line endings, blank edges and linking comments do not matter."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    text = text.removeprefix(b"\xef\xbb\xbf")
    if len(text) < _SMALL:
        text = text.strip()
        if not links.ends_in_comment(text):
            return hashlib.sha256(text).digest()
    text = text.lstrip()
    return hashlib.sha256(memoryview(text)[: links.content_end(text)]).digest()


def text_digests(texts: Sequence[bytes]) -> list[bytes]:
    """Return the digest of each text: what nearly all of them have not is looked for in all."""
    whole = b"".join(texts)
    if b"\r" in whole or b"\xef" in whole:  # a line end of another kind, a byte order mark
        return [text_digest(text) for text in texts]
    sha256 = hashlib.sha256
    return [
        text_digest(text) if links.ends_in_comment(text) else sha256(text).digest()
        for text in map(bytes.strip, texts)
    ]


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


class Part(Struct, frozen=True, kw_only=True):
    """One regular map begins: the document itself, or the map of one section."""

    root: str
    repeated: tuple[str, ...] = ()
    """As in `SourceMap`."""


Span: TypeAlias = tuple[int, int]
"""Where a text stands in the document as a JSON string: its first quote, and behind its last."""
Given: TypeAlias = "tuple[Source, bytes, Met]"
"""A source, its text in UTF-8 (empty where the map does not hold it), and what stands in that."""


def read(data: bytes, origin: Origin = HERE) -> SourceMap | None:
    """Read one map; None when the text is JSON but holds no source map.

    A document that only contains maps (a build cache) is read as their sum. Raises ParseError
    when the text is not JSON.
    """
    collected = Collected()
    for one in walk(data, origin):
        collected.add(one)
    return collected.map


class Collected:
    """Puts together what a walk yields, but for the texts."""

    def __init__(self) -> None:
        self._parts = 0
        self._roots: dict[str, None] = {}
        self._sources: list[Source] = []
        self._repeated: dict[str, None] = {}

    def add(self, one: Part | Given) -> None:
        """Take the next value of a walk."""
        if isinstance(one, Part):
            self._parts += 1
            if one.root:
                self._roots[one.root] = None
            self._repeated |= dict.fromkeys(one.repeated)
        else:
            self._sources.append(one[0])

    @property
    def map(self) -> SourceMap | None:
        """All parts as one map; None without any."""
        if not self._parts:
            return None
        return SourceMap(
            roots=tuple(self._roots),
            sources=tuple(self._sources),
            repeated=tuple(self._repeated),
        )


def walk(data: bytes, origin: Origin = HERE, met_in: MetIn = unknown) -> Iterator[Part | Given]:
    """Yield the maps of a document, each followed by its sources with their texts.

    `met_in` was told to look for links to maps, too.
    One text is held at a time. Raises ParseError as `read` does, also behind what it has yielded.
    """
    document = unwrapped(data)
    parts = _fast(document, origin, met_in if document is data else unknown)
    if parts is None:
        try:
            parts = _slow(_pairs(document), origin)
        except RecursionError:
            parts = _deep(document, origin)
    yield from parts


def of_texts(texts: Sequence[tuple[str, str]], origin: Origin = HERE) -> Iterator[Part | Given]:
    """Yield sources that lie somewhere without a map, name and text, as a walk of one does."""
    named = Named([name for name, _ in texts], "", (), origin)
    yield from part_of(named, (text for _, text in texts))


def merged(maps: Iterable[SourceMap]) -> SourceMap:
    """Return several maps as their sum."""
    found = tuple(maps)
    return SourceMap(
        roots=tuple(dict.fromkeys(root for one in found for root in one.roots)),
        sources=tuple(source for one in found for source in one.sources),
        repeated=tuple(dict.fromkeys(key for one in found for key in one.repeated)),
    )


class Named:
    """The names of one map's sources, and whose they are."""

    def __init__(
        self, names: Sequence[object], root: str, ignored: Iterable[object], origin: Origin
    ) -> None:
        """`names` and `ignored` are as the map has them, `root` is its `sourceRoot`."""
        self.names = names
        self.root = root
        self.origin = origin
        self._ignored = frozenset(ignored)
        self._foreign = [self._is_foreign(index, name) for index, name in enumerate(names)]

    def is_foreign(self, index: int) -> bool:
        """Tell whether a source is a library's or the bundler's own, not the project's."""
        if index < len(self._foreign):
            return self._foreign[index]
        return self._is_foreign(index, None)

    def _is_foreign(self, index: int, name: object) -> bool:
        if self.origin.foreign or index in self._ignored:
            return True
        if not isinstance(name, str):
            return False
        below = f"{self.root.rstrip('/')}/{name}"
        return is_third_party(name) or (bool(self.root) and is_third_party(below))

    def has_own_text(self, carried: Iterable[bool]) -> bool:
        """Tell whether a first-party source has a text: only then mappings are worth reading."""
        return any(has_text and not self.is_foreign(at) for at, has_text in enumerate(carried))


Question: TypeAlias = "Callable[[bytes | memoryview, int], frozenset[int] | None]"
"""What mappings can be asked: `mappings.used`, `mappings.unused`."""


class Code:
    """To which sources of a map code is mapped; the mappings are read where that is asked."""

    def __init__(
        self, answer: Callable[[Question], frozenset[int] | None] = lambda _: None
    ) -> None:
        """`answer` puts a question to the mappings."""
        self._answer = answer

    @cached_property
    def _used(self) -> frozenset[int] | None:
        return self._answer(mappings.used)

    @cached_property
    def _unused(self) -> frozenset[int]:
        return self._answer(mappings.unused) or frozenset()

    def comes_of(self, index: int) -> bool | None:
        """Tell whether some code is mapped to a source; None for unknown."""
        return None if self._used is None else index in self._used

    def has_none_of(self, index: int) -> bool:
        """Tell for certain that no code is mapped to a source that has a name."""
        return index in self._unused


UNKNOWN = Code()


def part_of(
    named: Named,
    texts: Iterable[str | None],
    code: Code = UNKNOWN,
    repeated: tuple[str, ...] = (),
    met: Iterable[Met] = (),
) -> Iterator[Part | Given]:
    """Yield one regular map, its sources counted and digested.

    `repeated` are keys that stand in it twice. `met` says what stands in each text; of those that
    it does not reach it is unknown.
    """
    asked = 0 if named.origin.in_full else len(named.names)
    yield Part(root=named.root, repeated=repeated)
    for index, (name, text, has) in enumerate(zip_longest(named.names, texts, met)):
        if not text and not isinstance(name, str):
            continue
        foreign = named.is_foreign(index)
        if index < asked:
            mapped = False if code.has_none_of(index) else None
        else:
            mapped = code.comes_of(index)
        raw = (text or "").encode("utf-8", "surrogatepass")
        source = Source(
            name=name if isinstance(name, str) and name else f"(unnamed source {index + 1})",
            third_party=foreign,
            size=ByteCount(len(raw)),
            lines=_lines(raw),
            digest=text_digest(raw) if raw else None,
            mapped=mapped,
            root=named.root,
        )
        yield source, raw, has
        if foreign or named.origin.depth >= MAX_TEXT_DEPTH:
            continue
        if (has is None or links.MARK in has) and links.MARK in raw:
            yield from _inside(raw, named.origin.inner(), code, index)


def _lines(text: bytes) -> int:
    """Count the lines of a text; one that ends in a newline has none behind it."""
    return links.newlines(text, 0, len(text)) + (not text.endswith(b"\n")) if text else 0


def _inside(text: bytes, origin: Origin, code: Code, index: int) -> Iterator[Given]:
    """Yield the sources that inline maps in an embedded text give back.

    They are in the generated code as far as that text is, the source of that index.
    """
    for inline in links.inline_maps("", text, links.marks_of(text)):
        if isinstance(inline, Unread):
            raise ParseError(inline.reason, "sourcesContent")
        try:
            for one in walk(inline.data, origin):
                if not isinstance(one, Part) and one[0].digest is not None:
                    source, raw, _ = one
                    mapped = code.comes_of(index)
                    yield (source if mapped else replace(source, mapped=mapped)), raw, None
        except TooDeepError:
            raise
        except ParseError:
            continue  # words about maps, not a map


def _fast(data: bytes, origin: Origin, met_in: MetIn) -> Iterator[Part | Given] | None:
    """Read with msgspec; None when the other parser must decide."""
    from auditor.maps import fast  # noqa: PLC0415 - 40 ms of imports that only maps are worth

    return fast.parts(data, origin, met_in)


_KEYS_OF_MAPS = frozenset(
    "sources sourcesContent sourceRoot mappings sections ignoreList x_google_ignoreList".split()
)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, repeated keys and all."""

    def every(self, key: str, kind: type) -> list[Any]:
        """Return each value of `key` that is of `kind`."""
        return [value for name, value in self if name == key and _is(value, kind)]

    def repeated(self) -> tuple[str, ...]:
        """Return the keys of maps that stand twice with different values."""
        values: dict[str, list[Any]] = {}
        for key, value in self:
            if key in _KEYS_OF_MAPS:
                values.setdefault(key, []).append(value)
        return tuple(key for key, all_ in values.items() if _differ(all_))

    def last(self, key: str, kind: type) -> Any:  # noqa: ANN401 - JSON is untyped
        """Return the value that counts, which is the last one; None of another kind."""
        found = next((value for name, value in reversed(self) if name == key), None)
        return found if _is(found, kind) else None


def _is(value: object, kind: type) -> bool:
    """Tell whether a value is of a kind; an object, though we keep it as one, is no list."""
    return isinstance(value, kind) and not isinstance(value, _Pairs)


def _differ(values: list[Any]) -> bool:
    try:
        return any(one != values[0] for one in values[1:])
    except RecursionError:  # nested as deep as parsers go
        return True


def _pairs(data: bytes) -> object:
    """Parse a document; raise ParseError, or RecursionError for one that nests too deep."""
    try:
        return json.loads(
            data.decode("utf-8", "replace"), object_pairs_hook=_Pairs, parse_int=_number
        )
    except ValueError as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None


def json_text(raw: bytes) -> str:
    """Read one JSON string as the thorough parser does; raise ParseError for none."""
    try:
        return str(json.loads(raw.decode("utf-8", "replace")))
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


def _slow(document: object, origin: Origin) -> Iterator[Part | Given]:
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


def _deep(data: bytes, origin: Origin) -> Iterator[Part | Given]:
    """Yield every map of a document that nests deeper than the other parsers follow."""
    try:
        found = deep.objects(data)
    except ParseError as problem:
        raise TooDeepError(f"nested too deep, and {problem}") from None
    for one in found:
        if isinstance(one, str):
            if _is_written_map(one):
                yield from _written(one, origin)
        else:
            yield from _parts(_Pairs(one.pairs), origin, regular=one.regular)


def _parts(document: _Pairs, origin: Origin, *, regular: bool) -> Iterator[Part | Given]:
    """Yield one regular map, once for each reading that repeated keys allow."""
    names = document.last("sources", list)
    readings = document.every("sourcesContent", list)
    told = [r for r in readings if any(isinstance(text, str) and text for text in r)]
    written = document.last("mappings", str)
    mapped = bool(readings) or written is not None
    if not told and not (regular and mapped and names is not None):
        return
    ignored = document.last("ignoreList", list)
    if ignored is None:
        ignored = document.last("x_google_ignoreList", list)
    named = Named(
        names or (),
        document.last("sourceRoot", str) or "",
        [index for index in ignored or () if isinstance(index, int)],
        origin,
    )
    repeated = document.repeated()
    for reading in told or [[]]:
        texts = [text if isinstance(text, str) else None for text in reading]
        code = UNKNOWN
        if written is not None and named.has_own_text(map(bool, texts)):
            known = written.encode("utf-8", "replace")
            code = Code(partial(_answer, known, len(named.names)))
        yield from part_of(named, texts, code, repeated)


def _answer(known: bytes, count: int, question: Question) -> frozenset[int] | None:
    return question(known, count)


def _is_written_map(text: str) -> bool:
    return '"sourcesContent"' in text and text.lstrip()[:1] == "{"


def _written(text: str, origin: Origin) -> Iterator[Part | Given]:
    """Yield the maps that a JSON document holds as a text."""
    if origin.depth >= MAX_TEXT_DEPTH:
        raise TooDeepError("JSON written inside JSON too often")
    try:
        for one in walk(text.encode("utf-8", "surrogatepass"), origin.inner()):
            yield Part(root="") if isinstance(one, Part) else one
    except TooDeepError:
        raise
    except ParseError:
        return
