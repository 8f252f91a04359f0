"""The tree that both YAML readers build: texts, lists, mappings, and what stood there twice.

An alias is the value that its anchor marks, as pnpm's and conda-lock's parsers have it, and `<<`
merges; what aliases stand for is counted, so that a few lines cannot become millions of values. A
tag can make an object of any kind where a careless program reads the file: it is told, and the
value is read as if it had none, so that nothing hides behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from auditor.errors import LimitError, ParseError
from auditor.jsondoc import depth_met

if TYPE_CHECKING:
    from auditor.limits import Limits

MERGE = "<<"
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(f"{_STANDARD}{kind}" for kind in ("str", "map", "seq"))
"""They say what the value is anyway."""

_MOST_NOTES = 100


class Repeat(Struct, frozen=True, kw_only=True):
    """A key that stood twice in one mapping: what it held before the later one won."""

    path: tuple[str, ...]
    """The keys that lead to the mapping."""
    key: str
    value: object
    line: int


class YamlDocument(Struct, kw_only=True):
    """One document; every scalar is a text as spelled, `""` where the value is empty."""

    root: dict[str, Any] = field(default_factory=dict)
    lines: dict[tuple[str, str | int], int] = field(default_factory=dict)
    """Where the keys and items of each top-level section stand, by section and key or index."""
    repeats: list[Repeat] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Lines and reasons: tags, aliases to nothing, keys that are no texts."""


class _Open(Struct, kw_only=True):
    """A mapping or list whose end was not met yet."""

    node: Any
    key: str | None = None
    """The key whose value is due or open; of a list always None."""
    merges: bool = False
    """The key is a plain `<<`."""
    merged: list[Any] = field(default_factory=list)
    anchor: str = ""
    is_key: bool = False
    """It stands where a key is due."""
    size: int = 1
    """Values in it so far, itself among them; those that aliases stand for are counted."""


class EventBuilder:
    """Takes PyYAML's events; notes tags and odd keys, refuses too many levels."""

    __slots__ = ("_anchors", "_done", "_limits", "_now", "_open", "_spent")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._done: list[YamlDocument] = []
        self._now = YamlDocument()
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._spent = 0

    def documents(self) -> tuple[YamlDocument, ...]:
        """Return what was read."""
        return tuple(self._done)

    def event(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events share no useful base
        """Take the next event; raise ParseError or LimitError for what is refused."""
        import yaml  # noqa: PLC0415 - who has events has it already

        if isinstance(event, yaml.ScalarEvent):
            self._tagged(event)
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._tagged(event)
            self._begin(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._end(self._open.pop(), event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._now = YamlDocument()
            self._anchors = {}
            self._spent = 0
        elif isinstance(event, yaml.DocumentEndEvent) and (self._now.root or self._now.unread):
            self._done.append(self._now)

    def _note(self, event: Any, reason: str) -> None:  # noqa: ANN401
        told = self._now.unread
        if len(told) < _MOST_NOTES:
            told.append((_line_of(event), reason))
        elif len(told) == _MOST_NOTES:
            told.append(("", "has more of such places than are told"))

    def _tagged(self, event: Any) -> None:  # noqa: ANN401
        if event.tag and event.tag not in _PLAIN_TAGS:
            shown = event.tag
            if shown.startswith(_STANDARD):
                shown = f"!!{shown.removeprefix(_STANDARD)}"
            self._note(event, f"has the tag {shown!r}, and is read as if it had none")

    def _begin(self, event: Any, new: Any) -> None:  # noqa: ANN401
        if len(self._open) >= self._limits.json_depth:
            raise depth_met(self._limits)
        is_key = False
        if self._open:
            is_key = self._is_key_due()
            if is_key:
                self._odd_key(event)
            else:
                self._place(event, new)
        elif isinstance(new, dict):
            self._now.root = new
        else:
            raise ParseError("is a list, where a mapping must stand", _line_of(event))
        self._open.append(_Open(node=new, anchor=event.anchor or "", is_key=is_key))

    def _is_key_due(self) -> bool:
        return isinstance(self._open[-1].node, dict) and self._open[-1].key is None

    def _odd_key(self, event: Any) -> None:  # noqa: ANN401
        """Note a key that is a mapping or list; its value is read under the line of it."""
        self._note(event, "has a key that is no text")
        self._open[-1].key = f"({_line_of(event)})"

    def _end(self, closed: _Open, event: Any) -> None:  # noqa: ANN401
        for one in closed.merged:
            self._merge(closed.node, one, event)
        if closed.anchor:
            self._anchors[closed.anchor] = (closed.node, closed.size)
        if self._open:
            self._open[-1].size += closed.size
            if not closed.is_key:
                self._open[-1].key = None  # kept while its value was open: it is part of paths

    def _merge(self, node: dict[str, Any], given: object, event: Any) -> None:  # noqa: ANN401
        """Take in what `<<` names, as far as the mapping does not say it itself."""
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, dict):
                for key, value in one.items():
                    node.setdefault(key, value)
            else:
                self._note(event, "merges what is no mapping")

    def _scalar(self, event: Any) -> None:  # noqa: ANN401
        if not self._open:
            if event.value:
                raise ParseError("is a text, where a mapping must stand", _line_of(event))
            return
        if event.anchor:
            self._anchors[event.anchor] = (event.value, 1)
        self._open[-1].size += 1
        if self._is_key_due():
            self._key(event, event.value, merges=event.value == MERGE and event.implicit[0])
        else:
            self._place(event, event.value)
            self._open[-1].key = None

    def _key(self, event: Any, key: str, *, merges: bool) -> None:  # noqa: ANN401
        top = self._open[-1]
        top.key, top.merges = key, merges
        line = event.start_mark.line + 1
        if key in top.node and not merges:
            self._repeat(top.node, key, line)
        if len(self._open) == 2:
            self._now.lines[self._open[0].key or "", key] = line

    def _repeat(self, container: dict[str, Any], key: str, line: int) -> None:
        path = tuple(each.key or "" for each in self._open[:-1])
        earlier = self._now.lines.get((path[0], key), line) if len(path) == 1 else line
        self._now.repeats.append(Repeat(path=path, key=key, value=container[key], line=earlier))

    def _place(self, event: Any, value: object) -> None:  # noqa: ANN401
        """Put a value where it belongs; the key of a mapping stays until the value is whole."""
        top = self._open[-1]
        if isinstance(top.node, list):
            if len(self._open) == 2:
                line = event.start_mark.line + 1
                self._now.lines[self._open[0].key or "", len(top.node)] = line
            top.node.append(value)
        elif top.merges:
            top.merged.append(value)
        elif top.key is not None:
            top.node[top.key] = value

    def _alias(self, event: Any) -> None:  # noqa: ANN401
        value, size = self._meant(event)
        if not self._open:
            raise ParseError("is an alias, where a mapping must stand", _line_of(event))
        self._open[-1].size += size
        if not self._is_key_due():
            self._place(event, value)
            self._open[-1].key = None
        elif isinstance(value, str):
            self._key(event, value, merges=False)
        else:
            self._odd_key(event)

    def _meant(self, event: Any) -> tuple[Any, int]:  # noqa: ANN401
        """Return what an alias stands for, and how many values; nothing for one that is no good."""
        if event.anchor not in self._anchors:
            inside = any(event.anchor == one.anchor for one in self._open)
            reason = "stands for what it is part of" if inside else "stands for nothing"
            self._note(event, f"has the alias '*{event.anchor}', which {reason}")
            return "", 1
        value, size = self._anchors[event.anchor]
        most = self._limits.yaml_aliases
        if self._spent + size > most:
            if self._spent <= most:  # told once
                self._note(event, str(LimitError("yaml-aliases", most, self._spent + size)))
            self._spent = most + 1
            return "", 1
        self._spent += size
        return value, size


def _line_of(event: Any) -> str:  # noqa: ANN401
    return f"line {event.start_mark.line + 1:,}"
