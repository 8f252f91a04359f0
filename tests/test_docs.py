"""README and rule pages say what the program says; `python -m auditor.docs` renews them."""

from __future__ import annotations

import re
from pathlib import Path

from auditor import docs
from tests.our_rules import RULES

ROOT = Path(__file__).parent.parent
RENEW = "run `python -m auditor.docs`"


def test_the_readme_is_current() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert docs.splice(readme, RULES) == readme, RENEW
    for block in ("rules", "help", "help pack"):
        assert f"<!-- {block}:begin -->" in readme


def test_every_rule_has_its_page_and_no_page_is_left_over() -> None:
    wanted = docs.pages(RULES)
    there = {
        path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/rules").glob("*.md")
    }

    assert there == wanted, RENEW


def test_links_between_our_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_command_is_in_the_readme() -> None:
    from auditor.cli import cli  # noqa: PLC0415 - only this test needs click

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        assert f"audit {name}" in readme


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]

    assert "make demo" in "\n".join(first_screen)
    assert "make test" in "\n".join(first_screen)
