"""What can be recovered, for a person at a terminal: the answer, the tree, the maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from auditor import words
from auditor.mapview import _tree, _words
from auditor.report._terminal import printed
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from auditor.mapview._tree import Row
    from auditor.model import Gap
    from auditor.recovery import Recovery
    from auditor.report import View

MAPS = 10
"""Maps that are listed before the rest is counted."""
REMOVED = 20
"""Files that are not in the bundle, likewise."""
GAPS = 10
_NAME = 56
"""Columns of the tree itself, at most; at least what is left of a narrow terminal."""
_NUMBERS = 36
"""Columns of the three numbers of a row, and of the gaps between them."""


def render(found: Recovery, view: View) -> str:
    """Return the answer as text, with ANSI colours where the view has them."""
    return printed(view, lambda console: _Printer(console, found, view).print(), soft_wrap=True)


class _Printer:
    """Prints one recovery; every text of the target goes through `safe`."""

    def __init__(self, console: Console, found: Recovery, view: View) -> None:
        self._console = console
        self._found = found
        self._view = view

    def print(self) -> None:
        found = self._found
        self._line(Text.assemble((safe(found.source), "bold"), f"  {safe(found.kind)}"))
        self._line(Text(_words.headline(found), "bold"))
        if not self._view.quiet:
            for detail in _words.details(found):
                self._line(detail, indent=2)
            for note in found.notes:
                self._line(Text(f"note: {safe(note)}", "yellow"))
        self._gaps(found.gaps)
        if self._view.quiet:
            return
        self._tree()
        self._removed()
        self._maps()

    def _line(self, text: Text | str = "", indent: int = 0) -> None:
        shown = Text(text) if isinstance(text, str) else text
        self._console.print(Text.assemble(" " * indent, shown))

    def _head(self, text: str, style: str = "bold") -> None:
        self._line()
        self._line(Text(text, style))

    def _gaps(self, gaps: Sequence[Gap]) -> None:
        shown = gaps if self._view.verbose else gaps[:GAPS]
        if gaps:
            self._head("not examined", "bold magenta")
        for gap in shown:
            place = safe(gap.location.path or gap.location.source)
            self._line(Text.assemble((place, "bold"), f": {safe(gap.reason)}"), indent=2)
        self._more(len(gaps) - len(shown))

    def _more(self, count: int) -> None:
        if count:
            self._line(Text(f"… and {count:,} more (-v lists them)", "dim"), indent=2)

    def _tree(self) -> None:
        if not self._found.files:
            return
        self._head("what can be recovered")
        every = self._view.verbose
        for row in _tree.rows(_tree.tree(self._found.files), every=every):
            self._row(row)

    def _row(self, row: Row) -> None:
        indent = 2 * row.depth
        width = max(16, min(_NAME, self._view.width - _NUMBERS - 24)) - indent
        name = safe(row.name)
        if cell_len(name) > width:
            name = safe(row.name, max(12, width))
        style = "dim" if "third-party" in row.remarks else "" if row.file else "bold"
        line = Text.assemble(" " * (indent + 2), (set_cell_size(name, max(width, 12)), style))
        files = "" if row.file else words.counted(row.amount.files, "file")
        lines = words.counted(row.amount.lines, "line")
        line.append(f"{files:>12}{lines:>14}{words.size(row.amount.size):>10}")
        if row.file:
            line.append(f"  {safe(row.file.language)}", "dim")
        for index, remark in enumerate(row.remarks):
            removed = remark.endswith("not in the bundle")
            mark = "  " if index == 0 else ", "
            line.append(f"{mark}{remark}", "bold red" if removed else "dim")
        self._line(line)

    def _removed(self) -> None:
        """Print what the bundler left out; that is what nobody expects a map to give away."""
        removed = [one for one in self._found.files if one.is_removed]
        if not removed:
            return
        removed.sort(key=lambda one: (-one.size, one.path))
        shown = removed if self._view.verbose else removed[:REMOVED]
        self._head("in a map, not in the bundle")
        for one in shown:
            line = Text.assemble((safe(one.path), "bold red"))
            line.append(f"  {words.counted(one.lines, 'line')}, {words.size(one.size)}")
            self._line(line, indent=2)
        self._more(len(removed) - len(shown))

    def _maps(self) -> None:
        if not self._found.maps:
            return
        self._head("source maps")
        ranked = sorted(
            self._found.maps,
            key=lambda one: (-one.first_party.size, -one.third_party.size, one.path),
        )
        shown = ranked if self._view.verbose else ranked[:MAPS]
        for row in shown:
            place = safe(row.path) + (f":{row.line}" if row.line else "")
            line = Text.assemble((place, "bold"), f" ({words.size(row.size)})")
            line.append(f": {', '.join(_words.of_map(row))}", "not bold")
            self._line(line, indent=2)
        self._more(len(ranked) - len(shown))
