"""One entry of a pnpm lockfile to a package: its real name, and where its content comes from.

Where an entry has a `name`, pnpm takes that and not the key's to make the address of the tarball;
the same goes for `version`. Source: pnpm, `lockfile/utils` (nameVerFromPkgSnapshot,
pkgSnapshotToResolution).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor import fastpaths
from auditor.errors import ParseError
from auditor.inventory import Edge, LockedPackage, LockProblem, Origin
from auditor.lazyre import regex
from auditor.lockfiles._pnpm_keys import PnpmKey, parsed
from auditor.shape import get

if TYPE_CHECKING:
    from collections.abc import Iterator

_GIT_HOSTS = regex(
    r"https?://(?:codeload\.github\.com/[^/]+/[^/]+/|github\.com/[^/]+/[^/]+/archive/"
    r"|bitbucket\.org/[^/]+/[^/]+/get/|gitlab\.com/.+/archive\b)"
)
_GIT_KEY = regex(r"(?:git(?:hub|lab|\+[a-z]+)?:|git@|(?:github|gitlab)\.com/|bitbucket\.org/)")
_RELEASE = regex(r"((?:@[^/@()\s:]+/)?[^/@()\s:]+)@([0-9]+\.[0-9]+\.[0-9]+)")
_SAID = frozenset(("name", "version", "dev", "optional", "requiresBuild", "deprecated"))
"""What an entry may say besides, and most do not."""
_EMPTY = {"", "null", "~"}
_YES = "true"


class Draft(Struct, kw_only=True):
    """A package while the rest of the file is read: what its own entry says, and what others do."""

    name: str
    version: str
    origin: Origin
    resolved: str
    integrity: tuple[str, ...]
    dev: bool
    optional: bool
    install_script: bool
    deprecated: str
    published: str
    files: tuple[str, ...]
    line: int | None
    alias: str = ""
    direct: bool = False

    def package(self, id_: str, section: str, requires: tuple[Edge, ...]) -> LockedPackage:
        """Return the finished package."""
        return LockedPackage(
            id=id_,
            ecosystem="npm",
            name=self.name,
            version=self.version,
            origin=self.origin,
            resolved=self.resolved,
            integrity=self.integrity,
            alias=self.alias,
            section=section,
            line=self.line,
            dev=self.dev,
            optional=self.optional,
            direct=self.direct,
            install_script=self.install_script,
            deprecated=self.deprecated,
            published=self.published,
            files=self.files,
            requires=requires,
        )


def draft_of(
    key: str, entry: object, times: object, line: int | None
) -> tuple[Draft, LockProblem | None]:
    """Return what an entry says of its package, and what is odd about it.

    `times` is the `time` section. Raises ParseError with the key at fault.
    """
    if times is None and (plain := _plain(key, entry, line)) is not None:
        return plain, None
    if not isinstance(entry, dict):
        if not isinstance(entry, str) or entry not in _EMPTY:
            raise ParseError("is no mapping")
        entry = {}
    says = parsed(key)
    resolution = _resolution(entry)
    origin, resolved = _origin(says, resolution)
    name = get(entry, "name", str) or says.name or _name_of(says.source)
    version = get(entry, "version", str) or says.version or says.source.partition("runtime:")[2]
    problem = None
    if says.version and (name, version) != (says.name, says.version):
        problem = LockProblem(
            kind="version-lie",
            subject=key,
            detail=f"is {name}@{version} by its entry, which pnpm follows, "
            f"and {says.name}@{says.version} by its key",
            line=line,
        )
    published = times.get(_bare(key)) if isinstance(times, dict) else None
    parts = _parts(resolution)
    draft = Draft(
        name=name,
        version=version,
        origin=origin,
        resolved=resolved,
        integrity=tuple(digest for each in parts for digest in _integrity(each)),
        dev=entry.get("dev") == _YES,
        optional=entry.get("optional") == _YES,
        install_script=entry.get("requiresBuild") == _YES,
        deprecated=get(entry, "deprecated", str) or "",
        published=published if isinstance(published, str) else "",
        files=tuple(url for each in parts[1:] if (url := _address(each))),
        line=line,
    )
    return draft, problem


def _plain(key: str, entry: object, line: int | None) -> Draft | None:
    """Return what nearly all entries say since 9.x: a release of a registry, and its digest."""
    if not fastpaths.enabled("lock_readers"):
        return None
    if not isinstance(entry, dict) or not _SAID.isdisjoint(entry):
        return None
    resolution, release = entry.get("resolution"), _RELEASE.fullmatch(key)
    if release is None or type(resolution) is not dict or resolution.keys() != {"integrity"}:
        return None
    integrity = resolution["integrity"]
    if not isinstance(integrity, str):
        return None
    return Draft(
        name=release[1],
        version=release[2],
        origin=Origin.REGISTRY,
        resolved="",
        integrity=tuple(integrity.split()),
        dev=False,
        optional=False,
        install_script=False,
        deprecated="",
        published="",
        files=(),
        line=line,
    )


def _bare(key: str) -> str:
    """Return the key as the `time` section has it: without peers."""
    bare = key.partition("(")[0]
    return bare.partition("_")[0] if bare.startswith("/") and "@" not in bare[2:] else bare


def _resolution(entry: dict[str, Any]) -> dict[str, Any]:
    value = entry.get("resolution")
    if isinstance(value, dict):
        return value
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        return {"integrity": value}  # shrinkwrap.yaml of pnpm 0.x: the digest alone
    raise ParseError("is no mapping", "resolution")


def _parts(resolution: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resolution and its variants: a runtime has one archive for each platform."""
    variants = resolution.get("variants")
    if not isinstance(variants, list):
        return [resolution]
    inner = [v.get("resolution") for v in variants if isinstance(v, dict)]
    return [resolution, *(each for each in inner if isinstance(each, dict))]


def _integrity(resolution: dict[str, Any]) -> Iterator[str]:
    yield from (get(resolution, "integrity", str) or "").split()


def _address(resolution: dict[str, Any]) -> str:
    return get(resolution, "tarball", str) or get(resolution, "url", str) or ""


def _origin(says: PnpmKey, resolution: dict[str, Any]) -> tuple[Origin, str]:
    """Return where the content comes from, and its address as spelled."""
    repository = get(resolution, "repo", str)
    if repository:
        commit = get(resolution, "commit", str) or ""
        return Origin.GIT, f"{repository}#{commit}" if commit else repository
    address = get(resolution, "directory", str) or _address(resolution)
    source = says.source
    if "directory" in resolution or (address or source).startswith(("file:", "link:")):
        origin = Origin.FILE
    elif says.version:
        # A registry's package; the host of another registry stands in the key, `:` as `+`.
        origin, source = Origin.REGISTRY, says.host and f"https://{says.host.replace('+', ':')}/"
    elif resolution.get("gitHosted") == _YES or _is_git(address or source):
        origin = Origin.GIT
    elif address or "/" in source or ":" in source:
        origin = Origin.URL
    else:
        origin, source = Origin.REGISTRY, ""
    return origin, address or source


def _is_git(address: str) -> bool:
    return (_GIT_HOSTS.match(address) or _GIT_KEY.match(address)) is not None


def _name_of(source: str) -> str:
    """Return a name for what has none: the last part of its path, as pnpm shows it."""
    bare = source.partition("(")[0].rstrip("/")
    return bare if bare.startswith("file:") or "/" not in bare else bare.rpartition("/")[2]
