"""A stand-in of the 2.1.88 leak: a 12 MB bundle and its 59.8 MB source map, in bun's key order.

    python -m bench.standin FOLDER [--scale 1.0]

writes FOLDER/project (what `npm publish` would be run in) and FOLDER/leak.tgz. Nothing of the real
package is in it: names and text are drawn from a fixed seed, so every run makes the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

FILES = 1_902
LINES = 512_664
BUNDLE_BYTES = 12_000_000
MAP_BYTES = 59_800_000
_LINE_BYTES = 95
"""Of source text on average; what the map has left is mappings."""

_WORDS = (
    "agent tool session prompt render input output stream buffer token model config theme select "
    "hook permission shell editor diff patch result error retry cache queue worker event state"
).split()
_FOLDERS = ("components", "tools", "services", "utils", "hooks", "commands", "screens", "bridge")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standin:
    """What was written, and what an audit must find in it."""

    project: Path
    tarball: Path
    files: int
    lines: int
    text_bytes: int


def _source(draw: random.Random, lines: int) -> str:
    out = []
    for number in range(lines):
        first, second, third = draw.choice(_WORDS), draw.choice(_WORDS), draw.choice(_WORDS)
        filler = draw.getrandbits(160).to_bytes(20, "big").hex()
        call = f'{second}.{third}("{filler}", {{ {third}: {number} }})'
        out.append(f"  const {first}{number} = await {call};")
    return "\n".join(line.ljust(_LINE_BYTES - 3) for line in out) + "\n"


def build(folder: Path, scale: float = 1.0, level: int = 6) -> Standin:
    """Write the stand-in below `folder`, its sizes multiplied by `scale`, packed at a level."""
    draw = random.Random(20260331)  # noqa: S311 - reproducible, not secret
    files, lines = max(2, round(FILES * scale)), max(4, round(LINES * scale))
    share = [lines // files + (index < lines % files) for index in range(files)]
    names = ["../src/main.tsx"]
    names += [
        f"../src/{draw.choice(_FOLDERS)}/{draw.choice(_WORDS)}{index}.ts"
        for index in range(1, files)
    ]
    texts = [_source(draw, count) for count in share]
    document: dict[str, object] = {
        "version": 3,
        "sources": names,
        "sourcesContent": texts,
        "mappings": "",
        "debugId": "00000000-0000-4000-8000-000020260331",
        "names": [],
    }
    bare = len(json.dumps(document, separators=(",", ":")))
    alphabet = draw.choices(_BASE64, k=65_536)
    wanted = max(0, round(MAP_BYTES * scale) - bare)
    mappings = ("".join(alphabet) * (wanted // len(alphabet) + 1))[:wanted]
    document["mappings"] = mappings
    bundle = "#!/usr/bin/env node\n// (c) Example Inc. All rights reserved.\n"
    code = "".join(texts).replace("\n", ";").replace("  ", "")
    bundle += (code * (int(BUNDLE_BYTES * scale) // len(code) + 1))[: int(BUNDLE_BYTES * scale)]
    bundle += (
        "\n//# debugId=00000000-0000-4000-8000-000020260331\n//# sourceMappingURL=cli.js.map\n"
    )
    manifest = {
        "name": "@example/agent-cli",
        "version": "2.1.88",
        "license": "SEE LICENSE IN README.md",
        "bin": {"agent": "cli.js"},
        "type": "module",
        "files": ["cli.js", "cli.js.map", "vendor"],
    }
    members = {
        "package.json": json.dumps(manifest, indent=2) + "\n",
        "README.md": "# agent-cli\n\nA stand-in for tests and benchmarks.\n",
        "cli.js": bundle,
        "cli.js.map": json.dumps(document, separators=(",", ":")),
        "vendor/rg/COPYING": "A text that ships with a vendored program.\n",
    }
    project = folder / "project"
    for name, text in members.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    tarball = folder / "leak.tgz"
    with (
        gzip.GzipFile(tarball, "wb", compresslevel=level, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, text in members.items():
            data = text.encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size, info.mode, info.mtime = len(data), 0o644, 499162500
            tar.addfile(info, BytesIO(data))
    return Standin(
        project=project,
        tarball=tarball,
        files=files,
        lines=lines,
        text_bytes=sum(len(text.encode()) for text in texts),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    made = build(arguments.folder, arguments.scale)
    for path in (made.tarball, *sorted(made.project.iterdir())):
        print(f"{path.stat().st_size:>12,}  {path}")
    print(
        f"{made.files:,} files, {made.lines:,} lines, {made.text_bytes:,} bytes of text in the map"
    )


if __name__ == "__main__":
    main()
