"""Releases of a registry that runs here: which are found, what comes, and what is refused."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from auditor.errors import InputError
from auditor.limits import Limits
from auditor.releases import nearest
from auditor.sources import transport
from auditor.sources.release import Releases
from auditor.specs import spec_of
from tests.a_registry import Served, index_document, npm_document, send, served
from tests.conftest import tarball
from tests.distributions import SDIST_NAME, WHEEL_NAME, sdist, wheel
from tests.test_cli import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    Answer = bytes | int | Callable[[BaseHTTPRequestHandler], None]
    Start = Callable[[], Served]

TOKEN = "tell-nobody"  # noqa: S105 - of nobody
OLD = tarball({"package.json": '{"name": "demo-kit", "version": "1.0.0"}', "a.js": "1"})
NEW = tarball({"package.json": '{"name": "demo-kit", "version": "1.1.0"}', "a.js": "2"})


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
def here(start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Served:
    """Run a registry that npm and pip are configured for, with a token for npm."""
    state = start()
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text(f"registry={state.url}\n//{state.host}/:_authToken={TOKEN}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PIP_INDEX_URL", f"{state.url.replace('//', '//ann:secret@')}/simple")
    monkeypatch.chdir(tmp_path)
    return state


@pytest.fixture
def npm(here: Served) -> Served:
    """Have two versions of a package of npm in the registry."""
    files = {"1.0.0": OLD, "1.1.0": NEW}
    here.answers["/demo-kit"] = npm_document(here.url, files, {"old": "1.0.0"})
    here.answers |= {f"/files/demo-kit-{v}.tgz": data for v, data in files.items()}
    return here


@pytest.fixture
def index(here: Served, tmp_path: Path) -> Served:
    """Have an sdist and a wheel of one version in the index."""
    files = {
        WHEEL_NAME: wheel(tmp_path).read_bytes(),
        SDIST_NAME: sdist(tmp_path).read_bytes(),
    }
    here.answers["/simple/demo-kit/"] = index_document("../..", files)
    here.answers |= {f"/files/{name}": data for name, data in files.items()}
    return here


def fetched(text: str, limits: Limits | None = None) -> list[tuple[str, bytes, str]]:
    releases = Releases(limits or Limits())
    release = releases.find(spec_of(text))
    found = []
    for file in release.files:
        with releases.fetched(release, file) as (path, note):
            found.append((path.name, path.read_bytes(), note))
            mode = path.parent.stat().st_mode & 0o077
            assert os.name == "nt" or mode == 0
        assert not path.parent.exists()
    return found


def refused(text: str, limits: Limits | None = None) -> str:
    with pytest.raises(InputError) as caught:
        fetched(text, limits)
    assert TOKEN not in str(caught.value)
    assert "secret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "version", "data"),
    [
        ("npm:demo-kit", "1.1.0", NEW),
        ("npm:demo-kit@latest", "1.1.0", NEW),
        ("npm:demo-kit@1.0.0", "1.0.0", OLD),
        ("npm:demo-kit@old", "1.0.0", OLD),
    ],
)
def test_npm_has_a_tarball_for_a_version_or_a_tag(
    npm: Served, text: str, version: str, data: bytes
) -> None:
    note = f"from {npm.host}; its sha512 and sha1 are what the index says"
    assert fetched(text) == [(f"demo-kit-{version}.tgz", data, note)]
    assert [one.headers["Authorization"] for one in npm.asked] == [f"Bearer {TOKEN}"] * 2
    assert npm.asked[0].headers["Accept"].startswith("application/vnd.npm.install-v1+json")
    assert npm.asked[1].headers["Accept-Encoding"] == "identity"


def test_the_tag_latest_counts_and_not_the_highest_version(here: Served) -> None:
    here.answers["/demo-kit"] = npm_document(
        here.url, {"1.0.0": OLD, "2.0.0": NEW}, {"latest": "1.0.0"}
    )
    here.answers["/files/demo-kit-1.0.0.tgz"] = OLD
    assert fetched("npm:demo-kit")[0][0] == "demo-kit-1.0.0.tgz"


def test_a_scope_is_no_folder(here: Served) -> None:
    here.answers["/@acme%2Fkit"] = npm_document(here.url, {"1.0.0": OLD})
    here.answers["/files/demo-kit-1.0.0.tgz"] = OLD
    assert fetched("npm:@acme/kit")[0][0] == "acme-kit-1.0.0.tgz"
    here.answers["/it%27s"] = npm_document(here.url, {"1.0.0": OLD})
    assert fetched("npm:it's")[0][0] == "it-s-1.0.0.tgz"


@pytest.mark.parametrize(
    "text", ["pypi:demo-kit", "pypi:Demo_Kit==1.0", "pypi:demo.kit==1.0.0", "pypi:demo-kit==v1"]
)
def test_an_index_has_the_sdist_first_and_then_the_wheels(index: Served, text: str) -> None:
    found = fetched(text)
    assert [name for name, _, _ in found] == [SDIST_NAME, WHEEL_NAME]
    assert {note for _, _, note in found} == {
        f"from {index.host}; its sha256 is what the index says"
    }


def test_a_glob_takes_some_of_the_files(index: Served) -> None:
    assert [name for name, _, _ in fetched("pypi:demo-kit/*.whl")] == [WHEEL_NAME]
    assert "has no file like *.zip of demo-kit 1.0" in refused("pypi:demo-kit==1.0/*.zip")
    release = Releases(Limits()).find(spec_of("pypi:demo-kit/*.whl"))
    assert release.notes == ("not asked for: 1 other file of the release",)
    assert release.label(release.files[0]) == f"pypi:demo-kit/{WHEEL_NAME}"
    assert len(index.paths) == 4


def files_of(*names: str, **more: object) -> bytes:
    return index_document("https://files.example.org", dict.fromkeys(names, b""), **more)


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (("demo-kit-1.9.tar.gz", "demo-kit-1.10.tar.gz", "demo-kit-2.0rc1.tar.gz"), "1.10"),
        (("demo-kit-2.0a1.tar.gz", "demo-kit-2.0rc1.tar.gz"), "2.0rc1"),
        (("demo-kit-1.0.tar.gz", "demo-kit-two-3.0.tar.gz", "other-9.tar.gz"), "1.0"),
        (("demo-kit-1.0.tar.gz", "demo-kit-9.tar.gz.asc", "demo_kit-9-py3.egg"), "1.0"),
    ],
)
def test_the_newest_release_is_the_highest_that_is_no_trial(
    here: Served, names: tuple[str, ...], version: str
) -> None:
    here.answers["/simple/demo-kit/"] = files_of(*names)
    assert Releases(Limits()).find(spec_of("pypi:demo-kit")).version == version


def test_what_was_yanked_is_not_the_newest_and_says_why_when_asked_for(here: Served) -> None:
    document = json.loads(files_of("demo-kit-1.0.tar.gz", "demo-kit-2.0.tar.gz"))
    document["files"][1]["yanked"] = "leaks\x1b[2J"
    here.answers["/simple/demo-kit/"] = json.dumps(document).encode()

    assert Releases(Limits()).find(spec_of("pypi:demo-kit")).version == "1.0"
    (file,) = Releases(Limits()).find(spec_of("pypi:demo-kit==2.0")).files
    assert file.notes == ("yanked: leaks\\x1b[2J",)


def test_what_is_neither_sdist_nor_wheel_is_named_in_a_note(here: Served) -> None:
    here.answers["/simple/demo-kit/"] = files_of("demo-kit-1.0.tar.gz", "demo_kit-1.0-py3.egg")
    release = Releases(Limits()).find(spec_of("pypi:demo-kit"))
    assert release.notes == (
        "demo_kit-1.0-py3.egg is of the release, too, and neither sdist nor wheel",
    )


def test_a_version_that_is_deprecated_says_so(here: Served) -> None:
    document = json.loads(npm_document(here.url, {"1.0.0": OLD}))
    document["versions"]["1.0.0"]["deprecated"] = "use another"
    here.answers["/demo-kit"] = json.dumps(document).encode()
    assert Releases(Limits()).find(spec_of("npm:demo-kit")).notes == ("deprecated: use another",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("npm:absent", "has no package absent"),
        ("pypi:absent", "has no package absent"),
        ("npm:demo-kit@9.9.9", "has no demo-kit 9.9.9, of 2 versions"),
        ("npm:..", ".. can be no name of npm"),
    ],
)
def test_what_is_not_there_is_one_reason(npm: Served, text: str, reason: str) -> None:
    assert refused(text).endswith(reason)
    assert "/files" not in " ".join(npm.paths)


def test_a_version_that_was_taken_away_is_said(here: Served) -> None:
    document = json.loads(npm_document(here.url, {"1.0.0": OLD}))
    document["time"] = {"1.0.0": "2020-01-01", "1.0.1": "2020-01-02"}
    here.answers["/demo-kit"] = json.dumps(document).encode()
    assert "no demo-kit 1.0.1 any more: it was published" in refused("npm:demo-kit@1.0.1")


@pytest.mark.parametrize(
    "name", ["../../x-1.0-py3-none-any.whl", "..\\x-1.0.tar.gz", "a/b-1.0.zip"]
)
def test_a_name_that_leads_out_is_refused_and_said(index: Served, name: str) -> None:
    document = json.loads(bytes(index.answers["/simple/demo-kit/"]))  # type: ignore[arg-type]
    document["files"].append({"filename": name, "url": "x", "hashes": {}})
    index.answers["/simple/demo-kit/"] = json.dumps(document).encode()
    release = Releases(Limits()).find(spec_of("pypi:demo-kit"))

    assert [file.name for file in release.files] == [SDIST_NAME, WHEEL_NAME]
    assert len(release.problems) == 1
    assert "is not taken" in release.problems[0]


def test_a_version_that_leads_out_is_refused(here: Served) -> None:
    here.answers["/demo-kit"] = npm_document(here.url, {"../../x": OLD})
    assert "which is none" in refused("npm:demo-kit")


@pytest.mark.parametrize(
    ("text", "path", "algorithm"),
    [
        ("npm:demo-kit@1.0.0", "/files/demo-kit-1.0.0.tgz", "sha512"),
        ("pypi:demo-kit", f"/files/{SDIST_NAME}", "sha256"),
    ],
)
def test_another_content_is_not_given_out(
    npm: Served, index: Served, text: str, path: str, algorithm: str
) -> None:
    npm.answers[path] = NEW
    assert f"gives another content than the index says: {algorithm} is " in refused(text)
    assert index is npm


def test_a_wrong_sha1_counts_beside_a_right_sha512(here: Served) -> None:
    here.answers["/demo-kit"] = npm_document(here.url, {"1.0.0": OLD}, shasum="0" * 40)
    here.answers["/files/demo-kit-1.0.0.tgz"] = OLD
    assert "another content than the index says: sha1 is" in refused("npm:demo-kit")


def test_without_a_digest_that_is_said_and_with_an_unsound_one_nothing_is_fetched(
    here: Served,
) -> None:
    here.answers["/files/demo-kit-1.0.0.tgz"] = OLD
    here.answers["/demo-kit"] = npm_document(here.url, {"1.0.0": OLD}, integrity="", shasum="")
    ((_, _, note),) = fetched("npm:demo-kit")
    assert note.endswith("no digest of it, so that nothing says whether it is whole")

    here.asked.clear()
    unsound = npm_document(here.url, {"1.0.0": OLD}, integrity="sha512-AAAA", shasum="x")
    here.answers["/demo-kit"] = unsound
    assert "has no sound digest of demo-kit-1.0.0.tgz" in refused("npm:demo-kit")
    here.answers["/simple/demo-kit/"] = files_of("demo-kit-1.0.tar.gz", hashes={"sha256": "no"})
    assert "has no sound digest of demo-kit-1.0.tar.gz" in refused("pypi:demo-kit")
    assert here.paths == ["/demo-kit", "/simple/demo-kit/"]


def test_who_asks_is_told_to_no_other_host(start: Start, here: Served) -> None:
    other = start()
    here.answers["/demo-kit"] = npm_document(other.url, {"1.0.0": OLD})
    here.answers["/simple/demo-kit/"] = index_document(other.url, {"demo-kit-1.0.tar.gz": OLD})
    other.answers |= {"/files/demo-kit-1.0.0.tgz": OLD, "/files/demo-kit-1.0.tar.gz": OLD}
    for text in ("npm:demo-kit", "pypi:demo-kit"):
        assert fetched(text)[0][1] == OLD

    assert [one.headers.get("Authorization") for one in other.asked] == [None, None]
    assert all("Authorization" in one.headers for one in here.asked)


def test_a_file_may_lead_to_another_host_which_is_told_nothing(start: Start, npm: Served) -> None:
    other, back = start(), start()
    npm.answers["/files/demo-kit-1.1.0.tgz"] = leads_to(f"{other.url}/a")
    other.answers["/a"] = leads_to(f"{npm.url}/b")
    npm.answers["/b"] = NEW
    assert fetched("npm:demo-kit")[0][1] == NEW

    shown = [(one.path, one.headers.get("Authorization")) for one in npm.asked]
    assert shown[-2:] == [("/files/demo-kit-1.1.0.tgz", f"Bearer {TOKEN}"), ("/b", None)]
    assert other.asked[0].headers.get("Authorization") is None
    assert back.asked == []


def leads_to(target: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, 302, Location=target)


def drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def stalls(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)
    send(handler, 200)


def short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"x")


def packed(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, NEW, Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (404, "does not have the file that the index names"),
        (403, "wants other credentials (it answers 403)"),
        (500, "answers 500"),
        (stalls, "did not answer within 1 second"),
        (drips, "limit download-seconds of 2 seconds met"),
        (short, "cannot be reached, or does not end its answer"),
        (packed, "answers in a packing that was not asked for"),
        (b" " * 5001, "limit archive-bytes of 5,000 bytes met (found at least 5,001 bytes); raise"),
        (leads_to("file:///etc/passwd"), "redirects to no https address"),
        (leads_to("http://[::1/"), "redirects to no address"),
        (leads_to("http://a.example:99999/"), "to no address"),
        (leads_to("/files/demo-kit-1.1.0.tgz"), "redirects more than 3 times"),
    ],
)
def test_a_file_that_does_not_come_is_one_reason(
    npm: Served,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    reason: str,
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 1)
    npm.answers["/files/demo-kit-1.1.0.tgz"] = answer
    limits = replace(Limits(), archive_bytes=5000, download_seconds=2)
    found = refused("npm:demo-kit", limits)
    assert found.startswith("demo-kit-1.1.0.tgz")
    assert reason in found


@pytest.mark.parametrize(
    ("base", "url", "reason"),
    [
        ("http://a.example/", "file:///etc/passwd", "no https address"),
        ("http://a.example/", "ftp://a.example/x", "no https address"),
        ("https://a.example/", "http://a.example/x", "no https address"),
        ("https://a.example/", "http://[::1/", "at no address"),
        ("https://a.example/", "https://a.example:99999/", "at no address"),
    ],
)
def test_an_address_that_is_less_than_the_index_is_not_asked(
    tmp_path: Path, base: str, url: str, reason: str
) -> None:
    from auditor.bases import Base  # noqa: PLC0415 - this test alone

    with (tmp_path / "x").open("wb") as place, pytest.raises(InputError, match=reason):
        transport.Transport().file(Base(url=base, host="a"), url, place, Limits())


@pytest.mark.parametrize(
    "document",
    [
        b"<html>",
        b"[]",
        b'{"files": [{"filename": 5}]}',
        b'{"versions": {"1.0.0": {}}, "dist-tags": {"latest": "1.0.0"}}',
        b'{"versions": {"1.0.0": {"dist": {}}}, "dist-tags": {"latest": "1.0.0"}}',
        b'{"versions": {"1.0.0": ' + b"[" * 10_000,
    ],
)
def test_a_document_of_another_shape_is_one_reason(here: Served, document: bytes) -> None:
    here.answers |= {"/demo-kit": document, "/simple/demo-kit/": document}
    assert "no JSON of a package" in refused("npm:demo-kit") + refused("pypi:demo-kit")


@pytest.mark.parametrize(
    ("name", "among", "expected"),
    [
        ("", ("a-1.tar.gz", "a-1-py3-none-any.whl", "a-1-cp312-cp312-win32.whl"), 1),
        ("", ("a-1.tar.gz", "a-1-cp312-cp312-win32.whl"), 1),
        (
            "",
            (
                "a-1.tar.gz",
                "a-1-cp312-cp312-win32.whl",
                "a-1-cp312-cp312-manylinux_2_28_x86_64.whl",
            ),
            2,
        ),
        (
            "",
            (
                "a-1-cp39-cp39-manylinux_2_28_x86_64.whl",
                "a-1-cp312-cp312-manylinux_2_28_x86_64.whl",
                "a-1-cp313-cp313t-manylinux_2_28_x86_64.whl",
                "a-1-pp310-pypy310_pp73-manylinux_2_28_x86_64.whl",
            ),
            1,
        ),
        ("b.tar.gz", ("a-1-py3-none-any.whl", "a-1.tar.gz"), 1),
        ("a-2-py3-none-any.whl", ("a-1.tar.gz",), None),
        (
            "a-2-cp312-cp312-win32.whl",
            ("a-1-cp311-cp311-win32.whl", "a-1-cp312-cp312-win32.whl", "a-1-py3-none-any.whl"),
            1,
        ),
        (
            "a-2-cp313-cp313-win32.whl",
            ("a-1-cp312-cp312-win32.whl", "a-1-py3-none-any.whl"),
            0,
        ),
        ("", (), None),
    ],
)
def test_the_file_to_compare_with_is_the_most_like_one(
    name: str, among: tuple[str, ...], expected: int | None
) -> None:
    assert nearest(name, among) == ("" if expected is None else among[expected])


def test_a_release_is_audited_file_by_file(
    capsys: pytest.CaptureFixture[str], index: Served
) -> None:
    code, document = as_json(capsys, "pypi:demo-kit")
    assert (code, document["complete"]) == (0, True)
    sources = [(one["source"], one["kind"]) for one in document["artifacts"]]
    assert sources == [
        (f"pypi:demo-kit/{SDIST_NAME}", "sdist"),
        (f"pypi:demo-kit/{WHEEL_NAME}", "wheel"),
    ]
    assert document["artifacts"][0]["notes"][0].startswith(f"from {index.host}; ")


def test_a_package_of_npm_is_audited_under_what_was_typed(
    capsys: pytest.CaptureFixture[str], npm: Served
) -> None:
    code, document = as_json(capsys, "npm:demo-kit@1.0.0")
    (artifact,) = document["artifacts"]
    assert (code, artifact["source"], artifact["version"]) == (0, "npm:demo-kit@1.0.0", "1.0.0")
    assert len(npm.asked) == 2


def test_of_another_content_nothing_is_audited(
    capsys: pytest.CaptureFixture[str], npm: Served
) -> None:
    npm.answers["/files/demo-kit-1.1.0.tgz"] = tarball({".env": "A=1"})
    code, document = as_json(capsys, "npm:demo-kit")
    assert (code, document["artifacts"], document["findings"]) == (3, [], [])
    assert "another content" in document["gaps"][0]["reason"]


def test_a_name_that_leads_out_is_a_gap(
    capsys: pytest.CaptureFixture[str], index: Served, tmp_path: Path
) -> None:
    document = json.loads(bytes(index.answers["/simple/demo-kit/"]))  # type: ignore[arg-type]
    document["files"][0]["filename"] = "../../demo_kit-1.0-py3-none-any.whl"
    index.answers["/simple/demo-kit/"] = json.dumps(document).encode()
    code, result = as_json(capsys, "pypi:demo-kit")
    assert (code, len(result["artifacts"]), len(result["gaps"])) == (3, 1, 1)
    assert not (tmp_path.parent / "demo_kit-1.0-py3-none-any.whl").exists()
