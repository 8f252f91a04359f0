"""One entry of a lockfile against its address, its digests and its dependents."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import facts
from auditor.facts import Contents
from auditor.facts.lock.file import Beside
from auditor.facts.lock.package import LockedPackageFact, collect
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind
from tests.often import often

S512 = "sha512-" + "A" * 86 + "=="
OTHER = "sha512-" + "B" * 85 + "A=="
S1 = "sha1-" + "A" * 27 + "="
REGISTRY = "https://registry.example.org"


def package(name: str = "a", version: str = "1.0.0", **values: Any) -> LockedPackage:  # noqa: ANN401 - fields of several types
    base = name.rpartition("/")[2]
    defaults = {
        "id": name,
        "ecosystem": "npm",
        "resolved": f"{REGISTRY}/{name}/-/{base}-{version}.tgz",
        "integrity": (S512,),
    }
    return LockedPackage(name=name, version=version, **(defaults | values))


def contents(
    *packages: LockedPackage,
    roots: tuple[Edge, ...] = (),
    beside: dict[str, str] | None = None,
    format_: str = "package-lock",
) -> Contents:
    inventory = Inventory(path="lock", format=format_, packages=packages, roots=roots)
    files = {name: text.encode() for name, text in (beside or {}).items()}
    return Contents(
        kind=ArtifactKind.LOCKFILE,
        members=(),
        observations={Inventory: (inventory,), Beside: (Beside(files=files),)},
    )


def judged(*packages: LockedPackage, **given: Any) -> list[LockedPackageFact]:  # noqa: ANN401 - fields of several types
    return list(collect(contents(*packages, **given)))


def test_an_entry_is_told_as_it_stands() -> None:
    (fact,) = judged(
        package(line=7, alias="b", direct=True, install_script=True, deprecated="gone"),
        roots=(Edge(name="b", wants="npm:a@^1", target="a"),),
    )
    assert (fact.path, fact.line, fact.key) == ("lock", 7, "a")
    assert (fact.host, fact.scheme) == ("registry.example.org", "https")
    assert (fact.address_name, fact.address_version) == ("a", "1.0.0")
    assert (fact.alias, fact.direct, fact.install_script) == ("b", True, True)
    assert (fact.deprecated, fact.algorithms) == ("gone", ("sha512",))
    assert (fact.masked_name, fact.masked_version, fact.undeclared_alias) == (False, False, False)


@pytest.mark.parametrize(
    ("values", "name", "version"),
    [
        ({}, False, False),
        ({"resolved": f"{REGISTRY}/a/-/a-1.0.1.tgz"}, False, True),
        ({"resolved": f"{REGISTRY}/b/-/b-1.0.0.tgz"}, True, False),
        ({"resolved": ""}, False, False),
        ({"version": ""}, False, False),
        ({"version": "v1.0.0", "resolved": f"{REGISTRY}/a/-/a-1.0.0.tgz"}, False, False),
        ({"version": "1.0.0+x", "resolved": f"{REGISTRY}/a/-/a-1.0.0.tgz"}, False, False),
        ({"origin": Origin.URL, "resolved": f"{REGISTRY}/b/-/b-2.0.0.tgz"}, False, False),
        ({"resolved": "https://forge.example.org/download/a/1.0.1/0ab"}, False, True),
    ],
)
def test_an_address_masks_a_package_or_a_version(
    values: dict[str, Any], *, name: bool, version: bool
) -> None:
    (fact,) = judged(package(**values))
    assert (fact.masked_name, fact.masked_version) == (name, version)


@pytest.mark.parametrize(
    ("name", "version", "files", "masked"),
    [
        ("A.b", "1.0", ("a_b-1.0-py3-none-any.whl", "A.b-1.0.tar.gz"), (False, False)),
        ("a-b", "1.0.0", ("a-b-1.0.tar.gz",), (False, False)),
        ("a", "1.0+cu1", ("a-1.0-py3-none-any.whl",), (False, False)),
        ("a", "1.0", ("a-1.0.tar.gz", "evil-1.0.tar.gz"), (True, False)),
        ("a", "1.0", ("a-1.0.tar.gz", "a-1.1-py3-none-any.whl"), (False, True)),
        ("a", "1.0", ("a-1.0.exe",), (False, False)),
    ],
)
def test_every_file_of_a_python_package_must_be_its_own(
    name: str, version: str, files: tuple[str, ...], masked: tuple[bool, bool]
) -> None:
    places = tuple(f"https://files.example.org/packages/00/{file}" for file in files)
    (fact,) = judged(
        package(name, version, ecosystem="pypi", resolved=REGISTRY, files=places), format_="uv"
    )
    assert (fact.masked_name, fact.masked_version) == masked


@pytest.mark.parametrize(
    ("wants", "beside", "undeclared"),
    [
        ("^1.0.0", {}, True),
        ("npm:^1.0.0", {}, True),
        ("latest", {}, True),
        ("npm:b@^1.0.0", {}, False),
        ("npm:b", {}, False),
        ("npm:@s/b@1", {}, False),
        ("github:o/r", {}, False),
        ("", {}, False),
        ("^1.0.0", {"package.json": '{"overrides": {"a": "npm:b@1"}}'}, False),
        ("^1.0.0", {"package.json": '{"resolutions": {"x/**/a": "npm:b@1"}}'}, False),
        ("^1.0.0", {"package.json": '{"pnpm": {"overrides": {"x>a": "npm:b@1"}}}'}, False),
        ("^1.0.0", {"package.json": '{"overrides": {"c": "npm:d@1"}}'}, True),
        ("^1.0.0", {"package.json": "{"}, True),
    ],
)
def test_an_alias_is_declared_by_who_wants_it(
    wants: str, beside: dict[str, str], *, undeclared: bool
) -> None:
    root = Edge(name="a", wants=wants, target="x")
    (fact,) = judged(package("b", id="x", alias="a"), roots=(root,), beside=beside)
    assert fact.undeclared_alias is undeclared


def test_one_dependent_that_declares_an_alias_is_enough() -> None:
    roots = (
        Edge(name="a", wants="^1.0.0", target="x"),
        Edge(name="a", wants="npm:b@1", target="x"),
    )
    (fact,) = judged(package("b", id="x", alias="a"), roots=roots)
    assert not fact.undeclared_alias


def test_a_missing_digest_is_told_among_few() -> None:
    hashed = [package(f"h{i}") for i in range(12)]
    bare = [package(f"b{i}", integrity=()) for i in range(10)]
    assert sum(f.unhashed for f in judged(*hashed, *bare)) == 10
    assert sum(f.unhashed for f in judged(*hashed, *bare, package("c", integrity=()))) == 0
    assert sum(f.unhashed for f in judged(hashed[0], bare[0])) == 0


@pytest.mark.parametrize(
    ("values", "format_"),
    [
        ({"bundled": True}, "package-lock"),
        ({"version": ""}, "package-lock"),
        ({"origin": Origin.GIT}, "package-lock"),
        ({"origin": Origin.FILE}, "package-lock"),
        ({"origin": Origin.WORKSPACE}, "package-lock"),
        ({"optional": True}, "yarn-berry"),
        ({}, "cyclonedx"),
    ],
)
def test_who_needs_no_digest(values: dict[str, Any], format_: str) -> None:
    hashed = [package(f"h{i}") for i in range(3)]
    found = judged(*hashed, package(**({"integrity": ()} | values)), format_=format_)
    assert not any(fact.unhashed for fact in found)


def test_each_file_of_a_package_needs_its_digest() -> None:
    files = ("https://files.example.org/a-1.0.0.tar.gz", "https://files.example.org/a.whl")
    hashed = [package(f"h{i}") for i in range(3)]
    found = judged(*hashed, package(ecosystem="pypi", files=files), format_="uv")
    assert [fact.unhashed for fact in found] == [False, False, False, True]


@pytest.mark.parametrize(
    ("first", "second", "conflicting"),
    [
        ((S512,), (OTHER,), True),
        ((S512,), (S512, OTHER), False),
        ((S512,), (S1,), False),
        ((S512,), (), False),
    ],
)
def test_one_version_has_one_digest(
    first: tuple[str, ...], second: tuple[str, ...], *, conflicting: bool
) -> None:
    one, two = package(id="x", integrity=first), package(id="y", integrity=second)
    assert [f.conflicting for f in judged(one, two)] == [False, conflicting]
    patched = package(id="a@patch:a", integrity=second)
    assert [f.conflicting for f in judged(one, patched)] == [False, False]


@pytest.mark.parametrize(
    ("identity", "integrity", "beside", "orphaned"),
    [
        ("node_modules/a", (), {}, True),
        ("node_modules/a", (S512,), {}, False),
        ("node_modules/b/node_modules/a", (), {}, False),
        ("node_modules/a", (), {"package.json": '{"bundleDependencies": ["a"]}'}, False),
        (
            "node_modules/a",
            (),
            {"package.json": '{"bundledDependencies": true, "dependencies": {"a": "1"}}'},
            False,
        ),
    ],
)
def test_what_is_bundled_has_something_around_it(
    identity: str, integrity: tuple[str, ...], beside: dict[str, str], *, orphaned: bool
) -> None:
    one = package(id=identity, integrity=integrity, bundled=True)
    (fact,) = judged(one, beside=beside)
    assert fact.orphaned is orphaned


def test_it_is_found_as_a_collector_of_lockfiles() -> None:
    collector = facts.load()[0]["locked-package"]
    assert collector.serves(ArtifactKind.LOCKFILE)
    assert not collector.serves(ArtifactKind.WHEEL)


TEXT = st.sampled_from(["", "a", "@s/a", "npm:a@1", "https://x@h/-/a-1.tgz", "git+ssh://h/a#b"])
PACKAGES = st.builds(
    LockedPackage,
    id=st.text(max_size=3),
    ecosystem=st.sampled_from(["npm", "pypi", "conda", "jsr"]),
    name=TEXT | st.text(max_size=5),
    version=TEXT | st.text(max_size=5),
    origin=st.sampled_from(list(Origin)),
    resolved=TEXT | st.text(max_size=20),
    integrity=st.lists(st.text(max_size=9) | st.just(S512), max_size=2).map(tuple),
    alias=TEXT,
    bundled=st.booleans(),
    optional=st.booleans(),
    files=st.lists(TEXT, max_size=2).map(tuple),
    requires=st.lists(
        st.builds(Edge, name=TEXT, wants=TEXT, target=st.text(max_size=3)), max_size=3
    ).map(tuple),
)


@given(
    st.lists(PACKAGES, max_size=6),
    st.sampled_from(["package-lock", "yarn", "yarn-berry", "pnpm", "uv"]),
    st.sampled_from(["", "{}", '{"dependencies": {"a": "1"}, "overrides": {"a": {"b": "1"}}}']),
)
@settings(max_examples=often(300), deadline=None)
def test_any_inventory_is_judged(packages: list[LockedPackage], format_: str, text: str) -> None:
    roots = tuple(edge for package in packages[:2] for edge in package.requires)
    given = contents(*packages, roots=roots, beside={"package.json": text}, format_=format_)
    for kind in ("locked-package", "lock-host", "lock-file", "lock-closure"):
        list(facts.load()[0][kind].collect(given))
