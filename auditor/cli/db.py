"""`audit db`: the advisory database: filled, described, trimmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import db_update
from auditor.cli.options import database_option, limits_option

if TYPE_CHECKING:
    from auditor.sources.advisorydb import Ecosystem, Source, State

_JSON = 1
"""The version of what `status` prints as JSON."""


@click.group("db")
def command() -> None:
    """Keep the advisory database, which lockfiles are compared with.

    Nothing is fetched but by `update`, and by `import` from an address that is given.
    """


command.add_command(db_update.command)


@command.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH|URL...")
@database_option
@click.option(
    "--shrink",
    is_flag=True,
    help="Take an export that has less than half of the records that it had before.",
)
@limits_option
def import_(
    *, paths: tuple[str, ...], database: Path | None, shrink: bool, limits: tuple[str, ...]
) -> int:
    """Take OSV exports into the database.

    PATH is an export of an ecosystem (`npm/all.zip`), a record (JSON, YAML), or a folder of these.
    All of them are taken, or none. What is there already is taken again only where it was modified;
    a zip archive replaces the earlier one of its name (of `all.zip` that of its folder).
    """
    from auditor import exits  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.cli.output import progress  # noqa: PLC0415
    from auditor.errors import InputError  # noqa: PLC0415
    from auditor.limits import with_changes  # noqa: PLC0415
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.sources import advisoryimport, advisoryplaces, exportfiles  # noqa: PLC0415
    from auditor.words import counted  # noqa: PLC0415

    target = advisoryplaces.place(database)
    files = [path for path in paths if "://" not in path]
    code = exits.EXIT_PASS
    if files:
        try:
            with progress() as announce:
                done = advisoryimport.import_exports(
                    target,
                    [advisoryimport.Export(path=Path(path)) for path in files],
                    limits=with_changes(exportfiles.LIMITS, limits),
                    shrink=shrink,
                    announce=announce,
                )
        except InputError as problem:
            click.echo(f"audit: not imported: {safe(str(problem), 1000)}", err=True)
            return exits.EXIT_INCOMPLETE
        click.echo(
            f"{counted(done.read, 'record')} read: {done.added:,} new, {done.updated:,} changed, "
            f"{done.removed:,} taken out; {done.total:,} in {safe(str(target))}"
        )
    if addresses := [path for path in paths if "://" in path]:
        code = _fetched(target, addresses, limits, shrink=shrink)
    return code


def _fetched(target: Path, addresses: list[str], limits: tuple[str, ...], *, shrink: bool) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 - see `import_`

    from auditor import dbupdate, exits  # noqa: PLC0415
    from auditor.cli.output import progress  # noqa: PLC0415
    from auditor.limits import with_changes  # noqa: PLC0415

    with progress() as announce:
        steps = tuple(
            dbupdate.update(
                target,
                dbupdate.places(addresses, tuple(dbupdate.ECOSYSTEMS)),
                now=datetime.now(UTC),
                force=True,
                shrink=shrink,
                limits=with_changes(dbupdate.LIMITS, limits),
                announce=announce,
            )
        )
    return exits.EXIT_INCOMPLETE if db_update.told(steps) else exits.EXIT_PASS


@command.command("status")
@database_option
@click.option("--check", is_flag=True, help="Read all of it, to see that nothing is damaged.")
@click.option(
    "--format",
    "format_",
    default="console",
    show_default=True,
    type=click.Choice(["console", "json"]),
    help="What to print on standard output.",
)
def status(*, database: Path | None, check: bool, format_: str) -> int:
    """Tell what the database has, of which days it is, its digest and size.

    Exit code 3 says that it cannot be read.
    """
    from auditor import exits  # noqa: PLC0415 - see `import_`
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.sources import advisoryplaces  # noqa: PLC0415

    known = advisoryplaces.known(database)
    if known.database is None or known.state is None:
        click.echo(
            f"audit: {safe(known.problem or 'there is no advisory database', 1000)}", err=True
        )
        return exits.EXIT_INCOMPLETE
    from auditor.errors import InputError  # noqa: PLC0415

    try:
        if check:
            known.database.check()
        ecosystems = known.database.ecosystems()
    except InputError as problem:
        click.echo(f"audit: {safe(str(problem), 1000)}", err=True)
        return exits.EXIT_INCOMPLETE
    path = Path(known.path)
    shown = _as_json if format_ == "json" else _as_text
    click.echo(shown(path, path.stat().st_size, known.state, ecosystems))
    return exits.EXIT_PASS


def _as_text(path: Path, size: int, state: State, ecosystems: tuple[Ecosystem, ...]) -> str:
    from auditor import words  # noqa: PLC0415 - see `import_`
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.sources.advisoryplaces import BUNDLED  # noqa: PLC0415

    ours = " (it comes with audit; audit db update makes one of your own)"
    malicious = f"{state.malicious:,} of malicious packages"
    others = f"{malicious}, {state.records - state.malicious:,} others"
    lines = [
        f"{safe(str(path))}{ours if path == BUNDLED else ''}",
        f"{words.size(size)}, digest {state.digest}",
        f"{words.counted(state.records, 'record')}: {others}, {state.withdrawn:,} of all withdrawn",
    ]
    if state.trimmed:
        lines.append(f"trimmed to {safe(state.trimmed)}")
    lines += [
        f"  {safe(one.name)}: {words.counted(one.records, 'record')}, {one.malicious:,} of"
        f" malicious packages; {words.counted(one.packages, 'package')}"
        for one in ecosystems
    ]
    return "\n".join((*lines, *(line for source in state.sources for line in _source(source))))


def _source(source: Source) -> list[str]:
    from auditor import words  # noqa: PLC0415 - see `import_`
    from auditor.safe import safe  # noqa: PLC0415

    when = f"fetched {source.fetched_at}, " if source.fetched_at else ""
    kind = "export" if source.whole else "single records"
    count, newest = words.counted(source.records, "record"), source.newest or "no day"
    place = [f"    from {safe(source.url)}"] if source.url else []
    return [
        f"{kind} {safe(source.name)}: {count}, {safe(when)}the newest of {safe(newest)}",
        *place,
        f"    sha256 {safe(source.sha256)}",
    ]


def _as_json(path: Path, size: int, state: State, ecosystems: tuple[Ecosystem, ...]) -> str:
    document = {
        "schema_version": _JSON,
        "database": str(path),
        "bytes": size,
        "digest": state.digest,
        "records": state.records,
        "malicious": state.malicious,
        "withdrawn": state.withdrawn,
        "trimmed": state.trimmed or None,
        "licence": state.licence,
        "ecosystems": [
            {
                "name": one.name,
                "packages": one.packages,
                "records": one.records,
                "malicious": one.malicious,
            }
            for one in ecosystems
        ],
        "sources": [
            {
                "name": one.name,
                "location": one.url or None,
                "etag": one.etag or None,
                "sha256": one.sha256,
                "fetched": one.fetched_at or None,
                "newest_record": one.newest or None,
                "whole": one.whole,
                "records": one.records,
            }
            for one in state.sources
        ],
    }
    return json.dumps(document, indent=1)


@command.command("export")
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@database_option
@click.option("--malicious", is_flag=True, help="Malicious packages alone, no vulnerabilities.")
@click.option(
    "--ecosystem",
    "ecosystems",
    multiple=True,
    metavar="NAME",
    help="What is about packages of this one (npm, pypi); default: all (repeatable).",
)
def export(
    *, target: Path, database: Path | None, malicious: bool, ecosystems: tuple[str, ...]
) -> int:
    """Write a trimmed database, for runners without a network and for caches of CI.

    It answers as the whole one does about what it has, and cannot be filled further. AUDIT_DB or
    --db names it where it is used.
    """
    from auditor import exits  # noqa: PLC0415 - see `import_`
    from auditor.errors import InputError  # noqa: PLC0415
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.sources import advisoryexport, advisoryplaces  # noqa: PLC0415
    from auditor.words import counted, size  # noqa: PLC0415

    trim = advisoryexport.Trim(malicious=malicious, ecosystems=ecosystems)
    known = advisoryplaces.place(database)
    try:
        count = advisoryexport.export(known, target, trim)
    except InputError as problem:
        click.echo(f"audit: {safe(str(problem), 1000)}", err=True)
        return exits.EXIT_INCOMPLETE
    click.echo(f"{counted(count, 'record')}, {size(target.stat().st_size)}: {safe(str(target))}")
    return exits.EXIT_PASS
