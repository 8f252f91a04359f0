"""What a lockfile, an SBOM or an installed tree holds: packages, and who requires whom."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class Origin(StrEnum):
    """Where a package's content comes from."""

    REGISTRY = "registry"
    GIT = "git"
    URL = "url"
    """A tarball, wheel or file at an address that is no registry's."""
    FILE = "file"
    """A path, also one that is linked or editable."""
    WORKSPACE = "workspace"
    """A member of the project itself; never a registry's package of that name."""


class Edge(Struct, frozen=True, kw_only=True):
    """One requirement: the name that the dependent asks for, and what the lockfile gave it."""

    name: str
    """As the dependent spells it; for an alias the alias."""
    wants: str = ""
    """The range, `npm:real@range`, URL or marker, as spelled; empty where the format has none."""
    target: str = ""
    """`LockedPackage.id` of what satisfies it; empty where the format does not say."""
    optional: bool = False
    peer: bool = False
    dev: bool = False


class LockedPackage(Struct, frozen=True, kw_only=True):
    """One entry: a package in a version, as what is really installed, not as it is called."""

    id: str
    """Unique in the inventory: the key that the file has for it, with its section if need be."""
    ecosystem: str
    """The type of a purl: `npm`, `pypi`, `conda`, `jsr`, `deno`."""
    name: str
    """The real name, through aliases; PyPI names as spelled."""
    version: str
    """As spelled; empty where the entry has none."""
    origin: Origin = Origin.REGISTRY
    resolved: str = ""
    """The address or path that the content comes from, as spelled."""
    integrity: tuple[str, ...] = ()
    """Digests as `algorithm-base64` (Subresource Integrity), whatever the file's spelling; a digest
    that cannot be one stays as it is spelled."""
    alias: str = ""
    """The name that it is installed or required under, where that is another one."""
    section: str = ""
    """The part of the file that it stands in, where there are several."""
    line: int | None = None
    dev: bool = False
    """Only development needs it."""
    optional: bool = False
    direct: bool = False
    """The project itself requires it."""
    bundled: bool = False
    """It came inside another package's tarball and has no digest of its own."""
    install_script: bool = False
    """The file says that it runs a script when it is installed."""
    deprecated: str = ""
    published: str = ""
    """When it was uploaded, as the file says (RFC 3339); of several files the earliest."""
    fetched: str = ""
    """When a cache took it in, as far as the client notes that (RFC 3339, UTC)."""
    files: tuple[str, ...] = ()
    """The addresses of its files, as spelled, where the file has them one by one (PyPI)."""
    unhashed: tuple[str, ...] = ()
    """Those of its files, by address or name, that have no digest where others may have one."""
    requires: tuple[Edge, ...] = ()


class Declared(Struct, frozen=True, kw_only=True):
    """One requirement of the manifest as the lockfile repeats it."""

    name: str
    group: str = ""
    """`[name]` of an extra, `name` of a dependency group, empty for what is always required."""
    specifier: str = ""
    """The versions that are asked for; empty for any."""


class LockProblem(Struct, frozen=True, kw_only=True):
    """Something about the file that a plain reading would not show."""

    kind: str
    """`duplicate-key`, `split-brain`, `merge-conflict`, `version-lie`, `link-outside`, …"""
    subject: str
    """The key or package that it is about."""
    detail: str
    line: int | None = None


class Inventory(Struct, frozen=True, kw_only=True):
    """One file's packages; each section that was read is counted, also an empty one."""

    path: str
    """As the report names the file."""
    format: str
    """The format's name: `package-lock`, `yarn`, `pnpm`, …"""
    format_version: str = ""
    packages: tuple[LockedPackage, ...] = ()
    roots: tuple[Edge, ...] = ()
    """What the project itself requires, as far as the file says."""
    declared: tuple[Declared, ...] | None = None
    """What the manifest required when this was locked; None where the file does not repeat it."""
    manifest_digest: str = ""
    """The digest of what counts in the manifest, as the client wrote it: hexadecimal SHA-256."""
    sections: Mapping[str, int] = field(default_factory=dict)
    """Packages by section: `packages`, `dependencies`, `document 1`, `default`, …"""
    indexes: tuple[str, ...] = ()
    """Package indexes and pages of links that the file names, as spelled, each once."""
    problems: tuple[LockProblem, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    """Parts that could not be read: place and reason; each becomes a gap."""

    @property
    def by_id(self) -> dict[str, LockedPackage]:
        """The packages by id."""
        return {package.id: package for package in self.packages}
