"""package.json, read once for every fact that judges it; no fact of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor.errors import InputError
from auditor.facts import Contents, Hits, Reader, Unread
from auditor.lazyre import regex
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.limits import Limits
    from auditor.model import Member

MANIFEST = "package.json"
_COLON = regex(r"\s*:")


class ManifestSeen(Struct, frozen=True, kw_only=True):
    """The package.json at an artifact's root."""

    document: dict[str, Any]
    text: str

    def line(self, *keys: str) -> int:
        """Return the line, from 1, on which a nested key stands; the last one found on the way."""
        position = 0
        for key in keys:
            found = self._key(f'"{key}"', position)
            if found < 0:
                break
            position = found
        return self.text.count("\n", 0, position) + 1

    def _key(self, spelled: str, start: int) -> int:
        """Return where a key stands with a colon behind it, -1 for nowhere."""
        found = self.text.find(spelled, start)
        while found >= 0 and not _COLON.match(self.text, found + len(spelled)):
            found = self.text.find(spelled, found + 1)
        return found


def read(
    member: Member, data: bytes, _: Hits, limits: Limits | None = None
) -> Iterator[ManifestSeen | Unread]:
    """Leave the manifest, or say why it cannot be read."""
    try:
        document = json_object(data, limits)
    except InputError as problem:
        yield Unread(path=member.path, reason=f"the manifest cannot be read: {problem}")
        return
    yield ManifestSeen(document=document, text=data.decode("utf-8", "replace"))


def manifest_of(contents: Contents) -> ManifestSeen | None:
    """Return the artifact's package.json; the last where there are several, as npm takes it."""
    seen = contents.of(ManifestSeen)
    return seen[-1] if seen else None


def _reader(limits: Limits | None = None) -> Reader:
    return Reader(
        endings=frozenset({"json"}),
        wants=lambda member: member.path == MANIFEST,
        read=partial(read, limits=limits),
        within=_reader,
    )


READER = _reader()
