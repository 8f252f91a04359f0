"""Yarn 1's yarn.lock, also as bun prints it.

Source: yarn 1's own parser (`src/lockfile/parse.js`): headers are lists of `name@range`, two spaces
indent the fields, four the dependencies. There are no flags, and no project: what that requires is
in package.json. Bun lists workspaces, too, and repeats an address or path where an entry that is no
registry's has its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import fastpaths
from auditor.errors import ParseError
from auditor.inventory import Edge, Inventory, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._npm import (
    MANIFEST,
    PLAIN_NAME,
    Notes,
    aliased,
    digests,
    edges_of,
    from_hex,
    in_tarball,
    manifest,
    origin_of,
    split,
)
from auditor.lockfiles._versions import Versions
from auditor.lockfiles._yarn import MOST, Descriptors, Found, few, finished, told_of_nul, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORD = r'"(?:[^"\\]++|\\.)*+"|[^\s",:#][^\s",]*+'
_FIELD = regex(rf"({_WORD})(?::?[ \t]+(.*?))?[ \t]*")
_ONE = regex(rf'(?:{_WORD}):?(?:[ \t]+(?:"(?:[^"\\]++|\\.)*+"|[^\s"]\S*+))?+(?:[ \t]+#.*)?[ \t]*')
"""A line that is one field: yarn reads any number of them from one."""
_VALUE = regex(r'("(?:[^"\\]++|\\.)*+")(?:[ \t]*#.*)?')
_PATTERN = regex(r'\s*+("(?:[^"\\]++|\\.)*+"|(?:[^",]++|,(?! ))++)\s*+(?:,|\Z)')
_COMMIT = regex(r"[0-9a-fA-F]{40}")
_WORKSPACE = "workspace:"
_SECURE = "https://"
_VERSIONS = Versions(place="# yarn lockfile", known=("1",), needed=False)
"""Yarn reads the number in its comment, and no number as 1."""
_NUMBER = regex(r"(?m)^# yarn lockfile v(\d+)[ \t\r]*$")
_BLOCKS = ("dependencies", "optionalDependencies")
_KNOWN = {"version", "resolved", "integrity", "name", "uid", "registry"}


class _Block:
    """The lines of one entry, taken apart."""

    __slots__ = ("again", "fields", "line", "patterns", "release", "wanted")

    def __init__(self, patterns: tuple[str, ...], line: int) -> None:
        self.patterns = patterns
        self.line = line
        self.fields: dict[str, str] = {}
        self.again: list[tuple[str, str]] = []
        """Values of fields that stand twice, in the order in which they lost."""
        self.wanted: dict[str, dict[str, str]] = {block: {} for block in _BLOCKS}
        self.release = ""
        """The name, where this is known to be the registry's package of that name."""


_HEAD_WORD = r'(?:"[^"\\\n,]+"|[^\s",:#][^\s",]*(?<!:))'
_LINES_OF = r'(?:    (?:"[^"\\\n]+"|[^\s",:#][^\s",:]*) "[^"\\\n]*"\n)++'
_RANGE = r'@[^"\n,:/]*+"?'
_ALIKE = rf'(?:(?="?({PLAIN_NAME}){_RANGE}(?:, "?\1{_RANGE})*+:\n)|)'
"""Tells the name that all wishes of a header are for, where they are for versions."""
_WHOLE = regex(
    rf'{_ALIKE}({_HEAD_WORD}(?:, {_HEAD_WORD})*+):\n  version "([^"\\\n]*)"\n'
    r'(?:  resolved "([^"\\\n]*)"\n)?(?:  integrity ([A-Za-z0-9+/=-]+)\n)?'
    rf"(?:  dependencies:\n({_LINES_OF}))?(?:  optionalDependencies:\n({_LINES_OF}))?(?:\n|\Z)"
)
"""An entry as yarn writes it: header, version, address, digest and what it requires."""
_REQUIRED = regex(r'    ("[^"\\\n]+"|[^\s"]+) "([^"]*)"\n')
_PREAMBLE = regex(r"(?:#[^\n]*\n|\n)*+")


def written(text: str) -> list[_Block] | None:
    """Return the entries of a text that is as yarn writes it; None where any line is not."""
    if not fastpaths.enabled("lock_readers") or "\0" in text:
        return None
    start = _PREAMBLE.match(text)
    position = start.end() if start else 0
    line = text.count("\n", 0, position) + 1
    blocks = []
    while position < len(text):
        found = _WHOLE.match(text, position)
        if found is None:
            return None
        name, head, version, resolved, integrity, *required = found.groups()
        block = _Block(tuple(unquoted(word) for word in head.split(", ")), line)
        block.fields["version"] = version
        if resolved is not None:
            block.fields["resolved"] = resolved
        if integrity is not None:
            block.fields["integrity"] = integrity
            if name and resolved and resolved != version and _is_served(resolved):
                block.release = name
        for group, lines in zip(_BLOCKS, required, strict=True):
            if lines:
                pairs = [(unquoted(key), wants) for key, wants in _REQUIRED.findall(lines)]
                block.wanted[group] = dict(pairs)
                if len(block.wanted[group]) != len(pairs):
                    return None
        blocks.append(block)
        line += text.count("\n", position, found.end())
        position = found.end()
    return blocks


def _is_served(address: str) -> bool:
    """Tell at a glance that an address is one of a registry, and not of a repository or a path."""
    path = address.partition("#")[0]
    behind = path.find("/", len(_SECURE))
    tarball = path.startswith(_SECURE) and path.endswith(".tgz") and "?" not in path
    return tarball and 0 < behind < path.find("/-/")


def _blocks(text: str, notes: Notes) -> Iterable[_Block]:
    """Return the entries; what is no line of theirs is noted."""
    found = written(text)
    return _each_line(text, notes) if found is None else found


def _each_line(text: str, notes: Notes) -> Iterator[_Block]:
    """Yield the entries; what is no line of theirs is noted."""
    told_of_nul(text, notes)
    block: _Block | None = None
    inner: dict[str, str] | None = None
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] == "#":
            continue
        indent = len(raw) - len(raw.lstrip())
        if indent == 0:
            if block is not None:
                yield block
            inner = None
            patterns = _patterns(line)
            block = _Block(patterns, number) if patterns else None
            if block is None:
                notes.lost(f"line {number:,}", "is no header of an entry")
            continue
        if block is None:
            continue
        pair = _plain_field(line) or _odd_field(line, number, notes)
        if pair is None:
            continue
        key, value = pair
        if indent > 2 and inner is not None:
            _require(inner, key, value or "", block, notes)
        elif value is None:
            inner = block.wanted.get(key, {})
        else:
            inner = None
            if key in block.fields:
                block.again.append((key, block.fields[key]))
            block.fields[key] = value
    if block is not None:
        yield block


def _require(inner: dict[str, str], name: str, wants: str, block: _Block, notes: Notes) -> None:
    """Take in one requirement; two of one name, which yarn never writes, are told."""
    if inner.get(name, wants) != wants:
        detail = f"{block.patterns[0]!r} asks for {name!r} more than once"
        notes.problem("duplicate-key", block.patterns[0], detail, block.line)
    inner[name] = wants


def _plain_field(line: str) -> tuple[str, str] | None:
    """Return key and value of `key "value"`, which most lines are; None for all others."""
    key, _, value = line.partition(" ")
    plain = value[:1] == '"' == value[-1:] and value.count('"') == 2 and key[0] != '"'
    one = "," not in key and ":" not in key  # yarn reads two names in `a,b`, and a value in `a:b`
    return (key, value[1:-1]) if plain and one and "\\" not in value else None


def _odd_field(line: str, number: int, notes: Notes) -> tuple[str, str | None] | None:
    """Return key and value; the value is None where a block follows, all where it is no field.

    A line that is none, or more than one, is noted.
    """
    found = _FIELD.fullmatch(line.removesuffix(":") if line[-1] == ":" else line)
    if found is None:
        notes.lost(f"line {number:,}", "is no field of an entry")
        return None
    if not _ONE.fullmatch(line):
        notes.lost(f"line {number:,}", "has more than one field of an entry")
    key = found[1] if found[1][0] == '"' else found[1].removesuffix(":")
    return unquoted(key), None if found[2] is None else _value(found[2])


def _value(text: str | None) -> str:
    if not text:
        return ""
    found = _VALUE.fullmatch(text)
    if found:
        return unquoted(found[1])
    return text.partition(" #")[0].rstrip() if text[0] != '"' else text.strip('"')


def _patterns(line: str) -> tuple[str, ...]:
    """Return the descriptors of a header; none where the line is no header."""
    if line[-1] != ":":
        line = line.partition(": #")[0] if ": #" in line else ""
    head = line.removesuffix(":")
    found = []
    position = 0
    while position < len(head):
        match = _PATTERN.match(head, position)
        if match is None:
            return ()
        found.append(unquoted(match[1].strip()))
        position = match.end()
    return tuple(found) if all(found) else ()


def _packages(block: _Block, notes: Notes) -> Iterator[Found]:
    """Yield one package for each name under which the entry is installed."""
    real = next((r for p in block.patterns if (r := aliased(split(p)[1]))), ("", ""))[0]
    names: dict[str, tuple[str, str]] = {}
    for pattern in block.patterns:
        name, wants = split(pattern)
        if name not in names or origin_of(names[name][1]) is Origin.REGISTRY:
            names[name] = (names.get(name, (pattern, ""))[0], wants)
    resolved = block.fields.get("resolved", "")
    for called, (pattern, wants) in few(names, notes, block.line):
        name = block.fields.get("name") or real or called
        version = block.fields.get("version", "")
        told_by_bun = version == resolved
        workspace = told_by_bun and resolved.startswith(_WORKSPACE)
        origin = Origin.WORKSPACE if workspace else _origin(resolved, wants)
        if told_by_bun and origin is not Origin.REGISTRY:
            version = _packed_version(name, resolved)
        for each in {name, called}:
            notes.name(each, pattern, block.line, registry=origin is Origin.REGISTRY)
        values = {
            "name": name,
            "version": version,
            "origin": origin,
            "resolved": resolved or (wants if origin is Origin.FILE else ""),
            "integrity": _integrity(block.fields.get("integrity", ""), resolved, origin),
            "alias": called if called != name else "",
            "line": block.line,
        }
        optional = block.wanted["optionalDependencies"]
        wanted = block.wanted["dependencies"] | optional
        yield Found(id=pattern, values=values, wanted=wanted, optional=optional)


def _packed_version(name: str, resolved: str) -> str:
    packed = in_tarball(resolved)
    return packed[1] if packed and name.endswith(packed[0]) else ""


def _origin(resolved: str, wants: str) -> Origin:
    asked = origin_of(wants)
    if asked is Origin.FILE:
        return asked
    there = origin_of(resolved)
    if there in {Origin.GIT, Origin.FILE}:
        return there
    return asked if asked in {Origin.GIT, Origin.URL} else Origin.REGISTRY


def _integrity(integrity: str, resolved: str, origin: Origin) -> tuple[str, ...]:
    """Return the digests; without any the SHA-1 behind the address, which yarn checks as well."""
    fragment = resolved.partition("#")[2]
    if integrity or origin is Origin.GIT or not _COMMIT.fullmatch(fragment):
        return digests(integrity)
    return (from_hex(fragment),)


def _earlier(block: _Block, number: int) -> _Block:
    """Return an entry as it is for a reader that takes the first of repeated fields."""
    other = _Block(block.patterns, block.line)
    other.fields = block.fields | dict([block.again[number]])
    other.wanted = block.wanted
    return other


class _Lock:
    """One side of a document while it is read."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.descriptors = Descriptors()
        self.found: list[Found] = []
        self._seen: dict[str, int] = {}

    def add(self, block: _Block) -> None:
        """Take in one entry, with all values of fields that it has twice."""
        if block.release and self._add_release(block):
            return
        self._add(block, again=False)
        for number, (key, _) in enumerate(block.again[:MOST]):
            detail = f"{block.patterns[0]!r} has the field {key!r} more than once"
            self.notes.problem("duplicate-key", block.patterns[0], detail, block.line)
            self._add(_earlier(block, number), again=True)

    def _add_release(self, block: _Block) -> bool:
        """Take in a registry's package of its own name, as nearly all are; False for one again."""
        first = block.patterns[0]
        if first in self._seen:
            return False
        self._seen[first] = 1
        for pattern in block.patterns:
            self.descriptors.add(pattern, block.release, first)
        values = {
            "name": block.release,
            "version": block.fields["version"],
            "origin": Origin.REGISTRY,
            "resolved": block.fields["resolved"],
            "integrity": digests(block.fields["integrity"]),
            "line": block.line,
        }
        optional = block.wanted["optionalDependencies"]
        wanted = block.wanted["dependencies"] | optional
        self.found.append(Found(id=first, values=values, wanted=wanted, optional=optional))
        return True

    def _add(self, block: _Block, *, again: bool) -> None:
        ids: dict[str, str] = {}
        for package in _packages(block, self.notes):
            count = self._seen.get(package.id, 0)
            self._seen[package.id] = count + 1
            if count and not again:
                detail = "has more than one entry: readers differ in which they take"
                self.notes.problem("duplicate-key", package.id, detail, block.line)
            if count:
                package.id = f"{package.id}#{count}"
            ids[package.values["alias"] or package.values["name"]] = package.id
            self.found.append(package)
        if not again:
            for pattern in block.patterns:
                name = split(pattern)[0]
                if name in ids:
                    self.descriptors.add(pattern, name, ids[name])


def _read_side(document: Document, text: str) -> Inventory:
    lock = _Lock()
    for block in _blocks(text, lock.notes):
        lock.add(block)
    if not lock.found and any(line[:1] not in {"", "#", "\r"} for line in text.split("\n")):
        raise ParseError("has no entry of a yarn.lock")
    roots, whole = _roots(document, lock)
    number = _NUMBER.search(text)
    version = number[1] if number else "1"
    return Inventory(
        path=document.path,
        format=FORMAT.name,
        format_version=version,
        packages=finished(lock.found, lock.descriptors, roots, whole=whole),
        roots=roots,
        sections={"entries": len(lock.found)},
        problems=tuple(lock.notes.problems),
        unread=(*_VERSIONS.unread(version), *lock.notes.unread),
    )


def _roots(document: Document, lock: _Lock) -> tuple[tuple[Edge, ...], bool]:
    """Return what the project requires, and whether that is all of it, by kind.

    What its workspaces require stands in bun's printed lockfile alone, without its kind.
    """
    project = manifest(document.beside, lock.notes)
    if project is None:
        return (), False
    found = edges_of(project, lock.notes, MANIFEST, lock.descriptors.find)
    # Yarn 1 installs no peers of the project; a target that happens to be there is not theirs.
    wanted = [edge for edge in found if not edge.peer]
    spaces = [one for one in lock.found if one.values["origin"] is Origin.WORKSPACE]
    for space in spaces:
        wanted += lock.descriptors.edges(space.wanted, optional=space.optional)
    return tuple(dict.fromkeys(wanted)), not spaces and "workspaces" not in project


def read(document: Document) -> Inventory:
    """Read a yarn.lock of yarn 1; raises ParseError for a text without any entry."""
    return both_sides(document, _read_side)


_HEADER = regex(r'(?m)^(?:"[^"\n]+"|[^\s"#{}<>=:][^"\n]*):[ \t\r]*\n  "?version"? ')


def recognises(head: str) -> bool:
    """Tell yarn 1's lockfile by its first line, or by a header and its version without a colon."""
    return "# yarn lockfile v1" in head or _HEADER.search(head) is not None


FORMAT = Format(
    name="yarn",
    ecosystem="npm",
    files=("yarn.lock",),
    beside=(MANIFEST,),
    recognises=recognises,
    read=read,
)
