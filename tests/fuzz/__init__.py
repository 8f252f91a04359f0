"""Coverage-guided fuzzing of every reader: targets, what must hold, a kept corpus, a runner.

    python -m tests.fuzz [TARGET…] --seconds N

A module of `targets/` says in `TARGETS` what it has; nothing is registered by hand. What once broke
a target lies in `regressions/TARGET/` and is replayed by the ordinary tests, as is the corpus.
"""
