"""The part of `audit pack --online` that asks: how large the releases of a package were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.addresses import address
from auditor.errors import InputError
from auditor.facts.comparing.size_history import SizesSeen
from auditor.facts.manifest import manifest_of
from auditor.model import ArtifactKind
from auditor.safe import safe
from auditor.sources.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.facts import Contents

_ECOSYSTEMS = {
    ArtifactKind.NPM_TARBALL: "npm",
    ArtifactKind.SDIST: "pypi",
    ArtifactKind.WHEEL: "pypi",
}


class SizeAsker:
    """Asks registries, for all the artifacts of one call."""

    def __init__(self) -> None:
        self._registries: dict[tuple[str, Path | None], Registry] = {}

    def seen(
        self, contents: Contents, name: str, version: str, folder: Path | None
    ) -> SizesSeen | None:
        """Return the sizes of a package's releases; None for what is no package.

        `folder` is that of the project, whose settings say which registry is asked; without one it
        is the current folder. Raises InputError where the registry does not say.
        """
        ecosystem = _ECOSYSTEMS.get(contents.kind)
        if ecosystem is None or not name or not version:
            return None
        key = (ecosystem, folder)
        registry = self._registries.setdefault(key, Registry(ecosystem, folder))
        _check_publisher(contents, name, registry)
        return SizesSeen(
            ecosystem=ecosystem,
            version=version,
            releases=registry.sizes(name, contents.file),
            packed=ecosystem == "pypi",
        )


def _check_publisher(contents: Contents, name: str, registry: Registry) -> None:
    """Raise InputError where a manifest says that its package is published at another registry.

    Then its name is nothing that the configured one must learn.
    """
    manifest = manifest_of(contents)
    config = manifest.document.get("publishConfig") if manifest else None
    written = config.get("registry") if isinstance(config, dict) else None
    elsewhere = address(written).source if isinstance(written, str) else ""
    base = registry.base(name)
    if not elsewhere or elsewhere == address(base.url).source:
        return
    if not registry.built_in or elsewhere != address(registry.built_in).source:
        raise InputError(
            f"{safe(elsewhere)} is where it is published, by its publishConfig, and "
            f"{safe(base.host)} is what is configured here"
        )
