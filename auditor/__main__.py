"""The entry point of `audit` and `python -m auditor`: every way to end has its exit code."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


_CYCLES = 100_000
"""Objects after which cycles are looked for, in place of Python's 700: what a call makes is mostly
values that hold no cycle, and looking through them took a tenth of its time."""


def main() -> None:
    """Run the command line and exit, without taking apart what the system takes back at once."""
    gc.set_threshold(_CYCLES, 20, 20)
    code = run(sys.argv[1:])
    from auditor.cli import streams  # noqa: PLC0415 - nothing before the handler may raise

    streams.settle()
    os._exit(code)  # nothing of ours waits for the end: folders and threads end with their `with`


def run(arguments: list[str]) -> int:
    """Run one call and return its exit code: no crash ever looks like a finding."""
    try:
        return _run(arguments)
    except Exception as problem:  # noqa: BLE001 - the one place that catches what nobody expected
        return _internal(problem, debug="--debug" in arguments)


def _run(arguments: list[str]) -> int:  # noqa: PLR0911 - one return per way to end
    import click  # noqa: PLC0415 - nothing before the handler may raise

    from auditor import exits  # noqa: PLC0415
    from auditor.cli import cli, streams  # noqa: PLC0415
    from auditor.errors import InputError, UsageError, raised_in  # noqa: PLC0415

    if sys.stdout is None:
        streams.say("standard output is closed, so there is nowhere to report to")
        return exits.EXIT_USAGE
    streams.lenient()
    try:
        if said := os.environ.get("AUDIT_FAST_PATHS"):
            from auditor import fastpaths  # noqa: PLC0415 - for tests and measurements alone

            fastpaths.choose(said)
        code = cli(arguments, prog_name="audit", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.ClickException as problem:
        _show(problem)
        return exits.EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        streams.say("interrupted")
        return exits.EXIT_INTERRUPTED
    except UsageError as problem:
        streams.say(str(problem))
        return exits.EXIT_USAGE
    except InputError as problem:
        streams.say(str(problem))
        return exits.EXIT_INCOMPLETE
    except MemoryError:
        streams.say("there is not enough memory for this call: not all was examined or reported")
        return exits.EXIT_INCOMPLETE
    except (BrokenPipeError, SystemExit):  # click turns the one into the other, with a finding's 1
        streams.abandon(sys.stdout)
        return exits.EXIT_INCOMPLETE
    except OSError as problem:
        if raised_in(problem) != "click":  # which only prints: help texts, and the version
            raise
        streams.say(streams.unwritable(problem))
        return exits.EXIT_USAGE


def _show(problem: click.ClickException) -> None:
    """Print what click says of a call, in which it repeats what was typed."""
    from auditor.cli import streams  # noqa: PLC0415 - see above
    from auditor.safe import escaped  # noqa: PLC0415
    from auditor.sources.credentials import hidden  # noqa: PLC0415

    shown = io.StringIO()
    problem.show(file=shown)
    lines = shown.getvalue().split("\n")[:-1]
    streams.complain("".join(f"{escaped(hidden(line))}\n" for line in lines))


def _internal(problem: Exception, *, debug: bool) -> int:
    from auditor import blame, exits  # noqa: PLC0415
    from auditor.cli import streams  # noqa: PLC0415

    bug = blame.bug(problem)
    if debug:
        for line in bug.trace:
            streams.say(line)
    streams.say(
        f"internal error: {bug}. This is a fault of audit, not of the package; please report it "
        "with the output of --debug"
    )
    return exits.EXIT_INTERNAL


if __name__ == "__main__":
    main()
