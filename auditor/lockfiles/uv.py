"""uv.lock and the lockfiles of scripts (`x.py.lock`): sources, files, upload times, workspaces.

A workspace has several roots, each `editable` or `virtual`; they are no packages of an index.

Source: astral-sh/uv, `crates/uv-resolver/src/lock`; docs.astral.sh, "Locking and syncing".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Declared, Edge, Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._pypi import (
    Shape,
    Targets,
    digest,
    named_version,
    normal,
    packages_of,
    reached,
    tables,
)
from auditor.lockfiles._toml import quick_packages
from auditor.lockfiles._toml_packages import MARK, Plain
from auditor.lockfiles._versions import Versions
from auditor.shape import get

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

_VERSION = regex(r"(?m)^version = \d+\s*$")
_UV = regex(
    r"(?m)^(?:requires-python = |revision = |\[manifest\]|\[options\]|\[package\.tool\.uv\]"
    r"|source = \{ (?:registry|git|url|path|directory|editable|virtual) = )"
)
_SHAPE: Shape = {
    "dependencies": [dict],
    "optional-dependencies": dict,
    "dev-dependencies": dict,
    "metadata": dict,
}
_VERSIONS = Versions(place="version", known=("1",), kind=int)
"""A `revision` beside it changes nothing that an older uv could not read."""
_ORIGINS = {
    "registry": Origin.REGISTRY,
    "git": Origin.GIT,
    "url": Origin.URL,
    "path": Origin.FILE,
    "directory": Origin.FILE,
    "editable": Origin.FILE,
    "virtual": Origin.WORKSPACE,
}
_EXTRA = regex(r"\bextra == '([^']{1,200})'")
_FILE = r"\{ url = \", hash = \"(?:, size = (?:[1-9][0-9]{0,17}|0))?(?:, upload-time = \")? \}"
_NEED = (
    r"    \{ name = \"(?:, version = \")?(?:, source = \{ registry = \" \})?"
    r"(?:, extra = \[\"(?:, \")*+\])?(?:, marker = \")? \},\n"
)
_AROUND = regex(
    r"name = \"\nversion = \"\nsource = \{ registry = \" \}\n"
    r"(?:resolution-markers = \[\n((?:    \",\n)++)\]\n)?"
    rf"(?:dependencies = \[\n((?:{_NEED})++)\]\n)?"
    rf"((?:sdist = {_FILE}\n)?(?:wheels = \[\n(?:    {_FILE},\n)++\]\n)?)"
    r"(?:\n\[package\.optional-dependencies\]\n"
    rf"((?:[A-Za-z0-9_-]++ = \[\n(?:{_NEED})++\]\n)++))?"
)
"""What stands around the texts of a package from an index, as uv writes it."""
_ABOUT = 3
"""Texts that each package begins with: name, version and index."""
_NAMED = '    { name = ", version'
"""How a requirement begins that names one of several versions."""
_OPENS, _CLOSES = " = [\n", "\n]\n"
"""What stands around the requirements of an extra."""
_TIMED = 3
"""Texts of a file that has a time of upload, besides an address and a digest."""
_GROUPS = ("dependencies", "optional-dependencies", "dev-dependencies")


def _recognises(head: str) -> bool:
    return _VERSION.search(head) is not None and _UV.search(head) is not None


def _read(document: Document) -> Inventory:
    return both_sides(document, _read_text)


def _read_text(document: Document, text: str) -> Inventory:
    written = quick_packages(text, document.limits, PLAIN)
    lock = written.document
    version = lock.get("version")
    manifest = lock.get("manifest")
    manifest = manifest if isinstance(manifest, dict) else {}
    listed = manifest.get("members")
    members = (
        {normal(m) for m in listed if isinstance(m, str)} if isinstance(listed, list) else set()
    )
    unread: list[tuple[str, str]] = []
    packages, read = packages_of(
        lock,
        written.lines,
        "package",
        unread,
        lambda t, n: _package(t, n, members),
        shape=_SHAPE,
        plain=written.plain,
    )
    targets = Targets(packages)
    edges: dict[str, tuple[Edge, ...]] = {}
    roots: list[Edge] = []
    for package, table in zip(packages, read, strict=True):
        found_edges = _edges(table, targets)
        if package.origin is Origin.WORKSPACE:
            roots += found_edges
            found_edges = tuple(edge for edge in found_edges if not edge.dev)
        edges[package.id] = found_edges
    for _, table in tables(manifest, "requirements", unread, at="manifest."):
        roots += _edge(table, targets, {}, dev=False)
    for_development = reached((edge.target for edge in roots if edge.dev), edges)
    if for_development:
        for_development -= reached((edge.target for edge in roots if not edge.dev), edges)
    direct = {edge.target for edge in roots}
    revision = lock.get("revision")
    return Inventory(
        path=document.path,
        format="uv",
        format_version=".".join(str(v) for v in (version, revision) if isinstance(v, int)),
        packages=tuple(
            replace(
                package,
                requires=edges[package.id],
                direct=package.id in direct,
                dev=package.id in for_development,
            )
            for package in packages
        ),
        roots=tuple(roots),
        declared=_declared(read),
        sections={"package": len(packages)},
        indexes=tuple(dict.fromkeys(filter(None, map(_registry, read)))),
        unread=(*_VERSIONS.unread(version), *unread),
    )


def _declared(read: list[dict[str, Any]]) -> tuple[Declared, ...] | None:
    """Return what the project in the lockfile's own folder required; None where there is none."""
    for table in read:
        source, metadata = table.get("source"), table.get("metadata")
        if isinstance(source, dict) and "." in (source.get("virtual"), source.get("editable")):
            metadata = metadata if isinstance(metadata, dict) else {}
            groups = metadata.get("requires-dev")
            found = [*_requirements(metadata.get("requires-dist"), "")]
            for name, entries in groups.items() if isinstance(groups, dict) else ():
                found += _requirements(entries, normal(name))
            return tuple(found)
    return None


def _requirements(entries: object, group: str) -> Iterator[Declared]:
    for entry in entries if isinstance(entries, list) else ():
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str):
            extra = _EXTRA.search(str(entry.get("marker", "")))
            yield Declared(
                name=name,
                group=f"[{normal(extra[1])}]" if extra and not group else group,
                specifier=str(entry.get("specifier", "")),
            )


def _registry(table: dict[str, Any]) -> str:
    source = table.get("source")
    address = source.get("registry") if isinstance(source, dict) else None
    return address if isinstance(address, str) else ""


def _plain(
    around: re.Match[str], texts: list[str], line: int
) -> tuple[LockedPackage, dict[str, Any]] | None:
    """Return what nearly all packages are: some files of an index, each with its digest."""
    if "" in texts or MARK in "".join(texts):
        return None
    markers, listed, written, optional = around.groups("")
    name, version, index = texts[:_ABOUT]
    at = _ABOUT + markers.count('"')
    table: dict[str, Any] = {"source": {"registry": index}}
    table["dependencies"] = _needs(listed, texts, at)
    at += listed.count('"')
    more = texts[at : at + written.count('"')]
    if optional:
        extras = table["optional-dependencies"] = _extras(optional, texts, at + len(more))
        if len(extras) < optional.count(_OPENS):
            return None
    files = written.count("url")
    each, uneven = divmod(len(more), files or 1)
    if uneven:  # some files have times, and others none
        return None
    package = LockedPackage(
        id=f"{name}@{version}",
        ecosystem="pypi",
        name=name,
        version=version,
        line=line,
        resolved=index,
        integrity=tuple(dict.fromkeys(map(digest, more[1 :: each or 1]))),
        published=min(more[2::each], default="") if each == _TIMED else "",
        files=tuple(more[:: each or 1]),
    )
    return package, table


def _needs(lines: str, texts: list[str], at: int) -> list[dict[str, str]]:
    """Return the requirements that lines list, whose texts begin at a place."""
    needs = []
    for line in lines.splitlines():
        need = {"name": texts[at]}
        if line.startswith(_NAMED):
            need["version"] = texts[at + 1]
        needs.append(need)
        at += line.count('"')
    return needs


def _extras(lines: str, texts: list[str], at: int) -> dict[str, list[dict[str, str]]]:
    """Return what extras require, by the name of each."""
    extras = {}
    for part in lines.split(_CLOSES)[:-1]:
        key, _, listed = part.partition(_OPENS)
        extras[key] = _needs(listed, texts, at)
        at += listed.count('"')
    return extras


PLAIN = Plain(around=_AROUND, package=_plain)


def _package(table: dict[str, Any], line: int | None, members: set[str]) -> LockedPackage:
    name, version = named_version(table)
    source = get(table, "source", dict) or {}
    kind = next((kind for kind in _ORIGINS if kind in source), "registry")
    address = get(source, kind, str) or ""
    origin = _ORIGINS[kind]
    if kind in {"editable", "directory"} and (address == "." or normal(name) in members):
        origin = Origin.WORKSPACE
    hashes: list[str] = []
    files: list[str] = []
    bare: list[str] = []
    times: list[str] = []
    sdist = get(table, "sdist", dict)
    wheels = get(table, "wheels", list) or []
    for file in ([sdist] if sdist else []) + wheels:
        if type(file) is not dict:
            raise ParseError("is no table", "wheels")
        place, value, time = file.get("url"), file.get("hash"), file.get("upload-time")
        if place and value and type(place) is type(value) is type(time) is str:  # nearly all
            hashes.append(digest(value))
            files.append(place)
            times.append(time)
            continue
        place = get(file, "url", str) or get(file, "path", str) or ""
        if value := get(file, "hash", str):
            hashes.append(digest(value))
        else:
            bare.append(place)
        if place:
            files.append(place)
        if time is not None:
            times.append(time if isinstance(time, str) else str(time).replace(" ", "T"))
    return LockedPackage(
        id=f"{name}@{version}" if version else name,
        ecosystem="pypi",
        name=name,
        version=version,
        line=line,
        origin=origin,
        resolved=address,
        integrity=tuple(dict.fromkeys(hashes)),
        published=min(times, default=""),
        files=tuple(files),
        unhashed=tuple(bare),
    )


def _edges(table: dict[str, Any], targets: Targets) -> tuple[Edge, ...]:
    found: list[Edge] = []
    metadata = table.get("metadata")
    asked = _asked(metadata) if isinstance(metadata, dict) else {}
    for group in _GROUPS:
        value = table.get(group)
        if not value:
            continue
        lists = value.values() if isinstance(value, dict) else [value]
        dev, optional = group == "dev-dependencies", group == "optional-dependencies"
        for entries in lists:
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    found += _edge(entry, targets, asked, dev=dev, optional=optional)
    return tuple(found)


def _asked(metadata: dict[str, Any]) -> dict[str, str]:
    """Return the specifiers by name that a root's metadata has for its requirements."""
    found: dict[str, str] = {}
    groups = metadata.get("requires-dev")
    lists = [metadata.get("requires-dist"), *(groups.values() if isinstance(groups, dict) else ())]
    for entries in lists:
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                name, specifier = entry.get("name"), entry.get("specifier")
                if isinstance(name, str) and isinstance(specifier, str):
                    found.setdefault(name, specifier)
    return found


def _edge(
    entry: dict[str, Any],
    targets: Targets,
    asked: dict[str, str],
    *,
    dev: bool,
    optional: bool = False,
) -> list[Edge]:
    name, version = entry.get("name"), entry.get("version")
    if not isinstance(name, str):
        return []
    wants = entry.get("specifier") or asked.get(name, "")
    return targets.edges(
        name,
        wants if isinstance(wants, str) else "",
        version=version if isinstance(version, str) else "",
        dev=dev,
        optional=optional,
    )


FORMAT = Format(
    name="uv",
    ecosystem="pypi",
    files=("uv.lock", "*.py.lock"),
    recognises=_recognises,
    read=_read,
)
