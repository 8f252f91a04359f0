"""What maps give back, written into a new folder as it is read, with a list of what is from where.

One text is held at a time. The list of what was written comes last, as `audit-map.json`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from auditor import __version__, words
from auditor.errors import InputError, LimitError
from auditor.limits import Budget
from auditor.maps.treepath import Places, path_of
from auditor.model import Gap, Location
from auditor.recovery import MANIFEST
from auditor.sources.newfolder import NewFolder

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.limits import Limits
    from auditor.maps.reader import Source
    from auditor.recovery import Recovery

SCHEMA_VERSION = 1
_LONGEST_NAME = 4096
"""Characters of a source's name in the list; a hostile one may have megabytes."""


class Extraction:
    """The texts of one target on their way into a folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Make the folder; raises UsageError where it holds something."""
        self._label = str(folder)
        self._folder = NewFolder(folder)
        self._budget = Budget(limits)
        self._places = Places(reserved=[MANIFEST])
        self._written: dict[tuple[str, ...], dict[str, object]] = {}
        self._left_out: dict[str, list[dict[str, str]]] = {}
        """By reason."""
        self._size = 0
        self._full = ""
        """The limit that was met: what comes later is left out."""

    def take(self, map_path: str, source: Source, text: bytes) -> None:
        """Write one text, unless the same text is at the same place already."""
        origin = {"map": map_path, "source": source.name[:_LONGEST_NAME]}
        wished = path_of(source.name, source.root, map_path)
        digest = hashlib.sha256(text)
        path, new = self._places.place(wished, digest.digest())
        try:
            if new:
                self._write(path, text)
                self._written[path] = {
                    "path": "/".join(path),
                    "bytes": len(text),
                    "sha256": digest.hexdigest(),
                    "third_party": source.third_party,
                    "from": [],
                }
        except InputError as problem:
            self._left_out.setdefault(str(problem), []).append(origin)
            return
        if path in self._written:
            known = self._written[path]["from"]
            if isinstance(known, list):
                known.append(origin)

    def _write(self, path: tuple[str, ...], text: bytes) -> None:
        if self._full:
            raise InputError(self._full)
        try:
            self._budget.member()
            self._budget.take(len(text))
        except LimitError as problem:
            self._full = f"not extracted: {problem}"
            raise InputError(self._full) from None
        self._folder.write(path, text)
        self._size += len(text)

    def concluded(self, found: Recovery) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
        """Write the list, and return what there is to say: notes, and a gap for each reason."""
        gaps = [self._gap(reason, len(names)) for reason, names in self._left_out.items()]
        document = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "audit", "version": __version__},
            "source": found.source,
            "complete": not gaps and not found.gaps,
            "files": list(self._written.values()),
            "left_out": [
                {"reason": reason, **origin}
                for reason, origins in self._left_out.items()
                for origin in origins
            ],
        }
        text = json.dumps(document, indent=1) + "\n"
        try:
            self._folder.write(MANIFEST, text.encode())
        except InputError as problem:
            gaps.append(self._gap(f"{MANIFEST[0]} {problem}", 1))
        files = words.counted(len(self._written), "file")
        said = f"{files}, {words.size(self._size)} written into {self._label}"
        return (f"{said}; {MANIFEST[0]} says which map gave which",), tuple(gaps)

    def _gap(self, reason: str, count: int) -> Gap:
        files = words.counted(count, "text")
        return Gap(location=Location(source=self._label), reason=f"{files}: {reason}")
