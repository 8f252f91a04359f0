"""Keys of JSON lockfiles: those that stand twice, and the lines on which entries begin."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from auditor.inventory import LockProblem
from auditor.jsondoc import Repeated
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_CONTAINERS = {dict, list, Repeated}
Lines: TypeAlias = "dict[tuple[str, ...], list[int]]"

_TEXT = r'"(?:[^"\\]++|\\.)*+"'
_OPENING = regex(
    rf'(?:[^"{{}}\[\]]++|{_TEXT}(?!\s*+:\s*+[{{\[]))*+'  # all that opens nothing
    r'(?:"((?:[^"\\]++|\\.)*+)"\s*+:\s*+[{\[]|([{}\[\]]))',
    re.DOTALL,
)
"""Ends with a key whose value is an object or a list, or with a lone bracket."""
_FLAT = rf'[{{\[](?:[^"{{}}\[\]]++|{_TEXT})*+[}}\]]'
_REST = regex(rf'(?:[^"{{}}\[\]]++|{_TEXT}|{_FLAT})*+([{{}}\[\]])', re.DOTALL)
"""Ends with the next bracket that does not open and close a flat object or list."""


@cache
def _rest_of_entry(nested: str) -> re.Pattern[str]:
    """Return a pattern that ends like `_REST`, or behind the key of an inner section."""
    key = rf'"{re.escape(nested)}"\s*+:\s*+[{{\[]'
    return re.compile(
        rf'(?:[^"{{}}\[\]]++|(?!{key}){_TEXT}|{_FLAT})*+(?:({key})|([{{}}\[\]]))', re.DOTALL
    )


_STRAY = regex(
    r'((?:[^",]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|,(?!\s*+[}\]]))++)|,',
    re.DOTALL,
)
_COMMENT = regex(
    r'((?:[^"/]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|/(?![/*]))++)'
    r"|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)",
    re.DOTALL,
)


def key_lines(text: str, sections: Collection[tuple[str, ...]], nested: str = "") -> Lines:
    """Return the lines of all entries of the sections, by path of keys; repeated keys have several.

    The text must be sound JSON. A section is the path of an object whose members are entries; with
    `nested` an entry's member of that name is a section, too, and left out of the paths. One pass,
    in which the regular expressions skip strings and all that is flat inside an entry.
    """
    found: Lines = {}
    on_way = {section[:length] for section in sections for length in range(len(section))}
    start = _OPENING.match(text)
    position = start.end() if start else len(text)
    line, counted = 1, 0
    stack: list[tuple[bool, tuple[str, ...]]] = [(False, ())]
    """What is open: whether it is an entry, and the path to it."""
    while stack:
        in_entry, path = stack[-1]
        if in_entry:
            position = _through_entry(text, position, nested, stack)
            continue
        match = _OPENING.match(text, position)
        if match is None:
            break
        position = match.end()
        key, bracket = match.group(1, 2)
        if bracket in {"}", "]"}:
            stack.pop()
            continue
        below = path if key is None else (*path, _unescaped(key))
        if key is None or (path in on_way and not (below in on_way or below in sections)):
            position = _skipped(text, position)
        elif path in on_way:
            stack.append((False, below))
        else:
            begin = match.start(1)
            line += text.count("\n", counted, begin)
            counted = begin
            found.setdefault(below, []).append(line)
            stack.append((True, below))
    return found


def _through_entry(
    text: str, position: int, nested: str, stack: list[tuple[bool, tuple[str, ...]]]
) -> int:
    """Go on to the end of the entry on top of the stack, or to where its inner section begins."""
    path = stack[-1][1]
    pattern = _rest_of_entry(nested) if path[0] == nested else _REST
    while True:
        match = pattern.match(text, position)
        if match is None:
            stack.clear()
            return len(text)
        position = match.end()
        if match[pattern.groups] in {"}", "]"}:
            stack.pop()
            return position
        if pattern.groups > 1 and match[1]:
            stack.append((False, path))
            return position
        position = _skipped(text, position)


def _skipped(text: str, position: int) -> int:
    """Return where the object or list ends whose inside begins at `position`."""
    depth = 1
    while depth:
        match = _REST.match(text, position)
        if match is None:
            return len(text)
        position = match.end()
        depth += 1 if match[1] in "{[" else -1
    return position


def _unescaped(key: str) -> str:
    return str(json.loads(f'"{key}"', strict=False)) if "\\" in key else key


def strict(text: str) -> str:
    """Return JSON with trailing commas and comments (JSONC) as plain JSON, on the same lines."""
    if "//" in text or "/*" in text:
        text = _COMMENT.sub(lambda m: m[1] or "\n" * m[0].count("\n"), text)
    return _STRAY.sub(r"\1", text)


def members(node: Mapping[str, Any]) -> Iterator[tuple[str, Any, int]]:
    """Yield key, value and number of an object's members: 0 for what counts, from 1 what lost."""
    if isinstance(node, Repeated):
        for key, values in node.earlier.items():
            for number, value in enumerate(values, 1):
                yield key, value, number
    for key, value in node.items():
        yield key, value, 0


def every(node: Mapping[str, Any], key: str) -> list[Any]:
    """Return all values of a key in the order of the file, the one that counts last."""
    earlier = node.earlier.get(key, []) if isinstance(node, Repeated) else []
    return [*earlier, node[key]] if key in node else []


def variants(entry: Mapping[str, Any], keys: Collection[str]) -> list[dict[str, Any]]:
    """Return what an entry says with the values that repeated keys lost, by the given keys only."""
    if not isinstance(entry, Repeated):
        return []
    lost = {key: values for key, values in entry.earlier.items() if key in keys}
    plain = {key: entry[key] for key in keys if key in entry}
    count = max(map(len, lost.values()), default=0)
    return [
        plain | {key: values[min(i, len(values) - 1)] for key, values in lost.items()}
        for i in range(count)
    ]


def repeated(document: Mapping[str, Any], lines: Lines) -> Iterator[LockProblem]:
    """Yield a problem for each key that stands twice in one object, wherever it is."""
    if not _has_repeated(document):
        return
    line_of = {path[-1]: numbers[-1] for path, numbers in lines.items() if len(numbers) > 1}
    for where, node in _objects(document):
        if isinstance(node, Repeated):
            for key, values in node.earlier.items():
                yield LockProblem(
                    kind="duplicate-key",
                    subject=key,
                    detail=(
                        f"stands {len(values) + 1:,} times in {where or 'the document'}: "
                        "readers differ in which of them they take"
                    ),
                    line=line_of.get(key),
                )


def _has_repeated(document: Mapping[str, Any]) -> bool:
    level: list[Any] = [document]
    if isinstance(document, Repeated):
        return True
    while level:
        groups = [node if isinstance(node, list) else node.values() for node in level]
        level = [value for group in groups for value in group if type(value) in _CONTAINERS]
        if Repeated in set(map(type, level)):
            return True
    return False


def _objects(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        where, node = pending.pop()
        if isinstance(node, dict):
            yield where, node
            parts = [(key, value) for key, value, _ in members(node)]
        else:
            parts = [(f"[{index}]", value) for index, value in enumerate(node)]
        pending += [
            (f"{where}.{key}" if where else key, value)
            for key, value in parts
            if isinstance(value, (dict, list))
        ]
