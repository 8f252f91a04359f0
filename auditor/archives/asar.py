"""The members of an asar archive, in which Electron programs ship: one JSON header, then contents.

Four numbers of four bytes stand first, as Chromium's Pickle writes them: the size of a number, of
what follows, of that again, and of the JSON (electron/asar, "Format"). The JSON has folders
(`files`) and files (`size`, `offset` as a text, counted from behind the header). A file that is
`unpacked` lies beside the archive, in `NAME.asar.unpacked`, and has no content here.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from auditor import jsondoc
from auditor.archives.entry import BEHIND, loose
from auditor.archives.inflate import PLAIN_CHUNK
from auditor.decoding import utf8
from auditor.errors import ArchiveError, LimitError, MemberError, ParseError
from auditor.model import Member, MemberType, Oddity
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.archives.entry import Entry
    from auditor.limits import Budget, Limits

_HEAD = 16
_DIGITS = 15
"""Of an offset: a file of more bytes is none that we read."""
_LARGEST_HEADER = 16 * 1024 * 1024
"""Bytes of JSON: the limit of members comes to less."""
_BETWEEN = "(between the files)"
_SHOWN = 200
_NOWHERE = 1_000_000_000_000_000
"""Behind the end of any file."""


def members(data: memoryview, budget: Budget) -> Iterator[Entry]:
    """Yield each member with its content, in the order of the header, and what is odd.

    Raises ArchiveError where the header is none, LimitError at a limit.
    """
    _, outer, _, size = struct.unpack_from("<4I", data)
    body = 8 + outer
    if size > _LARGEST_HEADER:
        raise ArchiveError(f"the header of the asar has {size:,} bytes")
    if body > len(data):
        raise ArchiveError("the header of the asar is cut short")
    files, repeated = _header(bytes(data[_HEAD : _HEAD + size]), budget.limits)
    for name in repeated:
        detail = f"the header of the asar has {name!r} twice: some read the first, some the last"
        yield Oddity(kind="ambiguous-directory", path="", detail=detail)
    spans: list[tuple[int, int]] = []
    for path, row in _rows(files, budget):
        budget.member()
        member = _member(path, row)
        if member.type is not MemberType.FILE or row.get("unpacked") is True:
            yield member, iter(())
            continue
        start = body + _offset(row)
        spans.append((start, start + member.size))
        yield member, _content(data, start, member.size, budget)
    yield from _rest(data, body, sorted(spans), budget)


def _rest(
    data: memoryview, body: int, spans: list[tuple[int, int]], budget: Budget
) -> Iterator[Entry]:
    """Yield what belongs to no file: between two of them, and behind the last one."""
    reached = body
    between: list[bytes] = []
    for start, end in spans:
        if end > len(data):
            continue  # it lies outside, which is said where its content is asked for
        if start > reached:
            between.append(bytes(data[reached:start]))
        reached = max(reached, end)
    hidden = sum(map(len, between))
    if any(piece.strip(b"\0") for piece in between):
        detail = f"{hidden:,} bytes between the files of the asar"
        yield Oddity(kind="trailing-data", path="", detail=detail)
        yield loose(_BETWEEN, between, budget)
    if reached < len(data):
        detail = f"{len(data) - reached:,} bytes behind the last file of the asar"
        yield Oddity(kind="trailing-data", path="", detail=detail)
        yield loose(BEHIND, (bytes(data[reached:]),), budget)


def _header(raw: bytes, limits: Limits) -> tuple[dict[str, Any], list[str]]:
    """Return the files that a header lists, and the keys that stand twice in one of its objects."""
    try:
        header = jsondoc.parsed(utf8(raw, limits), limits)
    except ParseError as problem:
        raise ArchiveError(f"the header of the asar cannot be read: {problem}") from None
    files = header.get("files") if isinstance(header, dict) else None
    if not isinstance(files, dict):
        raise ArchiveError("the header of the asar lists no files (no object under 'files')")
    if not files:
        raise ArchiveError("an asar without files")
    return files, [place for place, _ in jsondoc.repeated_values(header)]


def _rows(files: dict[str, Any], budget: Budget) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row with its path, folders before what is in them."""
    pending: list[tuple[str, object]] = list(reversed(files.items()))
    while pending:
        path, row = pending.pop()
        if not isinstance(row, dict):
            raise ArchiveError(
                f"the header of the asar has no object at {shortened(path, _SHOWN)!r}"
            )
        if path.count("/") > budget.limits.path_depth:
            raise LimitError("path-depth", budget.limits.path_depth, path.count("/"), "folders")
        yield path, row
        inner = row.get("files")
        if isinstance(inner, dict):
            pending += [(f"{path}/{name}", one) for name, one in reversed(inner.items())]


def _member(path: str, row: dict[str, Any]) -> Member:
    link = row.get("link")
    if isinstance(link, str):
        return Member(path=path, name=path, size=0, type=MemberType.SYMLINK, link=link)
    if isinstance(row.get("files"), dict):
        return Member(path=path, name=path, size=0, type=MemberType.DIRECTORY)
    size = row.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < _NOWHERE:
        shown = shortened(path, _SHOWN)
        raise ArchiveError(f"the asar's {shown!r} has no size, and neither link nor files")
    mode = 0o755 if row.get("executable") is True else 0o644
    return Member(path=path, name=path, size=size, mode=mode)


def _offset(row: dict[str, Any]) -> int:
    """Return where a content begins, counted from behind the header; past any end for nonsense."""
    offset = row.get("offset")
    if isinstance(offset, str) and offset.isascii() and offset.isdigit() and len(offset) <= _DIGITS:
        return int(offset)
    return _NOWHERE


def _content(data: memoryview, start: int, size: int, budget: Budget) -> Iterator[bytes]:
    if start + size > len(data):
        raise MemberError("its content lies outside of the asar, by its offset and size")
    for at in range(start, start + size, PLAIN_CHUNK):
        piece = bytes(data[at : min(at + PLAIN_CHUNK, start + size)])
        budget.take(len(piece))
        yield piece
