"""`audit names`: which popular or internal name each of some names looks like."""

from __future__ import annotations

import sys
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

import click

from auditor.cli.options import LEVELS, internal_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from auditor.names import Lookalike

    Row = Callable[[str, Lookalike | None], str]

_STDIN = "-"
_LONGEST = 1024
"""Bytes of a line that are read as a name; no registry has names of a quarter of that."""


@click.command("names")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--ecosystem",
    default="npm",
    show_default=True,
    type=click.Choice(["npm", "pypi"]),
    help="The registry whose popular names are compared with.",
)
@click.option(
    "--names",
    "level",
    default="default",
    show_default=True,
    type=click.Choice(LEVELS),
    help="How much is told: what is nearly certain, what is likely, or all that looks like it.",
)
@internal_options
@click.option(
    "--format",
    "format_",
    default="console",
    show_default=True,
    type=click.Choice(["console", "jsonl"]),
    help="What to print: a line for people, or a JSON object, for each name.",
)
def command(  # noqa: PLR0913 - one parameter per option
    *,
    names: tuple[str, ...],
    ecosystem: str,
    level: str,
    internal: tuple[str, ...],
    internal_files: tuple[Path, ...],
    format_: str,
) -> int:
    """Tell which popular name a name looks like, if any.

    NAME is a package's name, or `-` for one name a line of standard input, each answered as it
    comes. Nothing is looked up anywhere. Exit code 1 says that a name looks like another one.
    """
    from auditor import policy  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.namelists import NameList  # noqa: PLC0415
    from auditor.names import Level  # noqa: PLC0415
    from auditor.names.matcher import Matcher  # noqa: PLC0415
    from auditor.sources.namefile import names_in  # noqa: PLC0415

    told = Level[level.upper()]
    ours = NameList((*internal, *names_in(internal_files)))
    judge = Matcher(ecosystem).judge
    row = _jsonl if format_ == "jsonl" else _console(ecosystem)
    out = sys.stdout.buffer
    code = policy.EXIT_PASS
    for name in _given(names):
        if name is None:
            sys.stderr.write(f"audit: a line of more than {_LONGEST:,} bytes is no name\n")
            code = policy.EXIT_INCOMPLETE
            continue
        found = ours.resembled(name, told, ecosystem) if ours else None
        if found is None and not (ours and ours.holds(name, ecosystem)):
            found = judge(name, told)
        if found is not None and code == policy.EXIT_PASS:
            code = policy.EXIT_FAIL
        out.write(row(name, found).encode("utf-8", "backslashreplace"))
        out.flush()  # whoever asks one name after the other waits for it
    return code


def _given(names: Iterable[str]) -> Iterator[str | None]:
    """Yield the names of the command line and of standard input; None for what can be none."""
    for name in names:
        if name == _STDIN:
            yield from _lines(sys.stdin.buffer)
        else:
            yield name if len(name) <= _LONGEST else None


def _lines(stream: BinaryIO) -> Iterator[str | None]:
    """Yield the lines of a stream that are not blank, each as soon as it is there."""
    while line := stream.readline(_LONGEST + 1):
        if len(line) > _LONGEST and not line.endswith(b"\n"):
            while (rest := stream.readline(_LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield None
        elif name := line.decode("utf-8", "backslashreplace").strip():
            yield name


def _jsonl(name: str, found: Lookalike | None) -> str:
    if found is None:
        return f'{{"name": {quoted(name)}, "target": null, "kind": null, "confidence": null}}\n'
    from auditor.namelists import confidence_of  # noqa: PLC0415 - loaded by then

    return (
        f'{{"name": {quoted(name)}, "target": {quoted(found.target)}, "kind": "{found.kind}", '
        f'"confidence": "{confidence_of(found.level).word}"}}\n'
    )


def _console(ecosystem: str) -> Row:
    from auditor.safe import safe  # noqa: PLC0415

    where = {"npm": "npm", "pypi": "PyPI"}[ecosystem]

    def row(name: str, found: Lookalike | None) -> str:
        if found is None:
            return f"{safe(name)}: looks like no popular name of {where}\n"
        how = f"{found.kind}, told at {found.level.word}"
        return f"{safe(name)}: looks like {safe(found.target)} ({how}): {safe(found.reason)}\n"

    return row
