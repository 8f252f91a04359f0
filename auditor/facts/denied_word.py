"""Words of the user's policy that stand in what ships: in contents, in maps' texts, in names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.facts import Collector, Contents, Reader
from auditor.facts.demands import Demands
from auditor.facts.source_map import Carrier, MapSeen, as_written
from auditor.model import Fact
from auditor.wordscan import DeniedWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.facts import Hits
    from auditor.model import Member


class DeniedSeen(Struct, frozen=True, kw_only=True):
    """One word in one content: where it stands first, and how often."""

    path: str
    word: str
    line: int
    times: int
    found: str
    """What stands there, as it is spelled there."""
    holder: str
    """The member in which the text is embedded; empty for a member's own content."""


class DeniedWordFact(Fact, frozen=True, kw_only=True):
    """One word in one file, or in one source of a map; `key` is the word."""

    word: str
    found: str
    """What stands there: of a glob the text that it matches; empty where it is nowhere."""
    times: int
    """How often the content has it."""
    in_path: bool
    in_header: bool
    """The archive says it of the file: its owner, its group, what it links to."""


def reader(denied: Iterable[str]) -> Reader:
    """Return who looks for words in the contents of members, and in the texts of maps."""
    words = DeniedWords(denied)
    return Reader(
        anchors=words.anchors,
        read=lambda member, data, hits: _read(member, data, hits, words),
        embedded=words.anchors,
    )


def _read(member: Member, data: bytes, hits: Hits, words: DeniedWords) -> Iterator[DeniedSeen]:
    places: dict[str, dict[int, str]] = {}
    for anchor, offset in hits:
        for hit in words.at(data, anchor, offset):
            places.setdefault(hit.word, {})[hit.start] = hit.found
    for word, found in sorted(places.items()):
        first = min(found)
        yield DeniedSeen(
            path=member.path,
            word=word,
            line=data.count(b"\n", 0, first) + 1,
            times=len(found),
            found=found[first],
            holder=member.holder,
        )


def collect(contents: Contents) -> Iterator[DeniedWordFact]:
    """Yield one fact for each word of each file that has it, or is named by it.

    What stands in the text of a map is a fact about that source (`map!source`), and about the
    map's file only if it stands there once more. A word that is nowhere has one fact, without a
    path.
    """
    for demands in contents.of(Demands):
        if not demands.words:
            continue
        words = DeniedWords(demands.words)
        met: set[str] = set()
        for fact in (*_of_members(contents, words), *_of_sources(contents, words)):
            met.add(fact.word)
            yield fact
        for word in demands.words:
            if word not in met:
                yield DeniedWordFact(
                    path="", key=word, word=word, found="", times=0, in_path=False, in_header=False
                )


def _of_members(contents: Contents, words: DeniedWords) -> Iterator[DeniedWordFact]:
    inside: dict[str, dict[str, DeniedSeen]] = {}
    for seen in _in_files(contents):
        inside.setdefault(seen.path, {})[seen.word] = seen
    for member in contents.members:
        content = inside.get(member.path, {})
        named = words.inside(member.path)
        told = words.inside(f"{member.owner}\n{member.group}\n{member.link}")
        for word in dict.fromkeys((*content, *named, *told)):
            met = content.get(word)
            yield DeniedWordFact(
                path=member.path,
                line=met.line if met else None,
                key=word,
                word=word,
                found=met.found if met else named.get(word) or told[word],
                times=met.times if met else 0,
                in_path=word in named,
                in_header=word in told,
            )


def _in_files(contents: Contents) -> Iterator[DeniedSeen]:
    """Yield what stands in files, less what a file that is a map has in its texts."""
    maps = as_written(contents)
    embedded = Counter[tuple[str, str]]()
    for seen in contents.of(DeniedSeen):
        if seen.holder in maps:
            embedded[seen.holder, seen.word] += seen.times
    for seen in contents.of(DeniedSeen):
        times = seen.times - embedded[seen.path, seen.word]
        if not seen.holder and times > 0:
            yield replace(seen, times=times)


def _of_sources(contents: Contents, words: DeniedWords) -> Iterator[DeniedWordFact]:
    """Yield what stands in the texts of maps, and in the names of sources of inline maps.

    The names in a file that is a map are read as its content.
    """
    seen_at: dict[tuple[str, str], list[DeniedSeen]] = {}
    for seen in contents.of(DeniedSeen):
        if seen.holder:
            seen_at.setdefault((seen.path, seen.word), []).append(seen)
    named = {
        (f"{one.path}!{source.path}", word): found
        for one in contents.of(MapSeen)
        if one.carrier is Carrier.INLINE
        for source in one.map.sources
        for word, found in words.inside(source.name).items()
    }
    for path, word in dict.fromkeys((*seen_at, *named)):
        texts = seen_at.get((path, word), ())
        yield DeniedWordFact(
            path=path,
            line=texts[0].line if texts else None,
            key=word,
            word=word,
            found=texts[0].found if texts else named[path, word],
            times=sum(text.times for text in texts),
            in_path=(path, word) in named,
            in_header=False,
        )


COLLECTOR = Collector(name="denied-word", fact=DeniedWordFact, collect=collect)
