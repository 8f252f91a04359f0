"""How what `audit map` found is shown; each format is one module of this folder with a `render`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from auditor import plugins

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.recovery import Recovery
    from auditor.report import View


def names() -> tuple[str, ...]:
    """Return the formats there are, by the modules of this folder; imports none of them."""
    return tuple(plugins.modules(__path__))


def load(name: str) -> Callable[[Recovery, View], str]:
    """Return what makes a format's text of a recovery."""
    render = importlib.import_module(f"{__name__}.{name}").render
    if not callable(render):
        raise TypeError(f"{__name__}.{name}.render is no function")
    found: Callable[[Recovery, View], str] = render
    return found
