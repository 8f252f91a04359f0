"""The files that attacks leave, looked for at their known places; read-only, nothing contacted.

Only the places that incident packs name are looked at. Links are not followed into other folders'
contents, and what is no regular file is never opened.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.advisories import signs
from auditor.advisories.signs import Sort
from auditor.errors import InputError
from auditor.facts.around.indicator import SignSeen
from auditor.lazyre import regex
from auditor.model import Unread
from auditor.sources import regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.advisories import FileSign, IncidentIndex

_VARIABLE = regex(r"%([A-Za-z]+)%|\$([A-Z]+)")
_MOST = 200
"""Places that one pattern may match before the rest is left."""
_LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is digested."""
_LONGEST = 1024 * 1024
"""Bytes in which a text is searched."""
_DEFAULTS = {
    "TMPDIR": ("/tmp",),  # noqa: S108 - looked into, not written to
    "TEMP": ("%LOCALAPPDATA%\\Temp",),
    "PROGRAMDATA": ("C:\\ProgramData",),
}

Wanted = Mapping[str, tuple["FileSign", ...]]
"""Signs by incident."""


def wanted(index: IncidentIndex, sort: Sort, platform: str) -> Wanted:
    """Return the signs of a sort of all incidents, for a `sys.platform`."""
    found: dict[str, tuple[FileSign, ...]] = {}
    for incident in index.incidents:
        detail = index.detail(incident.id)
        if detail and (some := tuple(signs.of(detail, sort, platform))):
            found[incident.id] = some
    return found


def below(folder: Path, asked: Wanted, sort: Sort) -> Iterator[SignSeen | Unread]:
    """Yield the signs that are there in a project's folder, or in a site-packages."""
    for incident, some in asked.items():
        for sign in some:
            if ".." not in sign.path.split("/"):
                yield from _matches(folder, signs.pattern(sign), incident, sign, sort)


def on_host(
    asked: Wanted, environment: Mapping[str, str], home: Path
) -> Iterator[SignSeen | Unread]:
    """Yield the signs that are there at their known places on this machine."""
    for incident, some in asked.items():
        for sign in some:
            spelled = _expanded(signs.pattern(sign), environment, home)
            if spelled is not None:
                top = Path(spelled.anchor)
                yield from _matches(
                    top, spelled.relative_to(top).as_posix(), incident, sign, Sort.HOST
                )


def branches(names: Sequence[str], asked: Wanted) -> Iterator[SignSeen]:
    """Yield the branches of a repository that an attack makes, local or a remote's."""
    for incident, some in asked.items():
        for sign in some:
            for name in names:
                if sign.path in {name, name.partition("/")[2]}:
                    yield SignSeen(incident=incident, sort=Sort.BRANCH, sign=sign, path=name)


def _expanded(spelled: str, environment: Mapping[str, str], home: Path) -> Path | None:
    """Return a path with home folder and variables put in; None where one is not set here."""
    for _ in range(3):  # a default may name a variable, too
        found = _VARIABLE.search(spelled)
        if found is None:
            break
        name = found[1] or found[2]
        value = environment.get(name) or next(iter(_DEFAULTS.get(name, ())), "")
        if not value:
            return None
        spelled = spelled[: found.start()] + value + spelled[found.end() :]
    if spelled.startswith("~"):
        spelled = str(home) + spelled[1:]
    path = Path(spelled)
    return path if path.is_absolute() else None


def _matches(
    top: Path, pattern: str, incident: str, sign: FileSign, sort: Sort
) -> Iterator[SignSeen | Unread]:
    links: list[Path] = []
    if sort is not Sort.HOST:
        found = sorted(islice(regular.matching(top, pattern, links), _MOST + 1))
    elif "*" in pattern or "?" in pattern:
        found = sorted(islice(top.glob(pattern), _MOST + 1))
    else:
        found = [top / pattern]
    if len(found) > _MOST:
        yield Unread(path=sign.path, reason=f"more than {_MOST} files match: the rest is left")
    for path in found[:_MOST]:
        yield from _look(path, incident, sign, sort)
    for link in links:
        yield Unread(path=str(link), reason=f"is a link, and {sign.path} not looked for behind it")


def _look(path: Path, incident: str, sign: FileSign, sort: Sort) -> Iterator[SignSeen | Unread]:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as problem:
        yield Unread(path=str(path), reason=f"cannot be looked at: {problem.strerror}")
        return
    digest = ""
    if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST:
        try:
            data = _content(path)
        except (OSError, InputError) as problem:
            if sign.contains:
                reason = getattr(problem, "strerror", None) or problem
                yield Unread(path=str(path), reason=f"cannot be read: {reason}")
                return
            data = b""
        digest = hashlib.sha256(data).hexdigest() if data else ""
        if sign.contains and sign.contains.encode() not in data[:_LONGEST]:
            return
    elif sign.contains:
        return
    changed = datetime.fromtimestamp(max(status.st_mtime, 0), UTC)
    yield SignSeen(
        incident=incident,
        sort=sort,
        sign=sign,
        path=str(path),
        sha256=digest,
        changed=changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _content(path: Path) -> bytes:
    """Read a regular file, whatever has been put in its place since it was looked at."""
    return regular.content(path, _LARGEST)
