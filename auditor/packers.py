"""The programs that make packages: their names and versions, and what they are known to do."""

from __future__ import annotations

import re

from msgspec import Struct

from auditor.errors import UsageError

NODE = ("npm", "pnpm", "yarn", "bun")
PYTHON = ("build", "uv")
NAMES = (*NODE, *PYTHON)


class Packer(Struct, frozen=True, kw_only=True):
    """A packer in one version; `version` is empty where it is not known."""

    name: str
    version: str = ""

    @classmethod
    def parse(cls, text: str) -> Packer:
        """Read `npm` or `npm@12.2.0` (a hash behind `+` is dropped, as corepack writes it)."""
        name, _, version = text.partition("@")
        if name not in NAMES:
            raise UsageError(f"{text!r} is no packer; there are {', '.join(NAMES)}")
        return cls(name=name, version=version.partition("+")[0])

    @property
    def major(self) -> int | None:
        """The first number of the version."""
        found = re.match(r"v?(\d+)", self.version)
        return int(found.group(1)) if found else None

    @property
    def is_berry(self) -> bool:
        """Tell whether it is yarn from 2 on, which shares no more than the name with yarn 1."""
        return self.name == "yarn" and self.major is not None and self.major > 1

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class PackedPaths(Struct, frozen=True, kw_only=True):
    """The paths of the tarball that a project's packer made."""

    paths: frozenset[str]
