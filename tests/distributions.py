"""Builders of wheels and sdists: sound by default, and each part may be told to be something else.

Nothing here uses a build backend, so a wheel can be wrong in ways that no backend would write.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

METADATA = """\
Metadata-Version: 2.4
Name: demo-kit
Version: 1.0
Summary: A demonstration
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.11
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: by-hand 1\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
DIST_INFO = "demo_kit-1.0.dist-info"
WHEEL_NAME = "demo_kit-1.0-py3-none-any.whl"
SDIST_NAME = "demo_kit-1.0.tar.gz"
ROOT = "demo_kit-1.0"

Files = Mapping[str, str | bytes]


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def record_line(path: str, data: bytes) -> str:
    """Return the line that RECORD must have for a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"


def wheel_files(files: Files, metadata: str = METADATA) -> dict[str, bytes]:
    """Return the members of a sound wheel, RECORD left out."""
    plain = {"demo_kit/__init__.py": b"", **{path: as_bytes(data) for path, data in files.items()}}
    described = {
        f"{DIST_INFO}/licenses/LICENSE": b"free",
        f"{DIST_INFO}/METADATA": metadata.encode(),
        f"{DIST_INFO}/WHEEL": WHEEL.encode(),
    }
    return {**described, **plain}


def record_of(members: Mapping[str, bytes]) -> str:
    """Return the RECORD that describes these members."""
    lines = [record_line(path, data) for path, data in members.items()]
    return "".join(lines) + f"{DIST_INFO}/RECORD,,\n"


def zipped(path: Path, members: list[tuple[str, bytes]]) -> Path:
    """Write members in this order, twice where they are given twice."""
    with (
        warnings.catch_warnings(action="ignore"),  # that a name is there twice is what is wanted
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def wheel(
    folder: Path,
    files: Files | None = None,
    *,
    name: str = WHEEL_NAME,
    metadata: str = METADATA,
    change: Callable[[dict[str, bytes]], None] = lambda _: None,
) -> Path:
    """Write a wheel; `change` gets its members, RECORD among them, after RECORD was written."""
    members = wheel_files(files or {}, metadata)
    members[f"{DIST_INFO}/RECORD"] = record_of(members).encode()
    change(members)
    return zipped(folder / name, list(members.items()))


def info(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """Return a tar member whose header has these fields."""
    header = tarfile.TarInfo(name)
    header.size = len(data)
    for field, value in fields.items():
        setattr(header, field, value)
    return header, data


def sdist(  # noqa: PLR0913 - one parameter for each part that can be wrong
    folder: Path,
    files: Files | None = None,
    *,
    name: str = SDIST_NAME,
    metadata: str = METADATA,
    extra: tuple[tuple[tarfile.TarInfo, bytes], ...] = (),
    without: frozenset[str] = frozenset(),
) -> Path:
    """Write an sdist; `extra` are members with headers of their own."""
    plain: dict[str, str | bytes] = {
        "PKG-INFO": metadata,
        "pyproject.toml": '[build-system]\nrequires = ["flit_core"]\n',
        "LICENSE": "free",
        "demo_kit/__init__.py": "",
        **(files or {}),
    }
    members = [
        info(f"{ROOT}/{path}", as_bytes(data))
        for path, data in plain.items()
        if path not in without
    ]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for header, data in (*members, *extra):
            tar.addfile(header, io.BytesIO(data))
    path = folder / name
    path.write_bytes(gzip.compress(out.getvalue(), mtime=0))
    return path
