"""What the packers make of `files` and ignore files, and what is said of lists that mislead.

The tables hold what was measured by packing the same small project with each packer.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import match, packing, shape
from auditor.examine import Examination
from auditor.facts import Contents, Unread, load
from auditor.facts.project import config_file
from auditor.facts.project.config_file import leaves
from auditor.facts.project.packing_config import (
    PackingConfigFact,
    Problem,
    collect,
    configuration_of,
)
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member
from auditor.packers import PackedPaths, Packer
from auditor.packing import Configuration, Reading, ships
from tests.work import ends

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = {
    "npm10": "npm@10.9.9",
    "npm11": "npm@11.21.2",
    "npm12": "npm@12.2.0",
    "pnpm10": "pnpm@10.34.9",
    "pnpm11": "pnpm@11.28.11",
    "yarn1": "yarn@1.22.22",
    "yarn4": "yarn@4.18.1",
    "bun": "bun@1.4.5",
}
FILES = ("dist/a.js", "dist/a.js.map", "dist/sub/b.js", "dist/sub/b.js.map", "src/a.ts", ".env")
MAPS = ("dist/a.js.map", "dist/sub/b.js.map")

Row = tuple[list[str] | None, dict[str, str], str]
MATRIX: list[Row] = [
    # files, ignore files, maps that ship, one column for each packer
    (["dist", "!*.map"], {}, "0 0 2 2 0 2 0 0"),
    (["dist", "!**/*.map"], {}, "0 0 0 0 0 2 0 0"),
    (["dist", "!dist/*.map"], {}, "1 1 1 1 1 2 1 1"),
    (["dist", "!dist/**/*.map"], {}, "0 0 0 0 0 2 0 0"),
    (["!**/*.map", "dist"], {}, "2 2 2 0 2 2 0 0"),
    (["dist/**/*.js"], {}, "0 0 0 0 0 0 0 0"),
    (["dist/*"], {}, "2 2 2 2 2 2 1 2"),
    (["dist"], {".npmignore": "*.map\n"}, "2 2 2 2 2 2 2 2"),
    (["dist"], {"dist/.npmignore": "*.map\n"}, "0 0 0 0 0 2 0 0"),
    (None, {".npmignore": "*.map\n", ".gitignore": ".env\n"}, "0 0 0 0 0 0 0 0"),
    (None, {".gitignore": "*.map\n.env\n"}, "0 0 0 0 0 0 0 0"),
]
CELLS = [
    (files, ignores, packer, int(count))
    for files, ignores, counts in MATRIX
    for packer, count in zip(COLUMNS, counts.split(), strict=True)
]


def project(
    files: Mapping[str, str], packer: str = "", packed: frozenset[str] | None = None
) -> Contents:
    """Return a project's configuration as the scan reads it."""
    _, readers = load()
    examination = Examination("test", readers, Budget(Limits()))
    examination.run(
        (Member(path=path, name=path, size=len(text)), iter((text.encode(),)))
        for path, text in files.items()
    )
    contents = examination.contents(ArtifactKind.PROJECT, None)
    observations = dict(contents.observations)
    if packer:
        observations[Packer] = (Packer.parse(packer),)
    if packed is not None:
        observations[PackedPaths] = (PackedPaths(paths=packed),)
    return Contents(kind=contents.kind, members=contents.members, observations=observations)


def manifest(files: list[str] | None, **more: object) -> str:
    fields = {"name": "demo-kit", "version": "1.0.0", **more}
    return json.dumps(fields if files is None else {**fields, "files": files}, indent=1)


def configuration(files: list[str] | None, ignores: Mapping[str, str]) -> Configuration:
    texts = {"package.json": manifest(files), **ignores}
    return configuration_of(project(texts))


def shipped(files: list[str] | None, ignores: Mapping[str, str], packer: str) -> set[str]:
    """Return which of FILES a packer takes, by the model."""
    (reading,) = packing.readings(Packer.parse(COLUMNS[packer]))
    lists = configuration(files, ignores)
    return {path for path in FILES if ships(lists, reading, path)}


def facts(contents: Contents) -> list[PackingConfigFact]:
    return [fact for fact in collect(contents) if isinstance(fact, PackingConfigFact)]


# the model of the packers


@pytest.mark.parametrize(("files", "ignores", "packer", "count"), CELLS)
def test_the_model_ships_as_many_maps_as_were_measured(
    files: list[str] | None, ignores: dict[str, str], packer: str, count: int
) -> None:
    taken = shipped(files, ignores, packer)

    assert len(taken & {*MAPS}) == count
    assert "dist/a.js" in taken


def test_yarn_1_takes_the_whole_folder_for_one_negated_entry() -> None:
    assert shipped(["dist", "!**/*.map"], {}, "yarn1") == {*FILES}


EVERYBODY = " ".join(COLUMNS)
TAKEN_BACK = "npm10 npm11 npm12 pnpm10 pnpm11 yarn1"
EXACT = "npm10 npm11 pnpm10 pnpm11 yarn1"
"""Those with which an entry that is a file's path beats the ignore file of its folder."""
MEASURED: list[tuple[list[str] | None, dict[str, str], str, str]] = [
    # what a table of two maps does not show: files, ignore files, path, who ships it
    (["dist/**", "!**/*.map"], {}, "dist/sub/b.js.map", "pnpm10 yarn1"),
    (["dist/**", "!**/*.map"], {}, "dist/a.js.map", "yarn1"),
    (["dist/**/*", "!dist/**/*.map"], {}, "dist/sub/b.js.map", "pnpm10 yarn1"),
    (["dist", "!**/*.map"], {}, "dist/[id].js.map", "npm12 pnpm10 yarn1"),
    (["dist/**/*.js"], {}, "dist/[id].js", "npm10 npm11 pnpm10 pnpm11 yarn1 yarn4 bun"),
    (["a.js.map", "!**/*.map"], {}, "a.js.map", "npm10 npm11 pnpm11 yarn1 yarn4"),
    (["a.js.map", "!*.map"], {}, "a.js.map", "npm10 npm11 pnpm11 yarn1"),
    (["./dist", "!./dist/**/*.map"], {}, "dist/a.js.map", "npm10 npm11 pnpm11 yarn1 bun"),
    (["dist/**/*.*", "!*.map"], {}, "dist/sub/b.js.map", "npm12 pnpm10 yarn1 bun"),
    (["dist", "!test"], {}, "dist/test/a.js", "npm12 pnpm10 yarn1"),
    (["dist", "!dist/test"], {}, "dist/test/a.js", "yarn1"),
    (["dist/**", "!dist/test"], {}, "dist/test/a.js", "pnpm10 yarn1 yarn4 bun"),
    (["dist", "!dist/test/"], {}, "dist/test/a.js", "yarn1"),
    (["dist", "!dist/.env"], {}, "dist/.env", "yarn1"),
    (["dist", "!**/*.map", "dist/sub/b.js.map"], {}, "dist/sub/b.js.map", TAKEN_BACK),
    (["DIST"], {}, "dist/a.js", "pnpm10 yarn1 yarn4"),
    (["dist", "dist/a.js.map"], {"dist/.npmignore": "*.map"}, "dist/a.js.map", EXACT),
    (None, {".npmignore": "sub/"}, "dist/sub/b.js", "pnpm10 yarn4"),
    (None, {".npmignore": "**/*.map"}, "a.js.map", "yarn4"),
    (None, {".npmignore": "*.map", "dist/.npmignore": "!*.map"}, "dist/a.js.map", EVERYBODY),
    (None, {".npmignore": "*\n!dist/**"}, "dist/a.js", EVERYBODY),
    (None, {".npmignore": "/*\n!/dist"}, "dist/a.js", EVERYBODY),
    (None, {".npmignore": "/*\n!/dist"}, "src/a.ts", ""),
    (None, {"dist/.npmignore": "/a.js"}, "dist/a.js", "yarn4"),
    (None, {".npmignore": " *.map "}, "dist/a.js.map", "bun"),
    (["dist", "!**/*.map"], {"dist/.npmignore": "!a.js.map"}, "dist/a.js.map", EVERYBODY),
    (["dist/**/*.js"], {"dist/.npmignore": "!*.map"}, "dist/a.js.map", "yarn1"),
    (["dist/**/*.js"], {".npmignore": "!*.map"}, "dist/sub/b.js.map", "yarn1"),
]


@pytest.mark.parametrize(("files", "ignores", "path", "who"), MEASURED)
def test_the_model_has_the_corners_that_were_measured(
    files: list[str] | None, ignores: dict[str, str], path: str, who: str
) -> None:
    lists = configuration(files, ignores)
    taken = [
        packer
        for packer, version in COLUMNS.items()
        if ships(lists, packing.readings(Packer.parse(version))[0], path)
    ]

    assert taken == who.split()


@pytest.mark.parametrize(
    ("packer", "readings"),
    [
        ("npm@8.19.4", {Reading.SETS}),
        ("npm@9.0.0", {Reading.PACKLIST}),
        ("npm@11.99.0", {Reading.PACKLIST}),
        ("npm@12.0.0-beta.1", {Reading.GLOBBED}),
        ("npm", {Reading.PACKLIST, Reading.GLOBBED}),
        ("pnpm@9.1.0", {Reading.SETS}),
        ("pnpm@11.0.0", {Reading.PACKLIST}),
        ("yarn", {Reading.CLASSIC, Reading.BERRY}),
        ("yarn@3.8.7", {Reading.BERRY}),
        ("bun", {Reading.BUN}),
    ],
)
def test_each_packer_has_its_reading(packer: str, readings: set[Reading]) -> None:
    assert {*packing.readings(Packer.parse(packer))} == readings


def test_without_a_packer_every_reading_but_yarn_1_counts() -> None:
    assert {*packing.readings(None)} == {*Reading} - {Reading.CLASSIC}


NAMES = st.text("ab.-*?", min_size=1, max_size=6).filter(lambda name: "**" not in name)
PATTERNS = st.lists(NAMES | st.just("**"), min_size=1, max_size=4).filter(
    lambda parts: parts[-1] != "**" and ("**", "**") not in pairwise(parts)
)
PATHS = st.lists(st.text("ab.-", min_size=1, max_size=5), min_size=1, max_size=5)


@given(PATTERNS, PATHS)
def test_a_pattern_matches_what_the_rules_globs_match(parts: list[str], path: list[str]) -> None:
    pattern, text = "/".join(parts), "/".join(path)
    expected = match.Globs((pattern,)).matches(text)

    assert (packing.glob(pattern).fullmatch(text) is not None) == expected


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.{js,d.ts}", "a.d.ts", True),
        ("{a,b/{c,d}}/x", "b/d/x", True),
        ("[!a]*", "b", True),
        ("[a-c]?", "cc", True),
        ("[a-c]?", "a/", False),
        ("[z-a]", "[z-a]", True),
        ("a[b", "a[b", True),
        ("a**b", "axxb", True),
        ("a**b", "ax/b", False),
        ("a/**", "a", False),
        ("a/**/b", "a/b", True),
        ("**/a/**/b", "x/a/y/z/b", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
    ],
)
def test_patterns_know_braces_classes_and_stars(pattern: str, path: str, *, matches: bool) -> None:
    assert (packing.glob(pattern).fullmatch(path) is not None) == matches


def test_case_counts_where_it_is_asked_for() -> None:
    assert packing.glob("DIST").fullmatch("dist")
    assert not packing.glob("DIST", case=True).fullmatch("dist")


@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "**/a" * 30 + "/b", "{a,b}" * 40])
def test_no_pattern_takes_long(pattern: str) -> None:
    with ends():
        packing.glob(pattern).fullmatch("/".join(["a" * 200] * 20))


# configuration as text

KEYS = st.text('abc:/*\\"{,', min_size=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**6) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_leaves_are_those_that_a_parser_finds(document: object) -> None:
    found = [(".".join(keys), value) for keys, value, _ in leaves(json.dumps(document, indent=1))]
    expected = [
        (re.sub(r"\[(\d+)\]", r".\1", key).removeprefix("."), _as_text(value))
        for key, value in shape.leaves(document)
    ]

    assert sorted(found, key=repr) == sorted(expected, key=repr)


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(JSON)
def test_leaves_have_the_line_they_stand_on(document: object) -> None:
    lines = json.dumps(document, indent=1).split("\n")

    for _, value, line in leaves("\n".join(lines)):
        if isinstance(value, str) and value.isascii() and value.isalnum():
            assert value in lines[line - 1]


TSCONFIG = """\
// what the editor wrote
{
  "extends": ["./base.json", /* and */ "./more",],
  "compilerOptions": {
    "outDir": "dist//x", // not a comment in there
    /* "sourceMap": false, */
    "sourceMap": true,
  },
}
"""


def test_comments_and_trailing_commas_are_taken_as_in_tsconfig() -> None:
    assert list(leaves(TSCONFIG)) == [
        (("extends", "0"), "./base.json", 3),
        (("extends", "1"), "./more", 3),
        (("compilerOptions", "outDir"), "dist//x", 5),
        (("compilerOptions", "sourceMap"), True, 7),
    ]


@pytest.mark.parametrize(
    "text", ['"\\"' * 200_000, "[" * 400_000 + "1," * 200_000, "/*" * 300_000, '{"a":' * 200_000]
)
def test_no_json_takes_long(text: str) -> None:
    with ends():
        list(leaves(text))


# facts


@pytest.mark.parametrize(("files", "ignores", "packer", "count"), CELLS)
def test_each_cell_is_told_as_it_was_measured(
    files: list[str] | None, ignores: dict[str, str], packer: str, count: int
) -> None:
    packed = frozenset({"package.json", *shipped(files, ignores, packer)})
    found = facts(project({"package.json": manifest(files), **ignores}, COLUMNS[packer], packed))
    negated = [fact for fact in found if fact.entry.startswith("!")]

    assert len(packed & {*MAPS}) == count
    if any(entry.startswith("!") for entry in files or ()):
        assert [(fact.fails, fact.shipped) for fact in negated if fact.fails] == (
            [(True, count)] if count else []
        )
    else:
        assert negated == []
    ineffective = [f.shipped for f in found if f.problem is Problem.INEFFECTIVE_NPMIGNORE]
    assert ineffective == ([count] if files and ".npmignore" in ignores else [])


def test_a_fact_says_who_reads_an_entry_how() -> None:
    texts = {"package.json": manifest(["dist", "!*.map"])}
    (fact,) = facts(project(texts, "npm@12.2.0", frozenset({"package.json", "dist/a.js.map"})))

    assert (fact.line, fact.key, fact.packer) == (6, "!*.map", "npm 12.2.0")
    assert fact.detail == (
        "is read in two ways: npm from 12 and pnpm up to 10 ship the files all the same;"
        " npm 9 to 11, pnpm from 11, yarn from 2 and bun leave them out;"
        " in this tarball: 1 file (dist/a.js.map)"
    )
    assert fact.sample == ("dist/a.js.map",)


def test_an_entry_that_looks_right_is_told_when_a_file_ships_in_spite_of_it() -> None:
    texts = {"package.json": manifest(["dist", "!**/*.map"])}
    packed = frozenset({"package.json", "dist/[id].js", "dist/[id].js.map"})
    (fact,) = facts(project(texts, "npm@12.2.0", packed))

    assert (fact.problem, fact.fails) == (Problem.UNPORTABLE_NEGATION, True)
    assert facts(project(texts, "npm@11.0.0", packed - {"dist/[id].js.map"})) == []


def test_bundled_packages_and_what_always_ships_are_not_held_against_an_entry() -> None:
    texts = {"package.json": manifest(["dist", "!**/*.md", "!**/*.map"], main="dist/a.map")}
    packed = frozenset({"package.json", "README.md", "node_modules/x/a.map", "dist/a.map"})

    assert facts(project(texts, "npm@11.0.0", packed)) == []


def test_the_line_is_that_of_the_entry_in_files_and_not_elsewhere() -> None:
    text = '{"tool": {"files": ["!*.map"]},\n"scripts": {"!*.map": ""},\n"files": ["a",\n"!*.map"]}'
    (fact,) = facts(project({"package.json": text}))

    assert fact.line == 4


def test_pnpm_packing_another_folder_is_not_judged_by_this_one() -> None:
    texts = {"package.json": manifest(None, publishConfig={"directory": "dist"})}

    assert facts(project(texts, "pnpm@11.0.0")) == []
    assert [fact.problem for fact in facts(project(texts, "npm@11.0.0"))] == [
        Problem.MISSING_FILES_LIST
    ]


@pytest.mark.parametrize(
    "files", ["dist", {"0": "dist"}, 1, [None, 1, ["x"]], ["", "!", "!!", "/"]]
)
def test_odd_lists_raise_nothing(files: object) -> None:
    texts = {"package.json": json.dumps({"files": files}), ".npmignore": "!\n/\n[\n"}

    for packer in ("", *COLUMNS.values()):
        collected = list(collect(project(texts, packer, frozenset({"a/b.js", "package.json"}))))
        assert all(isinstance(fact, PackingConfigFact) for fact in collected)


IN_ORDER = {Reading.PACKLIST, Reading.GLOBBED, Reading.SETS}


@given(
    st.lists(st.text("!*/.ab[]{},?", max_size=8), max_size=4),
    st.sampled_from(["ab", "a/b", "a/b/ab.b"]),
)
def test_an_entry_that_is_the_path_itself_has_the_last_word(files: list[str], path: str) -> None:
    last = Configuration(files=(*files, path))
    gone = Configuration(files=(*files, path, f"!{path}"))

    for reading in Reading:
        if reading in IN_ORDER or not any(entry.startswith("!") for entry in files):
            assert ships(last, reading, path)
    assert not ships(gone, Reading.GLOBBED, path)


def test_a_configuration_longer_than_people_write_is_a_gap() -> None:
    texts = {"package.json": manifest(["a"]), "vite.config.js": " " * (config_file.MAX_CONFIG + 1)}
    (gap,) = collect(project(texts))

    assert isinstance(gap, Unread)
    assert gap.path == "vite.config.js"


@pytest.mark.parametrize(
    ("path", "is_config"),
    [
        ("vite.config.ts", True),
        ("config/webpack.prod.js", True),
        (".npmignore", True),
        ("dist/.gitignore", True),
        ("a/b/.npmignore", False),
        ("package.json", False),
        ("dist/vite.config.ts", False),
        ("src/build.ts", False),
        ("a.tgz!.npmignore", False),
    ],
)
def test_only_configuration_is_kept_as_text(path: str, *, is_config: bool) -> None:
    assert config_file.is_config(Member(path=path, name=path, size=1)) is is_config
