"""YAML that is meant to cost, to run or to hide: told with its line, and the rest is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import LimitError, ParseError
from auditor.limits import Limits
from auditor.lockfiles import Document
from auditor.lockfiles._yaml import yaml_documents
from auditor.lockfiles.conda_lock import FORMAT as CONDA
from auditor.lockfiles.pnpm import FORMAT as PNPM
from tests.test_cli import audit

if TYPE_CHECKING:
    from pathlib import Path

AXIOS = "packages:\n  /axios@1.14.1:\n    resolution: {integrity: sha512-AAAA}\n"
HEAD = "lockfileVersion: '6.0'\n"


def read(text: str, **limits: int) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the content of the only document, and what could not be read of it."""
    (document,) = yaml_documents(text, Limits(**limits))
    return document.root, document.unread


TAGGED = "has the tag {!r}, and is read as if it had none"
TAGS = {
    "of Python": (
        "a: !!python/object/apply:os.mkdir [x]\n",
        ["x"],
        "!!python/object/apply:os.mkdir",
    ),
    "of one's own": ("a: !env HOME\n", "HOME", "!env"),
    "of another type": ("a: !!int '1'\n", "1", "!!int"),
    "on a mapping": ("a: !!python/dict {b: c}\n", {"b": "c"}, "!!python/dict"),
    "by a handle": (
        "%TAG !x! tag:example.org,2000:\n---\na: !x!y 1\n",
        "1",
        "tag:example.org,2000:y",
    ),
}


@pytest.mark.parametrize(("text", "value", "tag"), TAGS.values(), ids=TAGS.keys())
def test_a_tag_is_told_with_its_line_and_its_value_is_read(
    text: str, value: object, tag: str
) -> None:
    root, unread = read(text)

    assert root == {"a": value}
    assert unread == [(f"line {text.count(chr(10))}", TAGGED.format(tag))]


@pytest.mark.parametrize("text", ["a: !!str 1\n", "a: !!seq [x]\n", "!!map\na: x\n"])
def test_a_tag_that_says_what_the_value_is_anyway_is_no_news(text: str) -> None:
    assert read(text)[1] == []


def test_a_key_with_a_tag_is_read_and_told() -> None:
    root, unread = read("!!python/name:os.system a: x\n")

    assert root == {"a": "x"}
    assert unread == [("line 1", TAGGED.format("!!python/name:os.system"))]


ALIASES = {
    "a text": ("a: &x 1\nb: *x\n", {"a": "1", "b": "1"}),
    "a list": ("a: &x [1, 2]\nb: [*x, *x]\n", {"a": ["1", "2"], "b": [["1", "2"], ["1", "2"]]}),
    "a mapping": ("a: &x {c: d}\nb:\n  e: *x\n", {"a": {"c": "d"}, "b": {"e": {"c": "d"}}}),
    "a key": ("a: &x b\n*x : c\n", {"a": "b", "b": "c"}),
    "an anchor set again": ("a: &x 1\nb: &x 2\nc: *x\n", {"a": "1", "b": "2", "c": "2"}),
    "merged": (
        "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n",
        {"a": {"b": "1", "c": "2"}, "d": {"b": "1", "c": "3"}},
    ),
    "several merged": (
        "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne:\n  <<: [*x, *y]\n",
        {"a": {"b": "1"}, "c": {"b": "2", "d": "3"}, "e": {"b": "1", "d": "3"}},
    ),
    "merged without an alias": ("a: {<<: {b: 1}, c: 2}\n", {"a": {"b": "1", "c": "2"}}),
    "a quoted sign is no merge": ("a: {'<<': {b: 1}}\n", {"a": {"<<": {"b": "1"}}}),
}


@pytest.mark.parametrize(("text", "value"), ALIASES.values(), ids=ALIASES.keys())
def test_an_alias_is_what_its_anchor_marks(text: str, value: object) -> None:
    assert read(text) == (value, [])


NOTHING = {
    "to nothing": ("a: *x\n", "has the alias '*x', which stands for nothing"),
    "to what it is part of": (
        "a: &x [*x]\n",
        "has the alias '*x', which stands for what it is part of",
    ),
    "merging a text": ("a: &x 1\nb: {<<: *x}\n", "merges what is no mapping"),
    "a list as a key": ("? [a]\n: b\n", "has a key that is no text"),
    "a mapping as a key": ("? {a: b}\n: c\n", "has a key that is no text"),
    "an alias to a list as a key": ("a: &x [1]\n*x : b\n", "has a key that is no text"),
}


@pytest.mark.parametrize(("text", "reason"), NOTHING.values(), ids=NOTHING.keys())
def test_what_means_nothing_is_told_and_what_follows_is_read(text: str, reason: str) -> None:
    root, unread = read(f"{text}z: &z {{y: 1}}\n")

    assert [why for _, why in unread] == [reason]
    assert root["z"] == {"y": "1"}


def laughs(levels: int) -> str:
    """Return a document of few lines whose aliases stand for 9 values to the power of levels."""
    lines = [
        f"x{level}: &x{level} [{', '.join([f'*x{level - 1}' if level else 'lol'] * 9)}]"
        for level in range(levels)
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("levels", [10, 60])
def test_a_billion_laughs_meet_a_limit_once_and_hide_nothing(levels: int) -> None:
    text = HEAD + laughs(levels) + AXIOS
    found = PNPM.read(Document(path="pnpm-lock.yaml", data=text.encode()))

    assert [package.name for package in found.packages] == ["axios"]
    ((place, reason),) = found.unread
    assert place == "line 6"
    assert reason.startswith("limit yaml-aliases of 10,000 met (found at least ")
    assert reason.endswith("raise it with --limit yaml-aliases=N")


def test_aliases_are_followed_up_to_the_limit() -> None:
    text = "a: &x [1, 2, 3]\nb: *x\nc: *x\n"

    assert read(text, yaml_aliases=8)[1] == []
    root, unread = read(text, yaml_aliases=7)
    assert root == {"a": ["1", "2", "3"], "b": ["1", "2", "3"], "c": ""}
    assert [place for place, _ in unread] == ["line 3"]


def test_many_tags_are_not_told_one_by_one() -> None:
    _, unread = read("".join(f"a{number}: !x 1\n" for number in range(5000)))

    assert len(unread) == 101
    assert unread[-1] == ("", "has more of such places than are told")


@pytest.mark.parametrize("depth", [5, 60, 100])
def test_documents_are_read_up_to_the_limit_and_no_deeper(depth: int) -> None:
    for start, end in (("[", "]"), ("{a: ", "}")):
        inner = depth - 1
        assert read(f"a: {start * inner}{end * inner}\n", json_depth=depth)[1] == []
        for more in (depth, 20_000):
            with pytest.raises(LimitError) as raised:
                read(f"a: {start * more}{end * more}\n", json_depth=depth)
            assert (raised.value.limit, raised.value.allowed) == ("json-depth", depth)


@pytest.mark.parametrize("text", ["*x\n", "- a\n", "x\n", "a:\n\tb: 1\n", "a: \0\n", "a: [\n"])
def test_what_is_no_mapping_or_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read(text)


def test_conda_s_lockfile_tells_its_tags_too() -> None:
    text = "version: 1\nmetadata: !x {}\npackage:\n- {name: a, version: '1', manager: pip}\n"
    found = CONDA.read(Document(path="conda-lock.yml", data=text.encode()))

    assert [package.name for package in found.packages] == ["a"]
    assert found.unread == (("line 2", TAGGED.format("!x")),)


def test_a_tag_makes_an_audit_incomplete_and_the_bad_package_is_found(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "pnpm-lock.yaml"
    path.write_text(f"{HEAD}x: !!python/object/apply:os.mkdir [canary]\n{AXIOS}", encoding="utf-8")

    code, out, _ = audit(capsys, "lock", str(path), "--format", "json")
    report = json.loads(out)

    assert code == 3
    assert [one["rule"] for one in report["findings"]][:1] == ["known-malicious"]
    (gap,) = report["gaps"]
    assert gap["reason"] == f"line 2: {TAGGED.format('!!python/object/apply:os.mkdir')}"
    assert [one.name for one in tmp_path.iterdir()] == ["pnpm-lock.yaml"]
