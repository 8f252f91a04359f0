"""Lists of names that the user keeps: private names and scopes, names that were looked at.

An entry is a name, an npm scope (`@acme`) or a glob (`acme-*`, `@acme/*-kit`); case is ignored, and
for PyPI's names what PEP 503 ignores. A list of private names also tells what resembles one of
them: one slip of typing, other separators, the scope left out or written as a word.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.errors import UsageError
from auditor.lazyre import regex
from auditor.match import Globs
from auditor.model import Confidence
from auditor.names import Kind, Level, Lookalike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST = 10_000
"""Entries of one list; a company's own packages are fewer."""
LONGEST = 214
"""Characters of a name: what npm allows, and more than any name on PyPI has."""
_SHORTEST = 5
"""Characters of a private name that one slip is looked for in; shorter ones are near to all."""
_NEAREST = 64
"""Characters of the longest one; ten thousand of these are as many as are worth their memory."""
_SCOPE = regex(r"@[^/@\s*?\[\]]+\Z")
_ENTRY = regex(r"(?:@[^/@\s]+/)?[^/@\s]*[^/@\s._-][^/@\s]*\Z")
_GLOB = frozenset("*?[")
_RUNS = regex(r"[-_.]+")
_SEPARATORS = regex(r"[-_./@]+")


class NameList:
    """The entries of one list, ready to be asked about any number of names."""

    __slots__ = ("_exact", "_globs", "_lengths", "_near", "_pypi", "_scopes", "_squeezed")

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """Take the entries apart; raise UsageError for what can be none."""
        wanted = list(dict.fromkeys(entry.strip().lower() for entry in entries))
        if len(wanted) > MOST:
            raise UsageError(f"a list of names has at most {MOST:,} entries, not {len(wanted):,}")
        for entry in wanted:
            if len(entry) > LONGEST or not (_SCOPE.match(entry) or _ENTRY.match(entry)):
                raise UsageError(f"{entry[:60]!r} is no name, scope (@acme) or glob (acme-*)")
        self._scopes = frozenset(entry for entry in wanted if _SCOPE.match(entry))
        names = [e for e in wanted if e not in self._scopes and _GLOB.isdisjoint(e)]
        self._exact = frozenset(names)
        self._pypi = {_normal(name): name for name in names}
        patterns = tuple(e for e in wanted if not _GLOB.isdisjoint(e))
        self._globs = Globs(patterns) if patterns else None
        self._squeezed: dict[str, str] = {}
        self._near: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._lengths: set[int] = set()
        for name in names:
            for squeezed in (_squeezed(name), _squeezed(_base(name))):
                self._squeezed.setdefault(squeezed, name)
            for spelling in {name, _normal(name)} if _SHORTEST <= len(name) <= _NEAREST else ():
                self._lengths.update(range(len(spelling) - 1, len(spelling) + 2))
                for key in _shortened(spelling):
                    self._near[key].append((spelling, name))

    def __bool__(self) -> bool:
        return bool(self._exact or self._scopes or self._globs)

    def holds(self, name: str, ecosystem: str = "npm") -> bool:
        """Tell whether a name is on the list."""
        lowered = name.lower()
        if ecosystem == "pypi":
            lowered = _normal(lowered)
            if lowered in self._pypi:
                return True
        if lowered in self._exact or lowered.partition("/")[0] in self._scopes:
            return True
        return self._globs is not None and self._globs.matches(lowered)

    def resembled(self, name: str, level: Level, ecosystem: str = "npm") -> Lookalike | None:
        """Return the name of the list that another one looks like; None for one that is on it.

        A slip of typing and other separators are told at every level; the scope left out is not at
        the quiet one, as a private `@acme/config` has many namesakes.
        """
        if not self._exact or len(name) > LONGEST or self.holds(name, ecosystem):
            return None
        lowered = _normal(name) if ecosystem == "pypi" else name.lower()
        target = self._squeezed.get(_squeezed(lowered))
        if target is not None:
            whole = _squeezed(target) == _squeezed(lowered)
            if whole and _scope(target) == _scope(lowered):
                return _lookalike(name, target, Level.QUIET, "other separators")
            told = "its scope written as a word" if whole else "its scope left out"
            if (whole or not _scope(lowered)) and level >= Level.DEFAULT:
                return _lookalike(name, target, Level.DEFAULT, told)
        for key in _shortened(lowered) if len(lowered) in self._lengths else ():
            for spelling, near in self._near.get(key, ()):
                if slip := _slip(spelling, lowered):
                    return _lookalike(name, near, Level.QUIET, slip)
        return None


def confidence_of(level: Level) -> Confidence:
    """Return how sure a look-alike is that is first told at a level: the quiet one is surest."""
    return Confidence(max(Level) - level)


def _lookalike(name: str, target: str, level: Level, how: str) -> Lookalike:
    return Lookalike(
        name=name,
        target=target,
        kind=Kind.INTERNAL,
        level=level,
        rank=0,  # no popular name
        reason=f"the internal name {target} with {how}",
    )


def _normal(name: str) -> str:
    return _RUNS.sub("-", name).lower()


def _squeezed(name: str) -> str:
    return _SEPARATORS.sub("", name)


def _scope(name: str) -> str:
    return name.partition("/")[0] if name.startswith("@") else ""


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _shortened(name: str) -> Iterator[str]:
    """Yield a name and what is left of it without one of its characters.

    Two names that are one slip apart share one of these.
    """
    yield name
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]


def _slip(target: str, name: str) -> str:
    """Return the one slip of typing between two names in words; empty where it is not just one."""
    start = 0
    while start < min(len(target), len(name)) and target[start] == name[start]:
        start += 1
    one, other = target[start:], name[start:]
    if one[1:] == other[1:] and one and other:
        return f"{other[0]} for {one[0]}"
    if one[:2] == other[1::-1] and one[2:] == other[2:] and len(one) > 1:
        return f"{one[0]} and {one[1]} swapped"
    if one[1:] == other and one:
        return f"one {one[0]} less"
    return f"one {other[0]} more" if other[1:] == one and other else ""


__all__ = ["LONGEST", "MOST", "NameList", "confidence_of"]
