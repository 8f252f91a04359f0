"""pnpm's lockfiles: keys, documents, who requires whom, and a YAML reader with one answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import InputError, ParseError
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.limits import Limits
from auditor.lockfiles import Document, _yaml
from auditor.lockfiles._pnpm_keys import PnpmKey, parsed, without_peers
from auditor.lockfiles.pnpm import FORMAT
from tests.often import often

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles" / "pnpm"
TEXTS = {path.parent.name: path.read_text("utf-8") for path in FIXTURES.glob("*/*.yaml")}


def of(text: str) -> Inventory:
    return FORMAT.read(Document(path="pnpm-lock.yaml", data=text.encode()))


def named(inventory: Inventory, name: str) -> LockedPackage:
    (found,) = [package for package in inventory.packages if package.name == name]
    return found


@pytest.mark.parametrize(
    ("key", "name", "version", "source"),
    [
        ("/ms/2.1.3", "ms", "2.1.3", ""),
        ("/@s/a/1.0.0_react@17.0.2", "@s/a", "1.0.0", ""),
        ("/@s/a/1.0.0_@s+b@1.0.0+c@2.0.0", "@s/a", "1.0.0", ""),
        ("/a/1.0.0-rc.1_0a1b2c3d", "a", "1.0.0-rc.1", ""),
        ("/foo/1.0.0/peer@2.0.0", "foo", "1.0.0", ""),
        ("/@s/a@1.0.0(@s/b@1.0.0(c@2.0.0))(d@1.0.0)", "@s/a", "1.0.0", ""),
        ("a@1.0.0+build.5", "a", "1.0.0+build.5", ""),
        ("@s/a@1.0.0", "@s/a", "1.0.0", ""),
        ("/ms@2.1.3(patch_hash=ab12)", "ms", "2.1.3", ""),
        ("a@https://codeload.example.org/o/a/tar.gz/abc", "a", "", "https://codeload.example.org/o/a/tar.gz/abc"),
        ("a@file:dir(b)c(react@1.0.0)", "a", "", "file:dir(b)c"),
        ("node@runtime:24.0.0", "node", "", "runtime:24.0.0"),
        ("file:../dir_react@18.2.0", "", "", "file:../dir_react@18.2.0"),
        ("github.com/o/r/0123456789abcdef", "", "", "github.com/o/r/0123456789abcdef"),
        ("@codeload.example.org/o/r/tar.gz/abc", "", "", "codeload.example.org/o/r/tar.gz/abc"),
        ("invalidpath", "", "", "invalidpath"),
    ],
)  # fmt: skip
def test_keys_of_all_versions(key: str, name: str, version: str, source: str) -> None:
    assert parsed(key) == PnpmKey(name=name, version=version, source=source)


def test_the_registry_in_a_key_is_its_host() -> None:
    assert parsed("npm.example.org/@s/a/1.0.0").host == "npm.example.org"
    assert parsed("localhost+4873/a@1.0.0").host == "localhost+4873"
    assert of(TEXTS["5.4"]).by_id["npm.example.org/@corp/private/3.0.0"].resolved == (
        "https://npm.example.org/@corp/private/-/private-3.0.0.tgz"
    )


def test_parentheses_of_a_path_are_no_peers() -> None:
    assert without_peers("a@file:x(y)z(p@1(q@2))") == "a@file:x(y)z"
    assert without_peers("a@file:x(y)z") == "a@file:x(y)z"


@pytest.mark.parametrize(
    ("version", "name", "origin"),
    [
        ("5.4", "from-git", Origin.GIT),
        ("5.4", "local-dir", Origin.FILE),
        ("5.4", "sibling", Origin.WORKSPACE),
        ("5.4", "@corp/private", Origin.REGISTRY),
        ("6.0", "@owner/lib", Origin.GIT),
        ("6.0", "sibling", Origin.WORKSPACE),
        ("9.0", "lib", Origin.GIT),
        ("9.0", "local-dir", Origin.FILE),
        ("9.0", "outside", Origin.FILE),
        ("9.0", "node", Origin.URL),
        ("9.0", "react", Origin.REGISTRY),
    ],
)
def test_where_a_content_comes_from(version: str, name: str, origin: Origin) -> None:
    assert named(of(TEXTS[version]), name).origin is origin


def test_marks_of_single_packages() -> None:
    five, six, nine = (of(TEXTS[version]) for version in ("5.4", "6.0", "9.0"))
    assert named(five, "@scope/tool").install_script
    assert named(five, "axios").alias == "http-helper"
    assert named(five, "axios").deprecated == "first line\n\nthird: line"
    assert named(five, "axios").line == 33
    assert named(six, "@babel/plugin").dev
    assert named(six, "fsevents").optional
    assert named(six, "ms").published == "2019-06-06T17:31:55.859Z"
    assert named(nine, "@sindresorhus/is").alias == "@my/alias"
    assert named(nine, "@sindresorhus/is").deprecated == "Use another: this one is old # really"
    assert named(nine, "node").files == (
        "https://nodejs.example.org/v24.0.0/node-v24.0.0-linux-x64.tar.gz",
    )
    assert named(nine, "optional-one").optional


def test_what_only_development_needs_is_found_by_walking() -> None:
    nine = of(TEXTS["9.0"])
    assert {p.name for p in nine.packages if p.dev} == {"wrappy", "helper"}
    assert not named(nine, "only-in-snapshots").direct


def test_edges_lead_to_packages_and_aliases_show_what_they_stand_for() -> None:
    nine = of(TEXTS["9.0"])
    edges = {edge.name: edge for edge in named(nine, "@isaacs/cliui").requires}
    assert edges["string-width"].target == "string-width@5.1.2"
    assert edges["string-width-cjs"].target == "string-width@4.2.3"
    assert edges["string-width-cjs"].wants == "npm:string-width@4.2.3"
    assert edges["optional-one"].optional
    (peer,) = named(nine, "react-dom").requires
    assert (peer.target, peer.peer) == ("react@17.0.2", True)
    assert all(edge.target in nine.by_id for edge in nine.roots)


def test_both_documents_are_read() -> None:
    found = of(TEXTS["two-documents"])
    assert found.sections == {"document 1": 2, "document 2": 1}
    assert [p.id for p in found.packages] == [
        "pnpm@12.0.0",
        "ms@2.1.3",
        "document 2: ms@2.1.3",
    ]
    assert found.roots[1].target == "document 2: ms@2.1.3"


def test_a_name_inside_an_entry_wins_and_is_told() -> None:
    found = of(
        "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    name: axios\n    version: 1.14.1\n"
    )
    assert [(p.name, p.version) for p in found.packages] == [("axios", "1.14.1")]
    assert [(p.kind, p.subject) for p in found.problems] == [("version-lie", "a@1.0.0")]


def test_a_repeated_key_is_told_and_both_are_read() -> None:
    found = of(
        "lockfileVersion: '9.0'\npackages:\n"
        "  a@1.0.0:\n    resolution: {integrity: sha512-x}\n"
        "  a@1.0.0:\n    resolution: {integrity: sha512-y}\n"
        "packages:\n  b@1.0.0: {}\n"
    )
    assert [p.kind for p in found.problems] == ["duplicate-key"] * 2
    assert sorted(p.integrity for p in found.packages) == [(), ("sha512-x",), ("sha512-y",)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("lockfileVersion: '9.0'\npackages: [a]\n", "packages"),
        ("lockfileVersion: '9.0'\npackages:\n  a@1.0.0: [x]\n", "packages.a@1.0.0"),
        ("lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {resolution: [x]}\n", "packages.a@1.0.0"),
        ("lockfileVersion: '9.0'\nimporters: {.: [x]}\n", "importers.."),
        (
            "lockfileVersion: '9.0'\nimporters: {.: {dependencies: {a: {}}}}\n",
            "importers...dependencies.a",
        ),
    ],
)
def test_a_wrong_type_is_noted_with_its_key(text: str, place: str) -> None:
    found = of(text + "time: {}\n")
    assert [where for where, _ in found.unread] == [place]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b\n",
        "- lockfileVersion: 9\n",
        "lockfileVersion: 9\na: {\n",
        "lockfileVersion: 9\n" + "".join(" " * i + "a:\n" for i in range(1, 90)),
    ],
)
def test_what_is_no_lockfile_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as refused:
        of(text)
    assert "\n" not in str(refused.value)


# -- two readers of YAML, one answer


def both(text: str) -> None:
    try:
        quick = _yaml._quick(text)  # noqa: SLF001 - the law is about the two halves
    except _yaml._Unusual:  # noqa: SLF001
        return
    thorough = _yaml._thorough(text, Limits())  # noqa: SLF001
    assert [(d.root, d.repeats) for d in quick] == [(d.root, d.repeats) for d in thorough]
    for one, other in zip(quick, thorough, strict=True):
        assert one.lines.items() <= other.lines.items()  # keys on one line have none of their own


@pytest.mark.parametrize("name", TEXTS)
def test_the_quick_reader_agrees_with_pyyaml_on_fixtures(name: str) -> None:
    both(TEXTS[name].replace("<<<<<<<", "# ").replace("=======", "# ").replace(">>>>>>>", "# "))


@pytest.mark.parametrize("text", ["r: |\n a\nr: |\n a\n", "k:\n r: |\n  a\n r: |\n  a\n  b\n"])
def test_a_key_with_a_literal_stands_on_its_own_line(text: str) -> None:
    both(text)
    assert _yaml._quick(text)[0].repeats[0].line == (3 if text[0] == "r" else 2)  # noqa: SLF001


LINES = st.sampled_from(
    [
        "a:", "b: c", "'q r': 'it''s'", '"d": "e"', "- x", "- k: v", "-", "- - y", "{}", "[]",
        "f: {g: h, i: [j, 'k l']}", "m: [n, {o: p}]", "r: |", "s: |-", "text: more", "u: >-", "# c",
        "v: w # c", "x: https://e.org/a,b", "y: a: b", "z: ", "---", "/p@1.0.0(q@2):", "n: null",
        "t: {u: https://e.org, v: >=12}", "a b: c", "", "- {a: b}", "- 'a: b'", "k: -1", "k: - 1",
        "l: ?x", "e: {}", "h: [a, ]", "i: {a}", "j: 'x' y", "o: a#b", "p: {a: b#c}", "q: {a: 'b'c}",
    ]
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 4), LINES), max_size=12))
@settings(max_examples=often(600), deadline=None)
def test_the_quick_reader_agrees_with_pyyaml_where_it_answers(lines: list[tuple[int, str]]) -> None:
    text = "".join(f"{'  ' * depth}{line}\n" for depth, line in lines)
    try:
        both(text)
    except ParseError:
        # What PyYAML refuses must not get past the quick reader.
        with pytest.raises((_yaml._Unusual, ParseError)):  # noqa: SLF001
            _yaml._quick(text)  # noqa: SLF001
