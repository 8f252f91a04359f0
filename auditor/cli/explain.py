"""`audit explain`: one rule's page in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import rules_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("explain")
@click.argument("rule_id", metavar="ID")
@rules_option
def command(rule_id: str, rules: tuple[Path, ...]) -> None:
    """Explain a rule: what it finds, why that matters, how to fix it, when it is wrong."""
    from auditor import docs, rulefile  # noqa: PLC0415

    ruleset = rulefile.load((rulefile.builtin_folder(), *rules), tests=True)
    click.echo(docs.page(docs.find(ruleset, rule_id)), nl=False)
