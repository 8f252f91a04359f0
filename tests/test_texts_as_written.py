"""The texts of a map that are not looked into: those in which nothing can be, as it is written."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import facts, fastpaths
from auditor.examine import Examination
from auditor.facts import Contents, Embedded, Reader, denied_word
from auditor.facts.secret import SecretSeen
from auditor.facts.source_map import MapSeen
from auditor.fastpaths import OFF, ON, FastPaths
from auditor.jsonscan import ESCAPE, Scan, Sought
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member
from tests.often import often
from tests.test_secrets import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts import Hits
    from auditor.jsonscan import MetIn

TOKEN = TOKENS["AKIA"][1]
PLAIN_WORDS = ("project-x", "rock*.internal")
WORDS = (*PLAIN_WORDS, "Z\u00fcrich", "a/b", 'say "no"')
"""The last three may be written in JSON in another way than in the text."""
INLINE = "//# sourceMappingURL=data:application/json,%7B%22sources%22%3A%5B%22q%22%5D%7D"
INNER = {
    "version": 3,
    "sources": ["q.ts"],
    "sourcesContent": [f"let q = '{TOKEN}'"],
    "mappings": "",
}
GIVING = f"//# sourceMappingURL=data:application/json,{quote(json.dumps(INNER))}"
"""A link to a map that gives text back."""
NPM = TOKENS["npm"][1]
TOKENLIKE = (TOKEN, NPM, TOKEN[:7], NPM[1:], *WORDS, "rocket.internal", INLINE, GIVING)
SIGNS = ("\n", "\r\n", '"', "\\", "/", "\t", "\u2028", "\ud800", "\u00e9", "\U0001f600", "\\u0041")
PIECES = st.sampled_from((*TOKENLIKE, *SIGNS, "let a = 1;"))
TEXTS = st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=4)
SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "/": "\\/"}


def written(text: str, draw: random.Random, share: float) -> str:
    """Write a JSON string; a share of its characters by escapes that nobody needs."""
    out = []
    for sign in text:
        needs = sign in '"\\' or ord(sign) < 32 or "\ud800" <= sign <= "\udfff"
        if sign in SHORT and (needs or draw.random() < share) and draw.random() < 0.8:
            out.append(SHORT[sign])
        elif needs or draw.random() < share:
            out.append(
                json.dumps(sign)[1:-1]
                if ord(sign) > 126
                else f"\\u{ord(sign):04{'xX'[draw.random() < 0.5]}}"
            )
        else:
            out.append(sign)
    return '"' + "".join(out) + '"'


def document(texts: list[str], seed: int, share: float) -> str:
    """Write a map of some texts in one of the ways in which tools and enemies write them."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, nothing to guess
    blank = draw.choice(["", " ", "\n  "])
    items = [written(text, draw, share) if text else "null" for text in texts]
    keys = {
        "version": "3",
        "sources": json.dumps([f"src/{index}.ts" for index in range(len(texts))]),
        "sourcesContent": f"[{blank}{f'{blank},{blank}'.join(items)}{blank}]",
        "mappings": '"AAAA;ACAA"',
        "names": json.dumps(draw.choice([[], [TOKEN], ["a\\u0041", "project-x"]])),
    }
    order = draw.sample(sorted(keys), len(keys))
    if draw.random() < 0.2:
        order.append("sourcesContent")
    body = ",".join(f'{blank}"{key}"{blank}:{blank}{keys[key]}' for key in order)
    if draw.random() < 0.2:
        body = f'"sections":[{{"offset":{{"line":0,"column":0}},"map":{{{body}}}}}]'
    start = draw.choice(["", "", "", "\ufeff", ")]}'\n", " "])
    return f"{start}{{{body}}}"


def seen(
    data: bytes,
    paths: FastPaths,
    words: tuple[str, ...] = PLAIN_WORDS,
    limits: Limits | None = None,
) -> tuple[Contents, list[str]]:
    with fastpaths.taken(paths):
        readers = (*facts.load(lockfile=False)[1], denied_word.reader(words))
        examination = Examination("test", readers, Budget(limits or Limits()))
        member = Member(path="dist/a.js.map", name="a", size=len(data))
        examination.run([(member, iter((data,)))])
        reasons = [gap.reason for gap in examination.gaps]
        return examination.contents(ArtifactKind.NPM_TARBALL, None), reasons


@settings(max_examples=often(300), deadline=None)
@given(
    texts=TEXTS,
    seed=st.integers(0, 10**6),
    share=st.sampled_from([0.0, 0.0, 0.02, 0.5, 1.0]),
    words=st.sampled_from([PLAIN_WORDS, PLAIN_WORDS, WORDS]),
)
def test_what_is_found_is_the_same_whether_all_texts_are_looked_into_or_few(
    texts: list[str], seed: int, share: float, words: tuple[str, ...]
) -> None:
    data = document(texts, seed, share).encode("utf-8", "surrogatepass")

    assert seen(data, ON, words) == seen(data, OFF, words)


@pytest.mark.parametrize("mark", ["sourceMappingURL", r"source\u004dappingURL"])
def test_a_link_in_a_text_is_followed_however_the_map_writes_it(mark: str) -> None:
    texts = ["let a", GIVING, "let b"]
    map_ = {"version": 3, "mappings": "", "sources": ["a", "b", "c"], "sourcesContent": texts}
    data = json.dumps(map_).replace("sourceMappingURL", mark).encode()

    (found,) = seen(data, ON)[0].of(MapSeen)

    assert [source.name for source in found.map.sources] == ["a", "b", "q.ts", "c"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_places_in_a_document_that_had_to_be_unwrapped_are_not_taken_for_the_files(
    codec: str,
) -> None:
    texts = [" " * 90 + TOKEN, "let a"]
    data = json.dumps({"version": 3, "sources": ["a", "b"], "sourcesContent": texts}).encode(codec)

    found = seen(data, ON)

    assert found == seen(data, OFF)
    assert [one.holder for one in found[0].of(SecretSeen) if one.holder] == ["dist/a.js.map"]


def test_where_not_all_matches_are_known_every_text_is_looked_into() -> None:
    texts = [TOKEN[:4] * 40, "let a", TOKEN]
    map_ = {"version": 3, "mappings": "", "sources": ["a", "b", "c"], "sourcesContent": texts}
    data = json.dumps(map_).encode()

    found = seen(data, ON, limits=Limits(matches=20))

    assert found == seen(data, OFF, limits=Limits(matches=20))
    assert [one.fact.path for one in found[0].of(SecretSeen)] == ["dist/a.js.map!c"]


LOOKED_INTO = [
    ("let a = 1", False),
    ("let KEY = 1", True),
    (r"let \u004bEY", True),
    (r"let \u4f60", False),
    (r"a\\u00 b", True),  # no escape, and not worth telling from one
    (r"\KEY", True),
    (r"K\u000aEY", True),
    (r"K\nEY", False),
]


@pytest.mark.parametrize(("text", "expected"), LOOKED_INTO)
def test_a_text_is_looked_into_where_the_map_has_a_hit_in_it_or_an_escape(
    text: str, *, expected: bool
) -> None:
    shown: list[str] = []
    data = f'["{text}"]'.encode()

    def opened(member: Member, content: bytes, _: Hits, met_in: MetIn) -> Iterator[Embedded]:
        met = met_in(1, len(content) - 1)
        yield Embedded(holder=member.path, name="a", text=b"the KEY", met=met)

    def read(member: Member, _: bytes, __: Hits) -> Iterator[object]:
        shown.append(member.path)
        return iter(())

    readers = (
        Reader(wants=lambda one: not one.holder, read=lambda *_: (), read_scanned=opened),
        Reader(anchors=frozenset({b"KEY"}), embedded=frozenset({b"KEY"}), read=read),
    )
    examination = Examination("test", readers, Budget(Limits()))
    examination.run([(Member(path="m", name="m", size=len(data)), iter((data,)))])

    assert ("m!a" in shown) == expected


PLAIN = [b"AKIA", b"PRIVATE KEY", b"_authToken=", b"~", b" ", b"!", b"[]"]
WITH_ESCAPES = [b'"key"', b"a/b", b"a\\b", b"a\nb", b"\x7f", "\u00fc".encode(), b"", b"a\x00"]


@pytest.mark.parametrize("literal", PLAIN)
def test_what_json_writes_as_it_is(literal: bytes) -> None:
    assert Sought([literal]).plain
    assert json.dumps(literal.decode()) == f'"{literal.decode()}"'


@pytest.mark.parametrize("literal", WITH_ESCAPES)
def test_what_json_may_write_in_another_way_is_looked_for_in_each_text(literal: bytes) -> None:
    assert not Sought([b"AKIA", literal]).plain


def test_the_edges_of_a_string_are_told_from_those_of_its_neighbours() -> None:
    scan = Scan(Sought([b"k", b"l"]))
    scan.hits[b"k"] = [10, 30]
    scan.hits[b"l"] = [10, 25]
    scan.hits[b"other"] = [20]

    assert scan.met_in(10, 11) == frozenset({b"k", b"l"})
    assert scan.met_in(5, 11) == frozenset({b"k", b"l"})
    assert scan.met_in(5, 10) == frozenset()
    assert scan.met_in(11, 30) == frozenset({b"l"})
    assert scan.met_in(11, 31) == frozenset({b"k", b"l"})
    assert scan.met_in(26, 31) == frozenset({b"k"})
    assert scan.met_in(31, 99) == frozenset()


def test_an_escape_counts_for_the_strings_of_its_block_alone() -> None:
    scan = Scan(Sought([b"k"]))
    scan.escape(3 << 16)

    assert scan.met_in(0, (3 << 16) - 1) == frozenset()
    assert scan.met_in(0, 3 << 16) is None
    assert scan.met_in((4 << 16) - 9, 5 << 16) is None
    assert scan.met_in(4 << 16, 5 << 16) == frozenset()


def test_what_has_to_be_found_of_an_escape_begins_every_one_of_an_ascii_character() -> None:
    assert {f"\\u{number:04x}"[:4].encode() for number in range(128)} == {ESCAPE}
