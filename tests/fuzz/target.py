"""What a fuzz target declares, where its inputs lie, and what must hold whatever bytes come in."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from random import Random

from msgspec import Struct

from auditor.errors import AuditError
from auditor.safe import LONGEST, safe

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
REGRESSIONS = HERE / "regressions"

Mutate = Callable[[bytes, int], bytes]
"""What the fuzzing engine does to bytes on its own; the second value is the most it may return."""
Mutator = Callable[[bytes, int, Random, Mutate], bytes]
"""Help with a structure that chance does not meet: checksums, offsets, brackets."""

_SHOWN_FORMATS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
"""Format characters that are seen: signs in front of numbers."""


class BrokenError(AssertionError):
    """Something that must hold of every input does not hold of this one."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reader under fuzzing."""

    name: str
    run: Callable[[bytes], object]
    """Reads the bytes and returns all that comes of them. It raises an AuditError where they are
    refused, BrokenError where a law of its own is broken, and nothing else."""
    seeds: Callable[[], Iterable[bytes]]
    """Sound inputs to begin with."""
    words: tuple[bytes, ...] = ()
    """What the format's texts are made of."""
    mutate: Mutator | None = None
    longest: int = 8192
    """Bytes of the largest input that is tried."""
    main: bool = False
    """True where hostile bytes arrive first: it is given the whole time, others a quarter."""


@cache
def targets() -> Mapping[str, Target]:
    """Return all targets by name; the modules are imported here."""
    found: dict[str, Target] = {}
    for module in modules():
        for target in targets_of(module):
            if target.name in found:
                raise TypeError(f"two fuzz targets are called {target.name!r}")
            found[target.name] = target
    return found


def modules() -> tuple[str, ...]:
    """Return the names of the modules that have targets."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules([str(HERE / "targets")])))


def targets_of(module: str) -> tuple[Target, ...]:
    """Return the targets of one module, which is imported here, and no other."""
    found: tuple[Target, ...] = importlib.import_module(f"tests.fuzz.targets.{module}").TARGETS
    return found


def kept(target: Target) -> Iterator[Path]:
    """Yield the files of a target's corpus, then what once broke it."""
    for folder in (CORPUS, REGRESSIONS):
        yield from sorted((folder / target.name).glob("*"))


def check(target: Target, data: bytes) -> list[str]:
    """Give a target some bytes, twice; return all texts that came out.

    Raises what the target raises, and BrokenError where the second run says something else than
    the first, or where a text cannot be shown.
    """
    told = _outcome(target, data)
    if _outcome(target, data) != told:
        raise BrokenError("two runs over the same bytes differ")
    for text in told:
        shown = safe(text)
        if len(shown) > LONGEST or _has_unseen(shown):
            raise BrokenError(f"is not printable: {shown!r}")
    return told


def _outcome(target: Target, data: bytes) -> list[str]:
    try:
        return list(texts(target.run(data)))
    except AuditError as problem:
        return [f"{type(problem).__name__}: {problem}"]


def _has_unseen(text: str) -> bool:
    # blanks of other scripts, unassigned and private characters have a place or a box of their own
    return not text.isprintable() and any(
        unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and not _SHOWN_FORMATS.match(sign)
        for sign in text
    )


def texts(value: object) -> Iterator[str]:  # noqa: PLR0912 - as many as there are kinds
    """Yield everything that a value holds as texts, the same for equal values; bytes as a sum."""
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        yield f"{len(value)} bytes {zlib.crc32(value):08x}"
    elif value is None or isinstance(value, (int, float, Enum)):
        yield repr(value)
    elif isinstance(value, (set, frozenset)):
        yield from sorted(text for one in value for text in texts(one))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from texts(key)
            yield from texts(one)
    elif isinstance(value, Struct):
        yield type(value).__name__
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, Iterable):
        for one in value:
            yield from texts(one)
    elif type(value).__module__.startswith("auditor."):  # a small class of our own
        yield type(value).__name__
        for name in getattr(value, "__slots__", ()) or vars(value):
            yield from texts(getattr(value, name))
    else:
        yield repr(value)
