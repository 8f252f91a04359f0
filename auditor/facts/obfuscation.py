"""Python that PyArmor or SourceDefender made unreadable: an index refuses such uploads.

The marks are those that the Python Package Index looks for in `.py` and `.pye` files of up to
5 MiB. They are put together here, so that this module does not hold them itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents, Hits, Reader
from auditor.model import Fact, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = (".py", ".pye")
_LARGEST = 5 * 1024 * 1024
_ARMOR = b"__pyarmor"
_CALL = _ARMOR + b"__(__name__, __file__,"
_HOOKS = tuple(_ARMOR + b"_" + word + b"__" for word in (b"enter", b"exit", b"assert", b"bcc"))
_BEGIN, _END = (b"---" + word + b" PYE FILE---" for word in (b"BEGIN", b"END"))


class ObfuscationFact(Fact, frozen=True, kw_only=True):
    """One obfuscated file; `line` is where the first mark stands."""

    tool: str
    """`PyArmor` or `SourceDefender`."""
    nested: bool
    """It lies in an archive that the artifact holds, where the index does not look."""


def read(member: Member, data: bytes, hits: Hits) -> Iterator[ObfuscationFact]:
    """Leave a fact where the marks of a tool stand: one of PyArmor's, both of SourceDefender's."""
    if not member.path.lower().endswith(_ENDINGS) or len(data) > _LARGEST:
        return
    first: dict[bytes, int] = {}
    for mark, offset in hits:
        first[mark] = min(offset, first.get(mark, offset))
    armor = [offset for mark, offset in first.items() if mark in {_CALL, *_HOOKS}]
    if armor:
        yield _fact(member, data, min(armor), "PyArmor")
    if _BEGIN in first and _END in first:
        yield _fact(member, data, first[_BEGIN], "SourceDefender")


def _fact(member: Member, data: bytes, offset: int, tool: str) -> ObfuscationFact:
    return ObfuscationFact(
        path=member.path,
        line=data.count(b"\n", 0, offset) + 1,
        tool=tool,
        nested=member.nested,
    )


def collect(contents: Contents) -> Iterator[ObfuscationFact]:
    """Yield what the reader found."""
    yield from contents.of(ObfuscationFact)


READER = Reader(anchors=frozenset({_CALL, *_HOOKS, _BEGIN, _END}), read=read)
COLLECTOR = Collector(name="obfuscation", fact=ObfuscationFact, collect=collect)
