"""`audit pack`: what would be, or was, published, and may it."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from auditor.cli.options import (
    PolicyOptions,
    output_options,
    policy_options,
    sandbox_options,
    wishes,
)


@click.command("pack")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option(
    "--packer",
    metavar="NAME[@VERSION]",
    help="npm, pnpm, yarn, bun, build or uv; default: what the project's files say.",
)
@click.option(
    "--ignore-scripts", is_flag=True, help="Do not run the project's scripts; the list may differ."
)
@click.option(
    "--no-isolation",
    is_flag=True,
    help="Build with the Python packages installed here, not with those the project requires.",
)
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    metavar="NAME",
    help="Pack one workspace (repeatable).",
)
@click.option("--workspaces", "all_workspaces", is_flag=True, help="Pack every public workspace.")
@click.option("--as-is", is_flag=True, help="Take a folder as it is; no packer runs.")
@click.option(
    "--against",
    multiple=True,
    metavar="EARLIER",
    help="Also tell what ships that did not earlier: in a version or `latest` of the same package, "
    "a release (npm:NAME@VERSION), a package file or the JSON report of a run (repeatable).",
)
@click.option(
    "--manifest",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The manifest of what is meant to ship; default: .audit-manifest.json of the project.",
)
@click.option(
    "--write-manifest", is_flag=True, help="Write what ships now into the manifest, for review."
)
@click.option(
    "--verify",
    metavar="REPORT",
    type=click.Path(path_type=Path),
    help="Audit nothing: tell whether TARGETs are, byte for byte, the files that a JSON report "
    "passed.",
)
@click.option(
    "--online",
    is_flag=True,
    help="Look up how large earlier releases are, at the registry that npm, or pip or uv, is "
    "configured for, and tell one that is much larger.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Read package files in at most N processes at once; default: as many as there are cores, "
    "where that is quicker.",
)
@sandbox_options
@policy_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    *,
    targets: tuple[str, ...],
    packer: str | None,
    ignore_scripts: bool,
    no_isolation: bool,
    workspaces: tuple[str, ...],
    all_workspaces: bool,
    as_is: bool,
    against: tuple[str, ...],
    manifest: Path | None,
    write_manifest: bool,
    verify: Path | None,
    online: bool,
    jobs: int | None,
    sandbox: str | None,
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
    """Audit what would be published, or a package file.

    TARGET is a project folder (default: the current one), a .tgz, a wheel or an sdist, or a release
    of the registry that your client asks: npm:NAME@VERSION, pypi:NAME==VERSION (all its sdists and
    wheels; /GLOB takes some). For a folder, the project's own packer or build backend runs as in a
    publish, scripts included, into a private temporary folder, and what it makes is audited.
    Nothing of a package file ever runs.
    """
    del debug  # read by the top-level handler
    from auditor.cli import confined, output  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.comparing import Wanted  # noqa: PLC0415
    from auditor.deciding import decided  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.model import Profile  # noqa: PLC0415
    from auditor.scan import Request, scan  # noqa: PLC0415
    from auditor.sources.wish import Wish  # noqa: PLC0415

    if verify is not None:
        return _verified(verify, targets)
    files = output.destinations(reports)
    targets = targets or (".",)
    if sandbox is not None:
        confined.refuse(
            (
                not as_is and any(Path(target).is_dir() for target in targets),
                "packing a project",
                "pack it, and audit the file (or the folder, with --as-is)",
            ),
            (online, "--online", "leave it out, or look up the same file without a sandbox"),
            ((jobs or 1) > 1, "--jobs", "one process reads there, which can start no other"),
            (write_manifest, "--write-manifest", "it takes a project's folder"),
            (said["write_baseline"] is not None, "--write-baseline", "write it without a sandbox"),
            (
                not all(Path(one).exists() for one in against),
                "--against a release",
                "name a package file, or the JSON report of a run",
            ),
        )
        confined.check(sandbox)
    here = Path()
    folders = dict.fromkeys(p if (p := Path(one)).is_dir() else here for one in targets)
    decision = decided(wishes(said, fail_on, profile, rules), folders, Profile.RELEASE)
    manifest = manifest or decision.path(decision.policy.manifest)
    changed = with_changes(Limits(), limits)
    with confined.releases(sandbox, changed, *targets) as ahead:
        for target in targets if ahead is not None else ():
            confined.fetch(ahead, target)
        request = Request(
            targets=targets,
            wish=Wish(
                packer=packer,
                ignore_scripts=ignore_scripts,
                isolation=not no_isolation,
                workspaces=workspaces,
                all_workspaces=all_workspaces,
            ),
            as_is=as_is,
            ahead=ahead,
            compare=Wanted(against=against, manifest=manifest, write=write_manifest),
            online=online,
            rules=decision.rules,
            profile=decision.profile,
            settings=decision.settings,
            limits=changed,
            jobs=1 if sandbox is not None or online or against or write_manifest else jobs,
        )

        def call() -> int:
            with output.progress() as announce:
                result = scan(request, announce, output.packer_output(verbose=verbose))
            result = output.with_baseline(result, said["write_baseline"])
            return output.show(result, format_, files, verbose=verbose, quiet=quiet)

        wall = confined.Wall(
            mode=sandbox,
            limits=changed,
            reads=confined.named(request, manifest),
            files=tuple(path for _, path in files),
        )
        return confined.run(wall, call)


def _verified(report: Path, targets: tuple[str, ...]) -> int:
    """Print a line for each file, and return the worst exit code that one of them means."""
    from auditor.cli import streams  # noqa: PLC0415 - see above
    from auditor.errors import UsageError  # noqa: PLC0415
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.verifying import verified  # noqa: PLC0415

    if not targets:
        raise UsageError("--verify needs the files that are about to be published")
    found = tuple(verified(report, targets))
    for one in found:
        streams.put(f"{safe(one.file)} {safe(one.said)}\n")
    return max(one.code for one in found)
