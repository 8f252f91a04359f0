"""How often a law is tried: a quarter of the examples by default, all of them by `make test-all`.

The profiles of hypothesis say which (`tests/conftest.py`); both try the same ones in each run.
`make chance` tries four times as many, other ones each time.
"""

from __future__ import annotations

from hypothesis import settings

WHOLE = 100
FEWEST = 20


def often(examples: int) -> int:
    """Return how many of so many examples this run tries."""
    return max(FEWEST, examples * settings().max_examples // WHOLE)
