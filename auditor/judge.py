"""Rules over facts: what holds becomes a finding, with its message, fix and fingerprint."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, get_type_hints

from auditor import fastpaths, words
from auditor.match import Lists, Predicate, possible, predicate
from auditor.model import (
    Artifact,
    ArtifactKind,
    ByteCount,
    Fact,
    Finding,
    Location,
    Profile,
    RuleText,
    Severity,
)
from auditor.screen import MANY, Lot, Made, Need, Screen, need_of
from auditor.stable import stable_path

if TYPE_CHECKING:
    from auditor.rulebook import Rule, Ruleset

_ENOUGH = 256
"""Facts, of all artifacts together, for which a screen pays that has to be made."""
_FEW = 3
"""Facts of one artifact for which one pays that is there."""
Advice = Mapping[str, Callable[[Fact], str]]
"""By name, what a fix can say about this project and its packer, given the fact."""


class Judge:
    """The rules that apply to one kind of artifact in one profile, compiled.

    `artifacts` says for how many: what pays for many is made for the first of them.
    """

    def __init__(
        self, ruleset: Ruleset, profile: Profile = Profile.RELEASE, *, artifacts: int = 1
    ) -> None:
        self._artifacts = artifacts
        self._by_fact: dict[str, list[_Compiled]] = defaultdict(list)
        self._asked: dict[tuple[str, ArtifactKind], _Asked] = {}
        self._wanted: dict[ArtifactKind, frozenset[str]] = {}
        for rule in ruleset.rules:
            if profile in rule.profiles:
                self._by_fact[rule.fact].append(_Compiled(rule, ruleset.lists))

    @property
    def texts(self) -> tuple[RuleText, ...]:
        """What reports can say of the rules, by id."""
        rules = [one.rule for some in self._by_fact.values() for one in some]
        return tuple(
            RuleText(
                id=rule.id,
                title=rule.title,
                severity=rule.severity,
                confidence=rule.confidence,
                artifacts=rule.artifacts,
                why=rule.why,
                fix=rule.fix,
                references=rule.references,
            )
            for rule in sorted(rules, key=lambda rule: rule.id)
        )

    def wanted(self, kind: ArtifactKind) -> frozenset[str]:
        """Return the kinds of fact that any rule asks for of that kind of artifact."""
        found = self._wanted.get(kind)
        if found is None:
            asked = (fact for fact in self._by_fact if self._asked_of(fact, kind).rules)
            found = self._wanted[kind] = frozenset(asked)
        return found

    def may_tell(self, kind: ArtifactKind, fact: str, known: Mapping[str, object]) -> bool:
        """Tell whether a rule may hold of a fact, by what is known of its fields."""
        rules = (one for one in self._by_fact.get(fact, ()) if kind in one.rule.artifacts)
        return any(one.may_hold(known) for one in rules)

    def findings(
        self, artifact: Artifact, kind: str, facts: Iterable[Fact], advice: Advice
    ) -> Iterator[Finding]:
        """Yield what the rules find in the facts of one kind."""
        return self.findings_in(artifact, kind, _in_lots(facts), advice)

    def findings_in(
        self, artifact: Artifact, kind: str, lots: Iterable[Lot], advice: Advice
    ) -> Iterator[Finding]:
        """Yield what they find in facts that are made where a rule may be about them."""
        asked = self._asked_of(kind, artifact.kind)
        if not asked.rules:
            return
        seen: dict[str, int] = defaultdict(int)
        for compiled, fact in asked.met(lots):
            yield _finding(compiled, artifact, fact, advice, seen)

    def _asked_of(self, fact: str, kind: ArtifactKind) -> _Asked:
        found = self._asked.get((fact, kind))
        if found is None:
            rules = [one for one in self._by_fact.get(fact, ()) if kind in one.rule.artifacts]
            found = self._asked[fact, kind] = _Asked(rules, self._artifacts)
        return found


class _Asked:
    """The rules about one kind of fact of one kind of artifact, for all artifacts of a call."""

    def __init__(self, rules: list[_Compiled], artifacts: int) -> None:
        self.rules = rules
        self._artifacts = artifacts
        self._seen = 0

    @cached_property
    def _screen(self) -> Screen:
        return Screen([rule.need for rule in self.rules])

    def met(self, lots: Iterable[Lot]) -> Iterator[tuple[_Compiled, Fact]]:
        """Yield each rule that holds with the fact it holds for, in the order of the facts."""
        rules = self.rules
        quick = fastpaths.enabled("screens")
        for lot in lots:
            always: Sequence[int] = range(len(rules))
            passed: Mapping[int, Collection[int]] = {}
            self._seen += len(lot)
            if quick and self._seen * self._artifacts >= _ENOUGH and len(lot) >= _FEW:
                always = [number for number in always if rules[number].is_open(lot)]
                passed = self._screen.passed(lot)
            for place in range(len(lot)) if always else sorted(passed):
                fact = lot.fact(place)
                for number in sorted({*always, *passed[place]}) if place in passed else always:
                    if rules[number].holds(fact):
                        yield rules[number], fact


def _in_lots(facts: Iterable[Fact]) -> Iterator[Lot]:
    """Yield facts by the thousand; what came before an error comes before it here, too."""
    some: list[Fact] = []
    try:
        for fact in facts:
            some.append(fact)
            if len(some) == MANY:
                yield Made(some)
                some = []
    except Exception:
        yield Made(some)
        raise
    yield Made(some)


class _Compiled:
    """A rule with its predicates, which are made for the first fact: most rules never see one."""

    def __init__(self, rule: Rule, lists: Lists) -> None:
        self.rule = rule
        self._lists = lists
        self._last = ""

    @cached_property
    def need(self) -> Need | None:
        return need_of(self.rule.where)

    @cached_property
    def holds(self) -> Predicate:
        return predicate(self.rule.where, self._lists)

    @cached_property
    def _steps(self) -> list[tuple[Predicate, Severity]]:
        steps = self.rule.severity_when
        return [(predicate(where, self._lists), level) for where, level in steps]

    def may_hold(self, known: Mapping[str, object]) -> bool:
        """Tell whether it may hold of a fact of which these fields are known."""
        return possible(self.rule.where, self._lists)(known)

    def severity(self, fact: Fact) -> Severity:
        return next((level for holds, level in self._steps if holds(fact)), self.rule.severity)

    def is_open(self, lot: Lot) -> bool:
        """Tell whether a screen says nothing of what it needs: it must be tried on all facts."""
        if self.need is None:
            return True
        return not self.need.patterns and self.need.may_be_met(lot.column(self.need.field))

    def shared(self, fix: str) -> str:
        """Return a fix; one that says what the last one said is held once for all findings."""
        if fix != self._last:
            self._last = fix
        return self._last


def _finding(
    compiled: _Compiled, artifact: Artifact, fact: Fact, advice: Advice, seen: dict[str, int]
) -> Finding:
    rule = compiled.rule
    shown = _Shown(fact, advice)
    names = (rule.id, artifact.kind.value, artifact.name, stable_path(fact.path), fact.key or "")
    identity = "\0".join(names)
    seen[identity] += 1
    digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "backslashreplace"))
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=compiled.severity(fact),
        confidence=rule.confidence,
        message=filled(rule.message, shown),
        location=Location(source=artifact.source, path=fact.path, line=fact.line, key=fact.key),
        evidence=fact.evidence(),
        fix=compiled.shared(filled(rule.fix, shown).strip()),
        fingerprint=digest.hexdigest()[:32],
        exposure=rule.exposure,
        kind=artifact.kind,
    )


def filled(template: str, values: Mapping[str, str]) -> str:
    """Fill a template: `{field}` with the value, `{field:file}` with `1 file` or `3 files`."""
    parts = []
    for text, name, noun, _ in _parsed(template):
        parts.append(text)
        if name is not None:
            value = values[name]
            parts.append(
                f"{value} {noun if value == '1' else words.plural(noun)}" if noun else value
            )
    return "".join(parts)


@lru_cache(1024)
def _parsed(template: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
    from string import Formatter  # noqa: PLC0415 - where something was found

    return tuple(Formatter().parse(template))


class _Shown(dict[str, str]):
    """What a template can name, as people read it; each made when it is asked for.

    That is the fields of a fact, and what there is to say about this project.
    """

    def __init__(self, fact: Fact, advice: Advice) -> None:
        super().__init__(path=fact.path, line=str(fact.line or ""), key=fact.key or "")
        self._fact = fact
        self._advice = advice

    def __missing__(self, name: str) -> str:
        make = self._advice.get(name)
        self[name] = text = _field(self._fact, name) if make is None else make(self._fact)
        return text


def _field(fact: Fact, name: str) -> str:
    value = getattr(fact, name)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return words.size(value) if name in _sizes(type(fact)) else f"{value:,}"
    if isinstance(value, tuple):
        return words.listed(value)
    return "" if value is None else str(value)


@cache
def _sizes(kind: type) -> frozenset[str]:
    """Return the fields of a kind of fact that are numbers of bytes."""
    hints = get_type_hints(kind)
    return frozenset(name for name in hints if hints[name] in {ByteCount, ByteCount | None})
