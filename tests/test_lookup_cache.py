"""What registries said, kept on the disk: for an hour, for one user, whatever lies there."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.names.signals import Signals
from auditor.sources import lookupcache
from auditor.sources.lookupcache import LookupCache

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://registry.example.org/"
DAY = datetime(2026, 3, 31, tzinfo=UTC)
SAID = Signals(
    there=True,
    first=DAY,
    newest=DAY,
    versions=2,
    maintainers=frozenset({"ann"}),
    releases={"1.0.0": DAY, "1.1.0": None},
    gone={"1.2.0": DAY},
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "a" / "lookups"


def only_file(place: Path) -> Path:
    (path,) = place.iterdir()
    return path


def test_what_was_said_is_said_again_in_full(place: Path) -> None:
    LookupCache(place).put(BASE, "@acme/kit", SAID)
    assert LookupCache(place).get(BASE, "@acme/kit") == SAID


def test_each_name_of_each_registry_is_one_of_its_own(place: Path) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    assert cache.get(BASE, "b") is None
    assert cache.get(f"{BASE}x/", "a") is None


@pytest.mark.parametrize(("minutes", "there"), [(0, 1), (59, 1), (61, 0), (-1, 0)])
def test_it_counts_for_an_hour(
    place: Path, monkeypatch: pytest.MonkeyPatch, minutes: int, there: int
) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    later = time.time() + minutes * 60
    monkeypatch.setattr("auditor.sources.lookupcache.time.time", lambda: later)
    assert (cache.get(BASE, "a") is not None) == bool(there)


def test_only_this_user_can_look_into_it(place: Path) -> None:
    LookupCache(place).put(BASE, "a", SAID)
    if hasattr(os, "getuid"):
        assert place.stat().st_mode & 0o777 == 0o700
        assert only_file(place).stat().st_mode & 0o777 == 0o600


def test_nothing_unfinished_is_left(place: Path) -> None:
    LookupCache(place).put(BASE, "a", SAID)
    assert [path.suffix for path in place.iterdir()] == [".json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"base": 1}',
        json.dumps({"base": BASE, "name": "a", "asked": "now", "said": {"there": True}}).encode(),
        json.dumps({"base": BASE, "name": "a", "asked": 1e308, "said": {"there": True}}).encode(),
        json.dumps({"base": BASE, "name": "b", "asked": 0, "said": {"there": True}}).encode(),
    ],
)
def test_what_is_no_answer_is_as_if_it_was_not_there(place: Path, content: bytes) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    only_file(place).write_bytes(content)
    assert cache.get(BASE, "a") is None


def test_an_answer_under_another_name_is_none(place: Path) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "lodash", SAID)
    path = only_file(place)
    path.rename(cache._path(BASE, "lodahs"))  # noqa: SLF001 - as who wants to deceive would
    assert cache.get(BASE, "lodahs") is None


def test_a_link_is_neither_read_nor_written_through(place: Path, tmp_path: Path) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    path, elsewhere = only_file(place), tmp_path / "elsewhere"
    path.rename(elsewhere)
    before = elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    assert cache.get(BASE, "a") is None

    cache.put(BASE, "a", SAID)
    assert not path.is_symlink()
    assert elsewhere.read_bytes() == before
    assert cache.get(BASE, "a") == SAID


def test_a_folder_that_is_a_link_is_not_used(place: Path, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    place.parent.mkdir()
    place.symlink_to(tmp_path / "others")
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    assert list((tmp_path / "others").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_is_not_waited_for(place: Path) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    path = only_file(place)
    path.unlink()
    os.mkfifo(path)
    assert cache.get(BASE, "a") is None


def test_a_place_that_cannot_be_made_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = LookupCache(tmp_path / "file" / "lookups")
    cache.put(BASE, "a", SAID)
    assert cache.get(BASE, "a") is None


def test_what_is_too_old_or_was_never_finished_is_taken_away(place: Path) -> None:
    cache = LookupCache(place)
    cache.put(BASE, "a", SAID)
    cache.put(BASE, "b", SAID)
    unfinished = place / "tmp1"
    unfinished.write_text("")
    old = time.time() - lookupcache.AGE - 5
    for path in (cache._path(BASE, "a"), unfinished):  # noqa: SLF001 - which file is whose
        os.utime(path, (old, old))
    assert LookupCache(place).get(BASE, "b") == SAID
    assert len(list(place.iterdir())) == 1


def test_entries_are_bounded_in_size_and_number(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookupcache, "_LARGEST", 1000)
    monkeypatch.setattr(lookupcache, "_MOST", 2)
    cache = LookupCache(place)
    cache.put(BASE, "large", Signals(there=True, releases={"1" * 1000: None}))
    assert list(place.iterdir()) == []
    for name in "abc":
        cache.put(BASE, name, SAID)
    assert len(list(place.iterdir())) == 2

    only = cache._path(BASE, "a")  # noqa: SLF001 - as who wants to fill the memory would
    only.write_bytes(only.read_bytes() + b" " * 1000)
    assert cache.get(BASE, "a") is None


def test_it_lies_where_programs_keep_what_can_be_fetched_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert lookupcache.folder().parts[-1] == "lookups"
    assert "release-audit" in lookupcache.folder().parts
