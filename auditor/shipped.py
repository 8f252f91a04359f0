"""What an artifact ships, as a record that outlives it, and how two such records differ.

Imports nothing of ours.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Entry(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, rename={"size": "bytes"}
):
    """One file of an artifact; what nested archives hold is not among them.

    Reports write it as it is, under the names that their schema has.
    """

    path: str
    size: int
    kind: str
    """The plural word of the size breakdown: `scripts`, `source maps`, …"""
    sha256: str = ""
    """Of its content, in hex; empty where nobody asked for it."""


class Power(StrEnum):
    """What a package can do beyond having files."""

    INSTALL_SCRIPT = "install script"
    STARTUP_FILE = "start-up file"
    """Runs whenever Python starts (`.pth`)."""
    DEPENDENCY = "dependency"
    COMMAND = "command"
    ENTRY_POINT = "entry point"
    """What others import or load: `main`, `exports`, groups of entry points."""


class Ability(Struct, frozen=True, kw_only=True):
    """One thing that a package can do, named and with what it is set to."""

    power: Power
    name: str
    value: str = ""


class Shipped(Struct, frozen=True, kw_only=True):
    """What one artifact ships."""

    files: tuple[Entry, ...] = ()
    """By path."""
    abilities: tuple[Ability, ...] = ()
    """By power, then by name."""

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum([entry.size for entry in self.files])


class ChangeKind(StrEnum):
    """What became of something between two records."""

    ADDED = "added"
    REMOVED = "removed"
    GREW = "grew"
    SHRANK = "shrank"
    CHANGED = "changed"
    """It is of the same size, or has none, and is not the same."""

    @property
    def sign(self) -> str:
        """The sign at the beginning of its line in a list of changes."""
        return {"added": "+", "removed": "-"}.get(self.value, "~")


class FileChange(Struct, frozen=True, kw_only=True):
    """One file, or several whose names differ in a hash alone."""

    change: ChangeKind
    path: str
    """As the later record has it; of a removed file as the earlier one has it."""
    kind: str
    before: int | None = None
    """Bytes; None where it was not there."""
    after: int | None = None
    new_kind: bool = False
    """Nothing of its kind shipped before."""


class AbilityChange(Struct, frozen=True, kw_only=True):
    """One thing that a package can do now, cannot do any more, or does another way."""

    change: ChangeKind
    power: Power
    name: str
    before: str = ""
    after: str = ""


class TextChange(Struct, frozen=True, kw_only=True):
    """The difference of one describing text (package.json, METADATA), as unified diff."""

    path: str
    lines: tuple[str, ...]
    left_out: int = 0
    """Lines of the difference that are not among `lines`, as it is too long."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What an artifact ships that an earlier record did not, and the other way round."""

    against: str
    """What it is compared with, in words: `.audit-manifest.json`, `npm:demo@1.0.0`."""
    files_before: int
    files_after: int
    size_before: int
    size_after: int
    files: tuple[FileChange, ...] = ()
    """What matters most first: new kinds, then by how many bytes are new."""
    abilities: tuple[AbilityChange, ...] = ()
    texts: tuple[TextChange, ...] = ()
