"""TOML under limits: what costs too much is told, and everything else is tomllib's."""

from __future__ import annotations

import pytest

from auditor import tomldoc
from auditor.errors import LimitError, ParseError
from auditor.limits import Limits

NO_TOML = {
    "no key": ("= 1", "is no TOML: Invalid statement"),
    "a key twice": ("a = 1\na = 2", "is no TOML: Cannot overwrite a value"),
    "a table that is a value": ("a = 1\n[a]\nb = 1", "is no TOML: Cannot overwrite a value"),
    "a dotted key into a value": ("a = 1\na.b = 1", "is no TOML: Cannot overwrite a value"),
    "a table twice": ("[a]\n[a]", "is no TOML: Cannot declare ('a',) twice"),
    "a NUL": ("a = '\0'", "is no TOML: "),
    "thousands of digits": (
        "a = 1\nb = " + "9" * 5000,
        "is no TOML that can be read: Exceeds the limit",
    ),
    "a key of many parts": ("\n" + ".".join("a" * 70) + " = 1", "has a key of more than 64 parts"),
    "a header of many parts": ("[" + ".".join("a" * 70) + "]", "has a key of more than 64 parts"),
}


@pytest.mark.parametrize(("text", "problem"), NO_TOML.values(), ids=NO_TOML.keys())
def test_what_cannot_be_read_is_told(text: str, problem: str) -> None:
    with pytest.raises(ParseError) as raised:
        tomldoc.parsed(text)

    assert str(raised.value).startswith(problem)


def test_a_number_that_is_too_long_is_told_with_its_line() -> None:
    with pytest.raises(ParseError) as raised:
        tomldoc.parsed("a = 1\nb = " + "9" * 5000)

    assert raised.value.key == "line 2"


@pytest.mark.parametrize("depth", [3, 100, 200])
def test_documents_are_read_up_to_the_limit_and_no_deeper(depth: int) -> None:
    limits = Limits(json_depth=depth)

    assert tomldoc.parsed(f"a = {'[' * (depth - 1)}{']' * (depth - 1)}", limits)
    for text in (f"a = {'[' * depth}{']' * depth}", "a = " + "[" * 100_000):
        with pytest.raises(LimitError) as raised:
            tomldoc.parsed(text, limits)
        assert raised.value.limit == "json-depth"
