"""`audit names` as a user calls it: what it says of names, in what form, with which exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from auditor.cli import names as cli_names
from auditor.cli.options import LEVELS
from auditor.names import Level, Lookalike
from tests.test_cli import audit
from tests.test_lookalike import Fake
from tests.work import calls

if TYPE_CHECKING:
    from pathlib import Path

ASKED: list[tuple[str, str]] = []


def judged(self: Any, name: str, level: Level = Level.DEFAULT) -> Lookalike | None:  # noqa: ANN401
    ASKED.append((self.ecosystem, name))
    return Fake().judge(name, level)


@pytest.fixture(autouse=True)
def _fake_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()
    monkeypatch.setattr("auditor.names.matcher.Matcher.judge", judged)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return audit(capsys, "names", *arguments)


def given(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_the_levels_on_the_command_line_are_those_of_names() -> None:
    assert [*LEVELS] == [level.word for level in Level]


def test_a_look_alike_is_one_line_with_target_kind_level_and_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys, "lodahs") == (
        1,
        "lodahs: looks like lodash (edit, told at quiet): lodash it is not.\n",
        "",
    )


@pytest.mark.parametrize(("ecosystem", "called"), [("npm", "npm"), ("pypi", "PyPI")])
def test_that_nothing_is_imitated_is_said_plainly(
    capsys: pytest.CaptureFixture[str], ecosystem: str, called: str
) -> None:
    said = f"express: looks like no popular name of {called}\n"
    assert run(capsys, "express", "--ecosystem", ecosystem) == (0, said, "")
    assert [(ecosystem, "express")] == ASKED


def test_every_name_has_its_json_object_in_the_order_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("lodahs", "express", "lodash-utilz", "chai-as-kept", 'a"\\\u202eb')
    code, out, _ = run(capsys, "--format", "jsonl", "--names", "everything", *names)

    assert code == 1
    assert out.isascii()
    assert [json.loads(line) for line in out.splitlines()] == [
        {"name": "lodahs", "target": "lodash", "kind": "edit", "confidence": "high"},
        {"name": "express", "target": None, "kind": None, "confidence": None},
        {"name": "lodash-utilz", "target": "lodash", "kind": "affix", "confidence": "medium"},
        {"name": "chai-as-kept", "target": "chai", "kind": "combination", "confidence": "low"},
        {"name": 'a"\\\u202eb', "target": None, "kind": None, "confidence": None},
    ]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["lodahs", "--names", "quiet"], 1),
        (["lodash-utilz", "--names", "quiet"], 0),
        (["lodash-utilz"], 1),
        (["chai-as-kept"], 0),
        (["chai-as-kept", "--names", "everything"], 1),
        (["lodahs", "express"], 1),
    ],
)
def test_the_exit_code_says_whether_something_is_told_at_the_level(
    capsys: pytest.CaptureFixture[str], options: list[str], code: int
) -> None:
    assert run(capsys, *options)[0] == code


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["a", "--ecosystem", "cargo"],
        ["a", "--names", "off"],
        ["a", "--format", "json"],
        ["a", "--internal", "b c"],
        ["a", "--internal-file", "missing"],
    ],
)
def test_a_wrong_call_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    code, out, error = run(capsys, *options)
    assert (code, out) == (2, "")
    assert error


def test_names_come_through_standard_input_one_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, b"express\r\n\n  lodahs  \n\xff\nn\xc3\xa4me")
    code, out, _ = run(capsys, "--format", "jsonl", "first", "-", "last")

    assert code == 1
    named = [json.loads(line)["name"] for line in out.splitlines()]
    assert named == ["first", "express", "lodahs", "\\xff", "näme", "last"]


def test_no_name_on_standard_input_is_no_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, b"\n")
    assert run(capsys, "-") == (0, "", "")


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("length", [1025, 1026, 2048, 2049, 1_000_000])
def test_an_endless_line_is_not_examined_and_said_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, length: int, end: bytes
) -> None:
    given(monkeypatch, b"lodahs\n" + b"a" * length + b"\nexpress" + end)
    code, out, error = run(capsys, "-", "b" * 1025, "c")

    assert code == 3
    assert out.count("\n") == 3
    assert error.count("is no name") == 2
    assert ASKED == [("npm", "lodahs"), ("npm", "express"), ("npm", "c")]


def test_that_something_was_not_examined_wins_over_what_was_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys, "b" * 1025, "lodahs")[0] == 3
    assert run(capsys, "lodahs", "b" * 1025)[0] == 3


@pytest.mark.parametrize("end", [b"\n", b""])
def test_the_longest_line_is_a_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    given(monkeypatch, b"a" * 1024 + end)
    assert run(capsys, "-")[0] == 0
    assert ASKED == [("npm", "a" * 1024)]


def test_a_hostile_name_does_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = run(capsys, "a\x1b[2Jb", "c\u202ed", "\udcff", "e\nf")
    assert out.split(": looks like no popular name of npm\n") == [
        "a\\x1b[2Jb",
        "c\\u202ed",
        "\\udcff",
        "e\\nf",
        "",
    ]


def test_internal_names_are_compared_with_and_are_no_look_alikes_themselves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "names"
    path.write_text("@acme/lodahs\nlodahs\n")
    options = ("--internal", "acme-kit", "--internal-file", str(path), "--format", "jsonl")
    code, out, _ = run(capsys, *options, "acme-kitt", "acme-kit", "lodahs", "esl1nt")
    rows = [json.loads(line) for line in out.splitlines()]

    assert code == 1
    assert [(row["target"], row["kind"]) for row in rows] == [
        ("acme-kit", "internal"),
        (None, None),
        (None, None),
        ("eslint", "look"),
    ]
    assert ASKED == [("npm", "esl1nt")]


class _Slow(io.RawIOBase):
    """Hands out one line at a time, and notes what was printed by then."""

    def __init__(self, lines: list[bytes], printed: io.BytesIO) -> None:
        self._lines = iter(lines)
        self._printed = printed
        self.seen: list[int] = []

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        self.seen.append(self._printed.getvalue().count(b"\n"))
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def test_a_line_is_answered_before_the_next_one_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = io.BytesIO()
    slow = _Slow([b"lodahs\n", b"express\n", b"c\n"], printed)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(slow)))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(_Raw(printed))))
    cli_names.command.main(["-"], standalone_mode=False)
    assert slow.seen[:4] == [0, 1, 2, 3]


class _Raw(io.RawIOBase):
    """Takes what is written through."""

    def __init__(self, out: io.BytesIO) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - a readable buffer
        return self._out.write(data)


def test_a_name_takes_little_work_besides_the_matcher(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.names.matcher.Matcher.judge", lambda *_: None)

    def work(count: int) -> int:
        given(monkeypatch, b"".join(b"some-name-%d\n" % n for n in range(count)))
        ask = ["--format", "jsonl", "-"]
        spent = calls(lambda: cli_names.command.main(ask, standalone_mode=False))
        assert capsysbinary.readouterr().out.count(b"\n") == count
        return spent

    work(1)  # what is loaded once
    assert work(4_000) < 20 * 4_000 + work(1)


def test_a_reader_that_goes_away_ends_it_without_a_traceback() -> None:
    code = (
        "import sys; from auditor.names.matcher import Matcher;"
        "Matcher.__init__ = lambda self, e: None; Matcher.judge = lambda *_: None;"
        "from auditor.__main__ import run; sys.exit(run(['names', '-']))"
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    ) as child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        child.stdin.write(b"a\n")
        child.stdin.flush()
        assert child.stdout.readline().startswith(b"a: ")
        child.stdout.close()
        child.stdin.write(b"b\nc\n")
        child.stdin.close()
        assert child.stderr.read() == b""
        assert child.wait(30) == 3
