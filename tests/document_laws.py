"""The law of documents: whatever value is wrong, it is read or refused, and the key is named."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import InputError, UsageError
from tests import mutations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.document_kinds import Kind

_LINE = re.compile(r"\bline \d|\(char \d|byte \d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one change."""

    change: str
    ending: str
    """`read`, `told` of something in it, or `refused`."""
    wrong: str = ""
    """What is against the law; empty where nothing is."""


def results(kind: Kind, step: int = 1, start: int = 0) -> Iterator[Result]:
    """Yield what becomes of each change of a document, or of each `step`th from `start` on."""
    if kind.text is not None:
        for number, (said, data) in enumerate(mutations.changed_lines(kind.text)):
            if number % step == start % step:
                yield _result(kind, said, data, ())
        return
    for number, change in enumerate(mutations.changes(kind.tree)):
        if number % step == start % step:
            text = kind.printed(mutations.changed(kind.tree, change))
            keys = _names(change)
            yield _result(kind, str(change), text.encode("utf-8", "surrogatepass"), keys)


def _names(change: mutations.Change) -> tuple[str, ...]:
    """Return what of a change's path a message may name: its key; of what is gone its holder's."""
    keys = [part for part in change.path if isinstance(part, str)]
    gone = change.kind == mutations.REMOVED and len(keys) > 1
    return (keys[-1], keys[-2]) if gone else tuple(keys[-1:])


def _result(kind: Kind, change: str, data: bytes, keys: tuple[str, ...]) -> Result:
    try:
        said = kind.read(data)
    except (InputError, UsageError) as problem:
        named = (*keys, *kind.whole) if keys else ()
        return Result(change=change, ending="refused", wrong=_unnamed(str(problem), named))
    except Exception as problem:  # noqa: BLE001 - that is what is looked for
        last = traceback.extract_tb(problem.__traceback__)[-1]
        where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        crash = f"{type(problem).__name__} at {where}: {str(problem)[:120]}"
        return Result(change=change, ending="crashed", wrong=crash)
    return Result(change=change, ending="told" if said else "read")


def _unnamed(message: str, keys: tuple[str, ...]) -> str:
    """Return what a message lacks: one line, and the key or else the line."""
    if not message or "\n" in message or len(message) > 2000:
        return f"no clear line: {message[:200]!r}"
    if not keys or any(key in message for key in keys) or _LINE.search(message):
        return ""
    return f"no key in {message[:300]!r}"
