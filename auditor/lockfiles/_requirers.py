"""What a pyproject.toml beside a lockfile requires: the roots of formats that do not name them.

Source: PEP 621 (`project`), PEP 735 (`dependency-groups`), Poetry's and PDM's own tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.errors import ParseError
from auditor.lockfiles._pypi import requirement
from auditor.lockfiles._toml import quick_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inventory import Edge
    from auditor.lockfiles import Document
    from auditor.lockfiles._pypi import Targets


def roots_of(document: Document, targets: Targets) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    """Return what the project requires, and why a pyproject.toml could not be read, if so."""
    data = document.beside.get("pyproject.toml")
    if data is None:
        return (), ()
    try:
        project = quick_toml(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return (), ("is no utf-8 text",)
    except ParseError as problem:
        return (), (str(problem),)
    return (
        tuple(
            edge
            for name, wants, dev, optional in _required(project)
            for edge in targets.edges(name, wants, dev=dev, optional=optional)
        ),
        (),
    )


def _required(project: dict[str, Any]) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield name, what is asked of it, and whether only development or an extra needs it."""
    for spelled in _texts(_at(project, "project", "dependencies")):
        yield (*requirement(spelled), False, False)
    for _, group in _items(_at(project, "project", "optional-dependencies")):
        for spelled in _texts(group):
            yield (*requirement(spelled), False, True)
    for source in (
        _at(project, "dependency-groups"),
        _at(project, "tool", "pdm", "dev-dependencies"),
    ):
        for _, group in _items(source):
            for spelled in _texts(group):
                yield (*requirement(spelled.removeprefix("-e ")), True, False)
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
        optional = _at(value, "optional") is True
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
