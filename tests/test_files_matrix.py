"""Which source maps each packer really ships, for the usual spellings of "no maps, please".

The advice that the tool gives rests on this table, so it is measured again with the packers of
today. A cell names the maps that ship (`a` is dist/a.js.map, `b` is dist/sub/b.js.map), `E` and
`N` when .env and .npmrc ship too, `-` for none of them.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.model import Report, Verdict
from auditor.scan import Request, scan
from auditor.sources.project import packed
from auditor.sources.wish import Wish
from tests.packer_tools import PACKERS, TOOLS, prepare, use

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.packer

MAP = json.dumps(
    {
        "version": 3,
        "sources": ["../src/app.ts"],
        "sourcesContent": ["export const answer: number = 42\n"],
        "mappings": "AAAA",
    }
)
STRAYS = {"a": "dist/a.js.map", "b": "dist/sub/b.js.map", "E": ".env", "N": ".npmrc"}
COLUMNS = "npm10 npm11 npm12 pnpm10 pnpm11 yarn1 yarn4 bun".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way to write it: `files` of package.json, and ignore files by path."""

    files: tuple[str, ...] | None
    ignores: tuple[tuple[str, str], ...] = ()
    ships: str
    """One cell for each of COLUMNS."""

    def __str__(self) -> str:
        return " ".join([json.dumps(self.files), *(f"{p}:{t.split()}" for p, t in self.ignores)])


ROWS = (
    Row(files=("dist", "!*.map"), ships="- - ab ab - abEN - -"),
    Row(files=("dist", "!**/*.map"), ships="- - - - - abEN - -"),
    Row(files=("dist", "!dist/*.map"), ships="b b b b b abEN b b"),
    Row(files=("dist", "!dist/**/*.map"), ships="- - - - - abEN - -"),
    Row(files=("!**/*.map", "dist"), ships="ab ab ab - ab abEN - -"),
    Row(files=("dist/**/*.js",), ships="- - - - - - - -"),
    Row(files=("dist/*",), ships="ab ab ab ab ab ab a ab"),
    Row(
        files=("dist",),
        ignores=((".npmignore", "*.map\n"),),
        ships="ab ab ab ab ab ab ab ab",
    ),
    Row(files=("dist",), ignores=(("dist/.npmignore", "*.map\n"),), ships="- - - - - ab - -"),
    Row(
        files=None,
        ignores=((".npmignore", "*.map\n"), (".gitignore", ".env\n")),
        ships="E E E E E E EN E",
    ),
    Row(files=None, ignores=((".gitignore", "*.map\n.env\n"),), ships="- - - - - - N -"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One packer's tarball of one row's project, and what is expected of it."""

    packer: str
    row: Row
    project: Path
    tarball: Path
    ships: str
    maps: int


def build(row: Row, project: Path) -> None:
    """Write a row's project: two scripts with their maps, a source, and two files of secrets."""
    manifest: dict[str, object] = {"name": "demo-kit", "version": "1.0.0", "license": "MIT"}
    if row.files is not None:
        manifest["files"] = list(row.files)
    members = {
        "package.json": json.dumps(manifest),
        "dist/a.js": "console.log(1)\n//# sourceMappingURL=a.js.map\n",
        "dist/sub/b.js": "console.log(2)\n//# sourceMappingURL=b.js.map\n",
        "dist/a.js.map": MAP,
        "dist/sub/b.js.map": MAP,
        "src/app.ts": "export const answer: number = 42\n",
        ".env": "MODE=test\n",
        ".npmrc": "fund=false\n",
        **dict(row.ignores),
    }
    for path, text in members.items():
        target = project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


@pytest.fixture
def cell(packer: str, row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cell]:
    """Yield one cell of the table, packed by the real packer."""
    project = tmp_path / "project"
    build(row, project)
    tool = use(packer, monkeypatch, tmp_path / "home")
    prepare(packer, project)
    ships = row.ships.split()[COLUMNS.index(packer)].replace("-", "")
    with packed(
        project,
        ".",
        packer=tool.name,
        ignore_scripts=False,
        workspaces=(),
        all_workspaces=False,
        output=None,
    ) as (package,):
        assert package.packer.major == TOOLS[packer].major
        yield Cell(
            packer=packer,
            row=row,
            project=project,
            tarball=package.tarball,
            ships=ships,
            maps=len(set(ships) & {"a", "b"}),
        )


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("packer", PACKERS)
def test_what_ships_is_what_the_table_says(cell: Cell) -> None:
    with tarfile.open(cell.tarball) as tar:
        names = {name.removeprefix("package/") for name in tar.getnames()}

    assert {"package.json", "dist/a.js"} <= names
    assert "".join(key for key, path in STRAYS.items() if path in names) == cell.ships


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("packer", PACKERS)
def test_the_audit_reports_exactly_the_maps_that_ship(cell: Cell) -> None:
    report = scan(Request(targets=(str(cell.tarball),)))

    assert report.gaps == ()
    assert found(report, "embedded-sources") == {STRAYS[k] for k in cell.ships if k in "ab"}
    assert found(report, "credential-file") == {STRAYS[k] for k in cell.ships if k in "EN"}
    if not cell.ships:
        assert report.verdict is Verdict.PASS


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("packer", ["npm11", "npm12", "pnpm10"])
def test_the_audit_of_the_project_says_the_same_and_how_to_mend_it(cell: Cell) -> None:
    report = scan(Request(targets=(str(cell.project),), wish=Wish(packer=TOOLS[cell.packer].name)))
    maps = {STRAYS[k] for k in cell.ships if k in "ab"}

    assert report.gaps == ()
    assert report.artifacts[0].packer.split(" ")[0] == TOOLS[cell.packer].name
    assert found(report, "embedded-sources") == maps
    if not cell.ships:
        assert report.verdict is Verdict.PASS
    elif maps:
        fixes = [f.fix for f in report.findings if f.rule == "embedded-sources"]
        assert all("package.json" in fix for fix in fixes)
        assert report.verdict is Verdict.FAIL


def found(report: Report, rule: str) -> set[str]:
    return {f.location.path for f in report.findings if f.rule == rule}


def test_the_table_has_a_cell_for_every_packer() -> None:
    assert tuple(COLUMNS) == PACKERS
    assert all(len(row.ships.split()) == len(COLUMNS) for row in ROWS)
