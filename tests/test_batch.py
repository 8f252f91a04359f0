"""Several processes audit package files as one does, and nothing that happens to one is silence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor import batch, exits, report, scan
from auditor.__main__ import run
from auditor.errors import BugError
from auditor.limits import Limits
from auditor.model import Verdict
from auditor.outcome import Outcome
from auditor.report import View
from auditor.scan import Request
from auditor.sources import crew
from auditor.sources.file import ReadFile
from tests import distributions
from tests.archives import cases, made
from tests.conftest import tarball

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.sources.file import Progress

ROOT = Path(__file__).parent.parent
FORMATS = tuple(name for name in report.names() if name != "cyclonedx")
SECRET = "const id = 'AKIA" + "QYLPMN5HHHFPZAM2';"
SIGNED = "the sdist's own\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")


def packages(folder: Path, count: int, prefix: str = "p") -> list[str]:
    """Write small packages, each with a finding of its own."""
    made = []
    for number in range(count):
        path = folder / f"{prefix}{number}.tgz"
        manifest = json.dumps({"name": f"{prefix}-{number}", "version": "1.0.0"})
        path.write_bytes(tarball({"package.json": manifest, f"lib/{number}.js": SECRET}))
        made.append(str(path))
    return made


def both(*targets: str, **more: object) -> str:
    """Return the JSON report; one process and two make the same reports of all formats."""
    one = scan.scan(Request(targets=targets, jobs=1, **more))  # type: ignore[arg-type]
    two = scan.scan(Request(targets=targets, jobs=2, **more))  # type: ignore[arg-type]
    shown = {}
    for name in FORMATS:
        render = report.load(name).render
        shown[name] = render(one, View())
        assert render(two, View()) == shown[name]
    return shown["json"]


def test_many_packages_are_reported_in_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    targets = packages(tmp_path, 12)
    shown = json.loads(both(*reversed(targets)))
    assert [one["source"] for one in shown["artifacts"]] == targets[::-1]
    assert len(shown["findings"]) == 12


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.sweep), 5])
def test_hostile_archives_have_the_same_report_from_another_process(
    every: int, tmp_path: Path
) -> None:
    targets = []
    for name, case in [*cases().items()][::every]:
        (tmp_path / name).mkdir()
        path = tmp_path / name / case.file
        path.write_bytes(made(name))
        targets.append(str(path))
    one, two = (scan.scan(Request(targets=tuple(targets), jobs=jobs)) for jobs in (1, 2))
    assert two == one
    assert len(one.gaps) > 50 // every


def test_what_cannot_be_sent_is_read_again_here(tmp_path: Path) -> None:
    targets = packages(tmp_path, 2)
    half = tmp_path / "half.tgz"
    half.write_bytes(tarball({"package.json": '{"name": "\\ud800", "version": "1.0.0"}'}))
    shown = json.loads(both(*targets, str(half)))
    assert [one["name"] for one in shown["artifacts"]] == ["p-0", "p-1", "\ud800"]


def test_wheels_are_compared_with_sdists_that_others_read(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    wheel = distributions.wheel(folders[0], {"demo_kit/extra.py": "import os\n" * 9})
    sdist = distributions.sdist(folders[0], {"demo_kit/own.py": SIGNED})
    other = distributions.sdist(folders[1], {"demo_kit/another.py": SIGNED * 2})
    plain = packages(tmp_path, 3)
    shown = json.loads(both(str(wheel), *plain, str(sdist), str(other)))
    rules = {(one["rule"], Path(one["location"]["source"]).name) for one in shown["findings"]}
    assert {("unsourced-module", wheel.name), ("second-sdist", sdist.name)} <= rules


def test_a_wheel_by_another_name_is_compared_with_the_sdists_before_it(tmp_path: Path) -> None:
    wheel = distributions.wheel(tmp_path, {"demo_kit/extra.py": "import os\n" * 9}, name="w.zip")
    sdist = distributions.sdist(tmp_path)
    plain = packages(tmp_path, 3)
    behind = json.loads(both(str(sdist), *plain, str(wheel)))
    before = json.loads(both(str(wheel), *plain, str(sdist)))
    assert {one["rule"] for one in behind["findings"]} > {one["rule"] for one in before["findings"]}


def test_folders_signatures_and_what_is_no_package_are_audited_beside_them(tmp_path: Path) -> None:
    targets = packages(tmp_path, 4)
    (tmp_path / "p1.tgz.asc").write_text("signed")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "id.js").write_text(SECRET)
    (tmp_path / "none.tgz").write_text("no archive")
    os.mkfifo(tmp_path / "pipe.tgz")
    odd = [str(tmp_path / name) for name in ("p1.tgz.asc", "folder", "none.tgz", "pipe.tgz")]
    shown = json.loads(both(*targets[:2], *odd, *targets[2:], targets[0], as_is=True))
    assert len(shown["artifacts"]) == 6
    assert len(shown["gaps"]) == 2


def test_an_unreadable_target_is_named_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pack", "--jobs", "2", "none.tgz", "nor.tgz"]) == exits.EXIT_USAGE
    assert "none.tgz: no such file or folder" in capsys.readouterr().err


def killed(monkeypatch: pytest.MonkeyPatch, name: str, end: Callable[[], object]) -> None:
    """Have the process that reads a file of this name do something else instead."""

    def opened(path: Path, *more: object) -> ReadFile:
        if path.name == name:
            end()
        return ReadFile(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(scan, "ReadFile", opened)


def test_a_process_that_is_killed_is_a_gap_that_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = packages(tmp_path, 9)
    killed(monkeypatch, "p4.tgz", lambda: os.kill(os.getpid(), signal.SIGKILL))
    made = scan.scan(Request(targets=tuple(targets), jobs=2))
    assert made.verdict is Verdict.INCOMPLETE
    assert [(one.location.source, one.reason) for one in made.gaps] == [
        (targets[4], "not examined: the process that read it was ended by signal 9")
    ]
    assert [one.source for one in made.artifacts] == targets[:4] + targets[5:]


def test_a_fault_of_ours_there_is_one_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(monkeypatch, "p1.tgz", lambda: {"a": 1}["absent"])
    with pytest.raises(BugError, match=r"KeyError at .*p1\.tgz: 'absent'"):
        scan.scan(Request(targets=tuple(packages(tmp_path, 3)), jobs=2))


def test_limits_hold_for_each_package_by_itself(tmp_path: Path) -> None:
    targets = packages(tmp_path, 6)
    shown = json.loads(both(*targets, limits=Limits(members=1)))
    assert len(shown["gaps"]) == 6
    assert json.loads(both(*targets, limits=Limits(members=2)))["gaps"] == []


def test_progress_is_told_of_all_packages_together(tmp_path: Path) -> None:
    targets = packages(tmp_path, 5)
    said: list[str] = []
    steps: list[tuple[int, int]] = []

    def announce(label: str) -> Progress:
        said.append(label)
        return lambda done, total: steps.append((done, total))

    scan.scan(Request(targets=tuple(targets), jobs=2), announce)
    total = sum(Path(one).stat().st_size for one in targets)
    assert sorted(said) == targets
    assert steps[-1] == (total, total)
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    ("jobs", "sizes", "cores", "workers"),
    [
        (1, [10**9] * 9, 8, 1),
        (None, [20_000] * 100, 8, 1),  # well below a second
        (None, [20_000] * 1000, 8, 5),
        (None, [20_000] * 1000, 2, 2),
        (None, [10**9], 8, 1),
        (None, [10**9] * 3, 8, 3),
        (4, [20_000] * 3, 2, 3),
        (4, [20_000] * 9, 2, 4),
        (None, [20_000] * 1000, 1, 1),
    ],
)
def test_processes_are_as_many_as_pay(
    jobs: int | None,
    sizes: list[int],
    cores: int,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = [1]

    def shared(_do: object, _items: object, _weights: object, count: int) -> list[object]:
        asked.append(count)
        return []

    monkeypatch.setattr(crew, "shared", shared)
    monkeypatch.setattr(crew, "cores", lambda: cores)
    monkeypatch.setattr(batch, "_size", lambda target: sizes[int(target)])
    targets = [(str(number), ()) for number in range(len(sizes))]
    batch.read(lambda _: batch.Read(outcome=Outcome()), targets, jobs, lambda _: None)
    assert asked[-1] == workers


def test_processes_that_are_not_forked_find_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = (*packages(tmp_path, 3), str(distributions.sdist(tmp_path)))
    wheel = str(distributions.wheel(tmp_path, {"demo_kit/extra.py": "import os\n" * 9}))
    monkeypatch.setattr(crew, "shared", partial(crew.shared, start="spawn"))
    both(*targets, wheel, wheel)


def test_a_sandbox_has_one_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = packages(tmp_path, 2)
    assert run(["pack", "--sandbox", "--jobs", "2", *targets]) == exits.EXIT_USAGE
    assert "--jobs cannot be had in a sandbox" in capsys.readouterr().err


HOLDING = """
import os, signal, sys, time
from auditor.__main__ import run
import auditor.scan

signal.signal(signal.SIGINT, signal.default_int_handler)

def wait(*given, **named):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)

auditor.scan._Scanner._file = wait
sys.exit(run(["pack", "--jobs", "2", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, exits.EXIT_INTERRUPTED, "audit: interrupted"), (signal.SIGKILL, -9, "")],
)
def test_no_process_outlives_the_call(
    number: signal.Signals, code: int, said: str, tmp_path: Path
) -> None:
    with subprocess.Popen(  # noqa: S603 - our own package
        [sys.executable, "-c", HOLDING, *packages(tmp_path, 4)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        readers = [int(process.stdout.readline()) for _ in range(2)]
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.strip()) == (code, said)
    latest = time.monotonic() + 10
    while any(Path(f"/proc/{one}").exists() for one in readers) and time.monotonic() < latest:
        time.sleep(0.02)
    assert not [one for one in readers if Path(f"/proc/{one}").exists()]
