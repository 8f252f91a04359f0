"""Whatever value of whatever document is wrong, it is read or refused, and the key is named.

Here one in some dozens of all changes is tried; `python -m bench.every_value` tries every one.
"""

from __future__ import annotations

from zlib import crc32

import pytest

from tests import mutations
from tests.document_kinds import Kind, kinds
from tests.document_laws import results

EVERY = 31
"""Of so many changes one is tried."""


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_the_sound_document_is_read(kind: Kind) -> None:
    assert all("cannot be read" not in said for said in kind.read(kind.sound))


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_changed_document_is_read_or_refused_with_its_key(kind: Kind) -> None:
    start = crc32(kind.name.encode())
    found = list(results(kind, EVERY, start))

    assert found
    assert [f"{one.change}: {one.wrong}" for one in found if one.wrong] == []


TREE = {"a": [{"b": 1}, "c"], "d": None}


def test_every_place_of_a_tree_is_changed_in_every_way() -> None:
    made = list(mutations.changes(TREE))
    paths = [(), ("a",), ("a", 0), ("a", 0, "b"), ("a", 1), ("d",)]

    assert list(mutations.places(TREE)) == paths
    assert len({(one.path, one.kind) for one in made}) == len(made)
    assert len(made) == len(paths) * len(mutations.VALUES) + len(paths) - 1 + 3
    assert all(mutations.as_json(mutations.changed(TREE, one)) for one in made)


@pytest.mark.parametrize(
    ("path", "kind", "as_json", "as_yaml"),
    [
        (("a", 0, "b"), "zero", '{"a":[{"b":0},"c"],"d":null}', "a:\n  - b: 0\n  - c\nd: null\n"),
        (("a", 1), "removed", '{"a":[{"b":1}],"d":null}', "a:\n  - b: 1\nd: null\n"),
        (("d",), "repeated", '{"a":[{"b":1},"c"],"d":null,"d":"x"}', None),
        (("a",), "a list in a list", '{"a":[[]],"d":null}', "a: [[]]\nd: null\n"),
    ],
)
def test_a_change_is_written_as_it_is_meant(
    path: mutations.Path, kind: str, as_json: str, as_yaml: str | None
) -> None:
    tree = mutations.changed(TREE, mutations.Change(path=path, kind=kind))

    assert mutations.as_json(tree) == as_json
    assert as_yaml is None or mutations.as_yaml(tree) == as_yaml


def test_every_line_of_a_text_is_changed_in_every_way() -> None:
    made = dict(mutations.changed_lines(b"one\ntwo\n"))

    assert made["line 1: removed"] == b"two\n"
    assert made["line 2: repeated"] == b"one\ntwo\ntwo\n"
    assert made["line 2: a NUL"] == b"one\n\0\n"
    assert len(made) == 3 * (3 + len(mutations.LINES))
