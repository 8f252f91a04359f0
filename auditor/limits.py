"""What untrusted input may cost: the limits, and the budget that one audit spends."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from auditor.errors import LimitError, UsageError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
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
    matches: int = 100_000
    """Places in one member where one content pattern is tried."""
    history_states: int = 50_000
    """Different contents of lockfiles in the history of one repository."""


RATIO_FLOOR = 64 * MIB
"""Below this many inflated bytes the ratio is not judged: small repetitive text is normal."""


def option_name(field: str) -> str:
    """Return the spelling of a limit's name on the command line."""
    return field.replace("_", "-")


def with_changes(limits: Limits, changes: tuple[str, ...]) -> Limits:
    """Apply `NAME=VALUE` texts; raise UsageError for an unknown name or a value below 1."""
    known = {option_name(field.name): field.name for field in fields(Limits)}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in known:
            raise UsageError(f"--limit {name!r} is not known; there are {', '.join(known)}")
        if not value.isascii() or not value.isdigit() or len(value) > 18 or int(value) < 1:
            raise UsageError(f"--limit {name} takes a whole number from 1, not {value[:30]!r}")
        limits = replace(limits, **{known[name]: int(value)})
    return limits


class Budget:
    """What one target has spent so far; shared by all archives nested inside it."""

    __slots__ = ("_members", "_unpacked", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._members = 0
        self._unpacked = 0

    def inflate(self, count: int, packed: int, inflated: int) -> None:
        """Spend `count` more bytes of a stream that gave `inflated` bytes for `packed` so far.

        The ratio is the stream's own: what else was inflated for the target says nothing of it.
        """
        self.take(count)
        if inflated > RATIO_FLOOR and inflated > self.limits.ratio * max(packed, 1):
            raise LimitError("ratio", self.limits.ratio, inflated // max(packed, 1), "to 1")

    def take(self, count: int) -> None:
        """Spend `count` bytes that lie on disk as they are."""
        self._unpacked += count
        if self._unpacked > self.limits.unpacked_bytes:
            raise LimitError("unpacked-bytes", self.limits.unpacked_bytes, self._unpacked, "bytes")

    def member(self) -> None:
        """Spend one member."""
        self._members += 1
        if self._members > self.limits.members:
            raise LimitError("members", self.limits.members, self._members)
