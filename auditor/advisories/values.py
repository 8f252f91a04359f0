"""The values of an incident pack: what happened, to which packages, what it leaves, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from auditor.model import Confidence


class Kind(StrEnum):
    """What sort of incident it was; rules judge some of them less hard."""

    MALICIOUS_RELEASE = "malicious-release"
    """A version of a package that people use, made to harm them."""
    WORM = "worm"
    """The same, spreading by what it steals."""
    TYPOSQUAT = "typosquat"
    DEPENDENCY_CONFUSION = "dependency-confusion"
    NAME_SQUAT = "name-squat"
    """Somebody else's internal name, taken before harm was done with it."""
    PROTESTWARE = "protestware"
    SOURCE_LEAK = "source-leak"
    """A version that harms its maker alone."""
    REFERENCE = "reference"
    """No registry's package: kept for what can be learnt from it."""
    POINTER = "pointer"
    """Known from one mention; read the source before acting on it."""


class Digest(Struct, frozen=True, kw_only=True):
    """The digest of one file of a bad version."""

    version: str
    algorithm: str
    """`sha1`, `sha256`, `sha384` or `sha512`."""
    value: bytes
    single_source: bool = False


class BadPackage(Struct, frozen=True, kw_only=True):
    """A package of an incident, and which of its versions are bad."""

    ecosystem: str
    """The type of a purl: `npm`, `pypi`, `golang`, `generic`."""
    name: str
    versions: tuple[str, ...] = ()
    any: bool = False
    """The name exists only to attack: every version is a finding."""
    decoys: tuple[str, ...] = ()
    """Harmless versions that the attacker published to make the name look lived-in."""
    safe: tuple[str, ...] = ()
    single_source: frozenset[str] = frozenset()
    """Versions that only one of the incident's sources names."""
    removes: tuple[str, ...] = ()
    """Members that its install script removes: where one is gone, the script ran."""
    resembles: str = ""
    """The name that people mean when they type this one."""
    digests: tuple[Digest, ...] = ()
    note: str = ""


class Incident(Struct, frozen=True, kw_only=True):
    """The head of a pack: what a scan needs before anything is found."""

    id: str
    title: str
    kind: Kind
    confidence: Confidence
    """How well the incident as a whole is established."""
    single_source: bool = False
    """All version numbers come from one list."""
    start: str
    """When the first bad version could be had (RFC 3339, UTC)."""
    end: str = ""
    """When the last one was gone; empty where that is not known."""


class Moment(Struct, frozen=True, kw_only=True):
    """One event of an incident; `at` is RFC 3339, UTC."""

    at: str
    what: str


class FileSign(Struct, frozen=True, kw_only=True):
    """A file that the attack leaves; `system` is `linux`, `macos`, `windows` or `any`."""

    system: str
    path: str
    """With `~`, `$NAME`, `%NAME%`, `<site-packages>`, `<6 characters>` and `*` as the sources write
    it; one that is relative lies in a project."""
    contains: str = ""
    """What the file must hold: others have a file of that name, too."""
    common: bool = False
    """A file of that name proves nothing alone."""
    note: str = ""


class HashSign(Struct, frozen=True, kw_only=True):
    """The SHA-256 of a file of the attack; 64 hex digits."""

    sha256: str
    of: str = ""


class Indicators(Struct, frozen=True, kw_only=True):
    """What can be looked for on a machine, in a log or in a package."""

    files: tuple[FileSign, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """IP addresses."""
    urls: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    user_agents: tuple[str, ...] = ()
    hashes: tuple[HashSign, ...] = ()
    processes: tuple[str, ...] = ()
    """Command lines, as far as they are known."""
    process_names: tuple[str, ...] = ()
    registry_keys: tuple[str, ...] = ()
    """Of Windows."""
    package_files: tuple[str, ...] = ()
    """Members of the bad packages."""
    strings: tuple[str, ...] = ()
    git_branches: tuple[str, ...] = ()
    git_commits: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    """Legitimate services that the attack used: proof of nothing alone."""


class Step(Struct, frozen=True, kw_only=True):
    """One thing to do; the order of a pack's steps counts."""

    do: str
    where: str = ""
    """The machines or places that it is done on, where not on every one that is hit."""
    command: str = ""
    before: str = ""
    """What must not be done until this one is: the reason for its place."""


class Detail(Struct, frozen=True, kw_only=True):
    """The rest of a pack: what is read when an incident is met, or asked for."""

    summary: str
    sources: str
    """Whom the facts are from, and where they disagree."""
    unverified: tuple[str, ...] = ()
    timeline: tuple[Moment, ...] = ()
    indicators: Indicators = Indicators()
    doubtful: Indicators = Indicators()
    """Indicators of low confidence: they corroborate and prove nothing."""
    doubtful_note: str = ""
    watch: tuple[str, ...] = ()
    """Names to look out for, of which no bad version is known."""
    elsewhere: tuple[str, ...] = ()
    """What was hit outside of package registries."""
    steps: tuple[Step, ...] = ()
    advisories: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class Pack(Struct, frozen=True, kw_only=True):
    """One pack as it was read for a scan: the head parsed, lists and the rest as text."""

    file: str
    incident: Incident
    packages: tuple[BadPackage, ...]
    lists: Mapping[str, str]
    """By ecosystem the text of a list: `name version version …` a line."""
    text: str
    """The whole file; empty where `rest` has what a scan does not need of it."""
    rest: bytes = b""
    """The detail as it was read before, in MessagePack; see `packs.kept`."""
