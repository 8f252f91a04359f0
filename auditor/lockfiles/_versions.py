"""Which versions of a format are known, and what is said of a file in another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = regex(r"\d{1,9}(?:\.\d{1,9}){0,3}")
_TO = " to "
_ANY = ".x"
_SHOWN = 40
"""Characters of a version that is no such thing."""


class Versions(Struct, frozen=True, kw_only=True):
    """The versions of one format that are read here, the newest last.

    A client that cannot read a version refuses it. A scan reads on, as the packages may be found
    all the same, but must not pass: what the new version brought may be what it did not see.
    """

    place: str
    """Where the file says its version, as a path of keys."""
    known: tuple[str, ...]
    """`3` is that number alone, `9.x` all that begins with 9, `4 to 10` and `4.0 to 4.5` all that
    lies between them; a third number, as in 4.5.1, never counts."""
    kind: type = str
    """How the file writes it: as a text, or as a whole number (`int`)."""
    needed: bool = True
    """Each version writes it: a file without it is of no known one."""

    def unread(self, value: object) -> Iterator[tuple[str, str]]:
        """Yield place and reason where a version is not known."""
        if value is None:
            if self.needed:
                yield self.place, f"is missing ({self._listed} known here); read as {self._newest}"
        elif not isinstance(value, self.kind) or isinstance(value, bool):
            shown = repr(value[:_SHOWN]) if isinstance(value, str) else _shown(value)
            wrong = f"{shown} is no {'text' if self.kind is str else 'whole number'}"
            yield self.place, f"{wrong} ({self._listed} known here); read as {self._newest}"
        elif not self._knows(str(value)):
            reason = f"is not known here ({self._listed}); read as {self._newest}"
            yield self.place, f"{_shown(value)} {reason}"

    def _knows(self, spelled: str) -> bool:
        found = _NUMBERS.fullmatch(spelled)
        return found is not None and any(_within(_parts(spelled), term) for term in self.known)

    @property
    def _listed(self) -> str:
        *most, newest = self.known
        words = f"{', '.join(most)} and {newest}" if most else newest
        return f"{words} {'are' if most or _TO in newest else 'is'}"

    @property
    def _newest(self) -> str:
        return self.known[-1].rpartition(_TO)[2]


def _shown(value: object) -> str:
    """Return a version as the file has it, in quotes where it is no number."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    spelled = str(value)
    return spelled if _NUMBERS.fullmatch(spelled) else repr(spelled[:_SHOWN])


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _within(version: tuple[int, ...], term: str) -> bool:
    """Tell whether a version is one of those that a term stands for."""
    if term.endswith(_ANY):
        major = _parts(term.removesuffix(_ANY))
        return version[: len(major)] == major
    first, _, last = term.partition(_TO)
    low, high = _parts(first), _parts(last or first)
    if len(high) == 1:
        return len(version) == 1 and low <= version <= high
    return low <= version[: len(high)] <= high
