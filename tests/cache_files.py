"""Caches of package managers, made by hand, and what our readers make of them in one line each."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from base64 import b64encode
from contextlib import closing
from typing import TYPE_CHECKING

from auditor.inventory import Origin
from auditor.limits import Limits
from auditor.sources import caches
from auditor.sources.caches import Cache
from tests import distributions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from auditor.inventory import Inventory

HOST = "https://registry.example.org"
S512 = "sha512-" + b64encode(bytes(64)).decode()
HEX = bytes(64).hex()
REQUEST = "make-fetch-happen:request-cache:"
BUCKET = "index-v5/ab/cd/ef"
Files = dict[str, "str | bytes"]


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(folder: Path, client: str, **limits: int) -> Inventory:
    return caches.inventory(Cache(client=client, folder=folder), Limits(**limits))


def told(inventory: Inventory) -> list[str]:
    """Return the packages, each in one line, and behind them what was not read."""
    packages = [
        f"{p.id} {p.name}@{p.version}"
        + (f" from {p.resolved}" if p.resolved else "")
        + (f" {p.integrity[0][:10]}" if p.integrity else "")
        + (f" ({p.origin})" if p.origin is not Origin.REGISTRY else "")
        + (f" ({p.section})" if p.section != "cached" else "")
        for p in inventory.packages
    ]
    return packages + [f"! {place}: {reason}" for place, reason in inventory.unread]


def line(key: str, integrity: str | None = S512, **metadata: object) -> str:
    """Return a line of npm's index, as cacache writes one."""
    text = json.dumps({"key": key, "integrity": integrity, "time": 1, "metadata": metadata})
    return f"\n{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}\t{text}"


def tgz(name: str, version: str) -> str:
    return f"{HOST}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def berry(name: str) -> bytes:
    """Return the begin of an archive of yarn's: its folders, then a file."""
    paths = ["node_modules/", f"node_modules/{name}/", f"node_modules/{name}/package.json"]
    if name.startswith("@"):
        paths.insert(1, f"node_modules/{name.partition('/')[0]}/")
    headers = [
        b"PK\x03\x04" + bytes(22) + len(path).to_bytes(2, "little") + bytes(2) + path.encode()
        for path in paths
    ]
    return b"".join(headers) + b"PK\x01\x02"


def archive(folder: Path, *, sdist: bool = False) -> bytes:
    """Return the bytes of a wheel or sdist of demo-kit 1.0."""
    folder.mkdir(parents=True, exist_ok=True)
    path = distributions.sdist(folder) if sdist else distributions.wheel(folder)
    return path.read_bytes()


def enveloped(body: bytes) -> bytes:
    """Return a response as CacheControl wrote it while the body stood in the same file."""
    length = len(body).to_bytes(4, "big")
    return b"cc=4,\x82\xa8response\x86\xa4body\xc6" + length + body + b"\xa7headers\x80" * 40


def database(path: Path, keys: list[str], *, data: bytes = b"\xd4r@\x94") -> Path:
    """Write an index as pnpm 11 has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "create table package_index (key text primary key, data blob not null) without rowid"
        )
        rows = [(key, data * 300) for key in keys]
        connection.executemany("insert into package_index values (?, ?)", rows)
        connection.commit()
    return path


def described(name: str, version: str, **remote: str) -> str:
    return json.dumps({"manifest": {"name": name, "version": version}, "remote": remote})
