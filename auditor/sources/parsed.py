"""What was parsed before, as values: parsing our rules costs more than auditing a package.

It is kept in this user's cache folder, and counts as long as the files say the same and the code
that reads them is the same. Whether they do is told as git tells it: by names, sizes and times
first, and by their digest where one of these is another. A wheel of ours brings that of its own
files. Whatever is wrong with what is kept, it is as if it was not there.
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

    from auditor.incidentfile import Packs
    from auditor.rulebook import Source

    S = TypeVar("S", Source, Packs)

T = TypeVar("T")

FOLDER = "rules"
"""What is kept lies there, below the cache folder."""
_LARGEST = 16 * MIB
_CODE = ".py"
_ROOT = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - ten times as quick as a Path
"""Our package: each installation keeps its own, or two of them would parse in turn for ever."""


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
    """Of the files, as their folders tell it; empty in a wheel."""
    digest: str
    """Of what is in them."""
    code: str
    """The state of the code; empty in a wheel, which is of one piece with it."""
    value: msgspec.Raw


def value(made: Made, kind: type[T], read: Callable[[], S], parse: Callable[[S], T]) -> T:
    """Return a value of what is kept, or parse it and keep it; raises what the two calls do."""
    names, states = [made.name, _ROOT], []
    for folder, ending in made.files:
        states.append(str(folder))
        for name, found in sorted(_files(folder, ending)):
            names.append(name)
            states.append(found)
    place = keptfile.folder(FOLDER) / f"{_short(names)}.msgpack"
    state, code = _short(states), _short(_code(made.code))
    kept = _decoded(keptfile.content(place, _LARGEST), code)
    if kept is not None and kept.state == state and (known := _valued(kept, kind)) is not None:
        return known
    source = read()
    if kept is None or kept.digest != source.digest or (known := _valued(kept, kind)) is None:
        known = parse(source)
    keptfile.put(place, _encoded(state, source.digest, code, known))
    return known


def to_ship(digest: str, known: object) -> bytes:
    """Return what a wheel brings of files with this digest."""
    return _encoded("", digest, "", known)


def shipped(place: Path, digest: str, kind: type[T]) -> T | None:
    """Return what a wheel brings of files with this digest; None where it has nothing of them."""
    try:
        kept = _decoded(place.read_bytes(), "")
    except OSError:
        return None
    return _valued(kept, kind) if kept is not None and kept.digest == digest else None


def _encoded(state: str, digest: str, code: str, known: object) -> bytes:
    inner = msgspec.Raw(msgspec.msgpack.encode(known, order="deterministic"))
    return msgspec.msgpack.encode(_Kept(state=state, digest=digest, code=code, value=inner))


def _decoded(data: bytes | None, code: str) -> _Kept | None:
    """Return what is kept, where it is in order and of this state of the code."""
    if data is None:
        return None
    try:
        kept = msgspec.msgpack.decode(data, type=_Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return kept if kept.code == code else None


def _valued(kept: _Kept, kind: type[T]) -> T | None:
    try:
        return msgspec.msgpack.decode(kept.value, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _files(folder: str | Path, ending: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a folder with what tells their states apart; none where there is none."""
    try:
        with os.scandir(folder) as found:
            for one in found:
                if one.name.endswith(ending):
                    state = one.stat()
                    changed = state.st_ctime_ns  # which nobody can set, unlike the time of writing
                    yield one.name, f"{state.st_size} {state.st_mtime_ns} {changed}"
    except OSError:
        yield "", ""  # whoever reads it says what is wrong


def _code(names: Iterable[str]) -> Iterator[str]:
    """Yield what tells two states of our own code apart."""
    yield __version__
    for name in names:
        if name.endswith(_CODE):
            state = os.stat(f"{_ROOT}/{name}")  # noqa: PTH116 - see above
            yield f"{state.st_size} {state.st_mtime_ns}"
        for folder, _, _ in os.walk(f"{_ROOT}/{name}"):
            for pair in sorted(_files(folder, _CODE)):
                yield from pair


def _short(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
