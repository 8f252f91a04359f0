"""JSON that means one thing: depth, constants, huge numbers and keys that stand twice."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import jsondoc
from auditor.errors import InputError, LimitError, ParseError
from auditor.limits import Limits
from tests.often import often

QUICK = settings(max_examples=often(80), deadline=None)

NO_JSON = {
    "nothing": ("", "not readable as JSON: Expecting value: line 1 column 1 (char 0)"),
    "what follows": ('{"a": 1} x', "not readable as JSON: Extra data: line 1 column 10 (char 9)"),
    "a NUL": ('{"a": "\0"}', "not readable as JSON: Invalid control character at: "),
    "NaN": ('{"a": [1, {"b": NaN}]}', "is NaN, which is no JSON at 'a[1].b'"),
    "Infinity": ('{"a": -Infinity}', "is -Infinity, which is no JSON at 'a'"),
    "a comment": ("{} // x", "not readable as JSON: Extra data: line 1 column 4 (char 3)"),
    "one quote": ("{'a': 1}", "not readable as JSON: Expecting property name enclosed in double "),
}


@pytest.mark.parametrize(("text", "problem"), NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_json_is_told(text: str, problem: str) -> None:
    with pytest.raises(ParseError) as raised:
        jsondoc.parsed(text)

    assert str(raised.value).startswith(problem)


def test_a_number_of_thousands_of_digits_is_what_javascript_reads() -> None:
    document = jsondoc.parsed('{{"a": 9{}, "b": -9{}, "c": 12}}'.format("9" * 5000, "9" * 5000))

    assert document == {"a": math.inf, "b": -math.inf, "c": 12}


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [1, 7, 100, 200])
def test_documents_are_read_up_to_the_limit_and_no_deeper(start: str, end: str, depth: int) -> None:
    limits = Limits(json_depth=depth)

    assert jsondoc.parsed(f"{start * depth}1{end * depth}", limits)
    for more in (1, 2, 100, 5000):
        with pytest.raises(LimitError) as raised:
            jsondoc.parsed(f"{start * (depth + more)}1{end * (depth + more)}", limits)
        assert (raised.value.limit, raised.value.allowed) == ("json-depth", depth)
        assert raised.value.met > depth


REPEATED = '{"a": 1,\n "b": [{"c": 1}, {"c": [2],\n  "c": 3}],\n "a": {"x": 1, "x": 1}\n}'


def test_repeated_keys_keep_all_values_and_their_lines() -> None:
    document = jsondoc.parsed(REPEATED)

    assert document == {"a": {"x": 1}, "b": [{"c": 1}, {"c": 3}]}
    assert sorted(jsondoc.repeated_values(document)) == [
        ("a", [1, {"x": 1}]),
        ("a.x", [1, 1]),
        ("b[1].c", [[2], 3]),
    ]
    assert list(jsondoc.repeats(REPEATED, document)) == [("b[1].c", 3), ("a", 4), ("a.x", 4)]


def test_an_escaped_key_is_the_key_that_it_spells() -> None:
    text = '{"a": 1, "\\u0061": 2}'

    assert list(jsondoc.repeats(text, jsondoc.parsed(text))) == [("a", 1)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(alphabet='ab.[é\ud800"\\'),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet='ab.["', max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@QUICK
@given(document=JSON)
def test_json_is_read_as_it_was_written_and_nothing_in_it_stands_twice(document: Any) -> None:  # noqa: ANN401
    text = json.dumps(document)
    found = jsondoc.parsed(text)

    assert found == document
    assert list(jsondoc.repeats(text, found)) == []
    assert list(jsondoc.repeated_values(found)) == []


@QUICK
@given(
    pairs=st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 3)), max_size=8),
    outer=st.booleans(),
)
def test_as_many_repeats_are_told_as_there_are(pairs: list[tuple[str, int]], outer: bool) -> None:  # noqa: FBT001
    text = "{{{}}}".format(",".join(f'\n"{key}": {value}' for key, value in pairs))
    text = f'{{"o": [0, {text}]}}' if outer else text
    lines = [
        (f"o[1].{key}" if outer else key, number + 1)
        for number, (key, _) in enumerate(pairs, 1)
        if key in [earlier for earlier, _ in pairs[: number - 1]]
    ]

    assert list(jsondoc.repeats(text, jsondoc.parsed(text))) == lines


@QUICK
@given(text=st.text(alphabet='{}[]":,\\ \n0aN\ud800', max_size=12))
def test_whatever_the_text_nothing_but_our_error_is_raised(text: str) -> None:
    try:
        document = jsondoc.parsed(text)
    except InputError as problem:
        assert str(problem)  # noqa: PT017 - either way is right
    else:
        assert bool(list(jsondoc.repeats(text, document))) == jsondoc.has_repeated(document)
