"""Typed getters for untrusted documents: a wrong type is a ParseError that names its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from auditor import jsondoc
from auditor.decoding import utf8
from auditor.errors import ParseError
from auditor.jsondoc import leaves

if TYPE_CHECKING:
    from auditor.limits import Limits

__all__ = ["get", "is_text_map", "json_object", "leaves", "need", "text_map", "texts", "word_of"]

T = TypeVar("T")

_WORDS = {
    str: "a text",
    int: "a number",
    float: "a number with a fraction",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def json_object(data: bytes, limits: Limits | None = None) -> dict[str, Any]:
    """Parse a JSON document that must be an object; raise ParseError with the reason.

    An object in which a key stands twice comes as a `jsondoc.Repeated`. Raises LimitError for a
    document that is too large or too deep.
    """
    document = jsondoc.parsed(utf8(data, limits), limits)
    if not isinstance(document, dict):
        raise ParseError(f"is {word_of(document)}, where an object must stand")
    return document


def word_of(value: object) -> str:
    """Return what a value is, in words: `a text`, `null`."""
    return _WORDS.get(type(value), "null" if value is None else type(value).__name__)


def get(document: dict[str, Any], key: str, kind: type[T]) -> T | None:
    """Return `document[key]`, None when it is absent or null; raise ParseError on another type."""
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ParseError(f"is {word_of(value)}, where {_WORDS[kind]} must stand", key)
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
            raise ParseError(f"is {word_of(value)}, where a text must stand", f"{key}[{index}]")
    return tuple(values)


def is_text_map(value: object) -> bool:
    """Tell whether a value is an object of texts, and of nothing else."""
    return type(value) is dict and set(map(type, value.values())) <= {str}


def text_map(document: dict[str, Any], key: str) -> dict[str, str]:
    """Return an object of texts, empty when the key is absent or null."""
    values = get(document, key, dict) or {}
    for name, value in values.items():
        if not isinstance(value, str):
            raise ParseError(f"is {word_of(value)}, where a text must stand", f"{key}.{name}")
    return values
