"""Where caches and installed packages lie: variables, systems, version managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.sources import caches
from auditor.sources.trees import installed_trees

if TYPE_CHECKING:
    from pathlib import Path

PLACES = [
    ("linux", {}, "npm", ".npm/_cacache"),
    ("linux", {"NPM_CONFIG_CACHE": "~/n"}, "npm", "n/_cacache"),
    ("win32", {"LOCALAPPDATA": "{home}/L"}, "npm", "L/npm-cache/_cacache"),
    ("win32", {}, "npm", "AppData/Local/npm-cache/_cacache"),
    ("linux", {}, "npm-logs", ".npm/_logs"),
    ("linux", {"npm_config_logs_dir": "{home}/logs"}, "npm-logs", "logs"),
    ("linux", {}, "pnpm", ".local/share/pnpm/store"),
    ("linux", {"XDG_DATA_HOME": "{home}/d"}, "pnpm", "d/pnpm/store"),
    ("linux", {"XDG_DATA_HOME": "d"}, "pnpm", ".local/share/pnpm/store"),
    ("linux", {"npm_config_store_dir": "{home}/st"}, "pnpm", "st"),
    ("linux", {"PNPM_HOME": "{home}/ph"}, "pnpm", "ph/store"),
    ("darwin", {}, "pnpm", "Library/pnpm/store"),
    ("win32", {}, "pnpm", "AppData/Local/pnpm/store"),
    ("linux", {}, "yarn", ".cache/yarn/v6"),
    ("linux", {"YARN_CACHE_FOLDER": "{home}/y"}, "yarn", "y/v4"),
    ("darwin", {}, "yarn", "Library/Caches/Yarn/v6"),
    ("win32", {}, "yarn", "AppData/Local/Yarn/Cache/v6"),
    ("linux", {}, "yarn-berry", ".yarn/berry/cache"),
    ("linux", {"XDG_DATA_HOME": "{home}/d"}, "yarn-berry", "d/yarn/berry/cache"),
    ("linux", {"YARN_GLOBAL_FOLDER": "{home}/g"}, "yarn-berry", "g/cache"),
    ("linux", {"YARN_CACHE_FOLDER": "{home}/y"}, "yarn-berry", "y"),
    ("win32", {}, "yarn-berry", "AppData/Local/Yarn/Berry/cache"),
    ("linux", {}, "bun", ".bun/install/cache"),
    ("linux", {"BUN_INSTALL": "{home}/b"}, "bun", "b/install/cache"),
    ("linux", {"BUN_INSTALL_CACHE_DIR": "{home}/c"}, "bun", "c"),
    ("linux", {"XDG_CACHE_HOME": "{home}/c"}, "bun", "c/.bun/install/cache"),
    ("linux", {}, "deno", ".cache/deno/npm"),
    ("linux", {"DENO_DIR": "{home}/dd"}, "deno", "dd/npm"),
    ("darwin", {}, "deno", "Library/Caches/deno/npm"),
    ("linux", {}, "pip", ".cache/pip"),
    ("linux", {"PIP_CACHE_DIR": "{home}/p"}, "pip", "p"),
    ("darwin", {}, "pip", "Library/Caches/pip"),
    ("win32", {}, "pip", "AppData/Local/pip/Cache"),
    ("linux", {"PIPENV_CACHE_DIR": "{home}/p"}, "pipenv", "p"),
    ("win32", {}, "pipenv", "AppData/Local/pipenv/pipenv/Cache"),
    ("linux", {}, "uv", ".cache/uv"),
    ("darwin", {}, "uv", ".cache/uv"),
    ("win32", {}, "uv", "AppData/Local/uv/cache"),
    ("linux", {"UV_CACHE_DIR": "{home}/u"}, "uv", "u"),
    ("linux", {}, "poetry", ".cache/pypoetry/artifacts"),
    ("linux", {"POETRY_CACHE_DIR": "{home}/p"}, "poetry", "p/artifacts"),
    ("win32", {}, "poetry", "AppData/Local/pypoetry/Cache/artifacts"),
    ("linux", {"PDM_CACHE_DIR": "{home}/p"}, "pdm", "p"),
    ("darwin", {}, "pdm", "Library/Caches/pdm"),
    ("win32", {}, "pdm", "AppData/Local/pdm/pdm/Cache"),
    ("linux", {}, "conda", "miniforge3/pkgs"),
    ("linux", {"CONDA_PKGS_DIRS": "{home}/a:{home}/b"}, "conda", "b"),
    ("win32", {"CONDA_PKGS_DIRS": "{home}/a;{home}/b"}, "conda", "b"),
    ("linux", {"CONDA_EXE": "{home}/c/bin/conda"}, "conda", "c/pkgs"),
    ("linux", {"MAMBA_ROOT_PREFIX": "{home}/m"}, "conda", "m/pkgs"),
]


@pytest.mark.parametrize(("platform", "variables", "client", "place"), PLACES)
def test_where_a_cache_lies(
    platform: str, variables: dict[str, str], client: str, place: str, tmp_path: Path
) -> None:
    environment = {name: value.format(home=tmp_path) for name, value in variables.items()}
    assert [c for c in caches.caches(environment, tmp_path, platform) if c.client == client] == []
    (tmp_path / place).mkdir(parents=True)
    found = [c.folder for c in caches.caches(environment, tmp_path, platform) if c.client == client]
    assert found == [tmp_path / place]


def test_a_folder_that_a_variable_names_does_not_hide_the_other_and_each_counts_once(
    tmp_path: Path,
) -> None:
    for place in ("one/_cacache", ".npm/_cacache"):
        (tmp_path / place).mkdir(parents=True)

    def found(cache: str) -> list[Path]:
        environment = {"npm_config_cache": str(tmp_path / cache)}
        return [c.folder for c in caches.caches(environment, tmp_path, "linux")]

    assert found("one") == [tmp_path / "one/_cacache", tmp_path / ".npm/_cacache"]
    assert found(".npm") == [tmp_path / ".npm/_cacache"]


def test_a_relative_folder_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c/_cacache").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert list(caches.caches({"npm_config_cache": "c"}, tmp_path, "linux")) == []


def test_a_folder_of_yarn_1_is_none_of_yarn_4(tmp_path: Path) -> None:
    (tmp_path / "y/v6").mkdir(parents=True)
    environment = {"YARN_CACHE_FOLDER": str(tmp_path / "y")}
    assert [c.client for c in caches.caches(environment, tmp_path, "linux")] == ["yarn"]


TREES = [
    ("linux", {}, ".npm/_npx/0123abcd/node_modules"),
    ("linux", {"npm_config_cache": "{home}/c"}, "c/_npx/0123abcd/node_modules"),
    ("win32", {}, "AppData/Local/npm-cache/_npx/0123abcd/node_modules"),
    ("linux", {"npm_config_prefix": "{home}/g"}, "g/lib/node_modules"),
    ("win32", {"NPM_CONFIG_PREFIX": "{home}/g"}, "g/node_modules"),
    ("win32", {"APPDATA": "{home}/R"}, "R/npm/node_modules"),
    ("linux", {}, ".npm-global/lib/node_modules"),
    ("linux", {}, ".nvm/versions/node/v24.0.0/lib/node_modules"),
    ("linux", {"NVM_DIR": "{home}/n"}, "n/versions/node/v24.0.0/lib/node_modules"),
    ("linux", {}, ".volta/tools/image/node/24.0.0/lib/node_modules"),
    ("linux", {}, ".volta/tools/image/packages/eslint/lib/node_modules"),
    ("linux", {}, ".volta/tools/image/packages/@s/n/lib/node_modules"),
    ("linux", {}, ".local/share/fnm/node-versions/v24.0.0/installation/lib/node_modules"),
    ("linux", {}, ".local/share/pnpm/global/5/node_modules"),
    ("linux", {"PNPM_HOME": "{home}/ph"}, "ph/global/v11/0123/node_modules"),
    ("darwin", {}, "Library/pnpm/global/5/node_modules"),
    ("linux", {}, ".local/share/pnpm/global/5/.pnpm/is-odd@3.0.1/node_modules"),
    ("linux", {}, ".cache/pnpm/dlx/0123/4567/node_modules"),
    ("linux", {}, ".config/yarn/global/node_modules"),
    ("win32", {}, "AppData/Local/Yarn/Data/global/node_modules"),
    ("linux", {}, ".bun/install/global/node_modules"),
    ("linux", {}, ".local/lib/python3.12/site-packages"),
    ("linux", {}, ".local/share/pipx/venvs/black/lib/python3.12/site-packages"),
    ("linux", {"PIPX_HOME": "{home}/px"}, "px/venvs/black/lib/python3.12/site-packages"),
    ("linux", {}, ".local/share/uv/tools/ruff/lib/python3.12/site-packages"),
    ("linux", {}, ".local/share/uv/python/cpython-3.12/lib/python3.12/site-packages"),
    ("linux", {}, ".cache/uv/environments-v1/0123/lib/python3.12/site-packages"),
    ("linux", {}, ".cache/uv/archive-v0/0123/lib/python3.12/site-packages"),
    ("linux", {}, ".pyenv/versions/3.12.1/lib/python3.12/site-packages"),
    ("darwin", {}, "Library/Python/3.12/lib/python/site-packages"),
    ("win32", {"APPDATA": "{home}/R"}, "R/Python/Python312/site-packages"),
    ("win32", {"APPDATA": "{home}/R"}, "R/uv/tools/ruff/Lib/site-packages"),
]


def trees(environment: dict[str, str], home: Path, platform: str) -> list[Path]:
    unread: dict[Path, str] = {}
    found = list(installed_trees(environment, home, platform, unread))
    assert unread == {}
    return found


@pytest.mark.parametrize(("platform", "variables", "place"), TREES)
def test_where_packages_are_installed(
    platform: str, variables: dict[str, str], place: str, tmp_path: Path
) -> None:
    environment = {name: value.format(home=tmp_path) for name, value in variables.items()}
    assert trees(environment, tmp_path, platform) == []
    (tmp_path / place).mkdir(parents=True)
    assert trees(environment, tmp_path, platform) == [tmp_path / place]


def test_a_tree_that_two_settings_name_counts_once(tmp_path: Path) -> None:
    tree = tmp_path / ".local/lib/node_modules"
    tree.mkdir(parents=True)
    environment = {"npm_config_prefix": str(tmp_path / ".local")}
    assert trees(environment, tmp_path, "linux") == [tree]


def test_what_cannot_be_looked_into_is_said(tmp_path: Path) -> None:
    for place in (".nvm/versions/node", ".bun/install/global/node_modules"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).symlink_to(tmp_path / place)  # which not even root can follow
    unread: dict[Path, str] = {}

    assert list(installed_trees({}, tmp_path, "linux", unread)) == []
    assert {
        path.relative_to(tmp_path).as_posix(): why.partition(":")[0] for path, why in unread.items()
    } == {
        ".nvm/versions/node": "cannot be listed",
        ".bun/install/global/node_modules": "cannot be looked at",
    }
