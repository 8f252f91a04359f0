"""All engines of the search give the same findings: over generated contents, and large ones."""

from __future__ import annotations

import json
import random
import string
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import anchors, facts, literals
from auditor.examine import Examination
from auditor.facts import denied_word
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member
from tests.often import often
from tests.test_secrets import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts import Contents

SIZES = {"find": (2**40, 2**40), "automaton": (-1, 2**40), "hyperscan": (-1, -1)}
"""From how many bytes on the automaton is made, and hyperscan loaded, so that one of them works."""
WORDS = ("project-x", "rock*.internal", "Z\u00fcrich")
PLANTED = (*(token for _, token in TOKENS.values()), *WORDS, "rocket.internal", "PRIVATE KEY")
PIECES = st.sampled_from(PLANTED) | st.text(string.ascii_letters + "_-.=\"'\\ \n", max_size=9)


@pytest.fixture(autouse=True)
def _made_anew() -> Iterator[None]:
    anchors.shared.cache_clear()
    yield
    anchors.shared.cache_clear()


def seen(engine: str, files: dict[str, bytes]) -> Contents:
    """Read some files by one engine alone."""
    small, large = SIZES[engine]
    anchors.shared.cache_clear()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(anchors, "SMALL", small)
        patch.setattr(anchors, "LARGE", large)
        readers = (*facts.load(lockfile=False)[1], denied_word.reader(WORDS))
        examination = Examination("test", readers, Budget(Limits()))
        examination.run(
            (Member(path=path, name=path, size=len(data)), iter((data,)))
            for path, data in files.items()
        )
        assert not examination.gaps
        return examination.contents(ArtifactKind.NPM_TARBALL, None)


def as_files(text: str) -> dict[str, bytes]:
    """Return a text as a script, as what it is not, and in a map."""
    map_ = {"version": 3, "sources": ["a.ts"], "sourcesContent": [text], "mappings": "AAAA"}
    return {
        "a.js": text.encode(),
        "a.bin": b"\x7fELF\0\0" + text.encode("utf-16-le") + text.encode(),
        "a.js.map": json.dumps(map_).encode(),
    }


@settings(max_examples=often(60), deadline=None)
@given(pieces=st.lists(PIECES, max_size=12))
def test_each_engine_finds_the_same(pieces: list[str]) -> None:
    files = as_files(" ".join(pieces))
    first, *others = (seen(engine, files) for engine in SIZES)

    assert others == [first, first]


def test_each_engine_finds_all_that_is_planted_in_large_contents_at_any_place() -> None:
    draw = random.Random(7)  # noqa: S311 - reproducible, nothing to guess
    filler = [draw.choice(string.printable) * draw.randrange(1, 9000) for _ in range(400)]
    for number, planted in enumerate(PLANTED * 2):
        filler.insert(draw.randrange(len(filler)), f"\n{number} {planted} \n")
    files = as_files("".join(filler))
    assert len(files["a.js"]) > anchors.WINDOW

    first, *others = (seen(engine, files) for engine in SIZES)

    assert others == [first, first]
    assert len(first.of(denied_word.DeniedSeen)) >= len(WORDS)


def test_the_engines_are_the_ones_that_the_sizes_stand_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    for name in ("by_find", "by_automaton", "by_hyperscan"):
        make = getattr(literals, name)

        def made(wanted: literals.Literals, name: str = name, make: object = make) -> object:
            asked.append(name)
            return make(wanted)  # type: ignore[operator]

        monkeypatch.setattr(literals, name, made)
    for engine in SIZES:
        asked.clear()
        seen(engine, {"a.js": b"let a"})
        assert set(asked) == {f"by_{engine}"}
