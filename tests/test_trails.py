"""The files that attacks leave: found at their places, told from others, read without harm."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TYPE_CHECKING

import pytest

from auditor import incidentfile, rulebook
from auditor.advisories import FileSign, signs
from auditor.advisories.signs import Sort
from auditor.facts.around.indicator import SignSeen
from auditor.model import Unread
from auditor.sources import trails

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INDEX = incidentfile.load((rulebook.builtin_folder(),))
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


def sign(path: str, **more: object) -> FileSign:
    return FileSign(system="any", path=path, **more)  # type: ignore[arg-type]


def found(seen: Iterable[SignSeen | Unread]) -> list[str]:
    return [one.path for one in seen if isinstance(one, SignSeen)]


def gaps(seen: Iterable[SignSeen | Unread]) -> list[str]:
    return [one.reason for one in seen if isinstance(one, Unread)]


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        ("/tmp/ld.py", Sort.HOST),  # noqa: S108 - a name
        ("~/.bashrc", Sort.HOST),
        ("$TMPDIR/6202033", Sort.HOST),
        ("%TEMP%\\x.vbs", Sort.HOST),
        ("<site-packages>/litellm_init.pth", Sort.PYTHON),
        (".github/workflows/x.yml", Sort.PROJECT),
    ],
)
def test_where_a_file_is_looked_for(path: str, sort: Sort) -> None:
    assert signs.sort_of(sign(path)) is sort


@pytest.mark.parametrize(
    ("platform", "has", "has_not"),
    [
        ("linux", "/tmp/ld.py", "/Library/Caches/com.apple.act.mond"),  # noqa: S108 - a name
        ("darwin", "/Library/Caches/com.apple.act.mond", "/tmp/ld.py"),  # noqa: S108 - a name
        ("win32", "%PROGRAMDATA%\\wt.exe", "/tmp/ld.py"),  # noqa: S108 - a name
    ],
)
def test_only_this_system_s_files_are_looked_for(platform: str, has: str, has_not: str) -> None:
    paths = {one.path for one in trails.wanted(INDEX, Sort.HOST, platform)["axios-2026-03"]}

    assert has in paths
    assert has_not not in paths


def test_every_sign_of_every_pack_is_looked_for_somewhere() -> None:
    for incident in INDEX.incidents:
        detail = INDEX.detail(incident.id)
        assert detail is not None
        looked = [s for sort in Sort if sort is not Sort.BRANCH for s in signs.of(detail, sort)]
        assert sorted(one.path for one in looked) == sorted(
            one.path for one in detail.indicators.files
        )


def test_a_machine_without_any_of_them_has_none(tmp_path: Path) -> None:
    for platform in ("linux", "darwin"):
        asked = {
            incident: tuple(one for one in some if one.path.startswith(("~", "$")))
            for incident, some in trails.wanted(INDEX, Sort.HOST, platform).items()
        }
        assert list(trails.on_host(asked, {"TMPDIR": str(tmp_path)}, tmp_path)) == []


def test_home_and_variables_are_put_in(tmp_path: Path) -> None:
    (tmp_path / ".local/bin").mkdir(parents=True)
    home = tmp_path / ".local/bin/gh-token-monitor.sh"
    home.write_text("x")
    other = tmp_path / "6202033"
    other.write_text("y")
    asked = {
        "a": (sign("~/.local/bin/gh-token-monitor.sh"), sign("$TMPDIR/6202033")),
        "b": (sign("%UNSET%/x"), sign("$UNSET/x")),
    }
    seen = list(trails.on_host(asked, {"TMPDIR": str(tmp_path)}, tmp_path))

    assert found(seen) == [str(home), str(other)]
    first = seen[0]
    assert isinstance(first, SignSeen)
    assert first.sha256 == hashlib.sha256(b"x").hexdigest()
    assert first.changed.endswith("Z")


def test_the_content_decides_where_a_pack_says_so(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'\n")
    asked = {"nx": (sign("~/.bashrc", contains="sudo shutdown -h 0"),)}

    assert found(trails.on_host(asked, {}, tmp_path)) == []
    (tmp_path / ".bashrc").write_text("ls\nsudo shutdown -h 0\n")
    assert found(trails.on_host(asked, {}, tmp_path)) == [str(tmp_path / ".bashrc")]


def test_patterns(tmp_path: Path) -> None:
    for name in (".abcdef", ".abcde", ".abcdefg", "b-1/b.zip", "x-setup.pth", "setup.pth"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    asked = {"a": (sign(".<6 characters>"), sign("b-*/b.zip"), sign("<site-packages>/*-setup.pth"))}

    assert found(trails.below(tmp_path, asked, Sort.PROJECT)) == [
        str(tmp_path / name) for name in (".abcdef", "b-1/b.zip", "x-setup.pth")
    ]


def test_a_pattern_that_matches_too_much_is_a_gap(tmp_path: Path) -> None:
    for number in range(205):
        (tmp_path / f"{number}-setup.pth").write_text("x")
    seen = list(trails.below(tmp_path, {"a": (sign("*-setup.pth"),)}, Sort.PYTHON))

    assert len(found(seen)) == 200
    assert gaps(seen) == ["more than 200 files match: the rest is left"]


def test_folders_count_and_their_content_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".truffler-cache").mkdir()

    assert found(trails.below(tmp_path, {"a": (sign(".truffler-cache/"),)}, Sort.PROJECT)) == [
        str(tmp_path / ".truffler-cache")
    ]


@POSIX
def test_what_is_no_regular_file_is_told_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's path may be no longer than 107 bytes
        listener.bind("socket")
    asked = {"a": tuple(sign(name) for name in ("fifo", "link", "socket"))}
    seen = list(trails.below(tmp_path, asked, Sort.PROJECT))

    assert found(seen) == [str(tmp_path / name) for name in ("fifo", "link", "socket")]
    assert {one.sha256 for one in seen if isinstance(one, SignSeen)} == {""}
    with_content = {"a": tuple(sign(name, contains="x") for name in ("fifo", "link", "socket"))}
    assert list(trails.below(tmp_path, with_content, Sort.PROJECT)) == []


def test_a_file_that_may_not_be_read_is_a_gap_where_its_content_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text("x")

    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(trails, "_content", denied)
    asked = {"a": (sign("a.json", contains="x"), sign("a.json"))}
    seen = list(trails.below(tmp_path, asked, Sort.PROJECT))

    assert gaps(seen) == ["cannot be read: Permission denied"]
    assert found(seen) == [str(tmp_path / "a.json")]


def test_a_user_s_pack_cannot_lead_out_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "web").mkdir()

    assert list(trails.below(tmp_path / "web", {"a": (sign("../secret"),)}, Sort.PROJECT)) == []


def test_branches_local_and_remote() -> None:
    asked = trails.wanted(INDEX, Sort.BRANCH, "linux")
    names = ("main", "shai-hulud", "origin/shai-hulud", "shai-hulud-fix", "x/y/shai-hulud")

    assert [one.path for one in trails.branches(names, asked)] == [
        "shai-hulud",
        "origin/shai-hulud",
    ]
