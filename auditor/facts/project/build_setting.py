"""Settings of compilers and bundlers that emit source maps, each at its file and line.

Configurations are read as text and never run: what is not written out as a value is reported as
an expression, whose outcome nobody can know from here. Which tools write the original text into
their maps unless told otherwise was measured with each of them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from auditor.facts import Collector, Contents
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.facts.project.config_file import Leaf, Token, config_texts, leaves, tokens
from auditor.lazyre import regex
from auditor.model import Fact

_SHOWN = 40
_LONGEST = 64
"""Tokens of an expression that are looked at for where it ends."""
_DEEPEST = 16
"""Brackets around a key that its name is made of."""
_OPEN = frozenset("{([")
_CLOSE = frozenset("})]")


class BuildSettingFact(Fact, frozen=True, kw_only=True):
    """One setting, or one command of a script, that makes a build emit source maps."""

    tool: str
    """`tsc`, `vite`, `webpack`, …"""
    setting: str
    """As the tool's documentation spells it: `build.sourcemap`, `--sourcemap`."""
    value: str
    """As written; for an expression its text, cut short."""
    embeds: bool
    """True where the maps then hold the text of the sources."""
    inline: bool
    """True where the map is written into the script itself, so that no `.map` file is left out."""
    certain: bool
    """False where the value is an expression."""


def collect(contents: Contents) -> Iterator[BuildSettingFact]:
    """Yield the settings of scripts, compiler options and bundler configurations."""
    texts = {p: t for p, t in config_texts(contents).items() if not _is_for_development(p)}
    scripts = [
        _Script(path, text, tool)
        for path, text in sorted(texts.items())
        if (tool := _tool_of(path.rpartition("/")[2], text))
    ]
    manifest = manifest_of(contents)
    if manifest is not None:
        found = _values(manifest.text)
        yield from _commands(found, frozenset(s.tool for s in scripts if not s.embeds))
        yield from _json_settings(MANIFEST, found)
    yield from _compiler(texts)
    for script in scripts:
        yield from script.settings()
    for path, text in sorted(texts.items()):
        if path in {".swcrc", ".babelrc", ".babelrc.json", "babel.config.json"}:
            yield from _json_settings(path, _values(text))


def _values(text: str) -> list[Leaf]:
    return [leaf for leaf in leaves(text) if leaf[0]]


_DEVELOPMENT = regex(r"[.\-_](?:dev|development|local|test|tests|spec|watch|debug|eslint)\.")
_DEVELOPMENT_KEYS = frozenset({"dev", "development", "server", "test", "optimizeDeps", "watch"})


def _is_for_development(path: str) -> bool:
    return _DEVELOPMENT.search(path.rpartition("/")[2].lower()) is not None


# compiler options of TypeScript


def _compiler(texts: Mapping[str, str]) -> Iterator[BuildSettingFact]:
    configs: dict[str, _TsConfig] = {}
    for path, text in texts.items():
        if re.fullmatch(r"tsconfig[^/]*\.json", path.rpartition("/")[2]):
            configs[path] = _TsConfig.read(path, text)
    emitted: dict[tuple[str, str], BuildSettingFact] = {}
    for path in configs:
        for fact in _effective(configs, path):
            earlier = emitted.get((fact.path, fact.setting))
            if earlier is None or (fact.embeds and not earlier.embeds):
                emitted[fact.path, fact.setting] = fact
    yield from sorted(emitted.values(), key=lambda fact: (fact.path, fact.line or 0))


class _TsConfig(Struct, frozen=True, kw_only=True):
    """One tsconfig.json: what it builds on, and its switches with the lines of them."""

    bases: tuple[str, ...]
    switches: Mapping[str, tuple[bool, int]]

    @classmethod
    def read(cls, path: str, text: str) -> _TsConfig:
        folder = path.rpartition("/")[0]
        bases: list[str] = []
        switches: dict[str, tuple[bool, int]] = {}
        for keys, value, line in leaves(text):
            if keys[:1] == ("extends",) and isinstance(value, str):
                bases.append(_joined(folder, value))
            elif len(keys) == 2 and keys[0] == "compilerOptions" and isinstance(value, bool):
                switches[keys[1]] = (value, line)
        return cls(bases=tuple(bases), switches=switches)


def _joined(folder: str, relative: str) -> str:
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {".", ""}:
            parts.append(part)
    path = "/".join(parts)
    return path if path.endswith(".json") else f"{path}.json"


def _effective(configs: Mapping[str, _TsConfig], path: str) -> Iterator[BuildSettingFact]:
    """Yield what a project file makes tsc emit, each at the file that says so."""
    chain: dict[str, _TsConfig] = {}
    pending = [path]
    while pending:
        current = pending.pop()
        if current in configs and current not in chain:
            chain[current] = configs[current]
            pending.extend(configs[current].bases)

    def on(name: str) -> tuple[str, int] | None:
        for at, config in chain.items():
            if name in config.switches:
                value, line = config.switches[name]
                return (at, line) if value else None
        return None

    if on("noEmit"):
        return
    text = on("inlineSources")
    maps = on("sourceMap"), on("inlineSourceMap")
    wanted = ["declarationMap"]
    if any(maps) and not on("emitDeclarationOnly"):
        # where the text is written too, the switch for it is the one to point to
        wanted += ["inlineSources"] if text else ["sourceMap", "inlineSourceMap"]
    for name in wanted:
        place = on(name)
        if place is not None:
            yield BuildSettingFact(
                path=place[0],
                line=place[1],
                key=f"compilerOptions.{name}",
                tool="tsc",
                setting=f"compilerOptions.{name}",
                value="true",
                embeds=name == "inlineSources",
                inline=name == "inlineSourceMap" or (name == "inlineSources" and bool(maps[1])),
                certain=True,
            )


# Babel, swc and tsup in JSON


def _json_settings(path: str, found: list[Leaf]) -> Iterator[BuildSettingFact]:
    values = {keys: value for keys, value, _ in found}
    for keys, value, line in found:
        head, last = keys[0], keys[-1]
        if path != MANIFEST:
            tool = "swc" if path.endswith(".swcrc") else "babel"
            place = keys
        elif head in {"babel", "tsup", "tsdown", "unbuild"}:
            tool = head
            place = keys[1:]
        else:
            continue
        if place not in {("sourceMaps",), ("sourcemap",)} or value in (False, None, "false"):
            continue
        yield BuildSettingFact(
            path=path,
            line=line,
            key=".".join(keys),
            tool=tool,
            setting=last,
            value=_shown(value),
            embeds=values.get((*keys[:-1], "inlineSourcesContent")) is not False,
            inline=value in {"inline", "both"},
            certain=True,
        )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# configurations in JavaScript and TypeScript


class _Tool(Struct, frozen=True, kw_only=True):
    """Which key a tool reads, which other settings keep the text out, and its inline values."""

    name: str
    keys: frozenset[str]
    off: frozenset[tuple[str, str]] = frozenset()
    """Keys and values that keep the text of sources out of maps."""
    inline: frozenset[str] = frozenset({"inline", "both"})
    values: frozenset[str] | None = None
    """Where given, the only values that emit maps."""


_EXCLUDE = frozenset({("sourcemapExcludeSources", "true")})
_NO_CONTENT = frozenset({("sourcesContent", "false")})
_BUNDLER = frozenset({"sourcemap"})
_TOOLS = {
    tool.name: tool
    for tool in (
        _Tool(name="vite", keys=_BUNDLER, off=_EXCLUDE),
        _Tool(name="rollup", keys=_BUNDLER, off=_EXCLUDE),
        _Tool(name="rolldown", keys=_BUNDLER, off=_EXCLUDE),
        _Tool(name="tsdown", keys=_BUNDLER, off=_EXCLUDE),
        _Tool(name="unbuild", keys=_BUNDLER, off=_EXCLUDE),
        _Tool(name="tsup", keys=_BUNDLER, off=_NO_CONTENT),
        _Tool(name="esbuild", keys=_BUNDLER, off=_NO_CONTENT),
        _Tool(name="bun", keys=_BUNDLER, inline=frozenset({"inline", "true"})),
        _Tool(name="babel", keys=frozenset({"sourceMaps"})),
        _Tool(name="next", keys=frozenset({"productionBrowserSourceMaps"})),
        _Tool(name="webpack", keys=frozenset({"devtool"})),
    )
}
_BY_NAME = {
    "vite": "vite",
    "rollup": "rollup",
    "rolldown": "rolldown",
    "webpack": "webpack",
    "tsup": "tsup",
    "tsdown": "tsdown",
    "build.config": "unbuild",
    "babel.config": "babel",
    "next.config": "next",
}
_IMPORTS = regex(r"""["'`](esbuild|vite|rollup|rolldown|tsup|tsdown)["'`]""")


def _tool_of(name: str, text: str) -> _Tool | None:
    """Return the tool that a configuration is for; for a build script the first that it imports."""
    if name.endswith((".json", ".d.ts", ".md", ".map")):
        return None
    for start, tool in _BY_NAME.items():
        if name.startswith((f"{start}.", f"{start}-")):
            return _TOOLS[tool]
    if name.startswith(("build.", "esbuild")):
        found = _IMPORTS.search(text)
        if found:
            return _TOOLS[found.group(1)]
        return _TOOLS["bun"] if "Bun.build" in text else None
    return None


class _Pair(Struct, frozen=True, kw_only=True):
    """A key with its value; `keys` are those around it, outermost first, and its own."""

    keys: tuple[str, ...]
    value: str
    certain: bool
    """True where the value is written out, so that its text is what the tool is given."""
    start: int

    @property
    def is_off(self) -> bool:
        return self.certain and self.value in {"false", "none", "null", "undefined"}


class _Script:
    """One configuration as tokens; finds keys with their values and the keys around them."""

    def __init__(self, path: str, text: str, tool: _Tool) -> None:
        self._path = path
        self._text = text
        self._tool = tool
        self._tokens = [*tokens(text), Token(kind="end", text="", start=len(text))]
        self._pairs = list(self._assignments())
        self.embeds = not any((pair.keys[-1], pair.value) in tool.off for pair in self._pairs)

    @property
    def tool(self) -> str:
        """The name of the tool."""
        return self._tool.name

    def settings(self) -> Iterator[BuildSettingFact]:
        """Yield the settings that emit maps."""
        tool = self._tool
        own = [pair for pair in self._pairs if pair.keys[-1] in tool.keys]
        if tool.name == "webpack":
            yield from self._webpack(own)
            return
        for pair in own:
            if not pair.is_off and _DEVELOPMENT_KEYS.isdisjoint(pair.keys):
                inline = pair.certain and pair.value in tool.inline
                yield self._fact(pair, embeds=self.embeds, inline=inline)

    def _webpack(self, own: list[_Pair]) -> Iterator[BuildSettingFact]:
        for pair in own:
            if not pair.is_off:
                inline = pair.certain and ("inline" in pair.value or "eval" in pair.value)
                yield self._fact(pair, embeds="nosources" not in pair.value, inline=inline)
        for pair in self._pairs if not own else ():
            if pair.keys == ("mode",) and pair.certain and pair.value == "development":
                yield self._fact(pair, embeds=True, inline=True)
        for index, token in enumerate(self._tokens[:-1]):
            if token.plain == "SourceMapDevToolPlugin" and self._tokens[index + 1].text == "(":
                bare = any(p.keys[-1] == "noSources" and p.value == "true" for p in self._pairs)
                pair = _Pair(keys=(token.plain,), value="in use", certain=True, start=token.start)
                yield self._fact(pair, embeds=not bare, inline=False)

    def _assignments(self) -> Iterator[_Pair]:
        around: list[str] = []
        pending = ""
        for index, token in enumerate(self._tokens[:-1]):
            after = self._tokens[index + 1].text
            before = self._tokens[index - 1].text if index else ""
            if token.kind in {"word", "text"} and (
                (after == ":" and before in {"{", ","}) or (after == "=" and before == ".")
            ):
                keys = (*filter(None, around[-_DEEPEST:]), token.plain)
                value, certain = self._value(index + 2)
                yield _Pair(keys=keys, value=value, certain=certain, start=token.start)
                named = token.plain != "exports" and self._tokens[index + 2].text == "{"
                pending = token.plain if named else ""
            elif token.kind == "sign" and token.text in _OPEN:
                around.append(pending)
                pending = ""
            elif token.kind == "sign" and token.text in _CLOSE and around:
                around.pop()

    def _value(self, index: int) -> tuple[str, bool]:
        """Return the value that starts at a token, and whether it is written out."""
        token, *rest = self._tokens[index : index + 2]
        literal = token.kind == "text" or token.text in {"true", "false", "null", "undefined"}
        if literal and "${" not in token.text and (not rest or self._ends(token, rest[0])):
            return token.plain, True
        depth = 0
        end = token.start
        last = token
        for later in self._tokens[index : index + _LONGEST]:
            depth += (later.text in _OPEN) - (later.text in _CLOSE)
            if depth < 0 or (depth == 0 and later.text in {",", ";", ""}):
                break
            if depth == 0 and last.kind != "sign" and later is not last and self._ends(last, later):
                break
            end = later.start + len(later.text)
            last = later
        text = " ".join(self._text[token.start : end].split())
        return (text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."), False

    def _ends(self, token: Token, after: Token) -> bool:
        if after.text in {",", ";", "", "as", "satisfies"} or after.text in _CLOSE:
            return True
        return after.kind == "word" and "\n" in self._text[token.start : after.start]

    def _fact(self, pair: _Pair, *, embeds: bool, inline: bool) -> BuildSettingFact:
        setting = ".".join(pair.keys[-3:])
        return BuildSettingFact(
            path=self._path,
            line=self._text.count("\n", 0, pair.start) + 1,
            key=setting,
            tool=self._tool.name,
            setting=setting,
            value=pair.value,
            embeds=embeds,
            inline=inline,
            certain=pair.certain,
        )


# command lines of scripts

_NOT_FOR_RELEASE = regex(
    r"(?:^|[:\-_.])(?:dev|develop|development|start|watch|serve|server|test|tests|storybook|debug"
    r"|preview|lint|e2e|bench|example|examples|docs|demo)(?:[:\-_.]|$)"
)
_RUNNERS = frozenset(
    {"npx", "bunx", "exec", "dlx", "run", "pnpm", "yarn", "npm", "cross-env", "--"}
)


def _commands(found: list[Leaf], without_text: frozenset[str]) -> Iterator[BuildSettingFact]:
    """Yield the commands that emit maps; `without_text` are tools whose configuration drops it."""
    parcel = _parcel_is_off(found)
    for keys, value, line in found:
        if keys[:1] != ("scripts",) or len(keys) != 2 or not isinstance(value, str):
            continue
        if _NOT_FOR_RELEASE.search(keys[1].lower()):
            continue
        for command in re.split(r"&&|\|\|?|;|\n|(?<!&)&(?!&)", value):
            call = _Call.parse(command)
            if call is None or {"--watch", "-w", "--serve"} & call.flags.keys():
                continue
            seen = _COMMANDS[call.tool](call)
            if seen is None or (call.tool == "parcel" and parcel):
                continue
            setting, text, embeds, inline = seen
            yield BuildSettingFact(
                path=MANIFEST,
                line=line,
                key=f"scripts.{keys[1]}",
                tool=call.tool,
                setting=setting,
                value=text,
                embeds=embeds and call.tool not in without_text,
                inline=inline,
                certain=True,
            )


def _parcel_is_off(found: list[Leaf]) -> bool:
    """Tell whether every target of parcel in package.json has its maps switched off."""
    targets = {keys[1] for keys, _, _ in found if keys[0] == "targets" and len(keys) > 1}
    off = {
        keys[1] for keys, value, _ in found if keys[::2] == ("targets", "sourceMap") and not value
    }
    return bool(targets) and targets == off


class _Call(Struct, frozen=True, kw_only=True):
    """One command of a script: the tool, and its flags with their values."""

    tool: str
    words: tuple[str, ...]
    flags: Mapping[str, str] = field(default_factory=dict)
    """By flag as written (before `=`): its value, or the next word that is no flag, or nothing."""

    @classmethod
    def parse(cls, command: str) -> _Call | None:
        """Read a command; None where it runs no tool that we know."""
        try:
            words = shlex.split(command)
        except ValueError:  # a quote that is not closed: the shell would refuse it too
            words = command.split()
        while words and (re.match(r"\w+=", words[0]) or words[0] in _RUNNERS):
            words = words[1:]
        if not words:
            return None
        tool = words[0].rpartition("/")[2].removesuffix(".js").removesuffix(".cmd")
        tool = _ALIASES.get(tool, tool)
        if tool not in _COMMANDS:
            return None
        flags: dict[str, str] = {}
        for index, word in enumerate(words[1:], 1):
            if word.startswith("-"):
                name, mark, value = word.partition("=")
                after = words[index + 1] if index + 1 < len(words) else "-"
                flags[name] = value if mark else ("" if after.startswith("-") else after)
        return cls(tool=tool, words=tuple(words[1:]), flags=flags)

    def first(self, *names: str) -> str | None:
        """Return the first of some flags that is set, unless it is set to false."""
        for name in names:
            if name in self.flags and self.flags[name] not in {"false", "none"}:
                return name
        return None


Seen = tuple[str, str, bool, bool] | None
"""Setting, value, whether text is embedded, whether the map is inline."""


def _with(*names: str, command: str = "") -> Callable[[_Call], Seen]:
    """Read a tool whose maps hold the text, and go inline when the flag's value says so."""

    def seen(call: _Call) -> Seen:
        name = call.first(*names)
        if name is None or (command and command not in call.words[:1]):
            return None
        value = call.flags[name]
        value = value if value in _MAP_VALUES else ""
        embeds = (
            call.flags.get("--sources-content") != "false"
            and call.first("--sourcemapExcludeSources") is None
        )
        return name, value, embeds, value in {"inline", "both"}

    return seen


_MAP_VALUES = frozenset({"true", "inline", "both", "hidden", "external", "linked"})


def _tsc(call: _Call) -> Seen:
    by_name = {name.lower(): name for name in call.flags if call.first(name)}
    text = by_name.get("--inlinesources")
    inline = by_name.get("--inlinesourcemap")
    name = text or inline or by_name.get("--sourcemap") or by_name.get("--declarationmap")
    if name is None or "--noemit" in by_name:
        return None
    return name, "", text is not None, inline is not None


def _terser(call: _Call) -> Seen:
    name = call.first("--source-map")
    if name is None:
        return None
    value = call.flags[name]
    value = value if "=" in value or value in {"inline", "content"} else ""
    return name, value, "includeSources" in value, "url=inline" in value.replace('"', "")


def _parcel(call: _Call) -> Seen:
    if call.words[:1] != ("build",) or "--no-source-maps" in call.flags:
        return None
    return "parcel build", "without --no-source-maps", True, False


def _webpack(call: _Call) -> Seen:
    name = call.first("--devtool", "-d")
    if name is not None:
        value = call.flags[name]
        return name, value, "nosources" not in value, "inline" in value or "eval" in value
    if call.flags.get("--mode") == "development" and not {"--devtool", "-d"} & call.flags.keys():
        return "--mode", "development", True, True
    return None


_ALIASES = {"vue-tsc": "tsc", "webpack-cli": "webpack", "rollup-cli": "rollup"}
_COMMANDS: Mapping[str, Callable[[_Call], Seen]] = {
    "tsc": _tsc,
    "esbuild": _with("--sourcemap"),
    "bun": _with("--sourcemap", command="build"),
    "vite": _with("--sourcemap", command="build"),
    "rollup": _with("--sourcemap", "-m"),
    "rolldown": _with("--sourcemap", "-s"),
    "tsup": _with("--sourcemap"),
    "tsdown": _with("--sourcemap"),
    "unbuild": _with("--sourcemap"),
    "swc": _with("--source-maps", "-s"),
    "babel": _with("--source-maps", "-s"),
    "ncc": _with("--source-map", "-s", command="build"),
    "terser": _terser,
    "parcel": _parcel,
    "webpack": _webpack,
}

COLLECTOR = Collector(name="build-setting", fact=BuildSettingFact, collect=collect, project=True)
