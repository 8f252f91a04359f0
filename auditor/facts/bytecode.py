"""Compiled Python: which source it was made from, on whose machine, and whether that ships.

The header is that of PEP 3147 and PEP 552. Behind it lies a marshal stream, which is never loaded:
a wrong one crashes the interpreter. It is searched for the one text that counts, the name of the
source file, by the way in which marshal writes a text (its type, its length, its bytes).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import buildpaths
from auditor.facts import Collector, Contents, Hits, Reader
from auditor.lazyre import regex
from auditor.model import ByteCount, Fact, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = (".pyc", ".pyo")
_CACHE = "__pycache__/"
_STARTS = (
    *((3000, "3.0"), (3141, "3.1"), (3160, "3.2"), (3190, "3.3"), (3250, "3.4"), (3320, "3.5")),
    *((3360, "3.6"), (3390, "3.7"), (3400, "3.8"), (3420, "3.9"), (3430, "3.10")),
)
"""The first magic number of each version; from 3.11 on there are 50 for each."""
_PYTHON_3_11 = 3450
_LAST = 4000
_PYTHON_2 = (62000, 62212)
_PYTHON_2_7 = 62171
_FLAGS_FROM = 3390
_SIZE_FROM = 3190
_CODE = frozenset({0x63, 0xE3})
"""A code object, without and with marshal's mark that it can be referred to."""
_SHORT = frozenset(b"zZ\xfa\xda")
"""Types of texts whose length is one byte."""
_LONG = frozenset(b"aAuts\xe1\xc1\xf5\xf4\xf3")
"""Types of texts and, in Python 2, bytes whose length is four bytes, least significant first."""
_MARKED = 0x80
_LONGEST = 1024
_WINDOW = 256
_RAMP = bytes(range(_WINDOW - 1, -1, -1))
"""A window in which each byte is the number of bytes behind it."""
_MOST = 1000
"""Texts ending in `.py` that are looked at: the right one is among the first."""
_SEPARATOR = regex(r"[\\/]")
_ABSOLUTE = regex(r"/|[A-Za-z]:[\\/]|\\\\")


class BytecodeSeen(Struct, frozen=True, kw_only=True):
    """One file of bytecode, by its name or its content."""

    path: str
    size: int
    python: str
    source: str


class BytecodeFact(Fact, frozen=True, kw_only=True):
    """One file of bytecode."""

    size: ByteCount
    python: str
    """The version that it is for, such as `3.11`; empty where the magic number is of none."""
    source: str
    """The source file's name as the compiler was given it; empty where none was found."""
    absolute: bool
    """The source's name is an absolute path."""
    user: str
    """The user name that it shows; empty for none, or one of a build service or image."""
    source_ships: bool
    """The source lies where Python would look for it."""
    detail: str
    """All this in words."""


def read(member: Member, data: bytes, _: Hits) -> Iterator[BytecodeSeen]:
    """Leave what is called `.pyc` or `.pyo`, and what begins like such a file."""
    magic = _magic(data)
    named = member.path.lower().endswith(_ENDINGS)
    if named or magic:
        yield BytecodeSeen(
            path=member.path,
            size=member.size,
            python=python_of(magic),
            source=_source(data, _split(member.path)[1]),
        )


def _magic(data: bytes) -> int:
    """Return the magic number of a file that begins like bytecode; else 0."""
    if data[2:4] != b"\r\n":
        return 0
    magic = int.from_bytes(data[:2], "little")
    if _FLAGS_FROM <= magic < _LAST:
        code, sound = 16, int.from_bytes(data[4:8], "little") < 4
    elif _STARTS[0][0] <= magic < _FLAGS_FROM:
        code, sound = (12 if magic >= _SIZE_FROM else 8), True
    else:
        code, sound = 8, _PYTHON_2[0] <= magic < _PYTHON_2[1]
    return magic if sound and len(data) > code and data[code] in _CODE else 0


def python_of(magic: int) -> str:
    """Return the version of CPython that a magic number belongs to; empty for none."""
    if _PYTHON_2_7 <= magic < _PYTHON_2[1]:
        return "2.7"
    if _PYTHON_3_11 <= magic < _LAST:
        return f"3.{11 + (magic - _PYTHON_3_11) // 50}"
    index = bisect_right(_STARTS, (magic, "~")) - 1
    return _STARTS[index][1] if index >= 0 and magic < _PYTHON_3_11 else ""


def _source(data: bytes, stem: str) -> str:
    """Return the source's name: of the texts that end in a file name like that, the likeliest.

    That is the first path that marshal marked, because each function refers to it; else a name
    that it marked; else the first path, or name. Of a file that was renamed nothing is told: other
    texts that end in `.py` may be the program's own.
    """
    marked = path = alone = ""
    offset = data.find(b".py")
    for _ in range(_MOST):
        if offset < 0:
            break
        end = offset + 3
        begin, kind = _begin(data, end)
        text = data[begin:end].decode("utf-8", "replace")
        *folders, name = _SEPARATOR.split(text)
        if name == f"{stem}.py":
            if folders and kind & _MARKED:
                return text
            if folders:
                path = path or text
            elif kind & _MARKED:
                marked = text
            else:
                alone = text
        offset = data.find(b".py", end)
    return marked or path or alone


def _begin(data: bytes, end: int) -> tuple[int, int]:
    """Return where the text that ends at `end` begins, and its type, by marshal's own count.

    Both are `end` and 0 where no count before it fits. No name of a file holds a NUL, so a count
    of four bytes stands where the last two of them do.
    """
    window = data[max(end - _WINDOW, 0) : end]
    size = len(window)
    ramp = int.from_bytes(_RAMP[_WINDOW - size :], "big")
    same = (int.from_bytes(window, "big") ^ ramp).to_bytes(size, "big")
    at = same.rfind(0, 1, size - 3)
    while at > 0:
        if window[at - 1] in _SHORT and 0 not in window[at + 1 :]:
            return end - size + at + 1, window[at - 1]
        at = same.rfind(0, 1, at)
    at = data.rfind(b"\0\0", max(end - _LONGEST, 3), end)
    if at > 0 and int.from_bytes(data[at - 2 : at], "little") == end - at - 2:
        return (at + 2, data[at - 3]) if data[at - 3] in _LONG else (end, 0)
    return end, 0


def _split(path: str) -> tuple[str, str]:
    """Return the folder where Python looks for the source, with its `/`, and the module's name.

    Both `a.pyc` and `__pycache__/a.cpython-311.opt-1.pyc` are of the module `a`.
    """
    start = max(path.rfind("/"), path.rfind("!")) + 1
    folder, name = path[:start], path[start:]
    above = folder.removesuffix(_CACHE)
    if above != folder and above[-1:] in {"", "/", "!"}:
        return above, name.partition(".")[0]
    return folder, name.rpartition(".")[0] or name


def collect(contents: Contents) -> Iterator[BytecodeFact]:
    """Yield one fact for each file of bytecode."""
    seen = contents.of(BytecodeSeen)
    files = contents.files() if seen else {}
    for one in seen:
        folder, module = _split(one.path)
        ships = f"{folder}{module}.py" in files
        words = (
            one.python and f"for Python {one.python}",
            one.source and f"made from {one.source}",
            "its source ships" if ships else "its source does not ship",
        )
        yield BytecodeFact(
            path=one.path,
            size=ByteCount(one.size),
            python=one.python,
            source=one.source,
            absolute=_ABSOLUTE.match(one.source) is not None,
            user=buildpaths.person_of(one.source),
            source_ships=ships,
            detail=", ".join(filter(None, words)),
        )


READER = Reader(
    endings=frozenset(ending[1:] for ending in _ENDINGS),
    heads=frozenset(
        magic.to_bytes(2, "little") for magic in (*range(_STARTS[0][0], _LAST), *range(*_PYTHON_2))
    ),
    wants=lambda _: True,
    read=read,
)
COLLECTOR = Collector(name="bytecode", fact=BytecodeFact, collect=collect)
