"""The frozen values that travel between the stages; imports nothing above it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import NewType

from msgspec import Struct, field

from auditor.exposure import Level, Triage
from auditor.shipped import Comparison, Shipped

ByteCount = NewType("ByteCount", int)
"""A number of bytes; messages print it as `59.8 MB` (decimal units)."""

Scalar = str | int | bool | None
Evidence = Mapping[str, "Scalar | tuple[str, ...]"]


class Severity(IntEnum):
    """How bad it is if the finding is right; orders from harmless to catastrophic."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name as rules and reports spell it."""
        return self.name.lower()


class Confidence(IntEnum):
    """How sure we are that the finding is right."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @property
    def word(self) -> str:
        """The name as rules and reports spell it."""
        return self.name.lower()


class Verdict(StrEnum):
    """What policy makes of findings and gaps; `INCOMPLETE` wins over `FAIL`."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCOMPLETE = "incomplete"


class ArtifactKind(StrEnum):
    """What a set of files is; rules name the kinds that they judge."""

    NPM_TARBALL = "npm-tarball"
    SDIST = "sdist"
    WHEEL = "wheel"
    ARCHIVE = "archive"
    """An archive that is no package that we know."""
    FOLDER = "folder"
    """A folder taken as it is (`--as-is`)."""
    PROJECT = "project"
    """A project's own configuration: what decides what the packer takes."""
    LOCKFILE = "lockfile"
    """A lockfile, an SBOM or an installed tree: packages that others published."""
    POLICY = "policy"
    """The user's own policy: its waivers, and the age of what it rests on."""
    MACHINE = "machine"
    """What lies outside of projects: caches of package managers, files that an attack leaves."""


OF_PYTHON = frozenset({ArtifactKind.SDIST, ArtifactKind.WHEEL})
OF_OTHERS = frozenset({ArtifactKind.LOCKFILE, ArtifactKind.MACHINE})
"""Kinds that hold what others published."""


class Profile(StrEnum):
    """The reader's position: who publishes, or who is about to use."""

    RELEASE = "release"
    INTAKE = "intake"


class Location(Struct, frozen=True, kw_only=True):
    """Where something is: `source` as the user named it, `path` inside it, `line` from 1."""

    source: str
    path: str = ""
    line: int | None = None
    key: str | None = None


class MemberType(StrEnum):
    """What a member of an archive is, by its header."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    DEVICE = "device"
    FIFO = "fifo"
    SPARSE = "sparse"
    UNKNOWN = "unknown"


class Member(Struct, frozen=True, kw_only=True, gc=False):
    """One member of an archive, from its header alone."""

    path: str
    """Relative to the artifact's root folder, `/` between parts; `outer!inner` when nested."""
    name: str
    """As the archive spells it, before the root folder is taken off."""
    size: int
    type: MemberType = MemberType.FILE
    mode: int = 0o644
    link: str = ""
    """The target of a link, as spelled."""
    owner: str = ""
    """User name in the header."""
    group: str = ""
    """Group name in the header."""
    holder: str = ""
    """Of a text that is embedded in a member (a source in a map), the path of that member."""
    nested: bool = False
    """True inside a nested archive, and of an embedded text. A `!` in the path does not say so:
    files may have one in their name."""


class Oddity(Struct, frozen=True, kw_only=True):
    """Something about the archive itself that a plain listing would not show."""

    kind: str
    path: str
    detail: str


class Unread(Struct, frozen=True, kw_only=True):
    """What a reader or collector leaves where it could not look; becomes a Gap."""

    path: str
    reason: str


class Gap(Struct, frozen=True, kw_only=True):
    """Something that could not be examined, and why."""

    location: Location
    reason: str


class Fact(Struct, frozen=True, kw_only=True):
    """One observation; the fields of each kind are what its rules can compare."""

    path: str
    line: int | None = None
    key: str | None = None

    def evidence(self) -> Evidence:
        """Return every field that is not part of the location, in order of declaration."""
        return {
            name: getattr(self, name)
            for name in self.__struct_fields__
            if name not in {"path", "line", "key"}
        }


class Finding(Struct, frozen=True, kw_only=True):
    """A rule's judgement of one fact."""

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    message: str
    location: Location
    evidence: Evidence
    fix: str
    fingerprint: str
    """Stable across runs, line shifts and hashed chunk names; 32 hex digits."""
    exposure: Level | None = None
    """What it says of the project in an incident report; None where it says nothing there."""
    kind: ArtifactKind | None = None
    """What was judged: one source may be a wheel, an sdist and a project at once."""


class SetAside(StrEnum):
    """What sets a finding aside."""

    WAIVER = "waiver"
    """The policy file says that it is fine, and why."""
    BASELINE = "baseline"
    """It was there already when the baseline was written."""
    EARLIER = "earlier"
    """The earlier artifact, with which this one is compared, has it as well."""


class Suppressed(Struct, frozen=True, kw_only=True):
    """A finding that policy set aside, and on whose word."""

    finding: Finding
    reason: str
    by: SetAside = SetAside.WAIVER
    owner: str = ""
    until: str = ""
    """The last day on which that holds (RFC 3339 date); empty for no end."""
    declared: str = ""
    """Where that is said: `.audit.yml:12`."""


class Share(Struct, frozen=True, kw_only=True):
    """What one kind of file takes of an artifact."""

    kind: str
    files: int
    size: ByteCount


class LanguageShare(Struct, frozen=True, kw_only=True):
    """What is written in one language, of what maps give back."""

    language: str
    files: int
    lines: int
    size: ByteCount


class Disclosure(Struct, frozen=True, kw_only=True):
    """What all source maps of an artifact give back together, each distinct text once."""

    maps: int
    files: int
    """First-party, as are lines, size and languages."""
    lines: int
    size: ByteCount
    third_party_files: int
    third_party_size: ByteCount = ByteCount(0)
    shipped_files: int = 0
    """First-party files that the artifact ships anyway, outside of maps."""
    removed_files: int = 0
    """First-party files that ship nowhere, and of which no bundle has any code."""
    removed_lines: int = 0
    removed_size: ByteCount = ByteCount(0)
    removed: tuple[str, ...] = ()
    """The names of the largest of these."""
    languages: tuple[LanguageShare, ...] = ()
    """That with the most bytes first."""


class Home(Struct, frozen=True, kw_only=True):
    """The project folder that an artifact was packed from: where its findings can be fixed."""

    folder: str
    """As the user named it, `/` between parts."""
    manifest: str
    """The file in it that decides what is published: `package.json`, `pyproject.toml`."""
    line: int = 1
    """The line of that decision (`"files"`), or the first."""
    tracked: Mapping[str, str] = field(default_factory=dict)
    """By path in the artifact, the files of the folder that git tracks and that went in as such."""


class Artifact(Struct, frozen=True, kw_only=True):
    """One audited set of files, as reports show it."""

    source: str
    kind: ArtifactKind
    name: str = ""
    version: str = ""
    packer: str = ""
    """The packer and its version that made the tarball here; empty for a file taken as it is."""
    notes: tuple[str, ...] = ()
    """What the reader must know to take the result for what it is."""
    packed: ByteCount | None = None
    unpacked: ByteCount = ByteCount(0)
    files: int = 0
    sha256: str = ""
    shares: tuple[Share, ...] = ()
    discloses: Disclosure | None = None
    ships: Shipped | None = None
    compared: tuple[Comparison, ...] = ()
    """With what it was compared, and how it differs."""
    home: Home | None = None
    """None for what was not packed here."""


class RuleText(Struct, frozen=True, kw_only=True):
    """What a report can say of a rule that was asked, whether it found something or not."""

    id: str
    title: str
    severity: Severity
    """What its findings have unless a condition of the rule says otherwise."""
    confidence: Confidence
    artifacts: frozenset[ArtifactKind]
    """What it judges."""
    why: str
    """Markdown, as is `fix`; both as the rule has them, fields in braces."""
    fix: str
    references: tuple[str, ...] = ()


class Report(Struct, frozen=True, kw_only=True):
    """Everything one call found out; the input of every output format."""

    verdict: Verdict
    threshold: Severity
    ruleset: str
    """A digest of the rules that judged, so that two reports can be compared."""
    data: tuple[str, ...] = ()
    """Other data that it rests on: what, of which day, and its digest."""
    policy: tuple[str, ...] = ()
    """What the user's policy makes of rules and of old findings, one sentence each."""
    rules: tuple[RuleText, ...] = ()
    """The rules that were asked, by id."""
    artifacts: tuple[Artifact, ...] = ()
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    gaps: tuple[Gap, ...] = ()
    inventories: tuple[Mapping[str, object], ...] = field(default=())
    triage: Triage | None = None
    """Where an incident report was asked for."""
