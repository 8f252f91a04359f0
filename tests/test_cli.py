"""The command line as a user meets it: one clear line for what is wrong, the right exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import auditor
from auditor import report
from auditor.__main__ import run
from tests import schemas
from tests.conftest import tarball
from tests.distributions import WHEEL_NAME, wheel

MAP = (
    '{"version": 3, "sources": ["../src/app.ts"], "sourcesContent": ["let n = 1"], "mappings": ""}'
)
Pack = Callable[..., Path]


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = audit(capsys, "pack", *arguments, "--format", "json")
    document = json.loads(out)
    schemas.REPORT.validate(document)
    return code, document


def test_a_clean_package_passes(capsys: pytest.CaptureFixture[str], pack: Pack) -> None:
    code, document = as_json(capsys, str(pack({"index.js": "run()"})))

    assert (code, document["verdict"], document["complete"]) == (0, "pass", True)
    assert document["findings"] == document["gaps"] == document["suppressed"] == []
    assert document["artifacts"][0]["name"] == "demo-kit"
    assert document["artifacts"][0]["files"] == 2


def test_a_map_with_text_fails_with_its_counts(
    capsys: pytest.CaptureFixture[str], pack: Pack
) -> None:
    code, document = as_json(capsys, str(pack({"dist/app.js.map": MAP})))
    (finding,) = document["findings"]

    assert (code, document["verdict"]) == (1, "fail")
    assert (finding["rule"], finding["severity"]) == ("embedded-sources", "high")
    assert finding["location"]["path"] == "dist/app.js.map"
    assert finding["evidence"]["first_party_files"] == 1
    assert finding["evidence"]["first_party_lines"] == 1
    assert finding["evidence"]["first_party_bytes"] == len("let n = 1")
    assert finding["evidence"]["third_party_files"] == 0
    assert '"!**/*.map"' in finding["fix"]


def test_the_json_has_exactly_the_keys_that_were_promised(
    capsys: pytest.CaptureFixture[str], pack: Pack
) -> None:
    _, document = as_json(capsys, str(pack({"dist/app.js.map": MAP})))

    assert (
        list(document)
        == (
            "schema_version tool verdict complete artifacts inventories findings suppressed gaps"
        ).split()
    )
    assert (
        list(document["findings"][0])
        == ("rule severity confidence message location evidence fix fingerprint").split()
    )
    assert list(document["findings"][0]["location"]) == ["source", "path", "line", "key"]


@pytest.mark.parametrize(
    ("severity", "code"), [("low", 1), ("medium", 1), ("high", 1), ("critical", 0)]
)
def test_the_threshold_is_the_users(
    capsys: pytest.CaptureFixture[str], pack: Pack, severity: str, code: int
) -> None:
    path = pack({"dist/app.js.map": MAP})

    assert audit(capsys, "pack", str(path), "--fail-on", severity)[0] == code


def test_a_missing_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = audit(capsys, "pack", "nowhere.tgz")

    assert (code, out, err) == (2, "", "audit: nowhere.tgz: no such file or folder\n")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "page.tgz",
            b"<html>not found</html>",
            "not an archive: neither gzip, bzip2, xz, Zstandard nor tar",
        ),
        ("empty.tgz", b"", "an empty file, not an archive"),
        (
            "cut.tgz",
            tarball({"a": "x" * 5000})[:-20],
            "cut short: the compressed stream has no end",
        ),
    ],
)
def test_what_is_no_archive_is_not_examined(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    code, document = as_json(capsys, str(path))
    (gap,) = document["gaps"]

    assert (code, document["verdict"], document["complete"]) == (3, "incomplete", False)
    assert gap["location"]["source"] == str(path)
    assert reason in gap["reason"]
    _, out, _ = audit(capsys, "pack", str(path))
    assert out.startswith(" INCOMPLETE ")
    assert reason in " ".join(out.split())


def test_findings_before_the_break_are_kept_and_incomplete_wins(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "cut.tgz"
    whole = tarball({"package.json": "{}", "a.js.map": MAP, "b.bin": bytes(range(256)) * 4000})
    path.write_bytes(whole[:-4])
    code, document = as_json(capsys, str(path))

    assert code == 3
    assert "embedded-sources" in {finding["rule"] for finding in document["findings"]}


def test_a_folder_that_is_no_package_is_not_examined(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, document = as_json(capsys, str(tmp_path))

    assert code == 3
    assert "package.json" in document["gaps"][0]["reason"]


def test_a_folder_as_it_is_needs_no_packer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "app.js.map").write_text(MAP)
    code, document = as_json(capsys, str(tmp_path), "--as-is")

    assert code == 1
    assert document["artifacts"][0]["kind"] == "folder"
    assert document["findings"][0]["location"]["path"] == "dist/app.js.map"


def test_a_wheel_is_judged_by_the_rules_of_files_and_by_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "demo-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("demo/static/app.js.map", MAP)
        wheel.writestr("demo-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    code, document = as_json(capsys, str(path))

    assert code == 1
    assert document["artifacts"][0]["kind"] == "wheel"
    assert {"embedded-sources", "missing-record"} <= {f["rule"] for f in document["findings"]}
    assert document["gaps"] == []


@pytest.mark.parametrize("magic", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01"])
def test_an_archive_inside_that_cannot_be_read_is_a_gap(
    capsys: pytest.CaptureFixture[str], pack: Pack, magic: bytes
) -> None:
    code, document = as_json(capsys, str(pack({"data/x.bin": magic + bytes(100)})))

    assert code == 3
    assert document["gaps"][0]["location"]["path"] == "data/x.bin"
    assert "archives are not read" in document["gaps"][0]["reason"]


def test_an_empty_folder_is_no_pass(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, document = as_json(capsys, str(tmp_path), "--as-is")

    assert code == 3
    assert "nothing was inspected" in document["gaps"][0]["reason"]


def test_names_from_the_archive_are_escaped(capsys: pytest.CaptureFixture[str], pack: Pack) -> None:
    name = "dist/\x1b[2K\x1b[1A\u202e[/red]\nPASS.js.map"
    _, out, _ = audit(capsys, "pack", str(pack({name: MAP})))

    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[2K" in out
    assert "[/red]" in out
    assert "\\nPASS.js.map" in out


def test_several_reports_come_from_one_call(
    capsys: pytest.CaptureFixture[str], pack: Pack, tmp_path: Path
) -> None:
    target = tmp_path / "out.json"
    code, out, _ = audit(
        capsys, "pack", str(pack({"a.js.map": MAP})), "--report", f"json={target}", "-q"
    )

    assert code == 1
    assert out.splitlines() == [" FAIL  1 high (fails from medium up)"]
    schemas.REPORT.validate(json.loads(target.read_text()))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pack", "--report", "json"], "--report takes FORMAT=FILE"),
        (["pack", "--report", "yaml=x"], "--report takes FORMAT=FILE"),
        (["pack", "--limit", "member=1"], "--limit 'member' is not known"),
        (["pack", "--limit", "members=0"], "--limit members takes a whole number from 1"),
        (["pack", "--format", "yaml"], "Invalid value for '--format'"),
        (["pak"], "No such command 'pak'"),
        (["explain", "embeded-sources"], "did you mean 'embedded-sources'?"),
    ],
)
def test_wrong_usage_is_said_in_words(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = audit(capsys, *arguments)

    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_a_limit_that_is_met_is_named_with_its_option(
    capsys: pytest.CaptureFixture[str], pack: Pack
) -> None:
    path = pack({"a.js": "x", "b.js": "y"})
    code, out, _ = audit(capsys, "pack", str(path), "--limit", "members=2", "--format", "json")

    assert code == 3
    assert "limit members of 2 met" in out
    assert "--limit members=N" in out


def test_a_fault_of_ours_is_exit_4_and_one_line(
    capsys: pytest.CaptureFixture[str], pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("made up")

    monkeypatch.setattr("auditor.scan.shares", broken)
    code, _, err = audit(capsys, "pack", str(pack({"a.js": "x"})))

    assert code == 4
    assert err.count("\n") == 1
    assert err.startswith("audit: internal error: KeyError at tests.test_cli:") or "KeyError" in err
    assert "Traceback" not in err

    code, _, err = audit(capsys, "pack", str(pack({"a.js": "x"})), "--debug")
    assert code == 4
    assert "audit: auditor.scan:" in err  # where it was, and none of what stood there


def test_a_users_own_rule_judges_like_ours(
    capsys: pytest.CaptureFixture[str], pack: Pack, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "code-name.yaml").write_text(
        "id: code-name\ntitle: A code name\nfact: file\nwhere:\n  path: {contains: falcon}\n"
        "severity: critical\nconfidence: high\nartifacts: [npm-tarball]\n"
        'message: "{path} says it"\nwhy: secret\nfix: rename\ntests:\n'
        "  - name: a\n    given: {npm-tarball: {falcon.js: ''}}\n    finds: [falcon.js]\n"
        "  - name: b\n    given: {npm-tarball: {a.js: ''}}\n    finds: []\n"
    )
    path = str(pack({"lib/Falcon.js": "x"}))

    assert as_json(capsys, path)[0] == 0
    code, document = as_json(capsys, path, "--rules", str(folder))
    assert code == 1
    assert document["findings"][0]["message"] == "lib/Falcon.js says it"
    assert audit(capsys, "rules", "test", str(folder))[:2] == (
        0,
        "1 rules, 2 tests, 1 broken variants tried: all as expected\n",
    )


def test_rules_are_listed_shown_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    listed = audit(capsys, "rules", "list")[1]
    shown = audit(capsys, "rules", "show", "embedded-sources")[1]
    explained = audit(capsys, "explain", "embedded-sources")[1]

    assert "high     embedded-sources" in listed
    assert shown.startswith("id: embedded-sources\n")
    assert explained.startswith("# embedded-sources\n")


def test_the_module_and_a_pipe_without_colour() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"audit, version {auditor.__version__}\n"


NEVER = (
    "rich requests jinja2 yaml packaging semver cvss docutils platformdirs tempfile shutil random"
    " sysconfig signal subprocess tomllib difflib auditor.cli.walled auditor.baselinefile"
    " auditor.rulefile auditor.policyfile"
)
"""What no call for JSON imports that finds nothing."""
NOT_FOR_TARBALLS = (
    "sqlite3 auditor.lockfiles auditor.advisories auditor.names auditor.npm_ranges"
    " auditor.sizehistory auditor.packing auditor.backends auditor.advice_npm"
    " auditor.advice_python auditor.home auditor.archives.zip auditor.archives.zip_records"
    " auditor.archives.asar auditor.facts.project auditor.facts.comparing auditor.facts.python"
    " auditor.facts.lock auditor.facts.around"
)
NOT_FOR_WHEELS = (
    "rich requests jinja2 yaml semver docutils sqlite3 tempfile csv auditor.packing"
    " auditor.backends auditor.advice_npm auditor.advice_python auditor.facts.project"
    " auditor.facts.comparing"
)
NOT_FOR_LOCKFILES = (
    "mmap auditor.archives auditor.maps auditor.binaries auditor.examine auditor.scan"
    " auditor.packing auditor.facts.manifest auditor.facts.source_map auditor.facts.project"
    " auditor.facts.comparing auditor.facts.python auditor.facts.around auditor.lockfiles.pnpm"
    " auditor.lockfiles.yarn_classic auditor.lockfiles.uv auditor.lockfiles.bun_lockb"
    " auditor.lockfiles.cyclonedx auditor.lockfiles._yaml auditor.lockfiles._toml auditor.tomldoc"
    " auditor.yamldoc auditor.anchors auditor.names.signals"
    " auditor.sources.installed auditor.facts.distribution"
)


@pytest.mark.parametrize(
    ("arguments", "idle"),
    [
        (["pack", "kit.tgz", "--format", "json"], f"{NEVER} {NOT_FOR_TARBALLS}"),
        (["pack", WHEEL_NAME, "--format", "json"], NOT_FOR_WHEELS),
        (["lock", "package-lock.json", "--format", "json"], f"{NEVER} {NOT_FOR_LOCKFILES}"),
        (["--version"], "yaml rich msgspec requests json auditor.facts auditor.policy"),
        (["names", "lodash"], "yaml rich requests auditor.facts auditor.policy"),
        (
            ["lock", "package-lock.json"],
            "requests jinja2 auditor.facts.source_map auditor.shipping auditor.baselinefile",
        ),
        (["pack", "kit.tgz"], "requests jinja2 auditor.facts.lock.package auditor.baselinefile"),
    ],
)
def test_a_command_imports_only_what_it_needs(
    tmp_path: Path, pack: Pack, arguments: list[str], idle: str
) -> None:
    (tmp_path / "kit.tgz").write_bytes(pack({"index.js": "run()"}).read_bytes())
    wheel(tmp_path)
    (tmp_path / "package-lock.json").write_text(
        '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}'
    )
    code = (
        f"import sys; from auditor.__main__ import run; run({arguments!r}); "
        f"print(sorted(set({idle!r}.split()) & set(sys.modules)))"
    )
    for _ in range(2):  # the first keeps what it parsed of our rules, as a wheel brings it
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("format_", [name for name in report.names() if name != "github"])
def test_nothing_that_is_printed_is_a_command_to_the_runner(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, format_: str
) -> None:
    path = tmp_path / "::error::kit-1.0.0.tgz"
    manifest = '{"name": "::error::n", "version": "##[error]v"}'
    whole = {"package.json": manifest, "::error file=a::b.js.map": MAP, "##[error]b.js.map": MAP}
    path.write_bytes(tarball(whole))
    run(["pack", str(path), "--format", format_, "--no-config"])
    out = capfdbinary.readouterr().out

    assert b"error" in out
    assert not re.search(rb"(?m)^\s*::|##\[", out)
