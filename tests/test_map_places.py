"""Where texts stand in a map, and that no key is overlooked beside them."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.maps import places
from tests.often import often

LETTERS = st.text(alphabet='a"\\\n,[]:{} \u00e9', max_size=8)
TEXTS = st.lists(st.none() | LETTERS, max_size=5)


def raw(document: bytes) -> list[bytes]:
    """Return the items of `sourcesContent` as they are written."""
    found = msgspec.json.decode(document, type=dict[str, msgspec.Raw])["sourcesContent"]
    return [bytes(one) for one in msgspec.json.decode(found, type=list[msgspec.Raw])]


@settings(max_examples=often(150), deadline=None)
@given(texts=TEXTS, indent=st.none() | st.integers(0, 2), first=LETTERS)
def test_each_text_is_where_it_is_said_to_be(
    texts: list[str | None], indent: int | None, first: str
) -> None:
    written = {"file": first, "sourcesContent": texts, "mappings": "AAAA"}
    document = json.dumps(written, indent=indent).encode()

    spans = places.of_texts(document, raw(document))

    assert [json.loads(document[start:end]) for start, end in spans] == texts


IN_A_ROW = {
    "strings and nulls": (b'{"sourcesContent":["x",null,"yy"]}', (3, 4, 4), ["x", None, "yy"]),
    "behind names that are spelled like the key": (
        b'{"names":["sourcesContent"],"sourcesContent":["x"]}',
        (3,),
        ["x"],
    ),
    "none": (b'{"sourcesContent":[]}', (), []),
    "an object is none of them": (b'{"sourcesContent":["x",{}]}', (3, 2), None),
}


@pytest.mark.parametrize("case", IN_A_ROW)
def test_texts_without_blanks_stand_one_behind_the_other(case: str) -> None:
    document, lengths, texts = IN_A_ROW[case]

    spans = places.in_a_row(document, lengths)

    found = None if spans is None else [json.loads(document[start:end]) for start, end in spans]
    assert found == texts


def left(document: bytes, *texts: bytes) -> bytes:
    """Return what is left of a document beside its texts and mappings, cut by a bar."""
    spans = places.of_texts(document, texts)
    return b"|".join(document[start:end] for start, end in places.beside(document, spans))


BESIDE = {
    "the texts and the mappings are left out": (
        b'{"sources":["a"],"sourcesContent":["x", null],"mappings":"AAAA","names":[]}',
        (b'"x"', b"null"),
        b'{"sources":["a"],"sourcesContent":[|],"mappings":"|","names":[]}',
    ),
    "in any order": (
        b'{"mappings" : "AA;A","sourcesContent" : [ "x" ]}',
        (b'"x"',),
        b'{"mappings" : "|","sourcesContent" : [ | ]}',
    ),
    "without texts the mappings alone": (
        b'{"mappings":"AAAA","sources":[]}',
        (),
        b'{"mappings":"|","sources":[]}',
    ),
    "mappings with an escape are gone through": (
        b'{"mappings":"A\\/","sourcesContent":["x"]}',
        (b'"x"',),
        b'{"mappings":"A\\/","sourcesContent":[|]}',
    ),
    "an object among the texts may have keys": (
        b'{"sourcesContent":["x",{"sources":[]}],"mappings":""}',
        (b'"x"', b'{"sources":[]}'),
        b'{"sourcesContent":["x",{"sources":[]}],"mappings":"|"}',
    ),
    "a list elsewhere that is another one is none": (
        b'{"a":{"sourcesContent":["y"]},"sourcesContent":["x"],"mappings":""}',
        (b'"x"',),
        b'{"a":{"sourcesContent":["y"]},"sourcesContent":["x"],"mappings":"|"}',
    ),
    "a list elsewhere that is the same leaves the key that counts": (
        b'{"a":{"sourcesContent":["x"]},"sourcesContent":["x"]}',
        (b'"x"',),
        b'{"a":{"sourcesContent":[|]},"sourcesContent":["x"]}',
    ),
    "mappings elsewhere that are cut leave the key that counts": (
        b'{"a":{"mappings":"B"},"mappings":"A"}',
        (),
        b'{"a":{"mappings":"|"},"mappings":"A"}',
    ),
    "mappings that are no string are gone through": (
        b'{"mappings":{"sources":[]}}',
        (),
        b'{"mappings":{"sources":[]}}',
    ),
}


@pytest.mark.parametrize("case", BESIDE)
def test_beside_the_texts_every_key_is_left(case: str) -> None:
    document, texts, expected = BESIDE[case]

    assert left(document, *texts) == expected
