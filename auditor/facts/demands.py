"""What the user's policy demands of what ships; an observation, and no fact of its own."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field


class MapMode(StrEnum):
    """Which source maps may ship."""

    FORBID = "forbid"
    """None at all."""
    NO_CONTENT = "no-content"
    """Those that give no text back, as without a policy."""
    COMPLETE = "complete"
    """Those that give every text back, or name files that ship: users are to read the sources."""
    ALLOW = "allow"
    """All: the sources are public."""


class Budgets(Struct, frozen=True, kw_only=True):
    """The most that one artifact may have, in bytes and files; None for no limit."""

    packed: int | None = None
    unpacked: int | None = None
    files: int | None = None
    file: int | None = None
    """Bytes of its largest file."""


class Demands(Struct, frozen=True, kw_only=True):
    """What rules without a policy cannot know."""

    budgets: Budgets = field(default_factory=Budgets)
    words: tuple[str, ...] = ()
    """Texts that may stand nowhere in what ships."""
    maps: MapMode = MapMode.NO_CONTENT
