"""METADATA or PKG-INFO as headers with their lines, and the description; no fact of its own.

Rests on "Core metadata specifications", whose files have the form of RFC 5322 mail headers. The
division into headers and description is our own, so that each problem has a line and the mail
parser only ever gets a head of bounded size: it is quadratic in the number of different names, and
recursive in MIME parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.facts import Contents, Unread
from auditor.facts.distribution import distribution_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_HEAD = 1024 * 1024
"""Bytes of all headers together."""
MOST_HEADERS = 10_000
MOST_NAMES = 200
"""Different header names; core metadata has about thirty."""

_LINE_END = regex(rb"\r\n|\r|\n")
_NAME = regex(rb"([!-9;-~]+):")
_IGNORED = (b"From ", b":")
"""The envelope of a mailbox, and a header without name: mail parsers skip both."""


class Header(Struct, frozen=True, kw_only=True):
    """One header; `value` as written, continuation lines and their blanks included."""

    name: str
    value: bytes
    line: int

    @property
    def text(self) -> str:
        """The value as text; bytes that are not UTF-8 are replaced."""
        return self.value.decode("utf-8", "replace").strip()


class MetadataDocument(Struct, frozen=True, kw_only=True):
    """A document that describes a distribution, taken apart and not yet judged."""

    path: str
    headers: tuple[Header, ...]
    head: bytes
    """All headers as they stand in the file."""
    body: bytes
    """The description, where it does not stand in a header."""
    body_line: int

    def of(self, name: str) -> tuple[Header, ...]:
        """Return the headers of that name, of which case does not count."""
        return tuple(header for header in self.headers if header.name.lower() == name.lower())

    def first(self, name: str) -> str:
        """Return the text of the first header of that name; empty where there is none."""
        return next((header.text for header in self.of(name)), "")


def document_of(contents: Contents) -> MetadataDocument | Unread | None:
    """Return the document of a wheel or sdist; None for others, and where there is none.

    Unread tells of one whose headers are too many or too long to be judged.
    """
    if contents.kind not in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        return None
    said = distribution_of(contents)
    name = "METADATA" if contents.kind is ArtifactKind.WHEEL else "PKG-INFO"
    data = said.document(name)
    if data is None:
        return None
    return split(f"{said.dist_info}/{name}" if said.dist_info else name, data)


def split(path: str, data: bytes) -> MetadataDocument | Unread:
    """Take a document apart where a mail parser would."""
    found: list[tuple[str, list[bytes], int]] = []
    names: set[str] = set()
    body = len(data)
    line = 0
    for start, text, after in _lines(data):
        line += 1
        name = _NAME.match(text)
        if text[:1] in {b" ", b"\t"}:
            if found:
                found[-1][1].append(text)
        elif name:
            spelled = name[1].decode("ascii")
            names.add(spelled.lower())
            found.append((spelled, [text[name.end() :]], line))
        elif not text.startswith(_IGNORED):
            body = start if text else after
            line -= bool(text)  # what is no header belongs to the description
            break
        if after > LARGEST_HEAD:
            return Unread(path=path, reason=f"not judged: headers of over {LARGEST_HEAD:,} bytes")
        if len(found) > MOST_HEADERS or len(names) > MOST_NAMES:
            return Unread(path=path, reason=f"not judged: {_many(len(found), len(names))}")
    return MetadataDocument(
        path=path,
        headers=tuple(
            Header(name=name, value=b"\n".join(pieces), line=line) for name, pieces, line in found
        ),
        head=data[:body],
        body=data[body:],
        body_line=line + 1,
    )


def _lines(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield each line with where it starts, and where the next one does."""
    start = 0
    while start < len(data):
        end = _LINE_END.search(data, start)
        stop, after = end.span() if end else (len(data), len(data))
        yield start, data[start:stop], after
        start = after


def _many(count: int, names: int) -> str:
    return f"{words.counted(count, 'header')} and more, of {words.counted(names, 'name')}"
