"""`audit lock`: what lockfiles hold, whether it is known to be bad, what was tampered with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from auditor.cli.options import LEVELS, internal_options, output_options, severity

if TYPE_CHECKING:
    from pathlib import Path


@click.command("lock")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--as",
    "as_format",
    default="",
    metavar="FORMAT",
    help="Read files, and `-`, as this format; default: told from each file.",
)
@click.option(
    "--against",
    default="",
    metavar="REV|FILE",
    help="Also tell what is new since a git revision, or since the lockfile FILE.",
)
@click.option("--list", "listed", is_flag=True, help="List every package, too.")
@click.option(
    "--names",
    "level",
    default="default",
    show_default=True,
    type=click.Choice([*LEVELS, "off"]),
    help="How much is told of names that look like popular ones.",
)
@click.option(
    "--reviewed",
    "reviewed",
    multiple=True,
    metavar="NAME|@SCOPE|GLOB",
    help="Names that you looked at, and that imitate nothing (repeatable).",
)
@internal_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    paths: tuple[str, ...],
    as_format: str,
    against: str,
    listed: bool,
    level: str,
    reviewed: tuple[str, ...],
    internal: tuple[str, ...],
    internal_files: tuple[Path, ...],
    format_: str,
    reports: tuple[str, ...],
    fail_on: str,
    profile: str,
    rules: tuple[Path, ...],
    limits: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Audit lockfiles, SBOMs and installed packages.

    PATH is a file, a folder to search (default: the current one), or `-` for standard input. All
    packages are read, those for development too, and compared with what is known to be bad; what
    the file says of their origin is checked against itself and the manifest beside it. Names that
    look like popular ones, or like yours, are told, unless what requires them speaks for them.
    """
    del debug  # read by the top-level handler
    from auditor import lockscan  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.cli import output  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.model import Profile  # noqa: PLC0415
    from auditor.names import Level  # noqa: PLC0415
    from auditor.policy import Settings  # noqa: PLC0415
    from auditor.sources.namefile import names_in  # noqa: PLC0415

    files = output.destinations(reports)
    request = lockscan.LockRequest(
        targets=paths or (".",),
        format=as_format,
        stdin=sys.stdin.buffer.read() if lockscan.STDIN in paths else b"",
        listed=listed or output.listing(format_, files),
        against=against,
        names=None if level == "off" else Level[level.upper()],
        internal=(*internal, *names_in(internal_files)),
        reviewed=reviewed,
        rules=rules,
        profile=Profile(profile),
        settings=Settings(fail_on=severity(fail_on)),
        limits=with_changes(Limits(), limits),
    )
    with output.progress() as announce:
        result = lockscan.scan(request, announce)
    return output.show(result, format_, files, verbose=verbose, quiet=quiet, listed=listed)
