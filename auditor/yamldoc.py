"""YAML that means one thing: a reader that refuses what two people could read differently.

Rules are written by people and judged by machines, so the loader takes plain mappings, lists,
texts, whole numbers, `true`, `false` and `null`, and refuses aliases, anchors, tags, repeated
keys, and the words that YAML 1.1 turns into something else (`on`, `no`, `1.10`, `12:30`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.errors import ParseError
from auditor.jsondoc import depth_met
from auditor.lazyre import regex
from auditor.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTEGER = regex(r"-?(?:0|[1-9][0-9]*)\Z")
_SURPRISE = regex(
    r"""(?ix)
      y|yes|n|no|on|off|true|false|null|~
    | [-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?
    | [-+]?\.[0-9_]+(?:e[-+]?[0-9]+)?
    | [-+]?\.(?:inf|nan) | \.nan
    | [-+]?0[xob][0-9a-f_]+
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\ ].*)?
    | <<|=
    """
)
_DATE = regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = 1000
TOO_DEEP = "exceeded maximum nesting depth"
"""What libyaml says of a text that nests deeper than it follows."""
_NOTHING = frozenset({"", "~", "null"})
_PLAIN: dict[str, object] = {"true": True, "false": False, "null": None}


def load(text: str, lines: dict[str, int] | None = None, *, texts: bool = False) -> Any:  # noqa: ANN401 - a document is untyped until shape has read it
    """Read one document; raise ParseError whose key is `line N` for anything ambiguous.

    Raises LimitError (`json-depth`) for one that is nested too deep.

    `lines` is filled with the line, from 1, of each value by its place: `waivers[0].until`. With it
    a date without quotes is its text: who asks for lines reads a file in which people write dates.
    With `texts` each word without quotes but `null` is its text, `1.10` and `no` among them.
    """
    import yaml  # noqa: PLC0415 - compiles its patterns

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        events = iter(yaml.parse(text, Loader=loader))
        document = _Reader(events, lines, texts=texts).document()
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        words = getattr(problem, "problem", None) or str(problem)
        if words == TOO_DEEP:
            raise depth_met(Limits()) from None
        raise ParseError(str(words), f"line {mark.line + 1}" if mark else "") from None
    except RecursionError:
        raise depth_met(Limits()) from None
    except (UnicodeError, ValueError) as problem:
        raise ParseError(f"not readable as YAML: {problem}") from None
    return document


class _Reader:
    """Builds a document from the events of its text."""

    def __init__(self, events: Iterator[Any], lines: dict[str, int] | None, *, texts: bool) -> None:
        import yaml  # noqa: PLC0415 - see load

        self._yaml = yaml
        self._events = events
        self._lines = lines
        self._limits = Limits()
        self._depth = 0
        self._texts = texts

    def document(self) -> object:
        """Return the one document of the text."""
        document: object = None
        seen = 0
        for event in self._events:
            if isinstance(event, self._yaml.DocumentStartEvent):
                seen += 1
                if seen > 1:
                    raise _refused(event, "holds a second document")
            elif not isinstance(
                event,
                (
                    self._yaml.StreamStartEvent,
                    self._yaml.StreamEndEvent,
                    self._yaml.DocumentEndEvent,
                ),
            ):
                document = self._node(event, "")
        return document

    def _node(self, event: Any, place: str) -> object:  # noqa: ANN401
        if isinstance(event, self._yaml.AliasEvent):
            raise _refused(event, f"uses the alias *{event.anchor}; write the value out")
        if event.anchor:
            raise _refused(event, f"sets the anchor &{event.anchor}; nothing may refer to it")
        if event.tag:
            raise _refused(event, f"uses the tag {event.tag}")
        if self._lines is not None:
            self._lines.setdefault(place, event.start_mark.line + 1)  # keys come behind
        if isinstance(event, self._yaml.ScalarEvent):
            return self._scalar(event)
        self._depth += 1
        if self._depth > self._limits.json_depth:
            raise depth_met(self._limits)
        found = self._collection(event, place)
        self._depth -= 1
        return found

    def _collection(self, event: Any, place: str) -> object:  # noqa: ANN401
        if isinstance(event, self._yaml.SequenceStartEvent):
            items: list[object] = []
            while not isinstance(event := next(self._events), self._yaml.SequenceEndEvent):
                items.append(self._node(event, f"{place}[{len(items)}]"))
            return items
        mapping: dict[str, object] = {}
        while not isinstance(event := next(self._events), self._yaml.MappingEndEvent):
            key = self._node(event, place)
            if not isinstance(key, str):
                raise _refused(event, f"has a key that is no text: {key!r}")
            if key in mapping:
                raise _refused(event, f"has the key {key!r} twice")
            mapping[key] = self._node(next(self._events), f"{place}.{key}" if place else key)
        return mapping

    def _scalar(self, event: Any) -> object:  # noqa: ANN401
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block
            return text
        if self._texts:
            return text if text not in _NOTHING else None
        if text in _PLAIN:
            return _PLAIN[text]
        if _INTEGER.match(text):
            if len(text) > _DIGITS:
                raise _refused(event, f"has a number of {len(text):,} digits")
            return int(text)
        if self._lines is not None and _DATE.fullmatch(text):
            return text
        if not text or _SURPRISE.fullmatch(text):
            raise _refused(event, f"has {text!r} without quotes, which YAML readers disagree about")
        return text


def _refused(event: Any, problem: str) -> ParseError:  # noqa: ANN401
    return ParseError(problem, f"line {event.start_mark.line + 1}")
