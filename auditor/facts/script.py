"""The scripts of package.json, and which of them would start a file that is not there."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.errors import ParseError
from auditor.facts import Collector, Contents, Unread
from auditor.facts.manifest import MANIFEST, ManifestSeen, manifest_of
from auditor.lazyre import regex
from auditor.model import Fact
from auditor.shape import text_map

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_GYP = "binding.gyp"
_INTERPRETERS = frozenset(
    {"node", "sh", "bash", "python", "python3", "bun", "deno", "tsx", "ts-node"}
)
_PATH = regex(r"(?:\./)?[\w@.][\w@.-]*(?:/[\w@.-]+)*\Z")
_ENDINGS = ("", ".js", ".json", ".node", ".mjs", ".cjs", "/index.js")
_FORGIVING = regex(r"\|\||[;|\\]|(?<!&)&(?!&)")
"""What makes a failure of the first command harmless, or the command hard to read."""
_CODE_OPTIONS = frozenset({"-e", "-p", "-pe", "-c", "--eval", "--print", "eval"})
_CODE_RUNNERS = _INTERPRETERS | {"perl", "ruby", "php"}
_OWN_FILE = regex(
    r"""\s*(?:try\s*\{)?\s*(?:require|import)\(\s*['"]\.{1,2}/[\w./-]+['"]\s*\)\s*;?
        \s*(?:\}\s*catch\s*(?:\(\w*\))?\s*\{\s*\})?\s*;?\s*""",
    re.VERBOSE,
)


class ScriptFact(Fact, frozen=True, kw_only=True):
    """One script; `key` is `scripts.NAME`. npm runs preinstall, install, postinstall on install."""

    name: str
    command: str
    implicit: bool
    """npm runs node-gyp because of binding.gyp, though no script says so."""
    missing: str
    """The file that the command starts and the artifact does not hold, where that is fatal."""
    code: str
    """Code that stands in the command itself (`node -e …`) and does more than load a file."""


def collect(contents: Contents) -> Iterator[ScriptFact | Unread]:
    """Yield one fact for each script, and one for the build that binding.gyp implies."""
    manifest = manifest_of(contents)
    if manifest is not None:
        made = contents.once(
            "scripts", lambda: tuple(_facts(contents, manifest)), contents.members, manifest
        )
        yield from made


def _facts(contents: Contents, manifest: ManifestSeen) -> Iterator[ScriptFact | Unread]:
    try:
        scripts = text_map(manifest.document, "scripts")
    except ParseError as problem:
        yield Unread(path=MANIFEST, reason=str(problem))
        return
    files = contents.files().keys()
    for name, command in scripts.items():
        yield _fact(manifest, name, command, files)
    gyp = manifest.document.get("gypfile") is not False and _GYP in files
    if gyp and not {"preinstall", "install"} & scripts.keys():
        yield ScriptFact(
            path=_GYP,
            key="scripts.install",
            name="install",
            command="node-gyp rebuild",
            implicit=True,
            missing="",
            code="",
        )


def _fact(manifest: ManifestSeen, name: str, command: str, files: Container[str]) -> ScriptFact:
    return ScriptFact(
        path=MANIFEST,
        line=manifest.line("scripts", name),
        key=f"scripts.{name}",
        name=name,
        command=command,
        implicit=False,
        missing=_missing(command, files),
        code=_code(command),
    )


@lru_cache(256)
def _words(command: str) -> tuple[str, ...] | None:
    """Return the words of a command, None for an odd number of quotes.

    Asked several times of each command, and packages have the same ones.
    """
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return None


def _code(command: str) -> str:
    """Return what an interpreter is given to evaluate, unless it only loads a file of its own."""
    words = _words(command)
    if words is None:  # a shell would refuse it, a reader need not
        words = tuple(command.split())
    running = False
    for position, word in enumerate(words):
        option, equals, code = word.partition("=")
        if running and option in _CODE_OPTIONS:
            code = code if equals else " ".join(words[position + 1 : position + 2])
            if not _OWN_FILE.fullmatch(code):
                return code
        running = word.rpartition("/")[2] in _CODE_RUNNERS or (running and word.startswith("-"))
    return ""


def _missing(command: str, files: Container[str]) -> str:
    """Return the script file that a plain `node FILE` starts, if the artifact lacks it."""
    if _FORGIVING.search(command):
        return ""
    parts = _words(command.partition("&&")[0]) or ()
    if len(parts) < 2 or parts[0] not in _INTERPRETERS or not _PATH.match(parts[1]):
        return ""
    path = parts[1].removeprefix("./")
    if path.startswith("node_modules/") or (
        "/" not in path and "." not in path and parts[0] in {"bun", "deno"}
    ):
        return ""
    return "" if any(path + ending in files for ending in _ENDINGS) else path


COLLECTOR = Collector(name="script", fact=ScriptFact, collect=collect)
