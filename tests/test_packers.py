"""Each real packer runs as its own publish would, and what is packed is what would arrive."""

from __future__ import annotations

import io
import json
import shlex
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import auditor
from auditor.errors import PackerError
from auditor.sources.project import Packed, packed
from tests.packer_tools import PACKERS, Registry, call, prepare, use

pytestmark = pytest.mark.packer

SCRIPTS = tuple("prepublish prepublishOnly prepack prepare postpack publish postpublish".split())
ORDER: Mapping[str, str] = {
    "npm10": "prepublishOnly prepack prepare postpack",
    "npm11": "prepublishOnly prepack prepare postpack",
    "npm12": "prepublishOnly prepack prepare postpack",
    "pnpm10": "prepublishOnly prepublish prepack prepare postpack",
    "pnpm11": "prepublishOnly prepublish prepack prepare postpack",
    "yarn1": "prepublish prepare prepublishOnly prepack postpack",
    "yarn4": "prepublish prepack postpack",
    "bun": "prepublishOnly prepack prepare postpack",
}
LOGGER = "require('fs').appendFileSync(process.env.AUDIT_TEST_LOG, process.argv[2] + ' ')\n"


@dataclass(slots=True)
class Outcome:
    """What is left of a packing when the tarballs are gone."""

    labels: list[str] = field(default_factory=list)
    notes: list[tuple[str, ...]] = field(default_factory=list)
    members: list[set[str]] = field(default_factory=list)
    majors: list[int | None] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)


Run = Callable[..., Outcome]


class Bench:
    """A packer on PATH, a project, and the log that its scripts write."""

    def __init__(self, packer: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.packer = packer
        self.project = folder / "project"
        self.home = folder / "home"
        self._log = folder / "log"
        self.tool = use(packer, monkeypatch, self.home)
        monkeypatch.setenv("AUDIT_TEST_LOG", str(self._log))
        monkeypatch.setattr("tempfile.tempdir", str(folder / "temp"))
        (folder / "temp").mkdir()
        self._temp = folder / "temp"

    def write(self, members: Mapping[str, str]) -> None:
        for path, text in {"log.js": LOGGER, **members}.items():
            target = self.project / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        prepare(self.packer, self.project)
        self._log.unlink(missing_ok=True)

    def log(self) -> str:
        return self._log.read_text().strip() if self._log.exists() else ""

    def forget(self) -> None:
        self._log.unlink(missing_ok=True)

    def pack(
        self,
        *,
        ignore_scripts: bool = False,
        workspaces: tuple[str, ...] = (),
        all_workspaces: bool = False,
    ) -> Outcome:
        outcome = Outcome()
        with packed(
            self.project,
            "project",
            packer=self.tool.name,
            ignore_scripts=ignore_scripts,
            workspaces=workspaces,
            all_workspaces=all_workspaces,
            output=outcome.printed.append,
        ) as packages:
            for package in packages:
                outcome.labels.append(package.label)
                outcome.notes.append(package.notes)
                outcome.members.append(members_of(package))
                outcome.majors.append(package.packer.major)
        assert list(self._temp.iterdir()) == []
        return outcome


def members_of(package: Packed) -> set[str]:
    return listed(package.tarball.read_bytes())


def listed(data: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name for member in tar.getmembers() if member.isfile()}


def manifest(scripts: Mapping[str, str] | None = None, **more: object) -> str:
    document = {"name": "demo-kit", "version": "1.0.0", "license": "MIT", **more}
    return json.dumps({**document, "scripts": dict(scripts or {})}, indent=1)


def logging(*names: str) -> dict[str, str]:
    return {name: f"node log.js {name}" for name in names}


@pytest.fixture(params=PACKERS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(request.param, tmp_path, monkeypatch)


def test_scripts_run_in_the_order_of_a_publish(bench: Bench) -> None:
    bench.write({"package.json": manifest(logging(*SCRIPTS)), "index.js": ""})

    bench.pack()

    assert bench.log() == ORDER[bench.packer]


def test_the_tarball_is_the_one_that_a_publish_uploads(bench: Bench) -> None:
    scripts = logging(*SCRIPTS)
    for name in ("prepublishOnly", "prepack", "prepublish"):
        scripts[name] += f" && node make.js {name}"
    bench.write(
        {
            "package.json": manifest(scripts, files=["dist"], main="index.js"),
            "make.js": "const fs = require('fs'); fs.mkdirSync('dist', {recursive: true});\n"
            "fs.writeFileSync('dist/' + process.argv[2] + '.js', '1')\n",
            "index.js": "",
            "src/index.ts": "",
            "README.md": "demo",
        }
    )
    ours = bench.pack().members
    ran = bench.log()
    bench.forget()
    for made in (bench.project / "dist").iterdir():
        made.unlink()

    with Registry() as registry:
        (uploaded,) = registry.publish(bench.packer, bench.project, bench.home)

    assert ours == [listed(uploaded)]
    assert "package/dist/prepack.js" in ours[0]
    assert "package/src/index.ts" not in ours[0]
    assert bench.log().startswith(ran)
    assert set(bench.log().removeprefix(ran).split()) <= {"publish", "postpublish"}


def test_no_script_runs_when_scripts_are_ignored(bench: Bench) -> None:
    bench.write({"package.json": manifest(logging(*SCRIPTS)), "index.js": ""})

    outcome = bench.pack(ignore_scripts=True)

    assert bench.log() == ""
    assert "package/index.js" in outcome.members[0]
    (note,) = (note for note in outcome.notes[0] if "scripts were not run" in note)
    for name in ORDER[bench.packer].split():
        assert name in note


def test_a_failing_script_ends_it_with_its_reason(bench: Bench) -> None:
    boom = "console.log('fine so far'); throw new TypeError('no such entry point: src/x.ts')"
    bench.write({"package.json": manifest({"prepack": "node boom.js"}), "boom.js": boom})

    with pytest.raises(PackerError, match=r"pack ended with exit code [1-9]") as caught:
        bench.pack()

    if bench.packer != "yarn4":  # it writes the output of prepack to a file of its own
        assert "TypeError: no such entry point: src/x.ts" in str(caught.value)


SELF = """\
import sys
sys.path.insert(0, {repository!r})
from pathlib import Path
from auditor.sources.project import packed
with open(sys.argv[1], "a+") as log:
    log.write("audit ")
    log.seek(0)
    if log.read().count("audit ") > 20:
        sys.exit("this would go on without end")
with packed(Path("."), ".", packer={name!r}, ignore_scripts=False, workspaces=(),
            all_workspaces=False, output=None) as (package,):
    with open(sys.argv[1], "a") as log:
        log.write("(" + ";".join(package.notes) + ")")
"""


def audits_itself(bench: Bench, hook: str, folder: Path) -> dict[str, str]:
    """Write a project whose hook packs it with us; return the scripts."""
    repository = str(Path(auditor.__file__).parent.parent)
    audit = folder / "audit_itself.py"
    audit.write_text(SELF.format(repository=repository, name=bench.tool.name))
    log = folder / "log"
    command = shlex.join([sys.executable, str(audit), str(log)])
    return {**logging(*SCRIPTS), hook: f"node log.js {hook} && {command}"}


HOOKS = [
    *((packer, ORDER[packer].split()[0]) for packer in PACKERS),
    *((packer, "prepack") for packer in PACKERS),
    ("npm11", "prepare"),
    ("npm11", "postpack"),
]


@pytest.mark.parametrize(("packer", "hook"), HOOKS)
def test_a_project_that_audits_itself_in_a_hook_does_so_once(
    packer: str, hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(packer, tmp_path, monkeypatch)
    bench.write({"package.json": manifest(audits_itself(bench, hook, tmp_path)), "index.js": ""})

    with Registry() as registry:
        uploaded = registry.publish(packer, bench.project, bench.home)

    assert bench.log().count("audit ") == 1
    assert f"called from the script {hook}" in bench.log()
    assert len(uploaded) == 1


def test_an_audit_whose_project_audits_itself_by_a_detour_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench("npm11", tmp_path, monkeypatch)
    scripts = audits_itself(bench, "check", tmp_path)
    scripts["prepublishOnly"] = scripts["prepack"] = "npm run check"
    bench.write({"package.json": manifest(scripts), "index.js": ""})

    bench.pack()

    # before packing, in it, and once more within the first
    assert bench.log().count("audit ") == 3


def monorepo(bench: Bench) -> None:
    bench.write(
        {
            "package.json": manifest(private=True, workspaces=["packages/*"]),
            "pnpm-workspace.yaml": "packages: ['packages/*']\n",
            "packages/a/package.json": manifest(logging("prepublish"), name="@demo/a"),
            "packages/a/a.js": "",
            "packages/a/log.js": LOGGER,
            "packages/b/package.json": manifest(name="@demo/b", private=True),
            "packages/b/b.js": "",
            "packages/c/package.json": manifest(name="@demo/c"),
            "packages/c/c.js": "",
        }
    )


def test_a_workspace_is_packed_by_its_name_or_in_its_own_folder(bench: Bench) -> None:
    monorepo(bench)
    (bench.project / ".npmignore").write_text("*.txt\n")
    (bench.project / "packages" / "c" / "notes.txt").write_text("")

    by_name = bench.pack(workspaces=("@demo/c",))
    bench.project /= "packages/c"
    itself = bench.pack()

    assert by_name.labels == ["project/packages/c"]
    assert {"package/package.json", "package/c.js"} <= by_name.members[0]
    assert by_name.members == itself.members


def test_all_workspaces_are_those_that_can_be_published(bench: Bench) -> None:
    monorepo(bench)

    outcome = bench.pack(all_workspaces=True)

    assert outcome.labels == ["project/packages/a", "project/packages/c"]
    assert ["package/a.js" in outcome.members[0], "package/c.js" in outcome.members[1]] == [
        True
    ] * 2
    assert "left out as private: @demo/b" in outcome.notes[0]
    expected = "prepublish" if "prepublish" in ORDER[bench.packer].split() else ""
    assert bench.log() == expected


@pytest.mark.parametrize(
    ("packer", "path", "setting"),
    [
        ("npm11", ".npmrc", "ignore-scripts=true\n"),
        ("pnpm10", ".npmrc", "ignore-scripts=true\n"),
        ("pnpm11", "pnpm-workspace.yaml", "ignoreScripts: true\n"),
        ("yarn1", ".yarnrc", "ignore-scripts true\n"),
    ],
)
def test_a_configuration_that_ignores_scripts_is_heeded_as_in_a_publish(
    packer: str, path: str, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(packer, tmp_path, monkeypatch)
    bench.write({"package.json": manifest(logging(*SCRIPTS)), "index.js": "", path: setting})

    outcome = bench.pack()
    ours = bench.log()
    bench.forget()
    with Registry() as registry:
        registry.publish(packer, bench.project, bench.home)

    assert (ours, bench.log()) == ("", "")
    assert any("is configured to ignore scripts" in note for note in outcome.notes[0])


def test_another_version_than_the_project_wants_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench("npm11", tmp_path, monkeypatch)
    bench.write({"package.json": manifest(packageManager="npm@10.9.0")})

    with packed(
        bench.project,
        ".",
        packer=None,
        ignore_scripts=False,
        workspaces=(),
        all_workspaces=False,
        output=None,
    ) as (package,):
        assert package.notes == ("package.json wants npm 10, npm 11 packed",)


def test_yarn_without_an_install_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench("yarn4", tmp_path, monkeypatch)
    bench.project.mkdir()
    (bench.project / "package.json").write_text(manifest({"prepack": "true"}))
    (bench.project / "yarn.lock").touch()

    with pytest.raises(PackerError, match=r'run "yarn install"'):
        bench.pack()


def test_yarn_that_skips_prepublishonly_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench("yarn4", tmp_path, monkeypatch)
    bench.write({"package.json": manifest(logging("prepublishOnly"))})

    outcome = bench.pack()

    assert bench.log() == ""
    assert any("publishes without running prepublishOnly" in note for note in outcome.notes[0])
    assert call(bench.project, "yarn", "--version").stdout.startswith("4.")
