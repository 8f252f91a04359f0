"""Which file of a project each packed file comes from, as far as path and content tell.

An npm tarball and an sdist keep a file's path, so there the path decides, whatever the packer made
of the content. A wheel drops the folder that the packages lie in (`src/`, or any other): there a
file counts only where the content is the same, unless git tracks it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from bisect import bisect_left
from typing import TYPE_CHECKING

from auditor.errors import InputError
from auditor.facts.distribution import SITE, scheme_of
from auditor.facts.manifest import MANIFEST
from auditor.facts.project.build_output import placed
from auditor.facts.python.record import MemberDigest
from auditor.lazyre import regex
from auditor.model import MemberType
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from auditor.facts import Contents

_ROOTS = ("", "src/", "lib/", "python/")
"""Where the packages of a Python project usually lie."""
_LICENCES = "licenses/"
"""The folder of a dist-info that licence files are copied to (PEP 639)."""
_LARGEST = 16 * 1024 * 1024
_MOST_READ = 512 * 1024 * 1024
"""Bytes of the project that are digested for one wheel; past them the size alone decides."""
_ESCAPED = regex(rb"\\x([89a-f][0-9a-f])")


def packed_files(contents: Contents) -> tuple[str, ...]:
    """Return the paths of an artifact's own files and links, each once."""
    return tuple(
        dict.fromkeys(
            member.path
            for member in contents.members
            if member.type is not MemberType.DIRECTORY and not member.nested
        )
    )


def sent_from(root: bytes) -> str:
    """Return the folder that pnpm packs instead of a project's own; empty where it is that."""
    data = read(root, MANIFEST)
    try:
        config = json_object(data).get("publishConfig") if data else None
    except InputError:
        return ""  # a bad package.json is said elsewhere
    folder = config.get("directory") if isinstance(config, dict) else None
    parts = [part for part in str(folder or "").split("/") if part not in {"", "."}]
    return "" if ".." in parts else "/".join(parts)


def read(root: bytes, name: str) -> bytes:
    """Return a file of a project's folder; nothing where there is none, or none of 16 MiB."""
    status = _status(root, os.fsencode(name))
    if status is None or not stat.S_ISREG(status.st_mode):
        return b""
    try:
        with open(os.path.join(root, os.fsencode(name)), "rb") as file:  # noqa: PTH118, PTH123 - bytes
            data = file.read(_LARGEST + 1)
    except OSError:
        return b""
    return data if len(data) <= _LARGEST else b""


def by_path(root: bytes, paths: Iterable[str], base: str) -> Iterator[tuple[str, bytes]]:
    """Yield packed path and path on disk, for packers that keep paths.

    `base` is the folder that may have been packed instead of the project's. What can be no path
    of the project (`..`), or is git's own, is left out.
    """
    for path in paths:
        places = [
            raw for one in ((f"{base}/{path}", path) if base else (path,)) for raw in _raw(one)
        ]
        found = next((raw for raw in places if _status(root, raw)), None)
        if places:
            yield path, places[0] if found is None else found


def by_content(
    root: bytes,
    contents: Contents,
    tracked: AbstractSet[bytes],
    known: Callable[[], Iterable[bytes]],
    documents: Mapping[str, bytes],
) -> Iterator[tuple[str, bytes | None]]:
    """Yield a wheel's paths with their paths on disk; None for what was made for the wheel.

    `known` lists the files that git tracks or does not ignore, and is asked where the usual
    folders hold no such file; a folder that is found so is then tried for all others.
    """
    wheel = _Wheel(root, contents, tracked, known, placed(documents))
    for path in packed_files(contents):
        if ".." not in path.split("/"):
            yield path, wheel.source(path)


class _Wheel:
    """One wheel's files, looked for in a project."""

    def __init__(
        self,
        root: bytes,
        contents: Contents,
        tracked: AbstractSet[bytes],
        known: Callable[[], Iterable[bytes]],
        places: tuple[tuple[str, str], ...],
    ) -> None:
        self._root = root
        self._tracked = tracked
        self._known = known
        self._places = places
        self._sizes = {path: member.size for path, member in contents.files().items()}
        self._digests = {seen.path: seen.sha256 for seen in contents.of(MemberDigest)}
        self._roots = dict.fromkeys(map(os.fsencode, _ROOTS))
        self._backwards: list[bytes] | None = None
        self._read = 0

    def source(self, path: str) -> bytes | None:
        """Return the file that a member was made from; None for none."""
        scheme, rest = scheme_of(path)
        if scheme == "dist-info":
            if not rest.startswith(_LICENCES):
                return None
            rest = rest.removeprefix(_LICENCES)
        elif scheme not in SITE and not any(_below(rest, there) for there, _ in self._places):
            return next(self._anywhere(path, rest), None)
        raw = next(_raw(rest), None)
        if raw is None:
            return None
        places = [*self._placed(rest), *(root + raw for root in self._roots)]
        there = [(place, size) for place in places if (size := self._size(place)) is not None]
        same = [place for place, size in there if size == self._sizes.get(path)]
        found = next((place for place in same if place in self._tracked), None)
        found = found or next((place for place in same if self._equals(path, place)), None)
        found = found or next((place for place, _ in there if place in self._tracked), None)
        return found or next(self._anywhere(path, rest), None)

    def _placed(self, rest: str) -> Iterator[bytes]:
        for there, here in self._places:
            if _below(rest, there):
                yield from _raw(f"{here}{rest.removeprefix(there)}")

    def _anywhere(self, path: str, rest: str) -> Iterator[bytes]:
        """Yield files elsewhere in the project with that end of a path, and the same content."""
        if self._backwards is None:  # sorted so, paths with a common end stand together
            self._backwards = sorted(one[::-1] for one in self._known())
        for raw in _raw(rest):
            end = (b"/" + raw)[::-1]
            for position in range(bisect_left(self._backwards, end), len(self._backwards)):
                if not self._backwards[position].startswith(end):
                    break
                one = self._backwards[position][::-1]
                if self._size(one) != self._sizes.get(path):
                    continue
                if one in self._tracked or self._equals(path, one):
                    self._roots = {one.removesuffix(raw): None, **self._roots}
                    yield one

    def _size(self, raw: bytes) -> int | None:
        status = _status(self._root, raw)
        return status.st_size if status and stat.S_ISREG(status.st_mode) else None

    def _equals(self, path: str, raw: bytes) -> bool:
        """Tell whether a file of the same size is the same; without a digest it is."""
        wanted = self._digests.get(path)
        self._read += self._sizes.get(path, 0)
        if wanted is None or self._read > _MOST_READ:
            return True
        try:
            with open(os.path.join(self._root, raw), "rb") as file:  # noqa: PTH118, PTH123 - bytes
                return hashlib.file_digest(file, "sha256").digest() == wanted
        except OSError:
            return False


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _raw(path: str) -> Iterator[bytes]:
    r"""Yield how a packed path can be spelled on disk: as it is, or with the bytes that `\xff` was.

    Nothing for what leads out of the project, or into git's own data.
    """
    parts = path.split("/")
    if "\0" in path or any(part in {"", ".", ".."} for part in parts):
        return
    if any(part.lower() == ".git" for part in parts):
        return
    raw = path.encode("utf-8", "surrogatepass")
    yield raw
    if b"\\x" in raw:
        yield _ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), raw)


def _status(root: bytes, raw: bytes) -> os.stat_result | None:
    try:
        return os.lstat(os.path.join(root, raw))  # noqa: PTH118 - names that are no text stay whole
    except (OSError, ValueError):
        return None
