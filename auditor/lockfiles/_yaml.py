"""YAML as lockfile writers print it: a quick reader by lines, and PyYAML for all that is unusual.

js-yaml and PyYAML print lockfiles in a small part of YAML 1.2: block mappings and lists, flow
collections that end on their line, scalars that end on their line, literal blocks. The quick
reader takes that part and gives up at the first line that is anything else; then the whole text is
read again from PyYAML's events, which costs ten times as much. Both leave every scalar a text, as
spelled: a version is never a number.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from auditor.errors import ParseError
from auditor.jsondoc import depth_met
from auditor.lazyre import regex
from auditor.limits import Limits
from auditor.lockfiles._yaml_tree import MERGE, EventBuilder, Repeat, YamlDocument
from auditor.yamldoc import TOO_DEEP

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Repeat", "YamlDocument", "quick_documents", "yaml_documents"]

_LINE = regex(
    r"""
      (?: '((?:[^']|'')*)'                        # 1: a key in single quotes
        | ([A-Za-z0-9_./][^\s:]*(?::[^\s:]+)*)    # 2: a plain key without spaces
      ) : (?: \ +(.*) )? \Z                       # 3: the value
    """,
    re.VERBOSE,
)
_ODD = regex(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-]")
"""What makes a text not plain: tabs, lone CR, control characters, exotic line ends."""
_ODD_ASCII = regex(r"[^\n\x20-\x7e]")
_SIMPLE = regex(r"[A-Za-z0-9^~=<./][A-Za-z0-9.()@_+^~=<>|/-]*\Z")
"""Plain scalars that need no second look: most of all values."""
_INTEGRITY = regex(r"\{integrity: ([A-Za-z0-9+/=-]+)\}\Z")
_SINGLE = regex(r"'((?:[^']|'')*)'\Z")
_DOUBLE = regex(r'"([^"\\]*)"\Z')
_PLAIN_START = regex(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s,\[\]{}])")
_FLOW = regex(
    r"""\ *(?:
        ([\[\]{},])                                       # 1: a sign
      | '((?:[^']|'')*)' (?= \ *(?: [,\]}:] | \Z))        # 2: single quotes
      | "([^"\\]*)" (?= \ *(?: [,\]}:] | \Z))             # 3: double quotes without escapes
      | ([^\s,\[\]{}\#&*!|>'"%@`?:-][^\s,\[\]{}:\#]*    # 4: plain, with single blanks and colons
          (?: (?: \ +(?=[^\s,\[\]{}:\#]) | :(?=[^\s,\[\]{}]) | (?<=\S)\# ) [^\s,\[\]{}:\#]* )* )
      | (:)(?=\ |\Z)                                      # 5: between key and value
    )\ *""",
    re.VERBOSE,
)


_QUICK_DEPTH = 40
"""Collections inside one another, in blocks and once more on a line; lockfiles have six at most."""


class _Unusual(Exception):  # noqa: N818 - no error: the thorough reader takes over
    """The text uses something that the quick reader leaves to the thorough one."""


def yaml_documents(text: str, limits: Limits | None = None) -> tuple[YamlDocument, ...]:
    """Read all documents of a text.

    Raises ParseError for what is no YAML, LimitError (`json-depth`) for what is nested too deep.
    """
    allowed = limits or Limits()
    plain = text.replace("\r\n", "\n")
    found = quick_documents(plain, allowed)
    return _thorough(plain, allowed) if found is None else found


def quick_documents(text: str, limits: Limits) -> tuple[YamlDocument, ...] | None:
    """Read all documents of a text without CR as far as it is usual; None where it is not."""
    if limits.json_depth > 2 * (_QUICK_DEPTH + 1) and not (
        _ODD_ASCII if text.isascii() else _ODD
    ).search(text):
        with suppress(_Unusual):
            return _quick(text)
    return None


def _quick(text: str) -> tuple[YamlDocument, ...]:  # noqa: PLR0912, PLR0915 - one loop, its state in locals: it runs per line
    done: list[YamlDocument] = []
    now = YamlDocument()
    container: Any = now.root
    level = 0  # the indentation of `container`
    key = ""
    pending = False  # the last key or item still waits for its value
    outer: list[tuple[Any, int, str]] = []  # the containers around it, and their open keys
    known: dict[str, tuple[int, str, Any]] = {}  # most lines of a lockfile stand there often
    lines = text.split("\n")
    lines.append("---")
    index = 0
    total = len(lines)
    while index < total:
        line = lines[index]
        index += 1
        number = index  # of this line, from 1; a literal moves the index on
        split = known.get(line)
        if split is None:
            content = line.lstrip(" ")
            if not content or content[0] == "#":
                continue
            indent = len(line) - len(content)
            if indent == 0 and content[:3] in {"---", "..."}:
                if content.rstrip(" ") != "---":
                    raise _Unusual
                if pending:
                    _put(container, key, "")
                if now.root:
                    done.append(now)
                now, level, key, pending = YamlDocument(), 0, "", False
                container, outer = now.root, []
                continue
            while content[:2] == "- ":
                is_map = type(container) is dict
                if pending and (indent > level or (indent == level and is_map)):
                    outer.append((container, level, key))
                    _put(container, key, [])
                    container, level = (container[key] if is_map else container[-1]), indent
                    if len(outer) > _QUICK_DEPTH:
                        raise _Unusual
                else:
                    if pending:
                        _put(container, key, "")
                    while level > indent:
                        container, level, key = outer.pop()
                    if level != indent or type(container) is dict:
                        raise _Unusual
                if len(outer) == 1:
                    now.lines[outer[0][2], len(container)] = index
                content = content[2:].lstrip(" ")
                indent = len(line) - len(content)
                pending = True
            found = _LINE.match(content)
            if found is None:
                if not pending or type(container) is dict or not content or content == "-":
                    raise _Unusual
                container.append(_value(content))
                pending = False
                continue
            quoted, plain, spelled = found.groups()
            name = plain if quoted is None else quoted.replace("''", "'")
            if not spelled:
                value = None
            elif spelled[0] == "|":
                index, value = _literal(lines, index, indent, spelled)
            else:
                value = _value(spelled)
            if len(line) - len(line.lstrip(" ")) == indent and (not spelled or spelled[0] != "|"):
                known[line] = (indent, name, value)
        else:
            indent, name, value = split
        if indent > level:
            if not pending or len(outer) > _QUICK_DEPTH:
                raise _Unusual
            outer.append((container, level, key))
            _put(container, key, {})
            container, level = (
                (container[key] if type(container) is dict else container[-1]),
                indent,
            )
        else:
            if pending:
                _put(container, key, "")
            while indent < level or (indent == level and type(container) is list and outer):
                container, level, key = outer.pop()
            if indent != level or type(container) is list:
                raise _Unusual
        key = name
        if key in container:
            path = tuple(each for _, _, each in outer)
            earlier = now.lines.get((path[0], key), number) if len(path) == 1 else number
            now.repeats.append(Repeat(path=path, key=key, value=container[key], line=earlier))
        if len(outer) == 1:
            now.lines[outer[0][2], key] = number
        pending = value is None
        container[key] = value
    return tuple(done)


def _put(container: Any, key: str, value: object) -> None:  # noqa: ANN401 - a list or a mapping
    if type(container) is dict:
        container[key] = value
    else:
        container.append(value)


def _literal(lines: list[str], start: int, parent: int, spelled: str) -> tuple[int, str]:
    """Return the number of lines up to the end of a literal block, and its text."""
    if spelled.rstrip(" ") not in {"|", "|-"}:
        raise _Unusual
    indent = 0
    index = start
    while index < len(lines) - 1:
        line = lines[index]
        own = len(line) - len(line.lstrip(" "))
        if own < len(line):
            if own <= parent or own < indent:
                break
            if not indent:
                indent = own
        elif own > indent:
            raise _Unusual  # a blank line that may decide the indentation
        index += 1
    if indent == 0:
        raise _Unusual
    body = [line[indent:] for line in lines[start:index]]
    while body and not body[-1]:
        body.pop()
    end = "" if "-" in spelled else "\n"
    return index, "\n".join(body) + end


def _value(spelled: str) -> Any:  # noqa: ANN401 - a text, list or mapping
    """Return a value that ends on its line."""
    if _SIMPLE.match(spelled):
        return spelled
    first = spelled[0]
    if first == "{":
        found = _INTEGRITY.match(spelled)
        return {"integrity": found[1]} if found else _flow(spelled.rstrip(" "))
    if first == "[":
        return _flow(spelled.rstrip(" "))
    if first == "'":
        found = _SINGLE.match(spelled)
        if found is None:
            raise _Unusual
        return found[1].replace("''", "'")
    if first == '"':
        found = _DOUBLE.match(spelled)
        if found is None:
            raise _Unusual
        return found[1]
    if ": " in spelled or " #" in spelled or spelled[-1] == ":" or not _PLAIN_START.match(spelled):
        raise _Unusual
    return spelled.rstrip(" ")


def _flow(spelled: str) -> Any:  # noqa: ANN401
    """Read `{...}` or `[...]` that ends on its line and holds no other collection of mappings."""
    tokens = _tokens(spelled)
    result = _collection(next(tokens)[1], tokens, 1)
    if next(tokens, None) is not None:
        raise _Unusual
    return result


def _tokens(spelled: str) -> Iterator[tuple[bool, str]]:
    """Yield signs (True) and scalars (False); give up at all else."""
    position = 0
    while position < len(spelled):
        found = _FLOW.match(spelled, position)
        if found is None or found.end() == position:
            raise _Unusual
        sign, single, double, plain, colon = found.groups()
        if sign or colon:
            yield True, sign or colon
        elif single is not None:
            yield False, single.replace("''", "'")
        else:
            yield False, double if double is not None else plain
        position = found.end()


def _collection(opening: str, tokens: Iterator[tuple[bool, str]], depth: int) -> Any:  # noqa: ANN401
    if depth > _QUICK_DEPTH:
        raise _Unusual
    mapping: dict[str, Any] = {}
    items: list[Any] = []
    is_map = opening == "{"
    closing = "}" if is_map else "]"
    for is_sign, token in tokens:
        if is_sign and token == closing:
            if items or mapping:
                raise _Unusual  # a comma behind the last one
            break
        key = ""
        if is_map:
            if is_sign or next(tokens, None) != (True, ":") or token in mapping or token == MERGE:
                raise _Unusual
            key = token
            is_sign, token = next(tokens, (True, ""))  # noqa: PLW2901
        if is_sign and token not in {"{", "["}:
            raise _Unusual
        value = _collection(token, tokens, depth + 1) if is_sign else token
        if is_map:
            mapping[key] = value
        else:
            items.append(value)
        after = next(tokens, (True, ""))
        if after == (True, closing):
            break
        if after != (True, ","):
            raise _Unusual
    else:
        raise _Unusual
    return mapping if is_map else items


def _thorough(text: str, limits: Limits) -> tuple[YamlDocument, ...]:
    import yaml  # noqa: PLC0415 - compiles its patterns, and few lockfiles need it

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    builder = EventBuilder(limits)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.event(event)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        words = getattr(problem, "problem", None) or str(problem).partition("\n")[0]
        where = f"line {mark.line + 1:,}" if mark else ""
        if words == TOO_DEEP:
            raise depth_met(limits) from None
        raise ParseError(f"is no YAML: {words}", where) from None
    except RecursionError:
        raise depth_met(limits) from None
    except (UnicodeError, ValueError) as problem:
        raise ParseError(f"is no YAML: {problem}") from None
    return builder.documents()
