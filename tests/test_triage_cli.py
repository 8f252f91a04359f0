"""`audit triage` as a responder calls it: what is found where, what is said, in which order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import cache_files, incident_night, schemas
from tests.incident_night import INSTALLED, LEVELS, LOCK, SWAPPED, install, write
from tests.repositories import Repository, lock
from tests.test_cli import audit

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code, out, _ = audit(capsys, "triage", *arguments)
    return code, out


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out = run(capsys, *arguments, "--format", "json")
    document = json.loads(out)
    schemas.REPORT.validate(document)
    return code, document


def level_of(document: Mapping[str, Any], label: str) -> str:
    (level,) = (p["level"] for p in document["triage"]["places"] if p["label"] == label)
    return str(level)


@pytest.mark.parametrize(
    ("manifest", "members", "hidden", "level", "rules"),
    [
        # what plain-crypto-js 4.2.1 leaves when its script ran
        (SWAPPED, (), True, "compromised", {"executed-dropper"}),
        (None, (), True, "compromised", {"executed-dropper"}),
        # no lockfile in the tree: the manifest alone is that of the harmless version
        (SWAPPED, (), False, "compromised", {"executed-dropper"}),
        # scripts were blocked
        (
            {**SWAPPED, "version": "4.2.1"},
            ("setup.js", "package.md"),
            True,
            "exposed",
            {"idle-dropper"},
        ),
        (
            {**SWAPPED, "version": "4.2.1"},
            ("setup.js", "package.md"),
            False,
            "exposed",
            {"idle-dropper"},
        ),
    ],
)
def test_whether_the_dropper_ran_is_told_by_what_it_leaves(  # noqa: PLR0913
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    manifest: Mapping[str, str] | None,
    members: tuple[str, ...],
    *,
    hidden: bool,
    level: str,
    rules: set[str],
) -> None:
    install(tmp_path / "web", manifest, *members, hidden=hidden)
    code, document = as_json(capsys, str(tmp_path))
    found = {f["rule"] for f in document["findings"]}

    assert code == 1
    assert level_of(document, f"{tmp_path}/web") == level
    assert found & {"executed-dropper", "idle-dropper"} == rules


def test_the_harmless_version_that_was_really_installed_is_no_evidence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(
        tmp_path / "node_modules",
        {
            "plain-crypto-js/package.json": json.dumps(SWAPPED),
            ".package-lock.json": json.dumps(
                {
                    "lockfileVersion": 3,
                    "packages": {"node_modules/plain-crypto-js": {"version": "4.2.0"}},
                }
            ),
        },
    )
    _, document = as_json(capsys, str(tmp_path))

    assert {f["rule"] for f in document["findings"]} == {"known-bad-name"}


def test_a_package_that_a_lockfile_names_and_that_is_not_there_has_not_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = json.dumps({"lockfileVersion": 3, "packages": INSTALLED})
    write(tmp_path / "node_modules", {".package-lock.json": text, "a/package.json": "{}"})
    _, document = as_json(capsys, str(tmp_path))

    assert "executed-dropper" not in {f["rule"] for f in document["findings"]}


@pytest.mark.parametrize("place", ["../out", "/etc", "a/../../out", ".", "a//b"])
def test_a_lockfile_in_a_tree_cannot_lead_out_of_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str
) -> None:
    (tmp_path / "out").mkdir()
    rows = {f"node_modules/{place}": {"name": "plain-crypto-js", "version": "4.2.1"}}
    text = json.dumps({"lockfileVersion": 3, "packages": rows})
    write(tmp_path / "web/node_modules", {".package-lock.json": text})
    _, document = as_json(capsys, str(tmp_path))

    assert "executed-dropper" not in {f["rule"] for f in document["findings"]}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with projects at every level; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    incident_night.build(tmp_path)
    return tmp_path


def test_the_readme_shows_what_is_printed() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition("<!-- triage:begin -->\n")

    assert rest.partition("<!-- triage:end -->")[0] == incident_night.block(), (
        "put what `python -m tests.incident_night` prints between the marks"
    )


@pytest.mark.usefixtures("machine")
def test_every_level_in_one_report(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = as_json(capsys, "src", "--history")
    report = document["triage"]

    assert code == 3, "something was not examined"
    assert {p["label"]: p["level"] for p in report["places"]} == LEVELS
    assert report["level"] == "compromised"
    assert [i["id"] for i in report["incidents"]] == ["axios-2026-03"]
    assert report["incidents"][0]["places"] == ["src/web", "src/shop", "src/api"]
    shop = next(p for p in report["places"] if p["label"] == "src/shop")
    assert {h["package"]: (h["chain"], h["safe"]) for h in shop["hits"]} == {
        "axios@1.14.1": (["axios@1.14.1"], "1.14.0"),
        "plain-crypto-js@4.2.1": (
            ["axios@1.14.1", "plain-crypto-js@4.2.1"],
            "none; crypto-js may have been meant",
        ),
    }


@pytest.mark.usefixtures("machine")
def test_the_report_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "src", "--history")
    lines = out.splitlines()

    assert lines[0].split("  ")[0] == " COMPROMISED"
    for label, level in LEVELS.items():
        if level not in {"not examined", "not found"}:
            assert f"  {level:<12} {label}" in lines
    steps = [line.split()[0] for line in lines if re.match(r" {2,3}\d{1,2}\. ", line)]
    assert steps == [f"{n}." for n in range(1, len(steps) + 1)]
    assert out.index("what to do, in this order") < out.index("not examined\n")
    assert "  src/old/package-lock.json: " in out
    assert "the places on this machine where attacks leave files (--host)" in out


@pytest.mark.usefixtures("machine")
def test_quiet_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "src", "--quiet")

    assert " ".join(out.split()) == (
        "COMPROMISED 2 of 5 projects hit, 1 place not examined in full; 51 incidents looked for"
    )


@pytest.mark.usefixtures("machine")
def test_the_report_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, "src", "--history", "--format", "markdown")

    assert out.startswith("# Incident report: compromised\n")
    assert "- **compromised** `src/web`\n" in out
    assert "3. Find the CI runs and machines" in out
    assert "## What to do, in this order\n" in out


@pytest.mark.usefixtures("machine")
def test_without_history_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    _, document = as_json(capsys, "src")

    assert level_of(document, "src/api") == "not found"
    assert document["triage"]["unchecked"][0] == (
        "what the lockfiles said before, in the history (--history)"
    )


@pytest.mark.usefixtures("machine")
def test_one_incident_alone(capsys: pytest.CaptureFixture[str]) -> None:
    _, document = as_json(capsys, "src", "--incident", "litellm-2026-03")

    assert document["triage"]["level"] == "not examined"
    assert document["triage"]["looked_for"] == 1
    assert "other incidents than litellm-2026-03 (--incident)" in document["triage"]["unchecked"]


def test_an_incident_that_there_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = audit(capsys, "triage", str(tmp_path), "--incident", "axios-2026-30")

    assert code == 2
    assert "there is no incident 'axios-2026-30'; did you mean 'axios-2026-03'?" in err


def test_a_folder_without_anything_is_not_examined(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out = run(capsys, str(tmp_path))

    assert code == 3
    assert "NOT EXAMINED" in out
    assert "nothing was inspected" in out


def test_a_clean_project_passes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path, {"package-lock.json": lock("axios@1.14.0")})
    code, out = run(capsys, str(tmp_path))

    assert code == 0
    assert (
        "NOT FOUND  1 project, none hit; 51 incidents looked for"
        in " ".join(out.replace("\n", " ").split("  "))
        or "NOT FOUND" in out
    )


def test_traces_in_a_project_and_in_an_environment(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    site = tmp_path / "py/.venv/lib/python3.12/site-packages"
    write(
        site,
        {
            "litellm_init.pth": "import base64",
            "six-1.16.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n",
        },
    )
    write(
        tmp_path / "js",
        {
            "package-lock.json": lock("a@1.0.0"),
            ".github/workflows/shai-hulud-workflow.yml": "on: push",
            ".claude/settings.json": '{"hooks": {}}',
            "cloud.json": "{}",
        },
    )
    _, document = as_json(capsys, str(tmp_path))
    found = {f["location"]["path"]: f["evidence"]["incident"] for f in document["findings"]}

    assert found == {
        str(site / "litellm_init.pth"): "litellm-2026-03",
        f"{tmp_path}/js/.github/workflows/shai-hulud-workflow.yml": "shai-hulud-1-2025-09",
    }
    assert level_of(document, f"{tmp_path}/py") == "compromised"
    assert level_of(document, f"{tmp_path}/js") == "compromised"


def test_traces_of_the_host_are_looked_for_when_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    write(tmp_path / "home", {".local/bin/gh-token-monitor.sh": "sleep 60"})
    write(tmp_path / "src", {"package-lock.json": lock("a@1.0.0")})
    _, without = as_json(capsys, str(tmp_path / "src"))
    code, document = as_json(capsys, str(tmp_path / "src"), "--host")

    assert without["findings"] == []
    assert code == 1
    assert level_of(document, "this machine") == "compromised"
    assert {f["evidence"]["incident"] for f in document["findings"]} == {
        "keyv-cacheable-2026-08",
        "tanstack-mini-shai-hulud-2026-05",
    }
    first = document["triage"]["playbook"][:2]
    assert "leave every GitHub token as it is" in first[0]["do"]
    assert first[1]["before"] == "any GitHub token is revoked"


def test_a_branch_that_a_worm_makes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit("2026-01-01T00:00:00Z", {"package-lock.json": lock("a@1.0.0")})
    repository.git("branch", "shai-hulud")
    _, document = as_json(capsys, str(tmp_path), "--history")

    assert [(f["rule"], f["location"]["path"]) for f in document["findings"]] == [
        ("attack-trace", "shai-hulud")
    ]


def test_nothing_that_is_found_becomes_markup(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name = "w\x1b[31m\u202e`<img src=x>`[a](http://x.example)"
    write(tmp_path / name, {"package-lock.json": LOCK})
    _, console = run(capsys, str(tmp_path))
    _, markdown = run(capsys, str(tmp_path), "--format", "markdown")

    for out in (console, markdown):
        assert "\x1b" not in out
        assert "\u202e" not in out
    for line in markdown.splitlines():
        outside = "".join(line.split("`")[::2])
        assert "<img" not in outside.replace("\\<", "")
        assert "](http" not in outside


# -- this machine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home folder, and stand in a folder with one clean project."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setattr(Path, "home", lambda: folder)
    monkeypatch.setattr("sys.platform", "linux")
    write(tmp_path / "src", {"package-lock.json": lock("a@1.0.0")})
    monkeypatch.chdir(tmp_path / "src")
    return folder


AXIOS = cache_files.REQUEST + cache_files.tgz("axios", "1.14.1")


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({f".npm/_cacache/{cache_files.BUCKET}": cache_files.line(AXIOS)}, ".npm/_cacache"),
        (
            {
                ".npm/_logs/2026-03-31T01_10_00_123Z-debug-0.log": (
                    f"12 http fetch GET 200 {cache_files.tgz('axios', '1.14.1')} 90ms\n"
                )
            },
            ".npm/_logs",
        ),
        (
            {".bun/install/cache/axios@1.14.1@@@1/package.json": '{"name": "axios"}'},
            ".bun/install/cache",
        ),
        (
            {
                ".npm/_npx/0a1b/node_modules/axios/package.json": (
                    '{"name": "axios", "version": "1.14.1"}'
                )
            },
            ".npm/_npx/0a1b/node_modules",
        ),
    ],
)
def test_what_this_machine_fetched_is_evidence(
    capsys: pytest.CaptureFixture[str], home: Path, files: Mapping[str, str], place: str
) -> None:
    write(home, files)
    code, document = as_json(capsys)
    (hit,) = next(p for p in document["triage"]["places"] if p["machine"])["hits"]

    assert code == 1
    assert (hit["package"], hit["level"]) == ("axios@1.14.1", "exposed")
    assert hit["source"] == str(home / place)
    assert level_of(document, ".") == "not found"


def test_when_it_was_fetched_is_said_where_the_client_notes_it(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    name = "2026-03-31T01_10_00_123Z-debug-0.log"
    text = f"1 http fetch GET 200 {cache_files.tgz('axios', '1.14.1')} 90ms\n"
    write(home, {f".npm/_logs/{name}": text})
    _, document = as_json(capsys)
    (finding,) = document["findings"]

    assert finding["evidence"]["account"] == (
        "axios@1.14.1: npm-logs fetched it 2026-03-31T01:10:00Z"
    )


def test_a_packument_that_merely_mentions_the_version_is_no_evidence(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    key = f"{cache_files.REQUEST}{cache_files.HOST}/axios"
    write(home, {f".npm/_cacache/{cache_files.BUCKET}": cache_files.line(key)})
    code, document = as_json(capsys)

    assert (code, document["findings"]) == (0, [])


def test_a_cache_that_is_damaged_is_a_gap_of_this_machine(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    write(home, {f".npm/_cacache/{cache_files.BUCKET}": "\n0000\t{}"})
    code, document = as_json(capsys)

    assert code == 3
    assert level_of(document, "this machine") == "not examined"
    assert "damaged" in document["gaps"][0]["reason"]


def test_a_cache_is_compared_with_the_advisory_database_too(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    """A name of the malicious packages that come along; no incident knows it."""
    key = cache_files.REQUEST + cache_files.tgz("cxp-jquery", "1.0.0")
    write(home, {f".npm/_cacache/{cache_files.BUCKET}": cache_files.line(key)})
    code, document = as_json(capsys)

    assert code == 1
    assert [one["rule"] for one in document["findings"]] == ["malicious-in-cache"]
    assert level_of(document, "this machine") == "exposed"


def test_caches_are_left_out_when_asked(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    write(home, {f".npm/_cacache/{cache_files.BUCKET}": cache_files.line(AXIOS)})
    code, document = as_json(capsys, "--no-caches")

    assert code == 0
    assert document["triage"]["unchecked"][1] == (
        "what package managers of this machine have fetched or hold outside of projects"
    )


def test_a_tree_below_the_target_belongs_to_its_project(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    tree = home / ".npm/_npx/0a1b/node_modules"
    write(tree, {"axios/package.json": '{"name": "axios", "version": "1.14.1"}'})
    _, document = as_json(capsys, str(home))

    assert [p["label"] for p in document["triage"]["places"]] == [str(home / ".npm/_npx/0a1b")]
