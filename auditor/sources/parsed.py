"""What was parsed before, as values: parsing our rules costs more than auditing a package.

A wheel of ours brings that of its own files. Of any other folders, such as a user's, or those of a
checkout, it is kept in this user's cache folder, and counts as long as the files say the same and
the code that reads them is the same. Whatever is wrong with what is kept, it is as if it was not
there.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from auditor import __version__
from auditor.limits import MIB
from auditor.sources import keptfile

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FOLDER = "rules"
"""What is kept lies there, below the cache folder."""
_LARGEST = 16 * MIB


class Made(Struct, frozen=True, kw_only=True):
    """Of what a value is made."""

    files: str
    """The names of the files: of the same ones the last state alone is kept."""
    digest: str
    """Of what is in them."""
    code: tuple[str, ...]
    """The modules that decide what that means: files or folders of our package."""


class _Kept(Struct, frozen=True, kw_only=True, array_like=True):
    digest: str
    code: str
    value: msgspec.Raw


def value(made: Made, kind: type[T], shipped: Path, parse: Callable[[], T]) -> T:
    """Return a value of what is kept, or parse it and keep it; raises what `parse` does.

    `shipped` is where a wheel has it.
    """
    try:
        known = _decoded(shipped.read_bytes(), made.digest, "", kind)
    except OSError:
        known = None
    if known is not None:
        return known
    place = keptfile.folder(FOLDER) / f"{_short(made.files)}.msgpack"
    code = _code(made.code)
    data = keptfile.content(place, _LARGEST)
    known = None if data is None else _decoded(data, made.digest, code, kind)
    if known is None:
        known = parse()
        keptfile.put(place, _encoded(made.digest, code, known))
    return known


def to_ship(made: Made, known: object) -> bytes:
    """Return what a wheel brings: it is of one piece with the code that reads it."""
    return _encoded(made.digest, "", known)


def _encoded(digest: str, code: str, known: object) -> bytes:
    inner = msgspec.Raw(msgspec.msgpack.encode(known, order="deterministic"))
    return msgspec.msgpack.encode(_Kept(digest=digest, code=code, value=inner))


def _decoded(data: bytes, digest: str, code: str, kind: type[T]) -> T | None:
    try:
        kept = msgspec.msgpack.decode(data, type=_Kept)
        if (kept.digest, kept.code) != (digest, code):
            return None
        return msgspec.msgpack.decode(kept.value, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _code(names: tuple[str, ...]) -> str:
    """Return what tells two states of our own code apart, as Python does for what it compiles."""
    root = Path(__file__).parents[1]
    state = [__version__]
    with suppress(OSError):
        for name in names:
            if name.endswith(".py"):
                state.append(_state(root / name))
            for folder, _, files in os.walk(root / name):
                every = (Path(folder, file) for file in sorted(files) if file.endswith(".py"))
                state += [_state(path) for path in every]
    return _short("\n".join(state))


def _state(path: Path) -> str:
    found = path.stat()
    return f"{path.name} {found.st_size} {found.st_mtime_ns}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
