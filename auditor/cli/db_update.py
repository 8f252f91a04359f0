"""`audit db update`: the advisory database from the exports of OSV, or of a mirror of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from auditor.cli.options import database_option, limits_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from auditor.dbupdate import Step

SCHEMA_VERSION = 1
_ECOSYSTEMS = ("npm", "pypi")


@click.command("update")
@database_option
@click.option(
    "--ecosystem",
    "ecosystems",
    multiple=True,
    type=click.Choice(_ECOSYSTEMS),
    help="Whose advisories; default: all of these (repeatable).",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    envvar="AUDIT_DB_SOURCE",
    metavar="URL",
    help="Where the exports are instead of at OSV; {ecosystem} stands for npm and PyPI "
    "(repeatable; AUDIT_DB_SOURCE takes several with blanks between).",
)
@click.option("--force", is_flag=True, help="Ask even if that was done within the last day.")
@click.option(
    "--shrink",
    is_flag=True,
    help="Take an export that has less than half of the records that it had before.",
)
@limits_option
@click.option(
    "--format",
    "format_",
    default="console",
    show_default=True,
    type=click.Choice(["console", "json"]),
    help="What to print on standard output.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only what could not be done.")
@click.option("--debug", is_flag=True, help="Show a traceback on an internal error.")
def command(  # noqa: PLR0913 - one parameter per option
    *,
    database: Path | None,
    ecosystems: tuple[str, ...],
    sources: tuple[str, ...],
    force: bool,
    shrink: bool,
    limits: tuple[str, ...],
    format_: str,
    quiet: bool,
    debug: bool,
) -> int:
    """Fetch the advisories that are new, and take them into the database.

    A server is asked at most once a day, sends nothing where nothing is new, and goes on where an
    earlier call was cut off. Proxies (HTTPS_PROXY) and own certificates (REQUESTS_CA_BUNDLE) are as
    `requests` has them; nothing is sent that shows who asks. The database is the old one until an
    export is here in full and all of it was read.

    Exit code 0 says that it is as new as its sources or was asked within the last day, 3 that an
    export could not be fetched or read; the others are taken all the same.
    """
    del debug
    from datetime import UTC, datetime  # noqa: PLC0415 - see options: only this command's cost

    from auditor import dbupdate, exits  # noqa: PLC0415
    from auditor.cli.output import progress  # noqa: PLC0415
    from auditor.limits import with_changes  # noqa: PLC0415
    from auditor.sources import advisoryplaces  # noqa: PLC0415

    target = advisoryplaces.place(database)
    places = dbupdate.places(sources, ecosystems or _ECOSYSTEMS)
    with progress() as announce:
        steps = tuple(
            dbupdate.update(
                target,
                places,
                now=datetime.now(UTC),
                force=force,
                shrink=shrink,
                limits=with_changes(dbupdate.LIMITS, limits),
                announce=announce,
            )
        )
    failed = told(steps, quiet=quiet or format_ != "console")
    if format_ == "json":
        click.echo(json.dumps(_document(target, steps, complete=not failed), indent=1))
    return exits.EXIT_INCOMPLETE if failed else exits.EXIT_PASS


def told(steps: Iterable[Step], *, quiet: bool = False) -> bool:
    """Print what became of each export, in quiet of those that failed; tell whether one did."""
    from auditor import dbupdate  # noqa: PLC0415 - only the called command's cost
    from auditor.safe import safe  # noqa: PLC0415

    failed = False
    for step in steps:
        name = safe(step.place.name)
        if step.outcome is dbupdate.Outcome.FAILED:
            failed = True
            click.echo(f"audit: {name}: {safe(step.reason, 1000)}", err=True)
        elif not quiet:
            click.echo(f"{name}: {safe(sentence(step), 1000)}")
    return failed


def sentence(step: Step) -> str:
    """Return what became of an export that did not fail."""
    from auditor.dbupdate import Outcome  # noqa: PLC0415 - see `command`
    from auditor.words import counted, size  # noqa: PLC0415

    if step.fetched is None or step.taken is None:
        before = "not asked" if step.outcome is Outcome.SKIPPED else "nothing new"
        return f"{before}: {step.reason}"
    rest = step.fetched.size - step.fetched.came
    there = f", {size(rest)} of them by an earlier call" if rest else ""
    return (
        f"{size(step.fetched.size)} fetched{there} (sha256 {step.fetched.sha256}): "
        f"{counted(step.taken.added, 'record')} new, {step.taken.updated:,} changed, "
        f"{step.taken.removed:,} taken out; {step.taken.total:,} in the database"
    )


def _document(database: Path, steps: Sequence[Step], *, complete: bool) -> dict[str, object]:
    """Return the answer for other programs; None where nothing came, or nothing was taken."""
    return {
        "schema_version": SCHEMA_VERSION,
        "database": str(database),
        "complete": complete,
        "exports": [
            {
                "name": step.place.name,
                "location": step.place.known,
                "outcome": step.outcome.value,
                "reason": step.reason or None,
                "bytes": step.fetched and step.fetched.size,
                "bytes_fetched_now": step.fetched and step.fetched.came,
                "sha256": step.fetched and step.fetched.sha256,
                "records": step.taken
                and {
                    "read": step.taken.read,
                    "added": step.taken.added,
                    "updated": step.taken.updated,
                    "removed": step.taken.removed,
                    "total": step.taken.total,
                },
            }
            for step in steps
        ],
    }
