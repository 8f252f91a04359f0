"""Fixes of one rule joined: one list per table, words once, nothing lost."""

from __future__ import annotations

import pytest

from auditor.fixes import joined

HATCH = (
    'Rotate it.\nIn pyproject.toml:\n  [tool.hatch.build]\n  exclude = ["{}"]\nThen build again.'
)


@pytest.mark.parametrize(
    ("fixes", "wanted"),
    [
        ([], ""),
        (["Leave it out."], "Leave it out."),
        (["Leave a out.", "Leave b out."], "Leave a out."),
        ([HATCH.format("/a"), HATCH.format("/a")], HATCH.format("/a")),
        ([HATCH.format("/a"), HATCH.format("/b")], HATCH.format('/a", "/b')),
        (
            ['  exclude = ["a", "b"]', '  exclude = ["a", "c"]', '  other = ["c"]'],
            '  exclude = ["a", "b", "c"]\n  other = ["c"]',
        ),
        (
            ['  [one]\n  exclude = ["a"]', '  [two]\n  exclude = ["b"]', '  [one]\n  x = ["c"]'],
            '  [one]\n  exclude = ["a"]\n  x = ["c"]\n  [two]\n  exclude = ["b"]',
        ),
        (
            ["As the last line of MANIFEST.in:\n  exclude a", "…:\n  exclude b"],
            "As the last line of MANIFEST.in:\n  exclude a\n  exclude b",
        ),
        (
            ['  exclude = [{path = "a"}]', '  exclude = [{path = "b"}]'],
            '  exclude = [{path = "a"}]\n  exclude = [{path = "b"}]',
        ),
        (['  a = ["x"]\nWords.\n  b = ["y"]', '  a = ["z"]'], '  a = ["x"]\nWords.\n  b = ["y"]'),
    ],
)
def test_fixes_are_joined(fixes: list[str], wanted: str) -> None:
    assert joined(fixes) == wanted


def test_more_fixes_than_wanted_are_counted() -> None:
    fixes = [HATCH.format(f"/{n}") for n in range(5)]

    assert '["/0", "/1", "/2"]\n  # and for 2 more (-v)' in joined(fixes, 3)
    assert '["/0", "/1", "/2", "/3", "/4"]\nThen' in joined(fixes, None)
