"""The entry point of `audit` and `python -m auditor`: every way to end has its exit code."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:  # noqa: PLR0911 - one return per way to end
    """Run one call and return its exit code: no crash ever looks like a finding."""
    import click  # noqa: PLC0415 - nothing before the handler may raise

    from auditor import exits  # noqa: PLC0415
    from auditor.cli import cli  # noqa: PLC0415
    from auditor.errors import InputError, UsageError  # noqa: PLC0415

    try:
        code = cli(arguments, prog_name="audit", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.NoArgsIsHelpError as problem:
        problem.show()
        return exits.EXIT_USAGE
    except click.ClickException as problem:
        problem.show()
        return exits.EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return exits.EXIT_INTERRUPTED
    except UsageError as problem:
        _say(str(problem))
        return exits.EXIT_USAGE
    except InputError as problem:
        _say(str(problem))
        return exits.EXIT_INCOMPLETE
    except (BrokenPipeError, SystemExit):  # click turns the one into the other, with a finding's 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.EXIT_INCOMPLETE
    except Exception as problem:  # noqa: BLE001 - the one place that catches what nobody expected
        return _internal(problem, debug="--debug" in arguments)


def _say(message: str) -> None:
    from auditor.safe import safe  # noqa: PLC0415

    sys.stderr.write(f"audit: {safe(message, 1000)}\n")


def _internal(problem: Exception, *, debug: bool) -> int:
    from auditor import exits  # noqa: PLC0415

    if debug:
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    place = problem.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else "?"
    _say(
        f"internal error: {type(problem).__name__} at {where}: {problem}. This is a fault of "
        "audit, not of the package; please report it with the output of --debug"
    )
    return exits.EXIT_INTERNAL


if __name__ == "__main__":
    main()
