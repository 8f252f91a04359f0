"""entry_points.txt of a wheel: whether it can be read, and whether what it names is there.

Rests on the "Entry points specification". The file is read as indexes read it: UTF-8, an INI file
with `=` alone as the delimiter, names of scripts from a narrow set of characters.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.facts import Collector, Contents, Reader, Unread
from auditor.facts.distribution import SITE, distribution_of, scheme_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Fact, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts import Hits
    from auditor.model import Member

SCRIPTS = frozenset({"console_scripts", "gui_scripts"})
ENTRY_POINTS = "entry_points.txt"
_SCRIPT_NAME = regex(r"[\w.-]+\Z")
_OBJECT = regex(
    r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*"
    r"(?::\s*(?P<attribute>[^\W\d]\w*(?:\.[^\W\d]\w*)*))?\s*(?:\[.*\])?\s*\Z"
)
_DOTTED = regex(r"[\w.]+")
_LARGEST = 1024 * 1024
_INIT = "/__init__"
_DEFINED = regex(
    r"(?m)^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)"
    r"|^[ \t]*(\w+)[ \t]*(?::[^=\n]{1,200})?=[^=]"
    r"|^[ \t]*(?:from|import)[ \t]([^\n(]*(?:\([^()]*\))?)"
)
_OPEN = regex(r"(?m)^[ \t]*from[ \t]+\S+[ \t]+import[ \t]*\*|__getattr__|\bglobals\(\)|\bexec\(")
"""Signs that names come into being in a way that reading does not show."""


class Problem(StrEnum):
    """What is wrong with one entry, or with the file."""

    NONE = "none"
    UNREADABLE = "unreadable"
    """It is no UTF-8 text or no INI file: an index refuses the upload."""
    BAD_NAME = "bad-name"
    """A script whose name has other characters than letters, digits, `.`, `_`, `-`."""
    BAD_REFERENCE = "bad-reference"
    """It is not of the form `module:attribute`, or a script has no attribute."""
    MISSING_MODULE = "missing-module"
    """The module belongs to a package of this wheel and is not in it."""
    FOREIGN_MODULE = "foreign-module"
    """No package of this wheel has that name; a dependency may."""
    MISSING_ATTRIBUTE = "missing-attribute"
    """The module is there and nothing in it has that name."""


class NamesSeen(Struct, frozen=True, kw_only=True):
    """The names that a module's text defines or imports; `open` where there may be others."""

    path: str
    names: frozenset[str]
    open: bool


class PythonEntryPointFact(Fact, frozen=True, kw_only=True):
    """One entry; `key` is `group.name`. Where the file cannot be read, one fact for the file."""

    group: str
    script: bool
    """It makes a command."""
    target: str
    problem: Problem
    detail: str
    """What is wrong, to be read after the entry."""
    requires: bool
    """The wheel requires other packages, from which a foreign module could come."""


def read(member: Member, data: bytes, _: Hits) -> Iterator[NamesSeen]:
    """Leave the names of one module."""
    text = data.decode("utf-8", "replace")
    names: set[str] = set()
    for defined, assigned, imported in _DEFINED.findall(text):
        if imported:
            names.update(re.findall(r"\w+", imported))
        else:
            names.add(defined or assigned)
    yield NamesSeen(path=member.path, names=frozenset(names), open=_OPEN.search(text) is not None)


def collect(contents: Contents) -> Iterator[PythonEntryPointFact | Unread]:
    """Yield one fact for each entry of a wheel's entry_points.txt."""
    if contents.kind is not ArtifactKind.WHEEL:
        return
    wheel = distribution_of(contents)
    data = wheel.document(ENTRY_POINTS)
    if data is None:
        return
    path = f"{wheel.dist_info}/{ENTRY_POINTS}"
    if len(data) > _LARGEST:
        yield Unread(path=path, reason=f"entry points of {len(data):,} bytes are not read")
        return
    import configparser  # noqa: PLC0415 - of wheels alone

    requires = wheel.requires
    parser = configparser.ConfigParser(
        delimiters=("=",), interpolation=None, default_section="\0", strict=True
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        text = data.decode("utf-8")
        parser.read_string(text)
    except (UnicodeDecodeError, configparser.Error) as error:
        reason = re.sub(r"\s+", " ", str(error).replace("<string>", "it"))
        yield PythonEntryPointFact(
            path=path,
            group="",
            script=False,
            target="",
            problem=Problem.UNREADABLE,
            detail=f"cannot be read: {reason}"[:300],
            requires=requires,
        )
        return
    seen = contents.members, contents.of(NamesSeen)
    modules = contents.once("modules", lambda: _Modules(contents), *seen)
    for group in parser.sections():
        for name, target in parser.items(group):
            script = group in SCRIPTS
            problem, detail = _judged(name, target, modules, script=script)
            yield PythonEntryPointFact(
                path=path,
                line=_line(text, group, name),
                key=f"{group}.{name}",
                group=group,
                script=script,
                target=target,
                problem=problem,
                detail=detail,
                requires=requires,
            )


def _judged(name: str, target: str, modules: _Modules, *, script: bool) -> tuple[Problem, str]:
    if script and not _SCRIPT_NAME.match(name):
        return Problem.BAD_NAME, "has characters in its name that no command may have"
    found = _OBJECT.match(target)
    if found is None or (script and not found["attribute"]):
        return Problem.BAD_REFERENCE, f"names {target!r}, where module:function is due"
    module = found["module"]
    if not modules.own(module):
        return Problem.FOREIGN_MODULE, f"names {module}, which is no package of this wheel"
    if not modules.has(module):
        return Problem.MISSING_MODULE, f"names the module {module}, which is not in the wheel"
    attribute = (found["attribute"] or "").partition(".")[0]
    if attribute and not modules.may_define(module, attribute):
        return Problem.MISSING_ATTRIBUTE, f"names {attribute}, which {module} does not define"
    return Problem.NONE, ""


class _Modules:
    """The modules of a wheel, asked by dotted name."""

    def __init__(self, contents: Contents) -> None:
        self._paths: dict[str, str] = {}
        self._folders: set[str] = set()
        for member in contents.members:
            scheme, rest = scheme_of(member.path)
            if member.nested or member.type is MemberType.DIRECTORY or scheme not in SITE:
                continue
            parts = rest.split("/")
            self._folders.update("/".join(parts[:end]) for end in range(1, len(parts)))
            if module := _module(rest):
                self._paths[module] = member.path
        self._names = {seen.path: seen for seen in contents.of(NamesSeen)}

    def own(self, module: str) -> bool:
        top = module.partition(".")[0]
        return top in self._paths or top in self._folders

    def has(self, module: str) -> bool:
        path = module.replace(".", "/")
        return path in self._paths or path in self._folders

    def may_define(self, module: str, attribute: str) -> bool:
        """Tell whether a module's text has a name; of machine code and folders nobody knows."""
        path = module.replace(".", "/")
        seen = self._names.get(self._paths.get(path, ""))
        if seen is None or seen.open or attribute in seen.names:
            return True
        return f"{path}/{attribute}" in self._paths or f"{path}/{attribute}" in self._folders


def _module(path: str) -> str:
    """Return the module that a file is, `/` between its names; empty for none.

    Of machine code the tag between name and ending (`.cpython-311-x86_64-linux-gnu`) is left out.
    """
    stem, _, ending = path.rpartition(".")
    if ending in {"so", "pyd"}:
        name, _, tag = stem.rpartition(".")
        if name and tag.replace("-", "_").replace("_", "0").isalnum():
            stem = name
    elif ending not in {"py", "pyc"}:
        return ""
    if stem.endswith(_INIT) and len(stem) > len(_INIT):
        stem = stem[: -len(_INIT)]
    return "" if "\n" in stem else stem


def _line(text: str, group: str, name: str) -> int:
    """Return the line of an entry, from 1; of its group where the name is not found."""
    lines = text.splitlines()
    inside = False
    at = 1
    for number, line in enumerate(lines, 1):
        if line.strip() == f"[{group}]":
            inside, at = True, number
        elif line.startswith("["):
            inside = False
        elif inside and line.partition("=")[0].strip() == name:
            return number
    return at


def wants(member: Member) -> bool:
    """Ask for the modules of site-packages."""
    own = not member.nested and member.path.endswith(".py")
    return own and scheme_of(member.path)[0] in SITE


def reader_of(entry_points: bytes) -> Reader:
    """Return who reads those modules alone that an entry_points.txt names: few of a wheel's."""
    named = frozenset(_DOTTED.findall(entry_points.decode("utf-8", "replace")))

    def wants_named(member: Member) -> bool:
        scheme, path = scheme_of(member.path)
        if member.nested or scheme not in SITE or not path.endswith(".py"):
            return False
        module = _module(path)
        return not module or module.replace("/", ".") in named

    return replace(READER, wants=wants_named)


READER = Reader(wheels_only=True, endings=frozenset({"py"}), wants=wants, read=read)
COLLECTOR = Collector(
    name="python-entry-point", fact=PythonEntryPointFact, collect=collect, python=True
)
