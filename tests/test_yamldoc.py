"""YAML that means one thing: what is refused and how, and that the rest is read as written."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor import yamldoc
from auditor.errors import LimitError, ParseError
from tests.often import often

THOROUGH = settings(max_examples=often(150), deadline=None)

UNQUOTED = "has {!r} without quotes, which YAML readers disagree about"
SURPRISES = (
    "yes no on off y n Yes NO On oFf Y N True TRUE False Null NULL ~ 1.10 0.1 1. .5 -.5 +.5e3 1e3 "
    "1E-3 1.5e+3 012 -012 +1 1_000 0x1F -0x1f 0o17 0b101 +0b1 .inf -.INF +.inf .nan .NaN "
    "12:30 1:2:3 -12:30 190:20:30.15 2026-11-21 2026-1-2 2001-12-14t21:59:43.10-05:00 << ="
).split()

REFUSED: dict[str, tuple[str, str, int]] = {
    "an alias": ("a: &x 1\nb: *x\n", "sets the anchor &x; nothing may refer to it", 1),
    "an anchor on a list": ("a:\n  &x [1]\n", "sets the anchor &x; nothing may refer to it", 2),
    "an alias to nothing": ("a: 1\nb: *x\n", "uses the alias *x; write the value out", 2),
    "an alias as a key": ("a: 1\n*x : 2\n", "uses the alias *x; write the value out", 2),
    "a tag of YAML": ("a: !!str 1\n", "uses the tag tag:yaml.org,2002:str", 1),
    "a tag of Python": (
        "a:\n  b: !!python/object/apply:os.system [x]\n",
        "uses the tag tag:yaml.org,2002:python/object/apply:os.system",
        2,
    ),
    "a tag of one's own": ("a: !mine 1\n", "uses the tag !mine", 1),
    "the tag without a name": ('a: ! "1"\n', "uses the tag !", 1),
    "a tag on a mapping": ("!!map {a: b}\n", "uses the tag tag:yaml.org,2002:map", 1),
    "a key twice": ("a: x\nb: x\na: y\n", "has the key 'a' twice", 3),
    "a key twice, further in": ('a:\n  - b: x\n    "b": y\n', "has the key 'b' twice", 3),
    "a number as a key": ("a: x\n1: y\n", "has a key that is no text: 1", 2),
    "true as a key": ("true: x\n", "has a key that is no text: True", 1),
    "null as a key": ("null: x\n", "has a key that is no text: None", 1),
    "a list as a key": ("? [a]\n: x\n", "has a key that is no text: ['a']", 1),
    "on as a key": ("name: x\non: push\n", UNQUOTED.format("on"), 2),
    "a merge": ("a: x\n<<: {b: y}\n", UNQUOTED.format("<<"), 2),
    "no value": ("a: x\nb:\nc: y\n", UNQUOTED.format(""), 2),
    "no item": ("a:\n  - x\n  -\n", UNQUOTED.format(""), 3),
    "a second document": ("a: x\n---\nb: y\n", "holds a second document", 2),
}


@pytest.mark.parametrize(("text", "problem", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_what_two_people_could_read_differently_is_refused(
    text: str, problem: str, line: int
) -> None:
    with pytest.raises(ParseError) as raised:
        yamldoc.load(text)

    assert (raised.value.problem, raised.value.key) == (problem, f"line {line}")


@pytest.mark.parametrize("word", SURPRISES)
def test_a_word_that_readers_disagree_about_needs_quotes(word: str) -> None:
    with pytest.raises(ParseError) as raised:
        yamldoc.load(f"a: x\nb: {word}\n")

    assert (raised.value.problem, raised.value.key) == (UNQUOTED.format(word), "line 2")
    assert yamldoc.load(f"b: '{word}'\n") == {"b": word}


NO_YAML = {
    "an open list": "a: [1, 2\nb: 3\n",
    "a tab for indentation": "a:\n\tb: 1\n",
    "an open quote": 'a: "x\n',
    "two values": "a: b: c\n",
    "a control character": "a: \x07\n",
    "a lone surrogate": "a: \ud800\n",
    "a sign that is reserved": "a: @x\n",
}


@pytest.mark.parametrize("text", NO_YAML.values(), ids=NO_YAML.keys())
def test_what_is_no_yaml_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(ParseError):
        yamldoc.load(text)


def test_an_error_of_the_parser_names_the_line() -> None:
    with pytest.raises(ParseError) as raised:
        yamldoc.load("a: x\nb: [1, 2\nc: 3\n")

    assert raised.value.key in {"line 2", "line 3"}


@pytest.mark.parametrize("text", ["[" * 20_000, "a: " + "[" * 3000 + "]" * 3000, "- " * 5000 + "x"])
def test_nesting_without_end_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(LimitError, match="json-depth"):
        yamldoc.load(text)


def test_a_number_of_thousands_of_digits_is_an_error_of_ours() -> None:
    with pytest.raises(ParseError, match="has a number of 5,000 digits"):
        yamldoc.load("a: " + "9" * 5000)


READ = {
    "nothing": ("", None),
    "a comment": ("# nothing\n", None),
    "scalars": (
        "a: true\nb: false\nc: null\nd: 0\ne: -12\nf: some words\n",
        {"a": True, "b": False, "c": None, "d": 0, "e": -12, "f": "some words"},
    ),
    "quoted": (
        'a: "true"\nb: \'1\'\nc: ""\n"on": x\n',
        {"a": "true", "b": "1", "c": "", "on": "x"},
    ),
    "blocks": ("a: |\n  1\n  no\nb: >\n  yes\n  on\n", {"a": "1\nno\n", "b": "yes on\n"}),
    "lists": ("a: [x, 1, [z]]\nb:\n  - c: d\n", {"a": ["x", 1, ["z"]], "b": [{"c": "d"}]}),
    "words that hold a surprise": (
        "a: 1.2.3\nb: nope\nc: on time\nd: 10 MB\ne: v1.10\nf: ./on\ng: 12-30\nh: '*'\n",
        {
            "a": "1.2.3",
            "b": "nope",
            "c": "on time",
            "d": "10 MB",
            "e": "v1.10",
            "f": "./on",
            "g": "12-30",
            "h": "*",
        },
    ),
    "a document with its markers": ("---\na: x\n...\n", {"a": "x"}),
    "a text alone": ("x", "x"),
}


@pytest.mark.parametrize(("text", "value"), READ.values(), ids=READ.keys())
def test_the_rest_is_read_as_it_looks(text: str, value: object) -> None:
    assert yamldoc.load(text) == value


TEXTS = st.text(alphabet="ab01:-#'\"{}[]!&*\\ \n\té文🙂\x07\x85\u2028", max_size=12)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


class QuotedDumper(yaml.SafeDumper):
    """Writes every text with double quotes, and nothing as an alias."""

    def ignore_aliases(self, data: object) -> bool:
        """Write things out as often as they occur."""
        del data
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


QuotedDumper.add_representer(str, _quoted)


@THOROUGH
@given(value=VALUES, flow=st.sampled_from([True, False, None]), wide=st.booleans())
def test_what_a_dumper_wrote_with_quotes_is_read_as_it_was(
    value: object,
    flow: bool | None,  # noqa: FBT001 - a parameter of the test
    wide: bool,  # noqa: FBT001 - the same
) -> None:
    text = yaml.dump(
        value, Dumper=QuotedDumper, default_flow_style=flow, width=1000 if wide else 20
    )

    assert yamldoc.load(text) == value


CORE = re.compile(
    r"null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
    r"|\.(?:nan|NaN|NAN)"
)
"""What is no text by the core schema of YAML 1.2.2, section 10.3.2."""

PLAIN = st.one_of(
    st.text(alphabet="0123456789.:_-+eExobTtZ ", min_size=1, max_size=9),
    st.text(alphabet="yYeEsSnNoOfFtTrRuUlLaA~.<=iI", min_size=1, max_size=5),
)


@settings(max_examples=often(600), deadline=None)
@given(word=PLAIN)
@example(word="-0x1F")
@example(word="1:30:59.9")
@example(word="2001-12-14 21:59:43.10 -5")
def test_a_plain_word_that_is_taken_means_the_same_to_other_readers(word: str) -> None:
    text = f"a: {word}\n"
    try:
        value = yamldoc.load(text)
    except ParseError:
        return
    other = yaml.safe_load(text)

    assert value == other
    if isinstance(value, dict):
        assert type(value["a"]) is type(other["a"])
        assert not isinstance(value["a"], str) or not CORE.fullmatch(value["a"])


@settings(max_examples=often(150), deadline=None)
@given(text=st.text(alphabet="ab1:-#'\"{}[]!&*|>? ,\n\t%@`\\\x00", max_size=30))
def test_whatever_the_text_nothing_but_our_error_is_raised(text: str) -> None:
    try:
        yamldoc.load(text)
    except ParseError as problem:
        words = problem.problem
    else:
        words = "read"

    assert words
