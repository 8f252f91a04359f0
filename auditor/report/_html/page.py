"""A report as the HTML page shows it: what is grouped, what is said once, what comes first."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import fixes, policy, words
from auditor.exposure import Level
from auditor.lazyre import regex
from auditor.model import Artifact, Finding, Report, Severity, Suppressed, Verdict
from auditor.report import _incident
from auditor.report._html import prose, treemap
from auditor.report._incident import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.model import Location, Scalar

OPEN = 20
"""Findings of one rule that stand open; the others are a click away."""
MOST = 5_000
"""Findings of one rule that the page has; JSON has them all."""
PRINTED = 300
"""Files that are printed; of more there is the treemap, unless the reader unfolds the table."""
VALUES = 50
"""Texts of one field of evidence."""
_FINGERPRINT = regex(r"[0-9a-f]{32}\Z")
_NO_ID = regex(r"[^a-z0-9]+")
_MEANING = {
    Verdict.PASS: "all was examined, and nothing at or above {threshold} was found",
    Verdict.FAIL: "there are findings at or above {threshold}",
    Verdict.INCOMPLETE: "not all could be examined; what was found so far is below",
}
_TONE = {
    Level.COMPROMISED: "fail",
    Level.EXPOSED: "fail",
    Level.WAS_EXPOSED: "warn",
    Level.NOT_EXAMINED: "incomplete",
    Level.NOT_FOUND: "pass",
}


class Shown(Struct, frozen=True, kw_only=True):
    """One finding."""

    finding: Finding
    anchor: str
    place: str
    """Path and line in what was audited, or what was audited itself."""
    within: str
    """What was audited, where the place does not say it and there are several."""
    said: str
    """The message, without the path that it begins with."""
    source: int
    """Which of the page's sources it is in."""
    evidence: tuple[tuple[str, str], ...]
    fix: tuple[prose.Part, ...] = ()
    """Empty where its group says it."""
    aside: Suppressed | None = None


class Group(Struct, frozen=True, kw_only=True):
    """What one rule found."""

    rule: str
    title: str
    anchor: str
    worst: Severity
    count: int
    first: tuple[Shown, ...]
    more: tuple[Shown, ...]
    fix: tuple[prose.Part, ...]

    @property
    def left_out(self) -> int:
        """How many findings the page does not have."""
        return self.count - len(self.first) - len(self.more)


class Told(Struct, frozen=True, kw_only=True):
    """A line of an incident report with those that belong to it."""

    line: Line
    below: tuple[Told, ...] = ()


class Ships(Struct, frozen=True, kw_only=True):
    """What one artifact ships."""

    artifact: Artifact
    folders: tuple[treemap.Folder, ...]
    tree: str
    """As JSON, for the script."""

    @property
    def short(self) -> bool:
        """Tell whether its files are few enough to be listed on paper, too."""
        return sum(len(folder.rows) for folder in self.folders) <= PRINTED


class Page(Struct, frozen=True, kw_only=True):
    """Everything that the templates read."""

    report: Report
    title: str
    head: str
    """The verdict, or the level of an incident report."""
    tone: str
    """How the head is coloured: a verdict's word, or `warn`."""
    meaning: str
    exit_code: int
    counts: tuple[tuple[str, int], ...]
    """By severity, the worst first; also those of which there is none."""
    groups: tuple[Group, ...]
    aside: tuple[Shown, ...]
    sources: tuple[str, ...]
    ships: tuple[Ships, ...]
    incident: tuple[Told, ...]
    summary: str
    """Of an incident report."""


def page(report: Report) -> Page:
    """Return what the page shows of a report."""
    found = [*report.findings, *(item.finding for item in report.suppressed)]
    sources = tuple(dict.fromkeys(finding.location.source for finding in found))
    shower = _Shower(sources)
    counts = Counter(finding.severity for finding in report.findings)
    meaning = _MEANING[report.verdict].format(threshold=report.threshold.word)
    triage = report.triage
    return Page(
        report=report,
        title=_title(report),
        head=report.verdict.value if triage is None else triage.level.value,
        tone=report.verdict.value if triage is None else _TONE[triage.level],
        meaning=meaning,
        exit_code=policy.EXIT_CODES[report.verdict],
        counts=tuple((level.word, counts[level]) for level in sorted(Severity, reverse=True)),
        groups=tuple(_groups(report.findings, shower)),
        aside=tuple(shower.shown(item.finding, aside=item) for item in report.suppressed),
        sources=sources,
        ships=tuple(_ships(report.artifacts)),
        incident=() if triage is None else nested(_incident.lines(triage, (), every=True)),
        summary="" if triage is None else _incident.summary(triage),
    )


def place(location: Location, said: str = "") -> str:
    """Return where something is, with the key in it that what is said of it does not name."""
    line = f":{location.line}" if location.line else ""
    key = f" ({location.key})" if location.key and location.key not in said else ""
    return f"{location.path if within(location) else location.source}{line}{key}"


def within(location: Location) -> bool:
    """Tell whether a place is inside of what was audited, and not that file itself."""
    return bool(location.path) and posixpath.basename(location.source) != location.path


def nested(lines: Iterable[Line]) -> tuple[Told, ...]:
    """Return the lines of an incident report, each below the one that it belongs to."""
    depth = {
        _incident.Role.TITLE: 0,
        _incident.Role.INCIDENT: 0,
        _incident.Role.HIT: 2,
        _incident.Role.COMMAND: 2,
        _incident.Role.DETAIL: 3,
    }
    return _below([(depth.get(line.role, 1), line) for line in lines])


def _below(lines: Sequence[tuple[int, Line]]) -> tuple[Told, ...]:
    if not lines:
        return ()
    top = lines[0][0]
    starts = [index for index, (depth, _) in enumerate(lines) if depth <= top]
    ends = [*starts[1:], len(lines)]
    return tuple(
        Told(line=lines[start][1], below=_below(lines[start + 1 : end]))
        for start, end in zip(starts, ends, strict=True)
    )


def _title(report: Report) -> str:
    if report.triage is not None:
        return "Incident report"
    named = [f"{one.name} {one.version}".strip() or one.source for one in report.artifacts]
    named = named or [str(row["source"]) for row in report.inventories]
    if len(named) > 3:
        return words.counted(len(named), "artifact" if report.artifacts else "lockfile")
    named = named or list(dict.fromkeys(gap.location.source for gap in report.gaps))
    return words.listed(tuple(named)) or "nothing"


def _groups(findings: Sequence[Finding], shower: _Shower) -> Iterator[Group]:
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    worst = {rule: max(f.severity for f in found) for rule, found in by_rule.items()}
    for rule in sorted(by_rule, key=lambda rule: (-worst[rule], rule)):
        found = policy.ordered(by_rule[rule])
        texts = dict.fromkeys(finding.fix for finding in found)
        shown = [shower.shown(finding, own_fix=len(texts) > 1) for finding in found[:MOST]]
        yield Group(
            rule=rule,
            title=found[0].title,
            anchor=shower.anchor("rule", rule),
            worst=worst[rule],
            count=len(found),
            first=tuple(shown[:OPEN]),
            more=tuple(shown[OPEN:]),
            fix=prose.parts(fixes.joined(texts, None)),
        )


class _Shower:
    """Makes findings ready to show; each has an anchor of its own that stays from run to run."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._source = {source: index for index, source in enumerate(sources)}
        self._taken: Counter[str] = Counter()

    def anchor(self, kind: str, name: str) -> str:
        """Return an id that no other element has."""
        bare = f"{kind}-{_NO_ID.sub('-', name.lower())[:60].strip('-')}"
        self._taken[bare] += 1
        count = self._taken[bare]
        return bare if count == 1 else f"{bare}--{count}"

    def shown(
        self, finding: Finding, *, own_fix: bool = False, aside: Suppressed | None = None
    ) -> Shown:
        """Return a finding, with its fix only where asked for."""
        print_ = finding.fingerprint[:12] if _FINGERPRINT.match(finding.fingerprint) else "x"
        path, source = finding.location.path, finding.location.source
        rest = finding.message.removeprefix(path) if path else finding.message
        return Shown(
            finding=finding,
            anchor=self.anchor("finding", print_),
            place=place(finding.location, finding.message),
            within=source if len(self._source) > 1 and within(finding.location) else "",
            said=rest.lstrip() if rest.startswith(" ") else finding.message,
            source=self._source[source],
            evidence=tuple(_evidence(finding)),
            fix=prose.parts(finding.fix) if own_fix else (),
            aside=aside,
        )


def _evidence(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the fields that say something, as people read them."""
    for name, value in finding.evidence.items():
        if isinstance(value, tuple):
            if value:
                yield name, words.listed(value, VALUES)
        elif value is not None and value != "":
            yield name, _value(value)


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _ships(artifacts: Iterable[Artifact]) -> Iterator[Ships]:
    for artifact in artifacts:
        if artifact.ships is not None and artifact.ships.files:
            listing = treemap.folders(artifact.ships.files)
            yield Ships(artifact=artifact, folders=listing, tree=treemap.document(listing))
