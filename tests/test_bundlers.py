"""Real bundlers in each setting: what is told of source text, against what can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.bundlers import CASES, PAGE, TOOLS, Case, audited, build, readable
from tests.packer_tools import installed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.packer
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.tool} {case.setting}")
def test_source_text_is_told_exactly_where_it_is(case: Case, tmp_path: Path) -> None:
    out = build(case, installed(" ".join(TOOLS[case.tool])).parent, tmp_path)
    told = audited(out)

    assert any(path.is_file() for path in out.rglob("*"))
    assert readable(out) is case.text
    assert ("embedded-sources" in told.rules) is case.text
    assert told.gaps == ()


def test_the_page_has_a_line_for_each_case() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    told = [tuple(line.split(" | ")[:3]) for line in lines if line.startswith("| ")]
    wanted = [
        (
            f"| {case.tool}"
            + (f" {TOOLS[case.tool][0].rpartition('@')[2]}" if case.tool != "node" else ""),
            case.setting,
            "**yes**" if case.text else "no",
        )
        for case in CASES
    ]
    assert told[1:] == wanted
