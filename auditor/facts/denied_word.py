"""Words of the user's policy that stand in what ships: in contents, in maps' texts, in names.

Case is ignored where a word is written in small letters, in capitals, or with a first capital.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents, Reader
from auditor.facts.demands import Demands
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.facts import Hits
    from auditor.model import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class DeniedSeen:
    """One word in the content of one member: where it stands first, and how often."""

    path: str
    word: str
    line: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeniedWordFact(Fact):
    """One word in one file; `key` is the word."""

    word: str
    times: int
    """How often the content has it."""
    in_path: bool


def reader(denied: Iterable[str]) -> Reader:
    """Return who looks for words in the contents of members."""
    spelled: dict[bytes, str] = {}
    for word in denied:
        for spelling in (word, word.lower(), word.upper(), word.title(), word.capitalize()):
            spelled.setdefault(spelling.encode("utf-8", "surrogatepass"), word)
    return Reader(
        anchors=frozenset(spelled),
        read=lambda member, data, hits: _read(member, data, hits, spelled),
    )


def _read(
    member: Member, data: bytes, hits: Hits, spelled: Mapping[bytes, str]
) -> Iterator[DeniedSeen]:
    places: dict[str, list[int]] = {}
    for anchor, offset in hits:
        places.setdefault(spelled[anchor], []).append(offset)
    for word, offsets in sorted(places.items()):
        distinct = set(offsets)
        line = data.count(b"\n", 0, min(distinct)) + 1
        yield DeniedSeen(path=member.path, word=word, line=line, times=len(distinct))


def collect(contents: Contents) -> Iterator[DeniedWordFact]:
    """Yield one fact for each word of each file that has it, or is named by it.

    A word that is nowhere has one fact, without a path.
    """
    inside = {(seen.path, seen.word): seen for seen in contents.of(DeniedSeen)}
    for demands in contents.of(Demands):
        met: set[str] = set()
        for member in contents.members:
            lowered = member.path.lower()
            for word in demands.words:
                seen = inside.get((member.path, word))
                named = word.lower() in lowered
                if seen or named:
                    met.add(word)
                    yield DeniedWordFact(
                        path=member.path,
                        line=seen.line if seen else None,
                        key=word,
                        word=word,
                        times=seen.times if seen else 0,
                        in_path=named,
                    )
        for word in demands.words:
            if word not in met:
                yield DeniedWordFact(path="", key=word, word=word, times=0, in_path=False)


COLLECTOR = Collector(name="denied-word", fact=DeniedWordFact, collect=collect)
