"""Features behind a flag in real bundles: what the bundler took out, and its map still gives away.

A bundler that knows the flag leaves the feature out of its map, too. Where the flag is set behind
it, as the minifier of a second step does, the map keeps all that went in. What is in which file is
looked up here as plain text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import packer_tools
from tests.real import audited

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.packer

ESBUILD, ROLLUP, WEBPACK = "esbuild@0.25.12", "rollup@4.53.3", "webpack@5.103.0"
SOURCES = {
    "src/main.js": (
        'import { greet } from "./greet.js";\n'
        'import { secret } from "./beta/feature.js";\n'
        'import { loud } from "./beta/loud.js";\n'
        "export const start = (name) => (BETA ? secret(loud(name)) : greet(name));\n"
    ),
    "src/greet.js": "export function greet(name) {\n  return `hello ${name}`;\n}\n",
    "src/beta/feature.js": (
        "// nobody knows of this one\n"
        "export function secret(name) {\n  return `unheard ${name}`;\n}\n"
    ),
    "src/beta/loud.js": "export function loud(name) {\n  return name.toUpperCase();\n}\n",
    "package.json": '{"name": "kit", "version": "1.0.0", "type": "module", "files": ["dist"]}',
}
OFF, ON = "--define:BETA=false", "--define:BETA=true"
MINIFY = ("--minify", "--tree-shaking=true", "--format=esm", "--sourcemap", "--outfile=dist/kit.js")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, text in SOURCES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "dist").mkdir()
    return tmp_path


def ran(project: Path, spec: str, *arguments: str) -> None:
    program = packer_tools.installed(spec) / ".bin" / spec.partition("@")[0]
    ended = packer_tools.call(project, str(program), *arguments)
    assert ended.returncode == 0, ended.stdout


def webpack(project: Path) -> None:
    """Build with webpack by its own interface: its command line is another package."""
    module = json.dumps(str(packer_tools.installed(WEBPACK) / "webpack"))
    script = (
        f"const webpack = require({module});\n"
        "webpack({entry: './src/main.js', mode: 'production', devtool: 'source-map',\n"
        "  output: {path: __dirname + '/dist', filename: 'kit.js', library: {type: 'commonjs'}},\n"
        "  plugins: [new webpack.DefinePlugin({BETA: 'false'})]},\n"
        "  (problem, stats) => process.exit(problem || stats.hasErrors() ? 1 : 0));\n"
    )
    (project / "build.cjs").write_text(script, encoding="utf-8")
    ended = packer_tools.call(project, "node", "build.cjs")
    assert ended.returncode == 0, ended.stdout


def in_one_step(project: Path, flag: str) -> None:
    ran(project, ESBUILD, "src/main.js", "--bundle", flag, *MINIFY)


def esbuild_twice(project: Path) -> None:
    first = ("--bundle", "--format=esm", "--sourcemap=inline", "--outfile=between.js")
    ran(project, ESBUILD, "src/main.js", *first)
    ran(project, ESBUILD, "between.js", OFF, *MINIFY)


def rollup_and_esbuild(project: Path) -> None:
    first = ("--format", "es", "--sourcemap", "inline", "--file", "between.js")
    ran(project, ROLLUP, "src/main.js", *first)
    ran(project, ESBUILD, "between.js", OFF, *MINIFY)


BUILDS: dict[str, tuple[Callable[[Path], None], bool, int, tuple[str, ...]]] = {
    # how it is built, whether the map has the feature, how many files, which of them are removed
    "esbuild, flag on": (lambda project: in_one_step(project, ON), True, 3, ()),
    "esbuild, flag off": (lambda project: in_one_step(project, OFF), False, 2, ()),
    "webpack, flag off": (webpack, False, 2, ()),
    "esbuild, then esbuild, flag off": (
        esbuild_twice,
        True,
        4,
        ("src/beta/feature.js", "src/beta/loud.js"),
    ),
    "rollup, then esbuild, flag off": (
        rollup_and_esbuild,
        True,
        4,
        ("src/beta/feature.js", "src/beta/loud.js"),
    ),
}


@pytest.mark.parametrize("name", BUILDS)
def test_what_the_flag_took_out_and_the_map_keeps_is_listed(name: str, project: Path) -> None:
    build, in_map, files, removed = BUILDS[name]
    build(project)
    code = (project / "dist" / "kit.js").read_text(encoding="utf-8")
    kept = (project / "dist" / "kit.js.map").read_text(encoding="utf-8")
    assert ("nobody knows of this one" in kept) == in_map
    assert ("unheard" in code) == (in_map and not removed)

    document: dict[str, Any] = json.loads(
        audited(project / "dist", "--as-is", "--format", "json", "--no-config")
    )
    out = document["artifacts"][0]["discloses"]
    found = [f for f in document["findings"] if f["rule"] == "removed-source"]
    assert tuple(out["removed"]) == removed
    assert out["removed_files"] == len(removed)
    assert out["removed_bytes"] == sum(len(SOURCES[path]) for path in removed)
    assert [tuple(f["evidence"]["removed"]) for f in found] == ([removed] if removed else [])
    assert out["first_party_files"] == files
