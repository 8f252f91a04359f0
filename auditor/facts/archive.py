"""What the names, types and links of members say against an archive: one fact per problem.

Names are judged as the archive spells them. Where a name, a link or two members together can be
read in two ways, that is told and no reading is chosen: unpackers differ, and so do the file
systems below them. Rests on POSIX pax (IEEE Std 1003.1) for what a header may hold, and on
PEP 706 and PEP 721 for what must not be unpacked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor import words
from auditor.archives.entry import UNLOVED
from auditor.archives.tar import stripped
from auditor.facts import Collector, Contents
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Fact, Member, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LONGEST_PART = 255
"""Bytes of one part of a path that file systems take (NAME_MAX)."""
LONGEST_PATH = 4096
"""Bytes of a whole path that systems take (PATH_MAX)."""
MOST_PARTS = 128
"""Parts that following one link may walk through; cuts loops short."""

_SET_ID = 0o6000
_UNDECODED = regex(r"\\x[89a-f][0-9a-f]")  # as the readers write bytes that are not UTF-8
_DRIVE = regex(r"(?:\A|/)[A-Za-z]:")
# Joiners (200c, 200d) are left out: emoji and several scripts are spelled with them.
_INVISIBLE = regex(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


class Problem(StrEnum):
    """The kinds that are told here; an Oddity of the archive's reader brings its own."""

    PATH_ESCAPE = "path-escape"
    ABSOLUTE_PATH = "absolute-path"
    DRIVE_PATH = "drive-path"
    DOTDOT_PATH = "dotdot-path"
    """`..` that stays inside: some unpackers resolve it, others drop the member."""
    BACKSLASH_PATH = "backslash-path"
    CONTROL_CHARACTER = "control-character"
    UNDECODABLE_NAME = "undecodable-name"
    LONG_NAME = "long-name"
    NO_NAME = "no-name"
    """Nothing is left of it but dots and slashes."""
    DEVICE = "device"
    FIFO = "fifo"
    SPARSE = "sparse"
    UNKNOWN_TYPE = "unknown-type"
    SET_ID = "set-id"
    LINK = "link"
    """A link that stays inside."""
    LINK_ESCAPE = "link-escape"
    DUPLICATE = "duplicate"
    CASE_COLLISION = "case-collision"
    BENEATH_LINK = "beneath-link"
    BENEATH_FILE = "beneath-file"
    OUTSIDE_ROOT = "outside-root"


_TYPES = {
    MemberType.DEVICE: (Problem.DEVICE, "is a device"),
    MemberType.FIFO: (Problem.FIFO, "is a named pipe"),
    MemberType.SPARSE: (Problem.SPARSE, "is a sparse file, whose holes unpack to any size"),
    MemberType.UNKNOWN: (Problem.UNKNOWN_TYPE, "has a type that is neither file, folder nor link"),
}
_ESCAPES = frozenset({Problem.PATH_ESCAPE, Problem.ABSOLUTE_PATH, Problem.DRIVE_PATH})
_LINKS = {MemberType.SYMLINK: "symbolic link", MemberType.HARDLINK: "hard link"}


class ArchiveEntryFact(Fact, frozen=True, kw_only=True):
    """One problem of a member, or of the archive as a whole (`path` is empty, or the archive's)."""

    kind: str
    """One of `Problem`, or what the archive's reader calls it: `trailing-data`, …"""
    name: str
    """The member as the archive spells it, root folder included."""
    target: str
    """Where a link points, as spelled; of two colliding paths the other one."""
    detail: str
    """What is wrong, to be read after the name."""
    structural: bool
    """True where the archive's reader met it and readers differ: a matter of bytes, not names."""


def collect(contents: Contents) -> Iterator[ArchiveEntryFact]:
    """Yield one fact for each problem.

    Of a folder on disk only clashing names are judged, and the archives that lie in it: its
    paths cannot lead out, and its links and types are the file system's.
    """
    for oddity in contents.oddities:
        yield ArchiveEntryFact(
            path=oddity.path,
            kind=oddity.kind,
            name=oddity.path or "the archive",
            target="",
            detail=oddity.detail,
            structural=oddity.kind not in UNLOVED,
        )
    members = contents.members
    if contents.kind is ArtifactKind.FOLDER:
        members = tuple(member for member in members if member.nested)
    alone = contents.has_files_alone()
    for member in () if _all_plain(members, alone=alone) else members:
        if not member.name.strip("./") and _is_nameless(member):
            yield _fact(member, Problem.NO_NAME, "has no name: some take it for the archive's end")
        if not _is_plain(member.name):
            yield from _of_name(member)
        if member.type in _TYPES:
            yield _fact(member, *_TYPES[member.type])
        elif member.mode & _SET_ID and member.type in {MemberType.FILE, MemberType.HARDLINK}:
            mode = f"is set to run with its owner's rights (mode {member.mode:04o})"
            yield _fact(member, Problem.SET_ID, mode)
    if not alone:
        yield from _of_links(members)
    yield from _of_places(contents)
    if contents.kind in {ArtifactKind.NPM_TARBALL, ArtifactKind.SDIST}:
        yield from _outside_root(members)


def _fact(member: Member, kind: Problem, detail: str, target: str = "") -> ArchiveEntryFact:
    return ArchiveEntryFact(
        path=member.path,
        kind=kind,
        name=member.name,
        target=target or member.link,
        detail=detail,
        structural=False,
    )


# names


def _is_plain(name: str) -> bool:
    """Tell quickly that there is nothing to say about a name, which is nearly always so."""
    return len(name) <= LONGEST_PART and _is_plain_text(name)


_PLAIN_SIGNS = bytes(sign for sign in range(0x20, 0x7F) if sign not in b":\\")
"""What can be printed, but for what separates drives and folders somewhere."""


def _is_plain_text(text: str) -> bool:
    return (
        text.isascii()
        and not text.encode().translate(None, _PLAIN_SIGNS)
        and ".." not in text
        and not text.startswith("/")
    )


def _all_plain(members: Sequence[Member], *, alone: bool) -> bool:
    """Tell quickly that there is nothing to say about any name, type and mode.

    `alone` says that there are files and nothing else, whose types need not be looked at.
    """
    names = [member.name for member in members]
    begins = {name[:1] for name in names}
    return (
        _is_plain_text(" ".join(names))
        and "/" not in begins
        and max(map(len, names), default=0) <= LONGEST_PART
        and not _has_nameless(names, begins)
        and not any(mode & _SET_ID for mode in {member.mode for member in members})
        and (alone or _TYPES.keys().isdisjoint({one.type for one in members}))
    )


def _has_nameless(names: Iterable[str], begins: set[str]) -> bool:
    """Tell whether a name has nothing but dots and slashes, of which none begins with a slash."""
    return not begins.isdisjoint({"", "."}) and "" in {name.strip("./") for name in names}


def _is_nameless(member: Member) -> bool:
    return not stripped(member.name, 0) and member.type is not MemberType.DIRECTORY


def _of_name(member: Member) -> Iterator[ArchiveEntryFact]:
    elsewhere = _elsewhere(member)
    if elsewhere:
        yield _fact(member, *elsewhere)
    if _INVISIBLE.search(member.name):
        detail = "has control or invisible characters in its name"
        yield _fact(member, Problem.CONTROL_CHARACTER, detail)
    if _UNDECODED.search(member.name):
        detail = "has bytes in its name that are not UTF-8: unpackers make different names of it"
        yield _fact(member, Problem.UNDECODABLE_NAME, detail)
    spelled = member.name.encode("utf-8", "surrogatepass")
    longest = max(map(len, spelled.split(b"/")))
    if longest > LONGEST_PART:
        detail = f"has a part of {longest:,} bytes; file systems take {LONGEST_PART}"
        yield _fact(member, Problem.LONG_NAME, detail)
    elif len(spelled) > LONGEST_PATH:
        detail = f"is a path of {len(spelled):,} bytes; systems take {LONGEST_PATH:,}"
        yield _fact(member, Problem.LONG_NAME, detail)


def _elsewhere(member: Member) -> tuple[Problem, str] | None:
    """Return the worst way in which a name leads elsewhere, for some unpacker or system."""
    forward = member.name.replace("\\", "/")
    undecoded = _UNDECODED.match(member.name) is not None
    if _DRIVE.search(forward):
        return Problem.DRIVE_PATH, "names a drive, as Windows reads it"
    if forward.startswith("/") and not undecoded:
        return Problem.ABSOLUTE_PATH, "is an absolute path"
    if _climbs_out(forward) or _climbs_out(member.path.replace("\\", "/")):
        return Problem.PATH_ESCAPE, "climbs out of the folder it is unpacked into"
    if ".." in forward.split("/"):
        return (
            Problem.DOTDOT_PATH,
            "has '..' in its path: some unpackers resolve it, others drop the member",
        )
    if "\\" in _UNDECODED.sub("", member.name):
        return (
            Problem.BACKSLASH_PATH,
            "has a backslash: a folder's end on Windows, part of the name elsewhere",
        )
    return None


def _climbs_out(path: str) -> bool:
    if ".." not in path:
        return False
    depth = 0
    for part in path.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in {"", "."}:
            depth += 1
    return False


# links


def _of_links(members: Iterable[Member]) -> Iterator[ArchiveEntryFact]:
    links = [member for member in members if member.type in _LINKS]
    if not links:
        return
    followed = {
        link.path: link.link.replace("\\", "/")
        for link in links
        if link.type is MemberType.SYMLINK and len(link.link) <= LONGEST_PATH
    }
    for link in links:
        escape = _leads_out(link, followed)
        if escape:
            yield _fact(link, Problem.LINK_ESCAPE, escape)
        else:
            yield _fact(link, Problem.LINK, f"is a {_LINKS[link.type]}")


def _leads_out(link: Member, followed: Mapping[str, str]) -> str:
    """Return what is wrong with a link's target, nothing where it stays inside.

    A symbolic link is read from its own folder, a hard link from the archive's root (pax). The
    folder that installers take off is no place to point at: after unpacking it has another name.
    """
    full = stripped(link.name, 0)
    outer = link.path[: -len(full)] if full and link.path.endswith(f"!{full}") else ""
    target = link.link.replace("\\", "/")
    if len(target) > LONGEST_PATH:
        return "has a target longer than any path"
    if _is_absolute(target):
        return "points at an absolute path"
    parts = target.split("/")
    if link.type is MemberType.SYMLINK:
        parts = [*link.path[len(outer) :].split("/")[:-1], *parts]
    elif root := _root_of(link):
        parts = [part for part in parts if part not in {"", "."}]
        if parts[:1] != [root]:
            return "points outside of the package's folder"
        parts = parts[1:]
    return _follow(parts, followed, outer)


def _follow(parts: list[str], followed: Mapping[str, str], outer: str) -> str:
    """Walk a path through the archive's own symbolic links, as a file system would."""
    pending = parts[::-1]
    walked = len(parts)
    place: list[str] = []
    while pending:
        if walked > MOST_PARTS:
            return "cannot be followed to an end"
        part = pending.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            if not place:
                return "leads out of the package's folder"
            place.pop()
            continue
        place.append(part)
        target = followed.get(outer + "/".join(place))
        if target is None:
            continue
        if _is_absolute(target):
            return "leads through another link to an absolute path"
        place.pop()
        further = target.split("/", MOST_PARTS)
        walked += len(further)
        pending.extend(reversed(further))
    return ""


def _is_absolute(target: str) -> bool:
    return target.startswith("/") or re.match(r"[A-Za-z]:", target) is not None


# places


def _of_places(contents: Contents) -> Iterator[ArchiveEntryFact]:
    """Judge members against each other: same path, same path but for case, file and folder."""
    members: Sequence[Member] = contents.members
    paths = contents.paths()
    if not contents.has_files_alone():
        members = [member for member in members if member.type is not MemberType.DIRECTORY]
        paths = [member.path for member in members]
    if _are_apart(paths):
        return
    first: dict[str, Member] = {}
    repeated: dict[str, list[Member]] = {}
    for member in members:
        if member.type is MemberType.DIRECTORY:
            continue  # naming a folder twice changes nothing
        other = first.setdefault(member.path, member)
        if other is not member:
            repeated.setdefault(member.path, [other]).append(member)
    for path, those in repeated.items():
        if those[-1].nested and path.partition("!")[0] in repeated:
            continue  # the archive around it is there twice, which says it all
        times = "twice" if len(those) == 2 else f"{len(those):,} times"
        sizes = words.listed(tuple(words.size(member.size) for member in those))
        yield _fact(those[-1], Problem.DUPLICATE, f"is in the archive {times} ({sizes})")
    yield from _beneath(first)
    yield from _case(first)


def _are_apart(paths: list[str]) -> bool:
    """Tell quickly that no path is another one's, or above it, whether case counts or not."""
    whole = "\n".join(paths)
    if not whole.isascii() or whole.count("\n") != len(paths) - 1:
        return False
    lowered = whole.lower().split("\n")
    folded = set(lowered)
    if len(folded) != len(paths):
        return False
    pending = {path.rpartition("/")[0] for path in lowered}
    above: set[str] = set()
    while pending:
        above |= pending
        pending = {path.rpartition("/")[0] for path in pending} - above
    return folded.isdisjoint(above - {""})


def _beneath(first: Mapping[str, Member]) -> Iterator[ArchiveEntryFact]:
    """Find what is no folder and yet has members beneath it.

    With `/` as the least character, whatever lies beneath a path comes right behind it.
    """
    previous = ""
    for path in sorted(first, key=lambda path: path.replace("/", "\0")):
        if previous and path.startswith(previous) and path[len(previous)] == "/":
            member = first[previous]
            if member.type is MemberType.SYMLINK:
                detail = f"is a link, and {path} would be written where it points"
                yield _fact(member, Problem.BENEATH_LINK, detail)
            else:
                detail = f"is a file, and {path} lies beneath it"
                yield _fact(member, Problem.BENEATH_FILE, detail)
        previous = path


def _case(first: Mapping[str, Member]) -> Iterator[ArchiveEntryFact]:
    """Find paths that are one where case, or the encoding of accents, does not count."""
    group: list[str] = []
    current: str | None = None
    for key, path in sorted((_folded(path), path) for path in first):
        if key == current:
            detail = "are one file where case does not count"
            if path.lower() != group[0].lower():
                detail = "are one file where characters count and their encoding does not"
            yield _fact(first[path], Problem.CASE_COLLISION, detail, target=group[0])
            group.append(path)
            continue
        if current is not None and key.startswith(f"{current}\0"):
            for file in group:
                folder = "/".join(path.split("/")[: file.count("/") + 1])
                if folder != file:
                    detail = "are a file and a folder, and one name where case does not count"
                    yield _fact(first[file], Problem.CASE_COLLISION, detail, target=folder)
        group, current = [path], key


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower().replace("/", "\0")
    composed = unicodedata.normalize("NFC", path).casefold()
    return unicodedata.normalize("NFC", composed).replace("/", "\0")


def _are_below(root: str, members: Sequence[Member]) -> bool:
    """Tell quickly whether what was taken off each name is the folder and nothing else."""
    names = "\n".join([member.name for member in members])
    paths = f"\n{root}/".join([member.path for member in members])
    return names == f"{root}/{paths}" and names.count("\n") == len(members) - 1


def _outside_root(members: Sequence[Member]) -> Iterator[ArchiveEntryFact]:
    """Find members beside the folder that installers take off all paths, whatever its name."""
    common = next((root for member in members if (root := _root_of(member))), "")
    if common and _are_below(common, members):
        return  # as nearly always
    roots = [
        (root, member)
        for member in members
        if member.type is not MemberType.DIRECTORY and (root := _root_of(member)) is not None
    ]
    counted = Counter(root for root, _ in roots if root)
    if not counted:
        return
    ((common, _),) = counted.most_common(1)
    for root, member in roots:
        if root == common:
            continue
        elsewhere = _elsewhere(member)
        if elsewhere is None or elsewhere[0] not in _ESCAPES:  # those are told already
            detail = f"lies beside the folder {common!r} that holds the rest"
            yield _fact(member, Problem.OUTSIDE_ROOT, detail)


def _root_of(member: Member) -> str | None:
    """Return the folder that was taken off a path: empty for none, None in a nested archive."""
    head, slash, tail = member.name.partition("/")
    if slash and tail == member.path and head not in {"", "."}:
        return head  # the answer below, quicker: nearly all names are spelled so
    full = stripped(member.name, 0)
    if full == member.path:
        return ""
    return full[: -len(member.path) - 1] if full.endswith(f"/{member.path}") else None


COLLECTOR = Collector(name="archive-entry", fact=ArchiveEntryFact, collect=collect)
