"""The tree that both YAML readers build: texts, lists, mappings, and what stood there twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from auditor.errors import ParseError

MAX_DEPTH = 50
"""Collections inside one another; lockfiles have six at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A key that stood twice in one mapping: what it held before the later one won."""

    path: tuple[str, ...]
    """The keys that lead to the mapping."""
    key: str
    value: object
    line: int


@dataclass(slots=True, kw_only=True)
class YamlDocument:
    """One document; every scalar is a text as spelled, `""` where the value is empty."""

    root: dict[str, Any] = field(default_factory=dict)
    lines: dict[tuple[str, str | int], int] = field(default_factory=dict)
    """Where the keys and items of each top-level section stand, by section and key or index."""
    repeats: list[Repeat] = field(default_factory=list)


class EventBuilder:
    """Takes PyYAML's events; refuses aliases, keys that are no texts, and too many levels."""

    __slots__ = ("_containers", "_done", "_keys", "_now")

    def __init__(self) -> None:
        self._done: list[YamlDocument] = []
        self._now = YamlDocument()
        self._containers: list[Any] = []
        self._keys: list[str | None] = []

    def documents(self) -> tuple[YamlDocument, ...]:
        """Return what was read."""
        return tuple(self._done)

    def event(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events share no useful base
        """Take the next event; raise ParseError for what is refused."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._containers.pop()
            self._keys.pop()
            if self._keys:
                self._keys[-1] = None  # kept while its value was open: it is part of paths
        elif isinstance(event, yaml.AliasEvent):
            raise ParseError("uses a YAML alias, which no lockfile does", _line_of(event))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._now = YamlDocument()
        elif isinstance(event, yaml.DocumentEndEvent) and self._now.root:
            self._done.append(self._now)

    def _open(self, event: Any, new: Any) -> None:  # noqa: ANN401
        if len(self._containers) >= MAX_DEPTH:
            raise ParseError("is nested too deep", _line_of(event))
        if self._containers:
            self._place(event, new)
        elif isinstance(new, dict):
            self._now.root = new
        else:
            raise ParseError("is a list, where a mapping must stand", _line_of(event))
        self._containers.append(new)
        self._keys.append(None)

    def _scalar(self, event: Any) -> None:  # noqa: ANN401
        if not self._containers:
            if event.value:
                raise ParseError("is a text, where a mapping must stand", _line_of(event))
            return
        container = self._containers[-1]
        if isinstance(container, dict) and self._keys[-1] is None:
            key = self._keys[-1] = event.value
            line = event.start_mark.line + 1
            if key in container:
                self._repeat(container, event.value, line)
            if len(self._containers) == 2:
                self._now.lines[self._keys[0] or "", event.value] = line
        else:
            self._place(event, event.value)

    def _repeat(self, container: dict[str, Any], key: str, line: int) -> None:
        path = tuple(each or "" for each in self._keys[:-1])
        earlier = self._now.lines.get((path[0], key), line) if len(path) == 1 else line
        self._now.repeats.append(Repeat(path=path, key=key, value=container[key], line=earlier))

    def _place(self, event: Any, value: object) -> None:  # noqa: ANN401
        container = self._containers[-1]
        if isinstance(container, list):
            if len(self._containers) == 2:
                line = event.start_mark.line + 1
                self._now.lines[self._keys[0] or "", len(container)] = line
            container.append(value)
        else:
            key = self._keys[-1]
            if key is None:
                raise ParseError("has a key that is no text", _line_of(event))
            container[key] = value
            if not isinstance(value, (dict, list)):
                self._keys[-1] = None


def _line_of(event: Any) -> str:  # noqa: ANN401
    return f"line {event.start_mark.line + 1:,}"
