"""`audit lock --online`: what is asked, of whom, how often, and what the answers change."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import InputError
from auditor.names import Level
from auditor.sources import registry as module
from auditor.sources.registry import AT_ONCE, Registry
from tests.a_registry import Served, ago, packument, project, releases, send, served
from tests.test_lock_cli import as_json, entry, package_lock, run
from tests.test_lookalike import Fake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

ONLINE = ("--online", "--min-age", "7d")


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], Served]]:
    servers = []

    def one() -> Served:
        state = Served()
        servers.append(served(state))
        return state

    monkeypatch.setattr(
        "auditor.names.matcher.Matcher.judge",
        lambda _, name, level=Level.DEFAULT: Fake().judge(name, level),
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    monkeypatch.setenv("PATH", "")
    yield one
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def here(start: Callable[[], Served], monkeypatch: pytest.MonkeyPatch) -> Served:
    """Run a registry that npm and pip are configured for."""
    state = start()
    monkeypatch.setenv("npm_config_registry", state.url)
    monkeypatch.setenv("PIP_INDEX_URL", f"{state.url}/simple")
    return state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    return path


NOT = "not readable as JSON: Expecting value: line 1 column 1 (char 0)"


def plain(version: str, **more: object) -> dict[str, Any]:
    """Return an entry without an address."""
    return {"version": version, **more}


def lock(folder: Path, **packages: dict[str, Any]) -> str:
    path = folder / "package-lock.json"
    path.write_text(package_lock(**packages))
    return str(path)


def found(document: dict[str, Any], *rules: str) -> list[tuple[str, str, str]]:
    return [
        (one["rule"], one["location"]["key"], one["severity"])
        for one in document["findings"]
        if one["rule"] in (rules or ("too-new", "version-not-in-registry"))
    ]


def reasons(document: dict[str, Any]) -> list[str]:
    return [gap["reason"] for gap in document["gaps"]]


def test_a_young_version_is_told_with_its_age_and_the_way_to_it(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/kit"] = releases(v1_2_0=3, v1_1_0=400)
    here.answers["/old"] = releases(v1_0_0=400)
    path = lock(folder, kit=plain("1.2.0"), old=plain("1.0.0"))
    code, document = as_json(capsys, *ONLINE, path)
    (finding,) = (f for f in document["findings"] if f["rule"] == "too-new")

    assert code == 1
    assert finding["severity"] == "medium"
    assert finding["location"]["key"] == "kit@1.2.0"
    assert finding["message"] == (
        "kit@1.2.0 was published 3 days ago; --min-age is 7 days; required by the project itself"
    )
    evidence = finding["evidence"]
    assert (evidence["age_days"], evidence["others"], evidence["new_name"]) == (3, 1, False)
    assert evidence["published"] == ago(3).replace(".000", "")
    assert evidence["first_published"] == ago(400).replace(".000", "")


def test_without_an_age_nothing_is_too_new(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/kit"] = releases(v1_2_0=3)
    code, document = as_json(capsys, "--online", lock(folder, kit=plain("1.2.0")))
    assert (code, found(document)) == (0, [])


def test_without_the_option_nothing_is_asked_and_nothing_that_asks_is_loaded(
    here: Served, folder: Path
) -> None:
    path = lock(folder, kit=plain("1.2.0"))
    code = (
        f"import sys; from auditor.__main__ import run; run(['lock', '-q', {path!r}])\n"
        "print(*{'requests', 'auditor.sources.registry', 'auditor.lockonline'}"
        " & set(sys.modules))"
    )
    out = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[-1] == ""
    assert here.asked == []


def test_a_version_that_was_taken_down_is_told(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    document = json.loads(releases(v1_14_0=20, v1_14_1=0.1))
    del document["versions"]["1.14.1"]
    here.answers["/axios"] = json.dumps(document).encode()
    here.answers["/odd"] = releases(v1_0_0=400)
    path = lock(folder, axios=plain("1.14.1"), odd=plain("9.0.0"), gone=plain("1.0.0"))
    _, said = as_json(capsys, *ONLINE, path)

    assert found(said, "version-not-in-registry") == [
        ("version-not-in-registry", "axios@1.14.1", "high"),
        ("version-not-in-registry", "gone@1.0.0", "medium"),
        ("version-not-in-registry", "odd@9.0.0", "medium"),
    ]
    messages = [f["message"] for f in said["findings"] if f["rule"] == "version-not-in-registry"]
    assert messages == [
        (
            "axios@1.14.1 was published 2 hours ago and taken down since; the registry has 1 other "
            "version; required by the project itself"
        ),
        (
            "gone@1.0.0 is not in the registry, nor is any other version; required by the project "
            "itself"
        ),
        (
            "odd@9.0.0 is not in the registry, which has 1 other version; required by the project "
            "itself"
        ),
    ]
    assert found(said, "too-new") == [("too-new", "axios@1.14.1", "medium")]


def test_a_version_of_pypi_is_as_old_as_its_first_file_and_known_in_any_spelling(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    files = [
        {"filename": "demo_kit-1.0.0-py3-none-any.whl", "upload-time": ago(3)},
        {"filename": "demo_kit-1.0.0.tar.gz", "upload-time": ago(8)},
        {"filename": "demo-kit-1.1.zip", "upload-time": ago(2)},
        {"filename": "demo-kit-1.1.exe", "upload-time": ago(30)},
    ]
    document = {"files": files, "versions": ["1.0.0", "1.1", "0.9"]}
    here.answers["/simple/demo-kit/"] = json.dumps(document).encode()
    here.answers["/simple/demo/"] = project(400)
    path = folder / "requirements.txt"
    path.write_text("Demo_Kit==1.0\ndemo.kit==1.1.0\ndemo-kit==1.2\ndemo==1.0+cu118\n")
    _, said = as_json(capsys, *ONLINE, str(path))

    assert found(said) == [
        ("too-new", "demo.kit@1.1.0", "medium"),
        ("version-not-in-registry", "demo-kit@1.2", "medium"),
    ]


def test_an_index_that_does_not_list_versions_claims_nothing_of_those_it_lacks(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/simple/demo/"] = b'{"files": [{"filename": "demo-1.0.egg"}]}'
    path = folder / "requirements.txt"
    path.write_text("demo==1.0\n")
    code, said = as_json(capsys, "--online", "--fail-on", "medium", str(path))
    assert (code, found(said)) == (0, [])


def test_what_is_told_to_no_registry_is_not_asked_for(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/kit"] = here.answers["/real"] = releases(v1_0_0=400)
    (folder / "ui").mkdir()
    rows = {
        "": {"workspaces": ["ui"], "dependencies": {"kit": "1", "mine": "1"}},
        "ui": {"name": "ui", "version": "1.0.0"},
        "node_modules/ui": {"resolved": "ui", "link": True},
        "node_modules/kit": plain("1.0.0"),
        "node_modules/mine": plain("1.0.0"),
        "node_modules/@acme/own": plain("1.0.0"),
        "node_modules/inside": plain("1.0.0", inBundle=True),
        "node_modules/git": plain(
            "1.0.0", resolved="git+ssh://git@git.example.org/a/b.git#" + 40 * "a"
        ),
        "node_modules/file": plain("1.0.0", resolved="file:../file.tgz"),
        "node_modules/called": plain("1.0.0", name="real"),
        "node_modules/there": entry("there", "1.0.0"),
    }
    path = folder / "package-lock.json"
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": rows}))
    code, said = as_json(
        capsys, *ONLINE, "--internal", "mine", "--internal", "@acme", "--names", "off", str(path)
    )

    assert sorted(here.paths) == ["/kit", "/real"]
    assert code == 3
    assert reasons(said) == [
        (
            "1 package not looked up (there): registry.example.org is where the lockfile takes it "
            f"from, and {here.host} is what is configured here"
        )
    ]


def test_a_scope_is_asked_for_where_the_settings_beside_the_lockfile_say(
    capsys: pytest.CaptureFixture[str],
    start: Callable[[], Served],
    here: Served,
    folder: Path,
) -> None:
    other = start()
    (folder / ".npmrc").write_text(f"@acme:registry={other.url}/npm/\n")
    other.answers["/npm/@acme%2Fkit"] = releases(v1_0_0=2)
    address = f"{other.url}/npm/@acme/kit/-/kit-1.0.0.tgz"
    path = lock(folder, **{"@acme/kit": plain("1.0.0", resolved=address)})
    _, said = as_json(capsys, *ONLINE, path)

    assert (here.asked, other.paths) == ([], ["/npm/@acme%2Fkit"])
    assert found(said) == [("too-new", "@acme/kit@1.0.0", "high")]


def test_what_npm_replaces_by_the_configured_registry_is_asked_for_there(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    here: Served,
    folder: Path,
) -> None:
    monkeypatch.setattr(
        "auditor.sources.configured.Clients.built_into_npm",
        lambda _: "https://registry.example.org/",
    )
    here.answers["/kit"] = releases(v1_0_0=2)
    elsewhere = "https://elsewhere.example/x/-/x-1.0.0.tgz"
    path = lock(folder, kit=entry("kit", "1.0.0"), x=plain("1.0.0", resolved=elsewhere))
    _, said = as_json(capsys, *ONLINE, path)

    assert here.paths == ["/kit"]
    assert found(said) == [("too-new", "kit@1.0.0", "high")]


def test_what_the_registry_says_weighs_look_alikes(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers |= {
        "/lodahs": packument(4000, 3000, 20),
        "/esl1nt": packument(4000, 3000, 20, by=("ann",)),
        "/chai-as-kept": packument(12),
        "/lodash-utilz": packument(4000, by=("eve",)),
        "/eslint": packument(4000, by=("ann",)),
        "/lodash": packument(4000, by=("ann",)),
    }
    names = ("lodahs", "esl1nt", "chai-as-kept", "lodash-utilz")
    path = lock(folder, **dict.fromkeys(names, plain("1.0.0")))
    _, said = as_json(capsys, "--online", path)
    told = {
        f["evidence"]["name"]: (f["evidence"]["level"], f["evidence"]["reason"])
        for f in said["findings"]
        if f["rule"] == "lookalike-name"
    }
    assert told.keys() == {"lodahs", "chai-as-kept", "lodash-utilz", "esl1nt"}
    assert told["lodahs"][0] == "default"
    assert "established: since" in told["lodahs"][1]
    assert "a maintainer in common with eslint" in told["esl1nt"][1]
    assert told["chai-as-kept"] == (
        "default",
        "chai it is not.; first published 12 days ago, 1 version",
    )
    assert told["lodash-utilz"][0] == "default"
    assert sorted(here.paths) == sorted(here.answers)

    _, said = as_json(capsys, "--online", "--names", "quiet", path)
    assert found(said, "lookalike-name") == []


def test_a_target_that_is_internal_is_told_to_nobody(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/acme-kitt"] = packument(12, by=("eve",))
    path = lock(folder, **{"acme-kitt": plain("1.0.0")})
    _, said = as_json(capsys, "--online", "--internal", "acme-kit", path)
    assert here.paths == ["/acme-kitt"]
    assert found(said, "lookalike-name") == [("lookalike-name", "acme-kitt@1.0.0", "high")]


def test_failures_are_one_gap_for_each_reason(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers |= {"/a": 503, "/b": 503, "/c": b"<html>", "/d": releases(v1_0_0=1), "/e": 503}
    path = lock(folder, **dict.fromkeys("abcde", plain("1.0.0")))
    code, said = as_json(capsys, *ONLINE, path)

    assert code == 3
    assert reasons(said) == [
        f"3 packages not looked up (a, b, e): {here.host} answers 503",
        f"1 package not looked up (c): {here.host}: what it answers is no JSON of a package: {NOT}",
    ]
    assert found(said) == [("too-new", "d@1.0.0", "high")]


def test_an_age_that_is_not_said_is_a_gap_where_one_is_asked_for(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/a"] = b'{"versions": {"1.0.0": {}, "1.1.0": {}}, "time": {"1.1.0": "long ago"}}'
    path = lock(folder, a=plain("1.0.0"))
    code, said = as_json(capsys, *ONLINE, path)
    assert code == 3
    assert reasons(said) == [
        "1 package of unknown age (a@1.0.0): the registry does not say when that was published"
    ]
    assert as_json(capsys, "--online", path)[0] == 0


def test_without_a_registry_that_is_one_gap(
    capsys: pytest.CaptureFixture[str], start: Callable[[], Served], folder: Path
) -> None:
    del start  # which takes npm away
    path = lock(folder, a=plain("1.0.0"), b=plain("1.0.0"))
    code, said = as_json(capsys, "--online", path)
    assert code == 3
    assert reasons(said) == [
        (
            "2 packages not looked up (a, b): no registry is configured, and npm is not installed "
            "to name its own"
        )
    ]


def slowly(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.02)
    send(handler, 200, releases(v1_0_0=400))


def test_few_are_asked_for_at_a_time_and_a_second_run_asks_nothing(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.keep_alive = True
    document = releases(v1_0_0=400)
    names = [f"kit-{number}" for number in range(300)]
    here.answers |= {f"/{name}": document for name in names}
    here.answers |= {f"/{name}": slowly for name in names[:40]}
    path = lock(folder, **dict.fromkeys(names, plain("1.0.0")))
    options = (*ONLINE, "--names", "off", "--fail-on", "high", path)

    assert as_json(capsys, *options)[0] == 0
    assert sorted(here.paths) == sorted(f"/{name}" for name in names)
    assert 2 < here.most <= AT_ONCE

    here.asked.clear()
    assert as_json(capsys, *options)[0] == 0
    assert here.asked == []

    assert as_json(capsys, *options[:-1], "--no-cache", lock(folder, kit=plain("1.0.0")))[0] == 0
    assert here.paths == ["/kit"]


def test_lockfiles_of_one_call_ask_for_each_name_once(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/a"] = releases(v1_0_0=400)
    for number in range(70):
        (folder / f"p{number}").mkdir()
        lock(folder / f"p{number}", a=plain("1.0.0"), b=plain("1.0.0"))
    _, said = as_json(capsys, "--online", "--no-cache", str(folder))
    assert sorted(here.paths) == ["/a", "/b"]
    assert len(found(said)) == 70


def test_a_name_in_several_spellings_is_asked_for_once(here: Served) -> None:
    here.answers["/simple/demo-kit/"] = project(400)
    pypi = Registry("pypi", None, {"PIP_INDEX_URL": f"{here.url}/simple"})
    answers = pypi.look_up_all(["Demo_Kit", "demo.kit", "demo-kit", "demo.kit"])
    assert list(answers) == ["Demo_Kit", "demo.kit", "demo-kit"]
    assert len({id(answer) for answer in answers.values()}) == 1
    assert here.paths == ["/simple/demo-kit/"]


def test_many_lookups_are_bounded_in_time(here: Served, tmp_path: Path) -> None:
    over = threading.Event()
    ended: list[bool] = []

    def waits(_: BaseHTTPRequestHandler) -> None:
        ended.append(over.wait(60))

    here.answers |= {f"/a{number}": waits for number in range(20)}
    here.answers["/b"] = releases(v1_0_0=1)
    npm = Registry("npm", tmp_path, {"npm_config_registry": here.url})
    answers = npm.look_up_all(["b", *(f"a{number}" for number in range(20)), ".."], seconds=1)
    early = list(ended)
    over.set()

    assert early == []
    assert list(answers) == ["b", *(f"a{number}" for number in range(20)), ".."]
    assert not isinstance(answers["b"], InputError)
    assert str(answers["a0"]) == f"{here.host} was asked for 1 second, no more is"
    assert len(here.asked) <= AT_ONCE + 1


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def test_a_host_that_does_not_answer_is_not_asked_three_thousand_times(
    monkeypatch: pytest.MonkeyPatch, here: Served, tmp_path: Path
) -> None:
    monkeypatch.setattr("auditor.sources.transport.PATIENCE", 0.2)
    names = [f"a{number}" for number in range(300)]
    here.answers |= {f"/{name}": silent for name in names}
    npm = Registry("npm", tmp_path, {"npm_config_registry": here.url})
    answers = npm.look_up_all(names)

    assert len(here.asked) <= AT_ONCE + module._FAILURES  # noqa: SLF001 - the bound itself
    last = str(answers["a299"])
    assert last == f"{here.host} did not answer 3 times, no more is asked"


@pytest.mark.parametrize(
    "options", [["--min-age", "7d"], ["--no-cache"], ["--online", "--min-age", "7"]]
)
def test_a_wrong_option_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path, options: list[str]
) -> None:
    code, _, error = run(capsys, *options, lock(folder, a=plain("1.0.0")))
    assert (code, here.asked) == (2, [])
    assert error


def test_hostile_names_and_versions_are_told_and_break_nothing(
    capsys: pytest.CaptureFixture[str], here: Served, folder: Path
) -> None:
    here.answers["/a"] = json.dumps(
        {
            "versions": {"\x1b[31m1": 1, "1.0.0": [], "__proto__": {}, "": {}},
            "time": {"1.0.0": ago(1), "\u202e": ago(1), "unpublished": {"time": ago(1)}},
        }
    ).encode()
    names = ["\ud800", "a\x1b[31mb", "../x", "a" * 300, "{name}", "@/", "\u202e"]
    rows = {f"node_modules/{name}": plain("1.0.0") for name in names}
    versions = ["\u202e", "\x1b[31m1", "{version}"]
    rows |= {f"node_modules/{n}/node_modules/a": plain(v) for n, v in enumerate(versions)}
    path = folder / "package-lock.json"
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": rows}))
    code, out, _ = run(capsys, *ONLINE, "-v", str(path))

    assert code in {1, 3}
    assert here.paths == ["/a"]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "{version}" in out
