"""What is measured with: files that are made here, and packages that are fetched by name, once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import osv, standin
from bench.real_packages import downloaded, fetched
from bench.speed import lockfiles, packages

KEPT = Path(__file__).parents[2] / ".cache" / "speed"
PACKAGES = 2_500
"""Of each lockfile."""
MANY = 30_000
SMALL, FEW = 1_000, 200
MADE_UP = 30_000
"""Records of the advisory database, where there is no real one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input."""

    kind: str
    """What a peer has to read: `npm`, `wheel`, the format of a lockfile, `start`, `batch`."""
    make: Callable[[Path], Path]
    """Makes or fetches it: takes an empty folder, and returns the file, or a folder of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An input that is there."""

    kind: str
    file: Path
    """A file; of a batch the folder."""
    folder: Path
    """In which commands run: empty, but for lockfiles and batches, which are in it."""

    def words(self, command: tuple[str, ...], **values: str) -> list[str]:
        """Return a command: `{files}` alone is all files of a batch, `{tree}` what is unpacked."""
        words: list[str] = []
        for word in command:
            if word == "{files}":
                words += sorted(path.name for path in self.file.iterdir())
            elif "{tree}" in word:
                words.append(word.replace("{tree}", str(self._tree())))
            else:
                words.append(word.format_map({"file": str(self.file), **values}))
        return words

    def _tree(self) -> Path:
        """Return the folder that the package unpacks to, for those that read no archives."""
        place = self.folder.parent / "unpacked"
        if not place.is_dir():
            if self.kind == "wheel":
                with zipfile.ZipFile(self.file) as archive:
                    archive.extractall(place)  # noqa: S202 - our own, or one that was chosen
            else:
                with tarfile.open(self.file) as archive:
                    if hasattr(tarfile, "data_filter"):  # not before Python 3.11.4
                        archive.extraction_filter = tarfile.data_filter
                    archive.extractall(place)  # noqa: S202 - as above
        return place / "package" if self.kind == "npm" else place


def _leak(folder: Path) -> Path:
    subprocess.run(  # noqa: S603 - in a process of its own, as it holds all texts at once
        [sys.executable, "-m", "bench.standin", str(folder)], check=True, stdout=subprocess.DEVNULL
    )
    shutil.rmtree(folder / "project")
    return folder / "leak.tgz"


def _many(folder: Path) -> Path:
    packages.many_files(folder / "icons-1.0.0.tgz", MANY)
    return folder / "icons-1.0.0.tgz"


def _one(folder: Path) -> Path:
    packages.one(folder / "example-one-1.0.0.tgz", 110_000)
    return folder / "example-one-1.0.0.tgz"


def _small(count: int, folder: Path) -> Path:
    for _ in packages.small(folder, count):
        pass
    return folder


def _npm(spec: str, _: Path) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    return fetched(spec, KEPT)


def _wheel(spec: str, _: Path) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    return downloaded(spec, KEPT)


def _nothing(folder: Path) -> Path:
    return folder


INPUTS = {
    "leak": Input(kind="npm", make=_leak),
    "next": Input(kind="npm", make=partial(_npm, "next@15.0.3")),
    "icons": Input(kind="npm", make=partial(_npm, "@mui/icons-material@6.1.6")),
    "many": Input(kind="npm", make=_many),
    "pandas": Input(kind="wheel", make=partial(_wheel, "pandas==3.1.1")),
    "numpy": Input(kind="wheel", make=partial(_wheel, "numpy==2.4.6")),
    "gradio": Input(kind="wheel", make=partial(_wheel, "gradio==5.9.1")),
    **{
        form: Input(kind=form, make=partial(lockfiles.write, form=form, count=PACKAGES))
        for form in lockfiles.FORMATS
    },
    "nothing": Input(kind="start", make=_nothing),
    "one": Input(kind="npm", make=_one),
    "small": Input(kind="batch", make=partial(_small, SMALL)),
    "few": Input(kind="batch", make=partial(_small, FEW)),
}


class Store:
    """Makes inputs when they are asked for, each once, below one folder."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._made: dict[str, Made] = {}

    def made(self, name: str) -> Made:
        """Return an input by its name."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Made:
        one = INPUTS[name]
        folder, empty = self._place / name / "in", self._place / name / "empty"
        folder.mkdir(parents=True)
        empty.mkdir()
        file = one.make(folder)
        inside = one.kind in lockfiles.FORMATS or one.kind == "batch"
        return Made(kind=one.kind, file=file, folder=folder if inside else empty)


def database(folder: Path, exports: Path | None) -> str:
    """Make the advisory database from OSV exports, else from records that are made up.

    `exports` has `npm/all.zip` and `PyPI/all.zip`. For peers it is also there as they keep it, in
    `osv-scanner` below `folder`. Returns what it has, in words.
    """
    kept = folder / "osv-scanner"
    for ecosystem in ("npm", "PyPI"):
        (kept / ecosystem).mkdir(parents=True)
        if exports is not None:
            shutil.copyfile(exports / ecosystem / "all.zip", kept / ecosystem / "all.zip")
    if exports is None:
        osv.made_up(kept / "npm" / "all.zip", MADE_UP)
        with zipfile.ZipFile(kept / "PyPI" / "all.zip", "w") as archive:
            record = {"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z", "affected": []}
            archive.writestr("PYSEC-1.json", json.dumps(record))
    paths = [str(kept / ecosystem / "all.zip") for ecosystem in ("npm", "PyPI")]
    told = osv.imported(folder / "advisories.sqlite", paths)
    return f"{told.partition(' ')[0]} records, {'from OSV' if exports else 'made up'}"


def scaled_leak(folder: Path, scale: float) -> Path:
    """Make the stand-in of the leak in another size; return the tarball."""
    made_ = standin.build(folder, scale)
    shutil.rmtree(made_.project)
    return made_.tarball
