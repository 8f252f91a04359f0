"""Every rule finds exactly what its own tests say, and its tests can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor import docs, mutants, rulebook, rulefile, ruletest
from tests.our_rules import RULES

if TYPE_CHECKING:
    from auditor.rulebook import Rule

FIXED_IDS = {
    "embedded-sources",
    "remote-source-archive",
    "remote-source-map",
    "dangling-source-map",
    "build-path-in-source-map",
    "credential-file",
    "private-key",
    "version-control-data",
    "assistant-file",
    "build-cache",
    "dump-file",
    "editor-junk",
    "test-file",
    "oversized-file",
    "oversized-artifact",
    "missing-entry-point",
    "install-script",
}
every_rule = pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)


@every_rule
def test_a_rule_finds_exactly_what_its_tests_say(rule: Rule) -> None:
    assert list(ruletest.failures(rule, RULES)) == []


@every_rule
def test_every_condition_of_a_rule_matters_to_some_test(rule: Rule) -> None:
    assert list(mutants.mutants(rule))
    assert list(mutants.uncovered(rule, RULES)) == []


@every_rule
def test_a_rule_has_a_page_with_an_example(rule: Rule) -> None:
    page = docs.page(rule)

    assert page.startswith(f"# {rule.id}\n")
    for heading in ("## Why", "## Fix", "## Example"):
        assert heading in page
    assert "{" not in page.partition("## Example")[0], "a template was left in the page"


def test_ids_that_other_programs_match_on_are_there() -> None:
    assert RULES.by_id().keys() >= FIXED_IDS
    assert RULES.by_id()["embedded-sources"].severity.word == "high"


def test_a_scan_does_not_read_tests_and_sees_the_same_rules() -> None:
    quick = rulefile.load((rulebook.builtin_folder(),))

    assert quick.digest == RULES.digest
    assert [rule.tests for rule in quick.rules] == [()] * len(RULES.rules)
    assert [rule.where for rule in quick.rules] == [rule.where for rule in RULES.rules]
