"""Real releases: what `audit diff` says of two, against their files as the clients fetch them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from auditor.stable import release_path
from tests.real import ROOT, kept_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.registry
NPM = shutil.which("npm") or "npm"


def of_npm(folder: Path, name: str, version: str) -> dict[str, bytes]:
    path = folder / f"{name}-{version}.tgz"
    if not path.exists():
        command = [NPM, "pack", f"{name}@{version}", "--pack-destination", str(folder)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - npm itself
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is not None:
                found[member.name.partition("/")[2]] = file.read()
    return found


def of_pypi(folder: Path, name: str, version: str) -> dict[str, bytes]:
    place = folder / f"{name}-{version}"
    options = ["--no-deps", "--only-binary", ":all:", "-d", str(place)]
    if not place.exists():
        command = [sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - pip itself
    (path,) = place.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}


@pytest.mark.parametrize(
    ("ecosystem", "name", "before", "after"),
    [
        ("npm", "axios", "1.7.2", "1.7.4"),
        ("npm", "husky", "4.2.5", "5.0.0"),
        ("pypi", "requests", "2.31.0", "2.32.3"),
        ("pypi", "setuptools", "68.2.2", "70.0.0"),
    ],
)
def test_every_file_that_came_went_or_changed_is_told_and_no_other(
    ecosystem: str, name: str, before: str, after: str
) -> None:
    fetch = of_npm if ecosystem == "npm" else of_pypi
    folder = kept_in("releases")
    old = {release_path(p): data for p, data in fetch(folder, name, before).items()}
    new = {release_path(p): data for p, data in fetch(folder, name, after).items()}
    sign = "@" if ecosystem == "npm" else "=="
    targets = [f"{ecosystem}:{name}{sign}{version}" for version in (before, after)]
    command = [sys.executable, "-m", "auditor", "diff", *targets, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)  # noqa: S603
    assert done.returncode in {0, 1}, done.stderr
    (told,) = json.loads(done.stdout)["artifacts"][0]["compared"]

    def of(*kinds: str) -> set[str]:
        return {release_path(one["path"]) for one in told["files"] if one["change"] in kinds}

    assert of("added") == new.keys() - old.keys()
    assert of("removed") == old.keys() - new.keys()
    assert of("grew", "shrank", "changed") == {
        path for path in old.keys() & new.keys() if old[path] != new[path]
    }
    assert told["size_before"] == sum(map(len, old.values()))
    assert told["size_after"] == sum(map(len, new.values()))
