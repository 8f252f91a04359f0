"""Stays of bad versions: what a history's changes make of them, compared with a plain model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import incidentfile, lockcontents, rulebook
from auditor.facts.around.past import Change, Commit, HistorySeen, PastFact, collect
from auditor.facts.lock.known_bad import KnownBadFact
from auditor.facts.lock.known_bad import collect as known_bad
from auditor.inventory import Inventory, LockedPackage
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Sequence

INDEX = incidentfile.load((rulebook.builtin_folder(),))
VERSIONS = {"a": ("axios", "1.14.1"), "b": ("axios", "0.30.4"), "c": ("chalk", "5.6.1")}
PATH = "package-lock.json"


def bad(letters: str) -> tuple[KnownBadFact, ...]:
    packages = [
        LockedPackage(id=one, ecosystem="npm", name=VERSIONS[one][0], version=VERSIONS[one][1])
        for one in letters
    ]
    inventory = Inventory(path=PATH, format="package-lock", packages=tuple(packages))
    return tuple(known_bad(lockcontents.contents_of(inventory, {}, INDEX)))


BAD = {"".join(s): bad("".join(s)) for s in ("", "a", "b", "c", "ab", "ac", "bc", "abc")}


def stays(changes: Sequence[Change], tips: str = "") -> list[PastFact]:
    seen = HistorySeen(changes=tuple(changes), bad=BAD, tips={PATH: {"HEAD": tips}})
    return list(collect(lockcontents.observed(ArtifactKind.LOCKFILE, INDEX, seen)))


def line(states: Sequence[str], step: int = 3600) -> list[Change]:
    """Return the changes of a history without branches; a state is what is bad in the file."""
    found = []
    for number, (old, new) in enumerate(zip(["", *states], states, strict=False)):
        commit = Commit(id=f"c{number}", committed=number * step, authored=number * step)
        found.append(Change(commit=commit, path=PATH, blob=new, before=((PATH, old),)))
    return found


@given(st.lists(st.sampled_from(sorted(BAD)), min_size=1, max_size=12))
def test_a_line_of_commits_gives_each_unbroken_run_of_a_version_once(states: list[str]) -> None:
    wanted = []
    for letter, (name, version) in VERSIONS.items():
        start = None
        for number, state in enumerate([*states, ""]):
            if letter in state and start is None:
                start = number
            elif letter not in state and start is not None:
                end = f"c{number}" if number < len(states) else ""
                wanted.append((f"{name}@{version}", f"c{start}", end))
                start = None
    found = stays(line(states), tips=states[-1])

    assert sorted((f.key, f.came_by, f.went_by) for f in found) == sorted(wanted)
    assert all(f.stands == (f.went_by == "") for f in found)


def test_what_only_one_parent_of_a_merge_had_neither_comes_nor_stays() -> None:
    first, second = (
        Commit(id="c1", committed=0, authored=0),
        Commit(id="c2", committed=5, authored=5),
    )
    merge = Commit(id="m", committed=9, authored=9, parents=2)
    came = Change(commit=second, path=PATH, blob="a", before=((PATH, ""),))
    start = Change(commit=first, path=PATH, blob="c", before=((PATH, ""),))
    kept = Change(commit=merge, path=PATH, blob="a", before=((PATH, "c"),), same_as_a_parent=True)
    dropped = Change(
        commit=merge, path=PATH, blob="c", before=((PATH, "a"),), same_as_a_parent=True
    )

    assert [
        (f.came_by, f.went_by) for f in stays([start, came, kept], "a") if f.name == "axios"
    ] == [("c2", "")]
    assert [
        (f.came_by, f.went_by) for f in stays([start, came, dropped], "c") if f.name == "axios"
    ] == [("c2", "m")]


WINDOW = 1774916518  # 2026-03-31T00:21:58Z
END = 1774927800  # 2026-03-31T03:30:00Z


@pytest.mark.parametrize(
    ("came", "went", "inside"),
    [
        ((WINDOW, WINDOW), (WINDOW + 1, WINDOW + 1), True),
        ((WINDOW - 9, WINDOW - 9), (WINDOW - 1, WINDOW - 1), False),
        ((WINDOW - 9, WINDOW - 9), (WINDOW, WINDOW), True),
        ((END, END), (END + 9, END + 9), True),
        ((END + 1, END + 1), (END + 9, END + 9), False),
        ((END + 1, END), (END + 9, END + 9), True),  # written in it, committed after it
        ((WINDOW - 9, WINDOW - 9), (WINDOW - 1, WINDOW), True),
    ],
)
def test_a_stay_meets_the_window_by_the_wider_of_a_commit_s_two_times(
    came: tuple[int, int], went: tuple[int, int], *, inside: bool
) -> None:
    changes = [
        Change(
            commit=Commit(id="c1", committed=came[0], authored=came[1]),
            path=PATH,
            blob="a",
            before=((PATH, ""),),
        ),
        Change(
            commit=Commit(id="c2", committed=went[0], authored=went[1]),
            path=PATH,
            blob="",
            before=((PATH, "a"),),
        ),
    ]

    assert [fact.in_window for fact in stays(changes)] == [inside]


def test_the_account_of_a_stay() -> None:
    gone = stays(line(["a", ""], step=2 * 86400))
    there = stays(line(["a"]), tips="a")

    outside = "outside of the time in which it could be had"
    within = "within the time in which it could be had"
    came = "came in 1970-01-01T00:00:00Z (commit c0)"
    assert [fact.account for fact in (*gone, *there)] == [
        f"{came}, went 1970-01-03T00:00:00Z (commit c1), after 2 days; {outside}",
        f"{came}, and stands on HEAD; {within}",
    ]
