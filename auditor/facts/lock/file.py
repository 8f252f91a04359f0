"""A lockfile as a whole: what its reader found odd, and what is true of many entries at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import Beside, LockIndex, indexes, is_exotic
from auditor.facts.lock.package import needs_digest, states_of, told_one_by_one
from auditor.integrity import Integrity
from auditor.inventory import Inventory, Origin
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.inventory import LockedPackage, LockProblem

_LACK = {"unhashed": "no digest", "weak-digests": "a digest that is too weak"}
_SAMPLE = 5


class LockFileFact(Fact, frozen=True, kw_only=True):
    """One thing about the file; `key` is the entry or section that it is about."""

    format: str
    problem: str
    """`duplicate-key`, `split-brain`, `version-lie`, `merge-conflict`, `link-outside`,
    `invalid-name`, … as the reader says, or `unhashed` and `weak-digests`."""
    subject: str
    detail: str
    """One sentence for people."""
    packages: int
    """How many entries it is about."""
    hashed: int
    """How many entries of the file have a digest."""
    sample: tuple[str, ...]
    """The first five of them as `name@version`."""
    ecosystem: str
    """Of the packages; empty for a file without any."""
    declared: bool
    """A dependent asks for what the subject names by a path or address."""


def collect(contents: Contents) -> Iterator[LockFileFact]:
    """Yield the reader's problems, then the sums over all entries."""
    for index in indexes(contents):
        inventory = index.inventory
        paths = _asked_by_path(index) if inventory.problems else frozenset()
        for problem in inventory.problems:
            yield _told(index, problem, declared=problem.subject in paths)
        yield from _sums(index)


def _asked_by_path(index: LockIndex) -> frozenset[str]:
    """Return ids and names of the packages that a dependent asks for by a path or address."""
    found: set[str] = set()
    for package in index.inventory.packages:
        if any(is_exotic(wish) for wish in index.wanted(package)):
            found |= {package.id, package.alias or package.name}
    return frozenset(found)


def _told(index: LockIndex, problem: LockProblem, *, declared: bool) -> LockFileFact:
    return LockFileFact(
        path=index.inventory.path,
        line=problem.line,
        key=problem.subject or None,
        format=index.inventory.format,
        problem=problem.kind,
        subject=problem.subject,
        detail=problem.detail,
        packages=1,
        hashed=0,
        sample=(),
        ecosystem=_ecosystem(index.inventory),
        declared=declared,
    )


def _sums(index: LockIndex) -> Iterator[LockFileFact]:
    packages = index.inventory.packages
    states = states_of(index)
    seen = zip(packages, states, index.usual.places, strict=True)
    pairs = [(package, worth) for package, worth, place in seen if place is None]
    hashed = len(states) - states.count(Integrity.NONE)
    bare = [p for p, s in pairs if needs_digest(index, p, s)]
    if bare and not told_one_by_one(index, states):
        yield _sum(index, "unhashed", bare, hashed)
    weak = [p for p, s in pairs if s is Integrity.WEAK and p.origin is Origin.REGISTRY]
    if weak:
        yield _sum(index, "weak-digests", weak, hashed)


def _sum(
    index: LockIndex, problem: str, packages: Sequence[LockedPackage], hashed: int
) -> LockFileFact:
    return LockFileFact(
        path=index.inventory.path,
        line=packages[0].line,
        key=problem,
        format=index.inventory.format,
        problem=problem,
        subject="",
        detail=f"{words.counted(len(packages), 'entry', 'entries')} with {_LACK[problem]}",
        packages=len(packages),
        hashed=hashed,
        sample=tuple(f"{p.name}@{p.version}" for p in packages[:_SAMPLE]),
        ecosystem=_ecosystem(index.inventory),
        declared=False,
    )


def _ecosystem(inventory: Inventory) -> str:
    return inventory.packages[0].ecosystem if inventory.packages else ""


COLLECTOR = Collector(name="lock-file", fact=LockFileFact, collect=collect, lockfile=True)

__all__ = ["COLLECTOR", "Beside", "LockFileFact", "collect"]
