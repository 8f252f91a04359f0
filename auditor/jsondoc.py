"""JSON that means one thing: keys that stand twice are kept apart, and what is no JSON is told.

Python's own parser takes the last of several keys without a word, reads NaN and Infinity, which no
other reader takes, and gives up at numbers of thousands of digits and at a depth that depends on
who calls it. Here an object with repeated keys is a `Repeated`, a constant is an error with its
key, a huge number is the one that JavaScript reads, and the depth is a limit with a name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from auditor import fastpaths
from auditor.errors import LimitError, ParseError
from auditor.lazyre import regex
from auditor.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = regex(r'[^"{}\[\],:]++|("(?:[^"\\]++|\\.)*+")|([{}\[\],:])', re.DOTALL)
_UNCLEAR = ("\\\\", "\\u")
"""Behind a backslash that stands for itself a quote is none that is spelled out; half of a pair of
surrogates has no place in a text, and parsers differ in what they make of it."""
_NESTED = frozenset({dict, list})
_DIGITS = 4000
"""Digits that Python reads without being asked twice, and a few less."""


class Repeated(dict[str, Any]):
    """An object in which a key stands more than once; `earlier` has the values that lost."""

    earlier: dict[str, list[Any]]


class _Constant(float):
    """NaN or Infinity, spelled out as no JSON has it."""


def parsed(text: str, limits: Limits | None = None) -> Any:  # noqa: ANN401 - a document is untyped until shape has read it
    """Parse a document; raise ParseError for what is no JSON, LimitError (`json-depth`)."""
    allowed = limits or Limits()
    plain = simple(text, allowed)
    if plain is not None:
        return plain
    constants: list[str] = []

    def constant(name: str) -> _Constant:
        constants.append(name)
        return _Constant(name)

    try:
        document = _loaded(text, constant)
    except RecursionError:
        raise depth_met(allowed) from None
    except ValueError as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None
    check_depth(document, allowed)
    if constants:
        place = next(place for place, one in leaves(document) if isinstance(one, _Constant))
        raise ParseError(f"is {constants[0]}, which is no JSON", place)
    return document


def simple(text: str, limits: Limits) -> Any:  # noqa: ANN401 - see `parsed`
    """Parse a document in which surely no key stands twice; None where that takes a closer look.

    It is read without a call for each object, and then all texts in it, keys and values, are half
    as many as the quotes: of a key that stands twice one is lost, and so its quotes are too many.
    """
    escapes = "\\" in text
    if not fastpaths.enabled("json_once") or (escapes and any(one in text for one in _UNCLEAR)):
        return None
    try:
        document = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    texts = int(type(document) is str)
    level = [document] if type(document) in _NESTED else []
    for _ in range(limits.json_depth):
        values: list[Any] = []
        for node in level:
            if type(node) is dict:
                texts += len(node)
                values += node.values()
            else:
                values += node
        kinds = list(map(type, values))
        texts += kinds.count(str)
        level = [one for one, kind in zip(values, kinds, strict=True) if kind in _NESTED]
        if not level:
            break
    quotes = text.count('"') - (text.count('\\"') if escapes else 0)
    return document if not level and quotes == 2 * texts else None


def _loaded(text: str, constant: Any) -> Any:  # noqa: ANN401 - a callable
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=constant)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more digits than Python takes
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=constant, parse_int=_number
        )


def _number(digits: str) -> float:
    """Return a whole number, one of thousands of digits as JavaScript has it: infinite."""
    return int(digits) if len(digits) < _DIGITS else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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


def depth_met(limits: Limits) -> LimitError:
    """Return the error of a document that is nested too deep."""
    return LimitError("json-depth", limits.json_depth, limits.json_depth + 1, "levels")


def check_depth(document: object, limits: Limits) -> None:
    """Raise LimitError for objects and lists that are nested too deep."""
    level = [document] if isinstance(document, (dict, list)) else []
    for _ in range(limits.json_depth):
        groups = (node.values() if isinstance(node, dict) else node for node in level)
        level = [one for group in groups for one in group if isinstance(one, (dict, list))]
        if not level:
            return
    raise depth_met(limits)


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


def has_repeated(document: object) -> bool:
    """Tell whether a key stands twice in some object of a document."""
    level = [document]
    while level:
        if any(isinstance(node, Repeated) for node in level):
            return True
        groups = (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
            for node in level
        )
        level = [one for group in groups for one in group if isinstance(one, (dict, list))]
    return False


def repeated_values(document: object) -> Iterator[tuple[str, list[Any]]]:
    """Yield the path of each key that stands twice, and all its values in the order of the text.

    What lies inside of values that lost is not looked at.
    """
    pending = [("", document)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, Repeated):
            for key, values in node.earlier.items():
                yield _below(path, key), [*values, node[key]]
        if isinstance(node, dict):
            pending += [(_below(path, key), value) for key, value in node.items()]
        elif isinstance(node, list):
            pending += [(f"{path}[{index}]", value) for index, value in enumerate(node)]


def repeats(text: str, document: object) -> Iterator[tuple[str, int]]:
    """Yield the path of each key that stands again in its object, and on which line it does.

    `document` is what the text holds.
    """
    if not has_repeated(document):
        return
    stack: list[tuple[str, set[str] | None, int]] = []  # path, keys of an object, items of a list
    key, line, position = "", 1, 0
    said = ""
    for token in _TOKEN.finditer(text):
        quoted, sign = token.groups()
        if quoted is not None:
            said = quoted
            at = token.start()
        elif sign == ":" and stack and (known := stack[-1][1]) is not None:
            key = str(json.loads(said))
            if key in known:
                line += text.count("\n", position, at)
                position = at
                yield _below(stack[-1][0], key), line
            known.add(key)
        elif sign is not None and sign in "{[":
            path = _place(stack, key)
            stack.append((path, set() if sign == "{" else None, 0))
        elif sign is not None and sign in "}]" and stack:
            stack.pop()
        elif sign == "," and stack and stack[-1][1] is None:
            path, _, index = stack.pop()
            stack.append((path, None, index + 1))


def _place(stack: list[tuple[str, set[str] | None, int]], key: str) -> str:
    if not stack:
        return ""
    path, keys, index = stack[-1]
    return f"{path}[{index}]" if keys is None else _below(path, key)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
