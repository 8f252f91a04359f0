"""Each exception that can come up, at each place where work ends, through the real command."""

from __future__ import annotations

import binascii
import configparser
import csv
import json
import lzma
import sqlite3
import struct
import subprocess
import tomllib
import zlib
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import pytest
import requests
import yaml
from msgspec.structs import replace
from packaging.version import Version

from auditor import facts, historyscan, lockfiles, lockscan, report, rulebook
from auditor.__main__ import run
from auditor.archives.inflate import Inflated
from auditor.blame import bug, of_input
from auditor.errors import BugError, InputError, LimitError, SpentError, UsageError
from auditor.sources import rulecache
from tests.conftest import tarball

if TYPE_CHECKING:
    from auditor.facts import Contents
    from auditor.model import Member

Pack = Callable[..., Path]


def _of(library: Callable[[], object]) -> Exception:
    """Return what a library really raises, without the way to it."""
    return _caught(library).with_traceback(None)


def _caught(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as problem:  # noqa: BLE001 - that is what is wanted
        return problem
    raise AssertionError("nothing was raised")


def _library_errors() -> dict[str, Exception]:
    import brotli  # noqa: PLC0415 - as the package does
    import isal.igzip_lib  # noqa: PLC0415

    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
    except ImportError:
        from backports import zstd  # noqa: PLC0415
    return {
        "isal": _of(lambda: isal.igzip_lib.decompress(b"no stream at all")),
        "brotli": _of(lambda: brotli.decompress(b"no stream at all")),
        "zstd": _of(lambda: zstd.decompress(b"no stream at all")),
    }


OF_INPUT: dict[str, Exception] = {
    "zlib": _of(lambda: zlib.decompress(b"x")),
    "lzma": _of(lambda: lzma.decompress(b"x" * 20)),
    **_library_errors(),
    "end of file": EOFError(),
    "system": OSError(5, "Input/output error"),
    "permission": PermissionError(13, "Permission denied"),
    "value": ValueError("not what was expected"),
    "digits": _of(lambda: int("9" * 5000)),
    "unicode": _of(b"\xff".decode),
    "surrogates": _of("\ud800".encode),
    "recursion": RecursionError("maximum recursion depth exceeded"),
    "memory": MemoryError(),
    "struct": _of(lambda: struct.unpack("<I", b"x")),
    "yaml": _of(lambda: yaml.safe_load("a: [")),
    "toml": _of(lambda: tomllib.loads("a = ")),
    "json": _of(lambda: json.loads("{")),
    "msgspec": _of(lambda: msgspec.json.decode(b"{")),
    "csv": _of(lambda: list(csv.reader(["a" * 200_000]))),
    "configparser": _of(lambda: configparser.ConfigParser().read_string("no section")),
    "packaging": _of(lambda: Version("no version")),
    "base64": _of(lambda: binascii.a2b_base64("a")),
    "requests": requests.exceptions.ConnectionError("refused"),
    "overflow": _of(lambda: 2.0**10_000),
    "buffer": BufferError("cannot be resized"),
    "subprocess": subprocess.TimeoutExpired("npm", 5),
    "sqlite": sqlite3.DatabaseError("file is not a database"),
    "ours": InputError("cannot be read"),
}
BUGS: dict[str, Exception] = {
    "attribute": AttributeError("'NoneType' object has no attribute 'x'"),
    "assertion": AssertionError(),
    "division": ZeroDivisionError("division by zero"),
    "plain": Exception("oh"),
    "key": KeyError("name"),
    "index": IndexError("list index out of range"),
    "type": TypeError("unsupported operand"),
    "name": NameError("name 'x' is not defined"),
    "runtime": RuntimeError("generator raised StopIteration"),
    "not implemented": NotImplementedError(),
    "stop": StopAsyncIteration(),
}
ALL = {**OF_INPUT, **BUGS}


@pytest.fixture(autouse=True)
def _rules_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read our own rules once for all calls of this module: they are the same each time."""
    for lockfile in (False, True):
        _rules((rulebook.builtin_folder(),), lockfile=lockfile)
    monkeypatch.setattr(rulecache, "load", _rules)


_READ = rulecache.load
_RULES: dict[str, rulebook.Ruleset] = {}


def _rules(*folders: Any, **asked: Any) -> rulebook.Ruleset:  # noqa: ANN401 - what `load` takes
    key = f"{folders} {asked}"
    if key not in _RULES:
        _RULES[key] = _READ(*folders, **asked)
    return _RULES[key]


def raiser(problem: Exception) -> Callable[..., NoReturn]:
    def raises(*_: object, **__: object) -> NoReturn:
        raise problem

    return raises


@pytest.mark.parametrize("name", OF_INPUT)
def test_what_the_input_brings_about_is_a_reason_of_one_line(name: str) -> None:
    said = str(of_input(OF_INPUT[name], "the work"))

    assert said
    assert len(said.splitlines()) == 1
    assert "Errno" not in said


@pytest.mark.parametrize("name", BUGS)
def test_anything_else_is_a_bug_that_names_the_work(name: str) -> None:
    with pytest.raises(BugError) as raised:
        of_input(BUGS[name], "the work")

    assert raised.value.kind == type(BUGS[name]).__name__
    assert "in the work" in str(raised.value)


def test_what_breaks_inside_of_a_parser_that_is_not_ours_is_the_inputs() -> None:
    broken = _caught(lambda: json.loads("{}", object_hook=len, no_such_option=1))
    own = _caught(lambda: len(1))  # type: ignore[arg-type]

    assert str(of_input(broken, "the work")).startswith("TypeError: ")
    with pytest.raises(BugError):
        of_input(own, "the work")


def test_a_wrong_call_stays_one_wherever_it_is_noticed() -> None:
    with pytest.raises(UsageError):
        of_input(UsageError("no such option"), "the work")


@pytest.mark.parametrize(
    "problem",
    [
        LimitError("members", 5, 6),
        SpentError("seconds", 5, 6),
        BugError("work", "KeyError", "auditor.x:1", "'a'", ("one", "two")),
    ],
)
def test_an_exception_of_ours_comes_out_of_a_worker_as_it_was(problem: Exception) -> None:
    import pickle  # noqa: PLC0415 - as the executor does

    again = pickle.loads(pickle.dumps(problem))  # noqa: S301 - our own bytes

    assert (type(again), str(again)) == (type(problem), str(problem))
    assert vars(again) == vars(problem)


# through the command, at each place where work ends


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run([*arguments])
    out, err = capsys.readouterr()
    return code, out, err


def _checked(name: str, code: int, out: str, err: str, *named: str) -> None:
    """Check how a call ended in which an exception was raised at one place."""
    assert "Traceback" not in out + err
    if name in BUGS:
        assert code == 4
        assert out == ""
        (line,) = err.splitlines()
        assert line.startswith(f"audit: internal error: {type(BUGS[name]).__name__} at ")
        assert all(word in line for word in named), line
        return
    document = json.loads(out)
    assert (code, document["verdict"], document["complete"], err) == (3, "incomplete", False, "")
    assert document["gaps"]
    places = json.dumps([gap["location"] for gap in document["gaps"]])
    assert any(word in places for word in named), places


@pytest.mark.parametrize("name", ALL)
def test_in_a_reader(
    name: str,
    capsys: pytest.CaptureFixture[str],
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collectors, readers = facts.load(lockfile=False)

    def read(member: Member, *_: Any) -> Iterator[object]:  # noqa: ANN401 - bytes and hits
        if member.path == "bad.js":
            raise ALL[name]
        yield from ()

    bad = facts.Reader(wants=lambda _: True, read=read)
    monkeypatch.setattr(facts, "of", lambda *_: (collectors, (bad, *readers)))
    path = pack({"bad.js": "1", "z.js.map": MAP})
    code, out, err = audit(capsys, "pack", str(path), "--format", "json", "--no-config")

    _checked(name, code, out, err, "bad.js")
    if name in OF_INPUT:
        assert "embedded-sources" in {one["rule"] for one in json.loads(out)["findings"]}


MAP = '{"version":3,"sources":["../src/a.ts"],"sourcesContent":["let n = 1"],"mappings":""}'


@pytest.mark.parametrize("name", ALL)
def test_in_a_reader_asked_by_the_name_of_a_member(
    name: str,
    capsys: pytest.CaptureFixture[str],
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collectors, readers = facts.load(lockfile=False)

    def read(*_: object) -> Iterator[object]:
        yield from ()

    bad = facts.Reader(wants=raiser(ALL[name]), read=read)
    monkeypatch.setattr(facts, "of", lambda *_: (collectors, (bad, *readers)))
    code, out, err = audit(
        capsys, "pack", str(pack({"b.js": "1"})), "--format", "json", "--no-config"
    )

    _checked(name, code, out, err, "package.json")


@pytest.mark.parametrize("name", ALL)
def test_in_a_collector(
    name: str,
    capsys: pytest.CaptureFixture[str],
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collectors, readers = facts.load(lockfile=False)
    broken = replace(collectors["script"], collect=raiser(ALL[name]))
    monkeypatch.setattr(facts, "of", lambda *_: ({**collectors, "script": broken}, readers))
    path = pack({"z.js.map": MAP})
    code, out, err = audit(capsys, "pack", str(path), "--format", "json", "--no-config")

    _checked(name, code, out, err, path.name)
    if name in OF_INPUT:
        assert "script" in json.loads(out)["gaps"][0]["reason"]
        assert "embedded-sources" in {one["rule"] for one in json.loads(out)["findings"]}
    else:
        assert "collector script" in err


@pytest.mark.parametrize("name", ALL)
def test_in_the_walk_through_an_archive(
    name: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = tmp_path / "bad.tgz"
    bad.write_bytes(tarball({"package.json": "{}", "a.js": "1"}))
    whole = pack({"z.js.map": MAP})
    real = Inflated.__iter__
    first = chain((1,), repeat(0))
    monkeypatch.setattr(
        Inflated,
        "__iter__",
        lambda self: raiser(ALL[name])() if next(first) else real(self),
    )
    code, out, err = audit(capsys, "pack", str(bad), str(whole), "--format", "json", "--no-config")

    _checked(name, code, out, err, "bad.tgz")
    if name in OF_INPUT:
        assert "embedded-sources" in {one["rule"] for one in json.loads(out)["findings"]}


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_in_the_reader_of_a_lockfile(
    name: str,
    many: bool,  # noqa: FBT001 - a parameter of the table
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "poetry.lock").write_text('[metadata]\nlock-version = "2.1"\n')
    (tmp_path / "package-lock.json").write_text(LOCK)
    known = lockfiles.formats()
    broken = replace(known["poetry"], read=raiser(ALL[name]))
    monkeypatch.setattr(lockfiles, "formats", lambda: {**known, "poetry": broken})
    monkeypatch.setattr(lockfiles, "_called_after", lambda _: ())
    if many:  # which are read by processes of their own
        monkeypatch.setattr(lockscan, "SHARED", 1)
        monkeypatch.setattr("os.cpu_count", lambda: 2)
    code, out, err = audit(capsys, "lock", str(tmp_path), "--format", "json", "--no-config")

    _checked(name, code, out, err, "poetry.lock")
    if name in OF_INPUT:
        assert [one["count"] for one in json.loads(out)["inventories"]] == [1]


LOCK = json.dumps(
    {
        "name": "demo",
        "lockfileVersion": 3,
        "packages": {"": {"name": "demo"}, "node_modules/a": {"version": "1.0.0"}},
    }
)


@pytest.mark.parametrize("name", [name for name in ALL if name != "memory"])
def test_in_a_report_everything_is_our_bug(
    name: str,
    capsys: pytest.CaptureFixture[str],
    pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = report.load

    def load(wanted: str) -> report.ReportFormat:
        found = real(wanted)
        return replace(found, render=raiser(ALL[name])) if wanted == "sarif" else found

    monkeypatch.setattr(report, "load", load)
    other = tmp_path / "whole.json"
    code, out, err = audit(
        capsys, "pack", str(pack({"a.js": "1"})), "--no-config",
        "--report", f"json={other}", "--report", f"sarif={tmp_path / 'x.sarif'}",
    )  # fmt: skip

    assert (code, out) == (4, "")
    assert not other.exists()
    (line,) = err.splitlines()
    assert line.startswith(f"audit: internal error: {type(ALL[name]).__name__} at ")
    assert "the report sarif" in line


def test_a_report_without_enough_memory_is_nobodys_bug(
    capsys: pytest.CaptureFixture[str], pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = report.load
    monkeypatch.setattr(
        report, "load", lambda name: replace(real(name), render=raiser(MemoryError()))
    )
    code, out, err = audit(capsys, "pack", str(pack({"a.js": "1"})), "--no-config")

    assert (code, out) == (3, "")
    assert err == (
        "audit: there is not enough memory for this call: not all was examined or reported\n"
    )


@pytest.mark.parametrize("name", ALL)
def test_in_what_the_maps_of_a_target_give_back(
    name: str,
    capsys: pytest.CaptureFixture[str],
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Inflated, "__iter__", raiser(ALL[name]))
    code, out, err = audit(capsys, "map", str(pack({"a.js.map": MAP})), "--format", "json")

    assert "Traceback" not in out + err
    if name in BUGS:
        assert (code, out) == (4, "")
        assert len(err.splitlines()) == 1
    else:
        assert (code, err) == (3, "")
        assert json.loads(out)["gaps"]


@pytest.mark.parametrize("name", ["zlib", "memory", "plain", "key"])
def test_in_a_state_of_a_history(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class One:
        def blobs(self, *_: object) -> Iterator[tuple[str, bytes]]:
            yield "a" * 40, b"{}"

    monkeypatch.setattr(historyscan, "Repository", lambda _: One())
    scanner = lockscan.Scanner(lockscan.LockRequest(targets=()))
    known = lockfiles.formats()
    broken = {key: replace(one, read=raiser(ALL[name])) for key, one in known.items()}
    monkeypatch.setattr(lockfiles, "formats", lambda: broken)
    monkeypatch.setattr(lockfiles, "_called_after", lambda _: ())

    def states() -> Any:  # noqa: ANN401 - of private types
        return historyscan._states(scanner, (Path(), (("a" * 40, "poetry.lock"),)))  # noqa: SLF001

    if name in BUGS:
        with pytest.raises(BugError):
            states()
    else:
        ((_, found, reason),) = states()
        assert found == ()
        assert reason


def test_a_worker_that_the_system_ends_is_a_gap_of_what_it_was_to_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "poetry.lock").write_text('[metadata]\nlock-version = "2.1"\n')
    (tmp_path / "package-lock.json").write_text(LOCK)
    monkeypatch.setattr(lockscan, "SHARED", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(lockscan.Scanner, "outcome_of", _dies)
    code, out, err = audit(capsys, "lock", str(tmp_path), "--format", "json", "--no-config")
    gaps = json.loads(out)["gaps"]

    assert (code, err) == (3, "")
    assert {gap["reason"] for gap in gaps} == {lockscan.LOST}
    assert len(gaps) == 2


def _dies(*_: object) -> NoReturn:
    import os  # noqa: PLC0415 - in the worker alone

    os._exit(9)


# what a bug report says


def _fails(secret: str) -> None:
    holder = {"token": secret}
    raise KeyError(f"no such thing: {holder['token']}")


def test_a_debug_report_has_the_way_to_the_bug_and_no_value_of_it(
    capsys: pytest.CaptureFixture[str], pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "npm_" + "q7Zt2Lw9Kd5Vb8Xn1Rf4" + "Hs6Yj3Pm0Gc"
    monkeypatch.setenv("NODE_AUTH_TOKEN", token)
    collectors, readers = facts.load(lockfile=False)

    def collect(_: Contents) -> Iterator[Any]:
        try:
            _fails(token)
        except KeyError as problem:
            raise AssertionError("https://me:pw-of-mine@registry.example.org/\x1b[2J") from problem
        yield from ()

    broken = replace(collectors["script"], collect=collect)
    monkeypatch.setattr(facts, "of", lambda *_: ({**collectors, "script": broken}, readers))
    path = pack({"a.js": "1"})
    code, out, err = audit(capsys, "pack", str(path), "--no-config", "--debug")

    assert (code, out) == (4, "")
    assert "_fails" in err
    assert "auditor.outcome:" in err
    assert "because of" in err
    for secret in (token, token[8:], "pw-of-mine", "\x1b"):
        assert secret not in err
    assert "holder[" not in err  # no line of source either
    assert all(line.startswith("audit: ") for line in err.splitlines())


def test_a_long_way_to_a_bug_is_told_by_its_ends() -> None:
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        raise KeyError("x")

    try:
        deep(200)
    except KeyError as problem:
        found = bug(problem, "the work")
    assert len(found.trace) < 70
    assert any("more steps" in line for line in found.trace)
