"""What package.json promises and asks for, against what the package holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import facts
from auditor.examine import Examination
from auditor.facts import Contents
from auditor.facts.dependency import DependencyFact, scheme_of
from auditor.facts.entry_point import EntryPointFact
from auditor.facts.manifest import manifest_of
from auditor.facts.package import PackageFact
from auditor.facts.script import ScriptFact
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Fact, Member, Unread, Verdict
from auditor.scan import Request, scan
from tests.often import often

if TYPE_CHECKING:
    from auditor.archives import Entry
    from tests.conftest import Pack

Manifest = Mapping[str, Any]
KINDS = ("dependency", "entry-point", "package", "script")


def contents_of(manifest: Manifest | str | bytes, files: Iterable[str] = ()) -> Contents:
    text = json.dumps(manifest) if isinstance(manifest, Mapping) else manifest
    data = text.encode() if isinstance(text, str) else text
    entries: list[Entry] = [
        (Member(path="package.json", name="package/package.json", size=len(data)), iter((data,)))
    ]
    entries += [(Member(path=f, name=f"package/{f}", size=1), iter((b"x",))) for f in files]
    _, readers = facts.load()
    examination = Examination("test", readers, Budget(Limits()))
    examination.run(entries)
    return examination.contents(ArtifactKind.NPM_TARBALL, None)


def collected(
    kind: str, manifest: Manifest | str | bytes, files: Iterable[str] = ()
) -> list[Fact | Unread]:
    collectors, _ = facts.load()
    return list(collectors[kind].collect(contents_of(manifest, files)))


# -- entry points


def entry_points(manifest: Manifest, *files: str) -> dict[str, EntryPointFact]:
    found = collected("entry-point", manifest, files)
    told = {fact.key: fact for fact in found if isinstance(fact, EntryPointFact) and fact.key}
    assert len(told) == len(found)
    return told


def missing(manifest: Manifest, *files: str) -> set[str]:
    return {key for key, fact in entry_points(manifest, *files).items() if not fact.exists}


THERE: list[tuple[Manifest, str]] = [
    ({"main": "index.js"}, "index.js"),
    ({"main": "./index.js"}, "index.js"),
    ({"main": "index"}, "index.js"),
    ({"main": "lib"}, "lib.js"),
    ({"main": "lib"}, "lib/index.js"),
    ({"main": "./lib/"}, "lib/index.js"),
    ({"main": "lib/data"}, "lib/data.json"),
    ({"main": "build/addon"}, "build/addon.node"),
    ({"main": "."}, "index.js"),
    ({"main": "lib"}, "lib/index.json"),
    ({"main": "lib"}, "lib/index.node"),
    ({"umd:main": "dist/kit.umd.js"}, "dist/kit.umd.js"),
    ({"jsdelivr": "dist/kit.js"}, "dist/kit.js"),
    ({"sass": "scss/kit"}, "scss/kit.sass"),
    ({"style": "css/kit"}, "css/kit.css"),
    ({"browser": {"./a": "./b"}}, "b.js"),
    ({"main": "./"}, "index.json"),
    ({"main": "/index.js"}, "index.js"),
    ({"main": "lib/../index.js"}, "index.js"),
    ({"module": "index"}, "index.mjs"),
    ({"browser": "index"}, "index.cjs"),
    ({"module": "dist/index.mjs"}, "dist/index.mjs"),
    ({"types": "index.d.ts"}, "index.d.ts"),
    ({"types": "./index"}, "index.d.ts"),
    ({"typings": "types"}, "types/index.d.ts"),
    ({"types": "index"}, "index.d.mts"),
    ({"style": "dist/a.css"}, "dist/a.css"),
    ({"sass": "scss/kit"}, "scss/kit.scss"),
    ({"sass": "scss"}, "scss/_index.scss"),
    ({"bin": "cli.js"}, "cli.js"),
    ({"bin": "./cli.js"}, "cli.js"),
    ({"bin": {"kit": "bin/kit"}}, "bin/kit"),
    ({"browser": "browser.js"}, "browser.js"),
    ({"browser": {"./a.js": "./b.js"}}, "b.js"),
    ({"exports": "./index.js"}, "index.js"),
    ({"exports": {".": "./index.js"}}, "index.js"),
    ({"exports": {"import": "./a.mjs"}}, "a.mjs"),
    ({"exports": {".": {"import": {"types": "./a.d.mts"}}}}, "a.d.mts"),
    ({"exports": {"./f/*": "./f/*.js"}}, "f/a/b.js"),
    ({"exports": {"./f/*.js": "./f/*.js"}}, "f/a.js"),
    ({"exports": {"./*.js": "./*.js"}}, "a.js"),
    ({"exports": {"./f/*": "./f/*/index.*.js"}}, "f/a/index.a.js"),
    ({"exports": {"./g/": "./g/"}}, "g/a.js"),
    ({"exports": {".": ["./a.mjs", "./b.js"]}}, "a.mjs"),
    ({"exports": {".": ["not/relative", {"import": "./a.mjs"}, "./b.js"]}}, "a.mjs"),
    ({"unpkg": "dist/kit.min.js"}, "dist/kit.min.js"),
    (
        {"types": "index.d.ts", "typesVersions": {">=4.2": {"*": ["dist/types/*"]}}},
        "dist/types/index.d.ts",
    ),
    ({"types": "./a.d.ts", "typesVersions": {"*": {"a.d.ts": ["x", "b.d.ts"]}}}, "b.d.ts"),
]


@pytest.mark.parametrize(("manifest", "file"), THERE, ids=json.dumps)
def test_an_entry_point_is_there_or_it_is_missing(manifest: Manifest, file: str) -> None:
    assert len(entry_points(manifest)) == 1
    assert missing(manifest, file) == set()
    assert missing(manifest, "other.txt") == set(entry_points(manifest))


@pytest.mark.parametrize(
    ("manifest", "file"),
    [
        ({"bin": "cli"}, "cli.js"),
        ({"bin": {"kit": "cli"}}, "cli.js"),
        ({"exports": {"./f/*": "./f/aa*aa.js"}}, "f/aa.js"),
        ({"exports": "./index"}, "index.js"),
        ({"exports": {".": "./lib"}}, "lib/index.js"),
        ({"exports": {"./f/*": "./f/*.js"}}, "f/a.mjs"),
        ({"exports": {"./f/*": "./f/*.js"}}, "f/.js.map"),
        ({"exports": {"./f/*": "./f/a*b.js"}}, "f/ab.j"),
        ({"exports": {"./g/": "./g/"}}, "g.js"),
        ({"exports": {".": ["./a.mjs", "./b.js"]}}, "b.js"),
        ({"types": "index"}, "index.js"),
        ({"main": "index"}, "index.d.ts"),
        ({"main": "index"}, "index.cjs"),
        ({"main": "index"}, "index.mjs"),
        ({"main": "../index.js"}, "index.js"),
        ({"main": "Index.js"}, "index.js"),
        ({"types": "a.d.ts", "typesVersions": {"*": {"b.d.ts": ["c.d.ts"]}}}, "c.d.ts"),
        ({"types": "a.d.ts", "typesVersions": {"*": {"x*": ["c.d.ts"]}}}, "c.d.ts"),
        ({"main": "a.d.ts", "typesVersions": {"*": {"*": ["types/*"]}}}, "types/a.d.ts"),
    ],
)
def test_an_entry_point_is_not_looked_for_elsewhere(manifest: Manifest, file: str) -> None:
    assert missing(manifest, file) == set(entry_points(manifest)) != set()


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"main": ""},
        {"main": None, "bin": None, "exports": None, "browser": None},
        {"main": ["a.js"], "types": 7, "bin": ["cli.js"], "browser": ["a"], "exports": 7},
        {"bin": {"kit": None, "other": ""}},
        {"browser": {"fs": False, "./a.js": False, "events": "events-lite"}},
        {"exports": {".": None, "./internal/*": None}},
        {"exports": {".": {"default": None}}},
        {"exports": {".": {"source": "./src/a.ts", "development": "./src/a.ts"}}},
        {"exports": {".": {"@acme/dev": "./src/a.ts", "my-src": "./src/a.ts"}}},
        {"exports": {".": {"source": {"import": "./src/a.ts"}}}},
        {"exports": "not-relative"},
        {"exports": {".": []}},
        {"typesVersions": {"*": {"*": ["types/*"]}}},
        {"files": ["dist"], "directories": {"lib": "lib"}},
    ],
    ids=json.dumps,
)
def test_what_promises_no_file(manifest: Manifest) -> None:
    assert entry_points(manifest) == {}


@pytest.mark.parametrize(
    "versions", [None, [], "x", {"*": None}, {"*": []}, {"*": {"*": "x"}}, {"*": {"*": [1]}}]
)
def test_types_versions_of_another_shape_say_nothing(versions: object) -> None:
    assert missing({"types": "a.d.ts", "typesVersions": versions}) == {"types"}


def test_every_place_is_named_by_its_keys_and_line() -> None:
    text = """{
  "name": "demo",
  "main": "./a.js",
  "bin": {
    "one": "./1.js",
    "two": "./2.js"
  },
  "browser": {"./x.js": "./y.js"},
  "exports": {
    ".": {"import": "./a.mjs", "default": "./a.js"},
    "./sub": "./sub.js"
  }
}"""
    found = [f for f in collected("entry-point", text) if isinstance(f, EntryPointFact)]
    assert {(f.key, f.field, f.target, f.line) for f in found} == {
        ("main", "main", "./a.js", 3),
        ("bin.one", "bin", "./1.js", 4),
        ("bin.two", "bin", "./2.js", 4),
        ('browser["./x.js"]', "browser", "./y.js", 8),
        ('exports["."].import', "exports", "./a.mjs", 10),
        ('exports["."].default', "exports", "./a.js", 10),
        ('exports["./sub"]', "exports", "./sub.js", 11),
    }
    assert {f.path for f in found} == {"package.json"}


def test_conditions_inside_conditions_end_somewhere() -> None:
    for wrap in ("[%s]", '{"import": %s}', '[{"import": %s}]'):
        for depth, count in ((8, 1), (14, 1), (40, 0), (400, 0)):
            text = '"./a.js"'
            for _ in range(depth):
                text = wrap % text
            assert len(collected("entry-point", f'{{"exports": {text}}}')) == count


def test_links_and_folders_are_no_files() -> None:
    manifest = {"main": "lib/a.js", "bin": "lib"}
    assert missing(manifest, "lib/a.js/index.txt") == {"main", "bin"}


# -- scripts


def script(command: str, *files: str) -> ScriptFact:
    (found,) = collected("script", {"scripts": {"postinstall": command}}, files)
    assert isinstance(found, ScriptFact)
    assert (found.name, found.command) == ("postinstall", command)
    assert (found.key, found.implicit) == ("scripts.postinstall", False)
    return found


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("node setup.js", "setup.js"),
        ("node ./scripts/setup.js", "scripts/setup.js"),
        ("node scripts/setup", "scripts/setup"),
        ("node 'scripts/setup.js' --quiet", "scripts/setup.js"),
        ("sh scripts/setup.sh && node ready.js", "scripts/setup.sh"),
        ("python3 setup.py build", "setup.py"),
        ("bun scripts/setup.ts", "scripts/setup.ts"),
        ("tsx @tools/setup.ts", "@tools/setup.ts"),
    ],
)
def test_a_script_file_is_there_or_it_is_missing(command: str, file: str) -> None:
    assert script(command).missing == file
    assert script(command, file).missing == ""


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("node scripts/setup", "scripts/setup.js"),
        ("node scripts/setup", "scripts/setup.cjs"),
        ("node lib", "lib/index.js"),
        ("node ./build/addon", "build/addon.node"),
        ("node lib/data", "lib/data.json"),
        ("bun setup", "setup.mjs"),
    ],
)
def test_node_finds_a_script_without_its_ending(command: str, file: str) -> None:
    assert script(command, file).missing == ""


@pytest.mark.parametrize(
    "command",
    [
        "",
        "node",
        "node -e 1",
        "node --version",
        "node -r ./x.js setup.js",
        "node-gyp rebuild",
        "husky install",
        "bun run",
        "deno task",
        "node node_modules/x/y.js",
        "node setup.js || exit 0",
        "node setup.js || true",
        "node setup.js; true",
        "node setup.js | cat",
        "node setup.js & sleep 1",
        "node scripts\\setup.js",
        "node $DIR/setup.js",
        "node 'setup.js",
        "FOO=1 node setup.js",
        "cd lib && node setup.js",
        "test -f setup.js && node setup.js",
    ],
)
def test_a_command_that_need_not_fail_misses_nothing(command: str) -> None:
    assert script(command).missing == ""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ('node -e "run()"', "run()"),
        ("node -p 'run()'", "run()"),
        ("node --no-warnings -e 'run()'", "run()"),
        ("node --eval='run()'", "run()"),
        ("/usr/bin/node -e 'run()'", "run()"),
        ("true && node -e 'run()' || exit 0", "run()"),
        ("python3 -c 'import os'", "import os"),
        ("bash -c 'node x.js'", "node x.js"),
        ("perl -e 'run()'", "run()"),
        ("ruby -e 'run()'", "run()"),
        ("php --eval 'run()'", "run()"),
        ("node --print 'run()'", "run()"),
        ("node -pe 'run()'", "run()"),
        ("deno eval 'run()'", "run()"),
        ("node -e 'require(\"./a\");run()'", 'require("./a");run()'),
        ("node -e 'require(\"child_process\")'", 'require("child_process")'),
        ("node -e \"try{require('./a')}catch(e){run()}\"", "try{require('./a')}catch(e){run()}"),
        ("node -e 'run()", "'run()"),
    ],
)
def test_code_in_a_command_is_told(command: str, code: str) -> None:
    assert script(command).code == code


@pytest.mark.parametrize(
    "command",
    [
        "node setup.js",
        "node setup.js -e x",
        "echo -e x",
        "grep -e x -c y",
        "node -e \"require('./postinstall')\"",
        "node -e \"try{require('./postinstall')}catch(e){}\"",
        " node -e \"try { require('./_postinstall') } catch {}\" || exit 0",
        "node -e \"import('../lib/setup.mjs');\"",
        "node -e",
        "",
    ],
)
def test_a_command_that_only_loads_a_file_has_no_code(command: str) -> None:
    assert script(command).code == ""


def scripts(manifest: Manifest, *files: str) -> list[tuple[str, str | None, bool]]:
    found = collected("script", manifest, files)
    return [(f.name, f.key, f.implicit) for f in found if isinstance(f, ScriptFact)]


def test_every_script_is_told_with_its_line() -> None:
    text = '{\n "scripts": {\n  "test": "x",\n  "postinstall": "y"\n }\n}'
    found = [f for f in collected("script", text) if isinstance(f, ScriptFact)]
    assert [(f.name, f.line) for f in found] == [("test", 3), ("postinstall", 4)]


def test_npm_builds_what_has_a_binding_file() -> None:
    implied = [("install", "scripts.install", True)]
    assert scripts({}, "binding.gyp") == implied
    assert scripts({"scripts": {}}, "binding.gyp") == implied
    assert scripts({"gypfile": True}, "binding.gyp") == implied
    assert scripts({}, "lib/binding.gyp") == []
    assert scripts({"gypfile": False}, "binding.gyp") == []
    for name in ("install", "preinstall"):
        own = {"scripts": {name: "x"}}
        assert scripts(own, "binding.gyp") == [(name, f"scripts.{name}", False)]


# -- dependencies


@pytest.mark.parametrize(
    ("spec", "scheme"),
    [
        ("^1.0.0", "range"),
        (">=1 <2 || 3.x", "range"),
        ("", "range"),
        ("*", "range"),
        ("latest", "range"),
        ("workspace:*", "workspace"),
        ("workspace:^1.0.0", "workspace"),
        ("catalog:", "catalog"),
        ("catalog:react", "catalog"),
        ("file:../a", "file"),
        ("../a", "file"),
        ("./a.tgz", "file"),
        ("/work/a", "file"),
        ("~/a", "file"),
        ("link:../a", "link"),
        ("portal:../a", "portal"),
        ("patch:a@npm%3A1.0.0#./a.patch", "patch"),
        ("jsr:@o/a@1", "jsr"),
        ("npm:@o/a@1", "npm"),
        ("npm:a@1", "npm"),
        ("git+ssh://git@git.example.org/o/a.git", "git"),
        ("git://git.example.org/a.git", "git"),
        ("git@git.example.org:o/a.git", "git"),
        ("o/a", "git"),
        ("o/a#semver:^1", "git"),
        ("github:o/a", "git"),
        ("gist:0a1b2c", "git"),
        ("gitlab:0a1b2c", "git"),
        ("@o/a", "range"),
        ("https://files.example.org/a.tgz", "https"),
        ("http://files.example.org/a.tgz", "http"),
    ],
)
def test_the_scheme_of_a_specification(spec: str, scheme: str) -> None:
    assert scheme_of(spec) == scheme


def test_what_consumers_install_is_told() -> None:
    text = json.dumps(
        {
            "dependencies": {"a": "1"},
            "optionalDependencies": {"b": "workspace:*"},
            "peerDependencies": {"@o/c": "*"},
            "devDependencies": {"d": "link:../d"},
        },
        indent=1,
    )
    found = [f for f in collected("dependency", text) if isinstance(f, DependencyFact)]
    assert [(f.key, f.section, f.name, f.spec, f.scheme, f.line) for f in found] == [
        ("dependencies.a", "dependencies", "a", "1", "range", 3),
        ("optionalDependencies.b", "optionalDependencies", "b", "workspace:*", "workspace", 6),
        ("peerDependencies.@o/c", "peerDependencies", "@o/c", "*", "range", 9),
    ]
    assert not any(f.bundled for f in found)


@pytest.mark.parametrize(
    ("listed", "file", "bundled"),
    [
        ({"bundleDependencies": ["a"]}, "node_modules/a/package.json", True),
        ({"bundledDependencies": ["a"]}, "node_modules/a/package.json", True),
        ({"bundleDependencies": True}, "node_modules/a/package.json", True),
        ({"bundleDependencies": ["a"]}, "node_modules/a/index.js", False),
        ({"bundleDependencies": ["b"]}, "node_modules/a/package.json", False),
        ({"bundleDependencies": False}, "node_modules/a/package.json", False),
        ({"bundleDependencies": [{}, None]}, "node_modules/a/package.json", False),
        ({}, "node_modules/a/package.json", False),
    ],
)
def test_what_the_package_brings_along(listed: Manifest, file: str, bundled: bool) -> None:  # noqa: FBT001
    manifest = {"dependencies": {"a": "file:../a"}, **listed}
    (found,) = collected("dependency", manifest, [file])
    assert isinstance(found, DependencyFact)
    assert found.bundled is bundled


# -- identity


def package(manifest: Manifest) -> PackageFact:
    (found,) = collected("package", manifest)
    assert isinstance(found, PackageFact)
    return found


@pytest.mark.parametrize(
    "name",
    ["a", "demo-kit", "@demo/kit", "demo.kit", "demo_kit", "7", "@a-b.c/d", "-", "a" * 214],
)
def test_a_name_that_npm_takes(name: str) -> None:
    assert package({"name": name, "version": "1.0.0"}).valid_name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "Demo",
            "demo kit",
            ".demo",
            "_demo",
            "demo/kit",
            "@demo",
            "@/kit",
            "@demo/",
            "a/b/c",
        ),
        *(
            "d\u00e9mo",
            "demo~",
            "demo!",
            "a" * 215,
            "node_modules",
            "favicon.ico",
            "demo\n",
            " demo",
        ),
    ],
)
def test_a_name_that_npm_refuses(name: str) -> None:
    assert not package({"name": name, "version": "1.0.0"}).valid_name


@pytest.mark.parametrize(
    "version", ["1.0.0", "0.0.0", "1.0.0-rc.1+b.5", "v1.0.0", "=1.0.0", " 1.0.0 "]
)
def test_a_version_that_npm_takes(version: str) -> None:
    assert package({"name": "a", "version": version}).valid_version


@pytest.mark.parametrize("version", ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "latest", "*"])
def test_a_version_that_npm_refuses(version: str) -> None:
    assert not package({"name": "a", "version": version}).valid_version


def test_what_is_missing_is_not_valid() -> None:
    found = package({})
    assert (found.name, found.version) == ("", "")
    assert (found.valid_name, found.valid_version, found.private) == (False, False, False)


@pytest.mark.parametrize(
    ("value", "private"), [(True, True), ("true", True), (False, False), (None, False), ("", False)]
)
def test_private_is_what_npm_takes_for_it(value: object, private: bool) -> None:  # noqa: FBT001
    assert package({"private": value}).private is private


def test_lines_are_those_of_the_keys() -> None:
    (found,) = collected("package", '{\n\n "name": "a"}')
    assert isinstance(found, PackageFact)
    assert found.line == 3


# -- manifests that are none


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not readable as JSON"),
        (b"{", "not readable as JSON"),
        (b"[]", "is a list, where an object must stand"),
        (b"null", "is null, where an object must stand"),
        (b'"x"', "is a text, where an object must stand"),
        (b'{"name": "\xff"}', "is not UTF-8 text"),
        (b'{"a":' * 100_000, "json-depth|not readable as JSON"),
    ],
    ids=["empty", "cut-short", "list", "null", "text", "latin-1", "nested"],
)
def test_a_manifest_that_cannot_be_read_is_a_gap(pack: Pack, data: bytes, reason: str) -> None:
    report = scan(Request(targets=(str(pack({"package.json": data})),)))
    assert report.verdict is Verdict.INCOMPLETE
    (gap,) = report.gaps
    assert gap.location.path == "package.json"
    assert any(part in gap.reason for part in reason.split("|"))


@pytest.mark.parametrize(
    ("kind", "manifest", "key"),
    [
        ("script", {"scripts": ["x"]}, "scripts"),
        ("script", {"scripts": {"install": 7}}, "scripts.install"),
        ("dependency", {"dependencies": ["a"]}, "dependencies"),
        ("dependency", {"peerDependencies": {"a": {"version": "1"}}}, "peerDependencies.a"),
        ("package", {"name": 7}, "name"),
        ("package", {"name": "a", "version": ["1.0.0"]}, "version"),
    ],
)
def test_a_part_of_another_shape_is_said(kind: str, manifest: Manifest, key: str) -> None:
    told = [one for one in collected(kind, manifest) if isinstance(one, Unread)]
    (only,) = told
    assert only.path == "package.json"
    assert only.reason.endswith(f"at {key!r}")


def test_one_bad_section_does_not_hide_the_others() -> None:
    found = collected("dependency", {"dependencies": [], "peerDependencies": {"a": "link:../a"}})
    assert [type(one) for one in found] == [Unread, DependencyFact]


def test_without_a_manifest_there_is_nothing_to_say() -> None:
    collectors, _ = facts.load()
    nothing = Contents(kind=ArtifactKind.ARCHIVE, members=())
    assert [list(collectors[kind].collect(nothing)) for kind in KINDS] == [[]] * len(KINDS)


def test_the_last_of_two_manifests_counts_and_nested_ones_do_not() -> None:
    _, readers = facts.load()
    examination = Examination("test", readers, Budget(Limits()))
    entries: list[Entry] = []
    for path, name in [("package.json", "a"), ("package.json", "b"), ("lib/package.json", "c")]:
        data = json.dumps({"name": name}).encode()
        entries.append((Member(path=path, name=path, size=len(data)), iter((data,))))
    examination.run(entries)
    manifest = manifest_of(examination.contents(ArtifactKind.NPM_TARBALL, None))
    assert manifest is not None
    assert manifest.document == {"name": "b"}


def test_a_byte_order_mark_is_taken_off() -> None:
    (found,) = collected("package", b'\xef\xbb\xbf{"name": "a", "version": "1.0.0"}')
    assert isinstance(found, PackageFact)
    assert found.name == "a"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "./a.js", "*", "a/*", "x:y"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([".", "./*", "import", "a", '"']), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = (
    "name version private main module types typings bin browser exports typesVersions scripts "
    "dependencies optionalDependencies peerDependencies bundleDependencies gypfile style"
).split()


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6), st.sampled_from(["a.js", "*"]))
@settings(max_examples=often(300), deadline=None)
def test_any_manifest_is_judged_or_said_to_be_odd(manifest: dict[str, Any], file: str) -> None:
    for kind in KINDS:
        for one in collected(kind, manifest, [file]):
            assert isinstance(one, (Fact, Unread))
