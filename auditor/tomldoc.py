"""TOML under limits: what costs too much is told, and so is a number that Python does not read."""

from __future__ import annotations

from typing import Any

from auditor.errors import ParseError
from auditor.jsondoc import check_depth, depth_met
from auditor.lazyre import regex
from auditor.limits import Limits

_PARTS = 64
"""Parts of a dotted key; tomllib takes more than square time on them, and nobody writes ten."""
_KEY = r"(?:[A-Za-z0-9_-]++|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+')[ \t]*+"
_DOTTED = regex(rf"(?:^|(?<=[\[{{,\n \t]))[ \t]*+(?:{_KEY}\.[ \t]*+){{{_PARTS}}}{_KEY}(?:\.|=|\])")
_DIGITS = regex(r"[0-9_]{4000}")


def parsed(text: str, limits: Limits | None = None) -> dict[str, Any]:
    """Read a document; raise ParseError for what is no TOML, LimitError (`json-depth`)."""
    import tomllib  # noqa: PLC0415 - compiles its patterns

    allowed = limits or Limits()
    for number, line in enumerate(text.split("\n"), 1):
        # Counting dots is quick, and few lines have that many.
        if line.count(".") >= _PARTS and _DOTTED.search(line):
            raise ParseError(f"has a key of more than {_PARTS} parts", f"line {number:,}")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise depth_met(allowed) from None
    except tomllib.TOMLDecodeError as problem:
        raise ParseError(f"is no TOML: {problem}") from None
    except ValueError as problem:  # a number of more digits than Python takes
        found = _DIGITS.search(text)
        where = f"line {text.count(chr(10), 0, found.start()) + 1:,}" if found else ""
        raise ParseError(f"is no TOML that can be read: {problem}", where) from None
    check_depth(document, allowed)
    return document
