"""One record of the OSV schema: read with shapes, kept as what a lookup needs of it.

Rests on the OSV schema 1.7 (ossf/osv-schema, docs/schema.md). What describes a record for people
at length (details, references, credits) is not kept, nor what a database adds for itself. Commit
ranges (`GIT`) are left out: nobody here has the repository that they are to be looked up in.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from auditor import yamldoc
from auditor.advisories import ranges
from auditor.advisories.ranges import Range
from auditor.advisories.versions import same_name, same_version
from auditor.errors import ParseError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 16 * 1024 * 1024
"""Bytes of one record; the largest real ones have some 2 MB, nearly all of it commits."""
_LONGEST_NAME = 512
_LONGEST_SUMMARY = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ID = regex(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}\Z")
_BOILERPLATE = regex(r"Malicious code in \S+ \([^()]+\)\Z")
"""What nearly all records of malicious-packages are titled: it says no more than id and name."""
_VECTOR = regex(r"[A-Za-z0-9.:/]{8,400}\Z")
_PLACE = regex(r" - at `\$?\.?(.*)`\Z")
_TYPES = {
    "PyPI": "pypi",
    "Go": "golang",
    "crates.io": "cargo",
    "RubyGems": "gem",
    "NuGet": "nuget",
    "Maven": "maven",
    "Packagist": "composer",
    "Pub": "pub",
    "Hex": "hex",
    "Hackage": "hackage",
    "CRAN": "cran",
    "ConanCenter": "conan",
    "SwiftURL": "swift",
    "GitHub Actions": "githubactions",
    "Bitnami": "bitnami",
}
"""The type of a purl, as inventories have it, for the ecosystems that are called otherwise."""

_UNSET = regex(r"0{0,3}1-")
"""How the time begins that Go writes where there is none; some records have been modified then."""


class _Package(Struct):
    ecosystem: str
    name: str


class _Event(Struct):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class _Range(Struct):
    type: str
    events: list[_Event]


class _Severity(Struct):
    type: str
    score: str


class _Affected(Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Severity] | None = None


class _Record(Struct):
    id: str
    modified: str
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    summary: str | None = None
    severity: list[_Severity] | None = None
    affected: list[_Affected] | None = None


_DECODER = msgspec.json.Decoder(_Record)


class Affected(Struct, frozen=True, kw_only=True):
    """One package of a record, and which of its versions the record is about."""

    ecosystem: str
    """The type of a purl (`npm`, `pypi`, `golang`); of others OSV's own word (`Debian:12`)."""
    name: str
    """In the one spelling that all its spellings share."""
    versions: frozenset[str]
    """In the one spelling that all its spellings share."""
    ranges: tuple[Range, ...]


class Record(Struct, frozen=True, kw_only=True):
    """What is kept of one record."""

    id: str
    modified: int
    """Microseconds since 1970, UTC: fractions of a second are spelled in several ways. 0 where the
    record does not say."""
    published: str = ""
    """The day (RFC 3339, UTC); empty where the record does not say."""
    withdrawn: bool = False
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: tuple[str, ...] = ()
    """CVSS vectors, each once."""
    affected: tuple[Affected, ...] = ()
    """Each package once; none of a record that is withdrawn."""


def of_json(data: bytes) -> Record:
    """Read a record; raise ParseError naming the key for a wrong type or what is missing."""
    try:
        record = _DECODER.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as problem:
        raise _complaint(problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise ParseError(f"not readable as JSON: {problem}") from None
    except RecursionError:
        raise ParseError("nested too deep to be read as JSON") from None
    return _kept(record)


def of_yaml(data: bytes) -> Record:
    """Read a record that is written as YAML, in which each plain word is a text; raise as above."""
    try:
        document = yamldoc.load(data.decode("utf-8-sig"), texts=True)
        record = msgspec.convert(document, _Record)
    except UnicodeDecodeError as problem:
        raise ParseError(f"not UTF-8 text (byte {problem.start:,})") from None
    except msgspec.ValidationError as problem:
        raise _complaint(problem) from None
    return _kept(record)


def _complaint(problem: msgspec.ValidationError) -> ParseError:
    said = str(problem)
    place = _PLACE.search(said)
    text = _PLACE.sub("", said)
    return ParseError(text[:1].lower() + text[1:], place[1] if place else "")


def _kept(record: _Record) -> Record:
    if not _ID.match(record.id):
        raise ParseError("is no id of a record", "id")
    published = _time(record.published, "published")
    withdrawn = _time(record.withdrawn, "withdrawn") is not None
    modified = _time(record.modified, "modified")
    return Record(
        id=record.id,
        modified=(modified - _EPOCH) // _MICROSECOND if modified else 0,
        published=f"{published:%Y-%m-%d}" if published else "",
        withdrawn=withdrawn,
        aliases=tuple(dict.fromkeys(one for one in record.aliases or () if _ID.match(one))),
        summary=_summary(record.summary or ""),
        severity=tuple(dict.fromkeys(_vectors(record))),
        affected=() if withdrawn else tuple(_packages(record.affected or [])),
    )


def _time(text: str | None, key: str) -> datetime | None:
    """Return a time in UTC; None where there is none, or one from before there was any record."""
    if not text or _UNSET.match(text):
        return None
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ParseError("is no time (RFC 3339)", key) from None


def _summary(text: str) -> str:
    plain = " ".join(text.split())[:_LONGEST_SUMMARY]
    return "" if _BOILERPLATE.match(plain) else plain


def _vectors(record: _Record) -> Iterator[str]:
    for one in (record, *(record.affected or ())):
        for said in one.severity or ():
            score = said.score.strip()
            if said.type.startswith("CVSS") and _VECTOR.match(score):
                yield score


def _packages(affected: list[_Affected]) -> Iterator[Affected]:
    """Yield each package once: what several blocks say of one is what they say together."""
    blocks: dict[tuple[str, str], tuple[set[str], list[Range]]] = {}
    for number, one in enumerate(affected):
        if one.package is None:
            continue
        ecosystem = _TYPES.get(one.package.ecosystem, one.package.ecosystem)
        name = same_name(ecosystem, one.package.name)
        if not name or len(name) > _LONGEST_NAME or not ecosystem:
            raise ParseError("names no package", f"affected[{number}].package")
        versions, spans = blocks.setdefault((ecosystem, name), (set(), []))
        versions.update(same_version(ecosystem, version) for version in one.versions or ())
        for place, span in enumerate(one.ranges or ()):
            if span.type != ranges.GIT:
                key = f"affected[{number}].ranges[{place}]"
                spans.append((span.type, tuple(_events(span.events, key))))
    for (ecosystem, name), (versions, spans) in blocks.items():
        if versions or spans:
            yield Affected(
                ecosystem=ecosystem,
                name=name,
                versions=frozenset(versions),
                ranges=tuple(dict.fromkeys(spans)),
            )


def _events(events: list[_Event], key: str) -> Iterator[tuple[str, str]]:
    """Yield the events of a range; one that says several things is as several events."""
    for number, event in enumerate(events):
        said = [(kind, value) for kind in ranges.KINDS if (value := getattr(event, kind))]
        if not said:
            raise ParseError("is an event of no kind that is known", f"{key}.events[{number}]")
        yield from said
