"""The texts that ship, by which embedded sources are recognised; no fact of its own."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts.file import each_kind
from auditor.maps import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model import Member

KINDS = frozenset({"scripts", "types and sources", "styles"})
"""What a map could give back, by the kind of the file (`file.kind_of`)."""


class TextSeen(Struct, kw_only=True, gc=False, eq=False):
    """One text that ships, told by its digest."""

    path: str
    known: bytes = b""
    """The digest; empty until somebody asks. Without a map and a wheel's sdist nobody does."""
    text: bytes = b""
    """What is to be digested then."""

    @property
    def digest(self) -> bytes:
        """What `reader.text_digest` makes of it."""
        if not self.known:
            self.known, self.text = reader.text_digest(self.text), b""
        return self.known

    def __eq__(self, other: object) -> bool:
        """Compare path and digest, whether that was asked for or not."""
        if not isinstance(other, TextSeen):
            return NotImplemented
        return (self.path, self.digest) == (other.path, other.digest)

    def __hash__(self) -> int:
        """Hash what is compared."""
        return hash((self.path, self.digest))


def quiet(members: Sequence[Member], contents: Sequence[bytes]) -> Iterator[TextSeen]:
    """Leave the digests of texts in which there is nothing of a map."""
    paths, texts = _texts(members, contents)
    for path, digest in zip(paths, reader.text_digests(texts), strict=True):
        yield TextSeen(path=path, known=digest)


def late(members: Sequence[Member], contents: Sequence[bytes]) -> list[TextSeen]:
    """Leave such texts, to be digested once somebody asks."""
    paths, texts = _texts(members, contents)
    return [TextSeen(path=path, text=text) for path, text in zip(paths, texts, strict=True)]


def _texts(members: Sequence[Member], contents: Sequence[bytes]) -> tuple[list[str], list[bytes]]:
    """Return the paths and contents of those that a map could give back."""
    paths = [member.path for member in members]
    are_texts = [kind in KINDS for kind in each_kind(paths)]
    return [*compress(paths, are_texts)], [*compress(contents, are_texts)]
