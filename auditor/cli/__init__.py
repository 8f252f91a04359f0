"""The command line: one module per command, imported when that command is called."""

from __future__ import annotations

import importlib

import click

from auditor import __version__, plugins

_NOT_COMMANDS = frozenset(
    {"bar", "confined", "db_update", "options", "output", "streams", "walled"}
)


class _Commands(click.Group):
    """Finds its commands in this folder: each module has one called `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return [name for name in plugins.modules(__path__) if name not in _NOT_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command, or return None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found = importlib.import_module(f"{__name__}.{cmd_name}").command
        return found if isinstance(found, click.Command) else None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="audit")
def cli() -> None:
    """Audit packages before, at and after release.

    Exit codes: 0 pass, 1 findings at or above --fail-on, 2 wrong usage or no such file,
    3 not examined in full, 4 an internal error.
    """
