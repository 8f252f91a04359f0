"""`audit lock` as a user calls it: what is read, found, listed, and said when it cannot be read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from auditor import lockscan
from tests import schemas
from tests.test_cli import audit

HOST = "https://registry.example.org"
DIGEST = "sha512-" + "A" * 86 + "=="


def entry(name: str, version: str, **more: object) -> dict[str, Any]:
    file = f"{name.rpartition('/')[2]}-{version}.tgz"
    return {
        "version": version,
        "resolved": f"{HOST}/{name}/-/{file}",
        "integrity": DIGEST.replace("A", name[0].upper() if name[0].isalpha() else "A"),
        **more,
    }


def package_lock(**packages: dict[str, Any]) -> str:
    """Return a package-lock.json of version 3 whose root requires all the packages given."""
    root = {"name": "demo", "dependencies": dict.fromkeys(packages, "*")}
    rows = {f"node_modules/{name}": row for name, row in packages.items()}
    return json.dumps({"lockfileVersion": 3, "packages": {"": root, **rows}})


CLEAN = package_lock(axios=entry("axios", "1.14.0"))
BAD = package_lock(axios=entry("axios", "1.14.1"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return audit(capsys, "lock", *arguments)


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, "--format", "json", *arguments)
    document = json.loads(out)
    schemas.REPORT.validate(document)
    return code, document


def test_a_clean_lockfile_passes_and_says_what_was_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "package-lock.json").write_text(CLEAN)
    code, out, _ = run(capsys, str(tmp_path))

    assert code == 0
    assert "package-lock 3 · read 1 package" in " ".join(out.split())


def test_a_bad_version_is_critical_and_says_what_to_do_in_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "package-lock.json").write_text(BAD)
    code, document = as_json(capsys, str(tmp_path))
    (finding,) = (f for f in document["findings"] if f["rule"] == "known-malicious")

    assert code == 1
    assert finding["severity"] == "critical"
    assert finding["location"]["key"] == "axios@1.14.1"
    assert "1.14.0" in finding["fix"]
    assert finding["fix"].index("1. ") < finding["fix"].index("2. ")


def test_packages_are_listed_with_purls(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(package_lock(**{"@s/n": entry("@s/n", "1.0.0")}))
    code, document = as_json(capsys, "--list", str(path))
    (inventory,) = document["inventories"]

    assert code == 0
    assert inventory["count"] == 1
    assert [(p["name"], p["version"], p["purl"]) for p in inventory["packages"]] == [
        ("@s/n", "1.0.0", "pkg:npm/%40s/n@1.0.0")
    ]
    assert "packages" not in as_json(capsys, str(path))[1]["inventories"][0]


@pytest.mark.parametrize("options", [[], ["--as", "package-lock"]])
def test_a_lockfile_comes_through_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    code, document = as_json(capsys, "-", *options)

    assert code == 1
    assert document["inventories"][0]["source"] == "-"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("package-lock.json", "{", "not readable as JSON"),
        ("package-lock.json", "[]", "where an object must stand"),
        ("package-lock.json", "{}", "no package was read"),
        ("notes.txt", "hello", "is of no lockfile format"),
        ("bun.lockb", "#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x01", "bun install"),
        ("package-lock.json", '<<<<<<< HEAD\n{"lockfileVersion": 3}\n', "merge conflict"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    code, document = as_json(capsys, str(path))

    assert code == 3
    assert [reason in gap["reason"] for gap in document["gaps"]] == [True]
    assert "\n" not in document["gaps"][0]["reason"]


def test_a_folder_without_lockfiles_is_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, str(tmp_path))

    assert code == 3
    assert "no lockfile was found" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["missing"], "no such file"), ([".", "--as", "cargo"], "is no lockfile format")],
)
def test_a_wrong_call_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, _, error = run(capsys, *arguments)

    assert code == 2
    assert said in error


def test_installed_packages_are_an_inventory_of_their_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for place, name, version in (
        ("node_modules/express", "express", "4.18.2"),
        ("node_modules/express/node_modules/axios", "axios", "0.30.4"),
        ("node_modules/@s/n", "@s/n", "1.0.0"),
        ("node_modules/.pnpm/plain-crypto-js@4.2.1/node_modules/pc", "plain-crypto-js", "4.2.1"),
    ):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    (tmp_path / "node_modules" / "broken").mkdir()
    (tmp_path / "node_modules" / "broken" / "package.json").write_text("{")
    info = tmp_path / ".venv/lib/python3.12/site-packages/litellm-1.82.8.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: litellm\nVersion: 1.82.8\n")

    code, document = as_json(capsys, str(tmp_path))
    bad = {f["location"]["key"] for f in document["findings"] if f["severity"] == "critical"}

    assert code == 3
    assert bad == {"axios@0.30.4", "plain-crypto-js@4.2.1", "litellm@1.82.8"}
    assert {row["format"]: row["count"] for row in document["inventories"]} == {
        "node_modules": 4,
        "site-packages": 1,
    }
    assert ["broken" in gap["reason"] for gap in document["gaps"]] == [True]


def test_a_broken_lockfile_stops_none_of_the_others_also_on_several_cores(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockscan, "SHARED", 8)
    for number in range(60):
        folder = tmp_path / f"{number:02}"
        folder.mkdir()
        text = "{" if number % 10 == 3 else BAD if number % 10 == 7 else CLEAN
        (folder / "package-lock.json").write_text(text)
    code, document = as_json(capsys, str(tmp_path))
    sources = [row["source"][-20:-18] for row in document["inventories"]]

    assert code == 3
    assert len(document["gaps"]) == 6
    assert len(document["inventories"]) == 54
    assert sources == sorted(sources)
    assert sum(f["rule"] == "known-malicious" for f in document["findings"]) == 6


def git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


@pytest.mark.parametrize("against", ["HEAD", "file"])
def test_what_a_change_brings_in_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, against: str
) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(package_lock(axios=entry("axios", "1.14.0"), left=entry("left", "1.0.0")))
    earlier = tmp_path / "earlier.json"
    earlier.write_text(path.read_text())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "package-lock.json")
    git(tmp_path, "commit", "-q", "-m", "x")
    changed = entry("axios", "1.14.0", integrity="sha512-" + "B" * 85 + "A==")
    more = entry("right", "1.0.0", hasInstallScript=True)
    path.write_text(package_lock(axios=changed, left=entry("left", "0.9.0"), right=more))

    state = str(earlier) if against == "file" else "HEAD"
    code, document = as_json(capsys, str(path), "--against", state)
    found = {(f["rule"], f["location"]["key"]) for f in document["findings"]}

    assert code == 1
    assert found >= {
        ("changed-digest", "axios@1.14.0"),
        ("new-install-script", "right@1.0.0"),
        ("lowered-version", "left@0.9.0"),
        ("new-packages", None),
    }


def test_a_revision_that_is_not_there_is_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(CLEAN)
    git(tmp_path, "init", "-q")
    code, document = as_json(capsys, str(path), "--against", "--output=x")

    assert code == 3
    assert "not compared" in document["gaps"][0]["reason"]
    assert not (tmp_path / "x").exists()


def test_a_lockfile_whose_earlier_content_is_lost_is_not_a_new_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(CLEAN)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "package-lock.json")
    git(tmp_path, "commit", "-q", "-m", "x")
    assert as_json(capsys, str(path), "--against", "HEAD")[0] == 0
    blobs = [
        file
        for file in (tmp_path / ".git" / "objects").glob("??/*")
        if zlib.decompress(file.read_bytes()).startswith(b"blob ")
    ]
    for blob in blobs:
        blob.unlink()
    code, document = as_json(capsys, str(path), "--against", "HEAD")

    assert len(blobs) == 1
    assert code == 3
    assert "not compared: git says" in document["gaps"][0]["reason"]


def test_a_lockfile_that_is_new_is_compared_with_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "-m", "x", "--allow-empty")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "package-lock.json").write_text(CLEAN)
    code, document = as_json(capsys, str(tmp_path), "--against", "HEAD")

    assert (code, document["gaps"]) == (0, [])


def gaps(document: dict[str, Any], top: Path) -> dict[str, str]:
    return {
        gap["location"]["source"].removeprefix(f"{top}/"): gap["reason"] for gap in document["gaps"]
    }


def test_a_link_to_what_is_not_searched_is_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    top, other = tmp_path / "top", tmp_path / "other"
    (top / "app").mkdir(parents=True)
    (other / "node_modules").mkdir(parents=True)
    (other / "package-lock.json").write_text(BAD)
    (top / "package-lock.json").write_text(CLEAN)
    (top / "notes.txt").write_text("axios==1.0\n")
    (top / "app" / "package-lock.json").symlink_to("../package-lock.json")
    links = {
        "app/npm-shrinkwrap.json": other / "package-lock.json",
        "app/node_modules": other / "node_modules",
        "app/requirements.txt": top / "notes.txt",
        "app/yarn.lock": other / "missing",
    }
    for name, end in links.items():
        (top / name).symlink_to(end)
    code, document = as_json(capsys, str(top))

    assert code == 3
    assert {*gaps(document, top)} == {*links}
    assert {*gaps(document, top).values()} == {
        "is a link to what is not searched; name what it leads to"
    }


@pytest.mark.parametrize("name", ["yarn.lock", "node_modules"])
def test_what_is_no_file_is_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    (tmp_path / "package-lock.json").write_text(CLEAN)
    os.mkfifo(tmp_path / name)
    code, document = as_json(capsys, str(tmp_path))

    assert code == 3
    assert gaps(document, tmp_path) == {name: "is neither a regular file nor a folder"}


def test_a_folder_that_cannot_be_listed_says_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package-lock.json").write_text(CLEAN)
    (tmp_path / "private").mkdir()
    listed = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path).name == "private":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)  # the superuser may list anything
    code, document = as_json(capsys, str(tmp_path))

    assert code == 3
    assert gaps(document, tmp_path) == {"private": "cannot be listed: Permission denied"}


def test_settings_too_large_to_be_read_are_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "package-lock.json").write_text(CLEAN)
    (tmp_path / ".npmrc").write_text("#" * (1024 * 1024) + "\n")
    code, document = as_json(capsys, str(tmp_path))

    assert code == 3
    assert [gap["location"]["path"] for gap in document["gaps"]] == [".npmrc"]
    assert "more than 1,048,576 bytes" in document["gaps"][0]["reason"]


def test_more_includes_than_are_read_are_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("flask==3.0.0\n")
    for number in range(201):
        (tmp_path / f"notes{number}.txt").write_text("")
    code, document = as_json(capsys, str(tmp_path / "requirements.txt"))

    assert code == 3
    assert ["of 202 files" in gap["reason"] for gap in document["gaps"]] == [True]


@pytest.mark.parametrize("runner", [".tox", ".nox"])
def test_the_environments_of_test_runners_are_installed_packages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, runner: str
) -> None:
    folder = tmp_path / runner / "py" / "lib" / "site-packages" / "litellm-1.82.8.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: litellm\nVersion: 1.82.8\n")
    code, document = as_json(capsys, str(tmp_path))

    assert code == 1
    assert "known-malicious" in {f["rule"] for f in document["findings"]}


def test_the_hidden_lockfile_of_a_named_tree_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "node_modules"
    folder.mkdir()
    (folder / ".package-lock.json").write_text("{")
    code, document = as_json(capsys, str(folder))

    assert code == 3
    assert "not readable as JSON" in gaps(document, folder)[".package-lock.json"]


def test_a_package_that_replaced_itself_is_told_by_the_hidden_lockfile(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "node_modules" / "helper"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": "helper", "version": "4.2.0"}))
    hidden = package_lock(helper=entry("helper", "4.2.1", hasInstallScript=True))
    (tmp_path / "node_modules" / ".package-lock.json").write_text(hidden)
    code, document = as_json(capsys, str(tmp_path))
    found = {(f["rule"], f["severity"], f["location"]["key"]) for f in document["findings"]}

    assert code == 1
    assert ("replaced-package", "critical", "helper@4.2.1") in found
