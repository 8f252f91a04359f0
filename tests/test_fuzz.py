"""What once broke a reader never does again, and each kept input still holds; without an engine."""

from __future__ import annotations

import pytest

from auditor import lockfiles
from tests.fuzz.__main__ import gate
from tests.fuzz.target import (
    CORPUS,
    REGRESSIONS,
    Target,
    check,
    kept,
    targets,
)

each_target = pytest.mark.parametrize("target", targets().values(), ids=targets().keys())


@each_target
def test_what_holds_of_every_input_holds_of_those_that_are_kept(target: Target) -> None:
    for path in kept(target):
        try:
            check(target, path.read_bytes())
        except Exception as problem:
            problem.add_note(f"of {path}")
            raise


@each_target
def test_the_seeds_are_sound_inputs_to_begin_with(target: Target) -> None:
    seeds = list(target.seeds())
    told = [check(target, seed) for seed in seeds]
    assert seeds
    refused = [lines for lines in told if len(lines) == 1 and "Error: " in lines[0]]
    assert len(refused) < len(told), refused


def test_each_kept_input_belongs_to_a_target_and_the_corpus_is_small() -> None:
    files = [path for folder in (CORPUS, REGRESSIONS) for path in folder.rglob("*")]
    assert {path.name for path in files if path.is_dir()} <= targets().keys()
    assert sum(path.stat().st_size for path in files if path.is_file()) < 2_000_000


def test_every_lockfile_format_is_a_target() -> None:
    assert {f"lock-{name}" for name in lockfiles.formats()} <= targets().keys()


def test_the_gate_gives_inputs_to_every_target() -> None:
    assert gate().keys() == targets().keys()
    for name, target in targets().items():
        assert gate()[name] > 10 * len(list(target.seeds())), name
