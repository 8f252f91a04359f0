"""Zip records to members, from the bytes themselves: directory and local headers must agree.

Our own walk and not `zipfile`, which believes the central directory alone: here a local header that
says something else, an entry that the directory does not list, overlapping entries, a second end
record or directory are each an Oddity. What belongs to no entry (in front, between, in comments,
behind) is Loose, so that every byte of the file is looked into. An entry that cannot be inflated
says so when its content is asked for.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, overload

from auditor import fastpaths
from auditor.archives import zip_methods, zip_records
from auditor.archives.entry import (
    BEFORE,
    BEHIND,
    COMMENT,
    COMMENTS,
    DESCRIPTORS,
    METHODS,
    Entries,
    Entry,
    Loose,
    Several,
    loose,
)
from auditor.archives.marks import ZIP_END, has_zip_end
from auditor.archives.tar import stripped
from auditor.archives.zip_records import DESCRIPTOR, LOCAL, UTF8, Local, Record
from auditor.errors import ArchiveError, InputError, LimitError, MemberError
from auditor.limits import Budget
from auditor.model import Member, MemberType, Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from auditor.archives.tar import Together
    from auditor.archives.zip_records import Ending

PREFIX = "prefix"
"""Bytes in front of the first entry, as self-extracting archives have them."""
_MISMATCH = "header-mismatch"
_TRAILING = "trailing-data"
_AT_THE_END = "(before the directory)"
_BEHIND_DIRECTORY = "(behind the directory)"
_EXTRA = "(extra fields)"
_LONGEST_LINK = 4097
"""Bytes of a link's target: more than any path has need not be told apart."""
_SMALLEST_DEFLATED = 2
"""Bytes of nothing, deflated, as some writers pack folders."""
_SMALL = 32 * 1024
"""Bytes up to which a file is handed on with others."""
_ROW = 256 * 1024
"""Bytes of files that are handed on together."""
_KEPT = 4 * 1024 * 1024
"""Bytes of a mapped file that are held in memory before they are let go: all would be, else."""


@overload
def members(data: memoryview, budget: Budget, *, strip: int) -> Iterator[Entry]: ...
@overload
def members(
    data: memoryview, budget: Budget, *, strip: int, together: Together | None
) -> Iterator[Entries]: ...
def members(
    data: memoryview, budget: Budget, *, strip: int, together: Together | None = None
) -> Iterator[Entries]:
    """Yield each member with its content, in the order of their content, and what is odd.

    Small files in a row that `together` says yes to are one entry.

    Raises ArchiveError where there is no directory, or it breaks; LimitError at a limit.
    """
    endings = zip_records.endings(data)
    records, problems = _listed(data, endings, budget)
    yield from _of_endings(data, endings, records, budget)
    yield from _unloved(records)
    yield from _extras(records, budget)
    directory = endings[0].offset
    quick = fastpaths.enabled("plain_entries")
    position = 0
    row = _Row(data, budget, together)
    kept = 0
    for index, record in enumerate(records):
        if position - kept > _KEPT:
            yield from row.out()
            kept = position
            _let_go(data, kept)
        following = records[index + 1].offset if index + 1 < len(records) else directory
        path = stripped(record.name, strip)
        plain = quick and record.offset == position and _is_allowed(path, budget)
        start = plain and zip_records.plain_start(data, record, min(following, directory))
        if not start:
            yield from row.out()
            position = yield from _in_full(
                data, record, (position, following, directory), strip, budget
            )
            continue
        position = start + record.packed
        if not row.has_room(record.size):
            yield from row.out()
        row.add(record, start, path)
    yield from row.out()
    if position < directory:
        yield from _gap(data, (position, directory), "", strip, budget)
    if problems:
        raise ArchiveError(problems[0])
    if not records:
        raise ArchiveError("a zip archive without entries")


def _let_go(data: memoryview, end: int) -> None:
    """Have the system take back what it holds in memory of the beginning of a mapped file."""
    if isinstance(data.obj, mmap.mmap) and hasattr(data.obj, "madvise"):
        data.obj.madvise(mmap.MADV_DONTNEED, 0, end // mmap.PAGESIZE * mmap.PAGESIZE)


def _in_full(
    data: memoryview, record: Record, places: tuple[int, int, int], strip: int, budget: Budget
) -> Generator[Entry, None, int]:
    """Yield an entry with all that is odd about it; return where the next one may begin.

    `places` are where the entry before it ends, where the next record begins, and the directory.
    """
    position, following, directory = places
    path = stripped(record.name, strip)
    _check_depth(path, budget)
    try:
        found = zip_records.local_of(data, record)
    except ArchiveError as problem:
        yield Unread(path=path, reason=str(problem))
        return position
    for detail in zip_records.differing(record, found):
        yield _odd(_MISMATCH, detail, path)
    if not record.flags & UTF8 and not record.raw_name.isascii():
        detail = "does not say in which encoding its name is: readers make different names of it"
        yield _odd("undeclared-encoding", detail, path)
    if record.offset < position:
        raise ArchiveError(f"the entry {record.name!r} overlaps the one before it")
    yield from _gap(data, (position, record.offset), path, strip, budget)
    position, odd = zip_records.end_of(data, record, found, following)
    if odd:
        yield _odd(_MISMATCH, odd, path)
    told = found.packed if found.packed or odd or not found.flags & DESCRIPTOR else record.packed
    if odd or (found.method, told) != (record.method, record.packed):
        yield from _as_local(data[found.start : following], found, path, budget)
    if record.offset < directory < position:
        raise ArchiveError(f"the entry {record.name!r} overlaps the directory")
    budget.member()
    yield from _member(data, record, found.start, path, budget)
    return position


def listing(data: memoryview, budget: Budget) -> tuple[str, ...]:
    """Return the names in the central directory, as many as the budget allows members."""
    ending = zip_records.endings(data)[0]
    found, _ = zip_records.names(data, ending, budget.limits.members)
    return tuple(name for name, _ in found)


def lone(data: memoryview, path: str, budget: Budget) -> bytes | None:
    """Return the content of the one entry that has a path, and nothing else is read for it.

    None where there is not exactly one, or it cannot be read: why is for `members` to say.
    """
    try:
        ending, *others = zip_records.endings(data)
        named, end = zip_records.names(data, ending, budget.limits.members)
        places = [at for name, at in named if stripped(name, 0) == path]
        if others or end != ending.offset + ending.size or len(places) != 1:
            return None
        here = ending._replace(offset=places[0], size=end - places[0])
        (record,), _ = zip_records.directory(data, here, 1)
        if record.problem or record.size > budget.limits.member_bytes:
            return None
        start = zip_records.local(data, record.offset).start
        packed = data[start : start + record.packed]
        return b"".join(zip_methods.content(packed, record, Budget(budget.limits)))
    except InputError:
        return None


def is_whole(data: memoryview) -> bool:
    """Tell whether a file that begins as another one ends exactly as a zip archive does."""
    if not has_zip_end(data):
        return False
    try:
        ending = zip_records.endings(data)[0]
        records, problem = zip_records.directory(data, ending, 1)
        return bool(records) and not problem and ending.tail == len(data)
    except InputError:
        return False


def _listed(
    data: memoryview, endings: list[Ending], budget: Budget
) -> tuple[list[Record], list[str]]:
    """Return the records of all directories, one behind the other as they lie in the file.

    One more than the limit of members allows is enough to meet it.
    """
    most = budget.limits.members + 1
    listed: list[Record] = []
    others: dict[tuple[bytes, int], Record] = {}
    problems: list[str] = []
    for ending in endings:
        left = most - len(listed) - len(others)
        records, problem = zip_records.directory(data, ending, left)
        problems += [problem] * bool(problem)
        if ending is endings[0]:
            listed = records
        else:
            others |= {(record.raw_name, record.offset): record for record in records}
    known = {(record.raw_name, record.offset) for record in listed} if others else set()
    listed += [record for key, record in others.items() if key not in known]
    return sorted(listed, key=lambda record: record.offset)[:most], problems


def _is_allowed(path: str, budget: Budget) -> bool:
    return path.count("/") <= budget.limits.path_depth


def _check_depth(path: str, budget: Budget) -> None:
    if not _is_allowed(path, budget):
        most = budget.limits.path_depth
        raise LimitError("path-depth", most, path.count("/"), "folders")


def _odd(kind: str, detail: str, path: str = "") -> Oddity:
    return Oddity(kind=kind, path=path, detail=detail)


def _loose(data: memoryview, start: int, end: int, name: str, budget: Budget) -> Loose:
    """Return bytes that belong to no entry.

    An end record is no archive: what it says was asked of it as one of several, so that what begins
    with one is not taken for a zip in the zip.
    """
    budget.member()
    if bytes(data[start : start + 4]) == ZIP_END:
        start += 4
    return Loose(
        name=name,
        size=end - start,
        content=zip_methods.pieces(data[start:end], zip_methods.STORED),
    )


def _of_endings(
    data: memoryview, endings: list[Ending], records: list[Record], budget: Budget
) -> Iterator[Entry]:
    """Tell what is odd about the records that close the file, and what lies around them."""
    first = endings[0]
    for detail in dict.fromkeys(odd for ending in endings for odd in ending.odd):
        yield _odd("ambiguous-directory", detail)
    every = len(records) <= budget.limits.members  # beyond, reading ends there, and that is told
    if every and len(endings) == 1 and len(records) != first.entries < 0xFFFF:
        detail = (
            f"the directory has {len(records):,} entries, its end record says {first.entries:,}"
        )
        yield _odd("ambiguous-directory", detail)
    if first.tail < len(data):
        size = len(data) - first.tail
        yield _odd(_TRAILING, f"{size:,} bytes behind the zip's end")
        yield _loose(data, first.tail, len(data), BEHIND, budget)
    if first.comment < first.tail:
        yield _loose(data, first.comment, first.tail, COMMENT, budget)
    close = first.offset + first.size
    if close < first.end:
        yield _odd(_TRAILING, "bytes between the directory and the end record")
        yield _loose(data, close, first.end, _BEHIND_DIRECTORY, budget)
    start, end = first.further
    if start < end:
        yield _loose(data, start, end, _BEHIND_DIRECTORY, budget)


def _unloved(records: list[Record]) -> Iterator[Oddity]:
    """Tell, once for each, what is sound by the format and yet not taken by every index."""
    unusual = [r for r in records if r.method not in {zip_methods.STORED, zip_methods.DEFLATED}]
    names = {zip_methods.NAMES.get(r.method, f"number {r.method}") for r in unusual}
    for kind, what, those in (
        (
            DESCRIPTORS,
            "sizes behind their content (data descriptors)",
            [r for r in records if r.flags & DESCRIPTOR],
        ),
        (COMMENTS, "a comment of their own", [r for r in records if r.comment]),
        (METHODS, f"a compression method of their own: {', '.join(sorted(names))}", unusual),
    ):
        if those:
            yield _odd(kind, f"{len(those):,} of {len(records):,} entries have {what}")


def _extras(records: list[Record], budget: Budget) -> Iterator[Loose]:
    """Yield what the directory has beside names and numbers: comments, fields that few know."""
    comments = [record.comment for record in records]
    fields = [zip_records.unknown_fields(record.extra) for record in records]
    for name, parts in ((COMMENT, comments), (_EXTRA, fields)):
        whole = b"\n".join(part for part in parts if part)
        if whole:
            budget.member()
            yield Loose(name=name, size=len(whole), content=iter((whole,)))


def _gap(
    data: memoryview, span: tuple[int, int], path: str, strip: int, budget: Budget
) -> Iterator[Entry]:
    """Look into bytes that the directory lists no entry for: entries it leaves out, or anything.

    `path` is the entry before which they lie, empty for the directory.
    """
    start, end = span
    whole = is_whole(data[start:end])  # an archive of its own, which is read as one
    while not whole and start < end and bytes(data[start : start + 4]) == LOCAL:
        try:
            found = zip_records.local(data, start)
        except ArchiveError:
            break
        record = zip_records.as_record(found, start)
        hidden = stripped(record.name, strip)
        _check_depth(hidden, budget)
        detail = "is no entry of the directory: who reads from the beginning unpacks it, others not"
        yield _odd("unlisted-entry", detail, hidden)
        if found.flags & DESCRIPTOR or found.start + found.packed > end:
            yield from _as_local(data[found.start : end], found, hidden, budget)
            start = found.start
            break
        budget.member()
        yield from _member(data, record, found.start, hidden, budget)
        start = found.start + found.packed
    if start < end:
        size = end - start
        where = "before the first entry" if not start else f"before the entry {path!r}"
        kind, name = _TRAILING, f"(before {path})"
        if not start:
            kind, name, path = PREFIX, BEFORE, ""
        elif not path:
            where, name = "between the last entry and the directory", _AT_THE_END
        yield _odd(kind, f"{size:,} bytes {where}", path)
        yield _loose(data, start, end, name, budget)


def _as_local(rest: memoryview, found: Local, path: str, budget: Budget) -> Iterator[Loose]:
    """Yield the content that an entry has by its local header, where that says another one.

    Sizes behind a content are not looked for: it is read as far as it goes.
    """
    if found.method not in zip_methods.READ:
        return
    known = not found.flags & DESCRIPTOR
    packed = rest[: found.packed] if known else rest
    most = budget.limits.member_bytes
    chunks = zip_methods.as_far_as_it_goes(packed, found.method, most)
    yield loose(f"({path} by its local header)", chunks, budget)


def _never(_: Several) -> bool:
    return False


class _Row:
    """Ordinary files that wait to be handed on together; a large one goes alone."""

    __slots__ = ("_budget", "_data", "_files", "_size", "_together")

    def __init__(self, data: memoryview, budget: Budget, together: Together | None) -> None:
        self._data = data
        self._budget = budget
        self._together = together or _never
        self._files: list[tuple[Record, int, str]] = []
        self._size = 0

    def has_room(self, size: int) -> bool:
        """Tell whether a file can wait with those that do."""
        together = self._together is not _never
        return together and size <= _SMALL and self._size + size <= _ROW

    def add(self, record: Record, start: int, path: str) -> None:
        """Have a file wait, of which it is known where its content begins."""
        self._files.append((record, start, path))
        self._size += record.size if record.size <= _SMALL else _ROW + 1

    def out(self) -> Iterator[Entries]:
        """Yield those that wait: as one, where all of them are sound and allowed."""
        files, size = self._files, self._size
        self._files, self._size = [], 0
        several = self._read(files) if len(files) > 1 else None
        if several is None:
            for record, start, path in files:
                self._budget.member()
                yield from _member(self._data, record, start, path, self._budget)
        elif self._budget.has_room(len(files), size) and self._together(several):
            self._budget.member(len(files))
            self._budget.take(size)
            yield several
        else:
            for member, content in zip(several.members, several.contents, strict=True):
                self._budget.member()
                yield member, self._counted(content)

    def _read(self, files: list[tuple[Record, int, str]]) -> Several | None:
        """Return files with their contents; None where one of them is not sound."""
        members: list[Member] = []
        contents: list[bytes] = []
        for record, start, path in files:
            content = zip_methods.small(self._data[start : start + record.packed], record)
            if content is None:
                return None
            contents.append(content)
            members.append(Member(path=path, name=record.name, size=record.size, mode=record.mode))
        return Several(members=members, contents=contents)

    def _counted(self, content: bytes) -> Iterator[bytes]:
        """Yield a content, of which no ratio is judged, as it is small."""
        self._budget.take(len(content))
        yield content


def _member(
    data: memoryview, record: Record, start: int, path: str, budget: Budget
) -> Iterator[Entry]:
    packed = data[start : start + record.packed]
    smallest = 0 if record.method == zip_methods.STORED else _SMALLEST_DEFLATED
    stray = record.size or record.packed > smallest
    if stray and record.kind in {MemberType.DIRECTORY, MemberType.DEVICE, MemberType.FIFO}:
        size = record.size or record.packed
        detail = f"a {record.kind.value} whose header claims {size:,} bytes of content"
        yield _odd("link-with-data", detail, path)
    member = Member(
        path=path,
        name=record.name,
        size=record.size,
        type=record.kind,
        mode=record.mode,
        link=_link(packed, record),
    )
    yield member, zip_methods.content(packed, record, budget)


def _link(packed: memoryview, record: Record) -> str:
    """Return where a symbolic link points, as its content says; empty where that is unreadable."""
    if record.kind is not MemberType.SYMLINK or zip_methods.unreadable(record):
        return ""
    target = b""
    try:
        for piece in zip_methods.pieces(packed, record.method):
            target += piece
            if len(target) >= _LONGEST_LINK:
                break
    except MemberError:
        return ""
    return target[:_LONGEST_LINK].decode("utf-8", "backslashreplace")
