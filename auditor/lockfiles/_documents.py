"""JSON as lockfiles have it, with every value of a repeated key; merge conflicts told apart."""

from __future__ import annotations

import json
import re
from typing import Any

from auditor.errors import ParseError
from auditor.inventory import LockProblem

_CONFLICT = re.compile(r"(?m)^(?:<{7}|={7}|>{7}|\|{7})(?: |\r?$)")


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


class Repeated(dict[str, Any]):
    """An object in which a key stands more than once; `earlier` has the values that lost."""

    earlier: dict[str, list[Any]]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    kept = Repeated(plain)
    kept.earlier = {}
    last = {key: index for index, (key, _) in enumerate(pairs)}
    for index, (key, value) in enumerate(pairs):
        if last[key] != index:
            kept.earlier.setdefault(key, []).append(value)
    return kept


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object; an object with repeated keys comes as `Repeated`. Raises ParseError."""
    try:
        document = json.loads(text, object_pairs_hook=_pairs)
    except RecursionError:
        raise ParseError("is nested too deep to be read as JSON") from None
    except ValueError as problem:
        where = conflict(text)
        reason = f"{where.detail}; {problem}" if where else f"is no JSON: {problem}"
        raise ParseError(reason) from None
    if not isinstance(document, dict):
        raise ParseError("is no JSON object")
    return document
