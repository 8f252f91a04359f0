"""What untrusted input may cost: the limits, and the budget that one audit spends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import LimitError, SpentError, UsageError

T = TypeVar("T")

MIB = 1024 * 1024
_STRIDE = 64
"""Looks at the clock for one look at the memory, which costs twenty times as much."""
_FEW = 16
"""Members for one look at the clock: each costs less than the look."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits by name; each is an integer that `--limit NAME=VALUE` changes.

    The defaults lie between what registries accept and what other readers refuse.
    """

    archive_bytes: int = 512 * MIB
    """The archive as it lies on disk."""
    download_seconds: int = 300
    """One archive that comes from a registry."""
    unpacked_bytes: int = 2048 * MIB
    """All that is inflated for one target, nested archives together."""
    ratio: int = 200
    """Inflated bytes per packed byte, once more than 64 MiB are inflated."""
    members: int = 100_000
    """Members of one target, nested archives together."""
    member_bytes: int = 128 * MIB
    """The largest member that is looked into; a larger one is listed, with a gap."""
    nesting: int = 3
    """Archives inside archives."""
    path_depth: int = 1024
    """Folders in one member's path."""
    header_bytes: int = MIB
    """One PAX or long-name header."""
    text_bytes: int = 64 * MIB
    """One document that is read as a whole: JSON, YAML, TOML, lines. Source maps are none."""
    json_depth: int = 100
    """Objects and lists inside one another in a document; no tool writes more, 200 can be read."""
    yaml_aliases: int = 10_000
    """Values that the aliases of one YAML document stand for."""
    matches: int = 100_000
    """Places in one member where one content pattern is tried."""
    history_states: int = 50_000
    """Different contents of lockfiles in the history of one repository."""
    seconds: int = 600
    """The time for one artifact, lockfile, cache or history of a repository, without what other
    programs and registries take. Large real ones take a few seconds: who meets this limit has been
    given something to be slow with."""
    memory: int = 2048
    """MiB that this process may hold, where the system says how many it holds (Linux)."""


_MOST = {"json_depth": 200}
"""What parsers and what walks their trees can follow, whatever is asked for."""

RATIO_FLOOR = 64 * MIB
"""Below this many inflated bytes the ratio is not judged: small repetitive text is normal."""


def option_name(field: str) -> str:
    """Return the spelling of a limit's name on the command line."""
    return field.replace("_", "-")


def with_changes(limits: Limits, changes: tuple[str, ...]) -> Limits:
    """Apply `NAME=VALUE` texts; raise UsageError for an unknown name or a value below 1."""
    known = {option_name(field): field for field in Limits.__struct_fields__}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in known:
            raise UsageError(f"--limit {name!r} is not known; there are {', '.join(known)}")
        if not value.isascii() or not value.isdigit() or len(value) > 18 or int(value) < 1:
            raise UsageError(f"--limit {name} takes a whole number from 1, not {value[:30]!r}")
        most = _MOST.get(known[name])
        if most is not None and int(value) > most:
            raise UsageError(f"--limit {name} takes at most {most:,}: no more can be read")
        limits = replace(limits, **{known[name]: int(value)})
    return limits


def _stands() -> float:
    return 0


class Gauges(Struct, frozen=True, kw_only=True):
    """How time and memory are read; by default both stand still, so that nothing is spent."""

    clock: Callable[[], float] = _stands
    """Seconds, from any beginning, that never go back."""
    memory: Callable[[], float] = _stands
    """MiB that this process holds."""


class Budget:
    """What one target has spent so far; shared by all archives nested inside it."""

    __slots__ = ("_gauges", "_looks", "_members", "_start", "_unpacked", "limits")

    def __init__(self, limits: Limits, gauges: Gauges | None = None) -> None:
        self.limits = limits
        self._gauges = gauges or Gauges()
        self._start = self._gauges.clock()
        self._looks = 0
        self._members = 0
        self._unpacked = 0

    def check(self) -> None:
        """Raise SpentError where the time is over, or the memory full.

        For every loop that untrusted input drives; it costs a tenth of a microsecond.
        """
        taken = self._gauges.clock() - self._start
        if taken > self.limits.seconds:
            raise SpentError("seconds", self.limits.seconds, math.ceil(taken))
        if self._looks % _STRIDE == 0:
            held = self._gauges.memory()
            if held > self.limits.memory:
                raise SpentError("memory", self.limits.memory, math.ceil(held), "MiB")
        self._looks += 1

    def watched(self, things: Iterable[T], every: int = 1) -> Iterator[T]:
        """Yield what an iterable has, with a check before each, or before some; raises SpentError.

        `every` is for things that cost less than the look at the clock.
        """
        left = 0
        for thing in things:
            if not left:
                self.check()
                left = every
            left -= 1
            yield thing

    def inflate(self, count: int, packed: int, inflated: int) -> None:
        """Spend `count` more bytes of a stream that gave `inflated` bytes for `packed` so far.

        The ratio is the stream's own: what else was inflated for the target says nothing of it.
        """
        self.take(count)
        if inflated > RATIO_FLOOR and inflated > self.limits.ratio * max(packed, 1):
            raise LimitError("ratio", self.limits.ratio, inflated // max(packed, 1), "to 1")

    def take(self, count: int) -> None:
        """Spend `count` bytes that lie on disk as they are."""
        self.check()
        self._unpacked += count
        if self._unpacked > self.limits.unpacked_bytes:
            raise LimitError("unpacked-bytes", self.limits.unpacked_bytes, self._unpacked, "bytes")

    def has_room(self, count: int, size: int = 0) -> bool:
        """Tell whether as many more members are allowed, and as many bytes of them."""
        return (
            self._members + count <= self.limits.members
            and self._unpacked + size <= self.limits.unpacked_bytes
        )

    def member(self, count: int = 1) -> None:
        """Spend members; every few of them are a reason to look at the time."""
        self._members += count
        if count > 1 or self._members % _FEW == 1:
            self.check()
        if self._members > self.limits.members:
            raise LimitError("members", self.limits.members, self._members)
