"""One target under libFuzzer, by atheris, in a process of its own: python -m tests.fuzz.engine."""

from __future__ import annotations

import ctypes
import os
import random
import sys

import atheris


def main() -> None:
    """Run a target, given by its module and name; all that follows is libFuzzer's.

    In front stands the program that calls us in this way, which libFuzzer calls again to merge.
    """
    from tests.fuzz.target import check, targets_of

    program, module, name, *options = sys.argv[1:]
    (target,) = (one for one in targets_of(module) if one.name == name)
    mutator = target.mutate

    def one(data: bytes) -> None:
        check(target, data)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        assert mutator is not None
        return mutator(data, most, random.Random(seed), atheris.Mutate)

    for seed in target.seeds():  # what is imported when it is needed is no part of a run's time
        one(seed)
    given = {} if mutator is None else {"custom_mutator": mutated}
    atheris.Setup([program, *options], one, **given)
    atheris.Fuzz()


_NO_RANDOM_ADDRESSES = 0x0040000
"""ADDR_NO_RANDOMIZE of personality(2)."""
_ASK = 0xFFFFFFFF


def in_fixed_places() -> None:
    """Begin again with memory at the same addresses each time, where the system lets us.

    Which input libFuzzer goes on with depends on them, if not much.
    """
    personality = ctypes.CDLL(None).personality
    now = personality(_ASK)
    if now & _NO_RANDOM_ADDRESSES:
        return
    personality(now | _NO_RANDOM_ADDRESSES)
    if personality(_ASK) & _NO_RANDOM_ADDRESSES:  # some containers refuse it
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - ourselves


if __name__ == "__main__":
    in_fixed_places()
    with atheris.instrument_imports(include=["auditor"]):  # also what is imported when it is needed
        main()
