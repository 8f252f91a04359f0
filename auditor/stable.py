"""Paths without what each build puts in them anew: hashes of chunks, versions, platform tags."""

from __future__ import annotations

import re

from auditor.lazyre import regex

_HASHED = regex(r"(?<=[.\-_~])(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_]{8,}(?=[.\-_]|$)")
_DIGIT = regex(r"[0-9]")
"""What each of these has."""
_CHUNK = regex(r"(?P<stem>.*[-.])(?P<hash>[A-Za-z0-9_-]{8})(?P<end>(?:\.[a-z0-9]{1,5}){1,3})")
"""A name whose last part may be a hash of eight letters, as bundlers write them by default."""
_HUMP = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_UNSPOKEN = regex(r"[^aeiouyhs]{3}|\A[^aeiouy]+\Z", re.IGNORECASE)
"""No vowel at all, or three consonants in a row of which none is as in `String` or `Search`: seldom
in words, often among random letters."""
_VERSIONED = regex(r"-\d[^/]*?(?=\.(?:dist-info|data|egg-info)(?:/|\Z))")
_TAGGED = regex(r"\.(?:cpython-|pypy|cp\d|abi3|graalpy)[\w-]*(?=\.(?:so|pyd)\Z)")
_MARK = "*"


def stable_path(path: str) -> str:
    """Return a path in which the hash of a chunk's name does not count: `app.3f2a91bc.js`.

    Eight letters without a digit (`index-DiwrgTda.js`) are a hash where they are of both cases and
    do not read as words; `use-DateTime.js` keeps its name. A wrong guess would make two files one,
    so that what was said of the first holds for the second.
    """
    found = _CHUNK.fullmatch(path)
    if found and not _is_name(found["hash"]):
        path = f"{found['stem']}{_MARK}{found['end']}"
    return _HASHED.sub(_MARK, path) if _DIGIT.search(path) else path


def _is_name(text: str) -> bool:
    """Tell whether somebody may have chosen eight letters: of one case, or words in a row."""
    if text == text.lower() or text == text.upper():
        return True
    return all(len(hump) > 1 and not _UNSPOKEN.search(hump) for hump in _HUMP.findall(text))


def release_path(path: str) -> str:
    """Return a path that is the same in each release and on each platform.

    `demo-1.2.dist-info/METADATA` is `demo-*.dist-info/METADATA`, `_c.cpython-312-darwin.so` is
    `_c.*.so`; hashes of chunks do not count either.
    """
    return stable_path(_TAGGED.sub(f".{_MARK}", _VERSIONED.sub(f"-{_MARK}", path)))


def chunk(path: str) -> str | None:
    """Return what two builds of one chunk share, where its hash is not to be told from a word.

    That is so for eight letters behind the last separator, as bundlers write them:
    `index-DiwrgTda.js` and `index-BkfuqZpo.js`. None where a name has no such part.
    """
    found = _CHUNK.fullmatch(path)
    if found is None or found["hash"].islower() or found["hash"].isupper():
        return None
    return f"{found['stem']}{_MARK}{found['end']}"
