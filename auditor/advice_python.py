"""What a fix says for a Python project: the lines that keep a file out, per build backend.

What each backend's option does was measured with the backend (tests/test_backend_matrix.py does
it again, and applies this advice). The usual publish is taken for granted, as `build` and
`uv build` do it: the sdist first, and the wheel out of the sdist.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import backends
from auditor.advice import outer, pattern_for
from auditor.backends import PYPROJECT, Backend, Name
from auditor.errors import InputError
from auditor.facts.distribution import DIST_INFO, DocumentSeen, SdistSeen, distribution_of, headers
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from auditor.facts import Contents
    from auditor.model import Fact

_LONGEST_LIST = 8
"""Entries of a list that is shown whole."""
_LONGEST_LINE = 300
"""Characters of a list that is shown whole."""
_LISTED = 200
"""Entries of a list that are tried on a path."""
_WHOLE = frozenset(
    ".git .hg .svn .jj .github .gitlab .circleci .vscode .idea .claude .cursor .codex .gemini"
    " .windsurf .continue .tox .nox .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis"
    " .ipynb_checkpoints .eggs .rollup.cache .turbo .nyc_output CMakeFiles".split()
)
"""Folders of which nothing is ever meant to ship: the advice is for the whole folder."""
_TESTS = regex(r"tests?|__tests__")
_TEST_FILE = regex(r"(?:test_.*|.*_test|conftest)\.py")
_BYTECODE = regex(r"(?i).*\.py[co]")
_ODD = regex(r"[\[\]{}()*!+@\\\"'<>:#$\s\x00-\x1f\x7f]")
_ESCAPED = regex(r"[^\w./*?-]")
"""What uv's globs take only behind a backslash."""
_BARE = regex(r"[\w-]+")
_GENERAL = (
    "Exclude it in the build backend's settings in pyproject.toml, for the sdist and the wheel;"
    " some backends do not look at .gitignore."
)


class Edit(Struct, frozen=True, kw_only=True):
    """One change of one file: what a list in pyproject.toml, or MANIFEST.in, is to have."""

    table: tuple[str, ...] = ()
    """Keys of the table in pyproject.toml; empty for MANIFEST.in."""
    key: str = ""
    entries: tuple[object, ...]
    """What to add: texts, or mappings; for MANIFEST.in whole lines."""


class What(Struct, frozen=True, kw_only=True):
    """What is to be left out, before it is written in a backend's way."""

    pattern: str
    """`**/*.map` for all of a kind; else a path of the project, with `?` for special signs."""
    folder: bool = False
    """The pattern is a folder."""
    tests: str = ""
    """The folder or file of tests in the wheel, where it is to stay in the sdist."""
    path: str
    """The path in the sdist or wheel."""
    source: str
    """The path in the project, as a pattern."""
    wheel: bool

    @property
    def anywhere(self) -> bool:
        """Tell whether the pattern holds at any depth."""
        return self.pattern.startswith("**/")

    @property
    def bare(self) -> str:
        """The pattern without `**/`."""
        return self.pattern.removeprefix("**/")

    @property
    def anchored(self) -> str:
        """The pattern as a line of an ignore file would have it."""
        return self.pattern if self.anywhere else f"/{self.pattern}"

    @property
    def globbed(self) -> str:
        """The pattern for Python's `glob`: the path where wildcards would pass over a dotfile."""
        folder, _, name = f"/{self.path}".rpartition("/")
        hidden = "/." in folder or ("*" in self.bare and name.startswith("."))
        return self.source if self.anywhere and hidden else self.pattern

    @property
    def everything(self) -> str:
        """The pattern for globs that mean files: a folder's is for all that is in it."""
        return f"{self.pattern}/**" if self.folder else self.pattern


def leave_out(
    project: Contents | None, artifact: Contents | None, kind: ArtifactKind
) -> Callable[[Fact], str]:
    """Return what a fix can ask for as `leave_out`, for a wheel or an sdist.

    The backend is known from the project's pyproject.toml, from the one in a ready sdist, or from
    the WHEEL file of a ready wheel; else the text names no option. Where the wheel's contents have
    the sdist of the same release (`SdistSeen`), its paths tell where in the project a file lies.
    """
    seen = artifact.of(SdistSeen) if artifact else ()
    sources = {path for sdist in seen for path in sdist.paths}
    return LeaveOut(_backend(project, artifact), kind, sources)


def _backend(project: Contents | None, artifact: Contents | None) -> Backend | None:
    for contents in filter(None, (project, artifact)):
        seen = {seen.path: seen.data for seen in contents.of(DocumentSeen)}
        if PYPROJECT in seen:
            try:
                return backends.backend_of(backends.parsed(seen[PYPROJECT]))
            except InputError:
                return None
        if {"setup.py", "setup.cfg"} & contents.files().keys():
            return backends.backend_of({"build-system": {}})  # as if it said nothing (PEP 518)
    if artifact is None or artifact.kind is not ArtifactKind.WHEEL:
        return None
    document = distribution_of(artifact).document("WHEEL") or b""
    name = backends.of_generator(headers(document).get("Generator", ""))
    return Backend(name=name) if name else None


class LeaveOut:
    """Finds, for a path of an sdist or wheel, the settings that leave it out."""

    def __init__(
        self, backend: Backend | None, kind: ArtifactKind, sources: Iterable[str] = ()
    ) -> None:
        self._backend = backend or Backend(name=Name.OTHER)
        self._wheel = kind is ArtifactKind.WHEEL
        self._sources = tuple(sorted(sources, key=lambda path: (path.count("/"), path)))
        self._prefixes: dict[str, str] = {}

    def __call__(self, fact: Fact) -> str:
        """Return the advice for a fact's file, as lines; those to copy are indented."""
        path = outer(fact.path)
        folder, _, name = path.partition("/")
        if self._wheel and folder.endswith(DIST_INFO) and name.startswith("licenses/"):
            return f'Take {name.removeprefix("licenses/")} off "license-files" in pyproject.toml.'
        edits = self.edits(path)
        if edits:
            return "\n".join((*self._shown(edits), *self._notes(path)))
        return self._without_option(path)

    def edits(self, path: str) -> tuple[Edit, ...]:
        """Return the changes that leave a path out; none where no list of the backend's does."""
        make = _MAKERS.get(self._backend.name)
        if make is None or (self._wheel and _is_special(path)):
            return ()
        return tuple(make(self._backend, self._what(path)))

    def _what(self, path: str) -> What:
        """Return what to leave out for a path: a kind of file, a folder, or the path itself."""
        prefix = self._prefix(path) if self._wheel else ""
        pattern = "**/*.py[co]" if _BYTECODE.fullmatch(path) else pattern_for(path)
        tests = _tests_of(path) if self._wheel and not pattern.startswith("**/") else ""
        whole = tests or _whole_folder(path)
        if not pattern.startswith("**/"):
            pattern = prefix + _spelled(whole or path)
        return What(
            pattern=pattern,
            folder=whole not in {"", path},
            tests=tests,
            path=path,
            source=prefix + _spelled(path),
            wheel=self._wheel,
        )

    def _prefix(self, path: str) -> str:
        """Return what a wheel's path has before it in the project: `src/`, or nothing.

        `**/` where the project's paths are not known.
        """
        if not self._sources:
            return "**/"
        top, slash, _ = path.partition("/")
        end = f"/{top}{slash}"
        if top not in self._prefixes:
            found = (
                source[: f"/{source}".index(end)]
                for source in self._sources
                if (end in f"/{source}" if slash else f"/{source}".endswith(end))
            )
            self._prefixes[top] = _spelled(next(found, ""))
        return self._prefixes[top]

    def _shown(self, edits: tuple[Edit, ...]) -> Iterator[str]:
        """Write changes as the lines of the files, under a heading for each file."""
        above: tuple[str, ...] = ()
        additions = []
        for edit in edits:
            if not edit.table:
                continue
            table = ".".join(map(_key, edit.table))
            before = self._backend.table(*edit.table).get(edit.key)
            listed = tuple(before) if isinstance(before, list) else ()
            listed += tuple(entry for entry in edit.entries if entry not in listed)
            line = f"  {_key(edit.key)} = {_toml(listed)}"
            if len(listed) > _LONGEST_LIST or len(line) > _LONGEST_LINE:
                entries = ", ".join(map(_toml, edit.entries))
                additions.append(f'Add to "{edit.key}" of [{table}] in {PYPROJECT}:\n  {entries}')
                continue
            if not above:
                yield f"In {PYPROJECT}:"
            if above != edit.table:
                yield f"  [{table}]"
            above = edit.table
            yield line
        yield from additions
        lines = [str(line) for edit in edits if not edit.table for line in edit.entries]
        if lines:
            yield "As the last line of MANIFEST.in:"
            yield from (f"  {line}" for line in lines)

    def _notes(self, path: str) -> Iterator[str]:
        """Say what else decides with this backend."""
        backend = self._backend
        if self._wheel and backend.name is Name.FLIT:
            yield "(The wheel is built from the sdist and loses the file with it.)"
        elif backend.name is Name.POETRY and self._what(path).tests:
            yield "(It leaves the sdist, too: poetry-core has no list for the wheel alone.)"
        for *head, key in _STRONGER.get(backend.name, ()):
            entries = tuple(_entries(backend.table(*head).get(key)))
            source = self._what(path).source if entries else ""
            if any(_names(entry, source) for entry in entries):
                yield f'("{key}" of [{".".join(head)}] names it, too, and wins: take it off there.)'

    def _without_option(self, path: str) -> str:
        backend = self._backend.name
        if backend is Name.MESON and self._wheel:
            return "meson-python packs what meson.build installs: take it off there."
        if backend not in {Name.MESON, Name.SETUPTOOLS}:
            return _GENERAL
        what = self._what(path)
        if backend is Name.MESON:
            return (
                "meson-python packs what git has: take it out of git, or add a line to"
                f" .gitattributes:\n  {what.anchored} export-ignore"
            )
        if what.tests:
            return f"Take the package {what.tests.replace('/', '.')} off the project's packages."
        return _GENERAL


def _setuptools(backend: Backend, what: What) -> Iterator[Edit]:
    tool = ("tool", "setuptools")
    data = (*tool, "exclude-package-data")
    package = what.tests.replace("/", ".")
    if what.folder and what.tests:
        place = (*tool, "packages", "find")
        root = what.source.removesuffix(_spelled(what.path)).strip("*/")
        if backend.document and not backend.table(*place):
            if not _finds_packages(backend) or (not root and "." not in package):
                return  # they are listed one by one, or setup.py finds them
            # The first line of this table ends the automatic search: it must say what that found.
            start = ("where", root) if root else ("include", f"{package.partition('.')[0]}*")
            yield Edit(table=place, key=start[0], entries=(start[1],))
        yield Edit(table=place, key="exclude", entries=(f"{package}*",))
        if "." in package:  # with setuptools-scm, what is no package is data of the one above it
            below = f"{what.tests.rpartition('/')[2]}/*"
            yield Edit(table=data, key="*", entries=(below,))
        return
    if what.wheel and (backend.table(*tool, "package-data") or not backend.document):
        below = what.bare if what.anywhere else what.path.partition("/")[2]
        yield Edit(table=data, key="*", entries=(_spelled_again(below or what.path),))
    if what.anywhere:
        yield Edit(entries=(f"global-exclude {what.bare}",))
    else:
        yield Edit(entries=(f"{'prune' if what.folder else 'exclude'} {what.pattern}",))


def _hatchling(backend: Backend, what: What) -> Iterator[Edit]:
    build: tuple[str, ...] = ("tool", "hatch", "build")
    targets = ["wheel"] if what.tests else ["sdist", "wheel"] if what.wheel else ["sdist"]
    for table in dict.fromkeys(
        own if what.tests or "exclude" in backend.table(*own) else build
        for own in ((*build, "targets", target) for target in targets)
    ):  # a target's own list stands in for the common one
        yield Edit(table=table, key="exclude", entries=(what.anchored,))


def _flit(_: Backend, what: What) -> Iterator[Edit]:
    yield Edit(table=("tool", "flit", "sdist"), key="exclude", entries=(what.globbed,))


def _poetry(_: Backend, what: What) -> Iterator[Edit]:
    yield Edit(table=("tool", "poetry"), key="exclude", entries=(what.pattern,))


def _pdm(backend: Backend, what: What) -> Iterator[Edit]:
    table = ("tool", "pdm", "build")
    if not what.tests:
        yield Edit(table=table, key="excludes", entries=(what.globbed,))
        return
    # What goes into the sdist alone; without this list that is the folder `tests`.
    usual = () if "source-includes" in backend.table(*table) else ("tests",)
    entries = tuple(dict.fromkeys((*usual, what.globbed)))
    yield Edit(table=table, key="source-includes", entries=entries)


def _uv(_: Backend, what: What) -> Iterator[Edit]:
    escaped = _ESCAPED.sub(lambda found: f"\\{found.group()}", what.everything)
    escaped = escaped.replace("\\[co\\]", "[co]")
    pattern = escaped if what.anywhere else f"/{escaped}"
    # What is left out of the sdist is left out of the wheel, too.
    key = "wheel-exclude" if what.tests else "source-exclude"
    yield Edit(table=("tool", "uv", "build-backend"), key=key, entries=(pattern,))


def _maturin(_: Backend, what: What) -> Iterator[Edit]:
    formats = ["wheel"] if what.tests else ["sdist", "wheel"]
    entry = {"path": what.everything, "format": formats}
    yield Edit(table=("tool", "maturin"), key="exclude", entries=(entry,))


def _scikit_build(_: Backend, what: What) -> Iterator[Edit]:
    tool = ("tool", "scikit-build")
    if not what.tests:
        yield Edit(table=(*tool, "sdist"), key="exclude", entries=(what.anchored,))
    if what.wheel:  # these are paths of the wheel
        whole = what.tests or _whole_folder(what.path) or what.path
        pattern = what.pattern if what.anywhere else f"/{_spelled(whole)}"
        yield Edit(table=(*tool, "wheel"), key="exclude", entries=(pattern,))


_MAKERS: Mapping[Name, Callable[[Backend, What], Iterator[Edit]]] = {
    Name.SETUPTOOLS: _setuptools,
    Name.HATCHLING: _hatchling,
    Name.FLIT: _flit,
    Name.POETRY: _poetry,
    Name.PDM: _pdm,
    Name.UV: _uv,
    Name.MATURIN: _maturin,
    Name.SCIKIT_BUILD: _scikit_build,
}
_HATCH = ("tool", "hatch", "build")
_STRONGER: Mapping[Name, tuple[tuple[str, ...], ...]] = {
    Name.HATCHLING: tuple(
        (*head, key)
        for head in (_HATCH, (*_HATCH, "targets", "sdist"), (*_HATCH, "targets", "wheel"))
        for key in ("artifacts", "force-include")
    ),
    Name.POETRY: (("tool", "poetry", "include"),),
    Name.PDM: (("tool", "pdm", "build", "includes"),),
}
"""Settings that bring a file in whatever is excluded."""


def _finds_packages(backend: Backend) -> bool:
    """Tell whether setuptools finds the packages by pyproject.toml."""
    tool = backend.table("tool", "setuptools")
    return bool(backend.table("project")) and not isinstance(tool.get("packages"), list)


def _entries(value: object) -> Iterator[str]:
    """Yield the patterns of a setting: a list of texts or of mappings with a path, or a mapping."""
    for entry in list(value)[:_LISTED] if isinstance(value, list | dict) else ():
        path = entry.get("path") if isinstance(entry, dict) else entry
        if isinstance(path, str) and len(path) <= _LONGEST_LINE:
            yield path.strip("/")


def _names(pattern: str, path: str) -> bool:
    """Tell whether a setting's pattern means a path, or a folder that it lies in."""
    from auditor import packing  # noqa: PLC0415 - of a project's own lists

    return any(packing.glob(one).fullmatch(path) for one in (pattern, f"{pattern}/**"))


def _is_special(path: str) -> bool:
    """Tell whether a wheel's path is none of the project's: dist-info, or .data."""
    return path.partition("/")[0].endswith((DIST_INFO, ".data"))


def _spelled(path: str) -> str:
    """Write a path as a pattern, with `?` for each sign that backends read in different ways."""
    return _ODD.sub("?", path)


def _spelled_again(pattern: str) -> str:
    """Write what may have wildcards already."""
    return pattern if "*" in pattern else _spelled(pattern)


def _whole_folder(path: str) -> str:
    """Return the outermost folder of a path that is never meant to ship; empty for none."""
    if path.startswith("build/lib/"):
        return "build/lib"
    parts = path.split("/")
    whole = (n for n, part in enumerate(parts[:-1], 1) if part in _WHOLE)
    return "/".join(parts[: next(whole, 0)])


def _tests_of(path: str) -> str:
    """Return the folder of tests that a wheel's path lies in, or the path of a lone test file."""
    parts = path.split("/")
    tests = (n for n, part in enumerate(parts[:-1], 1) if _TESTS.fullmatch(part))
    if found := next(tests, 0):
        return "/".join(parts[:found])
    return path if _TEST_FILE.fullmatch(parts[-1]) else ""


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml(name)


def _toml(value: object) -> str:
    """Write a value as TOML on one line; what no such setting holds becomes a text."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(k)} = {_toml(v)}' for k, v in value.items())} }}"
    if isinstance(value, bool | int):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
