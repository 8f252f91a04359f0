"""What records say of a lockfile: by the matcher of incidents, doubts in words, where to go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from auditor import incidentfile, rulebook
from auditor.advisories import IncidentIndex, osv
from auditor.advisories.rating import Rating, rating
from auditor.advisories.records import Records, collected, merged, names
from auditor.advisories.remedy import Releases
from auditor.facts import Contents
from auditor.facts.lock import known_bad, vulnerable
from auditor.facts.lock.names import NamesAsked
from auditor.facts.lock.recorded import Recorded
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.model import ArtifactKind, Unread
from auditor.namelists import NameList
from auditor.names.index import popular
from auditor.names.matcher import Matcher
from auditor.usual import none_of, usual
from tests.osv_exports import record
from tests.work import calls

if TYPE_CHECKING:
    from auditor.facts.lock.known_bad import KnownBadFact
    from auditor.facts.lock.vulnerable import VulnerabilityFact

INDEX = incidentfile.load((rulebook.builtin_folder(),))
HOST = "https://registry.example.org"
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"


def read(*some: dict[str, Any]) -> Records:
    return collected(osv.of_json(json.dumps(one).encode()) for one in some)


def vulnerability(id_: str, *events: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a record about `kit` with one range: `introduced 0`, `fixed 2.0.0`."""
    eco = more.pop("eco", "npm")
    package = {"ecosystem": eco, "name": more.pop("name", "kit")}
    said = [dict([event.split()]) for event in events]
    kind = more.pop("kind", "SEMVER")
    ranges = [{"type": kind, "events": said}]
    return {
        "id": id_,
        "modified": "2026-01-02T00:00:00Z",
        "affected": [{"package": package, "ranges": ranges}],
        **more,
    }


def locked(spelled: str, ecosystem: str = "npm", **more: Any) -> LockedPackage:  # noqa: ANN401
    name, _, version = spelled.rpartition("@")
    return LockedPackage(id=spelled, ecosystem=ecosystem, name=name, version=version, **more)


def contents(known: Records, *packages: LockedPackage, **more: Any) -> Contents:  # noqa: ANN401
    internal = NameList(more.pop("internal", ()))
    seen: dict[type, tuple[object, ...]] = {
        Inventory: (Inventory(path="lock", format="package-lock", packages=packages, **more),),
        IncidentIndex: (INDEX,),
        Recorded: (Recorded(records=known, popular=popular),),
        NamesAsked: (NamesAsked(judge=Matcher, internal=internal),),
    }
    return Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=seen)


def bad(known: Records, *packages: LockedPackage, **more: Any) -> list[KnownBadFact]:  # noqa: ANN401
    return list(known_bad.collect(contents(known, *packages, **more)))


def vulnerabilities(
    known: Records,
    *packages: LockedPackage,
    **more: Any,  # noqa: ANN401
) -> list[VulnerabilityFact | Unread]:
    return list(vulnerable.collect(contents(known, *packages, **more)))


def test_a_record_alone_tells_all_that_it_knows() -> None:
    known = read(
        record(
            "MAL-2026-1",
            "kit",
            versions="1.0.1",
            published="2026-01-01T10:00:00Z",
            aliases=["GHSA-x"],
            summary="kit sends tokens away",
        )
    )
    (fact,) = bad(known, locked("kit@1.0.1", direct=True, line=3))
    assert (fact.key, fact.how, fact.ways, fact.line) == ("kit@1.0.1", "version", ("version",), 3)
    assert (fact.incident, fact.kind, fact.window, fact.title) == (
        "",
        "record",
        "",
        "kit sends tokens away",
    )
    assert fact.advisories == ("MAL-2026-1", "GHSA-x")
    assert fact.told == "recorded as MAL-2026-1 (GHSA-x) on 2026-01-01"
    assert (fact.confidence, fact.doubt, fact.safe) == (
        "high",
        "none",
        "a version from before 2026-01-01",
    )
    assert fact.playbook.startswith("1. Treat each machine")
    assert len(fact.steps) == 3


def test_where_an_incident_speaks_its_words_win_and_the_record_is_a_reference() -> None:
    known = read(
        record("MAL-2026-2307", "axios", versions="1.14.1", aliases=["GHSA-fw8c-xr5c-95f9"])
    )
    (fact,) = bad(known, locked("axios@1.14.1"))
    assert fact.incident == "axios-2026-03"
    assert fact.advisories == ("MAL-2026-2307", "GHSA-fw8c-xr5c-95f9")
    assert fact.safe == "1.14.0"
    assert fact.told.startswith("could be installed 2026-03-31T00:21:58Z to 2026-03-31T03:30:00Z; ")


@pytest.mark.parametrize(
    ("entry", "internal", "doubt", "words"),
    [
        (locked("made-to-harm@1.0.0"), (), "none", ""),
        (locked("axios@1.14.0"), (), "incident", "incident data names 0.30.4, 1.14.1"),
        (locked("express@4.18.2"), (), "popular", "many use the package, which names 9.9.9"),
        (
            locked("made-to-harm@1.0.0", origin=Origin.GIT),
            (),
            "elsewhere",
            "comes from a git repository",
        ),
        (
            locked("made-to-harm@1.0.0", origin=Origin.FILE),
            (),
            "elsewhere",
            "comes from a file or folder",
        ),
        (locked("made-to-harm@1.0.0"), ("made-*",), "internal", "you have a package of that name"),
    ],
)
def test_what_speaks_against_a_record_of_all_versions(
    entry: LockedPackage, internal: tuple[str, ...], doubt: str, words: str
) -> None:
    both = record("MAL-3", "express")
    both["affected"][0]["versions"] = ["9.9.9"]  # type: ignore[index]
    known = read(record("MAL-1", "made-to-harm"), record("MAL-2", "axios"), both)
    (fact,) = bad(known, entry, internal=internal)
    assert (fact.how, fact.doubt) == ("recorded", doubt)
    assert words in fact.doubts
    assert fact.confidence == ("medium" if doubt == "none" else "low")
    assert fact.safe == "none; nothing needs it"


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (locked("kit@1.0.0", resolved=f"{HOST}/kit/-/kit-1.0.1.tgz"), ["kit@1.0.1 address"]),
        (locked("other@1.0.0", resolved=f"{HOST}/kit/-/kit-1.0.1.tgz"), ["kit@1.0.1 address"]),
        (
            locked("other@1.0.0", resolved=f"{HOST}/every/-/every-3.0.0.tgz"),
            ["every@3.0.0 recorded"],
        ),
        (locked("other@1.0.0", resolved="https://host.example/files/every-3.0.0.tgz"), []),
        (
            locked("every@1.0.0", resolved=f"{HOST}/every/-/every-3.0.0.tgz"),
            ["every@1.0.0 recorded"],
        ),
        (locked("every@1.0.0", alias="other"), ["every@1.0.0 recorded"]),
        (locked("every@"), ["every@ recorded"]),
        (locked("kit@"), []),
        (locked("Every@1.0.0"), []),
        (locked("kit@1.0.1", "pypi"), []),
        (locked("vulnerable@1.0.0"), []),
        (locked("every@0.0.1-security"), ["every@0.0.1-security placeholder"]),
    ],
)
def test_records_are_asked_about_all_that_an_entry_may_be(
    entry: LockedPackage, found: list[str]
) -> None:
    known = read(
        record("MAL-1", "kit", versions="1.0.1"),
        record("MAL-2", "every"),
        record("CVE-1", "vulnerable"),
    )
    inventory = Inventory(path="", format="", packages=(entry,))
    for plain in (none_of(inventory), usual(inventory)):
        asked = set(INDEX.asked(inventory.packages, plain))
        assert {("npm", fact.name) for fact in bad(known, entry)} <= asked
    told = [f"{fact.name}@{fact.version} {fact.how}" for fact in bad(known, entry)]
    assert told == found


def test_the_names_of_pypi_are_one_however_they_are_spelled() -> None:
    known = read(record("MAL-1", "Some.Kit", eco="PyPI", versions="1.0"))
    (fact,) = bad(known, locked("some_KIT@1.0.0", "pypi"))
    assert (fact.name, fact.key, fact.listed_as) == ("some-kit", "some-kit@1.0.0", "")


def test_one_vulnerability_under_several_ids_is_one() -> None:
    known = read(
        vulnerability("PYSEC-1", "introduced 0", "fixed 2.0.0", aliases=["CVE-1"]),
        vulnerability(
            "GHSA-1", "introduced 0", "fixed 2.0.0", aliases=["CVE-1"], summary="It fails"
        ),
        vulnerability(
            "GHSA-2", "introduced 1.0.0", "fixed 2.1.0", published="2026-02-03T00:00:00Z"
        ),
        vulnerability("GHSA-3", "introduced 3.0.0"),
    )
    first, second = vulnerabilities(
        known,
        locked("kit@1.5.0", line=4),
        locked("app@1.0.0", direct=True, requires=(Edge(name="kit", target="kit@1.5.0"),)),
    )
    assert isinstance(first, vulnerable.VulnerabilityFact)
    assert isinstance(second, vulnerable.VulnerabilityFact)
    assert (first.id, first.advisories) == ("GHSA-1", ("GHSA-1", "PYSEC-1", "CVE-1"))
    assert first.title == "GHSA-1 (PYSEC-1, CVE-1): It fails"
    assert (first.fixed, first.safe) == ("2.1.0", "2.1.0")
    assert (first.key, first.line, first.rating) == ("kit@1.5.0", 4, "unknown")
    assert first.reach == "required through app@1.0.0"
    assert (second.id, second.published, second.title) == ("GHSA-2", "2026-02-03", "GHSA-2")


def test_what_was_made_to_harm_is_no_vulnerability() -> None:
    known = read(
        record("MAL-1", "kit", versions="1.0.0", aliases=["GHSA-1"]),
        vulnerability("GHSA-1", "introduced 0"),
        vulnerability("GHSA-fw8c-xr5c-95f9", "introduced 1.14.1", "fixed 1.14.2", name="axios"),
    )
    assert vulnerabilities(known, locked("kit@1.0.0"), locked("axios@1.14.1")) == []
    assert len(vulnerabilities(known, locked("kit@2.0.0"))) == 1


def test_an_order_that_is_not_known_is_a_gap() -> None:
    known = read(vulnerability("GHSA-1", "introduced 1", "fixed 2", eco="Maven", kind="ECOSYSTEM"))
    (gap,) = vulnerabilities(known, locked("kit@1.5", "maven"))
    assert gap == Unread(
        path="lock",
        reason="1 range of maven in advisory records not compared: how its versions are ordered is"
        " not known here",
    )
    assert vulnerabilities(known, locked("kit@1.5", "npm")) == []


@pytest.mark.parametrize(
    ("version", "fixed", "safe"),
    [
        ("1.0.0", "1.2.0", "1.2.0"),
        ("2.0.0", "2.0.3", "2.0.3"),
        ("3.0.0", "", "2.0.3"),
    ],
)
def test_where_to_go_is_the_nearest_version_that_no_record_is_about(
    version: str, fixed: str, safe: str
) -> None:
    known = read(
        vulnerability("GHSA-1", "introduced 0", "fixed 1.1.0"),
        vulnerability("GHSA-2", "introduced 0", "fixed 1.2.0", "introduced 2.0.0", "fixed 2.0.3"),
        vulnerability("GHSA-3", "introduced 3.0.0"),
    )
    found = vulnerabilities(known, locked(f"kit@{version}"))
    assert {(one.fixed, one.safe) for one in found if not isinstance(one, Unread)} == {
        (fixed, safe)
    }


def test_versions_that_are_known_otherwise_are_offered_where_no_record_names_them() -> None:
    known = read(
        record("MAL-1", "kit", versions="1.0.1"), vulnerability("GHSA-2", "introduced 2.0.0")
    ).of("npm", "kit")
    releases = Releases("npm", known, ["1.0.0", "1.0.1", "1.0.2", "2.0.0"])
    assert releases.above("0.1.0") == "1.0.0"
    assert releases.above("1.0.0") == "1.0.2"
    assert releases.above("1.0.2") == ""
    assert releases.beside("1.0.1") == "1.0.0"
    assert releases.beside("2.0.0") == "1.0.0"


def test_the_version_to_go_to_is_found_in_the_order_of_versions() -> None:
    assert Releases("npm", (), ["0.9.0", "1.0.0", "1.0.1"]).beside("1.0.1") == "1.0.0"
    assert Releases("npm", ()).beside("1.0.1") == ""
    some = ["1.0.0", "2.0.0", "1.10.0", "word"]
    assert Releases("npm", (), some).above("1.9.0") == "1.10.0"
    assert Releases("pypi", (), ["1.10", "1.10rc1"]).above("1.9") == "1.10rc1"
    assert Releases("maven", (), ["2.0"]).above("1.0") == ""


def test_versions_that_are_no_answer_are_not_compared_with_records() -> None:
    def cost(count: int) -> int:
        fixes = [f"{number}.0.0" for number in range(1, count)]
        known = read(*(vulnerability(f"GHSA-{v}", "introduced 0", f"fixed {v}") for v in fixes))
        releases = Releases("npm", known.of("npm", "kit"))
        found: list[str] = []
        made = calls(lambda: found.append(releases.above(f"{count}.0.0-rc")))
        releases = Releases("npm", known.of("npm", "kit"), [f"{count}.0.0"])
        made += calls(lambda: found.append(releases.above(f"{count}.0.0-rc")))
        assert found == ["", f"{count}.0.0"]
        return made

    assert cost(80) < 6 * cost(20)


def test_records_are_one_through_a_name_that_none_of_them_has() -> None:
    some = read(
        record("PYSEC-1", "kit", aliases=["CVE-1"]),
        record("GHSA-1", "kit", aliases=["CVE-1", "CVE-2"]),
        record("X-1", "kit", aliases=["CVE-2"]),
        record("GHSA-9", "kit"),
    ).of("npm", "kit")
    assert [[one.id for one in group] for group in merged(some)] == [
        ["GHSA-1", "PYSEC-1", "X-1"],
        ["GHSA-9"],
    ]
    assert names(merged(some)[0]) == ("GHSA-1", "PYSEC-1", "CVE-1", "CVE-2", "X-1")
    assert merged([]) == []


@pytest.mark.parametrize(
    ("vectors", "rated"),
    [
        ([], Rating()),
        (["no vector", "CVSS:9.9/AV:N", "CVSS:3.1/AV:N"], Rating()),
        ([HIGH], Rating(word="high", score="7.5", vector=HIGH)),
        (
            ["AV:N/AC:L/Au:N/C:P/I:P/A:P"],
            Rating(word="high", score="7.5", vector="AV:N/AC:L/Au:N/C:P/I:P/A:P"),
        ),
        (
            [HIGH, "AV:N/AC:L/Au:N/C:C/I:C/A:C"],
            Rating(word="high", score="7.5", vector=HIGH),
        ),
        (
            [HIGH, "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"],
            Rating(
                word="critical",
                score="9.3",
                vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            ),
        ),
        (
            ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", HIGH],
            Rating(word="high", score="7.5", vector=HIGH),
        ),
    ],
)
def test_the_newest_kind_of_vector_counts_and_of_several_the_worst(
    vectors: list[str], rated: Rating
) -> None:
    assert rating(vectors) == rated
