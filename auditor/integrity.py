"""What a package's digests are worth: strong, weak, malformed, or none at all.

Subresource Integrity (W3C, 3.3.4): of several digests the strongest is checked and the others do
not count. pip and its relatives take a file that matches any digest of the requirement, so there
the weakest counts.
"""

from __future__ import annotations

import binascii
import re
from enum import StrEnum

from auditor.lazyre import regex

LENGTHS = {"sha512": 64, "sha384": 48, "sha256": 32, "sha224": 28, "sha1": 20, "md5": 16}
"""Bytes of a digest."""
WEAK = frozenset({"sha1", "md5"})
STRENGTH = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_SPELLED = regex(r"([A-Za-z][A-Za-z0-9_]*)[-:=](.*)\Z", re.DOTALL)
_BERRY = regex(r"(?:[0-9a-z]{1,16}/)?([0-9a-f]{128})\Z")
_HEX = regex(r"[0-9a-fA-F]+\Z")


class Integrity(StrEnum):
    """The state of an entry's digests."""

    STRONG = "strong"
    WEAK = "weak"
    """Only SHA-1 or MD5 says what the content is."""
    MALFORMED = "malformed"
    """What stands there can be the digest of no file."""
    NONE = "none"


def digests(values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return algorithm and digest of each value; no algorithm where it is not spelled as one.

    Yarn's berry lockfiles have SHA-512 in hexadecimal, with the key of its cache before it.
    """
    found: list[tuple[str, str]] = []
    for value in values:
        for word in value.split():
            spelled = _SPELLED.match(word.partition("?")[0])
            if spelled:
                found.append((spelled[1].lower(), spelled[2]))
            else:
                berry = _BERRY.match(word)
                found.append(("sha512", berry[1]) if berry else ("", word))
    return found


def is_digest(algorithm: str, text: str) -> bool:
    """Tell whether a text in base64 or hexadecimal is as long as the algorithm's digests are."""
    length = LENGTHS.get(algorithm)
    if length is None or not text.isascii():
        return False
    if len(text) == 2 * length and _HEX.match(text):
        return True
    try:
        return len(binascii.a2b_base64(text, strict_mode=True)) == length
    except binascii.Error:
        return False


def state(values: tuple[str, ...], *, any_counts: bool) -> Integrity:
    """Judge an entry's digests; `any_counts` where a client takes a match of any of them."""
    found = digests(values)
    if not found:
        return Integrity.NONE
    if any_counts:
        if any(algorithm in WEAK for algorithm, _ in found):
            return Integrity.WEAK
        whole = all(is_digest(*one) for one in found)
        return Integrity.STRONG if whole else Integrity.MALFORMED
    known = [one for one in found if one[0] in LENGTHS]
    if not known:
        return Integrity.MALFORMED
    best = max(STRENGTH.index(algorithm) for algorithm, _ in known)
    strongest = STRENGTH[best]
    if not all(is_digest(*one) for one in known if one[0] == strongest):
        return Integrity.MALFORMED
    return Integrity.WEAK if strongest in WEAK else Integrity.STRONG
