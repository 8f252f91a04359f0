"""A Python project's folder: what its build would upload, the sdist and the wheel made from it.

`build` runs in this Python, or `uv` as installed, in the project's folder as its maintainer would
call it, with the settings of the user (registries among them), and puts the files into a private
folder. The backend is the project's code: setuptools leaves `build/` and `*.egg-info` behind, as
at every build. A `dist/` of the project is neither read nor written.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor import backends, packing
from auditor.backends import PYPROJECT
from auditor.errors import InputError, PackerError, UsageError
from auditor.lazyre import regex
from auditor.packers import PYTHON, Packer
from auditor.safe import safe
from auditor.sources import child
from auditor.sources.privatefolder import private_folder
from auditor.sources.project import Packed
from auditor.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sources.child import Ended, Output

VARIABLE = "AUDIT_BUILDING"
"""Set while a build that we started runs: a hook of it that calls us would start the next one."""

LOCKFILE = "uv.lock"
_SDIST = (".tar.gz", ".zip")
_WHEEL = ".whl"
_EXCEPTION = regex(r"(?:[\w.]*\.)?[A-Za-z_]\w*(?:Error|Exception|Warning|Interrupt|Exit)\b")
_NO_REASON = regex(
    r"TIP |Stack backtrace|\d+: |at /|ERROR Backend subprocess exited|[* ]*$"
    r"|error: Failed to build|cause: The build backend returned|hint: "
)
"""What a builder says around the reason."""


class _Builder(Struct, frozen=True, kw_only=True):
    """What builds, and what to know about the choice."""

    packer: Packer
    command: tuple[str, ...]
    """All of it but the destination."""
    notes: tuple[str, ...] = ()


def is_python_project(directory: Path) -> bool:
    """Tell whether a folder holds a Python project: something that `build` can build.

    That is a pyproject.toml with [build-system], [project] or [tool.poetry], a setup.py, or a
    setup.cfg with [metadata]. A pyproject.toml that cannot be read counts where no package.json
    says that the folder is another kind of package: building it then says what is wrong.
    """
    if (directory / "setup.py").is_file():
        return True
    try:
        if backends.is_project(_document(directory, "")):
            return True
        setup_cfg = _content(directory / "setup.cfg", "")
    except PackerError:
        return not (directory / "package.json").is_file()
    return backends.has_metadata((setup_cfg or b"").decode("utf-8", "replace"))


@contextmanager
def python_packed(
    directory: Path,
    label: str,
    *,
    isolation: bool,
    packer: str | None,
    output: Output | None,
) -> Iterator[tuple[Packed, ...]]:
    """Build a Python project, yield its sdist and its wheel, and remove them at the end.

    `label` is the folder as the user typed it; those of the two are `label (sdist)` and
    `label (wheel)`. Without `isolation` the build sees what is installed beside us (with uv: in
    the environment that uv finds) in place of what the project requires. `packer` is `build` or
    `uv`, in this or another version; None leaves the choice to the project. `output` gets what
    the builder prints. Runs the project's code.

    Raises UsageError for another packer, PackerError when the folder is no Python project, its
    pyproject.toml cannot be read, the build fails or nothing comes of it.
    """
    root = directory.resolve()
    document = _document(root, label)
    _check(root, label, document)
    builder = _builder(root, document, packer, isolation=isolation)
    with private_folder() as private:
        place = private / "out"
        place.mkdir()
        ended = child.run(
            (*builder.command, str(place)), root, {**os.environ, VARIABLE: "1"}, output
        )
        if ended.code != 0:
            raise PackerError(f"{builder.packer.name} {ended.manner}: {_reason(ended)}")
        yield tuple(_appeared(place, root, label, builder))


def _document(folder: Path, label: str) -> dict[str, Any]:
    """Return a folder's pyproject.toml; empty where there is none."""
    data = _content(folder / PYPROJECT, label)
    try:
        return backends.parsed(data) if data is not None else {}
    except InputError as problem:
        raise PackerError(f"{Path(label, PYPROJECT)} {problem}") from None


def _content(path: Path, label: str) -> bytes | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return file.read(backends.LARGEST + 1)
    except OSError as problem:
        shown = Path(label, path.name)
        raise PackerError(f"{shown} cannot be read: {problem.strerror or problem}") from None


def _check(root: Path, label: str, document: dict[str, Any]) -> None:
    """Raise PackerError where a build would fail for a reason that we can say better."""
    if VARIABLE in os.environ:
        raise PackerError(
            "called from a hook of a build that audit started: building again would never end; "
            "audit the project from outside of its build, or a ready file"
        )
    if not is_python_project(root):
        raise PackerError(
            f"{label} holds no Python project (no [build-system] or [project] in {PYPROJECT}, no "
            "setup.py): nothing here can be built; audit a ready file, or the folder with --as-is"
        )
    if "build-system" in document or "project" in document:
        return
    if backends.table(document, "tool", "poetry") and not (root / "setup.py").is_file():
        raise PackerError(
            f"{Path(label, PYPROJECT)} has [tool.poetry] and no [build-system], so only poetry can "
            'build it: add requires = ["poetry-core"] and build-backend = "poetry.core.masonry.api"'
            " below [build-system], or audit what `poetry build` made"
        )


def _builder(
    root: Path, document: dict[str, Any], wanted: str | None, *, isolation: bool
) -> _Builder:
    """Return what builds a project: what is wanted, else uv where the project uses it."""
    asked = Packer.parse(wanted) if wanted is not None else None
    if asked is not None and asked.name not in PYTHON:
        raise UsageError(f"{asked.name} builds no Python project; choose {' or '.join(PYTHON)}")
    why = "--packer" if asked is not None else _why_uv(root, document)
    if asked is not None and asked.name == "build":
        return _build(asked, isolation=isolation)
    if not why:
        return _build(None, isolation=isolation)
    path = shutil.which("uv")
    if path is not None and os.path.isabs(path):  # noqa: PTH117 - never a program of the project's
        return _uv(path, root, asked, isolation=isolation)
    if asked is not None:
        raise PackerError("uv is not installed: install it, or take --packer build")
    note = f"uv would build this project ({why}), but is not installed: build made the files"
    return _build(None, isolation=isolation, note=note)


def _build(asked: Packer | None, *, isolation: bool, note: str = "") -> _Builder:
    packer = Packer(name="build", version=metadata.version("build"))
    # -P: the project's folder often has a folder or module of the name `build`
    command = (sys.executable, "-P", "-m", "build", *(() if isolation else ("--no-isolation",)))
    notes = tuple(filter(None, (note, *_notes(asked, packer, isolation=isolation))))
    return _Builder(packer=packer, command=(*command, "--outdir"), notes=notes)


def _uv(path: str, root: Path, asked: Packer | None, *, isolation: bool) -> _Builder:
    ended = child.run((path, "--version"), root, os.environ, None)
    found = next(filter(None, (re.match(r"uv (\d+\.\d\S*)", line) for line in ended.tail)), None)
    if ended.code != 0 or found is None:
        raise PackerError(f"uv --version {ended.manner} and printed no version: {ended.reason()}")
    packer = Packer(name="uv", version=found.group(1))
    command = (path, "build", *(() if isolation else ("--no-build-isolation",)))
    notes = _notes(asked, packer, isolation=isolation)
    return _Builder(packer=packer, command=(*command, "--out-dir"), notes=notes)


def _notes(asked: Packer | None, packer: Packer, *, isolation: bool) -> tuple[str, ...]:
    notes = []
    if asked is not None and asked.major not in {None, packer.major}:
        notes.append(f"--packer wants {asked.name} {asked.major}, {packer} built")
    if not isolation:
        notes.append("built without isolation, with the backend that is installed here")
    return tuple(notes)


def _why_uv(root: Path, document: dict[str, Any]) -> str:
    """Return what says that uv builds a project; empty where nothing does."""
    if (root / LOCKFILE).is_file():
        return LOCKFILE
    if backends.uses_uv(document):
        return PYPROJECT
    for folder in root.parents:
        if (folder / LOCKFILE).is_file() and _is_member(folder, root):
            return f"{LOCKFILE} of the workspace"
        if (folder / ".git").exists():
            break
    return ""


def _is_member(above: Path, root: Path) -> bool:
    """Tell whether a folder is a member of the uv workspace of a folder further up."""
    try:
        workspace = backends.table(_document(above, ""), "tool", "uv", "workspace")
    except PackerError:
        return False  # what lies above the project is not what was asked about
    path = root.relative_to(above).as_posix()

    def has(key: str) -> bool:
        entries = workspace.get(key)
        return any(
            packing.glob(entry.strip("/"), case=True).fullmatch(path)
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, str)
        )

    return has("members") and not has("exclude")


def _reason(ended: Ended) -> str:
    """Return the line that most likely says why a build failed.

    Of a traceback that is its last line, where the exception stands.
    """
    lines = [line for line in ended.tail if not _NO_REASON.match(line.strip())]
    raised = [line for line in lines if _EXCEPTION.match(line)]
    if raised and any(line.startswith("Traceback ") for line in lines):
        return safe(raised[-1])
    return type(ended)(code=ended.code, tail=tuple(lines)).reason()


def _appeared(place: Path, root: Path, label: str, builder: _Builder) -> Iterator[Packed]:
    """Yield what a build left, the sdist first; nothing at all is a PackerError."""
    name = builder.packer.name
    there = sorted(path for path in place.iterdir() if path.name != ".gitignore")  # uv's
    sdists = [path for path in there if path.name.endswith(_SDIST)]
    wheels = [path for path in there if path.name.endswith(_WHEEL)]
    notes = builder.notes
    if not sdists and not wheels:
        raise PackerError(f"{name} reported success but made no sdist and no wheel")
    for kind, made in (("sdist", sdists), ("wheel", wheels)):
        if not made:
            notes = (*notes, f"{name} made no {kind}")
        elif len(made) > 1:
            notes = (*notes, f"{name} made {len(made)} {kind}s: an upload would take them all")
    if others := [path.name for path in there if path not in sdists and path not in wheels]:
        notes = (*notes, f"{name} also made, which is not audited: {safe(listed(tuple(others)))}")
    for kind, made in (("sdist", sdists), ("wheel", wheels)):
        for path in made:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
                raise PackerError(f"{name} made an empty {kind}, {safe(path.name)}")
            which = kind if len(made) == 1 else f"{kind} {path.name}"
            yield Packed(
                tarball=path,
                directory=root,
                typed=label,
                label=f"{label} ({which})",
                packer=builder.packer,
                notes=notes,
            )
