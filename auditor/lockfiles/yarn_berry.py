"""Yarn 2 and newer ("berry"): yarn.lock as a small part of YAML, with a `__metadata` entry.

Source: yarn's SYML (`@yarnpkg/parsers`) and `@yarnpkg/core` (`Project`): of an entry only
`resolution`, a locator `name@protocol:…`, decides what is installed; header and `version` are for
people. So name and version are those of the locator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Edge, Inventory, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._berry_entries import Block, written
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._npm import MANIFEST, Notes, manifest, origin_of, split
from auditor.lockfiles._versions import Versions
from auditor.lockfiles._yarn import MOST, Descriptors, Found, few, finished, told_of_nul, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PROJECT = "@workspace:."
"""The end of what the project itself is resolved to, which is no package of it."""
_METADATA = "__metadata"
_VERSIONS = Versions(place="__metadata.version", known=("4 to 10",))
_KEY = r'"(?:[^"\\]++|\\.)*+"|\'[^\']*+\'|[^\s"\'#:{}\[\]&*!|>%@`][^:\s]*+(?::[^:\s]++)*+'
_FIELD = regex(rf"({_KEY}):(?:[ \t]+(.*?))?[ \t]*")
_NO_TEXT = frozenset("&*!|>{[")
"""How a value begins that YAML reads as something else than a plain text; yarn writes none."""
_MOST_PATCHES = 8
"""Patches of a patched package."""
_ARCHIVE = "__archiveUrl"
_PROTOCOLS = {
    "npm": Origin.REGISTRY,
    "workspace": Origin.WORKSPACE,
    "file": Origin.FILE,
    "link": Origin.FILE,
    "portal": Origin.FILE,
    "exec": Origin.FILE,
    "git": Origin.GIT,
}


def _blocks(text: str, notes: Notes) -> Iterable[Block]:
    """Return the entries; what is no line of theirs is noted."""
    found = written(text)
    return _each_line(text, notes) if found is None else found


def _each_line(text: str, notes: Notes) -> Iterator[Block]:
    """Yield the entries; what is no line of theirs is noted."""
    told_of_nul(text, notes)
    block: Block | None = None
    long = ""
    known: dict[str, tuple[int, str, str | None]] = {}  # most fields stand there often
    for number, raw in enumerate(text.split("\n"), 1):
        if block is not None and raw in known:
            block.take(*known[raw])
            continue
        line = raw.strip()
        if not line or line[0] == "#":
            continue
        if not raw[0].isspace():
            if line.startswith("? "):  # a key of more than 1,024 characters; `:` follows
                long = line[2:]
                continue
            if block is not None:
                yield block
            block = _header(f"{long}:" if long and line == ":" else line, number)
            long = ""
            if block is None:
                notes.lost(f"line {number:,}", "is no header of an entry")
        elif block is not None:
            pair = _field(line)
            if pair is None or ((pair[1] or "")[:1] in _NO_TEXT and line[-1:] not in "\"'"):
                notes.lost(f"line {number:,}", "is no field of an entry")
            else:
                known[raw] = (len(raw) - len(raw.lstrip()), *pair)
                block.take(*known[raw])
    if block is not None:
        yield block


def _header(line: str, number: int) -> Block | None:
    found = _FIELD.fullmatch(line)
    return Block(unquoted(found[1]), number) if found and found[2] is None else None


def _field(line: str) -> tuple[str, str | None] | None:
    """Return key and value; the value is None where a block follows, all where it is no field."""
    key, colon, value = line.partition(": ")
    if colon and key.isalnum() and value[:1].isalnum() and "#" not in value:  # most lines
        return key, value
    found = _FIELD.fullmatch(line)
    if found is None:
        return None
    return unquoted(found[1]), None if found[2] is None else unquoted(found[2])


def _located(resolution: str, version: str) -> dict[str, Any]:
    """Return name, version, origin and address that a locator tells."""
    name, reference = split(resolution)
    reference, _, bindings = reference.partition("::")
    protocol, colon, rest = reference.partition(":")
    found: dict[str, Any] = {
        "name": name,
        "version": version,
        "resolved": resolution,
        "origin": Origin.REGISTRY,
    }
    archive = re.search(rf"(?:^|&){_ARCHIVE}=([^&]*)", bindings)
    if protocol == "npm":
        found |= {"version": rest, "origin": Origin.REGISTRY, "resolved": ""}
        if archive:
            found["resolved"] = unquote(archive[1])
    elif protocol == "patch":
        source = unquote(rest.partition("#")[0])
        for _ in range(_MOST_PATCHES):
            if source.startswith(f"{name}@patch:"):
                source = unquote(source[len(name) + 7 :].partition("#")[0])
        inner = split(source)
        if inner[1].startswith("npm:"):
            plain = inner[1].removeprefix("npm:").partition("::")[0]
            found |= {"name": inner[0], "version": plain, "origin": Origin.REGISTRY, "resolved": ""}
        else:
            found["origin"] = origin_of(inner[1])
    elif colon and protocol in _PROTOCOLS:
        found["origin"] = _PROTOCOLS[protocol]
    else:
        # A commit makes a git repository of any address.
        is_git = "#commit=" in reference
        found["origin"] = Origin.GIT if is_git else origin_of(reference)
    if protocol in {"http", "https"} or found["origin"] in {Origin.GIT, Origin.FILE}:
        found["resolved"] = reference
    return found


def _packages(block: Block, notes: Notes) -> Iterator[Found]:
    """Yield one package for each name under which the entry is installed."""
    first = block.descriptors[0]
    resolution = block.fields.get("resolution", "")
    version = block.fields.get("version", "")
    if not resolution:
        notes.lost(first, "has no resolution, which alone says what it is")
        resolution = f"{split(first)[0]}@npm:{version}" if version else first
    located = _located(resolution, version)
    registry = located["origin"] is Origin.REGISTRY
    if registry and version and located["version"] != version:
        detail = f"{first!r} says version {version}, but installs {resolution!r}"
        notes.problem("version-lie", split(first)[0], detail, block.line)
    if located["origin"] is Origin.WORKSPACE:
        located["version"] = "" if version == "0.0.0-use.local" else version
    checksum = block.fields.get("checksum", "")
    names: dict[str, str] = {}
    for descriptor in block.descriptors:
        names.setdefault(split(descriptor)[0], descriptor)
    for called, descriptor in few(names, notes, block.line):
        for each in {called, located["name"]}:
            notes.name(each, descriptor, block.line, registry=registry)
        if located["origin"] is Origin.URL and origin_of(split(descriptor)[1]) is Origin.REGISTRY:
            located["origin"] = Origin.REGISTRY  # as asked for; the address is another matter
        values = located | {
            "integrity": (checksum,) if checksum else (),
            "alias": called if called != located["name"] else "",
            "line": block.line,
            # Yarn asks os and cpu of optional dependencies alone; it has no other flag for them.
            "optional": "conditions" in block.fields,
        }
        wanted, optional = _wanted(block)
        yield Found(id=descriptor, values=values, wanted=wanted, optional=optional)


def _wanted(block: Block) -> tuple[dict[str, str], list[str]]:
    """Return the requirements of an entry, and which of them are optional."""
    optional = block.maps.get("optionalDependencies", {})
    meta = block.maps.get("dependenciesMeta", {})
    loose = [*optional, *(name for name, words in meta.items() if words == "optional")]
    return block.maps.get("dependencies", {}) | optional, loose


class _Lock:
    """One side of a document while it is read."""

    def __init__(self, document: Document) -> None:
        self.path = document.path
        self.beside = document.beside
        self.notes = Notes()
        self.descriptors = Descriptors()
        self.found: list[Found] = []
        self.projects: list[Block] = []
        """Entries of workspaces, the project's own folder among them."""
        self.metadata: dict[str, str] = {}
        self._seen: dict[str, int] = {}

    def add(self, block: Block) -> None:
        """Take in one entry, with all values of fields that it has twice."""
        if not block.descriptors:
            self.notes.lost(f"line {block.line:,}", "is the header of nothing")
            return
        if block.descriptors[0] == _METADATA:
            self.metadata = block.fields
            return
        for key, _ in block.again:
            detail = f"{block.descriptors[0]!r} has the field {key!r} more than once"
            self.notes.problem("duplicate-key", block.descriptors[0], detail, block.line)
        for key in block.twice:
            detail = f"{block.descriptors[0]!r} asks for {key!r} more than once"
            self.notes.problem("duplicate-key", block.descriptors[0], detail, block.line)
        if block.release and self._add_release(block):
            return
        current = block.fields
        for change in ({}, *(dict([pair]) for pair in block.again[:MOST])):
            block.fields = current | change
            for package in _packages(block, self.notes):
                self._add(package, block, again=bool(change))
        block.fields = current

    def _add_release(self, block: Block) -> bool:
        """Take in a registry's package of its own name, as nearly all are; False for one again."""
        first = block.descriptors[0]
        if first in self._seen:
            return False
        self._seen[first] = 1
        for descriptor in block.descriptors:
            self.descriptors.add(descriptor, block.release, first)
        checksum = block.fields.get("checksum")
        values = {
            "name": block.release,
            "version": block.fields["version"],
            "integrity": (checksum,) if checksum else (),
            "line": block.line,
            "optional": "conditions" in block.fields,
        }
        wanted, optional = _wanted(block)
        self.found.append(Found(id=first, values=values, wanted=wanted, optional=optional))
        return True

    def _add(self, package: Found, block: Block, *, again: bool) -> None:
        count = self._seen.get(package.id, 0)
        self._seen[package.id] = count + 1
        if count and not again:
            detail = "has more than one entry: readers differ in which they take"
            self.notes.problem("duplicate-key", package.id, detail, block.line)
        if count:
            package.id = f"{package.id}#{count}"
        called = package.values["alias"] or package.values["name"]
        own = called == package.values["name"] and package.values["resolved"].endswith(_PROJECT)
        if not again and not own:
            for descriptor in block.descriptors:
                if split(descriptor)[0] == called:
                    self.descriptors.add(descriptor, called, package.id)
        if package.values["origin"] is Origin.WORKSPACE:
            self.projects.append(block)
        if not own:
            self.found.append(package)

    def result(self) -> Inventory:
        """Return all that was read."""
        roots, whole = self._roots()
        return Inventory(
            path=self.path,
            format=FORMAT.name,
            format_version=self.metadata.get("version", ""),
            packages=finished(self.found, self.descriptors, roots, whole=whole),
            roots=roots,
            sections={"entries": len(self.found)},
            problems=tuple(self.notes.problems),
            unread=(*_VERSIONS.unread(self.metadata.get("version")), *self.notes.unread),
        )

    def _roots(self) -> tuple[tuple[Edge, ...], bool]:
        """Return what the workspaces require, and whether it is known what is for development."""
        found: list[Edge] = []
        for block in self.projects:
            wanted, optional = _wanted(block)
            found += self.descriptors.edges(wanted, optional=optional)
        project = manifest(self.beside, self.notes) if len(self.projects) == 1 else None
        if project is None:
            return tuple(dict.fromkeys(found)), False
        dev = self.notes.ranges(project, "devDependencies", MANIFEST)
        ship = self.notes.ranges(project, "dependencies", MANIFEST)
        ship |= self.notes.ranges(project, "optionalDependencies", MANIFEST)
        own = (replace(e, dev=True) if e.name in dev and e.name not in ship else e for e in found)
        return tuple(own), True


def _read_side(document: Document, text: str) -> Inventory:
    lock = _Lock(document)
    for block in _blocks(text, lock.notes):
        lock.add(block)
    if not lock.found and not lock.projects and not lock.metadata:
        raise ParseError("has no entry of a yarn.lock")
    return lock.result()


def read(document: Document) -> Inventory:
    """Read a yarn.lock of yarn 2 or newer; raises ParseError for a text without any entry."""
    return both_sides(document, _read_side)


_HEAD = regex(r'(?m)^__metadata:|^"?[^"\s#][^"\n]*@[^"\n]+"?:[ \t\r]*\n(?:  .*\n)*?  resolution: ')


def recognises(head: str) -> bool:
    """Tell yarn's lockfile by `__metadata`, or by an entry with a resolution."""
    return _HEAD.search(head) is not None


FORMAT = Format(
    name="yarn-berry",
    ecosystem="npm",
    files=("yarn.lock",),
    beside=(MANIFEST,),
    recognises=recognises,
    read=read,
)
