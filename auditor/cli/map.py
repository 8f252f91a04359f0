"""`audit map`: what source text can be recovered from source maps."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor import mapview
from auditor.cli.options import limits_option, sandbox_options

if TYPE_CHECKING:
    from auditor.recovery import Recovery
    from auditor.report import View


@click.command("map")
@click.argument("target", metavar="TARGET")
@click.option(
    "--extract",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write what can be recovered into a new or empty folder, as one tree.",
)
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a page with a treemap of bytes by source; it works offline.",
)
@click.option(
    "--format",
    "format_",
    default="console",
    show_default=True,
    type=click.Choice(mapview.names()),
    help="What to print on standard output.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write the answer to a file (repeatable).",
)
@click.option(
    "--fail",
    is_flag=True,
    help="Exit with 1 where first-party source can be recovered that ships nowhere else.",
)
@sandbox_options
@limits_option
@click.option("-v", "--verbose", is_flag=True, help="List every file and every map.")
@click.option("-q", "--quiet", is_flag=True, help="Print the answer alone.")
@click.option("--debug", is_flag=True, help="Show a traceback on an internal error.")
def command(  # noqa: PLR0913 - one parameter per option
    *,
    target: str,
    extract: Path | None,
    html: Path | None,
    format_: str,
    reports: tuple[str, ...],
    fail: bool,
    sandbox: str | None,
    limits: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Show what source text can be recovered from source maps.

    TARGET is a map, a script or style sheet with inline maps, an archive, a folder (taken as it
    is), a release (npm:NAME@VERSION, pypi:NAME==VERSION[/GLOB]), or `-` for standard input. Nothing
    of it runs, and nothing that it refers to is fetched.

    It is a question and no gate, so the exit code is 0 whatever the answer, but for --fail; 3 says
    that something could not be read, or was left out of DIR.
    """
    del debug  # read by the top-level handler
    from auditor import exits  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.cli import confined, output, streams  # noqa: PLC0415
    from auditor.limits import Limits, with_changes  # noqa: PLC0415
    from auditor.mapscan import STDIN, Request, check, examined  # noqa: PLC0415
    from auditor.sources import newfolder, standardinput  # noqa: PLC0415

    files = output.destinations(reports, mapview.names())
    if html is not None:
        files.append(("html", html))
    confined.check(sandbox)
    changed = with_changes(Limits(), limits)
    with ExitStack() as stack:
        ahead = stack.enter_context(confined.releases(sandbox, changed, target))
        confined.fetch(ahead, target, "")
        spooled = None
        if target == STDIN and sandbox is not None:
            spooled = stack.enter_context(standardinput.spooled(changed))
        request = Request(
            target=target, extract=extract, ahead=ahead, spooled=spooled, limits=changed
        )

        def call() -> int:
            with output.progress() as announce:
                found = examined(request, announce)
            view = output.terminal(verbose=verbose, quiet=quiet)
            # all before the first is written: where one fails, none is there that says all is well
            shown = _rendered(found, format_, view)
            texts = [_rendered(found, name, output.paper()) for name, _ in files]
            streams.put(shown)
            for (_, path), text in zip(files, texts, strict=True):
                output.write(path, text)
            if found.gaps:
                return exits.EXIT_INCOMPLETE
            return exits.EXIT_FAIL if fail and found.totals.undisclosed.files else exits.EXIT_PASS

        if extract is not None and sandbox is not None:
            check(request)
            newfolder.NewFolder(extract)  # what makes the folder cannot be had later
        wall = confined.Wall(
            mode=sandbox,
            limits=changed,
            reads=(Path(target), *(ahead.paths if ahead else ()), *filter(None, [spooled])),
            writes=() if extract is None else (extract,),
            files=tuple(path for _, path in files),
        )
        return confined.run(wall, call)


def _rendered(found: Recovery, name: str, view: View) -> str:
    from auditor.blame import bug  # noqa: PLC0415 - see above

    try:
        return mapview.load(name)(found, view)
    except MemoryError:
        raise
    except Exception as problem:
        raise bug(problem, f"the view {name}") from problem
