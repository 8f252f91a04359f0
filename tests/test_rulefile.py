"""The rule loader refuses whatever could mean something else than it seems to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor import rulefile
from auditor.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
id: big-file
title: A big file
fact: file
where:
  size: {over: 10}
severity: low
confidence: high
artifacts: [npm-tarball]
message: "{path} has {size}"
why: |
  Because.
fix: |
  Shrink it. {leave_out}
tests:
  - name: one byte over
    given: {npm-tarball: {a.bin: {size: 11}, b.bin: {size: 10}}}
    finds: [a.bin]
  - name: small
    given: {npm-tarball: {a.bin: "x"}}
    finds: []
"""

REFUSED = [
    (
        "severity: low",
        "severity: lo",
        "severity: 'lo' is none of info, low, medium, high, critical; did you mean 'low'?",
    ),
    ("severity: low", "severty: low", "severty: is no key here; did you mean 'severity'?"),
    (
        "  size: {over: 10}",
        "  sice: {over: 10}",
        "where.sice: the fact has no such field; did you mean 'size'?",
    ),
    (
        "  size: {over: 10}",
        "  size: {ovr: 10}",
        "where.size: 'ovr' is no operator; did you mean 'over'?",
    ),
    (
        "  size: {over: 10}",
        "  size: {glob: '*'}",
        "where.size.glob: 'glob' cannot compare a field of type int",
    ),
    ("  size: {over: 10}", "  size: {over: [1, 2]}", "where.size.over: 'over' takes one value"),
    ("  size: {over: 10}", "  size: {over: '10'}", "where.size.over: '10' is no int"),
    (
        "  size: {over: 10}",
        "  size: 1.5",
        "line 5: has '1.5' without quotes, which YAML readers disagree about",
    ),
    ("  size: {over: 10}", "  executable: 1", "where.executable: 1 is no bool"),
    (
        "  size: {over: 10}",
        "  name: {listed-in: nowhere.txt}",
        "where.name.listed-in: no list 'nowhere.txt'",
    ),
    ("  size: {over: 10}", "  name: [a, a]", "where.name: says one value twice"),
    (
        "where:\n  size: {over: 10}",
        "where: {}",
        "where: must be a mapping of fields to conditions, and not empty",
    ),
    ("fact: file", "fact: fil", "fact: 'fil' is no fact; did you mean 'file'?"),
    (
        "fact: file",
        "fact: no",
        "line 3: has 'no' without quotes, which YAML readers disagree about",
    ),
    ("title: A big file", "title: A big file\ntitle: B", "line 3: has the key 'title' twice"),
    (
        "title: A big file",
        "title: &a A big file",
        "line 2: sets the anchor &a; nothing may refer to it",
    ),
    (
        "id: big-file",
        "id: bigger-file",
        "id: 'bigger-file' must be words-with-dashes and the file's name",
    ),
    (
        "{path} has {size}",
        "{path} has {sise}",
        "message: {sise} is no field of the fact; did you mean 'size'?",
    ),
    ("{path} has {size}", "{path!r}", "message: {path} takes no format; a number may take a noun"),
    ("{path} has {size}", "{path:file}", "message: {path} takes no format"),
    ("{path} has {size}", "{size:>5}", "message: {size} takes no format"),
    (
        "{path} has {size}",
        "{path",
        "message: expected '}' before end of string; write {{ and }} for braces",
    ),
    ("confidence: high\n", "", "confidence: is missing"),
    ("artifacts: [npm-tarball]", "artifacts: [npm-tarbal]", "artifacts: 'npm-tarbal' is none of"),
    (
        "artifacts: [npm-tarball]",
        "artifacts: [project]",
        "artifacts: the fact 'file' is never seen in project",
    ),
    (
        "    finds: []",
        "    finds: [a.bin]",
        "tests: must hold one that finds and one that does not",
    ),
    ("  - name: small", "  - name: one byte over", "tests: two tests have the same name"),
    (
        '{npm-tarball: {a.bin: "x"}}',
        "{npm-tarball: {a.bin: 1}}",
        "tests[1].given.npm-tarball.a.bin: must be a text",
    ),
    (
        "title: A big file\nfact: file",
        "fact: file\ntitle: A big file",
        "keys must stand in this order",
    ),
]


def test_the_rule_that_the_others_are_bent_from_is_accepted() -> None:
    rule = rulefile.parse(GOOD, "big-file.yaml", {})

    assert (rule.id, rule.severity.word, len(rule.tests)) == ("big-file", "low", 2)


@pytest.mark.parametrize(("old", "new", "message"), REFUSED, ids=[new for _, new, _ in REFUSED])
def test_a_bad_rule_is_refused_with_file_key_and_reason(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as refused:
        rulefile.parse(GOOD.replace(old, new, 1), "big-file.yaml", {})

    assert f"big-file.yaml, {message}" in str(refused.value) or message in str(refused.value)
    assert str(refused.value).startswith("big-file.yaml")


def test_an_id_that_is_there_already_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big-file.yaml").write_text(GOOD)
    with pytest.raises(RuleError, match="'big-file' is already there"):
        rulefile.load((tmp_path, tmp_path))


def test_lists_are_read_from_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "names.txt").write_text("# comment\n\nBad.EXE\n")
    text = GOOD.replace("  size: {over: 10}", "  name: {listed-in: names.txt}")
    (tmp_path / "big-file.yaml").write_text(text)
    ruleset = rulefile.load((tmp_path,))

    assert ruleset.lists["names.txt"] == {"bad.exe"}


def test_the_digest_changes_with_any_rule(tmp_path: Path) -> None:
    (tmp_path / "big-file.yaml").write_text(GOOD)
    before = rulefile.load((tmp_path,)).digest
    (tmp_path / "big-file.yaml").write_text(GOOD.replace("over: 10", "over: 11"))

    assert rulefile.load((tmp_path,)).digest != before


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a-b.yaml", b"id: caf\xe9\n", "a-b.yaml: is not UTF-8 text (byte 7)"),
        ("a-b.yaml", "id: a\n".encode("utf-16"), "a-b.yaml: is UTF-16 text, where UTF-8 must"),
        ("a-b.yaml", None, "a-b.yaml: cannot be read: Is a directory"),
        ("data/l.txt", b"caf\xe9\n", "l.txt: is not UTF-8 text (byte 3)"),
        ("data/l.txt", None, "l.txt: cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_its_name(
    tmp_path: Path, name: str, data: bytes | None, problem: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if data is None:
        path.mkdir()
    else:
        path.write_bytes(data)

    with pytest.raises(RuleError) as raised:
        rulefile.load((tmp_path,))
    assert str(raised.value).startswith(problem)
