"""What a wheel puts at the top of site-packages: a namespace that all installed packages share."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.distribution import SITE, distribution_of, scheme_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind, ByteCount, Fact, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULE = regex(r"(?P<name>[^.]+)(?:\.py|\.pyi|\.pyc|(?:\.[\w-]+)?\.(?:so|pyd))\Z")
_ACTING = (".pth", ".start")


class Form(StrEnum):
    """What lies there."""

    PACKAGE = "package"
    """A folder with modules."""
    FOLDER = "folder"
    """A folder without any module in it."""
    MODULE = "module"
    INIT = "init"
    """An `__init__.py` with no package around it."""
    STARTUP = "startup"
    """A `.pth` or `.start` file; what it does is the fact `startup`."""
    FILE = "file"
    """Any other file."""


class TopLevelFact(Fact, frozen=True, kw_only=True):
    """One name at the top of site-packages; `path` is a file there, or a folder."""

    name: str
    """Without ending: what `import` would take."""
    form: Form
    files: int
    size: ByteCount
    of_project: bool
    """It is the project's name, spelled as a module, or begins with it."""


def collect(contents: Contents) -> Iterator[TopLevelFact]:
    """Yield one fact for each name."""
    if contents.kind is not ArtifactKind.WHEEL:
        return
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    folders: set[str] = set()
    coded: set[str] = set()
    for member in contents.members:
        scheme, rest = scheme_of(member.path)
        if member.nested or member.type is MemberType.DIRECTORY or scheme not in SITE or not rest:
            continue
        top, slash, below = rest.partition("/")
        files[top] += 1
        sizes[top] += member.size
        if slash:
            folders.add(top)
            if _MODULE.match(below.rpartition("/")[2]):
                coded.add(top)
    project = re.sub(r"\W", "_", distribution_of(contents).project)
    forms = {top: _form(top, top in folders, top in coded) for top in files}
    for top, form in forms.items():
        found = _MODULE.match(top)
        name = found["name"] if found and form is Form.MODULE else top
        yield TopLevelFact(
            path=top,
            name=name,
            form=form,
            files=files[top],
            size=ByteCount(sizes[top]),
            of_project=_of_project(name.lower(), project),
        )


def _form(top: str, folder: bool, coded: bool) -> Form:  # noqa: FBT001 - two plain answers
    if folder:
        return Form.PACKAGE if coded else Form.FOLDER
    if top.startswith("__init__."):
        return Form.INIT
    if top.endswith(_ACTING):
        return Form.STARTUP
    return Form.MODULE if _MODULE.match(top) else Form.FILE


def _of_project(name: str, project: str) -> bool:
    plain = re.sub(r"\W", "_", name.removesuffix("-stubs")).removeprefix("_")
    return bool(project) and (plain == project or plain.startswith(f"{project}_"))


COLLECTOR = Collector(name="top-level", fact=TopLevelFact, collect=collect, python=True)
