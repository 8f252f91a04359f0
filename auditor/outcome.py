"""What one call has found so far, over all that it was asked about, up to the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor import facts, policy, words
from auditor.blame import of_input
from auditor.errors import SpentError
from auditor.limits import Budget, Limits
from auditor.model import (
    Artifact,
    ArtifactKind,
    Fact,
    Finding,
    Gap,
    Location,
    Report,
    Unread,
)

if TYPE_CHECKING:
    from auditor.facts import Contents
    from auditor.judge import Judge
    from auditor.rulebook import Ruleset

_FACTS = 32
"""Facts for one look at the clock."""
Advice = Mapping[str, Callable[[Fact], str]]


class Outcome(Struct):
    """Artifacts and inventories, findings and gaps, in the order in which they came."""

    artifacts: list[Artifact] = field(default_factory=list)
    inventories: list[Mapping[str, object]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    kinds: set[ArtifactKind] = field(default_factory=set)
    """The kinds of what was judged."""

    def gap(self, source: str, reason: str, path: str = "") -> None:
        """Record what could not be examined."""
        self.gaps.append(Gap(location=Location(source=source, path=path), reason=reason))

    def add(self, other: Outcome) -> None:
        """Take in what another outcome holds."""
        self.artifacts += other.artifacts
        self.inventories += other.inventories
        self.findings += other.findings
        self.gaps += other.gaps
        self.kinds |= other.kinds

    def judged(
        self,
        judge: Judge,
        artifact: Artifact,
        contents: Contents,
        advice: Advice,
        budget: Budget | None = None,
    ) -> None:
        """Collect the facts of some contents, and what the rules find in them.

        A collector that the input breaks is a gap, and so are all that the budget ends.
        """
        budget = budget or Budget(Limits())
        self.kinds.add(contents.kind)
        wanted = judge.wanted(artifact.kind)
        for name, collector in facts.serving(contents):
            if name not in wanted:
                continue
            try:
                budget.check()
                if collector.lots is not None:
                    lots = budget.watched(collector.lots(contents))
                    self.findings.extend(judge.findings_in(artifact, name, lots, advice))
                    continue
                made = iter(collector.collect(contents))
                first = next(made, None)
                if first is None:  # as most collectors have nothing to say of most artifacts
                    continue
                seen = self._facts(budget.watched(chain((first,), made), _FACTS), artifact)
                self.findings.extend(judge.findings(artifact, name, seen, advice))
            except SpentError as problem:
                self.gap(artifact.source, f"not judged to the end: {problem}")
                return
            except Exception as problem:  # noqa: BLE001 - of one collector, sorted by fault
                why = of_input(problem, f"the fact collector {name} on {artifact.source}")
                self.gap(artifact.source, f"facts of the kind {name} are not complete: {why}")

    def report(
        self,
        settings: policy.Settings,
        ruleset: Ruleset,
        judge: Judge,
        data: tuple[str, ...] = (),
    ) -> Report:
        """Return the report: what policy makes of all this, and of the policy itself.

        `ruleset` is as it was loaded, `judge` asks its rules as the policy wants them.
        """
        judged = policy.set_aside(self.findings, settings)
        of_policy = self._of_policy(settings, judge, judged.uses, data)
        findings = (*judged.findings, *of_policy)
        said = settings.policy
        notes = policy.changes(ruleset, said)
        if gone := settings.baseline - {one.finding.fingerprint for one in judged.suppressed}:
            notes += (f"gone of what the baseline lists: {words.counted(len(gone), 'finding')}",)
        return Report(
            verdict=policy.verdict(findings, self.gaps, settings),
            threshold=settings.fail_on,
            ruleset=ruleset.digest,
            data=(*data, f"policy {said.file} {said.digest}") if said.file else data,
            policy=notes,
            rules=judge.texts,
            artifacts=tuple(self.artifacts),
            inventories=tuple(self.inventories),
            findings=policy.ordered(findings),
            suppressed=judged.suppressed,
            gaps=tuple(self.gaps),
        )

    def _of_policy(
        self,
        settings: policy.Settings,
        judge: Judge,
        uses: tuple[int, ...],
        data: tuple[str, ...],
    ) -> list[Finding]:
        """Judge the policy itself: its waivers, and the age of what the report rests on."""
        said = settings.policy
        if not said.waivers and said.data_age is None:
            return []
        from auditor import onpolicy  # noqa: PLC0415 - of such a policy alone

        tried = {rule.id for rule in judge.texts if not self.gaps and rule.artifacts & self.kinds}
        contents = onpolicy.contents(settings, uses, tried, data)
        found = Outcome()
        found.judged(judge, Artifact(source=said.file, kind=ArtifactKind.POLICY), contents, {})
        return found.findings

    def _facts(self, seen: Iterable[Fact | Unread], artifact: Artifact) -> Iterator[Fact]:
        for fact in seen:
            if isinstance(fact, Unread):
                self.gap(artifact.source, fact.reason, fact.path)
            else:
                yield fact
