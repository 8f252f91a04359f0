"""What can be recovered as one HTML page that works offline: a treemap of bytes by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.mapview import _words
from auditor.recovery import Amount, MapRow, Recovery
from auditor.report._html import paper, treemap
from auditor.shipped import Entry

if TYPE_CHECKING:
    from auditor.recovery import Recovered
    from auditor.report import View

KINDS = ("first-party", "not in the bundle", "ships anyway", "third-party", treemap.OTHER)
"""What a source is, in the order of the style sheet's colours."""
MAPS = 2_000
"""Maps that the page has; JSON has them all."""


class Told(Struct, frozen=True, kw_only=True):
    """One map as the page tells it."""

    row: MapRow
    said: str


class Page(Struct, frozen=True, kw_only=True):
    """Everything that the template reads."""

    found: Recovery
    headline: str
    details: tuple[str, ...]
    kinds: tuple[tuple[str, int, Amount], ...]
    """What there is of each kind, with the number of its colour."""
    folders: tuple[treemap.Folder, ...]
    tree: str
    """As JSON, for the script."""
    maps: tuple[Told, ...]

    @property
    def size(self) -> int:
        """Bytes of all texts."""
        return sum(one.size for one in self.found.files)


def render(found: Recovery, view: View) -> str:
    """Return the page; it has everything, whatever the view, but with `quiet` the answer alone."""
    return paper.rendered("map.html", page=page(found), quiet=view.quiet)


def page(found: Recovery) -> Page:
    """Return what the page shows."""
    entries = [Entry(path=one.path, size=one.size, kind=_told(one)) for one in found.files]
    listing = treemap.folders(entries)
    ranked = sorted(found.maps, key=lambda one: (-one.first_party.size, one.path))
    return Page(
        found=found,
        headline=_words.headline(found),
        details=tuple(_words.details(found)),
        kinds=tuple(_kinds(found)),
        folders=listing,
        tree=treemap.document(listing, KINDS),
        maps=tuple(Told(row=row, said=", ".join(_words.of_map(row))) for row in ranked[:MAPS]),
    )


def _kind(one: Recovered) -> str:
    if one.third_party:
        return "third-party"
    if one.ships:
        return "ships anyway"
    return "not in the bundle" if one.is_removed else "first-party"


def _told(one: Recovered) -> str:
    return treemap.DETAIL.join((_kind(one), one.language, words.counted(one.lines, "line")))


def _kinds(found: Recovery) -> list[tuple[str, int, Amount]]:
    amounts: dict[str, Amount] = {}
    for one in found.files:
        kind = _kind(one)
        amounts[kind] = amounts[kind] + one.amount if kind in amounts else one.amount
    return [(kind, KINDS.index(kind), amounts[kind]) for kind in KINDS if kind in amounts]
