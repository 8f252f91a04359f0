"""TOML as lockfile writers print it, read line by line; None for all that is unusual.

uv and Poetry print tables, pairs that end on their line, and lists with an item on each line. That
part of TOML 1.0 is taken here, at a tenth of the cost of a parser that is for all of it. At the
first line that is anything else, or says something again, this reader gives up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.lazyre import regex

if TYPE_CHECKING:
    import re

_KEY = r"[A-Za-z0-9_-]+"
_CONTROL = tuple(chr(code) for code in (*range(0x20), 0x7F) if code != 0x0A)
"""Of tabs and other control signs some are allowed in some places: none is here."""
_TEXT = r"\"((?:[^\"\\]++|\\[\"\\])*+)\""
_WORD = rf"(?:{_TEXT}|(true|false)|([1-9][0-9]{{0,17}}|0))"
_HEADER = regex(rf"(\[\[?)({_KEY}(?:\.{_KEY})*)(\]\]?)")
_PAIR = regex(rf"({_KEY}|\"[^\"\\]+\") = (?:{_WORD}|(.+))")
"""A key and its value: 2 a text, 3 a truth value, 4 a number, 5 something that is made of these."""
_BARE = r"\"([^\"]*+)\""
"""A text on a line without a backslash: to look for one sign is six times as quick."""
_MOST = regex(
    rf"\{{ ?({_KEY}) = {_BARE}(?:, ({_KEY}) = {_BARE})?"
    rf"(?:, ({_KEY}) = ([1-9][0-9]{{0,17}}))?(?:, ({_KEY}) = {_BARE})? ?\}}"
)
"""A table as most are: one or two texts, perhaps a number and a further text."""
_TABLE = regex(rf"\{{ ?{_KEY} = {_WORD}(?:, {_KEY} = {_WORD})*+ ?\}}")
_MEMBER = regex(rf"({_KEY}) = {_WORD}")
_LIST = regex(rf"\[(?:{_TEXT}(?:, {_TEXT})*+)?\]")
_ITEM = regex(_TEXT)
_ESCAPED = regex(r"\\(.)")
_INDENT = "    "
_DEEPEST = 5
"""Tables inside one another; writers print three."""


class _Unusual(Exception):  # noqa: N818 - no error: tomllib takes over
    """The text uses something that this reader leaves to the thorough one."""


def read(text: str) -> dict[str, Any] | None:
    """Return a document as `tomllib` gives it; None where it takes that to read it."""
    if has_control(text):
        return None
    try:
        return _document(text.split("\n"))
    except _Unusual:
        return None


def has_control(text: str) -> bool:
    """Tell whether a control sign other than the end of a line is in a text."""
    return any(map(text.__contains__, _CONTROL))  # a fifth of what one pass over all signs takes


def _document(lines: list[str]) -> dict[str, Any]:  # noqa: PLR0912 - one loop, it runs per line
    root: dict[str, Any] = {}
    tables = _Tables(root)
    table = root
    items: list[Any] | None = None
    for line in lines:
        if items is not None:
            if line[:4] == _INDENT and line[-1] == ",":
                items.append(_item(line[4:-1]))
            elif line == "]":
                items = None
            else:
                raise _Unusual
            continue
        if not line or (line[0] == "#" and line.isprintable()):
            continue
        if line[0] == "[":
            table = tables.opened(line)
            continue
        found = _PAIR.fullmatch(line)
        if found is None:
            raise _Unusual
        key, text, truth, number, rest = found.groups()
        if key[0] == '"':
            key = key[1:-1]
        if key in table:
            raise _Unusual
        if text is not None:
            table[key] = _unescaped(text)
        elif rest == "[":
            items = table[key] = []
        else:
            table[key] = _plain(truth, number) if rest is None else _item(rest)
    if items is not None:
        raise _Unusual
    return root


class _Tables:
    """The tables and lists of tables that headers began: to these more may be put, and no others.

    A header that names a table again, or one inside of what was never begun, is left to others.
    """

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._begun: set[int] = set()

    def opened(self, line: str) -> dict[str, Any]:
        """Return the table that a header begins."""
        found = _HEADER.fullmatch(line)
        if found is None or len(found[1]) != len(found[3]):
            raise _Unusual
        *path, last = found[2].split(".")
        if len(path) > _DEEPEST:
            raise _Unusual
        above: Any = self._root
        for part in path:
            inner: Any = above.get(part)
            if id(inner) not in self._begun:
                raise _Unusual
            above = inner[-1] if type(inner) is list else inner
        table: dict[str, Any] = {}
        self._begun.add(id(table))
        if found[1] == "[":
            if last in above:
                raise _Unusual
            above[last] = table
            return table
        if last not in above:
            above[last] = []
            self._begun.add(id(above[last]))
        if type(above[last]) is not list or id(above[last]) not in self._begun:
            raise _Unusual
        above[last].append(table)
        return table


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _plain(truth: str | None, number: str | None) -> bool | int:
    return truth == "true" if truth else int(number or "0")


def _of_most(found: re.Match[str]) -> dict[str, Any]:
    key, text, key2, text2, key3, number, key4, text4 = found.groups()
    made: dict[str, Any] = {key: text}
    if key2:
        made[key2] = text2
    if key3:
        made[key3] = int(number)
    if key4:
        made[key4] = text4
    if len(made) != 4 - (key2, key3, key4).count(None):
        raise _Unusual
    return made


def _item(spelled: str) -> Any:  # noqa: ANN401 - a text, table or list
    """Return a value that ends on its line."""
    first = spelled[:1]
    if first == "{" and "\\" not in spelled and (most := _MOST.fullmatch(spelled)):
        return _of_most(most)
    if first == "{" and _TABLE.fullmatch(spelled):
        pairs = _MEMBER.findall(spelled)
        made: dict[str, Any] = {
            key: _plain(truth, number) if number or truth else text
            for key, text, truth, number in pairs
        }
        if "\\" in spelled:
            made.update((key, _unescaped(text)) for key, text, _, _ in pairs if text)
        if len(made) == len(pairs):
            return made
    elif first == "[" and _LIST.fullmatch(spelled):
        return [_unescaped(text) for text in _ITEM.findall(spelled)]
    elif first == '"' and (found := _ITEM.fullmatch(spelled)):
        return _unescaped(found[1])
    raise _Unusual
