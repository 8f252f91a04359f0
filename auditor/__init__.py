"""Audits packages before, at and after release: what ships, what must not, are we hit."""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11, 5):
    from auditor import possessive

    possessive.mend()
