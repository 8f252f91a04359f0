"""Known-bad facts: what an entry really is, how it got in, what to do first; and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from auditor import incidentfile, mutants, ruletest
from auditor.advisories import How, IncidentIndex
from auditor.facts import Contents
from auditor.facts.lock.known_bad import KnownBadFact, collect
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind
from tests.our_rules import FOLDER
from tests.our_rules import RULES as RULESET

if TYPE_CHECKING:
    from auditor.rulebook import RuleTest

INDEX = incidentfile.load((FOLDER,))
MINE = ("known-malicious", "known-bad-name", "tampered-integrity", "security-placeholder")


def package(spelled: str, ecosystem: str = "npm", **more: Any) -> LockedPackage:  # noqa: ANN401
    name, _, version = spelled.rpartition("@")
    return LockedPackage(
        id=more.pop("id", spelled), ecosystem=ecosystem, name=name, version=version, **more
    )


def asks(*targets: str) -> tuple[Edge, ...]:
    return tuple(Edge(name=t.rpartition("@")[0], target=t) for t in targets)


def facts_of(*packages: LockedPackage, **more: Any) -> list[KnownBadFact]:  # noqa: ANN401
    inventory = Inventory(
        path="lock", format=more.pop("format", "package-lock"), packages=packages, **more
    )
    seen = {Inventory: (inventory,), IncidentIndex: (INDEX,)}
    return list(collect(Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=seen)))


def test_an_entry_of_a_bad_version_is_told_in_full() -> None:
    (fact,) = facts_of(package("axios@1.14.1", line=7, dev=True, direct=True, section="packages"))
    assert (fact.path, fact.line, fact.key) == ("lock", 7, "axios@1.14.1")
    assert (fact.name, fact.version, fact.listed_as) == ("axios", "1.14.1", "")
    assert fact.incident == "axios-2026-03"
    assert fact.window == "2026-03-31T00:21:58Z to 2026-03-31T03:30:00Z"
    assert (fact.how, fact.ways, fact.kind) == (How.VERSION, ("version",), "malicious-release")
    assert (fact.confidence, fact.single_source) == ("high", False)
    assert (fact.section, fact.dev, fact.direct) == ("packages", True, True)
    assert (fact.chain, fact.reach) == (("axios@1.14.1",), "required by the project itself")
    assert fact.safe == "1.14.0"
    assert len(fact.steps) == 3
    assert fact.playbook.startswith(f"1. {fact.steps[0]}\n2. {fact.steps[1]}\n3. ")
    assert fact.playbook.count("\n") == 7


def test_a_step_says_where_and_before_what() -> None:
    (fact,) = facts_of(package("keyv@6.0.0"))
    assert fact.steps[1].startswith("Stop and remove the gh-token-monitor service")
    assert "(systemctl --user disable --now gh-token-monitor.service;" in fact.steps[1]
    assert fact.steps[1].endswith("Before any GitHub token is revoked.")


@pytest.mark.parametrize(
    ("entry", "listed_as"),
    [
        (package("axios@1.14.1"), ""),
        (package("axios@v1.14.1"), ""),
        (package("axios@1.14.1", alias="http-helper"), "http-helper"),
        (
            package("axios@1.13.2", resolved="https://x.example/axios/-/axios-1.14.1.tgz"),
            "axios@1.13.2",
        ),
        (package("ms@2.0.0", resolved="https://x.example/axios/-/axios-1.14.1.tgz"), "ms@2.0.0"),
        (
            package("ms@2.0.0", alias="m", integrity=("sha1-JVNknyMiBJZmhxzqgKXQ1q3HAMo=",)),
            "m@2.0.0",
        ),
    ],
)
def test_what_an_entry_calls_itself(entry: LockedPackage, listed_as: str) -> None:
    (fact,) = facts_of(entry)
    assert fact.key == "axios@1.14.1"
    assert fact.listed_as == listed_as
    assert fact.entry.endswith(f"(the entry calls itself {listed_as})" if listed_as else "1.14.1")


def test_the_shortest_way_and_how_many_others_there_are() -> None:
    (fact,) = facts_of(
        package("app-kit@1.0.0", direct=True, requires=asks("mid@1.0.0", "near@1.0.0")),
        package("mid@1.0.0", requires=asks("deep@1.0.0")),
        package("deep@1.0.0", requires=asks("axios@0.30.4")),
        package("near@1.0.0", requires=asks("axios@0.30.4", "mid@1.0.0")),
        package("axios@0.30.4", requires=asks("app-kit@1.0.0")),
        package("stray@1.0.0", requires=asks("axios@0.30.4")),
    )
    assert fact.chain == ("app-kit@1.0.0", "near@1.0.0", "axios@0.30.4")
    assert fact.others == 2
    assert fact.reach == "required through app-kit@1.0.0 → near@1.0.0 and 2 other ways"
    assert not fact.direct


def test_a_requirement_without_a_target_is_followed_where_the_name_is_unique() -> None:
    edge = (Edge(name="axios"),)
    roots = (Edge(name="kit"),)
    (fact,) = facts_of(package("kit@1.0.0", requires=edge), package("axios@1.14.1"), roots=roots)
    assert fact.chain == ("kit@1.0.0", "axios@1.14.1")
    two = facts_of(
        package("kit@1.0.0", requires=edge, direct=True),
        package("axios@1.14.1"),
        package("axios@0.30.4"),
    )
    assert [fact.chain for fact in two] == [(), ()]
    assert two[0].reach == "the file does not say through what"


def test_the_requirements_of_the_project_count_as_direct() -> None:
    (fact,) = facts_of(package("axios@1.14.1"), roots=asks("axios@1.14.1"))
    assert fact.direct
    assert fact.reach == "required by the project itself"


def test_a_target_that_is_not_there_and_repeated_ids_do_no_harm() -> None:
    facts = facts_of(
        package("kit@1.0.0", direct=True, requires=asks("gone@1.0.0", "axios@1.14.1")),
        package("axios@1.14.1"),
        package("axios@1.14.1"),
        roots=asks("nowhere@1.0.0"),
    )
    assert [fact.chain for fact in facts] == [("kit@1.0.0", "axios@1.14.1")] * 2


@pytest.mark.parametrize(
    ("entry", "safe"),
    [
        (package("axios@0.30.4"), "0.30.3"),
        (package("keyv@6.0.0"), "a version from before 2026-08-04"),
        (package("plain-crypto-js@4.2.1"), "none; crypto-js may have been meant"),
        (package("peacenotwar@1.0.0"), "none; nothing needs it"),
        (package("fs@0.0.1-security"), "none; nothing needs it"),
    ],
)
def test_where_to_go_instead(entry: LockedPackage, safe: str) -> None:
    assert [fact.safe for fact in facts_of(entry)] == [safe]


@pytest.mark.parametrize(
    ("entry", "certainty"),
    [
        (package("axios@1.14.1"), "the incident is well established"),
        (
            package("@ctrl/deluge@1.2.0"),
            "the incident is well established; a single source names this version",
        ),
        (
            package("jscrambler@8.14.0"),
            "the incident is known from a mention alone; a single source names this version",
        ),
        (package("fs@0.0.1-security"), "npm's own mark for a removed package"),
    ],
)
def test_how_sure_it_is(entry: LockedPackage, certainty: str) -> None:
    assert [fact.certainty for fact in facts_of(entry)] == [certainty]


def test_a_decoy_that_is_installed_may_be_what_the_attack_left_there() -> None:
    decoy = package("plain-crypto-js@4.2.0")
    assert [fact.how for fact in facts_of(decoy)] == [How.DECOY]
    assert [fact.how for fact in facts_of(decoy, format="node_modules")] == [How.ANY_VERSION]


def test_further_incidents_are_named() -> None:
    (fact,) = facts_of(package("mbt@1.2.48"))
    assert fact.incident == "mini-shai-hulud-sap-2026-04"
    assert fact.also == ("tanstack-mini-shai-hulud-2026-05",)


def test_a_placeholder_of_a_name_that_no_incident_knows_has_none() -> None:
    (fact,) = facts_of(package("fs@0.0.1-security"))
    assert (fact.incident, fact.title, fact.window, fact.playbook) == ("", "", "", "")


def test_an_entry_of_a_git_tag_is_its_version() -> None:
    tag = package(
        "axios@9.9.9", origin=Origin.GIT, resolved="git+https://github.com/axios/axios#v1.14.1"
    )
    assert [(fact.key, fact.how) for fact in facts_of(tag)] == [("axios@1.14.1", How.ADDRESS)]


def test_without_packs_nothing_is_known() -> None:
    seen: dict[type, tuple[object, ...]] = {
        Inventory: (Inventory(path="x", format="x", packages=(package("axios@1.14.1"),)),)
    }
    assert not list(collect(Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=seen)))


def test_a_graph_of_many_is_walked_once() -> None:
    count = 20_000
    row = [
        package(f"p{i}@1.0.0", requires=asks(f"p{i + 1}@1.0.0"), direct=i == 0)
        for i in range(count)
    ]
    (fact,) = facts_of(
        *row, package(f"p{count}@1.0.0", requires=asks("keyv@6.0.0")), package("keyv@6.0.0")
    )
    assert fact.chain[:2] == ("p0@1.0.0", "…")
    assert fact.chain[-2:] == (f"p{count}@1.0.0", "keyv@6.0.0")
    assert len(fact.chain) == 52
    assert len(fact.reach) < 200


# -- the rules


def contents_of(test: RuleTest) -> Contents:
    contents = BARE(test)
    return replace(contents, observations={**contents.observations, IncidentIndex: (INDEX,)})


BARE = ruletest.contents_of


@pytest.mark.parametrize("rule", MINE)
def test_the_rules_find_exactly_what_their_tests_say(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ruletest, "contents_of", contents_of)
    chosen = RULESET.by_id()[rule]
    assert list(ruletest.failures(chosen, RULESET)) == []
    assert list(mutants.uncovered(chosen, RULESET)) == []
