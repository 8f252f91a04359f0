"""Source maps for tests, and the recovery of files that hold some."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.examine import Examination
from auditor.facts import source_map, source_reference
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member
from auditor.recovery import Recovery, of_contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def made_map(
    sources: Mapping[str, str | None] | Sequence[tuple[str, str | None]],
    *,
    root: str = "",
    mapped: Iterable[int] | None = None,
    **others: object,
) -> str:
    """Return a map of sources by name; `mapped` are those, in order, that it maps code to."""
    pairs = list(sources.items() if hasattr(sources, "items") else sources)
    document: dict[str, object] = {
        "version": 3,
        "sources": [name for name, _ in pairs],
        "sourcesContent": [text for _, text in pairs],
        "names": [],
        "mappings": _mappings(range(len(pairs)) if mapped is None else mapped),
    }
    if root:
        document["sourceRoot"] = root
    return json.dumps(document | others)


def _mappings(mapped: Iterable[int]) -> str:
    """Return a segment for each source, by base64 VLQ for steps below sixteen."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = 0
    found = []
    for index in mapped:
        step = (index - at) * 2
        assert 0 <= step < 32
        found.append(f"A{digits[step]}AA")
        at = index
    return ",".join(found)


def recovered(files: Mapping[str, str], *, source: str = "demo") -> Recovery:
    """Return what can be recovered from files by path."""
    asked = replace(source_map.READER, read=source_map.IN_FULL, read_scanned=None)
    readers = (asked, source_reference.READER)
    examination = Examination(source, readers, Budget(Limits()))
    examination.run(
        (Member(path=path, name=path, size=len(text.encode())), iter([text.encode()]))
        for path, text in files.items()
    )
    contents = examination.contents(ArtifactKind.FOLDER, None)
    return of_contents(contents, source, "folder", gaps=examination.gaps)
