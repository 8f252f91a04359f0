"""The `.data` folder of a wheel: files that an installer puts outside of site-packages.

Rests on "Binary distribution format", section "The .data directory": its folders name install
schemes, `data` is relative to the root of the environment, and a script that begins with
`#!python` gets the right interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts import Collector, Contents, Reader
from auditor.facts.distribution import scheme_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind, ByteCount, Fact, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts import Hits
    from auditor.model import Member

SCHEMES = frozenset({"purelib", "platlib", "headers", "scripts", "data"})
_PORTABLE = ("#!python", "#!pythonw")
_MACHINE_CODE = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa")
_WINDOWS = (".bat", ".cmd", ".ps1", ".exe", ".dll")
_SYSTEM = regex(r"/(?:usr/)?s?bin/\w+")
_SHOWN = 120


class ScriptSeen(Struct, frozen=True, kw_only=True):
    """The first line of a script in a wheel; empty where it has none, or is machine code."""

    path: str
    first: str
    binary: bool


class DataFileFact(Fact, frozen=True, kw_only=True):
    """One file below a wheel's `.data` folder."""

    scheme: str
    known: bool
    """The scheme is one that installers have."""
    target: str
    """Where the file goes, relative to the scheme's folder."""
    size: ByteCount
    shebang: str
    """Of a script the `#!` line; empty for other files and where there is none."""
    interpreter: str
    """`none`, `portable` (`#!python`), `env`, `system` (a shell or the like), `absolute`; `binary`
    for machine code; empty for what is no script, or one of Windows."""


def is_script(member: Member) -> bool:
    """Ask for what a wheel's `scripts` scheme holds."""
    return not member.nested and scheme_of(member.path)[0] == "scripts"


def read(member: Member, data: bytes, _: Hits) -> Iterator[ScriptSeen]:
    """Leave the first line."""
    binary = data.startswith(_MACHINE_CODE) or b"\0" in data[:1024]
    first = b"" if binary else data[:1024].partition(b"\n")[0].rstrip()
    text = first.decode("utf-8", "replace")
    shown = text[:_SHOWN] if text.startswith("#!") else ""
    yield ScriptSeen(path=member.path, first=shown, binary=binary)


def collect(contents: Contents) -> Iterator[DataFileFact]:
    """Yield one fact for each file."""
    if contents.kind is not ArtifactKind.WHEEL:
        return
    scripts = {seen.path: seen for seen in contents.of(ScriptSeen)}
    for member in contents.members:
        if member.type is MemberType.DIRECTORY or ".data/" not in member.path:
            continue
        if member.nested or not member.path.partition("/")[0].endswith(".data"):
            continue
        scheme, target = scheme_of(member.path)
        seen = scripts.get(member.path)
        yield DataFileFact(
            path=member.path,
            scheme=scheme,
            known=scheme in SCHEMES and bool(target),
            target=target,
            size=ByteCount(member.size),
            shebang=seen.first if seen else "",
            interpreter=_interpreter(seen) if seen else "",
        )


def _interpreter(script: ScriptSeen) -> str:
    if script.binary:
        return "binary"
    if script.path.lower().endswith(_WINDOWS):
        return ""
    if not script.first:
        return "none"
    if script.first.split()[0] in _PORTABLE:
        return "portable"
    program = script.first.removeprefix("#!").strip()
    if program.startswith("/usr/bin/env "):
        return "env"
    return "system" if _SYSTEM.match(program) and "python" not in program else "absolute"


READER = Reader(wheels_only=True, wants=is_script, read=read)
COLLECTOR = Collector(name="data-file", fact=DataFileFact, collect=collect, python=True)
