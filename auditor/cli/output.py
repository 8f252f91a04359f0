"""Showing a report: on standard output, in files, and a progress bar while it is made."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor import policy, report
from auditor.blame import bug
from auditor.cli import streams
from auditor.errors import UsageError
from auditor.model import SetAside
from auditor.safe import safe
from auditor.sources import userfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    from auditor.model import Report
    from auditor.scan import Announce


def destinations(reports: tuple[str, ...], known: tuple[str, ...] = ()) -> list[tuple[str, Path]]:
    """Read the `FORMAT=FILE` options; raise UsageError before any work is done.

    `known` are the formats of a command whose answer is no report.
    """
    found = []
    for text in reports:
        name, equals, path = text.partition("=")
        among = known or report.names()
        if not equals or not path or name not in among:
            raise UsageError(
                f"--report takes FORMAT=FILE with one of {', '.join(among)}, not {text!r}"
            )
        if not known:
            report.load(name)
        found.append((name, Path(path)))
    return found


def listing(format_: str, files: list[tuple[str, Path]]) -> bool:
    """Tell whether any report that was asked for shows each package of a lockfile."""
    return any(report.load(name).packages for name in (format_, *(name for name, _ in files)))


def show(  # noqa: PLR0913 - what the options of a command say
    result: Report,
    format_: str,
    files: list[tuple[str, Path]],
    *,
    verbose: bool,
    quiet: bool,
    listed: bool = True,
) -> int:
    """Print and write a report; return the exit code that its verdict means.

    Packages of lockfiles that are not to be `listed` are for those formats that are made of them.
    """
    # all before the first is written: where one fails, none is there that says all is well
    shown = _rendered(result, format_, terminal(verbose=verbose, quiet=quiet), listed=listed)
    texts = [_rendered(result, name, paper(), listed=listed) for name, _ in files]
    streams.put(shown, commands=report.load(format_).commands)
    for (_, path), text in zip(files, texts, strict=True):
        write(path, text)
    return policy.EXIT_CODES[result.verdict]


def terminal(*, verbose: bool, quiet: bool) -> report.View:
    """Return who looks at standard output."""
    width = 100
    if sys.stdout.isatty():
        import shutil  # noqa: PLC0415 - where somebody looks

        width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))
    return replace(paper(), color=_wants_color(), width=width, verbose=verbose, quiet=quiet)


def paper() -> report.View:
    """Return who reads a file: all of it, without colours."""
    root, folder = _repository(Path.cwd())
    return report.View(verbose=True, root=root, folder=folder)


_held: dict[Path, TextIO] = {}
"""Files that were opened before this process gave up opening any."""


@contextmanager
def held(paths: Iterable[Path]) -> Iterator[None]:
    """Open files that are to be written later; raise UsageError where that fails.

    What is in one stays there until it is written. One that was made here, and was not written, is
    taken away at the end.
    """
    made: list[Path] = []
    try:
        for path in paths:
            _hold(path, made)
        yield
    finally:
        for path in [*_held]:
            _held.pop(path).close()
        for path in made:
            with suppress(OSError):
                if path.stat().st_size == 0:
                    path.unlink()


def _hold(path: Path, made: list[Path]) -> None:
    try:
        if not os.path.lexists(path):
            made.append(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    _held[path] = os.fdopen(handle, "w", encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Write a file that the user named; raise UsageError where that fails."""
    try:
        if path not in _held:
            path.write_text(text, encoding="utf-8")
            return
        file = _held[path]
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.truncate(0)
        file.write(text)
        file.flush()
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise UsageError(f"{path}: cannot be written: {why}") from None


def _rendered(result: Report, name: str, view: report.View, *, listed: bool) -> str:
    found = report.load(name)
    if not (listed or found.packages):
        rows = [{k: v for k, v in row.items() if k != "packages"} for row in result.inventories]
        result = replace(result, inventories=tuple(rows))
    try:
        return found.render(result, view)
    except (MemoryError, UsageError):
        raise
    except Exception as problem:
        raise bug(problem, f"the report {name}") from problem


def _repository(current: Path) -> tuple[str, str]:
    """Return the git repository that a folder lies in, and the folder's path in it.

    That is told by `.git` alone, a folder or, in work trees and submodules, a file. Where there is
    none, the folder itself stands for it.
    """
    for folder in (current, *current.parents):
        if (folder / ".git").exists():
            below = current.relative_to(folder).as_posix()
            return folder.as_posix(), "" if below == "." else below
    return current.as_posix(), ""


def with_baseline(result: Report, path: Path | None) -> Report:
    """Write what was found into a baseline, and return the report in which all of it is known."""
    if path is None:
        return result
    from auditor import baselinefile  # noqa: PLC0415 - only where one is written

    old = [one.finding for one in result.suppressed if one.by is SetAside.BASELINE]
    userfile.write(path, baselinefile.rendered((*result.findings, *old)))
    return policy.known(result)


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


@contextmanager
def progress() -> Iterator[Announce]:
    """Yield what a scan tells of its progress; a bar appears on a terminal after a second."""
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    from auditor.cli.bar import Bar  # noqa: PLC0415 - where somebody looks

    bar = Bar()
    try:
        yield bar.announce
    finally:
        bar.close()


def packer_output(*, verbose: bool) -> Callable[[str], None] | None:
    """Return what is done with a packer's own output: shown on standard error with -v."""
    if not verbose:
        return None
    return lambda line: streams.complain(f"{safe(line, 1000)}\n")
