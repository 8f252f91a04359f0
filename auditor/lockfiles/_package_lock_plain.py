"""npm's lockfile as npm 7 and newer write it for one project: every entry a package of a registry.

The same answer as `package_lock` gives, in a fifth of the time, or none: for links and workspaces,
several states of one entry, and whatever an entry has that is not as npm writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor import jsondoc
from auditor.inventory import Edge, LockedPackage, Origin
from auditor.lockfiles._json_keys import key_lines
from auditor.lockfiles._npm import (
    PLAIN,
    REQUIRED,
    Notes,
    digests,
    edges_of,
    manifest,
    origin_of,
)
from auditor.lockfiles._places import FOLDER, Places, meaning
from auditor.shape import is_text_map

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.lockfiles import Document

VERSION = 3
"""Version 2 has a second section, for npm 6."""
_FURTHER = frozenset(REQUIRED) - {"dependencies"}
_TEXTS = ("resolved", "integrity", "deprecated", "name")


class PlainLock:
    """The entries of one file; `packages` is None where the thorough reader is to be asked."""

    def __init__(self, document: Document, text: str) -> None:
        self.notes = Notes()
        self.packages: tuple[LockedPackage, ...] | None = None
        self.roots: tuple[Edge, ...] = ()
        self._places = Places()
        root = jsondoc.simple(text, document.limits)
        if type(root) is not dict or "dependencies" in root:
            return
        entries, version = root.get("packages"), root.get("lockfileVersion")
        if type(version) is not int or version != VERSION or type(entries) is not dict:
            return
        project = entries.pop("", {})
        if type(project) is not dict or not all(map(_is_plain, entries, entries.values())):
            return
        for place in entries:
            self._places.add(place, place)
        if self._places.folders <= {"", *entries}:
            top = self._places.scopes("")
            project = project or manifest(document.beside, self.notes) or {}
            self.roots = self._edges("", project, top)
            self._read(entries, _lines(text, entries), top)

    def _read(
        self,
        entries: Mapping[str, dict[str, Any]],
        lines: Sequence[int],
        top: Sequence[dict[str, str]],
    ) -> None:
        direct = {edge.target for edge in self.roots}
        found = []
        wishes = list(self.roots)
        for (place, entry), line in zip(entries.items(), lines, strict=True):
            called = place.rpartition(FOLDER)[2]
            name = entry.get("name") or called
            for each in (called,) if name == called else {called, name}:
                if not PLAIN.fullmatch(each):
                    self.notes.name(each, place, line, registry=True)
            nested = place in self._places.folders or place.count(FOLDER) > 1
            integrity = entry.get("integrity")
            requires = self._edges(place, entry, self._places.scopes(place) if nested else top)
            wishes += requires
            found.append(
                LockedPackage(
                    id=place,
                    ecosystem="npm",
                    name=name,
                    version=entry["version"],
                    resolved=entry.get("resolved", ""),
                    integrity=digests(integrity) if integrity else (),
                    alias=called if called != name else "",
                    section="packages",
                    line=line,
                    dev=entry.get("dev") is True,
                    optional=entry.get("optional") is True or entry.get("devOptional") is True,
                    direct=place in direct,
                    bundled=entry.get("inBundle") is True or entry.get("bundled") is True,
                    install_script=entry.get("hasInstallScript") is True,
                    deprecated=entry.get("deprecated", ""),
                    requires=requires,
                )
            )
        if not any(_is_elsewhere(edge) for edge in wishes):
            self.packages = tuple(found)

    def _edges(
        self, place: str, entry: dict[str, Any], scopes: Sequence[dict[str, str]]
    ) -> tuple[Edge, ...]:
        wanted = entry.get("dependencies")
        if not _FURTHER.isdisjoint(entry) or not (wanted is None or is_text_map(wanted)):
            where = f"packages.{place}"
            return edges_of(entry, self.notes, where, lambda name, _: meaning(scopes, name))
        if not wanted:
            return ()
        return tuple(
            [
                Edge(name=name, wants=wants, target=meaning(scopes, name))
                for name, wants in wanted.items()
            ]
        )


def _is_elsewhere(edge: Edge) -> bool:
    """Tell whether a requirement was given an entry that is from a repository or an address."""
    wants = edge.wants
    if not edge.target or not ("/" in wants or ":" in wants):
        return False
    return origin_of(wants) in {Origin.URL, Origin.GIT}


def _is_plain(place: str, entry: Any) -> bool:  # noqa: ANN401 - untyped
    """Tell whether an entry is that of an installed package in a version, as a registry has it."""
    if type(entry) is not dict or not place.startswith(FOLDER) or "link" in entry:
        return False
    version, resolved = entry.get("version"), entry.get("resolved", "https://")
    if type(version) is not str or not version[:1].isdigit():
        return False
    if type(resolved) is not str or not resolved.startswith("https://"):
        return False
    return all(type(entry.get(key, "")) is str for key in _TEXTS)


def _lines(text: str, entries: Mapping[str, Any]) -> list[int]:
    """Return the line of each entry: at a glance where npm broke the lines, or else by a walk.

    If the keys that stand where npm puts them are all that begin with the folder, they are those of
    the entries: nothing in the text is spelled in another way (`jsondoc.simple`).
    """
    first, *pieces = text.split(f'\n    "{FOLDER}')
    if len(pieces) == text.count(f'"{FOLDER}') == len(entries):
        lines = []
        line = first.count("\n") + 2
        for piece, place in zip(pieces, entries, strict=True):
            if not piece.startswith(f'{place[len(FOLDER) :]}": {{'):
                break
            lines.append(line)
            line += piece.count("\n") + 1
        else:
            return lines
    found = key_lines(text, {("packages",), ("dependencies",)}, "dependencies")
    return [found["packages", place][-1] for place in entries]
