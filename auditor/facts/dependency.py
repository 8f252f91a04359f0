"""Dependencies whose specification cannot work for whoever installs the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import ParseError
from auditor.facts import Collector, Contents, Unread
from auditor.facts.manifest import MANIFEST, ManifestSeen, manifest_of
from auditor.model import Fact
from auditor.shape import text_map

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_SECTIONS = ("dependencies", "optionalDependencies", "peerDependencies")
_SCHEMES = (
    "workspace",
    "catalog",
    "file",
    "link",
    "portal",
    "patch",
    "jsr",
    "git",
    "http",
    "https",
    "npm",
)
_HOSTS = frozenset({"github", "gitlab", "bitbucket", "gist"})


class DependencyFact(Fact, frozen=True, kw_only=True):
    """One dependency that consumers install; `key` is `dependencies.NAME`."""

    section: str
    name: str
    spec: str
    scheme: str
    """`workspace`, `file`, `git`, …; `range` for a version range or tag."""
    bundled: bool
    """The package brings it along (`bundleDependencies`), so that nobody has to fetch it."""


def collect(contents: Contents) -> Iterator[DependencyFact | Unread]:
    """Yield one fact for each dependency outside devDependencies."""
    manifest = manifest_of(contents)
    if manifest is not None:
        made = contents.once(
            "dependencies", lambda: tuple(_facts(contents, manifest)), contents.members, manifest
        )
        yield from made


def _facts(contents: Contents, manifest: ManifestSeen) -> Iterator[DependencyFact | Unread]:
    bundled = _bundled(manifest.document, contents.files().keys())
    for section in _SECTIONS:
        try:
            entries = text_map(manifest.document, section)
        except ParseError as problem:
            yield Unread(path=MANIFEST, reason=str(problem))
            continue
        for name, spec in entries.items():
            yield DependencyFact(
                path=MANIFEST,
                line=manifest.line(section, name),
                key=f"{section}.{name}",
                section=section,
                name=name,
                spec=spec,
                scheme=scheme_of(spec),
                bundled=name in bundled,
            )


def _bundled(document: dict[str, object], files: Container[str]) -> frozenset[str]:
    """Return the names of the dependencies whose package.json lies in the artifact."""
    listed = document.get("bundleDependencies", document.get("bundledDependencies"))
    if listed is True:
        dependencies = document.get("dependencies")
        listed = list(dependencies) if isinstance(dependencies, dict) else []
    return frozenset(
        name
        for name in (listed if isinstance(listed, list) else ())
        if isinstance(name, str) and f"node_modules/{name}/package.json" in files
    )


def scheme_of(spec: str) -> str:
    """Return the kind of a dependency specification (npm's package-spec)."""
    head, colon, _ = spec.partition(":")
    if colon and head.startswith("git+"):
        return "git"
    if colon and head in _SCHEMES:
        return head
    if spec.startswith(("./", "../", "/", "~/")):
        return "file"
    if head in _HOSTS and colon:
        return "git"
    return "git" if "/" in spec and not spec.startswith("@") else "range"


COLLECTOR = Collector(name="dependency", fact=DependencyFact, collect=collect)
