"""Exports become a database: all or nothing, twice with the same result, whatever is done to it."""

from __future__ import annotations

import io
import json
import multiprocessing
import random
import signal
import sqlite3
import struct
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from auditor.errors import InputError, UsageError
from auditor.sources import exportfiles, onlyone
from auditor.sources.advisorydb import SCHEMA, AdvisoryDatabase
from auditor.sources.advisoryexport import Trim, export
from auditor.sources.advisoryimport import (
    Export,
    ImportResult,
    confirm,
    import_exports,
    made,
    sources,
)
from tests.osv_exports import archive, record
from tests.osv_exports import export as written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

KILLS = 10


def take(database: Path, *paths: Path, shrink: bool = False) -> ImportResult:
    return import_exports(database, [Export(path=path) for path in paths], shrink=shrink)


def ids(database: Path, *names: str, eco: str = "npm") -> dict[str, list[str]]:
    """Return the ids of the records about some packages, by name."""
    with AdvisoryDatabase(database) as known:
        known.check()
        found = known.records((eco, name) for name in names).found
    return {name: sorted(one.id for one in found.get((eco, name), ())) for name in names}


def rows(database: Path) -> list[tuple[object, ...]]:
    """Return all that a database says, without the numbers that rows have."""
    with sqlite3.connect(database) as connection:
        asked = (
            """SELECT r.id, modified, published, withdrawn, aliases, summary, severity, p.ecosystem,
            p.name, a.spec FROM record r LEFT JOIN affected a ON a.record = r.number
            LEFT JOIN package p ON p.number = a.package ORDER BY 1, 8, 9""",
            """SELECT name, url, etag, sha256, fetched_at, newest, whole, records FROM source
            ORDER BY 1""",
            "SELECT * FROM meta ORDER BY 1",
        )
        return [row for query in asked for row in connection.execute(query)]


def test_exports_are_taken_twice_with_the_same_result(tmp_path: Path) -> None:
    npm = written(tmp_path, "npm", record("MAL-1"), record("GHSA-1", "kit", versions="1.0.0"))
    pypi = written(tmp_path, "PyPI", record("PYSEC-1", "A_Kit", eco="PyPI", versions="1.0"))
    database = tmp_path / "made" / "db.sqlite"

    first = take(database, npm, pypi)
    before, content = rows(database), database.read_bytes()
    second = take(database, npm, pypi)

    assert first == ImportResult(read=3, added=3, updated=0, removed=0, total=3)
    assert second == ImportResult(read=3, added=0, updated=0, removed=0, total=3)
    assert rows(database) == before
    assert database.read_bytes() == content
    assert sorted(path.name for path in database.parent.iterdir()) == [
        "db.sqlite",
        "db.sqlite.lock",
    ]
    assert ids(database, "mal-1", "kit", "a-kit") == {
        "mal-1": ["MAL-1"],
        "kit": ["GHSA-1"],
        "a-kit": [],
    }
    assert ids(database, "a-kit", eco="pypi") == {"a-kit": ["PYSEC-1"]}


def test_the_order_of_exports_does_not_count(tmp_path: Path) -> None:
    old = written(tmp_path, "old", record("MAL-1", "kit", modified="2025-01-01T00:00:00Z"))
    new = written(tmp_path, "new", record("MAL-1", "kit", versions="1.0.0"))
    digests = set()
    for number, paths in enumerate([(old, new), (new, old)]):
        database = tmp_path / f"{number}.sqlite"
        assert take(database, *paths).total == 1
        with AdvisoryDatabase(database) as known:
            digests.add(known.state().digest)
            (one,) = known.records([("npm", "kit")]).of("npm", "kit")
        assert one.spec == '[["1.0.0"],[]]'
    assert len(digests) == 1


def test_a_record_is_taken_again_where_it_was_modified(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    still = record("MAL-2", "other")
    take(database, written(tmp_path, "npm", record("MAL-1", "kit", versions="1.0.0"), still))
    later = record("MAL-1", "another", modified="2026-01-03T00:00:00Z")

    done = take(database, written(tmp_path, "npm", later, still))

    assert done == ImportResult(read=2, added=0, updated=1, removed=0, total=2)
    assert ids(database, "kit", "another", "other") == {
        "kit": [],
        "another": ["MAL-1"],
        "other": ["MAL-2"],
    }


def test_what_a_later_export_of_the_name_has_no_more_is_taken_out(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    some = [record(f"MAL-{number}") for number in range(4)]
    take(database, written(tmp_path, "npm", *some), written(tmp_path, "mirror", some[3]))

    done = take(database, written(tmp_path, "npm", *some[:2]))

    assert (done.removed, done.total) == (1, 3)
    assert ids(database, "mal-1", "mal-2", "mal-3") == {
        "mal-1": ["MAL-1"],
        "mal-2": [],
        "mal-3": ["MAL-3"],  # the mirror has it still
    }


def test_an_export_that_lost_most_of_its_records_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    take(database, written(tmp_path, "npm", *(record(f"MAL-{n}") for n in range(5))))
    before = database.read_bytes()
    less = written(tmp_path, "npm", record("MAL-1"), record("MAL-9"))

    with pytest.raises(InputError, match="has 2 records, where the last export called 'npm' had 5"):
        take(database, less)

    assert database.read_bytes() == before
    assert take(database, less, shrink=True).removed == 4


def test_a_withdrawn_record_is_there_and_answers_nothing(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    take(database, written(tmp_path, "npm", record("MAL-1", "kit")))
    gone = record("MAL-1", "kit", modified="2026-02-01T00:00:00Z", withdrawn="2026-02-01T00:00:00Z")
    take(database, written(tmp_path, "npm", gone))
    with AdvisoryDatabase(database) as known:
        assert (known.state().records, known.state().withdrawn) == (1, 1)
    assert ids(database, "kit") == {"kit": []}


def test_single_records_and_folders_are_taken_and_stay(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    folder = tmp_path / "records"
    (folder / "vulns" / "kit").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "x.json").write_text("no record")
    (folder / "README.md").write_text("no record")
    (folder / "vulns" / "kit" / "PYSEC-1.yaml").write_text(
        "id: PYSEC-1\nmodified: 2026-01-01T00:00:00Z\naffected:\n"
        "- package: {ecosystem: PyPI, name: kit}\n  versions: [1.10]\n"
    )
    written(folder, "npm", record("MAL-1"), record("MAL-2"))
    alone = tmp_path / "MAL-3.json"
    alone.write_text(json.dumps(record("MAL-3")))

    done = take(database, folder, alone)
    take(database, written(tmp_path, "npm", record("MAL-1")))

    assert done == ImportResult(read=4, added=4, updated=0, removed=0, total=4)
    assert ids(database, "mal-1", "mal-2", "mal-3") == {
        "mal-1": ["MAL-1"],
        "mal-2": [],
        "mal-3": ["MAL-3"],
    }
    assert ids(database, "kit", eco="pypi") == {"kit": ["PYSEC-1"]}
    assert [(one.name, one.whole, one.records) for one in sources(database)] == [
        ("npm", True, 1),
        ("records", False, 2),
    ]


def test_two_exports_of_one_name_in_one_call_are_refused(tmp_path: Path) -> None:
    one = written(tmp_path / "a", "npm", record("MAL-1"))
    with pytest.raises(UsageError, match="another export called 'npm'"):
        take(tmp_path / "db.sqlite", one, written(tmp_path / "b", "npm", record("MAL-2")))


def test_what_is_not_there_and_what_is_empty_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        take(tmp_path / "db.sqlite", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no record was found"):
        take(tmp_path / "db.sqlite", tmp_path / "empty")
    with pytest.raises(InputError, match="no record was found"):
        take(tmp_path / "db.sqlite", written(tmp_path, "npm", **{"README.md": "text"}))
    assert not (tmp_path / "db.sqlite").exists()


def test_where_an_export_came_from_is_kept(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    path = written(tmp_path, "npm", record("MAL-1"))
    came = Export(
        path=path,
        name="npm",
        url="https://osv.example.org/npm/all.zip",
        etag='"1"',
        sha256="ab" * 32,
        fetched_at="2026-01-05T00:00:00Z",
    )
    import_exports(database, [came])
    (known,) = sources(database)
    assert (known.url, known.etag, known.sha256, known.day) == (
        came.url,
        '"1"',
        "ab" * 32,
        "2026-01-05",
    )
    confirm(database, came.url, fetched_at="2026-01-06T00:00:00Z")
    (known,) = sources(database)
    assert (known.etag, known.day, known.newest) == ('"1"', "2026-01-06", "2026-01-02T00:00:00Z")
    with pytest.raises(UsageError, match="has no export from"):
        confirm(database, "https://elsewhere.example.org/", fetched_at="2026-01-07T00:00:00Z")
    assert sources(tmp_path / "none.sqlite") == ()


def _bomb() -> bytes:
    return archive(**{"MAL-1.json": b"[" + b" " * 40_000_000 + b"]"})


def _of_one(name: str, content: bytes = b"{}") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made_:
        made_.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _twice_listed() -> bytes:
    """Return an archive whose directory lists one content as two members."""
    data = archive(record("MAL-1"))
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<L", data, end + 16)[0]
    entry = data[start:end]
    head = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    return data[:start] + entry * 2 + head


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "cut short": lambda: archive(record("MAL-1"), record("MAL-2"))[:-30],
    "cut in the middle": lambda: archive(*(record(f"MAL-{n}") for n in range(50)))[:3000],
    "no zip": lambda: b"<html>502 Bad Gateway</html>" * 100,
    "a flipped bit": lambda: archive(record("MAL-1")).replace(b"PK\x03\x04", b"PK\x03\x05", 1),
    "a wrong type": lambda: archive(record("MAL-1"), {**record("MAL-2"), "aliases": "x"}),
    "no JSON": lambda: archive(record("MAL-1"), **{"MAL-2.json": "{"}),
    "a path upwards": lambda: archive(record("MAL-1"), **{"../MAL-2.json": "{}"}),
    "a path from the root": lambda: _of_one("/etc/MAL-2.json"),
    "a path of Windows": lambda: _of_one("C:\\MAL-2.json"),
    "a path with backslashes": lambda: _of_one("a\\..\\..\\MAL-2.json"),
    "a bomb": _bomb,
    "one content twice": _twice_listed,
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_export_is_one_clear_error_and_changes_nothing(tmp_path: Path, what: str) -> None:
    database = tmp_path / "db.sqlite"
    take(database, written(tmp_path, "npm", record("MAL-1", "kit")))
    before = database.read_bytes()
    path = tmp_path / "PyPI" / "all.zip"
    path.parent.mkdir()
    path.write_bytes(BROKEN[what]())

    with pytest.raises(InputError) as raised:
        take(database, written(tmp_path, "npm", record("MAL-1"), record("MAL-7")), path)

    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert database.read_bytes() == before
    assert ids(database, "kit", "mal-7") == {"kit": ["MAL-1"], "mal-7": []}
    assert not list(tmp_path.glob("*.new"))


def test_a_bomb_of_many_members_is_met_by_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    spaces = json.dumps(record("MAL-1")) + " " * 1_000_000
    path.write_bytes(archive(**{f"MAL-{n}.json": spaces for n in range(8)}))
    limits = replace(exportfiles.LIMITS, unpacked_bytes=4_000_000)
    with pytest.raises(InputError, match="limit unpacked-bytes of 4,000,000 bytes met"):
        import_exports(tmp_path / "db.sqlite", [Export(path=path)], limits=limits)


def test_a_link_in_an_archive_is_no_record(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("MAL-2.json")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    path = tmp_path / "npm" / "all.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as made_:
        made_.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="is a symlink, and no file"):
        take(tmp_path / "db.sqlite", path)


def test_only_one_import_is_at_work(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    path = written(tmp_path, "npm", record("MAL-1"))
    with onlyone.held(database.with_name("db.sqlite.lock")) as alone:
        assert alone
        with pytest.raises(UsageError, match="another import is at work"):
            take(database, path)
    assert take(database, path).added == 1


def test_what_an_ended_import_left_is_taken_away(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    (tmp_path / "db.sqlite.abc.new").write_bytes(b"half")
    (tmp_path / "other.new").write_bytes(b"somebody's")
    take(database, written(tmp_path, "npm", record("MAL-1")))
    assert {path.name for path in tmp_path.glob("*.new")} == {"other.new"}


def test_a_reader_has_the_database_that_it_opened(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    take(database, written(tmp_path, "npm", record("MAL-1", "kit")))
    with AdvisoryDatabase(database) as reader:
        later = [record("MAL-1", "kit"), record("MAL-2", "kit")]
        take(database, written(tmp_path, "npm", *later))
        assert len(reader.records([("npm", "kit")]).of("npm", "kit")) == 1
        reader.check()
    assert ids(database, "kit") == {"kit": ["MAL-1", "MAL-2"]}


def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    link = tmp_path / "db.sqlite"
    link.symlink_to(tmp_path / "cache" / "db.sqlite")
    take(link, written(tmp_path, "npm", record("MAL-1")))
    assert link.is_symlink()
    assert (tmp_path / "cache" / "db.sqlite").is_file()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing here ends a process at once")
@pytest.mark.parametrize("kills", [KILLS, pytest.param(50, marks=pytest.mark.sweep)])
def test_an_import_that_is_killed_at_any_time_leaves_a_database_that_answers(
    kills: int, tmp_path: Path
) -> None:
    database = tmp_path / "db.sqlite"
    few = [record(f"MAL-{n}") for n in range(300)]
    many = [*few, *(record(f"MAL-{n}", versions="1.0.0") for n in range(300, 900))]
    old, new = written(tmp_path / "old", "npm", *few), written(tmp_path / "new", "npm", *many)
    take(database, old)
    started = time.monotonic()
    _run(database, new, None)
    whole = time.monotonic() - started
    take(database, old, shrink=True)
    dice = random.Random(7)  # noqa: S311 - times to kill at
    seen = set()
    for _ in range(kills):
        _run(database, new, dice.uniform(0, whole))
        with AdvisoryDatabase(database) as known:
            known.check()
            count = known.state().records
            names = [("npm", f"mal-{n}") for n in range(count)]
            assert len(known.records(names).found) == count
        assert count in {300, 900}
        seen.add(count)
        if count == 900:
            take(database, old, shrink=True)
    assert 300 in seen
    take(database, new)
    assert not list(tmp_path.glob("db.sqlite*.new"))


def _run(database: Path, path: Path, patience: float | None) -> None:
    """Import in a process of its own, which is killed when the time is over."""
    child = multiprocessing.get_context("fork").Process(target=take, args=(database, path))
    child.start()
    child.join(patience)
    child.kill()
    child.join()
    assert child.exitcode in {0, -signal.SIGKILL}
    assert patience is not None or child.exitcode == 0
    child.close()


def _foreign(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        connection = made(path, SCHEMA)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return make


HOSTILE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no database": lambda path: path.write_bytes(b"SQLite format 3\0" + b"x" * 5000),
    "another's": lambda path: sqlite3.connect(path).execute("CREATE TABLE a (b)"),
    "a trigger": _foreign("CREATE TRIGGER t AFTER INSERT ON record BEGIN SELECT 1; END"),
    "a view": _foreign("DROP TABLE affected", "CREATE VIEW affected AS SELECT * FROM held"),
    "another version": _foreign("PRAGMA user_version = 99"),
    "no meta": _foreign(),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_database_is_told_and_not_replaced(tmp_path: Path, what: str) -> None:
    database = tmp_path / "db.sqlite"
    HOSTILE[what](database)
    before = database.read_bytes()
    with pytest.raises(InputError, match=r"db\.sqlite"):
        sources(database)
    with pytest.raises(InputError, match=r"db\.sqlite"):
        take(database, written(tmp_path, "npm", record("MAL-1")))
    assert database.read_bytes() == before


def test_damage_is_found_where_all_is_read(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    take(database, written(tmp_path, "npm", record("MAL-1"), record("MAL-2")))
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM held WHERE record = 1")
    with AdvisoryDatabase(database) as known, pytest.raises(InputError, match="lacks records"):
        known.check()


def test_a_trimmed_database_answers_as_the_whole_one_and_cannot_grow(tmp_path: Path) -> None:
    database, trimmed = tmp_path / "db.sqlite", tmp_path / "trimmed.sqlite"
    npm = written(
        tmp_path,
        "npm",
        record("MAL-1", "kit", published="2025-05-05T00:00:00Z", aliases=["GHSA-1"]),
        record("GHSA-2", "kit", versions="1.0.0"),
        record("MAL-3", "gone", withdrawn="2026-01-01T00:00:00Z"),
    )
    pypi = written(tmp_path, "PyPI", record("MAL-4", "kit", eco="PyPI"))
    take(database, npm, pypi)

    assert export(database, trimmed, Trim(malicious=True)) == 2
    assert ids(trimmed, "kit", "gone") == {"kit": ["MAL-1"], "gone": []}
    with AdvisoryDatabase(database) as whole, AdvisoryDatabase(trimmed) as less:
        (first, *_), (second,) = (
            one.records([("npm", "kit")]).of("npm", "kit") for one in (whole, less)
        )
        assert first == second
        assert less.state().trimmed == "malicious records"
        assert [(one.name, one.day, one.records) for one in less.state().sources] == [
            ("PyPI", "2026-01-02", 1),
            ("npm", "2026-01-02", 1),
        ]
    assert export(database, trimmed, Trim(ecosystems=("pypi",))) == 1
    assert ids(trimmed, "kit") == {"kit": []}
    with pytest.raises(UsageError, match="was trimmed to records of pypi"):
        take(trimmed, npm)
    with pytest.raises(UsageError, match="was trimmed to records of pypi already"):
        export(trimmed, tmp_path / "again.sqlite", Trim())
    with pytest.raises(UsageError, match="has no records of cargo"):
        export(database, tmp_path / "none.sqlite", Trim(ecosystems=("cargo",)))
    assert not (tmp_path / "none.sqlite").exists()


def test_names_are_asked_for_in_any_number(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    take(database, written(tmp_path, "npm", record("MAL-1", "kit"), record("MAL-2", "it's")))
    names: Iterable[tuple[str, str]] = [("npm", f"name-{n}") for n in range(5000)]
    with AdvisoryDatabase(database) as known:
        found = known.records([*names, ("npm", "kit"), ("npm", "it's"), ("npm", "kit"), ("", "")])
    assert {name: len(some) for name, some in found.found.items()} == {
        ("npm", "kit"): 1,
        ("npm", "it's"): 1,
    }
