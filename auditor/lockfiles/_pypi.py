"""What the lockfiles of Python tools share: digests, indexes, and requirements by name."""

from __future__ import annotations

import re
from binascii import Error, a2b_hex, b2a_base64
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Edge, LockProblem, Origin
from auditor.lazyre import regex
from auditor.shape import get, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.inventory import LockedPackage

T = TypeVar("T")
Shape = Mapping[str, "type | tuple[type, ...] | list[type]"]
"""By key the kind of a value; of a list in brackets that of its items."""

_RUNS = regex(r"[-_.]+")
_HEX = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Hexadecimal digits of the digests that files carry."""
_SHA256 = len("sha256:") + _HEX["sha256"]
_FORKS = 20
"""Packages of one name that a requirement may have been given, by marker."""
_URL = regex(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NAME = regex(
    r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![A-Za-z0-9._-])\s*(.*)\Z", re.DOTALL
)


@lru_cache(maxsize=65536)
def normal(name: str) -> str:
    """Return a project's name as PEP 503 compares it."""
    return _RUNS.sub("-", name).lower()


def digest(spelled: str) -> str:
    """Return `algorithm:hex` as `algorithm-base64`; what is no such digest stays as spelled."""
    if spelled[:7] == "sha256:" and len(spelled) == _SHA256:  # nearly all
        algorithm, value = "sha256", spelled[7:]
    else:
        algorithm, _, value = spelled.partition(":")
        algorithm = algorithm.lower().replace("-", "")
        if _HEX.get(algorithm) != len(value):
            return spelled
    try:
        return f"{algorithm}-{b2a_base64(a2b_hex(value), newline=False).decode()}"
    except (Error, ValueError):
        return spelled


def digests(values: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the digests of `(algorithm, hex)` pairs, each once."""
    return tuple(dict.fromkeys(digest(f"{name}:{value}") for name, value in values))


def tables(
    document: dict[str, Any], key: str, unread: list[tuple[str, str]], *, at: str = ""
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the tables of a list with their index; what is no table is noted in `unread`."""
    values = document.get(key)
    if values is None:
        return
    if not isinstance(values, list):
        unread.append((f"{at}{key}", "is no list of tables"))
        return
    for index, value in enumerate(values):
        if isinstance(value, dict):
            yield index, value
        else:
            unread.append((f"{at}{key}[{index}]", "is no table"))


def attempt(
    place: str,
    unread: list[tuple[str, str]],
    read: Callable[[dict[str, Any]], T],
    table: Any,  # noqa: ANN401 - untyped
) -> T | None:
    """Return what `read` makes of a table; a ParseError is noted in `unread` under `place`."""
    try:
        if not isinstance(table, dict):
            raise ParseError("is no table")  # noqa: TRY301 - one place that notes it
        return read(table)
    except ParseError as problem:
        unread.append((place, str(problem)))
        return None


def named_version(table: dict[str, Any]) -> tuple[str, str]:
    """Return name and version (empty where there is none); raise ParseError without a name."""
    name = get(table, "name", str)
    if not name:
        raise ParseError("has no name")
    return name, get(table, "version", str) or ""


def packages_of(  # noqa: PLR0913 - what a format says of its tables
    lock: dict[str, Any],
    lines: list[int],
    key: str,
    unread: list[tuple[str, str]],
    read: Callable[[dict[str, Any], int | None], LockedPackage],
    *,
    shape: Shape,
    plain: Mapping[int, LockedPackage] | None = None,
) -> tuple[list[LockedPackage], list[dict[str, Any]]]:
    """Return the packages of the tables `[[key]]` in their order, and the table of each.

    `read` is told the line of a table, of `lines` the one with its index. Each package gets an id
    of its own. Tables that `read` refuses are noted in `unread`, and so is what in the others is
    not of the `shape` that it must have. Packages that are `plain`, by index, were read already,
    and their tables fit.
    """
    packages: list[LockedPackage] = []
    of_package: list[dict[str, Any]] = []
    ids: dict[str, int] = {}
    line_of = dict(enumerate(lines))
    for index, table in tables(lock, key, unread):
        found = plain.get(index) if plain else None
        if found is None:
            try:
                found = read(table, line_of.get(index))
            except ParseError as problem:
                unread.append((f"{key}[{index}]", str(problem)))
                continue
            unread += misfits(table, shape, f"{key}[{index}]")
        own = unique(ids, found.id)
        packages.append(found if own == found.id else replace(found, id=own))
        of_package.append(table)
    return packages, of_package


def misfits(table: dict[str, Any], shape: Shape, place: str) -> Iterator[tuple[str, str]]:
    """Yield place and reason of each value that is not of its kind; what is absent fits."""
    for key, kind in shape.items():
        value = table.get(key)
        if value is None:
            continue
        wanted: type | tuple[type, ...] = list if isinstance(kind, list) else kind
        if not isinstance(value, wanted):
            yield f"{place}.{key}", f"is {word_of(value)}, where {_expected(wanted)} must stand"
        elif isinstance(kind, list):
            items: list[Any] = table[key]
            for index, one in enumerate(items):
                if not isinstance(one, kind[0]):
                    reason = f"is {word_of(one)}, where {_expected(kind[0])} must stand"
                    yield f"{place}.{key}[{index}]", reason


def _expected(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(word_of(one()) for one in kinds)


def unique(ids: dict[str, int], wished: str) -> str:
    """Return an id that is not in `ids` yet, and add it; repeated ones get a number.

    `ids` counts how often each was wished for, so that a file of one name takes no square time.
    """
    number = ids.get(wished, 0) + 1
    ids[wished] = number
    return wished if number == 1 else unique(ids, f"{wished} ({number})")


def address_origin(address: str) -> Origin:
    """Tell a version control address, another address and a path apart."""
    if address.startswith(("git+", "hg+", "svn+", "bzr+", "git://")):
        return Origin.GIT
    if _URL.match(address) and not address.startswith("file:"):
        return Origin.URL
    return Origin.FILE


def requirement(spelled: str) -> tuple[str, str]:
    """Return the name of a PEP 508 requirement (empty if there is none) and what is behind it."""
    found = _NAME.match(spelled)
    return (found[1], found[2].strip()) if found else ("", spelled)


class Targets:
    """The packages of a file by name, to find what a requirement was given."""

    def __init__(self, packages: Iterable[LockedPackage]) -> None:
        self._ids: dict[tuple[str, str], list[str]] = {}
        for package in packages:
            name = normal(package.name)
            self._ids.setdefault((name, ""), []).append(package.id)
            if package.version:
                self._ids.setdefault((name, package.version), []).append(package.id)

    def edges(
        self, name: str, wants: str, *, version: str = "", optional: bool = False, dev: bool = False
    ) -> list[Edge]:
        """Return the edges of a requirement: one for each package that it may have been given."""
        found = self._ids.get((normal(name), version), [])
        # More than a handful is no fork by markers, and every one for every dependent is too many.
        return [
            Edge(name=name, wants=wants, target=target, optional=optional, dev=dev)
            for target in (found if 0 < len(found) <= _FORKS else [""])
        ]


def reached(start: Iterable[str], edges: dict[str, tuple[Edge, ...]]) -> set[str]:
    """Return the ids of all that can be reached from some packages."""
    seen: set[str] = set()
    pending = list(start)
    while pending:
        id_ = pending.pop()
        if id_ and id_ not in seen:
            seen.add(id_)
            pending.extend(edge.target for edge in edges.get(id_, ()))
    return seen


def host_of(address: str) -> str:
    """Return the host of an address, in lower case and without credentials and port."""
    rest = address.partition("://")[2] or address
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    return host.rpartition(":")[0].lower() if re.search(r":\d*\Z", host) else host.lower()


def trusted(host: str, line: int | None = None) -> LockProblem:
    """Return the problem of a host whose certificate is not checked."""
    return LockProblem(
        kind="trusted-host",
        subject=host,
        detail=f"takes what {host} sends without checking its certificate",
        line=line,
    )
