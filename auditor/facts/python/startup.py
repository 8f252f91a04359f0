"""Files that act whenever Python starts: `.pth`, `.start`, sitecustomize; what they would run.

Rests on the documentation of `site` and on PEP 829 (Python 3.15): a `.pth` file in site-packages
adds folders to the path, and each of its lines that begins with `import` is executed; a `.start`
file names callables. Only files directly in site-packages count, however a wheel gets them there.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts import Collector, Contents, Reader, Unread
from auditor.facts.distribution import SITE, scheme_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts import Hits
    from auditor.model import Member

_PACKAGES = frozenset({"site-packages", "dist-packages"})
_CUSTOMIZE = frozenset(
    f"{who}customize{what}" for who in ("site", "user") for what in (".py", "/__init__.py")
)
_ACTING = (".pth", ".start")
_EXECUTED = regex(r"import[ \t]")
_NAMESPACE = regex(r"\*\(((?:'\w+', ?)*'\w+',?)\)")
"""The name parts in what setuptools writes for a namespace package."""
_SHOWN = 120
_LONGEST = 1024 * 1024
_WORDS = 1000


class Form(StrEnum):
    """How a file comes to act."""

    PTH = "pth"
    START = "start"
    CUSTOMIZE = "customize"


class StartupSeen(Struct, frozen=True, kw_only=True):
    """One such file: its form, and the lines that would be executed, as written."""

    path: str
    form: Form
    lines: tuple[str, ...]
    folders: int


class StartupFact(Fact, frozen=True, kw_only=True):
    """One file of a wheel that acts when Python starts."""

    form: Form
    executed: int
    """Lines that would be executed; of a sitecustomize module all."""
    folders: int
    """Lines that add a folder to the path."""
    code: str
    """The beginning of the first executed line."""
    words: tuple[str, ...]
    """The distinct words of all executed lines, in order; those in string literals, too."""
    digest: str
    """SHA-256 of the executed lines, in which the name of a namespace package does not count; by it
    known files are recognised, whatever they are called. 64 hex digits."""


def form_of(path: str) -> Form | None:
    """Tell how a wheel's member acts when Python starts; None for nearly all of them."""
    if "customize" not in path and not path.endswith(_ACTING):
        return None
    scheme, rest = scheme_of(path)
    if scheme == "data":
        *folders, name = rest.split("/")
        if not folders or folders[-1] not in _PACKAGES:
            return None
    elif scheme in SITE:
        if rest in _CUSTOMIZE:
            return Form.CUSTOMIZE
        name = rest
    else:
        return None
    if "/" in name:
        return None
    return Form.PTH if name.endswith(".pth") else Form.START if name.endswith(".start") else None


def read(member: Member, data: bytes, _: Hits) -> Iterator[StartupSeen | Unread]:
    """Leave what the file would run, read as `site` reads it."""
    form = None if member.nested else form_of(member.path)
    if form is None:
        return
    if len(data) > _LONGEST:
        reason = f"of what acts when Python starts, the first {_LONGEST:,} bytes were read"
        yield Unread(path=member.path, reason=reason)
    text = data[:_LONGEST].decode("utf-8-sig", "replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    executed = lines
    if form is Form.PTH:
        executed = [line for line in lines if _EXECUTED.match(line)]
    yield StartupSeen(
        path=member.path,
        form=form,
        lines=tuple(executed),
        folders=len(lines) - len(executed),
    )


def collect(contents: Contents) -> Iterator[StartupFact]:
    """Yield one fact for each such file of a wheel."""
    if contents.kind is not ArtifactKind.WHEEL:
        return
    for seen in contents.of(StartupSeen):
        yield StartupFact(
            path=seen.path,
            form=seen.form,
            executed=len(seen.lines),
            folders=seen.folders,
            code=seen.lines[0][:_SHOWN] if seen.lines else "",
            words=tuple(islice(_words(seen.lines), _WORDS)),
            digest=digest_of(seen.lines),
        )


def _words(lines: tuple[str, ...]) -> Iterator[str]:
    return iter(dict.fromkeys(word for line in lines for word in re.findall(r"\w+", line)))


def digest_of(lines: tuple[str, ...]) -> str:
    """Return the digest by which executed lines are known: each different one, namespaces apart."""
    plain = "\n".join(sorted({_without_namespace(line.rstrip()) for line in lines}))
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _without_namespace(line: str) -> str:
    found = _NAMESPACE.search(line)
    if found is None:
        return line
    parts = re.findall(r"\w+", found[1])
    name, parent = ".".join(parts), ".".join(parts[:-1])
    line = line.replace(found[0], "*()").replace(f"'{name}'", "''")
    return line.replace(f"['{parent}'], '{parts[-1]}'", "[], ''") if parent else line


READER = Reader(
    wheels_only=True,
    endings=frozenset({"pth", "start", "py"}),
    wants=lambda member: form_of(member.path) is not None,
    read=read,
)
COLLECTOR = Collector(name="startup", fact=StartupFact, collect=collect, python=True)
