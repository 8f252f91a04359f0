"""Bun's bun.lock: JSON with trailing commas; of a package's tuple the first slot decides.

Source: bun's documentation ("Lockfile") and the printer in `src/install/lockfile/bun.lock.zig`. A
key is a path of names in node_modules (`express/debug`), the first slot `name@version`; npm
packages have registry or tarball address, data and digest behind it, all others only data and
perhaps a digest or commit. Bun from 1.4 also says which packages have an install script.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._documents import json_object
from auditor.lockfiles._graph import only_development, only_optional
from auditor.lockfiles._json_keys import every, key_lines, members, repeated, strict
from auditor.lockfiles._npm import Notes, digests, edges_of, in_tarball, origin_of, outside, split
from auditor.lockfiles._versions import Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGES, _WORKSPACES = "packages", "workspaces"
_VERSIONS = Versions(place="lockfileVersion", known=("0 to 2",), kind=int)
_DEEPEST = 100
"""Slashes in a key; names are looked up at the top alone for deeper ones."""
_DIGEST = regex(r"(?:sha1|sha256|sha384|sha512|md5)-.*", re.DOTALL)
_LOCAL = {
    "workspace": Origin.WORKSPACE,
    "root": Origin.WORKSPACE,
    "link": Origin.FILE,
    "file": Origin.FILE,
    "folder": Origin.FILE,
    "symlink": Origin.FILE,
}


class _Lock:
    """One side of a document while it is read."""

    def __init__(self, document: Document, text: str) -> None:
        plain = strict(text)
        self.root = json_object(plain, document.limits)
        self.lines = key_lines(plain, {(_PACKAGES,)})
        self.notes = Notes()
        self.notes.problems += repeated(self.root, self.lines)
        self.entries: list[tuple[str, str, list[Any], int | None]] = []
        """Id, key, slots and line of each package."""
        self.keys: dict[str, str] = {}
        """Id by key, of entries that count."""
        trusted = self.root.get("trustedDependencies")
        listed = trusted if isinstance(trusted, list) else []
        self.trusted = {name for name in listed if isinstance(name, str)}

    def collect(self) -> None:
        """Find all entries, also those that repeated keys hide."""
        for number, section in enumerate(reversed(every(self.root, _PACKAGES))):
            for key, value, lost in members(self.notes.mapping(section, _PACKAGES)):
                if not isinstance(value, list) or not value or not isinstance(value[0], str):
                    reason = "is no list that begins with name and version"
                    self.notes.lost(f"{_PACKAGES}.{key}", reason)
                    continue
                lines = self.lines.get((_PACKAGES, key), [])
                line = lines[lost - 1] if 0 < lost < len(lines) else lines[-1] if lines else None
                identity = f"{key}#{number}.{lost}" if number or lost else key
                if identity == key:
                    self.keys[key] = identity
                self.entries.append((identity, key, value, line))

    def find(self, key: str, name: str, _wants: str) -> str:
        """Return the id of what a name means for the package of a key, the nearest first."""
        names = _names(key) if key.count("/") <= _DEEPEST else ()
        for length in range(len(names), -1, -1):
            found = self.keys.get("/".join((*names[:length], name)))
            if found is not None:
                return found
        return ""

    def roots(self) -> tuple[Edge, ...]:
        """Return what the project's workspaces require, each as its package.json says."""
        found: list[Edge] = []
        spaces = self.notes.mapping(self.root.get(_WORKSPACES), _WORKSPACES)
        for folder, value in spaces.items():
            where = f"{_WORKSPACES}.{folder}"
            space = self.notes.mapping(value, where)
            name = self.notes.text(space, "name", where) if folder else ""
            found += edges_of(space, self.notes, where, partial(self.find, name))
        return tuple(dict.fromkeys(found))

    def packages(self, roots: tuple[Edge, ...]) -> tuple[LockedPackage, ...]:
        """Return all packages, `direct`, `dev` and `optional` by what the workspaces require."""
        requires = {
            identity: self._requires(key, slots) for identity, key, slots, _ in self.entries
        }
        direct = {edge.target for edge in roots}
        dev = only_development(requires, roots)
        optional = only_optional(requires, roots)
        found = []
        for identity, key, slots, line in self.entries:
            values = self._values(key, slots, line)
            if values is None:
                continue
            package = LockedPackage(
                id=identity,
                ecosystem="npm",
                line=line,
                requires=requires[identity],
                direct=identity in direct,
                dev=identity in dev,
                optional=identity in optional,
                **values,
            )
            found.append(package)
        return tuple(found)

    def _requires(self, key: str, slots: list[Any]) -> tuple[Edge, ...]:
        data = _data(slots)
        place = f"{_PACKAGES}.{key}"
        return edges_of(data, self.notes, place, partial(self.find, key))

    def _values(self, key: str, slots: list[Any], line: int | None) -> dict[str, Any] | None:
        """Return the values of a package's fields; None for the project's own folder."""
        data = _data(slots)
        name, version = split(slots[0])
        called = (_names(key) or ("",))[-1]
        protocol, colon, rest = version.partition(":")
        origin = _LOCAL.get(protocol, origin_of(version)) if colon else origin_of(version)
        if protocol == "root" and colon:
            return None
        address = rest if colon and protocol in _LOCAL else version
        if origin is Origin.REGISTRY:
            address = slots[1] if len(slots) > 1 and isinstance(slots[1], str) else ""
            for each in {called, name}:
                self.notes.name(each, key, line, registry=True)
        else:
            packed = in_tarball(version) if origin is Origin.URL else None
            version = packed[1] if packed and name.endswith(packed[0]) else ""
            self.notes.name(called, key, line, registry=False)
        if protocol in {"link", "symlink", "workspace"} and outside(rest):
            detail = f"{key!r} leads to {rest!r}, outside the project"
            self.notes.problem("link-outside", called, detail, line)
        last = slots[-1] if len(slots) > 1 else ""
        digest = last if isinstance(last, str) and _DIGEST.fullmatch(last) else ""
        if origin is Origin.REGISTRY and len(slots) > 3 and isinstance(last, str):
            digest = last
        return {
            "name": name,
            "version": version,
            "origin": origin,
            "resolved": address,
            "integrity": digests(digest),
            "alias": called if called != name else "",
            "install_script": called in self.trusted or data.get("hasInstallScript") is True,
        }


def _data(slots: list[Any]) -> Mapping[str, Any]:
    return next((slot for slot in slots[1:] if isinstance(slot, dict)), {})


def _names(key: str) -> tuple[str, ...]:
    """Take a key apart into names: `a/@s/b` is `a` and `@s/b`."""
    found: list[str] = []
    scope = ""
    for part in key.split("/"):
        if scope:
            found.append(f"{scope}/{part}")
            scope = ""
        elif part.startswith("@"):
            scope = part
        else:
            found.append(part)
    return (*found, scope) if scope else tuple(found)


def _read_side(document: Document, text: str) -> Inventory:
    lock = _Lock(document, text)
    lock.collect()
    roots = lock.roots()
    packages = lock.packages(roots)
    version = lock.root.get("lockfileVersion")
    return Inventory(
        path=document.path,
        format=FORMAT.name,
        format_version=str(version) if isinstance(version, (int, str)) else "",
        packages=packages,
        roots=roots,
        sections={_PACKAGES: len(packages)},
        problems=tuple(lock.notes.problems),
        unread=(*_VERSIONS.unread(version), *lock.notes.unread),
    )


def read(document: Document) -> Inventory:
    """Read a bun.lock; raises ParseError for other text."""
    return both_sides(document, _read_side)


_HEAD = regex(r'\A\s*\{[^{}\[\]]*"workspaces"\s*:\s*\{\s*"')
_MINE = regex(r'"lockfileVersion"\s*:')


def recognises(head: str) -> bool:
    """Tell bun's lockfile: a lockfileVersion, and workspaces as an object at the top."""
    return _HEAD.search(head) is not None and _MINE.search(head) is not None


FORMAT = Format(
    name="bun",
    ecosystem="npm",
    files=("bun.lock",),
    recognises=recognises,
    read=read,
)
