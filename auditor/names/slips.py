"""Whether a name that is one or two edits from a popular one is a slip, or a name of its own.

What tells them apart was measured on labelled pairs: the rank of the target (hardly anything else
is one edit away from the most popular names), the length, whether fingers make the edit, whether
the edited word is a word of other names, and how much less likely its letters are than the
target's.
"""

from __future__ import annotations

from msgspec import Struct

from auditor.lazyre import regex
from auditor.names import spelling
from auditor.names.edits import TYPING, Edit, edit_of, is_other_english
from auditor.names.index import Index
from auditor.names.values import Level

_PREFIX = regex(r"(?:py|aio|python-|node-|types-)(?=.)")
"""What so many names begin with that it tells nothing of a name's length."""
_DOUBLED_DIGIT = regex(r"(\d)\1")
_FAMOUS = 300
_SIBLINGS = 4
"""Popular names with the same other words, from which a different word is no slip."""


class Slip(Struct, frozen=True, kw_only=True):
    """A name and a popular one that is one or two edits away."""

    index: Index
    name: str
    target: str
    rank: int
    """The target's."""
    distance: int

    @property
    def _bases(self) -> tuple[str, str]:
        return spelling.base(self.name), spelling.base(self.target)

    @property
    def edit(self) -> Edit | None:
        """The edit, where it is one."""
        return edit_of(*self._bases) if self.distance == 1 else None

    @property
    def _odd(self) -> float:
        """How much less likely the name's letters are than the target's; negative when they are."""
        return self.index.likelihood(self.name) - self.index.likelihood(self.target)

    def level(self, *, python: bool) -> Level | None:  # noqa: PLR0911 - a list of decisions
        """Return the level at which this is told; None where it is none."""
        name, target = self._bases
        if spelling.scope(self.name) != spelling.scope(self.target):
            return self._scope_level()
        if spelling.letters(name) == spelling.letters(target):
            return None  # separators are judged by themselves
        if self.distance == 2 and is_other_english(name, target):
            return Level.EVERYTHING
        if self.distance == 2 and (target in name or name in target):
            return None
        changed = _changed(name, target)
        if (
            self.distance == 2
            and changed
            and (changed[0] in changed[1] or changed[1] in changed[0])
        ):
            return None  # a longer word, not a slip in the shorter one
        special = self._special(name, target, python=python)
        if special is not None:
            return special
        if spelling.digitless(name) == spelling.digitless(target):
            return Level.EVERYTHING if self.rank <= 2000 else None
        if self.distance == 1 and _is_numbered(name, target):
            return self._numbered(name, target)
        length = len(_PREFIX.sub("", name, count=1))
        if python and self.rank > 2000 and self.distance == 1 and length < 5:
            return Level.EVERYTHING if self.rank <= 5000 else None
        if self.distance == 2 and length < 8 and self.rank > 500:
            return None
        if self._is_relative(name, target):
            return Level.EVERYTHING if self.rank <= 2000 and len(name) >= 6 else None
        return self._one(len(name)) if self.distance == 1 else self._two(len(name), length)

    def _scope_level(self) -> Level | None:
        """Judge the same name in a scope that is one edit away; other scopes are others' names."""
        name, target = self._bases
        shortest = min(len(spelling.scope(self.name)), len(spelling.scope(self.target)))
        slip = name == target and self.distance == 1 and shortest >= 5
        return Level.DEFAULT if slip else None

    def _special(self, name: str, target: str, *, python: bool) -> Level | None:
        """Judge what is a slip whatever the rest says: all letters there, a plural, a double."""
        rank = self.rank
        unknown = not any(map(self.index.is_word, spelling.words(name)))
        if self.distance == 2:
            anagram = rank <= 3000 and len(name) >= 5 and sorted(name) == sorted(target)
            length = len(_PREFIX.sub("", name, count=1))
            close = rank <= 400 and len(name) >= 8 and length >= 8
            return Level.DEFAULT if unknown and (anagram or close) else None
        surest = Level.QUIET if rank <= _FAMOUS else Level.DEFAULT
        if rank <= 1000 and _DOUBLED_DIGIT.search(name) and self.edit is Edit.DOUBLE:
            return surest
        changed = _changed(name, target)
        if changed is None or not _is_plural(*changed) or self.edit is Edit.DOUBLE:
            return None
        count = len(spelling.words(name))
        if count == 1:
            new = self.index.is_unknown(name) and len(name) >= 7
            return surest if new and rank <= 1000 else None
        most = 5000 if python else 2500 if count > 2 else 1000
        return surest if rank <= most else None

    def _numbered(self, name: str, target: str) -> Level | None:
        """Judge a digit more or less at the end."""
        if self.rank <= 300 and len(target) >= 8 and len(name) > len(target):
            return Level.DEFAULT
        return Level.EVERYTHING if self.rank <= 500 else None

    def _is_relative(self, name: str, target: str) -> bool:
        """Tell whether the name is of other words, or one of a family that the target is of."""
        ours, theirs = spelling.words(name), spelling.words(target)
        if len(ours) != len(theirs):
            known = all(map(self.index.is_word, ours))
        else:
            places = [
                n for n, pair in enumerate(zip(ours, theirs, strict=True)) if len({*pair}) > 1
            ]
            if len(places) != 1:
                return False
            word = ours[places[0]]
            known = self.index.is_word(word)
            code = len(word) <= 3 and self.edit is not Edit.SWAP
            if len(ours) > 1 and (known or code) and self._has_siblings(target, places[0]):
                return True
        return known and not (self.rank <= 100 and len(name) >= 6)

    def _has_siblings(self, target: str, place: int) -> bool:
        """Tell whether popular names share the target's words before the one that differs.

        Where that is the first, those behind it count.
        """
        heads, tails = spelling.cuts(target)
        if place > len(heads) or not heads:
            return False
        if place:
            return self.index.siblings(self._scoped(heads[place - 1]), "") >= _SIBLINGS
        return self.index.siblings("", tails[0]) >= _SIBLINGS

    def _scoped(self, text: str) -> str:
        scope = spelling.scope(self.target)
        return f"{scope}/{text}" if scope else text

    def _one(self, length: int) -> Level | None:  # noqa: PLR0911 - a table
        """Judge one edit, by the target's rank and the name's length."""
        rank, odd, typing = self.rank, self._odd, self.edit in TYPING
        if length < 4:
            return None
        if length == 4:
            if rank <= 100 and (typing or odd < -2):
                return Level.DEFAULT
            return Level.EVERYTHING if rank <= 500 else None
        if length == 5:
            if rank > 2000:
                return None
            slip = odd < -3 or (typing and rank <= 500)
            return Level.DEFAULT if slip else Level.EVERYTHING
        if rank <= 500:
            return Level.QUIET
        if rank <= 2000:
            return Level.QUIET if typing or odd < -3 else Level.DEFAULT
        if rank <= 5000:
            if typing or odd < -6:
                return Level.QUIET
            return Level.DEFAULT if length >= 8 or odd < -4 else Level.EVERYTHING
        if rank <= 20_000 or length >= 8:
            slip = typing and (length >= 7 or odd < -2)
            strange = length >= 8 and odd < -3
            garbled = odd < -7 and self.edit is not Edit.INSERT
            if length >= 8 and (garbled or (typing and (odd < -3 or length >= 10))):
                return Level.QUIET
            if slip or strange or garbled:
                return Level.DEFAULT
        return Level.EVERYTHING

    def _two(self, length: int, telling: int) -> Level | None:  # noqa: PLR0911 - a table
        """Judge two edits; `telling` is the length without a common prefix."""
        rank, odd = self.rank, self._odd
        if length < 8:
            return Level.DEFAULT if length == 7 and rank <= 300 and odd < -9 else None
        if odd < -8 and length >= 10 and rank <= 20_000:
            return Level.QUIET
        if rank <= 500:
            return Level.DEFAULT if odd < -4 or length >= 10 else Level.EVERYTHING
        if rank <= 5000:
            if (length >= 9 and odd < -7) or (length >= 12 and odd < 2):
                return Level.DEFAULT
            if odd < -4:
                return Level.DEFAULT if rank <= 2000 and telling >= 8 else Level.EVERYTHING
            return Level.EVERYTHING if length >= 12 else None
        if length >= 13 and odd < -5:
            return Level.DEFAULT
        return Level.EVERYTHING if odd < -4 and length >= 9 else None


def _changed(name: str, target: str) -> tuple[str, str] | None:
    """Return the one word that differs, here and there; None where more do."""
    ours, theirs = spelling.words(name), spelling.words(target)
    if len(ours) != len(theirs):
        return None
    pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    return pairs[0] if len(pairs) == 1 else None


def _is_plural(one: str, other: str) -> bool:
    return one == f"{other}s" or other == f"{one}s"


def _is_numbered(name: str, target: str) -> bool:
    longer, shorter = sorted((name, target), key=len, reverse=True)
    return longer.startswith(shorter) and longer[-1].isdigit()
