"""Paths without what each build puts in them anew: hashes of chunks, versions, platform tags."""

from __future__ import annotations

import re

_HASHED = re.compile(r"(?<=[.\-_~])(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_]{8,}(?=[.\-_]|$)")
_VERSIONED = re.compile(r"-\d[^/]*?(?=\.(?:dist-info|data|egg-info)(?:/|\Z))")
_TAGGED = re.compile(r"\.(?:cpython-|pypy|cp\d|abi3|graalpy)[\w-]*(?=\.(?:so|pyd)\Z)")
_MARK = "*"


def stable_path(path: str) -> str:
    """Return a path in which the hash of a chunk's name does not count: `app.3f2a91bc.js`."""
    return _HASHED.sub(_MARK, path)


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
    found = re.fullmatch(r"(.*[-.])([A-Za-z0-9_-]{8})((?:\.[a-z0-9]{1,5}){1,3})", path)
    if found is None or found[2].islower() or found[2].isupper():
        return None
    return f"{found[1]}{_MARK}{found[3]}"
