"""What a project says it builds and ships though git does not hold it; no fact of its own.

Read from `files` and the entry points of package.json, from MANIFEST.in, and from what the build
backends of Python know: hatchling's `artifacts` and `force-include`, setuptools' package data,
poetry's and maturin's `include`, the version files of setuptools-scm, hatch-vcs and pdm.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor import backends, packing
from auditor.errors import InputError
from auditor.facts import entry_point
from auditor.facts.distribution import DocumentSeen
from auditor.facts.entry_point import EntryPointFact
from auditor.facts.manifest import manifest_of
from auditor.facts.project import packing_config
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from auditor.facts import Contents

DOCUMENTS = (backends.PYPROJECT, "setup.cfg", "MANIFEST.in")
"""The files of a Python project that name what is built."""
_MOST = 1000
"""Entries that are tried; what no entry names is reported, so that the rest hides nothing."""
_EXTENSION = regex(r"(?i)\.(?:so|pyd|dylib|dll)(?:\.\d+)*\Z")
_SCRIPT = ("js", "mjs", "cjs", "jsx", "d.ts", "d.mts", "d.cts")
_TYPED = ("ts", "mts", "cts", "tsx", "coffee", "res", "vue")
_SHEETS = ("scss", "sass", "less", "styl")
_MADE_FROM: Mapping[str, tuple[str, ...]] = {
    **{f".{end}{more}": _TYPED for end in _SCRIPT for more in ("", ".map")},
    **{f".css{more}": _SHEETS for more in ("", ".map")},
    ".min.js": ("js", *_TYPED),
    ".min.css": ("css", *_SHEETS),
    **{f".{end}": ("pyx", "py") for end in ("c", "cc", "cpp", "cxx")},
    ".h": ("pyx",),
    "_pb2.py": ("proto",),
    "_pb2.pyi": ("proto",),
    "_pb2_grpc.py": ("proto",),
    ".mo": ("po",),
}
"""By the end of a name, the endings of what tools make such a file from, in the same folder."""


def neighbours(path: str) -> Iterator[str]:
    """Yield the files beside a path that tools make it from: of `a/b.js` among others `a/b.ts`."""
    if path.rpartition("/")[2].startswith("."):
        return
    yield f"{path}.in"
    for ending, sources in _MADE_FROM.items():
        if path.endswith(ending):
            stem = path.removesuffix(ending)
            yield from (f"{stem}.{source}" for source in sources)


class _Entry(Struct, frozen=True, kw_only=True):
    """A pattern of paths, relative to the project, that names something as part of the package."""

    text: str
    on_purpose: bool = False
    """It is of a list that is there to bring in what git ignores: whatever it matches is meant."""

    def matches(self, path: str) -> bool:
        """Tell whether the entry matches a path, or a folder that it lies in."""
        return any(packing.glob(self.text).fullmatch(part) for part in packing.prefixes(path))

    def names_one(self, path: str) -> bool:
        """Tell whether the entry names a single file, without stars in its name."""
        *_, last = self.text.split("/")
        wild = packing.has_wildcard(last)
        return not wild and packing.glob(self.text).fullmatch(path) is not None

    def names_like(self, path: str) -> bool:
        """Tell whether the entry names files of some kind (`*.js`), and a path is one of them."""
        *_, last = self.text.split("/")
        kind = packing.has_wildcard(last) and last.strip("*")
        return bool(kind) and packing.glob(self.text).fullmatch(path) is not None

    def names_folder(self, folder: str) -> bool:
        """Tell whether the entry names a folder, or something below it."""
        parts = self.text.split("/")
        deepest = folder.count("/") + 1 + parts.count("**")
        heads = (
            "/".join(parts[:end])
            for end in range(1, min(deepest, len(parts)) + 1)
            if parts[end - 1].strip("*")
        )
        return any(packing.glob(head).fullmatch(folder) for head in heads)


class BuildOutput:
    """What one project names as its output, asked file by file.

    `tracked` are the packed files that git tracks: an entry like `lib/*.js` that brings in such
    files names sources, and says nothing about a file beside them.
    """

    def __init__(
        self,
        contents: Contents,
        documents: Mapping[str, bytes],
        tracked: Collection[str] = (),
    ) -> None:
        self._tracked = tracked
        self._kind = contents.kind
        self._document: dict[str, Any] = {}
        if self._kind in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
            named = _python(contents, documents)
        else:
            manifest = manifest_of(contents)
            self._document = manifest.document if manifest else {}
            named = _npm(contents, self._document)
        telling = (one for one in named if one.text not in packing_config.EVERYTHING)
        self._entries = tuple(dict.fromkeys(islice(telling, _MOST)))
        self._folders: dict[str, bool] = {}
        self._sources: dict[_Entry, bool] = {}

    def declares(self, path: str, source: str, folders: Iterable[str]) -> bool:
        """Tell whether a packed file is output that the project declares.

        `source` is its path in the project; `folders` are those above it of which the repository
        holds nothing. A folder that is named counts with all that is in it.
        """
        if self._kind is ArtifactKind.WHEEL and _EXTENSION.search(path):
            return True
        if self._kind is ArtifactKind.SDIST and ".egg-info/" in path:
            return True
        if self._kind is ArtifactKind.NPM_TARBALL and (
            path.startswith("node_modules/")  # which ships where bundleDependencies says so only
            or packing_config.is_always_packed(self._document, path)
        ):
            return True
        if any(self._names(folder) for folder in folders if folder):
            return True
        return any(self._is_meant(entry, source) for entry in self._entries)

    def _is_meant(self, entry: _Entry, source: str) -> bool:
        if entry.on_purpose:
            return entry.matches(source)
        if entry.names_one(source):
            return True
        if not entry.names_like(source):
            return False
        if entry not in self._sources:
            self._sources[entry] = any(map(entry.names_like, self._tracked))
        return not self._sources[entry]

    def _names(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = any(entry.names_folder(folder) for entry in self._entries)
        return self._folders[folder]


def _npm(contents: Contents, document: dict[str, Any]) -> Iterator[_Entry]:
    files = document.get("files")
    for entry in map(str, files) if isinstance(files, list) else ():
        name, negated = packing.bare(entry)
        if not negated:
            yield _Entry(text=name)
    for fact in entry_point.collect(contents):
        if isinstance(fact, EntryPointFact):
            target, _ = packing.bare(fact.target)
            if target:
                yield _Entry(text=target)
                yield from (_meant(f"{target}{end}") for end in (".*", "/index.*"))


def _python(contents: Contents, documents: Mapping[str, bytes]) -> Iterator[_Entry]:
    own = {seen.path: seen.data for seen in contents.of(DocumentSeen)}
    texts = {name: documents.get(name, own.get(name, b"")) for name in DOCUMENTS}
    yield from _pyproject(_toml(texts[backends.PYPROJECT]))
    yield from _setup_cfg(texts["setup.cfg"].decode("utf-8-sig", "replace"))
    yield from _manifest_in(texts["MANIFEST.in"].decode("utf-8-sig", "replace"))


def _toml(data: bytes) -> dict[str, Any]:
    try:
        return backends.parsed(data) if len(data) <= backends.LARGEST else {}
    except InputError:
        return {}  # nothing is declared then, so more is reported and not less


def _pyproject(document: dict[str, Any]) -> Iterator[_Entry]:
    tool = _at(document, "tool")
    build = _at(tool, "hatch", "build")
    for part in (build, *(_at(build, "targets", name) for name in _at(build, "targets"))):
        yield from map(_ignore_line, _texts(part.get("artifacts")))
        for table in ("force-include", "shared-data", "shared-scripts"):
            yield from (_Entry(text=packing.bare(name)[0]) for name in _at(part, table))
        yield from _version_file(_at(part, "hooks", "vcs").get("version-file"))
        yield from _version_file(_at(part, "hooks", "version").get("path"))
    yield from _version_file(_at(tool, "setuptools_scm").get("version_file"))
    yield from _version_file(_at(tool, "setuptools_scm").get("write_to"))
    yield from _version_file(_at(tool, "pdm", "version").get("write_to"))
    yield from _version_file(_at(tool, "versioningit", "write").get("file"))
    scikit = _at(tool, "scikit-build")
    for made in _list(scikit.get("generate")):
        yield from _version_file(_at(made).get("path"))
    yield from map(_ignore_line, _texts(_at(scikit, "sdist").get("include")))
    for includes in (_at(tool, "poetry").get("include"), _at(tool, "maturin").get("include")):
        for one in _list(includes):
            names = _texts(_at(one).get("path", one))
            yield from (_Entry(text=packing.bare(name)[0]) for name in names)
    for package, globs in _at(tool, "setuptools", "package-data").items():
        yield from _package_data(package, _texts(globs))
    plain = (
        _at(tool, "pdm", "build").get("includes"),
        _at(tool, "pdm", "build").get("source-includes"),
        _at(tool, "uv", "build-backend").get("source-include"),
        _at(tool, "flit", "sdist").get("include"),
    )
    for listed in plain:
        yield from (_Entry(text=packing.bare(name)[0]) for name in _texts(listed))


def _setup_cfg(text: str) -> Iterator[_Entry]:
    import configparser  # noqa: PLC0415 - of a file that few have

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    section = "options.package_data"
    for package, value in parser.items(section) if parser.has_section(section) else ():
        yield from _package_data(package, re.split(r"[\s,]+", value or ""))


def _manifest_in(text: str) -> Iterator[_Entry]:
    for line in text.replace("\\\n", " ").splitlines():
        command, *words = line.split()[:1000] or [""]
        if command == "include":
            yield from (_Entry(text=packing.bare(word)[0]) for word in words)
        elif command == "graft":
            yield from (_Entry(text=f"{packing.bare(word)[0]}/**") for word in words)
        elif command == "recursive-include" and words:
            folder, _ = packing.bare(words[0])
            yield from (_Entry(text=f"{folder}/**/{word}") for word in words[1:])
        elif command == "global-include":
            yield from (_Entry(text=f"**/{word}") for word in words)


def _package_data(package: str, globs: Iterable[str]) -> Iterator[_Entry]:
    folder = "**" if package in {"*", ""} else f"**/{package.replace('.', '/')}"
    yield from (_Entry(text=f"{folder}/{packing.bare(one)[0]}") for one in globs if one)


def _version_file(path: object) -> Iterator[_Entry]:
    """Yield the file that a version is written to; pdm counts from the package's folder."""
    yield from (_meant(f"**/{packing.bare(name)[0]}") for name in _texts(path))


def _ignore_line(line: str) -> _Entry:
    """Read a pattern as gitignore does: without a slash inside it counts at any depth."""
    name, negated = packing.bare(line)
    anchored = "/" in line.rstrip("/")
    return _meant("" if negated else name if anchored else f"**/{name}")


def _meant(name: str) -> _Entry:
    return _Entry(text=packing.bare(name)[0], on_purpose=True)


def placed(documents: Mapping[str, bytes]) -> tuple[tuple[str, str], ...]:
    """Return what a wheel holds under another path than the project: path there, path on disk.

    That is what hatchling is forced to include, its `sources` and shared data (which lie below
    `.data/data` and are given as they lie there), setuptools' `package-dir` and poetry's `to`.
    """
    tool = _at(_toml(documents.get(backends.PYPROJECT, b"")), "tool")
    wheel = _at(tool, "hatch", "build", "targets", "wheel")
    pairs: list[tuple[object, str]] = []
    for part in (_at(tool, "hatch", "build"), wheel):
        for table in ("force-include", "shared-data", "sources"):
            pairs += [(there, here) for here, there in _at(part, table).items()]
    for package, here in _at(tool, "setuptools", "package-dir").items():
        pairs += [(package.replace(".", "/"), one) for one in _texts(here)]
    for one in map(_at, _list(_at(tool, "poetry").get("packages"))):
        for name, to in zip(_texts(one.get("include")), _texts(one.get("to")), strict=False):
            root = "".join(f"{text}/" for text in _texts(one.get("from")))
            pairs.append((f"{to}/{name}", f"{root}{name}"))
    bare = [(packing.bare(str(there))[0], packing.bare(here)[0]) for there, here in pairs]
    return tuple((there, here) for there, here in bare if there)


def _at(document: object, *keys: str) -> dict[str, Any]:
    """Return a nested table; an empty one where something else stands there."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    """Return a text, or a list of texts, as a list; whatever is none is left out."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]
