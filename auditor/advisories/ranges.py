"""Which versions a record is about: its list and ranges, as the OSV schema evaluates them.

Rests on docs/schema.md of ossf/osv-schema, "Evaluation". The order of versions is that of the
ecosystem: semver.org 2.0 for ranges of that type and for the ecosystems that keep to it, as npm
reads versions; PEP 440 for PyPI, where what is no version of PEP 440 comes before all that are.
For others a list of versions has an answer and a range has none, unless it is of all versions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct

from auditor import pep
from auditor.advisories.versions import same_version
from auditor.lazyre import regex
from auditor.npm_ranges import precedence

GIT = "GIT"
SEMVER = "SEMVER"
KINDS = ("introduced", "fixed", "last_affected", "limit")
"""What an event of a range can say."""
_INTRODUCED, _FIXED, _LAST, _LIMIT = KINDS
_FIRST = "0"
"""Before each other version."""
_ENDLESS = "*"
_SEMVER_LIKE = frozenset({"npm", "golang", "cargo", "hex", "pub", "swift", "jsr", "deno"})
"""Ecosystems whose own order is that of semver.org."""
_LONGEST = 256
_PARTIAL = regex(r"[v=\s]*(\d+)(?:\.(\d+))?(?!\.?\d)(.*)\Z", re.DOTALL)
_PARTS = regex(r"\d{1,18}|[a-z]+")

Range = tuple[str, tuple[tuple[str, str], ...]]
"""The type of a range, and its events in their order: kind and version."""
Key = Any
"""What versions of one order are compared by."""
Order = Callable[[str], Key | None]
_Timeline = list[tuple[Key | None, str, str]]


class Scope(StrEnum):
    """By what a version is one that a record is about, the most certain first."""

    LISTED = "listed"
    """The record names it."""
    BOUNDED = "bounded"
    """It lies in a range that ends."""
    OPEN = "open"
    """It lies in a range that begins somewhere and has no end."""
    ALL = "all"
    """The record is of all versions."""
    UNKNOWN = "unknown"
    """It may lie in a range whose order of versions is not known."""


_RANK = {scope: rank for rank, scope in enumerate(Scope)}


class Spec(Struct, frozen=True, kw_only=True):
    """Which versions of a package a record is about."""

    versions: frozenset[str] = frozenset()
    ranges: tuple[Range, ...] = ()


EVERY = Spec(ranges=((SEMVER, ((_INTRODUCED, _FIRST),)),))
"""Of all versions: what most records of malicious packages say."""


def encoded(versions: frozenset[str], ranges: tuple[Range, ...]) -> str:
    """Return the text that lies in the database; empty for all versions without a list."""
    if not versions and all(_is_every(one) for one in ranges):
        return ""
    return json.dumps([sorted(versions), ranges], ensure_ascii=False, separators=(",", ":"))


def decoded(text: str) -> Spec:
    """Return what a text in the database says; raise ValueError for one that is none."""
    if not text:
        return EVERY
    try:
        versions, spans = json.loads(text)
        found = Spec(
            versions=frozenset(versions),
            ranges=tuple((kind, tuple((e, v) for e, v in events)) for kind, events in spans),
        )
    except (TypeError, RecursionError):
        raise ValueError("is no list of versions and ranges") from None
    said = (*versions, *(t for _, events in found.ranges for event in events for t in event))
    if not all(isinstance(one, str) for one in said):
        raise ValueError("has a version that is no text")
    return found


def _is_every(one: Range) -> bool:
    return all(event == (_INTRODUCED, _FIRST) for event in one[1]) and bool(one[1])


def scope_of(ecosystem: str, spec: Spec, version: str) -> Scope | None:
    """Return by what a version is one that a record is about; None where it is none.

    `version` is as a lockfile spells it. An empty one, and one that the order does not know, are
    in a range of all versions alone.
    """
    if version and same_version(ecosystem, version) in spec.versions:
        return Scope.LISTED
    found = (_in_range(ecosystem, one, version) for one in spec.ranges)
    return min((s for s in found if s is not None), key=_RANK.__getitem__, default=None)


def _in_range(ecosystem: str, one: Range, version: str) -> Scope | None:
    if _is_every(one):
        return Scope.ALL
    kind, events = one
    order = order_of(ecosystem, kind) if version else None
    if order is None:
        return Scope.UNKNOWN if version else None
    have = order(version)
    if have is None or not _before_limits(events, order, have):
        return None
    timeline = _timeline(events, order)
    return Scope.UNKNOWN if timeline is None else _at(timeline, events, have)


def _at(timeline: _Timeline, events: tuple[tuple[str, str], ...], have: Key) -> Scope | None:
    since = _since(timeline, have)
    if not since:
        return None
    ends = any(what == _LIMIT and value != _ENDLESS for what, value in events) or any(
        (what == _FIXED and at > have) or (what == _LAST and at >= have) for at, what, _ in timeline
    )
    return Scope.BOUNDED if ends else Scope.ALL if since == _FIRST else Scope.OPEN


def _before_limits(events: tuple[tuple[str, str], ...], order: Order, have: Key) -> bool:
    limits = [value for what, value in events if what == _LIMIT]
    if not limits or _ENDLESS in limits:
        return True
    return any(at is None or have < at for at in map(order, limits))


def _timeline(events: tuple[tuple[str, str], ...], order: Order) -> _Timeline | None:
    """Return the events by their versions, None standing for before all; None for no order.

    Of two at one version the record's own order counts, as in `fixed 2, introduced 2`.
    """
    first: _Timeline = []
    rest: list[tuple[Any, str, str]] = []
    for what, value in events:
        if what == _LIMIT:
            continue
        if what == _INTRODUCED and value == _FIRST:
            first.append((None, what, value))
            continue
        at = order(value)
        if at is None:
            return None
        rest.append((at, what, value))
    rest.sort(key=lambda event: event[0])
    return [*first, *rest]


def _since(timeline: _Timeline, have: Key) -> str:
    """Return the version that a range was introduced with and that still counts; empty for none."""
    since = ""
    for at, what, value in timeline:
        if what == _INTRODUCED:
            if at is None or have >= at:
                since = since or value
        elif (what == _FIXED and have >= at) or (what == _LAST and have > at):
            since = ""
    return since


def order_of(ecosystem: str, kind: str) -> Order | None:
    """Return what versions are compared by in ranges of a type; None where that is not known."""
    if ecosystem == "pypi":
        return pep440
    if kind == SEMVER or ecosystem in _SEMVER_LIKE:
        return semver
    return None


@lru_cache(maxsize=16384)
def semver(text: str) -> Key | None:
    """Return a version's place in the order of semver.org; missing numbers are zeros."""
    found = precedence(text)
    if found is None and len(text) <= _LONGEST and (partial := _PARTIAL.match(text.strip())):
        found = precedence(f"{partial[1]}.{partial[2] or 0}.0{partial[3]}")
    return found


@lru_cache(maxsize=16384)
def pep440(text: str) -> Key | None:
    """Return a version's place in the order of PEP 440; what is none comes before those."""
    if len(text) > _LONGEST:
        return None
    try:
        return 1, pep.version(text)
    except ValueError:  # InvalidVersion: numbers of thousands of digits are longer
        parts = _PARTS.findall(text.lower())
        return 0, tuple((1, int(p), "") if p.isdigit() else (0, 0, p) for p in parts)
