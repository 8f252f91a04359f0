"""The SARIF report as code scanning is to have it: without what was set aside.

Code scanning does not read `suppressions`, and would show each waived result as an open alert: a
gate that cannot be told "this one is fine" is switched off. The report itself keeps them.
"""

from __future__ import annotations

import json
from typing import Any


def open_alone(sarif: str) -> str:
    """Return a SARIF document without its suppressed results; raise ValueError for another one."""
    document: dict[str, Any] = json.loads(sarif)
    for run in document["runs"]:
        run["results"] = [one for one in run["results"] if not one.get("suppressions")]
    return json.dumps(document, indent=1) + "\n"
