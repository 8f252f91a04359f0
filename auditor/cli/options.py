"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from auditor import report
from auditor.model import Profile, Severity

if TYPE_CHECKING:
    from auditor.deciding import Wishes

F = TypeVar("F", bound=Callable[..., Any])

LEVELS = ("quiet", "default", "everything")
"""How much is told of names that look like others: the words of `names.Level`."""
SEVERITIES = [level.word for level in Severity]


class PolicyOptions(TypedDict):
    """What the options of `policy_options` say."""

    config: Path | None
    no_config: bool
    baseline: Path | None
    write_baseline: Path | None


def severity(word: str) -> Severity:
    """Return the severity that a word on the command line means."""
    return Severity[word.upper()]


def wishes(
    options: PolicyOptions, fail_on: str | None, profile: str | None, rules: tuple[Path, ...]
) -> Wishes:
    """Return what the command line says of what a call is to obey."""
    from auditor.deciding import Wishes  # noqa: PLC0415 - only the called command's cost

    return Wishes(
        **options,
        fail_on=None if fail_on is None else severity(fail_on),
        profile=None if profile is None else Profile(profile),
        rules=rules,
    )


def rules_option(function: F) -> F:
    """Add `--rules DIR`."""
    return click.option(
        "--rules",
        "rules",
        multiple=True,
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Add the YAML rules of a folder to ours (repeatable).",
    )(function)


def limits_option(function: F) -> F:
    """Add `--limit NAME=N`."""
    return click.option(
        "--limit",
        "limits",
        multiple=True,
        metavar="NAME=N",
        help="Change a limit on what untrusted input may cost (repeatable).",
    )(function)


def internal_options(function: F) -> F:
    """Add `--internal` and `--internal-file`."""
    file = click.option(
        "--internal-file",
        "internal_files",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A file of these, one a line (repeatable).",
    )
    entry = click.option(
        "--internal",
        "internal",
        multiple=True,
        metavar="NAME|@SCOPE|GLOB",
        help="Your own packages, which no public registry has (repeatable).",
    )
    return entry(file(function))


def database_option(function: F) -> F:
    """Add `--db`."""
    return click.option(
        "--db",
        "database",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The advisory database; default: what AUDIT_DB names, else the user's own.",
    )(function)


def config_options(function: F) -> F:
    """Add `--config` and `--no-config`."""
    config = click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The policy; default: .audit.yml, pyproject.toml or package.json of the project, or "
        "above it in its repository.",
    )
    none = click.option("--no-config", is_flag=True, help="Obey no policy file.")
    return config(none(function))


def policy_options(function: F) -> F:
    """Add what names a policy, and the baseline."""
    for option in reversed(
        (
            config_options,
            click.option(
                "--baseline",
                metavar="FILE",
                type=click.Path(path_type=Path),
                help="Findings that were there before, which do not fail: a baseline or a JSON "
                "report.",
            ),
            click.option(
                "--write-baseline",
                metavar="FILE",
                type=click.Path(path_type=Path),
                help="Write all that is found now into a baseline.",
            ),
        )
    ):
        function = option(function)
    return function


def sandbox_options(function: F) -> F:
    """Add `--sandbox` and `--try-sandbox`."""
    required = click.option(
        "--sandbox",
        "sandbox",
        flag_value="require",
        help="Read in a process that can open nothing but what it is to read, start no program and "
        "reach no network; an error where that cannot be had. Linux.",
    )
    tried = click.option(
        "--try-sandbox",
        "sandbox",
        flag_value="try",
        help="The same, as far as it can be had here, and say what cannot.",
    )
    return required(tried(function))


def output_options(function: F) -> F:
    """Add what says how a report is shown, and when it fails."""
    for option in reversed(
        (
            click.option(
                "--format",
                "format_",
                default="console",
                show_default=True,
                type=click.Choice(report.names()),
                callback=lambda *given: report.load(given[-1]).name,
                help="What to print on standard output.",
            ),
            click.option(
                "--report",
                "reports",
                multiple=True,
                metavar="FORMAT=FILE",
                help="Also write a report to a file (repeatable).",
            ),
            click.option(
                "--fail-on",
                show_default="medium",
                type=click.Choice(SEVERITIES),
                help="The lowest severity that fails.",
            ),
            click.option(
                "--profile",
                show_default="release",
                type=click.Choice([profile.value for profile in Profile]),
                help="release: I publish this; intake: I am about to use this.",
            ),
            rules_option,
            limits_option,
            click.option("-v", "--verbose", is_flag=True, help="List everything, explain more."),
            click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone."),
            click.option("--debug", is_flag=True, help="Show a traceback on an internal error."),
        )
    ):
        function = option(function)
    return function
