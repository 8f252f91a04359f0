"""How an artifact's size fits to those of the releases before it, as a registry says them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.facts import Collector, Contents
from auditor.model import ByteCount, Fact, MemberType
from auditor.sizehistory import ReleaseSize, Step, growth

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLACK = 1.02
"""What was added may be a little less than the file that was: something else got smaller."""


class SizesSeen(Struct, frozen=True, kw_only=True):
    """What a registry says of the sizes of a package's releases."""

    ecosystem: str
    version: str
    """That of the artifact itself."""
    releases: tuple[ReleaseSize, ...]
    packed: bool
    """The sizes are those of the file that is uploaded, and not of what it unpacks to."""


class SizeHistoryFact(Fact, frozen=True, kw_only=True):
    """The artifact as a whole; `path` is empty. None where the history says too little."""

    version: str
    before_version: str
    """The release before it, in the order of versions."""
    step: Step
    """How far the version is from the one before it."""
    releases: int
    """How many releases say what is usual."""
    usual_percent: int
    """By how many per cent one of them is larger than the one before it: the median."""
    now_percent: int
    """By how many this one is."""
    score: int
    """By how many deviations that is over what is usual, rounded to zero; reckoned from the largest
    of the last five releases where the one before it was smaller."""
    before: ByteCount
    after: ByteCount
    added: ByteCount
    """Bytes that it is larger; 0 where it is not."""
    files_before: int | None
    files_after: int
    packed: bool
    """Sizes are those of the uploaded file; `suspect_size` is not."""
    suspect: str
    """The largest file that is no larger than what was added; empty where nothing was. It may
    have been there before, as a registry does not say which files there were."""
    suspect_size: ByteCount
    said: str
    """What is usual and what is now, in words."""


def collect(contents: Contents) -> Iterator[SizeHistoryFact]:
    """Yield one fact where there are enough releases to tell what is usual."""
    if not contents.of(SizesSeen):
        return
    members = [
        member
        for member in contents.members
        if member.type is not MemberType.DIRECTORY and not member.nested
    ]
    for seen in contents.of(SizesSeen):
        after = (contents.packed or 0) if seen.packed else sum(member.size for member in members)
        found = growth(seen.ecosystem, seen.releases, seen.version, after) if after else None
        if found is None:
            continue
        added = max(after - found.before.size, 0)
        suspects = [one for one in members if added and one.size <= added * _SLACK]
        suspect = max(suspects, key=lambda one: (one.size, one.path), default=None)
        usual, now = _percent(found.usual), _percent(found.now)
        yield SizeHistoryFact(
            path="",
            version=seen.version,
            before_version=found.before.version,
            step=found.step,
            releases=found.releases,
            usual_percent=usual,
            now_percent=now,
            score=int(found.score),
            before=ByteCount(found.before.size),
            after=ByteCount(after),
            added=ByteCount(added),
            files_before=found.before.files,
            files_after=len(members),
            packed=seen.packed,
            suspect=suspect.path if suspect else "",
            suspect_size=ByteCount(suspect.size if suspect else 0),
            said=f"usually {usual:+,} %, now {now:+,} %"
            + (f": {suspect.path} {words.size(suspect.size)}" if suspect else ""),
        )


def _percent(ratio: float) -> int:
    return round(100 * math.expm1(ratio))


COLLECTOR = Collector(name="size-history", fact=SizeHistoryFact, collect=collect)
