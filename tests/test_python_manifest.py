"""Python manifests against their lockfiles: digests as the clients make them, and uv's own list."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.lock.python_manifest import Drift, drift
from auditor.inventory import Declared, Inventory
from auditor.lockfiles import Document, read

CLASSIC = """\
[tool.poetry]
name = "demo"
version = "0.1.0"
description = "démo"
[tool.poetry.dependencies]
python = "^3.11"
six = "^1.16"
idna = {version = "^3", optional = true}
[tool.poetry.extras]
fast = ["idna"]
[tool.poetry.group.dev.dependencies]
iniconfig = "^2"
[[tool.poetry.source]]
name = "mirror"
url = "https://registry.example.org/simple"
"""
PROJECT = """\
[project]
name = "demo"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["six>=1.16"]
optional-dependencies = {fast = ["idna>=3"]}
[dependency-groups]
lint = ["pluggy~=1.0"]
dev = [{include-group = "lint"}]
[tool.poetry.group.more.dependencies]
iniconfig = "^2"
[tool.pdm.dev-dependencies]
lint = ["iniconfig>2"]
[[tool.pdm.source]]
name = "mirror"
url = "https://registry.example.org/simple"
[tool.pdm.resolution.overrides]
six = "1.17"
"""
PIPFILE = """\
[[source]]
url = "https://registry.example.org/simple"
verify_ssl = true
name = "mirror"
[packages]
six = "*"
idna = {version = ">=3", extras = []}
[dev-packages]
iniconfig = "*"
[docs]
pluggy = "*"
[requires]
python_version = "3.11"
[scripts]
x = "y"
"""
DIGESTS = [
    ("poetry", CLASSIC, "6176be2473ccf81eeb0370ea1850333702624967bca7fc3d0980cbaec21ca705"),
    ("poetry", PROJECT, "4070950a4178d98439f043dbc9b158ad4c11a59225364a386387d98e11f113bf"),
    ("poetry", PROJECT, "058c610acea7cc5901c206811a41f34c78ddcb327171dd63c98f207432e33383"),
    ("pdm", PROJECT, "de98d265def291a013975735fd9d693306f363813fd6bb62f2d14231e41412c7"),
    ("pdm", PROJECT, "f9fffd85c753dfbeb787b94684786993aafee81e1b15172385d1a965b1d9f04c"),
    ("pipfile", PIPFILE, "15c27cb48e4fccb7d700c9c89796ddf9c263f0e032379f79591f9854b26d2580"),
]
"""As Poetry 2.5.1 and 1.8.5 (which did not know `project`), PDM 2.22.4 and 2.10.4 and pipenv
2026.10.3 make them."""
ANOTHER = [Drift()]


def drifts(format_: str, manifest: str | bytes, **values: Any) -> list[Drift]:  # noqa: ANN401 - fields of several types
    name = "Pipfile" if format_ == "pipfile" else "pyproject.toml"
    data = manifest if isinstance(manifest, bytes) else manifest.encode()
    return list(drift(Inventory(path="lock", format=format_, **values), {name: data}))


@pytest.mark.parametrize(("format_", "manifest", "digest"), DIGESTS)
def test_digests_are_those_of_the_clients(format_: str, manifest: str, digest: str) -> None:
    assert drifts(format_, manifest, manifest_digest=digest) == []
    further = "[pipenv]\na = true\n" if format_ == "pipfile" else "[tool.x]\na = 1979-05-27\n"
    assert drifts(format_, f"# \n{manifest}{further}", manifest_digest=digest) == []


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        (0, "six", "sex"),
        (0, 'fast = ["idna"]', "fast = []"),
        (0, "iniconfig", "tox"),
        (0, ".org", ".com"),
        (1, "six>=1.16", "six>=1.17"),
        (1, "pluggy", "tox"),
        (1, 'iniconfig = "^2"', 'iniconfig = "^3"'),
        (2, 'iniconfig = "^2"', 'iniconfig = "^3"'),
        (3, ">=3.11", ">=3.12"),
        (3, "iniconfig>2", "iniconfig>3"),
        (3, ".org", ".com"),
        (3, '"1.17"', '"1.18"'),
        (4, "six>=1.16", "six>=1.17"),
        (5, ".org", ".com"),
        (5, 'pluggy = "*"', 'pluggy = "1"'),
        (5, "3.11", "3.12"),
    ],
)
def test_another_requirement_is_another_digest(row: int, old: str, new: str) -> None:
    format_, manifest, digest = DIGESTS[row]
    assert drifts(format_, manifest.replace(old, new), manifest_digest=digest) == ANOTHER


@pytest.mark.parametrize(
    ("format_", "manifest"),
    [
        ("poetry", b"\xff"),
        ("poetry", "[project"),
        ("poetry", "tool.poetry.dependencies = {a = 1979-05-27}"),
        ("pipfile", "[packages]\nsix = '*'"),
        ("pylock", PROJECT),
    ],
)
def test_what_cannot_be_told_is_not_told(format_: str, manifest: str | bytes) -> None:
    assert drifts(format_, manifest, manifest_digest="0" * 64) == []


@pytest.mark.parametrize("format_", ["poetry", "pdm", "pipfile"])
def test_a_lockfile_without_a_digest_is_not_judged(format_: str) -> None:
    manifest = PIPFILE if format_ == "pipfile" else PROJECT
    assert drifts(format_, manifest) == []
    assert drifts(format_, manifest, manifest_digest="0" * 64) == ANOTHER


LOCKED = (
    Declared(name="six", specifier=">=1.16"),
    Declared(name="idna", group="[fast]", specifier=">=3"),
    Declared(name="pluggy", group="lint", specifier="~=1.0"),
    Declared(name="pluggy", group="dev", specifier="~=1.0"),
)
UV = """\
[project]
name = "demo"
dependencies = ["six>=1.16"]
[project.optional-dependencies]
fast = ["idna>=3"]
[dependency-groups]
lint = ["pluggy~=1.0"]
dev = [{include-group = "lint"}]
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("", "", []),
        ("six>=1.16", "SIX >= 1.16.0 ; python_version < '4'", []),
        ("six>=1.16", "six (>=1.16)", []),
        ("six>=1.16", "six>=1.17", [Drift(name="six", manifest=">=1.17", lockfile=">=1.16")]),
        ("six>=1.16", "six", [Drift(name="six", manifest="", lockfile=">=1.16")]),
        ("six>=1.16", "six @ https://files.example.org/six.whl", []),
        ('"six>=1.16"', "", [Drift(name="six", lockfile=">=1.16")]),
        ('"six>=1.16"', '"six>=1.16", "Attrs>1"', [Drift(name="attrs", manifest=">1")]),
        ('"six>=1.16"', '"six>=1.16", 7, "-"', []),
        ('dependencies = ["six>=1.16"]', 'dynamic = ["dependencies"]', []),
        ('["idna>=3"]', "[]", [Drift(name="idna", lockfile=">=3")]),
        ('["idna>=3"]', '["idna>=3", "demo[more]", "attrs"]', []),
        ('[project.optional-dependencies]\nfast = ["idna>=3"]', "", [
            Drift(name="idna", lockfile=">=3")
        ]),
        ('[project.optional-dependencies]\nfast = ["idna>=3"]',
         "dynamic = ['optional-dependencies']", []),
        ("pluggy~=1.0", "pluggy~=1.1", [
            Drift(name="pluggy", manifest="~=1.1", lockfile="~=1.0")
        ] * 2),
        ('{include-group = "lint"}', '{include-group = "lint"}, {include-group = "dev"}', []),
        ('{include-group = "lint"}', "", [Drift(name="pluggy", lockfile="~=1.0")]),
        ("[dependency-groups]", "[tool.uv]\ndev-dependencies = ['tox']\n[dependency-groups]", [
            Drift(name="tox", manifest="")
        ]),
        ("[dependency-groups]", "[tool.uv.sources]\nsix = {path = 'x'}\n[dependency-groups]", []),
        (UV, "[tool.uv]", []),
    ],
)  # fmt: skip
def test_requirements_are_compared_by_group(old: str, new: str, found: list[Drift]) -> None:
    assert drifts("uv", UV.replace(old, new, 1), declared=LOCKED) == found


def test_a_lockfile_of_several_has_the_project_of_its_own_folder() -> None:
    lock = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "member"
version = "1"
source = { editable = "packages/member" }
[package.metadata]
requires-dist = [{ name = "other" }]
[[package]]
name = "demo"
source = { virtual = "." }
[package.metadata]
requires-dist = [
    { name = "idna", marker = "python_full_version < '4' and extra == 'Fast'", specifier = ">=3" },
    { name = "six" },
    7,
]
[package.metadata.requires-dev]
Dev_Tools = [{ name = "tox" }]
"""
    assert read(Document(path="uv.lock", data=lock.encode())).declared == (
        Declared(name="idna", group="[fast]", specifier=">=3"),
        Declared(name="six"),
        Declared(name="tox", group="dev-tools"),
    )


ODD = [
    "project = 7",
    "[project]\ndependencies = 7\ndynamic = [{}]\nname = []\noptional-dependencies = {a = 7}",
    "[project]\nname = 'a'\n[dependency-groups]\na = 7\nb = [{include-group = 7}, [], 1.5, nan]",
    "tool = []\n[[dependency-groups]]\na = 1",
    "[tool]\npoetry = 7\npdm = []\nuv = 1979-05-27",
    "[tool.poetry]\ngroup = []\ndependencies = 7\n[tool.pdm]\ndev-dependencies = {a = 7}",
    "[tool.pdm]\nresolution = 7\noverrides = nan\n[tool.uv]\nsources = 7\ndev-dependencies = 7",
    "source = 7\npackages = []\n_meta = 1979-05-27",
    "[project]\nname = 'a'\ndependencies = ['a==', 'b' , '[', ']', 'a[', 'a~=x;']",
]


@pytest.mark.parametrize("manifest", ODD)
@pytest.mark.parametrize("format_", ["poetry", "pdm", "pipfile", "uv"])
def test_any_manifest_is_compared_or_left_alone(format_: str, manifest: str) -> None:
    declared = LOCKED if format_ == "uv" else None
    for one in drifts(format_, manifest, manifest_digest="0" * 64, declared=declared):
        assert one == Drift() or one.name


@pytest.mark.parametrize("place", ["[]", "{}", "7", "'.'"])
def test_any_source_of_uv_is_read(place: str) -> None:
    lock = f"""\
version = 1
requires-python = ">=3.11"
[[package]]
name = "demo"
source = {{ registry = "x", virtual = {place} }}
metadata = {{ requires-dist = 7, requires-dev = [] }}
"""
    found = read(Document(path="uv.lock", data=lock.encode()))
    assert found.declared == (() if place == "'.'" else None)


PDM = """\
# This file is @generated by PDM.
[metadata]
groups = ["default", "lint"]
lock_version = "4.5.0"
"""
POETRY = """\
# This file is automatically @generated by Poetry 2.5.1 and should not be changed by hand.
package = []
[metadata]
lock-version = "2.1"
"""


@pytest.mark.parametrize(
    ("lockfile", "text", "manifest", "needed"),
    [
        ("pdm.lock", PDM, "[project]\ndependencies = ['a', \"b; python_version < '3'\"]", ["a"]),
        ("pdm.lock", PDM, "[dependency-groups]\nLint = ['a']\ndev = ['b']", ["a"]),
        ("pdm.lock", PDM, "[project.optional-dependencies]\nx = ['a']", []),
        ("poetry.lock", POETRY, "[dependency-groups]\nlint = ['a']\ndev = ['b']", ["a", "b"]),
        ("poetry.lock", POETRY, "[tool.poetry.dependencies]\na = '1'\npython = '3'", ["a"]),
        ("poetry.lock", POETRY, "[tool.poetry.dependencies]\na = {python = '<3.11'}", []),
        ("poetry.lock", POETRY, "[tool.poetry.dependencies]\na = {markers = 'x'}", []),
        ("poetry.lock", POETRY, "[tool.poetry.dependencies]\na = [{version = '1'}]", []),
    ],
)
def test_what_a_client_may_have_left_out_is_optional(
    lockfile: str, text: str, manifest: str, needed: list[str]
) -> None:
    beside = {"pyproject.toml": manifest.encode()}
    found = read(Document(path=lockfile, data=text.encode(), beside=beside))
    assert [edge.name for edge in found.roots if not edge.optional] == needed
