"""What was parsed before, as values: parsing our rules costs more than auditing a package.

It is kept in this user's cache folder, and counts as long as neither the files nor the code that
reads them changed, as Python sees it for what it compiles: by names, sizes and times. A wheel of
ours brings that of its own files, which counts by what is in them. Whatever is wrong with what is
kept, it is as if it was not there.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from auditor import __version__
from auditor.limits import MIB
from auditor.sources import keptfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

FOLDER = "rules"
"""What is kept lies there, below the cache folder."""
_LARGEST = 16 * MIB
_CODE = ".py"


class Made(Struct, frozen=True, kw_only=True):
    """Of what a value is made."""

    name: str
    """What tells it from other values of the same files."""
    files: tuple[tuple[Path, str], ...]
    """Folders, each with the ending of the files in it that count."""
    code: tuple[str, ...]
    """The modules that decide what those mean: files or folders of our package."""


class _Kept(Struct, frozen=True, kw_only=True, array_like=True):
    state: str
    value: msgspec.Raw


def value(made: Made, kind: type[T], parse: Callable[[], T]) -> T:
    """Return a value of what is kept, or parse it and keep it; raises what `parse` does."""
    names, states = [made.name], [*_code(made.code)]
    for folder, ending in made.files:
        states.append(str(folder))
        for name, state in sorted(_files(folder, ending)):
            names.append(name)
            states.append(state)
    place = keptfile.folder(FOLDER) / f"{_short(names)}.msgpack"
    state = _short(states)
    data = keptfile.content(place, _LARGEST)
    known = None if data is None else _decoded(data, state, kind)
    if known is None:
        known = parse()
        keptfile.put(place, encoded(state, known))
    return known


def shipped(place: Path, digest: str, kind: type[T]) -> T | None:
    """Return what a wheel brings of files with this digest; None where it has nothing of them.

    It is of one piece with the code that reads it.
    """
    try:
        return _decoded(place.read_bytes(), digest, kind)
    except OSError:
        return None


def encoded(state: str, known: object) -> bytes:
    """Return what is kept, or what a wheel brings: a value, and of what state of the files."""
    inner = msgspec.Raw(msgspec.msgpack.encode(known, order="deterministic"))
    return msgspec.msgpack.encode(_Kept(state=state, value=inner))


def _decoded(data: bytes, state: str, kind: type[T]) -> T | None:
    try:
        kept = msgspec.msgpack.decode(data, type=_Kept)
        return msgspec.msgpack.decode(kept.value, type=kind) if kept.state == state else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _files(folder: str | Path, ending: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a folder with what tells their states apart; none where there is none."""
    try:
        with os.scandir(folder) as found:
            for one in found:
                if one.name.endswith(ending):
                    state = one.stat()
                    yield one.name, f"{state.st_size} {state.st_mtime_ns}"
    except OSError:
        yield "", ""  # whoever reads it says what is wrong


def _code(names: Iterable[str]) -> Iterator[str]:
    """Yield what tells two states of our own code apart."""
    root = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - ten times as quick as a Path
    yield __version__
    for name in names:
        if name.endswith(_CODE):
            state = os.stat(f"{root}/{name}")  # noqa: PTH116 - see above
            yield f"{state.st_size} {state.st_mtime_ns}"
        for folder, _, _ in os.walk(f"{root}/{name}"):
            for pair in sorted(_files(folder, _CODE)):
                yield from pair


def _short(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
