"""Files that came, went or changed against an earlier record of what ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.comparing.comparison import ComparedWith, percent
from auditor.model import ByteCount, Fact
from auditor.shipped import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileChangeFact(Fact, frozen=True, kw_only=True):
    """One file, or several whose names differ in a hash alone; `path` as it is, or was."""

    change: ChangeKind
    against: str
    """What it is compared with, in words."""
    expected: bool
    """That is what the maintainers said would ship."""
    kind: str
    """`source maps`, `scripts`, `native code`, …"""
    new_kind: bool
    """Nothing of its kind shipped before."""
    before: ByteCount | None
    after: ByteCount | None
    grown: ByteCount
    """Bytes that it is larger; 0 where it is not."""
    growth: int | None
    """By how many per cent it is larger; None where it was not there, or empty."""


def collect(contents: Contents) -> Iterator[FileChangeFact]:
    """Yield one fact for each change of each comparison."""
    for seen in contents.of(ComparedWith):
        for one in seen.comparison.files:
            grown = (one.after or 0) - (one.before or 0)
            yield FileChangeFact(
                path=one.path,
                change=one.change,
                against=seen.comparison.against,
                expected=seen.expected,
                kind=one.kind,
                new_kind=one.new_kind,
                before=None if one.before is None else ByteCount(one.before),
                after=None if one.after is None else ByteCount(one.after),
                grown=ByteCount(max(grown, 0)),
                growth=percent(one.before or 0, one.after or 0),
            )


COLLECTOR = Collector(name="file-change", fact=FileChangeFact, collect=collect)
