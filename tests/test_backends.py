"""Which backend builds a project, by its pyproject.toml, and that no such file does us harm."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.backends import (
    LARGEST,
    Name,
    backend_of,
    has_metadata,
    is_project,
    of_generator,
    parsed,
    table,
    uses_uv,
)
from auditor.errors import LimitError, ParseError
from tests.work import ends


def asked(backend: str, *requires: str, path: str = "") -> Name:
    system = {"build-backend": backend, "requires": list(requires)}
    if path:
        system["backend-path"] = [path]
    return backend_of({"build-system": system}).name


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("setuptools.build_meta", Name.SETUPTOOLS),
        ("setuptools.build_meta:__legacy__", Name.SETUPTOOLS),
        ("hatchling.build", Name.HATCHLING),
        ("flit_core.buildapi", Name.FLIT),
        ("flit.buildapi", Name.FLIT),
        ("poetry.core.masonry.api", Name.POETRY),
        ("poetry.masonry.api", Name.POETRY),
        ("pdm.backend", Name.PDM),
        ("pdm.pep517.api", Name.PDM),
        ("uv_build", Name.UV),
        ("maturin", Name.MATURIN),
        ("scikit_build_core.build", Name.SCIKIT_BUILD),
        ("mesonpy", Name.MESON),
        ("somebodys.backend", Name.OTHER),
    ],
)
def test_the_module_tells_the_backend(module: str, name: Name) -> None:
    assert asked(module) is name


@pytest.mark.parametrize(
    ("module", "requires", "path", "name"),
    [
        ("poetry_dynamic_versioning.backend", ("poetry_core>=1", "x"), "", Name.POETRY),
        ("backend", ("wheel", "setuptools >= 61"), "_build", Name.SETUPTOOLS),
        ("hatchling", ("Hatchling",), ".", Name.HATCHLING),
        ("setuptools.build_meta", (), "lib", Name.OTHER),  # its own module of that name
        ("backend", (), ".", Name.OTHER),
    ],
)
def test_a_backend_of_ones_own_is_told_by_what_it_requires(
    module: str, requires: tuple[str, ...], path: str, name: Name
) -> None:
    assert asked(module, *requires, path=path) is name


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"project": {"name": "demo-kit"}},
        {"build-system": {"requires": ["hatchling"]}},
        {"build-system": []},
        {"build-system": {"build-backend": 5}},
        {"build-system": {"build-backend": " "}},
    ],
)
def test_without_a_backend_setuptools_builds(document: dict[str, object]) -> None:
    assert backend_of(document).name is Name.SETUPTOOLS
    assert backend_of(document).module == ""


@pytest.mark.parametrize(
    ("generator", "name"),
    [
        ("setuptools (84.2.1)", Name.SETUPTOOLS),
        ("bdist_wheel (0.45.1)", Name.SETUPTOOLS),
        ("hatchling 1.33.0", Name.HATCHLING),
        ("flit 4.2.0", Name.FLIT),
        ("poetry-core 2.5.0", Name.POETRY),
        ("pdm-backend (2.5.0)", Name.PDM),
        ("uv 0.13.6", Name.UV),
        ("maturin (1.9.0)", Name.MATURIN),
        ("scikit-build-core 0.11", Name.SCIKIT_BUILD),
        ("meson", Name.MESON),
        ("skbuild 0.1", None),
        ("", None),
    ],
)
def test_the_generator_of_a_wheel_tells_the_backend(generator: str, name: Name | None) -> None:
    assert of_generator(generator) is name


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[build-system]\nrequires = []", True),
        ("[project]\nname = 'demo-kit'", True),
        ("[tool.poetry]\nname = 'demo-kit'", True),
        ("[tool.ruff]\nline-length = 100", False),
        ("[tool]\npoetry = 5", False),
        ("", False),
    ],
)
def test_a_pyproject_with_only_a_tools_settings_is_no_project(text: str, *, answer: bool) -> None:
    assert is_project(parsed(text.encode())) is answer


def test_a_setup_cfg_is_a_projects_where_it_has_metadata() -> None:
    assert has_metadata("[options]\n[metadata]\nname = demo\n")
    assert not has_metadata("[flake8]\nmax-line-length = 100 ; [metadata]\n")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[tool.uv]\n", True),
        ("[tool.uv.sources]\n", True),
        ("[build-system]\nbuild-backend = 'uv_build'", True),
        ("[tool.uvx]\n", False),
        ("[project]\n", False),
        ("tool = 5", False),
    ],
)
def test_uv_builds_what_has_its_settings_or_its_backend(text: str, *, answer: bool) -> None:
    assert uses_uv(parsed(text.encode())) is answer


def test_a_table_that_is_something_else_is_an_empty_one() -> None:
    document = {"tool": {"hatch": 5, "pdm": {"build": {"excludes": []}}}}
    assert table(document, "tool", "hatch", "build") == {}
    assert table(document, "tool", "nobody") == {}
    assert table(document, "tool", "pdm", "build") == {"excludes": []}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\n\nname = \n", "is no TOML: Invalid value (at line 3, column 8)"),
        (b"a = 1\n\n\xff", "is not UTF-8 text (at line 3)"),
        (b"a = " + b"[" * 100_000, "limit json-depth of 100 levels met"),
        (b"\n" + b".".join([b"a"] * 100_000) + b" = 1", "has a key of more than 64 parts"),
        (b"[" + b" . ".join([b'"b"'] * 50_000) + b"]", "has a key of more than 64 parts"),
        (b"a = " + b"1" * 5_000, "is no TOML that can be read: Exceeds the limit"),
        (b"#" * (LARGEST + 1), "is larger than 1,048,576 bytes"),
    ],
)
def test_what_cannot_be_read_is_said_and_costs_little(data: bytes, problem: str) -> None:
    with ends(), pytest.raises((ParseError, LimitError)) as caught:
        parsed(data)
    assert problem in str(caught.value)


def test_a_byte_order_mark_is_read_over() -> None:
    assert parsed(b"\xef\xbb\xbfa = 1") == {"a": 1}


@given(st.text(alphabet="ab.\"'[]{}=\n \\#1", max_size=200))
def test_the_guard_against_deep_keys_refuses_nothing_else(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ParseError):
            parsed(text.encode())
        return
    assert parsed(text.encode()) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["build-system", "project", "tool"]), values),
    st.dictionaries(st.sampled_from(["requires", "build-backend", "backend-path"]), values),
)
def test_no_type_of_any_value_does_harm(
    document: dict[str, object], system: dict[str, object]
) -> None:
    for each in (document, {**document, "build-system": system}):
        assert isinstance(backend_of(each).name, Name)
        assert is_project(each) in {True, False}
        assert uses_uv(each) in {True, False}
