"""The manifest: what ships as a small text, and what is found when something else ships."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import manifestfile
from auditor.__main__ import run
from auditor.errors import UsageError
from auditor.manifestfile import Manifest, joined, parsed, rendered, renewed, section
from auditor.model import ArtifactKind
from auditor.shipped import Ability, Entry, Power, Shipped

if TYPE_CHECKING:
    from pathlib import Path

FILES = st.dictionaries(st.text(min_size=1), st.integers(0, 10**12), max_size=4)


def record(files: dict[str, int], *abilities: Ability) -> Shipped:
    entries = (Entry(path=path, size=size, kind="scripts") for path, size in files.items())
    return Shipped(files=tuple(entries), abilities=abilities)


@given(FILES, FILES)
def test_what_is_written_is_what_is_read(one: dict[str, int], two: dict[str, int]) -> None:
    script = Ability(power=Power.INSTALL_SCRIPT, name="install", value='say "\n\u2028"')
    manifest = joined([("npm-tarball", record(one, script)), ("sdist", record(two))])
    assert parsed(rendered(manifest).encode(), "m") == manifest


def test_a_manifest_reads_as_a_line_a_file() -> None:
    files = {"b.js": 2, "app.3f2a91bc.js": 30, "app.9c0d11e2.js": 40}
    script = Ability(power=Power.INSTALL_SCRIPT, name="install", value="node x.js")
    wish = Ability(power=Power.DEPENDENCY, name="left", value="^1")
    assert rendered(joined([("npm-tarball", record(files, script, wish))])) == (
        "{\n"
        ' "audit_manifest": 1,\n'
        ' "artifacts": {\n'
        '  "npm-tarball": {\n'
        '   "files": {\n'
        '    "app.*.js": ["scripts", 70],\n'
        '    "b.js": ["scripts", 2]\n'
        "   },\n"
        '   "abilities": [\n'
        '    ["install script", "install", "node x.js"]\n'
        "   ]\n"
        "  }\n"
        " }\n"
        "}\n"
    )


def test_a_size_that_hardly_changed_stays_as_it_was_written() -> None:
    old = joined(
        [("sdist", record({"a": 1000, "b": 1000, "gone": 1})), ("wheel", record({"w": 1}))]
    )
    new = joined([("sdist", record({"a": 1100, "b": 1101, "came": 5}))])
    sections = renewed(old, new).sections
    assert {one.path: one.size for one in sections["sdist"].files} == {
        "a": 1000,
        "b": 1101,
        "came": 5,
    }
    assert sections["wheel"] == old.sections["wheel"]


def test_two_wheels_of_one_platform_are_one_section() -> None:
    first = record({"_c.cpython-311-x86_64-linux-gnu.so": 5, "a.py": 1})
    second = record({"_c.cpython-312-x86_64-linux-gnu.so": 7, "a.py": 1})
    (shipped,) = joined([("wheel linux", first), ("wheel linux", second)]).sections.values()
    assert {one.path: one.size for one in shipped.files} == {"_c.*.so": 7, "a.py": 1}


@pytest.mark.parametrize(
    ("kind", "file", "name"),
    [
        (ArtifactKind.NPM_TARBALL, "a-1.0.0.tgz", "npm-tarball"),
        (ArtifactKind.SDIST, "a-1.0.0.tar.gz", "sdist"),
        (ArtifactKind.WHEEL, "a-1.0-py3-none-any.whl", "wheel"),
        (
            ArtifactKind.WHEEL,
            "a-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "wheel manylinux_x86_64",
        ),
        (ArtifactKind.WHEEL, "a-1.0-cp39-abi3-macosx_11_0_arm64.whl", "wheel macosx_arm64"),
        (ArtifactKind.WHEEL, "a-1.0-cp312-cp312-win_amd64.whl", "wheel win_amd64"),
        (ArtifactKind.WHEEL, "broken.whl", "wheel"),
    ],
)
def test_each_platform_has_a_section_of_its_own(kind: ArtifactKind, file: str, name: str) -> None:
    assert section(kind, file) == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "m is no manifest: expected `object`, got `array`"),
        ("{", "m is no manifest: "),
        ('{"audit_manifest": 2, "artifacts": {}}', "m, audit_manifest: version 2 is not known"),
        (
            '{"audit_manifest": 1, "artifacts": {"sdist": {"files": {"a": ["x"]}}}}',
            "at 'artifacts.sdist.files.a'",
        ),
        ('{"audit_manifest": 1, "artifacts": {}, "more": 1}', "unknown field `more`"),
        ("[" * 100_000, "m is no manifest: "),
    ],
)
def test_what_is_no_manifest_is_refused_with_the_place(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(text.encode(), "m")
    assert problem in str(caught.value)


# the command


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is audited as it is, with the current folder beside it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "kit"
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "kit", "version": "1.0.0"}')
    (folder / "dist" / "app.3f2a91bc.js").write_text("run()")
    return folder


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["pack", "kit", "--as-is", "--format", "json", "--fail-on", "low", *arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else {"error": err}


def test_a_change_of_what_ships_is_found_until_the_manifest_says_it(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    written = ("--manifest", "m.json", "--write-manifest")
    assert audit(capsys, *written)[0] == 0
    assert audit(capsys, "--manifest", "m.json")[0] == 0

    (kit / "dist" / "app.3f2a91bc.js").rename(kit / "dist" / "app.9c0d11e2.js")
    assert audit(capsys, "--manifest", "m.json")[0] == 0, "another hash is no other file"

    (kit / "dist" / "b.js").write_text("more()")
    (kit / "dist" / "app.js.map").write_text("tile 1")
    code, document = audit(capsys, "--manifest", "m.json")
    assert code == 1
    assert [(one["rule"], one["location"]["path"]) for one in document["findings"]] == [
        ("new-file-kind", "dist/app.js.map"),
        ("unlisted-file", "dist/b.js"),
    ]
    (told,) = document["artifacts"][0]["compared"]
    assert [one["path"] for one in told["files"]] == ["dist/app.js.map", "dist/b.js"]
    assert (told["against"], told["files_before"], told["files_after"]) == ("m.json", 2, 4)

    code, document = audit(capsys, *written)
    assert code == 0, "what is written is not judged by what stood there"
    assert [one["path"] for one in document["artifacts"][0]["compared"][0]["files"]] == [
        "dist/app.js.map",
        "dist/b.js",
    ]
    assert audit(capsys, "--manifest", "m.json")[0] == 0


def test_without_a_section_for_it_an_artifact_says_so(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit.parent / "m.json").write_text(rendered(Manifest()))
    code, document = audit(capsys, "--manifest", "m.json")
    assert code == 0
    assert "m.json says nothing of a folder: not compared with it" in str(
        document["artifacts"][0]["notes"]
    )


def test_a_manifest_that_is_named_must_be_there(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    code, document = audit(capsys, "--manifest", "none.json")
    assert code == 2
    assert document["error"] == "audit: none.json: cannot be read: No such file or directory\n"
    assert kit.is_dir()


def test_no_manifest_is_written_of_what_was_not_seen_in_full(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    (kit / "broken.tgz").write_bytes(b"\x1f\x8b\x08\x00")
    code, _ = audit(capsys, "--manifest", "m.json", "--write-manifest")
    assert code == 3
    assert not (kit.parent / "m.json").exists()


def test_an_earlier_report_tells_what_is_new(capsys: pytest.CaptureFixture[str], kit: Path) -> None:
    _, before = audit(capsys)
    (kit.parent / "base.json").write_text(json.dumps(before))
    (kit / "dist" / "more.js").write_text("more()")
    code, document = audit(capsys, "--against", "base.json")
    (told,) = document["artifacts"][0]["compared"]
    assert code == 0, "that something is new is no finding by itself"
    assert told["against"] == "base.json (kit 1.0.0)"
    assert [(one["change"], one["path"]) for one in told["files"]] == [("added", "dist/more.js")]


def test_of_a_package_that_the_report_does_not_have_all_is_new(
    capsys: pytest.CaptureFixture[str], kit: Path
) -> None:
    _, before = audit(capsys)
    before["artifacts"] = []
    (kit.parent / "base.json").write_text(json.dumps(before))
    _, document = audit(capsys, "--against", "base.json")
    (told,) = document["artifacts"][0]["compared"]
    assert {one["change"] for one in told["files"]} == {"added"}
    assert len(told["files"]) == told["files_after"] == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "is no JSON report of audit: object missing required field `schema_version`"),
        ('{"schema_version": 9, "verdict": "pass", "artifacts": [], "findings": []}', "version 9"),
        ("\xff", "is no JSON report of audit: "),
    ],
)
def test_what_is_no_report_is_refused(
    capsys: pytest.CaptureFixture[str], kit: Path, text: str, problem: str
) -> None:
    (kit.parent / "base.json").write_text(text, encoding="latin-1")
    code, document = audit(capsys, "--against", "base.json")
    assert code == 2
    assert problem in document["error"]


def test_the_name_is_the_one_that_documents_give() -> None:
    assert manifestfile.NAME == ".audit-manifest.json"
