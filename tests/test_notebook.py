"""What the outputs of notebooks hold, and which files are taken for notebooks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.facts import notebook
from auditor.facts.notebook import NotebookFact
from auditor.model import Member, Unread
from tests.often import often
from tests.work import ends


def read(data: bytes | str, path: str = "docs/a.ipynb") -> list[NotebookFact | Unread]:
    raw = data.encode() if isinstance(data, str) else data
    return list(notebook.read(Member(path=path, name=path, size=len(raw)), raw, ()))


def told(document: Any) -> NotebookFact:  # noqa: ANN401 - any JSON
    text = document if isinstance(document, (str, bytes)) else json.dumps(document)
    (fact,) = read(text)
    assert isinstance(fact, NotebookFact)
    return fact


def made(*outputs: Any, metadata: Any = None, source: str = "1") -> dict[str, Any]:  # noqa: ANN401
    cells = [
        {"cell_type": "code", "source": [source], "outputs": list(outputs), "metadata": {}},
        {"cell_type": "code", "source": ["2"], "outputs": []},
        {"cell_type": "markdown", "source": ["text"]},
    ]
    return {"nbformat": 4, "metadata": metadata or {}, "cells": cells}


STREAM = {"output_type": "stream", "name": "stdout", "text": ["1\n"]}
IMAGE = {"output_type": "display_data", "data": {"image/png": "iVBOR", "text/plain": ["<F>"]}}
ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["Traceback"]}


def test_cells_outputs_pictures_and_tracebacks_are_counted() -> None:
    fact = told(made(STREAM, IMAGE, ERROR))
    assert (fact.code_cells, fact.output_cells) == (2, 1)
    assert (fact.images, fact.errors, fact.paths, fact.user) == (1, 1, 0, "")
    assert fact.output_bytes == sum(len(json.dumps(one)) for one in (STREAM, IMAGE, ERROR))
    assert fact.detail == "1 picture, 1 traceback"
    assert told(made(STREAM)).detail == "text"


def test_a_cleared_notebook_has_none() -> None:
    fact = told(made())
    assert (fact.code_cells, fact.output_cells, fact.output_bytes) == (2, 0, 0)


def test_the_third_version_of_the_format() -> None:
    outputs = [{"output_type": "pyerr", "traceback": []}, {"output_type": "pyout", "png": "iVBOR"}]
    cells = [{"cell_type": "code", "input": "1", "outputs": outputs}]
    fact = told({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]})
    assert (fact.code_cells, fact.output_cells, fact.images, fact.errors) == (1, 1, 1, 1)


def test_a_text_that_speaks_of_outputs_is_none() -> None:
    text = '{"output_type": "error", "image/png": ""}'
    fact = told(made({"output_type": "stream", "text": [text]}))
    assert (fact.images, fact.errors) == (0, 0)


PATHS = [
    ("File /home/ann/kit/a.py:1", "/home/ann/kit/a.py", "ann"),
    ("\x1b[0;32m/home/ann/kit/a.py\x1b[0m in <module>", "/home/ann/kit/a.py", "ann"),
    ("/Users/ann/kit/a.py in f", "/Users/ann/kit/a.py", "ann"),
    (r"C:\Users\nick\kit\a.py in f", r"C:\Users\nick\kit\a.py", "nick"),
    ("c:/Users/ann/a.py", "c:/Users/ann/a.py", "ann"),
    ('"file:///home/ann/a.html"', "/home/ann/a.html", "ann"),
    ("a\n/home/ann/a.py\nb", "/home/ann/a.py", "ann"),
    ("/home/jovyan/work/a.py", "/home/jovyan/work/a.py", ""),
    ("~/kit/a.py and /usr/lib/python3/a.py", "", ""),
    ("https://example.org/home/ann/", "", ""),
    ("/home/<name>/a.py and /home/$USER/a.py", "", ""),
]


@pytest.mark.parametrize(("text", "example", "user"), PATHS)
def test_paths_below_a_home_in_outputs(text: str, example: str, user: str) -> None:
    for output in ({**STREAM, "text": [text]}, {**STREAM, "text": text}, {**ERROR, "x": text}):
        fact = told(made(output))
        assert (fact.example, fact.user, fact.paths) == (example, user, int(bool(example)))


def test_paths_in_metadata_and_not_in_what_the_author_typed() -> None:
    assert told(made(metadata={"papermill": {"input_path": "/home/ann/a"}})).user == "ann"
    assert told(made(source="open('/home/ann/a')")).user == ""


def test_a_slash_may_be_escaped() -> None:
    assert (
        told(json.dumps(made({**STREAM, "text": "/home/ann/a"})).replace("/", "\\/")).user == "ann"
    )


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "[NaN, 1e999]"])
def test_numbers_that_python_writes_and_json_has_not(number: str) -> None:
    text = json.dumps(made(STREAM, {"output_type": "x", "data": {"n": 7}}))
    fact = told(text.replace('"n": 7', f'"n": {number}'))
    assert fact.output_cells == 1


def test_a_byte_order_mark_is_taken_off() -> None:
    assert told(b"\xef\xbb\xbf" + json.dumps(made(STREAM)).encode()).output_cells == 1


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{}",
        "[]",
        "null",
        "{",
        "text",
        '{"a": 1}',
        "version https://git-lfs.example.org/spec/v1",
    ],
)
def test_a_file_without_the_keys_of_a_notebook_is_passed_over(data: str) -> None:
    assert read(data) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('{"cells": [', "not readable as JSON"),
        ('{"cells": 7}', "array"),
        ('{"cells": [{"cell_type": "code", "outputs": "x"}]}', "array"),
        ('{"cells": [{"cell_type": 7}]}', "str"),
        ('["cells", {"cells": []}]', "object"),
        ('{"cells": ' + "[" * 100_000, "json-depth|not readable"),
        (b'{"cells": [NaN], "a": "\xff"}', "is not UTF-8 text"),
    ],
)
def test_a_notebook_that_cannot_be_parsed_is_a_gap(data: str | bytes, reason: str) -> None:
    (gap,) = read(data)
    assert isinstance(gap, Unread)
    assert gap.reason.startswith("not looked into as a notebook: ")
    assert any(part in gap.reason for part in reason.split("|"))


def test_only_notebooks_are_asked_for() -> None:
    wants = notebook.READER.wants
    assert wants(Member(path="docs/A.IPYNB", name="", size=1))
    assert not wants(Member(path="docs/a.json", name="", size=1))


VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["", "code", "/home/ann/x", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "outputs", "cell_type", "worksheets", "metadata", "data"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=often(300), deadline=None)
def test_any_json_is_told_or_passed_over_or_a_gap(document: object) -> None:
    for one in read(json.dumps({"cells": document, "metadata": document})):
        assert isinstance(one, (NotebookFact, Unread))


@pytest.mark.parametrize("unit", ["/home/", "/home/a ", "\\\\", "\\u001b[0m", "A"])
def test_no_text_takes_more_than_time_in_proportion(unit: str) -> None:
    output = unit * (1_600_000 // len(unit))
    with ends():
        read('{"cells": [{"cell_type": "code", "outputs": ["' + output + '"]}]}')
