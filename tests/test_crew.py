"""Several processes do the items between them: each once, and a process that ends is told."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import BugError, UsageError
from auditor.sources import crew
from auditor.sources.crew import Ended, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is not forked is made anew")


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def done(items: Sequence[int], workers: int, start: str) -> dict[int, tuple[int, int] | Ended]:
    return dict(shared(squared, items, [1] * len(items), workers, start))


@pytest.mark.parametrize("start", [pytest.param("fork", marks=linux), "spawn"])
def test_each_item_has_its_answer_and_not_from_us(start: str) -> None:
    items = list(range(40))
    answers = [one for one in done(items, 2, start).values() if not isinstance(one, Ended)]
    assert sorted(square for square, _ in answers) == [item * item for item in items]
    assert os.getpid() not in {process for _, process in answers}


@linux
def test_no_items_take_no_process() -> None:
    assert done([], 2, "fork") == {}


@given(
    st.lists(st.floats(min_value=0.001, max_value=1000), max_size=60),
    st.integers(min_value=1, max_value=64),
)
def test_every_place_is_in_one_bundle_and_the_heavy_are_first(
    weights: list[float], most: int
) -> None:
    bundles = [*crew.bundles(weights, most)]
    places = [at for bundle in bundles for at in bundle]
    assert sorted(places) == list(range(len(weights)))
    assert [weights[at] for at in places] == sorted(weights, reverse=True)
    assert len(bundles) <= most + 1


@linux
@pytest.mark.parametrize(
    ("how", "why"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "by signal 9"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "by signal 15"),
        (lambda: os._exit(7), "with exit code 7"),
        (lambda: sys.exit(0), "with exit code 1"),
    ],
    ids=["killed", "terminated", "left", "exited"],
)
@pytest.mark.parametrize("late", [0, 0.05, 60], ids=["at once", "soon", "together"])
def test_of_a_process_that_ends_the_item_is_told_and_the_others_are_done(
    how: object, why: str, late: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_LATE", late)

    def do(item: int) -> int:
        if item in {3, 11} and callable(how):
            how()
        return item

    answers = list(shared(do, range(40), [1] * 40, 2))
    found = dict(answers)
    assert {at: one for at, one in found.items() if one != at} == {
        3: Ended(why=why),
        11: Ended(why=why),
    }
    assert sorted(at for at, _ in answers) == list(range(40))


@linux
def test_where_every_item_ends_its_process_all_are_told() -> None:
    found = dict(shared(lambda _: os._exit(9), range(5), [1] * 5, 2))
    assert found == dict.fromkeys(range(5), Ended(why="with exit code 9"))


def _fails(item: int) -> int:
    if item == 5:
        raise UsageError("five")
    time.sleep(0.01)
    return item


def _breaks(item: int) -> int:
    return 1 // (item - 5)


@linux
def test_what_is_raised_there_is_raised_here() -> None:
    with pytest.raises(UsageError, match="five"):
        list(shared(_fails, range(40), [1] * 40, 2))
    with pytest.raises(BugError, match="ZeroDivisionError at auditor"):
        list(shared(_breaks, range(40), [1] * 40, 2))


@linux
def test_whoever_leaves_early_leaves_no_process() -> None:
    answers = shared(squared, range(40), [1] * 40, 2)
    _, first = next(answers)
    answers.close()
    assert not isinstance(first, Ended)
    with pytest.raises(ProcessLookupError):
        os.kill(first[1], 0)


@linux
def test_where_no_process_can_be_made_nothing_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    assert list(shared(squared, range(4), [1] * 4, 2)) == []
