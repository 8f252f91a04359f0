"""Exports of advisories on disk: zip archives, folders and single files, record by record.

A zip is read by our own reader, member by member and in place; nothing is unpacked. Whatever is
wrong with an export is one error that names it and the member: half of an export is none.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.advisories import osv
from auditor.archives import ZIP_MAGIC, Loose
from auditor.archives import zip as ziparchive
from auditor.archives.entry import UNLOVED
from auditor.errors import InputError, LimitError, UsageError
from auditor.lazyre import regex
from auditor.limits import MIB, Budget, Limits
from auditor.model import Member, MemberType, Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.advisories.osv import Record

LIMITS = Limits(
    archive_bytes=4096 * MIB,
    unpacked_bytes=16 * 1024 * MIB,
    members=5_000_000,
    member_bytes=osv.LARGEST,
    path_depth=64,
)
"""What an export may cost: that of npm has 230,000 records, 210 MB zipped and 360 MB unpacked."""
LOOSE = "records"
"""What single records are called together."""
ALL = "all.zip"
"""How OSV calls the export of an ecosystem, in a folder with the ecosystem's name."""
_ENDINGS = (".json", ".yaml", ".yml")
_ESCAPES = regex(r"\A(?:[/\\]|[A-Za-z]:)|(?:\A|[/\\])\.\.(?:[/\\]|\Z)")
_FORGET = 8 * MIB
"""Bytes of a mapped file that are read before those that were read need not stay in memory."""


class Export(Struct, frozen=True, kw_only=True):
    """One export as it lies on this machine, and where it came from."""

    path: Path
    """A zip archive of records, a folder of them, or one record (JSON, YAML)."""
    name: str = ""
    """What it is called in messages and in the database (`npm`). By it the next one is known that
    replaces it: what that one has no more is taken out. Empty for its path's own."""
    url: str = ""
    """Where it was fetched from; empty for a file of the user's."""
    etag: str = ""
    sha256: str = ""
    """Of the file, in hex; computed where it is empty."""
    fetched_at: str = ""
    """When it was fetched, or last found to be unchanged (RFC 3339, UTC, seconds)."""


class Piece(Struct, frozen=True, kw_only=True):
    """A zip archive, or the files of single records that were named together."""

    export: Export
    whole: bool
    files: tuple[Path, ...] = ()
    """The files of single records; none for a zip archive."""


def pieces(exports: Sequence[Export]) -> tuple[Piece, ...]:
    """Return what is to be read: folders are searched, and single records are one piece.

    Raises InputError where there is nothing to read, UsageError for a path that is not there and
    for two archives of one name, of which the later would replace the earlier.
    """
    found: dict[str, Piece] = {}
    loose: list[Path] = []
    for export in exports:
        zips = 0
        before = len(loose)
        for path in _files(export.path):
            if not _is_zip(path):
                loose.append(path)
                continue
            zips += 1
            name = export.name or name_of(path)
            if name in found:
                raise UsageError(
                    f"{path}: there is another export called {name!r}; import it alone"
                )
            found[name] = Piece(export=replace(export, path=path, name=name), whole=True)
        if not zips and before == len(loose):
            raise InputError(f"{export.path}: no record was found in it")
    if loose:
        export = Export(path=loose[0], name=LOOSE)
        found[LOOSE] = Piece(export=export, whole=False, files=tuple(dict.fromkeys(loose)))
    return tuple(found.values())


def name_of(path: Path) -> str:
    """Return what the export in a zip archive is called: `npm` for `npm/all.zip`."""
    return path.absolute().parent.name if path.name == ALL else path.stem


def _files(top: Path) -> Iterator[Path]:
    """Yield the file, or those of a folder that may be exports; links in it are not followed."""
    if not top.is_dir():
        if not top.exists():
            raise UsageError(f"{top}: no such file or folder")
        yield top
        return
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith((".zip", *_ENDINGS)) and not path.is_symlink():
                yield path


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in ZIP_MAGIC or path.suffix == ".zip"
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror or problem}") from None


def records(piece: Piece, limits: Limits = LIMITS) -> Iterator[Record]:
    """Yield the records of a piece; raise InputError, naming file and member, where one is none."""
    if piece.files:
        for path in piece.files:
            yield _record(path.name, _content(path, limits.member_bytes), str(path))
    else:
        yield from _of_zip(piece.export.path, limits)


def sha256(piece: Piece) -> str:
    """Return the digest of an archive, in hex; of single records that of their contents in turn."""
    if piece.export.sha256:
        return piece.export.sha256
    state = hashlib.sha256()
    for path in piece.files or (piece.export.path,):
        try:
            with path.open("rb") as file:
                while data := file.read(MIB):
                    state.update(data)
        except OSError as problem:
            raise InputError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    return state.hexdigest()


def _content(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    if len(data) > largest:
        raise InputError(f"{path}: a record has at most {largest:,} bytes")
    return data


def _record(name: str, data: bytes, place: str) -> Record:
    try:
        return osv.of_json(data) if name.endswith(".json") else osv.of_yaml(data)
    except InputError as problem:
        raise InputError(f"{place}: {problem}") from None


def _of_zip(path: Path, limits: Limits) -> Iterator[Record]:
    count = 0
    try:
        for name, data in _members(_mapped(path, limits), Budget(limits)):
            count += 1
            yield _record(name, data, name)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    if not count:
        raise InputError(f"{path}: no record was found in it")


def _mapped(path: Path, limits: Limits) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limits.archive_bytes:
                raise LimitError("archive-bytes", limits.archive_bytes, size, "bytes")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as problem:  # a file of no bytes cannot be mapped
        raise InputError(f"cannot be read: {problem}") from None


def _members(mapped: mmap.mmap, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each record; what was read is not kept in memory for long."""
    read = 0
    for entry in ziparchive.members(memoryview(mapped), budget, strip=0):
        if isinstance(entry, tuple):
            member, chunks = entry
            if _is_record(member, budget.limits):
                data = b"".join(chunks)
                yield member.name, data
                read += len(data)
        elif problem := _wrong(entry):
            raise InputError(problem)
        if read > _FORGET and hasattr(mapped, "madvise"):
            mapped.madvise(mmap.MADV_DONTNEED)
            read = 0


def _is_record(member: Member, limits: Limits) -> bool:
    """Tell whether a member is a record, by its name; raise InputError for one that cannot be."""
    if _ESCAPES.search(member.name):
        raise InputError(f"{member.name!r} leads out of the archive")
    if member.type is MemberType.DIRECTORY or not member.name.endswith(_ENDINGS):
        return False
    if member.type is not MemberType.FILE:
        raise InputError(f"{member.name!r} is a {member.type}, and no file")
    if member.size > limits.member_bytes:
        raise InputError(f"{member.name}: a record has at most {limits.member_bytes:,} bytes")
    return True


def _wrong(entry: Oddity | Unread | Loose) -> str:
    """Return what is wrong with an archive, of what its reader tells besides members."""
    if isinstance(entry, Loose):
        return ""  # bytes of no member, of which an oddity tells
    if isinstance(entry, Unread):
        return f"{entry.path}: {entry.reason}"
    if entry.kind in UNLOVED:
        return ""
    return f"{entry.path}: {entry.detail}" if entry.path else entry.detail
