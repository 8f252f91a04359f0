"""`audit map` on real packages, against what `json`, `tarfile` and `zipfile` alone make of them.

The packages are those of the other tests of real packages, fetched by name once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests import schemas
from tests.real import ROOT
from tests.test_real_distributions import fetched
from tests.test_real_packages import tarball

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.registry

PACKAGES = {
    "posthog-js@1.372.1": (199, 188, 0),
    "monaco-editor@0.52.2": (14, 793, 0),
    "mlflow==2.19.0": (52, 780, 0),
    "gradio==5.9.1": (487, 621, 147),  # Svelte writes maps of styles into the code for servers
}
"""Members that are called `.map`, different first-party texts, and maps in other members."""


def package(spec: str) -> Path:
    return fetched(spec) if "==" in spec else tarball(spec)


def map_files(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the members of a package that are called `.map`, parsed, below its root folder."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                if name.endswith(".map"):
                    yield name, json.loads(wheel.read(name))
        return
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None and member.name.endswith(".map"):
                yield member.name.partition("/")[2], json.loads(file.read())


def texts_of(document: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - JSON is untyped
    """Yield name and text of each source of a map, sections and all."""
    for section in document.get("sections", ()):
        yield from texts_of(section["map"])
    texts = document.get("sourcesContent") or ()
    for name, text in zip(document.get("sources", ()), texts, strict=False):
        if text:
            yield name, text.encode()


@pytest.mark.parametrize("spec", PACKAGES)
def test_what_is_extracted_is_what_a_plain_parser_finds(spec: str, tmp_path: Path) -> None:
    path = package(spec)
    command = [sys.executable, "-m", "auditor", "map", str(path), "--format", "json"]
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, "--extract", str(tmp_path / "out")], cwd=ROOT, check=False, capture_output=True
    )
    found = json.loads(done.stdout)
    schemas.MAP.validate(found)
    named = {
        (name, source): text
        for name, document in map_files(path)
        for source, text in texts_of(document)
    }
    written = json.loads((tmp_path / "out/audit-map.json").read_text())

    assert (done.returncode, found["gaps"], written["left_out"]) == (0, [], [])
    files = {one["path"]: (tmp_path / "out" / one["path"]).read_bytes() for one in written["files"]}
    assert sum(len(names) for _, _, names in os.walk(tmp_path / "out")) == len(files) + 1
    assert set(files.values()) >= set(named.values())
    told = {
        (origin["map"], origin["source"]): files[one["path"]]
        for one in written["files"]
        for origin in one["from"]
    }
    assert {key: told.get(key) for key in named} == named
    beside = [row["path"] for row in found["maps"] if row["carrier"] != "file"]
    inside = {
        files[one["path"]]
        for one in written["files"]
        if any(origin["map"] in beside for origin in one["from"])
    }
    assert set(files.values()) - set(named.values()) <= inside
    maps = len(found["maps"]) - len(beside)
    assert (maps, found["totals"]["distinct_texts"], len(beside)) == PACKAGES[spec]
