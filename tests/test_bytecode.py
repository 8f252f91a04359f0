"""Which source bytecode was made from, as the compilers of this machine write it and by hand."""

from __future__ import annotations

import marshal
import py_compile
import struct
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.facts import Contents, bytecode
from auditor.facts.bytecode import BytecodeFact, BytecodeSeen, python_of
from auditor.model import ArtifactKind, Member
from tests.often import often
from tests.work import ends

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
NAMES = ("setup.py", "/etc/kit.py", "kit.py")
def outer(a):
    def inner(): return "run.py"
    return inner
class Kit:
    def run(self): return 1
"""


def seen(data: bytes, path: str = "pkg/kit.pyc") -> list[BytecodeSeen]:
    member = Member(path=path, name=path, size=len(data))
    return list(bytecode.read(member, data, ()))


def collected(data: bytes, path: str, *others: str) -> BytecodeFact:
    members = [Member(path=p, name=p, size=1) for p in (path, *others)]
    observations: dict[type, tuple[object, ...]] = {BytecodeSeen: tuple(seen(data, path))}
    contents = Contents(kind=ArtifactKind.WHEEL, members=tuple(members), observations=observations)
    (fact,) = bytecode.collect(contents)
    return fact


def compiled(folder: Path, name: str, text: str = TEXT) -> bytes:
    source = folder / "x.py"
    source.write_text(text, encoding="utf-8")
    out = py_compile.compile(str(source), cfile=str(folder / "x.pyc"), dfile=name, doraise=True)
    assert out is not None
    return (folder / "x.pyc").read_bytes()


@pytest.mark.parametrize(
    ("name", "absolute", "user"),
    [
        ("/home/ann/kit/src/kit.py", True, "ann"),
        ("C:\\Users\\ann\\kit.py", True, "ann"),
        ("/home/\u00e9mile/kit.py", True, "\u00e9mile"),
        ("/home/ann/" + "x" * 300 + "/kit.py", True, "ann"),
        ("/build/kit.py", True, ""),
        ("/home/runner/work/kit.py", True, ""),
        ("pkg/kit.py", False, ""),
        ("kit.py", False, ""),
    ],
)
def test_the_source_is_the_one_the_compiler_was_given(
    tmp_path: Path,
    name: str,
    absolute: bool,  # noqa: FBT001
    user: str,
) -> None:
    fact = collected(compiled(tmp_path, name), "pkg/kit.pyc")
    assert (fact.source, fact.absolute, fact.user) == (name, absolute, user)
    assert fact.python == f"3.{sys.version_info.minor}"


def test_of_a_renamed_file_no_source_is_told(tmp_path: Path) -> None:
    (found,) = seen(compiled(tmp_path, "/home/ann/kit.py"), "pkg/other.pyc")
    assert found.source == ""


def test_each_module_of_the_standard_library_names_itself(tmp_path: Path) -> None:
    from json import decoder, encoder, scanner  # noqa: PLC0415

    for module in (decoder, encoder, scanner):
        path = module.__file__
        assert path is not None
        py_compile.compile(path, cfile=str(tmp_path / "x.pyc"), doraise=True)
        (found,) = seen((tmp_path / "x.pyc").read_bytes(), f"{module.__name__}.pyc"[5:])
        assert found.source == path


def old(kind: bytes, name: bytes) -> bytes:
    length = struct.pack("<I", len(name))
    return struct.pack("<H", 62211) + b"\r\n" + bytes(4) + b"c" + bytes(16) + kind + length + name


@pytest.mark.parametrize("kind", [b"s", b"t"])
def test_the_texts_of_python_2(kind: bytes) -> None:
    (found,) = seen(old(kind, b"/home/ann/kit.py") + b"t\1\0\0\0f")
    assert (found.python, found.source) == ("2.7", "/home/ann/kit.py")


@pytest.mark.parametrize(
    ("magic", "version"),
    [
        (0, ""),
        (336, ""),
        (3000, "3.0"),
        (3151, "3.1"),
        (3180, "3.2"),
        (3230, "3.3"),
        (3310, "3.4"),
        (3351, "3.5"),
        (3379, "3.6"),
        (3394, "3.7"),
        (3413, "3.8"),
        (3425, "3.9"),
        (3439, "3.10"),
        (3495, "3.11"),
        (3531, "3.12"),
        (3571, "3.13"),
        (3627, "3.14"),
        (4000, ""),
        (62170, ""),
        (62171, "2.7"),
        (62211, "2.7"),
        (62212, ""),
    ],
)
def test_the_version_of_a_magic_number(magic: int, version: str) -> None:
    assert python_of(magic) == version


def header(magic: int, rest: bytes) -> bytes:
    return struct.pack("<H", magic) + b"\r\n" + rest


CODE = b"\xe3" + bytes(8)


@pytest.mark.parametrize(
    ("data", "is_bytecode"),
    [
        (header(3495, bytes(12) + CODE), True),
        (header(3495, b"\3" + bytes(11) + b"c"), True),
        (header(3495, b"\4" + bytes(11) + CODE), False),
        (header(3495, bytes(12)), False),
        (header(3495, bytes(12) + b"x"), False),
        (header(3379, bytes(8) + CODE), True),
        (header(3180, bytes(4) + CODE), True),
        (header(62211, bytes(4) + CODE), True),
        (header(62212, bytes(4) + CODE), False),
        (header(2999, bytes(4) + CODE), False),
        (header(4000, bytes(12) + CODE), False),
        (b"U\r\r\nis a text with odd line ends\r\r\n", False),
        (b"\xa7\r\n\r" + bytes(12) + CODE, False),
        (b"", False),
        (b"\xa7\r\r\n", False),
    ],
)
def test_content_tells_bytecode_under_any_name(data: bytes, is_bytecode: bool) -> None:  # noqa: FBT001
    assert bool(seen(data, "data/kit.bin")) is is_bytecode
    assert len(seen(data, "data/kit.pyc")) == 1
    assert len(seen(data, "data/KIT.PYO")) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pkg/a.pyc", "pkg/a.py"),
        ("a.pyc", "a.py"),
        ("pkg/__pycache__/a.cpython-311.pyc", "pkg/a.py"),
        ("pkg/__pycache__/a.cpython-311.opt-1.pyc", "pkg/a.py"),
        ("__pycache__/a.cpython-311.pyc", "a.py"),
        ("in.zip!__pycache__/a.cpython-311.pyc", "in.zip!a.py"),
        ("in.zip!a.pyc", "in.zip!a.py"),
        ("my__pycache__/a.pyc", "my__pycache__/a.py"),
    ],
)
def test_where_the_source_must_lie_to_ship(path: str, source: str) -> None:
    assert collected(b"", path, source).source_ships is True
    assert collected(b"", path, f"x/{source}").source_ships is False


def test_what_is_told_in_words(tmp_path: Path) -> None:
    version = f"3.{sys.version_info.minor}"
    data = compiled(tmp_path, "/home/ann/kit.py")
    told = f"for Python {version}, made from /home/ann/kit.py, its source"
    assert collected(data, "kit.pyc").detail == f"{told} does not ship"
    assert collected(data, "kit.pyc", "kit.py").detail == f"{told} ships"
    assert collected(b"", "kit.pyc").detail == "its source does not ship"


@given(st.binary(max_size=400), st.integers(0, 300), st.integers(0, 255))
@settings(max_examples=often(400), deadline=None)
def test_no_bytes_break_the_reader(rest: bytes, at: int, value: int) -> None:
    code = marshal.dumps(compile(TEXT, "/home/ann/kit.py", "exec"))
    broken = bytearray(header(3495, bytes(12)) + code)
    broken[at % len(broken)] = value
    for data in (bytes(broken), bytes(broken[:at]), rest, rest + b"kit.py", b"z" + rest + b".py"):
        assert len(seen(data)) == 1


@pytest.mark.parametrize("unit", [b".py", b"a.py", b"x" * 1100 + b".py", b"z\x04a.py"])
def test_the_time_has_a_bound(unit: bytes) -> None:
    data = header(3495, bytes(12) + CODE) + unit * (8_000_000 // len(unit))
    with ends():
        seen(data)
