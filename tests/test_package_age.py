"""Facts about the age of a lockfile's packages: what a registry says, and what is made of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.facts import Contents
from auditor.facts.lock.package_age import PackageAgeFact, collect
from auditor.facts.lock.said import RegistrySaid, candidates, is_from, key_of_name
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind
from auditor.namelists import NameList
from auditor.names.signals import ABSENT, Signals
from tests.test_lookalike import asks, package

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def says(gone: dict[str, float] | None = None, **days: float) -> Signals:
    """Return a registry's word by the days ago that each version was published (`v1_0_0=3`)."""
    releases = {
        version[1:].replace("_", "."): NOW - timedelta(days=day) for version, day in days.items()
    }
    return Signals(
        there=True,
        first=min(releases.values(), default=None),
        versions=len(releases),
        releases=releases,
        gone={version: NOW - timedelta(days=day) for version, day in (gone or {}).items()},
    )


def facts_of(
    *packages: LockedPackage,
    asked: frozenset[str] | None = None,
    min_age: timedelta | None = WEEK,
    **words: Signals,
) -> list[PackageAgeFact]:
    names = {package.name: package.ecosystem for package in packages}
    said = RegistrySaid(
        now=NOW,
        min_age=min_age,
        signals={key_of_name(names[name], name): word for name, word in words.items()},
        asked=asked if asked is not None else frozenset(one.id for one in packages),
    )
    seen: dict[type, tuple[object, ...]] = {
        Inventory: (Inventory(path="lock", format="package-lock", packages=packages),),
        RegistrySaid: (said,),
    }
    return list(collect(Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=seen)))


def test_a_release_is_told_once_with_all_that_its_entries_say() -> None:
    _, fact = facts_of(
        package("kit@1.0.0", direct=True, requires=asks("a@1.0.0")),
        package("a@1.0.0", line=7, dev=True),
        package("a@1.0.0", id="other", line=9, install_script=True),
        kit=says(v1_0_0=400),
        a=says(v1_0_0=3, v0_9_0=400),
    )
    assert (fact.path, fact.line, fact.key) == ("lock", 7, "a@1.0.0")
    assert (fact.direct, fact.dev, fact.install_script) == (False, False, True)
    assert fact.chain == ("kit@1.0.0", "a@1.0.0")
    assert fact.reach == "required through kit@1.0.0"
    assert (fact.published, fact.age_days) == ("2026-03-28T12:00:00Z", 3)
    assert (fact.first_published, fact.others) == ("2025-02-24T12:00:00Z", 1)
    assert (fact.missing, fact.young, fact.new_name) == (False, True, False)
    assert (fact.said, fact.min_age) == ("was published 3 days ago", "7 days")


@pytest.mark.parametrize(
    ("days", "young"), [(7, False), (6.9999, True), (0, True), (-1, True), (4000, False)]
)
def test_young_is_what_was_published_later_than_asked_for(
    days: float,
    young: bool,  # noqa: FBT001 - a column of the table
) -> None:
    (fact,) = facts_of(package("a@1.0.0"), a=says(v1_0_0=days, v0_1_0=9))
    assert fact.young is young
    assert (fact.age_days or 0) >= 0


def test_without_an_age_nothing_is_young() -> None:
    (fact,) = facts_of(package("a@1.0.0"), min_age=None, a=says(v1_0_0=0))
    assert (fact.young, fact.new_name, fact.min_age, fact.age_days) == (False, False, "", 0)


@pytest.mark.parametrize(
    ("version", "word", "said", "flags"),
    [
        ("1.0.0", says(v1_0_0=1), "was published 24 hours ago", (False, False, False)),
        ("1.0.0+build", says(v1_0_0=2), "was published 2 days ago", (False, False, False)),
        (
            "1.0.0",
            Signals(there=True, versions=1, releases={"1.0.0": None}),
            "is in the registry, which does not say since when",
            (False, False, False),
        ),
        (
            "2.0.0",
            says(v1_0_0=1),
            "is not in the registry, which has 1 other version",
            (True, False, False),
        ),
        (
            "2.0.0",
            says({"2.0.0": 3}, v1_0_0=9, v1_1_0=8),
            "was published 3 days ago and taken down since; the registry has 2 other versions",
            (True, True, False),
        ),
        (
            "2.0.0",
            Signals(there=True, versions=1, releases={"0.0.1-security": NOW}),
            "is not in the registry, which has 1 other version",
            (True, False, True),
        ),
        ("1.0.0", ABSENT, "is not in the registry, nor is any other version", (True, False, False)),
        (
            "1.0.0",
            Signals(there=True, versions=0),
            "is not in the registry, which has 0 other versions",
            (True, False, False),
        ),
        (
            "1.0.0",
            Signals(there=True),
            "is in the registry, which does not say since when",
            (False, False, False),
        ),
    ],
)
def test_what_is_missing_is_told_apart(
    version: str, word: Signals, said: str, flags: tuple[bool, ...]
) -> None:
    (fact,) = facts_of(package(f"a@{version}"), a=word)
    assert fact.said == said
    assert (fact.missing, fact.taken_down, fact.replaced) == flags


def test_only_what_was_asked_about_and_answered_is_a_fact() -> None:
    packages = [
        package("a@1.0.0"),
        package("a@2.0.0"),
        package("b@1.0.0"),
        package("a@", id="none"),
        package("git@1.0.0", origin=Origin.GIT),
        package("torch@1.0+cu118", ecosystem="pypi"),
    ]
    asked = frozenset(one.id for one in packages) - {"a@2.0.0"}
    words: dict[str, Any] = {name: says(v1_0_0=3) for name in ("a", "git", "torch")}
    assert [fact.key for fact in facts_of(*packages, asked=asked, **words)] == ["a@1.0.0"]


def test_a_registry_is_asked_about_what_it_may_serve() -> None:
    packages = [
        *(package(f"{origin}@1", origin=origin) for origin in Origin),
        package("conda@1", ecosystem="conda"),
        package("inside@1", bundled=True),
        package("@acme/kit@1"),
        package("@1", name=""),
        package("demo@1", ecosystem="pypi"),
        package("real@1", alias="called"),
    ]
    found = [one.name for one in candidates(packages, NameList(["@acme"]))]
    assert found == ["registry", "demo", "real"]


@pytest.mark.parametrize(
    ("resolved", "url", "wanted"),
    [
        ("", "https://a.example/", True),
        ("https://a.example/x.tgz", "https://a.example/npm/", True),
        ("https://A.example:443/x.tgz", "https://a.example/", True),
        ("https://a.example:8443/x.tgz", "https://a.example/", False),
        ("https://b.example/x.tgz", "https://a.example/", False),
    ],
)
def test_a_package_is_from_the_registry_at_its_address(
    resolved: str, url: str, *, wanted: bool
) -> None:
    assert is_from(package("a@1", resolved=resolved), url) is wanted
