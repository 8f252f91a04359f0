"""What a fix says for one project and its packer: which line to change, and to what.

Each change of a list is tried in the model of the packer (`auditor.packing`) before it is given
as advice, and tried in the other packers' models first, so that it holds for who comes next.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from auditor import packing
from auditor.advice import GENERAL_EMIT, outer, pattern_for, spelled
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.facts.project import build_setting, packing_config
from auditor.facts.project.config_file import config_texts
from auditor.facts.project.packing_config import PackingConfigFact, Problem
from auditor.lazyre import regex
from auditor.packing import Configuration, Reading, ships

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.facts import Contents
    from auditor.facts.project.build_setting import BuildSettingFact
    from auditor.model import Fact

_MAPS = "**/*.map"
_LONGEST_LIST = 8
"""Entries of a list that is shown whole."""
_SETTINGS = 3
_TRIED = 200
"""Files of one kind on which a change is tried."""
_ENDINGS = (".js", ".d.ts")
_CODE = regex(r"(?<!\.config)\.(?:[cm]?js|node|wasm|css)\Z")
_DEVELOPMENT = regex(
    r"(?i)(?:\.|node_modules/|(?:__)?tests?(?:__)?/|specs?/|docs?/|examples?/|bench|scripts/|src/"
    r"|coverage/|fixtures/|tools/|gulpfile|gruntfile|karma)"
)


class Change(Struct, frozen=True, kw_only=True):
    """A way to leave files out that the packer's model agrees to."""

    configuration: Configuration
    """The lists as they would then be."""
    text: str


class LeaveOut:
    """Finds, for a path, the smallest change of the project's lists that leaves it out."""

    def __init__(self, project: Contents) -> None:
        manifest = manifest_of(project)
        self._document: dict[str, Any] = manifest.document if manifest else {}
        self._packer = packing_config.packer_of(project)
        self._own = packing.readings(self._packer)
        self._configuration = packing_config.configuration_of(project)
        self._packed = tuple(sorted(packing_config.packed_paths(project) or ()))
        texts = config_texts(project)
        self._npmignore = texts.get(".npmignore", "").splitlines()
        self._elsewhere = packing_config.is_packed_elsewhere(project)
        self._changes: dict[str, Change | None] = {}
        self._endings: dict[str, list[tuple[str, str]]] = {}
        self._taken: dict[tuple[str, ...], list[str]] = {}

    def __call__(self, fact: Fact) -> str:
        """Return the advice for a fact's file, or for the list that a fact is about."""
        if isinstance(fact, PackingConfigFact):
            return self._mended(fact)
        path = outer(fact.path)
        if self._elsewhere:
            folder = self._document["publishConfig"]["directory"]
            return f'Leave {path} out of "{folder}", the folder that publishConfig.directory names.'
        if path.startswith("node_modules/"):
            package = "/".join(path.split("/")[1 : 3 if path[13:14] == "@" else 2])
            return f'Take {package} off "bundleDependencies", or delete {path} before packing.'
        if reason := self._always(path):
            return reason
        change = self.change(path)
        if change is None:
            return (
                f"Delete {path} before packing: no list leaves it out with {self._who()}"
                " and keeps the rest."
            )
        notes = self._notes(path)
        return "\n".join((change.text, *notes))

    def change(self, path: str) -> Change | None:
        """Return the change that leaves a path out, tried in the model; None where none does."""
        pattern = pattern_for(path)
        known = self._changes.get(pattern)
        if known is not None and not self._any_ships(known.configuration, [path]):
            return known
        targets = [path]
        if pattern != spelled(path):
            like = (p for p in self._packed if p != path and _is_of(pattern, p))
            targets += islice(like, _TRIED)
        self._changes[pattern] = self._first(
            self._candidates(path, pattern), targets
        ) or self._first(self._candidates(path, pattern), [path])
        return self._changes[pattern]

    def _first(self, candidates: Iterable[Change], targets: list[str]) -> Change | None:
        """Return the first candidate that works everywhere, or else with this packer."""
        fallback: Change | None = None
        for candidate in candidates:
            lists = candidate.configuration
            if lists == self._configuration:  # which ships them, as we know
                continue
            if not self._any_ships(lists, targets):
                if not self._any_ships(lists, targets, packing.MODERN):
                    return candidate
                fallback = fallback or candidate
        return fallback

    def _any_ships(
        self, lists: Configuration, paths: list[str], readings: tuple[Reading, ...] = ()
    ) -> bool:
        """Tell whether one of some paths ships, by default with this packer."""
        return any(ships(lists, r, path) for path in paths for r in readings or self._own)

    def _candidates(self, path: str, pattern: str) -> Iterator[Change]:
        """Yield changes from the one that touches least to the one that always works."""
        files = self._configuration.files
        if files is None and self._npmignore:
            for line in dict.fromkeys((_line_for(pattern), f"/{spelled(path)}")):
                after = (*self._npmignore, line)
                yield Change(
                    configuration=replace(
                        self._configuration, ignores={**self._configuration.ignores, "": after}
                    ),
                    text=f'Add the line "{line}" at the end of .npmignore.',
                )
        start = self._start()
        if files is not None:
            plain = tuple(e for e in files if packing.bare(e)[0] != path)
            if plain and plain != files:
                yield self._listed(plain)
        if Reading.CLASSIC not in self._own:
            for base in (start, tuple(map(_as_folder, start))):
                for spelling in dict.fromkeys((pattern, spelled(path))):
                    kept = tuple(e for e in base if not _repeats(e, spelling))
                    yield self._listed((*dict.fromkeys(kept), f"!{spelling}"))
        yield from self._by_ending(start, pattern)

    def _start(self) -> tuple[str, ...]:
        """Return the entries of `files`, or what should stand there where it is no list."""
        files = self._configuration.files
        if files is None or any(packing.bare(e)[0] in packing_config.EVERYTHING for e in files):
            return self._suggested()
        return files

    def _by_ending(self, start: tuple[str, ...], pattern: str) -> Iterator[Change]:
        """Yield the list of what ships by folder and ending, unless it would lose a file."""
        change = self._listed(self._positive(start, pattern))
        old = Configuration(files=tuple(e for e in start if not e.startswith("!")))
        if start not in self._taken:
            self._taken[start] = [
                path
                for path in self._packed[:_TRIED]
                if not path.rpartition("/")[2].startswith(".") and self._any_ships(old, [path])
            ]
        kept = [path for path in self._taken[start] if not _is_of(pattern, path)]
        new = Configuration(files=change.configuration.files)
        if all(ships(new, reading, path) for path in kept for reading in self._own):
            yield change

    def _listed(self, files: tuple[str, ...]) -> Change:
        configuration = replace(self._configuration, files=files)
        before = self._configuration.files
        if before is not None and len(files) > _LONGEST_LIST and files[:-1] == before:
            text = f'Add "{files[-1]}" as the last entry of "files" in package.json.'
        else:
            verb = "Add to" if before is None else "In"
            mark = "" if before is None else ", write"
            shown = json.dumps(list(files), ensure_ascii=False)
            text = f'{verb} package.json{mark}: "files": {shown}.'
        if before is None:
            text += " What it does not name stays out: pack again and compare."
        return Change(configuration=configuration, text=text)

    def _positive(self, start: tuple[str, ...], pattern: str) -> tuple[str, ...]:
        """Name what ships by folder and ending: the one spelling that yarn 1 reads, too."""
        out: dict[str, None] = {}
        for top in (_as_folder(entry) for entry in start if not entry.startswith("!")):
            if top not in self._endings:
                below = (path for path in self._packed if path.startswith(f"{top}/"))
                self._endings[top] = [(path, _ending(path)) for path in below]
            inside = self._endings[top]
            kept = dict.fromkeys(end for path, end in inside if end and not _is_of(pattern, path))
            if inside or (not self._packed and "." not in top):
                out |= dict.fromkeys(f"{top}/**/*{ending}" for ending in kept or _ENDINGS)
            elif not _is_of(pattern, top):
                out[top] = None
        return tuple(out)

    def _suggested(self) -> tuple[str, ...]:
        """Return the folders and files that the entry points lie in; failing that, the code."""
        tops: dict[str, None] = {}
        for target in entry_points(self._document):
            top, slash, _ = target.partition("/")
            tops[top if slash else target] = None
        if any("." in top for top in tops) or not tops:  # a file at the root may need any other
            for path in self._packed:
                top = path.partition("/")[0]
                if _CODE.search(path) and not _DEVELOPMENT.match(path):
                    tops[top] = None
        return tuple(tops) or ("dist",)

    def _always(self, path: str) -> str:
        """Say why no list leaves a path out; empty where one can."""
        for name, target in packing_config.required(self._document):
            if target == path:
                return (
                    f'package.json names {path} as "{name}", which packers take whatever "files"'
                    f' says: let "{name}" name the file that is meant to ship.'
                )
        if packing_config.is_always_packed(self._document, path):
            return (
                f"Delete or rename {path} before packing: a readme, licence or package.json at the"
                " root always ships."
            )
        return ""

    def _notes(self, path: str) -> Iterator[str]:
        """Say which lines look as if they left the path out already, and do not."""
        files = self._configuration.files
        if files is None:
            return
        if self._npmignore and packing.ignored(self._npmignore, path):
            yield f'(.npmignore names it, but {self._who()} does not read it beside "files".)'
        entry = next(
            (e for e in files if e.startswith("!") and packing_config.means(e, path)), None
        )
        if entry is not None:
            yield f'("{entry}" is there, but {self._who()} ships the file all the same.)'

    def _mended(self, fact: PackingConfigFact) -> str:
        """Return the list as it should be, for a fact about `files` or .npmignore."""
        files = self._configuration.files or ()
        if fact.problem is Problem.MISSING_FILES_LIST:
            return self._listed(self._named()).text
        if fact.problem is Problem.INEFFECTIVE_NPMIGNORE:
            return self._moved(files)
        if fact.problem is Problem.UNMATCHED_FILES_ENTRY:
            return f'Correct or drop "{fact.entry}"; if it is built, build before packing.'
        others = tuple(entry for entry in files if entry != fact.entry)
        targets = [*packing_config.probes_of(others, fact.entry)]
        targets += [path for path in self._packed if packing_config.means(fact.entry, path)]
        return self._negated(others, (_deep(fact.entry),), targets)

    def _moved(self, files: tuple[str, ...]) -> str:
        """Say which lines of .npmignore belong into `files`."""
        named = [path for path in self._packed if packing.ignored(self._npmignore, path)]
        named = [p for p in named if not packing_config.is_always_packed(self._document, p)]
        if not named:
            return 'Delete .npmignore: "files" alone decides.'
        lines = [text for _, text in packing.patterns_of(self._npmignore)]
        patterns = [
            text.strip("/") if "/" in text.rstrip("/") else f"**/{text.rstrip('/')}"
            for text in lines
            if not text.startswith("!") and any(packing.ignored([text], path) for path in named)
        ]
        return f"{self._negated(files, tuple(patterns), named)}\nThen delete .npmignore."

    def _negated(
        self, files: tuple[str, ...], patterns: tuple[str, ...], targets: list[str]
    ) -> str:
        """Return the advice that leaves out what the patterns name, at the end of `files`."""
        targets = [
            path
            for path in dict.fromkeys(targets)
            if any(ships(Configuration(files=files), reading, path) for reading in packing.MODERN)
            and not packing_config.is_always_packed(self._document, path)
        ]
        change = self._first(self._negations(files, patterns), targets[:_TRIED])
        if change is None:
            return 'Name in "files" only what is meant to ship, without negated entries.'
        return change.text

    def _negations(self, files: tuple[str, ...], patterns: tuple[str, ...]) -> Iterator[Change]:
        if Reading.CLASSIC not in self._own:
            kept = [e for e in files if not any(_repeats(e, pattern) for pattern in patterns)]
            for base in (kept, dict.fromkeys(map(_as_folder, kept))):
                yield self._listed((*base, *(f"!{pattern}" for pattern in patterns)))
        if len(patterns) == 1:
            yield from self._by_ending(files, patterns[0])

    def _named(self) -> tuple[str, ...]:
        """Return a list for a project that has none: entry points, maps left out."""
        start = self._suggested()
        if Reading.CLASSIC in self._own:
            return self._positive(start, _MAPS)
        has_maps = any(path.endswith(".map") for path in self._packed)
        return (*start, f"!{_MAPS}") if has_maps else start

    def _who(self) -> str:
        return str(self._packer) if self._packer else "the packer"


def _line_for(pattern: str) -> str:
    """Write a pattern as a line of an ignore file, where a bare name counts at any depth."""
    return pattern.removeprefix("**/") if pattern.startswith("**/") else f"/{pattern}"


def _is_of(pattern: str, path: str) -> bool:
    return packing.glob(pattern).fullmatch(path) is not None


def _deep(entry: str) -> str:
    """Return the pattern of a negated entry so that it holds at any depth."""
    name, _ = packing.bare(entry)
    folder, _, last = name.rpartition("/")
    if not folder:
        return f"**/{name}"
    if packing.has_wildcard(last) and last != "**" and "**" not in folder and last.endswith("map"):
        return f"{folder}/**/{last}"
    return name


def _as_folder(entry: str) -> str:
    """Return an include of all that is in a folder as the folder's name, which all packers read."""
    if entry.startswith("!"):
        return entry
    name, _ = packing.bare(entry)
    return re.sub(r"(?:/\*\*|/\*|/\*\*/\*\.\*)+\Z", "", name) or entry


def _repeats(entry: str, spelling: str) -> bool:
    """Tell whether a negated entry says in another way what a new one is to say."""
    last = spelling.rpartition("/")[2]
    return entry.startswith("!") and packing.bare(entry)[0].rpartition("/")[2] == last


def _ending(path: str) -> str:
    """Return `.js`, `.d.ts`, the whole name where it has no ending, nothing for a dotfile."""
    name = path.rpartition("/")[2]
    found = re.search(r"(?:\.d)?\.\w+\Z", name)
    return "" if name.startswith(".") else found.group() if found else name


def entry_points(document: dict[str, Any]) -> Iterator[str]:
    """Yield the files that package.json's entry points name, without `./`."""
    pending: list[object] = [
        document.get(name)
        for name in ("main", "module", "browser", "types", "typings", "bin", "exports")
    ]
    while pending:
        value = pending.pop(0)
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str):
            target = value.removeprefix("./")
            if target not in {"", MANIFEST} and not target.startswith((".", "/")):
                yield target.split("*")[0].rstrip("/") if "*" in target else target


class StopEmitting:
    """Names the settings of this project that emit maps, those that fit the fact first."""

    def __init__(self, project: Contents) -> None:
        self._settings = list(build_setting.collect(project))

    def __call__(self, fact: Fact) -> str:
        """Return one line for each setting that can have emitted the map of a fact."""
        fitting = self._settings
        inline = getattr(fact, "inline", None)
        if any(setting.inline == inline for setting in fitting):
            fitting = [setting for setting in fitting if setting.inline == inline]
        if any(setting.embeds for setting in fitting):
            fitting = [setting for setting in fitting if setting.embeds]
        elif getattr(fact, "first_party_files", 0):
            fitting = []  # none of these wrote the text that is in the map
        lines: dict[tuple[str, ...], list[int]] = {}
        for setting in sorted(fitting, key=lambda setting: not setting.certain):
            same = (setting.path, *_change(setting))
            lines.setdefault(same, []).append(setting.line or 1)
        shown = [
            f"{path}:{', '.join(map(str, dict.fromkeys(numbers)))} {what}; {change}."
            for (path, what, change), numbers in lines.items()
        ]
        if len(shown) > _SETTINGS:
            shown[_SETTINGS:] = [f"({len(shown) - _SETTINGS} more settings emit maps.)"]
        return "\n".join(shown) or GENERAL_EMIT


def _change(setting: BuildSettingFact) -> tuple[str, str]:
    """Return what a setting does and what to do about it."""
    if not setting.certain:
        return (
            f"decides {setting.setting} by an expression ({setting.value})",
            "make sure that it comes out false in the release build",
        )
    special = _SPECIAL.get((setting.tool, setting.setting))
    if special is not None:
        return special
    text = _WITHOUT_TEXT.get(setting.tool, "") if setting.embeds else ""
    keep = f", or keep the maps and leave the text out of them: {text}" if text else ""
    if setting.setting.startswith("-"):
        value = f" {setting.value}" if setting.value else ""
        return f"runs {setting.tool} with {setting.setting}{value}", f"take it off{keep}"
    value = setting.value if setting.value == "true" else f'"{setting.value}"'
    return f"sets {setting.setting}: {value}", f"set it to false{keep}"


_SPECIAL = {
    ("tsc", "compilerOptions.inlineSources"): (
        "sets inlineSources",
        "set it to false, and sourceMap or inlineSourceMap with it",
    ),
    ("parcel", "parcel build"): (
        "runs parcel build, which emits maps unasked",
        "add --no-source-maps",
    ),
    ("webpack", "mode"): (
        'sets mode: "development", which writes the sources into the bundle',
        'set it to "production"',
    ),
    ("webpack", "SourceMapDevToolPlugin"): (
        "uses SourceMapDevToolPlugin",
        "take it out, or set noSources: true",
    ),
}
_EXCLUDE = "sourcemapExcludeSources: true"
_WITHOUT_TEXT = {
    "rollup": f"output.{_EXCLUDE}",
    "rolldown": f"output.{_EXCLUDE}",
    "vite": f"build.rollupOptions.output.{_EXCLUDE}",
    "tsdown": f"outputOptions.{_EXCLUDE}",
    "unbuild": f"rollup.output.{_EXCLUDE}",
    "esbuild": "sourcesContent: false, on the command line --sources-content=false",
    "tsup": "esbuildOptions(o) { o.sourcesContent = false }",
    "webpack": '"nosources-source-map"',
    "swc": "inlineSourcesContent: false in .swcrc",
}
"""The switches that leave the text of sources out of maps; each was tried with its tool."""
