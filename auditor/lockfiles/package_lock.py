"""npm's package-lock.json (1, 2, 3), npm-shrinkwrap.json and node_modules/.package-lock.json.

Source: npm documentation, "package-lock.json"; arborist's shrinkwrap reader. Up to npm 6 only the
tree `dependencies` is read, from npm 7 on `packages`, whatever lockfileVersion says: so both are
read here, and where they disagree the client decides what gets installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor import fastpaths
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._documents import json_object
from auditor.lockfiles._json_keys import every, key_lines, members, repeated, variants
from auditor.lockfiles._npm import (
    MANIFEST,
    Notes,
    aliased,
    digests,
    edges_of,
    folder_name,
    in_tarball,
    manifest,
    origin_of,
    outside,
)
from auditor.lockfiles._package_lock_plain import PlainLock
from auditor.lockfiles._places import FOLDER, Places, is_installed, meaning, name_at
from auditor.lockfiles._versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGES = "packages"
TREE = "dependencies"
_IDENTITY = ("name", "version", "resolved", "integrity")
_NEWEST = 3
_VERSIONS = Versions(place="lockfileVersion", known=("0 to 3",), kind=int, needed=False)
"""npm reads a file without one by the sections that it has."""


def _said(value: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(map(value.get, _IDENTITY[1:]))


class _Entry(Struct, kw_only=True):
    id: str
    place: str
    """Its folder: `node_modules/a/node_modules/b`, or `packages/a` for one of the project."""
    called: str
    """The name that it is installed under."""
    value: Mapping[str, Any]
    section: str
    line: int | None
    where: str
    """The path of keys to it, for what cannot be read."""
    linked: str = ""
    """The name of a link to it."""
    name: str = ""
    version: str = ""
    resolved: str = ""
    origin: Origin = Origin.REGISTRY
    requires: tuple[Edge, ...] = ()


class _Lock:
    """One side of a document while it is read."""

    def __init__(self, document: Document, text: str) -> None:
        self.root = json_object(text, document.limits)
        self.lines = key_lines(text, {(PACKAGES,), (TREE,)}, TREE)
        self.notes = Notes()
        self.notes.problems += repeated(self.root, self.lines)
        self.beside = document.beside
        self.project: Mapping[str, Any] = {}
        """The entry of the project itself: the key that is empty."""
        self.listed: list[_Entry] = []
        self.by_place: dict[str, _Entry] = {}
        self.links: dict[str, str] = {}
        """Place of a link to the folder that it leads to."""
        self.places = Places()
        self.legacy = Places()
        self.sections: dict[str, int] = {}

    def line(self, path: tuple[str, ...], number: int = 0) -> int | None:
        """Return the line of an entry's key: number 0 is the one that counts, from 1 the lost."""
        lines = self.lines.get(path, ())
        if not lines:
            return None
        return lines[number - 1] if 0 < number < len(lines) else lines[-1]

    # -- the section "packages"

    def packages(self) -> None:
        """Read the flat section: entries by folder."""
        found: list[_Entry] = []
        for number, section in enumerate(reversed(every(self.root, PACKAGES))):
            for key, value, lost in members(self.notes.mapping(section, PACKAGES)):
                where = f"{PACKAGES}.{key}"
                entry = self.notes.mapping(value, where)
                if not isinstance(value, dict) or _is_folder(key, entry):
                    continue
                if key == "":
                    self.project = self.project if lost or number else entry
                    continue
                line = self.line((PACKAGES, key), lost)
                suffix = f"#{number}.{lost}" if lost or number else ""
                found += self._versions(key, entry, (suffix, where), line)
        self.by_place = {one.place: one for one in found if one.id == one.place}
        for one in found:
            if one.value.get("link") is True:
                self._link(one)
            else:
                self.listed.append(one)
        for one in self.listed:
            if one.id == one.place and is_installed(one.place):
                self.places.add(one.place, one.id)
        self.sections[PACKAGES] = len(found)

    def _versions(
        self, key: str, entry: Mapping[str, Any], names: tuple[str, str], line: int | None
    ) -> Iterator[_Entry]:
        suffix, where = names
        called = name_at(key) if is_installed(key) else folder_name(key)
        values = [entry, *variants(entry, _IDENTITY)]
        for number, value in enumerate(values):
            identity = f"{key}{suffix}" + (f"#{number}" if number else "")
            yield _Entry(
                id=identity,
                place=key,
                called=called,
                value=value,
                section=PACKAGES,
                line=line,
                where=where,
            )

    def _link(self, entry: _Entry) -> None:
        target = self.notes.text(entry.value, "resolved", entry.where).removeprefix("file:")
        target = target.removeprefix("./").rstrip("/")
        self.links[entry.place] = target
        there = self.by_place.get(target)
        if there is not None and there is not entry:
            self.places.add(entry.place, target)
            there.linked = entry.called
        else:
            self.listed.append(entry)
        if outside(target):
            detail = f"{entry.place!r} is a link to {target!r}, outside the project"
            self.notes.problem("link-outside", entry.called, detail, entry.line)

    # -- the section "dependencies"

    def tree(self) -> None:
        """Read the nested section: what says the same as `packages` is not listed again."""
        count = 0
        alone = PACKAGES not in self.root
        for number, section in enumerate(reversed(every(self.root, TREE))):
            for entry in self._walk(section, f"#{number}" if number else ""):
                count += 1
                other = self.by_place.get(entry.place)
                if alone:
                    entry.id = entry.id.partition(":")[2]
                elif other is not None and entry.place in entry.id and self._agree(entry, other):
                    self.legacy.add(entry.place, other.id)
                    continue
                elif not self._differs(entry, other):
                    continue
                self.listed.append(entry)
                self.legacy.add(entry.place, entry.id)
        self.sections[TREE] = count

    def _walk(self, section: object, suffix: str) -> Iterator[_Entry]:
        pending: list[tuple[str, tuple[str, ...], object, str]] = [("", (TREE,), section, TREE)]
        while pending:
            folder, path, node, where = pending.pop()
            nested = []
            for key, value, lost in members(self.notes.mapping(node, where)):
                here = f"{where}.{key}"
                entry = self.notes.mapping(value, here)
                if not isinstance(value, dict):
                    continue
                place = f"{folder}/" if folder else ""
                place += key if is_installed(key) else FOLDER + key
                below = (*path, key)
                line = self.line(below, lost)
                for number, variant in enumerate([entry, *variants(entry, _IDENTITY)]):
                    again = f"#{lost}.{number}" if lost or number else ""
                    yield _Entry(
                        id=f"{TREE}:{place}{suffix}{again}",
                        place=place,
                        called=name_at(place),
                        value=variant,
                        section=TREE,
                        line=line,
                        where=here,
                    )
                if TREE in entry:
                    inside = self.links.get(place) or place
                    nested += [(inside, below, n, f"{here}.{TREE}") for n in every(entry, TREE)]
            pending += reversed(nested)

    def _agree(self, entry: _Entry, other: _Entry) -> bool:
        if _said(entry.value) == _said(other.value) and "name" not in other.value:
            return True
        self._identify(entry)
        self._identify(other)
        if entry.origin is not Origin.REGISTRY or other.origin is not Origin.REGISTRY:
            return other.origin is entry.origin or other.value.get("link") is True
        same = (entry.name, entry.version) == (other.name, other.version)
        pairs = ((e.get("resolved"), e.get("integrity")) for e in (entry.value, other.value))
        return same and all(a == b or not _told(a, b) for a, b in zip(*pairs, strict=True))

    def _differs(self, entry: _Entry, other: _Entry | None) -> bool:
        """Note where npm 6 would install another thing than npm 7; False where it installs none."""
        self._identify(entry)
        if not entry.version and not entry.resolved:  # optional, for another platform
            return False
        what = f"{entry.name}@{entry.version or entry.resolved}"
        if other is None:
            if entry.origin is not Origin.REGISTRY or entry.value.get("bundled") is True:
                return True
            detail = f"{what} at {entry.place!r} stands in {TREE!r} alone, which npm 6 installs"
        else:
            there = f"{other.name}@{other.version or other.resolved}"
            kind = "from another address or digest" if there == what else f"where {there} stands"
            detail = f"{TREE!r}, which npm 6 installs, has {what} {kind} in {PACKAGES!r}"
        self.notes.problem("split-brain", entry.called, detail, entry.line)
        return True

    # -- entries to packages

    def _distinguish(self) -> None:
        """Give each entry an id of its own: `a` and `node_modules/a` are one place in the tree."""
        taken: set[str] = set()
        again: dict[str, int] = {}
        for entry in self.listed:
            first = entry.id
            while entry.id in taken:
                again[first] = again.get(first, 0) + 1
                entry.id = f"{first}##{again[first]}"
            taken.add(entry.id)

    def _identify(self, entry: _Entry) -> None:
        """Fill in name, version, address and origin, as far as the entry itself says."""
        value, notes = entry.value, self.notes
        if entry.name:
            return
        if value.get("link") is True:
            entry.resolved = self.links.get(entry.place, "")
            entry.name, entry.origin = folder_name(entry.resolved) or entry.called, Origin.FILE
            return
        entry.name = notes.text(value, "name", entry.where) or entry.called
        entry.version = notes.text(value, "version", entry.where)
        entry.resolved = notes.text(value, "resolved", entry.where)
        if not entry.version[:1].isdigit():
            self._from_version(entry)
        elif not is_installed(entry.place):
            entry.origin = Origin.WORKSPACE
        elif not entry.resolved.startswith("https://"):
            said = origin_of(entry.resolved)
            entry.origin = said if said in {Origin.GIT, Origin.FILE} else Origin.REGISTRY

    def _from_version(self, entry: _Entry) -> None:
        """Take apart what is no plain version: an alias, an address, or nothing."""
        real = aliased(entry.version)
        if real:
            entry.name, entry.version = real
            return
        said = origin_of(entry.version)
        if said is Origin.REGISTRY:
            entry.origin = said if is_installed(entry.place) else Origin.WORKSPACE
            return
        entry.resolved = entry.resolved or entry.version
        address, entry.version, entry.origin = entry.version, "", said
        packed = in_tarball(address)
        if packed and packed[0] in {entry.name, entry.name.rpartition("/")[2]}:
            entry.version = packed[1]
            entry.origin = Origin.REGISTRY if "/-/" in address else said
        elif packed and "/-/" in address:
            entry.name, entry.version = packed
        elif said is Origin.FILE and not packed:
            entry.name = folder_name(address.removeprefix("file:")) or entry.name

    def result(self, path: str) -> Inventory:
        """Return all that was read."""
        self._distinguish()
        roots = self._roots()
        for entry in self.listed:
            self._identify(entry)
            entry.requires = self._requires(entry)
        asked: dict[str, Origin] = {}
        direct = {edge.target for edge in roots}
        for edges in (roots, *(entry.requires for entry in self.listed)):
            for edge in edges:
                if edge.target and ("/" in edge.wants or ":" in edge.wants):
                    asked[edge.target] = origin_of(edge.wants)
        version = self.root.get("lockfileVersion")
        return Inventory(
            path=path,
            format=FORMAT.name,
            format_version=str(version) if isinstance(version, (int, str)) else "",
            packages=tuple(self._package(e, asked.get(e.id), e.id in direct) for e in self.listed),
            roots=roots,
            sections=self.sections,
            problems=tuple(self.notes.problems),
            unread=(*_VERSIONS.unread(version), *self.notes.unread),
        )

    def _roots(self) -> tuple[Edge, ...]:
        project = self.project or manifest(self.beside, self.notes) or {}
        own = [entry for entry in self.listed if entry.section == PACKAGES]
        places = self.places if PACKAGES in self.root else self.legacy
        found = self._edges(project, places.scopes(""), f"{PACKAGES}.")
        for entry in own:
            if not is_installed(entry.place) and not outside(entry.place):
                found += self._edges(entry.value, places.scopes(entry.place), entry.where)
        return tuple(dict.fromkeys(found))

    def _requires(self, entry: _Entry) -> tuple[Edge, ...]:
        places = self.places if entry.section == PACKAGES else self.legacy
        scopes = places.scopes(entry.place)
        if entry.section == PACKAGES:
            return self._edges(entry.value, scopes, entry.where)
        wanted = self.notes.ranges(entry.value, "requires", entry.where)
        return tuple(
            Edge(name=name, wants=wants, target=meaning(scopes, name))
            for name, wants in wanted.items()
        )

    def _edges(
        self, value: Mapping[str, Any], scopes: Sequence[dict[str, str]], where: str
    ) -> tuple[Edge, ...]:
        return edges_of(value, self.notes, where, lambda name, _: meaning(scopes, name))

    def _package(self, entry: _Entry, asked: Origin | None, direct: bool) -> LockedPackage:  # noqa: FBT001
        value, notes, origin = entry.value, self.notes, entry.origin
        if asked in {Origin.URL, Origin.GIT} and origin is Origin.REGISTRY:
            origin = asked
        elif origin is Origin.WORKSPACE and (asked is Origin.FILE or outside(entry.place)):
            origin = Origin.FILE
        installed = is_installed(entry.place)
        called = entry.called if installed else entry.linked or entry.name
        if installed:
            registry = origin is Origin.REGISTRY
            for name in {called, entry.name} if registry else {called}:
                notes.name(name, entry.place, entry.line, registry=registry)
        flag = value.get
        return LockedPackage(
            id=entry.id,
            ecosystem="npm",
            name=entry.name,
            version=entry.version,
            origin=origin,
            resolved=entry.resolved,
            integrity=digests(notes.text(value, "integrity", entry.where)),
            alias=called if called != entry.name else "",
            section=entry.section,
            line=entry.line,
            dev=flag("dev") is True,
            optional=flag("optional") is True or flag("devOptional") is True,
            direct=direct,
            bundled=flag("inBundle") is True or flag("bundled") is True,
            install_script=flag("hasInstallScript") is True,
            deprecated=notes.text(value, "deprecated", entry.where),
            requires=entry.requires,
        )


def _is_folder(key: str, entry: Mapping[str, Any]) -> bool:
    """Tell a folder of pnpm's store, which npm lists without content when it meets one."""
    return not entry and f"{FOLDER}." in key


def _told(*values: object) -> bool:
    """Tell whether both are given; `${REGISTRY}/…` of npm's own tests is no address."""
    return all(isinstance(value, str) and value and value[0] != "$" for value in values)


def _claims(lock: _Lock) -> None:
    """Compare lockfileVersion with the sections that are there."""
    version = lock.root.get("lockfileVersion")
    packages, tree = PACKAGES in lock.root, TREE in lock.root
    split = any(problem.kind == "split-brain" for problem in lock.notes.problems)
    if isinstance(version, bool):
        return
    if version == 1 and packages:
        detail = f"says 1, but there is a section {PACKAGES!r}, which npm 7 and newer install from"
        lock.notes.problem("version-lie", "lockfileVersion", detail)
    elif version == _NEWEST and tree and not split:  # which says more
        detail = f"says 3, but there is a section {TREE!r}, which npm 6 and older install from"
        lock.notes.problem("version-lie", "lockfileVersion", detail)


def _read_side(document: Document, text: str) -> Inventory:
    plain = _plain(document, text) if fastpaths.enabled("lock_readers") else None
    if plain is not None:
        return plain
    lock = _Lock(document, text)
    if PACKAGES in lock.root:
        lock.packages()
    if TREE in lock.root:
        lock.tree()
    _claims(lock)
    return lock.result(document.path)


def _plain(document: Document, text: str) -> Inventory | None:
    """Read what npm writes for one project; None where there is more in the file."""
    lock = PlainLock(document, text)
    if lock.packages is None:
        return None
    return Inventory(
        path=document.path,
        format=FORMAT.name,
        format_version=str(_NEWEST),
        packages=lock.packages,
        roots=lock.roots,
        sections={PACKAGES: len(lock.packages)},
        problems=tuple(lock.notes.problems),
        unread=lock.notes.unread,
    )


def read(document: Document) -> Inventory:
    """Read a lockfile of npm; raises ParseError for what is no JSON object."""
    return both_sides(document, _read_side)


_HEAD = regex(r'"lockfileVersion"\s*:\s*\d|"(?:node_modules/[^"\n]+)"\s*:\s*\{')


def recognises(head: str) -> bool:
    """Tell npm's lockfile by its lockfileVersion or by keys that are folders of node_modules."""
    if not head.lstrip("\ufeff \t\r\n").startswith(("{", "<<<<<<<")):
        return False
    if _HEAD.search(head):
        return not _is_bun(head)
    return False


def _is_bun(head: str) -> bool:
    """Bun's has workspaces as an object of objects at the top, npm's only inside an entry."""
    return re.search(r'\A\s*\{[^{}\[\]]*"workspaces"\s*:\s*\{', head) is not None


FORMAT = Format(
    name="package-lock",
    ecosystem="npm",
    files=("package-lock.json", "npm-shrinkwrap.json", ".package-lock.json"),
    beside=(MANIFEST,),
    recognises=recognises,
    read=read,
)
