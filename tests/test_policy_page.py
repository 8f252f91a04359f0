"""docs/policy.md: its example is a policy, and no key is missing in it."""

from __future__ import annotations

import re
from pathlib import Path

from auditor import policyfile, rulebook, rulefile

PAGE = (Path(__file__).parent.parent / "docs" / "policy.md").read_text(encoding="utf-8")


def test_the_example_is_a_policy_and_has_every_key() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    document = policyfile.document(".audit.yml", text, ".audit.yml")
    assert document is not None
    rules = rulefile.heads((rulebook.builtin_folder(),))
    assert len(policyfile.policy(document, rules).waivers) == 2
    shapes = policyfile.schema()["$defs"]
    assert document.values.keys() == shapes["PolicyFile"]["properties"].keys()
    assert document.values["budgets"].keys() == shapes["BudgetSetting"]["properties"].keys()


def test_every_key_of_a_waiver_is_explained() -> None:
    keys = policyfile.schema()["$defs"]["WaiverEntry"]["properties"]
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_every_rule_that_the_page_names_exists() -> None:
    rules = rulefile.heads((rulebook.builtin_folder(),))
    named = re.findall(r"\(`([a-z-]+)`\)", PAGE)
    assert len(named) == 10
    assert [name for name in named if name not in rules] == []
