"""What a folder would publish: a package for npm, an sdist and a wheel, or all of them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import InputError, PackerError
from auditor.sources import package_json, project, python_project
from auditor.sources.project import Packed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from auditor.sources.child import Output
    from auditor.sources.wish import Wish

_UNPUBLISHABLE = (
    "package.json says private or has no name, so nothing goes to npm: it was not packed"
    " (--packer npm packs it)"
)


class Publication(Struct, frozen=True, kw_only=True):
    """What was made, and why something was not; the files are there as long as it is open."""

    packs: tuple[Packed, ...]
    problems: tuple[str, ...]


@contextmanager
def published(
    directory: Path, label: str, wish: Wish, output: Output | None
) -> Iterator[Publication]:
    """Pack all that a folder would publish, and remove it at the end; runs the project's code.

    A side that fails is a problem, and the other is there all the same. Raises UsageError for
    options that cannot be followed, PackerError where the folder is no project at all.
    """
    python = python_project.is_python_project(directory) and not wish.node_only
    node = (directory / package_json.MANIFEST).is_file() and not wish.python_only
    notes: tuple[str, ...] = ()
    if python and node and _is_unpublishable(directory):
        node, notes = False, (_UNPUBLISHABLE,)
    if not (python or node or wish.packer or wish.node_only):
        raise PackerError(
            f"{label} holds neither a package.json nor a Python project (a pyproject.toml with"
            " [build-system] or [project], a setup.py): nothing here can be published; audit a"
            " ready file, or the folder as it is with --as-is"
        )
    sides: list[AbstractContextManager[tuple[Packed, ...]]] = []
    if node or (not python and not wish.python_only):
        sides.append(_node(directory, label, wish, output))
    if python or wish.python_only:
        sides.append(_python(directory, label, wish, output))
    with ExitStack() as stack:
        packs: list[Packed] = []
        problems: list[str] = []
        for side in sides:
            try:
                packs += stack.enter_context(side)
            except InputError as problem:
                problems.append(str(problem))
        yield Publication(
            packs=tuple(replace(pack, notes=(*pack.notes, *notes)) for pack in packs),
            problems=tuple(problems),
        )


def _node(
    directory: Path, label: str, wish: Wish, output: Output | None
) -> AbstractContextManager[tuple[Packed, ...]]:
    return project.packed(
        directory,
        label,
        packer=wish.packer,
        ignore_scripts=wish.ignore_scripts,
        workspaces=wish.workspaces,
        all_workspaces=wish.all_workspaces,
        output=output,
    )


def _python(
    directory: Path, label: str, wish: Wish, output: Output | None
) -> AbstractContextManager[tuple[Packed, ...]]:
    return python_project.python_packed(
        directory, label, isolation=wish.isolation, packer=wish.packer, output=output
    )


def _is_unpublishable(directory: Path) -> bool:
    """Tell whether a package.json beside a Python project only configures tools."""
    try:
        manifest = package_json.read(directory)
    except PackerError:
        return False  # packing says what is wrong with it
    return manifest.private or not manifest.name
