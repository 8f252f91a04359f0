"""pnpm's lockfiles, 5.x to 9.x and shrinkwrap.yaml: every document, and who requires whom.

Since version 11 pnpm writes two documents: first what it installs for itself (its own binaries,
configDependencies), then the project. A configuration dependency runs code as well, so both count.
Up to 6.x an entry of `packages` is a package with its peers; in 9.x `packages` has each package
once and `snapshots` has it with its peers and dependencies.

Source: pnpm, `lockfile/fs` and `lockfile/types`; pnpm.io, "pnpm-lock.yaml".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Edge, Inventory, LockedPackage, LockProblem, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._pnpm_keys import referred, without_peers
from auditor.lockfiles._pnpm_packages import Draft, draft_of
from auditor.lockfiles._pnpm_written import written
from auditor.lockfiles._versions import Versions
from auditor.lockfiles._yaml import YamlDocument, yaml_documents

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

_VERSION = regex(r"(?m)^(?:'|\")?(?:lockfileVersion|shrinkwrapVersion)(?:'|\")?: *['\"]?\d")
_VERSIONS = Versions(place="lockfileVersion", known=("5.x", "6.x", "9.x"))
_SHRINKWRAP = Versions(place="shrinkwrapVersion", known=("3",))
_INLINE = "-inlineSpecifiers"
"""Behind 5.4, of an experiment that became 6.0."""
_GROUPS = ("dependencies", "optionalDependencies")


def _recognises(head: str) -> bool:
    return _VERSION.search(head) is not None


def _read(document: Document) -> Inventory:
    return both_sides(document, _read_text)


def _read_text(document: Document, text: str) -> Inventory:
    documents = written(text, document.limits) or yaml_documents(text, document.limits)
    if not documents:
        raise ParseError("is empty, where a pnpm lockfile must stand")
    if not any("lockfileVersion" in d.root or "shrinkwrapVersion" in d.root for d in documents):
        raise ParseError("is missing", "lockfileVersion")
    several = len(documents) > 1
    parts: list[_Part] = []
    taken: set[str] = set()
    for index, each in enumerate(documents, 1):
        section = f"document {index}" if several else "packages"
        part = _Part(document=each, section=section, prefix=f"{section}: " if several else "")
        part.read(taken)
        parts.append(part)
    last = documents[-1].root
    version = last.get("lockfileVersion", last.get("shrinkwrapVersion", ""))
    return Inventory(
        path=document.path,
        format="pnpm",
        format_version=version if isinstance(version, str) else "",
        packages=tuple(p for part in parts for p in part.packages),
        roots=tuple(edge for part in parts for edge in part.roots),
        sections={part.section: len(part.packages) for part in parts},
        problems=tuple(problem for part in parts for problem in part.problems),
        unread=tuple(each for part in parts for each in part.unread),
    )


class _Part(Struct, kw_only=True):
    """One document: what it holds, and what is known of it so far."""

    document: YamlDocument
    section: str
    prefix: str
    drafts: dict[str, Draft] = field(default_factory=dict)
    """By key; the id differs from it where another document has the same key."""
    packages: list[LockedPackage] = field(default_factory=list)
    roots: list[Edge] = field(default_factory=list)
    problems: list[LockProblem] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def read(self, taken: set[str]) -> None:
        """Read all sections; ids that are in `taken` get the document's name before them."""
        root = self.document.root
        self.unread += [(f"{self.prefix}{place}", why) for place, why in self.document.unread]
        self._version(root)
        entries = self._mapping(root, "packages")
        for key, entry in entries.items():
            self._add(key, key, entry)
        snapshots = self._mapping(root, "snapshots")
        for key in snapshots:
            bare = without_peers(key)
            if bare not in self.drafts and bare not in entries:
                self._missing(bare, key)
        self._repeats()
        links = self._roots(root)
        edges = self._edges(entries, snapshots)
        self._kinds(snapshots, edges)
        self._finish(edges, links, taken)

    def _version(self, root: dict[str, Any]) -> None:
        versions = _VERSIONS
        if _VERSIONS.place not in root and _SHRINKWRAP.place in root:
            versions = _SHRINKWRAP
        value = root.get(versions.place)
        if isinstance(value, str):
            value = value.removesuffix(_INLINE)
        self.unread += [
            (f"{self.prefix}{place}", reason) for place, reason in versions.unread(value)
        ]

    def _mapping(self, holder: dict[str, Any], key: str, at: str = "") -> dict[str, Any]:
        """Return a mapping, an empty one where there is none; another type is noted."""
        value = holder.get(key)
        if isinstance(value, dict):
            return value
        if value is not None and not _is_null(value):
            self.unread.append((f"{self.prefix}{at}{key}", "is no mapping"))
        return {}

    def _add(self, id_: str, key: str, entry: object, line: int | None = None) -> None:
        at = line or self.document.lines.get(("packages", key))
        try:
            self.drafts[id_], problem = draft_of(key, entry, self.document.root.get("time"), at)
        except ParseError as error:
            self.unread.append((f"{self.prefix}packages.{key}", str(error)))
            return
        if problem:
            self.problems.append(problem)
        draft = self.drafts[id_]
        if draft.origin is Origin.REGISTRY and not draft.version:  # of which nothing can be known
            self.unread.append((f"{self.prefix}packages.{key}", "has no version in its key"))

    def _missing(self, key: str, snapshot: str) -> None:
        """List what `snapshots` has and `packages` lacks: pnpm would look for it all the same."""
        line = self.document.lines.get(("snapshots", snapshot))
        self.drafts[key], _ = draft_of(key, {}, None, line)

    def _repeats(self) -> None:
        """Note keys that stand twice, which pnpm refuses; a package that lost counts, too."""
        for repeat in self.document.repeats:
            where = ".".join((*repeat.path, repeat.key))
            self.problems.append(
                LockProblem(
                    kind="duplicate-key",
                    subject=repeat.key,
                    detail=f"{where} stands more than once; readers differ in which one counts",
                    line=repeat.line,
                )
            )
            if repeat.path == ("packages",):
                self._add(
                    f"{repeat.key} (line {repeat.line})", repeat.key, repeat.value, repeat.line
                )
            elif not repeat.path and repeat.key == "packages" and isinstance(repeat.value, dict):
                for key, entry in repeat.value.items():
                    self._add(f"{key} (line {repeat.line})", key, entry, repeat.line)

    # -- who requires whom

    def _roots(self, root: dict[str, Any]) -> list[LockedPackage]:
        """Read what each importer requires; return packages for those that are only linked."""
        importers = dict(self._mapping(root, "importers") or {".": root})
        folders = {_joined(name, "") for name in importers}
        links: dict[str, LockedPackage] = {}
        for place, importer in importers.items():
            if not isinstance(importer, dict):
                if not _is_null(importer):
                    self.unread.append((f"{self.prefix}importers.{place}", "is no mapping"))
                continue
            at = f"importers.{place}." if importer is not root else ""
            specifiers = self._mapping(importer, "specifiers", at)
            for group in [g for g in importer if g.endswith("ependencies")]:
                for name, value in self._mapping(importer, group, at).items():
                    reference, wants = _required(value, specifiers.get(name))
                    if reference is None:
                        self.unread.append((f"{self.prefix}{at}{group}.{name}", "has no version"))
                        continue
                    target = referred(name, reference, self.drafts)
                    if reference.startswith("link:"):
                        folder = _joined(place, reference.removeprefix("link:"))
                        inside = wants.startswith("workspace:") or folder in folders
                        link = self._link(name, reference, folder, inside=inside)
                        links[link.id] = link
                        target = link.id
                    self.roots.append(
                        Edge(
                            name=name,
                            wants=wants,
                            target=target,
                            dev=group == "devDependencies",
                            optional=group == "optionalDependencies",
                        )
                    )
        return list(links.values())

    def _link(self, name: str, reference: str, folder: str, *, inside: bool) -> LockedPackage:
        """Return what a link leads to; `inside` where that is a member of the project."""
        return LockedPackage(
            id=f"{name}@link:{folder}",
            ecosystem="npm",
            name=name,
            version="",
            origin=Origin.WORKSPACE if inside else Origin.FILE,
            resolved=reference,
            section=self.section,
            direct=True,
        )

    def _edges(
        self, entries: dict[str, Any], snapshots: dict[str, Any]
    ) -> dict[str, tuple[Edge, ...]]:
        """Return the edges of each package; those of all its snapshots together."""
        edges: dict[str, tuple[Edge, ...]] = {}
        for section, holder in (("packages", entries), ("snapshots", snapshots)):
            for key, entry in holder.items():
                if not isinstance(entry, dict) or entry.keys().isdisjoint(_GROUPS):
                    continue
                id_ = key if holder is entries else without_peers(key)
                described = entries.get(id_)
                peers = described.get("peerDependencies") if isinstance(described, dict) else None
                found: list[Edge] = []
                for group in _GROUPS:
                    if group not in entry:
                        continue
                    at = f"{section}.{key}."
                    for name, reference in self._mapping(entry, group, at).items():
                        if not isinstance(reference, str):
                            self.unread.append((f"{self.prefix}{at}{group}.{name}", "is no text"))
                            continue
                        peer = isinstance(peers, dict) and name in peers
                        found.append(self._edge(name, reference, group, peer=peer))
                before = edges.get(id_)
                if found:
                    # Several snapshots of a package differ in their peers alone.
                    edges[id_] = tuple(dict.fromkeys((*before, *found)) if before else found)
        return edges

    def _edge(self, name: str, reference: str, group: str, *, peer: bool) -> Edge:
        target = referred(name, reference, self.drafts)
        wants = ""
        if target:
            draft = self.drafts[target]
            if draft.name != name and draft.version:
                # pnpm writes no range here, but spells an alias by what it stands for.
                wants = f"npm:{draft.name}@{draft.version}"
                draft.alias = draft.alias or name
        return Edge(
            name=name,
            wants=wants,
            target=target,
            optional=group == "optionalDependencies",
            peer=peer,
        )

    # -- what follows from it

    def _kinds(self, snapshots: dict[str, Any], edges: dict[str, tuple[Edge, ...]]) -> None:
        """Mark direct packages and aliases, and in 9.x what only development needs."""
        for edge in self.roots:
            draft = self.drafts.get(edge.target)
            if draft is not None:
                draft.direct = True
                if draft.name != edge.name:
                    draft.alias = edge.name
        if not snapshots:
            return
        needed = _reached((e.target for e in self.roots if not e.dev), edges)
        for key in _reached((e.target for e in self.roots if e.dev), edges, known=needed):
            if key in self.drafts:
                self.drafts[key].dev = True
        loose = {without_peers(key) for key, entry in snapshots.items() if _optional(entry)}
        if loose:
            loose -= {without_peers(key) for key, own in snapshots.items() if not _optional(own)}
        for key in loose:
            if key in self.drafts:
                self.drafts[key].optional = True

    def _finish(
        self,
        edges: dict[str, tuple[Edge, ...]],
        links: list[LockedPackage],
        taken: set[str],
    ) -> None:
        """Make the packages, under ids that no other document has."""
        ids = {key: self.prefix + key if key in taken else key for key in self.drafts}
        renamed = {key: id_ for key, id_ in ids.items() if key != id_}
        taken.update(ids.values())
        self.roots = list(_settled(self.roots, renamed))
        for key, draft in self.drafts.items():
            requires = edges.get(key, ())
            if renamed:
                requires = tuple(_settled(requires, renamed))
            self.packages.append(draft.package(ids[key], self.section, requires))
        self.packages += [link for link in links if link.id not in taken]
        taken.update(link.id for link in links)


def _settled(edges: Iterable[Edge], renamed: dict[str, str]) -> Iterator[Edge]:
    for edge in edges:
        new = renamed.get(edge.target)
        yield replace(edge, target=new) if new else edge


def _required(value: object, specifier: object) -> tuple[str | None, str]:
    """Return a reference and what was asked for: `{specifier, version}`, or both apart."""
    if isinstance(value, dict):
        version, specifier = value.get("version"), value.get("specifier")
    else:
        version = value
    return (
        version if isinstance(version, str) and version else None,
        specifier if isinstance(specifier, str) else "",
    )


def _is_null(value: object) -> bool:
    return isinstance(value, str) and value in {"", "null", "~"}


def _optional(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("optional") == "true"


def _joined(folder: str, path: str) -> str:
    """Return a path seen from the lockfile's folder, without `.` and with `..` taken off."""
    parts: list[str] = []
    for part in (*folder.split("/"), *path.split("/")):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or "."


def _reached(
    start: Iterable[str], edges: dict[str, tuple[Edge, ...]], known: Container[str] = ()
) -> set[str]:
    """Return all that can be reached from some packages, but not what is known and behind it."""
    seen: set[str] = set()
    pending = list(start)
    while pending:
        key = pending.pop()
        if key and key not in seen and key not in known:
            seen.add(key)
            pending += [edge.target for edge in edges.get(key, ())]
    return seen


FORMAT = Format(
    name="pnpm",
    ecosystem="npm",
    files=("pnpm-lock.yaml", "pnpm-lock.*.yaml", "shrinkwrap.yaml"),
    recognises=_recognises,
    read=_read,
)
