"""What one call has found so far, over all that it was asked about, up to the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor import facts, policy
from auditor.model import Artifact, Fact, Finding, Gap, Location, Report, RuleText, Unread

if TYPE_CHECKING:
    from auditor.facts import Contents
    from auditor.judge import Judge

Advice = Mapping[str, Callable[[Fact], str]]


@dataclass(slots=True)
class Outcome:
    """Artifacts and inventories, findings and gaps, in the order in which they came."""

    artifacts: list[Artifact] = field(default_factory=list)
    inventories: list[Mapping[str, object]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def gap(self, source: str, reason: str, path: str = "") -> None:
        """Record what could not be examined."""
        self.gaps.append(Gap(location=Location(source=source, path=path), reason=reason))

    def add(self, other: Outcome) -> None:
        """Take in what another outcome holds."""
        self.artifacts += other.artifacts
        self.inventories += other.inventories
        self.findings += other.findings
        self.gaps += other.gaps

    def judged(self, judge: Judge, artifact: Artifact, contents: Contents, advice: Advice) -> None:
        """Collect the facts of some contents, and what the rules find in them."""
        collectors, _ = facts.load(lockfile=contents.kind in facts.OF_OTHERS)
        for name, collector in collectors.items():
            if collector.serves(contents.kind) and judge.wants(name):
                seen = self._facts(collector.collect(contents), artifact)
                self.findings.extend(judge.findings(artifact, name, seen, advice))

    def report(
        self, settings: policy.Settings, ruleset: str, rules: tuple[RuleText, ...] = ()
    ) -> Report:
        """Return the report, with the verdict of the policy; `rules` are those that were asked."""
        return Report(
            verdict=policy.verdict(self.findings, self.gaps, settings),
            threshold=settings.fail_on,
            ruleset=ruleset,
            rules=rules,
            artifacts=tuple(self.artifacts),
            inventories=tuple(self.inventories),
            findings=policy.ordered(self.findings),
            gaps=tuple(self.gaps),
        )

    def _facts(self, seen: Iterable[Fact | Unread], artifact: Artifact) -> Iterator[Fact]:
        for fact in seen:
            if isinstance(fact, Unread):
                self.gap(artifact.source, fact.reason, fact.path)
            else:
                yield fact
