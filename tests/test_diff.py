"""`audit diff`, and `audit pack --against` a release: what is new, and what was not read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import schemas
from tests.a_registry import Served, index_document, npm_document, served
from tests.conftest import tarball
from tests.distributions import sdist, wheel
from tests.test_cli import MAP
from tests.test_cli import audit as called

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = {
    "package.json": '{\n "name": "demo-kit",\n "version": "1.0.0",\n "dependencies": {"a": "1"}\n}',
    "lib/same.js": "same()",
    "lib/other.js": "other(1)",
    "lib/grows.js": "x",
    "lib/gone.js": "gone()",
    "test/a.test.js": "test()",
}
NEW = {
    "package.json": json.dumps(
        {
            "name": "demo-kit",
            "version": "1.1.0",
            "dependencies": {"a": "2", "b": "1"},
            "scripts": {"postinstall": "node lib/same.js"},
            "bin": {"demo": "lib/same.js"},
        },
        indent=1,
    ),
    "lib/same.js": "same()",
    "lib/other.js": "other(2)",
    "lib/grows.js": "x" * 100,
    "lib/app.js.map": MAP,
    "build/a.node": "native",
    "test/a.test.js": "test()",
}
METADATA = "Metadata-Version: 2.1\nName: demo-kit\nVersion: {}\nLicense: MIT\n"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Run a registry that npm and pip are configured for."""
    state = Served()
    server = served(state)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("npm_config_registry", state.url)
    monkeypatch.setenv("PIP_INDEX_URL", f"{state.url}/simple")
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def npm(here: Served) -> Served:
    files = {"1.0.0": tarball(OLD), "1.1.0": tarball(NEW)}
    here.answers["/demo-kit"] = npm_document(here.url, files)
    here.answers |= {f"/files/demo-kit-{v}.tgz": data for v, data in files.items()}
    return here


@pytest.fixture
def index(here: Served, tmp_path: Path) -> Served:
    """Have two releases in the index, each with an sdist and two wheels."""
    files = {}
    for version in ("1.0", "1.1"):
        said = METADATA.format(version)
        names = (
            f"demo_kit-{version}-py3-none-any.whl",
            f"demo_kit-{version}-cp312-cp312-win32.whl",
        )
        for name in names:
            code = {"demo_kit/a.py": f"name = {name!r}"}
            files[name] = wheel(tmp_path, code, name=name, metadata=said).read_bytes()
        name = f"demo_kit-{version}.tar.gz"
        files[name] = sdist(tmp_path, {}, name=name, metadata=said).read_bytes()
    here.answers["/simple/demo-kit/"] = index_document(here.url, files)
    here.answers |= {f"/files/{name}": data for name, data in files.items()}
    return here


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    """Have both versions as folders."""
    for name, files in (("old", OLD), ("new", NEW)):
        for path, text in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    return str(tmp_path / "old"), str(tmp_path / "new")


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, error = called(capsys, *arguments, "--format", "json")
    if not out:
        return code, {"error": error}
    document = json.loads(out)
    schemas.REPORT.validate(document)
    return code, document


def compared(document: dict[str, Any]) -> dict[str, Any]:
    (told,) = document["artifacts"][0]["compared"]
    assert isinstance(told, dict)
    return told


def rules(document: dict[str, Any]) -> set[str]:
    return {one["rule"] for one in document["findings"]}


def test_what_came_went_grew_and_changed(capsys: pytest.CaptureFixture[str], npm: Served) -> None:
    code, document = audit(capsys, "diff", "npm:demo-kit@1.0.0", "npm:demo-kit")
    told = compared(document)

    assert code == 1
    assert [one["source"] for one in document["artifacts"]] == ["npm:demo-kit"]
    assert told["against"] == "npm:demo-kit@1.0.0"
    assert (told["files_before"], told["files_after"]) == (6, 7)
    assert [(one["change"], one["path"], one["new_kind"]) for one in told["files"]] == [
        ("added", "lib/app.js.map", True),
        ("added", "build/a.node", True),
        ("removed", "lib/gone.js", False),
        ("grew", "package.json", False),
        ("grew", "lib/grows.js", False),
        ("changed", "lib/other.js", False),
    ]
    assert [(one["change"], one["power"], one["name"]) for one in told["abilities"]] == [
        ("added", "install script", "postinstall"),
        ("changed", "dependency", "a"),
        ("added", "dependency", "b"),
        ("added", "command", "demo"),
    ]
    (text,) = told["texts"]
    assert text["path"] == "package.json"
    assert '- "version": "1.0.0",' in text["lines"]
    assert '+ "version": "1.1.0",' in text["lines"]
    assert len(npm.asked) == 4


def test_what_is_new_is_a_finding_and_what_is_not_new_is_set_aside(
    capsys: pytest.CaptureFixture[str], npm: Served
) -> None:
    _, document = audit(capsys, "diff", "npm:demo-kit@1.0.0", "npm:demo-kit@1.1.0")
    assert rules(document) >= {
        "added-install-script",
        "added-native-code",
        "added-source-map",
        "embedded-sources",
    }
    assert not rules(document) & {"test-file", "unlisted-file"}
    (aside,) = [one for one in document["suppressed"] if one["finding"]["rule"] == "test-file"]
    assert (aside["by"], aside["finding"]["location"]["path"]) == ("earlier", "test/a.test.js")
    assert npm.asked

    _, document = audit(
        capsys, "diff", "npm:demo-kit@1.0.0", "npm:demo-kit@1.1.0", "--profile", "intake"
    )
    assert rules(document) >= {"added-install-script", "added-native-code", "added-dependency"}


def test_nothing_is_new_in_the_same(capsys: pytest.CaptureFixture[str], npm: Served) -> None:
    code, document = audit(capsys, "diff", "npm:demo-kit@1.1.0", "npm:demo-kit@1.1.0")
    told = compared(document)
    assert (code, document["findings"]) == (0, [])
    assert (told["files"], told["abilities"], told["texts"]) == ([], [], [])
    assert "embedded-sources" in {one["finding"]["rule"] for one in document["suppressed"]}
    assert npm.asked


def test_the_console_says_it_in_a_screenful(
    capsys: pytest.CaptureFixture[str], npm: Served
) -> None:
    code, out, _ = called(capsys, "diff", "npm:demo-kit@1.0.0", "npm:demo-kit@1.1.0")
    lines = out.splitlines()
    assert code == 1
    assert lines[0].startswith(" FAIL  ")
    assert "not new" in lines[0]
    assert any(line.startswith("compared with npm:demo-kit@1.0.0: 6 → 7 files") for line in lines)
    assert f"  + lib/app.js.map {len(MAP)} bytes (new kind: source map)" in lines
    assert "  + install script postinstall node lib/same.js" in lines
    assert "  - lib/gone.js 6 bytes" in lines
    assert '    + "version": "1.1.0",' in lines, "a short difference is shown"
    assert npm.asked


def test_files_and_folders_are_compared_as_well(
    capsys: pytest.CaptureFixture[str], npm: Served, folders: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "old.tgz").write_bytes(tarball(OLD))
    (tmp_path / "new.tgz").write_bytes(tarball(NEW))
    _, usual = audit(capsys, "diff", "npm:demo-kit@1.0.0", "npm:demo-kit@1.1.0")
    for before, after in (
        ("old.tgz", "new.tgz"),
        ("npm:demo-kit@1.0.0", "new.tgz"),
        ("old.tgz", "npm:demo-kit@1.1.0"),
        (folders[0], folders[1]),
        ("1.0.0", "new.tgz"),
    ):
        _, document = audit(capsys, "diff", before, after, "--as-is")
        found, wanted = compared(document), compared(usual)
        for key in ("files", "abilities", "texts"):
            assert found[key] == wanted[key], (before, after, key)
    assert npm.asked


def test_what_is_of_another_kind_is_compared_and_said(
    capsys: pytest.CaptureFixture[str], npm: Served, folders: tuple[str, str]
) -> None:
    _, document = audit(capsys, "diff", "npm:demo-kit@1.0.0", folders[1], "--as-is")
    assert len(compared(document)["files"]) == 6
    assert (
        "compared with what is of another kind: folder and npm tarball"
        in (document["artifacts"][0]["notes"])
    )
    assert npm.asked


def test_a_report_is_an_earlier_state_too(
    capsys: pytest.CaptureFixture[str], npm: Served, tmp_path: Path
) -> None:
    called(capsys, "pack", "npm:demo-kit@1.0.0", "--report", "json=base.json")
    _, document = audit(capsys, "diff", "base.json", "npm:demo-kit@1.1.0")
    told = compared(document)
    assert told["against"] == "base.json (demo-kit 1.0.0)"
    assert "lib/other.js" not in {one["path"] for one in told["files"]}, "no digests in it"
    assert document["suppressed"] == []
    assert (tmp_path / "base.json").exists()
    assert npm.asked


@pytest.mark.parametrize(
    "row",  # before, after, what is taken of after, and of before
    [
        (
            "pypi:demo-kit==1.0",
            "pypi:demo-kit",
            "pypi:demo-kit/demo_kit-1.1-py3-none-any.whl",
            "pypi:demo-kit==1.0/demo_kit-1.0-py3-none-any.whl",
        ),
        (
            "pypi:demo-kit==1.0",
            "pypi:demo-kit==1.1/*win32*",
            "pypi:demo-kit==1.1/demo_kit-1.1-cp312-cp312-win32.whl",
            "pypi:demo-kit==1.0/demo_kit-1.0-cp312-cp312-win32.whl",
        ),
        (
            "pypi:demo-kit==1.0",
            "pypi:demo-kit==1.1/*.gz",
            "pypi:demo-kit==1.1/demo_kit-1.1.tar.gz",
            "pypi:demo-kit==1.0/demo_kit-1.0.tar.gz",
        ),
        (
            "demo_kit-1.0.tar.gz",
            "pypi:demo-kit==1.1",
            "pypi:demo-kit==1.1/demo_kit-1.1.tar.gz",
            "demo_kit-1.0.tar.gz",
        ),
        (
            "latest",
            "demo_kit-1.0-cp312-cp312-win32.whl",
            "demo_kit-1.0-cp312-cp312-win32.whl",
            "pypi:demo-kit/demo_kit-1.1-cp312-cp312-win32.whl",
        ),
        (
            "v1.0",
            "demo_kit-1.1.tar.gz",
            "demo_kit-1.1.tar.gz",
            "pypi:demo-kit==1.0/demo_kit-1.0.tar.gz",
        ),
    ],
)
def test_of_releases_with_several_files_like_is_compared_with_like(
    capsys: pytest.CaptureFixture[str],
    index: Served,
    row: tuple[str, str, str, str],
) -> None:
    before, after, taken, against = row
    _, document = audit(capsys, "diff", before, after)
    (artifact,) = document["artifacts"]
    told = compared(document)
    assert (artifact["source"], told["against"], document["gaps"]) == (taken, against, [])
    assert {one["path"].rpartition("/")[2] for one in told["texts"]} <= {"METADATA", "PKG-INFO"}
    assert told["texts"]
    assert sum(path.startswith("/files/") for path in index.paths) <= 2


def test_which_of_several_files_was_taken_is_a_note(
    capsys: pytest.CaptureFixture[str], index: Served
) -> None:
    _, document = audit(capsys, "diff", "pypi:demo-kit==1.0", "pypi:demo-kit==1.1")
    assert any("one of 3 files of the release" in n for n in document["artifacts"][0]["notes"])
    assert index.asked


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("npm:absent", "has no package absent"),
        ("npm:demo-kit@9.9.9", "has no demo-kit 9.9.9"),
        ("9.9.9", "has no demo-kit 9.9.9"),
        ("pypi:absent", "has no package absent"),
    ],
)
def test_what_cannot_be_fetched_is_a_gap_and_the_rest_is_told(
    capsys: pytest.CaptureFixture[str], npm: Served, before: str, reason: str
) -> None:
    code, document = audit(capsys, "diff", before, "npm:demo-kit@1.1.0")
    (gap,) = document["gaps"]
    assert (code, document["artifacts"][0]["compared"]) == (3, [])
    assert reason in gap["reason"]
    assert "embedded-sources" in rules(document)
    assert npm.asked


def test_an_earlier_file_of_another_content_is_compared_with_nothing(
    capsys: pytest.CaptureFixture[str], npm: Served
) -> None:
    npm.answers["/files/demo-kit-1.0.0.tgz"] = tarball(NEW)
    code, document = audit(capsys, "diff", "npm:demo-kit@1.0.0", "npm:demo-kit@1.1.0")
    assert (code, document["artifacts"][0]["compared"]) == (3, [])
    assert "another content than the index says" in document["gaps"][0]["reason"]
    assert document["gaps"][0]["location"]["source"] == "npm:demo-kit@1.0.0"


def test_an_earlier_file_that_breaks_off_is_a_gap_though_it_is_compared(
    capsys: pytest.CaptureFixture[str], npm: Served, tmp_path: Path
) -> None:
    (tmp_path / "old.tgz").write_bytes(tarball(OLD)[:-20])
    code, document = audit(capsys, "diff", "old.tgz", "npm:demo-kit@1.1.0")
    assert (code, document["gaps"][0]["location"]["source"]) == (3, "old.tgz")
    assert npm.asked


def test_a_release_without_the_kind_is_a_gap(
    capsys: pytest.CaptureFixture[str], index: Served
) -> None:
    document = json.loads(bytes(index.answers["/simple/demo-kit/"]))  # type: ignore[arg-type]
    document["files"] = [one for one in document["files"] if "1.0-" not in one["filename"]]
    index.answers["/simple/demo-kit/"] = json.dumps(document).encode()
    code, document = audit(capsys, "diff", "pypi:demo-kit==1.0", "pypi:demo-kit==1.1")
    (gap,) = document["gaps"]
    assert code == 3
    assert gap["reason"] == "it has no file to compare demo_kit-1.1-py3-none-any.whl with"


@pytest.mark.parametrize("arguments", [("absent.tgz", "new.tgz"), ("new.tgz", "absent.tgz")])
def test_a_file_that_is_not_there_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    (tmp_path / "new.tgz").write_bytes(tarball(NEW))
    code, out, error = called(capsys, "diff", *arguments)
    assert (code, out, here.asked) == (2, "", [])
    assert "absent.tgz: no such file" in error


def test_pack_compares_with_what_was_published_and_sets_nothing_aside(
    capsys: pytest.CaptureFixture[str], npm: Served, tmp_path: Path
) -> None:
    (tmp_path / "new.tgz").write_bytes(tarball(NEW))
    (tmp_path / "old.tgz").write_bytes(tarball(OLD))
    for against in ("npm:demo-kit@1.0.0", "1.0.0", "old.tgz"):
        code, document = audit(capsys, "pack", "new.tgz", "--against", against)
        assert (code, document["suppressed"], document["gaps"]) == (1, [], [])
        assert len(compared(document)["files"]) == 6
        assert rules(document) >= {"test-file", "added-install-script"}
    assert npm.asked


def test_the_first_release_has_nothing_to_be_compared_with(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path
) -> None:
    (tmp_path / "old.tgz").write_bytes(tarball(OLD))
    code, document = audit(capsys, "pack", "old.tgz", "--against", "latest")
    (note,) = document["artifacts"][0]["notes"]
    assert (code, document["gaps"]) == (0, [])
    assert note == f"not compared with latest: {here.host} has no package demo-kit"

    code, document = audit(capsys, "pack", "old.tgz", "--against", "1.0.0")
    assert (code, len(document["gaps"])) == (3, 1)


@pytest.mark.parametrize("name", ["", "../up", "a@1", "x/../y", "npm:a", "a\nb"])
def test_a_name_that_a_package_gives_itself_leads_nowhere(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path, name: str
) -> None:
    manifest = json.dumps({"name": name, "version": "1.0.0"})
    (tmp_path / "evil.tgz").write_bytes(tarball({"package.json": manifest}))
    code, document = audit(capsys, "pack", "evil.tgz", "--against", "1.0.0")
    assert (code, document["artifacts"][0]["compared"]) == (3, [])
    assert here.asked == []


def test_without_a_release_to_ask_for_nothing_that_asks_is_loaded(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path
) -> None:
    for name, files in (("old.tgz", OLD), ("new.tgz", NEW)):
        (tmp_path / name).write_bytes(tarball(files))
    called(capsys, "diff", "old.tgz", "new.tgz")
    assert here.asked == []


def test_a_waiver_holds_before_anything_is_called_not_new(
    capsys: pytest.CaptureFixture[str], npm: Served, tmp_path: Path
) -> None:
    said = "".join(
        f"- {{rule: {name}, path: '{path}', reason: known}}\n"
        for name, path in (("test-file", "test/**"), ("added-native-code", "build/**"))
    )
    (tmp_path / ".audit.yml").write_text(f"waivers:\n{said}")
    arguments = ("diff", "npm:demo-kit@1.0.0", "npm:demo-kit@1.1.0")
    _, document = audit(capsys, *arguments)
    by = {one["finding"]["rule"]: one["by"] for one in document["suppressed"]}
    assert by == {"test-file": "waiver", "added-native-code": "waiver"}
    assert not rules(document) & {"unused-waiver", "test-file", "added-native-code"}

    _, document = audit(capsys, *arguments, "--no-config")
    assert {one["by"] for one in document["suppressed"]} == {"earlier"}
    assert npm.asked


def test_hostile_names_and_texts_are_harmless_in_every_line(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path
) -> None:
    for number in (1, 2):
        manifest = {
            "name": f"demo\x1b[2J\u202e{number}",
            "version": f"{number}.0.0\x1b]0;x\x07",
            "scripts": {"install": f"echo \x1b[31m{number}"},
            "dependencies": {f"a\x1b[{number}m": "\u202e1"},
        }
        members = {"package.json": json.dumps(manifest, ensure_ascii=False)}
        members[f"\x1b[{number}m\u202e.js"] = "x"
        (tmp_path / f"{number}.tgz").write_bytes(tarball(members))
    for verbose in ((), ("-v",)):
        _, out, error = called(capsys, "diff", "1.tgz", "2.tgz", *verbose)
        assert not {"\x1b", "\u202e", "\x07"} & set(out + error)
        assert "compared with 1.tgz" in out
    assert here.asked == []
