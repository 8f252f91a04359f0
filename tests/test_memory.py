"""What the whole process holds at most, over inputs that were made to fill memory.

The ceiling is that of the hostile cases themselves (`tests.archives.MEGABYTES`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.archives import MEGABYTES, cases, made
from tests.conftest import tarball
from tests.zip_bytes import Entry, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.archives import Case

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system says it on Linux alone")
MANIFEST = '{"name": "demo-kit", "version": "1.0.0", "main": "index.js", "license": "MIT"}'
WATCHED = """
import sys
from auditor.__main__ import run
code = run(sys.argv[1:])
with open("/proc/self/status") as status:
    sys.stderr.write(status.read())
sys.exit(code)
"""
HEAVY = tuple(case for case in cases().values() if case.group in {"limits", "nested", "tar-sparse"})


def peak(*arguments: str) -> tuple[int, float]:
    """Run the command; return its exit code and the MiB that it held at most.

    The process says itself what that was, since it began: what is counted for a child by its parent
    begins with all that the parent held.
    """
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, check=False
    )
    (held,) = re.findall(r"^VmHWM:\s+(\d+) kB$", ended.stderr, re.MULTILINE)
    return ended.returncode, int(held) / 1024


def test_a_limit_of_each_kind_is_among_the_heavy_cases() -> None:
    assert {case.group for case in HEAVY} == {"limits", "nested", "tar-sparse"}


@pytest.mark.parametrize("case", HEAVY[:: max(1, len(HEAVY) // 12)], ids=lambda case: case.name)
def test_a_hostile_archive_costs_no_more_memory_than_it_may(case: Case, tmp_path: Path) -> None:
    file = tmp_path / case.file
    file.write_bytes(made(case.name))

    code, most = peak("pack", str(file), "--format", "json", "--no-config")

    assert code == case.exit
    assert most < MEGABYTES


@pytest.mark.parametrize(
    "format_",
    [
        "html",  # which holds the most
        "console",
        *(
            pytest.param(one, marks=pytest.mark.sweep)
            for one in ("json", "sarif", "junit", "markdown")
        ),
    ],
)
def test_many_findings_cost_no_more_memory_than_they_may(format_: str, tmp_path: Path) -> None:
    file = tmp_path / "demo-kit-1.0.0.tgz"
    one = json.dumps({"version": 3, "sources": ["a.ts"], "sourcesContent": ["a"], "mappings": ""})
    members = {f"dist/{number}.js.map": one for number in range(5_000)}
    file.write_bytes(tarball({"package.json": MANIFEST, "index.js": "1", **members}))

    code, most = peak("pack", str(file), "--format", format_, "--no-config")

    assert code == 1
    assert most < MEGABYTES


def test_a_map_of_sixty_megabytes_costs_no_more_memory_than_it_may(tmp_path: Path) -> None:
    file = tmp_path / "demo-kit-1.0.0.tgz"
    text = "const word = 1;\n" * 2_000
    whole = {
        "version": 3,
        "sources": [f"../src/{number}.ts" for number in range(1_900)],
        "sourcesContent": [f"// {number}\n{text}" for number in range(1_900)],
        "mappings": "",
    }
    members = {"package.json": MANIFEST, "index.js": "1", "index.js.map": json.dumps(whole)}
    file.write_bytes(tarball(members))

    code, most = peak("pack", str(file), "--format", "json", "--no-config", "--limit", "ratio=2000")

    assert code == 1
    assert most < MEGABYTES


def test_a_large_zip_is_not_held_in_memory_while_it_is_read(tmp_path: Path) -> None:
    """It is mapped, and what was read of it is let go."""
    held: list[float] = []
    for count in (4, 64):
        file = tmp_path / f"{count}.zip"
        file.write_bytes(zipped([Entry(name=b"%d" % n, data=bytes(2**20)) for n in range(count)]))
        _, most = peak("pack", str(file), "--format", "json", "--no-config")
        held.append(most)
    assert held[1] - held[0] < 16
