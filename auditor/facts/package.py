"""What package.json says the package is: name, version, whether it may be published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import ParseError
from auditor.facts import Collector, Contents, Unread
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.lazyre import regex
from auditor.model import Fact
from auditor.shape import get

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = regex(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9-][a-z0-9._-]*\Z")
_PLAIN = regex(r"(?:(?:0|[1-9][0-9]*)\.){2}(?:0|[1-9][0-9]*)\Z")
_NOT_A_NAME = frozenset({"node_modules", "favicon.ico"})
_LONGEST_NAME = 214


class PackageFact(Fact, frozen=True, kw_only=True):
    """One package.json, as far as identity goes."""

    name: str
    """Empty where it is missing."""
    version: str
    valid_name: bool
    """npm takes it for a new package: lower case, URL-safe, at most 214 characters."""
    valid_version: bool
    """It is a version by Semantic Versioning 2.0.0."""
    private: bool


def collect(contents: Contents) -> Iterator[PackageFact | Unread]:
    """Yield the package's identity, if there is a package.json."""
    manifest = manifest_of(contents)
    if manifest is None:
        return
    try:
        name = get(manifest.document, "name", str) or ""
        version = get(manifest.document, "version", str) or ""
    except ParseError as problem:
        yield Unread(path=MANIFEST, reason=str(problem))
        return
    yield PackageFact(
        path=MANIFEST,
        line=manifest.line("name"),
        name=name,
        version=version,
        valid_name=_NAME.match(name) is not None
        and len(name) <= _LONGEST_NAME
        and name not in _NOT_A_NAME,
        valid_version=_is_version(version.strip().removeprefix("v").removeprefix("=")),
        private=bool(manifest.document.get("private")),
    )


def _is_version(text: str) -> bool:
    if _PLAIN.match(text):
        return True
    from semver import Version  # noqa: PLC0415 - slow to import, and few versions are not plain

    return Version.is_valid(text)


COLLECTOR = Collector(name="package", fact=PackageFact, collect=collect)
