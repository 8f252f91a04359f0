"""The record of what an artifact ships, and the comparison of two of them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.facts import Reader, dependency, entry_point, script
from auditor.facts.file import own
from auditor.facts.metadata_document import MetadataDocument, document_of
from auditor.facts.source_map import Carrier, MapSeen
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Fact, Unread
from auditor.shipped import (
    Ability,
    AbilityChange,
    ChangeKind,
    Comparison,
    Entry,
    FileChange,
    Power,
    Shipped,
)
from auditor.stable import chunk, release_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    from auditor.facts import Collector, Contents, Hits
    from auditor.model import Member

    F = TypeVar("F", bound=Fact)

_RANKS = {power: rank for rank, power in enumerate(Power)}
HOOKS = ("preinstall", "install", "postinstall")
"""What npm runs when a package is installed from a registry."""
_REQUIRED = regex(r"([^ (<>=!~\[@]*) ?(\[[^\]]*\])? ?(.*)\Z", re.DOTALL)
_OPERATOR = regex(r" ?([=!<>~]=+|[<>]) ?")
_RECORDED = "source maps"


class DigestSeen:
    """The SHA-256 of one member's content."""

    __slots__ = ("path", "sha256")

    def __init__(self, path: str, sha256: str) -> None:
        self.path = path
        self.sha256 = sha256


def _digested(member: Member, data: bytes, _: Hits) -> Iterator[DigestSeen]:
    yield DigestSeen(member.path, hashlib.sha256(data).hexdigest())


DIGESTS = Reader(wants=lambda _: True, read=_digested)
"""For who compares contents and not sizes alone; asked for by name, as it costs time."""


def shipped(contents: Contents) -> Shipped:
    """Return the record of what an artifact ships."""
    return Shipped(files=tuple(_entries(contents)), abilities=tuple(_abilities(contents)))


def _entries(contents: Contents) -> Iterator[Entry]:
    maps = {seen.path for seen in contents.of(MapSeen) if seen.carrier is Carrier.FILE}
    digests = {seen.path: seen.sha256 for seen in contents.of(DigestSeen)}
    files = own(contents)
    for place in sorted(range(len(files.paths)), key=files.paths.__getitem__):
        path = files.paths[place]
        yield Entry(
            path=path,
            size=files.sizes[place],
            kind=_RECORDED if path in maps else files.kinds[place],
            sha256=digests.get(path, ""),
        )


def _abilities(contents: Contents) -> Iterator[Ability]:
    found = sorted(
        {*_of_npm(contents), *_of_wheel(contents), *_required(contents)},
        key=lambda one: (_RANKS[one.power], one.name, one.value),
    )
    yield from found


def _of_npm(contents: Contents) -> Iterator[Ability]:
    for one in _facts(contents, script.COLLECTOR, script.ScriptFact):
        if one.name in HOOKS:
            yield Ability(power=Power.INSTALL_SCRIPT, name=one.name, value=one.command)
    for wish in _facts(contents, dependency.COLLECTOR, dependency.DependencyFact):
        section = "" if wish.section == "dependencies" else f" ({wish.section})"
        yield Ability(power=Power.DEPENDENCY, name=f"{wish.name}{section}", value=wish.spec)
    for entry in _facts(contents, entry_point.COLLECTOR, entry_point.EntryPointFact):
        power = Power.COMMAND if entry.field == "bin" else Power.ENTRY_POINT
        name = (entry.key or "").removeprefix("bin.")
        yield Ability(power=power, name=name, value=entry.target)


def _of_wheel(contents: Contents) -> Iterator[Ability]:
    if contents.kind is not ArtifactKind.WHEEL:
        return
    from auditor.facts.python import python_entry_point, startup  # noqa: PLC0415 - of these alone

    kind = python_entry_point.PythonEntryPointFact
    for entry in _facts(contents, python_entry_point.COLLECTOR, kind):
        if entry.key:
            power = Power.COMMAND if entry.script else Power.ENTRY_POINT
            name = entry.key.removeprefix(f"{entry.group}.") if entry.script else entry.key
            yield Ability(power=power, name=name, value=entry.target)
    for one in _facts(contents, startup.COLLECTOR, startup.StartupFact):
        if one.executed:
            yield Ability(power=Power.STARTUP_FILE, name=one.path)


def _required(contents: Contents) -> Iterator[Ability]:
    document = document_of(contents)
    if isinstance(document, MetadataDocument):
        for header in document.of("Requires-Dist"):
            yield _requirement(header.text)


def _requirement(text: str) -> Ability:
    """Return a requirement in one spelling, as build backends write the same one in several."""
    wish, _, condition = (" ".join(part.split()) for part in text.partition(";"))
    project, extras, versions = _REQUIRED.match(wish).groups()  # type: ignore[union-attr]
    bounds = sorted(part.strip() for part in versions.strip("() ").split(","))
    where = _OPERATOR.sub(r" \1 ", condition.replace("'", '"'))
    return Ability(
        power=Power.DEPENDENCY,
        name=f"{project} ({where})" if where else project,
        value=f"{extras or ''}{','.join(bounds)}",
    )


def _facts(contents: Contents, collector: Collector, kind: type[F]) -> Iterator[F]:
    if collector.serves(contents.kind):
        for fact in collector.collect(contents):
            if not isinstance(fact, Unread) and isinstance(fact, kind):
                yield fact


def compared(before: Shipped, after: Shipped, against: str) -> Comparison:
    """Return how a record differs from an earlier one, which `against` names.

    Files whose names differ in a version, a platform or the hash of a chunk are one file. Contents
    are compared by their digests where both records have them, else by their sizes.
    """
    known = frozenset(entry.kind for entry in before.files)
    files = [
        change
        for old, new in _paired(before.files, after.files)
        if (change := _change(old, new, known)) is not None
    ]
    return Comparison(
        against=against,
        files_before=len(before.files),
        files_after=len(after.files),
        size_before=before.size,
        size_after=after.size,
        files=tuple(sorted(files, key=_weight)),
        abilities=tuple(_ability_changes(before.abilities, after.abilities)),
    )


def _weight(change: FileChange) -> tuple[bool, bool, int, str]:
    lasting = change.before is not None and change.after is not None
    grown = (change.after or 0) - (change.before or 0)
    return not change.new_kind, lasting, -abs(grown), change.path


def _change(old: Entry | None, new: Entry | None, known: frozenset[str]) -> FileChange | None:
    if new is None:
        if old is None:
            return None
        return FileChange(change=ChangeKind.REMOVED, path=old.path, kind=old.kind, before=old.size)
    if old is None:
        change = ChangeKind.ADDED
    elif old.size != new.size:
        change = ChangeKind.GREW if new.size > old.size else ChangeKind.SHRANK
    elif old.sha256 and new.sha256 and old.sha256 != new.sha256:
        change = ChangeKind.CHANGED
    else:
        return None
    return FileChange(
        change=change,
        path=new.path,
        kind=new.kind,
        before=None if old is None else old.size,
        after=new.size,
        new_kind=bool(known) and new.kind not in known,
    )


Pair = tuple["Entry | None", "Entry | None"]


def _paired(before: Iterable[Entry], after: Iterable[Entry]) -> Iterator[Pair]:
    """Yield which file became which; first by their names, then by what chunks' names share."""
    gone, come = list(before), list(after)
    for key in (_path, release_path, chunk):
        olds, gone, news, come = gone, [], come, []
        for old, new in _matched(olds, news, key):
            if old is not None and new is not None:
                yield old, new
            elif old is not None:
                gone.append(old)
            elif new is not None:
                come.append(new)
    yield from ((old, None) for old in gone)
    yield from ((None, new) for new in come)


def _path(path: str) -> str:
    return path


def _matched(
    before: Iterable[Entry], after: Iterable[Entry], key: Callable[[str], str | None]
) -> Iterator[Pair]:
    """Yield pairs of files with the same key; the same content first, then by size."""
    olds: dict[str, list[Entry]] = defaultdict(list)
    news: dict[str, list[Entry]] = defaultdict(list)
    for entries, place in ((before, olds), (after, news)):
        for entry in entries:
            place[key(entry.path) or entry.path].append(entry)
    for name in dict.fromkeys((*olds, *news)):
        yield from _of_one_key(olds.get(name, []), news.get(name, []))


def _of_one_key(olds: list[Entry], news: list[Entry]) -> Iterator[Pair]:
    same: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for old in olds:
        same[old.size, old.sha256].append(old)
    rest = []
    for new in news:
        if found := same[new.size, new.sha256]:
            yield found.pop(), new
        else:
            rest.append(new)
    left = sorted((e for entries in same.values() for e in entries), key=lambda e: e.size)
    rest.sort(key=lambda e: e.size)
    for number in range(max(len(left), len(rest))):
        yield (
            left[number] if number < len(left) else None,
            rest[number] if number < len(rest) else None,
        )


def _ability_changes(
    before: Sequence[Ability], after: Sequence[Ability]
) -> Iterator[AbilityChange]:
    olds = {(one.power, one.name): one.value for one in before}
    news = {(one.power, one.name): one.value for one in after}
    for place in sorted(olds.keys() | news.keys(), key=lambda p: (_RANKS[p[0]], p[1])):
        old, new = olds.get(place), news.get(place)
        if old == new or (old and new and release_path(old) == release_path(new)):
            continue
        kind = ChangeKind.CHANGED
        if old is None or new is None:
            kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
        yield AbilityChange(
            change=kind, power=place[0], name=place[1], before=old or "", after=new or ""
        )
