"""What fixes say: the change that leaves a file out, and the setting that emits the maps."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor import packing
from auditor.advice import advice, pattern_for
from auditor.advice_npm import LeaveOut
from auditor.facts.project import build_setting
from auditor.facts.project.config_file import ConfigSeen, tokens
from auditor.facts.project.packing_config import PackingConfigFact, collect
from auditor.facts.source_map import Carrier, SourceMapFact
from auditor.model import ArtifactKind, ByteCount, Fact
from auditor.packers import Packer
from auditor.packing import Reading, ships
from tests.test_packing_config import (
    CELLS,
    COLUMNS,
    FILES,
    MAPS,
    MATRIX,
    manifest,
    project,
    shipped,
)
from tests.work import calls, ends

PACKED = frozenset({"package.json", "README.md", "dist/a.js", "dist/a.d.ts", *MAPS})


def leave_out(path: str, files: dict[str, str], packer: str = "npm@12.2.0") -> str:
    contents = project(files, packer, PACKED)
    return advice(contents)["leave_out"](Fact(path=path))


def stop_emitting(files: dict[str, str], fact: Fact | None = None) -> str:
    return advice(project(files))["stop_emitting"](fact or Fact(path="dist/a.js.map"))


# leave_out


@pytest.mark.parametrize(("files", "ignores", "packer", "count"), CELLS)
def test_following_the_advice_leaves_every_map_out_and_the_code_in(
    files: list[str] | None, ignores: dict[str, str], packer: str, count: int
) -> None:
    packed = frozenset({"package.json", *shipped(files, ignores, packer)})
    texts = {"package.json": manifest(files, main="dist/a.js"), **ignores}
    adviser = LeaveOut(project(texts, COLUMNS[packer], packed))
    (reading,) = packing.readings(Packer.parse(COLUMNS[packer]))
    maps = packed & {*MAPS}
    assert len(maps) == count

    for path in maps:
        change = adviser.change(path)
        assert change is not None
        assert [p for p in MAPS if ships(change.configuration, reading, p)] == []
        assert ships(change.configuration, reading, "dist/a.js")


@pytest.mark.parametrize("packer", [p for p in COLUMNS.values() if p != "yarn@1.22.22"])
@pytest.mark.parametrize(("files", "ignores", "_"), MATRIX)
def test_advice_for_one_packer_holds_for_the_others(
    files: list[str] | None, ignores: dict[str, str], _: str, packer: str
) -> None:
    texts = {"package.json": manifest(files, main="dist/a.js"), **ignores}
    change = LeaveOut(project(texts, packer, frozenset(FILES))).change(MAPS[0])

    assert change is not None
    for reading in packing.MODERN:
        assert not ships(change.configuration, reading, MAPS[0])


@pytest.mark.parametrize(
    ("packer", "files", "text"),
    [
        ("npm@12.2.0", ["dist"], 'In package.json, write: "files": ["dist", "!**/*.map"].'),
        ("npm@12.2.0", ["dist/**"], 'In package.json, write: "files": ["dist", "!**/*.map"].'),
        (
            "yarn@1.22.22",
            ["dist"],
            'In package.json, write: "files": ["dist/**/*.d.ts", "dist/**/*.js"].',
        ),
        (
            "npm@12.2.0",
            ["dist", "!*.map"],
            (
                'In package.json, write: "files": ["dist", "!**/*.map"].\n'
                '("!*.map" is there, but npm 12.2.0 ships the file all the same.)'
            ),
        ),
        (
            "pnpm@11.0.0",
            [*"abcdefgh", "dist"],
            'Add "!**/*.map" as the last entry of "files" in package.json.',
        ),
    ],
)
def test_with_a_list_the_advice_is_the_list_as_it_should_be(
    packer: str, files: list[str], text: str
) -> None:
    assert leave_out("dist/a.js.map", {"package.json": manifest(files)}, packer) == text


def test_with_an_npmignore_alone_it_is_a_line_for_it() -> None:
    texts = {"package.json": manifest(None), ".npmignore": "src\n"}

    assert leave_out("dist/a.js.map", texts) == 'Add the line "*.map" at the end of .npmignore.'
    assert leave_out("dist/conf.pem", texts) == (
        'Add the line "/dist/conf.pem" at the end of .npmignore.'
    )


def test_yarn_1_lets_a_line_with_an_exclamation_mark_win_so_a_list_is_needed() -> None:
    texts = {"package.json": manifest(None, main="dist/a.js"), ".npmignore": "!*.pem\n"}

    assert leave_out("dist/conf.pem", texts, "yarn@4.18.1").startswith('Add to package.json: "fi')
    assert "before packing" in leave_out("dist/conf.pem", texts, "yarn@1.22.22")


def test_an_npmignore_that_names_the_file_in_vain_is_mentioned() -> None:
    texts = {"package.json": manifest(["dist"]), ".npmignore": "*.map\n"}

    assert leave_out("dist/a.js.map", texts).endswith(
        '\n(.npmignore names it, but npm 12.2.0 does not read it beside "files".)'
    )


@pytest.mark.parametrize(
    ("fields", "entries"),
    [
        ({"main": "./dist/a.js", "bin": {"x": "bin/x"}}, ["dist", "bin", "!**/*.map"]),
        (
            {"exports": {".": {"import": ["./lib/a.mjs", None]}, "./*": "./esm/*.js"}},
            ["esm", "lib"],
        ),
        ({"types": "../outside.d.ts", "main": "/x.js"}, ["dist", "!**/*.map"]),
        ({"main": "cli.js"}, ["cli.js", "dist", "!**/*.map"]),
        ({}, ["dist", "!**/*.map"]),
    ],
)
def test_without_any_list_one_is_made_from_the_entry_points(
    fields: dict[str, object], entries: list[str]
) -> None:
    text = leave_out("dist/a.js.map", {"package.json": manifest(None, **fields)})

    listed = json.loads(text.partition('"files": ')[2].partition("]")[0] + "]")
    assert listed[: len(entries)] == entries
    assert listed[-1] == "!**/*.map"
    assert text.endswith("What it does not name stays out: pack again and compare.")


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("dist/a.css.map", "**/*.map"),
        ("a/.DS_Store", "**/.DS_Store"),
        ("a/b.js~", "**/*~"),
        ("a/.env", "**/.env"),
        ("a/.env.local", "a/.env.local"),
        ("app/[id]/(x)/a.pem", "app/?id?/?x?/a.pem"),
    ],
)
def test_a_pattern_is_for_all_files_of_a_kind_that_never_ships(path: str, pattern: str) -> None:
    assert pattern_for(path) == pattern
    assert packing.glob(pattern).fullmatch(path)


def test_an_entry_that_is_the_file_itself_is_taken_off_the_list() -> None:
    texts = {"package.json": manifest(["dist/a.js", "./conf.pem"])}

    assert leave_out("conf.pem", texts) == 'In package.json, write: "files": ["dist/a.js"].'


def test_a_map_that_no_list_keeps_out_is_to_be_deleted() -> None:
    packed = PACKED | {"dist/[id].js", "dist/[id].js.map"}
    texts = {"package.json": manifest(["dist"])}
    say = advice(project(texts, "npm@12.2.0", packed))["leave_out"]

    assert say(Fact(path="dist/[id].js.map")) == (
        "Delete dist/[id].js.map before packing: no list leaves it out with npm 12.2.0"
        " and keeps the rest."
    )
    assert say(Fact(path="dist/a.js.map")).startswith(
        'In package.json, write: "files": ["dist", "!'
    )


def test_what_always_ships_is_not_put_on_a_list() -> None:
    texts = {"package.json": manifest(["dist"], main="./dist/a.js.map", bin="b.pem")}

    assert leave_out("dist/a.js.map", texts).startswith(
        'package.json names dist/a.js.map as "main", which packers take whatever "files" says'
    )
    assert 'as "bin"' in leave_out("b.pem", texts)
    assert leave_out("README.md.orig", texts).startswith("Delete or rename README.md.orig")


def test_what_lies_elsewhere_is_left_out_there() -> None:
    texts = {"package.json": manifest(["dist"])}
    moved = {"package.json": manifest(["dist"], publishConfig={"directory": "out"})}

    assert leave_out("node_modules/@a/b/c.js", texts).startswith('Take @a/b off "bundleDep')
    assert leave_out("node_modules/a/c.js", texts).startswith('Take a off "bundleDependencies"')
    assert '"out"' in leave_out("a.pem", moved, "pnpm@11.0.0")


def test_inside_an_archive_it_is_the_archive_that_is_left_out() -> None:
    texts = {"package.json": manifest(["dist"])}

    assert leave_out("dist/x.zip!a/b.js.map", texts) == (
        'In package.json, write: "files": ["dist", "!dist/x.zip"].'
    )


def test_without_a_project_the_advice_is_for_the_kind_of_package() -> None:
    npm = advice(None, ArtifactKind.NPM_TARBALL)["leave_out"]
    wheel = advice(None, ArtifactKind.WHEEL)["leave_out"]

    assert "pyproject.toml" in wheel(Fact(path="pkg/a.js.map"))
    assert '"!**/*.map"' in npm(Fact(path="a.js.map"))
    assert '"!**/*.map"' not in npm(Fact(path="a.log"))
    assert "\n" not in npm(Fact(path="a.js.map"))


MENDED = [
    (["dist", "!*.map"], "npm@12.2.0", ["dist", "!**/*.map"]),
    (["dist", "!*.map", "lib"], "npm@12.2.0", ["dist", "lib", "!**/*.map"]),
    (["dist", "!test"], "pnpm@10.1.0", ["dist", "!**/test"]),
    (["dist", "!dist/*.map"], "npm@11.0.0", ["dist", "!dist/**/*.map"]),
    (["!**/*.map", "dist"], "npm@11.0.0", ["dist", "!**/*.map"]),
    (["dist/**", "!**/*.map"], "pnpm@10.1.0", ["dist", "!**/*.map"]),
    (["dist", "!**/*.map"], "yarn@1.22.22", ["dist/**/*.d.ts", "dist/**/*.js"]),
    (["**/*", "x"], "npm@12.2.0", ["dist", "!**/*.map"]),
    (None, "npm@12.2.0", ["dist", "!**/*.map"]),
]


@pytest.mark.parametrize(("files", "packer", "expected"), MENDED)
def test_a_list_that_misleads_is_shown_mended(
    files: list[str] | None, packer: str, expected: list[str]
) -> None:
    contents = project({"package.json": manifest(files, main="dist/a.js")}, packer, PACKED)
    fact = next(fact for fact in collect(contents) if isinstance(fact, PackingConfigFact))

    assert f'"files": {json.dumps(expected)}.' in advice(contents)["leave_out"](fact)


@pytest.mark.parametrize(
    ("npmignore", "text"),
    [
        ("src\n", 'Delete .npmignore: "files" alone decides.'),
        (
            "src\n*.map\n/dist/a.d.ts\n",
            (
                'In package.json, write: "files": ["dist", "!**/*.map", "!dist/a.d.ts"].\n'
                "Then delete .npmignore."
            ),
        ),
    ],
)
def test_lines_of_an_npmignore_that_nobody_reads_are_moved(npmignore: str, text: str) -> None:
    contents = project(
        {"package.json": manifest(["dist"]), ".npmignore": npmignore}, "npm@12.2.0", PACKED
    )
    (fact,) = (fact for fact in collect(contents) if isinstance(fact, PackingConfigFact))

    assert advice(contents)["leave_out"](fact) == text


def test_an_entry_that_says_the_same_in_another_way_is_replaced() -> None:
    contents = project(
        {"package.json": manifest(["dist", "!*.map"]), ".npmignore": "*.map\n"},
        "npm@12.2.0",
        PACKED,
    )
    fact = next(f for f in collect(contents) if f.path == ".npmignore")

    assert isinstance(fact, PackingConfigFact)
    assert advice(contents)["leave_out"](fact).startswith(
        'In package.json, write: "files": ["dist", "!**/*.map"].'
    )


def test_an_entry_that_matches_nothing_is_to_be_corrected() -> None:
    contents = project({"package.json": manifest(["dist", "lib"])}, "npm@12.2.0", PACKED)
    (fact,) = (fact for fact in collect(contents) if isinstance(fact, PackingConfigFact))

    assert advice(contents)["leave_out"](fact).startswith('Correct or drop "lib"')


def test_advice_for_many_files_does_not_take_long() -> None:
    def said(count: int) -> int:
        packed = frozenset(f"dist/{n % 97}/{n}.{e}" for n in range(count) for e in ("js", "pem"))
        contents = project({"package.json": manifest(["dist"])}, "npm@12.2.0", packed)
        say = advice(contents)["leave_out"]
        return len({say(Fact(path=path)) for path in sorted(packed) if path.endswith(".pem")})

    assert said(800) == 800
    assert calls(lambda: said(800)) < 5 * calls(lambda: said(200))


@example(["!a/.", "!!"], "dist/a.js")
@given(st.lists(st.text("!*/.abm", min_size=1, max_size=8), max_size=4), st.sampled_from(FILES))
def test_no_list_makes_the_advice_raise(files: list[str], path: str) -> None:
    for packer in ("npm@12.0.0", "pnpm@10.0.0", "yarn@1.22.0", "yarn@4.0.0"):
        contents = project({"package.json": manifest(files)}, packer, PACKED)
        say = advice(contents)["leave_out"]
        assert say(Fact(path=path))
        assert all(say(fact) for fact in collect(contents) if isinstance(fact, Fact))


# build settings

SCRIPTS = [
    ("tsc --sourceMap", "tsc --sourceMap  False False"),
    ("vue-tsc --inlinesourcemap --INLINESOURCES", "tsc --INLINESOURCES  True True"),
    ("tsc --declarationMap", "tsc --declarationMap  False False"),
    ("tsc --sourceMap false", ""),
    ("tsc --noEmit --sourceMap", ""),
    ("esbuild --sourcemap src/a.ts", "esbuild --sourcemap  True False"),
    ("esbuild a.ts --sourcemap=inline", "esbuild --sourcemap inline True True"),
    ("esbuild a.ts --sourcemap --sources-content=false", "esbuild --sourcemap  False False"),
    ("bun build ./a.ts --sourcemap", "bun --sourcemap  True False"),
    ("bun build ./a.ts --sourcemap=none", ""),
    ("bun run x --sourcemap", ""),
    ("bun test", ""),
    ("rollup -c -m inline", "rollup -m inline True True"),
    ("rollup -c --sourcemap --sourcemapExcludeSources", "rollup --sourcemap  False False"),
    ("NODE_ENV=production npx rollup -c -m", "rollup -m  True False"),
    ("node_modules/.bin/rolldown -s", "rolldown -s  True False"),
    ("vite build --sourcemap hidden", "vite --sourcemap hidden True False"),
    ("vite --sourcemap", ""),
    ("cross-env A=b webpack --devtool source-map", "webpack --devtool source-map True False"),
    (
        "webpack --devtool hidden-nosources-source-map",
        "webpack --devtool hidden-nosources-source-map False False",
    ),
    ("webpack --mode development", "webpack --mode development True True"),
    ("webpack --mode development --devtool false", ""),
    ("webpack --mode production", ""),
    ("tsup src/a.ts --sourcemap inline", "tsup --sourcemap inline True True"),
    ("tsup --watch --sourcemap", ""),
    ("swc src -d dist -s", "swc -s  True False"),
    ("babel src -d lib --source-maps both", "babel --source-maps both True True"),
    ("terser a.js --source-map", "terser --source-map  False False"),
    (
        "terser a.js --source-map \"includeSources,url='a.map'\"",
        "terser --source-map includeSources,url='a.map' True False",
    ),
    ("ncc build a.js -s", "ncc -s  True False"),
    ("parcel build a.html", "parcel parcel build without --no-source-maps True False"),
    ("parcel build a.html --no-source-maps", ""),
    ("parcel a.html", ""),
    ("echo 'unclosed && tsc --sourceMap", "tsc --sourceMap  False False"),
    ("rimraf dist; tsc -p . || exit 1 | tsdown --sourcemap", "tsdown --sourcemap  True False"),
    ("", ""),
]


def told(files: dict[str, str]) -> list[str]:
    """Return the facts about a project's build as lines."""
    return [
        f"{f.tool} {f.setting} {f.value} {f.embeds} {f.inline}" + ("" if f.certain else " ?")
        for f in build_setting.collect(project(files))
    ]


@pytest.mark.parametrize(("command", "expected"), SCRIPTS)
def test_flags_of_build_scripts(command: str, expected: str) -> None:
    texts = {"package.json": json.dumps({"scripts": {"build": command}})}

    assert told(texts) == ([expected] if expected else [])


@pytest.mark.parametrize("name", ["dev", "start", "build:dev", "test", "watch:types", "docs:build"])
def test_scripts_that_are_no_release_build_are_left_out(name: str) -> None:
    assert told({"package.json": json.dumps({"scripts": {name: "vite build --sourcemap"}})}) == []
    assert told({"package.json": json.dumps({"scripts": {"b": "vite build --sourcemap"}})}) != []


CONFIGS = [
    ("vite.config.ts", "build: {sourcemap: true}", "vite build.sourcemap true True False"),
    ("vite.config.ts", "build: {sourcemap: 'inline'}", "vite build.sourcemap inline True True"),
    ("vite.config.ts", "build: {sourcemap: false}", ""),
    ("vite.config.ts", "css: {devSourcemap: true}, server: {sourcemap: true}", ""),
    ("vite.config.ts", "// sourcemap: true\n/* sourcemap: true */ a: 'sourcemap: true'", ""),
    ("vite.config.ts", "re: /[/\"'`]{1,}/, sourcemap: true", "vite sourcemap true True False"),
    ("vite.config.ts", "a: b / c, sourcemap: true, d: e / f", "vite sourcemap true True False"),
    ("vite.config.ts", "sourcemap: mode === 'x', a: 1", "vite sourcemap mode === 'x' True False ?"),
    ("vite.config.ts", "sourcemap: `${a}`", "vite sourcemap `${a}` True False ?"),
    (
        "rollup.config.mjs",
        '"output": {"sourcemap": true}',
        "rollup output.sourcemap true True False",
    ),
    (
        "rollup.config.mjs",
        "sourcemap: true, sourcemapExcludeSources: true",
        "rollup sourcemap true False False",
    ),
    (
        "rolldown.config.ts",
        "output: {sourcemap: 'hidden'}",
        "rolldown output.sourcemap hidden True False",
    ),
    ("tsup.config.ts", "sourcemap: true as const", "tsup sourcemap true True False"),
    (
        "tsup.config.ts",
        "sourcemap: true, esbuildOptions(o) { o.sourcesContent = false }",
        "tsup sourcemap true False False",
    ),
    ("tsdown.config.ts", "sourcemap: true", "tsdown sourcemap true True False"),
    ("build.config.ts", "sourcemap: true", "unbuild sourcemap true True False"),
    ("babel.config.js", "sourceMaps: 'both'", "babel sourceMaps both True True"),
    (
        "next.config.mjs",
        "productionBrowserSourceMaps: true",
        "next productionBrowserSourceMaps true True False",
    ),
    (
        "webpack.config.js",
        "devtool: 'eval-source-map'",
        "webpack devtool eval-source-map True True",
    ),
    (
        "webpack.config.js",
        "devtool: 'nosources-source-map'",
        "webpack devtool nosources-source-map False False",
    ),
    ("webpack.config.js", "devtool: false, mode: 'development'", ""),
    ("webpack.prod.js", "mode: 'development'", "webpack mode development True True"),
    ("webpack.prod.js", "mode: process.env.MODE", ""),
    (
        "config/webpack.config.js",
        "p: [new webpack.SourceMapDevToolPlugin({noSources: true})]",
        "webpack SourceMapDevToolPlugin in use False False",
    ),
    ("webpack.dev.js", "devtool: 'eval'", ""),
    ("webpack.config.dev.js", "devtool: 'eval'", ""),
    (
        "build.mjs",
        "a: require('esbuild'), sourcemap: 'linked'",
        "esbuild sourcemap linked True False",
    ),
    ("scripts/build.ts", "b: Bun.build({sourcemap: true})", "bun sourcemap true True True"),
    ("build.js", "sourcemap: true", ""),
    (".swcrc", '"sourceMaps": true', "swc sourceMaps true True False"),
    (
        ".swcrc",
        '"sourceMaps": "inline", "inlineSourcesContent": false',
        "swc sourceMaps inline False True",
    ),
    (".babelrc", '"sourceMaps": "inline"', "babel sourceMaps inline True True"),
    (".babelrc", '"env": {"test": {"sourceMaps": true}}', ""),
    ("babel.config.json", '"sourceMaps": true', "babel sourceMaps true True False"),
]


@pytest.mark.parametrize(("path", "body", "expected"), CONFIGS)
def test_settings_of_configurations(path: str, body: str, expected: str) -> None:
    start = "module.exports = " if path.endswith(("js", "ts")) else ""

    assert told({path: f"{start}{{{body}}}"}) == ([expected] if expected else [])


def test_settings_have_the_line_they_stand_on() -> None:
    text = (
        "export default {\n  // sourcemap: true\n  build: {\n    sourcemap:\n      true,\n  },\n}\n"
    )
    (fact,) = build_setting.collect(project({"vite.config.js": text}))

    assert (fact.path, fact.line, fact.key) == ("vite.config.js", 4, "build.sourcemap")


TSCONFIGS = [
    ({"tsconfig.json": {"sourceMap": True}}, ["tsc compilerOptions.sourceMap true False False"]),
    (
        {"tsconfig.json": {"inlineSourceMap": True, "inlineSources": True}},
        ["tsc compilerOptions.inlineSources true True True"],
    ),
    ({"tsconfig.json": {"inlineSources": True}}, []),
    ({"tsconfig.json": {"sourceMap": True, "noEmit": True}}, []),
    ({"tsconfig.json": {"sourceMap": True, "emitDeclarationOnly": True}}, []),
    ({"tsconfig.dev.json": {"sourceMap": True}}, []),
    (
        {
            "tsconfig.json": {"noEmit": True, "sourceMap": True},
            "tsconfig.build.json": {"noEmit": False},
        },
        ["tsc compilerOptions.sourceMap true False False"],
    ),
    (
        {
            "tsconfig.json": {"sourceMap": True},
            "tsconfig.build.json": {"sourceMap": False, "declarationMap": True},
        },
        [
            "tsc compilerOptions.declarationMap true False False",
            "tsc compilerOptions.sourceMap true False False",
        ],
    ),
    (
        {"tsconfig.json": {"inlineSources": True}, "tsconfig.build.json": {"sourceMap": True}},
        ["tsc compilerOptions.inlineSources true True False"],
    ),
]


@pytest.mark.parametrize(("configs", "expected"), TSCONFIGS)
def test_compiler_options_count_as_they_come_together(
    configs: dict[str, dict[str, bool]], expected: list[str]
) -> None:
    texts = {
        path: json.dumps(
            {"compilerOptions": options}
            | ({"extends": "./tsconfig"} if path == "tsconfig.build.json" else {})
        )
        for path, options in configs.items()
    }

    assert sorted(told(texts)) == expected


def test_configurations_that_build_on_themselves_come_to_an_end() -> None:
    texts = {
        "tsconfig.json": '{"extends": ["./tsconfig.b.json", "../x"]}',
        "tsconfig.b.json": '{"extends": "./tsconfig.json", "compilerOptions": {"sourceMap": true}}',
    }

    assert told(texts) == ["tsc compilerOptions.sourceMap true False False"]


def test_parcel_is_quiet_when_each_target_is_switched_off() -> None:
    scripts = {"build": "parcel build"}
    off = {"main": {"sourceMap": False}, "module": {"sourceMap": False, "context": "node"}}

    assert told({"package.json": json.dumps({"scripts": scripts, "targets": off})}) == []
    off["module"] = {"context": "node"}
    assert told({"package.json": json.dumps({"scripts": scripts, "targets": off})}) != []


def test_a_configuration_that_drops_the_text_counts_for_the_command_too() -> None:
    texts = {
        "package.json": json.dumps({"scripts": {"build": "rollup -c -m"}}),
        "rollup.config.js": "export default {output: {sourcemapExcludeSources: true}}",
    }

    assert told(texts) == ["rollup -m  False False"]


@given(st.text("{}[]()\"'`/\\*:=,.\n !a", max_size=60))
def test_no_text_makes_the_readers_raise(text: str) -> None:
    names = ("vite.config.js", "webpack.config.js", "tsconfig.json", ".swcrc", "package.json")
    contents = project({name: text.replace("a", "sourcemap: ") for name in names})

    assert len(contents.of(ConfigSeen)) == len(names) - 1
    last = text.count("\n") + 1
    assert all(1 <= (fact.line or 0) <= last for fact in build_setting.collect(contents))


@given(st.text("{}[]()\"'`/\\*:=,.\n ab", max_size=60))
def test_tokens_are_slices_of_the_text_in_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert token.start >= end
        end = token.start + len(token.text)
        assert text[token.start : end] == token.text


@pytest.mark.parametrize(
    "text", ["'\\'" * 200_000, "(" * 200_000 + "{a:1," * 60_000, "a:/[" * 200_000]
)
def test_no_configuration_takes_long(text: str) -> None:
    with ends():
        list(build_setting.collect(project({"vite.config.js": text})))


# stop_emitting


def test_each_setting_is_named_with_its_line_and_its_change() -> None:
    texts = {
        "package.json": json.dumps(
            {"scripts": {"b": "parcel build", "c": "webpack --mode development"}}
        ),
        "tsconfig.json": '{"compilerOptions": {"sourceMap": true,\n"inlineSources": true}}',
    }

    assert stop_emitting(texts) == (
        "package.json:1 runs parcel build, which emits maps unasked; add --no-source-maps.\n"
        "package.json:1 runs webpack with --mode development; take it off, or keep the maps and"
        ' leave the text out of them: "nosources-source-map".\n'
        "tsconfig.json:2 sets inlineSources; set it to false, and sourceMap or inlineSourceMap"
        " with it."
    )


def test_one_setting_on_several_lines_is_one_line_of_advice() -> None:
    text = "export default [\n{sourcemap: true},\n{sourcemap: true}]"

    assert stop_emitting({"package.json": "{}", "rollup.config.js": text}) == (
        "rollup.config.js:2, 3 sets sourcemap: true; set it to false, or keep the maps and leave"
        " the text out of them: output.sourcemapExcludeSources: true."
    )


def source_map(*, inline: bool, files: int) -> SourceMapFact:
    """Return the fact of a map that gives back some files."""
    return SourceMapFact(
        path="a.js",
        first_party_files=files,
        first_party_lines=files,
        first_party_bytes=ByteCount(files),
        third_party_files=0,
        third_party_bytes=ByteCount(0),
        undisclosed_files=files,
        undisclosed_lines=files,
        undisclosed_bytes=ByteCount(files),
        removed_files=0,
        removed_lines=0,
        removed_bytes=ByteCount(0),
        removed=(),
        languages=("TypeScript",),
        listed=1,
        unavailable=0,
        inline=inline,
        carrier=Carrier.INLINE if inline else Carrier.FILE,
        linked=True,
        size=ByteCount(1),
        sample=(),
    )


def test_settings_that_fit_the_map_come_first() -> None:
    texts = {
        "package.json": "{}",
        "tsup.config.ts": "export default {sourcemap: 'inline'}",
        "vite.config.ts": "export default {sourcemap: true}",
        "tsconfig.json": '{"compilerOptions": {"sourceMap": true}}',
    }

    assert stop_emitting(texts, source_map(inline=True, files=1)).startswith("tsup.config.ts:1")
    assert stop_emitting(texts, source_map(inline=False, files=1)).startswith("vite.config.ts:1")
    assert "tsconfig" not in stop_emitting(texts, source_map(inline=False, files=1))


def test_a_setting_that_writes_no_text_is_not_blamed_for_text() -> None:
    texts = {"package.json": "{}", "tsconfig.json": '{"compilerOptions": {"sourceMap": true}}'}

    assert stop_emitting(texts, source_map(inline=False, files=0)).startswith("tsconfig.json:1")
    assert stop_emitting(texts, source_map(inline=False, files=1)).startswith("Or switch maps off")


def test_an_expression_is_named_as_one() -> None:
    texts = {"package.json": "{}", "vite.config.ts": "export default {sourcemap: !prod}"}

    assert stop_emitting(texts) == (
        "vite.config.ts:1 decides sourcemap by an expression (!prod); make sure that it comes out"
        " false in the release build."
    )


def test_more_than_three_settings_are_counted() -> None:
    scripts = {f"build{n}": f"esbuild {n}.ts --sourcemap{'=inline' * (n % 2)}" for n in range(2)}
    scripts |= {"a": "tsup --sourcemap", "b": "ncc build -s", "c": "swc a -s"}
    text = stop_emitting({"package.json": json.dumps({"scripts": scripts})})

    assert text.count("\n") == 3
    assert text.endswith("(2 more settings emit maps.)")


def test_where_nothing_emits_maps_the_switches_are_listed() -> None:
    general = advice(None)["stop_emitting"](Fact(path="a.js.map"))

    assert "parcel: --no-source-maps" in general
    assert stop_emitting({"package.json": "{}"}) == general
    assert advice(project({}))["stop_emitting"](Fact(path="a.js.map")) == general


def test_yarn_1_is_the_only_reading_without_negations() -> None:
    assert {*Reading} - {*packing.MODERN} == {Reading.CLASSIC}
