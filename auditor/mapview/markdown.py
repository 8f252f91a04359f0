"""What can be recovered as Markdown (GitHub's), for an issue or a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.mapview import _tree, _words
from auditor.safe import fenced, safe, safe_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.mapview._tree import Row
    from auditor.recovery import Recovery
    from auditor.report import View

MAPS = 20
"""Maps that are listed before the rest is counted, and gaps likewise."""


def render(found: Recovery, view: View) -> str:
    """Return one document; nothing of the target becomes markup, link or mention."""
    return "\n".join(_document(found, view)).rstrip() + "\n"


def _document(found: Recovery, view: View) -> Iterator[str]:
    yield f"# {safe_markdown(found.source)}"
    yield ""
    answer = _words.headline(found)
    yield f"{answer[:1].upper()}{answer[1:]}."
    yield ""
    yield from (f"- {detail}" for detail in _words.details(found, safe_markdown))
    yield from (f"- note: {safe_markdown(note)}" for note in found.notes)
    if found.gaps:
        shown = found.gaps if view.verbose else found.gaps[:MAPS]
        yield from ("", "## Not examined", "")
        for gap in shown:
            place = safe_markdown(gap.location.path or gap.location.source)
            yield f"- {place}: {safe_markdown(gap.reason)}"
        yield from _more(len(found.gaps) - len(shown))
    if view.quiet:
        return
    if found.files:
        yield from ("", "## What can be recovered", "")
        yield from fenced(map(_row, _tree.rows(_tree.tree(found.files), every=view.verbose)))
    if found.maps:
        ranked = sorted(found.maps, key=lambda one: (-one.first_party.size, one.path))
        maps = ranked if view.verbose else ranked[:MAPS]
        yield from ("", "## Source maps", "")
        for row in maps:
            place = safe_markdown(row.path) + (f":{row.line}" if row.line else "")
            yield f"- {place} ({words.size(row.size)}): {', '.join(_words.of_map(row))}"
        yield from _more(len(ranked) - len(maps))


def _more(count: int) -> Iterator[str]:
    if count:
        yield f"- … and {count:,} more"


def _row(row: Row) -> str:
    name = "  " * row.depth + safe(row.name, 60)
    numbers = [] if row.file else [words.counted(row.amount.files, "file")]
    numbers += [words.counted(row.amount.lines, "line"), words.size(row.amount.size)]
    return f"{name}  {', '.join([*numbers, *row.remarks])}"
