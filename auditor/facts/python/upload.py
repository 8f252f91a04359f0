"""A wheel or sdist in the numbers that an index compares before it takes the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.model import ArtifactKind, ByteCount, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class UploadFact(Fact, frozen=True, kw_only=True):
    """The file that would be uploaded; `path` is empty."""

    packed: ByteCount
    """The file itself."""
    unpacked: ByteCount
    """What its members say that they unpack to, those of nested archives left out."""
    zip: bool
    """A wheel, or an old sdist: the formats whose ratio an index looks at."""
    ratio: int
    """Unpacked bytes per packed byte, rounded up; so it is over N exactly when the ratio is."""


def collect(contents: Contents) -> Iterator[UploadFact]:
    """Yield the one fact of a wheel or sdist whose size is known."""
    if contents.kind not in {ArtifactKind.WHEEL, ArtifactKind.SDIST} or not contents.packed:
        return
    unpacked = sum(member.size for member in contents.members if not member.nested)
    yield UploadFact(
        path="",
        packed=ByteCount(contents.packed),
        unpacked=ByteCount(unpacked),
        zip=contents.kind is ArtifactKind.WHEEL or contents.file.endswith(".zip"),
        ratio=-(-unpacked // contents.packed),
    )


COLLECTOR = Collector(name="upload", fact=UploadFact, collect=collect, python=True)
