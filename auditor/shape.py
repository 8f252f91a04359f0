"""Typed getters for untrusted documents: a wrong type is a ParseError that names its key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from auditor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

MAX_DEPTH = 100
"""Objects and lists inside one another; no tool writes more, and what walks them may recurse."""

_WORDS = {
    str: "a text",
    int: "a number",
    float: "a number with a fraction",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}

_TOO_DEEP = "nested too deep to be read as JSON"


def json_object(data: bytes) -> dict[str, Any]:
    """Parse a JSON document that must be an object; raise ParseError with the reason."""
    try:
        document = json.loads(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise ParseError(f"not UTF-8 text (byte {problem.start:,})") from None
    except RecursionError:
        raise ParseError(_TOO_DEEP) from None
    except ValueError as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None
    if not isinstance(document, dict):
        raise ParseError(f"is {_word_of(document)}, where an object must stand")
    if _is_deep(document):
        raise ParseError(_TOO_DEEP)
    return document


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        values = (node.values() if isinstance(node, dict) else node for node in level)
        level = [v for each in values for v in each if isinstance(v, (dict, list))]
        if not level:
            return False
    return True


def _word_of(value: object) -> str:
    return _WORDS.get(type(value), "null" if value is None else type(value).__name__)


def get(document: dict[str, Any], key: str, kind: type[T]) -> T | None:
    """Return `document[key]`, None when it is absent or null; raise ParseError on another type."""
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ParseError(f"is {_word_of(value)}, where {_WORDS[kind]} must stand", key)
    return value


def need(document: dict[str, Any], key: str, kind: type[T]) -> T:
    """Return `document[key]`; raise ParseError when it is absent, null or of another type."""
    value = get(document, key, kind)
    if value is None:
        raise ParseError("is missing", key)
    return value


def texts(document: dict[str, Any], key: str) -> tuple[str, ...] | None:
    """Return a list of texts; None when the key is absent or null."""
    values = get(document, key, list)
    if values is None:
        return None
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise ParseError(f"is {_word_of(value)}, where a text must stand", f"{key}[{index}]")
    return tuple(values)


def text_map(document: dict[str, Any], key: str) -> dict[str, str]:
    """Return an object of texts, empty when the key is absent or null."""
    values = get(document, key, dict) or {}
    for name, value in values.items():
        if not isinstance(value, str):
            raise ParseError(f"is {_word_of(value)}, where a text must stand", f"{key}.{name}")
    return values


def leaves(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value that is neither object nor list, with the path of keys to it."""
    pending = [(key, value)]
    while pending:
        path, current = pending.pop()
        if isinstance(current, dict):
            pending.extend((f"{path}.{k}" if path else str(k), v) for k, v in current.items())
        elif isinstance(current, list):
            pending.extend((f"{path}[{i}]", v) for i, v in enumerate(current))
        else:
            yield path, current
