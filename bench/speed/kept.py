"""Keeps results between runs, so that a part can be measured again, or a run go on."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.speed.measures import MEASURES
from bench.speed.rounds import Cost, Result, Rival

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def written(result: Result) -> dict[str, Any]:
    """Return a result as values of JSON; of its measure the name."""
    return asdict(result) | {"measure": result.measure.name}


def read(value: dict[str, Any]) -> Result:
    """Return a result that was written; its measure is as it is now."""
    named = {measure.name: measure for measure in MEASURES}
    rivals = (
        Rival(**{**one, "cost": None if one["cost"] is None else Cost(**one["cost"])})
        for one in value["rivals"]
    )
    return Result(
        **{
            **value,
            "measure": named[value["measure"]],
            "floor": Cost(**value["floor"]),
            "ours": Cost(**value["ours"]),
            "rivals": tuple(rivals),
        }
    )


def merged(path: Path, results: Sequence[Result]) -> list[Result]:
    """Put results to those that a file has, and return all, in the order of the measures."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known |= {result.measure.name: written(result) for result in results}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return [read(known[one.name]) for one in MEASURES if one.name in known]
