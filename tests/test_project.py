"""A project packed by its packer: what runs, in which order, and every way in which it can fail."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import auditor
from auditor.errors import PackerError, UsageError
from auditor.sources.project import choose, packed
from tests.test_packer_choice import write

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake packer is a sh script")

FAKE = Path(__file__).parent / "fake_packer.py"
REPOSITORY = Path(auditor.__file__).parent.parent
HOOKS = {name: f"echo {name} >> ran" for name in "prepublishOnly prepack prepare postpack".split()}


@dataclass(slots=True)
class Outcome:
    """What is left when the tarballs are gone."""

    labels: list[str] = field(default_factory=list)
    notes: list[tuple[str, ...]] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """A project in a folder, a fake npm on PATH, and our temporary folder."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def write(self, scripts: dict[str, str] | None = None, **more: object) -> None:
        manifest = {"name": "demo-kit", "version": "1.0.0", "scripts": scripts or {}, **more}
        write(self.project, {"package.json": manifest})

    def fake(self, **settings: str) -> None:
        for name, value in settings.items():
            self.monkeypatch.setenv(f"FAKE_{name}", value)

    def pack(
        self,
        *,
        packer: str | None = None,
        ignore_scripts: bool = False,
        workspaces: tuple[str, ...] = (),
        all_workspaces: bool = False,
    ) -> Outcome:
        outcome = Outcome()
        try:
            with packed(
                self.project,
                "demo",
                packer=packer,
                ignore_scripts=ignore_scripts,
                workspaces=workspaces,
                all_workspaces=all_workspaces,
                output=outcome.printed.append,
            ) as packages:
                for package in packages:
                    assert str(package.packer) == "npm 11.5.0"
                    outcome.labels.append(package.label)
                    outcome.notes.append(package.notes)
                    outcome.contents.append(package.tarball.read_bytes())
        finally:
            assert self.temporary() == []
        return outcome

    def temporary(self) -> list[Path]:
        return list((self.folder / "temp").iterdir())

    def ran(self) -> list[str]:
        path = self.project / "ran"
        return path.read_text().split() if path.exists() else []

    def calls(self) -> list[list[str]]:
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in ("project", "bin", "temp"):
        (tmp_path / name).mkdir()
    program = tmp_path / "bin" / "npm"
    program.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(FAKE))} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "calls"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    for name in ("npm_lifecycle_event", "npm_package_json", "npm_package_name", "AUDIT_PACKING"):
        monkeypatch.delenv(name, raising=False)
    return Bench(tmp_path, monkeypatch)


def test_it_runs_what_a_publish_runs_and_takes_the_file_that_appears(bench: Bench) -> None:
    bench.write(HOOKS)

    outcome = bench.pack()

    assert bench.ran() == ["prepublishOnly", "prepack", "prepare", "postpack"]
    assert outcome.contents == [b"tarball"]
    assert outcome.labels == ["demo"]
    assert outcome.notes == [()]
    assert bench.calls()[-1][:2] == ["pack", "--pack-destination"]


def test_the_packer_is_asked_for_no_more_than_the_project_needs(bench: Bench) -> None:
    bench.write()

    bench.pack()

    assert [call[0] for call in bench.calls()] == ["pack"]


def test_the_tarball_lies_where_only_we_can_read_it(bench: Bench) -> None:
    bench.write()
    with packed(
        bench.project,
        ".",
        packer=None,
        ignore_scripts=False,
        workspaces=(),
        all_workspaces=False,
        output=None,
    ) as (package,):
        (private,) = bench.temporary()
        assert private in package.tarball.parents
        assert private.stat().st_mode & 0o777 == 0o700
        assert package.directory == bench.project.resolve()


def test_ignoring_scripts_runs_none_and_says_which(bench: Bench) -> None:
    bench.write(HOOKS)

    outcome = bench.pack(ignore_scripts=True)

    assert bench.ran() == []
    assert bench.calls()[-1][-1] == "--ignore-scripts"
    assert outcome.notes == [
        (
            (
                "scripts were not run (prepublishOnly, prepack, prepare, postpack), "
                "so the list may differ from what is published"
            ),
        )
    ]


def test_without_scripts_there_is_nothing_to_say_about_them(bench: Bench) -> None:
    bench.write({"test": "exit 1"})

    assert bench.pack(ignore_scripts=True).notes == [()]


def test_a_setting_that_ignores_scripts_is_heeded(bench: Bench) -> None:
    bench.write({"prepublishOnly": "exit 1"})
    bench.fake(SETTING="true")

    outcome = bench.pack()

    assert outcome.notes == [
        ("npm is configured to ignore scripts: prepublishOnly did not run, as in a publish",)
    ]


def test_an_older_npm_that_runs_prepare_all_the_same_is_found_out(bench: Bench) -> None:
    bench.write(HOOKS)
    bench.fake(VERSION="10.9.0")

    with pytest.raises(PackerError, match=r"npm 10\.9\.0 could not be kept from running .*prepare"):
        bench.pack(ignore_scripts=True)


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("none", "npm pack reported success but made no tarball"),
        ("json", "npm pack reported success but made no tarball"),
        ("two", "npm pack made 2 files where one was due: a.tgz, b.tgz"),
        ("empty", "npm pack made an empty tarball"),
        ("other", "npm pack made demo.txt, which is no tarball"),
        ("link", "npm pack made demo.tgz, which is no tarball"),
        ("fail", r"npm pack ended with exit code 7: npm error the disk is full\u202e!"),
    ],
)
def test_whatever_is_not_one_tarball_is_an_error(mode: str, problem: str, bench: Bench) -> None:
    bench.write()
    bench.fake(MODE=mode)

    with pytest.raises(PackerError, match=f"^{re.escape(problem)}"):
        bench.pack()


@pytest.mark.parametrize("hook", ["prepublishOnly", "prepack", "prepare", "postpack"])
def test_a_failing_script_is_an_error(hook: str, bench: Bench) -> None:
    bench.write({hook: "echo one; echo src/a.ts: error TS2322; echo three; exit 3"})

    with pytest.raises(PackerError, match=r"ended with exit code 3: src/a\.ts: error TS2322$"):
        bench.pack()


def test_output_comes_line_by_line_without_colours_and_harmless(bench: Bench) -> None:
    bench.write({"prepack": r"printf 'a\033[31mred\033[0m\nbell\007 \342\200\256!\nlast'"})

    assert bench.pack().printed == ["ared", r"bell\x07 \u202e!", "last"]


def test_a_process_that_stays_behind_does_not_keep_us_waiting(bench: Bench) -> None:
    bench.write({"prepack": "sleep 60 & echo $! > ran"})

    bench.pack()

    os.kill(int(bench.ran()[0]), signal.SIGKILL)  # an error where it had ended


def test_the_packer_gets_the_whole_environment_but_for_an_outer_publish_s(bench: Bench) -> None:
    bench.monkeypatch.setenv("DEMO_TOKEN", "here")
    bench.monkeypatch.setenv("CI", "maybe")
    bench.monkeypatch.setenv("npm_config_dry_run", "true")
    bench.write({"prepack": 'echo "$DEMO_TOKEN $CI ${npm_config_dry_run:-off}" > ran'})

    bench.pack()

    assert bench.ran() == ["here", "maybe", "off"]


def test_an_error_while_the_tarball_is_read_still_removes_it(bench: Bench) -> None:
    bench.write()
    package = packed(
        bench.project,
        ".",
        packer=None,
        ignore_scripts=False,
        workspaces=(),
        all_workspaces=False,
        output=None,
    )

    with pytest.raises(ZeroDivisionError), package:
        raise ZeroDivisionError

    assert bench.temporary() == []


PACK = """\
import sys, tempfile
sys.path.insert(0, {repository!r})
from pathlib import Path
from auditor.sources.project import packed
with open("started", "a+") as started:
    started.write("x")
    if started.tell() > 20:
        sys.exit("this would go on without end")
tempfile.tempdir = {temporary!r}
with packed(Path("."), ".", packer=None, ignore_scripts=False, workspaces=(),
            all_workspaces=False, output=None) as (package,):
    with open("notes", "a") as notes:
        notes.write("|".join(["", *package.notes]) + "\\n")
"""


def program(bench: Bench) -> str:
    """Return a shell command that packs the current folder with us."""
    text = PACK.format(repository=str(REPOSITORY), temporary=str(bench.folder / "temp"))
    (bench.folder / "pack.py").write_text(text)
    return shlex.join([sys.executable, str(bench.folder / "pack.py")])


def test_the_packer_gets_no_input(bench: Bench) -> None:
    bench.write({"prepack": "cat > ran"})

    ended = subprocess.run(  # noqa: S602 - our own words
        program(bench), shell=True, cwd=bench.project, input=b"typed", check=False
    )

    assert ended.returncode == 0
    assert (bench.project / "ran").read_text() == ""


def test_an_interrupt_ends_the_packer_and_its_children(bench: Bench) -> None:
    bench.write()
    bench.fake(MODE="sleep")
    process = subprocess.Popen(  # noqa: S602 - our own words
        f"exec {program(bench)}",
        shell=True,
        cwd=bench.project,
        stderr=subprocess.PIPE,
        preexec_fn=hears_interrupts,  # noqa: PLW1509 - no threads here
    )
    pids = bench.folder / "calls.pids"
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert b"KeyboardInterrupt" in errors
    started = [int(pid) for pid in pids.read_text().split()]
    wait_for(lambda: not any(alive(pid) for pid in started))
    assert bench.temporary() == []


def hears_interrupts() -> None:
    """Undo what a shell does to what it runs in the background: there SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("hook", "note", "runs"),
    [
        (
            "prepublishOnly",
            "of a publish: prepublishOnly did not run again",
            "prepack prepare postpack",
        ),
        ("publish", "of a publish: prepublishOnly did not run again", "prepack prepare postpack"),
        ("prepack", "of packing: scripts were not run (", ""),
        ("prepare", "of packing: scripts were not run (", ""),
        ("postpack", "of packing: scripts were not run (", ""),
    ],
)
def test_a_project_that_audits_itself_in_a_hook_does_so_once(
    hook: str, note: str, runs: str, bench: Bench
) -> None:
    """As the packer does it in a publish: it runs the hook, and the hook calls us."""
    bench.write({**HOOKS, hook: program(bench)})

    ended = subprocess.run(  # noqa: S603 - the fake packer
        [bench.folder / "bin" / "npm", "run", hook], cwd=bench.project, check=False
    )

    assert ended.returncode == 0
    (notes,) = (bench.project / "notes").read_text().splitlines()
    assert notes.startswith(f"|called from the script {hook} {note}")
    assert bench.ran() == runs.split()


def test_our_own_run_of_a_hook_that_audits_ends_too(bench: Bench) -> None:
    bench.write({**HOOKS, "prepublishOnly": program(bench), "prepack": program(bench)})

    bench.pack()

    # the hook before packing, the one in its packing, and the one in ours
    assert len((bench.project / "notes").read_text().splitlines()) == 3


def test_a_hook_that_audits_by_a_detour_ends_too(bench: Bench) -> None:
    scripts = {
        "check": program(bench),
        "prepublishOnly": "npm run check",
        "prepack": "npm run check",
    }
    bench.write({**HOOKS, **scripts})

    bench.pack()

    assert len((bench.project / "notes").read_text().splitlines()) == 3


def test_two_packages_that_audit_each_other_end_too(bench: Bench) -> None:
    other = bench.folder / "other"
    call = program(bench)
    bench.write({"prepublishOnly": f"cd ../other && {call}"})
    write(other, {"package.json": {"scripts": {"prepublishOnly": f"cd ../project && {call}"}}})

    bench.pack()

    # the other once, and this one once more from there
    assert len((other / "notes").read_text().splitlines()) == 1
    assert len((bench.project / "notes").read_text().splitlines()) == 1


def test_a_hook_of_another_package_does_not_count(bench: Bench) -> None:
    bench.write(HOOKS)
    bench.monkeypatch.setenv("npm_lifecycle_event", "prepack")
    bench.monkeypatch.setenv("npm_package_json", str(bench.folder / "package.json"))

    assert bench.pack().notes == [()]

    bench.monkeypatch.delenv("npm_package_json")
    bench.monkeypatch.setenv("npm_package_name", "another")
    assert bench.pack().notes == [()]

    bench.monkeypatch.setenv("npm_package_name", "demo-kit")
    (note,) = bench.pack().notes[0]
    assert note.startswith("called from the script prepack of packing")


@pytest.mark.parametrize("mark", ["[", "[]", "null", "{}", "{" * 100_000])
def test_a_broken_mark_is_no_mark(mark: str, bench: Bench) -> None:
    bench.write(HOOKS)
    bench.monkeypatch.setenv("AUDIT_PACKING", mark)

    assert bench.pack().notes == [()]


def test_a_packer_that_is_not_there_says_what_to_do(bench: Bench) -> None:
    bench.write()

    with pytest.raises(
        PackerError, match=r"^bun, which --packer asks for, is not installed.*\.tgz$"
    ):
        bench.pack(packer="bun")


def test_corepack_is_pointed_at_and_not_used(bench: Bench) -> None:
    bench.write(packageManager="pnpm@10.1.0")
    corepack = bench.folder / "bin" / "corepack"
    corepack.write_text(f"#!/bin/sh\ntouch {bench.folder}/used\n")
    corepack.chmod(0o755)
    bench.monkeypatch.setenv("PATH", str(bench.folder / "bin"))

    with pytest.raises(
        PackerError, match=r"^pnpm, which package\.json asks for, .*`corepack enable` makes pnpm"
    ):
        bench.pack()
    assert not (bench.folder / "used").exists()


def test_a_program_of_the_project_s_own_is_not_taken_for_the_packer(bench: Bench) -> None:
    bench.write()
    planted = bench.project / "npm"
    planted.write_text("#!/bin/sh\ntouch used\n")
    planted.chmod(0o755)
    bench.monkeypatch.setenv("PATH", ".")
    bench.monkeypatch.chdir(bench.project)

    with pytest.raises(PackerError, match="npm is not installed"):
        bench.pack()
    assert not (bench.project / "used").exists()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"VERSION": "none"}, "npm --version printed no version: none"),
        ({"VERSION": "", "VERSION_CODE": "3"}, "npm --version ended with exit code 3"),
        ({"VERSION": "6.14.18"}, "npm 6.14.18 cannot pack into another folder"),
    ],
)
def test_a_packer_that_does_not_answer_as_it_should_is_not_run(
    settings: dict[str, str], problem: str, bench: Bench
) -> None:
    bench.write()
    bench.fake(**settings)

    with pytest.raises(PackerError, match=f"^{re.escape(problem)}"):
        bench.pack()
    assert bench.calls() == []


@pytest.mark.parametrize(
    ("packer", "wanted", "note"),
    [
        (None, "npm@10.2.0", "package.json wants npm 10, npm 11 packed"),
        ("npm@12", "npm@11.0.0", "--packer wants npm 12, npm 11 packed"),
        (None, "npm@11.0.0", ""),
        ("npm", "npm@10.2.0", ""),
    ],
)
def test_another_major_than_was_asked_for_is_said(
    packer: str | None, wanted: str, note: str, bench: Bench
) -> None:
    bench.write(packageManager=wanted)

    assert bench.pack(packer=packer).notes == [(note,) if note else ()]


def test_choosing_alone_asks_the_program_for_its_version(bench: Bench) -> None:
    bench.write()

    assert str(choose(bench.project, None)) == "npm 11.5.0"
    with pytest.raises(UsageError, match="'cargo' is no packer"):
        choose(bench.project, "cargo")
    with pytest.raises(PackerError, match=r"holds no package\.json"):
        choose(bench.folder, None)


def test_workspaces_are_packed_in_their_own_folders(bench: Bench) -> None:
    bench.write(workspaces=["packages/*"], private=True)
    for name, private in (("a", False), ("b", True), ("c", False)):
        manifest = {"name": f"@demo/{name}", "private": private, "scripts": HOOKS}
        write(bench.project, {f"packages/{name}/package.json": manifest})

    everything = bench.pack(all_workspaces=True)
    assert everything.labels == ["demo/packages/a", "demo/packages/c"]
    assert everything.notes == [("left out as private: @demo/b",), ()]
    assert (bench.project / "packages" / "c" / "ran").read_text().split() == list(HOOKS)
    assert not (bench.project / "packages" / "b" / "ran").exists()

    one = bench.pack(workspaces=("@demo/b",))
    assert one.labels == ["demo/packages/b"]
    assert one.notes == [("package.json says private, so a publish would be refused",)]

    (note,) = bench.pack().notes[0]
    assert note.endswith("--workspaces packs the packages in its workspaces")

    with pytest.raises(UsageError, match="exclude each other"):
        bench.pack(all_workspaces=True, workspaces=("@demo/b",))
