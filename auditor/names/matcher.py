"""The judgement of one name: which popular name it imitates, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.names import index as names_index
from auditor.names import spelling, wordings
from auditor.names.edits import distance, edit_of, is_other_english
from auditor.names.index import EDITS
from auditor.names.values import Kind, Level, Lookalike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.names.index import Index
    from auditor.names.wordings import Found

_LONGEST = 214
"""Characters of a name: npm takes no longer ones."""
_LEAST = 8
"""Letters from which a name without its separators is looked at."""
_EXTENDED = 22
_FURTHEST = 50
_JOINED = 10
"""Letters from which a name without its separators may be an edit away from one."""


class Matcher:
    """All popular names of one ecosystem, ready to be asked about others."""

    def __init__(
        self, ecosystem: str, index: Index | None = None, *, reviewed: bool = True
    ) -> None:
        self.ecosystem = ecosystem
        self._reviewed = reviewed
        """Names that were looked at are not told; what they would be told as is for measuring."""
        self.index = index or names_index.load(ecosystem)
        self._python = ecosystem == "pypi"

    def known(self, names: Iterable[str]) -> set[str]:
        """Return those of some names that are popular themselves, so that they imitate nothing."""
        spelled = {name: spelling.normal(self.ecosystem, name) for name in names}
        popular = self.index.known(spelled.values())
        return {name for name, normal in spelled.items() if normal in popular}

    def judge(self, name: str, level: Level = Level.DEFAULT) -> Lookalike | None:
        """Return what a name imitates, as far as a level tells it; None for nearly all names."""
        spelled = spelling.normal(self.ecosystem, name)
        return None if spelled in self.index else self._unknown(name, spelled, level)

    def _unknown(self, name: str, spelled: str, level: Level) -> Lookalike | None:
        """Judge a name that is not known."""
        if len(spelled) > _LONGEST or not self._is_name(spelled):
            return None
        if spelled != (lowered := spelled.lower()) and lowered in self.index:
            return None
        if self._reviewed and self.index.is_reviewed(spelled):
            return None
        found = list(self._found(spelled, level))
        if not found:
            return None
        surest = min(one[3] for one in found)
        if surest > level:
            return None
        told = [one for one in found if one[3] <= max(surest, Level.DEFAULT)]
        cost, target, kind, _ = min(told, key=lambda one: (one[0], self.index.rank(one[1])))
        return Lookalike(
            name=name,
            target=target,
            kind=kind,
            level=surest,
            rank=self.index.rank(target) or self.index.elsewhere(target),
            reason=self._reason(spelled, target, kind, cost),
        )

    def _is_name(self, text: str) -> bool:
        """Tell whether a text could be a name; broken ones are others' business."""
        if self._python and ("@" in text or "/" in text):
            return False
        base = spelling.base(text)
        if base.isascii() and spelling.words(base):  # nearly all: looks leave letters letters
            return True
        return bool(spelling.words(spelling.looks(base)))

    def _found(self, name: str, most: Level) -> Iterator[Found]:
        """Yield what a name may imitate.

        What is told at the highest level alone is left out where no more is asked for than the
        lower ones: it counts for nothing there.
        """
        index, python, everything = self.index, self._python, most is Level.EVERYTHING
        if project := index.imported(name):
            yield 18 if project == name else 1, project, Kind.IMPORT, Level.DEFAULT
        if everything and index.elsewhere(name):
            yield _FURTHEST, name, Kind.ELSEWHERE, Level.EVERYTHING
        yield from self._slips(name)
        yield from wordings.separators(index, name, python=python)
        yield from wordings.looks(index, name)
        if everything or python:
            yield from wordings.order(index, name, python=python)
        yield from wordings.extensions(index, name, most, python=python)
        yield from self._extended_slips(name)
        yield from wordings.glued(index, name, python=python)
        yield from wordings.stems(index, name)
        if not python:
            yield from wordings.scopes(index, name, most)

    def _slips(self, name: str) -> Iterator[Found]:
        """Yield popular names that are up to two edits away, with or without separators."""
        letters = spelling.letters(name)
        for target, rank in self.index.near(letters):
            edits = distance(name, target, EDITS)
            if edits <= EDITS:
                level = self._slip(name, target, rank, edits)
                if level is not None:
                    scoped = spelling.scope(name) != spelling.scope(target)
                    kind = Kind.SCOPE if scoped else Kind.EDIT if edits == 1 else Kind.TWO_EDITS
                    yield 10 * edits, target, kind, level
            if len(letters) >= _LEAST and name[0] != "@" and target[0] != "@":
                yield from self._joined_slip(name, letters, target)

    def _slip(self, name: str, target: str, rank: int, distance: int) -> Level | None:
        from auditor.names.slips import Slip  # noqa: PLC0415 - few lockfiles have a name so near

        slip = Slip(index=self.index, name=name, target=target, rank=rank, distance=distance)
        return slip.level(python=self._python)

    def _joined_slip(self, name: str, letters: str, target: str) -> Iterator[Found]:
        """Yield a slip in a name whose separators are left out, or others."""
        other = spelling.letters(target)
        edits = distance(letters, other, EDITS)
        if not 0 < edits <= EDITS or other in letters or letters in other:
            return
        if other == target or len(other) < _LEAST or _separators(target) == _separators(name):
            return
        if spelling.digitless(other) == spelling.digitless(letters):
            return
        long = len(letters) >= _JOINED and (edits == 1 or len(letters) >= 13)
        near = edits == 1 and self.index.rank(target) <= 2000
        known = all(map(self.index.is_word, spelling.words(name)))
        if (long or near) and not known:
            level = Level.QUIET if edits == 1 and long else Level.DEFAULT
            yield 10 * edits + 3, target, Kind.TWO_EDITS, level
        elif long or edits == 1:
            yield 10 * edits + 3, target, Kind.TWO_EDITS, Level.EVERYTHING

    def _extended_slips(self, name: str) -> Iterator[Found]:
        """Yield a slip with a word that says little before or behind it."""
        found = spelling.words(name)
        if len(found) < 2 or name[0] == "@":
            return
        for rest, run in ((found[0], found[1:]), (found[-1], found[:-1])):
            core = "-".join(run)
            if rest not in wordings.LITTLE or len(core) < 3 or core in wordings.LITTLE:
                continue
            if self.index.is_word(core):
                continue
            for target, rank in self.index.near(spelling.letters(core)):
                if target[0] == "@" or rank > 2000:
                    continue
                if distance(core, target, 1) == 1:
                    level = self._slip(core, target, rank, 1)
                    if level is not None and level <= Level.DEFAULT:
                        yield _EXTENDED, target, Kind.AFFIX, Level.DEFAULT

    def _reason(self, name: str, target: str, kind: Kind, cost: int) -> str:
        if kind is Kind.IMPORT and name == target:
            return "a module of Python itself is called so"
        if kind is Kind.ELSEWHERE:
            other = "PyPI" if self.ecosystem == "npm" else "npm"
            return f"number {self.index.elsewhere(name):,} of {other}"
        if kind in {Kind.EDIT, Kind.TWO_EDITS} and is_other_english(name, target):
            return f"the British or the American spelling of {target}"
        if kind is Kind.EDIT:
            return f"{edit_of(spelling.base(name), spelling.base(target))} in {target}"
        return f"{_REASONS[kind]} {target}" + (", misspelt" if cost == _EXTENDED else "")


_REASONS = {
    Kind.TWO_EDITS: "a few letters are other than in",
    Kind.SEPARATOR: "the letters are those of",
    Kind.LOOK: "at a glance it is",
    Kind.ORDER: "the words are those of",
    Kind.AFFIX: "a word that says little is put to",
    Kind.COMBINATION: "another word is put to",
    Kind.SHORTENED: "a part is left out of",
    Kind.SCOPE: "the scope is left out, or another one, of",
    Kind.IMPORT: "it is what Python code imports, and means",
    Kind.INTERNAL: "it resembles the internal name",
}


def _separators(name: str) -> int:
    return sum(name.count(sign) for sign in "-._")
