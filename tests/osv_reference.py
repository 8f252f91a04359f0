"""The evaluation of the OSV schema, word for word and slow: what the quick one is compared with.

From docs/schema.md of ossf/osv-schema, "Evaluation". Versions are ordered by the libraries `semver`
and `packaging`; what is no version of PEP 440 comes before all that are, by its numbers and words.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import semver
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Event = Mapping[str, str]

FIRST = (0,)
"""The version `0` of `introduced`: before each other version."""


@cache
def order(ecosystem: str, text: str) -> tuple[Any, ...]:
    """Return what a version is compared by."""
    if ecosystem == "npm":
        return 2, semver.Version.parse(text, optional_minor_and_patch=True)
    try:
        return 2, Version(text)
    except InvalidVersion:
        words = re.findall(r"[0-9]+|[a-z]+", text.lower())
        return 1, [
            (w.isdigit(), int(w) if w.isdigit() else 0, w.strip("0123456789")) for w in words
        ]


def is_vulnerable(ecosystem: str, name: str, version: str, record: Mapping[str, Any]) -> bool:
    """Tell whether a package at a version is one that a record is about."""
    if record.get("withdrawn"):
        return False
    for affected in record["affected"]:
        package = affected["package"]
        if (package["ecosystem"], package["name"]) == (ecosystem, name) and (
            _included_in_versions(ecosystem, version, affected.get("versions") or [])
            or _included_in_ranges(ecosystem, version, affected.get("ranges") or [])
        ):
            return True
    return False


def _included_in_versions(ecosystem: str, version: str, versions: list[str]) -> bool:
    have = order(ecosystem, version)
    return any(version == one or have == order(ecosystem, one) for one in versions)


def _included_in_ranges(ecosystem: str, version: str, ranges: list[dict[str, Any]]) -> bool:
    have = order(ecosystem, version)
    for one in ranges:
        if one["type"] != "GIT" and _before_limits(ecosystem, have, one["events"]):
            vulnerable = False
            for event in sorted(one["events"], key=lambda event: _place(ecosystem, event)):
                place = _place(ecosystem, event)
                if "introduced" in event and have >= place:
                    vulnerable = True
                elif ("fixed" in event and have >= place) or (
                    "last_affected" in event and have > place
                ):
                    vulnerable = False
            if vulnerable:
                return True
    return False


def _before_limits(ecosystem: str, have: tuple[Any, ...], events: list[Event]) -> bool:
    limits = [event["limit"] for event in events if "limit" in event]
    return not limits or any(one == "*" or have < order(ecosystem, one) for one in limits)


def _place(ecosystem: str, event: Event) -> tuple[Any, ...]:
    if event.get("introduced") == "0" or "limit" in event:
        return FIRST
    ((_, version),) = event.items()
    return order(ecosystem, version)


def tried(affected: Mapping[str, Any]) -> Iterator[str]:
    """Yield versions to ask about: those that are named, and the boundaries with what is beside."""
    yield from affected.get("versions") or ()
    for one in affected.get("ranges") or ():
        for event in one["events"] if one["type"] != "GIT" else ():
            for version in event.values():
                if version != "*":
                    yield version
                    yield from _beside(version)
    yield from ("0.0.0", "1.0.0", "999999.0.0")


def _beside(version: str) -> Iterator[str]:
    """Yield the versions around one: the last number one less and one more, and a prerelease."""
    found = re.fullmatch(r"((?:\d+\.)*)(\d+)", version)
    if found:
        number = int(found[2])
        for other in {max(number - 1, 0), number + 1}:
            yield f"{found[1]}{other}"
        if version.count(".") == 2:
            yield f"{version}-rc.1"
