"""One pass over an artifact's entries: every reader sees each member it wants, once."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from io import BytesIO
from itertools import compress, groupby
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from auditor import fastpaths
from auditor.anchors import shared
from auditor.archives import (
    Entries,
    Several,
    holds_archive,
    is_brotli,
    is_plain,
    unread_format,
    walk,
)
from auditor.archives.entry import UNLOVED
from auditor.archives.whole import whole
from auditor.blame import of_input
from auditor.errors import LimitError, MemberError, SpentError
from auditor.facts import Contents, Embedded, Held, Hits, Reader, nobody
from auditor.jsonscan import ESCAPE, Scan, Sought
from auditor.model import ArtifactKind, Gap, Location, Member, MemberType, Oddity, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.limits import Budget, Limits

NEST = "!"
"""Stands between the path of an archive and the path of a member inside it."""
_WITH_CONTENT = frozenset({MemberType.FILE, MemberType.UNKNOWN, MemberType.SPARSE})
"""What is looked into even when it is empty; a link or a folder only where bytes are stored."""
_BATCH = 256 * 1024
"""Bytes of members that are searched together."""
_SMALL = 32 * 1024
"""Bytes up to which a member is one of several; beyond, a search of its own costs nothing more."""
_MOST_HELD = 16 * 1024 * 1024
"""Bytes that observations hold for whoever asks; few packages have as much in small texts."""
_UNPACKED = 3
"""Bytes that one packed byte of a package becomes, where not most of it was packed before."""
_LONGEST_ENDING = 12
"""Letters behind a dot that many names have in common."""
_MOST_ENDINGS = 1000
"""Of these that are remembered, however many names hostile artifacts have."""


class _Asked:
    """Some readers, and all that they look for in one scan."""

    def __init__(self, readers: Iterable[Reader], *besides: bytes) -> None:
        self.readers = tuple(readers)
        self.literals = frozenset(a for r in self.readers for a in r.anchors)
        self.anchors = shared(self.literals.union(besides))
        self.heads = frozenset[bytes]().union(*(r.heads or () for r in self.readers))
        self._of_anchor: dict[bytes, list[int]] = defaultdict(list)
        for number, reader in enumerate(self.readers):
            for anchor in reader.anchors:
                self._of_anchor[anchor].append(number)
        self._of_tail: dict[str, tuple[int, ...]] = {}
        self._quick = fastpaths.enabled("batches")

    def of(self, path: str, data: bytes) -> tuple[int, ...]:
        """Return the numbers of the readers that may want a member whatever stands in it."""
        if not self._quick:
            return tuple(range(len(self.readers)))
        tail, head = path.rpartition(".")[2], data[:2]
        return self._with_head(tail, head) if head in self.heads else self.of_tail(tail)

    def of_tail(self, tail: str) -> tuple[int, ...]:
        """Return those numbers for what stands behind the last dot, where the head is none's."""
        found = self._of_tail.get(tail)
        if found is None:
            found = self._with_head(tail, b"")
            if len(self._of_tail) < _MOST_ENDINGS and len(tail) <= _LONGEST_ENDING:
                self._of_tail[tail] = found
        return found

    def _with_head(self, tail: str, head: bytes) -> tuple[int, ...]:
        # behind the last dot there may be a folder, and a name without any
        ending = tail.rpartition("/")[2].rpartition("!")[2].lower()
        numbered = enumerate(self.readers)
        return tuple(n for n, reader in numbered if _may_want(reader, ending, head))

    def with_anchors(self, path: str, data: bytes, met: Iterable[bytes]) -> list[int]:
        """Return those numbers, and those of who looks for one of the anchors, in order."""
        lookers = (number for anchor in met for number in self._of_anchor[anchor])
        return sorted({*self.of(path, data), *lookers})


def _may_want(reader: Reader, ending: str, head: bytes) -> bool:
    if reader.wants is nobody:
        return False
    if reader.endings is None and reader.heads is None:
        return True
    return ending in (reader.endings or ()) or head in (reader.heads or ())


@lru_cache(8)
def _asking(
    readers: tuple[Reader, ...], limits: Limits, _: fastpaths.FastPaths, *, wheel: bool
) -> tuple[_Asked, _Asked, Sought]:
    """Return who is asked about members, about texts inside them, and what those are searched for.

    It is the same for all artifacts of a call.
    """
    own = [
        reader.within(limits) if reader.within else reader
        for reader in readers
        if wheel or not reader.wheels_only
    ]
    of_texts = _Asked(replace(one, anchors=one.embedded) for one in own if one.embedded)
    in_strings = of_texts.literals.union(*(reader.in_strings for reader in own))
    return _Asked(own, ESCAPE), of_texts, Sought(in_strings)


class Examination:
    """What one artifact's members show; filled by `run`, then handed out as Contents."""

    def __init__(
        self, source: str, readers: Iterable[Reader], budget: Budget, *, wheel: bool = False
    ) -> None:
        self._source = source
        self.budget = self._budget = budget
        asking = _asking(tuple(readers), budget.limits, fastpaths.current(), wheel=wheel)
        self._all, self._of_texts, self._sought = asking
        self._members: list[Member] = []
        self._oddities: list[Oddity] = []
        self._observations: dict[type, list[object]] = defaultdict(list)
        self._pending: list[Member] = []
        """Small members that are looked at together, as soon as there are enough of them."""
        self._contents: list[bytes] = []
        """What each of them holds."""
        self._pending_bytes = 0
        self._held: list[Held] = []
        """Observations that may hold contents."""
        self._held_bytes = 0
        self._small = _SMALL if fastpaths.enabled("batches") else -1
        self.gaps: list[Gap] = []

    def expect(self, packed: int) -> None:
        """Prepare for entries of as many packed bytes: they are more when they are read."""
        self._all.anchors.expect(_UNPACKED * packed)

    def run(self, entries: Iterable[Entries]) -> None:
        """Read all entries; where they break off, say so with a gap and keep what was seen."""
        self._run(entries, outer="", depth=0)

    def contents(self, kind: ArtifactKind, packed: int | None, file: str = "") -> Contents:
        """Return what was seen."""
        return Contents(
            kind=kind,
            file=file,
            members=tuple(self._members),
            oddities=tuple(self._oddities),
            packed=packed,
            observations={k: tuple(v) for k, v in self._observations.items()},
        )

    def is_empty(self) -> bool:
        """Tell whether no member at all was seen."""
        return not self._members

    def is_ambiguous(self) -> bool:
        """Tell whether readers may make different things of the archive."""
        return any(oddity.kind not in UNLOVED for oddity in self._oddities)

    def has_member(self, path: str) -> bool:
        """Tell whether a member of that path was seen."""
        return path in [member.path for member in self._members]

    def root(self) -> str:
        """Return the folder that was taken off the path of the first member, empty for none."""
        for member in self._members:
            head, slash, tail = member.name.partition("/")
            return head if slash and tail == member.path else ""
        return ""

    def _run(self, entries: Iterable[Entries], outer: str, depth: int) -> None:
        last = outer
        try:
            try:
                for entry in entries:
                    if isinstance(entry, tuple):
                        member, content = entry
                        if outer:
                            path = _inside(outer, member.path)
                            member = replace(member, path=path, nested=True)
                        last = member.path
                        self._members.append(member)
                        if member.size or member.type in _WITH_CONTENT:
                            self._file(member, content, depth)
                    elif isinstance(entry, Several):
                        last = entry.members[-1].path
                        self._members += entry.members
                        self._wait(entry.members, entry.contents)
                    elif isinstance(entry, Oddity):
                        self._oddities.append(replace(entry, path=_inside(outer, entry.path)))
                    elif isinstance(entry, Unread):
                        self._settle()
                        self._gap(_inside(outer, entry.path), entry.reason)
                    else:
                        path = _inside(outer, entry.name)
                        name, size = entry.name, entry.size
                        rest = Member(path=path, name=name, size=size, nested=bool(outer))
                        self._file(rest, entry.content, depth)
            finally:
                self._settle()
        except Exception as problem:  # noqa: BLE001 - of an archive's structure, sorted by fault
            why = of_input(problem, f"the walk through {self._source}")
            self._gap(last if depth == 0 else outer, f"not read to the end: {why}")

    def _file(self, member: Member, content: Iterator[bytes], depth: int) -> None:
        limit = self._budget.limits.member_bytes
        if member.size > limit:
            self._settle()
            met = LimitError("member-bytes", limit, member.size, "bytes")
            self._gap(member.path, f"not looked into: {met}")
            return
        try:
            data = whole(content, member.size)
        except (MemberError, MemoryError) as problem:
            self._settle()
            self._gap(member.path, f"not looked into: {of_input(problem, member.path)}")
            return
        if len(data) > self._small:
            self._settle()
            self._look(member, data, self._all)
        else:
            self._wait((member,), (data,))
        self._open(member, data, depth)

    def _open(self, member: Member, data: bytes, depth: int) -> None:
        """Look into what a member holds if it is an archive itself."""
        if len(data) <= self._small and is_plain(member.path, data):
            return
        if holds_archive(data):
            self._settle()
            self._nested(member, data, depth)
        elif is_brotli(member.path, data[:512]):
            self._settle()
            self._nested(member, data, depth, brotli=True)
        elif unread := unread_format(data[:512]):
            self._settle()
            self._gap(member.path, f"not looked into: {unread} archives are not read")

    def _wait(self, members: Sequence[Member], contents: Sequence[bytes]) -> None:
        """Have members looked at as soon as there are enough of them."""
        self._pending += members
        self._contents += contents
        self._pending_bytes += sum(map(len, contents))
        if self._pending_bytes > _BATCH:
            self._settle()

    def _settle(self) -> None:
        """Show the readers all members that wait for it."""
        members, contents = self._pending, self._contents
        self._pending, self._contents, self._pending_bytes = [], [], 0
        if not members:
            return
        found = self._all.anchors.hits_in(contents)
        apart = {*found}
        heads = [data[:2] for data in contents]
        if not self._all.heads.isdisjoint(heads):
            apart |= {number for number, head in enumerate(heads) if head in self._all.heads}
        start = 0
        for number in sorted(apart):
            self._silent(members[start:number], contents[start:number])
            self._look_at(members[number], contents[number], self._all, found.get(number, ()))
            start = number + 1
        self._silent(members[start:], contents[start:])

    def _silent(self, members: Sequence[Member], contents: Sequence[bytes]) -> None:
        """Show readers some members in which nothing stands that they look for."""
        if not members:
            return
        self._budget.check()
        tails = [member.path.rpartition(".")[2] for member in members]
        asked = {tail: self._all.of_tail(tail) for tail in set(tails)}
        readers = self._all.readers
        one_by_one = {
            tail: alone
            for tail, numbers in asked.items()
            if (alone := [readers[n] for n in numbers if readers[n].quiet is None])
        }
        if one_by_one:
            silent = Scan(self._sought)
            for member, data, tail in zip(members, contents, tails, strict=True):
                for reader in one_by_one.get(tail, ()):
                    self._read(reader, member, data, (), silent)
        for number in set[int]().union(*asked.values()):
            if (quiet := readers[number].quiet) is not None:
                its = {tail for tail, numbers in asked.items() if number in numbers}
                some = members, contents
                if len(its) < len(asked):
                    are_its = [tail in its for tail in tails]
                    some = [*compress(members, are_its)], [*compress(contents, are_its)]
                for kind, seen in groupby(quiet(*some), type):
                    left = [*seen]
                    self._observations[kind] += left
                    if issubclass(kind, Held):
                        self._hold(cast("list[Held]", left))

    def _hold(self, more: Sequence[Held]) -> None:
        """Let observations hold contents until it is too much for all of them, and none then."""
        self._held += more
        self._held_bytes += sum(sum(map(len, one.contents)) for one in more)
        if self._held_bytes > _MOST_HELD:
            for one in self._held:
                one.settle()
            self._held = []

    def _look(self, member: Member, data: bytes, asked: _Asked) -> None:
        """Show a content to the readers that want it."""
        self._look_at(member, data, asked, asked.anchors.hits(data))

    def _look_at(
        self, member: Member, data: bytes, asked: _Asked, found: Iterable[tuple[bytes, int]]
    ) -> None:
        scan = Scan(self._sought)
        if asked is self._of_texts:
            scan.broken_off()  # nobody looks for escapes there
        count = 0
        for anchor, offset in found:
            if anchor == ESCAPE:
                scan.escape(offset)
                continue
            count += 1
            if count > self._budget.limits.matches:
                met = LimitError("matches", self._budget.limits.matches, count)
                self._gap(member.path, f"content patterns not all tried: {met}")
                scan.broken_off()
                break
            scan.hits.setdefault(anchor, []).append(offset)
        for at in asked.with_anchors(member.path, data, scan.hits):
            reader = asked.readers[at]
            own = scan.hits.keys() & reader.anchors
            hits = tuple((anchor, offset) for anchor in own for offset in scan.hits[anchor])
            self._read(reader, member, data, hits, scan)

    def _read(self, reader: Reader, member: Member, data: bytes, hits: Hits, scan: Scan) -> None:
        try:
            if not hits and not reader.wants(member):
                return
            if reader.read_scanned is None:
                seen = reader.read(member, data, hits)
            else:
                seen = reader.read_scanned(member, data, hits, scan.met_in)
            for one in seen if isinstance(seen, tuple) else self._budget.watched(seen):
                self._seen(one)
        except SpentError:
            raise  # the next reader would meet it, too
        except Exception as problem:  # noqa: BLE001 - of one reader, sorted by fault
            why = of_input(problem, f"{_name(reader)} on {member.path} of {self._source}")
            self._gap(member.path, f"not looked into in full: {why}")

    def _seen(self, seen: object) -> None:
        if isinstance(seen, Unread):
            self._gap(seen.path, seen.reason)
        elif isinstance(seen, Embedded):
            if seen.met is not None and self._of_texts.literals.isdisjoint(seen.met):
                return
            path = _inside(seen.holder, seen.name)
            size = len(seen.text)
            holder = seen.holder
            member = Member(path=path, name=seen.name, size=size, holder=holder, nested=True)
            self._look(member, seen.text, self._of_texts)
        else:
            self._observations[type(seen)].append(seen)

    def _nested(self, member: Member, data: bytes, depth: int, *, brotli: bool = False) -> None:
        if depth >= self._budget.limits.nesting:
            met = LimitError("nesting", self._budget.limits.nesting, depth + 1)
            self._gap(member.path, f"not looked into: {met}")
            return
        lone = member.path.rpartition("/")[2].rpartition(".")[0] or "content"
        entries = walk(BytesIO(data), self._budget, strip=0, lone=lone, brotli=brotli)
        self._run(entries, member.path, depth + 1)

    def _gap(self, path: str, reason: str) -> None:
        self.gaps.append(Gap(location=Location(source=self._source, path=path), reason=reason))


def _name(reader: Reader) -> str:
    """Return what a bug report calls a reader."""
    read = reader.read
    return f"the reader {getattr(read, '__module__', '?').rpartition('.')[2]}"


def _inside(outer: str, path: str) -> str:
    return f"{outer}{NEST}{path}" if outer and path else outer or path
