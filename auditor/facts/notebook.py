"""Jupyter notebooks: what the outputs of their cells hold, and whose machine they tell of.

Rests on the notebook format, versions 3 and 4 (nbformat). Only outputs and metadata are looked at:
what an author typed into a cell is meant to be read. A file that is no notebook is passed over;
one that has the keys of a notebook and cannot be parsed is a gap.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from auditor import buildpaths, structs
from auditor.decoding import utf8
from auditor.errors import InputError, ParseError
from auditor.facts import Collector, Contents, Hits, Reader, Unread
from auditor.jsondoc import depth_met
from auditor.lazyre import regex
from auditor.limits import Limits
from auditor.model import ByteCount, Fact, Member
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = ".ipynb"
_KEYS = regex(rb'"(?:cells|worksheets)"\s*:')
_IMAGE = regex(rb'"(?:image/[a-z+.-]{1,20}|png|jpeg|svg)"\s*:')
"""The key of a picture; version 3 has no media types. Quotes inside a text are escaped."""
_ERROR = regex(rb'"output_type"\s*:\s*"(?:error|pyerr)"')
_ESCAPE = regex(rb"\\(?:([\\/\"])|u001[bB]\[[0-9;]{0,20}m|[bfnrt])")
"""A slash of either kind or a quote, a colour of a terminal, or a blank."""


class _Cell(msgspec.Struct):
    cell_type: str = ""
    outputs: list[msgspec.Raw] = []


class _Sheet(msgspec.Struct):
    cells: list[_Cell] = []


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []
    worksheets: list[_Sheet] = []
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class NotebookFact(Fact, frozen=True, kw_only=True):
    """One notebook."""

    code_cells: int
    output_cells: int
    """Code cells that have an output."""
    output_bytes: ByteCount
    """What the outputs take in the file."""
    images: int
    errors: int
    """Outputs that are the traceback of an error."""
    paths: int
    """Different paths below somebody's home, in outputs and metadata."""
    example: str
    user: str
    """The user name that a path shows; empty for none, or one of a build service or image."""
    detail: str
    """What is in the outputs, in words."""


def read(
    member: Member, data: bytes, _: Hits, limits: Limits | None = None
) -> Iterator[NotebookFact | Unread]:
    """Leave the fact of one notebook, or a gap for one that cannot be parsed."""
    if not _KEYS.search(data):
        return
    try:
        notebook = _parsed(data, limits or Limits())
    except InputError as problem:
        yield Unread(path=member.path, reason=f"not looked into as a notebook: {problem}")
        return
    cells = [*notebook.cells, *(cell for sheet in notebook.worksheets for cell in sheet.cells)]
    code = [cell for cell in cells if cell.cell_type == "code"]
    outputs = [bytes(output) for cell in code for output in cell.outputs]
    shown = buildpaths.shown(
        path
        for raw in (*outputs, bytes(notebook.metadata))
        for path in buildpaths.in_text(_text(raw))
    )
    images = sum(1 for raw in outputs for _ in _IMAGE.finditer(raw))
    errors = sum(1 for raw in outputs if _ERROR.search(raw))
    details = (
        images and counted(images, "picture"),
        errors and counted(errors, "traceback"),
        shown.example and f"paths such as {shown.example}",
    )
    yield NotebookFact(
        path=member.path,
        code_cells=len(code),
        output_cells=sum(1 for cell in code if cell.outputs),
        output_bytes=ByteCount(sum(map(len, outputs))),
        images=images,
        errors=errors,
        paths=shown.count,
        example=shown.example,
        user=shown.user,
        detail=", ".join(detail for detail in details if detail) or "text",
    )


def _parsed(data: bytes, limits: Limits) -> _Notebook:
    """Parse a notebook; raise InputError with the reason.

    Python writes NaN and Infinity, which are no JSON: then the slower parser takes them.
    """
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Notebook)
    except RecursionError:
        raise depth_met(limits) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = utf8(data, limits)
    try:
        document = json.loads(text)
    except RecursionError:
        raise depth_met(limits) from None
    except ValueError as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None
    return structs.again(document, _Notebook)


def _text(raw: bytes) -> bytes:
    """Return what a JSON value says, with slashes as they are meant and without colours."""
    return _ESCAPE.sub(lambda found: found[1] or b" ", raw)


def collect(contents: Contents) -> Iterator[NotebookFact]:
    """Yield what the reader found."""
    yield from contents.of(NotebookFact)


def _reader(limits: Limits | None = None) -> Reader:
    return Reader(
        endings=frozenset({"ipynb"}),
        wants=lambda member: member.path.lower().endswith(_ENDING),
        read=partial(read, limits=limits),
        within=_reader,
    )


READER = _reader()
COLLECTOR = Collector(name="notebook", fact=NotebookFact, collect=collect)
