"""Numbers as people read them: 59.8 MB, 1,902 files."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Return bytes in decimal units, as registries print them: `512 bytes`, `59.8 MB`."""
    if abs(count) < 1000:
        return counted(count, "byte")
    value = float(count)
    unit = "bytes"
    for unit in _UNITS:  # noqa: B007 - the loop's last unit is the answer
        value /= 1000
        if abs(value) < 999.5:
            break
    digits = 0 if value >= 99.95 and unit == "kB" else 1
    return f"{value:,.{digits}f} {unit}"


def plural(noun: str) -> str:
    """Return the plural of a noun, or of the last word of several."""
    return f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"


def counted(count: int, noun: str, several: str = "") -> str:
    """Return `1 file`, `1,902 files`."""
    return f"{count:,} {noun if count == 1 else several or plural(noun)}"


def listed(items: tuple[str, ...], shown: int = 3) -> str:
    """Return the first few items and how many more there are."""
    more = len(items) - shown
    return ", ".join(items[:shown]) + (f", and {more:,} more" if more > 0 else "")


def duration(seconds: int) -> str:
    """Return a time span in its largest whole unit: `8 hours`, `3 days`, `40 seconds`."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length or (seconds >= length and unit != "day"):
            return counted(seconds // length, unit)
    return counted(seconds, "second")
