"""A package file as it is read: small ones at once, others in parts, with the same outcome."""

from __future__ import annotations

import hashlib
import sys
from io import BytesIO
from pathlib import Path

import pytest

from auditor.errors import InputError, LimitError
from auditor.limits import Limits
from auditor.report import View, load
from auditor.scan import Request, scan
from auditor.sources import file as module
from auditor.sources import regular
from auditor.sources.file import ReadFile
from tests.archives import cases, made

SMALL = 128 * 1024


@pytest.mark.parametrize("size", [0, 1, 4, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL])
def test_all_bytes_are_read_digested_and_told(size: int, tmp_path: Path) -> None:
    path, data = tmp_path / "a", bytes(range(256)) * (size // 256 + 1)
    path.write_bytes(data[:size])
    told: list[tuple[int, int]] = []
    with ReadFile(path, Limits(), lambda done, of: told.append((done, of))) as read:
        assert read.begins(4) == data[: min(4, size)]
        stream = read.stream()
        assert isinstance(stream, BytesIO) == (size <= SMALL)
        assert stream.read(3) == data[: min(3, size)]
        assert read.finish() == hashlib.sha256(data[:size]).hexdigest()
    assert read.size == size
    assert told[-1] == (size, size)


@pytest.mark.parametrize("size", [10, SMALL + 10])
@pytest.mark.parametrize("more", [1, 2 * SMALL])
def test_what_grows_while_it_is_read_is_refused(size: int, more: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(size))
    with ReadFile(path, Limits()) as read:
        with path.open("ab") as file:
            file.write(bytes(more))
        assert len(read.stream().read(1024)) <= 1024
        with pytest.raises(InputError, match=regular.CHANGED):
            read.finish()


@pytest.mark.skipif(sys.platform != "linux", reason="a file that cannot be read, for whomever")
def test_what_the_system_does_not_give_is_a_gap() -> None:
    path = "/proc/self/mem"  # nothing is mapped at its beginning
    report = scan(Request(targets=(path,)))
    assert [gap.reason for gap in report.gaps] == ["cannot be read: Input/output error"]
    with ReadFile(Path(path), Limits()) as read, pytest.raises(InputError, match="cannot be read"):
        read.begins(4)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(11))
    with pytest.raises(LimitError, match="archive-bytes"):
        ReadFile(tmp_path / "a", Limits(archive_bytes=10))


@pytest.mark.skipif(sys.platform == "win32", reason="names that only other systems take")
@pytest.mark.parametrize("name", cases())
def test_a_hostile_archive_is_the_same_at_once_and_in_parts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / cases()[name].file
    path.write_bytes(made(name))
    reports = []
    for most in (1 << 40, -1):
        monkeypatch.setattr(module, "_SMALL", most)
        reports.append(load("json").render(scan(Request(targets=(str(path),))), View()))
    assert reports[0] == reports[1]
