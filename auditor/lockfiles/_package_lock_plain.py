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
_TEXTS = ("deprecated", "name")
_RARE = frozenset(
    "link name deprecated dev optional devOptional inBundle bundled hasInstallScript".split()
)


class PlainLock:
    """The entries of one file; `packages` is None where the thorough reader is to be asked."""

    def __init__(self, document: Document, text: str) -> None:
        self.notes = Notes()
        self.packages: tuple[LockedPackage, ...] | None = None
        self.roots: tuple[Edge, ...] = ()
        self._places = Places()
        self._unusual: list[Edge] = []
        """Requirements of which some may be for something else than a version."""
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
        folders = self._places.folders
        found = []
        for (place, entry), line in zip(entries.items(), lines, strict=True):
            called = name = place.rpartition(FOLDER)[2]
            rare: dict[str, Any] = {}
            if not _RARE.isdisjoint(entry):
                name = entry.get("name") or called
                rare = _rare(entry)
            if not (PLAIN.fullmatch(called) and (name == called or PLAIN.fullmatch(name))):
                for each in {called, name}:
                    self.notes.name(each, place, line, registry=True)
            nested = place in folders or place.count(FOLDER) > 1
            integrity = entry.get("integrity")
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
                    direct=place in direct,
                    requires=self._edges(
                        place, entry, self._places.scopes(place) if nested else top
                    ),
                    **rare,
                )
            )
        if not any(map(_is_elsewhere, self._unusual)):
            self.packages = tuple(found)

    def _edges(
        self, place: str, entry: Mapping[str, Any], scopes: Sequence[dict[str, str]]
    ) -> tuple[Edge, ...]:
        wanted = entry.get("dependencies")
        if not _FURTHER.isdisjoint(entry) or not (wanted is None or is_text_map(wanted)):
            where = f"packages.{place}"
            some = edges_of(entry, self.notes, where, lambda name, _: meaning(scopes, name))
            self._unusual += some
            return some
        if not wanted:
            return ()
        if len(scopes) == 1:
            here = scopes[0].get
            made = [Edge(name=n, wants=w, target=here(n, "")) for n, w in wanted.items()]
        else:
            made = [Edge(name=n, wants=w, target=meaning(scopes, n)) for n, w in wanted.items()]
        said = "".join(wanted.values())
        if ":" in said or "/" in said:
            self._unusual += made
        return tuple(made)


def _is_elsewhere(edge: Edge) -> bool:
    """Tell whether a requirement was given an entry that is from a repository or an address."""
    wants = edge.wants
    if not edge.target or not ("/" in wants or ":" in wants):
        return False
    return origin_of(wants) in {Origin.URL, Origin.GIT}


def _rare(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of which most entries have none."""
    flag = entry.get
    return {
        "dev": flag("dev") is True,
        "optional": flag("optional") is True or flag("devOptional") is True,
        "bundled": flag("inBundle") is True or flag("bundled") is True,
        "install_script": flag("hasInstallScript") is True,
        "deprecated": flag("deprecated", ""),
    }


def _is_plain(place: str, entry: Any) -> bool:  # noqa: ANN401 - untyped
    """Tell whether an entry is that of an installed package in a version, as a registry has it."""
    if type(entry) is not dict or not place.startswith(FOLDER):
        return False
    version, resolved = entry.get("version"), entry.get("resolved", "https://")
    if type(version) is not str or not version[:1].isdigit() or type(resolved) is not str:
        return False
    if not resolved.startswith("https://") or type(entry.get("integrity", "")) is not str:
        return False
    if _RARE.isdisjoint(entry):
        return True
    return "link" not in entry and {type(entry.get(key, "")) for key in _TEXTS} == {str}


def _lines(text: str, entries: Mapping[str, Any]) -> list[int]:
    """Return the line of each entry: at a glance where npm broke the lines, or else by a walk.

    If the keys that stand where npm puts them are all that begin with the folder, they are those of
    the entries, as no sign of a key is spelled in another way.
    """
    first, *pieces = text.split(f'\n    "{FOLDER}')
    spelled_out = "\\" in text and ("\\u" in text or "\\/" in text)
    if not spelled_out and len(pieces) == text.count(f'"{FOLDER}') == len(entries):
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
