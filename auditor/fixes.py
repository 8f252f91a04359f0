"""Several fixes of one rule as one: the lines to type are joined, the words are said once."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST = 12
"""Fixes that are joined unless all are wanted."""
ALL = 200
"""Fixes that are joined where all are wanted: nobody types more lines, and each is compared with
all before it."""
_LIST = regex(r"(?P<head>\s+[^\s=]+ = )\[(?P<items>.*)\]\Z")
_TABLE = regex(r"\s+\[[^\]=]+\]\Z")


def is_typed(line: str) -> bool:
    """Tell whether a line of a fix is one to type: it is indented."""
    return line.startswith("  ") and bool(line.strip())


def joined(fixes: Iterable[str], most: int | None = MOST) -> str:
    """Return the first fix, with what the lines to type of the others add to it.

    `exclude = ["a"]` and `exclude = ["b"]` below one table become one list; any other line comes
    behind. Words of other fixes are left out. With more than `most` fixes, or more than 200 where
    that is None, a comment says so.
    """
    most = ALL if most is None else most
    distinct = list(dict.fromkeys(fixes))
    if not distinct or not any(map(is_typed, distinct[0].splitlines())):
        return distinct[0] if distinct else ""
    lines = distinct[0].splitlines()
    rows = [(table, line) for table, line in _tabled(lines) if is_typed(line)]
    last = max(index for index, line in enumerate(lines) if is_typed(line))
    start = next(index for index, line in enumerate(lines) if is_typed(line))
    block = lines[start : last + 1]
    if all(map(is_typed, block)):
        for fix in islice(distinct, 1, most):
            _add(rows, fix)
        typed = _written(rows)
        if len(distinct) > most:
            typed.append(
                f"  # and for {len(distinct) - most:,} more{'' if most == ALL else ' (-v)'}"
            )
        return "\n".join((*lines[:start], *typed, *lines[last + 1 :]))
    return distinct[0]


def _tabled(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each line with the TOML table that it stands below, empty for none."""
    table = ""
    for line in lines:
        if not is_typed(line):
            table = ""
        elif _TABLE.match(line):
            table = line
        yield table, line


def _add(rows: list[tuple[str, str]], fix: str) -> None:
    for row in _tabled(fix.splitlines()):
        if not is_typed(row[1]) or row in rows:
            continue
        found = _LIST.match(row[1])
        for index, (table, line) in enumerate(rows):
            there = _LIST.match(line)
            if table == row[0] and found and there and there["head"] == found["head"]:
                union = _union(there["items"], found["items"])
                if union is not None:
                    rows[index] = (table, f"{there['head']}[{union}]")
                    break
        else:
            rows.append(row)


def _union(one: str, other: str) -> str | None:
    """Return the items of two lists of texts as one; None where they are not of that kind."""
    try:
        items = [*json.loads(f"[{one}]"), *json.loads(f"[{other}]")]
        return ", ".join(json.dumps(item, ensure_ascii=False) for item in dict.fromkeys(items))
    except (ValueError, TypeError):
        return None


def _written(rows: list[tuple[str, str]]) -> list[str]:
    """Return the lines, those of one table together, each table's head once."""
    tables = dict.fromkeys(table for table, _ in rows)
    return [line for table in tables for head, line in rows if head == table]
