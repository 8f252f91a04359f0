"""Standard output and standard error as they really are: closed, full, of another encoding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from auditor.__main__ import run
from auditor.safe import escaped

MAP = '{"version": 3, "sources": ["../src/ä€文.ts"], "sourcesContent": ["let n"], "mappings": ""}'
FULL = Path("/dev/full")
Pack = Callable[..., Path]
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
needs_shell = pytest.mark.skipif(os.name == "nt", reason="no POSIX shell here")


def audit(
    *arguments: str, out: str = "", redirected: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, with its streams as a shell redirects them."""
    command = [sys.executable, "-m", "auditor", *arguments]
    if redirected:
        command = ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *command]
    with ExitStack() as stack:
        stdout = stack.enter_context(Path(out).open("wb")) if out else subprocess.PIPE
        return subprocess.run(  # noqa: S603 - our own command
            command,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            check=False,
        )


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]
COMMANDS: dict[str, tuple[str, ...]] = {
    "pack": ("pack", "{pack}", "--no-config", "-v"),
    "markdown": ("pack", "{pack}", "--no-config", "--format", "markdown"),
    "map": ("map", "{pack}"),
    "explain": ("explain", "embedded-sources"),
    "rules": ("rules", "list"),
    "names": ("names", "reqüests€"),
    "missing": ("pack", "nöwhere€.tgz"),
    "option": ("pack", "--nö-such€"),
    "help": ("pack", "--help"),
}


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_what_an_encoding_does_not_have_is_escaped(encoding: dict[str, str], pack: Pack) -> None:
    path = pack({"dist/ä→.js.map": MAP})
    found = audit("pack", str(path), "--no-config", "-v", **encoding)
    missing = audit("pack", "n\u2192where.tgz", **encoding)

    assert (found.returncode, found.stderr) == (1, b"")
    assert b"\\u2192" in found.stdout
    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_breaks_where_only_ascii_is_to_be_had(name: str, pack: Pack) -> None:
    path = pack({"dist/ä→.js.map": MAP})
    words = [word.format(pack=path) for word in COMMANDS[name]]
    found = audit(*words, PYTHONIOENCODING="ascii:strict")

    assert found.returncode in {0, 1, 2}
    assert b"Traceback" not in found.stderr
    assert b"internal error" not in found.stderr
    found.stdout.decode("ascii")


@needs_full
@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"missing", "option"}])
def test_a_full_disk_is_one_line_and_a_wrong_call(name: str, pack: Pack) -> None:
    words = [word.format(pack=pack({"a.js.map": MAP})) for word in COMMANDS[name]]
    found = audit(*words, out="/dev/full")

    assert found.returncode == 2
    assert found.stderr.decode() == (
        "audit: standard output cannot be written: No space left on device\n"
    )


@needs_full
@needs_shell
@pytest.mark.parametrize("how", ["2>/dev/full", "2>&-"])
def test_an_error_that_nobody_can_be_told_has_its_exit_code(how: str) -> None:
    assert audit("pack", "nowhere.tgz", redirected=how).returncode == 2
    assert audit("pack", "--no-such", redirected=how).returncode == 2


@needs_shell
def test_a_report_that_nobody_can_read_is_none(pack: Pack) -> None:
    found = audit("pack", str(pack({"a.js": "1"})), "--no-config", redirected=">&-")

    assert found.returncode == 2
    assert found.stderr == (b"audit: standard output is closed, so there is nowhere to report to\n")


@needs_shell
def test_without_standard_error_the_report_comes_all_the_same(pack: Pack) -> None:
    path = pack({"a.js.map": MAP})
    found = audit("pack", str(path), "--no-config", "--format", "json", redirected="2>&-")

    assert found.returncode == 1
    assert json.loads(found.stdout)["complete"]


@needs_shell
def test_a_pipe_that_nobody_reads_any_more_is_no_traceback(pack: Pack) -> None:
    path = pack({f"{n}.js.map": MAP for n in range(500)})
    words = [sys.executable, "-m", "auditor", "pack", str(path), "--no-config", "--format", "json"]
    piped = '"$@" | head -c 1; echo "code ${PIPESTATUS:-}"'
    found = subprocess.run(  # noqa: S603 - our own command
        ["/bin/bash", "-c", piped, "bash", *words], capture_output=True, check=False
    )

    assert found.stderr == b""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("{tmp}/no/such/folder.json", "No such file or directory"),
        ("{tmp}", "Is a directory"),
        pytest.param("/dev/full", "No space left on device", marks=needs_full),
    ],
)
def test_a_report_file_that_cannot_be_written_is_a_wrong_call(
    path: str, why: str, pack: Pack, tmp_path: Path
) -> None:
    place = path.format(tmp=tmp_path)
    found = audit("pack", str(pack({"a.js": "1"})), "--no-config", "--report", f"json={place}")

    assert found.returncode == 2
    assert found.stderr.decode() == f"audit: {place}: cannot be written: {why}\n"


@pytest.mark.parametrize(
    "words",
    [
        "pack {}",
        "{}",
        "pack --{}",
        "pack x --format {}",
        "pack x --limit {}",
        "pack x --report {}",
        "pack x --packer {}",
        "explain {}",
        "rules show {}",
        "lock {}",
        "map {}",
        "triage {}",
        "diff {} {}",
        "names {}",
    ],
)
def test_what_was_typed_is_repeated_without_what_it_would_do(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nasty = "\x1b[2J\u202eevil\r\n::error::x"
    code = run([word.format(nasty) for word in words.split()])
    shown = "".join(capsys.readouterr())

    assert code in {0, 2}
    assert escaped(shown.replace("\n", "")) == shown.replace("\n", "")
    assert not any(line.startswith("::") for line in shown.splitlines())
