"""TOML as lockfile writers print it, read in two thirds of the time.

`tomllib` walks basic strings sign by sign and finds the end of literal ones in one step. Lines that
hold nothing but simple pairs (`{file = "x", hash = "y"},`, `name = "x"`) therefore get literal
strings before it reads. Inside of a multi-line text that changes the quotes that it talks of, which
nobody here looks at, and never where it ends.
"""

from __future__ import annotations

import re
from typing import Any

from auditor import fastpaths, tomldoc
from auditor.errors import ParseError
from auditor.lazyre import regex
from auditor.limits import Limits
from auditor.lockfiles import _toml_lines
from auditor.lockfiles._documents import conflict

_DEEPEST = 20
"""Tables inside one another that are not counted: a header has a line to name them."""
_PAIR = r"[A-Za-z_-]+ = (?:\"[^\"'\\\x00-\x1f\x7f]+\"|[\w:.+-]+)"
_SIMPLE = regex(rf"(?m)^[ \t]*+(?:\{{ ?{_PAIR}(?:, {_PAIR})*+ ?\}},?|{_PAIR})$")


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
    """Read a TOML document; raise as `tomldoc.parsed` does, and name a merge conflict."""
    allowed = limits or Limits()
    if fastpaths.enabled("lock_readers") and allowed.json_depth >= _DEEPEST:
        document = _toml_lines.read(text)
        if document is not None:
            return document
    try:
        return tomldoc.parsed(_SIMPLE.sub(lambda line: line[0].replace('"', "'"), text), limits)
    except ParseError as problem:
        if where := conflict(text):
            raise ParseError(f"{where.detail}; {problem}") from None
        raise
