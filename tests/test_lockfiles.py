"""All lockfile formats: a fixture gives its list, and no bytes give worse than a ParseError."""

from __future__ import annotations

import json
import os
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import InputError
from auditor.lockfiles import Document, Format, formats, identified, named, read

if TYPE_CHECKING:
    from auditor.inventory import Inventory

DISPUTED = {
    "osv-scalibr-requirements-per-req-options-txt": "takes text behind a version for a part of it",
    "osv-scalibr-requirements-with-versions-txt": "takes the bounds of ranges for versions",
    "syft-pnpm-pnpm-v9-pnpm-lock-yaml": "takes the slash of an older key for a part of the name",
    "osv-scalibr-uv-two-packages-lock": "lists no workspace, which here is one with a version",
}
"""Files of the corpus whose list says something else than the format means, and what."""

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/expected.json"))
CORPUS = os.environ.get("AUDIT_TEST_LOCKFILES", "")


def case_id(folder: Path) -> str:
    return f"{folder.parent.name}-{folder.name}"


def document_in(folder: Path) -> Document:
    """Return a case's lockfile, named as its format is, with all other files beside it."""
    format_ = formats()[folder.parent.name]
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "expected.json"
    }
    if len(files) == 1:
        (name,) = files
    else:
        named = [n for n in files if any(fnmatchcase(n, pattern) for pattern in format_.files)]
        name = min(named, key=len)
    return Document(path=name, data=files.pop(name), beside=files)


@cache
def expected_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "expected.json").read_text("utf-8"))
    return found


def check_sound(found: Inventory) -> None:
    ids = [package.id for package in found.packages]
    assert len(ids) == len(set(ids))
    known = {"", *ids}
    for edges in (found.roots, *(package.requires for package in found.packages)):
        assert {edge.target for edge in edges} <= known
    lines = [p.line for p in found.packages if p.line is not None]
    assert all(line > 0 for line in lines)


def test_every_format_has_a_fixture() -> None:
    assert set(formats()) == {folder.parent.name for folder in CASES}


@pytest.mark.parametrize("folder", CASES, ids=case_id)
def test_the_packages_are_those_of_the_file(folder: Path) -> None:
    expected = expected_in(folder)
    found = read(document_in(folder))
    check_sound(found)
    assert found.format == folder.parent.name
    listed = sorted([package.name, package.version] for package in found.packages)
    assert listed == sorted(expected["packages"])


@pytest.mark.parametrize("folder", CASES, ids=case_id)
def test_problems_and_gaps_are_those_of_the_file(folder: Path) -> None:
    expected = expected_in(folder)
    found = read(document_in(folder))
    if "problems" in expected:
        told = sorted([problem.kind, problem.subject] for problem in found.problems)
        assert told == sorted(expected["problems"])
    if "unread" in expected:
        assert len(found.unread) == expected["unread"]


@pytest.mark.parametrize("folder", CASES, ids=case_id)
def test_a_lockfile_is_told_by_its_content_alone(folder: Path) -> None:
    document = document_in(folder)
    if len(expected_in(folder)["packages"]) == 0 or not document.data.isascii():
        return
    anonymous = Document(path="some-file", data=document.data)
    found = identified(anonymous)
    told = {f.name for f in formats().values() if f.recognises(document.text[:8192])}
    assert len(told) <= 1 or found is not None
    if found is not None and folder.parent.name in told:
        assert found.name == folder.parent.name


def damaged(data: bytes) -> list[bytes]:
    """Return cut and changed contents, some 150 of any fixture, the same in each run."""
    step = max(1, len(data) // 60)
    cut = [data[:length] for length in range(0, len(data), step)]
    signs = b"\x00\"'{}[]:,#\n \\\xff@-?&*"
    changed = [
        data[:at] + bytes([signs[(at * 7 + at // step) % len(signs)]]) + data[at + 1 :]
        for at in range(0, len(data), step)
    ]
    gone = [data[:at] + data[at + step * 3 :] for at in range(0, len(data), step * 2)]
    return [*cut, *changed, *gone]


def outcome(document: Document, format_: Format) -> Inventory | None:
    try:
        found = read(document, format_)
    except InputError as problem:
        text = str(problem)
        assert text
        assert "\n" not in text
        return None
    check_sound(found)
    return found


@pytest.mark.parametrize("folder", CASES, ids=case_id)
def test_damage_raises_nothing_but_parse_errors(folder: Path) -> None:
    document = document_in(folder)
    format_ = formats()[folder.parent.name]
    for data in damaged(document.data):
        outcome(Document(path=document.path, data=data, beside=document.beside), format_)


@pytest.mark.parametrize("name", sorted({n for one in formats().values() for n in one.files}))
@pytest.mark.parametrize("folder", ["", "requirements", "node_modules"])
def test_formats_told_by_what_their_modules_are_called_are_all_that_have_the_name(
    name: str, folder: str
) -> None:
    assert named(name, folder) == tuple(
        one
        for one in formats().values()
        if any(
            fnmatchcase(f"{folder}/{name}" if "/" in pattern else name, pattern)
            for pattern in one.files
        )
    )


@pytest.mark.parametrize("name", sorted(formats()))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"null",
        b"[]",
        b"{}",
        b"\x00" * 99,
        b"\xff\xfe{\x00",
        b"[" * 100_000,
        b'{"packages":' * 50_000,
        b'"' * 20_000,
        b'"\\' * 20_000,
        b"a:\n" * 20_000,
        b" " * 100_000,
        b"<<<<<<< a\n=======\n>>>>>>> b\n",
        b'{"packages": 7, "dependencies": [], "workspaces": "x", "npm": null, "version": {}}',
        b"a = [" * 20_000,
        b"a." * 20_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_lockfile_is_refused_or_empty(name: str, data: bytes) -> None:
    found = outcome(Document(path="x", data=data), formats()[name])
    assert found is None or len(found.packages) < 20_001


@pytest.mark.skipif(not CORPUS, reason="AUDIT_TEST_LOCKFILES names no corpus")
def test_the_shared_corpus_gives_its_expected_lists() -> None:
    different = []
    for case in json.loads((Path(CORPUS) / "index.json").read_text("utf-8")):
        path = Path(CORPUS) / case["path"]
        beside = {p.name: p.read_bytes() for p in path.parent.glob("package.json")}
        document = Document(path=case["path"], data=path.read_bytes(), beside=beside)
        left_out = set(case["not_judged"])
        expected = {(p["name"], p["version"]) for p in case["packages"]}
        try:
            inventory = read(document)
        except InputError as problem:
            if "binary" not in case["format"]:  # bun.lockb: refused, with the way to convert it
                different.append(f"{case['path']}: {problem}")
            continue
        # Folders of the project have a name in no other list, and no version in theirs.
        found = {
            (package.name, package.version) for package in inventory.packages if package.version
        }
        # Two lists name an alias where we name what is installed under it (`ms` that a resolution
        # turned into `dry-uninstall`; bundled entries whose version is `npm:real@1.0.0`).
        aliases = {package.alias for package in inventory.packages}
        renamed = {p.name for p in inventory.packages if p.alias in {name for name, _ in expected}}
        missing = {p for p in expected - found if p[0] not in left_out and p[0] not in aliases}
        extra = {p for p in found - expected if p[0] not in left_out and p[0] not in renamed}
        if missing or extra:
            different.append(f"{case['path']}: -{sorted(missing)[:5]} +{sorted(extra)[:5]}")
    assert [one for one in different if not one.startswith(tuple(DISPUTED))] == []


def test_a_release_of_pnpm_without_a_version_is_a_gap() -> None:
    """Nothing can be known of it, so it must not pass."""
    text = "lockfileVersion: '9.0'\n\npackages:\n\n  ms@2.1.3null:\n    resolution: {}\n"

    found = formats()["pnpm"].read(Document(path="pnpm-lock.yaml", data=text.encode()))

    assert list(found.unread) == [("packages.ms@2.1.3null", "has no version in its key")]
