"""Small plots side by side, as SVG: points, and the straight line from the first to the last."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, HEIGHT = 250, 170
"""Of the field of one panel, in pixels."""
_LEFT, _TOP, _RIGHT, _BOTTOM = 58, 34, 18, 34
_STYLE = """\
text { font: 11px system-ui, sans-serif; fill: #333; }
.title { font-weight: 600; }
.grid { stroke: #ddd; }
.line { stroke: #999; stroke-dasharray: 4 3; }
.curve { stroke: #0b62a8; stroke-width: 2; fill: none; }
.dot { fill: #0b62a8; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One plot; both axes begin at 0."""

    title: str
    """Says what lies to the right."""
    unit: str
    """What goes up."""
    points: tuple[tuple[float, float], ...]
    """At least two, from left to right."""


def step(largest: float, parts: int = 4) -> float:
    """Return the distance of marks: 1, 2 or 5 times a power of ten, at most `parts` of them."""
    power: float = 10 ** floor(log10(largest / parts))
    return next(m * power for m in (1, 2, 5, 10, 20) if m * power * parts >= largest)


def size(value: float) -> str:
    """Return a number of at most three digits, or a whole one."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def drawn(panels: Sequence[Panel], columns: int) -> str:
    """Return the picture, so many panels a row."""
    across, down = WIDTH + _LEFT + _RIGHT, HEIGHT + _TOP + _BOTTOM
    width, height = across * columns, down * ceil(len(panels) / columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        parts.append(f'<g transform="translate({column * across + _LEFT},{row * down + _TOP})">')
        parts += [*_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> Iterator[str]:
    most_x = panel.points[-1][0]
    mark = step(max(value for _, value in panel.points))
    marks = ceil(max(value for _, value in panel.points) / mark)
    places = [(WIDTH * x / most_x, HEIGHT * (1 - y / (mark * marks))) for x, y in panel.points]
    yield f'<text class="title" x="0" y="-14">{escape(panel.title)}: {escape(panel.unit)}</text>'
    for number in range(marks + 1):
        y = HEIGHT * (1 - number / marks)
        yield f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{number * mark:,g}</text>'
    for (x, _), (place, _) in zip(panel.points, places, strict=True):
        if place > WIDTH / 5 or not x:  # further left there is no room
            yield f'<text x="{place:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{size(x)}</text>'
    (x1, y1), (x2, y2) = places[0], places[-1]
    yield f'<line class="line" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline class="curve" points="{path}"/>'
    for x, y in places:
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
