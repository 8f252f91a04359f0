"""Real bundlers in each setting: what is told of source text, against what can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.bundlers import CASES, PAGE, TOOLS, Case, audited, build, readable
from tests.packer_tools import call, installed

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


@pytest.mark.packer
def test_an_archive_of_electron_s_own_tool_is_read(tmp_path: Path) -> None:
    modules = installed("@electron/asar@3.4.1")
    files = {
        "main.js": "run();\n//# sourceMappingURL=main.js.map\n",
        "main.js.map": '{"version":3,"sources":["a.ts"],"sourcesContent":["let a"],"mappings":"A"}',
        "lib/native.node": "left outside",
    }
    for name, text in files.items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    ended = call(
        tmp_path, str(modules / ".bin" / "asar"), *"pack app out/app.asar --unpack *.node".split()
    )
    assert ended.returncode == 0, ended.stdout
    told = audited(out)
    assert [(fact.path, fact.first_party_files, fact.linked) for fact in told.maps] == [
        ("app.asar!main.js.map", 1, True)
    ]
    assert (told.gaps, "embedded-sources" in told.rules) == ((), True)
