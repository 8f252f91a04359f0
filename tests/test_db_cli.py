"""audit db, and audit lock with the database: what is printed, where it is looked for, its age."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from auditor.__main__ import run
from auditor.sources.advisoryimport import Export, import_exports
from auditor.sources.advisoryplaces import BUNDLED
from tests.osv_exports import export, record

if TYPE_CHECKING:
    from pathlib import Path

KIT = json.dumps(
    {
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {"our-kit": "^1.0.0"}},
            "node_modules/our-kit": {"version": "1.0.0"},
        },
    }
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with a lockfile, in which the caller is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package-lock.json").write_text(KIT)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    code = run(["lock", "--format", "json", "--names", "off", *more])
    return code, json.loads(capsys.readouterr().out)


def found(document: dict[str, Any]) -> list[str]:
    wanted = {"known-malicious", "known-vulnerable", "overbroad-malicious-record"}
    return [one["rule"] for one in document["findings"] if one["rule"] in wanted]


def test_what_is_imported_is_told_and_found(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    path = export(place, "npm", record("MAL-1", "our-kit", versions="1.0.0"), record("GHSA-2", "x"))
    db = place / "db.sqlite"

    assert run(["db", "import", str(path), "--db", str(db)]) == 0
    assert capsys.readouterr().out == (
        f"2 records read: 2 new, 0 changed, 0 taken out; 2 in {db}\n"
    )
    assert run(["db", "status", "--check", "--db", str(db)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(db)
    assert lines[2] == "2 records: 1 of malicious packages, 1 others, 0 of all withdrawn"
    assert lines[3] == "  npm: 2 records, 1 of malicious packages; 2 packages"
    assert lines[4] == "export npm: 2 records, the newest of 2026-01-02T00:00:00Z"
    assert lines[5].startswith("    sha256 ")

    code, document = report(capsys, "--db", str(db))
    assert (code, found(document)) == (1, ["known-malicious"])
    assert any(
        "advisories (records) of npm 2026-01-02" in text for text in document["tool"]["data"]
    )


def test_the_status_is_there_for_programs(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    path = export(place, "npm", record("MAL-1"))
    run(["db", "import", str(path), "--db", "db.sqlite"])
    capsys.readouterr()
    assert run(["db", "status", "--db", "db.sqlite", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["records"], document["malicious"], document["trimmed"]) == (1, 1, None)
    assert document["ecosystems"] == [{"name": "npm", "packages": 1, "records": 1, "malicious": 1}]
    (source,) = document["sources"]
    assert (source["name"], source["fetched"], source["records"]) == ("npm", None, 1)
    assert source["newest_record"] == "2026-01-02T00:00:00Z"


def test_the_database_is_that_of_the_option_then_of_the_variable_then_the_users_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    mine = place / "data" / "release-audit" / "advisories.sqlite"
    monkeypatch.setattr("auditor.sources.userplaces.data", lambda: mine.parent)
    for number, arguments in enumerate((["--db", "one.sqlite"], [], [])):
        if number == 1:
            monkeypatch.setenv("AUDIT_DB", str(place / "two.sqlite"))
        if number == 2:
            monkeypatch.delenv("AUDIT_DB")
        path = export(place, "npm", record(f"MAL-{number}", "our-kit", versions="1.0.0"))
        assert run(["db", "import", str(path), *arguments]) == 0
    assert mine.is_file()
    capsys.readouterr()

    told = []
    for variable, arguments in (("", ["--db", "one.sqlite"]), ("two.sqlite", []), ("", [])):
        monkeypatch.setenv("AUDIT_DB", variable)
        _, document = report(capsys, *arguments)
        told += [one for one in document["findings"] if one["rule"] == "known-malicious"]
    assert [id_ for one in told for id_ in one["evidence"]["advisories"]] == [
        "MAL-0",
        "MAL-1",
        "MAL-2",
    ]


def test_without_a_database_the_malicious_packages_that_come_with_us_are_known(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    (place / "package-lock.json").write_text(KIT.replace("our-kit", "cxp-jquery"))
    code, document = report(capsys)
    assert (code, found(document)) == (1, ["known-malicious"])
    assert run(["db", "status"]) == 0
    assert capsys.readouterr().out.startswith(f"{BUNDLED} (it comes with audit;")


@pytest.mark.parametrize("named", ["option", "variable"])
def test_a_database_that_is_named_and_not_there_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path, named: str
) -> None:
    if named == "variable":
        monkeypatch.setenv("AUDIT_DB", "none.sqlite")
    assert place.is_dir()
    assert run(["lock", *["--db", "none.sqlite"] * (named == "option")]) == 2
    assert "none.sqlite: there is no such database" in capsys.readouterr().err


def test_a_database_that_cannot_be_read_is_a_gap(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    (place / "db.sqlite").write_bytes(b"SQLite format 3\0")
    code, document = report(capsys, "--db", "db.sqlite")
    assert code == 3
    assert [gap["location"]["source"] for gap in document["gaps"]] == ["db.sqlite"]
    assert run(["db", "status", "--db", "db.sqlite"]) == 3
    assert "cannot be read as an advisory database" in capsys.readouterr().err


@pytest.mark.parametrize(("days", "code"), [(7, 0), (8, 3)])
def test_knowledge_that_is_older_than_wanted_is_a_gap(
    capsys: pytest.CaptureFixture[str],
    place: Path,
    days: int,
    code: int,
) -> None:
    when = datetime.now(UTC) - timedelta(days=days)
    came = Export(
        path=export(place, "npm", record("MAL-1")),
        url="https://osv.example.org/npm/all.zip",
        fetched_at=f"{when:%Y-%m-%dT%H:%M:%SZ}",
    )
    import_exports(place / "db.sqlite", [came])
    ended, document = report(
        capsys, "--db", "db.sqlite", "--max-db-age", "7d", "--fail-on", "critical"
    )
    assert ended == code
    reasons = [gap["reason"] for gap in document["gaps"]]
    told = f"db.sqlite: knows what was known of npm on {when:%Y-%m-%d}, 8 days ago"
    assert [reason.partition(";")[0] for reason in reasons] == [told] * (code == 3)


def test_single_records_alone_have_no_age(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "MAL-1.json").write_text(json.dumps(record("MAL-1")))
    run(["db", "import", "MAL-1.json", "--db", "db.sqlite"])
    capsys.readouterr()
    code, document = report(capsys, "--db", "db.sqlite", "--max-db-age", "900w")
    assert code == 3
    assert "nobody knows how old it is" in document["gaps"][0]["reason"]


def test_an_export_that_is_broken_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    path = export(place, "npm", record("MAL-1"))
    path.write_bytes(path.read_bytes()[:-10])
    assert run(["db", "import", str(path), "--db", "db.sqlite"]) == 3
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"audit: not imported: {path}: ")
    assert not (place / "db.sqlite").exists()


def test_a_trimmed_database_is_written_and_used(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    path = export(
        place, "npm", record("MAL-1", "our-kit", versions="1.0.0"), record("GHSA-1", "our-kit")
    )
    run(["db", "import", str(path), "--db", "db.sqlite"])
    trimmed = ["db", "export", "--malicious", "less.sqlite", "--db", "db.sqlite"]
    assert run(trimmed) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 record, ")
    _, document = report(capsys, "--db", "less.sqlite")
    assert found(document) == ["known-malicious"]
    _, document = report(capsys, "--db", "db.sqlite")
    assert sorted(found(document)) == ["known-malicious", "known-vulnerable"]


def test_an_incident_report_counts_what_records_say(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    path = export(place, "npm", record("MAL-1", "our-kit", versions="1.0.0"))
    run(["db", "import", str(path), "--db", "db.sqlite"])
    capsys.readouterr()
    asked = ["triage", ".", "--no-caches", "--db", "db.sqlite", "--format", "json"]
    assert run(asked) == 1
    document = json.loads(capsys.readouterr().out)
    (finding,) = document["findings"]
    assert document["triage"]["playbook"][0]["do"].startswith("Treat each machine")
    assert (finding["rule"], finding["location"]["key"]) == ("known-malicious", "our-kit@1.0.0")
    run([*asked, "--incident", "axios-2026-03"])
    assert json.loads(capsys.readouterr().out)["findings"] == []
