"""The bench of speed: its arithmetic, the inputs that it makes, and that nothing idle counts."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lockfiles import Document, identified, read
from auditor.lockscan import LockRequest, scan
from bench import growth, guard
from bench.guard import GUARDED, exceeded, guarded
from bench.measure import Launcher, Run, in_turn, median_ratio, table
from bench.speed import bare, inputs, kept, lockfiles, packages, page, plot, rounds
from bench.speed.measures import MEASURES, PYTHON, Measure
from bench.speed.peers import PEERS, Call, Peer

if TYPE_CHECKING:
    from pathlib import Path

# the arithmetic


@pytest.mark.parametrize(
    ("these", "those", "ratio"),
    [
        ([2.0], [1.0], 2.0),
        ([2.0, 9.0, 4.0], [1.0, 3.0, 4.0], 2.0),
        ([2.0, 4.0], [1.0, 1.0], 3.0),
        ([3.0], [1.0, 50.0, 50.0], 3.0),
    ],
)
def test_a_ratio_is_the_median_of_those_of_each_round(
    these: list[float], those: list[float], ratio: float
) -> None:
    assert median_ratio(these, those) == ratio


@given(
    st.lists(st.tuples(st.floats(0.001, 1e3), st.floats(0.001, 1e3)), min_size=1, max_size=9),
    st.floats(1.0, 100.0),
)
def test_a_machine_that_is_busy_in_whole_rounds_changes_no_ratio(
    pairs: list[tuple[float, float]], busy: float
) -> None:
    quiet = median_ratio([one for one, _ in pairs], [other for _, other in pairs])
    loud = median_ratio([one * busy for one, _ in pairs], [other * busy for _, other in pairs])

    assert loud == pytest.approx(quiet)


@pytest.mark.parametrize(
    ("seconds", "asked", "given_"), [(0.0, 7, 7), (1.0, 7, 7), (9.0, 7, 2), (300.0, 7, 1)]
)
def test_a_slow_peer_is_run_fewer_times(seconds: float, asked: int, given_: int) -> None:
    assert rounds.rounds_for(seconds, asked, patience=20.0) == given_


# processes


def test_what_a_process_costs_is_measured_with_its_children(tmp_path: Path) -> None:
    child = "x = bytearray(80_000_000); sum(range(3_000_000))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with Launcher() as launcher:
        alone = launcher.run([sys.executable, "-c", "pass"], said=tmp_path / "said")
        both = launcher.run([sys.executable, "-c", parent], said=tmp_path / "said")

    assert alone.code == both.code == 0
    assert both.peak > 80_000_000 / 1024 / 1024 > alone.peak
    assert both.cpu > alone.cpu + 0.02
    assert both.wall > alone.wall


def test_what_the_bench_holds_is_in_no_peak() -> None:
    held = bytearray(200_000_000)
    with Launcher() as launcher:
        run = launcher.run(["true"])

    assert len(held) == 200_000_000
    assert run.peak < 50


def test_a_command_runs_where_and_with_what_it_is_told_to(tmp_path: Path) -> None:
    said = tmp_path / "said"
    script = "import os, sys; print(os.getcwd(), dict(os.environ).get('A')); sys.exit('no')"
    with Launcher() as launcher:
        run = launcher.run([sys.executable, "-c", script], cwd=tmp_path, env={"A": "1"}, said=said)

    assert run.code == 1
    assert said.read_text() == f"{tmp_path.resolve()} 1\n"
    assert (tmp_path / "said.errors").read_text() == "no\n"


def test_a_command_that_is_not_there_is_told_by_its_code(tmp_path: Path) -> None:
    with Launcher() as launcher:
        runs = [launcher.run([name], said=tmp_path / "said") for name in ("no-such-thing", "true")]

    assert [run.code for run in runs] == [127, 0]


def test_the_first_command_is_what_the_others_are_compared_with() -> None:
    busy = [sys.executable, "-c", "sum(range(5_000_000))"]
    measured = in_turn({"pass": [sys.executable, "-c", "pass"], "busy": busy}, 3)

    assert measured[0].ratio == 1
    assert measured[1].ratio > 2
    assert table(measured).splitlines()[2].startswith("| pass | ")


# inputs


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def all_made(folder: Path) -> dict[str, str]:
    for form in lockfiles.FORMATS:
        lockfiles.write(folder / form, form, 300)
    packages.many_files(folder / "many.tgz", 50)
    packages.one(folder / "one.tgz", 100_000)
    list(packages.small(folder / "small", 5))
    return digests(folder)


def test_what_is_made_is_the_same_on_each_run(tmp_path: Path) -> None:
    assert all_made(tmp_path / "first") == all_made(tmp_path / "second")


@pytest.mark.parametrize("form", lockfiles.FORMATS)
def test_our_own_readers_find_every_package_of_a_made_lockfile(form: str, tmp_path: Path) -> None:
    path = lockfiles.write(tmp_path, form, inputs.PACKAGES)
    document = Document(path=path.name, data=path.read_bytes())
    found = identified(document)
    inventory = read(document, found)
    ecosystem = lockfiles.FORMATS[form][0]
    wanted = {(pin.name, pin.version) for pin in lockfiles.pins(ecosystem, inputs.PACKAGES)}

    assert found is not None
    assert found.name == form
    assert inventory.unread == ()
    assert wanted <= {(one.name, one.version) for one in inventory.packages}
    assert len(inventory.packages) in {2_500, 2_501}  # some formats have the project itself


@pytest.mark.parametrize("form", lockfiles.FORMATS)
def test_a_made_lockfile_has_the_one_bad_pin_and_is_sound_otherwise(
    form: str, tmp_path: Path
) -> None:
    path = lockfiles.write(tmp_path, form, 200)
    report = scan(LockRequest(targets=(str(path),)))
    rules = [finding.rule for finding in report.findings]

    assert report.gaps == ()
    assert report.inventories[0]["count"] == 200
    assert rules.count("known-malicious") == 1
    assert not {"unexplained-package", "unhashed-lockfile", "foreign-host", "masked-name"} & {
        *rules
    }


def test_a_tenth_of_the_names_is_unknown() -> None:
    for ecosystem in ("npm", "pypi"):
        names = {pin.name for pin in lockfiles.pins(ecosystem, 1_000)}
        popular = {*(lockfiles.NAMES / f"{ecosystem}.txt").read_text(encoding="utf-8").split()}

        assert len(names) == 1_000
        assert len(names - popular) == 100


def test_small_packages_are_as_small_as_most_are(tmp_path: Path) -> None:
    sizes = sorted(path.stat().st_size for path in packages.small(tmp_path, 60))

    assert 10_000 < sizes[30] < 40_000
    assert sizes[-1] < 250_000


def test_each_input_that_is_made_here_needs_no_network() -> None:
    fetched = {"next", "icons", "pandas", "numpy", "gradio"}

    assert fetched < set(inputs.INPUTS)
    assert not fetched & {measure.input for measure in GUARDED}


# the table of measures


def test_each_measure_has_an_input_and_a_name_of_its_own() -> None:
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)
    assert {measure.input for measure in MEASURES} <= set(inputs.INPUTS)
    for measure in MEASURES:
        assert measure.count is not None or measure.shows
        assert measure.guard is None or measure.guard >= measure.goal


def test_peers_are_left_out_of_inputs_that_are_there() -> None:
    assert {name for peer in PEERS for name in peer.apart} <= set(inputs.INPUTS)
    kinds = {one.kind for one in inputs.INPUTS.values()}
    assert {kind for peer in PEERS for kind in peer.calls} <= kinds


# whether a run counts

RUN = Run(code=0, cpu=1.0, wall=1.0, peak=10.0)
MEASURE = Measure(
    name="a",
    title="an `a`",
    input="nothing",
    ours=(sys.executable, "-c", "print('audit 1')"),
    floor=PYTHON,
    goal=100,
    bare=(sys.executable, "-c", "pass"),
    shows="audit",
)
COUNTED = replace(MEASURE, code=1, count=3, finds={"bad": 2})


def answer(count: int = 3, bad: int = 2, gaps: int = 0) -> str:
    return json.dumps(
        {
            "artifacts": [{"files": count}],
            "inventories": [],
            "findings": [{"rule": "bad"}] * bad + [{"rule": "other"}],
            "gaps": [{}] * gaps,
        }
    )


@pytest.mark.parametrize(
    ("measure", "code", "output", "trouble"),
    [
        (MEASURE, 0, "audit 1", ""),
        (MEASURE, 0, "", "printed ''"),
        (MEASURE, 4, "audit 1", "exit code 4, and not 0"),
        (COUNTED, 1, answer(), ""),
        (COUNTED, 0, answer(), "exit code 0, and not 1"),
        (COUNTED, 1, answer(count=2), "2 files or packages, and not 3"),
        (COUNTED, 1, answer(bad=1), "1 findings of bad, and not 2"),
        (COUNTED, 1, answer(gaps=1), "1 gaps"),
    ],
)
def test_an_answer_of_ours_has_to_be_the_right_one(
    measure: Measure, code: int, output: str, trouble: str
) -> None:
    assert rounds.wrong(measure, replace(RUN, code=code), output) == trouble


CALL = Call(words=("a",), shows=r"scanned [1-9]", codes=frozenset({0, 1}))


@pytest.mark.parametrize(
    ("code", "said", "trouble"),
    [
        (0, "scanned 12 files", ""),
        (1, "scanned 12 files", ""),
        (0, "scanned 0 files", "did not say that it had done its work"),
        (0, "", "did not say that it had done its work"),
        (2, "scanned 12 files", "ended with 2"),
        (-9, "scanned 12 files", "ended with -9"),
        (124, "scanned 12 files", "stopped after 600 seconds"),
    ],
)
def test_a_peer_that_did_not_do_its_work_has_no_time(code: int, said: str, trouble: str) -> None:
    assert rounds.idle(CALL, replace(RUN, code=code), said) == trouble


@pytest.mark.parametrize("one", PEERS, ids=lambda one: one.name)
def test_a_peer_that_broke_off_did_not_do_its_work(one: Peer) -> None:
    folder = f"/x/{one.name}/node_modules/{one.package}/lib/python3.11/site-packages/{one.name}"
    trace = f"""checking the types of /x/a-1.0.0.tgz
Traceback (most recent call last):
  File "{folder}/cli.py", line 48, in main
TypeError: extractall() got an unexpected keyword argument 'filter'
    at Object.<anonymous> ({folder}/dist/cli.js:12:34)
"""
    for call in one.calls.values():
        assert rounds.idle(call, replace(RUN, code=min(call.codes)), trace)


def peer(name: str, script: str, goal: float | None = None) -> Peer:
    words = (sys.executable, "-c", script)
    call = Call(words=words, shows="done", slower=goal)
    return Peer(
        name=name,
        package=name,
        version="1",
        installer="",
        calls={"start": call},
        words="is a test.",
    )


@pytest.fixture
def result(tmp_path: Path) -> rounds.Result:
    made = inputs.Store(tmp_path).made("nothing")
    peers = {
        peer("slow", "sum(range(9_000_000)); print('done')", 2): "",
        peer("crashed", "raise SystemExit(3)", 2): "",
        peer("idle", "print('nothing')"): "",
    }
    with Launcher() as launcher:
        bench = rounds.Bench(launcher, tmp_path, {"LANG": "C.UTF-8"}, {"AUDIT_DB": ""})
        return rounds.measured(bench, MEASURE, made, peers, 3)


def test_a_measure_is_run_in_turn_with_its_floor_and_its_peers(result: rounds.Result) -> None:
    slow, crashed, idle = result.rivals

    assert result.trouble == ""
    assert result.reached
    assert result.ours.rounds == result.floor.rounds == 3
    assert result.bare is not None
    assert slow.cost is not None
    assert slow.ratio > 2
    assert (crashed.cost, crashed.trouble) == (None, "ended with 3")
    assert (idle.cost, idle.trouble) == (None, "did not say that it had done its work")


_FAILING = (sys.executable, "-c", "1/0")


@pytest.mark.parametrize(
    "broken",
    [replace(MEASURE, floor=replace(PYTHON, words=_FAILING)), replace(MEASURE, bare=_FAILING)],
)
def test_a_floor_that_fails_ends_the_bench(broken: Measure, tmp_path: Path) -> None:
    made = inputs.Store(tmp_path).made("nothing")
    with Launcher() as launcher:
        bench = rounds.Bench(launcher, tmp_path, {}, {})
        with pytest.raises(ValueError, match="of a ended with 1"):
            rounds.measured(bench, broken, made, {}, 1)


def test_the_bare_program_reads_every_byte_of_an_archive(tmp_path: Path) -> None:
    files = {"package/a.js": b"a" * 70_000, "package/b/": b"", "package/b/c.txt": b"c\n"}
    tarball = tmp_path / "a.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.rstrip("/"))
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)

    for found in (bare.tarred(str(tarball)), bare.zipped(str(wheel))):
        assert {m.path.rstrip("/"): content for m, content in found} == {
            name.rstrip("/"): content for name, content in files.items()
        }
    assert bare.tar(str(tarball)) == bare.zip_(str(wheel)) == 70_002


def test_the_bare_program_reads_every_text_of_a_map(tmp_path: Path) -> None:
    content = json.dumps({"version": 3, "sourcesContent": ["let a\n", None, "é"]}).encode()
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("package/a.js.map")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))

    assert bare.map_(str(tmp_path / "a.tgz")) == len("let a\né".encode())


@pytest.mark.parametrize("form", lockfiles.FORMATS)
def test_the_bare_program_tells_every_entry_of_a_lockfile(form: str, tmp_path: Path) -> None:
    file = lockfiles.write(tmp_path, form=form, count=50)

    assert 50 <= bare.lines(str(file)) <= 55  # some formats tell the project, too


def test_commands_run_without_the_settings_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "1")
    made = inputs.Store(tmp_path).made("nothing")
    script = "import os; print(sorted(os.environ), os.listdir())"
    with Launcher() as launcher:
        bench = rounds.Bench(launcher, tmp_path, {}, {"AUDIT_DB": "x"})
        bench.run((sys.executable, "-c", script), made)
        ours = bench.output()
        bench.run((sys.executable, "-c", script), made, peer("a", ""))
        theirs = bench.output()

    assert "'AUDIT_DB', 'HOME'" in ours
    assert ours.endswith(" []\n")
    assert "AUDIT_DB" not in theirs
    assert "PYTHONPATH" not in theirs
    assert "SECRET" not in ours + theirs


# pages

COST = rounds.Cost(cpu=0.5, wall=1.0, peak=100.0, rounds=7)
RESULT = rounds.Result(
    measure=replace(MEASURES[0], goal=1.0, peak=100),
    day="2026-11-26",
    floor=replace(COST, cpu=0.4, peak=2),
    ours=COST,
    ratio=1.25,
    bare=0.9,
    rivals=(
        rounds.Rival(name="quick", cost=replace(COST, cpu=1.0), ratio=2.0, goal=2.5),
        rounds.Rival(name="slow", cost=replace(COST, cpu=90, rounds=1), ratio=180.4, goal=10),
        rounds.Rival(name="crashed", goal=10, trouble="ended with 3"),
    ),
)
ABOUT = page.About(
    day="2026-11-26",
    machine="A machine",
    npm="11.0.0",
    lacking={"syft": "pip does not install it"},
)


def test_the_table_has_ours_beside_the_floor_and_peers_in_times_of_us() -> None:
    assert page.summary([RESULT]).splitlines()[2] == (
        "| stand-in of the leak, 5 files, 72 MB unpacked | `gzip -dc` | 400 ms | 0.90 | 500 ms "
        "| **1.25** | 1.00, 100 MB | 105 MB | quick 2.00, slow 180 |"
    )


@pytest.mark.parametrize(
    ("ratio", "peak", "reached"),
    [(1.0, 90.0, True), (1.01, 90.0, False), (1.0, 96.0, False)],
)
def test_a_goal_is_one_of_time_and_memory(ratio: float, peak: float, reached: bool) -> None:  # noqa: FBT001
    assert replace(RESULT, ratio=ratio, ours=replace(COST, peak=peak)).reached is reached


def test_the_page_names_what_was_not_measured_and_why() -> None:
    text = page.page([RESULT], ABOUT, "growth\n")

    assert "| crashed |  |  | at least 10 |  |  | ended with 3 |" in text
    assert "| slow | 90.0 s | 180 | at least 10 | 105 MB | 1 |  |" in text
    assert "**2.00**" in text
    assert "were run in turn, 7 times" in text
    assert "- syft: pip does not install it\n" in text
    assert "- pubguard: is not in npm's registry\n" in text
    assert page.inside(page.GROWTH, text) == "growth\n"
    assert page.inside(page.TABLE, text) == page.quoted([RESULT])
    assert str(rounds.ROOT) not in text


def test_a_block_is_replaced_and_one_that_is_missing_is_told() -> None:
    text = f"above\n{page.block('a', 'old')}below\n"

    assert page.replaced("a", text, "new\n") == f"above\n{page.block('a', 'new' + chr(10))}below\n"
    with pytest.raises(ValueError, match="0 blocks 'b'"):
        page.replaced("b", text, "")


def test_results_are_kept_between_runs(tmp_path: Path, result: rounds.Result) -> None:
    path = tmp_path / "deep" / "results.json"
    first = replace(result, measure=MEASURES[1])
    again = replace(first, ratio=7.0)

    assert kept.merged(path, [first]) == [first]
    assert kept.merged(path, [replace(RESULT, measure=MEASURES[0])])[1] == first
    assert kept.merged(path, [again])[1].ratio == 7.0


def test_the_readme_quotes_the_page() -> None:
    readme = page.README.read_text(encoding="utf-8")
    written = page.PAGE.read_text(encoding="utf-8")
    rows = page.inside(page.TABLE, readme).splitlines()[4:]

    assert page.inside(page.TABLE, readme) == page.inside(page.TABLE, written)
    assert rows
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} <= {
        measure.title for measure in MEASURES
    }


# growth


def test_what_grows_in_a_line_has_the_factor_eight() -> None:
    costs = [replace(COST, cpu=1.0 + size, peak=20 + 10 * size) for size in (0, 1, 2, 4, 8)]
    one = growth.Growth(axis=growth.AXES[0], nothing=costs[0], steps=tuple(costs[1:]))

    assert one.factor(growth.cpu) == pytest.approx(8)
    assert one.factor(rounds.megabytes) == pytest.approx(8)
    assert "| | CPU | 2,000 ms | 3,000 ms | 5,000 ms | 9,000 ms | 8.0 |" in growth.table([one])


def test_a_plot_is_sound_and_escapes_what_it_says() -> None:
    points = ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0))
    picture = plot.drawn([plot.Panel(title="<a>", unit="ms", points=points)] * 6, columns=3)
    root = ET.fromstring(picture)  # noqa: S314 - our own

    assert len(root.findall(".//{*}circle")) == 18
    assert root.findall(".//{*}text")[0].text == "<a>: ms"


@pytest.mark.parametrize(
    ("largest", "step"), [(4.0, 1.0), (4.1, 2.0), (9.0, 5.0), (10_000.0, 5_000.0), (0.3, 0.1)]
)
def test_marks_are_round_numbers(largest: float, step: float) -> None:
    assert plot.step(largest) == pytest.approx(step)


# the guard


@pytest.mark.parametrize(
    ("ratios", "told"),
    [
        ([2.0], ""),
        ([3.1, 2.9], ""),
        (
            [3.5, 4.0],
            "an `a`: 4.00 times `python -c pass` (before: 3.50), and 3.00 is the limit",
        ),
    ],
)
def test_the_guard_fails_on_what_exceeds_its_limit_twice(ratios: list[float], told: str) -> None:
    left = iter(ratios)

    assert exceeded(replace(MEASURE, guard=3.0), lambda _: next(left)) == told
    assert next(left, None) is None


def test_the_guard_measures_and_tells_what_is_slow_and_what_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    slow = replace(MEASURE, guard=0.001)
    wrong = replace(MEASURE, title="the wrong one", guard=1_000.0, shows="no such words")
    told = guarded([slow, wrong])

    assert len(told) == 2
    assert told[0].endswith(" and 0.00 is the limit")
    assert told[1] == "the wrong one: printed 'audit 1\\n'"
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_commands_name_no_file_of_a_user() -> None:
    for one in PEERS:
        for call in one.calls.values():
            assert os.sep + "home" not in " ".join(call.words)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [([], [one.name for one in GUARDED]), (["version", "few"], ["version", "few"])],
)
def test_the_guard_measures_all_or_what_is_named(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], names: list[str]
) -> None:
    asked: list[Measure] = []

    def told(measures: list[Measure]) -> list[str]:
        asked.extend(measures)
        return []

    monkeypatch.setattr(guard, "guarded", told)
    monkeypatch.setattr("sys.argv", ["guard", *arguments])

    assert guard.main() == 0
    assert {one.name for one in asked} == {*names}


def test_a_measure_that_there_is_not_is_a_wrong_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["guard", "seconds"])

    with pytest.raises(SystemExit) as ended:
        guard.main()
    assert ended.value.code == 2
