"""What was parsed of rules is kept, counts as long as nothing changed, and changes no answer."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from auditor import incidentfile, rulebook, rulefile
from auditor.advisories import packs
from auditor.errors import RuleError
from auditor.sources import keptfile, rulecache
from auditor.sources import parsed as kept_values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE = (rulebook.builtin_folder() / "embedded-sources.yaml").read_text(encoding="utf-8")


@pytest.fixture(name="kept", autouse=True)
def _kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keptfile, "folder", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "rules"


@pytest.fixture(name="parses")
def _parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is filled with the digests of what gets parsed."""
    done: list[str] = []
    parsed = rulefile.parsed

    def counted(source: rulebook.Source, **asked: bool) -> rulebook.Ruleset:
        done.append(source.digest)
        return parsed(source, **asked)

    monkeypatch.setattr(rulefile, "parsed", counted)
    return done


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "data").mkdir(parents=True)
    (folder / "embedded-sources.yaml").write_text(RULE, encoding="utf-8")
    (folder / "data" / "some.txt").write_text("# some\nOne\n\ntwo\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("asked", [{}, {"lockfile": True}, {"lockfile": False}, {"telling": True}])
def test_what_was_kept_is_what_is_parsed(asked: dict[str, bool]) -> None:
    folders = [rulebook.builtin_folder()]
    whole = rulefile.load(folders, **asked)

    assert rulecache.load(folders, **asked) == whole
    assert rulecache.load(folders, **asked) == whole


def test_packs_that_were_kept_say_the_same_to_their_end() -> None:
    folders = [rulebook.builtin_folder()]
    whole = {pack.incident.id: pack for pack in incidentfile.read(folders)}

    for found in (rulecache.packs(folders)[0], rulecache.packs(folders)[0]):
        assert {pack.incident.id for pack in found} == whole.keys()
        for pack in found:
            there = whole[pack.incident.id]
            assert packs.detail(pack) == packs.detail(there)
            assert (pack.packages, pack.lists) == (there.packages, there.lists)


def test_rules_are_parsed_once(folder: Path, parses: list[str]) -> None:
    first, again = rulecache.load([folder]), rulecache.load([folder])

    assert first == again
    assert len(parses) == 1
    assert first.lists == {"some.txt": frozenset({"one", "two"})}


def test_files_in_which_nothing_changed_are_not_even_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rulecache.load([folder])
    monkeypatch.setattr(rulebook, "read", None)

    assert rulecache.load([folder]) == first


def _written(folder: Path) -> Path:
    (folder / "embedded-sources.yaml").write_text(RULE, encoding="utf-8")
    return folder


def _timed(folder: Path) -> Path:
    os.utime(folder / "embedded-sources.yaml", ns=(1, 1))
    return folder


def _copied(folder: Path) -> Path:
    return shutil.copytree(folder, folder.parent / "copy")  # which keeps the times


@pytest.mark.parametrize("same", [_written, _timed, _copied])
def test_files_that_say_the_same_are_read_and_not_parsed(
    folder: Path, parses: list[str], same: Callable[[Path], Path]
) -> None:
    first = rulecache.load([folder])

    assert rulecache.load([same(folder)]) == first
    assert len(parses) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="keeps no time that nobody can set")
def test_an_edit_is_seen_whatever_time_it_is_given(folder: Path, kept: Path) -> None:
    rulecache.load([folder])
    file = folder / "embedded-sources.yaml"
    before = file.stat()
    _edit(folder, kept)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert rulecache.load([folder]) == rulefile.load([folder])


def test_a_pack_of_ours_in_a_folder_of_the_users_is_checked_as_the_users(tmp_path: Path) -> None:
    ours = rulebook.builtin_folder()
    copy = tmp_path / "copy"
    shutil.copytree(ours / "incidents", copy / "incidents")
    name = min(path.name for path in (copy / "incidents").glob("*.yaml"))
    text = (copy / "incidents" / name).read_text(encoding="utf-8")

    assert rulecache.packs([copy])[1] != rulecache.packs([ours])[1]
    (copy / "incidents" / name).write_text(f"{text}unknown: 1\n", encoding="utf-8")
    with pytest.raises(RuleError):
        rulecache.packs([copy])


def _edit(folder: Path, kept: Path) -> None:
    del kept
    text = RULE.replace("severity: high", "severity: low ", 1)  # as many bytes
    (folder / "embedded-sources.yaml").write_text(text, encoding="utf-8")


def _list(folder: Path, kept: Path) -> None:
    del kept
    (folder / "data" / "some.txt").write_text("# some\nOne\n\nten\n", encoding="utf-8")


def _cut(folder: Path, kept: Path) -> None:
    del folder
    (file,) = kept.iterdir()
    file.write_bytes(file.read_bytes()[:-1])


def _filled(folder: Path, kept: Path) -> None:
    del folder
    (file,) = kept.iterdir()
    file.write_bytes(b"\xc1" * 100)


def _linked(folder: Path, kept: Path) -> None:
    (file,) = kept.iterdir()
    elsewhere = folder.parent / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def _gone(folder: Path, kept: Path) -> None:
    del folder
    (file,) = kept.iterdir()
    file.unlink()


@pytest.mark.parametrize("change", [_edit, _list, _cut, _filled, _linked, _gone])
def test_what_changed_or_is_damaged_is_parsed_anew(
    folder: Path, kept: Path, parses: list[str], change: Callable[[Path, Path], None]
) -> None:
    rulecache.load([folder])
    change(folder, kept)

    assert rulecache.load([folder]) == rulefile.load([folder])
    assert len(parses) == 2 + 1  # the last is the comparison's


def test_another_state_of_our_own_code_parses_anew(
    folder: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rulecache.load([folder])
    monkeypatch.setattr(kept_values, "__version__", "0.0.0.dev1")
    rulecache.load([folder])

    assert len(parses) == 2


def test_two_installations_keep_their_own(
    folder: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rulecache.load([folder])
    with monkeypatch.context() as other:
        other.setattr(kept_values, "_ROOT", f"{folder}/..")
        other.setattr(kept_values, "_code", lambda names: names)
        rulecache.load([folder])
    rulecache.load([folder])

    assert len(parses) == 2


def test_without_a_place_to_keep_it_all_is_as_before(folder: Path, kept: Path) -> None:
    kept.parent.mkdir()
    kept.write_text("a file where the folder would be", encoding="utf-8")

    assert rulecache.load([folder]) == rulefile.load([folder])


def test_a_rule_that_is_wrong_is_told_each_time(folder: Path) -> None:
    text = re.sub("severity: high", "severity: huge", RULE, count=1)
    (folder / "embedded-sources.yaml").write_text(text, encoding="utf-8")

    for _ in range(2):
        with pytest.raises(RuleError, match="'huge' is none of"):
            rulecache.load([folder])


def test_what_ships_is_taken_without_a_cache(
    folder: Path, kept: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "builtin_folder", lambda: folder)
    (folder / rulecache.RULES).write_bytes(rulecache.to_ship()[rulecache.RULES])
    parses.clear()

    assert [rule.id for rule in rulecache.load([folder]).rules] == ["embedded-sources"]
    assert parses == []
    (kept_file,) = kept.iterdir()
    kept_file.unlink()
    _edit(folder, kept)
    rulecache.load([folder])
    assert len(parses) == 1
