"""Bun's binary lockfile: bun prints it, and a bun that does not is one clear line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.lockfiles.bun_lockb import MAGIC
from auditor.sources import bun_lockb
from tests.packer_tools import call, use
from tests.test_lock_cli import as_json, git

if TYPE_CHECKING:
    from collections.abc import Callable

    Play = Callable[..., Path]

BINARY = MAGIC + b"\x02\x00\xff"
PRINTED = """\
# yarn lockfile v1

axios@1.14.1:
  version "1.14.1"
  resolved "https://registry.example.org/axios/-/axios-1.14.1.tgz"
"""
MANIFEST = {"name": "demo", "dependencies": {"axios": "1.14.1"}}
SAY = f"print({PRINTED!r})\n"
HANG = """\
import subprocess, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(__file__).with_name("pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Put a bun that runs some Python first on PATH; return the folder that it lies in."""

    def write(code: str, folder: str = "tools") -> Path:
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "bun").write_text(f"#!{sys.executable}\nimport os, sys\n{code}")
        (place / "bun").chmod(0o755)
        monkeypatch.setenv("PATH", f"{place}{os.pathsep}/usr/bin{os.pathsep}/bin")
        return place

    return write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "bun.lockb").write_bytes(BINARY)
    (folder / "package.json").write_text(json.dumps(MANIFEST))
    return folder


def test_what_bun_prints_is_read_and_judged(
    capsys: pytest.CaptureFixture[str], project: Path, play: Play
) -> None:
    play(SAY)
    code, document = as_json(capsys, "--list", str(project))
    (inventory,) = document["inventories"]

    assert code == 1
    assert document["gaps"] == []
    assert (inventory["format"], inventory["count"]) == ("bun-lockb", 1)
    assert [(p["name"], p["version"], p["direct"]) for p in inventory["packages"]] == [
        ("axios", "1.14.1", True)
    ]
    assert "known-malicious" in {f["rule"] for f in document["findings"]}


@pytest.mark.parametrize("options", [[], ["--as", "bun-lockb"]])
def test_the_name_of_the_file_does_not_count(
    capsys: pytest.CaptureFixture[str], project: Path, play: Play, options: list[str]
) -> None:
    play(SAY)
    path = (project / "bun.lockb").rename(project / "other.bin")
    code, document = as_json(capsys, *options, str(path))

    assert code == 1
    assert document["inventories"][0]["format"] == "bun-lockb"


def test_bun_is_given_nothing_of_the_project_and_no_secret(
    capsys: pytest.CaptureFixture[str],
    project: Path,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (project / "bunfig.toml").write_text('preload = ["./evil.js"]\n')
    monkeypatch.setenv("NPM_TOKEN", "secret")
    monkeypatch.setenv("BUN_OPTIONS", "--preload=/evil.js")
    seen = (
        "import json, pathlib\n"
        "said = {'arguments': sys.argv[1:], 'here': os.listdir(), 'folder': os.getcwd(),\n"
        "        'environment': dict(os.environ), 'data': open('bun.lockb', 'rb').read().hex()}\n"
        "pathlib.Path(__file__).with_name('seen').write_text(json.dumps(said))\n"
    )
    folder = play(seen + SAY)
    as_json(capsys, str(project))
    said = json.loads((folder / "seen").read_text())
    known = set(said["environment"]) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}  # Python's own

    assert said["arguments"] == said["here"] == ["bun.lockb"]
    assert bytes.fromhex(said["data"]) == BINARY
    assert not Path(said["folder"]).is_relative_to(project)
    assert not Path(said["folder"]).exists()
    assert Path(said["environment"]["HOME"]) == Path(said["folder"]).parent
    assert known == set(
        "PATH HOME USERPROFILE XDG_CONFIG_HOME XDG_CACHE_HOME TMPDIR TEMP TMP"
        " DO_NOT_TRACK BUN_ENABLE_CRASH_REPORTING NO_COLOR".split()
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit('error parsing lockfile: \\x1b[31mInvalid')", "error parsing lockfile: Invalid"),
        ("os.kill(os.getpid(), 9)", "bun was ended by signal 9"),
        ("", "bun printed nothing of it"),
        ("print('hello')", "has no entry of a yarn.lock"),
        ("print('# yarn lockfile v1')", "no package was read"),
        ("sys.stdout.buffer.write(b'\\xff' * 9)", "is not UTF-8 text"),
        ("sys.stderr.write('x' * 1_000_000); sys.exit(1)", "bun ended with exit code 1"),
        ("while True: print('x' * 1000)", "bun printed more than 100,000 bytes"),
        (HANG, "bun did not end within 1 second"),
    ],
    ids="fails dies silent other empty binary complains much hangs".split(),
)
def test_a_bun_that_gives_no_list_is_a_gap(  # noqa: PLR0913 - three fixtures, two values
    capsys: pytest.CaptureFixture[str],
    project: Path,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
    *,
    code: str,
    reason: str,
) -> None:
    monkeypatch.setattr(bun_lockb, "PATIENCE", 1 if code == HANG else 30)
    play(code)
    ended, document = as_json(capsys, str(project), "--limit", "member-bytes=100000")
    (gap,) = document["gaps"]

    assert ended == 3
    assert reason in gap["reason"]
    assert "\n" not in gap["reason"]
    assert "\x1b" not in gap["reason"]
    assert len(gap["reason"]) < 600


def test_a_bun_that_hangs_leaves_nothing_behind(
    capsys: pytest.CaptureFixture[str],
    project: Path,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bun_lockb, "PATIENCE", 1)
    folder = play(HANG)
    as_json(capsys, str(project))
    numbers = (folder / "pids").read_text().split()
    listed = ["ps", "-o", "stat=", "-p", ",".join(numbers)]
    states = subprocess.run(listed, capture_output=True, text=True, check=False)  # noqa: S603
    left = [state for state in states.stdout.split() if not state.startswith("Z")]

    assert len(numbers) == 2
    assert left == []


@pytest.mark.parametrize(
    "folder", ["project/node_modules/.bin", "project/bin", "node_modules/.bin", "../relative"]
)
def test_a_bun_of_the_project_is_not_run(
    capsys: pytest.CaptureFixture[str],
    project: Path,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
) -> None:
    place = play("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n" + SAY, folder)
    if folder.startswith(".."):
        monkeypatch.chdir(project)
        monkeypatch.setenv("PATH", os.path.relpath(place, project))
    code, document = as_json(capsys, str(project))

    assert code == 3
    assert ["is not installed outside the project" in g["reason"] for g in document["gaps"]] == [
        True
    ]
    assert "bun install --save-text-lockfile" in document["gaps"][0]["reason"]
    assert not (place / "ran").exists()


def test_a_bun_in_a_home_folder_that_is_a_project_is_the_users(
    capsys: pytest.CaptureFixture[str],
    project: Path,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(project))
    monkeypatch.setenv("USERPROFILE", str(project))
    play(SAY, "project/.bun/bin")

    assert as_json(capsys, str(project))[0] == 1


def test_an_earlier_binary_lockfile_is_printed_too(
    capsys: pytest.CaptureFixture[str], project: Path, play: Play
) -> None:
    git(project, "init", "-q")
    git(project, "add", "bun.lockb")
    git(project, "commit", "-q", "-m", "x")
    later = PRINTED.replace("1.14.1", "1.13.0")
    (project / "bun.lockb").write_bytes(BINARY + b"\x01")
    size = len(BINARY)
    play(f"print({PRINTED!r} if os.path.getsize('bun.lockb') == {size} else {later!r})")
    code, document = as_json(capsys, str(project / "bun.lockb"), "--against", "HEAD")

    assert (code, document["gaps"]) == (1, [])
    assert "lowered-version" in {f["rule"] for f in document["findings"]}


# -- bun itself


@pytest.fixture
def bun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use("bun", monkeypatch, tmp_path / "home")


def locked(folder: Path) -> Path:
    """Have bun write the binary lockfile of a small project with a workspace and a folder."""
    for place, document in {
        ".": {
            "name": "demo",
            "workspaces": ["packages/*"],
            "dependencies": {
                "debug": "2.6.9",
                "local": "file:./local",
                "number": "npm:is-number@7.0.0",
                "@demo/tool": "workspace:*",
            },
            "devDependencies": {"ms": "2.1.3"},
        },
        "packages/tool": {"name": "@demo/tool", "dependencies": {"ms": "2.0.0"}},
        "local": {"name": "local", "version": "3.2.1"},
    }.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "package.json").write_text(json.dumps(document))
    (folder / "bunfig.toml").write_text("[install]\nsaveTextLockfile = false\n")
    ended = call(folder, "bun", "install", "--lockfile-only", "--ignore-scripts")
    assert (folder / "bun.lockb").is_file(), ended.stdout
    return folder / "bun.lockb"


@pytest.mark.packer
@pytest.mark.usefixtures("bun")
def test_a_lockfile_that_bun_made_is_read_without_a_false_alarm(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = locked(tmp_path / "project")
    code, document = as_json(capsys, "--list", str(path))
    (inventory,) = document["inventories"]

    assert path.read_bytes().startswith(MAGIC)
    assert (code, document["findings"], document["gaps"]) == (0, [], [])
    assert [
        (p["name"], p["version"], p["alias"], p["origin"], p["direct"])
        for p in inventory["packages"]
    ] == [
        ("debug", "2.6.9", None, "registry", True),
        ("is-number", "7.0.0", "number", "registry", True),
        ("local", "", None, "file", True),
        ("ms", "2.0.0", None, "registry", True),
        ("ms", "2.1.3", None, "registry", True),
    ]


@pytest.mark.packer
@pytest.mark.usefixtures("bun")
@pytest.mark.parametrize("length", [len(MAGIC), 100, 900])
def test_a_lockfile_of_bun_that_is_cut_short_is_a_gap(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, length: int
) -> None:
    path = locked(tmp_path / "project")
    path.write_bytes(path.read_bytes()[:length])
    code, document = as_json(capsys, str(path))

    assert code == 3
    assert ["error parsing lockfile" in gap["reason"] for gap in document["gaps"]] == [True]


@pytest.mark.packer
@pytest.mark.usefixtures("bun")
def test_bun_runs_nothing_when_it_prints_a_lockfile(tmp_path: Path) -> None:
    """The claim that the module's docstring makes; the private folder comes on top of it."""
    folder = locked(tmp_path / "project").parent
    evil = f"require('fs').writeFileSync({str(tmp_path / 'ran')!r}, '')"
    (folder / "evil.js").write_text(evil)
    preload = f'preload = ["{folder / "evil.js"}"]\n'
    for place in (folder / "bunfig.toml", tmp_path / "bunfig.toml", tmp_path / "home/.bunfig.toml"):
        place.write_text(preload)
    (folder / "package.json").write_text(json.dumps({"scripts": {"bun.lockb": "touch ../ran"}}))

    assert "ms@2.0.0" in call(folder, "bun", "bun.lockb").stdout
    (folder / "bun.lockb").write_bytes(MAGIC + f";var bun, lockfile, format, v0; {evil}\n".encode())
    assert call(folder, "bun", "bun.lockb").returncode == 1
    assert not (tmp_path / "ran").exists()
    assert call(folder, "bun", "evil.js").returncode == 0
    assert (tmp_path / "ran").exists()
