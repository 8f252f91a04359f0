"""A wheel's own frame: its dist-info folders, the WHEEL file, and tags against content.

Rests on "Binary distribution format" (PEP 427, 425, 491). One fact per problem, as each is a
sentence of its own; the file name is the claim, what lies in the archive is the truth.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from auditor import pep, words
from auditor.facts import Collector, Contents
from auditor.facts.distribution import (
    DIST_INFO,
    Distribution,
    distribution_of,
    headers,
    scheme_of,
)
from auditor.facts.native_code import NativeCodeFact
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Fact, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXTENSION = regex(r"\.(?:cpython-\d+\w*(?:-[\w-]+)?|cp\d+-\w+|pypy\w*-[\w-]+|abi3)\.(?:so|pyd)\Z")
"""The suffixes by which CPython and PyPy find extension modules; no data file has one."""
_PROGRAMS = frozenset({"ELF", "Mach-O", "PE"})
_TAG = regex(r"(?m)^Tag:[ \t]*(\S+)[ \t]*\r?$")
_SUPPORTED = 1
"""The major version of the format; installers refuse a higher one."""
_DECLARED = 64
"""Tags of the WHEEL file that are compared; nobody writes more."""


class Problem(StrEnum):
    """What is wrong with the frame."""

    NO_DIST_INFO = "no-dist-info"
    SEVERAL_DIST_INFOS = "several-dist-infos"
    FOREIGN_DIST_INFO = "foreign-dist-info"
    """Its name or version is not that of the file."""
    NO_WHEEL_FILE = "no-wheel-file"
    NO_METADATA = "no-metadata"
    UNSUPPORTED_VERSION = "unsupported-version"
    TAG_MISMATCH = "tag-mismatch"
    """The file name and the WHEEL file name other tags."""
    PURE_WITH_EXTENSIONS = "pure-with-extensions"
    """Tagged for any platform, with extension modules of one."""
    PURE_WITH_BINARIES = "pure-with-binaries"
    """Tagged for any platform, with other machine code."""
    PLATFORM_WITHOUT_BINARIES = "platform-without-binaries"
    PURELIB_WITH_PLATFORM = "purelib-with-platform"
    """Root-Is-Purelib says true, and extension modules lie at the root."""
    EMPTY = "empty"
    """Nothing would be installed but the metadata."""
    INVALID_NAME = "invalid-name"
    """The file name is none that installers can read."""


class WheelLayoutFact(Fact, frozen=True, kw_only=True):
    """One problem of a wheel's frame."""

    problem: Problem
    detail: str
    """The whole of it as a sentence without its full stop."""
    platforms: int
    """Kinds of machine code among its files (ELF, Mach-O, PE): several mean one for each system."""
    requires: bool
    """It requires other packages; one without files can then make sense."""


def collect(contents: Contents) -> Iterator[WheelLayoutFact]:
    """Yield one fact for each problem of a wheel."""
    if contents.kind is not ArtifactKind.WHEEL:
        return
    wheel = distribution_of(contents)
    platforms = len({seen.format for seen in contents.of(NativeCodeFact)} & _PROGRAMS)
    requires = wheel.requires
    for problem, path, detail in (*_frame(contents, wheel), *_tags(contents, wheel)):
        yield WheelLayoutFact(
            path=path, problem=problem, detail=detail, platforms=platforms, requires=requires
        )


Told = tuple[Problem, str, str]


def _frame(contents: Contents, wheel: Distribution) -> Iterator[Told]:
    folder = wheel.dist_info
    if contents.file and not wheel.tags:
        said = f"'{contents.file}' is no wheel's file name (NAME-VERSION-PYTHON-ABI-PLATFORM.whl)"
        yield Problem.INVALID_NAME, "", said
    if not folder:
        yield Problem.NO_DIST_INFO, "", "there is no .dist-info folder: installers refuse the file"
        return
    if len(wheel.dist_infos) > 1:
        names = words.listed(wheel.dist_infos)
        told = f"there are {len(wheel.dist_infos)} .dist-info folders ({names}); one is due"
        yield Problem.SEVERAL_DIST_INFOS, folder, told
    if wheel.tags and not _names(folder, wheel):
        told = (
            f"{folder} is not the .dist-info of {wheel.name} {wheel.version}, as the file is called"
        )
        yield Problem.FOREIGN_DIST_INFO, folder, told
    files = contents.files()
    if f"{folder}/METADATA" not in files:
        yield Problem.NO_METADATA, folder, f"{folder} has no METADATA: installers refuse the file"
    if f"{folder}/WHEEL" not in files:
        yield Problem.NO_WHEEL_FILE, folder, f"{folder} has no WHEEL file: installers refuse it"
    version = headers(wheel.document("WHEEL") or b"").get("Wheel-Version", "1.0")
    major = version.partition(".")[0]
    if not major.isdigit() or int(major[:9]) > _SUPPORTED:
        told = f"the WHEEL file says format {version!r}, which installers do not know"
        yield Problem.UNSUPPORTED_VERSION, f"{folder}/WHEEL", told
    if not any(_is_installed(member.path) for member in files.values() if not member.nested):
        yield Problem.EMPTY, "", "it installs no file: only metadata is in it"


def _names(folder: str, wheel: Distribution) -> bool:
    name, _, version = folder.removesuffix(DIST_INFO).partition("-")
    if pep.normalised(name) != wheel.project:
        return False
    try:
        said, claimed = (pep.version(one.replace("_", "-")) for one in (version, wheel.version))
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        return version == wheel.version
    return said == claimed


def _is_installed(path: str) -> bool:
    return scheme_of(path)[0] != "dist-info" and not path.endswith(DIST_INFO)


def _tags(contents: Contents, wheel: Distribution) -> Iterator[Told]:
    path = f"{wheel.dist_info}/WHEEL"
    text = (wheel.document("WHEEL") or b"").decode("utf-8", "replace")
    declared = _TAG.findall(text)[:_DECLARED]
    wanted = _expanded(wheel.tags)
    said = {tag for one in declared for tag in _expanded(one)}
    if wanted and said and wanted != said:
        told = f"the file name says {wheel.tags}, the WHEEL file {words.listed(tuple(declared))}"
        yield Problem.TAG_MISMATCH, path, told
    own = {
        member.path
        for member in contents.members
        if member.type is not MemberType.DIRECTORY and not member.nested
    }
    native = {path for path in own if _EXTENSION.search(path)}
    programs = {seen.path for seen in contents.of(NativeCodeFact) if seen.format in _PROGRAMS}
    binary = own & programs | native
    platforms = {tag.rpartition("-")[2] for tag in wanted}
    if platforms == {"any"} and native:
        told = f"tagged {wheel.tags}, for any platform, it has {_some(native, 'extension module')}"
        yield Problem.PURE_WITH_EXTENSIONS, min(native), told
    elif platforms == {"any"} and binary:
        told = f"tagged {wheel.tags}, for any platform, it has {_some(binary, 'binary')}"
        yield Problem.PURE_WITH_BINARIES, min(binary), told
    elif platforms and "any" not in platforms and not binary:
        told = f"tagged {wheel.tags}, for one platform, it has no machine code"
        yield Problem.PLATFORM_WITHOUT_BINARIES, path, told
    at_root = {name for name in native if scheme_of(name)[0] == "purelib"}
    purelib = headers(text.encode()).get("Root-Is-Purelib", "").lower() == "true"
    if purelib and at_root and platforms != {"any"}:
        what = _some(at_root, "extension module")
        told = f"the WHEEL file says Root-Is-Purelib, and at the root is {what}"
        yield Problem.PURELIB_WITH_PLATFORM, path, told


def _some(paths: set[str], noun: str) -> str:
    return f"{words.counted(len(paths), noun)} ({words.listed(tuple(sorted(paths)))})"


def _expanded(tags: str) -> set[str]:
    """Return the single tags of a compressed set: `py2.py3-none-any` is two (PEP 425)."""
    parts = tags.split("-")
    if len(parts) != 3 or len(tags) > 1000:
        return set()
    pythons, abis, platforms = (part.split(".") for part in parts)
    return {f"{p}-{a}-{f}" for p in pythons for a in abis for f in platforms}


COLLECTOR = Collector(name="wheel-layout", fact=WheelLayoutFact, collect=collect, python=True)
