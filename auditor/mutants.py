"""Whether a rule's tests can fail: every condition is broken in turn, and some test must notice.

A mutant drops a condition, a group, one alternative of a list, or moves a threshold by one, in
`where` and in each step of `severity_when`. A mutant that no test notices is a condition that
nobody has tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor import ruletest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.match import Condition, Where
    from auditor.rulebook import Rule, Ruleset


def uncovered(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    """Yield one line for each mutant of a rule that passes all of the rule's tests."""
    seen = [(test, ruletest.facts_of(rule, test)) for test in rule.tests]
    expected = [tuple(sorted(test.finds)) for test, _ in seen]
    for what, mutant in mutants(rule):
        found = [ruletest.judged(mutant, ruleset, test, facts) for test, facts in seen]
        if found == expected:
            yield f"{rule.id}: no test notices: {what}"


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield each mutant with a description of what was broken."""
    for what, where in _mutations(rule.where, "where"):
        yield what, replace(rule, where=where)
    for index, (where, level) in enumerate(rule.severity_when):
        steps = list(rule.severity_when)
        key = f"severity_when[{index}]"
        yield f"{key} dropped", replace(rule, severity_when=(*steps[:index], *steps[index + 1 :]))
        for what, changed in _mutations(where, key):
            steps[index] = (changed, level)
            yield what, replace(rule, severity_when=tuple(steps))


def _mutations(where: Where, key: str) -> Iterator[tuple[str, Where]]:
    for index, condition in enumerate(where.conditions):
        others = (where.conditions[:index], where.conditions[index + 1 :])
        here = f"{key}.{condition.field}"
        yield f"{here} dropped", replace(where, conditions=(*others[0], *others[1]))
        for what, changed in _changed(condition, here):
            yield what, replace(where, conditions=(*others[0], changed, *others[1]))
    for name in ("any", "none"):
        groups: tuple[Where, ...] = getattr(where, name)
        for index, group in enumerate(groups):
            here = f"{key}.{name}[{index}]"
            rest = (*groups[:index], *groups[index + 1 :])
            yield f"{here} dropped", _with(where, name, rest)
            for what, changed_group in _mutations(group, here):
                changed_groups = (*groups[:index], changed_group, *groups[index + 1 :])
                yield what, _with(where, name, changed_groups)


def _with(where: Where, name: str, groups: tuple[Where, ...]) -> Where:
    return replace(where, any=groups) if name == "any" else replace(where, none=groups)


def _changed(condition: Condition, here: str) -> Iterator[tuple[str, Condition]]:
    if condition.operator in {"over", "under"}:
        (bound,) = condition.operands
        for step in (-1, 1):
            moved = int(bound or 0) + step
            yield f"{here}: {moved} for {bound}", replace(condition, operands=(moved,))
        return
    if len(condition.operands) > 1:
        for index, operand in enumerate(condition.operands):
            rest = (*condition.operands[:index], *condition.operands[index + 1 :])
            yield f"{here}: {operand!r} dropped", replace(condition, operands=rest)
