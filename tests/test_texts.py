"""The difference of describing texts: what `diff -U2` says, within bounds."""

from __future__ import annotations

import json
from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import texts
from auditor.facts import Contents
from auditor.facts.distribution import DocumentSeen
from auditor.facts.manifest import ManifestSeen
from auditor.model import ArtifactKind
from auditor.texts import Text, changes
from tests.work import ends


def text(content: str, role: str = "METADATA", path: str = "a-1.dist-info/METADATA") -> Text:
    return Text(role=role, path=path, content=content)


def difference(old: str, new: str) -> list[str]:
    found = changes([text(old)], [text(new)])
    return list(found[0].lines) if found else []


def test_a_change_comes_with_two_lines_around_it() -> None:
    old = "a\nb\nc\nd\ne\nf\ng"
    assert difference(old, old.replace("d", "D\nE")) == [
        "@@ -2,5 +2,6 @@",
        " b",
        " c",
        "-d",
        "+D",
        "+E",
        " e",
        " f",
    ]
    assert difference(old, old) == []


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "a", ["@@ -0,0 +1,1 @@", "+a"]),
        ("a", "", ["@@ -1,1 +0,0 @@", "-a"]),
        ("a", "a\nb", ["@@ -1,1 +1,2 @@", " a", "+b"]),
        ("b", "a\nb", ["@@ -1,1 +1,2 @@", "+a", " b"]),
    ],
)
def test_changes_at_the_ends(old: str, new: str, lines: list[str]) -> None:
    assert difference(old, new) == lines


LINES = st.lists(st.sampled_from("abcdefg"), max_size=30)


@given(LINES, LINES)
def test_applying_it_to_the_old_text_gives_the_new_one(old: list[str], new: list[str]) -> None:
    found = difference("\n".join(old), "\n".join(new))
    result, place = [], 0
    for line in found:
        if line.startswith("@@"):
            start, count = map(int, line.split()[1][1:].split(","))
            begin = start - 1 if count else start
            result += old[place:begin]
            place = begin
        elif line[0] in " -":
            assert old[place] == line[1:]
            place += 1
        if line[0] in " +":
            result.append(line[1:])
    assert result + old[place:] == new


@given(LINES, LINES)
def test_it_never_shows_more_than_the_standard_library_would(
    old: list[str], new: list[str]
) -> None:
    found = difference("\n".join(old), "\n".join(new))
    usual = list(unified_diff(old, new, lineterm="", n=2))[2:]
    assert bool(found) == bool(usual)
    assert sum(line[0] in "+-" for line in found) <= len(old) + len(new)


def test_a_text_that_came_or_went_is_a_change() -> None:
    wheel = text("Tag: x", "WHEEL", "a-2.dist-info/WHEEL")
    (came,), (went,) = changes([], [wheel]), changes([wheel], [])
    assert (came.path, came.lines) == ("a-2.dist-info/WHEEL", ("@@ -0,0 +1,1 @@", "+Tag: x"))
    assert (went.path, went.lines) == ("a-2.dist-info/WHEEL", ("@@ -1,1 +0,0 @@", "-Tag: x"))


def test_the_path_is_that_of_the_later_text() -> None:
    (change,) = changes([text("a")], [text("b", path="a-2.dist-info/METADATA")])
    assert change.path == "a-2.dist-info/METADATA"


def test_a_long_difference_is_cut_and_counted() -> None:
    (change,) = changes([text("")], [text("\n".join(map(str, range(1000))))])
    assert (len(change.lines), change.left_out) == (texts.SHOWN, 1001 - texts.SHOWN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n".join(["a", "b"] * 60_000), "\n".join(["b", "a", "a"] * 40_000)),
        ("\n".join(["a", "b"] * 190), "\n".join(["b", "a", "a"] * 130)),
        ("\n".join(f"{n * 7919 % 399}" for n in range(399)), "\n".join(map(str, range(399)))),
        ("a" * 10_000_000, "b" * 10_000_000),
    ],
)
def test_hostile_texts_cost_little(old: str, new: str) -> None:
    with ends():
        (change,) = changes([text(old)], [text(new)])
    assert len(change.lines) <= texts.SHOWN


def test_what_was_not_compared_is_said() -> None:
    long = "x" * texts.LARGEST
    (change,) = changes([text(long)], [text(f"{long}yz")])
    assert change.lines[-1] == "+… 2 characters more were not compared"


def contents(kind: ArtifactKind, *seen: object) -> Contents:
    observations = {type(one): tuple(o for o in seen if type(o) is type(one)) for one in seen}
    return Contents(kind=kind, members=(), observations=observations)


def test_a_manifest_of_one_line_is_compared_by_value() -> None:
    document = {"name": "a", "scripts": {"b": "\u00e9"}}
    packed = json.dumps(document)
    seen = ManifestSeen(document=document, text=f"\ufeff{packed}\n")
    (found,) = texts.of(contents(ArtifactKind.NPM_TARBALL, seen))
    assert found.content == '{\n  "name": "a",\n  "scripts": {\n    "b": "\u00e9"\n  }\n}'

    seen = ManifestSeen(document=document, text='{"name":\n"a"}')
    assert texts.of(contents(ArtifactKind.FOLDER, seen))[0].content == '{"name":\n"a"}'


def test_of_core_metadata_the_headers_count() -> None:
    documents = {
        "a-1.dist-info/METADATA": b"Name: a\r\nVersion: 1\r\n\r\nVersion: of the README",
        "a-1.dist-info/RECORD": b"a,,",
        "a-1.dist-info/WHEEL": b"Tag: x\n\nTag: y",
        "a-1.dist-info/entry_points.txt": b"[a]\n\n[b]",
        "a-1.dist-info/top_level.txt": b"a",
    }
    seen = [DocumentSeen(path=path, data=data) for path, data in documents.items()]
    found = texts.of(contents(ArtifactKind.WHEEL, *seen))
    assert [(one.role, one.content) for one in found] == [
        ("METADATA", "Name: a\nVersion: 1"),
        ("WHEEL", "Tag: x\n\nTag: y"),
        ("entry_points.txt", "[a]\n\n[b]"),
    ]


def test_an_sdist_has_its_own_and_other_archives_none() -> None:
    seen = [
        DocumentSeen(path="PKG-INFO", data=b"Name: a\n\nlong"),
        DocumentSeen(path="pyproject.toml", data=b"[project]\n\n[tool]"),
    ]
    found = texts.of(contents(ArtifactKind.SDIST, *seen))
    assert [(one.path, one.content) for one in found] == [
        ("PKG-INFO", "Name: a"),
        ("pyproject.toml", "[project]\n\n[tool]"),
    ]
    assert texts.of(contents(ArtifactKind.ARCHIVE, *seen)) == ()
