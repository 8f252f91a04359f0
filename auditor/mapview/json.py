"""JSON for other programs: version 1 of the schema in `auditor/schema/map-1.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from auditor import __version__

if TYPE_CHECKING:
    from auditor.recovery import Amount, MapRow, Recovered, Recovery, Totals
    from auditor.report import View

SCHEMA_VERSION = 1


def render(found: Recovery, _: View) -> str:
    """Return all that was found; names are as they are, for JSON escapes what could do harm."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "audit", "version": __version__},
        "source": found.source,
        "kind": found.kind,
        "complete": not found.gaps,
        "totals": _totals(found.totals),
        "maps": [_map(row) for row in found.maps],
        "files": [_file(one) for one in found.files],
        "notes": list(found.notes),
        "gaps": [{"path": gap.location.path, "reason": gap.reason} for gap in found.gaps],
    }
    return json.dumps(document, indent=1) + "\n"


def _amount(some: Amount) -> dict[str, int]:
    return {"files": some.files, "lines": some.lines, "bytes": some.size}


def _totals(totals: Totals) -> dict[str, object]:
    return {
        "first_party": _amount(totals.first_party),
        "undisclosed": _amount(totals.undisclosed),
        "ships": _amount(totals.ships),
        "removed": _amount(totals.removed),
        "third_party": _amount(totals.third_party),
        "distinct_texts": totals.texts,
        "languages": [
            {"language": language, **_amount(some)} for language, some in totals.languages
        ],
    }


def _map(row: MapRow) -> dict[str, object]:
    return {
        "path": row.path,
        "line": row.line,
        "bytes": row.size,
        "carrier": row.carrier.value,
        "linked": row.linked,
        "listed": row.listed,
        "first_party": _amount(row.first_party),
        "undisclosed": _amount(row.undisclosed),
        "third_party": _amount(row.third_party),
        "removed_files": row.removed,
    }


def _file(one: Recovered) -> dict[str, object]:
    return {
        "path": one.path,
        "name": one.name,
        "bytes": one.size,
        "lines": one.lines,
        "language": one.language,
        "third_party": one.third_party,
        "ships": one.ships,
        "in_bundle": one.in_bundle,
        "maps": list(one.maps),
    }
