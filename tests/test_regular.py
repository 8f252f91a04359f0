"""What is opened in folders: regular files, as they were when they were looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputError
from auditor.limits import Budget, Limits
from auditor.model import MemberType
from auditor.sources import directory, regular
from auditor.sources.file import ReadFile
from tests.test_cli import as_json
from tests.test_cli import audit as audited

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and their like")


def gone(path: Path) -> None:
    path.unlink()


def longer(path: Path) -> None:
    path.write_text("longer than before")


def shorter(path: Path) -> None:
    path.write_text("")


def another(path: Path) -> None:
    path.with_name("new").write_text("content")
    path.with_name("new").replace(path)


def later(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: tuple[Callable[[Path], None], ...] = (
    gone,
    longer,
    shorter,
    another,
    later,
    a_link,
    a_pipe,
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_of_a_folder_that_changes_is_a_gap_and_the_others_are_read(
    change: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("a.js", "b.js"):
        (tmp_path / name).write_text("content")
    listed = directory.member_of

    def member_of(path: Path, folder: Path, budget: Budget) -> object:
        entry = listed(path, folder, budget)
        if path.name == "a.js":
            change(path)
        return entry

    monkeypatch.setattr(directory, "member_of", member_of)
    code, document = as_json(capsys, "--as-is", str(tmp_path))

    assert code == 3
    (gap,) = document["gaps"]
    assert gap["location"]["path"] == "a.js"
    assert gap["reason"].startswith("not looked into: c")  # changed, or cannot be read
    assert "root:" not in gap["reason"]
    assert document["artifacts"][0]["files"] >= 2


@pytest.mark.parametrize("change", [longer, shorter, later])
def test_a_file_that_changes_while_it_is_read_is_a_gap(
    change: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pack: Callable[..., Path],
) -> None:
    path = pack({"a.js": "x"})
    finish = ReadFile.finish

    def changed(self: ReadFile) -> str:
        change(path)
        return finish(self)

    monkeypatch.setattr(ReadFile, "finish", changed)
    code, document = as_json(capsys, str(path))
    assert (code, document["artifacts"]) == (3, [])
    assert [gap["reason"] for gap in document["gaps"]] == [regular.CHANGED]
    assert tmp_path in path.parents


def test_a_file_that_grows_without_an_end_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "a.js"
    path.write_bytes(bytes(10))
    member, content = directory.member_of(path, tmp_path, Budget(Limits()))
    with path.open("ab") as file:
        file.truncate(1 << 40)  # a hole, which takes no room
    with pytest.raises(InputError, match=regular.CHANGED):
        assert sum(map(len, content)) < 1 << 24
    assert (member.type, member.size) == (MemberType.FILE, 10)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.symlink_to("/etc/passwd"), "is a link, which is not followed"),
        (lambda path: path.symlink_to(path), "is a link, which is not followed"),
        (os.mkfifo, "is no regular file"),
        (Path.mkdir, "is no regular file"),
        (lambda _: None, "No such file or directory"),
    ],
)
def test_only_a_regular_file_is_opened(
    make: Callable[[Path], object], reason: str, tmp_path: Path
) -> None:
    make(tmp_path / "a")
    with pytest.raises(OSError) as caught:  # noqa: PT011 - what is said follows
        regular.opened(tmp_path / "a")
    assert caught.value.strerror == reason


def test_a_pipe_that_takes_a_file_s_place_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("")
    opens = os.open

    def swapped(file: Path, flags: int) -> int:
        a_pipe(path)
        return opens(file, flags)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(OSError, match="is no regular file"):
        regular.opened(path)


def test_a_link_that_takes_a_file_s_place_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("")
    opens = os.open

    def swapped(file: Path, flags: int) -> int:
        a_link(path)
        return opens(file, flags)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(OSError, match="ymbolic link"):
        regular.opened(path)


def test_what_the_user_names_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("content")
    (tmp_path / "link").symlink_to("a")
    assert regular.content(tmp_path / "link", 100, links=True) == b"content"
    assert regular.content(tmp_path / "a", 3) == b"cont"


@pytest.mark.parametrize("name", ["package.json", "pyproject.toml", ".audit.yml"])
def test_a_policy_is_not_read_through_a_link_out_of_the_project(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("fail-on: high # tell-nobody\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).symlink_to(tmp_path / "secret")

    code, out, err = audited(capsys, "pack", "--as-is", str(folder))
    assert (code, out) == (2, "")
    assert "is a link out of the project; --config names one, --no-config obeys none" in err
    assert "tell-nobody" not in err
    assert audited(capsys, "pack", "--as-is", "--no-config", str(folder))[0] == 0


def test_a_policy_may_be_a_link_within_its_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared.yml").write_text("fail-on: critical\n")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/.audit.yml").symlink_to("../shared.yml")
    (tmp_path / "web/a.js").write_text("1")
    assert audited(capsys, "pack", "--as-is", str(tmp_path / "web"))[0] == 0
