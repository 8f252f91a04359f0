"""Rules over facts: what holds becomes a finding, with its message, fix and fingerprint."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Formatter
from typing import TYPE_CHECKING, get_type_hints

from auditor import words
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
from auditor.stable import stable_path

if TYPE_CHECKING:
    from auditor.rulefile import Rule, Ruleset

Advice = Mapping[str, Callable[[Fact], str]]
"""By name, what a fix can say about this project and its packer, given the fact."""


class Judge:
    """The rules that apply to one kind of artifact in one profile, compiled."""

    def __init__(self, ruleset: Ruleset, profile: Profile = Profile.RELEASE) -> None:
        self._by_fact: dict[str, list[_Compiled]] = defaultdict(list)
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

    def wants(self, fact: str) -> bool:
        """Tell whether any rule asks for this kind of fact."""
        return fact in self._by_fact

    def may_tell(self, kind: ArtifactKind, fact: str, known: Mapping[str, object]) -> bool:
        """Tell whether a rule may hold of a fact, by what is known of its fields."""
        rules = (one for one in self._by_fact.get(fact, ()) if kind in one.rule.artifacts)
        return any(one.may_hold(known) for one in rules)

    def findings(
        self, artifact: Artifact, kind: str, facts: Iterable[Fact], advice: Advice
    ) -> Iterator[Finding]:
        """Yield what the rules find in the facts of one kind."""
        rules = [r for r in self._by_fact.get(kind, ()) if artifact.kind in r.rule.artifacts]
        if not rules:
            return
        seen: dict[str, int] = defaultdict(int)
        for fact in facts:
            for compiled in rules:
                if compiled.holds(fact):
                    yield _finding(compiled, artifact, fact, advice, seen)


class _Compiled:
    """A rule with its predicates."""

    __slots__ = ("_last", "_lists", "holds", "rule", "steps")

    def __init__(self, rule: Rule, lists: Lists) -> None:
        self.rule = rule
        self._lists = lists
        self.holds: Predicate = predicate(rule.where, lists)
        self.steps = [(predicate(where, lists), level) for where, level in rule.severity_when]
        self._last = ""

    def may_hold(self, known: Mapping[str, object]) -> bool:
        """Tell whether it may hold of a fact of which these fields are known."""
        return possible(self.rule.where, self._lists)(known)

    def severity(self, fact: Fact) -> Severity:
        return next((level for holds, level in self.steps if holds(fact)), self.rule.severity)

    def shared(self, fix: str) -> str:
        """Return a fix; one that says what the last one said is held once for all findings."""
        if fix != self._last:
            self._last = fix
        return self._last


def _finding(
    compiled: _Compiled, artifact: Artifact, fact: Fact, advice: Advice, seen: dict[str, int]
) -> Finding:
    rule = compiled.rule
    values = rendered(fact)
    names = (rule.id, artifact.kind.value, artifact.name, stable_path(fact.path), fact.key or "")
    identity = "\0".join(names)
    seen[identity] += 1
    digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "backslashreplace"))
    fix_values = values | {
        name: make(fact) for name, make in advice.items() if f"{{{name}}}" in rule.fix
    }
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=compiled.severity(fact),
        confidence=rule.confidence,
        message=filled(rule.message, values),
        location=Location(source=artifact.source, path=fact.path, line=fact.line, key=fact.key),
        evidence=fact.evidence(),
        fix=compiled.shared(filled(rule.fix, fix_values).strip()),
        fingerprint=digest.hexdigest()[:32],
        exposure=rule.exposure,
        kind=artifact.kind,
    )


def filled(template: str, values: Mapping[str, str]) -> str:
    """Fill a template: `{field}` with the value, `{field:file}` with `1 file` or `3 files`."""
    parts = []
    for text, name, noun, _ in Formatter().parse(template):
        parts.append(text)
        if name is not None:
            value = values[name]
            parts.append(
                f"{value} {noun if value == '1' else words.plural(noun)}" if noun else value
            )
    return "".join(parts)


def rendered(fact: Fact) -> dict[str, str]:
    """Return the fields of a fact as messages print them."""
    hints = _hints(type(fact))
    shown = {"path": fact.path, "line": str(fact.line or ""), "key": fact.key or ""}
    for name, value in fact.evidence().items():
        if hints[name] in {ByteCount, ByteCount | None} and isinstance(value, int):
            shown[name] = words.size(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            shown[name] = f"{value:,}"
        elif isinstance(value, tuple):
            shown[name] = words.listed(value)
        else:
            shown[name] = "" if value is None else str(value)
    return shown


_HINTS: dict[type, dict[str, object]] = {}


def _hints(kind: type) -> dict[str, object]:
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]
