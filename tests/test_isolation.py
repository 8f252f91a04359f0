"""Nothing of an input runs, is opened on its word, or is sent: calls are watched at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import auditor
from auditor.rulebook import builtin_folder
from tests import hostile_inputs
from tests.programs import needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and sockets in folders")

ROOT = Path(__file__).parent.parent
WATCHED = Path(__file__).parent / "watched.py"
PROCESSES = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "pty.",
    "ctypes.",
)
NETWORK = (
    "socket.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
    "ssl.",
    "telnetlib.",
    "webbrowser.",
)
CHANGES = (
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "os.setxattr",
    "shutil.",
    "tempfile.",
)
LISTS = ("os.listdir", "os.scandir", "os.walk", "glob.", "pathlib.")
USERS = (Path("/etc/pip.conf"), Path("/etc/uv"), Path("/etc/xdg"), Path("/etc/npmrc"))
"""Settings of the machine's own clients, which say which registries are meant."""
HELD = "/proc/self/statm"
"""What the system says of a process's own memory, for the limit on it."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Place:
    """One test's folders: what is named, what must not be opened, and what is private."""

    def __init__(self, top: Path) -> None:
        self.away = hostile_inputs.outside(top)
        self.inputs = top / "inputs"
        self.inputs.mkdir()
        self.private = top / "private"
        self.private.mkdir()
        self.home = top / "home"
        self.home.mkdir()
        self.log = top / "log"
        self.kept = self.home / ".cache" / "release-audit" / "rules"
        """Where a checkout keeps what it parsed of its own rules; an installed audit brings it."""

    def keeps(self, path: Path) -> bool:
        """Tell whether a call may write there: its own folders, and those that lead to them."""
        return (
            path.is_relative_to(self.private)
            or path.is_relative_to(self.kept)
            or (path != self.home and path.is_relative_to(self.home) and path in self.kept.parents)
        )

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "TMPDIR": str(self.private),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def events(self, *arguments: str) -> list[list[Any]]:
        """Run a call from within the inputs, and return what it asked of the runtime."""
        ended = subprocess.run(  # noqa: S603 - our own package
            [sys.executable, "-P", str(WATCHED), str(self.log), *arguments],
            cwd=self.inputs,
            env=self.environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode in {0, 1, 3}, ended.stderr.decode()
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def opened(self, name: str) -> bool:
        """Tell whether a path may be opened for reading."""
        return f"{name}/".startswith(self.readable)

    @cached_property
    def readable(self) -> tuple[str, ...]:
        """Folders and files that may be read, each with a slash behind it."""
        return tuple(f"{os.path.realpath(one)}/" for one in self._readable())

    def _readable(self) -> Iterator[Path]:
        yield from (self.inputs, self.private, ROOT / "auditor", builtin_folder(), WATCHED)
        yield from (self.home, *USERS)
        yield from (Path(auditor.__file__).parent, Path(os.devnull))
        yield from (Path(one) for one in (sys.prefix, sys.base_prefix, sys.exec_prefix))
        yield self.kept
        yield from map(Path, sysconfig.get_paths().values())
        yield from map(Path, ("/usr/lib", "/usr/share/zoneinfo", "/etc/localtime"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def offences(events: Iterable[list[Any]], place: Place) -> Iterator[str]:
    """Yield what was done that must not be."""
    for event, *given in dict.fromkeys(map(tuple, events)):
        name = _absolute(given[0], place) if given and isinstance(given[0], str) else ""
        if (
            (event.startswith((*PROCESSES, *NETWORK)) and "dlopen" not in event)
            or (
                event.startswith(CHANGES)
                and not (event.startswith("tempfile.") or place.keeps(Path(name)))
            )
            or (event == "open" and name and _writes(given) and not place.keeps(Path(name)))
            or (event == "open" and name and given[0] != HELD and not _may_open(name, place))
            or (event.startswith(LISTS) and name and not _may_list(name, place))
            or (event.startswith(("marshal.", "pickle.")) and "import" not in name)
            or (event == "exec" and name.startswith("/") and not _is_ours(name, place))
            or (event == "import" and _is_theirs(given, place))
        ):
            yield f"{event} {given}"


def _writes(given: list[Any]) -> bool:
    """Tell whether a file is opened to be changed, by its mode or its flags."""
    mode, flags = given[1], given[2]
    return bool(flags & WRITING) if isinstance(flags, int) else bool({*(mode or "")} & {*"wax+"})


def _may_open(name: str, place: Place) -> bool:
    return place.opened(name) and _is_plain(name, place)


def _may_list(name: str, place: Place) -> bool:
    return place.opened(name) or Path(name) in _searched()


def _is_ours(name: str, place: Place) -> bool:
    """Tell whether code is from a file of Python's, of a library or of ours."""
    return place.opened(name) and not Path(name).is_relative_to(place.inputs)


def _is_theirs(given: list[Any], place: Place) -> bool:
    """Tell whether a module is taken from the inputs."""
    file = given[1] if len(given) > 1 and isinstance(given[1], str) else "/"
    return Path(file).is_relative_to(place.inputs)


def _absolute(name: str, place: Place) -> str:
    """Return a path as the call meant it, without following anything in its last part."""
    if name.startswith("<"):
        return name
    path = Path(os.path.normpath(place.inputs / name))
    return str(Path(os.path.realpath(path.parent)) / path.name)


def _is_plain(name: str, place: Place) -> bool:
    """Tell whether a path is no link among the inputs, no pipe, device or socket."""
    path = Path(name)
    if path.is_symlink() and path.is_relative_to(place.inputs):
        return False
    return not path.exists() or path == Path(os.devnull) or path.is_file() or path.is_dir()


@cache
def _searched() -> frozenset[Path]:
    """Return the folders in which Python looks for modules."""
    searched = (*sys.path, str(ROOT), str(ROOT / "tests"))
    return frozenset(Path(os.path.realpath(one)) for one in searched)


CALLS = {
    "pack": ("pack", "a.tgz", "demo_kit-1.0.0-py3-none-any.whl"),
    "pack a folder": ("pack", "--as-is", "--no-config", "tree"),
    "pack against": ("pack", "a.tgz", "--against", "b.tgz"),
    "diff": ("diff", "b.tgz", "a.tgz"),
    "map": ("map", "a.tgz"),
    "map a folder": ("map", "tree"),
    "lock": ("lock", "project", "--no-config"),
    "lock a file": ("lock", "project/requirements.txt", "--no-config"),
    "lock against": ("lock", "project/package-lock.json", "--against", "project/pnpm-lock.yaml"),
    "triage": ("triage", "project"),
}


@pytest.fixture
def inputs(place: Place, kept_rules: Path) -> Place:
    shutil.copytree(kept_rules, place.home / ".cache")
    hostile_inputs.npm(place.inputs / "a.tgz", place.away)
    hostile_inputs.npm(place.inputs / "b.tgz", place.away, **{"more.js": "run()"})
    hostile_inputs.wheel(place.inputs / "demo_kit-1.0.0-py3-none-any.whl", place.away)
    hostile_inputs.tree(place.inputs / "tree", place.away)
    hostile_inputs.project(place.inputs / "project", place.away)
    for name in hostile_inputs.SHADOWS:
        (place.inputs / f"{name}.py").write_text(f"open({str(place.away / 'ran')!r}, 'w')\n")
    return place


@pytest.mark.parametrize("call", CALLS)
def test_a_call_opens_what_is_named_and_does_nothing_else(call: str, inputs: Place) -> None:
    if call == "pack":  # a first call: it parses its rules, and keeps what it parsed
        shutil.rmtree(inputs.home / ".cache")
    before = {path: path.lstat().st_mtime_ns for path in inputs.inputs.rglob("*")}
    events = inputs.events(*CALLS[call])

    assert [*offences(events, inputs)] == []
    named = {_absolute(str(one[1]), inputs) for one in events if one[0] == "open"}
    assert any(Path(name).is_relative_to(inputs.inputs) for name in named)
    assert not (inputs.away / "ran").exists()
    assert not (inputs.away / "new").exists()
    assert {path: path.lstat().st_mtime_ns for path in inputs.inputs.rglob("*")} == before
    assert [*inputs.private.iterdir()] == []


def test_what_is_extracted_is_written_into_the_named_folder_alone(inputs: Place) -> None:
    events = inputs.events("map", "a.tgz", "--extract", str(inputs.private / "out"))
    assert [*offences(events, inputs)] == []
    assert (inputs.private / "out/audit-map.json").is_file()
    assert not (inputs.away / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "event"),
    [
        (("lock", "project/package-lock.json", "--against", "HEAD"), "subprocess.Popen"),
        (("pack", "npm:demo-kit"), "socket.connect"),
        (("pack", "a.tgz", "--report", "json=../written"), "open"),
    ],
)
def test_the_watch_sees_what_it_is_there_for(
    arguments: tuple[str, ...], event: str, inputs: Place
) -> None:
    """Each of these does what the others must not, since it is asked to."""
    (inputs.home / ".npmrc").write_text(f"registry={hostile_inputs.NOBODY}\n")
    found = [*offences(inputs.events(*arguments), inputs)]
    assert any(one.startswith(f"{event} ") for one in found), found


# the same, as the kernel sees it


_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\w+)")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NET = {"socket", "connect", "bind", "listen", "accept", "sendto", "sendmsg", "socketpair"}
_RUN = {"execve", "execveat", "fork", "vfork"}


def traced(place: Place, *arguments: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the system calls of a call of ours: name, arguments, and whether it worked."""
    log = place.log.with_name("trace")
    code = "import sys; from auditor.__main__ import run; sys.exit(run(sys.argv[1:]))"
    ended = subprocess.run(  # noqa: S603 - our own package
        [
            *("strace", "-f", "-qq", "-s", "4096", "-e", "trace=file,process,network"),
            *("-o", str(log), sys.executable, "-P", "-c", code, *arguments),
        ],
        cwd=place.inputs,
        env=place.environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode in {0, 1, 3}, ended.stderr.decode()
    for line in log.read_text(errors="replace").splitlines():
        if found := _CALL.match(line):
            yield found[1], found[2], not found[3].startswith("-")


@pytest.mark.traced
@pytest.mark.parametrize("call", CALLS)
def test_the_kernel_is_asked_for_nothing_else(call: str, inputs: Place) -> None:
    needed("strace")
    seen = [*traced(inputs, *CALLS[call])]
    assert any(name == "openat" for name, _, _ in seen)
    found = []
    for number, (name, given, worked) in enumerate(seen):
        path = _PATH.search(given)
        where = _absolute(path[1], inputs) if path else ""
        opens = name in {"open", "openat", "openat2", "creat"}
        process = name in {"clone", "clone3"} and "CLONE_THREAD" not in given
        writes = opens and re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", given)
        if (
            name in _NET
            or process
            or (name in _RUN and number)
            or (writes and worked and not inputs.keeps(Path(where)))
            or (opens and Path(where).is_relative_to(inputs.away))
            or (opens and worked and not _is_plain(where, inputs))
        ):
            found.append(f"{name}({given})")
    assert found == []
