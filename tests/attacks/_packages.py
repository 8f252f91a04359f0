"""The packages that attacks are made on: sound ones, which nothing is found in."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from tests.tar_bytes import archive, file, gz
from tests.zip_bytes import Entry, zipped

if TYPE_CHECKING:
    from collections.abc import Iterable

MANIFEST = json.dumps({"name": "demo-kit", "version": "1.0.0", "license": "MIT"}).encode()
SCRIPT = b"module.exports = 1;\n"
NPM_MEMBERS = (
    file(b"package/package.json", MANIFEST),
    file(b"package/index.js", SCRIPT),
    file(b"package/README.md", b"# demo-kit\n"),
    file(b"package/LICENSE", b"MIT License\n"),
)

KEY = (
    b"-----BEGIN PRIVATE" + b" KEY-----\n"
    b"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
    b"-----END PRIVATE" + b" KEY-----\n"
)
"""What must be found wherever bytes are: a private key that opens nothing."""
MAP = json.dumps(
    {
        "version": 3,
        "sources": ["../src/a.ts"],
        "sourcesContent": ["export const answer = 42;\n"],
        "mappings": "AAAA",
    }
).encode()
"""What must be found in every file: a source map with a source that does not ship."""

METADATA = b"""\
Metadata-Version: 2.4
Name: demo-kit
Version: 1.0.0
Summary: Nothing to see
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.11
Description-Content-Type: text/markdown

# demo-kit
"""
TAGS = b"Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
INFO = b"demo_kit-1.0.0.dist-info/"
MODULE = b"answer = 42\n"


def npm_tar(*members: bytes) -> bytes:
    """Return the tar archive of an npm package, with further members."""
    return archive(*NPM_MEMBERS, *members)


def npm(*members: bytes) -> bytes:
    """Return an npm package with further members."""
    return gz(npm_tar(*members))


def recorded(entries: Iterable[Entry]) -> bytes:
    """Return the RECORD of these entries."""
    rows = []
    for entry in entries:
        digest = base64.urlsafe_b64encode(hashlib.sha256(entry.data).digest()).rstrip(b"=")
        rows.append(b"%s,sha256=%s,%d\n" % (entry.name, digest, len(entry.data)))
    return b"".join(rows) + INFO + b"RECORD,,\n"


def wheel_entries(*entries: Entry) -> list[Entry]:
    """Return the entries of a wheel: a module, these, and what describes them."""
    listed = [
        Entry(name=b"demo_kit/__init__.py", data=MODULE),
        *entries,
        Entry(name=INFO + b"licenses/LICENSE", data=b"MIT License\n"),
        Entry(name=INFO + b"METADATA", data=METADATA),
        Entry(name=INFO + b"WHEEL", data=TAGS),
    ]
    told = [entry for entry in listed if entry.listed and not entry.name.endswith(b"/")]
    return [*listed, Entry(name=INFO + b"RECORD", data=recorded(told))]


def wheel(*entries: Entry, **framing: object) -> bytes:
    """Return a wheel with further entries, each of them in RECORD."""
    return zipped(wheel_entries(*entries), **framing)  # type: ignore[arg-type]


def sdist(*members: bytes) -> bytes:
    """Return an sdist with further members."""
    root = b"demo_kit-1.0.0/"
    toml = (
        b'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        b'[project]\nname = "demo-kit"\nversion = "1.0.0"\n'
    )
    return gz(
        archive(
            file(root + b"PKG-INFO", METADATA),
            file(root + b"pyproject.toml", toml),
            file(root + b"demo_kit/__init__.py", MODULE),
            file(root + b"LICENSE", b"MIT License\n"),
            *members,
        )
    )
