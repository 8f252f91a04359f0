"""Extended tar headers: pax records and GNU long names, and what readers disagree about in them.

Rests on IEEE Std 1003.1-2017 (pax), on GNU tar's manual ("Tar Internals"), and on what CPython's
tarfile, Go's archive/tar, node-tar, tar-rs and libarchive make of the same headers: some take the
first of two records, some the last; some forget the first of two headers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.archives import npm_readers
from auditor.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENDING = frozenset({b"x", b"g", b"X", b"L", b"K"})
"""Headers that say something of those behind them: pax, Solaris' pax, GNU long names."""
SPARSE = "GNU.sparse"
"""Stands among the records of a sparse member, whatever its format."""
PAIRS = "GNU.sparse.pairs"
"""The repeated offsets and sizes of format 0.0, joined as format 0.1 writes them."""

_STRUCTURAL = frozenset({"path", "linkpath", "size"})
"""The records that decide on what is unpacked where."""
_SPARSE = frozenset(
    f"GNU.sparse.{key}" for key in "major minor name realsize size numblocks map".split()
)
_KEPT = _STRUCTURAL | _SPARSE | {"uname", "gname"}
_REPEATED = {"GNU.sparse.offset": 0, "GNU.sparse.numbytes": 1}
_OF_SOME = frozenset({"SCHILY.realsize", "SUN.holesdata"})
"""Records that change a member's content for star, Solaris and libarchive alone."""
_CHARSETS = frozenset({"ISO-IR 10646 2000 UTF-8", "BINARY"})
_GOES_ON = "goes on behind its size, where some read on"
_LONGEST_NUMBER = 8
"""Digits of a record's length, and room for the space behind them."""


class Extended:
    """What extended headers have said: of the next member, and of all that follow."""

    __slots__ = ("_every", "_long_name", "_next", "_odd", "_pending", "_said")

    def __init__(self) -> None:
        self._every: dict[str, str] = {}
        self._next: dict[str, str] = {}
        self._odd: dict[str, None] = {}
        self._said: set[str] = set()
        """What pax headers of the next member have set."""
        self._pending = False
        self._long_name = False
        """The next member has a GNU long name."""

    def take(self, typeflag: bytes, data: bytes, padding: bytes = b"") -> Iterator[str]:
        """Take in one header, a GNU long name as the pax record that it equals.

        `padding` fills its last block; CPython's tarfile reads on in it, up to a NUL. Yield what is
        odd about a header for all that follow. Raises ArchiveError for records that
        are malformed.
        """
        self._in_between(typeflag)
        goes_on = padding[:1] not in {b"", b"\0"}
        if typeflag == b"g":
            yield from self._global(data)
            if goes_on:
                yield f"a global header {_GOES_ON}"
            return
        if typeflag in {b"L", b"K"}:
            self._long(data, "path" if typeflag == b"L" else "linkpath")
            goes_on = goes_on and b"\0" not in data
        else:
            self._local(data, solaris=typeflag == b"X")
        if goes_on:
            self._say(f"its extended header {_GOES_ON}")

    def _in_between(self, typeflag: bytes) -> None:
        """Say where an extended header comes between another one and its member."""
        if "size" in self._next:
            self._say("its size stands before another extended header, to which pnpm applies it")
        if self._long_name and typeflag not in {b"L", b"K"}:
            self._say("another extended header follows its long name, which pnpm then forgets")

    @property
    def says_nothing(self) -> bool:
        """True where the next header counts as it stands."""
        return not self._pending and self._every.keys() <= {"comment"}

    def settings(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return what holds for the member whose header comes now, and what is odd about it."""
        if not self._pending:
            return self._every, ()
        settings = {**self._every, **self._next}
        odd = tuple(self._odd)
        self._next, self._odd, self._said = {}, {}, set()
        self._pending = self._long_name = False
        return settings, odd

    def none_left(self) -> None:
        """Raise ArchiveError where a header was for a member that does not come."""
        if self._pending:
            raise ArchiveError("an extended header at the end belongs to no member")

    def _say(self, *odd: str) -> None:
        self._odd.update(dict.fromkeys(odd))

    def _global(self, data: bytes) -> Iterator[str]:
        records, odd = _records(data)
        for key in sorted(records.keys() & _STRUCTURAL):
            yield f"a global header sets the {key} of all members that follow"
        if SPARSE in records:
            yield "a global header makes all members that follow sparse"
        yield from odd
        if self._pending:
            self._say("a global header stands between it and its own, which some then forget")
        self._every.update(records)

    def _long(self, data: bytes, key: str) -> None:
        name, _, rest = data.partition(b"\0")
        self._pending = True
        self._long_name = self._long_name or key == "path"
        if "path" in self._said:
            self._say("a long name follows its extended path, which pnpm keeps for another member")
        if rest.strip(b"\0"):
            self._say(f"its long name for the {key} goes on behind a NUL")
        if not name:
            self._say(f"its long name for the {key} is empty, which some take for none")
            return
        self._merge({key: name.decode("utf-8", "backslashreplace")})

    def _local(self, data: bytes, *, solaris: bool) -> None:
        records, odd = _records(data)
        self._say(*odd)
        if solaris and records.keys() & (_STRUCTURAL | {SPARSE}):
            self._say("its extended header is of Solaris' kind, which some take for a file")
        if lost := sorted(self._said - records.keys()):
            self._say(f"a second extended header lacks its {lost[0]}, which some then forget")
        self._said |= records.keys() & _STRUCTURAL
        self._pending = True
        self._merge(records)

    def _merge(self, records: dict[str, str]) -> None:
        for key in sorted(records.keys() & _STRUCTURAL):
            if self._next.get(key, records[key]) != records[key]:
                self._say(f"two extended headers of one member differ in its {key}")
        self._next.update(records)


def _records(data: bytes) -> tuple[dict[str, str], tuple[str, ...]]:
    r"""Read pax records, `LENGTH KEY=VALUE\n`, the length counting the whole; and what is odd.

    Only what decides on a member is kept, so that many records cost no memory.
    """
    records: dict[str, str] = {}
    odd: dict[str, None] = {}
    pairs: list[str] = []
    start = count = 0
    while start < len(data):
        space = data.find(b" ", start, start + _LONGEST_NUMBER + 1)
        if space < 0 or not data[start:space].isdigit():
            raise ArchiveError("a pax header is malformed: a record without a length")
        end = start + int(data[start:space])
        key, equals, value = data[space + 1 : end].partition(b"=")
        if end > len(data) or not equals or value[-1:] != b"\n":
            raise ArchiveError("a pax header is malformed: a record's length is wrong")
        start = end
        count += 1
        name = key.decode("utf-8", "backslashreplace")
        text = value[:-1].decode("utf-8", "backslashreplace")
        if "\0" in name:
            odd["a key in its pax header goes on behind a NUL"] = None
        if name in _OF_SOME:
            odd[f"its pax header has {name}, which changes its content for some readers"] = None
        if name == "hdrcharset" and text not in _CHARSETS:
            odd["its pax header asks for an encoding of names that few readers know"] = None
        if name.startswith("GNU.sparse."):
            records[SPARSE] = ""
        if name in _REPEATED:
            pairs.append(text if _REPEATED[name] == len(pairs) % 2 else "out of order")
        if name not in _KEPT:
            continue
        text = _value(name, text)
        if name in _STRUCTURAL | _SPARSE and records.get(name, text) != text:
            odd[f"its pax header has its {name} twice: some take the first, some the last"] = None
        records[name] = text
    odd.update(dict.fromkeys(_otherwise(data, records, count)))
    if pairs:
        records[PAIRS] = ",".join(pairs)
    return records, tuple(odd)


def _otherwise(data: bytes, records: dict[str, str], count: int) -> Iterator[str]:
    """Tell where node-tar finds other records; it reads lines, as if no value had a line feed."""
    if data.isascii() and data.count(b"\n") == count:
        return
    theirs = npm_readers.records(data)
    for name in sorted(_STRUCTURAL):
        if records.get(name) != theirs.get(name):
            yield f"its pax header has another {name} for npm, which reads it line by line"


def _value(name: str, text: str) -> str:
    if name == "size" and not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ArchiveError("a pax header is malformed: size is no decimal number")
    if name in _STRUCTURAL and (not text or "\0" in text):  # C stops at NUL, others do not
        raise ArchiveError(f"a pax header is malformed: {name} is empty or holds a NUL")
    return text
