"""The conditions of a rule: what they may say about a fact, and the test that they compile to.

A condition names a field of the fact and compares it. The operators are few and have no
expressions in them, so that whoever reads a rule knows what it finds:

    field: value            equals
    field: [a, b]           is one of
    glob: pattern(s)        path patterns, case ignored: `*` within a part, `**` as any parts
    starts-with, contains   text(s), case ignored; on a list of texts, some text of it
    over, under             a whole number
    listed-in: file         is in a list of rules/data

Several conditions must all hold; `any:` wants one of its groups, `none:` wants none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from auditor.lazyre import regex

Operand = str | int | bool | None
Lists = Mapping[str, frozenset[str]]
Predicate = Callable[[Any], bool]

NO_LISTS: Lists = MappingProxyType({})


class Condition(Struct, frozen=True, kw_only=True):
    """One comparison; `operands` are alternatives."""

    field: str
    operator: str
    operands: tuple[Operand, ...]


class Where(Struct, frozen=True, kw_only=True):
    """Conditions that must all hold, with one group of `any` and no group of `none`."""

    conditions: tuple[Condition, ...] = ()
    any: tuple[Where, ...] = ()
    none: tuple[Where, ...] = ()


def predicate(where: Where, lists: Lists = NO_LISTS) -> Predicate:
    """Compile a tree of conditions into one test of a fact."""
    every = [_condition(condition, lists) for condition in where.conditions]
    some = [predicate(group, lists) for group in where.any]
    never = [predicate(group, lists) for group in where.none]

    def holds(fact: object) -> bool:
        for test in every:
            if not test(fact):
                return False
        for test in never:
            if test(fact):
                return False
        for test in some:
            if test(fact):
                return True
        return not some

    return holds if some or never or len(every) != 1 else every[0]


def _condition(condition: Condition, lists: Lists) -> Predicate:
    name = condition.field
    compare = OPERATORS[condition.operator].compile(condition.operands, lists)

    def holds(fact: object) -> bool:
        return compare(getattr(fact, name))

    return holds


def possible(where: Where, lists: Lists = NO_LISTS) -> Callable[[Mapping[str, object]], bool]:
    """Compile a tree of conditions into a test of what is known of a fact's fields.

    It is False only where the conditions cannot hold, whatever the other fields are.
    """
    outcome = _outcome(where, lists)
    return lambda known: outcome(known) is not False


Outcome = Callable[[Mapping[str, object]], bool | None]
"""Whether conditions hold of what is known; None where the other fields decide."""


def _outcome(where: Where, lists: Lists) -> Outcome:
    every = [_known(condition, lists) for condition in where.conditions]
    some = [_outcome(group, lists) for group in where.any]
    never = [_outcome(group, lists) for group in where.none]

    def holds(known: Mapping[str, object]) -> bool | None:
        met = {test(known) for test in every}
        if some:
            tried = {test(known) for test in some}
            met.add(True if True in tried else None if None in tried else False)
        refused = {test(known) for test in never}
        if False in met or True in refused:
            return False
        return None if None in met or None in refused else True

    return holds


def _known(condition: Condition, lists: Lists) -> Outcome:
    name = condition.field
    compare = OPERATORS[condition.operator].compile(condition.operands, lists)
    return lambda known: compare(known[name]) if name in known else None


class Operator(Struct, frozen=True, kw_only=True):
    """What an operator may be given, and how it compares."""

    operand: type
    """The type of each operand; `object` where any scalar may stand."""
    fields: frozenset[type]
    """The types of field that it can be asked about."""
    single: bool = False
    """True where a list of alternatives makes no sense."""
    compile: Callable[[tuple[Any, ...], Lists], Callable[[Any], bool]]


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return () if value is None else (str(value),)


def _equals(operands: tuple[Any, ...], _: Lists) -> Predicate:
    wanted = frozenset(operands)
    return lambda value: value in wanted


def _starts(operands: tuple[str, ...], _: Lists) -> Predicate:
    heads = tuple(text.lower() for text in operands)
    return lambda value: any(text.lower().startswith(heads) for text in _texts(value))


def _contains(operands: tuple[str, ...], _: Lists) -> Predicate:
    parts = tuple(text.lower() for text in operands)
    return lambda value: any(part in text.lower() for text in _texts(value) for part in parts)


def _over(operands: tuple[int, ...], _: Lists) -> Predicate:
    (bound,) = operands
    return lambda value: value is not None and value > bound


def _under(operands: tuple[int, ...], _: Lists) -> Predicate:
    (bound,) = operands
    return lambda value: value is not None and value < bound


def _listed(operands: tuple[str, ...], lists: Lists) -> Predicate:
    entries = frozenset[str]().union(*(lists[name] for name in operands))
    return lambda value: any(text.lower() in entries for text in _texts(value))


def _glob(operands: tuple[str, ...], _: Lists) -> Predicate:
    matches = Globs(operands).matches
    return lambda value: (
        matches(value) if isinstance(value, str) else any(map(matches, _texts(value)))
    )


_TEXT = frozenset({str, tuple})
_NUMBER = frozenset({int})

OPERATORS: Mapping[str, Operator] = {
    "equals": Operator(operand=object, fields=frozenset({str, int, bool}), compile=_equals),
    "glob": Operator(operand=str, fields=_TEXT, compile=_glob),
    "starts-with": Operator(operand=str, fields=_TEXT, compile=_starts),
    "contains": Operator(operand=str, fields=_TEXT, compile=_contains),
    "over": Operator(operand=int, fields=_NUMBER, single=True, compile=_over),
    "under": Operator(operand=int, fields=_NUMBER, single=True, compile=_under),
    "listed-in": Operator(operand=str, fields=_TEXT, compile=_listed),
}


class _Names:
    """Patterns of one name of which each is a name, the beginning of one, or its end."""

    __slots__ = ("_beginnings", "_ends", "_whole")

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._beginnings: tuple[str, ...] = ()
        self._ends: tuple[str, ...] = ()

    def took(self, pattern: str) -> bool:
        """Take a pattern that is of one of these shapes; tell whether it was."""
        if _is_plain(pattern):
            self._whole.add(pattern)
        elif pattern.endswith("*") and _is_plain(pattern[:-1]):
            self._beginnings += (pattern[:-1],)
        elif pattern.startswith("*") and _is_plain(pattern[1:]):
            self._ends += (pattern[1:],)
        else:
            return False
        return True

    def match(self, name: str) -> bool:
        return name in self._whole or name.startswith(self._beginnings) or name.endswith(self._ends)


def _is_plain(text: str) -> bool:
    return text != "" and _WILD.isdisjoint(text)


_WILD = frozenset("*?[]/")


class Globs:
    """Path patterns as one test, case ignored.

    The common shapes are looked up, not tried in turn: `name`, `name*`, `*.ext` and `folder/**`,
    with `**/` before them or from the root on; the rest is one regular expression, linear in the
    path, which is made for the first path that has what is fixed in a pattern. A leading `**/` also
    matches at the root, and inside nested archives (behind `!`).
    """

    __slots__ = ("_anywhere", "_at_root", "_expression", "_fixed", "_folders", "_rest", "_trees")

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._anywhere = _Names()
        self._at_root = _Names()
        self._folders: set[str] = set()
        self._trees: tuple[str, ...] = ()
        self._rest: list[str] = []
        self._expression: re.Pattern[str] | None = None
        for pattern in (text.lower() for text in patterns):
            inner = pattern.removeprefix("**/")
            somewhere = inner != pattern
            folder = inner.removesuffix("/**")
            if folder != inner and _is_plain(folder):
                if somewhere:
                    self._folders.add(folder)
                else:
                    self._trees += (f"{folder}/",)
            elif not (self._anywhere if somewhere else self._at_root).took(inner):
                self._rest.append(pattern)
        self._fixed = tuple(map(fixed_part, self._rest))

    def matches(self, path: str) -> bool:
        """Tell whether some pattern matches the whole path."""
        lowered, folders, name = _split(path)
        return (
            self._anywhere.match(name)
            or not self._folders.isdisjoint(folders)
            or lowered.startswith(self._trees)
            or (not folders and self._at_root.match(name))
            or (self._rest != [] and self._is_tried(lowered))
        )

    def _is_tried(self, path: str) -> bool:
        if self._expression is None:
            marked = f"/{path}{END}"
            if not any(part in marked for part in self._fixed):
                return False
            self._expression = re.compile("|".join(f"(?:{translate(one)})" for one in self._rest))
        return self._expression.fullmatch(path) is not None


END = "\n"
"""Stands behind a path in which something fixed is searched, as a `/` stands in front of it."""
_VARIED = regex(r"\[!?\]?[^\]]*\]|[*?]+")
"""What may match more than one text: stars, question marks, and classes."""


def fixed_part(pattern: str) -> str:
    """Return the longest text that stands in all that a pattern matches, as `END` says."""
    return max(_VARIED.split(f"/{pattern.lower()}{END}"), key=len)


@lru_cache(maxsize=8)
def _split(path: str) -> tuple[str, frozenset[str], str]:
    """Return a path in lower case, its folders and its last part; asked by each rule in turn."""
    lowered = path.lower().replace("!", "/")
    *folders, name = lowered.split("/")
    return lowered, frozenset(folders), name


def translate(pattern: str) -> str:
    """Return the regular expression of one pattern (`*`, `?`, `**`, `[abc]`, `[!abc]`).

    `**` stands for any parts where it is a whole part, and is a `*` elsewhere, as in gitignore.
    What a `*` or `**` took is never given back (atomic groups), as the first place where the rest
    of a part fits is as good as any later one; so the time is linear in the path for each part.
    """
    groups: list[list[str]] = [[]]
    for part in pattern.split("/"):
        if part == "**":
            groups.append([])
        else:
            groups[-1].append(_part(part))
    first, *rest = groups
    out = "/".join(first)
    if not rest:
        return f"(?s:{out})"
    if first:
        out += "/"
    *middle, last = rest
    for group in filter(None, middle):
        out += f"(?>(?:[^/]*/)*?{'/'.join(group)}/)"
    out += f"(?:[^/]*/)*{'/'.join(last)}" if last else ".*"
    return f"(?s:{out})"


def _part(part: str) -> str:
    """Translate what stands between two slashes."""
    chunks = [""]
    position = 0
    while position < len(part):
        sign = part[position]
        position += 1
        if sign == "*":
            chunks.append("")
        elif sign == "?":
            chunks[-1] += "[^/]"
        elif sign == "[" and (end := _class_end(part, position)) > 0:
            chunks[-1] += _class(part[position:end])
            position = end + 1
        else:
            chunks[-1] += re.escape(sign)
    first, *rest = chunks
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in middle) + f"[^/]*{last}"


def _class_end(part: str, start: int) -> int:
    """Return where a class that begins at `start` ends, -1 where it does not; `[]]` holds `]`."""
    negated = part.startswith("!", start)
    return part.find("]", start + negated + 1)


def _class(body: str) -> str:
    """Translate the inside of `[...]`; no class matches `/`, and a range upside down nothing."""
    negated = body.startswith("!")
    signs = body[1:] if negated else body
    out = ""
    position = 0
    while position < len(signs):
        low = high = signs[position]
        position += 1
        if signs[position : position + 1] == "-" and position + 1 < len(signs):
            high = signs[position + 1]
            position += 2
        if low <= high:
            out += re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}"
    if negated:
        return f"[^/{out}]"
    return f"(?!/)[{out}]" if out else "(?!)"
