"""What the detector of look-alike names is compared with: one edit of a popular name; guarddog."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.name_rates import Answers

GUARDDOG = """\
import json, logging, sys

import requests

def nothing(*args, **kwargs):
    raise requests.ConnectionError("the lists that it comes with are measured")

requests.get = nothing  # before the import, which would fetch others
logging.disable()

from guarddog.analyzer.metadata.npm.typosquatting import NPMTyposquatDetector
from guarddog.analyzer.metadata.pypi.typosquatting import PypiTyposquatDetector

detector = {"npm": NPMTyposquatDetector, "pypi": PypiTyposquatDetector}[sys.argv[1]]()
names = json.load(sys.stdin)
json.dump({name: detector.get_typosquatted_package(name) for name in names}, sys.stdout)
"""
"""Its own code and lists; needs guarddog 3 in the Python that runs it."""


class OneEdit:
    """At most one letter more, less, another, or two swapped; a popular name is never told of."""

    def __init__(self, popular: Sequence[str]) -> None:
        self.popular = list(popular)
        self.known = frozenset(popular)

    def __call__(self, name: str) -> frozenset[str]:
        """Return all popular names that a name is one edit away from."""
        if name in self.known:
            return frozenset()
        near = process.extract(name, self.popular, scorer=OSA.distance, score_cutoff=1, limit=None)
        return frozenset(choice for choice, _, _ in near)


def of_guarddog(python: str, ecosystem: str, names: Iterable[str]) -> Answers:
    """Return what guarddog says of names, asked in a process of the Python that has it."""
    done = subprocess.run(  # noqa: S603 - the Python that the caller named, with code of ours
        [python, "-c", GUARDDOG, ecosystem],
        input=json.dumps(sorted(names)),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return {name: frozenset(targets) for name, targets in json.loads(done.stdout).items()}
