"""Lookups at a registry that runs here: what is asked, with what, and what a bad answer becomes."""

from __future__ import annotations

import ast
import gzip
import json
import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from auditor.errors import InputError
from auditor.names.signals import ABSENT
from auditor.sources import configured, transport
from auditor.sources.configured import Clients
from auditor.sources.registry import Memory, Registry
from tests.a_registry import NOW, Served, ago, packument, project, send, served
from tests.programs import needed_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    Answer = bytes | int | Callable[[BaseHTTPRequestHandler], None]
    Start = Callable[[], Served]


class Play(Protocol):
    """Puts a client on a PATH."""

    def __call__(self, code: str, client: str = "npm") -> dict[str, str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    servers = []

    def one() -> Served:
        state = Served()
        servers.append(served(state))
        return state

    yield one
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def here(start: Start) -> Served:
    return start()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def npm(here: Served, home: Path) -> Registry:
    return Registry("npm", home, {"npm_config_registry": here.url, "HOME": str(home)})


def python(here: Served, **more: str) -> Registry:
    return Registry("pypi", None, {"PIP_INDEX_URL": f"{here.url}/simple", **more})


def test_npm_says_when_how_often_and_by_whom(npm: Registry, here: Served) -> None:
    here.answers["/lodash"] = packument(4000, 20, 300, by=("ann", "bob"))
    found = npm.look_up("lodash")

    assert found.there
    assert (found.first, found.newest) == (NOW - timedelta(days=4000), NOW - timedelta(days=20))
    assert (found.versions, found.maintainers) == (3, frozenset({"ann", "bob"}))


def test_an_index_says_when_and_how_often(here: Served) -> None:
    here.answers["/simple/zope-interface/"] = project(4000, 20)
    found = python(here).look_up("Zope_Interface")

    assert (found.first, found.newest) == (NOW - timedelta(days=4000), NOW - timedelta(days=20))
    assert (found.versions, found.maintainers) == (2, frozenset())


def test_what_is_asked_for_is_json_and_who_asks_says_so(npm: Registry, here: Served) -> None:
    npm.look_up("a")
    python(here).look_up("a")

    accepted = [asked.headers["Accept"] for asked in here.asked]
    assert accepted == ["application/json", "application/vnd.pypi.simple.v1+json"]
    assert here.asked[0].headers["User-Agent"].startswith("audit/")
    assert here.asked[0].headers["Accept-Encoding"] == "gzip"
    assert all("Authorization" not in asked.headers for asked in here.asked)


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("@acme/kit", ["/@acme%2Fkit"]),
        ("JSONStream", ["/JSONStream"]),
        ("it's", ["/it%27s"]),
        ("..", []),
        ("../-/whoami", []),
        ("@a/../b", []),
        ("@a/..", []),
        ("a/b", []),
        ("a?b", []),
        ("l\u043edash", []),
        ("a" * 215, []),
        ("a\n", ["/a"]),
    ],
)
def test_only_what_can_be_a_name_is_asked_for(
    npm: Registry, here: Served, name: str, paths: list[str]
) -> None:
    assert npm.look_up(name) == ABSENT
    assert here.paths == paths


def test_each_name_is_asked_for_once(npm: Registry, here: Served) -> None:
    here.answers["/broken"] = 500
    for _ in range(2):
        npm.look_up("a")
        with pytest.raises(InputError, match="answers 500"):
            npm.look_up("broken")
    assert here.paths == ["/a", "/broken"]


def test_versions_that_were_taken_away_do_not_make_a_name_old(npm: Registry, here: Served) -> None:
    document = json.loads(packument(2))
    document["time"] |= {"created": ago(4000), "0.1.0": ago(4000)}
    here.answers["/a"] = json.dumps(document).encode()
    here.answers["/gone"] = packument(created=4000)

    assert npm.look_up("a").first == NOW - timedelta(days=2)
    found = npm.look_up("gone")
    assert (found.versions, found.first) == (0, NOW - timedelta(days=4000))


def stalls(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.wfile.flush()
    time.sleep(3)


def drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def large(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b"[" + b" " * 300_000)


def bomb(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, gzip.compress(b" " * 1_000_000), Content_Encoding="gzip")


def twice_packed(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, gzip.compress(gzip.compress(b"{}")), Content_Encoding="gzip, gzip")


def broken_gzip(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b"no gzip", Content_Encoding="gzip")


def leads_to(target: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, 302, Location=target)


def around(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 302, Location=f"{handler.path}x")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (silent, "did not answer within 1 second"),
        (stalls, "does not end its answer"),
        (drips, "did not answer within 2 seconds"),
        (hangs_up, "cannot be reached, or does not end its answer"),
        (large, "answers with more than 200,000 bytes"),
        (bomb, "answers with more than 200,000 bytes"),
        (twice_packed, "a packing that was not asked for"),
        (broken_gzip, "cannot be asked"),
        (around, "redirects more than 3 times"),
        (401, "wants other credentials (it answers 401)"),
        (403, "wants other credentials (it answers 403)"),
        (429, "answers 429"),
        (503, "answers 503"),
        (b"", "no JSON of a package"),
        (b"<html>", "no JSON of a package"),
        (b"[]", "no JSON of a package"),
        (b'{"versions": []}', "no JSON of a package"),
        (b'{"maintainers": {"name": 1}}', "no JSON of a package"),
        (b"\xff{", "no JSON of a package"),
        (b'{"time":' + b"[" * 100_000, "no JSON of a package"),
    ],
)
def test_what_does_not_answer_is_one_reason(
    npm: Registry, here: Served, monkeypatch: pytest.MonkeyPatch, answer: Answer, reason: str
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 1)
    monkeypatch.setattr(transport, "_LONGEST", 2)
    monkeypatch.setattr(transport, "_LARGEST", 200_000)
    here.answers["/a"] = answer
    for path in ("/ax", "/axx", "/axxx"):
        here.answers[path] = around

    with pytest.raises(InputError) as caught:
        npm.look_up("a")
    assert reason in str(caught.value)
    assert here.host in str(caught.value)
    assert len(here.asked) <= 4


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b'{"time": {"created": 5, "1.0.0": {"a": 1}}, "versions": {"1.0.0": {}}}',
        b'{"time": {"1.0.0": "0001-01-01T00:00:00+14:00"}, "versions": {"1.0.0": 1}}',
        b'{"time": {"1.0.0": "yesterday"}, "versions": {"1.0.0": null}, "maintainers": ["", {}]}',
    ],
)
def test_times_that_are_none_are_not_said(npm: Registry, here: Served, document: bytes) -> None:
    here.answers["/a"] = document
    found = npm.look_up("a")
    assert (found.there, found.first, found.maintainers) == (True, None, frozenset())


def test_a_time_without_a_zone_is_universal_time(npm: Registry, here: Served) -> None:
    here.answers["/a"] = packument(5).replace(b".000Z", b"")
    assert npm.look_up("a").first == NOW - timedelta(days=5)


def test_after_three_that_were_not_answered_nothing_more_is_asked(
    npm: Registry, here: Served
) -> None:
    here.answers |= dict.fromkeys(["/a", "/b", "/d", "/e", "/g", "/h", "/i", "/j"], hangs_up)
    here.answers["/f"] = 503
    reasons = []
    for name in "abcdefghij":
        try:
            npm.look_up(name)
        except InputError as problem:
            reasons.append(str(problem))
    assert here.paths == [f"/{name}" for name in "abcdefghi"]
    assert reasons[-1] == f"{here.host} did not answer 3 times, no more is asked"


def test_a_redirect_on_the_host_is_followed_and_one_to_another_is_not(
    start: Start, home: Path
) -> None:
    here, other = start(), start()
    token = f"registry={here.url}\n//{here.host}/:_authToken=tell-nobody\n"
    (home / ".npmrc").write_text(token)
    npm = Registry("npm", home.parent, {"HOME": str(home)})
    here.answers["/a"] = leads_to("/moved")
    here.answers["/moved"] = packument(1)
    secure = here.url.replace("http:", "https:")
    for name, target in (("b", f"{other.url}/b"), ("c", f"//{other.host}/c"), ("d", secure)):
        here.answers[f"/{name}"] = leads_to(target)

    assert npm.look_up("a").versions == 1
    for name in "bcd":
        with pytest.raises(InputError, match="redirects to another host") as caught:
            npm.look_up(name)
        assert "tell-nobody" not in str(caught.value)
    assert other.asked == []
    assert {asked.headers["Authorization"] for asked in here.asked} == {"Bearer tell-nobody"}


def test_a_token_goes_to_its_own_host_alone(start: Start, home: Path) -> None:
    here, other = start(), start()
    (home / ".npmrc").write_text(
        f"registry={here.url}/npm/\n@acme:registry={other.url}\n"
        f"//{here.host}/:_authToken=${{TOKEN}}\n//elsewhere.example/:_authToken=x\n"
    )
    npm = Registry("npm", home.parent, {"HOME": str(home), "TOKEN": "t0ken"})
    for name in ("a", "@acme/a", "@other/a"):
        npm.look_up(name)

    assert [(a.path, a.headers.get("Authorization")) for a in here.asked] == [
        ("/npm/a", "Bearer t0ken"),
        ("/npm/@other%2Fa", "Bearer t0ken"),
    ]
    assert [(a.path, a.headers.get("Authorization")) for a in other.asked] == [
        ("/@acme%2Fa", None),
    ]


def test_the_longest_place_has_the_token(here: Served, home: Path) -> None:
    (home / ".npmrc").write_text(
        f"registry={here.url}/a/b\n//{here.host}/:_authToken=x\n//{here.host}/a/b/:_auth=eDp5==\n"
        f"//{here.host}/a/b/c/:_authToken=z\n"
    )
    Registry("npm", home.parent, {"HOME": str(home)}).look_up("a")
    assert here.asked[0].headers["Authorization"] == "Basic eDp5=="


def test_a_place_of_a_token_needs_no_slash_at_its_end(here: Served, home: Path) -> None:
    (home / ".npmrc").write_text(f"registry={here.url}\n//{here.host}:_authToken=x\n")
    Registry("npm", home.parent, {"HOME": str(home)}).look_up("a")
    assert here.asked[0].headers["Authorization"] == "Bearer x"


def test_what_an_address_shows_is_sent_and_never_said(here: Served, home: Path) -> None:
    url = here.url.replace("//", "//ann:p%40ss@")
    npm = Registry("npm", home, {"npm_config_registry": url, "HOME": str(home)})
    pypi = Registry("pypi", None, {"PIP_INDEX_URL": f"{url}/simple/"})
    here.answers |= {"/a": hangs_up, "/simple/a/": hangs_up}
    for one in (npm, pypi):
        with pytest.raises(InputError) as caught:
            one.look_up("a")
        assert str(caught.value).startswith(here.host)
        assert not re.search("ann:|p%40|@", str(caught.value))
    assert {asked.headers["Authorization"] for asked in here.asked} == {"Basic YW5uOnBAc3M="}


def test_netrc_has_no_say(here: Served, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    Registry("npm", home, {"npm_config_registry": here.url}).look_up("a")
    assert "Authorization" not in here.asked[0].headers


def test_a_project_says_where_but_gets_nothing_of_the_user(start: Start, home: Path) -> None:
    here, other = start(), start()
    project_folder = home.parent / "project"
    project_folder.mkdir()
    (home / ".npmrc").write_text(f"registry={here.url}\n//{other.host}/:_authToken=users\n")
    settings = f"registry={other.url}\n//{other.host}/:_authToken=${{SECRET}}\n"
    (project_folder / ".npmrc").write_text(settings)
    Registry("npm", project_folder, {"HOME": str(home), "SECRET": "s3cret"}).look_up("a")

    assert here.asked == []
    assert [asked.headers.get("Authorization") for asked in other.asked] == [None]

    (project_folder / ".npmrc").unlink()
    (project_folder / ".npmrc").symlink_to(home.parent / "elsewhere")
    (home.parent / "elsewhere").write_text(settings)
    Registry("npm", project_folder, {"HOME": str(home)}).look_up("a")
    assert here.paths == ["/a"]


@pytest.mark.parametrize(
    "variable", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "uv_default_index"]
)
def test_a_variable_names_the_index(here: Served, variable: str) -> None:
    name = "mine=" if variable.lower() == "uv_default_index" else ""
    Registry("pypi", None, {variable: f"{name}{here.url}/x"}).look_up("a")
    assert here.paths == ["/x/a/"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".config/pip/pip.conf", "[global]\nextra-index-url = {no}\nindex-url = {yes}\n"),
        (".pip/pip.conf", "[global]\nindex_url={yes}\n"),
        (".config/uv/uv.toml", 'index-url = "{yes}"\n'),
        (
            ".config/uv/uv.toml",
            '[[index]]\nurl = "{no}"\n[[index]]\nurl = "{yes}"\ndefault = true\n',
        ),
    ],
)
def test_a_file_names_the_index(here: Served, home: Path, path: str, text: str) -> None:
    (home / path).parent.mkdir(parents=True)
    (home / path).write_text(text.format(yes=f"{here.url}/yes", no=f"{here.url}/no"))
    Registry("pypi", None, {"HOME": str(home), "XDG_CONFIG_DIRS": str(home / "x")}).look_up("a")
    assert here.paths == ["/yes/a/"]


def test_the_file_that_wins_with_pip_wins(here: Served, home: Path) -> None:
    names = ("env.conf", "venv/pip.conf", ".config/pip/pip.conf", ".pip/pip.conf")
    for number, name in enumerate(names):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"[global]\nindex-url={here.url}/{number}\n")
    more = {"PIP_CONFIG_FILE": str(home / "env.conf"), "VIRTUAL_ENV": str(home / "venv")}
    for name in names:
        Registry("pypi", None, {"HOME": str(home), **more}).look_up("a")
        (home / name).unlink()
    assert here.paths == [f"/{number}/a/" for number in range(4)]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "neither pip nor uv is configured"),
        ("file:///srv/simple", "no http or https address"),
        ("http://", "no http or https address"),
        ("http://a:99999/", "no http or https address"),
        ("http://a\x1b[2J/", "no http or https address"),
        ("http://u:secret@${HOST}/", "no http or https address"),
        ("http://[::1/", "no http or https address"),
    ],
)
def test_without_an_address_nothing_is_asked(url: str, reason: str, home: Path) -> None:
    pypi = Registry("pypi", None, {"PIP_INDEX_URL": url, "HOME": str(home)})
    with pytest.raises(InputError, match=reason) as caught:
        pypi.look_up("six")
    assert "secret" not in str(caught.value)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Put a client that runs some Python on the PATH of an environment."""

    def write(code: str, client: str = "npm") -> dict[str, str]:
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / client).write_text(f"#!{sys.executable}\nimport os, sys, time\n{code}\n")
        (tools / client).chmod(0o755)
        return {"PATH": f"{tools}{os.pathsep}/usr/bin", "HOME": str(tmp_path / "nobody")}

    return write


needs_programs = pytest.mark.skipif(sys.platform == "win32", reason="scripts with a #! line")


@needs_programs
def test_npm_itself_is_asked_in_an_empty_folder_where_nothing_is_configured(
    here: Served, play: Play, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    code = f"open({str(told)!r}, 'a').write(repr((sys.argv[1:], os.listdir('.'))))\n"
    environment = play(f"{code}print('{here.url}/own/')")
    npm = Registry("npm", tmp_path, environment)
    npm.look_up("a")
    npm.look_up("b")

    assert here.paths == ["/own/a", "/own/b"]
    assert told.read_text() == "(['config', 'get', 'registry'], [])"


@needs_programs
def test_npm_is_asked_once_for_all_scopes_and_folders(
    here: Served, play: Play, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    environment = play(f"open({str(told)!r}, 'a').write('x')\nprint('{here.url}/own/')")
    memory = Memory(clients=Clients(environment))
    for folder in (tmp_path, tmp_path / "nobody"):
        npm = Registry("npm", folder, memory=memory)
        for name in ("a", "@b/c", "@d/e"):
            npm.look_up(name)
    assert here.paths == ["/own/a", "/own/@b%2Fc", "/own/@d%2Fe"]
    assert told.read_text() == "x"


@needs_programs
def test_what_is_built_into_npm_is_asked_without_anybody_s_settings(
    play: Play, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    code = f"open({str(told)!r}, 'a').write(repr((sys.argv[4:], sorted(os.environ))))\n"
    environment = play(f"{code}print('https://registry.example.org/')")
    mirror = {**environment, "npm_config_registry": "https://mirror.example.org/", "A": "b"}
    npm = Registry("npm", tmp_path, mirror)

    assert npm.built_in == npm.built_in == "https://registry.example.org/"
    assert npm.base("a").host == "mirror.example.org"
    options, variables = ast.literal_eval(told.read_text())
    assert options[::2] == ["--userconfig", "--globalconfig"]
    assert not any(Path(path).exists() for path in options[1::2])
    assert "A" in variables
    assert "npm_config_registry" not in variables
    assert Registry("pypi", tmp_path, mirror).built_in == ""
    assert Registry("npm", tmp_path, {"PATH": ""}).built_in == ""


@needs_programs
def test_an_npm_that_fails_is_asked_once(play: Play, tmp_path: Path) -> None:
    told = tmp_path / "told"
    environment = play(f"open({str(told)!r}, 'a').write('x')\nsys.exit(1)")
    npm = Registry("npm", tmp_path, environment)
    for name in "ab":
        with pytest.raises(InputError, match="npm ended with exit code 1"):
            npm.look_up(name)
    assert told.read_text() == "x"


@needs_programs
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit(3)", "no registry is configured, and npm ended with exit code 3"),
        ("time.sleep(60)", "npm did not end within 1 second"),
        ("print('x' * 100_000)", "npm printed more than"),
        ("print('undefined')", "no http or https address"),
        ("", "no http or https address"),
    ],
)
def test_an_npm_that_does_not_say_is_one_reason(
    play: Play,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    reason: str,
) -> None:
    monkeypatch.setattr(configured, "_PATIENCE", 1)
    with pytest.raises(InputError) as caught:
        Registry("npm", tmp_path, play(code)).look_up("a")
    assert reason in str(caught.value)


def test_without_npm_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="npm is not installed"):
        Registry("npm", tmp_path, {"PATH": str(tmp_path)}).look_up("a")


_HELP = """Download Options:
  -i, --index-url <url>       Base URL of the index (default {url}). This should be one.
  --extra-index-url <url>     Extra URLs (default none)."""


@needs_programs
@pytest.mark.parametrize("client", ["pip", "pip3"])
def test_pip_itself_is_asked_in_an_empty_folder_where_nothing_is_configured(
    here: Served, play: Play, tmp_path: Path, client: str
) -> None:
    told = tmp_path / "told"
    code = f"open({str(told)!r}, 'a').write(repr((sys.argv[1:], os.listdir('.'))))\n"
    said = _HELP.format(url=f"{here.url}/simple")
    environment = play(f"{code}print({said!r})", client)
    alone = {**environment, "PATH": str(tmp_path / "tools")}
    pypi = Registry("pypi", tmp_path, alone)
    pypi.look_up("a")
    pypi.look_up("b")

    assert here.paths == ["/simple/a/", "/simple/b/"]
    assert told.read_text() == "(['help', 'download'], [])"


@needs_programs
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit(3)", "configured for an index, and pip ended with exit code 3"),
        ("print('--index-url <url> Base URL')", "PIP_INDEX_URL names one"),
        ("print('--index-url <url> Base (default file:///a)')", "no http or https address"),
    ],
)
def test_a_pip_that_does_not_say_is_one_reason(
    play: Play, tmp_path: Path, code: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        Registry("pypi", tmp_path, play(code, "pip")).look_up("a")


def test_the_real_pip_says_an_address() -> None:
    """Its help is text for people, which may change."""
    needed_library("pip")
    command = [sys.executable, "-m", "pip", "help", "download"]
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    help_text = subprocess.run(  # noqa: S603 - pip's own help
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**variables, "COLUMNS": "5000", "PIP_CONFIG_FILE": os.devnull},
    ).stdout
    found = configured._BUILT_IN.search(help_text)  # noqa: SLF001
    assert found is not None
    assert found[1].startswith("https://")
