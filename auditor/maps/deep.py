"""Maps in JSON of any depth: one pass without recursion that keeps what maps are made of alone.

A value that nests a hundred thousand deep stops most parsers, Python's among them, and no engine of
JavaScript: whoever opens such a map has its sources. So nothing is built of what is of no interest;
of that the pass remembers two bytes for each level.
"""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct, field

from auditor.errors import ParseError
from auditor.lazyre import regex

_TOKEN = regex(rb"([^\"{}\[\]]*+)(?:(\"(?:[^\"\\]++|\\.)*+\")(\s*+:)?|([{}\[\]]))", re.DOTALL)
"""Numbers, words and signs, behind them a text, with its colon if it is a key, or a bracket."""
_SCALAR = regex(rb"[^\s,:]+")
_LISTS = frozenset({"sources", "sourcesContent", "ignoreList", "x_google_ignoreList"})
_TEXTS = frozenset({"sourceRoot", "mappings"})
_CONTENT = "sourcesContent"

_REGULAR, _SECTIONS, _SECTION, _ITEMS, _OTHER = range(5)
"""What is open: a map by its place, the list of sections, one of them, one of `_LISTS`, or else."""


class Found(Struct, kw_only=True):
    """One object that has a key of maps: its pairs, and whether it stands where a map does."""

    regular: bool
    pairs: list[tuple[str, Any]] = field(default_factory=list)


def objects(data: bytes) -> list[Found | str]:
    """Return each object with keys of maps, in the order of these, and each text that has some.

    Takes time in proportion to the bytes. Raises ParseError where brackets do not match.
    """
    scan = _Scan()
    position = 0
    while (token := _TOKEN.match(data, position)) is not None:
        position = token.end()
        plain, text, colon, bracket = token.groups()
        if scan.items is not None:
            scan.items += map(_number, _SCALAR.findall(plain))
        if bracket is not None:
            scan.bracket(bracket, position)
        elif colon is not None:
            scan.key = _text(text)
        else:
            scan.value(text)
    if scan.levels or not scan.begun:
        raise ParseError("not readable as JSON: its end is missing")
    return scan.found


class _Scan:
    """What is known while a text is gone through."""

    def __init__(self) -> None:
        self.found: list[Found | str] = []
        self.levels = bytearray()
        """The kind of each object and list that is open."""
        self.begun = False
        self.key = ""
        self.items: list[Any] | None = None
        """The items of the innermost list, if it is one of `_LISTS`."""
        self._brackets = bytearray()
        self._objects: list[tuple[int, Found]] = []
        """Objects with keys of maps that are open, by how many levels are."""
        self._lists: list[tuple[int, list[Any]]] = []

    def bracket(self, sign: bytes, position: int) -> None:
        """Take the beginning or the end of an object or list."""
        if sign in b"{[":
            self._begin(sign)
        else:
            if (
                not self._brackets or self._brackets.pop() != sign[0] - 2
            ):  # `{` and `}`, `[` and `]`
                raise ParseError(f"not readable as JSON: byte {position:,} closes nothing")
            self.levels.pop()
            while self._objects and self._objects[-1][0] > len(self.levels):
                self._objects.pop()
            while self._lists and self._lists[-1][0] > len(self.levels):
                self._lists.pop()
        self.key = ""
        here = self._lists and self._lists[-1][0] == len(self.levels)
        self.items = self._lists[-1][1] if here else None

    def _begin(self, sign: bytes) -> None:
        kind = self._kind(sign)
        if self.items is not None:
            self.items.append(None)
        if kind == _ITEMS:
            items: list[Any] = []
            self._holder().pairs.append((self.key, items))
            self._lists.append((len(self.levels) + 1, items))
        self.begun = True
        self.levels.append(kind)
        self._brackets += sign

    def _kind(self, sign: bytes) -> int:
        if not self.levels:
            return _REGULAR
        above, in_list = self.levels[-1], self._brackets[-1:] == b"["
        if not in_list and sign == b"[" and self.key in _LISTS:
            return _ITEMS
        if above == _REGULAR and not in_list and self.key == "sections":
            return _SECTIONS
        if above == _SECTIONS and in_list:
            return _SECTION
        if above == _SECTION and not in_list and self.key == "map":
            return _REGULAR
        return _OTHER

    def _holder(self) -> Found:
        """Return the innermost object, made where it was not needed so far."""
        level = len(self.levels)
        if not self._objects or self._objects[-1][0] != level:
            one = Found(regular=self.levels[-1] == _REGULAR)
            self._objects.append((level, one))
            self.found.append(one)
        return self._objects[-1][1]

    def value(self, text: bytes) -> None:
        """Take a text that is no key."""
        if self.items is not None:
            self.items.append(_text(text))
        elif self.key in _TEXTS and self.levels and self._brackets[-1:] == b"{":
            self._holder().pairs.append((self.key, _text(text)))
        elif _CONTENT.encode() in text:
            self.found.append(_text(text))


def _text(written: bytes) -> str:
    plain = written[1:-1].decode("utf-8", "replace")
    if "\\" not in plain:
        return plain
    try:
        return str(json.loads(f'"{plain}"', strict=False))
    except ValueError:
        return plain


def _number(word: bytes) -> int | None:
    return int(word) if word.isdigit() and len(word) < 19 else None
