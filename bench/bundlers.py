"""What each bundler leaves of the sources in its output, setting by setting: docs/source-maps.md.

    python -m bench.bundlers [FOLDER]

Each tool is installed once, by npm and in the version that stands here, into FOLDER (by default
`audit-bundlers` below the system's temporary folder). It builds a small project of two modules and
a library; the output is audited as it is. Beside that stands what a search knows that has nothing
of ours in it: whether a sentence that only the sources have can be read from the output.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from auditor import facts
from auditor.examine import Examination
from auditor.facts.source_map import SourceMapFact
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind
from auditor.scan import Request, scan
from auditor.sources import directory

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parent.parent / "docs" / "source-maps.md"
TOOLS = {
    "esbuild": ("esbuild@0.28.2",),
    "rollup": ("rollup@4.68.8",),
    "rolldown": ("rolldown@1.3.2",),
    "vite": ("vite@8.3.8",),
    "webpack": ("webpack@5.112.2", "css-loader@7.1.5", "sass-loader@17.1.0", "sass@1.108.2"),
    "rspack": ("@rspack/core@2.3.3",),
    "parcel": ("parcel@2.16.4",),
    "bun": ("bun@1.4.5",),
    "deno": ("deno@2.9.6",),
    "pkg": ("@yao-pkg/pkg@6.23.0",),
    "node": ("esbuild@0.28.2", "postject@1.0.0-alpha.6"),
    "tsc": ("typescript@5.9.3",),
    "swc": ("@swc/core@1.16.22",),
    "terser": ("terser@5.51.4",),
    "sass": ("sass@1.108.2",),
    "lightningcss": ("lightningcss@1.33.0",),
}
"""What npm installs for each; the first is the tool whose version the page names."""

SENTENCE = "whoeverReadsThisHasTheSource"
"""Stands in a type, a comment or a branch that never runs: no code that is made has it."""
TYPED = {
    "src/app.ts": f"""\
import {{ helper }} from "./helper.ts";
import lib from "tinylib";
interface Shape {{ {SENTENCE}: number }}
const shape = {{ n: 3 }} as unknown as Shape & {{ n: number }};
console.log(helper(shape.n), lib());
""",
    "src/helper.ts": """\
export function helper(n: number): string {
  return "value " + n;
}
""",
}
PLAIN = {
    "src/app.js": f"""\
import {{ helper }} from "./helper.js";
import lib from "tinylib";
if (false) {{
  console.log("{SENTENCE}");
}}
console.log(helper(3), lib());
""",
    "src/helper.js": 'export function helper(n) {\n  return "value " + n;\n}\n',
}
COMMENTED = {
    **PLAIN,
    "src/app.js": PLAIN["src/app.js"].replace(
        f'if (false) {{\n  console.log("{SENTENCE}");\n}}\n', f"// {SENTENCE}\n"
    ),
}
REQUIRED = {
    "src/app.js": f'// {SENTENCE}\nconsole.log(require("./helper.js").helper(3));\n',
    "src/helper.js": 'exports.helper = (n) => "value " + n;\n',
}
STYLED = {
    "src/app.scss": f"// {SENTENCE}\n$brand: #123456;\na {{ b {{ color: $brand; }} }}\n",
    "src/app.css": f"/* {SENTENCE} */\na {{ color: #123456; }}\n",
    "src/entry.js": 'import sheet from "./app.scss";\nconsole.log(sheet.toString());\n',
}
LIBRARY = {
    "package.json": '{"name": "app", "version": "1.0.0", "private": true}',
    "node_modules/tinylib/package.json": '{"name": "tinylib", "version": "1.0.0", '
    '"main": "index.js", "module": "index.js", "type": "module"}',
    "node_modules/tinylib/index.js": 'export default function lib() {\n  return "lib";\n}\n',
}


YES, NO = True, False
"""Whether the source text is in the output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One tool in one setting; `script` is JavaScript for node, where there is no command line."""

    tool: str
    setting: str
    text: bool
    """The source text is in the output."""
    command: tuple[str, ...] = ()
    script: str = ""
    files: str = "typed"


def _esbuild(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001 - as in the table
    command = ("esbuild", "src/app.ts", "--bundle", "--minify", "--outfile=out/app.js", *more)
    return Case(tool="esbuild", setting=setting, text=text, command=command)


def _rollup(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    command = ("rollup", "src/app.js", "--file", "out/app.js", "--format", "es", *more)
    return Case(tool="rollup", setting=setting, text=text, command=command, files="plain")


def _rolldown(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    command = ("rolldown", "src/app.ts", "--file", "out/app.js", *more)
    return Case(tool="rolldown", setting=setting, text=text, command=command)


def _vite(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    command = ("vite", "build", "--outDir", "out", "--emptyOutDir", *more)
    return Case(tool="vite", setting=setting, text=text, command=command, files="page")


def _webpack(setting: str, text: bool, options: str, files: str = "commented") -> Case:  # noqa: FBT001
    loaders = ", ".join(
        f'{{ loader: where("{name}"), options: {{ sourceMap: true }} }}'
        for name in ("css-loader", "sass-loader")
    )
    rules = f"[{{ test: /scss$/, use: [{loaders}] }}]"
    entry = "entry" if files == "styled" else "app"
    script = f"""
      const where = require.resolve;
      require("webpack")({{
        entry: "./src/{entry}.js", output: {{ path: process.cwd() + "/out", filename: "app.js" }},
        module: {{ rules: {rules} }}, {options}
      }}, (error, stats) => {{
        if (error || stats.hasErrors()) throw error || stats.toString();
      }});
    """
    return Case(tool="webpack", setting=setting, text=text, script=script, files=files)


def _rspack(setting: str, text: bool, options: str) -> Case:  # noqa: FBT001
    script = f"""
      require("@rspack/core").rspack({{
        entry: "./src/app.js", output: {{ path: process.cwd() + "/out", filename: "app.js" }},
        {options}
      }}, (error, stats) => {{
        if (error || stats.hasErrors()) throw error || stats.toString();
      }});
    """
    return Case(tool="rspack", setting=setting, text=text, script=script, files="commented")


def _parcel(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    command = ("parcel", "build", "src/app.ts", "--dist-dir", "out", "--no-cache", *more)
    return Case(tool="parcel", setting=setting, text=text, command=command)


def _bun(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    target = ("--outfile", "out/app") if "--compile" in more else ("--outdir", "out")
    command = ("bun", "build", "src/app.ts", "--minify", *target, *more)
    return Case(tool="bun", setting=setting, text=text, command=command)


def _tsc(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    fixed = ("--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022")
    rewrite = ("--rewriteRelativeImportExtensions", "--noImplicitAny", "false", "--outDir", "out")
    command = ("tsc", "src/app.ts", *fixed, *rewrite, *more)
    return Case(tool="tsc", setting=setting, text=text, command=command)


def _swc(setting: str, text: bool, options: str) -> Case:  # noqa: FBT001
    script = f"""
      const fs = require("fs");
      const made = require("@swc/core").transformFileSync("src/app.ts", {{
        jsc: {{ parser: {{ syntax: "typescript" }} }}, {options}
      }});
      fs.writeFileSync("out/app.js", made.code);
      if (made.map) fs.writeFileSync("out/app.js.map", made.map);
    """
    return Case(tool="swc", setting=setting, text=text, script=script)


def _terser(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    command = ("terser", "src/app.js", "--compress", "--module", "--output", "out/app.js", *more)
    return Case(tool="terser", setting=setting, text=text, command=command, files="commented")


def _sass(setting: str, text: bool, *more: str) -> Case:  # noqa: FBT001
    command = ("sass", "src/app.scss", "out/app.css", *more)
    return Case(tool="sass", setting=setting, text=text, command=command, files="styled")


def _lightningcss(setting: str, text: bool, options: str) -> Case:  # noqa: FBT001
    script = f"""
      const fs = require("fs");
      const made = require("lightningcss").transform({{
        filename: "src/app.css", code: fs.readFileSync("src/app.css"), minify: true, {options}
      }});
      fs.writeFileSync("out/app.css", made.code);
      if (made.map) fs.writeFileSync("out/app.css.map", made.map);
    """
    return Case(tool="lightningcss", setting=setting, text=text, script=script, files="styled")


_PROGRAM = """
  const fs = require("fs"), { execFileSync } = require("child_process");
  require("esbuild").buildSync({ entryPoints: ["src/app.ts"], bundle: true, minify: true,
    platform: "node", outfile: "made/app.js", MAP });
  fs.writeFileSync("made/sea.json", JSON.stringify({ main: "made/app.js", output: "made/blob",
    disableExperimentalSEAWarning: true }));
  execFileSync(process.execPath, ["--experimental-sea-config", "made/sea.json"]);
  fs.copyFileSync(process.execPath, "out/app");
  fs.chmodSync("out/app", 0o755);
  require("postject").inject("out/app", "NODE_SEA_BLOB", fs.readFileSync("made/blob"),
    { sentinelFuse: "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2" });
"""

_PKG = """
  const fs = require("fs"), path = require("path"), { execFileSync } = require("child_process");
  const names = ["PAYLOAD_POSITION", "PAYLOAD_SIZE", "PRELUDE_POSITION", "PRELUDE_SIZE"];
  const blanks = names.map((name) => `// ${name} //${" ".repeat(64)}\\0`).join("");
  const bakery = "// BAKERY ".repeat(20);
  fs.writeFileSync("made/node", `\\x7fELF${"\\0".repeat(99)}${bakery}\\0${blanks}`);
  execFileSync(process.execPath, [require.resolve("@yao-pkg/pkg/lib-es5/bin.js"), "src/app.js",
    "--targets", "node20-linux-x64", "--public", "--no-bytecode", "--no-signature",
    "--output", "out/app"], { env: { ...process.env, PKG_NODE_PATH: path.resolve("made/node") } });
"""
"""The node that pkg would download is stood in for by its marks alone: nothing here runs it."""

CASES = (
    _esbuild("(default)", NO),
    _esbuild("`--sourcemap`", YES, "--sourcemap"),
    _esbuild("`--sourcemap=external`", YES, "--sourcemap=external"),
    _esbuild("`--sourcemap=inline`", YES, "--sourcemap=inline"),
    _esbuild("`--sourcemap=both`", YES, "--sourcemap=both"),
    _esbuild("`--sourcemap --sources-content=false`", NO, "--sourcemap", "--sources-content=false"),
    _rollup("(default)", NO),
    _rollup("`--sourcemap`", YES, "--sourcemap"),
    _rollup("`--sourcemap hidden`", YES, "--sourcemap", "hidden"),
    _rollup("`--sourcemap inline`", YES, "--sourcemap", "inline"),
    _rollup(
        "`--sourcemap --sourcemapExcludeSources`", NO, "--sourcemap", "--sourcemapExcludeSources"
    ),
    _rolldown("(default)", NO),
    _rolldown("`--sourcemap`", YES, "--sourcemap"),
    _rolldown("`--sourcemap hidden`", YES, "--sourcemap", "hidden"),
    _rolldown("`--sourcemap inline`", YES, "--sourcemap", "inline"),
    _vite("(default)", NO),
    _vite("`build.sourcemap: true`", YES, "--sourcemap"),
    _vite("`build.sourcemap: 'hidden'`", YES, "--sourcemap", "hidden"),
    _vite("`build.sourcemap: 'inline'`", YES, "--sourcemap", "inline"),
    _webpack("`mode: production` (default)", NO, 'mode: "production"'),
    _webpack("`devtool: source-map`", YES, 'mode: "production", devtool: "source-map"'),
    _webpack(
        "`devtool: hidden-source-map`", YES, 'mode: "production", devtool: "hidden-source-map"'
    ),
    _webpack(
        "`devtool: nosources-source-map`",
        NO,
        'mode: "production", devtool: "nosources-source-map"',
    ),
    _webpack(
        "`devtool: inline-source-map`", YES, 'mode: "production", devtool: "inline-source-map"'
    ),
    _webpack("`mode: development` (default: `eval`)", YES, 'mode: "development"'),
    _webpack("`devtool: eval-source-map`", YES, 'mode: "development", devtool: "eval-source-map"'),
    _webpack(
        "`devtool: eval-nosources-source-map`",
        YES,
        'mode: "development", devtool: "eval-nosources-source-map"',
    ),
    _webpack(
        "sass-loader and css-loader with `sourceMap`, production",
        YES,
        'mode: "production"',
        "styled",
    ),
    _webpack("the same, development", YES, 'mode: "development"', "styled"),
    _rspack("`mode: production` (default)", NO, 'mode: "production"'),
    _rspack("`devtool: source-map`", YES, 'mode: "production", devtool: "source-map"'),
    _rspack("`devtool: eval`", YES, 'mode: "development", devtool: "eval"'),
    _parcel("(default)", YES),
    _parcel("`--no-source-maps`", NO, "--no-source-maps"),
    _bun("(default)", NO),
    _bun("`--sourcemap`", YES, "--sourcemap"),
    _bun("`--sourcemap=external`", YES, "--sourcemap=external"),
    _bun("`--sourcemap=inline`", YES, "--sourcemap=inline"),
    _bun("`--compile`", NO, "--compile"),
    _bun("`--compile --sourcemap`", YES, "--compile", "--sourcemap"),
    Case(
        tool="deno",
        setting="`compile`",
        text=YES,
        command=("deno", "compile", "--output", "out/app", "src/app.ts"),
    ),
    Case(
        tool="pkg",
        setting="`--public --no-bytecode`",
        text=YES,
        script=_PKG,
        files="required",
    ),
    Case(
        tool="node",
        setting="single executable application of a minified bundle",
        text=NO,
        script=_PROGRAM.replace("MAP", ""),
    ),
    Case(
        tool="node",
        setting="the same, of a bundle with an inline map",
        text=YES,
        script=_PROGRAM.replace("MAP", 'sourcemap: "inline"'),
    ),
    _tsc("(default)", NO),
    _tsc("`sourceMap`", NO, "--sourceMap"),
    _tsc("`sourceMap` and `inlineSources`", YES, "--sourceMap", "--inlineSources"),
    _tsc("`inlineSourceMap`", NO, "--inlineSourceMap"),
    _tsc("`inlineSourceMap` and `inlineSources`", YES, "--inlineSourceMap", "--inlineSources"),
    _tsc("`declarationMap`", NO, "--declaration", "--declarationMap"),
    _swc("(default)", NO, ""),
    _swc("`sourceMaps: true`", YES, "sourceMaps: true"),
    _swc("`sourceMaps: 'inline'`", YES, 'sourceMaps: "inline"'),
    _swc(
        "`sourceMaps: true, inlineSourcesContent: false`",
        NO,
        "sourceMaps: true, inlineSourcesContent: false",
    ),
    _terser("(default)", NO),
    _terser("`--source-map`", NO, "--source-map", "url='app.js.map'"),
    _terser(
        "`--source-map includeSources`", YES, "--source-map", "includeSources,url='app.js.map'"
    ),
    _terser(
        "`--source-map includeSources,url=inline`",
        YES,
        "--source-map",
        "includeSources,url=inline",
    ),
    _sass("(default)", NO),
    _sass("`--embed-sources`", YES, "--embed-sources"),
    _sass("`--embed-source-map --embed-sources`", YES, "--embed-source-map", "--embed-sources"),
    _sass("`--no-source-map`", NO, "--no-source-map"),
    _lightningcss("(default)", NO, ""),
    _lightningcss("`sourceMap: true`", YES, "sourceMap: true"),
)


def build(case: Case, tools: Path, folder: Path) -> Path:
    """Make the project in `folder`, build it with what is installed in `tools`; return the output.

    Raises RuntimeError with what the tool said where it fails.
    """
    files = {
        "typed": TYPED,
        "page": {**TYPED, "index.html": '<script type="module" src="/src/app.ts"></script>'},
        "plain": PLAIN,
        "commented": COMMENTED,
        "required": REQUIRED,
        "styled": STYLED,
    }[case.files]
    for name, text in {**LIBRARY, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("out", "made"):
        (folder / name).mkdir()
    modules = tools / "node_modules"
    environment = {**os.environ, "NODE_PATH": str(modules), "CI": "1", "PARCEL_WORKERS": "0"}
    if case.tool == "deno":  # it would fetch a smaller one: the tool itself runs programs, too
        environment |= {"DENORT_BIN": str(modules / "deno" / "deno"), "DENO_NO_UPDATE_CHECK": "1"}
    command = (
        [str(modules / ".bin" / case.command[0]), *case.command[1:]]
        if case.command
        else [str(shutil.which("node")), "--eval", case.script]
    )
    ended = subprocess.run(  # noqa: S603 - a bundler and its arguments
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{case.tool}, {case.setting}: {ended.stdout}")
    return folder / "out"


_DATA = re.compile(rb"base64,([A-Za-z0-9+/]+)")
_FRAME = b"\x28\xb5\x2f\xfd"


def readable(folder: Path, sentence: str = SENTENCE) -> bool:
    """Tell whether a sentence can be read from any file of a folder, by none of our own means.

    As it stands there, or behind base64, percent-escapes or Zstandard.
    """
    wanted = sentence.encode()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        texts = [data, unquote_to_bytes(data) if len(data) < 1_000_000 else b""]
        texts += [base64.b64decode(run[: len(run) // 4 * 4]) for run in _DATA.findall(data)]
        at = data.find(_FRAME)
        while at >= 0:
            with suppress(zstd.ZstdError):
                texts.append(zstd.ZstdDecompressor().decompress(data[at : at + 1_000_000]))
            at = data.find(_FRAME, at + 1)
        if any(wanted in text for text in texts):
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the audit says of one output."""

    rules: frozenset[str]
    gaps: tuple[str, ...]
    maps: tuple[SourceMapFact, ...]
    files: int = 0
    """Distinct texts that are the project's own."""
    lines: int = 0


def audited(folder: Path) -> Told:
    """Audit a folder as it is; return the rules that found something, gaps, and each map."""
    report = scan(Request(targets=(str(folder),), as_is=True))
    collectors, readers = facts.load()
    budget = Budget(Limits())
    examination = Examination(str(folder), readers, budget)
    examination.run(directory.entries(folder, budget))
    found = collectors["source-map"].collect(examination.contents(ArtifactKind.FOLDER, None))
    (artifact,) = report.artifacts
    given = artifact.discloses
    return Told(
        files=given.files if given else 0,
        lines=given.lines if given else 0,
        rules=frozenset(finding.rule for finding in report.findings),
        gaps=tuple(gap.reason for gap in report.gaps),
        maps=tuple(fact for fact in found if isinstance(fact, SourceMapFact)),
    )


def installed(tool: str, folder: Path) -> Path:
    """Return the folder that a tool is installed in; npm installs it where it is not there."""
    place = folder / tool
    if not (place / "installed").is_file():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        npm = str(shutil.which("npm"))
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run(  # noqa: S603 - npm, and names that stand above
            [npm, "install", "--prefix", str(place), *quiet, *TOOLS[tool]], check=True
        )
        (place / "installed").touch()
    return place


_FORMS = {
    "file": "a file",
    "inline": "inline, `data:`",
    "object": "an object in the script",
    "evaluated": "modules as strings",
    "binary": "inside the program",
}
_TEXT = """\
# What bundlers disclose

Written by `python -m bench.bundlers` on {day}; do not edit. Each tool, in the version that stands
here, built one or two modules and a library; the output was audited as it is. *Text*: the source
can be read from the output (a search for a sentence says so that has nothing of ours in it, and in
each line the rule `embedded-sources` said the same). *Own files*, *lines*: distinct texts that are
no library's. *Forms*: where maps, or sources, lie. *Linked*: a comment leads there.

| tool | setting | text | own files | lines | forms | linked |
|---|---|---|---:|---:|---|---|
"""


def row(case: Case, told: Told, *, text: bool) -> str:
    """Return the line of the page for one case."""
    carried = [fact for fact in told.maps if fact.first_party_files]
    forms = sorted({_FORMS[fact.carrier.value] for fact in (carried or told.maps)})
    linked = {fact.linked for fact in told.maps}
    version = TOOLS[case.tool][0].rpartition("@")[2]
    name = f"{case.tool} {version}" if case.tool != "node" else "node"
    cells = (
        name,
        case.setting,
        "**yes**" if text else "no",
        str(told.files or ""),
        str(told.lines or ""),
        ", ".join(forms),
        "" if not linked else "yes" if linked == {True} else "no" if linked == {False} else "some",
    )
    return f"| {' | '.join(cells)} |\n"


def main(progress: Callable[[str], None] = print) -> None:
    tools = Path(
        sys.argv[1] if len(sys.argv) > 1 else Path(tempfile.gettempdir(), "audit-bundlers")
    )
    page = _TEXT.format(day=datetime.now(UTC).date().isoformat())
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            out = build(case, installed(case.tool, tools), Path(folder))
            text = readable(out)
            told = audited(out)
        progress(json.dumps([case.tool, case.setting, text, sorted(told.rules), told.gaps]))
        if text is not ("embedded-sources" in told.rules):
            raise SystemExit(f"{case.tool}, {case.setting}: the audit says otherwise")
        page += row(case, told, text=text)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
