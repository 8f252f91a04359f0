"""The manifest of a package: a small reviewed file that says what ships.

Files whose names differ in a hash, a version or a platform alone are one line, so that a new build
does not change the file. It is JSON with a line a file, so that a change of what ships reads well
in a diff.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from auditor import structs
from auditor.errors import InputError, UsageError
from auditor.facts.distribution import split_wheel_name
from auditor.lazyre import regex
from auditor.model import ArtifactKind
from auditor.shipped import Ability, Entry, Power, Shipped
from auditor.stable import release_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = ".audit-manifest.json"
VERSION = 1
_LISTED = frozenset({Power.INSTALL_SCRIPT, Power.STARTUP_FILE, Power.COMMAND})
"""What else a package says of itself (dependencies, entry points) is reviewed where it stands."""
_STEADY = 10
"""Per cent by which a size may change before a rewritten manifest has the new one."""
_LIBC = regex(r"_\d+_\d+(?=_)")


class Manifest(Struct, frozen=True, kw_only=True):
    """What ships, by what kind of artifact it is (see `section`)."""

    sections: Mapping[str, Shipped] = field(default_factory=dict)


class _Line(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    kind: str
    size: int


class _Section(msgspec.Struct, forbid_unknown_fields=True):
    files: dict[str, _Line]
    abilities: list[tuple[Power, str, str]] = []


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    audit_manifest: int
    artifacts: dict[str, _Section]


def section(kind: ArtifactKind, file: str) -> str:
    """Return the name of an artifact's part of the manifest.

    Wheels with native code have one for each platform: `wheel manylinux_x86_64`; `file` is the
    artifact's file name.
    """
    platform = split_wheel_name(file)[2].rpartition("-")[2].partition(".")[0]
    if kind is not ArtifactKind.WHEEL or platform in {"", "any"}:
        return kind.value
    return f"{kind.value} {_LIBC.sub('', platform)}"


def listed(shipped: Shipped) -> Shipped:
    """Return a record as the manifest has it: one entry for all files of one name."""
    same: dict[str, list[Entry]] = defaultdict(list)
    for entry in shipped.files:
        same[release_path(entry.path)].append(entry)
    files = [
        entries[0]
        if len(entries) == 1
        else Entry(path=path, size=sum(one.size for one in entries), kind=entries[0].kind)
        for path, entries in same.items()
    ]
    return Shipped(
        files=tuple(files),
        abilities=tuple(one for one in shipped.abilities if one.power in _LISTED),
    )


def joined(records: Iterable[tuple[str, Shipped]]) -> Manifest:
    """Return the manifest of what was packed, each with its section; of one twice, both together.

    Two wheels of one platform, for two versions of Python, differ in what they need alone.
    """
    sections: dict[str, Shipped] = {}
    for name, shipped in records:
        files = {release_path(one.path): one for one in listed(shipped).files}
        abilities = dict.fromkeys(listed(shipped).abilities)
        known = sections.get(name, Shipped())
        for one in known.files:
            mine = files.get(one.path)
            files[one.path] = one if mine is None or mine.size < one.size else mine
        sections[name] = Shipped(
            files=tuple(replace(one, path=path, sha256="") for path, one in sorted(files.items())),
            abilities=tuple(dict.fromkeys((*known.abilities, *abilities))),
        )
    return Manifest(sections=sections)


def renewed(old: Manifest, new: Manifest) -> Manifest:
    """Return the new manifest with the old sizes where these still hold, for a short diff.

    Sections of artifacts that were not packed this time stay as they are.
    """
    sections = dict(old.sections)
    for name, shipped in new.sections.items():
        sizes = {one.path: one.size for one in sections.get(name, Shipped()).files}
        sections[name] = replace(
            shipped,
            files=tuple(
                replace(one, size=_steady(sizes.get(one.path), one)) for one in shipped.files
            ),
        )
    return Manifest(sections=sections)


def _steady(old: int | None, new: Entry) -> int:
    if old is None or abs(new.size - old) * 100 > old * _STEADY:
        return new.size
    return old


def rendered(manifest: Manifest) -> str:
    """Return a manifest as text."""
    return "".join(f"{line}\n" for line in _lines(manifest))


def _lines(manifest: Manifest) -> Iterator[str]:
    yield "{"
    yield f' "audit_manifest": {VERSION},'
    yield ' "artifacts": {'
    for number, (name, shipped) in enumerate(sorted(manifest.sections.items()), 1):
        yield f"  {json.dumps(name)}: {{"
        rows = [f"{json.dumps(e.path)}: {json.dumps([e.kind, e.size])}" for e in shipped.files]
        yield from _block("files", "{}", rows, last=not shipped.abilities)
        if shipped.abilities:
            rows = [json.dumps([a.power.value, a.name, a.value]) for a in shipped.abilities]
            yield from _block("abilities", "[]", rows, last=True)
        yield "  }" + "," * (number < len(manifest.sections))
    yield " }"
    yield "}"


def _block(name: str, brackets: str, rows: list[str], *, last: bool) -> Iterator[str]:
    yield f'   "{name}": {brackets[0]}'
    yield from (f"    {row}{',' * (number < len(rows))}" for number, row in enumerate(rows, 1))
    yield f"   {brackets[1]}{'' if last else ','}"


def parsed(data: bytes, file: str) -> Manifest:
    """Read a manifest; raise UsageError, naming file and place, for what is none."""
    try:
        document = structs.own(data, _Document)
    except InputError as problem:
        raise UsageError(f"{file} is no manifest: {problem}") from None
    if document.audit_manifest != VERSION:
        raise UsageError(f"{file}, audit_manifest: version {document.audit_manifest} is not known")
    return Manifest(
        sections={
            name: Shipped(
                files=tuple(
                    Entry(path=path, size=line.size, kind=line.kind)
                    for path, line in found.files.items()
                ),
                abilities=tuple(
                    Ability(power=power, name=ability, value=value)
                    for power, ability, value in found.abilities
                ),
            )
            for name, found in document.artifacts.items()
        }
    )
