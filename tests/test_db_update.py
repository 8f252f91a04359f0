"""`audit db update`: the three gates, several exports, and what a call says of them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from auditor import dbupdate
from auditor.__main__ import run
from auditor.dbupdate import Outcome, Place, Step
from auditor.errors import InputError, UsageError
from auditor.sources import advisoryexport, advisoryimport, onlyone, pieces
from auditor.sources.advisoryexport import Trim
from tests.a_registry import Served, served
from tests.an_export_server import OLD, Shelf, export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
NPM, PYPI = "/npm/all.zip", "/PyPI/all.zip"


@pytest.fixture
def npm() -> Shelf:
    return Shelf(content=export(range(20)))


@pytest.fixture
def pypi() -> Shelf:
    return Shelf(content=export(range(30, 40), "PyPI"), etag='"py"')


@pytest.fixture
def site(npm: Shelf, pypi: Shelf) -> Iterator[Served]:
    state = Served(answers={NPM: npm, PYPI: pypi})
    server = served(state)
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def database(tmp_path: Path, site: Served, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a database that is not there yet, to be filled from the site, without other settings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIT_DB", str(tmp_path / "data" / "advisories.db"))
    monkeypatch.setenv("AUDIT_DB_SOURCE", f"{site.url}/{{ecosystem}}/all.zip")
    return tmp_path / "data" / "advisories.db"


@pytest.fixture
def wanted(site: Served) -> tuple[Place, ...]:
    return dbupdate.places((f"{site.url}/{{ecosystem}}/all.zip",), ("npm", "pypi"))


def updated(
    database: Path, wanted: tuple[Place, ...], now: datetime = NOW, *, force: bool = False
) -> dict[str, Step]:
    steps = dbupdate.update(database, wanted, now=now, force=force)
    return {step.place.name: step for step in steps}


def outcomes(steps: dict[str, Step]) -> dict[str, str]:
    return {name: step.outcome.value for name, step in steps.items()}


def total(database: Path) -> int:
    """Return how many records a database has."""
    return sum(source.records for source in advisoryimport.sources(database))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def left() -> list[str]:
    """Return what is kept for the next call."""
    place = pieces.folder()
    return sorted(path.suffix for path in place.iterdir()) if place.is_dir() else []


def test_each_ecosystem_is_an_export_of_the_template() -> None:
    assert dbupdate.places(("https://a.example/{ecosystem}.zip",), ("npm", "pypi")) == (
        Place(name="npm", url="https://a.example/npm.zip"),
        Place(name="PyPI", url="https://a.example/PyPI.zip"),
    )


def test_a_location_without_the_template_is_one_export() -> None:
    sources = ("https://a.example/x.zip?key=1", "http://b.example/y.zip", "http://b.example/y.zip")
    found = dbupdate.places(sources, ("npm", "pypi"))
    assert [place.name for place in found] == ["a.example/x.zip", "b.example/y.zip"]
    assert found[0].url == "https://a.example/x.zip?key=1"
    assert found[0].known == "https://a.example/x.zip"


def test_a_mirror_beside_another_one_replaces_nothing_of_it() -> None:
    sources = ("https://a.example/{ecosystem}", "https://b.example/{ecosystem}?key=1")
    found = dbupdate.places((*sources, sources[0]), ("npm", "pypi"))
    assert [place.name for place in found] == ["npm", "PyPI", "b.example/npm", "b.example/PyPI"]


def test_without_a_location_it_is_osv_over_https() -> None:
    (place,) = dbupdate.places((), ("pypi",))
    assert place.name == "PyPI"
    assert place.url == dbupdate.SOURCE.replace("{ecosystem}", "PyPI")
    assert place.url.startswith("https://")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("ftp://a.example/x.zip", "'ftp://a.example/x.zip' is none"),
        ("all.zip", "'all.zip' is none"),
        ("https:///all.zip", "is none"),
        ("https://a.example:0/all.zip", "is none"),
        ("https://a.example:99999/all.zip", "is none"),
        ("https://[::1/all.zip", "is none"),
        ("https://ann:secret@a.example/all.zip?key=secret", "no credentials are sent"),
        ("ftp://ann:secret@a.example/all.zip", "'a.example/all.zip' is none"),
        ("https://a.example/{name}/all.zip", "{ecosystem} is the only thing in braces"),
        ("https://a.example/{ecosystem", "{ecosystem} is the only thing in braces"),
    ],
)
def test_a_location_that_can_be_none_is_wrong_usage(source: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        dbupdate.places((source,), ("npm",))
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


def test_all_exports_are_taken_and_nothing_of_them_is_left(
    database: Path, wanted: tuple[Place, ...], npm: Shelf, pypi: Shelf
) -> None:
    steps = updated(database, wanted)
    assert outcomes(steps) == {"npm": "imported", "PyPI": "imported"}
    assert total(database) == 30
    assert left() == []
    assert [
        (one.name, one.url, one.etag, one.sha256, one.fetched_at)
        for one in advisoryimport.sources(database)
    ] == [
        ("PyPI", wanted[1].url, '"py"', sha256(pypi.content), "2026-04-02T12:00:00Z"),
        ("npm", wanted[0].url, '"one"', sha256(npm.content), "2026-04-02T12:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("later", "asked"),
    [
        (timedelta(), False),
        (timedelta(hours=23, minutes=59), False),
        (timedelta(days=1), True),
        (timedelta(days=400), True),
        (timedelta(seconds=-1), True),
        (timedelta(days=-400), True),
    ],
)
def test_the_first_gate_is_age(
    database: Path, wanted: tuple[Place, ...], npm: Shelf, later: timedelta, *, asked: bool
) -> None:
    """A time that is yet to come was written by a clock that was wrong: it blocks nobody."""
    updated(database, wanted)
    steps = updated(database, wanted, NOW + later)
    assert steps["npm"].outcome is (Outcome.UNCHANGED if asked else Outcome.SKIPPED)
    assert len(npm.given) == 1 + asked
    if not asked:
        assert "once a day is enough (--force asks all the same)" in steps["npm"].reason


def test_nothing_new_counts_as_asked(database: Path, wanted: tuple[Place, ...], npm: Shelf) -> None:
    updated(database, wanted)
    assert updated(database, wanted, NOW + timedelta(days=2))["npm"].outcome is Outcome.UNCHANGED
    assert updated(database, wanted, NOW + timedelta(days=2.5))["npm"].outcome is Outcome.SKIPPED
    assert npm.given == [f"200 {len(npm.content)}", "304 0"]


def test_what_failed_does_not_count_as_asked(
    database: Path, wanted: tuple[Place, ...], site: Served, npm: Shelf
) -> None:
    site.answers[NPM] = 500
    assert updated(database, wanted)["npm"].outcome is Outcome.FAILED
    site.answers[NPM] = npm
    assert outcomes(updated(database, wanted)) == {"npm": "imported", "PyPI": "skipped"}


def test_force_opens_the_first_gate_alone(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    updated(database, wanted)
    steps = updated(database, wanted, force=True)
    assert outcomes(steps) == {"npm": "unchanged", "PyPI": "unchanged"}
    assert steps["npm"].reason == "the server has nothing newer"
    assert npm.given[1:] == ["304 0"]


@pytest.mark.parametrize(("etag", "modified"), [("", OLD), ("", "")])
def test_the_second_gate_is_need(
    database: Path, wanted: tuple[Place, ...], npm: Shelf, etag: str, modified: str
) -> None:
    npm.etag, npm.modified = etag, modified
    updated(database, wanted)
    steps = updated(database, wanted, force=True)
    assert steps["npm"].outcome is Outcome.UNCHANGED
    assert steps["npm"].taken is None
    again = "304 0" if modified else f"200 {len(npm.content)}"
    assert npm.given[1:] == [again]


def test_the_same_content_under_another_tag_is_nothing_new(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    updated(database, wanted)
    npm.etag = '"two"'
    steps = updated(database, wanted, force=True)
    assert steps["npm"].reason == "what came is what the database has"
    assert left() == []
    updated(database, wanted, force=True)
    assert npm.given[-1] == "304 0"


def test_a_database_that_is_gone_needs_everything(
    database: Path, wanted: tuple[Place, ...]
) -> None:
    updated(database, wanted)
    database.unlink()
    assert outcomes(updated(database, wanted)) == {"npm": "imported", "PyPI": "imported"}


def test_a_database_that_was_trimmed_is_not_asked_about(
    database: Path, wanted: tuple[Place, ...], npm: Shelf, tmp_path: Path
) -> None:
    updated(database, wanted)
    npm.given.clear()
    trimmed = tmp_path / "trimmed.db"
    advisoryexport.export(database, trimmed, Trim(malicious=True))
    with pytest.raises(UsageError, match="was trimmed to malicious records; update another one"):
        updated(trimmed, wanted, force=True)
    assert npm.given == []


@pytest.mark.parametrize("content", [b"", b"no database" * 100])
def test_what_is_no_database_is_not_replaced(
    database: Path, wanted: tuple[Place, ...], npm: Shelf, content: bytes
) -> None:
    database.parent.mkdir()
    database.write_bytes(content)
    with pytest.raises(InputError, match="advisory database"):
        updated(database, wanted)
    assert database.read_bytes() == content
    assert npm.given == []


def test_what_is_new_replaces_what_was(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    updated(database, wanted)
    npm.content, npm.etag = export(range(5, 27)), '"two"'
    steps = updated(database, wanted, force=True)
    assert steps["npm"].outcome is Outcome.IMPORTED
    assert total(database) == 32
    taken = steps["npm"].taken
    assert taken is not None
    assert (taken.added, taken.removed) == (7, 5)


def test_the_third_gate_is_a_lock(database: Path, wanted: tuple[Place, ...], npm: Shelf) -> None:
    with onlyone.held(database.with_name("advisories.db.update.lock")) as alone:
        assert alone
        steps = updated(database, wanted)
    assert outcomes(steps) == {"npm": "skipped", "PyPI": "skipped"}
    assert steps["npm"].reason == "another update of this database is under way"
    assert npm.given == []
    assert outcomes(updated(database, wanted)) == {"npm": "imported", "PyPI": "imported"}


def test_the_lock_is_of_one_database(database: Path, tmp_path: Path) -> None:
    with onlyone.held(database) as one, onlyone.held(tmp_path / "other.db") as other:
        assert (one, other) == (True, True)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_database_has_one_lock_by_whatever_name_it_goes(
    database: Path, wanted: tuple[Place, ...]
) -> None:
    updated(database, wanted)
    link = database.with_name("link.db")
    link.symlink_to(database)
    with onlyone.held(database.with_name("advisories.db.update.lock")):
        assert outcomes(updated(link, wanted, force=True))["npm"] == "skipped"
    assert outcomes(updated(link, wanted, force=True))["npm"] == "unchanged"
    assert link.is_symlink()


def test_it_is_told_how_far_a_call_is(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    told: list[str | tuple[int, int]] = []

    def announce(label: str) -> Callable[[int, int], None]:
        told.append(label)
        return lambda size, total: told.append((size, total))

    steps = dbupdate.update(database, wanted[:1], now=NOW, announce=announce)
    assert [step.outcome for step in steps] == [Outcome.IMPORTED]
    assert told[0] == "fetching npm"
    assert (len(npm.content), len(npm.content)) in told


def test_a_lock_that_cannot_lie_there_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), onlyone.held(tmp_path / "file/x.db"):
        pass


def test_a_lock_can_be_had_again_and_another_file_is_none(tmp_path: Path) -> None:
    for _ in range(2):
        with onlyone.held(tmp_path / "x.lock") as alone:
            assert alone
    (tmp_path / "x.lock").write_bytes(b"no lock of ours" * 100)
    with pytest.raises(UsageError, match="cannot be written"), onlyone.held(tmp_path / "x.lock"):
        pass


@pytest.mark.parametrize("bad", [404, b"<html>sign in</html>"], ids=["absent", "no zip"])
@pytest.mark.parametrize(("path", "other"), [(NPM, "PyPI"), (PYPI, "npm")])
def test_one_that_fails_takes_nothing_from_the_other(  # noqa: PLR0913, PLR0917 - two tables
    database: Path,
    wanted: tuple[Place, ...],
    site: Served,
    bad: int | bytes,
    path: str,
    other: str,
) -> None:
    site.answers[path] = bad
    steps = updated(database, wanted)
    assert steps.pop(other).outcome is Outcome.IMPORTED
    (failed,) = steps.values()
    assert failed.outcome is Outcome.FAILED
    assert failed.reason
    assert total(database) in {10, 20}
    assert left() == []


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_what_cannot_be_read_leaves_the_old_database_and_is_not_kept(
    database: Path, wanted: tuple[Place, ...], npm: Shelf, share: float
) -> None:
    """An answer that is too short by its own length is only seen to be so when it is read."""
    wanted = wanted[:1]
    updated(database, wanted)
    before = database.read_bytes()
    new = export(range(40))
    npm.content, npm.etag, npm.declared = new, '"two"', int(len(new) * share)
    steps = updated(database, wanted, force=True)
    assert steps["npm"].outcome is Outcome.FAILED
    assert steps["npm"].reason.startswith("not imported: ")
    assert database.read_bytes() == before
    assert left() == []

    npm.declared = None
    assert updated(database, wanted, force=True)["npm"].outcome is Outcome.IMPORTED
    assert total(database) == 40


def test_what_broke_off_is_kept_and_said_and_gone_on_from(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    npm.cut = 1500
    steps = updated(database, wanted)
    assert outcomes(steps) == {"npm": "failed", "PyPI": "imported"}
    assert "broke off after 1," in steps["npm"].reason
    assert steps["npm"].reason.endswith("are kept, and the next call goes on from there")
    assert left() == [".json", ".part"]

    steps = updated(database, wanted)
    assert outcomes(steps) == {"npm": "imported", "PyPI": "skipped"}
    fetched = steps["npm"].fetched
    assert fetched is not None
    assert 0 < fetched.came < fetched.size
    assert total(database) == 30
    assert left() == []


def test_of_what_broke_off_and_cannot_be_gone_on_from_nothing_is_kept(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    npm.cut, npm.etag = 1500, ""
    reason = updated(database, wanted)["npm"].reason
    assert reason.endswith(" bytes")
    assert left() == []


def test_what_came_while_another_import_was_at_work_is_not_fetched_again(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    wanted = wanted[:1]
    database.parent.mkdir()
    with onlyone.held(database.with_name("advisories.db.lock")):
        steps = updated(database, wanted)
    assert steps["npm"].outcome is Outcome.FAILED
    assert "another import is at work" in steps["npm"].reason
    assert left() == [".json", ".part"]

    steps = updated(database, wanted)
    assert outcomes(steps) == {"npm": "imported"}
    assert npm.given == [f"200 {len(npm.content)}", "304 0"]
    assert left() == []


def test_less_than_half_of_what_was_is_taken_on_demand_alone(
    database: Path, wanted: tuple[Place, ...], npm: Shelf
) -> None:
    wanted = wanted[:1]
    updated(database, wanted)
    npm.content, npm.etag = export(range(9)), '"two"'
    (step,) = updated(database, wanted, force=True).values()
    assert step.outcome is Outcome.FAILED
    assert "--shrink" in step.reason
    (step,) = dbupdate.update(database, wanted, now=NOW, force=True, shrink=True)
    assert step.outcome is Outcome.IMPORTED
    assert total(database) == 9


def test_a_cache_that_cannot_be_made_fails_and_says_where(
    database: Path, wanted: tuple[Place, ...], tmp_path: Path, npm: Shelf
) -> None:
    (tmp_path / "cache").write_text("")
    steps = updated(database, wanted)
    assert outcomes(steps) == {"npm": "failed", "PyPI": "failed"}
    assert str(tmp_path / "cache") in steps["npm"].reason
    assert npm.given == []


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["db", "update", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_call_says_what_became_of_each(
    capsys: pytest.CaptureFixture[str], database: Path
) -> None:
    code, out, err = called(capsys)
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first.startswith("npm: ")
    assert first.endswith(": 20 records new, 0 changed, 0 taken out; 20 in the database")
    assert second.startswith("PyPI: ")

    code, out, err = called(capsys)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("npm: not asked: asked ")
    code, out, err = called(capsys, "--force", "--ecosystem", "npm")
    assert (code, out, err) == (0, "npm: nothing new: the server has nothing newer\n", "")
    assert database.is_file()


def test_a_call_that_is_quiet_says_what_could_not_be_done(
    capsys: pytest.CaptureFixture[str], database: Path, site: Served
) -> None:
    site.answers[NPM] = 500
    host = site.host
    assert called(capsys, "-q") == (3, "", f"audit: npm: not fetched: {host} answers 500\n")
    assert total(database) == 10


def test_other_programs_get_json(
    capsys: pytest.CaptureFixture[str], database: Path, site: Served, pypi: Shelf
) -> None:
    site.answers[NPM] = 404
    code, out, err = called(capsys, "--format", "json")
    document: dict[str, Any] = json.loads(out)
    assert code == 3
    assert err == f"audit: npm: not fetched: {site.host} answers 404\n"
    assert document["schema_version"] == 1
    assert document["database"] == str(database)
    assert document["complete"] is False
    absent, there = document["exports"]
    assert absent == {
        "name": "npm",
        "location": f"{site.url}{NPM}",
        "outcome": "failed",
        "reason": f"not fetched: {site.host} answers 404",
        "bytes": None,
        "bytes_fetched_now": None,
        "sha256": None,
        "records": None,
    }
    assert there["outcome"] == "imported"
    assert there["bytes"] == there["bytes_fetched_now"] == len(pypi.content)
    assert len(there["sha256"]) == 64
    assert there["records"] == {"read": 10, "added": 10, "updated": 0, "removed": 0, "total": 10}


def test_a_query_is_sent_and_neither_shown_nor_kept(
    capsys: pytest.CaptureFixture[str], database: Path, site: Served, npm: Shelf
) -> None:
    site.answers[f"{NPM}?sig=secret"] = npm
    code, out, err = called(capsys, "--format", "json", "--source", f"{site.url}{NPM}?sig=secret")
    assert code == 0
    assert "secret" not in out + err
    assert b"secret" not in database.read_bytes()
    assert [one.url for one in advisoryimport.sources(database)] == [f"{site.url}{NPM}"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--source", "ftp://a.example/x"),
        ("--ecosystem", "cargo"),
        ("--format", "sarif"),
        ("--limit", "archive-bites=1"),
        ("more",),
    ],
)
def test_wrong_usage_is_told_before_anybody_is_asked(
    capsys: pytest.CaptureFixture[str], database: Path, site: Served, arguments: tuple[str, ...]
) -> None:
    code, out, err = called(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err
    assert site.asked == []
    assert not database.exists()


def test_limits_have_names(capsys: pytest.CaptureFixture[str], database: Path) -> None:
    code, _, err = called(capsys, "--limit", "archive-bytes=100", "--ecosystem", "npm")
    assert code == 3
    assert ": limit archive-bytes of 100 bytes met (found at least" in err
    assert err.endswith("raise it with --limit archive-bytes=N\n")
    assert not database.exists()


def test_what_a_server_says_cannot_move_the_cursor(
    capsys: pytest.CaptureFixture[str], database: Path, site: Served
) -> None:
    code, out, err = called(capsys, "--source", f"{site.url}/\x1b[2Jx")
    assert code == 3
    assert "\x1b" not in out + err
    assert not database.exists()


def halved(content: bytes, rest: Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer whose second half comes when it is asked for."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("ETag", '"one"')
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        handler.wfile.flush()
        rest.wait(60)
        handler.wfile.write(content[len(content) // 2 :])

    return answer


@contextmanager
def started() -> Iterator[subprocess.Popen[str]]:
    """Start a call of its own, as a shell would."""
    call = subprocess.Popen(
        (sys.executable, "-m", "auditor", "db", "update", "--ecosystem", "npm"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    with call:
        try:
            yield call
        finally:
            call.kill()


def until(there: Callable[[], bool]) -> None:
    latest = time.monotonic() + 60
    while not there():
        assert time.monotonic() < latest
        time.sleep(0.02)


def half_there(npm: Shelf) -> bool:
    parts = pieces.folder().glob("*.part") if pieces.folder().is_dir() else ()
    return any(path.stat().st_size == len(npm.content) // 2 for path in parts)


def test_of_two_calls_at_once_one_does_the_work(database: Path, site: Served, npm: Shelf) -> None:
    rest = Event()
    site.answers[NPM] = halved(npm.content, rest)
    with started() as first:
        until(lambda: half_there(npm))
        with started() as second:
            out, err = second.communicate(timeout=60)
        assert out == "npm: not asked: another update of this database is under way\n"
        assert (second.returncode, err) == (0, "")
        rest.set()
        out, err = first.communicate(timeout=60)
        assert out.endswith("20 in the database\n")
        assert (first.returncode, err) == (0, "")
    assert site.paths == [NPM]
    assert total(database) == 20


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows knows no such signal")
def test_a_call_that_was_killed_blocks_nobody_and_is_gone_on_from(
    database: Path, site: Served, npm: Shelf
) -> None:
    rest = Event()
    site.answers[NPM] = halved(npm.content, rest)
    with started() as first:
        until(lambda: half_there(npm))
        first.kill()
        first.communicate(timeout=60)
    rest.set()
    assert not database.exists()

    site.answers[NPM] = npm
    with started() as second:
        out, err = second.communicate(timeout=60)
    assert (second.returncode, err) == (0, "")
    assert "of them by an earlier call" in out
    assert npm.given == [f"206 {len(npm.content) - len(npm.content) // 2}"]
    assert total(database) == 20
    assert left() == []
