"""`audit init`: a first policy, the hook before a publish, and a workflow; shown, then written."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("init")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--no-hook", is_flag=True, help="Leave the scripts of package.json as they are.")
@click.option("--no-workflow", is_flag=True, help="Write no workflow of GitHub.")
@click.option("--pre-commit", is_flag=True, help="Also write hooks for pre-commit.")
def command(*, folder: str, yes: bool, no_hook: bool, no_workflow: bool, pre_commit: bool) -> int:
    """Begin to audit a project: write a policy, a hook and a workflow.

    Shows what it would write, as a difference to what is there, and asks. Nothing that is there is
    replaced, but package.json, which gets a script.
    """
    from auditor import exits, starting  # noqa: PLC0415 - only the called command's cost
    from auditor.cli import streams  # noqa: PLC0415
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.sources import userfile  # noqa: PLC0415

    place = Path(folder)
    wishes = starting.Wishes(hook=not no_hook, workflow=not no_workflow, pre_commit=pre_commit)
    writes = []
    for one in starting.plan(_files(place), wishes):
        if isinstance(one, str):
            streams.put(f"{safe(one, 1000)}\n")
            continue
        writes.append(one)
        for line in one.difference:
            streams.put(f"{safe(line, 1000)}\n")
        streams.put("\n")
    if not writes:
        streams.put("there is nothing to write\n")
        return exits.EXIT_PASS
    if not yes:
        if not sys.stdin.isatty():
            streams.put("nothing was written: --yes writes it\n")
            return exits.EXIT_PASS
        if not click.confirm(f"Write {len(writes)} files?"):
            return exits.EXIT_PASS
    for one in writes:
        path = place / one.path
        userfile.write(path, one.after)
        streams.put(f"wrote {safe(str(path), 1000)}\n")
    streams.put("next: `audit pack --write-manifest` writes down what ships, for review\n")
    return exits.EXIT_PASS


def _files(folder: Path) -> dict[str, str]:
    """Return the texts of the files that decide what is written."""
    from auditor import starting  # noqa: PLC0415 - see above
    from auditor.sources import userfile  # noqa: PLC0415

    found = {}
    for name in starting.READ:
        path = folder / name
        if path.exists():
            found[name] = userfile.text(path, starting.LARGEST)
    return found
