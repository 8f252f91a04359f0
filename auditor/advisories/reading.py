"""One value of a pack with its place: every complaint is a RuleError naming file and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import LimitError, ParseError, RuleError
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_SHOWN = 400
"""Characters of a place or of a message, which may quote the file."""


class Node:
    """A value of a document, where it stands, and typed ways to read it."""

    __slots__ = ("file", "key", "value")

    def __init__(self, file: str, value: object, key: str = "") -> None:
        self.file = file
        self.value = value
        self.key = key

    def error(self, problem: str) -> RuleError:
        """Return the complaint about this value."""
        where = f"{self.file}, {self.key}" if self.key else self.file
        return RuleError(shortened(where, _SHOWN), shortened(problem, _SHOWN))

    def entries(self) -> dict[str, Node]:
        """Return a mapping's values by key."""
        if not isinstance(self.value, dict):
            raise self.error("must be a mapping")
        prefix = f"{self.key}." if self.key else ""
        return {k: Node(self.file, v, f"{prefix}{k}") for k, v in self.value.items()}

    def fields(self, known: Sequence[str], required: Iterable[str] = ()) -> dict[str, Node]:
        """Return a mapping's values, whose keys must be known ones in their fixed order."""
        found = self.entries()
        for name, node in found.items():
            if name not in known:
                raise node.error(f"is no key here{suggestion(name, known)}")
        for name in required:
            if name not in found:
                raise Node(self.file, None, f"{self.key}.{name}".lstrip(".")).error("is missing")
        order = [key for key in known if key in found]
        if list(found) != order:
            raise self.error(f"keys must stand in this order: {' '.join(order)}")
        return found

    def items(self) -> list[Node]:
        """Return a list's values."""
        if not isinstance(self.value, list):
            raise self.error("must be a list")
        return [Node(self.file, v, f"{self.key}[{i}]") for i, v in enumerate(self.value)]

    def text(self) -> str:
        """Return a text that is not blank, without space around it."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error("must be a text")
        return self.value.strip()

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(node.text() for node in self.items())

    def numbers(self) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        return tuple(node.number() for node in self.items())

    def number(self) -> int:
        """Return a whole number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.error("must be a whole number")
        return self.value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.error("must be true or false")
        return self.value

    def choice(self, words: Collection[str]) -> str:
        """Return a text that is one of the given words."""
        word = self.text()
        if word not in words:
            raise self.error(f"{word!r} is none of {', '.join(words)}{suggestion(word, words)}")
        return word


def document(text: str, file: str) -> Node:
    """Read one strict YAML document; raise RuleError."""
    from auditor import yamldoc  # noqa: PLC0415 - packs that are kept need none

    try:
        return Node(file, yamldoc.load(text))
    except ParseError as problem:
        where = f"{file}, {problem.key}" if problem.key else file
        raise RuleError(where, problem.problem) from None
    except LimitError as problem:
        raise RuleError(file, str(problem)) from None


def suggestion(word: str, known: Collection[str]) -> str:
    """Return `; did you mean 'x'?` when a known word is close, else the known words."""
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(known))}"
