"""The words that a policy denies, as one scan looks for them: literals, and globs around one.

Case is ignored where a word is written in small letters, in capitals, or with a first capital.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 3
"""Letters in a row that a glob must have: by them it is looked for."""
_WILD = "*?"
_WITHIN = rb"[^\x00-\x20\"'`<>()\\]"
"""What a wildcard stands for: names, hosts and paths, and neither blanks nor quotes."""
_SOME = _WITHIN + b"{0,64}?"
_ALL = _WITHIN + b"{0,64}"
_WINDOW = 512
_PARTS = regex(r"[*?]|[^*?]+")


def is_glob(word: str) -> bool:
    """Tell whether a word has wildcards: `*` for any letters, `?` for one."""
    return any(sign in word for sign in _WILD)


def is_too_wide(word: str) -> bool:
    """Tell whether a glob has too few letters in a row to be looked for."""
    return is_glob(word) and len(_longest(word)) < SHORTEST


def _longest(word: str) -> str:
    return max(re.split(r"[*?]+", word), key=len)


def spellings(text: str) -> tuple[str, ...]:
    """Return the spellings of a text that count as the same."""
    return tuple(dict.fromkeys((text, text.lower(), text.upper(), text.title(), text.capitalize())))


class Hit(Struct, frozen=True, kw_only=True):
    """One place where a word stands: from `start` on, spelled as `found`."""

    word: str
    start: int
    found: str


class DeniedWords:
    """Some words, compiled once; `anchors` are what has to be searched for."""

    def __init__(self, words: Iterable[str]) -> None:
        self._all = [_Shape(word) for word in dict.fromkeys(words)]
        self._shapes: dict[bytes, list[_Shape]] = {}
        for shape in self._all:
            for spelling in spellings(shape.anchor):
                anchor = spelling.encode("utf-8", "surrogatepass")
                self._shapes.setdefault(anchor, []).append(shape)

    @property
    def anchors(self) -> frozenset[bytes]:
        """The literals of all words."""
        return frozenset(self._shapes)

    def at(self, text: bytes, anchor: bytes, offset: int) -> Iterable[Hit]:
        """Yield the words that stand where one of the anchors was met."""
        for shape in self._shapes[anchor]:
            found = shape.at(text, anchor, offset)
            if found is not None:
                yield found

    def inside(self, text: str) -> dict[str, str]:
        """Return the words in a short text, such as a path, each with what stands there.

        Here case is always ignored.
        """
        lowered = text.lower()
        data = text.encode("utf-8", "surrogatepass")
        found = {}
        for shape in self._all:
            if shape.anchor.lower() in lowered and (met := shape.whole.search(data)):
                found[shape.word] = met.group().decode("utf-8", "replace")
        return found


class _Shape:
    """One word: its longest literal, and what stands before and behind it."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.anchor = _longest(word)
        before, _, after = word.partition(self.anchor)
        self.whole = _pattern(word)
        self._before = _pattern(before, backwards=True)
        self._after = _pattern(after)

    def at(self, text: bytes, anchor: bytes, offset: int) -> Hit | None:
        end = offset + len(anchor)
        head = self._before.match(text[max(0, offset - _WINDOW) : offset][::-1])
        tail = self._after.match(text[end : end + _WINDOW])
        if head is None or tail is None:
            return None
        start = offset - head.end()
        found = text[start : end + tail.end()].decode("utf-8", "replace")
        return Hit(word=self.word, start=start, found=found)


def _pattern(glob: str, *, backwards: bool = False) -> re.Pattern[bytes]:
    """Return what a part of a glob beside the literal matches; `backwards` in reversed texts."""
    parts = _PARTS.findall(glob)
    pieces = []
    for number, part in enumerate(reversed(parts) if backwards else parts):
        if part == "*":
            # at the end of the word it takes all there is, so that the whole name is shown
            pieces.append(_ALL if number == len(parts) - 1 else _SOME)
        elif part == "?":
            pieces.append(_WITHIN)
        else:
            raw = part.encode("utf-8", "surrogatepass")
            pieces.append(re.escape(raw[::-1] if backwards else raw))
    return re.compile(b"".join(pieces), re.IGNORECASE)
