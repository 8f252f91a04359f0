"""What is known of a zip before it is read: its names, and which modules its entry points name."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from auditor import fastpaths
from auditor.archives import listing, lone, stripped
from auditor.limits import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.facts import Reader
    from auditor.limits import Limits


def listed(path: Path, limits: Limits) -> tuple[str, ...]:
    """Return the names in a zip's directory; nothing for other files."""
    try:
        with path.open("rb") as file:
            return listing(file, Budget(limits))
    except OSError:
        return ()  # why it cannot be opened is said when it is to be read


def of_wheel(
    path: Path, names: Sequence[str], readers: tuple[Reader, ...], limits: Limits
) -> tuple[Reader, ...]:
    """Return the readers of a wheel; they read those modules alone that its entry points name.

    Those stand at its end, so they are looked up before.
    """
    from auditor.facts.python import python_entry_point as entry_point  # noqa: PLC0415 - of wheels

    places = {stripped(name, 0) for name in names if name.endswith(entry_point.ENTRY_POINTS)}
    found: bytes | None = b""
    if places:
        with suppress(OSError), path.open("rb") as file:
            found = lone(file, places.pop(), Budget(limits))
    if places or found is None or not fastpaths.enabled("named_modules"):
        return readers
    of_names = entry_point.reader_of(found)
    return tuple(of_names if one is entry_point.READER else one for one in readers)
