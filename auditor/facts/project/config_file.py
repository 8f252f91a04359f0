"""A project's configuration files: JSON by line, scripts by token; no fact of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import packing
from auditor.facts import Reader
from auditor.facts.manifest import MANIFEST
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.facts import Contents, Hits
    from auditor.model import Member

MAX_CONFIG = 256 * 1024
"""Bytes; nobody writes a longer configuration by hand."""

MAX_DEPTH = 64
"""Objects and lists inside each other that a setting can lie in."""


class ConfigSeen(Struct, frozen=True, kw_only=True):
    """One configuration file, as text."""

    path: str
    text: str


def is_config(member: Member) -> bool:
    """Ask for what `CONFIG_GLOBS` names, package.json excepted: that is the manifest's."""
    path = member.path
    return not member.nested and path != MANIFEST and packing.is_config(path)


def read(member: Member, data: bytes, _: Hits) -> Iterator[ConfigSeen]:
    """Leave the text."""
    if len(data) <= MAX_CONFIG:
        yield ConfigSeen(path=member.path, text=data.decode("utf-8-sig", "replace"))


def quiet(members: Iterable[Member], contents: Iterable[bytes]) -> Iterator[ConfigSeen]:
    """Leave the texts of those among many files."""
    for member, data in zip(members, contents, strict=True):
        if packing.is_config(member.path) and is_config(member):  # the first says no of most
            yield from read(member, data, ())


_TOKEN = regex(
    r"""(?xs)
      (?P<text> "(?:[^"\\\n]|\\.)*" )
    | //[^\n]* | /\*.*?(?:\*/|\Z)
    | "[^\n]*
    | (?P<sign> [{}\[\]:,] )
    | (?P<word> [^\s"{}\[\]:,/]+ )
    """
)
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}

Leaf = tuple[tuple[str, ...], object, int]


def leaves(text: str) -> Iterator[Leaf]:
    """Yield the scalars of a JSON text with the keys to each and its line, from 1.

    Comments and trailing commas are taken as tsconfig.json allows them; whatever else is wrong is
    passed over. Indices of lists are keys in decimal.
    """
    path: list[str | int] = []
    line, position = 1, 0
    expects_key = False
    for found in _TOKEN.finditer(text):
        line += text.count("\n", position, found.start())
        position = found.start()
        sign = found["sign"]
        if sign in {"{", "["}:
            path.append("" if sign == "{" else 0)
            expects_key = sign == "{"
        elif sign in {"}", "]"}:
            if path:
                path.pop()
            expects_key = False
        elif sign == ",":
            expects_key = bool(path) and isinstance(path[-1], str)
            if path and isinstance(path[-1], int):
                path[-1] += 1
        elif found["text"] is not None and expects_key:
            path[-1] = _unquoted(found["text"])
            expects_key = False
        elif len(path) > MAX_DEPTH:
            continue
        elif found["text"] is not None:
            yield tuple(map(str, path)), _unquoted(found["text"]), line
        elif found["word"] is not None:
            yield tuple(map(str, path)), _WORDS.get(found["word"], found["word"]), line


def _unquoted(token: str) -> str:
    try:
        text = json.loads(token) if "\\" in token else token[1:-1]
    except ValueError:  # an escape that JSON does not have
        return token[1:-1]
    return str(text)


def config_texts(contents: Contents) -> dict[str, str]:
    """Return the configuration files by path, package.json not among them."""
    return {seen.path: seen.text for seen in contents.of(ConfigSeen)}


_SCRIPT = regex(
    r"""(?xs)
      (?P<skip> \s+ | //[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `(?:[^`\\]|\\.)*` )
    | (?P<junk> ["'][^\n]* | `.* )
    | (?P<word> [A-Za-z_$0-9][\w$]* )
    | (?P<sign> [=!<>&|?+*-]+ | . )
    """
)
_REGULAR = regex(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,200}\]){1,1000}+/[a-z]*")
_VALUE_BEFORE_SLASH = regex(r"[\w$)\]}\"'`]\Z")


class Token(Struct, frozen=True, kw_only=True):
    """A text with its quotes, a word, a sign or a regular expression, and its offset."""

    kind: str
    text: str
    start: int

    @property
    def plain(self) -> str:
        """The text without quotes."""
        return self.text[1:-1] if self.kind == "text" else self.text


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of JavaScript or TypeScript, without comments; what is unclosed is junk."""
    position = 0
    last = ""
    while position < len(text):
        found = _SCRIPT.match(text, position)
        if found is None or found.lastgroup is None:
            return
        kind, body = found.lastgroup, found.group()
        if body.startswith("/") and kind == "sign" and not _VALUE_BEFORE_SLASH.search(last):
            literal = _REGULAR.match(text, position)
            if literal:
                kind, body = "regex", literal.group()
        position += len(body)
        if kind not in {"skip", "junk"}:
            yield Token(kind=kind, text=body, start=position - len(body))
            last = body


READER = Reader(wants=is_config, read=read, quiet=quiet)
