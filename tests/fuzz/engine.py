"""One target under libFuzzer, by atheris, in a process of its own: python -m tests.fuzz.engine."""

from __future__ import annotations

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


if __name__ == "__main__":
    with atheris.instrument_imports(include=["auditor"]):  # also what is imported when it is needed
        main()
