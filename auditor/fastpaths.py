"""The quick ways to an answer that a thorough way gives as well, and the switch between them.

A quick way changes no result: what it does not understand in full, it leaves to the thorough one.
So there is nothing to choose for users. Tests run both and compare; of a whole call the environment
variable `AUDIT_FAST_PATHS` decides (`on`, `off`).
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


class FastPaths(Struct, frozen=True, kw_only=True):
    """Which of them are taken, by name."""

    batches: bool = True
    """Small members are searched together, and only those readers are asked whose endings or heads
    fit (`examine`)."""
    plain_headers: bool = True
    """Headers of ordinary files are read by their fixed places (`archives.tar`)."""
    plain_entries: bool = True
    """Entries whose two headers are the same in all that counts (`archives.zip`)."""
    named_modules: bool = True
    """Of a wheel's modules those alone are read that its entry points name (`scan`)."""
    exact_record: bool = True
    """A RECORD that is just what a tool writes of the wheel has nothing to tell (`record`)."""
    screens: bool = True
    """Facts that no rule can be about are not shown to the rules (`judge`)."""
    hyperscan: bool = True
    """Large contents are searched by hyperscan, where it is installed (`literals`)."""
    texts_as_written: bool = True
    """Of a map's texts only those are looked into in which the map itself has a hit (`examine`)."""
    plain_maps: bool = True
    """In maps whose length leaves no room for another key, none is looked for (`maps.fast`)."""
    usual_entries: bool = True
    """Entries of lockfiles that are as usual become no facts that no rule can hold of (`usual`)."""
    json_once: bool = True
    """JSON in which no key stands twice is parsed without a call for each object (`jsondoc`)."""
    lock_readers: bool = True
    """Lockfiles as their clients write them are read by readers for just that."""


ON = FastPaths()
OFF = FastPaths(**dict.fromkeys(FastPaths.__struct_fields__, False))

_SAID = {"on": ON, "off": OFF}
_taken: ContextVar[FastPaths] = ContextVar("fast paths", default=ON)


def current() -> FastPaths:
    """Return those that are taken."""
    return _taken.get()


def enabled(name: str) -> bool:
    """Tell whether one of them is taken."""
    return bool(getattr(_taken.get(), name))


def choose(said: str) -> None:
    """Take all or none for the rest of a call, by a word; raise UsageError for another one."""
    if said not in _SAID:
        raise UsageError(f"AUDIT_FAST_PATHS is {said[:20]!r}, where `on` or `off` must stand")
    _taken.set(_SAID[said])


@contextmanager
def taken(those: FastPaths) -> Iterator[None]:
    """Take those and no others, for as long as the context lasts."""
    before = _taken.set(those)
    try:
        yield
    finally:
        _taken.reset(before)
