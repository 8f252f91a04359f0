"""The GitHub Action as a workflow uses it: its steps run, and what GitHub would show is exact."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.action.files import PRIVATE
from auditor.safe import uncommanded
from tests.action_runner import ROOT, Annotation, Done, Runner, quiet
from tests.conftest import MANIFEST, tarball
from tests.repositories import Change, lock

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake packer is a sh script")

FAKE = ROOT / "tests/fake_packer.py"
SETUP = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97"
UPLOAD = "github/codeql-action/upload-sarif@8aad20d150bbac5944a9f9d289da16a4b0d87c1e"
TEXT = "let secret = 1;\n" * 3000
MAP = json.dumps({"version": 3, "sources": ["a.ts"], "sourcesContent": [TEXT], "mappings": "AAAA"})
PROJECT = json.dumps(
    {"name": "demo-kit", "version": "1.0.0", "license": "MIT", "main": "dist/cli.js"}
    | {"files": ["dist"]}
)
KEY = "-----BEGIN PRIVATE " + "KEY-----\n"


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python as the step `install` makes one: isolated, it has this audit."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", folder), check=True)  # noqa: S603
    packages = next(folder.glob("lib/*/site-packages"))
    wanted = f"{ROOT}\n{sysconfig.get_paths()['purelib']}\n"
    (packages / "this-audit.pth").write_text(wanted, encoding="utf-8")
    return folder / "bin/python"


class Job:
    """A job on a machine with a fake npm; its workspace is empty at first."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.temporary = folder / "temporary"
        self.environment = quiet(FAKE_LOG=str(folder / "calls"), FAKE_MODE="files")
        self.played = {"python": {"python-path": str(python)}, "install": {"python": str(python)}}
        self.refused: tuple[str, ...] = ()
        self.events: tuple[str, Mapping[str, object]] = ("push", {})
        programs = folder / "bin"
        programs.mkdir()
        npm = programs / "npm"
        npm.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {FAKE} "$@"\n')
        npm.chmod(0o755)
        self.environment["PATH"] = f"{programs}{os.pathsep}{self.environment['PATH']}"

    def write(self, name: str, content: bytes) -> str:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def pull_request(self, change: Change, *words: str, fork: bool = False) -> None:
        change.clone(self.workspace, change.merge, *words)
        self.events = ("pull_request", change.event(fork=fork))

    def run(self, **inputs: str) -> Done:
        runner = Runner(
            workspace=self.workspace,
            temporary=self.temporary,
            environment=self.environment,
            played=self.played,
            refused=self.refused,
        )
        event, described = self.events
        return runner.run(event, described, inputs)


@pytest.fixture
def job(tmp_path: Path, python: Path) -> Job:
    return Job(tmp_path, python)


def change(folder: Path, head: Mapping[str, str | None], **first: str) -> Change:
    """Return a change of a project that ships one script."""
    files = {"package.json": PROJECT, "dist/cli.js": "1;\n", **first}
    return Change(folder / "origin", files, head, {"README.md": "later"})


def test_a_clean_file_passes_and_its_digest_is_an_output(job: Job) -> None:
    digest = job.write("demo-kit-1.0.0.tgz", tarball({"package.json": MANIFEST}))
    done = job.run(artifact="*.tgz")

    assert done.passed
    assert done.annotations == []
    report = done.outputs.pop("report-json")
    assert done.outputs.pop("sarif-file") == str(Path(report).with_name("report.sarif"))
    assert done.outputs == {
        "verdict": "pass",
        "findings": "0",
        "gaps": "0",
        "artifact-sha256": digest,
        "sha256sums": f"{digest}  demo-kit-1.0.0.tgz",
    }
    assert json.loads(Path(report).read_bytes())["artifacts"][0]["sha256"] == digest
    assert done.summary == (
        "## audit: pass\n"
        "\n"
        "no findings (fails from medium up).\n"
        "\n"
        "### Audited\n"
        "\n"
        "| artifact | kind | files | packed | unpacked | SHA-256 |\n"
        "|---|---|---:|---:|---:|---|\n"
        f"| `demo-kit 1.0.0` | npm tarball | 1 | 142 bytes | 40 bytes | `{digest}` |\n"
    )
    assert done.used == [(SETUP, {"python-version": "3.13", "update-environment": "false"})]


def test_several_files_have_a_list_of_digests(job: Job) -> None:
    one = job.write("a.tgz", tarball({"package.json": MANIFEST}))
    two = job.write("b.tgz", tarball({"package.json": MANIFEST, "a.js": "1"}))
    done = job.run(artifact="b.tgz\n?.tgz")

    assert done.outputs["artifact-sha256"] == ""
    assert done.outputs["sha256sums"] == f"{two}  b.tgz\n{one}  a.tgz"


def test_a_finding_fails_the_job_after_all_is_shown(job: Job) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST, "a.tsbuildinfo": "x"}))
    done = job.run(artifact="a.tgz")

    assert not done.passed
    assert (done.outputs["verdict"], done.outputs["findings"]) == ("fail", "1")
    assert done.steps["audit"]["exit-code"] == "1"
    assert [(one.kind, one.title, one.file) for one in done.annotations] == [
        ("error", "medium: build-cache", "a.tgz")
    ]


def test_a_job_that_only_reports_passes_with_the_same_verdict(job: Job) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST, "a.tsbuildinfo": "x"}))
    done = job.run(artifact="a.tgz", fail="false")

    assert done.passed
    assert done.outputs["verdict"] == "fail"
    assert len(done.annotations) == 1


def test_the_threshold_is_an_input(job: Job) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST, "a.tsbuildinfo": "x"}))
    done = job.run(artifact="a.tgz", fail_on="high")

    assert done.passed
    assert [one.kind for one in done.annotations] == ["warning"]


def test_what_cannot_be_read_is_no_pass(job: Job) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST})[:60])
    done = job.run(artifact="a.tgz")

    assert not done.passed
    assert (done.outputs["verdict"], done.outputs["gaps"]) == ("incomplete", "1")
    assert done.steps["audit"]["exit-code"] == "3"
    assert [(one.kind, one.title) for one in done.annotations] == [("error", "not examined")]
    assert "### Not examined\n\n- `a.tgz`: " in done.summary


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"fail_on": "grave"},
            "the input 'fail-on' takes one of info, low, medium, high, critical, not 'grave'",
        ),
        ({"artifact": "*.whl"}, "the input 'artifact' has '*.whl', which matches no file"),
        ({"path": "nowhere"}, "audit: nowhere: no such file or folder"),
        ({"arguments": "--surprise"}, "Error: No such option"),
        ({"reports": "paper=x"}, "audit: --report takes FORMAT=FILE with one of "),
    ],
)
def test_a_call_that_cannot_be_carried_out_fails_even_where_it_only_reports(
    job: Job, inputs: dict[str, str], said: str
) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST}))
    done = job.run(fail="false", **inputs)

    assert not done.passed
    assert done.outputs["verdict"] == "error"
    assert done.steps["audit"]["exit-code"] == "2"
    (shown,) = done.annotations
    assert (shown.kind, shown.title) == ("error", "audit")
    assert shown.message.startswith(said)
    assert done.summary.startswith("## audit: error\n\n")


def test_a_project_is_not_packed_with_the_secrets_of_the_repository(job: Job) -> None:
    job.write("package.json", PROJECT.encode())
    job.events = ("pull_request_target", {})
    done = job.run()

    assert not done.passed
    assert done.annotations[0].message.startswith("a folder is not packed on pull_request_target")
    assert not (job.folder / "calls").exists()


def test_a_pull_request_shows_first_what_it_would_publish_in_addition(
    job: Job, tmp_path: Path
) -> None:
    script = "1;\n//# sourceMappingURL=cli.js.map\n"
    found = change(tmp_path, {"dist/cli.js": script, "dist/cli.js.map": MAP})
    job.pull_request(found, "--depth=1")
    done = job.run()

    assert not done.passed
    assert done.summary.startswith(
        "## audit: fail\n"
        "\n"
        "1 high, 1 medium (fails from medium up).\n"
        "\n"
        "### New in what would be published\n"
        "\n"
        f"Compared with `base-{found.base[:10]} (demo-kit 1.0.0)`: 2 → 3 files, 51.2 kB"
        " (+51.1 kB).\n"
        "\n"
        "```diff\n"
        "+ dist/cli.js.map 51.1 kB (new kind: source map)\n"
        "~ dist/cli.js 3 bytes → 35 bytes (+32 bytes)\n"
        "```\n"
        "\n"
        "### Findings\n"
    )
    assert [(one.title, one.file, one.line) for one in done.annotations] == [
        ("high: embedded-sources", "dist/cli.js.map", "1"),
        ("medium: added-source-map", "dist/cli.js.map", "1"),
    ]
    assert not (job.workspace / ".git/worktrees").is_dir()


def test_a_change_of_what_a_package_can_do_is_shown(job: Job, tmp_path: Path) -> None:
    manifest = json.loads(PROJECT)
    manifest["scripts"] = {"postinstall": "node dist/cli.js"}
    job.pull_request(change(tmp_path, {"package.json": json.dumps(manifest), "dist/cli.js": None}))
    done = job.run(fail="false")

    assert (
        "```diff\n"
        "+ install script postinstall node dist/cli.js\n"
        "- dist/cli.js 3 bytes\n"
        "~ package.json 100 bytes → 148 bytes (+48 bytes)\n"
        "```\n"
    ) in done.summary


def test_the_base_is_made_ready_by_the_users_command(job: Job, tmp_path: Path) -> None:
    found = change(tmp_path, {"build": "2"}, build="1")
    job.pull_request(found)
    (job.workspace / "dist/out.js").write_text("new", encoding="utf-8")
    done = job.run(base_setup='cp build dist/out.js\ntest "$PWD" != "$GITHUB_WORKSPACE"')

    assert "```diff\n~ dist/out.js 1 byte → 3 bytes (+2 bytes)\n```\n" in done.summary


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        (
            {"base_setup": "echo it failed; exit 3"},
            "base-setup ended with exit code 3 in {base}: it failed",
        ),
        ({"working_directory": "new"}, "{base} has no such folder"),
        ({"artifact": "new/*.tgz"}, r"nothing builds the artifact there \(input base-setup\)"),
        ({"base_ref": "nothing"}, "there is no revision 'nothing' here"),
    ],
)
def test_without_a_base_the_summary_says_so_and_the_head_is_judged(
    job: Job, tmp_path: Path, inputs: dict[str, str], why: str
) -> None:
    found = change(tmp_path, {"new/package.json": PROJECT, "new/dist/cli.js": "1"})
    job.pull_request(found)
    (job.workspace / "new/a.tgz").write_bytes(tarball({"package.json": MANIFEST}))
    done = job.run(**inputs)
    said = why.format(base=found.base[:10])

    assert done.passed
    assert done.outputs["verdict"] == "pass"
    assert done.summary.endswith(f"\n\nNot compared with the base of this change: {said}.\n")
    plain = said.replace("\\", "")
    assert done.annotations == [
        Annotation(
            kind="warning",
            title="audit",
            message=f"Not compared with the base of this change: {plain}",
        )
    ]


@pytest.mark.parametrize("prepack", [True, False])
def test_a_base_that_nothing_was_built_in_is_said(
    job: Job, tmp_path: Path, *, prepack: bool
) -> None:
    manifest = json.loads(PROJECT)
    manifest["scripts"] = {"prepack": "mkdir -p dist; echo 1 > dist/cli.js"} if prepack else {}
    first = {"package.json": json.dumps(manifest), ".gitignore": "dist\n"}
    job.pull_request(Change(tmp_path / "origin", first, {"a": "1"}, {"b": "1"}))
    job.write("dist/cli.js", b"1\n")
    done = job.run()

    assert ("Nothing was built in the base" in done.summary) is not prepack
    assert [one.kind for one in done.annotations] == ["warning"] * (not prepack)


def test_a_base_that_cannot_be_fetched_is_no_reason_to_fail(job: Job, tmp_path: Path) -> None:
    job.pull_request(change(tmp_path, {"dist/cli.js": "2;\n"}), "--depth=1")
    (tmp_path / "origin").rename(tmp_path / "gone")
    done = job.run()

    assert done.outputs["verdict"] == "pass"
    assert "Not compared with the base of this change: git says: " in done.summary


def test_no_comparison_where_none_is_wanted(job: Job, tmp_path: Path) -> None:
    job.pull_request(change(tmp_path, {"dist/cli.js": "2;\n"}))

    assert "ompared with" not in job.run(compare="false").summary


def test_lockfiles_are_compared_with_those_of_the_base(job: Job, tmp_path: Path) -> None:
    first = {"package-lock.json": lock("left-pad@1.3.0")}
    found = Change(tmp_path / "origin", first, {"package-lock.json": lock("axios@1.14.1")}, {})
    job.pull_request(found, "--depth=1")
    done = job.run(mode="lock")

    assert done.outputs["verdict"] == "fail"
    assert ("package-lock.json", "error") in {(one.file, one.kind) for one in done.annotations}
    assert f"--against {found.base}" not in done.log
    assert "known-malicious" in done.summary


def test_an_incident_report_is_a_summary_too(job: Job) -> None:
    job.write("package-lock.json", lock("axios@1.14.1").encode())
    done = job.run(mode="triage", arguments="--no-caches")

    assert done.outputs["verdict"] == "fail"
    assert done.summary.startswith("# Incident report: exposed\n")


def test_scripts_of_the_project_get_none_of_the_runners_files(job: Job) -> None:
    manifest = json.loads(PROJECT)
    names = (*sorted(PRIVATE), "INPUT_MODE")
    tries = " ".join(f'"${{{name}:-none}}"' for name in names)
    manifest["scripts"] = {"prepack": f'printf "%s\\n" {tries} > seen'}
    job.write("package.json", json.dumps(manifest).encode())
    job.environment |= dict.fromkeys(PRIVATE - {"GITHUB_OUTPUT"}, "here")
    job.run()

    assert (job.workspace / "seen").read_text(encoding="utf-8").split() == ["none"] * len(names)


def test_what_scripts_of_the_project_print_is_no_command(job: Job) -> None:
    manifest = json.loads(PROJECT)
    lines = ("::error::one", "  ::notice::two", "x ##[error]three", "::stop-commands::x", "::x::")
    echo = "; ".join(f"echo '{line}'; echo '{line}' >&2" for line in lines)
    manifest["scripts"] = {"prepack": echo}
    job.write("package.json", json.dumps(manifest).encode())
    job.write("dist/cli.js", b"1;\n")
    done = job.run(arguments="-v")

    for line in lines:
        assert done.log.count(f"\n{uncommanded(line)}\n") >= 1
        assert done.log.count(uncommanded(line)) == 2
        assert f"\n{line}\n" not in done.log
    assert done.annotations == []


def test_no_module_of_the_project_stands_in_for_one_of_ours(job: Job) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST}))
    for name in ("auditor", "click", "json"):
        job.write(f"{name}.py", b"raise SystemExit('taken over')")
    job.environment["PYTHONPATH"] = str(job.workspace)
    done = job.run(artifact="a.tgz")

    assert done.outputs["verdict"] == "pass"


HOSTILE = (
    "::error::a.tsbuildinfo",
    "##[error]b.tsbuildinfo",
    "c%0A::error::d.tsbuildinfo",
    "e`f`.tsbuildinfo",
    "<img src=x>.tsbuildinfo",
    "@ann,k:l#1.tsbuildinfo",
)


def test_names_of_files_are_only_ever_names(job: Job) -> None:
    digest = job.write("a.tgz", tarball({"package.json": MANIFEST, **dict.fromkeys(HOSTILE, "x")}))
    done = job.run(artifact="a.tgz")
    report = Path(done.outputs.pop("report-json"))
    sarif = Path(done.outputs.pop("sarif-file"))

    assert done.outputs == {
        "verdict": "fail",
        "findings": "6",
        "gaps": "0",
        "artifact-sha256": digest,
        "sha256sums": f"{digest}  a.tgz",
    }
    (shown,) = done.annotations
    assert (shown.kind, shown.file, shown.line) == ("error", "a.tgz", "1")
    assert shown.message.splitlines()[:2] == [
        "## [error]b.tsbuildinfo (1 byte) was left by a build or test tool",
        "… and 5 more of this rule here",
    ]
    assert [line for line in done.summary.splitlines() if line.startswith("- ")] == [
        rf"- {one}: {told} \(1 byte\) was left by a build or test tool"
        for one, told in (
            ("`##[error]b.tsbuildinfo`", "`##[error]b.tsbuildinfo`"),
            ("`::error::a.tsbuildinfo`", "`::error::a.tsbuildinfo`"),
            (
                r"<code>&lt;img src=x\>.tsbuildinfo</code>",
                r"&lt;img src=x\>.tsbuildinfo",
            ),
            ("`@ann,k:l#1.tsbuildinfo`", "`@ann,k:l#1.tsbuildinfo`"),
            ("`c%0A::error::d.tsbuildinfo`", "`c%0A::error::d.tsbuildinfo`"),
        )
    ] + ["- … and 1 more"]
    paths = {one["location"]["path"] for one in json.loads(report.read_bytes())["findings"]}
    assert paths == set(HOSTILE)
    assert len(json.loads(sarif.read_bytes())["runs"][0]["results"]) == 6


def test_a_name_with_a_line_end_ends_no_line(job: Job) -> None:
    job.write("a.tgz", tarball({"package.json": MANIFEST, "g\n::error::h": "x"}))
    done = job.run(artifact="a.tgz")
    (shown,) = done.annotations

    assert shown.message.startswith(r"package/g\n::error::h: has control or invisible characters")
    assert [one for one in done.log.splitlines() if one.lstrip().startswith("::error::")] == []


@pytest.mark.parametrize("fork", [True, False])
def test_findings_go_to_code_scanning_where_that_is_allowed(
    job: Job, tmp_path: Path, *, fork: bool
) -> None:
    job.pull_request(change(tmp_path, {"dist/cli.js": "2;\n"}), fork=fork)
    job.refused = ("github/codeql-action/",)
    done = job.run(upload_sarif="true", compare="false")

    assert done.passed
    upload = str(Path(done.outputs["sarif-file"]).with_name("code-scanning.sarif"))
    given = {"sarif_file": upload, "category": "audit-pack"}
    assert done.used[1:] == ([] if fork else [(UPLOAD, given)])


def test_code_scanning_is_not_told_what_was_set_aside(job: Job) -> None:
    job.write(
        "a.tgz", tarball({"package.json": MANIFEST, "a.tsbuildinfo": "x", "b.tsbuildinfo": ""})
    )
    job.write(".audit.yml", b"waivers: [{rule: build-cache, path: a.*, reason: users read it}]\n")
    done = job.run(artifact="a.tgz", upload_sarif="true")
    report = Path(done.outputs["sarif-file"])
    results = json.loads(report.read_bytes())["runs"][0]["results"]
    (uploaded,) = (given["sarif_file"] for name, given in done.used if name == UPLOAD)
    (shown,) = json.loads(Path(uploaded).read_bytes())["runs"][0]["results"]

    assert len(results) == 2
    assert [bool(one.get("suppressions")) for one in results].count(True) == 1
    assert shown in results
    assert not shown.get("suppressions")


@pytest.mark.registry
def test_the_action_installs_itself_and_audits(job: Job) -> None:
    digest = job.write("a.tgz", tarball({"package.json": MANIFEST}))
    job.environment |= dict(os.environ)
    job.played = {"python": {"python-path": sys.executable}}
    done = job.run(artifact="a.tgz", reports="html=a.html")

    assert done.passed, done.log
    assert done.outputs["artifact-sha256"] == digest
    assert (job.workspace / "a.html").is_file()
    assert Path(done.steps["install"]["python"]).is_relative_to(job.temporary)
