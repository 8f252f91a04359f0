"""What a JavaScript string literal says: its escapes undone, on bytes (ECMA-262, 12.9.4)."""

from __future__ import annotations

import re

from auditor.lazyre import regex

_ESCAPE = regex(
    rb"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})"
    rb"|u\{0*([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})"
    rb"|(\r\n|[\r\n]|\xe2\x80[\xa8\xa9])|(.))",
    re.DOTALL,
)
_SINGLE = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
    b"0": b"\0",
}
_LAST = 0x10FFFF
_STAND_IN = b"\0"
"""For a backslash that was escaped, until the others are undone."""
_COMMON = tuple(
    (b"\\" + sign, _SINGLE.get(sign, sign)) for sign in (b"n", b"t", b"/", b'"', b"'", b"`", b"$")
)
"""Escapes that texts are full of, and what they say."""

BODIES = {
    b'"': regex(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL),
    b"'": regex(rb"[^'\\]*+(?:\\.[^'\\]*+)*+", re.DOTALL),
    b"`": regex(rb"[^`\\]*+(?:\\.[^`\\]*+)*+", re.DOTALL),
}
"""By its quote, what stands between the quotes of a literal."""


def unescaped(body: bytes) -> bytes:
    """Return what the text between two quotes says, in UTF-8; never raises.

    A lone surrogate becomes three bytes, as Python's `surrogatepass` writes it. What is no escape
    in JavaScript stands for the character behind its backslash, as it does there.
    """
    if b"\\" not in body:
        return body
    text = body.replace(b"\\\\", _STAND_IN)
    for written, said in _COMMON:
        text = text.replace(written, said)
    if b"\\" in text or _STAND_IN in body:
        return _ESCAPE.sub(_said, body)
    return text.replace(_STAND_IN, b"\\")


def _said(escape: re.Match[bytes]) -> bytes:
    high, low, point, unit, byte, line, other = escape.groups()
    if high:
        number = 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)
    elif line:
        return b""  # the literal goes on behind it
    elif other is not None:
        return _SINGLE.get(other, other)
    else:
        number = min(int(point or unit or byte, 16), _LAST)
    return chr(number).encode("utf-8", "surrogatepass")
