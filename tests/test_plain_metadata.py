"""The quick reading of core metadata against `packaging`: what it answers, that answers as well."""

from __future__ import annotations

from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.metadata import Metadata, parse_email
from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from auditor import fastpaths, plainmetadata
from auditor.facts import Unread
from auditor.facts.metadata_document import split
from auditor.facts.python import core_metadata, file_name
from auditor.model import ArtifactKind
from tests.often import often
from tests.test_core_metadata import LEAST, contents_of

REQUIREMENTS = (
    *("a", "a.b-c_d", "a[x]", "a[x,y.z]>=1", "a[x, y] >=1.0,<2", "a[x ,y] >=1", "a (>=1.0)"),
    *("a>=1.0a1.post2.dev3", "a==1.*", "a!=1.2.*", "a~=1.4", "a (<3.0.0dev,>=1.21.0 , != 1.*)"),
    *("a; extra == 'x'", "a ; extra=='x'", "a>=1;python_version<'3'"),
    'a; (python_version < "3.8" and os_name != "nt") and extra == "dev.x"',
    "a<2; sys_platform == 'win32' or platform_machine == 'x86_64'",
    "a; python_version >= '3.9' and (extra == 'a' or extra == 'b')",
    "a ~= 1.6  ; extra == 'test' and ( sys_platform != 'win32' )",
)
ODD = (
    *("", " ", "UNKNOWN", "a @ https://example.org/a.whl", "a~=1", "a>=1.*", "a>1+local", "-a"),
    *("a-", "a; extra", "a;", "a; extra == 'x", "a; extra in 'x'", "a[]", "a>=1 <2", "a===x"),
    *("a ", "a\tb", "\x00", "a\x0b", "é", "é\u2028", "é=?utf-8?q?a?=", "=?utf-8?q?a?=", "a\u00a0b"),
    *(
        "MIT OR",
        "no-licence",
        "text/html",
        "../a",
        "a/../b",
        "/a",
        "a*",
        "C:/a",
        "a\\b",
        "a//b",
        "a..b",
    ),
    *("v1", "1.0+local", "1.0.post", "Name", "version", "class", "a.class", "1" * 5000, "x" * 600),
    *(">=" + "1" * 5000, "a, b", "a,", ",b", "text/plain; x", "a@b@c", "A <a@b", "a <b>"),
)
VALUES = {
    "Metadata-Version": ("2.1", "2.2", "2.3", "2.4", "1.2", "2.5", "3.0"),
    "Name": ("demo", "Demo.Kit_2", "d"),
    "Version": ("1.0", "1", "1.0a1", "2!1.0", "1.0rc1.post2.dev3", "2026.1"),
    "Summary": ("A demo", "A demo: with, all {signs}"),
    "Home-page": ("https://example.org/",),
    "Author": ("Jane Doe", "Ren\u00e9 Doe", "\u5c71\u7530 \u592a\u90ce  x"),
    "Author-email": ("jane@example.org", "Jane Doe <jane@example.org>", "A <a@b.c>, B <b@b.c>"),
    "Maintainer-email": ("Jane-Ann Doe <jane.doe+x@mail.example.org>",),
    "License": ("MIT", "see LICENSE"),
    "License-Expression": (
        "MIT",
        "MIT OR (Apache-2.0 WITH LLVM-exception)",
        "mit AND LicenseRef-x",
    ),
    "License-File": ("LICENSE", "a/_b+c/LICENSE.txt"),
    "Keywords": ("a, b", "a,b", "a b"),
    "Classifier": ("Typing :: Typed", "Private :: x", "License :: OSI Approved"),
    "Platform": ("any",),
    "Supported-Platform": ("linux",),
    "Dynamic": ("Summary", "license-file", "LICENSE-EXPRESSION"),
    "Provides-Extra": ("test", "Test.it"),
    "Requires-Dist": REQUIREMENTS,
    "Requires-Python": (">=3.9", ">=2.7, !=3.0.*, !=3.1.*", "~=3.8", "<4,>=3", "==3.*"),
    "Project-URL": ("Home, https://example.org/", "Source,https://example.org/a,b", "x"),
    "Description-Content-Type": (
        *("text/markdown", "text/x-rst; charset=UTF-8", "text/plain"),
        "text/markdown; charset=UTF-8; variant=GFM",
    ),
    "Description": ("A demo",),
    "Import-Name": ("demo", "demo.kit", "class", "demo; private"),
    "Import-Namespace": ("demo",),
    "Requires-External": ("C",),
    "X-Other": ("a",),
}
NOT_ANSWERED = {"Description", "Requires-External", "X-Other"}
LINES = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(
        st.sampled_from((name, name, name.lower(), name.upper())),
        st.sampled_from(VALUES[name]) | st.sampled_from(ODD),
    )
)
DOCUMENTS = st.tuples(
    st.sampled_from(
        (LEAST, *(LEAST.replace("2.4", other) for other in ("2.5", "2.1")), "Name: demo\n", "")
    ),
    st.lists(LINES.map(": ".join), max_size=4),
    st.sampled_from(("\n", "\n", "\n", "\r\n", "\n  ", "\n\n")),
    st.sampled_from(("", "\n", "\n\nA description\n", "\n\nDescrição\n")),
).map(lambda parts: (parts[0] + parts[2].join(parts[1]) + parts[3]).encode())


def read(data: bytes) -> dict[str, object] | None:
    """Return what the quick way makes of a document."""
    document = split("METADATA", data)
    assert not isinstance(document, Unread)
    headers = ((header.name, header.value) for header in document.headers)
    return plainmetadata.read(document.head, headers)


@settings(max_examples=often(1500), deadline=None)
@given(DOCUMENTS)
def test_where_it_answers_packaging_answers_so(data: bytes) -> None:
    """Nothing is left unparsed, nothing is invalid, and nothing asks for an address."""
    raw = read(data)
    if raw is None:
        return
    document = split("METADATA", data)
    assert not isinstance(document, Unread)
    parsed, unparsed = parse_email(document.head)
    assert (raw, {}) == (parsed, unparsed)
    checked = dict(parsed)
    if parsed["metadata_version"] < "2.4":
        checked.pop("license_files", None)
    Metadata.from_raw(checked)  # type: ignore[arg-type]
    requirements = raw.get("requires_dist", [])
    assert isinstance(requirements, list)
    assert not any(Requirement(one).url for one in requirements)


@settings(max_examples=often(500), deadline=None)
@given(DOCUMENTS)
def test_the_facts_are_the_same_both_ways(data: bytes) -> None:
    """Each problem with its line."""
    contents = contents_of(data)
    quick = list(core_metadata.collect(contents))
    with fastpaths.taken(fastpaths.OFF):
        assert list(core_metadata.collect(contents)) == quick


@pytest.mark.parametrize("name", sorted(VALUES.keys() - NOT_ANSWERED))
def test_what_tools_write_is_answered(name: str) -> None:
    """Else nobody would notice that the quick way is never taken."""
    value = VALUES[name][0]
    least = LEAST.replace("2.4", "2.5")
    lines = [line for line in least.splitlines() if not line.startswith(f"{name}:")]
    assert read("\n".join((*lines, f"{name}: {value}", "")).encode()) is not None


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_that_tools_write_is_answered(requirement: str) -> None:
    """In each of the spellings of setuptools, flit, hatchling, poetry and meson-python."""
    raw = read(f"{LEAST}Requires-Dist: {requirement}\n".encode())
    assert raw is not None
    assert raw["requires_dist"] == [requirement]


BOXES = (
    *("a@b.c", "A. B <a@b.c>", "A B <a.b+c@d-e.f>", "A-B <a@b>", '"A, B" <a@b.c>'),
    *('"A. B" <a@b.c>', "a", ""),
)
MAILBOXES = st.lists(
    st.sampled_from(BOXES) | st.text('aB <>@,.-"()é;:', max_size=8), max_size=3
).map(", ".join)


@settings(max_examples=often(500))
@given(MAILBOXES)
def test_addresses_are_those_that_the_standard_library_finds(value: str) -> None:
    """Or it is to be asked."""
    found = plainmetadata.addresses(value)
    assert found is None or found == [address for _, address in getaddresses([value])]


FILE_PARTS = (
    *("demo", "1.0", "1", "py3", "py2.py3", "none", "any", "cp311", "_", "a__b", "", "1.0+x", "é"),
    *("manylinux_2_17_x86_64.manylinux2014_x86_64", "ABI3", "win32", "3", "v1", "a.b", ".."),
)
FILES = st.lists(st.sampled_from(FILE_PARTS), min_size=4, max_size=7).map("-".join)


@settings(max_examples=often(500))
@given(FILES | st.just("demo-1.0-py2.py3-none-any"))
def test_a_wheels_name_is_read_as_packaging_reads_it(file: str) -> None:
    """Or it is to be asked."""
    found = plainmetadata.wheel_name(f"{file}.whl")
    if found is not None:
        _, version, _, tags = parse_wheel_filename(f"{file}.whl")
        assert found[0] == version
        assert {*found[1]} == {tag.platform for tag in tags}


def test_what_is_no_wheels_name_is_told_as_packaging_tells_it() -> None:
    """By the words that it has for it."""
    with pytest.raises(InvalidWheelFilename):
        parse_wheel_filename("a__b-1.0-py3-none-any.whl")
    contents = contents_of(LEAST)
    contents = type(contents)(
        kind=ArtifactKind.WHEEL,
        file="a__b-1.0-py3-none-any.whl",
        members=contents.members,
        observations=contents.observations,
    )
    (told,) = file_name.collect(contents)
    assert told.kind is file_name.Problem.INVALID
