"""Rules that were parsed before, as values: parsing them costs more than auditing a small package.

A wheel of ours brings its own rules so (`rules/parsed.msgpack`). Of any other folders, such as a
user's, or those of a checkout, what was parsed is kept in this user's cache folder, and counts as
long as the files say the same and the code that reads them is the same. Whatever is wrong with
what is kept, it is as if it was not there.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from auditor import __version__, rulebook
from auditor.limits import MIB
from auditor.rulebook import Rule, Ruleset
from auditor.sources import keptfile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.rulebook import Source

SHIPPED = "parsed.msgpack"
_LARGEST = 16 * MIB
_CODE = ("match.py", "model.py", "rulebook.py", "rulefile.py", "yamldoc.py", "facts")
"""What decides what a rule may say."""


class _Kept(Struct, frozen=True, kw_only=True, array_like=True):
    digest: str
    """Of the files, as `rulebook.Source` has it."""
    code: str
    lists: dict[str, frozenset[str]]
    rules: tuple[Rule, ...]


def load(
    folders: Sequence[Path], *, lockfile: bool | None = None, telling: bool = False
) -> Ruleset:
    """Return what `rulefile.load` would, without the tests of the rules; raises as it does."""
    source = rulebook.read(folders)
    kept = _shipped(source) or _kept(source)
    if kept is None:
        from auditor import rulefile  # noqa: PLC0415 - where nothing is kept

        whole = rulefile.parsed(source)
        _keep(source, whole)
        rules, lists = whole.rules, whole.lists
    else:
        rules, lists = kept.rules, kept.lists
    asked = rulebook.chosen(rules, lockfile=lockfile, telling=telling)
    return Ruleset(rules=asked, lists=lists, digest=source.digest[:16])


def shipped() -> bytes:
    """Return what a wheel brings: our own rules, parsed."""
    from auditor import rulefile  # noqa: PLC0415 - where a wheel is built

    source = rulebook.read([rulebook.builtin_folder()])
    return _encoded(source, rulefile.parsed(source), code="")


def _shipped(source: Source) -> _Kept | None:
    """Return what came with us, if it is of these files: there is none in a checkout."""
    try:
        data = (rulebook.builtin_folder() / SHIPPED).read_bytes()
    except OSError:
        return None
    return _decoded(data, source, code="")


def _kept(source: Source) -> _Kept | None:
    data = keptfile.content(_place(source), _LARGEST)
    return None if data is None else _decoded(data, source, code=_code())


def _keep(source: Source, ruleset: Ruleset) -> None:
    keptfile.put(_place(source), _encoded(source, ruleset, code=_code()))


def _place(source: Source) -> Path:
    """Return the file for the files of such names, whatever is in them: it is written anew."""
    names = "\0".join([*source.lists, *(name for name, _ in source.rules)])
    key = hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()
    return keptfile.folder("rules") / f"{key[:16]}.msgpack"


def _encoded(source: Source, ruleset: Ruleset, *, code: str) -> bytes:
    kept = _Kept(digest=source.digest, code=code, lists=dict(ruleset.lists), rules=ruleset.rules)
    return msgspec.msgpack.encode(kept, order="deterministic")


def _decoded(data: bytes, source: Source, *, code: str) -> _Kept | None:
    try:
        kept = msgspec.msgpack.decode(data, type=_Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return kept if (kept.digest, kept.code) == (source.digest, code) else None


def _code() -> str:
    """Return what tells two states of our own code apart, as Python does for what it compiles."""
    root = Path(__file__).parents[1]
    state = [__version__]
    with suppress(OSError):
        for name in _CODE:
            for folder, _, files in os.walk(root / name):
                every = (Path(folder, file) for file in sorted(files) if file.endswith(".py"))
                state += [_state(path) for path in every]
            if name.endswith(".py"):
                state.append(_state(root / name))
    return hashlib.sha256("\n".join(state).encode()).hexdigest()[:16]


def _state(path: Path) -> str:
    found = path.stat()
    return f"{path.name} {found.st_size} {found.st_mtime_ns}"
