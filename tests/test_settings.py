"""The registries that the user's own clients are configured for, and what they change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.sources import settings
from auditor.sources.settings import above, of_user
from tests.test_lock_cli import as_json, entry

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "https://one.example/npm/", "https://two.example:8443/simple"


@pytest.mark.parametrize(
    ("name", "text", "hosts"),
    [
        (".npmrc", f"registry={ONE}\n//one.example/:_authToken=secret\n", {("", "one.example")}),
        (".npmrc", f"@s:registry={ONE}\n", {("@s", "one.example")}),
        (".yarnrc", f'registry "{ONE}"\n', {("", "one.example")}),
        (".yarnrc.yml", f"npmRegistryServer: {ONE}\n", {("", "one.example")}),
        (".bunfig.toml", f'[install]\nregistry = "{ONE}"\n', {("", "one.example")}),
        (".config/pnpm/rc", f"registry={ONE}\n", {("", "one.example")}),
        (".config/pip/pip.conf", f"[global]\nindex-url={TWO}\n", {("", "two.example:8443")}),
        (".pip/pip.conf", f"[global]\nextra-index-url={TWO}\n", {("", "two.example:8443")}),
        (".config/uv/uv.toml", f'[[index]]\nurl = "{TWO}"\n', {("", "two.example:8443")}),
        (
            ".config/pdm/config.toml",
            f'[pypi]\nurl = "{TWO}"\npassword = "x"\n[pypi.more]\nurl = "{ONE}"\n',
            {("", "two.example:8443"), ("", "one.example")},
        ),
        (".config/pypoetry/config.toml", f'[repositories.x]\nurl = "{TWO}"\n', set()),
        (".npmrc", "registry=${REGISTRY}\n", set()),
        (".npmrc", "\0\xff", set()),
    ],
)
def test_each_client_has_its_file(
    tmp_path: Path, name: str, text: str, hosts: set[tuple[str, str]]
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    found = of_user({"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")})
    assert {(one.scope, one.host) for one in found} == hosts


@pytest.mark.parametrize(
    ("variable", "value", "hosts"),
    [
        ("npm_config_registry", ONE, {"one.example"}),
        ("NPM_CONFIG_REGISTRY", ONE, {"one.example"}),
        ("YARN_NPM_REGISTRY_SERVER", ONE, {"one.example"}),
        ("BUN_CONFIG_REGISTRY", ONE, {"one.example"}),
        ("PIP_INDEX_URL", "https://user:password@one.example/simple", {"one.example"}),
        ("PIP_EXTRA_INDEX_URL", f"{ONE} {TWO}", {"one.example", "two.example:8443"}),
        ("UV_DEFAULT_INDEX", f"mine={ONE}", {"one.example"}),
        ("UV_INDEX", f"mine={ONE} {TWO}?a=b", {"one.example", "two.example:8443"}),
        ("PDM_PYPI_URL", ONE, {"one.example"}),
        ("PIPENV_PYPI_MIRROR", ONE, {"one.example"}),
        ("PIP_INDEX_URL", "", set()),
        ("REGISTRY", ONE, set()),
    ],
)
def test_each_client_has_its_variables(
    tmp_path: Path, variable: str, value: str, hosts: set[str]
) -> None:
    found = of_user({"HOME": str(tmp_path), variable: value})
    assert {one.host for one in found} == hosts
    assert "password" not in repr(found)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("npm_config_userconfig", f"registry={ONE}"),
        ("NPM_CONFIG_GLOBALCONFIG", f"registry={ONE}"),
        ("PIP_CONFIG_FILE", f"[global]\nindex-url={ONE}"),
        ("UV_CONFIG_FILE", f'index-url = "{ONE}"'),
        ("PDM_CONFIG_FILE", f'[pypi]\nurl = "{ONE}"'),
    ],
)
def test_a_variable_names_the_file(tmp_path: Path, variable: str, text: str) -> None:
    (tmp_path / "settings of mine").write_text(text)
    given = {"HOME": str(tmp_path), variable: str(tmp_path / "settings of mine")}
    assert {one.host for one in of_user(given)} == {"one.example"}


def test_what_cannot_be_read_allows_nothing(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").mkdir()
    (tmp_path / ".yarnrc").symlink_to("nowhere")
    (tmp_path / ".yarnrc.yml").write_text(f"npmRegistryServer: {ONE}\n" + "#" * 1024 * 1024)
    assert of_user({"HOME": str(tmp_path), "npm_config_userconfig": "\0"}) == ()


def test_settings_above_are_those_that_the_client_reads(tmp_path: Path) -> None:
    for name in (".npmrc", ".yarnrc", ".yarnrc.yml", "uv.toml"):
        (tmp_path / name).write_text("outside of the repository")
        (tmp_path / "top" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "top" / name).write_text("top")
    (tmp_path / "top/.git").mkdir()
    project = tmp_path / "top/packages/a"
    project.mkdir(parents=True)
    (project.parent / ".yarnrc").symlink_to(tmp_path / ".yarnrc")

    assert above(project, "yarn") == {"../../.npmrc": b"top", "../../.yarnrc": b"top"}
    assert above(project, "yarn-berry") == {"../../.yarnrc.yml": b"top"}
    assert above(project, "uv") == {"../../uv.toml": b"top"}
    assert above(project, "package-lock") == {}
    assert above(tmp_path / "top", "yarn") == {}


def test_outside_of_a_repository_nothing_above_is_read(tmp_path: Path) -> None:
    # Deeper than anybody looks for a root, whatever the folder of temporary files lies in.
    project = tmp_path.joinpath(*"a" * (settings._DEEPEST + 1))  # noqa: SLF001
    project.mkdir(parents=True)
    (project.parent / ".yarnrc").write_text(f'registry "{ONE}"')
    assert above(project, "yarn") == {}
    (project.parent / ".git").mkdir()
    assert list(above(project, "yarn")) == ["../.yarnrc"]


def lockfile(hosts: dict[str, str]) -> str:
    """Return a package-lock.json of packages by the host that each comes from."""
    rows = {
        f"node_modules/{name}": {
            **entry(name, "1.0.0"),
            "resolved": f"https://{host}/{name}/-/{name.rpartition('/')[2]}-1.0.0.tgz",
        }
        for name, host in hosts.items()
    }
    root = {"dependencies": dict.fromkeys(hosts, "^1.0.0")}
    return json.dumps({"lockfileVersion": 3, "packages": {"": root, **rows}})


ODD = dict.fromkeys("abcd", "registry.example.org") | {"e": "mirror.example"}
MANY = dict.fromkeys("fghijklm", "registry.example.org") | ODD


@pytest.mark.parametrize(
    ("hosts", "user", "project", "foreign"),
    [
        (ODD, "", "", ["mirror.example"]),
        (ODD, "registry=https://mirror.example/", "", []),
        (ODD, "@s:registry=https://mirror.example/", "", ["mirror.example"]),
        (
            ODD,
            "registry=https://mirror.example/",
            "registry=https://registry.example.org/",
            ["mirror.example"],
        ),
        (dict.fromkeys("abc", "registry.example.org"), "registry=https://mirror.example/", "", []),
        (
            {"a": "one.example", "b": "one.example", "c": "two.example", "d": "two.example"},
            "registry=https://mirror.example/",
            "",
            [],
        ),
        (MANY | {"@s/e": "mirror.example"}, "@s:registry=https://mirror.example/", "", ["e"]),
        (
            dict.fromkeys("abcd", "registry.example.org") | {"@s/e": "mirror.example"},
            "registry=https://mirror.example/",
            "@s:registry=https://other.example/",
            ["mirror.example"],
        ),
        (
            dict.fromkeys("abcd", "registry.example.org") | {"@s/e": "mirror.example"},
            "registry=https://mirror.example/\n@s:registry=https://other.example/",
            "",
            ["mirror.example"],
        ),
    ],
)
def test_the_users_settings_allow_and_the_projects_decide(  # noqa: PLR0913, PLR0917 - a table's row
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    hosts: dict[str, str],
    user: str,
    project: str,
    foreign: list[str],
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text(user)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "package-lock.json").write_text(lockfile(hosts))
    (folder / ".npmrc").write_text(project)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))

    _, document = as_json(capsys, str(folder))
    found = [f for f in document["findings"] if f["rule"] == "foreign-host"]
    if foreign == ["e"]:
        assert [f["evidence"]["sample"] for f in found] == [["e@1.0.0"]]
    else:
        assert [f["location"]["key"] for f in found] == foreign


def test_pythons_registries_say_nothing_of_npms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "package-lock.json").write_text(lockfile(ODD))
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    _, document = as_json(capsys, str(tmp_path))
    assert [f["rule"] for f in document["findings"]] == ["foreign-host"]


def test_a_token_in_the_users_settings_gets_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".npmrc").write_text(
        "registry=https://name:hunter2@other.example/\n//other.example/:_authToken=hunter2\n"
    )
    (tmp_path / "package-lock.json").write_text(lockfile(ODD))
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / ".npmrc"))
    _, document = as_json(capsys, str(tmp_path / "package-lock.json"))
    assert "hunter2" not in json.dumps(document)


def test_a_mirror_in_the_environment_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "package-lock.json").write_text(lockfile(ODD))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://mirror.example/")
    _, document = as_json(capsys, str(tmp_path))
    assert document["findings"] == []
