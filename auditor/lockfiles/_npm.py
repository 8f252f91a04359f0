"""What the npm family's lockfiles share: names, aliases, specifications, digests, manifests.

Specifications are those of npm-package-arg (what stands behind `@` or in a dependency map), digests
those of Subresource Integrity. Everything here takes any text.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from auditor.errors import InputError
from auditor.inventory import Edge, LockProblem, Origin
from auditor.lazyre import regex
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MANIFEST = "package.json"
PROTOTYPE = "__proto__"
_MOST_UNREAD = 100
REQUIRED = ("peerDependencies", "devDependencies", "dependencies", "optionalDependencies")
"""The later ones win where a name stands in two of them: what ships counts before what is tried."""
_NAME = regex(r"(?:@[A-Za-z0-9~!'()*._-]+/)?[A-Za-z0-9~!'()*_-][A-Za-z0-9~!'()*._-]*")
PLAIN_NAME = r"(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*"
PLAIN = regex(PLAIN_NAME)
_FORGE = regex(r"https?://(?:[^/@]*@)?(?:github\.com|gitlab\.com|bitbucket\.org)/[^/]+/[^/]+")
_OWNER_AND_NAME = regex(r"[^@/:.~\s][^@/:\s]*/[^@/:#\s]+(?:#.*)?", re.DOTALL)
_SCHEMES = (
    (("workspace:",), Origin.WORKSPACE),
    (("file:", "link:", "portal:", "./", "../", "/", "~/"), Origin.FILE),
    (("git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"), Origin.GIT),
)
_ALGORITHMS = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = regex(r"(?:[0-9a-fA-F]{2})+")


class Notes:
    """What turns up while a file is read: problems, and parts that could not be read."""

    def __init__(self) -> None:
        self.problems: list[LockProblem] = []
        self._unread: list[tuple[str, str]] = []
        self._more = 0

    @property
    def unread(self) -> tuple[tuple[str, str], ...]:
        """Places and reasons; beyond the first hundred only their number."""
        if not self._more:
            return tuple(self._unread)
        return (*self._unread, ("", f"{self._more:,} more parts could not be read"))

    def lost(self, place: str, reason: str) -> None:
        """Note a part that could not be read."""
        if len(self._unread) < _MOST_UNREAD:
            self._unread.append((place, reason))
        else:
            self._more += 1

    def problem(self, kind: str, subject: str, detail: str, line: int | None = None) -> None:
        """Note something odd about the file."""
        self.problems.append(LockProblem(kind=kind, subject=subject, detail=detail, line=line))

    def mapping(self, value: object, place: str) -> Mapping[str, Any]:
        """Return an object; another type is noted and empty."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.lost(place, f"is {_word(value)}, where an object must stand")
        return {}

    def text(self, entry: Mapping[str, Any], key: str, place: str) -> str:
        """Return a text; absent, null and false (npm 6 has `resolved: false`) are empty."""
        value = entry.get(key)
        if isinstance(value, str):
            return value
        if value is not None and value is not False:
            self.lost(f"{place}.{key}", f"is {_word(value)}, where a text must stand")
        return ""

    def ranges(self, entry: Mapping[str, Any], key: str, place: str) -> dict[str, str]:
        """Return a map of names to ranges; what is no text is noted and left out."""
        value = entry.get(key)
        if value is None or value is True or value is False:  # `requires: true` is npm 5's
            return {}
        found = {}
        for name, wants in self.mapping(value, f"{place}.{key}").items():
            if isinstance(wants, str):
                found[name] = wants
            else:
                self.lost(f"{place}.{key}.{name}", f"is {_word(wants)}, where a text must stand")
        return found

    def name(self, name: str, place: str, line: int | None, *, registry: bool) -> None:
        """Note a name under which nothing may be installed; a registry's names are stricter."""
        if PLAIN.fullmatch(name):
            return
        parts = name.split("/")
        if any(part in {"", ".", "..", PROTOTYPE} for part in parts) or len(parts) > 2:
            reason = "leaves its folder, or is no name at all"
        elif registry and not _NAME.fullmatch(name):
            reason = "is no name that a registry takes"
        else:
            return
        self.problem("invalid-name", name, f"{place!r}: the name {name!r} {reason}", line)


def _word(value: object) -> str:
    words = {list: "a list", dict: "an object", str: "a text", bool: "true or false"}
    return words.get(type(value), "null" if value is None else "a number")


def edges_of(
    entry: Mapping[str, Any],
    notes: Notes,
    place: str,
    find: Callable[[str, str], str],
) -> tuple[Edge, ...]:
    """Return what a package.json, or an entry that quotes one, requires; each name once.

    `find` gives the id for a name and range. Peers that `peerDependenciesMeta` or bun's
    `optionalPeers` call optional are both.
    """
    found: dict[str, Edge] = {}
    for key in REQUIRED:
        if key not in entry:
            continue
        loose = _optional_peers(entry) if key == "peerDependencies" else frozenset()
        for name, wants in notes.ranges(entry, key, place).items():
            found[name] = Edge(
                name=name,
                wants=wants,
                target=find(name, wants),
                optional=key == "optionalDependencies" or name in loose,
                peer=key == "peerDependencies",
                dev=key == "devDependencies",
            )
    return tuple(found.values())


def _optional_peers(entry: Mapping[str, Any]) -> frozenset[str]:
    meta = entry.get("peerDependenciesMeta")
    listed = entry.get("optionalPeers")
    found = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    if isinstance(meta, dict):
        found += [n for n, m in meta.items() if isinstance(m, dict) and m.get("optional") is True]
    return frozenset(found)


def manifest(beside: Mapping[str, bytes], notes: Notes) -> Mapping[str, Any] | None:
    """Return the package.json beside a lockfile; None where there is none or it is unreadable."""
    data = beside.get(MANIFEST)
    if data is None:
        return None
    try:
        return json_object(data)
    except InputError as problem:
        notes.lost(MANIFEST, str(problem))
        return None


def split(descriptor: str) -> tuple[str, str]:
    """Return name and range of `name@range`; the range is empty where there is none."""
    at = descriptor.find("@", 1)
    return (descriptor, "") if at < 0 else (descriptor[:at], descriptor[at + 1 :])


def aliased(spec: str) -> tuple[str, str] | None:
    """Return the real name and version of `npm:real@version`; None where it names none.

    `npm:1.2.3` (yarn berry) has no name; `npm:ms` is the name alone, if it cannot be a range.
    """
    if not spec.startswith("npm:"):
        return None
    real = spec[4:]
    at = real.rfind("@")
    if at > 0:
        return real[:at], real[at + 1 :]
    if real[:1] == "@" or (real[:1].isalpha() and real not in {"latest", "next", "x", "X"}):
        return real, ""
    return None


def origin_of(spec: str) -> Origin:
    """Tell by a range, version or address where a package comes from."""
    if "/" not in spec and ":" not in spec:
        return Origin.REGISTRY
    for prefixes, origin in _SCHEMES:
        if spec.startswith(prefixes):
            return origin
    if spec.startswith(("http:", "https:")):
        path = spec.partition("#")[0].partition("?")[0].lower()
        forge = _FORGE.fullmatch(path.rstrip("/")) is not None
        return Origin.GIT if path.endswith(".git") or forge else Origin.URL
    return Origin.GIT if "/" in spec and _OWNER_AND_NAME.fullmatch(spec) else Origin.REGISTRY


def folder_name(path: str) -> str:
    """Return the name that npm gives to a folder: its last part, with the scope before it."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]
    if not parts or parts[-1] == "..":
        return ""
    scope = parts[-2] if len(parts) > 1 and parts[-2].startswith("@") else ""
    return f"{scope}/{parts[-1]}" if scope else parts[-1]


_TARBALL_NAME = regex(r"([^/@\s]+?)-(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)\.(?:tgz|tar\.gz)")


def in_tarball(address: str) -> tuple[str, str] | None:
    """Return name and version that a tarball's file name tells; the scope only as registries do."""
    path = address.partition("#")[0].partition("?")[0]
    file = path.rpartition("/")[2].removeprefix("file:")
    found = _TARBALL_NAME.fullmatch(file)
    if found is None:
        return None
    before = path.rpartition("/-/")[0].replace("%2f", "/").replace("%2F", "/")
    scope = before.rpartition("/")[0].rpartition("/")[2] if before else ""
    name = f"{scope}/{found[1]}" if scope.startswith("@") else found[1]
    return name, found[2]


def outside(path: str) -> bool:
    """Tell whether a path, relative to the project, leaves it."""
    depth = 0
    path = path.removeprefix("file:").replace("\\", "/")
    if path.startswith(("/", "~")) or path[1:2] == ":":
        return True
    for part in path.split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            return True
    return False


def digests(integrity: str) -> tuple[str, ...]:
    """Return the digests of an integrity text (Subresource Integrity: blanks between them)."""
    return tuple(integrity.split())


def from_hex(digest: str) -> str:
    """Return a hexadecimal digest as `algorithm-base64`; as spelled where it cannot be one."""
    algorithm = _ALGORITHMS.get(len(digest))
    if algorithm is None or not _HEX.fullmatch(digest):
        return digest
    return f"{algorithm}-{base64.b64encode(bytes.fromhex(digest)).decode()}"
