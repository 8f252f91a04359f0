"""Texts that mean harm, and values of any type of ours in which each text is such a one.

The types are walked by their fields, so a new field is filled by itself.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from msgspec import Struct

from auditor.exposure import Level, Met, Place, Triage
from auditor.inventory import Inventory
from auditor.lockscan import summary
from auditor.model import (
    Artifact,
    ArtifactKind,
    Finding,
    Report,
    SetAside,
    Severity,
    Suppressed,
    Verdict,
)

MARK = "EVIL"
"""Stands in each of the texts, so that what became of them is found."""
HOST = "evil.example.org"

TEXTS: dict[str, str] = {
    "clear screen": f"\x1b[2J{MARK}\x1b[31m",
    "link of a terminal": f"\x1b]8;;https://{HOST}\x07{MARK}\x1b]8;;\x07",
    "title of a terminal": f"\x1b]0;{MARK}\x07",
    "control character of eight bits": f"\x9b31m{MARK}\x85\x90",
    "every control character": "".join(map(chr, [*range(32), *range(127, 160)])) + MARK,
    "line end": f"\n{MARK}",
    "carriage return": f"good\r{MARK}",
    "line ends of Windows": f"\r\n{MARK}\r\n\r\n",
    "line ends of Unicode": f"\u2028{MARK}\u2029{MARK}\x0b{MARK}\x0c",
    "bidi override": f"\u202e{MARK}\u2066\u2069\u200f",
    "zero width": f"\u200b{MARK}\u200d\ufeff\u2060\U000e0041",
    "markup of rich": f"[bold red]{MARK}[/bold red][/][link=https://{HOST}]x[/link]",
    "emoji of rich": f":smile: {MARK} :skull:",
    "link of Markdown": f"[{MARK}](https://{HOST})",
    "image of Markdown": f"![{MARK}](https://{HOST}/x.png)",
    "reference of Markdown": f"[{MARK}]: https://{HOST} 'x'",
    "bare address": f"https://{HOST}/{MARK} www.{HOST}",
    "mention": f"@octocat {MARK} #1 GH-1 octo/cat#1",
    "table of Markdown": f"| {MARK} | b |\n|---|---|\n| c | d |",
    "heading of Markdown": f"\n# {MARK}\n## {MARK}",
    "fence of Markdown": f"\n```\n{MARK}\n~~~\n````",
    "code of Markdown": f"`{MARK}``{MARK}```",
    "list of Markdown": f"- {MARK}\n* {MARK}\n1. {MARK}",
    "emphasis of Markdown": f"**{MARK}** _{MARK}_ ~~{MARK}~~",
    "image of HTML": f"<img src=x onerror=alert('{MARK}')>",
    "script of HTML": f"</script><script>alert('{MARK}')</script>",
    "end of an attribute": f"\"><svg onload=alert('{MARK}')>",
    "comment of HTML": f"<!--{MARK}--><![CDATA[{MARK}]]>",
    "end of a title": f"</title></style></textarea></pre></details>{MARK}",
    "entity": f"&lt;b&gt;{MARK}&#60;",
    "script as address": f"javascript:alert('{MARK}')",
    "template of Jinja": f"{{{{ {MARK} }}}}{{% raw %}}",
    "command of the runner": f"::error::{MARK}",
    "command behind a line end": f"\n::set-output name=x::{MARK}",
    "end of commands": f"\n::stop-commands::x\n::x::{MARK}",
    "old command of the runner": f"##[error]{MARK} ##[set-env name=X]{MARK}",
    "encoded line end": f"%0A::error::{MARK}%0D%25",
    "property of a command": f"x,title={MARK}::y",
    "formula": f'=HYPERLINK("https://{HOST}","{MARK}")',
    "another formula": f"+{MARK}@SUM(1)*cmd|' /C calc'!A0",
    "no characters of XML": f"\x00\x01\x08\x0b\x1f\ufffe\uffff{MARK}",
    "end of CDATA": f"]]>{MARK}",
    "entity of XML": f"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;{MARK}",
    "lone surrogates": f"\ud800{MARK}\udfff",
    "placeholder": f"{{0}} {{{MARK}}} %s {{}}",
    "path": f"../../{MARK}/etc/passwd",
    "quotes": f"'\"\\{MARK}\\",
    "nothing": "",
    "ordinary": f"src/{MARK} päckchen/ü.js",
}
LONG = MARK + "x" * 20_000


def made(kind: Any, text: str, turn: int = 0, **given: object) -> Any:  # noqa: ANN401 - any type of ours
    """Return a value of a type with a text wherever one can stand; `given` are fields as they are.

    Of choices it is the one whose turn it is, numbers are 3, collections have one thing.
    """
    if isinstance(kind, type) and issubclass(kind, Struct):
        hints = typing.get_type_hints(kind, localns=_names())
        names = kind.__struct_fields__
        whole = {
            name: given[name] if name in given else made(hints[name], text, turn) for name in names
        }
        return kind(**whole)
    return _plain(kind, text, turn)


def _plain(kind: Any, text: str, turn: int) -> object:  # noqa: ANN401, PLR0911 - one return per sort
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        return made(next(one for one in arguments if one is not type(None)), text, turn)
    if origin is tuple:
        return tuple(made(one, text, turn) for one in arguments if one is not ...)
    if origin in {frozenset, set, list}:
        return origin([made(arguments[0], text, turn)])
    if origin is not None and issubclass(origin, Mapping):
        return {made(arguments[0], text, turn): made(arguments[1], text, turn)}
    if isinstance(kind, typing.NewType):
        return made(kind.__supertype__, text, turn)
    if kind in {str, object}:
        return text
    if issubclass(kind, Enum):
        return [*kind][turn % len(kind)]
    return kind(3)


@cache
def report(text: str) -> Report:
    """Return a report that has everything, with the text everywhere; made once, as it is frozen."""
    levels = range(len(Level))
    told: Report = made(
        Report,
        text,
        verdict=Verdict.INCOMPLETE,
        artifacts=tuple(made(Artifact, text, turn) for turn in range(len(ArtifactKind))),
        findings=tuple(made(Finding, text, turn) for turn in range(len(Severity))),
        suppressed=tuple(made(Suppressed, text, turn) for turn in range(len(SetAside))),
        inventories=(summary(made(Inventory, text), text, listed=True),),
        triage=made(
            Triage,
            text,
            places=tuple(made(Place, text, turn) for turn in levels),
            incidents=tuple(made(Met, text, turn) for turn in levels),
        ),
    )
    return told


def _names() -> dict[str, object]:
    """Return what the hints of our types name without importing it when they run."""
    from auditor.maps.reader import Source  # noqa: PLC0415

    return {"Source": Source}
