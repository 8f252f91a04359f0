"""Absolute paths of a build machine: which are private, whose they are, and where bytes hold them.

A path is private below the folders where accounts, build farms and mounts live. It is shared where
everybody who uses a public build service or container image has the same one: it tells nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.anchors import shared
from auditor.errors import ParseError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST = 100_000
"""Paths of one file that are told apart: what gives away more has given away enough."""

_SCHEME = regex(r"(?:webpack|file|rollup|vite|ng|turbopack|parcel)[\w-]*:/{2,3}", re.IGNORECASE)
_FILE_URL = regex(r"(?:.*/)?file:/+", re.IGNORECASE)
"""Also behind a folder, where a tool took the URL for a relative path."""
_DRIVE = regex(r"/*[A-Za-z]:[\\/]")
_PRIVATE = regex(
    r"""(?x)
      /(?:home|Users|root|builds?|mnt|opt|srv|var|tmp|private|workspaces?|github|codebuild|runner
          |vercel|__w|usr/src|app/node_modules/\.\.)/
    | [A-Za-z]:[\\/]
    | \\\\[\w.-]+\\
    """
)
_SHARED = regex(
    r"""(?xi)
      /home/(?:runner|vsts)/work/ | /Users/(?:runner|vsts)/work/ | /github/workspace/ | /__w/
    | /home/(?:travis/build|circleci/(?:project|repo)|node|ubuntu|jenkins)/
    | /root/(?:project|repo)/
    | /opt/(?:build/repo|buildhome/repo|atlassian/pipelines)/ | /vercel/path\d+/
    | /codebuild/output/ | /workspaces?/ | /usr/src/ | /app/node_modules/\.\./
    | [A-Z]:[\\/]a[\\/]
    """
)
_ABOVE = regex(r"(?:\.\.[\\/])+((?:home|Users)[\\/][^\\/]+[\\/])")
_USER = regex(r"(?:/home/|/Users/|[A-Za-z]:[\\/]Users[\\/])([^/\\]+)")
_NOBODY = frozenset({"runner", "root", "vsts", "travis", "circleci", "node", "ubuntu", "jenkins"})
_SERVICES = _NOBODY | frozenset(
    "admin administrator agent all appveyor azureuser bamboo build builder buildbot buildkite "
    "buildslave buildagent ci cirrus codespace conda containeradministrator containeruser debian "
    "default distiller docker ec2-user fedora gitlab-runner gitpod guest jovyan linuxbrew local me "
    "nixbld nonroot packer public rof runneradmin shared sshuser teamcity test travis-ci user "
    "username vagrant vcap vssadministrator worker you your_name your-name yourname".split()
)
"""Accounts of build services and images, and the names that manuals put in a user's place."""
_IMAGES = regex(
    r"""(?xi)
      /root/ | /project/ | /io/ | /host/ | /opt/(?:_internal|python|rh|conda|hostedtoolcache)/
    | /private/var/folders/ | /private/tmp/ | /var/folders/ | (?:/var)?/tmp/
    | [A-Z]:[\\/](?:a|agent|hostedtoolcache|vcpkg|program[ ]files(?:[ ]\(x86\))?)[\\/]
    """
)
"""Shared as well, where compilers leave paths: containers, system folders, folders by chance."""

_FOLDERS = (
    b"home Users root build builds mnt opt srv var tmp private workspace workspaces github"
    b" codebuild runner vercel __w usr/src project io host"
).split()
_ROOTS = b"|".join(_FOLDERS)
_REST = rb"[^\x00-\x20\"'`<>|*?$%{}\x7f]{1,300}+"
_RUN = regex(
    rb"/(?:(?<![A-Za-z0-9_.~)@/\\-]/)(?:"
    + _ROOTS
    + rb")|(?:root|(?:home|Users)/[^\x00-\x20/]{1,64}+)/\.(?:cargo|rustup))/"
    + _REST
)
"""All that can belong to a path, so that no byte is tried twice; it begins no other path's part.

Only below the folder of a Rust tool it may follow anything: Rust ends no text with NUL.
"""
_RUN_BEGINS = frozenset(b"/%s/" % folder for folder in _FOLDERS)
"""Of these runs each begins with one of them, and of those with a drive with one of the others."""
_NEXT = regex(rb"/(?:" + _ROOTS + rb")/" + _REST)
"""A path that follows another one without anything between."""
_DRIVE_RUN = regex(
    rb":(?<=[^A-Za-z0-9_][A-Za-z]:)[\\/](?![\\/])[^\x00-\x1f\"'`<>|*?$%{}:\x7f]{1,300}+"
)
_DRIVE_BEGINS = frozenset({b":/", b":\\"})
_SOURCE = regex(
    rb"\.(?:rs(?![a-z](?![a-z]))|(?:c|cc|cpp|cxx|c\+\+|cu|cuh|h|hh|hpp|hxx|inl|inc|ipp|tcc|go|s|S|asm"
    rb"|m|mm|swift|f|for|f90|f95|F90|pyx|pxd|pxi|d|zig|cs|hs|ml|o|obj|a|lib|pdb|y|l)"
    rb"(?![A-Za-z0-9_.+]))"
)
"""Rust puts texts one behind the other, so `lib.rscalled` is a path and more."""
_HOME = regex(rb"/(?:home|Users)/[^/\0]+/|:[\\/]Users[\\/][^\\/\0]+[\\/]")


def bare(name: str, depth: int) -> str:
    """Take off the scheme of a source's name in a map, keeping the slash of an absolute path.

    A relative path that leads out of the package, from a map `depth` folders down in it, and on
    into somebody's home, is as absolute as if it said so.
    """
    rest = name
    if ":" in name:  # it is in all of these, and in few names
        file = _FILE_URL.match(name)
        found = file or _SCHEME.match(name)
        rest = name[found.end() :] if found else name
        if _DRIVE.match(rest):
            return rest.lstrip("/")
        if file or (found and rest.startswith("/")):
            return f"/{rest.lstrip('/')}"
    above = _ABOVE.match(rest)
    if above and rest.count("..", 0, above.start(1)) > depth + 1:
        return f"/{rest[above.start(1) :]}"
    return rest


def is_private(path: str) -> bool:
    """Tell whether an absolute path lies where accounts, build farms and mounts do."""
    return _PRIVATE.match(path) is not None


def is_shared(path: str) -> bool:
    """Tell whether a path is below the working folder of a public build service or image."""
    return _SHARED.match(path) is not None


def user_of(path: str) -> str:
    """Return the account whose home a path is in; empty for none, or one that every host has."""
    found = _USER.match(path)
    return found.group(1) if found and found.group(1).lower() not in _NOBODY else ""


class Shown(Struct, frozen=True, kw_only=True):
    """What the absolute paths of one file tell together, each different path once."""

    count: int = 0
    example: str = ""
    """The most telling: one with a person's name, else one that is not shared, else the first."""
    user: str = ""
    """The account of a person; empty for none, or one of a build service or image."""
    shared: bool = False
    """There are paths, and everybody who builds there has the same ones."""


def shown(paths: Iterable[str]) -> Shown:
    """Return what private paths tell that a compiler or tool left; others are passed over."""
    private = list(dict.fromkeys(path for path in paths if _left_by_tool(path)))
    by_person = next((path for path in private if person_of(path)), "")
    own = by_person or next((path for path in private if not _is_common(path)), "")
    return Shown(
        count=len(private),
        example=own or next(iter(private), ""),
        user=person_of(by_person),
        shared=bool(private) and not own,
    )


def person_of(path: str) -> str:
    """Return the account whose home a path is in, if it can be a person's; else empty."""
    user = user_of(path)
    return "" if user.lower() in _SERVICES or not user.isprintable() else user


def _left_by_tool(path: str) -> bool:
    return is_private(path) or path.startswith(("/project/", "/io/", "/host/"))


def _is_common(path: str) -> bool:
    """Tell whether a path tells nothing: shared, or in the home of an account of no person."""
    if is_shared(path) or _IMAGES.match(path):
        return True
    return _USER.match(path) is not None and not person_of(path)


def in_bytes(data: bytes, names: Sequence[tuple[int, int]] = ()) -> Iterator[str]:
    """Yield the absolute paths of source and object files that compiled code holds.

    A program has paths of its own, such as a socket in /var: so only those count that end like a
    source or object file, those of somebody's home that are a whole NUL-ended text, and within
    `names` (ranges of debug information, as start and end, in order) every whole text. Texts in
    UTF-16 are not seen. Linear in `data`; a path is repeated as often as it stands there, and the
    search ends after `MOST` of them. Raises ParseError after as many places that are none.
    """
    starts = [start for start, _ in names]

    def is_inside(offset: int) -> bool:
        index = bisect_right(starts, offset) - 1
        return index >= 0 and offset < names[index][1]

    def whole(begin: int, end: int) -> bool:
        ends = data[end : end + 1] == b"\0"
        return ends and (begin == 0 or data[begin - 1] == 0)

    yielded = 0
    for pattern, begins, head in ((_RUN, _RUN_BEGINS, 0), (_DRIVE_RUN, _DRIVE_BEGINS, 1)):
        search = _search(pattern, begins, data)
        position = tried = 0
        found = search(0)
        while found is not None:
            begin = found.start() - head
            run = found.group()
            position = found.end()
            source = _SOURCE.search(run)
            if source is not None:
                position = found.start() + source.end()
            elif not whole(begin, position) or not (is_inside(begin) or _HOME.match(run)):
                tried += 1
                if tried > MOST:
                    raise ParseError(f"more than {MOST:,} places that look like paths and are none")
                found = search(position)
                continue
            yield data[begin:position].decode("utf-8", "replace")
            yielded += 1
            if yielded >= MOST:
                return
            found = _NEXT.match(data, position) if head == 0 else None
            found = found or search(position)


def _search(
    pattern: re.Pattern[bytes], begins: frozenset[bytes], data: bytes
) -> Callable[[int], re.Match[bytes] | None]:
    """Return what gives the first match from an offset on, of a pattern that begins so.

    A pattern's own search steps from byte to byte, and most libraries hold no path at all.
    """
    places = shared(begins).places(data, MOST)
    if places is None:
        return partial(pattern.search, data)

    def search(position: int) -> re.Match[bytes] | None:
        for number in range(bisect_left(places, position), len(places)):
            found = pattern.match(data, places[number])
            if found is not None:
                return found
        return None

    return search


_HOMES = (b"/home/", b"/Users/", b":\\Users\\", b":/Users/")
_HOME_PATH = regex(
    rb"(?:/home/|/Users/|[A-Za-z]:[\\/]Users[\\/])[^\x00-\x20\"'`<>|*?$%{}()\[\],;:\x7f]{1,300}"
)
_BEFORE_PATH = regex(rb"(?:\A|[^A-Za-z0-9_.~@/\\:-]|(?:\w\w|[^A-Za-z]):|file://)\Z")
"""Not within a longer path or URL, nor behind a drive."""


def in_text(text: bytes) -> Iterator[str]:
    """Yield the paths below somebody's home that a text names, up to `MOST`; linear."""
    yielded = 0
    for home in _HOMES:
        drive = home[0] == 0x3A
        offset = text.find(home)
        while offset >= 0:
            begin = offset - drive
            found = _HOME_PATH.match(text, max(begin, 0))
            if found and _BEFORE_PATH.search(text[max(begin - 7, 0) : max(begin, 0)]):
                yield found.group().decode("utf-8", "replace")
                yielded += 1
                if yielded >= MOST:
                    return
            offset = text.find(home, found.end() if found else offset + 1)
