"""Where a project's own lists do not say what they seem to: `files`, .npmignore, .gitignore.

What an entry does differs between packers and their versions, so each is put to the model of
`auditor.packing`; where the tarball is known, its paths decide.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from auditor import packing, words
from auditor.facts import Collector, Contents, Unread
from auditor.facts.manifest import MANIFEST, ManifestSeen, manifest_of
from auditor.facts.project.config_file import MAX_CONFIG, config_texts, is_config, leaves
from auditor.model import Fact
from auditor.packers import PackedPaths, Packer
from auditor.packing import WHO, Configuration, Reading, ships

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERYTHING = frozenset({"", ".", "*", "**", "**/*", "**/**", "*/**"})
"""Includes that are no list at all."""
_SAMPLE = 3
_TRIED = 20
"""Files of the tarball that an entry is tried on; its made-up paths come first."""


class Problem(StrEnum):
    """What is wrong with a list; each is judged by the rule of the same name."""

    MISSING_FILES_LIST = "missing-files-list"
    INEFFECTIVE_NPMIGNORE = "ineffective-npmignore"
    UNPORTABLE_NEGATION = "unportable-negation"
    LATE_INCLUDE = "late-include"
    UNMATCHED_FILES_ENTRY = "unmatched-files-entry"


class PackingConfigFact(Fact, frozen=True, kw_only=True):
    """One place in package.json or .npmignore that does less, or more, than it seems to."""

    problem: Problem
    entry: str = ""
    """The entry of `files` as written; empty where the problem is the whole list."""
    packer: str
    """The packer that made the tarball; empty where none did."""
    detail: str
    """What the place does in truth, as the end of a sentence."""
    fails: bool = False
    """True where it does not do its work with this packer."""
    npmignore: bool
    """True where there is an .npmignore at the root."""
    shipped: int = 0
    """Files of the tarball that the entry or .npmignore names to be left out."""
    sample: tuple[str, ...] = ()
    """Some of those files."""


def packer_of(contents: Contents) -> Packer | None:
    """Return the packer that ran, if one did."""
    return next(iter(contents.of(Packer)), None)


def packed_paths(contents: Contents) -> frozenset[str] | None:
    """Return the tarball's paths, or None where there is no tarball."""
    return next((seen.paths for seen in contents.of(PackedPaths)), None)


def configuration_of(contents: Contents) -> Configuration:
    """Return what decides on the package's content, as the packers see it."""
    manifest = manifest_of(contents)
    files = manifest.document.get("files") if manifest else None
    ignores: dict[str, tuple[str, ...]] = {}
    for name in (".gitignore", ".npmignore"):  # where both are, .npmignore stands in
        for path, text in config_texts(contents).items():
            folder, _, base = path.rpartition("/")
            if base == name:
                ignores[folder] = tuple(text.splitlines())
    return Configuration(
        files=tuple(map(str, files)) if isinstance(files, list) else None, ignores=ignores
    )


def is_packed_elsewhere(contents: Contents) -> bool:
    """Tell whether pnpm packs another folder, whose configuration is not this one."""
    manifest = manifest_of(contents)
    config = manifest.document.get("publishConfig") if manifest else None
    packer = packer_of(contents)
    return (
        isinstance(config, dict)
        and isinstance(config.get("directory"), str)
        and (packer is None or packer.name == "pnpm")
    )


def is_always_packed(document: dict[str, Any], path: str) -> bool:
    """Tell whether every packer takes a path whatever the lists say."""
    if re.fullmatch(r"(?i)package\.json|(?:readme|licen[cs]e|copying)(?:\.[^/]*)?", path):
        return True
    return any(path == target for _, target in required(document))


def required(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the field and target of each file that is packed because package.json names it."""
    for name in ("main", "browser", "bin"):
        value = document.get(name)
        values = value.values() if name == "bin" and isinstance(value, dict) else (value,)
        for target in values:
            if isinstance(target, str):
                yield name, re.sub(r"\A(?:\./|/)+", "", target)


def collect(contents: Contents) -> Iterator[PackingConfigFact | Unread]:
    """Yield one fact for each problem of the lists; nothing where there is no package.json."""
    for member in contents.members:
        if is_config(member) and member.size > MAX_CONFIG:
            yield Unread(path=member.path, reason="too long for a configuration (256 KiB)")
    manifest = manifest_of(contents)
    if manifest is not None and not is_packed_elsewhere(contents):
        yield from _Lists(contents, manifest).facts()


class _Lists:
    """The lists of one project, with what the tarball shows of them."""

    def __init__(self, contents: Contents, manifest: ManifestSeen) -> None:
        self._texts = config_texts(contents)
        self._configuration = configuration_of(contents)
        self._document = manifest.document
        self._packer = packer_of(contents)
        self._readings = packing.readings(self._packer)
        paths = packed_paths(contents)
        self._packed = (
            None
            if paths is None
            else tuple(sorted(p for p in paths if not p.startswith("node_modules/")))
        )
        self._fact = partial(
            PackingConfigFact,
            packer=str(self._packer) if self._packer else "",
            npmignore=".npmignore" in self._texts,
        )
        self._lines = {
            keys[1]: line
            for keys, _, line in leaves(manifest.text)
            if keys[:1] == ("files",)
            if len(keys) == 2
        }

    def facts(self) -> Iterator[PackingConfigFact]:
        files = self._configuration.files
        if files is None:
            yield from self._no_list()
            return
        yield from self._npmignore()
        for index, entry in enumerate(files):
            line = self._lines.get(str(index), 1)
            name = packing.bare(entry)[0]
            if packing.is_opaque(entry):
                continue
            if entry.startswith("!"):
                yield from self._negation(files, index, line)
            elif name in EVERYTHING:
                yield self._fact(
                    problem=Problem.MISSING_FILES_LIST,
                    path=MANIFEST,
                    line=line,
                    key=entry,
                    entry=entry,
                    detail=f'the entry "{entry}" of "files" stands for everything in the folder',
                )
            elif self._packed is not None and not any(_finds(name, p) for p in self._packed):
                yield self._fact(
                    problem=Problem.UNMATCHED_FILES_ENTRY,
                    path=MANIFEST,
                    line=line,
                    key=entry,
                    entry=entry,
                    detail="no file of the tarball comes from it",
                    fails=True,
                )

    def _no_list(self) -> Iterator[PackingConfigFact]:
        ignores = self._texts.get(".npmignore")
        if self._document.get("private") is True:
            return
        if ignores is None:
            git = ".gitignore" in self._texts
            rest = "that git does not ignore" if git else "in the folder"
            detail = f'there is no "files" list and no .npmignore: everything {rest} ships'
        elif packing.ignored(ignores.splitlines(), "some-new-file"):
            return  # `*` first, then what ships: a list by another name
        else:
            detail = 'there is no "files" list: everything that .npmignore does not name ships'
            if ".gitignore" in self._texts:
                detail += ", and .gitignore is not read at all"
        yield self._fact(problem=Problem.MISSING_FILES_LIST, path=MANIFEST, line=1, detail=detail)

    def _npmignore(self) -> Iterator[PackingConfigFact]:
        text = self._texts.get(".npmignore", "")
        lines = text.splitlines()
        patterns = list(packing.patterns_of(lines))
        if not patterns:
            return
        named = [
            path
            for path in self._packed or ()
            if not is_always_packed(self._document, path) and packing.ignored(lines, path)
        ]
        line = patterns[0][0]
        if named:
            line = next((n for n, one in patterns if packing.ignored([one], named[0])), line)
        detail = 'package.json has a "files" list, so no packer reads it'
        if named:
            verb = "ships" if len(named) == 1 else "ship"
            detail += (
                f"; {words.counted(len(named), 'file')} that it names {verb}"
                f" ({words.listed(tuple(named), _SAMPLE)})"
            )
        yield self._fact(
            problem=Problem.INEFFECTIVE_NPMIGNORE,
            path=".npmignore",
            line=line,
            detail=detail,
            fails=True,
            shipped=len(named),
            sample=tuple(named[:_SAMPLE]),
        )

    def _negation(
        self, files: tuple[str, ...], index: int, line: int
    ) -> Iterator[PackingConfigFact]:
        entry = files[index]
        named = [
            path
            for path in self._packed or ()
            if means(entry, path)
            and not is_always_packed(self._document, path)
            and not _taken_back(files[index + 1 :], path)
        ]
        trial = _Trial(files, index, named[:_TRIED])
        classic = self._readings == (Reading.CLASSIC,)
        problem = Problem.UNPORTABLE_NEGATION
        if classic:
            detail = f"makes {self._packer} pack the whole folder; it knows no negated entries"
        elif trial.late():
            problem = Problem.LATE_INCLUDE
            after = files[index + 1 :]  # `!!x` takes in again, too
            later = next((e for e in after if not e.startswith("!")), after[0])
            detail = f'stands before "{later}", which takes the files in again'
        elif trial.differs():
            detail = "is read in two ways"
        elif _is_one_level(entry) and (named or self._packed is None):
            detail = "keeps out one folder level only"
        elif named:
            detail = "does not keep out all that it names"
        else:
            return
        if self._packed is None:
            fails = self._packer is not None and not any(
                trial.keeps(reading) for reading in self._readings
            )
        else:
            fails = bool(named)
        if not classic and trial.loses():
            detail += f": {_say(trial.loses(), 'ship', 'the files all the same')}"
        if not classic and trial.loses() and trial.wins():
            detail += f"; {_say(trial.wins(), 'leave', 'them out')}"
        if named:
            shown = words.listed(tuple(named), _SAMPLE)
            detail += f"; in this tarball: {words.counted(len(named), 'file')} ({shown})"
        yield self._fact(
            problem=problem,
            path=MANIFEST,
            line=line,
            key=entry,
            entry=entry,
            detail=detail,
            fails=fails or classic,
            shipped=len(named),
            sample=tuple(named[:_SAMPLE]),
        )


class _Trial:
    """One negated entry put to every reading, on the files that it names or could name."""

    def __init__(self, files: tuple[str, ...], index: int, named: Iterable[str]) -> None:
        entry = files[index]
        others = (*files[:index], *files[index + 1 :])
        probes = (*probes_of(others, entry), *named)
        self._kept: dict[Reading, bool] = {}
        self._moved: dict[Reading, bool] = {}
        for reading in packing.MODERN:
            without = [p for p in probes if _in(others, reading, p)]
            if without:
                self._kept[reading] = not any(_in(files, reading, p) for p in without)
                moved = (*others, entry)
                self._moved[reading] = not any(_in(moved, reading, p) for p in without)

    def keeps(self, reading: Reading) -> bool:
        return self._kept.get(reading, True)

    def wins(self) -> tuple[Reading, ...]:
        return tuple(reading for reading, kept in self._kept.items() if kept)

    def loses(self) -> tuple[Reading, ...]:
        return tuple(reading for reading, kept in self._kept.items() if not kept)

    def late(self) -> bool:
        """Tell whether the entry's place alone is what is wrong with it."""
        return bool(self.loses()) and all(self._moved.values())

    def differs(self) -> bool:
        return bool(self.loses()) and bool(self.wins())


def _in(files: tuple[str, ...], reading: Reading, path: str) -> bool:
    return ships(Configuration(files=files), reading, path)


def probes_of(files: tuple[str, ...], entry: str) -> tuple[str, ...]:
    """Make up paths that a negated entry names, in the folders that the other entries take in."""
    name, _ = packing.bare(entry)
    parts = next(iter(packing.alternatives(name)), name).split("/")
    tops = [""]
    if parts[0] == "**" or len(parts) == 1:
        folders = [_folder_of(other) for other in files if not other.startswith("!")]
        tops = [f"{top}/{sub}" for top in folders for sub in ("", "x/")]
    if parts[-1] == "**":
        parts.append("x.js")
    found: dict[str, None] = {}
    for top in tops:
        for folder in ("", "x"):
            middle = (folder if part == "**" else _sample(part) for part in parts)
            path = re.sub("/{2,}", "/", f"{top}/{'/'.join(middle)}").strip("/")
            found[path] = None
            if "." not in path.rpartition("/")[2]:
                found[f"{path}/x.js"] = None
    return tuple(found)


def _folder_of(entry: str) -> str:
    name, _ = packing.bare(entry)
    name = next(iter(packing.alternatives(name)), name)
    parts = name.split("/")
    fixed = [
        part for i, part in enumerate(parts) if not any(map(packing.has_wildcard, parts[: i + 1]))
    ]
    if fixed == parts and "." in parts[-1][1:]:
        fixed.pop()
    return "/".join(fixed)


def _sample(part: str) -> str:
    return re.sub(r"\[[!^]?(.)[^\]]*\]", r"\1", re.sub(r"\*+|\?", "x", part)).replace("\\", "")


def _finds(name: str, path: str) -> bool:
    """Tell whether an entry can have brought a path in, under any reading."""
    pattern = packing.glob(name)
    return any(pattern.fullmatch(part) for part in packing.prefixes(path)) or (
        "/" not in name and any(pattern.fullmatch(part) for part in path.split("/"))
    )


def means(entry: str, path: str) -> bool:
    """Tell whether a negated entry, read generously, names a path."""
    name, _ = packing.bare(entry)
    if _finds(name, path):
        return True
    folder, _, last = name.rpartition("/")
    return (
        _is_one_level(entry)
        and path.startswith(f"{folder}/")
        and packing.glob(last).fullmatch(path.rpartition("/")[2]) is not None
    )


def _is_one_level(entry: str) -> bool:
    """Tell whether an entry keeps out the maps of one folder, but not of those below it."""
    folder, _, last = packing.bare(entry)[0].rpartition("/")
    return (
        bool(folder)
        and not packing.has_wildcard(folder)
        and packing.has_wildcard(last)
        and last.endswith("map")
    )


def _taken_back(later: tuple[str, ...], path: str) -> bool:
    """Tell whether a later entry names just this file, or files of its kind."""
    for entry in later:
        name, negated = packing.bare(entry)
        of_kind = re.search(r"\.[\w{]", name.rpartition("/")[2]) is not None
        if of_kind and not negated and packing.glob(name).fullmatch(path):
            return True
    return False


def _say(readings: tuple[Reading, ...], verb: str, rest: str) -> str:
    """Return `npm from 12 and bun ship the files`, the verb as the number of packers wants it."""
    names = [name for reading in readings for name in WHO[reading]]
    if len(names) == 1:
        return f"{names[0]} {verb}s {rest}"
    return f"{', '.join(names[:-1])} and {names[-1]} {verb} {rest}"


COLLECTOR = Collector(name="packing-config", fact=PackingConfigFact, collect=collect, project=True)
