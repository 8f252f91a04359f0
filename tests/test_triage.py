"""From findings to an incident report: levels, incidents, the order of steps, what was not seen."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from auditor import incidentfile, rulebook
from auditor.exposure import Level
from auditor.model import Confidence, Finding, Gap, Location, Severity
from auditor.triage import Looked, collate

if TYPE_CHECKING:
    from auditor.exposure import Triage
    from auditor.model import Scalar

INDEX = incidentfile.load((rulebook.builtin_folder(),))
AXIOS, TANSTACK, ANTV = (
    "axios-2026-03",
    "tanstack-mini-shai-hulud-2026-05",
    "antv-mini-shai-hulud-2026-05",
)


def finding(
    level: Level | None,
    source: str = "web/package-lock.json",
    incident: str = AXIOS,
    **evidence: Scalar | tuple[str, ...],
) -> Finding:
    return Finding(
        rule="known-malicious",
        title="t",
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        message="message",
        location=Location(source=source, path="package-lock.json", key="axios@1.14.1"),
        evidence={"incident": incident, **evidence},
        fix="",
        fingerprint="f",
        exposure=level,
    )


def gap(source: str) -> Gap:
    return Gap(location=Location(source=source), reason="is broken")


def report(
    findings: list[Finding], gaps: list[Gap] | None = None, *others: str, left: tuple[str, ...] = ()
) -> Triage:
    sources = {f.location.source for f in findings} | {g.location.source for g in gaps or ()}
    places = {source: source.partition("/")[0] for source in sorted(sources | set(others))}
    packages = dict.fromkeys(others, 7)
    looked = Looked(
        places=places, packages=packages, states={"web/x": 3}, machine="this machine", left_out=left
    )
    return collate(findings, gaps or [], INDEX, looked)


COMPROMISED, EXPOSED, WAS, NOT_EXAMINED, NOT_FOUND = Level


@pytest.mark.parametrize(
    ("findings", "gaps", "level"),
    [
        ([EXPOSED, COMPROMISED, WAS], 0, COMPROMISED),
        ([WAS, EXPOSED], 0, EXPOSED),
        ([WAS], 1, WAS),
        ([], 1, NOT_EXAMINED),
        ([None], 1, NOT_EXAMINED),
        ([None], 0, NOT_FOUND),
        ([], 0, NOT_FOUND),
    ],
)
def test_a_place_has_the_level_of_its_worst_finding(
    findings: list[Level | None], gaps: int, level: Level
) -> None:
    made = report(
        [finding(one) for one in findings],
        [gap("web/yarn.lock")] * gaps,
        "web/package-lock.json",
    )
    (place,) = made.places

    assert (place.label, place.level, made.level) == ("web", level, level)
    assert (place.gaps, place.packages) == (gaps, 7)


def test_places_come_worst_first_and_the_report_has_the_worst_level() -> None:
    made = report([finding(WAS, "a/x"), finding(COMPROMISED, "z/x")], [gap("b/x")], "c/x", "d/x")

    assert [(p.label, p.level) for p in made.places] == [
        ("z", COMPROMISED),
        ("a", WAS),
        ("b", NOT_EXAMINED),
        ("c", NOT_FOUND),
        ("d", NOT_FOUND),
    ]
    assert made.level is COMPROMISED


def test_nothing_at_all_is_not_examined() -> None:
    assert report([]).level is NOT_EXAMINED


def test_an_incident_has_the_places_that_it_hit_and_the_worst_level() -> None:
    made = report([finding(WAS, "a/x"), finding(EXPOSED, "b/x"), finding(EXPOSED, "c/x", TANSTACK)])

    assert [(met.id, met.level, met.places) for met in made.incidents] == [
        (AXIOS, EXPOSED, ("b", "a")),
        (TANSTACK, EXPOSED, ("c",)),
    ]
    assert made.looked_for == len(INDEX.incidents)


def test_a_finding_of_no_incident_is_a_hit_without_steps() -> None:
    made = report([finding(EXPOSED, incident="")])

    assert made.places[0].hits[0].incident == ""
    assert (made.incidents, made.playbook) == ((), ())


def test_a_playbook_keeps_the_order_of_its_incident() -> None:
    made = report([finding(EXPOSED)])
    detail = INDEX.detail(AXIOS)

    assert detail is not None
    assert [order.do for order in made.playbook] == [step.do for step in detail.steps]
    assert {order.incidents for order in made.playbook} == {(AXIOS,)}


@pytest.mark.parametrize("order", list(permutations((AXIOS, TANSTACK, ANTV))))
def test_a_joint_playbook_keeps_every_order_and_removes_watchers_before_anything_is_revoked(
    order: tuple[str, ...],
) -> None:
    made = report([finding(level, f"{i}/x", i) for level, i in zip(Level, order, strict=False)])
    done = [one.do for one in made.playbook]

    assert len(done) == len(set(done))
    for incident in order:
        detail = INDEX.detail(incident)
        assert detail is not None
        places = [done.index(step.do) for step in detail.steps]
        assert places == sorted(places)
    watchers = [
        done.index(o.do) for o in made.playbook if o.before == "any GitHub token is revoked"
    ]
    revoking = [n for n, do in enumerate(done) if do.startswith("Revoke")]
    assert len(watchers) == 2
    assert max(watchers) < min(revoking)
    shared = next(o for o in made.playbook if o.do.startswith("Rebuild the machine"))
    assert set(shared.incidents) == set(order)


def test_all_incidents_at_once_keep_every_order_that_they_agree_on() -> None:
    made = report([finding(EXPOSED, f"{i.id}/x", i.id) for i in INDEX.incidents])
    done = [one.do for one in made.playbook]
    urgent = [n for n, one in enumerate(made.playbook) if one.before]

    assert len(done) == len(set(done))
    assert max(urgent) < next(n for n, do in enumerate(done) if do.startswith("Revoke and reissue"))


@pytest.mark.parametrize("incident", [AXIOS, TANSTACK])
def test_installs_of_a_stay_are_looked_for_behind_what_is_urgent_and_before_secrets_are_reissued(
    incident: str,
) -> None:
    stay = {"came": "2026-03-31T01:00:00Z", "went": "2026-03-31T09:00:00Z"}
    book = report([finding(WAS, "web", incident, **stay)]).playbook
    installs = next(n for n, order in enumerate(book) if order.do.startswith("Find the CI runs"))

    assert not any(order.before for order in book[installs:])
    assert book[installs + 1].where == "a clean machine"
    assert book[installs].do == (
        "Find the CI runs and machines that installed from web/package-lock.json between"
        " 2026-03-31T01:00:00Z and 2026-03-31T09:00:00Z, and treat each as exposed."
    )


def test_many_stays_are_not_all_named() -> None:
    findings = [finding(WAS, f"p{n}/x", came=f"2026-03-31T01:00:0{n}Z", went="") for n in range(8)]
    told = [o.do for o in report(findings).playbook if "Find the CI" in o.do or "same for" in o.do]

    assert len(told) == 6
    assert told[-1].startswith("Do the same for 3 stays more")


def test_what_no_file_shows_is_said_for_the_incidents_that_were_met() -> None:
    made = report([finding(EXPOSED)], left=("the history (--history)",))

    assert made.unchecked[0] == "the history (--history)"
    assert [one.partition(":")[0] for one in made.unchecked[1:]] == [AXIOS] * 4
    assert "sfrclak.com, 142.11.206.73, port 8000" in made.unchecked[1]
    assert report([]).unchecked == ()
