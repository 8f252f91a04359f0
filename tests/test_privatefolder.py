"""Private folders: whose they are, where they lie, and that nothing is left of them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.sources import privatefolder
from auditor.sources.privatefolder import private_folder

ROOT = Path(__file__).parent.parent
unix = pytest.mark.skipif(sys.platform == "win32", reason="rights, umask and signals of Unix")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have temporary folders made in a folder of the test's own."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def test_a_folder_is_empty_and_gone_afterwards(temporary: Path) -> None:
    with private_folder() as one, private_folder() as two:
        assert one != two
        assert [*one.iterdir()] == []
        assert {temporary in path.parents for path in (one, two)} == {True}
        (one / "a/b").mkdir(parents=True)
        (one / "a/b/c").write_text("")
    assert [*temporary.iterdir()] == []


@unix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_it_is_the_owner_s_alone_whatever_the_umask_is(temporary: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with private_folder() as folder:
            modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, *temporary.iterdir())]
            (folder / "a").write_text("")
            mode = stat.S_IMODE((folder / "a").stat().st_mode)
    finally:
        os.umask(before)
    assert modes == [0o700, 0o700]
    assert mode == 0o666 & ~umask
    assert [*temporary.iterdir()] == []


@unix
def test_a_link_in_it_is_removed_and_not_what_it_leads_to(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("")
    with private_folder() as folder:
        (folder / "link").symlink_to(tmp_path / "kept")
    assert [*temporary.iterdir()] == []
    assert (tmp_path / "kept/file").is_file()


def test_an_error_inside_passes_and_nothing_is_left(temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), private_folder() as folder:  # noqa: PT012 - as it is used
        (folder / "a").write_text("")
        raise ZeroDivisionError
    assert [*temporary.iterdir()] == []


def test_where_none_can_be_made_is_an_error_of_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="no temporary folder can be made"), private_folder():
        pass


HOLDING = """
import os, signal, sys, time
from auditor.__main__ import run
from auditor.sources import release
from auditor.sources.privatefolder import private_folder

signal.signal(signal.SIGINT, signal.default_int_handler)

def wait(*given, **named):
    with private_folder() as folder:
        (folder / "file").write_text("")
        print("ready", flush=True)
        time.sleep(60)

import auditor.scan
auditor.scan._Scanner._file = wait
sys.exit(run(["pack", sys.argv[1]]))
"""


def held(temporary: Path, target: Path, *more: str) -> subprocess.Popen[str]:
    """Start a call that holds a private folder, and return it once it does."""
    process = subprocess.Popen(  # noqa: S603 - our own package
        [*more, sys.executable, "-c", HOLDING, str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@unix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_leaves_nothing(
    number: signal.Signals, temporary: Path, tmp_path: Path
) -> None:
    target = tmp_path / "a.tgz"
    target.write_bytes(b"")
    with held(temporary, target) as process:
        assert len([*temporary.iterdir()]) == 1
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said.strip()) == (130, "audit: interrupted")
    assert [*temporary.iterdir()] == []


@unix
def test_what_a_call_left_that_was_killed_the_next_one_removes(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.tgz"
    target.write_bytes(b"")
    with held(temporary, target) as process:
        (left,) = temporary.iterdir()
        with private_folder():
            pass
        monkeypatch.setattr(privatefolder, "_FRESH", -60)
        with private_folder():
            assert left.is_dir(), "it is in use"
        process.kill()
        process.communicate(timeout=20)
    assert (left / "files/file").is_file()
    monkeypatch.setattr(privatefolder, "_FRESH", 60)
    with private_folder():
        assert left.is_dir(), "it may be just being made"
    monkeypatch.setattr(privatefolder, "_FRESH", -60)
    with private_folder():
        assert not left.exists()


@unix
def test_what_is_not_ours_is_not_removed(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privatefolder, "_FRESH", -60)
    lock = privatefolder._LOCK  # noqa: SLF001
    (temporary / "release-audit-notes").mkdir()
    (temporary / "release-audit-notes/mine").write_text("mine")
    (temporary / "release-audit-file").write_text("mine")
    (temporary / "other").mkdir()
    (temporary / "other" / lock).write_text("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / lock).write_text("")
    (temporary / "release-audit-link").symlink_to(tmp_path / "elsewhere")
    (temporary / "release-audit-lock").mkdir()
    (temporary / "release-audit-lock" / lock).symlink_to(tmp_path / "elsewhere" / lock)
    os.mkfifo(temporary / "release-audit-pipe")
    (temporary / "release-audit-queue").mkdir()
    os.mkfifo(temporary / "release-audit-queue" / lock)
    before = sorted(tmp_path.rglob("*"))
    with private_folder():
        pass
    assert sorted(tmp_path.rglob("*")) == before


@unix
def test_a_process_that_was_forked_removes_nothing(temporary: Path) -> None:
    code = (
        "import os, sys\nfrom auditor.sources.privatefolder import private_folder\n"
        "with private_folder() as folder:\n    child = os.fork()\n"
        "    if child:\n        os.waitpid(child, 0)\n        print(folder.is_dir())\n"
    )
    ended = subprocess.run(  # noqa: S603 - our own package
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    )
    assert ended.stdout == "True\n"
    assert [*temporary.iterdir()] == []


@unix
def test_a_caller_s_own_handlers_are_as_they_were(temporary: Path) -> None:
    mine = []
    before = signal.signal(signal.SIGTERM, lambda *_: mine.append(1))
    try:
        with private_folder():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert mine == [1]
    with private_folder():
        assert signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    assert [*temporary.iterdir()] == []


def test_another_thread_may_have_one(temporary: Path) -> None:
    seen: list[bool] = []

    def work() -> None:
        with private_folder() as folder:
            seen.append(folder.is_dir())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]
    assert [*temporary.iterdir()] == []
