"""`audit names`: which popular or internal name each of some names looks like."""

from __future__ import annotations

import sys
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.options import LEVELS, config_options, internal_options
from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from auditor.namelists import NameList
    from auditor.names import Level, Lookalike
    from auditor.namescan import Answer, Judge, Online
    from auditor.policy import Policy

    Row = Callable[[str, str, Lookalike | None, Answer | None], str]

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
    show_default="default",
    type=click.Choice(LEVELS),
    help="How much is told: what is nearly certain, what is likely, or all that looks like it.",
)
@internal_options
@config_options
@click.option(
    "--online",
    is_flag=True,
    help="Look up what is told at the registry that npm, or pip or uv, is configured for: since "
    "when it is there, with how many versions, by whom.",
)
@click.option(
    "--min-age",
    metavar="AGE",
    help="With --online: look up every name, and tell each that was first published later than "
    "this ago (7d, 2w), or whose VERSION was.",
)
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
    level: str | None,
    internal: tuple[str, ...],
    internal_files: tuple[Path, ...],
    config: Path | None,
    no_config: bool,
    online: bool,
    min_age: str | None,
    format_: str,
) -> int:
    """Tell which popular name a name looks like, if any.

    NAME is a package's name, also NAME@VERSION (on PyPI NAME==VERSION), or `-` for one a line of
    standard input, each answered as it comes. Nothing is looked up anywhere without --online. Exit
    code 1 says that a name looks like another one, or is younger than --min-age, or that its
    version is; 3 that one could not be looked up.
    """
    from auditor import exits  # noqa: PLC0415 - see options: only the called command's cost
    from auditor.cli import streams  # noqa: PLC0415
    from auditor.namelists import NameList  # noqa: PLC0415
    from auditor.names import Level  # noqa: PLC0415
    from auditor.names.matcher import Matcher  # noqa: PLC0415
    from auditor.names.spelling import release  # noqa: PLC0415
    from auditor.safe import safe  # noqa: PLC0415
    from auditor.sources.namefile import names_in  # noqa: PLC0415

    obeyed = _obeyed(config, no_config=no_config)
    usual = obeyed.names if obeyed and obeyed.names in LEVELS else "default"
    told = Level[(level or usual).upper()]
    ours = NameList((*internal, *names_in(internal_files), *(obeyed.internal if obeyed else ())))
    reviewed = NameList(obeyed.reviewed if obeyed else ())
    judge = _judge(ecosystem, ours, reviewed, Matcher(ecosystem).judge)
    registry = _online(ecosystem, told, min_age, online=online)
    row = _jsonl(online=online) if format_ == "jsonl" else _console(ecosystem)
    code = exits.EXIT_PASS
    for text in _given(names):
        if text is None:
            streams.say(f"a line of more than {_LONGEST:,} bytes is no name")
            code = exits.EXIT_INCOMPLETE
            continue
        name, version = release(ecosystem, text)
        said = None
        if registry is None or (ours and ours.holds(name, ecosystem)):  # which is told to nobody
            found = judge(name, told)
        else:
            said = registry.answer(name, judge, version)
            found = said.found
            if said.gap:
                streams.say(f"{safe(name)}: not looked up: {safe(said.gap)}")
                code = exits.EXIT_INCOMPLETE
        if found is not None and code == exits.EXIT_PASS:
            code = exits.EXIT_FAIL
        # one by one: whoever asks one name after the other waits for it
        streams.put(row(name, version, found, said))
    return code


def _obeyed(config: Path | None, *, no_config: bool) -> Policy | None:
    """Return the policy; None without one, which costs next to nothing."""
    from auditor.sources.policyplaces import near  # noqa: PLC0415 - see above

    if no_config or (config is None and not any(near(Path()))):
        return None
    from auditor.deciding import Wishes, decided  # noqa: PLC0415
    from auditor.model import Profile  # noqa: PLC0415

    return decided(Wishes(config=config), (Path(),), Profile.INTAKE).policy


def _judge(ecosystem: str, ours: NameList, reviewed: NameList, popular: Judge) -> Judge:
    """Return who judges a name by the user's own lists first, then by the popular names."""

    def judge(name: str, level: Level) -> Lookalike | None:
        if reviewed and reviewed.holds(name, ecosystem):
            return None
        found = ours.resembled(name, level, ecosystem) if ours else None
        if found is None and not (ours and ours.holds(name, ecosystem)):
            found = popular(name, level)
        return found

    return judge


def _online(ecosystem: str, told: Level, min_age: str | None, *, online: bool) -> Online | None:
    """Return who looks names up; None where nothing is to leave this machine."""
    if not online:
        if min_age is not None:
            raise UsageError("--min-age is what a registry says; it needs --online")
        return None
    from datetime import UTC, datetime  # noqa: PLC0415

    from auditor.names.signals import age_of  # noqa: PLC0415
    from auditor.namescan import Online  # noqa: PLC0415
    from auditor.sources.registry import Registry  # noqa: PLC0415

    return Online(
        registry=Registry(ecosystem),
        told=told,
        now=datetime.now(UTC),
        min_age=None if min_age is None else age_of(min_age),
    )


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


def _jsonl(*, online: bool) -> Row:
    from auditor.namelists import confidence_of  # noqa: PLC0415

    def row(name: str, version: str, found: Lookalike | None, said: Answer | None) -> str:
        more = _further(version, said) if online else ""
        if found is None:
            nothing = '"target": null, "kind": null, "confidence": null'
            return f'{{"name": {quoted(name)}, {nothing}{more}}}\n'
        target = quoted(found.target) if found.target else "null"
        return (
            f'{{"name": {quoted(name)}, "target": {target}, "kind": "{found.kind}", '
            f'"confidence": "{confidence_of(found.level).word}"{more}}}\n'
        )

    return row


def _further(version: str, said: Answer | None) -> str:
    """Return what a registry said of a name as further members of its JSON object."""
    known = None if said is None else said.signals
    first = _time(None if known is None else known.first)
    versions = "null" if known is None or known.versions is None else known.versions
    more = f', "first_published": {first}, "versions": {versions}'
    if version:
        published = _time(None if said is None else said.published)
        more += f', "version": {quoted(version)}, "published": {published}'
    return more


def _time(when: datetime | None) -> str:
    return "null" if when is None else f'"{when:%Y-%m-%dT%H:%M:%SZ}"'


def _console(ecosystem: str) -> Row:
    from auditor.safe import safe  # noqa: PLC0415

    where = {"npm": "npm", "pypi": "PyPI"}[ecosystem]

    def row(name: str, _: str, found: Lookalike | None, said: Answer | None) -> str:
        release = f"; {safe(said.release)}" if said is not None and said.release else ""
        if found is None:
            known = None if said is None else said.signals
            absent = "" if release or known is None or known.there else "; not in the registry"
            return f"{safe(name)}: looks like no popular name of {where}{absent}{release}\n"
        how = f"{found.kind}, told at {found.level.word}"
        return f"{safe(name)}: {safe(found.likeness)} ({how}): {safe(found.reason)}{release}\n"

    return row
