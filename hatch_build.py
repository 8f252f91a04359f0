"""Adds our own rules to a wheel as they are parsed, so that no call of what it installs does."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilderConfig


class ParsedRules(BuildHookInterface[WheelBuilderConfig]):
    """Writes `auditor/rules/parsed*.msgpack`; an editable install keeps the same in the cache."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files, and say where they belong."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from auditor.sources import rulecache  # noqa: PLC0415 - the source that is built

        self._folder = tempfile.TemporaryDirectory()
        for name, data in rulecache.to_ship().items():
            made = Path(self._folder.name, name)
            made.write_bytes(data)
            build_data["force_include"][str(made)] = f"auditor/rules/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take them away."""
        del build_data, artifact_path
        if version != "editable":
            self._folder.cleanup()
