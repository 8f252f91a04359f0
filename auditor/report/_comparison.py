"""What an artifact ships that an earlier record did not, as lines to read for each medium."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.shipped import AbilityChange, ChangeKind, FileChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.shipped import Comparison

SHOWN = 10
"""Changes of one sort that are listed before the rest is counted."""
SHORT = 20
"""Lines of all differences of texts together up to which they are shown in any case."""
_GONE = ChangeKind.REMOVED
_COME = ChangeKind.ADDED


class Role(Enum):
    """What a line is."""

    HEAD = auto()
    """With what it was compared, and the totals."""
    CHANGE = auto()
    MORE = auto()
    """How many changes are left out."""
    TEXT = auto()
    """The path of a describing text; its difference follows."""
    DIFF = auto()
    """One line of that difference."""


class Line(Struct, frozen=True, kw_only=True):
    """One line; texts are as they were found, to be made harmless by whoever shows them."""

    role: Role
    text: str
    """What is said of the subject, or the whole line."""
    sign: str = ""
    """`+` came, `-` went, `~` is another."""
    sort: str = ""
    """What the subject is; empty for a file."""
    subject: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """What stands in the line one after the other, without what is empty."""
        return tuple(filter(None, (self.sign, self.sort, self.subject, self.text)))


def lines(comparison: Comparison, *, every: bool = False) -> Iterator[Line]:
    """Yield a comparison, what matters most first; `every` leaves nothing out.

    New files come first, those of a new kind before the others, then what the package can do now,
    then what went, then what is larger, smaller or another.
    """
    yield _head(comparison)
    files = comparison.files
    came = [one for one in files if one.change is _COME]
    went = [one for one in files if one.change is _GONE]
    lasting = [one for one in files if one.change not in {_COME, _GONE}]
    yield from _cut([_file(one) for one in came], "new file", every=every)
    abilities = [_ability(one) for one in comparison.abilities]
    yield from _cut(abilities, "change", "changes in what it can do", every=every)
    yield from _cut([_file(one) for one in went], "file", "files that went", every=every)
    yield from _cut([_file(one) for one in lasting], "changed file", every=every)
    if every or sum(len(text.lines) + text.left_out for text in comparison.texts) <= SHORT:
        for text in comparison.texts:
            yield Line(role=Role.TEXT, text=text.path)
            for line in text.lines:
                yield Line(role=Role.DIFF, text=line)
            if text.left_out:
                more = words.counted(text.left_out, "more line")
                yield Line(role=Role.DIFF, text=f"… and {more}")


def _head(comparison: Comparison) -> Line:
    changes = len(comparison.files) + len(comparison.abilities)
    if not changes and not comparison.texts:
        count = words.counted(comparison.files_after, "file")
        text = f"it ships the same {count}, {words.size(comparison.size_after)}"
    else:
        grown = comparison.size_after - comparison.size_before
        before, after = comparison.files_before, comparison.files_after
        count = words.counted(after, "file") if before == after else f"{before:,} → {after:,} files"
        text = f"{count}, {words.size(comparison.size_after)} ({_signed(grown)})"
    return Line(role=Role.HEAD, text=text, sort="compared with", subject=comparison.against)


def _cut(found: Sequence[Line], noun: str, several: str = "", *, every: bool) -> Iterator[Line]:
    shown = found if every or len(found) == SHOWN + 1 else found[:SHOWN]
    yield from shown
    if len(found) > len(shown):
        more = words.counted(len(found) - len(shown), noun, several)
        yield Line(role=Role.MORE, text=f"… and {more} more")


def _file(change: FileChange) -> Line:
    after, before = change.after or 0, change.before or 0
    if change.change is _COME:
        text = words.size(after)
        if change.new_kind:
            text += f" (new kind: {_one(change.kind)})"
    elif change.change is _GONE:
        text = words.size(before)
    elif change.change is ChangeKind.CHANGED:
        text = f"{words.size(after)}, with other content"
    else:
        text = f"{words.size(before)} → {words.size(after)} ({_signed(after - before)})"
    return Line(role=Role.CHANGE, sign=change.change.sign, subject=change.path, text=text)


def _ability(change: AbilityChange) -> Line:
    if change.change is _COME:
        text = change.after
    elif change.change is _GONE:
        text = change.before
    else:
        text = f"{change.before or '(nothing)'} → {change.after or '(nothing)'}"
    return Line(
        role=Role.CHANGE,
        sign=change.change.sign,
        sort=change.power.value,
        subject=change.name,
        text=text,
    )


def _one(kind: str) -> str:
    """Return the singular of a kind of file; what has none stays."""
    return kind[:-1] if kind.endswith("s") and " and " not in kind else kind


def _signed(count: int) -> str:
    if count == 0:
        return "the same size"
    return f"{'+' if count > 0 else '−'}{words.size(abs(count))}"
