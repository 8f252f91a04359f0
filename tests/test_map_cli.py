"""`audit map` as it is typed: what it takes, what it answers, how it exits."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from auditor.__main__ import run
from auditor.cli import cli
from tests import schemas
from tests.a_registry import Served, index_document, npm_document, served
from tests.conftest import tarball
from tests.distributions import sdist, wheel
from tests.made_maps import made_map
from tests.test_mapview import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Pack

ROOT = Path(__file__).parent.parent
SHOP = ROOT / "fixtures/maps/shop"
MAP = SHOP / "app.js.map"
ANSWER = "1 source map gives back 3 files, 38 lines, 1.1 kB of first-party source"


def asked(*arguments: str | Path, given: bytes | None = None) -> tuple[int, str]:
    """Run `audit map` and return its exit code and what it prints on standard output."""
    done = CliRunner().invoke(
        cli, ["map", *map(str, arguments)], input=given, standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return int(done.return_value or 0), done.output


def document(*arguments: str | Path, given: bytes | None = None) -> dict[str, object]:
    """Return what `audit map --format json` says, which its schema allows."""
    found = json.loads(asked(*arguments, "--format", "json", given=given)[1])
    schemas.MAP.validate(found)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("target", [MAP, SHOP])
def test_a_map_and_a_folder_are_answered(target: Path) -> None:
    code, told = asked(target)

    assert code == 0
    assert told.splitlines()[1] == ANSWER
    assert "\nin a map, not in the bundle\n  src/features/voice-ordering.ts" in told


@pytest.mark.parametrize("extract", [False, True])
def test_of_a_map_s_only_source_it_is_said_that_it_is_in_the_bundle(
    extract: bool,  # noqa: FBT001 - each is tried
    tmp_path: Path,
) -> None:
    (tmp_path / "a.js.map").write_text(made_map({"a.ts": "let a"}))
    into = ("--extract", tmp_path / "out") if extract else ()

    found = document(tmp_path / "a.js.map", *into)

    assert isinstance(found["files"], list)
    assert [one["in_bundle"] for one in found["files"]] == [True]


def test_an_archive_and_a_compressed_map_are_answered(pack: Pack, tmp_path: Path) -> None:
    lone = tmp_path / "app.js.map.gz"
    lone.write_bytes(gzip.compress(MAP.read_bytes()))

    tarball = document(pack({"dist/app.js.map": MAP.read_text()}))
    compressed = document(lone)

    assert tarball["kind"] == "npm tarball"
    assert tarball["totals"] == compressed["totals"] == document(MAP)["totals"]


def test_standard_input_is_answered() -> None:
    found = document("-", given=MAP.read_bytes())

    assert found["source"] == "standard input"
    assert found["totals"] == document(MAP)["totals"]


def test_standard_input_ends_at_the_limit_of_an_archive() -> None:
    code, told = asked("-", "--limit", "archive-bytes=100", given=MAP.read_bytes())

    assert code == 3
    assert "limit archive-bytes of 100 bytes met" in told


def test_a_bundle_says_where_its_map_is() -> None:
    code, told = asked(SHOP / "app.js")

    assert code == 0
    assert "holds no source map" in told
    assert "note: its map is another file, which was not looked at: app.js.map" in told


def test_what_may_fail_fails_only_where_own_source_is_only_in_maps(tmp_path: Path) -> None:
    third = tmp_path / "third.map"
    third.write_text(made_map({"node_modules/a/i.js": "x"}))
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "a.ts").write_text("let a\n")
    (shipped / "a.js.map").write_text(made_map({"a.ts": "let a\n"}))

    assert [asked(target, "--fail")[0] for target in (MAP, third, shipped)] == [1, 0, 0]
    assert asked(MAP)[0] == 0


def test_a_map_that_cannot_be_read_is_a_gap_and_wins_over_fail(tmp_path: Path) -> None:
    (tmp_path / "a.js.map").write_text(BROKEN)
    (tmp_path / "b.js.map").write_text(MAP.read_text())

    code, told = asked(tmp_path, "--fail")

    assert code == 3
    assert "not examined\n  a.js.map: a source map that cannot be read" in told


def test_a_map_that_is_cut_short_is_a_gap(tmp_path: Path) -> None:
    whole = made_map({f"{n}.ts": "x" * 1000 for n in range(1500)})
    (tmp_path / "a.js.map").write_text(whole[:-10])
    (tmp_path / "chunk").write_text(whole[: 1024 * 1024 + 100])

    assert [asked(tmp_path / name)[0] for name in ("a.js.map", "chunk")] == [3, 3]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.map"],
        [str(MAP), "--report", "sarif=x"],
        [str(MAP), "--limit", "nonsense=1"],
        [str(MAP), "--extract", str(SHOP)],
        [str(MAP), "--html", "/nowhere/page.html"],
        ["npm:"],
        [],
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["map", *arguments]) == 2
    assert capsys.readouterr().err


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Run a registry that npm and pip are configured for, with one package in each."""
    state = Served()
    server = served(state)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("npm_config_registry", state.url)
    monkeypatch.setenv("PIP_INDEX_URL", f"{state.url}/simple")
    archive = tarball({"package.json": "{}", "dist/app.js.map": MAP.read_text()})
    code = {"demo_kit/app.js.map": MAP.read_text()}
    files = {
        "demo_kit-1.0-py3-none-any.whl": wheel(tmp_path, code).read_bytes(),
        "demo_kit-1.0.tar.gz": sdist(tmp_path, {}).read_bytes(),
    }
    state.answers["/demo-kit"] = npm_document(state.url, {"1.0.0": archive})
    state.answers["/files/demo-kit-1.0.0.tgz"] = archive
    state.answers["/simple/demo-kit/"] = index_document(state.url, files)
    state.answers |= {f"/files/{name}": data for name, data in files.items()}
    yield state
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("spec", "source", "kind", "files"),
    [
        ("npm:demo-kit@1.0.0", "npm:demo-kit@1.0.0", "npm tarball", 3),
        ("pypi:demo-kit==1.0", "pypi:demo-kit==1.0/demo_kit-1.0-py3-none-any.whl", "wheel", 3),
        ("pypi:demo-kit==1.0/*.tar.gz", "pypi:demo-kit==1.0/demo_kit-1.0.tar.gz", "sdist", 0),
    ],
)
def test_a_release_is_fetched_and_answered(
    registry: Served, spec: str, source: str, kind: str, files: int
) -> None:
    found = document(spec)

    assert (found["source"], found["kind"], found["complete"]) == (source, kind, True)
    assert found["totals"]["first_party"]["files"] == files  # type: ignore[index]
    assert registry.asked


def test_of_a_release_with_several_files_a_note_says_which_was_taken(registry: Served) -> None:
    assert "note: one of 2 files of the release" in asked("pypi:demo-kit==1.0")[1]
    assert len([one for one in registry.asked if one.path.startswith("/files/")]) == 1


def test_a_release_that_is_not_there_is_a_gap(registry: Served) -> None:
    code, told = asked("npm:other@1.0.0")

    assert code == 3
    assert told.splitlines()[1] == "nothing of it could be examined"
    assert "has no package other" in told
    assert registry.asked


def test_reports_and_the_page_are_written(tmp_path: Path) -> None:
    page, other, text = (tmp_path / name for name in ("a.html", "b.html", "c.md"))

    asked(MAP, "--html", page, "--report", f"html={other}", "--report", f"markdown={text}")

    assert page.read_text() == other.read_text()
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert ANSWER in text.read_text()


def test_what_is_extracted_is_said(tmp_path: Path) -> None:
    code, told = asked(MAP, "--extract", tmp_path / "out")

    assert code == 0
    assert "note: 4 files, 1.4 kB written into" in told
    assert (tmp_path / "out/src/app.ts").read_text().startswith("import { Cart }")


def test_an_extraction_that_is_not_complete_exits_with_3(tmp_path: Path) -> None:
    code, told = asked(MAP, "--extract", tmp_path / "out", "--limit", "members=1")

    assert code == 3
    assert "3 texts: not extracted: limit members of 1 met" in told


def test_a_large_map_is_extracted_within_twice_its_size(tmp_path: Path) -> None:
    target = tmp_path / "large.js.map"
    size = 30_000_000
    target.write_text(
        made_map({f"src/{n}.ts": f"{n} {'x' * 100_000}" for n in range(size // 100_000)})
    )
    program = (
        "import resource, sys; from auditor.cli import cli;"
        "cli(sys.argv[1:], standalone_mode=False);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    )

    def peak(*arguments: str | Path) -> int:
        command = [sys.executable, "-c", program, "map", "-q", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
        return int(done.stdout.splitlines()[-1])

    grown = peak(target, "--extract", tmp_path / "out") - peak(MAP)

    assert grown < 2 * size
    assert len(list((tmp_path / "out/src").iterdir())) == size // 100_000


def test_the_readme_shows_what_it_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- example map:begin -->")[2].partition("<!-- example map:end -->")[
        0
    ]

    assert ANSWER in shown
