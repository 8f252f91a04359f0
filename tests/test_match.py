"""Conditions: what each operator finds, and that quick ways of matching paths change no answer."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.match import OPERATORS, Condition, Globs, Where, predicate, translate
from auditor.model import MemberType
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LISTS = {"hosts.txt": frozenset({"a.example", "b.example"}), "more.txt": frozenset({"c.example"})}


def holds(operator: str, operands: tuple[Any, ...], value: object) -> bool:
    return OPERATORS[operator].compile(operands, LISTS)(value)


OPERATOR_CASES: list[tuple[str, tuple[Any, ...], object, bool]] = [
    ("equals", ("a",), "a", True),
    ("equals", ("a", "b"), "b", True),
    ("equals", ("a", "b"), "c", False),
    ("equals", ("a",), "A", False),
    ("equals", ("file",), MemberType.FILE, True),
    ("equals", (True,), True, True),
    ("equals", (True,), False, False),
    ("equals", (3,), 3, True),
    ("equals", (3,), None, False),
    ("over", (3,), 4, True),
    ("over", (3,), 3, False),
    ("over", (3,), None, False),
    ("under", (3,), 2, True),
    ("under", (3,), 3, False),
    ("under", (3,), None, False),
    ("starts-with", ("http:",), "HTTP://x", True),
    ("starts-with", ("HTTP:", "s3:"), "s3://x", True),
    ("starts-with", ("http:",), "x http:", False),
    ("starts-with", ("a",), ("b", "ab"), True),
    ("starts-with", ("a",), ("b", "ca"), False),
    ("starts-with", ("a",), None, False),
    ("starts-with", ("a",), (), False),
    ("contains", ("Node_Modules",), "x/node_modules/y", True),
    ("contains", ("x", "y"), ("a", "by"), True),
    ("contains", ("x",), ("a", "b"), False),
    ("contains", ("x",), None, False),
    ("listed-in", ("hosts.txt",), "A.example", True),
    ("listed-in", ("hosts.txt",), "c.example", False),
    ("listed-in", ("hosts.txt", "more.txt"), "c.example", True),
    ("listed-in", ("hosts.txt",), ("x", "b.example"), True),
    ("listed-in", ("hosts.txt",), "xa.example", False),
    ("listed-in", ("hosts.txt",), None, False),
    ("glob", ("**/*.map",), "dist/app.js.MAP", True),
    ("glob", ("**/*.map", "**/.env"), ".ENV", True),
    ("glob", ("**/*.map",), ("a.js", "b.map"), True),
    ("glob", ("**/*.map",), ("a.js",), False),
    ("glob", ("**/*.map",), None, False),
]


@pytest.mark.parametrize(("operator", "operands", "value", "found"), OPERATOR_CASES)
def test_an_operator_compares_so(
    operator: str,
    operands: tuple[Any, ...],
    value: object,
    found: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert holds(operator, operands, value) is found


def test_every_operator_is_tried_both_ways() -> None:
    for operator in OPERATORS:
        assert {found for name, _, _, found in OPERATOR_CASES if name == operator} == {True, False}


# trees of conditions


@dataclass(frozen=True)
class Thing:
    """A stand-in for a fact."""

    a: int = 0
    b: str = ""


def is_(field: str, *values: object) -> Condition:
    return Condition(field=field, operator="equals", operands=values)  # type: ignore[arg-type]


A1, B = Where(conditions=(is_("a", 1),)), Where(conditions=(is_("b", "x"),))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (Where(), "0- 0x 1- 1x"),
        (Where(conditions=(is_("a", 1), is_("b", "x"))), "1x"),
        (Where(any=(A1, B)), "0x 1- 1x"),
        (Where(none=(A1, B)), "0-"),
        (Where(conditions=(is_("a", 1),), none=(B,)), "1-"),
        (Where(conditions=(is_("a", 0, 1),), any=(B,)), "0x 1x"),
        (Where(none=(Where(none=(A1,)),)), "1- 1x"),
        (Where(any=(Where(conditions=(is_("a", 1),), none=(B,)), Where(none=(A1, B)))), "0- 1-"),
    ],
)
def test_conditions_and_groups_join_so(where: Where, found: str) -> None:
    test = predicate(where)
    things = {"0-": Thing(0, ""), "0x": Thing(0, "x"), "1-": Thing(1, ""), "1x": Thing(1, "x")}

    assert " ".join(name for name, thing in things.items() if test(thing)) == found


# path patterns

GLOB_CASES = {
    # pattern: paths that match | paths that do not
    "a.js": "a.js A.JS | b/a.js a.jsx xa.js",
    "dist/a.js": "dist/a.js | a.js x/dist/a.js",
    "*.js": "a.js .js | d/a.js a.json",
    "dist/*": "dist/a | dist/a/b dist",
    "**/a.js": "a.js d/a.js d/e/a.js in.tgz!a.js in.tgz!d/a.js | xa.js d/xa.js a.js/x",
    "**/*.map": "a.map d/a.map .map in.tgz!d/a.map | a.map/x a.map2",
    "**/*~": "a~ d/a~ ~ | a~b",
    "**/.idea/**": ".idea/x d/.idea/x/y in.tgz!.idea/x .IDEA/x | .idea d/.idea x.idea/y",
    "dist/**": "dist/a dist/a/b dist/.x | dist a/dist/b",
    "dist/**/a.js": "dist/a.js dist/x/a.js dist/x/y/a.js | dist a.js x/dist/a.js",
    "**/test/**/*.js": "test/a.js x/test/y/a.js | a.js test.js/x test/a.ts",
    "**/a/**/b/**/c": "a/b/c x/a/y/b/z/c a/a/b/b/c | a/c b/a/c a/b/c/d",
    "**": "a a/b .x | ",
    "**/*": "a a/b .x | ",
    "*": "a .x | a/b",
    "a?c": "abc a.c | ac abbc a/c",
    "[ab].js": "a.js B.js | c.js ab.js [ab].js",
    "[!ab].js": "c.js -.js | a.js ab.js",
    "x[!a]y": "xby | x/y xay",
    "[a-c]x": "ax bx cx | dx -x",
    "[a-]x": "ax -x | bx",
    "[]x]": "] x | [] a",
    "[!]x]": "a | ] x",
    "[^a]": "^ a | b",
    "[z-a]": " | z a -",
    "[a": "[a | a",
    "a]": "a] | a",
    "[a&&b]": "a & b | &&",
    "[+-9]x": "+x 5x | /x",
    "a.b+(c)": "a.b+(c) | axb+(c) a.bb(c)",
    "a**b": "ab axxb | a/b axx/b",
    "**.js": "a.js .js | d/a.js",
    "***": "a | a/b",
    "dist/": " | dist dist/a",
    "tsconfig*.json": "tsconfig.json tsconfig.build.json | x/tsconfig.json tsconfig.js",
    "*/webpack*.config.*": "x/webpack.config.js x/webpack-dev.config.ts | webpack.config.js",
    "a*b*c": "abc axbxc aabbcc abcbc | acb abcx axc",
    "*a*a": "aa xaya aaa | a xa aax",
}


@pytest.mark.parametrize(("pattern", "paths"), GLOB_CASES.items())
def test_a_pattern_matches_these_paths_and_not_those(pattern: str, paths: str) -> None:
    inside, _, outside = paths.partition("|")
    globs = Globs((pattern,))

    assert [path for path in inside.split() if not globs.matches(path)] == []
    assert [path for path in outside.split() if globs.matches(path)] == []


def test_several_patterns_are_alternatives_whatever_their_shapes() -> None:
    globs = Globs(("**/.env", "**/*.map", "**/.git/**", "src/*.ts", "lib/**/x.js"))
    found = [".env", "a/.env", "a.map", "x/.git/config", "src/a.ts", "lib/x.js", "lib/a/b/x.js"]

    assert all(map(globs.matches, found))
    assert not any(map(globs.matches, ["env", "a.mapx", ".git", "src/d/a.ts", "x/lib/x.js", ""]))


def test_no_patterns_match_nothing() -> None:
    assert not any(map(Globs(()).matches, ["", "a", "a/b"]))


# the quick shapes and the expressions against a plain reading of the pattern


def part_matches(pattern: str, text: str) -> bool:
    """Match one part character by character, every way there is."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(part_matches(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    if pattern[0] == "?":
        return bool(text) and part_matches(pattern[1:], text[1:])
    end = pattern.find("]", 3 if pattern.startswith("[!") else 2)
    if pattern[0] == "[" and end > 0:
        return (
            bool(text)
            and in_class(pattern[1:end], text[0])
            and part_matches(pattern[end + 1 :], text[1:])
        )
    return text[:1] == pattern[0] and part_matches(pattern[1:], text[1:])


def in_class(body: str, char: str) -> bool:
    if body.startswith("!"):
        return not in_class_plain(body[1:], char)
    return in_class_plain(body, char)


def in_class_plain(body: str, char: str) -> bool:
    if len(body) > 2 and body[1] == "-":
        return body[0] <= char <= body[2] or in_class_plain(body[3:], char)
    return bool(body) and (body[0] == char or in_class_plain(body[1:], char))


def parts_match(patterns: list[str], parts: list[str]) -> bool:
    """Match part by part; `**` stands for any parts, for some where it is the last."""
    if not patterns:
        return not parts
    if patterns[0] == "**":
        rest = patterns[1:]
        if not [pattern for pattern in rest if pattern != "**"]:
            return bool(parts)
        return any(parts_match(rest, parts[cut:]) for cut in range(len(parts) + 1))
    return (
        bool(parts) and part_matches(patterns[0], parts[0]) and parts_match(patterns[1:], parts[1:])
    )


def plainly(pattern: str, path: str) -> bool:
    return parts_match(pattern.lower().split("/"), path.lower().replace("!", "/").split("/"))


NAMES = st.text(alphabet="abA.", min_size=1, max_size=4)
PART_PATTERNS = st.one_of(
    st.just("**"),
    st.just("*"),
    NAMES,
    st.text(alphabet="aB.*?", min_size=1, max_size=6),
    st.text(alphabet="ab*?[]!-^&|~\\", max_size=6),
)
PATTERNS = st.one_of(
    NAMES.map("**/{}".format),
    NAMES.map("**/*{}".format),
    NAMES.map("**/{}/**".format),
    NAMES,
    st.lists(PART_PATTERNS, min_size=1, max_size=4).map("/".join),
)
PATHS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=4).map("/".join),
    st.lists(NAMES, min_size=1, max_size=4).map("!".join),
    st.text(alphabet="aAb./!-]\n", max_size=10),
)


@settings(max_examples=often(300), deadline=None)
@given(pattern=PATTERNS, path=PATHS)
@example(pattern="**/a/**", path="a/")
@example(pattern="**/a", path="\na")
@example(pattern="**/*a", path="a\n")
def test_all_ways_of_matching_agree_with_a_plain_reading(pattern: str, path: str) -> None:
    expression = re.compile(translate(pattern.lower()))
    normal = path.lower().replace("!", "/")

    assert Globs((pattern,)).matches(path) is plainly(pattern, path)
    assert (expression.fullmatch(normal) is not None) is plainly(pattern, path)


@settings(max_examples=often(100), deadline=None)
@given(patterns=st.lists(PATTERNS, max_size=5), path=PATHS)
def test_patterns_together_match_what_one_of_them_matches(patterns: list[str], path: str) -> None:
    together = Globs(tuple(patterns)).matches(path)

    assert together is any(plainly(pattern, path) for pattern in patterns)


@settings(max_examples=often(100), deadline=None)
@given(pattern=PATTERNS, path=PATHS)
def test_case_does_not_count(pattern: str, path: str) -> None:
    found = Globs((pattern,)).matches(path)

    assert Globs((pattern.upper(),)).matches(path) is found
    assert Globs((pattern,)).matches(path.upper()) is found


# no pattern takes long


def choices(tokens: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield what an expression may try in turn: `*` for a repeat, `/` for a slash.

    What stands in an atomic group is tried once and never again, so it does not count.
    """
    for kind, value in tokens:
        name = str(kind)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            inside = "".join(choices(value[2]))
            yield "*/" if inside.endswith("/") else "*"
        elif name == "SUBPATTERN":
            yield from choices(value[-1])
        elif name == "LITERAL":
            yield "/" if chr(value) == "/" else ""


@settings(max_examples=often(200), deadline=None)
@given(pattern=PATTERNS)
@example(pattern="**/a*b*c*d*/**")
@example(pattern="**/**/**/*a*/**/*b*/**")
def test_between_two_slashes_there_is_one_choice_at_most(pattern: str) -> None:
    parser = importlib.import_module("re._parser")
    tried = "".join(choices(parser.parse(translate(pattern.lower()))))

    assert [part for part in tried.split("/") if part.count("*") > 1] == []


def test_two_choices_between_slashes_would_be_noticed() -> None:
    parser = importlib.import_module("re._parser")
    tried = "".join(choices(parser.parse("(?s:(?:.*/)?a[^/]*b[^/]*c/.*)")))

    assert [part.count("*") for part in tried.split("/")] == [1, 2, 1]


HOSTILE_PATTERNS = [
    "**/a*b*c*d*/**",
    "**/*a*a*a*a*a*a*a*a*b",
    "*a*a*a*a*a*a*a*a*b",
    "**/a/**/a/**/a/**/a/**/a/**/b",
    "**/*a/**/*a/**/*a/**/*a/**/*b",
    "**/**/**/**/**/**/b",
    "?*?*?*?*?*?*?*b",
    "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*1",
    "a**a**a**a**a**b",
]
HOSTILE_PATHS = [
    "a" * 5000,
    "a/" * 2500,
    "abcd" * 1250,
    "abc/" * 1250,
    "/" * 5000,
    "a!" * 2500,
    "aaaaaaaaaaaaaaaaaaa/" * 250 + "x",
]


@pytest.mark.parametrize("pattern", HOSTILE_PATTERNS)
def test_patterns_and_paths_made_to_take_for_ever_come_to_an_end(pattern: str) -> None:
    globs = Globs((pattern,))

    assert not any(map(globs.matches, HOSTILE_PATHS))
