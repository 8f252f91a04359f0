"""The switch of the quick ways: on, unless a test or the environment says otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor import fastpaths
from auditor.__main__ import run
from auditor.errors import UsageError
from auditor.fastpaths import OFF, ON, FastPaths
from tests.conftest import tarball

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = FastPaths.__struct_fields__


@pytest.fixture(autouse=True)
def _left_as_it_was() -> Iterator[None]:
    with fastpaths.taken(ON):
        yield


def test_all_are_taken_or_none() -> None:
    assert all(map(fastpaths.enabled, NAMES))
    with fastpaths.taken(OFF):
        assert not any(map(fastpaths.enabled, NAMES))
        with fastpaths.taken(ON):
            assert all(map(fastpaths.enabled, NAMES))
        assert not any(map(fastpaths.enabled, NAMES))
    assert all(map(fastpaths.enabled, NAMES))


def test_one_alone_can_be_switched_off() -> None:
    with fastpaths.taken(FastPaths(hyperscan=False)):
        assert [name for name in NAMES if not fastpaths.enabled(name)] == ["hyperscan"]


def test_a_name_that_is_none_is_a_fault() -> None:
    with pytest.raises(AttributeError):
        fastpaths.enabled("hyperscam")


@pytest.mark.parametrize(("said", "expected"), [("off", False), ("on", True)])
def test_a_word_chooses_for_the_rest_of_the_call(said: str, *, expected: bool) -> None:
    fastpaths.choose(said)

    assert [fastpaths.enabled(name) for name in NAMES] == [expected] * len(NAMES)


def test_another_word_is_refused() -> None:
    with pytest.raises(UsageError, match="AUDIT_FAST_PATHS is 'Off', where `on` or `off`"):
        fastpaths.choose("Off")


def test_the_environment_chooses_and_the_report_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    map_ = {"version": 3, "sources": ["a.ts"], "sourcesContent": ["let a\n"], "mappings": "AAAA"}
    files = {
        "package.json": '{"name": "demo", "version": "1.0.0"}',
        "dist/a.js.map": json.dumps(map_),
    }
    file = tmp_path / "demo-1.0.0.tgz"
    file.write_bytes(tarball(files))
    reports = []
    for said in ("off", "on"):
        monkeypatch.setenv("AUDIT_FAST_PATHS", said)
        assert run(["pack", str(file), "--format", "json", "--no-config"]) == 1
        assert fastpaths.enabled("hyperscan") == (said == "on")
        reports.append(capsys.readouterr().out)

    assert reports[0] == reports[1]


def test_a_word_of_the_environment_that_is_none_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDIT_FAST_PATHS", "yes")

    assert run(["--version"]) == 2
    assert "AUDIT_FAST_PATHS is 'yes'" in capsys.readouterr().err
