"""A fix as paragraphs, items of a list and lines to type."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.fixes import is_typed
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = regex(r"[-*] |\d+\. ")


class Form(Enum):
    """How a part of a fix is set."""

    TEXT = "text"
    ITEM = "item"
    """Of a list, with its own mark."""
    TYPED = "typed"
    """Lines to type; their breaks and indents count."""


class Part(Struct, frozen=True, kw_only=True):
    """One part; each line is as it was found."""

    form: Form
    lines: tuple[str, ...]


def parts(text: str) -> tuple[Part, ...]:
    """Return the parts of a fix; wrapped lines of one sentence are one line."""
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[Part]:
    words: list[str] = []
    form = Form.TEXT
    typed: list[str] = []
    for line in (*text.splitlines(), ""):
        stays = is_typed(line)
        starts = not line.strip() or _ITEM.match(line) is not None
        if words and (stays or starts or words[-1].endswith((".", ":"))):
            yield Part(form=form, lines=(" ".join(words),))
            words, form = [], Form.TEXT
        if typed and not stays:
            yield Part(form=Form.TYPED, lines=tuple(typed))
            typed = []
        if stays:
            typed.append(line[2:])
        elif line.strip():
            form = Form.ITEM if starts else form
            words.append(line.strip())


def spans(text: str) -> tuple[tuple[bool, str], ...]:
    """Return a line in pieces, each with whether it is code: between two backticks."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return ((False, text),)
    return tuple((index % 2 == 1, piece) for index, piece in enumerate(pieces) if piece)
