"""Whether a lockfile hangs together, and fits the manifest beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.facts import Contents
from auditor.facts.lock.closure import collect
from auditor.facts.lock.file import Beside
from auditor.inventory import Edge, Inventory, LockedPackage, LockProblem, Origin
from auditor.model import ArtifactKind


def package(name: str, version: str = "1.0.0", *requires: Edge, **values: Any) -> LockedPackage:  # noqa: ANN401 - fields of several types
    given = {"id": name, "ecosystem": "npm"} | values
    return LockedPackage(name=name, version=version, requires=requires, **given)


def edge(name: str, wants: str = "^1.0.0", **values: Any) -> Edge:  # noqa: ANN401 - fields of several types
    return Edge(name=name, wants=wants, **({"target": name} | values))


def breaks(
    *packages: LockedPackage,
    roots: tuple[Edge, ...] = (),
    manifest: dict[str, Any] | None = None,
    **values: Any,  # noqa: ANN401 - fields of several types
) -> list[tuple[str, str]]:
    inventory = Inventory(
        packages=packages, roots=roots, **({"path": "lock", "format": "package-lock"} | values)
    )
    files = {} if manifest is None else {"package.json": json.dumps(manifest).encode()}
    given = Contents(
        kind=ArtifactKind.LOCKFILE,
        members=(),
        observations={Inventory: (inventory,), Beside: (Beside(files=files),)},
    )
    return [(fact.kind.value, fact.name) for fact in collect(given)]


def test_a_lockfile_that_is_whole_has_no_break() -> None:
    packages = (package("a", "1.2.0", edge("b", "~2.0.0")), package("b", "2.0.1"))
    manifest = {"dependencies": {"a": "^1.0.0"}}
    assert breaks(*packages, roots=(edge("a"),), manifest=manifest) == []


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        ({"dependencies": {"a": "^1.0.0"}}, []),
        ({"devDependencies": {"a": " ^1.0.0"}}, []),
        ({"dependencies": {}}, [("not-in-manifest", "a")]),
        ({"peerDependencies": {"a": "^1.0.0"}}, []),
        ({"dependencies": {"a": "^1.0.0", "b": "1"}}, [("not-in-lockfile", "b")]),
        ({"dependencies": {"a": "^1.0.1"}}, [("changed", "a")]),
        ({"dependencies": {"a": "catalog:"}}, []),
        ({"dependencies": {"a": "^2"}, "overrides": {"a": "1.0.0"}}, []),
        ({"dependencies": {"a": "^2"}, "overrides": {"ba": "1.0.0"}}, [("changed", "a")]),
        ({"dependencies": {"b": "1"}, "workspaces": ["x"]}, [("not-in-lockfile", "b")]),
        ({"dependencies": ["a"]}, [("not-in-manifest", "a")]),
    ],
)
def test_manifest_and_lockfile_know_the_same(
    manifest: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert breaks(package("a"), roots=(edge("a"),), manifest=manifest) == found


def test_members_of_a_workspace_have_requirements_of_their_own() -> None:
    member = package("m", origin=Origin.WORKSPACE, resolved="packages/m")
    assert breaks(package("a"), member, roots=(edge("a"),), manifest={"dependencies": {}}) == []


@pytest.mark.parametrize(
    ("root", "found"),
    [
        (edge("a", target=""), [("missing", "a")]),
        (edge("a", target="", optional=True), []),
        (edge("a", target="", peer=True), []),
        (edge("a", "workspace:*", target=""), []),
        (edge("a", "github:o/a", target=""), []),
    ],
)
def test_what_is_required_is_there(root: Edge, found: list[tuple[str, str]]) -> None:
    assert breaks(package("b"), roots=(edge("b"), root)) == found


@pytest.mark.parametrize(
    ("wants", "version", "out"),
    [
        ("^1.0.0", "2.0.0", True),
        ("npm:^1.0.0", "2.0.0", True),
        ("npm:a@^1.0.0", "2.0.0", True),
        ("npm:a@^1.0.0", "1.0.0", False),
        ("^1.0.0", "1.9.0", False),
        ("latest", "2.0.0", False),
        ("^1.0.0", "", False),
        ("^1.0.0", "not a version", False),
        ("", "2.0.0-rc.1", False),
    ],
)
def test_a_version_lies_in_its_range(wants: str, version: str, *, out: bool) -> None:
    found = breaks(package("a", version), roots=(edge("a", wants),))
    assert found == ([("out-of-range", "a")] if out else [])


def test_ranges_of_peers_and_of_what_is_no_registrys_are_not_judged() -> None:
    peer = package("b", "1.0.0", edge("a", "^9", peer=True))
    git = package("g", "2.0.0", origin=Origin.GIT)
    roots = (edge("a"), edge("b"), edge("g"))
    assert breaks(package("a"), peer, git, roots=roots) == []


def test_ranges_inside_are_judged_where_overrides_are_known() -> None:
    packages = (package("a", "1.0.0", edge("b", "^9")), package("b"))
    assert breaks(*packages, roots=(edge("a"),)) == []
    manifest: dict[str, Any] = {"dependencies": {"a": "^1.0.0"}}
    assert breaks(*packages, roots=(edge("a"),), manifest=manifest) == [("out-of-range", "b")]
    manifest["resolutions"] = {"a/b": "1.0.0"}
    assert breaks(*packages, roots=(edge("a"),), manifest=manifest) == []


@pytest.mark.parametrize(
    "values",
    [
        {"bundled": True},
        {"optional": True},
        {"origin": Origin.GIT},
        {"origin": Origin.FILE},
        {"origin": Origin.WORKSPACE},
        {"id": "x@patch:x@npm%3A1.0.0#./x.patch"},
    ],
)
def test_who_may_be_there_unasked(values: dict[str, Any]) -> None:
    assert breaks(package("a"), package("x", **values), roots=(edge("a"),)) == []


def test_what_nothing_leads_to_is_unexplained() -> None:
    found = breaks(package("a"), package("x", "1.0.0", edge("y")), package("y"), roots=(edge("a"),))
    assert found == [("unexplained", "x"), ("unexplained", "y")]


def test_many_of_them_are_one_fact() -> None:
    many = [package(f"x{i}") for i in range(11)]
    assert breaks(package("a"), *many, roots=(edge("a"),)) == [("untidy", "x0")]
    assert len(breaks(package("a"), *many[1:], roots=(edge("a"),))) == 10


def test_a_requirement_without_a_known_entry_reaches_all_of_its_name() -> None:
    loose = package("a", "1.0.0", edge("x", target=""))
    assert breaks(loose, package("x"), package("x", id="x2"), roots=(edge("a"),)) == []


@pytest.mark.parametrize(
    "values",
    [
        {"path": "node_modules/.package-lock.json"},
        {"problems": (LockProblem(kind="merge-conflict", subject="", detail=""),)},
        {"roots": ()},
        {"roots": (Edge(name="a"),)},
    ],
)
def test_where_the_file_does_not_say_enough_nothing_is_judged(values: dict[str, Any]) -> None:
    assert breaks(package("a"), package("x"), **({"roots": (edge("a"),)} | values)) == []


def test_cycles_end() -> None:
    packages = (package("a", "1.0.0", edge("b")), package("b", "1.0.0", edge("a"), edge("b")))
    assert breaks(*packages, roots=(edge("a"),)) == []
