"""When two spellings are one version or one name, and which of several versions is nearest.

npm compares exactly, but drops a leading `v` or `=` and build metadata (node-semver, `clean`);
PyPI compares by PEP 440 (`1.82.8.0` is `1.82.8`) and names by PEP 503. A local label of PEP 440
(`1.0+mirror.1`) is left out: whoever rebuilt a bad version has the bad version.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from auditor import pep
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 256
"""Characters; what is longer is no version that anybody published."""
_SEPARATORS = regex(r"[-_.]+")
_PREFIX = regex(r"[=v\s]+")
_PLACEHOLDER = regex(r"0\.0\.1-security(?:\.\d{1,9})?\Z")
_NUMBERS = regex(r"\d{1,18}")


def same_name(ecosystem: str, name: str) -> str:
    """Return the one spelling of a name that all its spellings share."""
    if ecosystem == "pypi":
        return _SEPARATORS.sub("-", name).lower()
    return name


@lru_cache(maxsize=4096)
def same_version(ecosystem: str, version: str) -> str:
    """Return the one spelling of a version that all its spellings share."""
    text = version.strip()
    if len(text) > _LONGEST:
        return text
    if ecosystem == "pypi":
        try:
            return pep.public(text)
        except ValueError:  # InvalidVersion: numbers of thousands of digits are longer
            return text.lower()
    if found := _PREFIX.match(text):
        text = text[found.end() :]
    return text.partition("+")[0]


def is_placeholder(ecosystem: str, version: str) -> bool:
    """Tell whether a version is what npm puts in the place of a package that it removed."""
    return ecosystem == "npm" and _PLACEHOLDER.match(version.strip()) is not None


def nearest(version: str, among: Iterable[str]) -> str:
    """Return the version that is closest, see `by_distance`; empty where there is none."""
    return next(iter(by_distance(version, among)), "")


def by_distance(version: str, among: Iterable[str]) -> list[str]:
    """Return versions by how close they are: the longest common beginning, then the distance.

    Of two equally distant ones the older comes first: it was there before the attack.
    """
    wanted = _numbers(version)

    def distance(other: str) -> tuple[int, list[int], list[int]]:
        numbers = _numbers(other)
        width = max(len(wanted), len(numbers))
        left = wanted + [0] * (width - len(wanted))
        right = numbers + [0] * (width - len(numbers))
        same = next((i for i in range(width) if left[i] != right[i]), width)
        return -same, [abs(a - b) for a, b in zip(left, right, strict=True)], right

    return sorted(among, key=distance)


def _numbers(version: str) -> list[int]:
    release = version.partition("+")[0].partition("-")[0]
    return [int(number) for number in _NUMBERS.findall(release[:_LONGEST])]
