"""`audit lock`: what lockfiles hold, whether it is known to be bad, what was tampered with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from auditor.cli.options import (
    LEVELS,
    PolicyOptions,
    database_option,
    internal_options,
    output_options,
    policy_options,
    sandbox_options,
    wishes,
)
from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from auditor.lockscan import LockRequest, OnlineWish


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
    show_default="default",
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
@click.option(
    "--online",
    is_flag=True,
    help="Look up each package at the registry that npm, or pip or uv, is configured for: is this "
    "version still there, how old is it, who published what looks like a popular name.",
)
@click.option(
    "--min-age",
    metavar="AGE",
    help="With --online: tell each version that was published later than this ago (7d, 2w).",
)
@click.option(
    "--no-cache",
    is_flag=True,
    help="With --online: ask again what was asked within the last hour.",
)
@sandbox_options
@database_option
@click.option(
    "--max-db-age",
    metavar="AGE",
    help="Knowledge of the advisory database that is older than this (7d) is a gap: exit code 3.",
)
@policy_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    paths: tuple[str, ...],
    as_format: str,
    against: str,
    listed: bool,
    level: str | None,
    reviewed: tuple[str, ...],
    internal: tuple[str, ...],
    internal_files: tuple[Path, ...],
    online: bool,
    min_age: str | None,
    no_cache: bool,
    sandbox: str | None,
    database: Path | None,
    max_db_age: str | None,
    format_: str,
    reports: tuple[str, ...],
    fail_on: str | None,
    profile: str | None,
    rules: tuple[Path, ...],
    limits: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    debug: bool,
    **said: Unpack[PolicyOptions],
) -> int:
    """Audit lockfiles, SBOMs and installed packages.

    PATH is a file, a folder to search (default: the current one), or `-` for standard input. All
    packages are read, those for development too, and compared with what is known to be bad, by
    incident packs and by the advisory database (see audit db); what
    the file says of their origin is checked against itself and the manifest beside it. Names that
    look like popular ones, or like yours, are told, unless what requires them speaks for them.
    Nothing is looked up anywhere without --online.
    """
    del debug  # read by the top-level handler
    from auditor import lockscan  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.cli import confined, output  # noqa: PLC0415
    from auditor.deciding import decided  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.model import Profile  # noqa: PLC0415
    from auditor.names import Level  # noqa: PLC0415
    from auditor.sources import settings  # noqa: PLC0415
    from auditor.sources.namefile import names_in  # noqa: PLC0415

    files = output.destinations(reports)
    if sandbox is not None:
        git = bool(against) and not Path(against).is_file()
        confined.refuse(
            (online, "--online", "leave it out, or look up the same lockfile without a sandbox"),
            (git, "--against with a revision", "git is not asked there; name a file"),
            (said["write_baseline"] is not None, "--write-baseline", "write it without a sandbox"),
        )
        confined.check(sandbox)
    decision = decided(wishes(said, fail_on, profile, rules), (Path(),), Profile.RELEASE)
    policy = decision.policy
    level = level or policy.names or "default"
    request = lockscan.LockRequest(
        targets=paths or (".",),
        format=as_format,
        stdin=sys.stdin.buffer.read() if lockscan.STDIN in paths else b"",
        listed=listed or output.listing(format_, files),
        against=against,
        names=None if level == "off" else Level[level.upper()],
        internal=(*internal, *names_in(internal_files), *policy.internal),
        reviewed=(*reviewed, *policy.reviewed),
        online=_wish(min_age, online=online, cached=not no_cache),
        programs=sandbox is None,
        users=None if sandbox is None else settings.of_user(),
        database=database,
        max_db_age=_age(max_db_age),
        rules=decision.rules,
        profile=decision.profile,
        settings=decision.settings,
        limits=with_changes(Limits(), limits),
    )

    def call() -> int:
        with output.progress() as announce:
            result = lockscan.scan(request, announce)
        result = output.with_baseline(result, said["write_baseline"])
        return output.show(result, format_, files, verbose=verbose, quiet=quiet, listed=listed)

    wall = confined.Wall(
        mode=sandbox,
        limits=request.limits,
        reads=(*_read(request), *request.rules) if sandbox is not None else (),
        files=tuple(path for _, path in files),
    )
    return confined.run(wall, call)


def _read(request: LockRequest) -> Iterator[Path]:
    """Yield what is read for some targets: a lockfile's folder, and settings above it."""
    from auditor.sources import advisoryplaces  # noqa: PLC0415 - where a sandbox is asked for
    from auditor.sources.lockfiles import beside  # noqa: PLC0415

    yield advisoryplaces.place(request.database)
    for target in filter(None, (*request.targets, request.against)):
        if target != "-":
            yield from beside(Path(target))


def _wish(min_age: str | None, *, online: bool, cached: bool) -> OnlineWish | None:
    """Return what registries are asked; None where nothing is to leave this machine."""
    if not online:
        if min_age is not None or not cached:
            raise UsageError("--min-age and --no-cache are about lookups; they need --online")
        return None
    from datetime import UTC, datetime  # noqa: PLC0415 - see above

    from auditor.lockscan import OnlineWish  # noqa: PLC0415

    return OnlineWish(
        now=datetime.now(UTC),
        min_age=_age(min_age),
        cached=cached,
    )


def _age(text: str | None) -> timedelta | None:
    if text is None:
        return None
    from auditor.names.signals import age_of  # noqa: PLC0415 - see above

    return age_of(text)
