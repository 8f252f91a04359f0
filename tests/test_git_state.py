"""What counts as declared build output, and how git's answers become facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import rulebook, rulefile
from auditor.errors import RuleError
from auditor.facts import Contents
from auditor.facts.distribution import DocumentSeen
from auditor.facts.manifest import ManifestSeen
from auditor.facts.project.build_output import BuildOutput, neighbours, placed
from auditor.facts.project.git_state import COLLECTOR, GitSeen, GitStateFact, PathState, State
from auditor.model import ArtifactKind, Member

if TYPE_CHECKING:
    from collections.abc import Mapping


def npm(manifest: Mapping[str, Any]) -> BuildOutput:
    seen = ManifestSeen(document=dict(manifest), text=json.dumps(manifest))
    kind = ArtifactKind.NPM_TARBALL
    contents = Contents(kind=kind, members=(), observations={ManifestSeen: (seen,)})
    return BuildOutput(contents, {})


def python(documents: Mapping[str, str], kind: ArtifactKind = ArtifactKind.WHEEL) -> BuildOutput:
    data = {name: text.encode() for name, text in documents.items()}
    return BuildOutput(Contents(kind=kind, members=()), data)


# -- npm


NPM: list[tuple[dict[str, Any], str, str, bool]] = [
    # what names the folder
    ({"files": ["dist"]}, "dist/a.js", "dist", True),
    ({"files": ["/dist/"]}, "dist/.env", "dist", True),
    ({"files": ["./dist/**/*.js"]}, "dist/a.json", "dist", True),
    ({"files": ["dist/esm"]}, "dist/cjs/a.js", "dist", True),
    ({"files": ["*/dist"]}, "a/dist/x.js", "a/dist", True),
    ({"files": ["{lib,dist}"]}, "dist/x.js", "dist", True),
    ({"main": "dist/index.js"}, "dist/x.json", "dist", True),
    ({"main": "./dist"}, "dist/x.json", "dist", True),
    ({"types": "types/index.d.ts"}, "types/x.d.ts", "types", True),
    ({"bin": {"a": "out/cli"}}, "out/x", "out", True),
    ({"exports": {".": {"import": "./esm/a.mjs"}}}, "esm/x", "esm", True),
    ({"exports": {"./*": "./esm/*.js"}}, "esm/x", "esm", True),
    # what does not
    ({}, "dist/a.js", "dist", False),
    ({"files": ["lib"]}, "dist/a.js", "dist", False),
    ({"files": ["lib"]}, "lib/cache/a.bin", "lib/cache", False),
    ({"files": ["lib/*"]}, "lib/cache/a.bin", "lib/cache", False),
    ({"files": ["lib/**"]}, "lib/cache/a.bin", "lib/cache", False),
    ({"files": ["."]}, "dist/a.js", "dist", False),
    ({"files": ["*"]}, "dist/a.js", "dist", False),
    ({"files": ["**/*"]}, "dist/a.js", "dist", False),
    ({"files": ["!dist"]}, "dist/a.js", "dist", False),
    ({"main": "index.js"}, "dist/a.js", "dist", False),
    ({"main": "lib/index.js"}, "lib/cache/a.bin", "lib/cache", False),
    ({"files": "dist"}, "dist/a.js", "dist", False),
    ({"files": [None, 3, ["dist"]]}, "dist/a.js", "dist", False),
    # what names the file
    ({"files": ["schema.json"]}, "schema.json", "", True),
    ({"files": ["lib/schema.json"]}, "lib/schema.json", "", True),
    ({"files": ["*.js"]}, "index.js", "", True),
    ({"files": ["lib/**/*.d.ts"]}, "lib/a/b.d.ts", "", True),
    ({"files": ["*.json"]}, "local.json", "", True),
    ({"files": ["lib"]}, "lib/debug.log", "", False),
    ({"files": ["lib"]}, "lib/a.js", "", False),
    ({"files": ["lib/*"]}, "lib/a.js", "", False),
    ({"files": ["**/*"]}, "lib/a.js", "", False),
    ({"main": "lib/index"}, "lib/index.js", "", True),
    ({"main": "lib"}, "lib/index.js", "", True),
    ({"main": "."}, ".eslintrc.js", "", False),
    ({"module": "lib/index.mjs"}, "lib/index.mjs", "", True),
    ({"bin": "cli"}, "cli", "", True),
    # what always ships, and what is bundled
    ({}, "README.md", "", True),
    ({}, "LICENSE", "", True),
    ({}, "lib/LICENSE", "", False),
    ({}, "node_modules/a/index.js", "node_modules", True),
    ({}, "lib/node_modules/a/index.js", "lib/node_modules", False),
]


@pytest.mark.parametrize(("manifest", "path", "folder", "wanted"), NPM)
def test_what_package_json_declares(
    manifest: dict[str, Any], path: str, folder: str, *, wanted: bool
) -> None:
    assert npm(manifest).declares(path, path, (folder,)) is wanted


# -- Python

TOML = "pyproject.toml"

PYTHON: list[tuple[str, str, str, str, bool]] = [
    ("", "", "demo/x.py", "", False),
    (TOML, "[tool.setuptools_scm]\nversion_file = 'src/demo/_v.py'", "src/demo/_v.py", "", True),
    (TOML, "[tool.setuptools_scm]\nwrite_to = 'demo/_v.py'", "demo/_v.py", "", True),
    (TOML, "[tool.setuptools_scm]\nwrite_to = 'demo/_v.py'", "demo/_w.py", "", False),
    (TOML, "[tool.hatch.build.hooks.vcs]\nversion-file = 'demo/_v.py'", "demo/_v.py", "", True),
    (TOML, "[tool.hatch.build.targets.wheel.hooks.vcs]\nversion-file = 'v.py'", "v.py", "", True),
    (TOML, "[tool.hatch.build.hooks.version]\npath = 'demo/v.py'", "demo/v.py", "", True),
    (TOML, "[tool.pdm.version]\nwrite_to = 'demo/v.py'", "src/demo/v.py", "", True),
    (TOML, "[tool.versioningit.write]\nfile = 'demo/v.py'", "demo/v.py", "", True),
    (TOML, "[[tool.scikit-build.generate]]\npath = 'demo/v.py'", "demo/v.py", "", True),
    (TOML, "[tool.hatch.build]\nartifacts = ['*.json']", "demo/a/x.json", "", True),
    (TOML, "[tool.hatch.build]\nartifacts = ['/x.json']", "demo/x.json", "", False),
    (TOML, "[tool.hatch.build]\nartifacts = ['demo/web/']", "demo/web/a/b", "", True),
    (TOML, "[tool.hatch.build]\nartifacts = ['!*.json']", "x.json", "", False),
    (TOML, "[tool.hatch.build.targets.sdist]\nartifacts = ['x.txt']", "demo/x.txt", "", True),
    (TOML, "[tool.hatch.build.force-include]\n'../web' = 'demo/web'\nw = 'x'", "w/a", "w", True),
    (TOML, "[tool.hatch.build.targets.wheel.shared-data]\nweb = 'share'", "web/a", "web", True),
    (TOML, "[tool.poetry]\ninclude = ['demo/x.txt', {path = 'web/**'}]", "demo/x.txt", "", True),
    (TOML, "[tool.poetry]\ninclude = ['demo/x.txt', {path = 'web/**'}]", "web/a.json", "web", True),
    (TOML, "[tool.maturin]\ninclude = [{path = 'x/*.txt', format = 'sdist'}]", "x/a.txt", "", True),
    (TOML, "[tool.scikit-build.sdist]\ninclude = ['gen.txt']", "a/gen.txt", "", True),
    (
        TOML,
        "[tool.setuptools.package-data]\n'demo.web' = ['x.txt']",
        "src/demo/web/x.txt",
        "",
        True,
    ),
    (TOML, "[tool.setuptools.package-data]\n'demo' = ['*.txt']", "demo/x.txt", "", True),
    (TOML, "[tool.setuptools.package-data]\n'*' = ['*.js']", "demo/x.js", "", True),
    (TOML, "[tool.setuptools.package-data]\n'*' = ['*']", "demo/x.js", "", False),
    (
        TOML,
        "[tool.setuptools.package-data]\ndemo = ['web/**/*']",
        "src/demo/web/x",
        "src/demo/web",
        True,
    ),
    (
        TOML,
        "[tool.setuptools.package-data]\ndemo = ['web/*.js']",
        "src/demo/db/x",
        "src/demo/db",
        False,
    ),
    (TOML, "[tool.pdm.build]\nincludes = ['demo/web/']", "demo/web/x", "demo/web", True),
    (TOML, "[tool.pdm.build]\nsource-includes = ['x.txt']", "x.txt", "", True),
    (TOML, "[tool.uv.build-backend]\nsource-include = ['x.txt']", "x.txt", "", True),
    (TOML, "[tool.flit.sdist]\ninclude = ['x.txt']", "x.txt", "", True),
    ("setup.cfg", "[options.package_data]\ndemo = a.txt, b.txt\n  c.txt", "demo/c.txt", "", True),
    ("setup.cfg", "[options.package_data]\n* = x.txt", "demo/x.txt", "", True),
    ("setup.cfg", "no section", "demo/x.txt", "", False),
    ("MANIFEST.in", "include a.txt \\\n  b.txt\nexclude c.txt", "b.txt", "", True),
    ("MANIFEST.in", "include a.txt \\\n  b.txt\nexclude c.txt", "c.txt", "", False),
    ("MANIFEST.in", "recursive-include demo x.txt *.json", "demo/a/x.txt", "", True),
    ("MANIFEST.in", "recursive-include demo x.txt *.json", "demo/a/x.json", "", True),
    ("MANIFEST.in", "global-include *.so", "demo/a.so", "", True),
    ("MANIFEST.in", "graft web", "web/x", "web", True),
    ("MANIFEST.in", "graft src", "src/.env", "", False),
    # documents that are none
    (TOML, "[tool", "demo/x.py", "", False),
    (TOML, "tool = 1", "demo/x.py", "", False),
    (TOML, "[tool]\nhatch = []\npdm = 1\npoetry = {include = 2}", "demo/x.py", "", False),
    (TOML, f"x = {'[' * 9000}", "demo/x.py", "", False),
    (TOML, "[tool.hatch.build]\nartifacts = [1, {a = 2}]\ntargets = 3", "demo/x.py", "", False),
    ("setup.cfg", "[options.package_data]\nx", "demo/x.py", "", False),
]


@pytest.mark.parametrize(("name", "text", "path", "folder", "wanted"), PYTHON)
def test_what_a_python_project_declares(
    name: str, text: str, path: str, folder: str, *, wanted: bool
) -> None:
    assert python({name: text}).declares(path, path, (folder,)) is wanted


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        ("demo/_x.cpython-311-x86_64-linux-gnu.so", ArtifactKind.WHEEL, True),
        ("demo/x.pyd", ArtifactKind.WHEEL, True),
        ("demo.libs/libx.so.6.1", ArtifactKind.WHEEL, True),
        ("demo/x.sock", ArtifactKind.WHEEL, False),
        ("demo/_x.so", ArtifactKind.SDIST, False),
        ("demo.egg-info/SOURCES.txt", ArtifactKind.SDIST, True),
        ("src/demo.egg-info/SOURCES.txt", ArtifactKind.SDIST, True),
        ("demo.egg-info/SOURCES.txt", ArtifactKind.WHEEL, False),
    ],
)
def test_what_every_build_makes(path: str, kind: ArtifactKind, *, wanted: bool) -> None:
    assert python({}, kind).declares(path, path, ()) is wanted


@pytest.mark.parametrize(
    ("documents", "tracked", "path", "wanted"),
    [
        ("include lib/*.js", "lib/own.js", "lib/scratch.js", False),
        ("include lib/*.js", "lib/own.ts", "lib/made.js", True),
        ("include lib/made.js", "lib/own.js", "lib/made.js", True),
        ("recursive-include lib *", "", "lib/made.js", False),
        ("[tool.hatch.build]\nartifacts = ['*.json']", "lib/own.json", "lib/made.json", True),
        ("[tool.poetry]\ninclude = ['lib/*.json']", "lib/own.json", "lib/local.json", False),
        ("[tool.hatch.build]\nforce-include = {lib = 'x'}", "lib/own.json", "lib/new.json", False),
    ],
)
def test_an_entry_that_brings_in_tracked_files_names_sources(
    documents: str, tracked: str, path: str, *, wanted: bool
) -> None:
    name = TOML if documents.startswith("[") else "MANIFEST.in"
    contents = Contents(kind=ArtifactKind.WHEEL, members=())
    output = BuildOutput(contents, {name: documents.encode()}, {tracked})

    assert output.declares(path, path, ()) is wanted


def test_an_sdists_own_pyproject_speaks_where_no_projects_was_read() -> None:
    document = DocumentSeen(path=TOML, data=b"[tool.hatch.build]\nartifacts = ['x.txt']")
    contents = Contents(
        kind=ArtifactKind.SDIST, members=(), observations={DocumentSeen: (document,)}
    )

    assert BuildOutput(contents, {}).declares("x.txt", "x.txt", ())


def test_more_entries_than_anybody_writes_hide_nothing() -> None:
    manifest = {"files": [f"a{number}.txt" for number in range(2000)]}

    assert npm(manifest).declares("a999.txt", "a999.txt", ())
    assert not npm(manifest).declares("a1000.txt", "a1000.txt", ())


@given(st.lists(st.text(alphabet="a*/{},[]!?\\.", max_size=12), max_size=6))
def test_no_list_of_files_is_too_strange(files: list[str]) -> None:
    output = npm({"files": files})

    assert output.declares("a/b/c.txt", "a/b/c.txt", ("a",)) in {True, False}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("src/a.js", "src/a.ts"),
        ("a.js.map", "a.ts"),
        ("a.d.ts", "a.tsx"),
        ("a.min.js", "a.js"),
        ("a.css", "a.scss"),
        ("a.cpp", "a.pyx"),
        ("a.c", "a.py"),
        ("p/a_pb2_grpc.py", "p/a.proto"),
        ("locale/de/x.mo", "locale/de/x.po"),
        ("version.py", "version.py.in"),
    ],
)
def test_what_tools_make_files_from(path: str, source: str) -> None:
    assert source in tuple(neighbours(path))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.js", "b.ts"),
        ("lib/a.js", "src/a.ts"),
        (".env", ".env.in"),
        ("a.json", "a.json.template"),
        ("src/.css", "src/.scss"),
        (".js", ".ts"),
        ("a.js", "a.js"),
    ],
)
def test_what_they_do_not_make(path: str, source: str) -> None:
    assert source not in tuple(neighbours(path))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "[tool.hatch.build]\nforce-include = {'./a/' = '/demo/a', 'b' = 3}",
            [("demo/a", "a"), ("3", "b")],
        ),
        ("[tool.hatch.build.targets.wheel]\nforce-include = {'c' = 'd'}", [("d", "c")]),
        ("[tool.hatch.build.targets.wheel]\nshared-data = {'w' = 'share/w'}", [("share/w", "w")]),
        (
            "[tool.hatch.build.targets.wheel]\nsources = {'src' = 'demo', 'lib' = ''}",
            [("demo", "src")],
        ),
        ("[tool.hatch.build.targets.wheel]\nsources = ['src']", []),
        ("[tool.setuptools.package-dir]\n'' = 'src'\n'a.b' = 'c'", [("a/b", "c")]),
        ("[tool.poetry]\npackages = [{include = 'a', from = 'x', to = 'b'}]", [("b/a", "x/a")]),
        ("[tool.poetry]\npackages = [{include = 'a'}, 3]", []),
        ("[", []),
    ],
)
def test_what_a_wheel_holds_under_another_path(text: str, wanted: list[tuple[str, str]]) -> None:
    assert list(placed({TOML: text.encode()})) == wanted


# -- facts


def facts_of(
    states: Mapping[str, str], manifest: Mapping[str, Any] | None = None, base: str = ""
) -> dict[str, GitStateFact]:
    seen = GitSeen(states=tuple(PathState.parse(p, s) for p, s in states.items()), base=base)
    document = ManifestSeen(document=dict(manifest or {}), text="")
    contents = Contents(
        kind=ArtifactKind.NPM_TARBALL,
        members=tuple(Member(path=path, name=path, size=1000) for path in states),
        observations={GitSeen: (seen,), ManifestSeen: (document,)},
    )
    found = [fact for fact in COLLECTOR.collect(contents) if isinstance(fact, GitStateFact)]
    assert [fact.path for fact in found] == list(states)
    return {fact.path: fact for fact in found}


def test_without_git_there_are_no_facts() -> None:
    members = (Member(path="a.js", name="a.js", size=1),)

    assert not tuple(COLLECTOR.collect(Contents(kind=ArtifactKind.SDIST, members=members)))


def test_a_fact_says_what_git_said() -> None:
    facts = facts_of({"a.log": "ignored .gitignore:3 *.log", "b.js": "tracked", "c": "generated"})

    assert facts["a.log"] == GitStateFact(
        path="a.log",
        state=State.IGNORED,
        pattern="*.log",
        pattern_source=".gitignore:3",
        by_folder=False,
        folder="",
        declared=False,
        made_from="",
        first=True,
        files=1,
        size=facts["a.log"].size,
        subject="a.log (1.0 kB)",
    )
    assert facts["a.log"].size == 1000
    assert [facts[path].state for path in ("b.js", "c")] == [State.TRACKED, State.GENERATED]
    assert not any(facts[path].declared or facts[path].by_folder for path in ("b.js", "c"))


def test_the_first_file_stands_for_a_folder_that_nothing_names() -> None:
    facts = facts_of(
        {
            "out/b": "ignored .gitignore:1 out in out",
            "out/a/z": "ignored .gitignore:1 out in out",
            "out2/x": "ignored .gitignore:1 out* in out2",
            "new/a": "untracked in new",
            "new/b": "untracked in new",
            "dist/a": "ignored .gitignore:2 dist in dist",
        },
        {"main": "dist/index.js"},
    )

    told = [p for p, f in facts.items() if f.first and not f.declared]
    assert told == ["out/a/z", "out2/x", "new/a"]
    assert facts["out/a/z"].subject == "out/ (2 files, 2.0 kB)"
    assert facts["out/b"].files == 2
    assert facts["out2/x"].subject == "out2/x (1.0 kB)"
    assert facts["dist/a"].declared


def test_an_ignored_file_in_an_untracked_folder_stands_for_itself() -> None:
    state = PathState(path="new/.env", state=State.IGNORED, pattern=".env", untracked_folder="new")
    contents = Contents(
        kind=ArtifactKind.NPM_TARBALL,
        members=(),
        observations={GitSeen: (GitSeen(states=(state,)),)},
    )
    (fact,) = COLLECTOR.collect(contents)

    assert isinstance(fact, GitStateFact)
    assert not fact.by_folder
    assert fact.first


def test_the_folder_that_is_packed_instead_of_the_projects_is_declared() -> None:
    states = {"a.js": "ignored .gitignore:1 dist in dist", "b.js": "untracked in other"}

    facts = facts_of(states, base="dist/pkg")

    assert [fact.declared for fact in facts.values()] == [True, False]


def test_what_a_tool_makes_from_a_tracked_file_is_declared() -> None:
    state = PathState(path="a.js", state=State.UNTRACKED, source="a.js", made_from="a.ts")
    contents = Contents(
        kind=ArtifactKind.NPM_TARBALL,
        members=(),
        observations={GitSeen: (GitSeen(states=(state,)),)},
    )
    (fact,) = COLLECTOR.collect(contents)

    assert isinstance(fact, GitStateFact)
    assert fact.declared


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tracked", PathState(path="a", state=State.TRACKED, source="a")),
        ("generated", PathState(path="a", state=State.GENERATED)),
        (
            "untracked in b",
            PathState(path="a", state=State.UNTRACKED, source="a", untracked_folder="b"),
        ),
        (
            "ignored .gitignore:1 x/ in b/x",
            PathState(
                path="a",
                state=State.IGNORED,
                source="a",
                pattern="x/",
                pattern_source=".gitignore:1",
                folder="b/x",
                untracked_folder="b/x",
            ),
        ),
    ],
)
def test_the_spelling_of_rule_tests(text: str, wanted: PathState) -> None:
    assert PathState.parse("a", text) == wanted


@pytest.mark.parametrize("text", ["", "lost", "tracked in", "ignored .gitignore *.log", "tracked "])
def test_what_is_no_state(text: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        PathState.parse("a", text)


@pytest.mark.parametrize(
    ("git", "problem"),
    [
        ("git: [a]", "tests[0].git: must map paths to what git says of them"),
        ("git: {index.js: lost}", "tests[0].git: 'lost' is not a valid State"),
    ],
)
def test_a_rules_test_that_says_no_state_is_refused(git: str, problem: str) -> None:
    path = rulebook.builtin_folder() / "untracked-file.yaml"
    text = path.read_text(encoding="utf-8")
    head, _, _ = text.partition("tests:\n")
    test = f"tests:\n  - name: one\n    given: {{npm-tarball: {{index.js: ''}}}}\n    {git}\n"

    with pytest.raises(RuleError) as caught:
        rulefile.parse(f"{head}{test}    finds: []\n", path.name, {})

    assert problem in str(caught.value)
