"""Bytes of a document to text: by a byte order mark, else UTF-8; every other encoding is named."""

from __future__ import annotations

from auditor.errors import LimitError, ParseError
from auditor.lazyre import regex
from auditor.limits import Limits

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32", "UTF-32"),
    (b"\0\0\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
)
"""Byte order marks with the codec that reads them; that of UTF-32 begins with one of UTF-16."""
_UNMARKED = (
    (regex(rb"\0\0\0[^\0]|[^\0]\0\0\0"), "UTF-32"),
    (regex(rb"\0[^\0]\0[^\0]|[^\0]\0[^\0]\0"), "UTF-16"),
)
"""What the first four bytes of Latin letters and signs are in each (RFC 4627, section 3)."""


def text_of(data: bytes, limits: Limits | None = None) -> str:
    """Return a document as text, without its byte order mark.

    Raises ParseError for bytes that are of no encoding, or of one that no mark tells, LimitError
    (`text-bytes`) for too many of them.
    """
    codec, name = _encoding(data)
    return _decoded(data, codec, name, limits)


def utf8(data: bytes, limits: Limits | None = None) -> str:
    """Return a document that must be UTF-8 as text; raise as `text_of` does, and for all others."""
    codec, name = _encoding(data)
    if name != "UTF-8":
        raise ParseError(f"is {name} text, where UTF-8 must stand")
    return _decoded(data, codec, name, limits)


def _encoding(data: bytes) -> tuple[str, str]:
    """Return the codec of a text and the name of its encoding."""
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return codec, name
    head = data[:4]
    for pattern, name in _UNMARKED if b"\0" in head else ():
        if pattern.match(head):
            return "", name
    return "utf-8", "UTF-8"


def _decoded(data: bytes, codec: str, name: str, limits: Limits | None) -> str:
    most = (limits or Limits()).text_bytes
    if len(data) > most:
        raise LimitError("text-bytes", most, len(data), "bytes")
    if not codec:
        raise ParseError(f"is {name} text without a byte order mark")
    try:
        return data.decode(codec)
    except UnicodeDecodeError as problem:
        raise ParseError(f"is not {name} text (byte {problem.start:,})") from None
