"""What the user decides: which rules count how much, what is set aside; and the verdict.

Nothing is dropped: a finding that is set aside stays in the report, with who says so and why.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.exits import EXIT_FAIL, EXIT_INCOMPLETE, EXIT_PASS
from auditor.facts.demands import Demands
from auditor.match import Globs
from auditor.model import (
    Finding,
    Gap,
    Profile,
    SetAside,
    Severity,
    Suppressed,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.facts.policy.waiver import State
    from auditor.model import Report
    from auditor.rulebook import Rule, Ruleset

EXIT_CODES = {
    Verdict.PASS: EXIT_PASS,
    Verdict.FAIL: EXIT_FAIL,
    Verdict.INCOMPLETE: EXIT_INCOMPLETE,
}
_KNOWN = "it was there when the baseline was written"


class Waiver(Struct, frozen=True, kw_only=True):
    """One decision that some findings of a rule are fine; what is empty is not asked for."""

    rule: str
    reason: str
    path: str = ""
    """A glob over the finding's path."""
    package: str = ""
    """A glob over the package's name, or `NAME@VERSION`."""
    fingerprint: str = ""
    """The beginning of the finding's fingerprint."""
    until: date | None = None
    """The last day on which it holds."""
    owner: str = ""
    file: str = ""
    line: int | None = None

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return ", ".join(filter(None, (self.path, self.package, self.fingerprint)))

    @property
    def declared(self) -> str:
        """Where it stands: `.audit.yml:12`."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding is one of those that it is about."""
        if finding.rule != self.rule or not finding.fingerprint.startswith(self.fingerprint):
            return False
        if self.path and not any(map(Globs((self.path,)).matches, _places(finding))):
            return False
        if not self.package:
            return True
        key = finding.location.key or ""
        name = key.rpartition("@")[0] or key
        return any(map(Globs((self.package,)).matches, (key, name)))


def _places(finding: Finding) -> tuple[str, str]:
    """Return a finding's path, and that of the file which it is inside of: `a.map!b.ts`."""
    path = finding.location.path
    return path, path.partition("!")[0]


class Override(Struct, frozen=True, kw_only=True):
    """What the user makes of a rule: another severity, or None for a rule that does not judge."""

    severity: Severity | None
    reason: str = ""
    owner: str = ""


class Policy(Struct, frozen=True, kw_only=True):
    """All that a policy file says; what it does not say is None or empty."""

    file: str = ""
    """As reports name it; empty where there is none."""
    digest: str = ""
    """Of the file's text."""
    fail_on: Severity | None = None
    profile: Profile | None = None
    overrides: dict[str, Override] = field(default_factory=dict)
    """By rule."""
    demands: Demands = field(default_factory=Demands)
    words_file: str = ""
    """A file with further words that may not ship, relative to the policy's own."""
    names: str = ""
    """The level at which look-alike names are told, or `off`."""
    internal: tuple[str, ...] = ()
    reviewed: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    data_age: timedelta | None = None
    rule_folders: tuple[str, ...] = ()
    """Relative to the file."""
    manifest: str = ""
    baseline: str = ""
    waivers: tuple[Waiver, ...] = ()


class Settings(Struct, frozen=True, kw_only=True):
    """What the user decides about a verdict."""

    fail_on: Severity = Severity.MEDIUM
    policy: Policy = field(default_factory=Policy)
    baseline: frozenset[str] = frozenset()
    """The fingerprints of findings that were there before."""
    today: date = date.min
    """Waivers that end before it have ended."""


class Judged(Struct, frozen=True, kw_only=True):
    """What policy makes of findings."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    uses: tuple[int, ...]
    """Of each waiver, how many findings it covers; also of one that has ended."""


def set_aside(findings: Iterable[Finding], settings: Settings) -> Judged:
    """Tell which findings count, and which are set aside by a waiver or by the baseline."""
    waivers = settings.policy.waivers
    by_rule: dict[str, list[int]] = {}
    for number, waiver in enumerate(waivers):
        by_rule.setdefault(waiver.rule, []).append(number)
    uses: Counter[int] = Counter()
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        covering = [n for n in by_rule.get(finding.rule, ()) if waivers[n].covers(finding)]
        uses.update(covering)
        holding = (waivers[n] for n in covering if holds(waivers[n], settings.today))
        found = next(holding, None)
        if found is not None:
            suppressed.append(_waived(finding, found))
        elif finding.fingerprint in settings.baseline:
            known = Suppressed(finding=finding, reason=_KNOWN, by=SetAside.BASELINE)
            suppressed.append(known)
        else:
            kept.append(finding)
    return Judged(
        findings=tuple(kept),
        suppressed=tuple(suppressed),
        uses=tuple(uses[number] for number in range(len(waivers))),
    )


def holds(waiver: Waiver, today: date) -> bool:
    """Tell whether a waiver has not ended."""
    return waiver.until is None or today <= waiver.until


def _waived(finding: Finding, waiver: Waiver) -> Suppressed:
    return Suppressed(
        finding=finding,
        reason=waiver.reason,
        owner=waiver.owner,
        until=waiver.until.isoformat() if waiver.until else "",
        declared=waiver.declared,
    )


def known(report: Report) -> Report:
    """Return a report in which all that was found is the baseline, which is about to be written."""
    aside = (
        Suppressed(finding=finding, reason=_KNOWN, by=SetAside.BASELINE)
        for finding in report.findings
    )
    verdict = Verdict.INCOMPLETE if report.gaps else Verdict.PASS
    return replace(report, verdict=verdict, findings=(), suppressed=(*report.suppressed, *aside))


def state(waiver: Waiver, uses: int, settings: Settings, *, tried: bool) -> State:
    """Return what a waiver is worth today; `tried` says that its rule saw all there was."""
    from auditor.facts.policy.waiver import State  # noqa: PLC0415 - where there are waivers

    if not holds(waiver, settings.today):
        return State.EXPIRED
    if uses:
        return State.USED
    return State.UNUSED if tried else State.UNTRIED


def overridden(ruleset: Ruleset, policy: Policy) -> Ruleset:
    """Return the rules as the user wants them: with other severities, or left out."""
    rules = (_overridden(rule, policy.overrides.get(rule.id)) for rule in ruleset.rules)
    return replace(ruleset, rules=tuple(rule for rule in rules if rule is not None))


def _overridden(rule: Rule, override: Override | None) -> Rule | None:
    if override is None:
        return rule
    if override.severity is None:
        return None
    return replace(rule, severity=override.severity, severity_when=())


def changes(ruleset: Ruleset, policy: Policy) -> tuple[str, ...]:
    """Return what the policy makes of rules that would judge otherwise, one sentence each."""
    rules = ruleset.by_id()
    told = []
    for name, override in sorted(policy.overrides.items()):
        if name in rules:
            what = override.severity.word if override.severity is not None else "ignored"
            why = f": {override.reason}" if override.reason else ""
            owner = f" ({override.owner})" if override.owner else ""
            told.append(f"{name} is {what} by {policy.file}{why}{owner}")
    return tuple(told)


def verdict(findings: Iterable[Finding], gaps: Iterable[Gap], settings: Settings) -> Verdict:
    """Return the verdict; what was not examined wins over what was found."""
    if any(True for _ in gaps):
        return Verdict.INCOMPLETE
    if any(finding.severity >= settings.fail_on for finding in findings):
        return Verdict.FAIL
    return Verdict.PASS


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings worst first, then by rule and place: the same order in every run."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                -f.severity,
                -f.confidence,
                f.rule,
                f.location.source,
                f.location.path,
                f.location.line or 0,
                f.location.key or "",
            ),
        )
    )
