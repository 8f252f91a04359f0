"""Package files that several processes read at once: each finds what it would have found alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from msgspec import Struct, field, msgpack

from auditor.facts.distribution import SdistSeen
from auditor.outcome import Outcome
from auditor.sources.file import Progress
from auditor.specs import is_spec

if TYPE_CHECKING:
    from auditor.sources.crew import Ended

Target = tuple[str, tuple[str, ...]]
"""What is audited, as the user named it, and which other targets go with it."""
Announce = Callable[[str], Progress | None]
"""Called with the label of each artifact before it is read; returns who wants its progress."""

_SECONDS = 0.002
"""What a package file takes of a processor, whatever is in it."""
_SECONDS_PER_BYTE = 3e-8
"""What it takes for each byte that it has on disk."""
_SHARE = 0.5
"""Seconds of work below which a process does not pay that has to be started."""


class Read(Struct, frozen=True, kw_only=True):
    """What came of one target that was audited by itself."""

    outcome: Outcome
    releases: frozenset[tuple[str, str]] = frozenset()
    """For which an sdist was looked for among those seen before."""
    sdists: Mapping[tuple[str, str], SdistSeen] = field(default_factory=dict)
    """The sdists that were seen, by release."""


class _Packed(Struct, frozen=True):
    """Reads a target and returns bytes, which cost a fifth of what pickled objects do."""

    apart: Callable[[Target], Read]

    def __call__(self, target: Target) -> bytes:
        try:
            return msgpack.encode(self.apart(target))
        except (UnicodeEncodeError, OverflowError):  # half a character, a number of 65 bits
            return b""


def read(
    apart: Callable[[Target], Read],
    targets: Sequence[Target],
    jobs: int | None,
    announce: Announce,
) -> dict[int, Read]:
    """Return what came of the package files among some targets, by their places.

    Empty where one process is to do it, or where more do not pay. A target that is left out is to
    be read as ever. Raises what `apart` raises.
    """
    if jobs == 1 or len(targets) < 2:
        return {}
    sizes = {at: size for at, one in enumerate(targets) if (size := _size(one[0])) is not None}
    seconds = {at: _SECONDS + _SECONDS_PER_BYTE * size for at, size in sizes.items()}
    workers = min(jobs or _paying(sum(seconds.values())), len(sizes))
    if workers < 2:
        return {}
    from auditor.sources.crew import Ended, shared  # noqa: PLC0415 - where several do it

    found: dict[int, Read] = {}
    places = list(sizes)
    done, total = 0, sum(sizes.values())
    decoder = msgpack.Decoder(Read)  # which costs as much as reading a small package
    do, items = _Packed(apart), [targets[at] for at in places]
    for index, came in shared(do, items, list(seconds.values()), workers):
        at = places[index]
        done += sizes[at]
        if progress := announce(targets[at][0]):
            progress(done, total)
        if isinstance(came, Ended):
            found[at] = _lost(targets[at][0], came)
        elif came:
            found[at] = decoder.decode(came)
    return found


def _size(target: str) -> int | None:
    """Return the bytes of a regular file; None for what is to be packed or fetched first."""
    if is_spec(target):
        return None
    try:
        state = Path(target).stat()
    except OSError:
        return None
    return state.st_size if S_ISREG(state.st_mode) else None


def _paying(seconds: float) -> int:
    """Return how many processes pay for some seconds of work."""
    from auditor.sources.crew import cores  # noqa: PLC0415 - see above

    few = int(seconds / _SHARE)
    return few if few < 2 else min(few, cores())


def _lost(target: str, ended: Ended) -> Read:
    """Return a gap for what a process was reading when it ended before its time."""
    read = Read(outcome=Outcome())
    read.outcome.gap(target, f"not examined: the process that read it was ended {ended.why}")
    return read
