"""What a fact module declares, and the typed contents that its collector sees.

A fact kind is one module of this folder, or of one below it, with a module-level `COLLECTOR`. Where
it needs bytes of members it has a `READER` too, whose observations its own collector, or another's,
takes from `Contents.of`. Both are found in their folder; nothing is registered by hand.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import is_
from typing import TypeVar

from msgspec import Struct, field

from auditor import plugins
from auditor.limits import Limits
from auditor.model import (
    OF_OTHERS,
    OF_PYTHON,
    ArtifactKind,
    Fact,
    Member,
    MemberType,
    Oddity,
    Unread,
)
from auditor.screen import Lot

_REGULAR = frozenset({MemberType.FILE, MemberType.HARDLINK})
Hits = tuple[tuple[bytes, int], ...]
"""Where a reader's anchors stand in a member: literal and offset, in no promised order."""

Met = frozenset[bytes] | None
"""As in `jsonscan`, which not everybody has to import."""

T = TypeVar("T")

__all__ = [
    "Collector",
    "Contents",
    "Embedded",
    "Held",
    "Hits",
    "Reader",
    "Unread",
    "load",
    "nobody",
]


def nobody(_: Member) -> bool:
    """Want no member by its header: who looks for anchors alone."""
    return False


class Reader(Struct, frozen=True, kw_only=True):
    """Sees the bytes of single members, once, and leaves observations.

    A member is read when `wants` says so by its header, or when one of `anchors` occurs in it. Most
    members are of no interest to most readers: with `endings` or `heads` a reader says where
    `wants` need not be asked, as the answer would be no, or `read` would leave nothing.
    `read` is given the member, its content and the hits; it yields observations of any type, an
    Unread for what it could not look into, or an Embedded for a text that others are to look into.
    """

    anchors: frozenset[bytes] = frozenset()
    endings: frozenset[str] | None = None
    """What follows the last dot of the names, in lower case, that `wants` may say yes to; the whole
    name where it has no dot. None for any."""
    heads: frozenset[bytes] | None = None
    """The first two bytes of contents that `read` can make something of, whatever the name; beside
    `endings`. None for any."""
    embedded: frozenset[bytes] = frozenset()
    """By which of `anchors` it is shown the texts that others find embedded in members, too."""
    wheels_only: bool = False
    """True where only the members of a wheel are of interest, and reading others costs time."""
    wants: Callable[[Member], bool] = nobody
    read: Callable[[Member, bytes, Hits], Iterable[object]]
    read_scanned: (
        Callable[[Member, bytes, Hits, Callable[[int, int], Met]], Iterable[object]] | None
    ) = None
    """Asked in place of `read` where it is there, and given a fourth thing: what tells of a JSON
    string in the member, by its offsets, which of all that is `embedded` or `in_strings` stands
    in it (`jsonscan.MetIn`)."""
    in_strings: frozenset[bytes] = frozenset()
    """Some of `anchors`."""
    quiet: Callable[[Sequence[Member], Sequence[bytes]], Iterable[object]] | None = None
    """Leaves of many members, with their contents, what `read` would of each, where none has an
    anchor or one of `heads`, and each has one of `endings`: asked instead of `wants` and `read`,
    which cost more than what there is to say of such a member."""
    within: Callable[[Limits], Reader] | None = None
    """Returns it for other limits than the usual ones; None where no limit concerns it."""


class Held(Struct, kw_only=True):
    """An observation that holds the contents of some members, for whoever asks what is in them.

    Nobody may: so it is made of them when it is asked for, or when too much is held.
    """

    members: Sequence[Member]
    contents: Sequence[bytes]

    def settle(self) -> None:
        """Make of the contents what may be asked for, and let go of them."""


class Embedded(Struct, frozen=True, kw_only=True):
    """A text that a reader found inside a member, such as a source in a map.

    Readers that say `embedded` see it, by their anchors, as a member of the path `holder!name`;
    then it is forgotten. It is none of the artifact's members.
    """

    holder: str
    """The path of the member."""
    name: str
    """For people, untrusted."""
    text: bytes
    source: object = None
    """What a map says of it: a `maps.reader.Source`, which not everybody has to import."""
    met: Met = None
    """What stands in it of all that is `embedded`, and perhaps more; None where it is unknown."""


class Contents(Struct, frozen=True, kw_only=True):
    """An artifact's members and what the readers saw in them; the whole input of a collector."""

    kind: ArtifactKind
    members: tuple[Member, ...]
    oddities: tuple[Oddity, ...] = ()
    packed: int | None = None
    file: str = ""
    """The artifact's own file name, without folders: of a wheel or sdist it is a claim, too."""
    observations: Mapping[type, tuple[object, ...]] = field(default_factory=dict)
    made: dict[str, tuple[tuple[object, ...], object]] = field(default_factory=dict)
    """What `once` made, and of what."""

    def of(self, kind: type[T]) -> tuple[T, ...]:
        """Return the observations of one type, in the order in which they were made."""
        return self.observations.get(kind, ())  # type: ignore[return-value]

    def files(self) -> Mapping[str, Member]:
        """Return the regular files by path; of repeated paths the last, as unpacking leaves it."""
        return self.once("files", self._files, self.members)

    def _files(self) -> Mapping[str, Member]:
        if self.has_files_alone():
            return dict(zip(self.paths(), self.members, strict=True))
        return {member.path: member for member in self.members if member.type in _REGULAR}

    def paths(self) -> list[str]:
        """Return the paths of all members, in their order."""
        return self.once("paths", lambda: [one.path for one in self.members], self.members)

    def has_files_alone(self) -> bool:
        """Tell whether each member is an ordinary file, as in most archives that packers make."""
        return self.once("alone", lambda: _are_files(self.members), self.members)

    def once(self, name: str, make: Callable[[], T], *made_of: object) -> T:
        """Return what is made of some of the contents, and make it once: there may be very much.

        It is made anew where it is asked for with other things that it is made of.
        """
        known = self.made.get(name)
        if known is None or not all(map(is_, known[0], made_of)):
            known = self.made[name] = (made_of, make())
        return known[1]  # type: ignore[return-value]


def _are_files(members: Sequence[Member]) -> bool:
    return [member.type for member in members].count(MemberType.FILE) == len(members)


class Collector(Struct, frozen=True, kw_only=True):
    """Makes the facts of one kind; pure, and asked once per artifact."""

    name: str
    """The kind as rules spell it under `fact`."""
    fact: type[Fact]
    collect: Callable[[Contents], Iterator[Fact | Unread]]
    lots: Callable[[Contents], Iterator[Lot]] | None = None
    """Gives the same facts by the thousand, of which those are made that a rule may be about."""
    project: bool = False
    """True where it judges a project's configuration and not what an artifact holds."""
    lockfile: bool = False
    """True where it judges what others published: packages of lockfiles, a machine's caches."""
    python: bool = False
    """True where it judges Python's sdists and wheels alone."""
    policy: bool = False
    """True where it judges the user's policy itself."""

    def serves(self, kind: ArtifactKind) -> bool:
        """Tell whether it is asked about contents of a kind."""
        if self.policy or kind is ArtifactKind.POLICY:
            return self.policy and kind is ArtifactKind.POLICY
        if self.project:
            return kind is ArtifactKind.PROJECT
        if self.lockfile:
            return kind in OF_OTHERS
        if self.python:
            return kind in OF_PYTHON
        return kind is not ArtifactKind.PROJECT and kind not in OF_OTHERS


ALL = ("", "python", "project", "comparing", "lock", "around", "policy")
"""The folders of fact modules below this one, and this one."""
_LOCK = frozenset({"lock", "around", "policy"})
_OF_KIND: Mapping[ArtifactKind, tuple[str, ...]] = {
    **dict.fromkeys(OF_PYTHON, ("", "python")),
    **dict.fromkeys(OF_OTHERS, ("lock",)),
    ArtifactKind.PROJECT: ("project",),
    ArtifactKind.POLICY: ("policy",),
}


def load(*, lockfile: bool | None = None) -> tuple[Mapping[str, Collector], tuple[Reader, ...]]:
    """Return all collectors by name and all readers.

    `lockfile` asks only for those about lockfiles (True), or only for the others (False); those
    about the user's policy are always among them.
    """
    return of(
        *(
            folder
            for folder in ALL
            if lockfile is None or folder == "policy" or lockfile == (folder in _LOCK)
        )
    )


@cache
def of(*folders: str) -> tuple[Mapping[str, Collector], tuple[Reader, ...]]:
    """Return the collectors of some of `ALL` folders by name, and their readers.

    The modules are imported here, so that a call does not import what it has no use for.
    """
    collectors: dict[str, Collector] = {}
    readers: list[Reader] = []
    for folder in folders:
        for found in _in_folder(folder):
            if isinstance(found, Reader):
                readers.append(found)
            elif found.name in collectors:
                raise TypeError(f"two fact modules are called {found.name!r}")
            else:
                collectors[found.name] = found
    return collectors, tuple(readers)


def serving(contents: Contents) -> Sequence[tuple[str, Collector]]:
    """Return the collectors that are asked about some contents, by name.

    A folder is asked that is about their kind, or of which something was observed.
    """
    asked = dict.fromkeys(_OF_KIND.get(contents.kind, ("",)))
    for observed, seen in contents.observations.items():
        if seen and (folder := _folder_of(observed)):
            asked[folder] = None
    return _serving(of, contents.kind, tuple(asked))


@cache
def _folder_of(observed: type) -> str:
    """Return the folder below this one that an observation is declared in; empty for elsewhere."""
    below = observed.__module__.removeprefix(f"{__name__}.")
    return below.partition(".")[0] if "." in below and below != observed.__module__ else ""


@cache
def _serving(
    of: Callable[..., tuple[Mapping[str, Collector], object]],
    kind: ArtifactKind,
    folders: tuple[str, ...],
) -> tuple[tuple[str, Collector], ...]:
    """Return them for one kind, the same for all artifacts; `of` says what there is."""
    return tuple((name, one) for name, one in of(*folders)[0].items() if one.serves(kind))


@cache
def _in_folder(below: str) -> tuple[Collector | Reader, ...]:
    """Return what the fact modules of this folder declare, or of one below it."""
    name = f"{__name__}.{below}".rstrip(".")
    found: list[Collector | Reader] = []
    for plugin in plugins.modules(__path__, below):
        module = importlib.import_module(f"{name}.{plugin}")
        declared = (getattr(module, one, None) for one in ("COLLECTOR", "READER"))
        found += (one for one in declared if isinstance(one, Collector | Reader))
    return tuple(found)
