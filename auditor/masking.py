"""Secrets taken out of a text that is to be printed: errors, and what other programs say.

What leaves here is not harmless yet, that is for `safe`; this hides what must not be told at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import secret
from auditor.lazyre import regex
from auditor.safe import masked

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 256 * 1024
"""Characters of a text that are looked at; what is behind them is left out."""
SHORTEST = 6
"""Characters of a known secret: hiding a shorter one would hide half of all words."""
_HIDDEN = "…"
_LOGIN = regex(r"(?<=://)(?!git@)[^\s/@]++@")
"""User and password of an address; the user may be a token, but `git` is nobody's."""
_HEADER = regex(r"(?i)(\b(?:proxy-)?authorization[\"']?\s{0,8}[:=]\s{0,8})[^\r\n,}]++")
_BEARER = regex(r"(?i)(\bbearer\s{1,8})[\w.~+/=-]{12,}+")
_SETTING = regex(
    r"(?i)((?:_auth|auth_?token|_password|authident|_token|_secret|api_?key)[\"']?\s{0,8}[=:]"
    r"\s{0,8}[\"']?)[^\s\"']++"
)
"""As settings and environments spell them: `_authToken=…`, `NPM_TOKEN: …`."""


def hidden(text: str, known: Iterable[str] = ()) -> str:
    """Return a text without what is secret in it.

    That is: what is `known` to be, what stands where addresses, headers and settings have their
    passwords, and what our own rules for secrets would find in a package.
    """
    text = text[:LONGEST]
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, _HIDDEN)
    text = _LOGIN.sub(f"{_HIDDEN}@", text)
    for pattern in (_HEADER, _BEARER, _SETTING):
        text = pattern.sub(rf"\g<1>{_HIDDEN}", text)
    return _without_tokens(text)


def _without_tokens(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    pieces: list[bytes] = []
    done = 0
    for start, end in secret.spans(data):
        if start >= done:
            shown = masked(data[start:end].decode("utf-8", "replace"))
            pieces += (data[done:start], shown.encode())
            done = end
    return b"".join((*pieces, data[done:])).decode("utf-8", "surrogatepass")
