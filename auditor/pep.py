"""Names and versions of Python's packages; imports `packaging`, which is slow, where needed.

Sources: the specifications "Names and normalization" (PEP 503) and "Version specifiers" (PEP 440).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Return the one spelling of a name: as `packaging.utils.canonicalize_name` gives it."""
    spelled = name.lower().replace("_", "-").replace(".", "-")
    while "--" in spelled:
        spelled = spelled.replace("--", "-")
    return spelled


def public(text: str) -> str:
    """Return the one spelling of a version without its local part; raises as `version` does.

    As `packaging.utils.canonicalize_version` gives it, which costs as much again to import.
    """
    known = version(text)
    release = known.base_version
    trimmed = release
    while trimmed.endswith(".0"):
        trimmed = trimmed[:-2]
    return trimmed + known.public[len(release) :]


def version(text: str) -> Version:
    """Return a version that can be compared; raise ValueError for what is none.

    That is packaging's InvalidVersion, or Python's for a number of thousands of digits.
    """
    from packaging.version import Version  # noqa: PLC0415 - see above

    return Version(text)
