"""`audit diff`: what a release ships that an earlier one did not."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import PolicyOptions, config_options, output_options, wishes


@click.command("diff")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option("--as-is", is_flag=True, help="Take folders as they are; no packer runs.")
@click.option("--ignore-scripts", is_flag=True, help="Do not run a project's scripts.")
@config_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    before: str,
    after: str,
    as_is: bool,
    ignore_scripts: bool,
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
    from auditor.cli import output  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.deciding import decided  # noqa: PLC0415
    from auditor.diffscan import diff  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.model import Profile  # noqa: PLC0415
    from auditor.scan import Request  # noqa: PLC0415
    from auditor.sources.wish import Wish  # noqa: PLC0415

    files = output.destinations(reports)
    said = PolicyOptions(config=config, no_config=no_config, baseline=None, write_baseline=None)
    folder = here if (here := Path(after)).is_dir() else Path()
    decision = decided(wishes(said, fail_on, profile, rules), [folder], Profile.RELEASE)
    request = Request(
        targets=(after,),
        wish=Wish(ignore_scripts=ignore_scripts),
        as_is=as_is,
        rules=decision.rules,
        profile=decision.profile,
        settings=decision.settings,
        limits=with_changes(Limits(), limits),
    )
    with output.progress() as announce:
        result = diff(before, after, request, announce, output.packer_output(verbose=verbose))
    return output.show(result, format_, files, verbose=verbose, quiet=quiet)
