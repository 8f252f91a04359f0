"""Maps in JSON of any depth: read as other parsers read them, in time that grows as the text."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import ParseError
from auditor.maps import deep, reader
from tests.often import often
from tests.test_cli import as_json

if TYPE_CHECKING:
    from tests.conftest import Pack

DEPTH = 100_000
QUICK = settings(max_examples=often(120), deadline=None)
TEXT = "let answer: number = 42\n"


def nested(depth: int, inner: str = "1", kind: str = '{"a":') -> str:
    """Return a value inside many objects or lists."""
    return kind * depth + inner + ("}" if kind[0] == "{" else "]") * depth


def document(before: str = "", after: str = "") -> str:
    """Return a map with members before its texts and behind them."""
    texts = f'"sourcesContent":[{json.dumps(TEXT)}]'
    names = '"version":3,"sources":["../src/a.ts"],"mappings":"AAAA"'
    return f"{{{names},{before}{texts}{after}}}"


SHAPES = {
    "an object before the texts": document(f'"x":{nested(DEPTH)},'),
    "lists before the texts": document(f'"x":{nested(DEPTH, kind="[")},'),
    "an object behind the texts": document(after=f',"x":{nested(DEPTH)}'),
    "the map itself is that deep": nested(DEPTH, document(), '{"x":'),
    "the map is in lists": nested(DEPTH, document(), "["),
    "among the texts": document().replace("[" + json.dumps(TEXT), "[" + json.dumps(TEXT) + ",")[:-2]
    + nested(DEPTH, kind="[")
    + "]}",
    "a section": f'{{"sections":[{{"x":{nested(DEPTH)},"map":{document()}}}]}}',
    "a text that holds the map": f'{{"x":{nested(DEPTH)},"y":{json.dumps(document())}}}',
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_the_texts_of_a_map_are_found_whatever_nests_beside_them(text: str) -> None:
    found = reader.read(text.encode())

    assert found is not None
    assert [(one.name, one.size) for one in found.sources] == [("../src/a.ts", len(TEXT))]


def test_such_a_map_is_a_finding_and_no_gap(capsys: pytest.CaptureFixture[str], pack: Pack) -> None:
    path = pack({"dist/deep.js.map": SHAPES["an object before the texts"]})

    _, report = as_json(capsys, str(path))

    assert report["gaps"] == []
    assert "embedded-sources" in [one["rule"] for one in report["findings"]]


def test_a_map_that_deep_in_a_script_is_found_as_well(
    capsys: pytest.CaptureFixture[str], pack: Pack
) -> None:
    path = pack({"dist/app.js": f"module.map = {SHAPES['an object before the texts']};\n"})

    _, report = as_json(capsys, str(path))

    assert "embedded-sources" in [one["rule"] for one in report["findings"]]


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a":[}', "]", '{"a":1}}', '{"sourcesContent":["x"', '{"a":"', "[" * DEPTH],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="not readable as JSON"):
        deep.objects(text.encode())


class Twice(list[tuple[str, Any]]):
    """An object in which keys may stand twice."""


KEYS = st.sampled_from(
    ["sources", "sourcesContent", "mappings", "sourceRoot", "sections", "map", "ignoreList", "a"]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "AAAA", "x\"]}'\\", "é"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(KEYS, inner), max_size=4).map(Twice)
    ),
    max_leaves=25,
)


def written(value: object) -> str:
    if isinstance(value, Twice):
        return "{{{}}}".format(", ".join(f"{json.dumps(k)} : {written(v)}" for k, v in value))
    if isinstance(value, list):
        return "[{}]".format(" , ".join(map(written, value)))
    return json.dumps(value)


@QUICK
@given(value=st.lists(st.tuples(KEYS, VALUES), max_size=6).map(Twice), escaped=st.booleans())
def test_it_finds_what_the_thorough_parser_finds(value: Twice, escaped: bool) -> None:  # noqa: FBT001
    text = written(value)
    if escaped:
        text = text.replace('"sources', '"s\\u006furces')
    thorough = reader.Collected()
    for one in reader._slow(reader._pairs(text.encode()), reader.HERE):  # noqa: SLF001
        thorough.add(one)
    quick = reader.Collected()
    for one in reader._deep(text.encode(), reader.HERE):  # noqa: SLF001
        quick.add(one)

    assert sources(quick) == sources(thorough)


def sources(found: reader.Collected) -> list[tuple[Any, ...]]:
    if found.map is None:
        return []
    return sorted((one.name, one.size, one.third_party, one.root) for one in found.map.sources)


class Counting:
    """A pattern that counts how often it is asked, and over how many bytes."""

    def __init__(self, pattern: Any) -> None:  # noqa: ANN401
        self._pattern = pattern
        self.steps = 0

    def match(self, data: bytes, position: int) -> Any:  # noqa: ANN401
        found = self._pattern.match(data, position)
        self.steps += 1 + (0 if found is None else found.end() - position)
        return found


GROWING = {
    "objects": lambda n: document(f'"x":{nested(n)},'),
    "lists": lambda n: document(f'"x":{nested(n, kind="[")},'),
    "maps in one another": lambda n: nested(n, kind='{"sources":["a"],"sourcesContent":["x"],"a":'),
    "lists of texts in one another": lambda n: (
        nested(n, "1", '{"sourcesContent":[').replace("1", "").replace("}", "]}")
    ),
    "texts without an end": lambda n: '{"a":' * n + '"' + "\\\\" * n,
}


@pytest.mark.parametrize("grow", GROWING.values(), ids=GROWING.keys())
def test_four_times_the_text_takes_four_times_the_steps(
    grow: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = Counting(deep._TOKEN)  # noqa: SLF001
    monkeypatch.setattr(deep, "_TOKEN", counted)
    steps = []
    for size in (2_000, 8_000):
        counted.steps = 0
        with contextlib.suppress(ParseError):
            deep.objects(grow(size).encode())
        steps.append(counted.steps)

    assert 3 < steps[1] / steps[0] < 5


def test_a_made_map_is_the_same_for_both() -> None:
    data = document().encode()
    found = reader.Collected()
    for one in reader._deep(data, reader.HERE):  # noqa: SLF001
        found.add(one)

    assert found.map == reader.read(data)
