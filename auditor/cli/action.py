"""`audit action`: the step of the GitHub Action that audits (`action.yml` calls it)."""

from __future__ import annotations

import os
import sys

import click


@click.command("action")
def command() -> int:
    """Audit as a step of GitHub Actions.

    Reads inputs from INPUT_ variables, and writes outputs, a summary and annotations as GitHub
    takes them. It is called by action.yml; elsewhere, use the other commands.
    """
    from auditor.action.run import run  # noqa: PLC0415 - only the called command's cost

    return run(os.environ, _say)


def _say(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()
