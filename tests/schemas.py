"""Our JSON documents against their schemas; each schema is checked once, and not per document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema.validators import validator_for

import auditor

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


def checked(schema: dict[str, Any]) -> Validator:
    """Return what validates documents, once the schema is found to be one."""
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _ours(name: str) -> Validator:
    folder = Path(auditor.__file__).parent / "schema"
    return checked(json.loads((folder / name).read_text(encoding="utf-8")))


REPORT = _ours("report-1.json")
MAP = _ours("map-1.json")
