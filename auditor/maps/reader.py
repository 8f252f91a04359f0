"""From the bytes of a source map to its sources, counted and digested (ECMA-426, section 4).

Two parsers, one answer: msgspec keeps the embedded texts as raw slices, so that a map of 60 MB
costs little more than itself; what it refuses or may read in two ways (repeated or escaped keys,
NaN, lone surrogates) goes to the standard library's parser, which shows every key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from auditor.errors import ParseError
from auditor.maps.origin import is_third_party
from auditor.model import ByteCount

MAX_SECTION_DEPTH = 32
"""Index maps inside index maps; the standard allows one level, no bundler writes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of a map; `digest` is None where the map does not hold its text."""

    name: str
    third_party: bool
    size: ByteCount = ByteCount(0)
    lines: int = 0
    digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """What one map says, sections flattened."""

    roots: tuple[str, ...]
    """Each distinct `sourceRoot`."""
    sources: tuple[Source, ...]


def text_digest(text: bytes) -> bytes:
    """Digest a text so that line endings and blank edges do not matter."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    return hashlib.sha256(text.strip()).digest()


def unwrapped(data: bytes) -> bytes:
    """Take off what may stand before the JSON: UTF-16, a byte-order mark, the `)]}'` line."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith(b")]}'"):
        end = data.find(b"\n")
        data = data[end + 1 :] if end >= 0 else b""
    return data


def looks_like_json_object(data: bytes) -> bool:
    """Tell from its first bytes whether a text can be a JSON object, wrapped or not."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or data.startswith(b")]}'"):
        return True
    return data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")[:1] == b"{"


def read(data: bytes) -> SourceMap | None:
    """Read one map; None when the text is JSON but no source map.

    Raises ParseError when it is not JSON, or nests deeper than either parser follows.
    """
    data = unwrapped(data)
    parts = _fast(data)
    if parts is None:
        parts = list(_slow(_pairs(data), 0))
    if not parts:
        return None
    return SourceMap(
        roots=tuple(dict.fromkeys(part.root for part in parts if part.root)),
        sources=tuple(source for part in parts for source in part.sources),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One regular map: the document itself, or the map of one section."""

    root: str
    sources: tuple[Source, ...]


def part_of(
    root: str, names: Iterable[object], texts: Iterable[str | None], ignored: Iterable[object]
) -> Part:
    """Count and digest the sources of one regular map, given as its four members."""
    foreign = frozenset(ignored)
    return Part(
        root=root,
        sources=tuple(
            _source(index, name, text, ignored=index in foreign)
            for index, (name, text) in enumerate(zip_longest(names, texts))
            if text or isinstance(name, str)
        ),
    )


def _source(index: int, name: object, text: str | None, *, ignored: bool) -> Source:
    spelled = name if isinstance(name, str) and name else f"(unnamed source {index + 1})"
    foreign = ignored or is_third_party(spelled)
    if not text:
        return Source(name=spelled, third_party=foreign)
    raw = text.encode("utf-8", "surrogatepass")
    return Source(
        name=spelled,
        third_party=foreign,
        size=ByteCount(len(raw)),
        lines=raw.count(b"\n") + (not raw.endswith(b"\n")),
        digest=text_digest(raw),
    )


def _fast(data: bytes) -> list[Part] | None:
    """Read with msgspec; None when the other parser must decide."""
    from auditor.maps import fast  # noqa: PLC0415 - 40 ms of imports that only maps are worth

    return fast.parts(data)


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
        return json.loads(data.decode("utf-8", "replace"), object_pairs_hook=_Pairs)
    except RecursionError:
        raise ParseError("nested too deep to be read as JSON") from None
    except ValueError as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None


def _slow(document: object, depth: int) -> Iterator[Part]:
    if not isinstance(document, _Pairs) or depth > MAX_SECTION_DEPTH:
        return
    for section in (s for found in document.every("sections", list) for s in found):
        if isinstance(section, _Pairs):
            for inner in section.every("map", _Pairs):
                yield from _slow(inner, depth + 1)
    names = document.first("sources", list)
    readings = document.every("sourcesContent", list)
    if names is None or not (readings or document.first("mappings", str) is not None):
        return
    told = [r for r in readings if any(isinstance(text, str) and text for text in r)]
    ignored = document.first("ignoreList", list) or document.first("x_google_ignoreList", list)
    for reading in told or [[]]:
        yield part_of(
            document.first("sourceRoot", str) or "",
            names,
            (text if isinstance(text, str) else None for text in reading),
            (i for i in ignored or () if isinstance(i, int)),
        )
