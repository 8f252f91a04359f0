"""What is extracted goes into a folder of its own; nothing is overwritten, no link followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputError, UsageError
from auditor.sources.newfolder import NewFolder

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_written_as_they_are_below_folders_made_for_them(tmp_path: Path) -> None:
    folder = NewFolder(tmp_path / "new" / "out")

    folder.write(("src", "a.ts"), b"one\r\n")
    folder.write(("src", "lib", "b.ts"), b"\x00\xff")

    out = tmp_path / "new" / "out"
    assert (out / "src/a.ts").read_bytes() == b"one\r\n"
    assert (out / "src/lib/b.ts").read_bytes() == b"\x00\xff"


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    NewFolder(tmp_path).write(("a",), b"1")

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("1")

    with pytest.raises(UsageError, match="is not empty, and nothing is overwritten"):
        NewFolder(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("1")

    with pytest.raises(UsageError, match="is not a folder"):
        NewFolder(tmp_path / "mine")
    with pytest.raises(UsageError, match="mine"):
        NewFolder(tmp_path / "mine" / "below")


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(UsageError, match="is a link"):
        NewFolder(tmp_path / "link")


@pytest.mark.parametrize("path", ["a.ts", "src/b.ts"])
def test_what_somebody_puts_there_meanwhile_is_neither_overwritten_nor_followed(
    tmp_path: Path, path: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.ts").write_text("mine")
    folder = NewFolder(tmp_path / "out")
    (tmp_path / "out/a.ts").symlink_to(outside / "a.ts")
    (tmp_path / "out/src").symlink_to(outside)

    with pytest.raises(InputError, match="cannot be written: File exists"):
        folder.write(tuple(path.split("/")), b"theirs")

    assert (outside / "a.ts").read_text() == "mine"
    assert [one.name for one in outside.iterdir()] == ["a.ts"]


def test_the_same_path_is_not_written_twice(tmp_path: Path) -> None:
    folder = NewFolder(tmp_path / "out")
    folder.write(("a.ts",), b"1")

    with pytest.raises(InputError, match="File exists"):
        folder.write(("a.ts",), b"2")

    assert (tmp_path / "out/a.ts").read_bytes() == b"1"
