"""TOML as lockfile writers print it, read in two thirds of the time, and with bounded keys.

`tomllib` walks basic strings sign by sign and finds the end of literal ones in one step. Lines that
hold nothing but simple pairs (`{file = "x", hash = "y"},`, `name = "x"`) therefore get literal
strings before it reads. Inside of a multi-line text that changes the quotes that it talks of, which
nobody here looks at, and never where it ends.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from auditor.errors import ParseError
from auditor.jsondoc import check_depth, depth_met
from auditor.limits import Limits
from auditor.lockfiles._documents import conflict

_PAIR = r"[A-Za-z_-]+ = (?:\"[^\"'\\\x00-\x1f\x7f]+\"|[\w:.+-]+)"
_SIMPLE = re.compile(rf"(?m)^[ \t]*+(?:\{{ ?{_PAIR}(?:, {_PAIR})*+ ?\}},?|{_PAIR})$")
_PARTS = 64
"""Parts of a dotted key; tomllib takes more than square time on them, and no lockfile has ten."""
_KEY = r"(?:[A-Za-z0-9_-]++|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+')[ \t]*+"
_DOTTED = re.compile(
    rf"(?:^|(?<=[\[{{,\n \t]))[ \t]*+(?:{_KEY}\.[ \t]*+){{{_PARTS}}}{_KEY}(?:\.|=|\])"
)


def header_lines(text: str, name: str) -> list[int]:
    """Return where the tables `[[name]]` begin, from 1; a line in a multi-line text counts, too."""
    lines = []
    number = 1
    position = 0
    for header in re.finditer(rf"(?m)^[ \t]*+\[\[[ \t]*+{name}[ \t]*+\]\]", text):
        number += text.count("\n", position, header.start())
        position = header.start()
        lines.append(number)
    return lines


def quick_toml(text: str, limits: Limits | None = None) -> dict[str, Any]:
    """Read a TOML document; raise ParseError, or LimitError (`json-depth`) for one too deep."""
    allowed = limits or Limits()
    for line in text.split("\n"):
        # Counting dots is quick, and few lines have that many.
        if line.count(".") >= _PARTS and _DOTTED.search(line):
            raise ParseError(f"has a key of more than {_PARTS} parts")
    try:
        document = tomllib.loads(_SIMPLE.sub(lambda line: line[0].replace('"', "'"), text))
    except RecursionError:
        raise depth_met(allowed) from None
    except ValueError as problem:
        where = conflict(text)
        reason = f"{where.detail}; {problem}" if where else f"is no TOML: {problem}"
        raise ParseError(reason) from None
    check_depth(document, allowed)
    return document
