"""Audits packages before, at and after release: what ships, what must not, are we hit."""

__version__ = "0.1.0"
