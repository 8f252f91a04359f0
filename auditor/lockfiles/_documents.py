"""JSON as lockfiles have it, with every value of a repeated key; merge conflicts told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor import jsondoc
from auditor.errors import ParseError
from auditor.inventory import LockProblem
from auditor.lazyre import regex
from auditor.shape import word_of

if TYPE_CHECKING:
    from auditor.limits import Limits

_CONFLICT = regex(r"(?m)^(?:<{7}|={7}|>{7}|\|{7})(?: |\r?$)")


def conflict(text: str) -> LockProblem | None:
    """Return the problem of a file with merge conflict markers; None where there are none."""
    if "<<<<<<<" not in text and "=======" not in text and ">>>>>>>" not in text:
        return None
    found = _CONFLICT.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    return LockProblem(
        kind="merge-conflict",
        subject="",
        detail=f"line {line:,} is a merge conflict marker: the file holds two versions of itself",
        line=line,
    )


def json_object(text: str, limits: Limits) -> dict[str, Any]:
    """Read a JSON object; an object with repeated keys comes as `Repeated`. Raises InputError."""
    try:
        document = jsondoc.parsed(text, limits)
    except ParseError as problem:
        if where := conflict(text):
            raise ParseError(f"{where.detail}; {problem}") from None
        raise
    if not isinstance(document, dict):
        raise ParseError(f"is {word_of(document)}, where an object must stand")
    return document
