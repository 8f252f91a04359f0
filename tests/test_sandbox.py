"""What reads in the sandbox can do nothing else, and finds what it finds without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor import sandbox
from auditor.__main__ import run
from tests.a_registry import Served, npm_document, served
from tests.conftest import tarball
from tests.distributions import sdist, wheel
from tests.made_maps import made_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pack = Callable[..., Path]

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"


def _is_there() -> bool:
    if not sandbox.is_possible():
        return False
    from auditor.sandbox import _landlock, _seccomp  # noqa: PLC0415 - Linux's

    return _landlock.abi() > 0 and _seccomp.known()


linux = pytest.mark.skipif(not sandbox.is_possible(), reason="the sandbox is made of Linux's parts")
needs_all = pytest.mark.skipif(not _is_there(), reason="this kernel lacks a part of the sandbox")


def python(
    code: str, *arguments: str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run some Python with our own package; `folder` is where it runs."""
    return subprocess.run(  # noqa: S603 - our own package
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def audit(*arguments: str, folder: Path | None = None) -> tuple[int, str, str]:
    """Run a call in a process of its own: one that forks is no part of the tests' own process."""
    code = "import sys; from auditor.__main__ import run; sys.exit(run(sys.argv[1:]))"
    ended = python(code, *arguments, folder=folder)
    return ended.returncode, ended.stdout, ended.stderr


PROBE = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from auditor.cli import confined
from auditor.limits import Limits

named, other, kept = map(Path, sys.argv[1:4])
opened = open(kept, "w")
tries = {
    "read what is named": lambda: named.read_text(),
    "read the file beside it": lambda: other.read_text(),
    "list its folder": lambda: os.listdir(named.parent),
    "list the root": lambda: os.listdir("/"),
    "read the environment of the parent": lambda: open(f"/proc/{os.getppid()}/environ").read(),
    "write over it": lambda: open(named, "a"),
    "write a new file": lambda: open(named.parent / "new", "w"),
    "write with no name": lambda: os.open("/tmp", os.O_TMPFILE | os.O_RDWR),
    "cut it": lambda: os.truncate(named, 0),
    "remove it": lambda: os.unlink(named),
    "rename it": lambda: os.rename(named, str(named) + "x"),
    "link it": lambda: os.link(named, str(named) + "x"),
    "lead to it": lambda: os.symlink(named, str(named) + "x"),
    "make a folder": lambda: os.mkdir(named.parent / "folder"),
    "make a pipe": lambda: os.mkfifo(named.parent / "pipe"),
    "open its rights": lambda: os.chmod(named, 0o777),
    "open the rights of an open file": lambda: os.fchmod(opened.fileno(), 0o777),
    "change its time": lambda: os.utime(named),
    "mark it": lambda: os.setxattr(named, "user.a", b"b"),
    "TCP": lambda: socket.socket(),
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "IPv6": lambda: socket.socket(socket.AF_INET6),
    "a socket of the system": lambda: socket.socket(socket.AF_UNIX),
    "a pair of sockets": lambda: socket.socketpair(),
    "a look-up of a name": lambda: socket.getaddrinfo("registry.example.org", 443),
    "become a program": lambda: os.execv("/bin/true", ["true"]),
    "start a program": lambda: subprocess.run(["/bin/true"]),
    "spawn a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "fork": lambda: os.fork(),
    "end the parent": lambda: os.kill(os.getppid(), 0),
    "import a module with a library": lambda: __import__("sqlite3") and "imported",
    "start a thread": lambda: thread(),
}

def thread():
    done = []
    one = threading.Thread(target=done.append, args=("ran",))
    one.start()
    one.join()
    return done[0]

def call():
    said = {}
    for name, what in tries.items():
        try:
            found = what()
            said[name] = found if isinstance(found, str) else "worked"
        except OSError as problem:
            said[name] = type(problem).__name__
    print(json.dumps(said))
    return 7

wall = confined.Wall(mode="require", limits=Limits(), reads=[named])
sys.exit(confined.run(wall, call))
"""


@needs_all
def test_inside_nothing_can_be_done_but_to_read_what_is_named(tmp_path: Path) -> None:
    named, other = tmp_path / "named", tmp_path / "other"
    named.write_text("the named one")
    other.write_text("another")
    ended = python(PROBE, str(named), str(other), str(tmp_path / "kept"), folder=Path("/"))

    assert (ended.returncode, ended.stderr) == (7, "")
    said = json.loads(ended.stdout)
    allowed = {
        "read what is named": "the named one",
        "import a module with a library": "imported",
        "start a thread": "ran",
    }
    assert {name: how for name, how in said.items() if how != "PermissionError"} == {
        **allowed,
        "a look-up of a name": "gaierror",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "named", "other"]
    assert named.read_text() == "the named one"


ENDING = """
import sys, time
from auditor.cli import confined, walled
from auditor.errors import InputError
from auditor.limits import Limits

walled._SECONDS = 1
def more_memory(): return len(bytearray(1 << 40))
def more_time():
    while True: pass
def crash(): import ctypes; ctypes.string_at(0)
try:
    wall = confined.Wall(mode="require", limits=Limits(), reads=[])
    sys.exit(confined.run(wall, globals()[sys.argv[1]]))
except InputError as problem:
    print(problem)
    sys.exit(3)
"""


@needs_all
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("more_memory", "not examined: it takes more than the 3.8 GB of addresses"),
        ("more_time", "not examined: what reads in the sandbox was ended after 1 second"),
        ("crash", "not examined: what reads in the sandbox was ended by signal 11"),
    ],
)
def test_an_end_by_force_is_incomplete_and_never_a_pass(how: str, reason: str) -> None:
    ended = python(ENDING, how)
    assert ended.returncode == 3
    assert ended.stdout.startswith(reason)


@needs_all
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_what_reads_does_not_outlive_the_call(number: signal.Signals, tmp_path: Path) -> None:
    code = (
        "import os, signal, time\nfrom auditor.cli import confined\n"
        "from auditor.limits import Limits\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def call():\n    print(os.getpid(), flush=True); time.sleep(60); return 0\n"
        "confined.run(confined.Wall(mode='require', limits=Limits(), reads=[]), call)"
    )
    process = subprocess.Popen(  # noqa: S603 - our own package
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(number)
        process.wait(10)
    latest = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < latest:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def normal(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(text)


@pytest.fixture
def things(tmp_path: Path) -> dict[str, Path]:
    """Write one of each kind of what is audited."""
    secret = "const id = 'AKIA" + "QYLPMN5HHHFPZAM2';"
    files: dict[str, str | bytes] = {
        "package.json": '{"name": "demo-kit", "version": "1.0.0", "main": "index.js"}',
        "index.js": secret,
        "dist/app.js.map": made_map({"../src/app.ts": "let n = 1"}),
        "vendor.tgz": tarball({".env": "A=1"}),
    }
    npm = tmp_path / "demo-kit-1.0.0.tgz"
    npm.write_bytes(tarball(files))
    older = tmp_path / "demo-kit-0.9.0.tgz"
    older.write_bytes(tarball({**files, "index.js": "1"}))
    broken = tmp_path / "broken-1.0.0.tgz"
    broken.write_bytes(npm.read_bytes()[:-40])
    return {
        "npm": npm,
        "older": older,
        "broken": broken,
        "wheel": wheel(tmp_path),
        "sdist": sdist(tmp_path),
    }


@needs_all
@pytest.mark.parametrize(
    "arguments",
    [
        ("pack", "{npm}", "{sdist}", "{wheel}", "{broken}"),
        ("pack", "--as-is", f"{FIXTURES}/tampered"),
        ("pack", "{npm}", "--against", "{older}"),
        ("diff", "{older}", "{npm}"),
        ("map", "{npm}"),
        ("map", f"{FIXTURES}/maps/shop"),
        ("lock", f"{FIXTURES}/lockfiles", "--list"),
        ("lock", f"{FIXTURES}/tampered"),
    ],
    ids=" ".join,
)
def test_the_answer_is_the_same_in_a_sandbox(
    arguments: tuple[str, ...], things: dict[str, Path]
) -> None:
    call = [one.format(**things) for one in arguments]
    code, out, err = audit(*call, "--format", "json")
    assert code in {0, 1, 3}

    inside = audit(*call, "--format", "json", "--sandbox")

    assert (inside[0], inside[2]) == (code, err)
    told, said = normal(inside[1]), normal(out)
    if arguments[0] == "lock":  # a program is what alone reads one format
        told["gaps"] = [gap for gap in told["gaps"] if "no program runs" not in gap["reason"]]
        said["gaps"] = [gap for gap in said["gaps"] if "bun" not in gap["reason"]]
    assert told == said


@needs_all
@pytest.mark.parametrize("format_", ["html", "sarif"])
def test_each_report_is_written_from_inside(
    format_: str, things: dict[str, Path], tmp_path: Path
) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    audit("pack", str(things["npm"]), "--report", f"{format_}={outside}")
    inside.write_text("an older and much longer report " * 10_000)
    code, _, err = audit("pack", "--sandbox", str(things["npm"]), "--report", f"{format_}={inside}")

    assert (code, err) == (1, "")
    assert inside.read_text() == outside.read_text()


@needs_all
def test_a_call_that_fails_leaves_reports_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    code, _, _ = audit(
        *("pack", "--sandbox", "absent.tgz", "--report", "json=new", "--report", "html=old"),
        folder=tmp_path,
    )
    assert code == 2
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old", "old")]


@needs_all
def test_a_report_that_cannot_be_written_is_said_before_anything_is_read(
    things: dict[str, Path], tmp_path: Path
) -> None:
    code, out, err = audit(
        *("pack", "--sandbox", str(things["npm"]), "--report", "json=new"),
        *("--report", "html=absent/report"),
        folder=tmp_path,
    )
    said = "audit: absent/report: cannot be written: No such file or directory\n"
    assert (code, out, err) == (2, "", said)
    assert not (tmp_path / "new").exists()


@needs_all
def test_a_fault_of_ours_is_one_inside_as_well(things: dict[str, Path], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom auditor import scan\nfrom auditor.__main__ import run\n"
        "def fault(*given): raise OSError(5, 'a fault')\n"
        "scan._Scanner.conclude = fault\nsys.exit(run(sys.argv[1:]))"
    )
    ended = python(code, "pack", "--sandbox", str(things["npm"]), "--report", f"json={tmp_path}/r")
    assert ended.returncode == 4
    assert "internal error: OSError" in ended.stderr
    assert not (tmp_path / "r").exists()


@needs_all
def test_what_maps_give_back_is_written_into_the_named_folder(tmp_path: Path) -> None:
    shop = str(FIXTURES / "maps/shop")
    outside = audit("map", shop, "--extract", "one", "--html", "one.html", folder=tmp_path)
    inside = audit(
        "map", shop, "--sandbox", "--extract", "two", "--html", "two.html", folder=tmp_path
    )

    assert inside[0] == outside[0] == 0
    trees = [
        {path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "one", tmp_path / "two")
    ]
    assert len(trees[0]) == 5
    assert trees[0] == trees[1]
    assert (tmp_path / "two.html").stat().st_size == (tmp_path / "one.html").stat().st_size


@needs_all
def test_output_that_goes_to_a_file_is_written(things: dict[str, Path], tmp_path: Path) -> None:
    code = "import sys; from auditor.__main__ import run; sys.exit(run(sys.argv[1:]))"
    with (tmp_path / "out").open("w") as out:
        ended = subprocess.run(  # noqa: S603 - our own package
            [sys.executable, "-c", code, "pack", "--sandbox", str(things["npm"])],
            stdout=out,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert ended.returncode == 1
    assert (tmp_path / "out").read_text() == audit("pack", str(things["npm"]))[1]


@needs_all
def test_standard_input_is_read(things: dict[str, Path]) -> None:
    code = "import sys; from auditor.__main__ import run; sys.exit(run(sys.argv[1:]))"
    for call, data in (
        (("map", "-"), things["npm"].read_bytes()),
        (("lock", "-", "--as", "requirements"), b"six==1.16.0\n"),
    ):
        ended = subprocess.run(  # noqa: S603 - our own package
            [sys.executable, "-c", code, *call, "--sandbox"],
            input=data,
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    state = Served()
    server = served(state)
    monkeypatch.setenv("npm_config_registry", state.url)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield state
    server.shutdown()
    server.server_close()


@needs_all
def test_a_release_is_fetched_before_and_its_files_are_gone_afterwards(
    registry: Served, tmp_path: Path
) -> None:
    files = {"1.0.0": tarball({"a.js": "1"}), "1.1.0": tarball({"a.js": "2"})}
    registry.answers["/demo-kit"] = npm_document(registry.url, files)
    registry.answers |= {f"/files/demo-kit-{name}.tgz": data for name, data in files.items()}
    for call in (
        ("map", "npm:demo-kit"),
        ("diff", "npm:demo-kit@1.0.0", "npm:demo-kit"),
        ("pack", "npm:demo-kit@1.0.0", "npm:absent", "npm:demo-kit@7.0.0"),
    ):
        outside = audit(*call)
        inside = audit(*call, "--sandbox")
        assert inside == outside
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("pack", "."), "packing a project cannot be had in a sandbox: pack it"),
        (("pack", "a.tgz", "--online"), "--online cannot be had in a sandbox"),
        (("pack", "a.tgz", "--write-manifest"), "--write-manifest cannot be had"),
        (("pack", "a.tgz", "--write-baseline", "b"), "--write-baseline cannot be had"),
        (("pack", "a.tgz", "--against", "latest"), "--against a release cannot be had"),
        (("pack", "a.tgz", "--against", "npm:a"), "--against a release cannot be had"),
        (("diff", ".", "a.tgz"), "packing a project cannot be had"),
        (("diff", "latest", "a.tgz"), "a version alone cannot be had in a sandbox: name a release"),
        (("lock", "--online"), "--online cannot be had"),
        (("lock", "--against", "HEAD"), "--against with a revision cannot be had"),
        (("lock", "--write-baseline", "b"), "--write-baseline cannot be had"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_what_needs_programs_or_the_network_is_an_error_of_usage(
    arguments: tuple[str, ...],
    what: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tgz").write_bytes(tarball({"a.js": ""}))
    monkeypatch.setattr(os, "fork", None, raising=False)

    assert run([*arguments, "--sandbox"]) == 2
    assert capsys.readouterr().err.startswith(f"audit: {what}")


@needs_all
def test_a_lockfile_that_a_program_alone_reads_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "bun.lockb").write_bytes(
        b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n" + bytes(64)
    )
    code, out, _ = audit("lock", "--sandbox", "--format", "json", folder=tmp_path)
    assert code == 3
    assert "no program runs here" in json.loads(out)["gaps"][0]["reason"]


LACKING = (
    "import sys\nfrom auditor.__main__ import run\n"
    "from auditor.sandbox import _kernel, _landlock, _resources, _seccomp\n"
    "def fail(*given, **named):\n    raise OSError(1, 'no')\n"
    "exec(sys.argv[1])\nsys.exit(run(sys.argv[2:]))"
)


@linux
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("_landlock.abi = lambda: 0", "Landlock, which this kernel does not have"),
        ("_seccomp.known = lambda: False", "seccomp, for which there is no table of"),
        ("_landlock.restrict = fail", "Landlock (no)"),
        ("_seccomp.restrict = fail", "seccomp (no)"),
        ("_kernel.gain_no_privileges = fail", "no new privileges (no)"),
        ("_resources.limit = fail", "limits of resources ([Errno 1] no)"),
    ],
)
def test_what_cannot_be_switched_on_is_said_and_fails(
    change: str, reason: str, things: dict[str, Path]
) -> None:
    ended = python(LACKING, change, "pack", "--sandbox", str(things["npm"]))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"audit: the sandbox lacks {reason}")
    assert ended.stderr.endswith("--try-sandbox goes on without\n")


@linux
def test_what_cannot_be_switched_on_is_said_where_it_need_not_be(things: dict[str, Path]) -> None:
    path = str(things["npm"])
    ended = python(LACKING, "_landlock.abi = lambda: 0", "pack", "--try-sandbox", path)

    assert (ended.returncode, ended.stdout) == audit("pack", path)[:2]
    assert ended.stderr.startswith("audit: the sandbox lacks Landlock, which this kernel")


def test_another_system_says_that_it_has_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, pack: Pack
) -> None:
    monkeypatch.setattr(sandbox, "is_possible", lambda: False)
    path = str(pack({"index.js": "run()"}))

    assert run(["pack", "--sandbox", path]) == 2
    assert "this system has none of it; --try-sandbox goes on without" in capsys.readouterr().err
    assert run(["pack", "--try-sandbox", path]) == 0
    assert capsys.readouterr().err.count("audit: not in a sandbox: ") == 1


def test_without_a_sandbox_nothing_is_forked(
    monkeypatch: pytest.MonkeyPatch, pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("auditor.cli.walled.made", None)
    assert run(["pack", str(pack({"index.js": "run()"}))]) == 0
    assert "PASS" in capsys.readouterr().out
