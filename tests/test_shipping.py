"""What ships, and how two records of it differ: a table of files before and after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.facts import Contents
from auditor.facts.distribution import DocumentSeen
from auditor.facts.manifest import ManifestSeen
from auditor.model import ArtifactKind
from auditor.shipped import Ability, ChangeKind, Entry, Power, Shipped
from auditor.shipping import compared, shipped
from auditor.stable import chunk, release_path
from tests.work import ends


def record(*files: str, abilities: tuple[Ability, ...] = ()) -> Shipped:
    """Read `path size [kind]` into a record."""
    entries = []
    for text in files:
        path, size, *kind = text.split(" ", 2)
        entries.append(Entry(path=path, size=int(size), kind=kind[0] if kind else "scripts"))
    return Shipped(files=tuple(entries), abilities=abilities)


def told(before: Shipped, after: Shipped) -> list[str]:
    found = compared(before, after, "it")
    return [
        f"{one.change.sign} {one.path} {one.before}>{one.after}{' new' * one.new_kind}"
        for one in found.files
    ]


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (("a.js 1",), ("a.js 1",), []),
        (("a.js 1",), ("a.js 3",), ["~ a.js 1>3"]),
        (("a.js 3",), ("a.js 1",), ["~ a.js 3>1"]),
        (("a.js 1",), ("b.js 1",), ["- a.js 1>None", "+ b.js None>1"]),
        (
            ("a.js 1",),
            ("a.js 900", "b.js 5", "a.js.map 7 source maps"),
            ["+ a.js.map None>7 new", "+ b.js None>5", "~ a.js 1>900"],
        ),
        (("app.3f2a91bc.js 5",), ("app.9c0d11e2.js 5",), []),
        (("app.3f2a91bc.js 5",), ("app.9c0d11e2.js 6",), ["~ app.9c0d11e2.js 5>6"]),
        (("index-DiwrgTda.js 5",), ("index-BkfuqZpo.js 6",), ["~ index-BkfuqZpo.js 5>6"]),
        (
            ("c-1a2b3c4d.js 5", "c-2a2b3c4d.js 9"),
            ("c-3a2b3c4d.js 9", "c-4a2b3c4d.js 5", "c-5a2b3c4d.js 7"),
            ["+ c-5a2b3c4d.js None>7"],
        ),
        (
            ("d-1.0.dist-info/METADATA 5", "_c.cpython-311-x86_64-linux-gnu.so 9"),
            ("d-1.1.dist-info/METADATA 5", "_c.cpython-313-darwin.so 8"),
            ["~ _c.cpython-313-darwin.so 9>8"],
        ),
        ((), ("a.js 1",), ["+ a.js None>1"]),
    ],
)
def test_what_came_went_and_grew(
    before: tuple[str, ...], after: tuple[str, ...], changes: list[str]
) -> None:
    assert told(record(*before), record(*after)) == changes


def test_the_same_size_is_no_proof_where_digests_are_known() -> None:
    before = Shipped(files=(Entry(path="a.js", size=1, kind="scripts", sha256="0" * 64),))
    after = Shipped(files=(Entry(path="a.js", size=1, kind="scripts", sha256="1" * 64),))
    assert [one.change for one in compared(before, after, "").files] == [ChangeKind.CHANGED]
    unknown = Shipped(files=(Entry(path="a.js", size=1, kind="scripts"),))
    assert compared(unknown, after, "").files == ()


def test_what_a_package_can_do_is_compared_by_name() -> None:
    script = Ability(power=Power.INSTALL_SCRIPT, name="postinstall", value="node x.js")
    old = Ability(power=Power.DEPENDENCY, name="a", value="^1")
    new = Ability(power=Power.DEPENDENCY, name="a", value="^2")
    gone = Ability(power=Power.COMMAND, name="cli", value="c.js")
    changes = compared(record(abilities=(old, gone)), record(abilities=(script, new)), "").abilities
    assert [(one.change.sign, one.name, one.before, one.after) for one in changes] == [
        ("+", "postinstall", "", "node x.js"),
        ("~", "a", "^1", "^2"),
        ("-", "cli", "c.js", ""),
    ]


PATHS = st.lists(
    st.tuples(
        st.sampled_from(["a.js", "b-1a2b3c4d.js", "b-2a2b3c4d.js", "c-AbcdEfgh.js", "d/e.map"]),
        st.integers(0, 3),
    ),
    max_size=6,
    unique_by=lambda pair: pair[0],
)


@given(PATHS, PATHS)
def test_both_ways_tell_the_same(one: list[tuple[str, int]], two: list[tuple[str, int]]) -> None:
    first = Shipped(files=tuple(Entry(path=p, size=s, kind="k") for p, s in one))
    second = Shipped(files=tuple(Entry(path=p, size=s, kind="k") for p, s in two))
    there, back = compared(first, second, ""), compared(second, first, "")
    grown = sum((c.after or 0) - (c.before or 0) for c in there.files)
    assert grown == second.size - first.size == there.size_after - there.size_before
    assert len(there.files) == len(back.files)
    assert compared(first, first, "").files == ()


@pytest.mark.parametrize(
    ("path", "stable"),
    [
        ("demo-1.2.3.dist-info/RECORD", "demo-*.dist-info/RECORD"),
        ("demo-1.2.3.data/scripts/x", "demo-*.data/scripts/x"),
        ("a/_c.abi3.so", "a/_c.*.so"),
        ("a/_c.cp312-win_amd64.pyd", "a/_c.*.pyd"),
        ("a/libc.so", "a/libc.so"),
    ],
)
def test_versions_and_platforms_are_taken_out_of_paths(path: str, stable: str) -> None:
    assert release_path(path) == stable


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("index-DiwrgTda.js", "index-*.js"),
        ("a/index-DiwrgTda.js.map", "a/index-*.js.map"),
        ("index-settings.js", None),
        ("index.js", None),
    ],
)
def test_a_chunk_is_known_by_the_rest_of_its_name(path: str, shared: str | None) -> None:
    assert chunk(path) == shared


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("six", "six", ""),
        ("six (>=1.2)", "six", ">=1.2"),
        ("six>=1.2", "six", ">=1.2"),
        ("urllib3<3,>=1.21.1", "urllib3", "<3,>=1.21.1"),
        ("urllib3 (>=1.21.1, <3)", "urllib3", "<3,>=1.21.1"),
        ("a[x,y]>=1", "a", "[x,y]>=1"),
        ("a @ https://example.org/a.whl", "a", "@ https://example.org/a.whl"),
        ("a; extra == 'x'", 'a (extra == "x")', ""),
        (
            'a>1 ; python_version<"3"\n  and extra=="x"',
            'a (python_version < "3" and extra == "x")',
            ">1",
        ),
        ("", "", ""),
        ("[", "", "["),
    ],
)
def test_a_requirement_has_one_spelling(written: str, name: str, value: str) -> None:
    assert _dependencies(f"Name: a\nRequires-Dist: {written}\n") == [(name, value)]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"X{number}: a\n" for number in range(20_000)),
        "".join(f"Requires-Dist: a{number}\n" for number in range(100_000)),
        f"Requires-Dist: a;{' ' * 500_000}x\n",
        f"Requires-Dist: a{'[' * 500_000}\n",
        f"Requires-Dist: a{'=' * 500_000}\n",
    ],
)
def test_hostile_metadata_costs_little(text: str) -> None:
    with ends():
        _dependencies(text)


def _dependencies(document: str) -> list[tuple[str, str]]:
    seen = DocumentSeen(path="PKG-INFO", data=document.encode())
    contents = Contents(kind=ArtifactKind.SDIST, members=(), observations={DocumentSeen: (seen,)})
    found = shipped(contents).abilities
    return [(one.name, one.value) for one in found if one.power is Power.DEPENDENCY]


SHIPPED = [
    ArtifactKind.NPM_TARBALL,
    ArtifactKind.SDIST,
    ArtifactKind.WHEEL,
    ArtifactKind.ARCHIVE,
    ArtifactKind.FOLDER,
]


@pytest.mark.parametrize("kind", SHIPPED)
def test_what_a_package_of_npm_can_do_is_told_wherever_it_lies(kind: ArtifactKind) -> None:
    document = {"name": "kit", "version": "1.0.0", "scripts": {"postinstall": "node setup.js"}}
    seen = ManifestSeen(document=document, text="")
    contents = Contents(kind=kind, members=(), observations={ManifestSeen: (seen,)})

    assert [one.name for one in shipped(contents).abilities] == ["postinstall"]
