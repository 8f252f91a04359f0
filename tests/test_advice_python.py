"""What fixes say for sdists and wheels: the lines for each build backend, as they are copied."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.advice import advice, outer
from auditor.advice_python import Edit, LeaveOut, leave_out
from auditor.backends import Name, backend_of
from auditor.facts import Contents
from auditor.facts.distribution import DocumentSeen, SdistSeen
from auditor.model import ArtifactKind, Fact, Member
from tests.work import ends

SRC = ("pyproject.toml", "src/pkg/__init__.py", "src/pkg/static/a.js", "tests/test_a.py")
FLAT = ("pyproject.toml", "pkg/__init__.py", "tests/test_a.py")
MODULES = {
    Name.SETUPTOOLS: "setuptools.build_meta",
    Name.HATCHLING: "hatchling.build",
    Name.FLIT: "flit_core.buildapi",
    Name.POETRY: "poetry.core.masonry.api",
    Name.PDM: "pdm.backend",
    Name.UV: "uv_build",
    Name.MATURIN: "maturin",
    Name.SCIKIT_BUILD: "scikit_build_core.build",
    Name.MESON: "mesonpy",
    Name.OTHER: "somebodys.backend",
}
LISTS = [name for name in Name if name not in {Name.MESON, Name.OTHER}]
"""The backends with lists of their own."""


def config(name: Name, more: str = "") -> str:
    system = f'[build-system]\nrequires = []\nbuild-backend = "{MODULES[name]}"\n'
    return f'{system}[project]\nname = "pkg"\n{more}'


def in_project(text: str) -> Contents:
    seen = DocumentSeen(path="pyproject.toml", data=text.encode())
    return Contents(kind=ArtifactKind.PROJECT, members=(), observations={DocumentSeen: (seen,)})


def of_sdist(path: str, name: Name, more: str = "") -> str:
    say = leave_out(in_project(config(name, more)), None, ArtifactKind.SDIST)
    return say(Fact(path=path))


def of_wheel(path: str, name: Name, more: str = "", sources: tuple[str, ...] = SRC) -> str:
    sdist = SdistSeen(label="the sdist", paths=frozenset(sources))
    wheel = Contents(kind=ArtifactKind.WHEEL, members=(), observations={SdistSeen: (sdist,)})
    say = leave_out(in_project(config(name, more)), wheel, ArtifactKind.WHEEL)
    return say(Fact(path=path))


def copied(text: str) -> list[str]:
    """Return the lines that are to be copied, without what they are headed by."""
    return [line.strip() for line in text.splitlines() if line.startswith("  ")]


KINDS = {
    Name.SETUPTOOLS: ["global-exclude *.map"],
    Name.HATCHLING: ["[tool.hatch.build]", 'exclude = ["**/*.map"]'],
    Name.FLIT: ["[tool.flit.sdist]", 'exclude = ["**/*.map"]'],
    Name.POETRY: ["[tool.poetry]", 'exclude = ["**/*.map"]'],
    Name.PDM: ["[tool.pdm.build]", 'excludes = ["**/*.map"]'],
    Name.UV: ["[tool.uv.build-backend]", 'source-exclude = ["**/*.map"]'],
    Name.MATURIN: [
        "[tool.maturin]",
        'exclude = [{ path = "**/*.map", format = ["sdist", "wheel"] }]',
    ],
    Name.SCIKIT_BUILD: ["[tool.scikit-build.sdist]", 'exclude = ["**/*.map"]'],
}


@pytest.mark.parametrize("name", LISTS)
def test_of_a_kind_that_never_ships_all_files_are_left_out(name: Name) -> None:
    assert copied(of_sdist("src/pkg/static/a.js.map", name)) == KINDS[name]
    wheel = copied(of_wheel("pkg/static/a.js.map", name))
    more = ["[tool.scikit-build.wheel]", 'exclude = ["**/*.map"]']
    assert wheel == KINDS[name] + (more if name is Name.SCIKIT_BUILD else [])


PATHS = {
    Name.SETUPTOOLS: "exclude src/pkg/conf.pem",
    Name.HATCHLING: 'exclude = ["/src/pkg/conf.pem"]',
    Name.FLIT: 'exclude = ["src/pkg/conf.pem"]',
    Name.POETRY: 'exclude = ["src/pkg/conf.pem"]',
    Name.PDM: 'excludes = ["src/pkg/conf.pem"]',
    Name.UV: 'source-exclude = ["/src/pkg/conf.pem"]',
    Name.MATURIN: 'exclude = [{ path = "src/pkg/conf.pem", format = ["sdist", "wheel"] }]',
    Name.SCIKIT_BUILD: 'exclude = ["/pkg/conf.pem"]',
}


@pytest.mark.parametrize("name", LISTS)
def test_a_path_of_a_wheel_becomes_one_of_the_project(name: Name) -> None:
    assert copied(of_wheel("pkg/conf.pem", name))[-1] == PATHS[name]
    flat = copied(of_wheel("pkg/conf.pem", name, sources=FLAT))
    assert flat[-1] == PATHS[name].replace("src/", "")


FOLDERS = {
    Name.SETUPTOOLS: "prune .claude",
    Name.HATCHLING: 'exclude = ["/.claude"]',
    Name.FLIT: 'exclude = [".claude"]',
    Name.POETRY: 'exclude = [".claude"]',
    Name.PDM: 'excludes = [".claude"]',
    Name.UV: 'source-exclude = ["/.claude/**"]',
    Name.MATURIN: 'exclude = [{ path = ".claude/**", format = ["sdist", "wheel"] }]',
    Name.SCIKIT_BUILD: 'exclude = ["/.claude"]',
}


@pytest.mark.parametrize("name", LISTS)
def test_a_folder_that_never_ships_is_left_out_whole(name: Name) -> None:
    assert copied(of_sdist(".claude/settings.local.json", name))[-1] == FOLDERS[name]


TESTS = {
    Name.SETUPTOOLS: [
        "[tool.setuptools.packages.find]",
        'where = ["src"]',
        'exclude = ["pkg.tests*"]',
        "[tool.setuptools.exclude-package-data]",
        '"*" = ["tests/*"]',
    ],
    Name.HATCHLING: ["[tool.hatch.build.targets.wheel]", 'exclude = ["/src/pkg/tests"]'],
    Name.FLIT: ["[tool.flit.sdist]", 'exclude = ["src/pkg/tests"]'],
    Name.POETRY: ["[tool.poetry]", 'exclude = ["src/pkg/tests"]'],
    Name.PDM: ["[tool.pdm.build]", 'source-includes = ["tests", "src/pkg/tests"]'],
    Name.UV: ["[tool.uv.build-backend]", 'wheel-exclude = ["/src/pkg/tests/**"]'],
    Name.MATURIN: [
        "[tool.maturin]",
        'exclude = [{ path = "src/pkg/tests/**", format = ["wheel"] }]',
    ],
    Name.SCIKIT_BUILD: ["[tool.scikit-build.wheel]", 'exclude = ["/pkg/tests"]'],
}


@pytest.mark.parametrize("name", LISTS)
def test_tests_stay_in_the_sdist_where_a_backend_can_tell(name: Name) -> None:
    text = of_wheel("pkg/tests/data/a.json", name)
    assert copied(text) == TESTS[name]
    assert ("sdist, too" in text) is (name is Name.POETRY)
    assert ("loses the file with it" in text) is (name is Name.FLIT)


@pytest.mark.parametrize(
    ("more", "path", "expected"),
    [
        (
            "",
            "pkg/tests/test_a.py",
            [
                "[tool.setuptools.packages.find]",
                'include = ["pkg*"]',
                'exclude = ["pkg.tests*"]',
                "[tool.setuptools.exclude-package-data]",
                '"*" = ["tests/*"]',
            ],
        ),
        (
            '[tool.setuptools.packages.find]\nwhere = ["."]\n',
            "tests/test_a.py",
            ["[tool.setuptools.packages.find]", 'exclude = ["tests*"]'],
        ),
        (
            '[tool.setuptools.packages.find]\nexclude = ["docs*"]\n',
            "pkg/tests/test_a.py",
            [
                "[tool.setuptools.packages.find]",
                'exclude = ["docs*", "pkg.tests*"]',
                "[tool.setuptools.exclude-package-data]",
                '"*" = ["tests/*"]',
            ],
        ),
    ],
)
def test_setuptools_is_told_what_to_find(more: str, path: str, expected: list[str]) -> None:
    assert copied(of_wheel(path, Name.SETUPTOOLS, more, FLAT)) == expected


def test_packages_that_are_listed_are_taken_off_the_list() -> None:
    more = '[tool.setuptools]\npackages = ["pkg", "pkg.tests"]\n'
    text = "Take the package pkg.tests off the project's packages."
    assert of_wheel("pkg/tests/a.py", Name.SETUPTOOLS, more) == text
    assert of_wheel("tests/a.py", Name.SETUPTOOLS, "", FLAT) == text.replace("pkg.", "")


def test_package_data_that_are_named_are_excluded_by_name() -> None:
    more = '[tool.setuptools.package-data]\n"*" = ["**/*"]\n'
    assert copied(of_wheel("pkg/static/a.js.map", Name.SETUPTOOLS, more)) == [
        "[tool.setuptools.exclude-package-data]",
        '"*" = ["*.map"]',
        "global-exclude *.map",
    ]
    assert '"*" = ["static/a.pem"]' in of_wheel("pkg/static/a.pem", Name.SETUPTOOLS, more)


def test_a_list_that_is_there_is_shown_as_it_should_be() -> None:
    more = '[tool.hatch.build]\nexclude = ["/docs"]\n'
    assert of_sdist("a.log", Name.HATCHLING, more) == (
        'In pyproject.toml:\n  [tool.hatch.build]\n  exclude = ["/docs", "**/*.log"]'
    )


@pytest.mark.parametrize(
    "entries", [[f"/{number}" for number in range(9)], ["/" + "x" * 300]], ids=["many", "long"]
)
def test_to_a_long_list_an_entry_is_added(entries: list[str]) -> None:
    more = f"[tool.hatch.build]\nexclude = {entries}\n"
    assert of_sdist("a.log", Name.HATCHLING, more) == (
        'Add to "exclude" of [tool.hatch.build] in pyproject.toml:\n  "**/*.log"'
    )


def test_with_hatchling_a_targets_own_list_stands_in_for_the_common_one() -> None:
    sdist = '[tool.hatch.build.targets.sdist]\nexclude = ["/docs"]\n'
    both = f'{sdist}[tool.hatch.build.targets.wheel]\nexclude = ["/x"]\n'
    own = ["[tool.hatch.build.targets.sdist]", 'exclude = ["/docs", "**/*.log"]']
    assert copied(of_sdist("a.log", Name.HATCHLING, sdist)) == own
    assert copied(of_wheel("pkg/a.log", Name.HATCHLING, sdist)) == [
        *own,
        "[tool.hatch.build]",
        'exclude = ["**/*.log"]',
    ]
    assert copied(of_wheel("pkg/a.log", Name.HATCHLING, both)) == [
        *own,
        "[tool.hatch.build.targets.wheel]",
        'exclude = ["/x", "**/*.log"]',
    ]


@pytest.mark.parametrize(
    ("name", "more", "wins"),
    [
        (Name.HATCHLING, '[tool.hatch.build]\nartifacts = ["*.map", "/src/pkg/static"]', True),
        (Name.HATCHLING, '[tool.hatch.build]\nartifacts = ["/dist"]', False),
        (Name.HATCHLING, '[tool.hatch.build.force-include]\n"src/pkg" = "pkg"', True),
        (Name.POETRY, '[tool.poetry]\ninclude = [{ path = "src/pkg/**/*.map" }]', True),
        (Name.POETRY, '[tool.poetry]\ninclude = [{ path = 5 }, 5, "docs"]', False),
        (Name.PDM, '[tool.pdm.build]\nincludes = ["src/pkg"]', True),
        (Name.PDM, "[tool.pdm.build]\nincludes = 5", False),
    ],
)
def test_what_wins_over_an_exclusion_is_said(name: Name, more: str, *, wins: bool) -> None:
    assert ("and wins: take it off there" in of_sdist("src/pkg/static/a.map", name, more)) is wins


def test_wildcards_that_pass_over_dotfiles_are_not_relied_on() -> None:
    assert 'exclude = ["src/pkg/.a.swp"]' in of_sdist("src/pkg/.a.swp", Name.FLIT)
    assert 'exclude = ["src/.x/a.map"]' in of_sdist("src/.x/a.map", Name.FLIT)
    assert 'excludes = ["**/.env"]' in of_sdist("src/pkg/.env", Name.PDM)
    assert 'exclude = ["**/*.swp"]' in of_sdist("src/pkg/.a.swp", Name.POETRY)


def test_bytecode_is_a_kind() -> None:
    path = "pkg/__pycache__/a.cpython-311.pyc"
    assert copied(of_sdist(path, Name.SETUPTOOLS)) == ["global-exclude *.py[co]"]
    assert copied(of_sdist(path, Name.UV))[-1] == 'source-exclude = ["**/*.py[co]"]'


def test_signs_that_uv_does_not_take_are_escaped() -> None:
    assert copied(of_sdist("a.py~", Name.UV))[-1] == r'source-exclude = ["**/*\\~"]'
    assert copied(of_sdist("a,b c[1].txt", Name.UV))[-1] == r'source-exclude = ["/a\\,b?c?1?.txt"]'


def test_meson_has_no_list() -> None:
    assert copied(of_sdist("docs/a.pem", Name.MESON)) == ["/docs/a.pem export-ignore"]
    assert "meson.build" in of_wheel("pkg/a.pem", Name.MESON)


@pytest.mark.parametrize("kind", [ArtifactKind.SDIST, ArtifactKind.WHEEL])
def test_without_a_backend_that_is_known_no_option_is_named(kind: ArtifactKind) -> None:
    text = "Exclude it in the build backend's settings in pyproject.toml"
    for project in (None, in_project("no toml"), in_project(config(Name.OTHER))):
        assert leave_out(project, None, kind)(Fact(path="pkg/a.pem")).startswith(text)


def test_what_a_wheel_has_of_its_own_is_not_looked_for_in_the_project() -> None:
    licence = of_wheel("pkg-1.dist-info/licenses/docs/LICENSE", Name.UV)
    assert licence == 'Take docs/LICENSE off "license-files" in pyproject.toml.'
    assert "settings" in of_wheel("pkg-1.dist-info/extra.pem", Name.UV)
    assert "settings" in of_wheel("pkg-1.data/data/etc/a.pem", Name.UV)


def test_inside_an_archive_it_is_the_archive_that_is_left_out() -> None:
    assert copied(of_sdist("src/x.zip!b/c.map", Name.FLIT))[-1] == 'exclude = ["src/x.zip"]'


def test_a_project_without_pyproject_is_not_told_to_write_one() -> None:
    member = Member(path="setup.py", name="setup.py", size=0)
    project = Contents(kind=ArtifactKind.PROJECT, members=(member,))
    say = leave_out(project, None, ArtifactKind.WHEEL)
    assert copied(say(Fact(path="pkg/a.map"))) == ["global-exclude *.map"]
    assert say(Fact(path="pkg/tests/a.py")).startswith("Take the package pkg.tests off")


# ready files


def ready(kind: ArtifactKind, documents: dict[str, bytes], *members: str) -> Contents:
    seen = tuple(DocumentSeen(path=path, data=data) for path, data in documents.items())
    found = tuple(Member(path=path, name=path, size=0) for path in (*documents, *members))
    return Contents(
        kind=kind,
        members=found,
        file="pkg-1-py3-none-any.whl",
        observations={DocumentSeen: seen},
    )


@pytest.mark.parametrize(
    ("path", "generator", "line"),
    [
        ("pkg/a.map", "hatchling 1.33.0", 'exclude = ["**/*.map"]'),
        ("pkg/a.pem", "hatchling 1.33.0", 'exclude = ["**/pkg/a.pem"]'),
        ("pkg/a.pem", "uv 0.13.6", 'source-exclude = ["**/pkg/a.pem"]'),
        ("pkg/a.pem", "setuptools (84.2.1)", "global-exclude pkg/a.pem"),
        ("pkg/tests/a.py", "bdist_wheel (0.45)", '"*" = ["tests/*"]'),
        ("pkg/tests/a.py", "poetry-core 2.5.0", 'exclude = ["**/pkg/tests"]'),
    ],
)
def test_the_generator_of_a_ready_wheel_tells_which_option(
    path: str, generator: str, line: str
) -> None:
    document = f"Wheel-Version: 1.0\nGenerator: {generator}\n".encode()
    wheel = ready(ArtifactKind.WHEEL, {"pkg-1.dist-info/WHEEL": document})
    say = advice(None, ArtifactKind.WHEEL, wheel)["leave_out"]
    assert copied(say(Fact(path=path)))[-1] == line


def test_a_ready_sdist_brings_its_own_settings() -> None:
    more = b'[build-system]\nbuild-backend = "pdm.backend"\n[tool.pdm.build]\nexcludes = ["x"]'
    sdist = ready(ArtifactKind.SDIST, {"pyproject.toml": more})
    old = ready(ArtifactKind.SDIST, {"PKG-INFO": b""}, "setup.py")
    say = advice(None, ArtifactKind.SDIST, sdist)["leave_out"]
    assert copied(say(Fact(path="a.pem")))[-1] == 'excludes = ["x", "a.pem"]'
    say = advice(None, ArtifactKind.SDIST, old)["leave_out"]
    assert copied(say(Fact(path="a.pem"))) == ["exclude a.pem"]


# laws

paths = st.lists(
    st.text(min_size=1, max_size=12).filter(
        lambda part: part.strip("./") == part and "/" not in part
    ),
    min_size=1,
    max_size=4,
).map("/".join)


@given(
    path=paths,
    name=st.sampled_from(LISTS),
    kind=st.sampled_from([ArtifactKind.SDIST, ArtifactKind.WHEEL]),
    known=st.booleans(),
)
def test_whatever_the_path_the_lines_are_toml_with_the_entries(
    path: str, name: Name, kind: ArtifactKind, *, known: bool
) -> None:
    adviser = LeaveOut(backend_of(tomllib.loads(config(name))), kind, SRC if known else ())
    edits = adviser.edits(outer(path))
    lines = copied(adviser(Fact(path=path)))
    head = [line for line in lines if line.startswith("[") or " = " in line]
    document = tomllib.loads("\n".join(head)) if any(edit.table for edit in edits) else {}
    for edit in edits:
        assert looked_up(document, edit) if edit.table else str(edit.entries[0]) in lines


def looked_up(document: object, edit: Edit) -> bool:
    for key in (*edit.table, edit.key):
        document = document[key] if isinstance(document, dict) else None
    return document == list(edit.entries)


def test_settings_that_mean_harm_cost_little() -> None:
    more = '[tool.hatch.build]\nartifacts = ["' + "*a" * 100 + '"]\n'
    many = "[tool.poetry]\ninclude = [" + ('"' + "**/" * 60 + 'b",') * 2_000 + "]\n"
    with ends():
        for name, text in ((Name.HATCHLING, more), (Name.POETRY, many)):
            of_sdist("a/" * 60 + "a" * 200, name, text)
