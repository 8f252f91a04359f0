"""JSON to typed values, strictly: a wrong type names its key, and no key may stand twice.

`msgspec` says where something is wrong, but for the keys of mappings (`$.files[...]`); those are
found by trying them, which only an error costs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from auditor import jsondoc
from auditor.decoding import utf8
from auditor.errors import ParseError
from auditor.lazyre import regex
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_STEP = regex(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_SHOWN = 300
_ANY = "..."


def own(data: bytes, shape: type[T]) -> T:
    """Read a file of the user's own, in which a key that stands twice is an error, too.

    Raises InputError with the key's path.
    """
    text = utf8(data)
    document = jsondoc.parsed(text)
    for place, line in jsondoc.repeats(text, document):
        raise ParseError(f"stands there twice (again on line {line:,})", place)
    return converted(document, shape)


def answer(data: bytes, shape: type[T]) -> T:
    """Read what a server answers; of a repeated key the last counts, as for every client.

    Raises InputError with the key's path.
    """
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return again(jsondoc.parsed(utf8(data)), shape)


def again(document: object, shape: type[T]) -> T:
    """Return what was parsed already as a type that keeps parts of it as JSON (`msgspec.Raw`).

    Raises ParseError with the key's path.
    """

    def made(value: object) -> T:
        return msgspec.json.decode(_encoded(value), type=shape)

    return _checked(document, made)


def _encoded(value: object) -> bytes:
    """Return values as JSON: numbers that it has not are null, half a character is `?`."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def converted(document: Any, shape: type[T]) -> T:  # noqa: ANN401 - untyped until now
    """Return plain values as a type; raise ParseError with the key's path."""

    def made(value: object) -> T:
        return msgspec.convert(value, shape)

    return _checked(document, made)


def _checked(document: object, made: Callable[[object], T]) -> T:
    problem = _problem(document, made)
    if problem is None:
        return made(document)
    said, place = problem

    def fails(other: object) -> bool:
        again = _problem(other, made)
        return again is not None and again[0] == said

    words = shortened(f"{said[:1].lower()}{said[1:]}", _SHOWN)
    raise ParseError(words, _named(document, place, fails))


def _problem(document: object, made: Callable[[object], object]) -> tuple[str, str] | None:
    """Return what is wrong with a document and where, as msgspec says it; None for a sound one."""
    try:
        made(document)
    except msgspec.MsgspecError as problem:
        said, _, place = str(problem).rpartition(" - at `")
        return (said, place.removeprefix("$").removesuffix("`")) if said else (place, "")
    except UnicodeEncodeError:
        places = (place for place, leaf in jsondoc.leaves(document) if _is_broken(leaf))
        return "is a text with half of a character", f".{next(places, '')}"
    return None


def _is_broken(leaf: object) -> bool:
    return isinstance(leaf, str) and any("\ud800" <= sign <= "\udfff" for sign in leaf)


def _named(document: object, place: str, fails: Callable[[object], bool]) -> str:
    """Return a place as a path of keys, with the keys of mappings found by trying each alone."""
    path: list[str | int] = []
    node = document
    for name, index, _ in _STEP.findall(place):
        step: str | int | None = name or (int(index) if index else None)
        if step is None and isinstance(node, dict):
            step = next(
                (key for key in node if fails(_replaced(document, path, {key: node[key]}))), _ANY
            )
        if step is None:
            break
        path.append(step)
        node = _below(node, step)
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shortened("".join(parts).lstrip("."), _SHOWN)


def _below(node: object, step: str | int) -> object:
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def _replaced(node: Any, path: list[str | int], value: object) -> object:  # noqa: ANN401
    """Return a document with another value at a path."""
    if not path:
        return value
    first, *rest = path
    inner = _replaced(_below(node, first), rest, value)
    if isinstance(node, dict):
        return {**node, first: inner}
    return [inner if number == first else one for number, one in enumerate(node)]
