"""Typed getters: what is there comes back as it is, what is of another type names its key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import shape
from auditor.errors import LimitError, ParseError
from auditor.limits import Limits
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Callable

OBJECT: dict[str, Any] = {
    "text": "x",
    "empty": "",
    "number": 3,
    "zero": 0,
    "float": 1.5,
    "true": True,
    "false": False,
    "null": None,
    "list": ["a", "b"],
    "mixed": ["a", 1],
    "object": {"k": "v"},
    "bad": {"k": "v", "n": 1},
}
WORDS = {
    "text": "a text",
    "number": "a number",
    "float": "a number with a fraction",
    "true": "true or false",
    "list": "a list",
    "object": "an object",
}


def refused(call: Callable[..., object], *arguments: object) -> ParseError | None:
    """Return the error that a call ends with, None where it returns."""
    try:
        call(*arguments)
    except ParseError as problem:
        return problem
    return None


KINDS: dict[type, str] = {
    str: "a text",
    int: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
OF_KIND = {str: "text", int: "number", bool: "true", list: "list", dict: "object"}


@pytest.mark.parametrize("kind", KINDS)
def test_get_returns_what_is_of_the_kind(kind: type) -> None:
    assert shape.get(OBJECT, OF_KIND[kind], kind) is OBJECT[OF_KIND[kind]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", WORDS)
def test_get_refuses_every_other_kind_with_its_key(key: str, kind: type) -> None:
    if OF_KIND[kind] == key:
        return
    with pytest.raises(ParseError) as raised:
        shape.get(OBJECT, key, kind)

    assert str(raised.value) == f"is {WORDS[key]}, where {KINDS[kind]} must stand at '{key}'"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["null", "absent"])
def test_null_and_absent_are_none_to_get_and_missing_to_need(key: str, kind: type) -> None:
    assert shape.get(OBJECT, key, kind) is None
    with pytest.raises(ParseError) as raised:
        shape.need(OBJECT, key, kind)
    assert str(raised.value) == f"is missing at '{key}'"


@pytest.mark.parametrize(("key", "kind"), [("empty", str), ("zero", int), ("false", bool)])
def test_what_is_empty_is_there(key: str, kind: type) -> None:
    assert shape.need(OBJECT, key, kind) == OBJECT[key]


def test_texts_are_a_tuple_and_name_the_item_at_fault() -> None:
    assert shape.texts(OBJECT, "list") == ("a", "b")
    assert shape.texts(OBJECT, "absent") is None
    assert shape.texts(OBJECT, "null") is None
    with pytest.raises(ParseError, match=r"^is a number, where a text must stand at 'mixed\[1\]'$"):
        shape.texts(OBJECT, "mixed")
    with pytest.raises(ParseError, match=r"^is a text, where a list must stand at 'text'$"):
        shape.texts(OBJECT, "text")


def test_a_map_of_texts_is_a_mapping_and_names_the_value_at_fault() -> None:
    assert shape.text_map(OBJECT, "object") == {"k": "v"}
    assert shape.text_map(OBJECT, "absent") == {}
    assert shape.text_map(OBJECT, "null") == {}
    with pytest.raises(ParseError, match=r"^is a number, where a text must stand at 'bad\.n'$"):
        shape.text_map(OBJECT, "bad")
    with pytest.raises(ParseError, match=r"^is a list, where an object must stand at 'list'$"):
        shape.text_map(OBJECT, "list")


def test_an_error_seen_from_further_out_has_the_whole_key() -> None:
    problem = ParseError("is wrong", "name")

    assert problem.under("packages").key == "packages.name"
    assert ParseError("is wrong", "[3]").under("packages").key == "packages[3]"
    assert ParseError("is wrong").under("packages").key == "packages"
    assert str(problem.under("b").under("a")) == "is wrong at 'a.b.name'"


# JSON

NO_OBJECT = {
    "nothing": (b"", "not readable as JSON: Expecting value: line 1 column 1 (char 0)"),
    "words": (b"hello", "not readable as JSON: Expecting value: line 1 column 1 (char 0)"),
    "an open brace": (
        b'{"a": 1',
        "not readable as JSON: Expecting ',' delimiter: line 1 column 8 (char 7)",
    ),
    "a text": (b'"x"', "is a text, where an object must stand"),
    "a number": (b"1", "is a number, where an object must stand"),
    "a float": (b"1.5", "is a number with a fraction, where an object must stand"),
    "null": (b"null", "is null, where an object must stand"),
    "true": (b"true", "is true or false, where an object must stand"),
    "a list": (b"[{}]", "is a list, where an object must stand"),
    "Latin-1": (b'{"a": "\xe9"}', "is not UTF-8 text (byte 7)"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "is UTF-16 text, where UTF-8 must stand"),
}


@pytest.mark.parametrize(("data", "problem"), NO_OBJECT.values(), ids=NO_OBJECT.keys())
def test_what_is_no_json_object_is_told(data: bytes, problem: str) -> None:
    with pytest.raises(ParseError) as raised:
        shape.json_object(data)

    assert str(raised.value) == problem


def test_limits_are_passed_on() -> None:
    for limits in (Limits(json_depth=1), Limits(text_bytes=5)):
        with pytest.raises(LimitError):
            shape.json_object(b'{"a": []}', limits)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert shape.json_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(alphabet="ab.[é\ud800"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet="ab.[", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
QUICK = settings(max_examples=often(80), deadline=None)


@QUICK
@given(document=st.dictionaries(st.text(alphabet="ab.[é", max_size=3), JSON, max_size=4))
def test_a_json_object_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    assert shape.json_object(json.dumps(document).encode()) == document


@QUICK
@given(data=st.binary(max_size=30))
def test_whatever_the_bytes_nothing_but_our_error_is_raised(data: bytes) -> None:
    problem = refused(shape.json_object, data)

    assert problem is None or problem.problem


GETTERS: list[Callable[[dict[str, Any], str], object]] = [
    shape.texts,
    shape.text_map,
    *(lambda document, key, kind=kind: shape.get(document, key, kind) for kind in KINDS),
    *(lambda document, key, kind=kind: shape.need(document, key, kind) for kind in KINDS),
]


@QUICK
@given(value=JSON, getter=st.sampled_from(GETTERS))
def test_whatever_the_value_a_getter_returns_or_names_its_key(
    value: object, getter: Callable[[dict[str, Any], str], object]
) -> None:
    problem = refused(getter, {"key": value}, "key")

    assert problem is None or problem.key.startswith("key")


# leaves


def by_recursion(value: object, key: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [
            leaf for k, v in value.items() for leaf in by_recursion(v, f"{key}.{k}" if key else k)
        ]
    if isinstance(value, list):
        return [leaf for i, v in enumerate(value) for leaf in by_recursion(v, f"{key}[{i}]")]
    return [(key, value)]


@QUICK
@given(value=JSON)
def test_leaves_are_all_scalars_with_the_keys_to_them(value: object) -> None:
    def ordered(leaves: list[tuple[str, object]]) -> list[tuple[str, str]]:
        return sorted((key, repr(leaf)) for key, leaf in leaves)

    assert ordered(list(shape.leaves(value))) == ordered(by_recursion(value))


def test_leaves_of_any_depth_are_found() -> None:
    value: object = "deep"
    for _ in range(5_000):
        value = [value]

    assert [leaf for _, leaf in shape.leaves({"a": value})] == ["deep"]
