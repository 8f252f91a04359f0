"""Where our own folders lie: as platformdirs says, which is asked where Linux does not say it."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs
import pytest

from auditor.sources import userplaces

HOMES = [
    {"HOME": "/home/a"},
    {"HOME": "/home/a/"},
    {"HOME": "/"},
    {"HOME": "relative"},
    {"HOME": ""},
    {},
    {"HOME": "/home/a", "XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d/e/"},
    {"HOME": "/home/a", "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""},
    {"HOME": "/home/a", "XDG_CACHE_HOME": "c", "XDG_DATA_HOME": "./d"},
    {"HOME": "/home/a", "XDG_CACHE_HOME": "~/c", "XDG_DATA_HOME": "~"},
    {"XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d"},
]


@pytest.mark.parametrize("variables", HOMES, ids=str)
def test_both_folders_are_those_of_platformdirs(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "ANDROID_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    found = (userplaces.cache(), userplaces.data())

    assert found == (
        platformdirs.user_cache_path("release-audit", appauthor=False),
        platformdirs.user_data_path("release-audit", appauthor=False),
    )


@pytest.mark.parametrize(
    ("system", "variables"), [("darwin", {}), ("linux", {"ANDROID_DATA": "/data"})]
)
def test_any_other_system_is_left_to_platformdirs(
    system: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("/cache"))
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: Path("/data"))

    assert (userplaces.cache(), userplaces.data()) == (Path("/cache"), Path("/data"))
