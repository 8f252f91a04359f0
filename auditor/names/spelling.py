"""How names are spelled: one form of each, its words, its letters alone, what they look like."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from auditor.lazyre import regex

_RUNS = regex(r"[-_.]+")
_WORDS = regex(r"[^a-z0-9]+")
_SEPARATORS = str.maketrans("", "", "-_.~")
_DIGITS = regex(r"\d+")
_LOOKS = str.maketrans("0134578|!$", "oleastbllS".lower())
"""Digits and signs, by the letters that they stand for."""
_CONFUSABLE = str.maketrans(
    dict(
        zip(
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u0261\u0578"
            "\u03b1\u03bf\u03bd\u03c1\u03c4\u03c5\u03ba",
            "aeopcyxijsdhgnaovptuk",
            strict=True,
        )
    )
)
"""Letters of other scripts that look Latin (Unicode TR39, those that names were made with)."""
_RELEASES = {
    "npm": regex(r"((?:@[^/@\s]+/)?[^/@\s]+)@v?(\d[\w.+-]*)\Z", re.ASCII),
    "pypi": regex(r"([^=\s]+)\s*===?\s*v?(\d[\w.!+-]*)\Z", re.ASCII),
}
_BITS = {letter: 1 << number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}


def normal(ecosystem: str, name: str) -> str:
    """Return the one spelling of a name: PEP 503 for PyPI, as it is for npm."""
    name = name.strip()
    return _RUNS.sub("-", name).lower() if ecosystem == "pypi" else name


def release(ecosystem: str, text: str) -> tuple[str, str]:
    """Return name and version of `NAME@VERSION` (npm) or `NAME==VERSION` (PyPI).

    The version is empty where the text has none, and then the name is the text.
    """
    found = _RELEASES[ecosystem].match(text)
    return (found[1], found[2]) if found else (text, "")


@lru_cache(maxsize=512)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, without its separators and scope sign."""
    return tuple(_WORDS.sub(" ", name.lower()).split())


@lru_cache(maxsize=512)
def letters(name: str) -> str:
    """Return a name without separators, in lower case; a scope stays in front of its slash."""
    return name.lower().translate(_SEPARATORS)


def digitless(text: str) -> str:
    """Return a text in which every number is the same."""
    return _DIGITS.sub("#", text)


def looks(name: str) -> str:
    """Return what a name looks like at a glance: letters for digits and for foreign letters."""
    plain = unicodedata.normalize("NFKC", name).translate(_CONFUSABLE)
    return letters(plain).translate(_LOOKS).replace("i", "l")


def base(name: str) -> str:
    """Return a name without its scope."""
    return name.rpartition("/")[2]


def scope(name: str) -> str:
    """Return a name's scope with its sign; empty without one."""
    return name.rpartition("/")[0]


def cuts(name: str) -> tuple[list[str], list[str]]:
    """Return what a name begins with, up to each of its separators, and what it ends with."""
    parts = _RUNS.split(name)
    heads: list[str] = []
    tails: list[str] = []
    place = 0
    for part in parts[:-1]:
        place += len(part)
        tails.append(name[place:])
        while place < len(name) and name[place] in "-_.":
            place += 1
        heads.append(name[:place])
    return heads, tails


def mask(text: str) -> int:
    """Return which letters a text has, one bit each; digits and signs share the bits above."""
    found = 0
    for sign in text:
        found |= _BITS.get(sign) or 1 << (26 + ord(sign) % 6)
    return found
