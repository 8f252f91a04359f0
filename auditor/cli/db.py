"""`audit db`: the advisory database."""

from __future__ import annotations

import click

from auditor.cli import db_update


@click.group("db")
def command() -> None:
    """Keep the advisory database."""


command.add_command(db_update.command)
