"""What an address says it is: the names and versions in tarball, repository and CDN addresses.

An entry's own name and version are what people and scanners read; package managers install what
the address gives (measured for npm, yarn and bun). So every form in which an address names a
package is read: registry tarballs (`/axios/-/axios-1.14.1.tgz`, scoped, `%2f`, GitHub Packages'
`/download/`), wheels and sdists (PEP 427, PEP 625), `name@version` of CDNs and stores, tags of
git repositories and the archives that hosts make of tags. These are claims: the caller knows
which of them matter.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 2048
"""Characters of an address that are looked at; with what is done per part this bounds the time."""
_PARTS = 40
_SUFFIX = regex(r"\.(?:tgz|tar\.(?:gz|bz2|xz)|tar|zip|whl)\Z", re.IGNORECASE)
_SPLIT = regex(r"-(?=v?\d)")
_TAG = regex(r"(?:[A-Za-z@][^/]*?[@/_-])?v?(\d[0-9A-Za-z.+-]*)\Z")
_VERSION = regex(r"(?:npm:)?[v=]*(\d[^_()]*)")
_SPLITS = 8
"""Places where a file name may be cut into name and version; no real one has more."""
_LONGEST_TAG = 128
_BEHIND_TAG = frozenset({"archive", "tarball", "zipball"})
_CODELOAD = frozenset({"tar.gz", "zip", "legacy.tar.gz", "legacy.zip"})
_ARCHIVE_URL = "__archiveUrl="


class Claim(Struct, frozen=True, kw_only=True):
    """A name and version that an address names."""

    name: str
    version: str
    repository: bool = False
    """The name is a repository's: it means a package only if that package is called so, too."""
    packed: bool = False
    """The name is a file's: `npm pack` writes `@scope/name` as `scope-name`."""


def claims(address: str) -> tuple[Claim, ...]:
    """Return what an address names, each claim once; empty for most that are not of a package."""
    found: dict[Claim, None] = {}
    for text in _spellings(address[:_LONGEST]):
        before, _, fragment = text.partition("#")
        path = before.partition("?")[0]
        parts = _plain(path)
        if parts:
            found |= dict.fromkeys(_from_parts(parts))
            if fragment:
                found |= dict.fromkeys(_from_fragment(parts[-1], fragment))
    return tuple(found)


def _spellings(address: str) -> Iterator[str]:
    """Yield the address as the server will see it, and the one that yarn hides in another."""
    decoded = address
    for _ in range(2):
        if "%" in decoded:
            decoded = unquote(decoded)
    if _ARCHIVE_URL in decoded:
        decoded, _, hidden = decoded.partition(_ARCHIVE_URL)
        yield hidden.partition("&")[0]
        decoded = decoded.rstrip(":&")
    yield decoded


def _plain(path: str) -> list[str]:
    """Return the parts of a path without empty and dot parts."""
    parts: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return parts[-_PARTS:]


def _from_parts(parts: list[str]) -> Iterator[Claim]:
    file = parts[-1]
    stem = _SUFFIX.sub("", file)
    if stem != file:
        yield from _from_file(parts, stem, wheel=file.lower().endswith(".whl"))
    for index, part in enumerate(parts):
        yield from _from_part(parts, index, part)
    yield from _from_host_archive(parts, stem)


def _from_file(parts: list[str], stem: str, *, wheel: bool) -> Iterator[Claim]:
    """Read the file name of a tarball or wheel, and the registry's path before it."""
    if wheel:
        name, _, rest = stem.partition("-")
        yield Claim(name=name, version=rest.partition("-")[0])
        return
    if "-" in parts:
        at = len(parts) - 1 - parts[::-1].index("-")
        name = parts[at - 1] if at else ""
        if name and stem.startswith(f"{name}-"):
            version = stem[len(name) + 1 :]
            scope = parts[at - 2] if at > 1 and parts[at - 2].startswith("@") else ""
            yield Claim(name=f"{scope}/{name}" if scope else name, version=version)
            return
    for found in islice(_SPLIT.finditer(stem), _SPLITS):
        yield Claim(name=stem[: found.start()], version=stem[found.end() :], packed=True)


def _from_part(parts: list[str], index: int, part: str) -> Iterator[Claim]:
    """Read `name@version` (CDNs, stores, locators) and GitHub Packages' `download` paths."""
    name, mark, spelled = part.rpartition("@")
    if mark and name and (version := _VERSION.match(spelled)):
        name = name.rpartition(":")[2].removesuffix(".git")
        if name.startswith("@"):  # pnpm's store writes `@scope+name@version`
            name = name.replace("+", "/", 1)
        scope = parts[index - 1] if index else ""
        scope = scope[scope.rfind("@") :] if "@" in scope and "/" not in name else ""
        yield Claim(name=f"{scope}/{name}" if scope else name, version=_SUFFIX.sub("", version[1]))
    elif part == "download" and len(parts) > index + 2:
        rest = parts[index + 1 :]
        if rest[0].startswith("@") and len(rest) > 2:
            yield Claim(name=f"{rest[0]}/{rest[1]}", version=rest[2])
        else:
            yield Claim(name=rest[0], version=rest[1])


def _from_host_archive(parts: list[str], stem: str) -> Iterator[Claim]:
    """Read the addresses under which git hosts give the archive of a tag."""
    for index, part in enumerate(parts[1:-1], 1):
        if part in _BEHIND_TAG or part in _CODELOAD:
            before = parts[index - 2] if parts[index - 1] == "-" and index > 1 else parts[index - 1]
            behind = [*parts[index + 1 : -1], stem]
            tag = next((p for p in behind if p not in {"refs", "tags"}), "")
            yield from _tagged(before, tag)
        elif part == "releases" and parts[index + 1] == "download" and len(parts) > index + 2:
            yield from _tagged(parts[index - 1], parts[index + 2])


def _from_fragment(last: str, fragment: str) -> Iterator[Claim]:
    repository = last.rpartition(":")[2].removesuffix(".git")
    for piece in fragment.split("&", 8)[:8]:
        tag = piece.rpartition("=")[2].removeprefix("semver:").removeprefix("refs/tags/")
        yield from _tagged(repository, tag)


def _tagged(repository: str, tag: str) -> Iterator[Claim]:
    found = _TAG.match(tag) if len(tag) <= _LONGEST_TAG else None
    if found and repository:
        yield Claim(name=repository.removesuffix(".git"), version=found[1], repository=True)
