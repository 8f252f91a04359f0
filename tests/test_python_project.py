"""A Python project built as its publish would build it, and every way in which that can fail."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.errors import PackerError, UsageError
from auditor.sources.python_project import VARIABLE, is_python_project, python_packed

if TYPE_CHECKING:
    from collections.abc import Mapping

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the fake uv is a sh script")

PYPROJECT = """\
[build-system]
requires = []
build-backend = "inner"
backend-path = ["backend"]

[project]
name = "demo-kit"
version = "1.0.0"
"""
BACKEND = """\
import io, os, tarfile, zipfile

NAME = "demo_kit-1.0.0"


def build_sdist(folder, config_settings=None):
    print("making the sdist, building:", os.environ.get("AUDIT_BUILDING"))
    HOOK
    open("left-behind", "w").close()
    with tarfile.open(os.path.join(folder, NAME + ".tar.gz"), "w:gz") as tar:
        for path in ("pyproject.toml", "backend/inner.py"):
            tar.add(path, f"{NAME}/{path}")
        info = b"Metadata-Version: 2.1\\nName: demo-kit\\nVersion: 1.0.0\\n"
        member = tarfile.TarInfo(f"{NAME}/PKG-INFO")
        member.size = len(info)
        tar.addfile(member, io.BytesIO(info))
    return NAME + ".tar.gz"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = NAME + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("demo_kit/from.txt", "sdist" if os.path.exists("PKG-INFO") else "tree")
    return name
"""
UV = """\
import os, sys
from pathlib import Path

if sys.argv[1:] == ["--version"]:
    print(os.environ.get("FAKE_VERSION", "uv 0.13.9 (abc 2026-11-01)"))
    sys.exit()
print("asked for", sys.argv[1:-1])
out = Path(sys.argv[-1])
out.joinpath(".gitignore").write_text("*")
for name in os.environ.get("FAKE_FILES", "demo-1.0.tar.gz demo-1.0-py3-none-any.whl").split():
    if name.startswith("@"):
        out.joinpath(name[1:]).symlink_to("/etc/hostname")
    else:
        out.joinpath(name.lstrip("-")).write_text("" if name.startswith("-") else "content")
"""


@dataclass(slots=True)
class Outcome:
    """What is left when the files are gone."""

    labels: list[str] = field(default_factory=list)
    packers: set[str] = field(default_factory=set)
    notes: tuple[str, ...] = ()
    names: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """A project in a folder, and our temporary folder."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def write(self, files: Mapping[str, str], folder: str = "project") -> None:
        for name, text in files.items():
            path = self.folder / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def in_tree(self, hook: str = "", **more: str) -> None:
        self.write(
            {"pyproject.toml": PYPROJECT, "backend/inner.py": BACKEND.replace("HOOK", hook)} | more
        )

    def with_uv(self, **settings: str) -> None:
        """Put a uv on PATH that makes the files it is told to make."""
        self.write({"uv.py": UV}, "bin")
        program = self.folder / "bin" / "uv"
        script = shlex.quote(str(self.folder / "bin" / "uv.py"))
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {script} "$@"\n')
        program.chmod(0o755)
        for name, value in settings.items():
            self.monkeypatch.setenv(f"FAKE_{name}", value)

    def build(
        self, packer: str | None = None, *, isolation: bool = False, folder: str = ""
    ) -> Outcome:
        outcome = Outcome()
        try:
            with python_packed(
                self.project / folder,
                "./",
                isolation=isolation,
                packer=packer,
                output=outcome.printed.append,
            ) as packs:
                for pack in packs:
                    outcome.labels.append(pack.label)
                    outcome.packers.add(str(pack.packer))
                    outcome.notes = pack.notes
                    outcome.names.append(pack.tarball.name)
                    outcome.contents.append(pack.tarball.read_bytes())
        finally:
            assert list((self.folder / "temp").iterdir()) == []
        return outcome

    def refused(self, packer: str | None = None, *, isolation: bool = False) -> str:
        with pytest.raises(PackerError) as caught:
            self.build(packer, isolation=isolation)
        return str(caught.value)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in ("project", "bin", "temp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return Bench(tmp_path, monkeypatch)


# what is a project


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        ({"pyproject.toml": "[project]\nname = 'demo-kit'"}, True),
        ({"pyproject.toml": "[build-system]\nrequires = []"}, True),
        ({"pyproject.toml": "[tool.poetry]\nname = 'demo-kit'"}, True),
        ({"pyproject.toml": "[tool.ruff]\n"}, False),
        ({"pyproject.toml": "[tool.ruff]\n", "setup.py": ""}, True),
        ({"setup.cfg": "[metadata]\nname = demo-kit\n"}, True),
        ({"setup.cfg": "[flake8]\n"}, False),
        ({"pyproject.toml": "[project\n"}, True),
        ({"pyproject.toml": "[project\n", "package.json": "{}"}, False),
        ({"package.json": "{}"}, False),
        ({}, False),
    ],
)
def test_what_counts_as_a_python_project(
    bench: Bench, files: dict[str, str], *, answer: bool
) -> None:
    bench.write(files)
    assert is_python_project(bench.project) is answer


def test_a_folder_without_a_project_is_refused(bench: Bench) -> None:
    bench.write({"pyproject.toml": "[tool.ruff]\n"})
    assert bench.refused().startswith("./ holds no Python project (no [build-system]")


def test_a_pyproject_that_is_no_toml_is_named_with_its_line(bench: Bench) -> None:
    bench.write({"pyproject.toml": "[project]\nname = demo\n"})
    assert bench.refused() == ("pyproject.toml is no TOML: Invalid value (at line 2, column 8)")


def test_what_only_poetry_can_build_is_not_built_by_something_else(bench: Bench) -> None:
    bench.write({"pyproject.toml": "[tool.poetry]\nname = 'demo-kit'\nversion = '1'\n"})
    assert 'requires = ["poetry-core"]' in bench.refused()


# building


@pytest.mark.parametrize("isolation", [True, False])
def test_it_builds_the_sdist_and_the_wheel_from_it(bench: Bench, *, isolation: bool) -> None:
    bench.in_tree()

    outcome = bench.build(isolation=isolation)

    assert outcome.names == ["demo_kit-1.0.0.tar.gz", "demo_kit-1.0.0-py3-none-any.whl"]
    assert outcome.labels == ["./ (sdist)", "./ (wheel)"]
    (packer,) = outcome.packers
    assert packer.startswith("build 1.")
    assert any("isolation" in note for note in outcome.notes) is not isolation
    path = bench.folder / "wheel"
    path.write_bytes(outcome.contents[1])
    with zipfile.ZipFile(path) as wheel:
        assert wheel.read("demo_kit/from.txt") == b"sdist"
    path.write_bytes(outcome.contents[0])
    with tarfile.open(path) as sdist:
        assert "demo_kit-1.0.0/PKG-INFO" in sdist.getnames()


def test_it_runs_in_the_projects_folder_and_never_touches_its_dist(bench: Bench) -> None:
    bench.in_tree(**{"dist/demo_kit-0.9.tar.gz": "old"})

    outcome = bench.build()

    assert (bench.project / "left-behind").is_file()
    assert [path.name for path in (bench.project / "dist").iterdir()] == ["demo_kit-0.9.tar.gz"]
    assert "making the sdist, building: 1" in outcome.printed


def test_a_module_of_the_project_is_not_taken_for_the_builder(bench: Bench) -> None:
    bench.in_tree(**{"build.py": "raise SystemExit('wrong one')", "tempfile.py": "1/0"})
    assert len(bench.build().names) == 2


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        ('raise ValueError("the disk is full")', "ValueError: the disk is full"),
        (
            'raise OSError(28, "no space\\x1b[31m\\u202e", "a")',
            "OSError: [Errno 28] no space\\u202e: 'a'",
        ),
        ('raise SystemExit("error: VERSION is not set")', "error: VERSION is not set"),
        ("import demo_missing", "ModuleNotFoundError: No module named 'demo_missing'"),
    ],
)
def test_a_build_that_fails_says_why_on_one_line(bench: Bench, hook: str, reason: str) -> None:
    bench.in_tree(hook)
    assert bench.refused() == f"build ended with exit code 1: {reason}"


def test_a_backend_that_is_not_installed_is_named(bench: Bench) -> None:
    bench.write(
        {"pyproject.toml": PYPROJECT.replace('backend-path = ["backend"]', "")},
    )
    message = bench.refused()
    assert "'inner'" in message
    assert "\n" not in message


def test_called_from_a_hook_of_our_own_build_it_does_not_build_again(bench: Bench) -> None:
    """The wheel is built in another folder than the sdist, so that the folder tells nothing."""
    code = (
        "from pathlib import Path; from auditor.sources.python_project import *\n"
        "try:\n"
        " python_packed(Path('.'), '.', isolation=False, packer=None, output=None).__enter__()\n"
        "except Exception as problem: print('inner:', problem)"
    )
    hook = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', {code!r}])"
    bench.in_tree(hook)

    outcome = bench.build()

    assert any("inner: called from a hook of a build" in line for line in outcome.printed)
    assert len(outcome.names) == 2


# who builds


@ON_POSIX
@pytest.mark.parametrize(
    ("files", "packer"),
    [
        ({}, "build"),
        ({"uv.lock": ""}, "uv"),
        ({"pyproject.toml": f"{PYPROJECT}\n[tool.uv]\n"}, "uv"),
        ({"pyproject.toml": PYPROJECT.replace("requires = []", 'requires = ["uv_build"]')}, "uv"),
        ({"../uv.lock": "", "../pyproject.toml": "[tool.uv.workspace]\nmembers = ['p*']"}, "uv"),
        ({"../uv.lock": "", "../pyproject.toml": "[tool.uv.workspace]\nmembers = ['x*']"}, "build"),
        ({"../uv.lock": "", "../pyproject.toml": "[tool.uv]\nworkspace = 5"}, "build"),
        ({"../uv.lock": "", "../pyproject.toml": "["}, "build"),
        (
            {
                "../uv.lock": "",
                "../pyproject.toml": "[tool.uv.workspace]\nmembers = ['*']\nexclude = ['project']",
            },
            "build",
        ),
        (
            {
                "../uv.lock": "",
                "../pyproject.toml": "[tool.uv.workspace]\nmembers = ['project']",
                ".git": "",
            },
            "uv",
        ),
    ],
)
def test_uv_builds_what_uses_uv(bench: Bench, files: dict[str, str], packer: str) -> None:
    bench.with_uv()
    bench.in_tree(**files)

    outcome = bench.build()

    assert {name.split(" ")[0] for name in outcome.packers} == {packer}
    assert len(outcome.names) == 2


@ON_POSIX
def test_an_option_wins_over_what_the_project_uses(bench: Bench) -> None:
    bench.with_uv()
    bench.in_tree(**{"uv.lock": ""})
    assert bench.build("build").packers != {"uv 0.13.9"}
    (bench.project / "uv.lock").unlink()
    outcome = bench.build("uv@1.2", isolation=True)
    assert outcome.packers == {"uv 0.13.9"}
    assert outcome.notes == ("--packer wants uv 1, uv 0.13.9 built",)
    assert outcome.printed == ["asked for ['build', '--out-dir']"]
    assert bench.build("uv").printed == ["asked for ['build', '--no-build-isolation', '--out-dir']"]


def test_without_uv_build_stands_in_and_says_so(bench: Bench) -> None:
    bench.in_tree(**{"uv.lock": ""})
    note = bench.build().notes[0]
    assert (
        note == "uv would build this project (uv.lock), but is not installed: build made the files"
    )
    assert "uv is not installed" in bench.refused("uv")


@ON_POSIX
def test_a_uv_of_the_projects_own_is_not_run(bench: Bench) -> None:
    bench.in_tree(**{"uv.lock": "", "uv": "#!/bin/sh\nexit 3\n"})
    (bench.project / "uv").chmod(0o755)
    bench.monkeypatch.chdir(bench.project)
    bench.monkeypatch.setenv("PATH", f".{os.pathsep}/usr/bin")
    assert "is not installed" in bench.build().notes[0]


@pytest.mark.parametrize("packer", ["npm", "yarn@4"])
def test_a_packer_of_npm_packages_is_refused(bench: Bench, packer: str) -> None:
    bench.in_tree()
    with pytest.raises(UsageError, match="builds no Python project; choose build or uv"):
        bench.build(packer)


# what appears


@ON_POSIX
@pytest.mark.parametrize(
    ("files", "labels", "notes"),
    [
        ("a-1.tar.gz a-1-py3-none-any.whl", ["./ (sdist)", "./ (wheel)"], ()),
        ("a-1.zip", ["./ (sdist)"], ("uv made no wheel",)),
        ("a-1-py3-none-any.whl", ["./ (wheel)"], ("uv made no sdist",)),
        (
            "a-1.tar.gz a-1-x.whl a-1-y.whl",
            ["./ (sdist)", "./ (wheel a-1-x.whl)", "./ (wheel a-1-y.whl)"],
            ("uv made 2 wheels: an upload would take them all",),
        ),
        (
            "a-1.tar.gz a-1.whl a.exe b.log",
            ["./ (sdist)", "./ (wheel)"],
            ("uv also made, which is not audited: a.exe, b.log",),
        ),
    ],
)
def test_what_a_build_leaves_is_taken_as_it_is(
    bench: Bench, files: str, labels: list[str], notes: tuple[str, ...]
) -> None:
    bench.with_uv(FILES=files)
    bench.in_tree()
    outcome = bench.build("uv", isolation=True)
    assert outcome.labels == labels
    assert outcome.notes == notes


@ON_POSIX
@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ("x.txt", "uv reported success but made no sdist and no wheel"),
        ("a-1.tar.gz -a-1.whl", "uv made an empty wheel, a-1.whl"),
        ("@a-1.tar.gz", "uv made an empty sdist, a-1.tar.gz"),
    ],
)
def test_nothing_is_an_error_and_so_is_something_empty(
    bench: Bench, files: str, problem: str
) -> None:
    bench.with_uv(FILES=files)
    bench.in_tree()
    assert bench.refused("uv", isolation=True) == problem


@ON_POSIX
def test_a_uv_that_says_no_version_is_refused(bench: Bench) -> None:
    bench.with_uv(VERSION="error: no toolchain")
    bench.in_tree()
    assert "printed no version" in bench.refused("uv")


def test_our_own_dependency_on_build_is_declared() -> None:
    """A tool that is there only where somebody develops it would fail for its users."""
    shown = subprocess.run(
        [sys.executable, "-P", "-m", "build", "--version"], check=True, capture_output=True
    )
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert shown.stdout.startswith(b"build ")
    assert '"build>=' in text
