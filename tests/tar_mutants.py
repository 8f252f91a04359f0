"""Tar archives that differ from sound and from hostile ones in a few places, their sums made right.

They are what the fuzzer's mutations make (tests/fuzz/structures.py), without a fuzzer: the same for
the same seed.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tests.fuzz import structures
from tests.fuzz.target import kept, targets

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 12 * 1024
"""Bytes of one."""


def mutants(seed: int) -> Iterator[bytes]:
    """Yield archives without end; few of them twice."""
    chance = Random(seed)  # noqa: S311 - the same each time
    target = targets()["tar"]
    known = [*target.seeds(), *(path.read_bytes() for path in kept(target))]
    words = target.words

    def anything(data: bytes, most: int) -> bytes:
        changed = bytearray(data or b"\0")
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed))
            kind = chance.randrange(5)
            if kind == 0:
                changed[at] = chance.choice(b"\0 0123456789/.ax=\r\n\xff\x80")
            elif kind == 1:
                changed[at] ^= 1 << chance.randrange(8)
            elif kind == 2:
                word = chance.choice(words)
                changed[at : at + len(word)] = word
            elif kind == 3:
                start, size = chance.randrange(len(changed)), chance.randint(1, 30)
                changed[at : at + size] = changed[start : start + size]
            else:
                changed[at : at + 4] = bytes(chance.choice(b"\0 017/") for _ in range(4))
        return bytes(changed[:most])

    while True:
        data = chance.choice(known)
        for _ in range(chance.randint(1, 4)):
            data = structures.tar(data, LONGEST, chance, anything)
        if chance.random() < 0.2:
            known.append(data)
        yield data
