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
from auditor.lockfiles import _toml_lines, _toml_packages
from auditor.lockfiles._documents import conflict
from auditor.lockfiles._toml_packages import Plain, Written

_DEEPEST = 20
"""Tables inside one another that are not counted: a header has a line to name them."""
_PAIR = r"[A-Za-z_-]+ = (?:\"[^\"'\\\x00-\x1f\x7f]+\"|[\w:.+-]+)"
_SIMPLE = regex(rf"(?m)^[ \t]*+(?:\{{ ?{_PAIR}(?:, {_PAIR})*+ ?\}},?|{_PAIR})$")


def header_lines(text: str, name: str) -> list[int]:
    """Return where the tables `[[name]]` begin, from 1; a line in a multi-line text counts, too."""
    header = re.compile(rf"\[\[[ \t]*+{name}[ \t]*+\]\]")
    lines = []
    number = 1
    counted = 0
    position = text.find("[[")
    while position >= 0:
        begin = position
        while begin and text[begin - 1] in " \t":
            begin -= 1
        if (not begin or text[begin - 1] == "\n") and header.match(text, position):
            number += text.count("\n", counted, position)
            counted = position
            lines.append(number)
        position = text.find("[[", position + 1)
    return lines


def quick_packages(text: str, limits: Limits, plain: Plain) -> Written:
    """Read a document with packages, of which most are plain; raise as `quick_toml` does."""
    if fastpaths.enabled("lock_readers") and limits.json_depth >= _DEEPEST:
        written = _toml_packages.read(text, lambda part: quick_toml(part, limits), plain)
        if written is not None:
            return written
    return all_packages(text, limits)


def all_packages(text: str, limits: Limits) -> Written:
    """Read a document with packages, of which none is taken for plain; raise as `quick_toml`."""
    document = quick_toml(text, limits)
    return Written(document=document, lines=header_lines(text, "package"), plain={})


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
