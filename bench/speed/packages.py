"""Made npm tarballs: one of many files, and many small ones; the same bytes on each run."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_WORDS = (
    "agent tool session prompt render input output stream buffer token model config theme select "
    "hook permission shell editor diff patch result error retry cache queue worker event state"
).split()
_LINES = 4_000
_DAY = 499_162_500
"""What npm writes as the time of all members."""


def _lines() -> list[str]:
    """Return lines of code to draw from; a third of their letters is a text of its own."""
    draw = random.Random(1)  # noqa: S311 - reproducible, not secret
    return [
        f"  const {draw.choice(_WORDS)}{number} = {draw.choice(_WORDS)}.{draw.choice(_WORDS)}("
        f'"{draw.getrandbits(64):x}", {{ {draw.choice(_WORDS)}: {number} }});\n'
        for number in range(_LINES)
    ]


def _written(path: Path, members: Mapping[str, bytes]) -> None:
    with (
        gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, data in members.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size, info.mode, info.mtime = len(data), 0o644, _DAY
            tar.addfile(info, io.BytesIO(data))


def _manifest(name: str) -> bytes:
    fields = {"name": name, "version": "1.0.0", "license": "MIT", "main": "index.js"}
    return json.dumps(fields, indent=2).encode() + b"\n"


def many_files(path: Path, count: int) -> None:
    """Write a package of `count` files, as those of icons are: modules in two forms, types."""
    lines = _lines()
    draw = random.Random(2)  # noqa: S311
    members = {"package.json": _manifest("@example/icons"), "README.md": b"# icons\n"}
    members["index.js"] = b'export * from "./esm/AgentOutlined0.js";\n'
    number = 0
    while len(members) < count:
        name = f"{draw.choice(_WORDS).title()}{draw.choice(_WORDS).title()}{number}"
        body = "".join(draw.choices(lines, k=5))
        for place, text in (
            (f"{name}.js", f'"use strict";\nexports.default = () => {{\n{body}}};\n'),
            (f"esm/{name}.js", f"export default () => {{\n{body}}};\n"),
            (f"{name}.d.ts", "declare const icon: () => string;\nexport default icon;\n"),
        )[: count - len(members)]:
            members[place] = text.encode()
        number += 1
    _written(path, members)


def small(folder: Path, count: int) -> Iterator[Path]:
    """Write `count` tarballs, most of some 10 to 60 kB packed, some of 200 kB."""
    lines = _lines()
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        draw = random.Random(number)  # noqa: S311
        left = round(min(draw.lognormvariate(0, 0.8), 8) * 1_000)
        members = {
            "package.json": _manifest(f"example-{number}"),
            "README.md": b"# example\n\nA package to measure with.\n",
            "LICENSE": b"MIT License\n\nCopyright (c) 2026 Example Inc.\n",
            "index.js": b'module.exports = require("./lib/part0.js");\n',
        }
        part = 0
        while left > 0:
            here = min(left, draw.randint(20, 300))
            members[f"lib/part{part}.js"] = "".join(draw.choices(lines, k=here)).encode()
            left, part = left - here, part + 1
        path = folder / f"example-{number:04}.tgz"
        _written(path, members)
        yield path


def one(path: Path, packed: int) -> None:
    """Write a package of about `packed` bytes."""
    lines = _lines()
    draw = random.Random(3)  # noqa: S311
    members = {"package.json": _manifest("example-one"), "README.md": b"# one\n"}
    members["index.js"] = b'module.exports = require("./lib/part0.js");\n'
    for part in range(12):
        # of such a line some 24 bytes are left when it is packed
        members[f"lib/part{part}.js"] = "".join(draw.choices(lines, k=packed // 12 // 24)).encode()
    _written(path, members)
