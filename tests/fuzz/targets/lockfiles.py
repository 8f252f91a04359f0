"""Every lockfile format that there is, as its plug-in is found, and all facts about lockfiles."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import facts, incidentfile, rulebook
from auditor.errors import ParseError
from auditor.facts.around.change import Earlier
from auditor.inventory import Inventory
from auditor.lockcontents import contents_of
from auditor.lockfiles import Document, Format, formats, identified, read
from auditor.model import Unread
from tests.fuzz import structures
from tests.fuzz.target import BrokenError, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories import IncidentIndex

FIXTURES = Path(__file__).parents[3] / "fixtures" / "lockfiles"
_LARGEST = 6 * 1024
"""Bytes of a fixture that is a seed; of a larger one its beginning is."""
_WORDS = (
    *("version", "resolved", "integrity", "dependencies", "packages", "lockfileVersion", "name"),
    *("requires", "dev", "optional", "link", "bundled", "resolution", "specifiers", "snapshots"),
    *("checksum", "source", "git+https://", "file:", "npm:", "workspace:", "sha512-", "sha256:"),
    *("[[package]]", "[package.dependencies]", "extras", "markers", "hashes", "purl", "bomFormat"),
    *("<<<<<<< ours\n", "=======\n", ">>>>>>> theirs\n", "__metadata:", "importers:", "\n\n---\n"),
    *("-r ", "-e ", "--hash=sha256:", " \\\n", "; python_version", "@", "==", "||", ">=1 <2"),
)


@cache
def incidents() -> IncidentIndex:
    return incidentfile.load((rulebook.builtin_folder(),))


def files_of(format_: Format) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file that the fixtures have of a format."""
    for path in sorted((FIXTURES / format_.name).rglob("*")):
        if path.is_file() and path.name != "expected.json":
            yield path.name, path.read_bytes()


def seeds_of(format_: Format) -> Iterator[bytes]:
    for name, data in files_of(format_):
        if any(fnmatchcase(name, pattern.rpartition("/")[2]) for pattern in format_.files):
            yield data[:_LARGEST]


def name_for(format_: Format) -> str:
    """Return a file name of the format, without wildcards."""
    return format_.files[0].replace("*", "x").rpartition("/")[2]


def checked(found: Inventory) -> Inventory:
    """Check what every inventory promises: one package for an id, edges that lead to packages."""
    ids = [package.id for package in found.packages]
    known = set(ids)
    if len(ids) != len(known):
        raise BrokenError("two packages have the same id")
    for edges in (found.roots, *(package.requires for package in found.packages)):
        if not {edge.target for edge in edges} <= known | {""}:
            raise BrokenError("an edge leads to no package")
    if any(package.line is not None and package.line < 1 for package in found.packages):
        raise BrokenError("a package lies on no line")
    return found


def run_format(data: bytes, format_: Format) -> object:
    document = Document(path=name_for(format_), data=data)
    format_.recognises(data[:8192].decode("utf-8", "replace"))
    return checked(format_.read(document))


def run_any(data: bytes) -> object:
    """Tell the format by the content, read it, and ask all facts about what was read."""
    found = identified(Document(path="lock", data=data))
    if found is None:
        return None
    document = Document(path=name_for(found), data=data)
    inventory = checked(read(document, found))
    empty = Earlier(label="before", inventory=Inventory(path=inventory.path, format=found.name))
    contents = contents_of(inventory, {"package.json": b'{"dependencies":{}}'}, incidents(), empty)
    collectors, _ = facts.load(lockfile=True)
    return inventory, [
        one if isinstance(one, Unread) else (one, one.evidence())
        for collector in collectors.values()
        if collector.serves(contents.kind)
        for one in collector.collect(contents)
    ]


def seeds_of_all() -> Iterator[bytes]:
    for format_ in formats().values():
        yield from list(seeds_of(format_))[:2]


def beside(data: bytes) -> object:
    """Read a lockfile of each format whose neighbours are the bytes."""
    found = []
    for format_ in formats().values():
        if not format_.beside:
            continue
        sound = next(seeds_of(format_), b"")
        files = dict.fromkeys(format_.beside, data)
        try:
            document = Document(path=name_for(format_), data=sound, beside=files)
            inventory: object = checked(format_.read(document))
        except ParseError as problem:
            inventory = str(problem)
        found.append(inventory)
    return found


def neighbours() -> Iterator[bytes]:
    yield b'{"name":"a","dependencies":{"x":"^1"},"workspaces":["p/*"],"overrides":{"y":"2"}}'
    yield b"[project]\nname = 'a'\ndependencies = ['x>=1']\n[tool.poetry]\n[tool.uv]\n"
    yield b"-r requirements/base.txt\nx==1 --hash=sha256:00\n"
    yield b"registry=https://registry.example.org/\n"


TARGETS = (
    *(
        Target(
            name=f"lock-{format_.name}",
            run=partial(run_format, format_=format_),
            seeds=partial(seeds_of, format_),
            mutate=structures.document,
            words=tuple(word.encode() for word in _WORDS),
        )
        for format_ in formats().values()
    ),
    Target(
        name="lockfile",
        run=run_any,
        seeds=seeds_of_all,
        mutate=structures.document,
        words=tuple(word.encode() for word in _WORDS),
        main=True,
    ),
    Target(name="lock-beside", run=beside, seeds=neighbours, mutate=structures.document),
)
