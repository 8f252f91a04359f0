"""A lockfile as a whole, and the hosts that it names."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts import Contents
from auditor.facts.lock import file as lock_file
from auditor.facts.lock import host as lock_host
from auditor.facts.lock.file import Beside
from auditor.facts.lock.host import UNSAID, LockHostFact
from auditor.inventory import Edge, Inventory, LockedPackage, LockProblem, Origin
from auditor.model import ArtifactKind

S512 = "sha512-" + "A" * 86 + "=="
S1 = "sha1-" + "A" * 27 + "="
ONE, TWO = "https://one.example", "https://two.example"


def package(name: str, place: str = ONE, **values: Any) -> LockedPackage:  # noqa: ANN401 - fields of several types
    resolved = f"{place}/{name}/-/{name.rpartition('/')[2]}-1.0.0.tgz" if place else ""
    defaults = {"ecosystem": "npm", "resolved": resolved, "integrity": (S512,)}
    return LockedPackage(id=name, name=name, version="1.0.0", **(defaults | values))


def contents(
    *packages: LockedPackage,
    files: dict[str, str] | None = None,
    **values: Any,  # noqa: ANN401 - fields of several types
) -> Contents:
    inventory = Inventory(path="lock", packages=packages, **({"format": "package-lock"} | values))
    beside = Beside(files={name: text.encode() for name, text in (files or {}).items()})
    return Contents(
        kind=ArtifactKind.LOCKFILE,
        members=(),
        observations={Inventory: (inventory,), Beside: (beside,)},
    )


def hosts(*packages: LockedPackage, **given: Any) -> dict[str, LockHostFact]:  # noqa: ANN401 - fields of several types
    return {fact.key or "": fact for fact in lock_host.collect(contents(*packages, **given))}


def foreign(*packages: LockedPackage, **given: Any) -> set[str]:  # noqa: ANN401 - fields of several types
    return {key for key, fact in hosts(*packages, **given).items() if fact.foreign}


def named(count: int, place: str = ONE) -> list[LockedPackage]:
    return [package(f"p{i}", place) for i in range(count)]


def test_what_the_reader_found_odd_is_told() -> None:
    problem = LockProblem(kind="split-brain", subject="a", detail="two of a", line=3)
    (fact,) = lock_file.collect(contents(package("a"), problems=(problem,)))
    assert (fact.problem, fact.subject, fact.line, fact.key) == ("split-brain", "a", 3, "a")
    assert not fact.declared


@pytest.mark.parametrize("wants", ["file:../a", "link:../a", "../a", "workspace:*", "/a"])
def test_a_link_outside_is_declared_by_who_asks_for_a_path(wants: str) -> None:
    problem = LockProblem(kind="link-outside", subject="a", detail="out")
    one = package("a", "", origin=Origin.FILE)
    given = contents(one, problems=(problem,), roots=(Edge(name="a", wants=wants, target="a"),))
    (fact,) = lock_file.collect(given)
    assert fact.declared


def test_sums_over_all_entries() -> None:
    bare = [package(f"b{i}", integrity=()) for i in range(7)]
    weak = [package("w", integrity=(S1,))]
    found = list(lock_file.collect(contents(*bare, *weak)))
    assert [(f.problem, f.packages, f.hashed) for f in found] == [
        ("unhashed", 7, 1),
        ("weak-digests", 1, 1),
    ]
    assert found[0].sample == tuple(f"b{i}@1.0.0" for i in range(5))


def test_the_host_of_nearly_everything_is_expected() -> None:
    assert foreign(*named(8), package("x", TWO)) == {"two.example"}
    assert foreign(*named(2), package("x", TWO)) == {"two.example"}
    assert foreign(package("a"), package("x", TWO)) == set()
    assert foreign(*named(6), *(package(f"x{i}", TWO) for i in range(4))) == set()
    assert foreign(*named(8, TWO)) == set()


def test_one_fact_for_each_host() -> None:
    found = hosts(*named(20), package("x", TWO), package("y", TWO))
    assert {key: (f.packages, f.share) for key, f in found.items()} == {
        "one.example": (20, 90),
        "two.example": (2, 9),
    }
    assert found["two.example"].sample == ("x@1.0.0", "y@1.0.0")
    assert found["two.example"].expected == ("one.example",)


def test_what_is_configured_counts() -> None:
    some = (*named(8), package("x", TWO))
    assert foreign(*some, files={".npmrc": f"registry={TWO}/"}) == set()
    assert foreign(*named(1), package("x", TWO), files={".npmrc": f"registry={TWO}/"}) == {
        "one.example"
    }


def test_a_scope_has_the_registry_that_is_configured_for_it() -> None:
    settings = {".npmrc": f"@s:registry={TWO}/"}
    assert foreign(*named(8), package("@s/x", TWO), files=settings) == set()
    found = hosts(*named(1, "https://three.example"), package("@s/x"), files=settings)
    assert found["one.example"].foreign
    assert found["one.example"].of_scope


def test_a_scope_from_its_own_host_is_told_apart() -> None:
    found = hosts(*named(20), package("@s/x", TWO), package("@s/y", TWO))["two.example"]
    assert (found.foreign, found.whole_scope) == (True, True)
    alone = hosts(*named(20), package("@s/x", TWO))["two.example"]
    mixed = hosts(*named(20), package("@s/x", TWO), package("@s/y", TWO), package("@s/z"))
    assert not alone.whole_scope
    assert not mixed["two.example"].whole_scope


def test_without_addresses_the_clients_registry_is_expected() -> None:
    plain = Edge(name="x", wants="^1.0.0", target="x")
    found = hosts(*named(8, ""), package("x", TWO), roots=(plain,))
    assert found["two.example"].foreign
    assert found["two.example"].expected == (UNSAID,)
    address = Edge(name="x", wants=f"{TWO}/x.tgz", target="x")
    assert foreign(*named(8, ""), package("x", TWO), roots=(address,)) == set()
    assert foreign(*named(8, ""), package("x", TWO)) == set()
    bundled = [package(f"p{i}", "", bundled=True) for i in range(8)]
    assert foreign(*bundled, package("x", TWO), roots=(plain,)) == set()


def test_an_address_that_was_asked_for_is_no_stranger() -> None:
    one = package("x", TWO, origin=Origin.URL)
    for wants, expected in (("https://two.example/x.tgz", set()), ("^1.0.0", {"two.example"})):
        root = Edge(name="x", wants=wants, target="x")
        assert foreign(*named(8), one, roots=(root,)) == expected


def test_hosts_of_repositories_are_no_registries() -> None:
    place = "git+ssh://git@git.example.org/o/x.git#" + "a" * 40
    found = hosts(*named(8), package("x", origin=Origin.GIT, resolved=place))
    assert (found["git.example.org"].git, found["git.example.org"].foreign) == (True, False)


def test_files_are_judged_apart_from_their_index() -> None:
    def python(name: str, place: str) -> LockedPackage:
        file = f"{place}/{name}-1.0.0.tar.gz"
        return package(name, ecosystem="pypi", resolved=f"{ONE}/simple", files=(file,))

    usual = [python(f"p{i}", "https://files.example") for i in range(8)]
    assert foreign(*usual, python("x", TWO), format="uv") == {"two.example"}
    assert foreign(*usual, python("x", ONE), format="uv") == set()
    assert foreign(*usual, format="uv") == set()


def test_an_index_that_no_entry_names_is_seen() -> None:
    found = hosts(format="requirements", indexes=("http://u:p@two.example/simple",))["two.example"]
    assert (found.packages, found.plain, found.credentials, found.foreign) == (0, True, True, False)


@pytest.mark.parametrize(
    ("place", "plain", "local", "credentials"),
    [
        ("https://one.example", False, False, False),
        ("http://one.example", True, False, False),
        ("http://localhost:4873", True, True, False),
        ("http://[::1]:4873", True, True, False),
        ("https://u:p@one.example", False, False, True),
    ],
)
def test_how_a_host_is_reached(place: str, *, plain: bool, local: bool, credentials: bool) -> None:
    (fact,) = hosts(package("a", place)).values()
    assert (fact.plain, fact.local, fact.credentials) == (plain, local, credentials)
