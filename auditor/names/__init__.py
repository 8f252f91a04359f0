"""Which popular name a name imitates, and how: slips of typing, words added, scopes, looks."""

from auditor.names.values import Kind, Level, Lookalike

__all__ = ["Kind", "Level", "Lookalike"]
