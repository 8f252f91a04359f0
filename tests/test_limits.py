"""The limits by name, and what the budget counts."""

from __future__ import annotations

import pytest

from auditor import limits as limits_module
from auditor.errors import LimitError, UsageError
from auditor.limits import Budget, Limits, option_name, with_changes

NAMES = list(Limits.__struct_fields__)


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_is_changed_by_its_option_name_alone(name: str) -> None:
    changed = with_changes(Limits(), (f"{option_name(name)}=7",))

    assert {
        n: getattr(changed, n) for n in NAMES if getattr(changed, n) != getattr(Limits(), n)
    } == {name: 7}


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_is_a_whole_number_above_0(name: str) -> None:
    assert type(getattr(Limits(), name)) is int
    assert getattr(Limits(), name) > 0


def test_changes_apply_in_order_and_leave_the_default_as_it_is() -> None:
    changed = with_changes(Limits(), ("members=5", "nesting=1", "members=6"))

    assert (changed.members, changed.nesting) == (6, 1)
    assert Limits().members == 100_000


def test_an_unknown_limit_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(UsageError) as raised:
        with_changes(Limits(), ("membres=5",))

    assert str(raised.value).startswith("--limit 'membres' is not known; there are archive-bytes, ")
    assert "members" in str(raised.value)


@pytest.mark.parametrize("change", ["member_bytes=5", "=5", ""])
def test_only_the_option_spelling_names_a_limit(change: str) -> None:
    with pytest.raises(UsageError, match="is not known"):
        with_changes(Limits(), (change,))


@pytest.mark.parametrize(
    "value", ["0", "-1", "1.5", "", "x", "1e3", "0x10", " 5", "5 ", "1_000", "٣", "5=5", "9" * 19]
)
def test_what_is_no_whole_number_from_1_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as raised:
        with_changes(Limits(), (f"members={value}",))

    assert str(raised.value) == f"--limit members takes a whole number from 1, not {value!r}"


def test_a_number_of_thousands_of_digits_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as raised:
        with_changes(Limits(), ("members=" + "9" * 5000,))

    assert len(str(raised.value)) < 100


@pytest.mark.parametrize("value", ["1", "007", "9" * 18])
def test_whole_numbers_are_taken(value: str) -> None:
    assert with_changes(Limits(), (f"members={value}",)).members == int(value)


def test_members_are_counted_up_to_the_limit() -> None:
    budget = Budget(Limits(members=2))
    budget.member()
    budget.member()

    with pytest.raises(LimitError) as raised:
        budget.member()

    assert str(raised.value) == (
        "limit members of 2 met (found at least 3); raise it with --limit members=N"
    )
    assert (raised.value.limit, raised.value.allowed, raised.value.met) == ("members", 2, 3)


def test_bytes_are_counted_together_however_they_were_packed() -> None:
    budget = Budget(Limits(unpacked_bytes=3000))
    budget.take(1000)
    budget.inflate(1000, packed=10, inflated=1000)
    budget.inflate(1000, packed=20, inflated=2000)

    with pytest.raises(LimitError) as raised:
        budget.take(1)

    assert str(raised.value) == (
        "limit unpacked-bytes of 3,000 bytes met (found at least 3,001 bytes); "
        "raise it with --limit unpacked-bytes=N"
    )


@pytest.mark.parametrize(
    ("packed", "inflated", "met"),
    [
        (1, 1000, None),  # the floor itself
        (1, 1001, 1001),
        (5, 1001, 200),  # just above
        (6, 1001, None),
        (6, 1200, None),  # the limit itself
        (0, 1001, 1001),  # nothing packed is no division by zero
    ],
)
def test_the_ratio_counts_for_one_stream_and_above_the_floor(
    packed: int, inflated: int, met: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "RATIO_FLOOR", 1000)
    budget = Budget(Limits(ratio=200))
    budget.take(50_000)

    if met is None:
        budget.inflate(1, packed=packed, inflated=inflated)
        return
    with pytest.raises(LimitError) as raised:
        budget.inflate(1, packed=packed, inflated=inflated)
    assert str(raised.value) == (
        f"limit ratio of 200 to 1 met (found at least {met:,} to 1); raise it with --limit ratio=N"
    )
