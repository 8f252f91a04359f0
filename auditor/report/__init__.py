"""What an output format declares; each is one module of this folder with a `REPORT`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from msgspec import Struct

from auditor import plugins
from auditor.errors import UsageError
from auditor.model import Report


class View(Struct, frozen=True, kw_only=True):
    """Who looks at the output, and how much they want to see."""

    color: bool = False
    width: int = 100
    verbose: bool = False
    quiet: bool = False
    folder: str = ""
    """The current folder in its git repository, `/` between parts; empty for the root of it, and
    without a repository."""
    root: str = ""
    """The repository's own folder, absolute, `/` between parts; without a repository the current
    folder. Empty where nobody asked the disk: then no absolute path is known to lie inside."""


class ReportFormat(Struct, frozen=True, kw_only=True):
    """One output: a pure function from a report to text."""

    name: str
    render: Callable[[Report, View], str]
    commands: bool = False
    """It is made of commands to GitHub's runner; in all others there are none."""
    packages: bool = False
    """It shows each package of a lockfile, so that a scan has to list them."""
    library: str = ""
    """The module of a library that is no part of every installation; the extra of the format's name
    brings it."""


def names() -> tuple[str, ...]:
    """Return the formats there are, by the modules of this folder; imports none of them."""
    return tuple(plugins.modules(__path__))


def load(name: str) -> ReportFormat:
    """Return one format by name; raise UsageError where the library that it needs is missing."""
    module = importlib.import_module(f"{__name__}.{name}")
    found = module.REPORT
    if not isinstance(found, ReportFormat):
        raise TypeError(f"{module.__name__}.REPORT is no ReportFormat")
    if found.library:
        from importlib.util import find_spec  # noqa: PLC0415 - of these formats alone

        if find_spec(found.library) is None:
            extra = f"pip install 'release-audit[{name}]'"
            raise UsageError(f"the {name} report needs a library that is not installed: {extra}")
    return found
