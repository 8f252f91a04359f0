"""What an artifact's maps give back, as sentences for every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.model import Disclosure

_LANGUAGES = 4
_NAMES = 2


def total(out: Disclosure) -> str:
    """Return how much it is: `2 source maps give back 20 files, 900 lines, 50.0 kB of …`."""
    verb = "gives" if out.maps == 1 else "give"
    what = ", ".join(
        (words.counted(out.files, "file"), words.counted(out.lines, "line"), words.size(out.size))
    )
    libraries = ""
    if out.third_party_files:
        libraries = f" (and {words.counted(out.third_party_files, 'file')} of libraries)"
    maps = words.counted(out.maps, "source map")
    return f"{maps} {verb} back {what} of first-party source{libraries}"


def details(out: Disclosure, shown: Callable[[str], str] = safe) -> str:
    """Return what the first-party files are, and where else they are.

    `TypeScript 18 files, CSS 2 files; 5 files ship anyway; 2 files, 90 lines are in no bundle
    (src/beta.ts, src/next.ts)`. `shown` makes a file's name safe for the output.
    """
    return "; ".join(_clauses(out, shown))


def _clauses(out: Disclosure, shown: Callable[[str], str]) -> Iterator[str]:
    shares = [f"{one.language} {words.counted(one.files, 'file')}" for one in out.languages]
    if shares:
        yield words.listed(tuple(shares), _LANGUAGES)
    if out.shipped_files:
        verb = "ships" if out.shipped_files == 1 else "ship"
        yield f"{words.counted(out.shipped_files, 'file')} {verb} anyway"
    if out.removed_files:
        files = words.counted(out.removed_files, "file")
        lines = words.counted(out.removed_lines, "line")
        verb = "is" if out.removed_files == 1 else "are"
        names = ", ".join(map(shown, out.removed[:_NAMES]))
        more = ", …" if out.removed_files > _NAMES else ""
        yield f"{files}, {lines} {verb} in no bundle ({names}{more})"
