"""What slips of typing did to a name: how many edits, which one, and if fingers make such."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

from auditor.lazyre import regex

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class Edit(StrEnum):
    """The one edit that makes a name of another."""

    SWAP = "two letters are swapped"
    DROP = "a letter is left out"
    DOUBLE = "a letter stands twice"
    KEY = "a letter is the one beside it on the keyboard"
    OTHER = "a letter is another one"
    INSERT = "a letter is put in"


TYPING = frozenset({Edit.SWAP, Edit.DROP, Edit.DOUBLE, Edit.KEY})
"""Edits that fingers make; names of packages of their own seldom differ by one of these."""


_BRITISH = (
    (regex(r"(?<=[a-z]{3})is(e|ed|er|ers|es|ing|ation)(?![a-z])"), r"iz\1"),
    (regex(r"analys(e|ed|er|ers|es|ing)(?![a-z])"), r"analyz\1"),
    (regex(r"(behavi|col|fav|flav|harb|hon|hum|lab|neighb|val|vap)our"), r"\1or"),
    (regex(r"(cent|theat|met)re(?=s?(?![a-z]))"), r"\1er"),
    (regex(r"(defen|offen|licen)ce"), r"\1se"),
    (regex(r"(catal|dial|anal)ogue"), r"\1og"),
    (regex(r"(cancel|model|label|travel|signal)l(?=ed|er|ing)"), r"\1"),
    (regex(r"grey"), "gray"),
)
"""British endings and words, and the American for them."""
_HINT = regex("our|ogue|grey|[st]re|[ily][sl][eia]|ence")
"""What every word of these has, and few others have."""


def is_other_english(name: str, target: str) -> bool:
    """Tell whether two names differ in nothing but British and American spelling."""
    if _HINT.search(name) is None and _HINT.search(target) is None:  # nearly all names
        return False
    return name != target and _american(name) == _american(target)


def _american(name: str) -> str:
    for pattern, american in _BRITISH:
        name = pattern.sub(american, name)
    return name


def distance(one: str, other: str, most: int) -> int:
    """Return how many edits two texts are apart (optimal string alignment), at most `most` + 1.

    An edit puts in, leaves out or replaces a letter, or swaps two neighbours. Where two letters
    are the same, some least row of edits leaves them, so that it branches at the others alone.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    place = 0
    while place < len(one) and one[place : place + 1] == other[place : place + 1]:
        place += 1
    one, other = one[place:], other[place:]
    if not one or not other or not most:
        return min(max(len(one), len(other)), most + 1)
    rests = [(one[1:], other), (one, other[1:]), (one[1:], other[1:])]
    if one[:2] == other[1::-1]:
        rests.append((one[2:], other[2:]))
    return 1 + min(distance(*rest, most - 1) for rest in rests)


def _neighbours() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {key: set() for row in _ROWS for key in row}
    for row in _ROWS:
        for left, right in pairwise(row):
            found[left].add(right)
            found[right].add(left)
    for upper, lower in pairwise(_ROWS):
        for place, key in enumerate(upper):
            for other in lower[max(place - 1, 0) : place + 1]:  # rows are half a key apart
                found[key].add(other)
                found[other].add(key)
    return {key: frozenset(others) for key, others in found.items()}


_NEIGHBOURS = _neighbours()


def edit_of(name: str, target: str) -> Edit:
    """Return the edit that makes `name` of `target`; they are one restricted edit apart."""
    place = 0
    while place < min(len(name), len(target)) and name[place] == target[place]:
        place += 1
    if len(name) < len(target):
        return Edit.DROP
    if len(name) > len(target):
        before = place and name[place] == name[place - 1]
        behind = place + 1 < len(name) and name[place] == name[place + 1]
        return Edit.DOUBLE if before or behind else Edit.INSERT
    if name[place + 1 :] != target[place + 1 :]:
        return Edit.SWAP
    close = target[place] in _NEIGHBOURS.get(name[place], ())
    return Edit.KEY if close else Edit.OTHER
