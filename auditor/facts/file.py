"""Every member by its name: what file rules compare."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts import Collector, Contents
from auditor.model import ByteCount, Fact, Member, MemberType
from auditor.screen import MANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_KINDS = {
    "source maps": "map",
    "scripts": "js mjs cjs jsx",
    "types and sources": (
        "ts mts cts tsx vue svelte coffee py pyi pyx pxd rs go c cc cpp h hpp java"
    ),
    "styles": "css scss sass less styl",
    "documents": "md markdown txt rst html htm pdf adoc ipynb",
    "data": "json jsonc json5 yaml yml toml xml csv tsv sqlite db dat proto graphql",
    "images and fonts": "png jpg jpeg gif webp avif svg ico bmp woff woff2 ttf otf eot",
    "native code": "node so dylib dll pyd exe a lib wasm o",
    "archives": "zip tgz gz tar bz2 xz zst br 7z rar jar whl asar",
}
_BY_EXTENSION = {ext: kind for kind, words in _KINDS.items() for ext in words.split()}
_DOCUMENT_NAMES = ("readme", "license", "licence", "copying", "changelog", "notice", "authors")


def kind_of(path: str) -> str:
    """Return the plural word under which the size breakdown counts a file."""
    stem, _, ending = path.rpartition(".")
    if stem and stem[-1] != "/" and (kind := _BY_EXTENSION.get(ending)):
        return kind  # the answer below, quicker: nearly all names are spelled so
    name = path.rpartition("/")[2].lower()
    extension = name.rpartition(".")[2] if "." in name[1:] else ""
    if extension not in _BY_EXTENSION and name.startswith(_DOCUMENT_NAMES):
        return "documents"
    return _BY_EXTENSION.get(extension, "other files")


def each_kind(paths: Sequence[str]) -> list[str]:
    """Return what `kind_of` says of each path; quicker where no name is nothing but an ending."""
    are_endings = "/." in f"/{'/'.join(paths)}" or not _BY_EXTENSION.keys().isdisjoint(paths)
    of_ending = {} if are_endings else _BY_EXTENSION
    return [of_ending.get(path.rpartition(".")[2]) or kind_of(path) for path in paths]


def extensions(kinds: Iterable[str]) -> frozenset[str]:
    """Return what follows the last dot of the names of some kinds, in lower case."""
    return frozenset(ext for kind in kinds for ext in _KINDS[kind].split())


def kinds_of(contents: Contents) -> list[str]:
    """Return the kind of each member, in their order."""
    paths = contents.paths()
    return contents.once("kinds", lambda: each_kind(paths), paths)


class Own(Struct, frozen=True):
    """The members of an artifact that are no folder, nested archives left out, as columns."""

    paths: Sequence[str]
    sizes: Sequence[int]
    kinds: Sequence[str]


def own(contents: Contents) -> Own:
    """Return path, size and kind of each member that an artifact itself ships."""
    return contents.once("own", lambda: _own(contents), contents.members)


def _own(contents: Contents) -> Own:
    paths, kinds = contents.paths(), kinds_of(contents)
    sizes = [member.size for member in contents.members]
    if contents.has_files_alone() and "!" not in "".join(paths):
        return Own(paths, sizes, kinds)
    are_own = [
        not member.nested and member.type is not MemberType.DIRECTORY for member in contents.members
    ]
    return Own(
        [*compress(paths, are_own)], [*compress(sizes, are_own)], [*compress(kinds, are_own)]
    )


class FileFact(Fact, frozen=True, kw_only=True):
    """One member that is no folder."""

    name: str
    """The last part of the path."""
    size: ByteCount
    type: MemberType
    kind: str
    """`source maps`, `scripts`, `types and sources`, …: see `kind_of`."""
    executable: bool
    nested: bool
    """True inside an archive that the artifact holds."""


class _Files(Struct, frozen=True):
    """The facts of some members."""

    members: Sequence[Member]
    kinds: Sequence[str]

    def __len__(self) -> int:
        return len(self.members)

    def column(self, field: str) -> Sequence[object]:
        """Return what all of them have in one field."""
        if field == "path":
            return [member.path for member in self.members]
        if field == "size":
            return [member.size for member in self.members]
        return [getattr(self.fact(place), field) for place in range(len(self))]

    def screened(self, field: str) -> str:
        """Return the path for the name, which is its last part."""
        return "path" if field == "name" else field

    def fact(self, place: int) -> FileFact:
        """Return one of them."""
        member = self.members[place]
        return FileFact(
            path=member.path,
            name=member.path.rpartition("/")[2],
            size=ByteCount(member.size),
            type=member.type,
            kind=self.kinds[place],
            executable=bool(member.mode & 0o111),
            nested=member.nested,
        )


def lots(contents: Contents) -> Iterator[_Files]:
    """Yield the facts of all members that are no folder, some thousands together."""
    members: Sequence[Member] = contents.members
    kinds: Sequence[str] = kinds_of(contents)
    if not contents.has_files_alone():
        rows = zip(members, kinds, strict=True)
        files = [(one, kind) for one, kind in rows if one.type is not MemberType.DIRECTORY]
        members, kinds = [one for one, _ in files], [kind for _, kind in files]
    for start in range(0, len(members), MANY):
        yield _Files(members[start : start + MANY], kinds[start : start + MANY])


def collect(contents: Contents) -> Iterator[FileFact]:
    """Yield one fact for each member that is no folder."""
    return (lot.fact(place) for lot in lots(contents) for place in range(len(lot)))


COLLECTOR = Collector(name="file", fact=FileFact, collect=collect, lots=lots)
