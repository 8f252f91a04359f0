"""How large the whole artifact is, and what takes the space: what size rules compare."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.file import Own, own
from auditor.model import ByteCount, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class SizeFact(Fact, frozen=True, kw_only=True):
    """An artifact in numbers; `path` is empty, and what nested archives hold is not added."""

    unpacked: ByteCount
    """All members together, as they lie on a disk after unpacking."""
    packed: ByteCount | None
    """The artifact's own file; None for a folder."""
    files: int
    """Members that are no folder."""
    maps: ByteCount
    """What source maps take of `unpacked`, told by their names (see `kind_of`)."""
    map_share: int
    """`maps` of `unpacked` in whole per cent, rounded down."""
    native_share: int
    """The same for native code, which no packing option makes smaller."""
    largest: str
    """Path of the largest member; of equal ones the first by path. Empty without members."""
    largest_size: ByteCount


def collect(contents: Contents) -> Iterator[SizeFact]:
    """Yield the one fact of an artifact."""
    files = own(contents)
    unpacked, most = sum(files.sizes), max(files.sizes, default=0)
    largest = min(compress(files.paths, map(most.__eq__, files.sizes)), default="")
    maps, native = (_of_kind(files, kind) for kind in ("source maps", "native code"))
    yield SizeFact(
        path="",
        unpacked=ByteCount(unpacked),
        packed=None if contents.packed is None else ByteCount(contents.packed),
        files=len(files.paths),
        maps=ByteCount(maps),
        map_share=_share(maps, unpacked),
        native_share=_share(native, unpacked),
        largest=largest,
        largest_size=ByteCount(most),
    )


def _of_kind(files: Own, kind: str) -> int:
    """Return the bytes of all files of a kind."""
    if kind not in files.kinds:
        return 0
    return sum([size for size, its in zip(files.sizes, files.kinds, strict=True) if its == kind])


def _share(part: int, whole: int) -> int:
    return 100 * part // whole if whole else 0


COLLECTOR = Collector(name="size", fact=SizeFact, collect=collect)
