"""What a pyproject.toml beside a lockfile requires: the roots of formats that do not name them.

Source: PEP 621 (`project`), PEP 735 (`dependency-groups`), Poetry's and PDM's own tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.errors import InputError
from auditor.lockfiles._pypi import normal, requirement
from auditor.lockfiles._toml import quick_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.inventory import Edge
    from auditor.lockfiles import Document
    from auditor.lockfiles._pypi import Targets


_MARKERS = ("markers", "python", "platform")


def roots_of(
    document: Document, targets: Targets, groups: Collection[str] | None = None
) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    """Return what the project requires, and why a pyproject.toml could not be read, if so.

    Optional is what the client may have left out with good reason: extras, what a marker rules out
    for all Pythons of the project, and groups that are not among the locked ones, if those are
    given.
    """
    data = document.beside.get("pyproject.toml")
    if data is None:
        return (), ()
    try:
        project = quick_toml(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return (), ("is no utf-8 text",)
    except InputError as problem:
        return (), (str(problem),)
    return (
        tuple(
            edge
            for name, wants, dev, optional in _required(project, groups)
            for edge in targets.edges(name, wants, dev=dev, optional=optional)
        ),
        (),
    )


def _required(
    project: dict[str, Any], groups: Collection[str] | None
) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield name, what is asked of it, whether only development needs it, and what is optional."""
    for spelled in _texts(_at(project, "project", "dependencies")):
        yield (*requirement(spelled), False, ";" in spelled)
    for _, group in _items(_at(project, "project", "optional-dependencies")):
        for spelled in _texts(group):
            yield (*requirement(spelled), False, True)
    for source in (
        _at(project, "dependency-groups"),
        _at(project, "tool", "pdm", "dev-dependencies"),
    ):
        for name, group in _items(source):
            left_out = groups is not None and normal(name) not in groups
            for spelled in _texts(group):
                optional = left_out or ";" in spelled
                yield (*requirement(spelled.removeprefix("-e ")), True, optional)
    poetry = _at(project, "tool", "poetry")
    yield from _poetry(_at(poetry, "dependencies"), dev=False)
    yield from _poetry(_at(poetry, "dev-dependencies"), dev=True)
    for name, group in _items(_at(poetry, "group")):
        yield from _poetry(_at(group, "dependencies"), dev=name != "main")


def _poetry(table: object, *, dev: bool) -> Iterator[tuple[str, str, bool, bool]]:
    for name, value in _items(table):
        if name.lower() == "python":
            continue
        wants = value if isinstance(value, str) else _at(value, "version")
        marked = isinstance(value, list) or any(_at(value, key) for key in _MARKERS)
        optional = marked or _at(value, "optional") is True
        yield name, wants if isinstance(wants, str) else "", dev, optional


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _items(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from value.items()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))
