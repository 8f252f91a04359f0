"""The marks by which an index knows obfuscated code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.anchors import Anchors
from auditor.facts import obfuscation
from auditor.model import Member

if TYPE_CHECKING:
    from auditor.facts.obfuscation import ObfuscationFact

ARMOR = "__py" + "armor"
BEGIN, END = ("---" + word + " PYE FILE---" for word in ("BEGIN", "END"))


def found(text: str, path: str = "pkg/a.py", *, nested: bool = False) -> list[ObfuscationFact]:
    data = text.encode()
    hits = tuple(Anchors(obfuscation.READER.anchors).hits(data))
    member = Member(path=path, name=path, size=len(data), nested=nested)
    return list(obfuscation.read(member, data, hits))


MARKS = [
    (f"{ARMOR}__(__name__, __file__, b'PYARMOR')", "PyArmor"),
    *((f"x = {ARMOR}_{word}__", "PyArmor") for word in ("enter", "exit", "assert", "bcc")),
    (f"{BEGIN}\nabc\n{END}", "SourceDefender"),
    (f"{END}\n{BEGIN}", "SourceDefender"),
]


@pytest.mark.parametrize(("text", "tool"), MARKS)
def test_each_mark_is_known(text: str, tool: str) -> None:
    for path in ("a.py", "pkg/A.PY", "pkg/a.pye"):
        assert [fact.tool for fact in found(text, path)] == [tool]


@pytest.mark.parametrize(
    "text",
    [f"{ARMOR}__(1)", f"{ARMOR}_start__", BEGIN, END, "pyarmor gen a.py", "import pyarmor_runtime"],
)
def test_part_of_a_mark_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("path", ["a.txt", "a.pyc", "a.py.txt", "py", "a.yaml"])
def test_other_files_are_not_looked_at(path: str) -> None:
    assert found(MARKS[0][0], path) == []


def test_a_file_of_more_than_5_mib_is_not_looked_at() -> None:
    limit = 5 * 1024 * 1024
    mark = MARKS[0][0]
    assert len(found(mark.ljust(limit))) == 1
    assert found(mark.ljust(limit + 1)) == []


def test_the_line_is_that_of_the_first_mark_and_a_file_has_one_fact_per_tool() -> None:
    text = f"a\n{ARMOR}_exit__\n{ARMOR}_enter__\n{ARMOR}_exit__\n{BEGIN}\n{END}\n"
    assert [(fact.tool, fact.line) for fact in found(text)] == [
        ("PyArmor", 2),
        ("SourceDefender", 5),
    ]


def test_what_lies_in_an_inner_archive_is_told_apart() -> None:
    assert [fact.nested for fact in found(MARKS[0][0], "in.zip!a.py", nested=True)] == [True]
    assert [fact.nested for fact in found(MARKS[0][0], "in!a.py")] == [False]


def test_our_own_code_holds_no_mark() -> None:
    for path in (Path(__file__).parent.parent / "auditor").rglob("*.py"):
        assert found(path.read_text(encoding="utf-8"), path.name) == []
    assert found(Path(__file__).read_text(encoding="utf-8")) == []
