"""Sound documents with one thing wrong: a value of another kind, a key gone or twice, a line odd.

A tree is what a document holds, as Python has it (`Written` stands for a value as it is spelled). A
change names a place in it and what becomes of that; the writers print a changed tree as JSON, as
YAML in blocks or as TOML. Nothing here knows what the documents mean.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

VALUES = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "minus one": "-1",
    "a fraction": "1.5",
    "beyond all numbers": "1e999",
    "an empty text": '""',
    "a letter": '"x"',
    "an empty list": "[]",
    "an empty object": "{}",
    "a list in a list": "[[]]",
    "thousands of digits": "9" * 5000,
    "a long text": f'"{"a" * 100_000}"',
    "a lone surrogate": '"\\ud800"',
}
"""What any value may be replaced by, spelled as JSON."""
REMOVED = "removed"
REPEATED = "repeated"


class Written(str):
    """A value that stands in the document exactly like this."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is done to one place of a tree: a key of `VALUES`, `REMOVED` or `REPEATED`."""

    path: Path
    kind: str

    def __str__(self) -> str:
        """Say what and where, for messages."""
        return f"{spelled(self.path)}: {self.kind}"


def spelled(path: Path) -> str:
    """Return a path of keys as messages have it."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".") or "the document"


def places(tree: object, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all values, that of the tree itself first."""
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from places(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from places(value, (*path, index))


def changes(tree: object) -> Iterator[Change]:
    """Yield every change that can be made to a tree."""
    for path in places(tree):
        yield from (Change(path=path, kind=kind) for kind in VALUES)
        if path:
            yield Change(path=path, kind=REMOVED)
            if isinstance(path[-1], str):
                yield Change(path=path, kind=REPEATED)


def changed(tree: Any, change: Change) -> Any:  # noqa: ANN401 - a tree is of any type
    """Return a tree with one change made; a repeated key stands behind its own, with `x`."""
    if not change.path:
        return Written(VALUES[change.kind])
    head, *rest = change.path
    if rest:
        inner = changed(tree[head], Change(path=tuple(rest), kind=change.kind))
        return _with(tree, head, inner)
    if change.kind == REMOVED:
        if isinstance(tree, dict):
            return {key: value for key, value in tree.items() if key != head}
        return [value for index, value in enumerate(tree) if index != head]
    if change.kind == REPEATED:
        return Twice(tree, str(head))
    return _with(tree, head, Written(VALUES[change.kind]))


class Twice(dict[str, Any]):
    """An object in which one key stands a second time, with another value."""

    def __init__(self, tree: dict[str, Any], key: str) -> None:
        super().__init__(tree)
        self.key = key


def _with(tree: Any, key: str | int, value: object) -> Any:  # noqa: ANN401
    if isinstance(tree, dict):
        return {**tree, key: value}
    return [value if index == key else one for index, one in enumerate(tree)]


def pairs(tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of an object, the repeated one as often as it stands there."""
    yield from tree.items()
    if isinstance(tree, Twice):
        yield tree.key, Written('"x"')


def as_json(tree: object) -> str:
    """Print a tree as JSON."""
    if isinstance(tree, Written):
        return str(tree)
    if isinstance(tree, dict):
        return "{{{}}}".format(",".join(f"{json.dumps(k)}:{as_json(v)}" for k, v in pairs(tree)))
    if isinstance(tree, list):
        return "[{}]".format(",".join(map(as_json, tree)))
    return json.dumps(tree)


_PLAIN = re.compile(r"[A-Za-z/^~][A-Za-z0-9@./^~ _+-]*(?<! )\Z")


def as_yaml(tree: object, *, quoted: bool = False) -> str:
    """Print a tree as YAML in blocks; `quoted` puts every text into quotes."""
    return "\n".join(_yaml(tree, 0, quoted=quoted)) + "\n"


def _yaml(tree: object, indent: int, *, quoted: bool) -> Iterator[str]:
    start = " " * indent
    if isinstance(tree, dict) and tree:
        for key, value in pairs(tree):
            yield from _entry(f"{start}{_scalar(key, quoted=False)}:", value, indent, quoted=quoted)
    elif isinstance(tree, list) and tree:
        for value in tree:
            inner = list(_yaml(value, indent + 2, quoted=quoted))
            yield f"{start}- {inner[0].lstrip(' ')}"
            yield from inner[1:]
    else:
        yield f"{start}{_scalar(tree, quoted=quoted)}"


def _entry(head: str, value: object, indent: int, *, quoted: bool) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value:
        yield head
        yield from _yaml(value, indent + 2, quoted=quoted)
    else:
        yield f"{head} {_scalar(value, quoted=quoted)}"


def _scalar(value: object, *, quoted: bool) -> str:
    if isinstance(value, str) and not isinstance(value, Written):
        return value if not quoted and _PLAIN.match(value) else json.dumps(value)
    return as_json(value)


def as_toml(tree: object) -> str:
    """Print a tree as TOML, lists of tables at the top under headers, all else on one line."""
    if not isinstance(tree, dict):
        return as_json(tree)
    plain = []
    tables = []
    for key, value in pairs(tree):
        if isinstance(value, dict) and not isinstance(value, Twice):
            tables += [f"[{json.dumps(key)}]", *_lines(value)]
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                tables += [f"[[{key}]]", *_lines(one)]
        else:
            plain.append(f"{json.dumps(key)} = {_inline(value)}")
    return "\n".join((*plain, *tables)) + "\n"


def _lines(table: dict[str, Any]) -> Iterator[str]:
    return (f"{json.dumps(key)} = {_inline(value)}" for key, value in pairs(table))


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{{{}}}".format(
            ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in pairs(value))
        )
    if isinstance(value, list):
        return "[{}]".format(", ".join(map(_inline, value)))
    return value.isoformat() if isinstance(value, (date, time)) else as_json(value)


LINES = {
    "nothing": b"",
    "a blank that folds it": b" x",
    "a tab": b"\tx",
    "a letter": b"x",
    "a quote": b'"',
    "a NUL": b"\0",
    "a control character": b"x\x1b[31m",
    "no UTF-8": b"\xff\xfe",
    "a byte order mark": b"\xef\xbb\xbfx",
    "a comma without end": b"," * 5000,
    "a long field": b"a" * 200_000,
    "a number of thousands of digits": b"x = " + b"9" * 5000,
    "an equals sign": b"=",
    "a bracket": b"[",
    "a backslash": b"\\",
    "a percent sign": b"x = %(x)s %",
}
"""What any line of a text may be replaced by."""


def changed_lines(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a text with one line removed, repeated, replaced or cut, and what was done to it."""
    lines = data.split(b"\n")
    for index, line in enumerate(lines):
        before, after = lines[:index], lines[index + 1 :]
        shown = f"line {index + 1}"
        yield f"{shown}: removed", b"\n".join((*before, *after))
        yield f"{shown}: repeated", b"\n".join((*before, line, line, *after))
        yield f"{shown}: cut", b"\n".join((*before, line[: len(line) // 2]))
        for kind, other in LINES.items():
            yield f"{shown}: {kind}", b"\n".join((*before, other, *after))
