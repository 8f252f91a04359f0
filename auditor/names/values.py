"""The values of a name confusion: who is imitated, how, and how sure that is."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """How a name comes to look like another."""

    EDIT = "edit"
    """One letter more, less, another, or two swapped."""
    TWO_EDITS = "two-edits"
    SEPARATOR = "separator"
    """The same letters, other dashes, dots or underscores."""
    LOOK = "look"
    """Characters that look alike: `1` for `l`, a Cyrillic `а`."""
    ORDER = "order"
    """The same words in another order."""
    AFFIX = "affix"
    """A word that says little, before or behind: `node-`, `-js`, `-utils`."""
    COMBINATION = "combination"
    """A brand and another word: `plain-crypto-js`."""
    SHORTENED = "shortened"
    """A word of the name left out."""
    SCOPE = "scope"
    """A scope left out, written as a word, or a letter of it changed."""
    IMPORT = "import"
    """The name by which another project is imported, or that of a module of the language."""
    ELSEWHERE = "elsewhere"
    """The very name of a popular project of the other registry."""
    INTERNAL = "internal"
    """A name that is listed as internal."""
    NEW = "new"
    """It imitates nobody, and was published lately."""


class Level(IntEnum):
    """How much is told; a confusion is told at its level and at those above."""

    QUIET = 0
    DEFAULT = 1
    EVERYTHING = 2

    @property
    def word(self) -> str:
        """As `--names` spells it."""
        return self.name.lower()


class Lookalike(Struct, frozen=True, kw_only=True):
    """One name that looks like a popular one."""

    name: str
    target: str
    """The popular name, as its registry spells it; empty for what is told as new alone."""
    kind: Kind
    level: Level
    """The lowest level at which it is told: the lower, the surer."""
    rank: int
    """The target's place among the popular names of its registry, from 1."""
    reason: str
    """One sentence: what was done to the target to get the name."""

    @property
    def likeness(self) -> str:
        """What is to be said behind the name."""
        if self.kind is Kind.NEW:
            return "is new"
        if self.kind is Kind.ELSEWHERE:
            return "has the name of a popular project of another registry"
        return f"looks like {self.target}"
