"""The memory that one large map costs: peak of the examination, as multiples of the map itself.

    python -m bench.large_map [MEGABYTES]

The map is made as bundlers make it, 4,800 sources of some kilobytes each. Peaks are those of whole
processes (`audit pack` of an npm tarball with the map), less that of a call on an empty map.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from bench.measure import once

SOURCES = 4800
_MAKE = "from bench.large_map import make; import sys; make(sys.argv[1], int(sys.argv[2]))"


def make(path: str, size: int) -> None:
    """Write an npm tarball with one map of about `size` bytes, the same for the same size."""
    dice = random.Random(1)  # noqa: S311 - a text to read, nothing to guess
    words = [f"{dice.getrandbits(40):x}" for _ in range(5000)]
    each = max(size * 3 // 4 // SOURCES, 1)
    texts = []
    for _ in range(SOURCES if size else 0):
        lines = " ".join(dice.choices(words, k=each // 11 + 1))
        texts.append(f'// {lines[:40]}\nexport const text = "{lines[:each]}";\n')
    document = {
        "version": 3,
        "sources": [f"../src/module-{number}.ts" for number in range(len(texts))],
        "sourcesContent": texts,
        "mappings": "AAAA,SAASA;" * (size // 4 // 12),
        "names": [],
    }
    data = json.dumps(document).encode()
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in (
            ("package.json", b'{"name": "large", "version": "1.0.0"}'),
            ("dist/a.js.map", data),
        ):
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def main() -> None:
    size = int(sys.argv[1] if len(sys.argv) > 1 else 60) * 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        files = {name: str(Path(folder, f"{name}.tgz")) for name in ("empty", "large")}
        for name, path in files.items():
            bytes_ = str(size if name == "large" else 0)
            subprocess.run([sys.executable, "-c", _MAKE, path, bytes_], check=True)  # noqa: S603
        with tarfile.open(files["large"]) as archive:
            length = archive.getmember("package/dist/a.js.map").size
        calls = {
            name: once([sys.executable, "-m", "auditor", "pack", path, "--format", "json"])
            for name, path in files.items()
        }
    more = (calls["large"][1] - calls["empty"][1]) * 1024 * 1024
    print(
        f"a map of {length:,} bytes: {calls['large'][0]:.2f} s CPU, "
        f"peak {calls['large'][1]:,.0f} MiB, {more / length:.2f} times the map "
        f"above the {calls['empty'][1]:,.0f} MiB of a call on an empty one"
    )


if __name__ == "__main__":
    main()
