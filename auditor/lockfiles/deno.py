"""Deno's deno.lock, versions 1 to 5: npm and JSR packages, and the modules at plain addresses.

Source: the crate `deno_lockfile` and Deno's documentation ("Integrity checking and lock files").
Version 1 has no number, and nothing but the digests of modules by address.
Versions 2 and 3 have the sections under `npm` or `packages`, later ones at the top. A key is
`name@version`, with the peers that it was resolved with behind underscores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._documents import json_object
from auditor.lockfiles._json_keys import every, key_lines, members, repeated
from auditor.lockfiles._npm import Notes, digests, from_hex
from auditor.lockfiles._versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS = Versions(place="version", known=("2 to 5",), needed=False)
_SECTIONS = {
    ("npm",): "npm",
    ("jsr",): "jsr",
    ("packages", "npm"): "npm",
    ("packages", "jsr"): "jsr",
    ("npm", "packages"): "npm",
    ("remote",): "remote",
    (): "remote",
}
_LISTS = (("dependencies", False), ("optionalDependencies", True), ("optionalPeers", True))


class _Entry(Struct, kw_only=True):
    id: str
    name: str
    version: str
    section: str
    value: Mapping[str, Any]
    where: str
    line: int | None


class _Lock:
    """One side of a document while it is read."""

    def __init__(self, document: Document, text: str) -> None:
        self.root = json_object(text, document.limits)
        npm = self.root.get("npm")
        self.paths = set(_SECTIONS) - {
            ("npm",) if isinstance(npm, dict) and "packages" in npm else ("npm", "packages")
        }
        if "version" in self.root:
            self.paths.discard(())
        self.lines = key_lines(text, self.paths)
        self.notes = Notes()
        self.notes.problems += repeated(self.root, self.lines)
        self.entries: list[_Entry] = []
        self.remote: list[LockedPackage] = []
        self.ids: dict[str, str] = {}
        """Ids by `npm:key` and `jsr:key`, and by `npm:name` where that is unique."""
        self.specifiers: dict[str, str] = {}
        self.sections: dict[str, int] = {}

    def collect(self) -> None:
        """Find all entries, also those that repeated keys hide."""
        for path, section in _SECTIONS.items():
            if path not in self.paths:
                continue
            nodes: list[Any] = [self.root]
            for key in path:
                inner = [node for node in nodes if isinstance(node, dict)]
                nodes = [value for node in inner for value in every(node, key)]
            for number, node in enumerate(reversed(nodes)):
                read = self._remote if section == "remote" else self._packages
                count = read(node, path, f"#{number}" if number else "")
                self.sections[section] = self.sections.get(section, 0) + count
        holders = (self.root, self.root.get("packages"), self.root.get("npm"))
        for holder in holders:
            if isinstance(holder, dict) and "specifiers" in holder:
                where = "specifiers"
                self.specifiers |= self.notes.ranges(holder, where, "")

    def _packages(self, node: object, path: tuple[str, ...], suffix: str) -> int:
        where = ".".join(path)
        section = _SECTIONS[path]
        count = 0
        for key, value, lost in members(self.notes.mapping(node, where)):
            entry = self.notes.mapping(value, f"{where}.{key}")
            if not isinstance(value, dict):
                continue
            count += 1
            name, version = _name_and_version(key)
            again = f"{suffix}.{lost}" if lost else suffix
            found = _Entry(
                id=f"{section}:{key}{again}",
                name=name,
                version=version,
                section=section,
                value=entry,
                where=f"{where}.{key}",
                line=self._line((*path, key), lost),
            )
            self.entries.append(found)
            self.notes.name(name, found.where, found.line, registry=section == "npm")
            if not again:
                short = f"{section}:{name}"
                self.ids[f"{section}:{key}"] = found.id
                self.ids[short] = found.id if short not in self.ids else ""
                self.ids.setdefault(f"{short}@{version}", found.id)
        return count

    def _line(self, path: tuple[str, ...], lost: int) -> int | None:
        lines = self.lines.get(path, [])
        if not lines:
            return None
        return lines[lost - 1] if 0 < lost < len(lines) else lines[-1]

    def _remote(self, node: object, path: tuple[str, ...], suffix: str) -> int:
        count = 0
        for address, digest, lost in members(self.notes.mapping(node, ".".join(path))):
            if not path and not (isinstance(digest, str) and "://" in address):
                continue  # a section, in a file that lost its version
            if not isinstance(digest, str):
                self.notes.lost(f"remote.{address}", "has a digest that is no text")
                continue
            count += 1
            package = LockedPackage(
                id=f"remote:{address}{suffix}" + (f".{lost}" if lost else ""),
                ecosystem="deno",
                name=address,
                version="",
                origin=Origin.URL,
                resolved=address,
                integrity=(from_hex(digest),) if digest else (),
                section="remote",
            )
            self.remote.append(package)
        return count

    def target(self, wanted: str, section: str) -> str:
        """Return the id for `npm:a@^1`, `jsr:@s/b@1`, `a@1.0.0_peer@2` or, if unique, `a`."""
        if wanted.startswith(("npm:", "jsr:")):
            section, _, rest = wanted.partition(":")
            found = self.specifiers.get(wanted, "")
            if found:
                key = found.partition(":")[2] if found.startswith(("npm:", "jsr:")) else found
                name = _name_and_version(rest)[0]
                for full in (f"{section}:{name}@{key}", f"{section}:{key}"):
                    if full in self.ids:
                        return self.ids[full]
            return self.ids.get(wanted, "")
        return self.ids.get(f"{section}:{wanted}", "")

    def edges(self, entry: _Entry) -> tuple[Edge, ...]:
        """Return an entry's edges; up to version 3 a map of npm names to keys, then lists."""
        found = []
        for field, optional in _LISTS:
            value = entry.value.get(field)
            if isinstance(value, dict):
                pairs = list(self.notes.ranges(entry.value, field, entry.where).items())
            elif isinstance(value, list):
                pairs = [_alias_and_key(one) for one in value if isinstance(one, str)]
                if len(pairs) < len(value):
                    self.notes.lost(f"{entry.where}.{field}", "holds what is no text")
            else:
                if value is not None:
                    self.notes.lost(f"{entry.where}.{field}", "is neither a list nor an object")
                continue
            for name, key in pairs:
                target = self.target(key, entry.section)
                found.append(
                    Edge(
                        name=name,
                        wants=key,
                        target=target,
                        optional=optional,
                        peer=field == "optionalPeers",
                    )
                )
        return tuple(found)

    def roots(self) -> tuple[Edge, ...]:
        """Return what deno.json and package.json of the project and its members require."""
        workspace = self.notes.mapping(self.root.get("workspace"), "workspace")
        spaces = [workspace]
        holders = self.notes.mapping(workspace.get("members"), "workspace.members")
        spaces += [self.notes.mapping(v, f"workspace.members.{k}") for k, v in holders.items()]
        wanted: list[str] = []
        for space in spaces:
            manifest = self.notes.mapping(space.get("packageJson"), "workspace.packageJson")
            for holder in (space, manifest):
                listed = holder.get("dependencies")
                if isinstance(listed, list):
                    wanted += [one for one in listed if isinstance(one, str)]
        return tuple(
            Edge(
                name=_name_and_version(one.partition(":")[2] or one)[0],
                wants=one,
                target=self.target(one, "npm"),
            )
            for one in dict.fromkeys(wanted)
        )

    def packages(self, roots: tuple[Edge, ...]) -> Iterator[LockedPackage]:
        """Yield all packages; an alias is known from who requires it alone."""
        direct = {edge.target for edge in roots}
        requires = {entry.id: self.edges(entry) for entry in self.entries}
        names = {entry.id: entry.name for entry in self.entries}
        aliases = {
            edge.target: edge.name
            for edges in requires.values()
            for edge in edges
            if names.get(edge.target, edge.name) != edge.name
        }
        for entry in self.entries:
            package = self._package(entry, requires[entry.id])
            yield replace(package, alias=aliases.get(entry.id, ""), direct=entry.id in direct)
        yield from self.remote

    def _package(self, entry: _Entry, requires: tuple[Edge, ...]) -> LockedPackage:
        digest = self.notes.text(entry.value, "integrity", entry.where)
        deprecated = entry.value.get("deprecated")
        return LockedPackage(
            id=entry.id,
            ecosystem=entry.section,
            name=entry.name,
            version=entry.version,
            resolved=self.notes.text(entry.value, "tarball", entry.where),
            integrity=digests(digest) if "-" in digest or not digest else (from_hex(digest),),
            section=entry.section,
            line=entry.line,
            install_script=entry.value.get("scripts") is True,
            deprecated="deprecated" if deprecated is True else str(deprecated or "")[:1000],
            requires=requires,
        )


def _name_and_version(key: str) -> tuple[str, str]:
    """Return name and version of `name@1.0.0_peer@2.0.0`; the peers begin at the first `_`."""
    at = key.find("@", 1)
    if at < 0:
        return key, ""
    return key[:at], key[at + 1 :].partition("_")[0]


def _alias_and_key(wanted: str) -> tuple[str, str]:
    """Return the name that is asked for and the key: `alias@npm:real@1.0.0` has both."""
    name, at, real = wanted.partition("@npm:")
    if at and name:
        return name, real
    return _name_and_version(wanted.partition(":")[2] or wanted)[0], wanted


def _read_side(document: Document, text: str) -> Inventory:
    lock = _Lock(document, text)
    lock.collect()
    roots = lock.roots()
    version = lock.root.get("version")
    return Inventory(
        path=document.path,
        format=FORMAT.name,
        format_version=str(version) if isinstance(version, (int, str)) else "",
        packages=tuple(lock.packages(roots)),
        roots=roots,
        sections=lock.sections,
        problems=tuple(lock.notes.problems),
        unread=(*_VERSIONS.unread(version), *lock.notes.unread),
    )


def read(document: Document) -> Inventory:
    """Read a deno.lock; raises ParseError for what is no JSON object."""
    return both_sides(document, _read_side)


_HEAD = regex(
    r'\A[\s\ufeff]*\{\s*"version"\s*:\s*"[2-9]"\s*,\s*'
    r'"(?:specifiers|npm|jsr|packages|remote|redirects|workspace)"\s*:\s*\{'
)


def recognises(head: str) -> bool:
    """Tell Deno's lockfile by its first two keys."""
    return _HEAD.search(head) is not None


FORMAT = Format(
    name="deno",
    ecosystem="npm",
    files=("deno.lock",),
    recognises=recognises,
    read=read,
)
