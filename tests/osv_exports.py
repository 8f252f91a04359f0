"""Exports of advisories as tests make them: records, archives of them, whole and broken."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EVERY = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]


def record(
    id_: str,
    name: str = "",
    *,
    eco: str = "npm",
    modified: str = "2026-01-02T00:00:00Z",
    versions: str = "",
    **more: object,
) -> dict[str, object]:
    """Return a record: of all versions of a package, or of some."""
    affected: dict[str, object] = {"package": {"ecosystem": eco, "name": name or id_.lower()}}
    affected |= {"versions": versions.split()} if versions else {"ranges": EVERY}
    return {"id": id_, "modified": modified, "affected": [affected], **more}


def archive(*records: Mapping[str, object], **files: str | bytes) -> bytes:
    """Return an export: a zip archive of records, and of further members by their names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for one in records:
            made.writestr(f"{one['id']}.json", json.dumps(one))
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def export(folder: Path, name: str, *records: Mapping[str, object], **files: str | bytes) -> Path:
    """Write `<name>/all.zip` below a folder; return its path."""
    path = folder / name / "all.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive(*records, **files))
    return path
