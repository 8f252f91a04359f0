"""Text for a terminal, made in memory: rich, with nothing in it that is not asked for."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.report import View


def printed(view: View, print_: Callable[[Console], None], *, soft_wrap: bool = False) -> str:
    """Return what is printed, with ANSI colours where the view has them, without blank ends."""
    out = StringIO()
    console = Console(
        file=out,
        force_terminal=view.color,
        no_color=not view.color,
        color_system="standard" if view.color else None,
        width=view.width,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=soft_wrap,
        legacy_windows=False,
    )
    print_(console)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
