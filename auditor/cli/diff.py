"""`audit diff`: what a release ships that an earlier one did not."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import (
    PolicyOptions,
    config_options,
    output_options,
    sandbox_options,
    wishes,
)


@click.command("diff")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option("--as-is", is_flag=True, help="Take folders as they are; no packer runs.")
@click.option("--ignore-scripts", is_flag=True, help="Do not run a project's scripts.")
@sandbox_options
@config_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    before: str,
    after: str,
    as_is: bool,
    ignore_scripts: bool,
    sandbox: str | None,
    format_: str,
    reports: tuple[str, ...],
    config: Path | None,
    no_config: bool,
    fail_on: str | None,
    profile: str | None,
    rules: tuple[Path, ...],
    limits: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Compare two releases: files, what they can do, their metadata, and what is new to find.

    BEFORE and AFTER are package files, project folders (packed as in `audit pack`), or releases of
    a registry: npm:NAME@VERSION, pypi:NAME==VERSION, without the version the newest. BEFORE may
    also be a JSON report of an earlier run, or for the package's own name a version or `latest`.
    Of a PyPI release the file that most people install is compared; pypi:NAME==VERSION/GLOB says
    which. What BEFORE has as well is set aside.
    """
    del debug  # read by the top-level handler
    from auditor.cli import confined, output  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.deciding import decided  # noqa: PLC0415
    from auditor.diffscan import diff, like  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.model import Profile  # noqa: PLC0415
    from auditor.scan import Request  # noqa: PLC0415
    from auditor.sources.wish import Wish  # noqa: PLC0415
    from auditor.specs import is_spec  # noqa: PLC0415

    files = output.destinations(reports)
    if sandbox is not None:
        packs = not as_is and (Path(before).is_dir() or Path(after).is_dir())
        instead = "pack it, and name the file (or give --as-is)"
        confined.refuse(
            (packs, "packing a project", instead),
            (not (is_spec(before) or Path(before).exists()), "a version alone", "name a release"),
        )
        confined.check(sandbox)
    said = PolicyOptions(config=config, no_config=no_config, baseline=None, write_baseline=None)
    folder = here if (here := Path(after)).is_dir() else Path()
    decision = decided(wishes(said, fail_on, profile, rules), [folder], Profile.RELEASE)
    changed = with_changes(Limits(), limits)
    with confined.releases(sandbox, changed, before, after) as ahead:
        confined.fetch(ahead, before, confined.fetch(ahead, after, like(before, after)))
        request = Request(
            targets=(after,),
            wish=Wish(ignore_scripts=ignore_scripts),
            as_is=as_is,
            ahead=ahead,
            rules=decision.rules,
            profile=decision.profile,
            settings=decision.settings,
            limits=changed,
        )

        def call() -> int:
            show = output.packer_output(verbose=verbose)
            with output.progress() as announce:
                result = diff(before, after, request, announce, show)
            return output.show(result, format_, files, verbose=verbose, quiet=quiet)

        wall = confined.Wall(
            mode=sandbox,
            limits=changed,
            reads=confined.named(request, None if is_spec(before) else Path(before)),
            files=tuple(path for _, path in files),
        )
        return confined.run(wall, call)
