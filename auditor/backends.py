"""Which build backend makes a Python project's sdist and wheel, and what its settings say.

Rests on the specification "pyproject.toml" and on PEP 517 and 518 of the Python packaging user
guide: without a `build-backend` setuptools builds. A pyproject.toml may be anybody's, so a value
of a wrong type counts as one that is not there, and nothing is read that costs more than it should.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from auditor import tomldoc
from auditor.errors import ParseError
from auditor.lazyre import regex

PYPROJECT = "pyproject.toml"
CONFIG_NAMES = (PYPROJECT, "setup.cfg", "setup.py", "MANIFEST.in")
"""The files at a project's root that say what is built, and of what."""
LARGEST = 1024 * 1024
"""Bytes of a pyproject.toml; nobody writes a longer one by hand."""

_METADATA = regex(r"(?m)^\[metadata\]")
_REQUIREMENT = regex(r"\s*([A-Za-z0-9][\w.-]*)")


class Name(StrEnum):
    """The backends whose settings are known here."""

    SETUPTOOLS = "setuptools"
    HATCHLING = "hatchling"
    FLIT = "flit"
    POETRY = "poetry"
    PDM = "pdm"
    UV = "uv"
    MATURIN = "maturin"
    SCIKIT_BUILD = "scikit-build-core"
    MESON = "meson-python"
    OTHER = "other"


_MODULES: Mapping[str, Name] = {
    "setuptools": Name.SETUPTOOLS,
    "hatchling": Name.HATCHLING,
    "flit_core": Name.FLIT,
    "flit": Name.FLIT,
    "poetry": Name.POETRY,
    "pdm": Name.PDM,
    "uv_build": Name.UV,
    "maturin": Name.MATURIN,
    "scikit_build_core": Name.SCIKIT_BUILD,
    "mesonpy": Name.MESON,
}
"""By the first part of `build-backend`."""
_PROJECTS: Mapping[str, Name] = {
    "setuptools": Name.SETUPTOOLS,
    "hatchling": Name.HATCHLING,
    "flit-core": Name.FLIT,
    "flit": Name.FLIT,
    "poetry-core": Name.POETRY,
    "poetry": Name.POETRY,
    "pdm-backend": Name.PDM,
    "pdm-pep517": Name.PDM,
    "uv-build": Name.UV,
    "maturin": Name.MATURIN,
    "scikit-build-core": Name.SCIKIT_BUILD,
    "meson-python": Name.MESON,
}
"""By the name of the requirement that brings it."""
_GENERATORS: Mapping[str, Name] = {
    **_PROJECTS,
    "bdist-wheel": Name.SETUPTOOLS,
    "uv": Name.UV,
    "meson": Name.MESON,
}
"""By the first word of `Generator` in a wheel's WHEEL file."""


class Backend(Struct, frozen=True, kw_only=True):
    """A project's backend and its whole pyproject.toml."""

    name: Name
    module: str = ""
    """`build-backend` as written; empty where setuptools stands in for it."""
    document: Mapping[str, Any] = field(default_factory=dict)

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return a table of pyproject.toml; an empty one where there is none."""
        return table(self.document, *keys)


def parsed(data: bytes) -> dict[str, Any]:
    """Parse a pyproject.toml; raise ParseError, which names line and column, when it is no TOML.

    Raises LimitError (`json-depth`) for one that is nested too deep.
    """
    if len(data) > LARGEST:
        raise ParseError(f"is larger than {LARGEST:,} bytes: no project's settings are")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ParseError(f"is not UTF-8 text (at line {line:,})") from None
    return tomldoc.parsed(text)


def table(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return a nested table of a document; an empty one where there is none."""
    value: object = document
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def backend_of(document: Mapping[str, Any]) -> Backend:
    """Return the backend that a pyproject.toml asks for, setuptools where it asks for none.

    A backend of the project's own (`backend-path`) mostly wraps another one, as do plug-ins under
    a name of theirs: where the module is not known, the first known requirement tells.
    """
    system = table(document, "build-system")
    module = system.get("build-backend")
    if not isinstance(module, str) or not module.strip():
        return Backend(name=Name.SETUPTOOLS, document=document)
    own = "backend-path" in system
    known = None if own else _MODULES.get(re.split(r"[.:]", module.strip())[0])
    return Backend(
        name=known or _by_requirement(system.get("requires")), module=module, document=document
    )


def of_generator(generator: str) -> Name | None:
    """Return the backend that a wheel's `Generator` names; None for one not known."""
    found = _REQUIREMENT.match(generator)
    return _GENERATORS.get(_normal(found.group(1))) if found else None


def is_project(document: Mapping[str, Any]) -> bool:
    """Tell whether a pyproject.toml is a package's: with only a tool's settings it is not."""
    return bool({"build-system", "project"} & document.keys() or table(document, "tool", "poetry"))


def has_metadata(setup_cfg: str) -> bool:
    """Tell whether the text of a setup.cfg describes a package, and not only a tool's settings."""
    return _METADATA.search(setup_cfg) is not None


def uses_uv(document: Mapping[str, Any]) -> bool:
    """Tell whether a pyproject.toml says that uv builds: by its backend or uv's own settings."""
    tool = table(document, "tool")
    return "uv" in tool or backend_of(document).name is Name.UV


def _by_requirement(requires: object) -> Name:
    for text in requires if isinstance(requires, list) else ():
        found = _REQUIREMENT.match(text) if isinstance(text, str) else None
        if found and (name := _PROJECTS.get(_normal(found.group(1)))):
            return name
    return Name.OTHER


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
