"""The texts that ship, by their digests: what sources of maps, and other artifacts, are told by."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts import Held
from auditor.facts.file import each_kind
from auditor.maps import reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.facts import Contents
    from auditor.model import Member

TEXT_KINDS = frozenset({"scripts", "types and sources", "styles"})
"""The kinds of files that are such texts (`facts.file`)."""


class TextSeen(Struct, frozen=True, kw_only=True, gc=False):
    """The digest of one text that ships, by which an embedded source is recognised."""

    path: str
    digest: bytes


class TextsSeen(Held, kw_only=True):
    """Some texts, which are digested as soon as there is one that is looked for among them."""

    digested: tuple[TextSeen, ...] = ()

    def settle(self) -> None:
        """Digest the texts that it holds."""
        paths = [member.path for member in self.members]
        are_texts = [kind in TEXT_KINDS for kind in each_kind(paths)]
        digests = reader.text_digests([*compress(self.contents, are_texts)])
        found = zip(compress(paths, are_texts), digests, strict=True)
        self.digested += tuple([TextSeen(path=path, digest=digest) for path, digest in found])
        self.members = self.contents = ()


def digested(member: Member, data: bytes) -> TextsSeen:
    """Return one text by its digest: it may be large, so that it is not held."""
    text = TextSeen(path=member.path, digest=reader.text_digest(data))
    return TextsSeen(members=(), contents=(), digested=(text,))


def quiet(members: Sequence[Member], contents: Sequence[bytes]) -> tuple[TextsSeen]:
    """Return small files as they are, of which some are texts."""
    return (TextsSeen(members=members, contents=contents),)


def texts_of(contents: Contents) -> list[TextSeen]:
    """Return the digests of all texts that ship, in the order in which they were read."""
    seen = contents.of(TextsSeen)
    for some in seen:
        some.settle()
    return [text for some in seen for text in some.digested]
