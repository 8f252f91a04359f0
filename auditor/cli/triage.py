"""`audit triage`: are we hit, where, through what, since when, and what to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from auditor.cli.options import database_option, output_options, severity

if TYPE_CHECKING:
    from pathlib import Path


@click.command("triage")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--history", is_flag=True, help="Read every state of every lockfile in the git history, too."
)
@click.option(
    "--all",
    "every_branch",
    is_flag=True,
    help="With --history: all branches and tags, not what HEAD leads to alone.",
)
@click.option(
    "--no-caches",
    is_flag=True,
    help="Leave out this user's caches of package managers, and what is installed outside of"
    " projects.",
)
@click.option(
    "--host",
    is_flag=True,
    help="Look for the files that attacks leave at known places of this machine; read-only.",
)
@click.option(
    "--incident",
    "incidents",
    multiple=True,
    metavar="ID",
    help="Look for this incident alone (repeatable); default: for all that are known.",
)
@database_option
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    paths: tuple[str, ...],
    history: bool,
    every_branch: bool,
    no_caches: bool,
    host: bool,
    incidents: tuple[str, ...],
    database: Path | None,
    format_: str,
    reports: tuple[str, ...],
    fail_on: str | None,
    profile: str | None,
    rules: tuple[Path, ...],
    limits: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Find out whether known incidents hit projects or this machine, and what to do first.

    PATH is a folder of projects (default: the current one), or a lockfile. Lockfiles, installed
    packages, what package managers of this machine fetched, and the traces that attacks leave are
    looked for; nothing is changed, nothing of it is run, nothing is contacted. Each place is
    compromised (malicious code ran), exposed (a bad version is locked, installed or cached), was
    exposed (in the history alone), not found, or not examined.
    """
    del debug, profile  # read by the top-level handler; an incident is one in every profile
    from auditor import triagescan  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.cli import output  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.policy import Settings  # noqa: PLC0415

    files = output.destinations(reports)
    request = triagescan.TriageRequest(
        targets=paths or (".",),
        history=history or every_branch,
        every_branch=every_branch,
        caches=not no_caches,
        host=host,
        incidents=incidents,
        database=database,
        rules=rules,
        settings=Settings(fail_on=severity(fail_on or "medium")),
        limits=with_changes(Limits(), limits),
    )
    with output.progress() as announce:
        result = triagescan.scan(request, announce)
    return output.show(result, format_, files, verbose=verbose, quiet=quiet)
