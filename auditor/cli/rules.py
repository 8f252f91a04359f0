"""`audit rules`: the rules that judge, one of them in full, and whether their tests can fail."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli import streams
from auditor.cli.options import rules_option


@click.group("rules")
def command() -> None:
    """List, show and test rules, ours and your own."""


@command.command("list")
@rules_option
def list_(rules: tuple[Path, ...]) -> None:
    """List all rules, worst first."""
    from auditor import docs, rulebook, rulefile  # noqa: PLC0415

    ruleset = rulefile.load((rulebook.builtin_folder(), *rules))
    streams.put_lines(docs.table(ruleset.rules))


@command.command("incidents")
@rules_option
def incidents(rules: tuple[Path, ...]) -> None:
    """List the incidents that are looked for, the latest first."""
    from auditor import incidentfile, incidentpage, rulebook  # noqa: PLC0415

    index = incidentfile.load((rulebook.builtin_folder(), *rules))
    streams.put_lines(incidentpage.table(index))


@command.command("show")
@click.argument("rule_id", metavar="ID")
@rules_option
def show(rule_id: str, rules: tuple[Path, ...]) -> None:
    """Print one rule as its file has it."""
    from auditor import docs, rulebook, rulefile  # noqa: PLC0415

    folders = (rulebook.builtin_folder(), *rules)
    rule = docs.find(rulefile.load(folders), rule_id)
    for folder in folders:
        path = folder / f"{rule.id}.yaml"
        if path.is_file():
            streams.put_lines(path.read_text(encoding="utf-8"))


@command.command("test")
@click.argument(
    "folder",
    required=False,
    metavar="[DIR]",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
def test(folder: Path | None) -> int:
    """Run the rules' own tests, and check that the tests can fail.

    DIR is a folder of rules (default: ours). Every condition, list item and threshold is broken
    in turn; a change that no test notices is reported, because nobody has tried that condition.
    """
    from auditor import exits, mutants, rulebook, rulefile, ruletest  # noqa: PLC0415

    ruleset = rulefile.load((folder or rulebook.builtin_folder(),), tests=True)
    failed = 0
    tests = 0
    broken = 0
    for rule in ruleset.rules:
        tests += len(rule.tests)
        broken += sum(1 for _ in mutants.mutants(rule))
        problems = [*ruletest.failures(rule, ruleset), *mutants.uncovered(rule, ruleset)]
        failed += len(problems)
        for problem in problems:
            streams.put_lines(f"{problem}\n")
    streams.put_lines(
        f"{len(ruleset.rules)} rules, {tests} tests, {broken} broken variants tried: "
        f"{f'{failed} problems' if failed else 'all as expected'}\n"
    )
    return exits.EXIT_FAIL if failed else exits.EXIT_PASS
