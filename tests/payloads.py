"""Payloads of single-file programs, wasm modules and asar archives, as tools write them."""

from __future__ import annotations

import json
import struct
import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNTIME = (
    b"\x7fELF\2\1\1" + bytes(2000) + b"\n---- Bun! ----\n" + bytes(50) + b"d3n0l4nd" + bytes(99)
)
"""The program that runs a payload: its code holds the marks of payloads, too."""


def bun_map(sources: Mapping[str, str]) -> bytes:
    """Return a map as bun writes it into a program: texts compressed, mappings in its own form."""
    mappings = b"\1mappings"
    names = b"".join(name.encode() for name in sources)
    texts = [zstd.compress(text.encode()) for text in sources.values()]
    at = 8 + 16 * len(sources)
    places = b""
    offset = at + len(mappings)
    for name in sources:
        places += struct.pack("<II", offset, len(name.encode()))
        offset += len(name.encode())
    for text in texts:
        places += struct.pack("<II", offset, len(text))
        offset += len(text)
    head = struct.pack("<II", len(sources), len(mappings))
    return head + places + mappings + names + b"".join(texts)


def bun(modules: Sequence[tuple[str, bytes, bytes]], *, row: int = 52, tail: int = 32) -> bytes:
    """Return a program: modules as name, content and map; rows and sizes as long as told."""
    body = b""
    rows = b""
    for parts in modules:
        places = b""
        for part in (parts[0].encode(), *parts[1:]):
            places += struct.pack("<II", len(body) if part else 0, len(part))
            body += part + b"\0"
        rows += places.ljust(row, b"\1")
    table = len(body)
    body += rows
    sizes = struct.pack("<QII", len(body), table, len(rows)).ljust(tail, b"\0")
    return RUNTIME + body + sizes + b"\n---- Bun! ----\n" + bytes(64)


def deno(files: Mapping[str, object], *, cut: int = 0) -> bytes:
    """Return a program with files, folders as mappings; `cut` bytes are missing at the end."""
    contents = b""

    def listed(inner: Mapping[str, object]) -> list[object]:
        nonlocal contents
        rows: list[object] = []
        for name, content in inner.items():
            if isinstance(content, dict):
                rows.append({"Dir": {"n": name, "e": listed(content)}})
                continue
            data = str(content).encode()
            place = [len(contents), len(data)]
            contents += data + b"compiled();"
            rows.append({"File": {"n": name, "o": place, "m": [place[0] + place[1], 11]}})
        return rows

    listing = json.dumps(listed(files), separators=(",", ":")).encode()
    settings = json.dumps({"argv": [], "entrypoint_key": next(iter(files))}).encode()
    body = b"d3n0l4nd" + struct.pack("<Q", len(settings)) + settings + bytes(20)
    body += struct.pack("<Q", len(listing)) + listing + struct.pack("<Q", len(contents)) + contents
    return RUNTIME + (body[:-cut] if cut else body + b"d3n0l4nd" + bytes(32))


def pkg(
    files: Mapping[str, tuple[str, bytes]],
    *,
    packing: int = 0,
    names: Mapping[str, str] | None = None,
) -> bytes:
    """Return a program of pkg: by path, the form in which it holds a file, and the content."""
    contents = b""
    rows = {}
    for path, (store, content) in files.items():
        rows[path] = {store: [len(contents), len(content)], "3": [len(contents) + len(content), 2]}
        contents += content + b"{}"
    tables: tuple[object, ...] = (rows, next(iter(files)), {}, names or {}, packing)
    lines = "\n,\n".join(json.dumps(table, separators=(",", ":")) for table in tables)
    start = "(function(process, require, console, EXECPATH_FD, PAYLOAD_POSITION, PAYLOAD_SIZE) { "
    code = f"{start}return (function (VIRTUAL_FILESYSTEM) {{}})(function () {{}},\n{lines}\n);\n}})"
    return RUNTIME + contents + code.encode()


def leb(number: int) -> bytes:
    """Return a number as WebAssembly writes it."""
    out = b""
    while number > 0x7F:
        out += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return out + bytes((number,))


def wasm(custom: Mapping[str, bytes], *, code: bool = True) -> bytes:
    """Return a module with these custom sections."""
    out = b"\0asm\1\0\0\0"
    if code:
        out += b"\x0a" + leb(1) + b"\0"
    for name, body in custom.items():
        content = leb(len(name)) + name.encode() + body
        out += b"\0" + leb(len(content)) + content
    return out


def text(value: str) -> bytes:
    """Return a text of a wasm section, its length before it."""
    return leb(len(value.encode())) + value.encode()


def asar(files: Mapping[str, object], body: bytes) -> bytes:
    """Return an archive with this header and these contents."""
    header = json.dumps({"files": files}).encode()
    padded = header + bytes(-len(header) % 4)
    sizes = struct.pack("<4I", 4, len(padded) + 8, len(padded) + 4, len(header))
    return sizes + padded + body
