"""How severe a vulnerability is, by the vectors of its records (CVSS 2 to 4, FIRST.org)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN = "unknown"
_VERSION = regex(r"CVSS:(\d\.\d)/")


class Rating(Struct, frozen=True, kw_only=True):
    """The severity that a vector has."""

    word: str = UNKNOWN
    """`critical`, `high`, `medium`, `low`, `none`; `unknown` without a vector that is one."""
    score: str = ""
    """The base score, `9.8`."""
    vector: str = ""


NO_RATING = Rating()


def rating(vectors: Iterable[str]) -> Rating:
    """Return the rating by the newest version of CVSS among vectors; of several the worst."""
    rated = [(_version(v), float(one.score), one) for v in vectors if (one := _rated(v))]
    newest = max((version for version, _, _ in rated), default="")
    among = [(score, one.vector, one) for version, score, one in rated if version == newest]
    return max(among, default=(0.0, "", NO_RATING))[2]


def _version(vector: str) -> str:
    found = _VERSION.match(vector)
    return found[1] if found else "2.0"


@lru_cache(maxsize=1024)
def _rated(vector: str) -> Rating | None:
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # noqa: PLC0415 - where one was found alone

    kinds = {"2": CVSS2, "3": CVSS3, "4": CVSS4}
    kind = kinds.get(_version(vector)[0])
    if kind is None:
        return None
    try:
        known = kind(vector)
    except CVSSError:
        return None
    return Rating(word=known.severities()[0].lower(), score=str(known.scores()[0]), vector=vector)
