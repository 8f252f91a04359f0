"""Modules that a development bundle holds as strings: `eval("…//# sourceURL=webpack://app/a.js")`.

webpack and rspack write each module that way in development mode (`devtool: "eval"` and its kin).
There is no map then: what is evaluated is the module's own text after its loaders, comments and
all. A string whose map has the text is left to that map.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex
from auditor.maps import jstext
from auditor.maps.signs import EVALUATED

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVAL = regex(
    rb"eval\((?<!\weval\()\s*+(?:[\w$.]++\(\s*+)?"  # what comes first is searched for quickly
    rb"(?:\"((?:[^\"\\\r\n]|\\.)*+)\"|'((?:[^'\\\r\n]|\\.)*+)'|`((?:[^`\\]|\\.)*+)`)",
    re.DOTALL,
)
_NAME = regex(rb"(?m)^[ \t]*//[#@] sourceURL=([\w-]*(?:webpack|rspack)[\w-]*:\S+)")
_FIRST = regex(rb"(?m)^[ \t]*//[#@] source(?:URL|MappingURL)=")


class Module(Struct, frozen=True, kw_only=True):
    """One module: its name as the bundler has it, its text, and where the call begins and ends."""

    name: str
    text: bytes
    offset: int
    end: int


def modules(text: bytes) -> Iterator[Module]:
    """Yield each module that a text evaluates under a bundler's name; never raises."""
    for call in _EVAL.finditer(text):
        raw = call.group(call.lastindex or 1)
        if EVALUATED not in raw:
            continue
        body = jstext.unescaped(raw)
        names = _NAME.findall(body)
        first = _FIRST.search(body)
        if not names or first is None:
            continue
        module = body[: first.start()].rstrip(b"\n")
        if module.startswith(b"{") and body.rstrip().endswith(b"\n}"):
            module = module[1:]  # webpack's own block, so that declarations stay inside
        if module:
            name = names[-1].decode("utf-8", "replace").removesuffix("?")
            yield Module(name=name, text=module, offset=call.start(), end=call.end())
