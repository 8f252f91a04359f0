"""Which versions records are about: a table, laws, and the schema's own pseudo-code beside it."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.advisories import osv, ranges
from auditor.advisories.ranges import Scope, Spec
from auditor.advisories.records import collected
from auditor.errors import InputError, ParseError
from auditor.sources.advisorydb import AdvisoryDatabase
from auditor.sources.advisoryplaces import BUNDLED
from tests import osv_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPORTS = os.environ.get("AUDIT_TEST_OSV", "")
"""A folder with exports (`npm/all.zip`); without one, a check of all real records is left out."""


def spec(*ranges_: str, versions: str = "", kind: str = "SEMVER") -> Spec:
    """Return a spec: `introduced 0, fixed 2` for each range."""
    found = tuple(
        (kind, tuple((e.split()[0], e.split()[1]) for e in text.split(", "))) for text in ranges_
    )
    return Spec(versions=frozenset(versions.split()), ranges=found)


@pytest.mark.parametrize(
    ("what", "version", "scope"),
    [
        (spec(versions="1.0.0 1.0.1"), "1.0.1", Scope.LISTED),
        (spec(versions="1.0.0 1.0.1"), "v1.0.1+build", Scope.LISTED),
        (spec(versions="1.0.0 1.0.1"), "1.0.2", None),
        (spec("introduced 0"), "7.0.0", Scope.ALL),
        (spec("introduced 0"), "no version", Scope.ALL),
        (spec("introduced 0"), "", Scope.ALL),
        (spec("introduced 0", versions="1.0.0"), "1.0.0", Scope.LISTED),
        (spec("introduced 0", "introduced 9.9.1"), "9.9.2", Scope.OPEN),
        (spec("introduced 0", "introduced 9.9.1"), "9.9.0", Scope.ALL),
        (spec("introduced 1.2.0"), "1.1.9", None),
        (spec("introduced 1.2.0"), "1.2.0", Scope.OPEN),
        (spec("introduced 1.2.0"), "1.2.0-rc.1", None),
        (spec("introduced 1.2.0"), "", None),
        (spec("introduced 1.2.0"), "no version", None),
        (spec("introduced 0, fixed 2.0.0"), "1.9.9", Scope.BOUNDED),
        (spec("introduced 0, fixed 2.0.0"), "2.0.0-rc.1", Scope.BOUNDED),
        (spec("introduced 0, fixed 2.0.0"), "2.0.0", None),
        (spec("introduced 1.0.0, last_affected 1.0.2"), "1.0.2", Scope.BOUNDED),
        (spec("introduced 1.0.0, last_affected 1.0.2"), "1.0.3", None),
        (spec("introduced 1.0.0, last_affected 1.0.0"), "1.0.0", Scope.BOUNDED),
        (spec("introduced 1.0.0, last_affected 1.0.0"), "1.0.1", None),
        (spec("introduced 1.0.0, fixed 2.0.0, introduced 3.0.0"), "2.5.0", None),
        (spec("introduced 1.0.0, fixed 2.0.0, introduced 3.0.0"), "1.5.0", Scope.BOUNDED),
        (spec("introduced 1.0.0, fixed 2.0.0, introduced 3.0.0"), "3.5.0", Scope.OPEN),
        (spec("introduced 0, fixed 1.0.0, introduced 1.0.0, fixed 2.0.0"), "1.0.0", Scope.BOUNDED),
        (spec("fixed 2.0.0, introduced 0"), "1.0.0", Scope.BOUNDED),
        (spec("introduced 0, limit 2.0.0"), "1.0.0", Scope.BOUNDED),
        (spec("introduced 0, limit 2.0.0"), "2.0.0", None),
        (spec("introduced 0, limit *"), "9.0.0", Scope.ALL),
        (spec("introduced 0, limit 1.0.0, limit 3.0.0"), "2.0.0", Scope.BOUNDED),
        (spec("introduced 1, fixed 1.2"), "1.1.0", Scope.BOUNDED),
        (spec("introduced 1, fixed 1.2"), "1.2.0", None),
        (spec("introduced 0, fixed word"), "1.0.0", Scope.UNKNOWN),
    ],
)
def test_the_scope_of_a_version_of_npm(what: Spec, version: str, scope: Scope | None) -> None:
    assert ranges.scope_of("npm", what, version) is scope


@pytest.mark.parametrize(
    ("what", "version", "scope"),
    [
        (spec(versions="1.8.2"), "1.8.2.0", Scope.LISTED),
        (spec(versions="1.8.2"), "1.8.2+mirror.1", Scope.LISTED),
        (spec(versions="1.8.2"), "1.8.2.post1", None),
        (spec("introduced 0, fixed 2.0", kind="ECOSYSTEM"), "2.0rc1", Scope.BOUNDED),
        (spec("introduced 0, fixed 2.0", kind="ECOSYSTEM"), "1!0.1", None),
        (spec("introduced 0, fixed 2.0", kind="ECOSYSTEM"), "2.0.dev1", Scope.BOUNDED),
        (spec("introduced 1.0, fixed 2.0", kind="ECOSYSTEM"), "2004-old", None),
        (spec("introduced 0, fixed 2.0", kind="ECOSYSTEM"), "2004-old", Scope.BOUNDED),
        (spec("introduced 1.10", kind="ECOSYSTEM"), "1.9", None),
    ],
)
def test_the_scope_of_a_version_of_pypi(what: Spec, version: str, scope: Scope | None) -> None:
    assert ranges.scope_of("pypi", what, version) is scope


@pytest.mark.parametrize(
    ("ecosystem", "kind", "scope"),
    [
        ("golang", "SEMVER", Scope.BOUNDED),
        ("cargo", "ECOSYSTEM", Scope.BOUNDED),
        ("maven", "ECOSYSTEM", Scope.UNKNOWN),
        ("maven", "SEMVER", Scope.BOUNDED),
        ("Debian:12", "ECOSYSTEM", Scope.UNKNOWN),
    ],
)
def test_where_the_order_is_not_known_a_range_has_no_answer(
    ecosystem: str, kind: str, scope: Scope
) -> None:
    bounded = spec("introduced 0, fixed 2.0.0", kind=kind)
    assert ranges.scope_of(ecosystem, bounded, "1.0.0") is scope
    assert ranges.scope_of(ecosystem, spec("introduced 0", kind=kind), "1.0.0") is Scope.ALL
    assert ranges.scope_of(ecosystem, bounded, "") is None


numbers = st.integers(0, 3)
semvers = st.builds(lambda a, b, c: f"{a}.{b}.{c}", numbers, numbers, numbers) | st.builds(
    lambda a, b, c, d: f"{a}.{b}.{c}-{d}",
    numbers,
    numbers,
    numbers,
    st.sampled_from("a 1 a.1".split()),
)
pep440s = st.builds(lambda a, b: f"{a}.{b}", numbers, numbers) | st.builds(
    lambda a, b, c: f"{a}.{b}{c}",
    numbers,
    numbers,
    st.sampled_from("rc1 .post1 .dev2 a1 .0 -x-1 b-c".split()),
)


def records(versions: st.SearchStrategy[str], kind: str, eco: str) -> st.SearchStrategy[Any]:
    """Make records with any lists, and ranges whose events stand in any order."""
    event = st.builds(
        lambda what, version: {what: version},
        st.sampled_from("introduced fixed last_affected limit".split()),
        versions,
    )
    begin = st.builds(lambda v: {"introduced": v}, versions | st.just("0"))
    one = st.builds(
        lambda first, rest: {"type": kind, "events": [first, *rest]},
        begin,
        st.lists(event, max_size=4),
    )
    package = {"ecosystem": eco, "name": "kit"}
    affected = st.builds(
        lambda some, spans: {"package": package, "versions": some, "ranges": spans},
        st.lists(versions, max_size=3),
        st.lists(one, max_size=2),
    )
    return st.builds(
        lambda blocks: {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": blocks},
        st.lists(affected, min_size=1, max_size=2),
    )


@given(records(semvers, "SEMVER", "npm"), st.lists(semvers, min_size=1, max_size=5))
def test_ranges_of_npm_are_those_of_the_pseudo_code(record: Any, versions: list[str]) -> None:  # noqa: ANN401
    assert list(_differences(record, "npm", versions)) == []


@given(records(pep440s, "ECOSYSTEM", "PyPI"), st.lists(pep440s, min_size=1, max_size=5))
def test_ranges_of_pypi_are_those_of_the_pseudo_code(record: Any, versions: list[str]) -> None:  # noqa: ANN401
    assert list(_differences(record, "PyPI", versions)) == []


def _differences(record: Any, eco: str, versions: list[str] | None = None) -> Iterator[str]:  # noqa: ANN401
    """Yield each version of which both say another thing."""
    ours = {"npm": "npm", "PyPI": "pypi"}[eco]
    known = collected([osv.of_json(json.dumps(record).encode())])
    for affected in record["affected"]:
        name = affected["package"]["name"]
        found = known.of(ours, name)
        for version in versions or dict.fromkeys(osv_reference.tried(affected)):
            quick = any(one.scope(ours, version) is not None for one in found)
            if quick != osv_reference.is_vulnerable(eco, name, version, record):
                yield f"{record['id']} {name} {version}: {quick}"


@pytest.mark.skipif(not EXPORTS, reason="AUDIT_TEST_OSV names no folder with exports")
@pytest.mark.parametrize("eco", ["npm", "PyPI"])
def test_all_records_of_an_export_answer_as_the_pseudo_code_does(eco: str) -> None:
    with zipfile.ZipFile(Path(EXPORTS, eco, "all.zip")) as archive:
        for name in archive.namelist():
            assert list(_differences(json.loads(archive.read(name)), eco)) == []


def test_the_malicious_packages_that_come_with_us_answer_as_the_pseudo_code_does() -> None:
    with AdvisoryDatabase(BUNDLED) as database:
        rows = list(
            database._connection.execute(  # noqa: SLF001 - all that there is, not what one asks for
                "SELECT p.ecosystem, p.name, a.spec FROM package p"
                " JOIN affected a ON a.package = p.number ORDER BY p.number"
            )
        )
    assert len(rows) > 30_000
    for ecosystem, name, text in rows:
        what = ranges.decoded(text)
        eco = {"npm": "npm", "pypi": "PyPI"}[ecosystem]
        affected = {
            "package": {"ecosystem": eco, "name": name},
            "versions": sorted(what.versions),
            "ranges": [
                {"type": kind, "events": [{event: version} for event, version in events]}
                for kind, events in what.ranges
            ],
        }
        record = {"affected": [affected]}
        for version in dict.fromkeys(osv_reference.tried(affected)):
            quick = ranges.scope_of(ecosystem, what, version) is not None
            assert quick == osv_reference.is_vulnerable(eco, name, version, record), (name, version)


@given(
    st.frozensets(st.sampled_from("1.0.0 1.0.1 2.0.0".split())),
    st.lists(
        st.tuples(
            st.sampled_from(["SEMVER", "ECOSYSTEM"]),
            st.lists(
                st.tuples(st.sampled_from(ranges.KINDS), st.sampled_from("0 1.0.0 *".split())),
                min_size=1,
                max_size=3,
            ).map(tuple),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
)
def test_what_is_written_into_the_database_is_what_is_read(
    versions: frozenset[str], spans: tuple[ranges.Range, ...]
) -> None:
    read = ranges.decoded(ranges.encoded(versions, spans))
    for version in ("", "1.0.0", "1.0.1", "1.5.0", "3.0.0"):
        written = Spec(versions=versions, ranges=spans)
        assert ranges.scope_of("npm", read, version) is ranges.scope_of("npm", written, version)


@pytest.mark.parametrize("text", ["[", "{}", '[["1"], [["SEMVER", [["introduced"]]]]]', "[1, []]"])
def test_a_damaged_spec_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        ranges.decoded(text)


def record_text(**more: object) -> bytes:
    """Return a record as JSON."""
    usual = {
        "id": "MAL-2026-1",
        "modified": "2026-01-02T03:04:05Z",
        "affected": [{"package": {"ecosystem": "npm", "name": "kit"}, "versions": ["1.0.0"]}],
    }
    return json.dumps({k: v for k, v in {**usual, **more}.items() if v is not None}).encode()


def test_a_record_is_kept_as_what_a_lookup_needs() -> None:
    read = osv.of_json(
        record_text(
            published="2025-12-31T23:30:00-01:00",
            aliases=["GHSA-1", "GHSA-1", "two words"],
            summary="Malicious code in kit (npm)",
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
            affected=[
                {"package": {"ecosystem": "PyPI", "name": "A_kit"}, "versions": ["1.0.0", "1.0"]},
                {
                    "package": {"ecosystem": "PyPI", "name": "a.kit"},
                    "ranges": [
                        {
                            "type": "GIT",
                            "repo": "https://git.example.org",
                            "events": [{"fixed": "a"}],
                        },
                        {"type": "ECOSYSTEM", "events": [{"introduced": "2", "fixed": "3"}]},
                    ],
                    "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:N/I:N/A:P"}],
                },
                {"package": {"ecosystem": "Debian:12", "name": "kit"}, "versions": []},
                {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
            ],
        )
    )
    assert read == osv.Record(
        id="MAL-2026-1",
        modified=1767323045_000000,
        published="2026-01-01",
        aliases=("GHSA-1",),
        severity=(
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
            "AV:N/AC:L/Au:N/C:N/I:N/A:P",
        ),
        affected=(
            osv.Affected(
                ecosystem="pypi",
                name="a-kit",
                versions=frozenset({"1"}),
                ranges=(("ECOSYSTEM", (("introduced", "2"), ("fixed", "3"))),),
            ),
        ),
    )


def test_a_withdrawn_record_is_about_nothing() -> None:
    read = osv.of_json(record_text(withdrawn="2026-01-03T00:00:00Z"))
    assert (read.withdrawn, read.affected) == (True, ())


@pytest.mark.parametrize("time", ["1-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_time_from_before_all_records_is_none(time: str) -> None:
    read = osv.of_json(record_text(modified=time, withdrawn=time, published=time))
    assert (read.modified, read.withdrawn, read.published) == (0, False, "")


def test_a_fraction_of_a_second_counts() -> None:
    times = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.25Z"]
    read = [osv.of_json(record_text(modified=time)).modified for time in times]
    assert read == [1767323045_000000, 1767323045_000001, 1767323045_250000]


def test_a_record_in_yaml_is_the_one_in_json() -> None:
    text = """\
        id: MAL-2026-1
        modified: 2026-01-02T03:04:05Z
        withdrawn: null
        affected:
          - package: {ecosystem: PyPI, name: kit}
            versions: [1.10, 0x1, 1e3]
        """
    affected = [
        {"package": {"ecosystem": "PyPI", "name": "kit"}, "versions": ["1.10", "0x1", "1e3"]}
    ]
    assert osv.of_yaml(text.encode()) == osv.of_json(record_text(affected=affected))


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"id": None}, "missing required field `id`"),
        ({"id": 7}, "at 'id'"),
        ({"id": "../etc"}, "is no id of a record at 'id'"),
        ({"modified": "yesterday"}, r"is no time \(RFC 3339\) at 'modified'"),
        ({"modified": "9999-12-31T23:59:59-23:59"}, "at 'modified'"),
        ({"modified": None}, "missing required field `modified`"),
        ({"affected": {}}, "at 'affected'"),
        ({"affected": [{"package": {"ecosystem": "npm"}}]}, r"at 'affected\[\d\].package'"),
        ({"affected": [{"package": {"ecosystem": "npm", "name": ""}}]}, "names no package"),
        ({"affected": [{"versions": "1.0.0"}]}, r"at 'affected\[\d\].versions'"),
        (
            {
                "affected": [
                    {
                        "package": {"ecosystem": "npm", "name": "kit"},
                        "ranges": [{"type": "SEMVER", "events": [{"brought": "1"}]}],
                    }
                ]
            },
            r"of no kind that is known at 'affected\[0\].ranges\[0\].events\[0\]'",
        ),
        ({"aliases": ["a", 1]}, r"at 'aliases\[\d\]'"),
    ],
)
def test_a_record_of_wrong_types_is_refused_by_its_key(
    more: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ParseError, match=complaint):
        osv.of_json(record_text(**more))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"id": "\xff"}', b'{"id": "\\ud800"}']
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        osv.of_json(data)
    with pytest.raises(InputError):  # a limit, where it is nested too deep
        osv.of_yaml(data)


def test_an_alias_in_yaml_is_refused() -> None:
    with pytest.raises(ParseError, match=r"alias|anchor"):
        osv.of_yaml(b"id: &a MAL-1\nmodified: *a\n")
