"""The registries that clients are configured for, from each kind of settings file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import registries
from auditor.registries import configured, settings_in
from tests.often import often

ONE, TWO = "https://one.example/npm/", "https://two.example:8443/"


@pytest.mark.parametrize(
    ("name", "text", "default", "scopes"),
    [
        (
            ".npmrc",
            f'registry={ONE}\n@s:registry = "{TWO}"\n//one.example/:_authToken=x\n; registry=x\n',
            {"one.example"},
            {"@s": {"two.example:8443"}},
        ),
        (".npmrc", "registry=${REGISTRY}\n", set(), {}),
        (
            ".yarnrc",
            f'registry "{ONE}"\n"@s:registry" "{TWO}"\n',
            {"one.example"},
            {"@s": {"two.example:8443"}},
        ),
        (
            ".yarnrc.yml",
            f"npmRegistryServer: '{ONE}'\nnpmScopes:\n  s:\n    npmRegistryServer: {TWO}\n",
            {"one.example"},
            {"@s": {"two.example:8443"}},
        ),
        (
            "bunfig.toml",
            (
                f'[install]\nregistry = {{ url = "{ONE}", token = "x" }}\n'
                f'[install.scopes]\n"@s" = "{TWO}"\nt = {{ url = "{ONE}" }}\n'
            ),
            {"one.example"},
            {"@s": {"two.example:8443"}, "@t": {"one.example"}},
        ),
        (
            "pip.conf",
            f"[global]\nindex-url = {ONE}\nextra-index-url =\n    {TWO}\n    https://a.example\n",
            {"one.example", "two.example:8443", "a.example"},
            {},
        ),
        (
            "pyproject.toml",
            f'[[tool.uv.index]]\nurl = "{ONE}"\n[[tool.poetry.source]]\nurl = "{TWO}"\n',
            {"one.example", "two.example:8443"},
            {},
        ),
        ("uv.toml", f'index-url = "{ONE}"\n', {"one.example"}, {}),
        ("Pipfile", f'[[source]]\nurl = "{ONE}"\nname = "x"\n', {"one.example"}, {}),
        ("Pipfile", "[[source", set(), {}),
        ("pyproject.toml", "tool = 7\nindex = [7, {url = 7}]\n", set(), {}),
        ("package.json", f"registry={ONE}", set(), {}),
    ],
)
def test_what_settings_configure(
    name: str, text: str, default: set[str], scopes: dict[str, set[str]]
) -> None:
    found = configured({name: text.encode()})
    assert found.default == default
    assert found.scopes == scopes


@pytest.mark.parametrize(
    ("project", "user", "left"),
    [
        ({}, {"a/.npmrc": f"registry={ONE}"}, {"one.example"}),
        ({".npmrc": f"registry={TWO}"}, {"a/.npmrc": f"registry={ONE}"}, set()),
        ({".npmrc": f"@s:registry={TWO}"}, {"a/.npmrc": f"registry={ONE}"}, {"one.example"}),
        ({".yarnrc": f"registry {TWO}"}, {"a/.npmrc": f"registry={ONE}"}, {"one.example"}),
        ({".npmrc": f"registry={TWO}"}, {"a/npm_config_registry": ONE}, {"one.example"}),
        ({"pip.conf": f"[global]\nindex-url={TWO}"}, {"a/pip.conf": f"index-url={ONE}"},
         {"one.example"}),
        ({"uv.toml": f"index-url='{TWO}'"}, {"a/uv.toml": f"index-url='{ONE}'"}, {"one.example"}),
    ],
)  # fmt: skip
def test_a_projects_setting_takes_the_place_of_the_users(
    project: dict[str, str], user: dict[str, str], left: set[str]
) -> None:
    users = settings_in({name: text.encode() for name, text in user.items()})
    found = configured({name: text.encode() for name, text in project.items()}, users)
    assert {one.host for one in found.users} == left


def test_the_nearest_folder_decides() -> None:
    files = {"../../.yarnrc.yml": f"npmRegistryServer: {TWO}"}
    assert configured({k: v.encode() for k, v in files.items()}).default == {"two.example:8443"}
    files = {"../.yarnrc.yml": f"npmRegistryServer: {ONE}", **files}
    assert configured({k: v.encode() for k, v in files.items()}).default == {"one.example"}


@given(st.binary(max_size=200) | st.text(alphabet="registy@:=/ \n\"'[]{}.-_url", max_size=200))
@settings(max_examples=often(200), deadline=None)
def test_any_settings_are_read_or_configure_nothing(data: bytes | str) -> None:
    raw = data.encode() if isinstance(data, str) else data
    for name in registries._READERS:  # noqa: SLF001 - all there are
        configured({name: raw})
