"""METADATA and PKG-INFO against what PyPI's upload handler says to them, and hostile ones."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.facts import Contents, Unread
from auditor.facts.distribution import DocumentSeen
from auditor.facts.metadata_document import (
    LARGEST_HEAD,
    MOST_HEADERS,
    MOST_NAMES,
    MetadataDocument,
    split,
)
from auditor.facts.python.core_metadata import MOST, CoreMetadataFact, collect
from auditor.facts.python.description import LARGEST, DescriptionFact, rst_problem
from auditor.facts.python.description import collect as collect_description
from auditor.model import ArtifactKind, Member
from tests.often import often

if TYPE_CHECKING:
    from tests.conftest import Pack

FOLDER = "demo-1.0.dist-info"
LEAST = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9\n"


def contents_of(
    document: str | bytes,
    *files: str,
    kind: ArtifactKind = ArtifactKind.WHEEL,
    folder: str = FOLDER,
) -> Contents:
    data = document.encode() if isinstance(document, str) else document
    path = f"{folder}/METADATA" if kind is ArtifactKind.WHEEL else "PKG-INFO"
    members = tuple(Member(path=file, name=file, size=1) for file in (path, *files))
    seen = DocumentSeen(path=path, data=data)
    return Contents(kind=kind, members=members, observations={DocumentSeen: (seen,)})


def told(document: str | bytes, *files: str, kind: ArtifactKind = ArtifactKind.WHEEL) -> list[str]:
    """Return each problem as `LINE FIELD: KIND`."""
    found = []
    for fact in collect(contents_of(document, *files, kind=kind)):
        assert isinstance(fact, CoreMetadataFact), fact
        assert fact.key == fact.field
        found.append(f"{fact.line or '-'} {fact.field}: {fact.kind}")
    return found


TAKEN = [
    "",
    "Summary: " + "x" * 512,
    "Summary: UNKNOWN\nHome-page: UNKNOWN\nAuthor-email: UNKNOWN\nPlatform: UNKNOWN",
    "License: UNKNOWN\nLicense-Expression: MIT",
    "Author-email: Jane Doe <jane@example.org>",
    "Author-email: jane@localhost, joe@example.org",
    'Author-email: "Doe, Jane" <jane.doe+demo@mail.example.org>',
    "Author-email: Ren\u00e9 <ren\u00e9@example.org>",
    "Maintainer-email: jane@xn--bcher-kva.example.org",
    "Home-page: https://example.org/a b?c#d[e]",
    "Download-URL: HTTP://example.org:8080/",
    "Home-page: http:relative",
    "Project-URL: " + "x" * 32 + ", https://example.org/",
    "Project-URL: Source, https://[::1]/",
    "Classifier: Programming Language :: Python :: 3\nClassifier: Typing :: Typed",
    "License-Expression: MIT OR (Apache-2.0 WITH LLVM-exception)",
    "License-Expression: LicenseRef-Demo",
    "Dynamic: Summary\nDynamic: license-file",
    "Requires-Dist: a[x]>=1.0,<2; python_version < '3.12' and extra == 'y'",
    "Provides-Extra: Test.it",
    "Provides-Dist: a\nObsoletes-Dist: b (<2)",
    "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
    "Keywords: a,b, c",
    "Supported-Platform: x\nRequires-External: C\nRequires: a\nProvides: b\nObsoletes: c",
]


@pytest.mark.parametrize("fields", TAKEN)
def test_metadata_that_pypi_takes_has_no_problem(fields: str) -> None:
    assert told(f"{LEAST}{fields}\n\nText\n") == []


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"])
def test_every_version_of_the_metadata_that_pypi_takes(version: str) -> None:
    document = f"Metadata-Version: {version}\nName: demo\nVersion: 1.0\n"
    assert told(document) == ["- Requires-Python: no-python-requirement"]


REFUSED = [
    ("Summary: " + "x" * 513, ["5 Summary: long-summary"]),
    ("Author-email: Jane Doe", ["5 Author-email: mail-address"]),
    ("Author-email: jane at example.org", ["5 Author-email: mail-address"]),
    ("Maintainer-email: jane@mail.local", ["5 Maintainer-email: mail-address"]),
    ("Home-page: example.org", ["5 Home-page: url"]),
    ("Download-URL: ftp://example.org/", ["5 Download-URL: url"]),
    ("Project-URL: Source", ["5 Project-URL: url"]),
    ("Project-URL: , https://example.org/", ["5 Project-URL: url-label"]),
    ("Project-URL: " + "x" * 33 + ", https://example.org/", ["5 Project-URL: url-label"]),
    (
        "Project-URL: A, https://a.org\nProject-URL: A, https://b.org",
        ["5 Project-URL: repeated-field"],
    ),
    ("Classifier: Typing :: Typed\nClassifier: Demo", ["6 Classifier: unknown-classifier"]),
    ("Classifier: Demo\nClassifier: Demo", ["5 Classifier: unknown-classifier"]),
    ("Classifier: Natural Language :: Ukranian", ["5 Classifier: deprecated-classifier"]),
    ("Classifier: Private :: Do Not Upload", ["5 Classifier: private-classifier"]),
    ("License-Expression: Use-it-after-midnight", ["5 License-Expression: invalid-value"]),
    ("License-Expression: MIT\nLicense: MIT", ["6 License: licence-conflict"]),
    (
        "License-Expression: MIT\nClassifier: License :: OSI Approved :: MIT License",
        ["6 Classifier: licence-classifier"],
    ),
    ("Dynamic: Version", ["5 Dynamic: invalid-value"]),
    ("Dynamic: Dynamic", ["5 Dynamic: invalid-value"]),
    ("Dynamic: Colour", ["5 Dynamic: invalid-value"]),
    ("Requires-Dist: a\nRequires-Dist: b c", ["6 Requires-Dist: invalid-value"]),
    ("Provides-Dist: b c", ["5 Provides-Dist: invalid-value"]),
    ("Requires-Dist: a @ https://example.org/a.whl", ["5 Requires-Dist: direct-url"]),
    ("Obsoletes-Dist: a @ file:///a.whl", ["5 Obsoletes-Dist: direct-url"]),
    ("Provides-Extra: a b", ["5 Provides-Extra: invalid-value"]),
    ("Description-Content-Type: text/html", ["5 Description-Content-Type: invalid-value"]),
    (
        "Description-Content-Type: text/markdown; charset=latin-1",
        ["5 Description-Content-Type: invalid-value"],
    ),
    ("Summary: a\nsummary: b", ["5 Summary: repeated-field"]),
    ("Summary: a\n  b", ["5 Summary: invalid-value"]),
    ("Colour: red\nColour: blue", ["5 Colour: unknown-field"]),
    ("Import-Name: demo", ["5 Import-Name: early-field"]),
    ("License-File: LICENSE", ["5 License-File: missing-licence-file"]),
    (
        "License-File: ../LICENSE",
        ["5 License-File: invalid-value", "5 License-File: missing-licence-file"],
    ),
    ("Description: a\n\nb", ["5 Description: repeated-field"]),
    (
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nb\n--a--",
        ["5 Content-Type: unknown-field"],
    ),
]


@pytest.mark.parametrize(("fields", "problems"), REFUSED)
def test_a_problem_is_told_with_its_line_and_field(fields: str, problems: list[str]) -> None:
    assert told(f"{LEAST}{fields}\n") == problems


@pytest.mark.parametrize(
    ("document", "problems"),
    [
        (
            "Name: demo\nVersion: 1.0\nRequires-Python: >=3",
            ["- Metadata-Version: unsupported-version"],
        ),
        (LEAST.replace("2.4", "2.0"), ["1 Metadata-Version: unsupported-version"]),
        (LEAST.replace("2.4", "2.6"), ["1 Metadata-Version: unsupported-version"]),
        (LEAST.replace("2.4", "3"), ["1 Metadata-Version: unsupported-version"]),
        (LEAST.replace("demo", "demo!"), ["2 Name: invalid-value"]),
        (LEAST.replace("Name: demo\n", ""), ["- Name: invalid-value"]),
        (LEAST.replace("Name: demo", "Name: a\nName: b"), ["2 Name: repeated-field"]),
        (LEAST.replace(": 1.0", ": one"), ["3 Version: invalid-value"]),
        (LEAST.replace(": 1.0", ": UNKNOWN"), ["3 Version: invalid-value"]),
        (LEAST.replace(": 1.0", ": 1.0+local.1"), ["3 Version: local-version"]),
        (LEAST.replace(": 1.0", ": 1.0.dev1+g1"), ["3 Version: development-version"]),
        (LEAST.replace(": 1.0", ": 1.0.dev1"), []),
        (LEAST.replace(">=3.9", "three"), ["4 Requires-Python: invalid-value"]),
        (
            LEAST.replace("2.4", "2.3") + "License-Expression: MIT\n",
            ["5 License-Expression: early-field"],
        ),
        (LEAST.replace("2.4", "2.1") + "Dynamic: Summary\n", ["5 Dynamic: early-field"]),
        (LEAST.replace("2.4", "2.1") + "License-File: LICENSE\n", []),
    ],
)
def test_what_a_document_must_have(document: str, problems: list[str]) -> None:
    assert told(document) == problems


def test_bytes_that_are_not_utf_8() -> None:
    assert told(LEAST.encode() + b"Author: Ren\xe9\n\nText\n") == ["5 Author: undecodable"]
    assert told(LEAST.encode() + b"\nRen\xe9\n") == ["- Description: undecodable"]


def test_a_licence_file_lies_in_the_folder_of_the_kind() -> None:
    document = f"{LEAST}License-File: docs/LICENSE\n"
    assert told(document, f"{FOLDER}/licenses/docs/LICENSE") == []
    assert told(document, f"{FOLDER}/docs/LICENSE") != []
    assert told(document, "docs/LICENSE", kind=ArtifactKind.SDIST) == []
    assert told(document, "LICENSE", kind=ArtifactKind.SDIST) != []


def test_an_sdist_is_judged_by_the_same_rules() -> None:
    document = LEAST.replace("2.4", "2.1") + "Home-page: example.org\n"
    assert told(document, kind=ArtifactKind.SDIST) == ["5 Home-page: url"]


def test_a_detail_names_the_value_and_a_remedy() -> None:
    document = f"{LEAST}Classifier: License :: OSI Approved :: Jabber Open Source License\n"
    (found,) = collect(contents_of(document))
    assert isinstance(found, CoreMetadataFact)
    assert found.value == "License :: OSI Approved :: Jabber Open Source License"
    assert found.detail.endswith("is deprecated")
    (found,) = collect(contents_of(LEAST.replace("2.4", "9")))
    assert isinstance(found, CoreMetadataFact)
    assert found.detail.startswith("is '9', and must be one of 1.0, 1.1")


@pytest.mark.parametrize("kind", [ArtifactKind.NPM_TARBALL, ArtifactKind.ARCHIVE])
def test_other_artifacts_and_missing_documents_have_nothing_to_say(kind: ArtifactKind) -> None:
    assert list(collect(contents_of("", kind=kind))) == []
    empty = Contents(kind=ArtifactKind.WHEEL, members=())
    assert list(collect(empty)) == []
    assert list(collect_description(empty)) == []


# -- taking a document apart


def document(data: bytes) -> MetadataDocument:
    found = split("PKG-INFO", data)
    assert isinstance(found, MetadataDocument)
    return found


@pytest.mark.parametrize(
    ("data", "headers", "body", "body_line"),
    [
        (b"", [], b"", 1),
        (b"A: 1\nB: 2\n\nx\ny", [("A", "1", 1), ("B", "2", 2)], b"x\ny", 4),
        (b"A: 1\r\nB: 2\r\n\r\nx", [("A", "1", 1), ("B", "2", 2)], b"x", 4),
        (b"A: 1\rB: 2\r\rx", [("A", "1", 1), ("B", "2", 2)], b"x", 4),
        (b"A: 1\n b\n\tc\nB:\n", [("A", "1\n b\n\tc", 1), ("B", "", 4)], b"", 5),
        (b"A: 1\nno header\nB: 2\n", [("A", "1", 1)], b"no header\nB: 2\n", 2),
        (b"From x\n:\nA: 1\n", [("A", "1", 3)], b"", 4),
        (b" A: 1\nB: 2\n", [("B", "2", 2)], b"", 3),
        (b"\xef\xbb\xbfA: 1\n", [], b"\xef\xbb\xbfA: 1\n", 1),
    ],
)
def test_a_document_is_divided_where_mail_parsers_divide_it(
    data: bytes, headers: list[tuple[str, str, int]], body: bytes, body_line: int
) -> None:
    found = document(data)
    assert [(h.name, h.text, h.line) for h in found.headers] == headers
    assert (found.body, found.body_line) == (body, body_line)
    assert found.head + found.body == data


HEADERS = st.sampled_from(
    [
        b"A: 1",
        b"b:",
        b" c",
        b"\td",
        b"",
        b":",
        b"e e: 2",
        b"\xe9: 3",
        b"F\x00: 4",
        b"--a",
    ]
)


@given(st.lists(HEADERS, max_size=8), st.sampled_from([b"\n", b"\r\n", b"\r"]))
@settings(max_examples=often(300), deadline=None)
def test_the_division_is_that_of_the_mail_parser(lines: list[bytes], end: bytes) -> None:
    from email.parser import BytesParser  # noqa: PLC0415 - the reference

    data = end.join(lines)
    theirs = BytesParser().parsebytes(data)
    ours = document(data)
    assert [h.name for h in ours.headers] == theirs.keys()
    payload = theirs.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert b"".join(ours.body.splitlines()) == b"".join(payload.splitlines())


# -- hostile documents


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LEAST.encode() + b"Summary: " + b"a" * LARGEST_HEAD, "not judged: headers of over"),
        (LEAST.encode() + b"Classifier: a\n" * MOST_HEADERS, "not judged: 10,001 headers and more"),
        (b"".join(b"A%d: 1\n" % i for i in range(MOST_NAMES + 1)), "not judged: 201 headers"),
        (
            LEAST.encode() + b"Author-email: " + b"(" * 100_000,
            "an Author-email of over 100 comments was not judged",
        ),
        (LEAST.replace(": 1.0", f": {'1' * 5000}").encode(), "not judged: the parser gave up"),
        (
            LEAST.encode() + b'Description-Content-Type: text/plain; "' + b'"' * 100_000,
            "a Description-Content-Type of over 1,000 characters was not judged",
        ),
    ],
    ids=["long", "many", "names", "nested", "digits", "parameters"],
)
def test_a_document_made_to_cost_much_is_a_gap(data: bytes, reason: str) -> None:
    gaps = [one.reason for one in collect(contents_of(data)) if isinstance(one, Unread)]
    assert len(gaps) == 1
    assert gaps[0].startswith(reason)


def test_of_very_many_problems_the_first_are_told_and_the_rest_is_a_gap() -> None:
    lines = "".join(f"Classifier: Demo {i}\n" for i in range(MOST + 1))
    gap, *facts = collect(contents_of(LEAST + lines))
    assert isinstance(gap, Unread)
    assert len(facts) == MOST


NAMES = (
    "Metadata-Version Name Version Summary Author-email Classifier Project-URL Home-page License "
    "License-Expression License-File Requires-Dist Requires-Python Dynamic Keywords Provides-Extra "
    "Description Description-Content-Type Content-Type Content-Transfer-Encoding Import-Name X"
).split()
VALUES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"2.4",
            b"demo",
            b"1.0",
            b"a @ https://b",
            b"(" * 50,
            b"base64",
            b"multipart/mixed",
            b"MIT",
        ]
    ),
)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8),
    st.binary(max_size=60),
    st.sampled_from([ArtifactKind.WHEEL, ArtifactKind.SDIST]),
)
@settings(max_examples=often(400), deadline=None)
def test_any_bytes_are_judged_or_said_to_be_odd(
    fields: list[tuple[str, bytes]], body: bytes, kind: ArtifactKind
) -> None:
    data = b"".join(name.encode() + b": " + value + b"\n" for name, value in fields) + b"\n" + body
    for whole in (data, body):
        contents = contents_of(whole, kind=kind)
        for one in (*collect(contents), *collect_description(contents)):
            assert isinstance(one, (CoreMetadataFact, DescriptionFact, Unread))


# -- descriptions


def described(document: str | bytes) -> DescriptionFact:
    (found,) = collect_description(contents_of(document))
    assert isinstance(found, DescriptionFact)
    return found


RENDERS = [
    "Demo\n====\n\nText with *emphasis*, ``code`` and `a link <https://example.org>`_.\n",
    ".. code-block:: a-language-that-nobody-colours\n\n   x\n",
    ".. image:: https://example.org/badge.svg\n   :target: https://example.org\n   :scale: 50\n",
    ".. contents::\n\nA\n=\n\nB\n=\n",
    "- a\n\n  - b\n\n.. note:: c\n\n.. |d| replace:: e\n\n|d| [1]_\n\n.. [1] f\n",
    ".. math::\n\n   x^2\n",
]
BREAKS = [
    ("Demonstration\n=====\n\nText\n", 2, "Title underline too short."),
    ("See :ref:`start`.\n", 1, 'Unknown interpreted text role "ref".'),
    ("a\n\n.. toctree::\n", 3, 'Unknown directive type "toctree".'),
    ("a\n\n*b\n", 3, "Inline emphasis start-string without end-string."),
    ("a_\n", 1, 'Unknown target name: "a".'),
    ("|a|\n", 1, 'Undefined substitution referenced: "a".'),
    (".. include:: /etc/passwd\n", 1, '"include" directive disabled.'),
    (".. raw:: html\n\n   <b>x</b>\n", 1, '"raw" directive disabled.'),
    (".. csv-table::\n   :file: /etc/passwd\n", 1, ""),
    (".. a comment\n", 1, "nothing of it is shown"),
]


@pytest.mark.parametrize("text", RENDERS)
def test_a_description_that_renders(text: str) -> None:
    assert rst_problem(text) == (1, "")


@pytest.mark.parametrize(("text", "line", "problem"), BREAKS)
def test_a_description_that_does_not(text: str, line: int, problem: str) -> None:
    found = described(f"{LEAST}\n{text}")
    assert not found.renders
    assert found.line == line + 5
    assert problem in found.problem
    assert found.problem


def test_a_role_of_one_text_is_unknown_to_the_next() -> None:
    assert rst_problem(".. role:: demo\n\n:demo:`a`\n") == (1, "")
    assert rst_problem(":demo:`a`\n") != (1, "")


@pytest.mark.parametrize(
    ("kind", "declared"),
    [("", False), ("text/x-rst", True), ("Text/X-RST; charset=UTF-8", True)],
)
def test_what_is_taken_for_restructuredtext(kind: str, declared: bool) -> None:  # noqa: FBT001
    header = f"Description-Content-Type: {kind}\n" if kind else ""
    found = described(f"{LEAST}{header}\n*a\n")
    assert (found.content_type, found.declared, found.renders) == ("text/x-rst", declared, False)


@pytest.mark.parametrize("kind", ["text/markdown; variant=GFM", "text/plain"])
def test_other_types_need_not_render(kind: str) -> None:
    found = described(f"{LEAST}Description-Content-Type: {kind}\n\n*a\n")
    assert found.renders
    assert found.content_type == kind.partition(";")[0]


@pytest.mark.parametrize("body", ["", "\n\n", "\nUNKNOWN\n", "\n\ufffd\n"])
def test_without_a_description_there_is_no_fact(body: str) -> None:
    assert list(collect_description(contents_of(LEAST + body))) == []


def test_a_type_that_is_refused_is_not_rendered() -> None:
    document = f"{LEAST}Description-Content-Type: text/html\n\n*a\n"
    assert list(collect_description(contents_of(document))) == []


def test_a_description_in_a_header_is_set_off_by_its_margin() -> None:
    found = described(f"{LEAST}Description: Demo\n        ====\n        \n        text\n")
    assert (found.renders, found.line) == (True, 5)
    found = described(f"{LEAST}Description: Demo\n       |====\n       |\n       |:ref:`a`\n")
    assert (found.renders, found.line) == (False, 8)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("a\n" * (LARGEST // 2 + 1), "over 262,144 characters"),
        ("".join(f"{' ' * i}a\n\n" for i in range(600)), "docutils: RecursionError"),
    ],
    ids=["long", "nested"],
)
def test_a_description_that_costs_too_much_is_a_gap(body: str, reason: str) -> None:
    (gap,) = collect_description(contents_of(f"{LEAST}\n{body}"))
    assert isinstance(gap, Unread)
    assert reason in gap.reason


# -- start-up


def test_an_npm_tarball_imports_none_of_the_libraries(pack: Pack) -> None:
    code = (
        "import sys; from auditor.scan import Request, scan; scan(Request(targets=(sys.argv[1],)));"
        "print(sorted({'docutils', 'trove_classifiers', 'packaging.metadata'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, str(pack({"index.js": "1"}))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
