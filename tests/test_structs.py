"""JSON to typed values: every error names the key, also one inside a mapping."""

from __future__ import annotations

import msgspec
import pytest

from auditor import structs
from auditor.errors import LimitError, ParseError


class Inner(msgspec.Struct):
    """What a mapping holds."""

    size: int
    tags: list[str] = []


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    """A document."""

    name: str
    inner: dict[str, Inner] = {}
    raw: dict[str, msgspec.Raw] = {}


WRONG = {
    "a value": (b'{"name": 1}', "expected `str`, got `int` at 'name'"),
    "a missing key": (b"{}", "object missing required field `name`"),
    "an unknown key": (b'{"name": "x", "y": 1}', "object contains unknown field `y`"),
    "one in a mapping": (
        b'{"name": "x", "inner": {"a": {"size": 1}, "b.c": {"size": "1"}}}',
        "expected `int`, got `str` at 'inner.b.c.size'",
    ),
    "one in a list": (
        b'{"name": "x", "inner": {"a": {"size": 1, "tags": ["y", null]}}}',
        "expected `str`, got `null` at 'inner.a.tags[1]'",
    ),
    "another document": (b"[]", "expected `object`, got `array`"),
    "NaN": (b'{"name": NaN}', "is NaN, which is no JSON at 'name'"),
    "a key twice": (
        b'{"name": "x",\n "name": "x"}',
        "stands there twice (again on line 2) at 'name'",
    ),
}


@pytest.mark.parametrize(("data", "problem"), WRONG.values(), ids=WRONG.keys())
def test_a_file_of_the_users_own_is_read_strictly(data: bytes, problem: str) -> None:
    with pytest.raises(ParseError) as raised:
        structs.own(data, Outer)

    assert str(raised.value) == problem


ANSWERS = {
    "one in a mapping": "one in a mapping",
    "one in a list": "one in a list",
    "a value": "a value",
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_names_the_key_as_well(case: str) -> None:
    data, problem = WRONG[case]
    with pytest.raises(ParseError) as raised:
        structs.answer(data, Outer)

    assert str(raised.value) == problem


def test_an_answer_is_read_as_clients_read_it() -> None:
    twice = structs.answer(b'{"name": "x", "name": "y", "raw": {"a": [1]}}', Outer)
    half = structs.answer(b'{"name": "\\ud800x", "raw": {"a": [1, "\\ud800"]}}', Outer)

    assert (twice.name, bytes(twice.raw["a"])) == ("y", b"[1]")
    assert (half.name, bytes(half.raw["a"])) == ("?x", b'[1, "?"]')


def test_depth_is_a_limit_and_a_long_value_is_shortened() -> None:
    with pytest.raises(LimitError, match="json-depth"):
        structs.own(b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}", Outer)
    with pytest.raises(ParseError) as raised:
        structs.own(b'{"name": "x", "%s": 1}' % (b"y" * 100_000), Outer)
    assert len(str(raised.value)) < 1000
