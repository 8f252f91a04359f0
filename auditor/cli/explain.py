"""`audit explain`: one rule's page in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import rules_option


@click.command("explain")
@click.argument("rule_id", metavar="ID")
@rules_option
def command(rule_id: str, rules: tuple[Path, ...]) -> None:
    """Explain a rule: what it finds, why that matters, how to fix it, when it is wrong."""
    from auditor import docs, rulefile  # noqa: PLC0415

    ruleset = rulefile.load((rulefile.builtin_folder(), *rules), tests=True)
    click.echo(docs.page(docs.find(ruleset, rule_id)), nl=False)
