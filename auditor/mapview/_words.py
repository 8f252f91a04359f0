"""What is said of a recovery in whole sentences, the same in each format; no untrusted words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.facts.source_map import Carrier
from auditor.recovery import NOT_READ
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.recovery import Amount, MapRow, Recovery

_CARRIER = {
    Carrier.INLINE: "inline",
    Carrier.OBJECT: "written into code",
    Carrier.EVALUATED: "modules that are evaluated",
    Carrier.BINARY: "inside a binary",
}
LANGUAGES = 4
"""Languages that are named before the rest is left to JSON."""


def amount(some: Amount) -> str:
    """Return `1,902 files, 512,000 lines, 59.8 MB`."""
    files = words.counted(some.files, "file")
    return f"{files}, {words.counted(some.lines, 'line')}, {words.size(some.size)}"


def headline(found: Recovery) -> str:
    """Return the answer to the question in one sentence."""
    totals = found.totals
    if found.kind == NOT_READ:
        return "nothing of it could be examined"
    if not found.maps:
        if found.gaps:
            return "no source map was found in what could be examined"
        return "holds no source map: no source can be recovered"
    maps = words.counted(len(found.maps), "source map")
    gives = "gives" if len(found.maps) == 1 else "give"
    if not totals.first_party.files:
        if totals.third_party.files:
            return f"{maps} {gives} back no first-party source, and third-party source alone"
        return f"{maps} {gives} back no source text: none of it is embedded"
    return f"{maps} {gives} back {amount(totals.first_party)} of first-party source"


def details(found: Recovery, shown: Callable[[str], str] = safe) -> Iterator[str]:
    """Yield what else there is to say of all of it; `shown` makes a word fit for the format."""
    totals = found.totals
    if totals.languages:
        each = [
            f"{shown(language)} {some.files:,} ({words.size(some.size)})"
            for language, some in totals.languages
        ]
        yield f"languages: {words.listed(tuple(each), LANGUAGES)}"
    if totals.first_party.files:
        if totals.ships.files == totals.first_party.files:
            yield "all of it ships anyway, outside of maps"
        elif totals.ships.files:
            yield f"ships anyway, outside of maps: {amount(totals.ships)}"
        if totals.removed.files:
            yield f"in a map, not in the bundle: {amount(totals.removed)}"
        if totals.texts < totals.first_party.files:
            texts = words.counted(totals.texts, "different text")
            yield f"the same text lies in several folders: {texts}"
    if totals.third_party.files:
        yield f"third-party source: {amount(totals.third_party)}"


def of_map(row: MapRow) -> Iterator[str]:
    """Yield what is said of one map, in the order in which it is of interest."""
    if row.first_party.files:
        yield amount(row.first_party)
    else:
        yield "no first-party text"
    if row.removed:
        yield f"{row.removed:,} not in the bundle"
    if row.first_party.files and not row.undisclosed.files:
        yield "all ships anyway"
    if row.third_party.files:
        yield f"{row.third_party.files:,} third-party"
    without = row.listed - row.first_party.files - row.third_party.files
    if without:
        yield f"{without:,} named without text"
    if row.carrier is not Carrier.FILE:
        yield _CARRIER[row.carrier]
    elif not row.linked:
        yield "no file refers to it"
