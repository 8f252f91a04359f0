"""Our own rules with their tests, parsed once in a process: that takes longer than most tests."""

from __future__ import annotations

from auditor import rulebook, rulefile

FOLDER = rulebook.builtin_folder()
RULES = rulefile.load((FOLDER,), tests=True)
