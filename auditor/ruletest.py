"""A rule's own tests, run in memory: the same facts, the same judgement, no file touched."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor import facts, policyfile, ruletest_others
from auditor.archives.tar import stripped
from auditor.examine import Examination
from auditor.facts import denied_word
from auditor.facts.comparing.comparison import ComparedWith
from auditor.facts.comparing.size_history import SizesSeen
from auditor.facts.demands import Demands
from auditor.facts.denied_word import DeniedSeen
from auditor.facts.distribution import SdistSeen
from auditor.facts.project.git_state import GitSeen, PathState
from auditor.judge import Judge
from auditor.limits import Budget, Limits
from auditor.model import (
    Artifact,
    ArtifactKind,
    Fact,
    Finding,
    Location,
    Member,
    MemberType,
    Oddity,
    Severity,
)
from auditor.packers import PackedPaths, Packer
from auditor.rulefile import ADVICE
from auditor.shipping import DIGESTS, compared, shipped
from auditor.sizehistory import ReleaseSize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.archives import Entry
    from auditor.facts import Contents, Reader
    from auditor.rulebook import FileSpec, Rule, Ruleset, RuleTest

Found = tuple[tuple[str, Severity | None], ...]


_ANY_SIZE = 2**62
"""Bytes: a test may say of a member what it likes."""


def entries(members: Iterable[tuple[str, FileSpec]]) -> Iterator[Entry]:
    """Yield what a test gives as members, as an archive's reader would."""
    for path, spec in members:
        yield _entry(path, spec)


def _entry(path: str, spec: FileSpec) -> Entry:
    if spec.oddity is not None:
        return Oddity(kind=spec.oddity, path=path, detail=spec.text)
    data = b64decode(spec.base64) or spec.text.encode("utf-8", "surrogatepass")
    size = len(data) if spec.size is None else spec.size
    if spec.type is not MemberType.SPARSE:  # which says how large it is, and has nothing to read
        data = data.ljust(size, b"\n")
    kind = MemberType.SYMLINK if spec.link is not None and spec.type == "file" else spec.type
    member = Member(
        path=stripped(path, 0),
        name=path if spec.name is None else spec.name,
        size=size,
        type=MemberType(kind),
        mode=spec.mode,
        link=spec.link or "",
        owner=spec.owner,
        nested="!" in path,
    )
    return member, iter((data,))


def contents_of(test: RuleTest) -> Contents:
    """Return the contents that a test's collectors see."""
    if test.artifact is ArtifactKind.LOCKFILE:
        return ruletest_others.lockfile(test)
    if test.artifact is ArtifactKind.MACHINE:
        return ruletest_others.machine(test)
    if test.artifact is ArtifactKind.POLICY:
        return ruletest_others.policy(test)
    contents = _examined(test, test.members)
    observations = dict(contents.observations)
    if test.packer:
        observations[Packer] = (Packer.parse(test.packer),)
    if test.packed:
        observations[PackedPaths] = (PackedPaths(paths=frozenset(test.packed)),)
    if test.git:
        observations[GitSeen] = (GitSeen(states=tuple(PathState.parse(*one) for one in test.git)),)
    if test.sdist:
        observations[SdistSeen] = (SdistSeen(label="the sdist", paths=frozenset(test.sdist)),)
    if test.sizes:
        observations[SizesSeen] = (_sizes(test),)
    if test.policy:
        document = policyfile.Document(file="policy", values=dict(test.policy))
        demands = policyfile.policy(document, {}).demands
        observations[Demands] = (demands,)
        extra = _examined(test, test.members, denied_word.reader(demands.words))
        observations[DeniedSeen] = extra.of(DeniedSeen)
    if test.manifest:
        seen = _against(test, contents, test.manifest, expected=True)
        observations[ComparedWith] = (seen,)
    if test.earlier:
        observations[ComparedWith] = (_against(test, contents, test.earlier, expected=False),)
    return replace(contents, observations=observations)


def _sizes(test: RuleTest) -> SizesSeen:
    """Return the releases of a test: sizes are those of files where `size` is given, too."""
    *earlier, version = test.sizes
    releases = []
    for text in earlier:
        name, size = text.split()
        releases.append(ReleaseSize(version=name, size=int(size)))
    ecosystem = "npm" if test.artifact is ArtifactKind.NPM_TARBALL else "pypi"
    return SizesSeen(
        ecosystem=ecosystem,
        version=version,
        releases=tuple(releases),
        packed=test.size is not None,
    )


def _examined(test: RuleTest, members: Iterable[tuple[str, FileSpec]], *more: Reader) -> Contents:
    _, readers = facts.load()
    wheel = test.artifact is ArtifactKind.WHEEL
    more = (*more, DIGESTS) if test.earlier else more
    limits = Limits(member_bytes=_ANY_SIZE)
    examination = Examination("test", (*readers, *more), Budget(limits), wheel=wheel)
    examination.run(entries(members))
    if examination.gaps:
        raise AssertionError(f"{test.name}: {examination.gaps[0].reason}")
    return examination.contents(test.artifact, test.size, test.file)


def _against(
    test: RuleTest, now: Contents, members: tuple[tuple[str, FileSpec], ...], *, expected: bool
) -> ComparedWith:
    before = shipped(_examined(test, members))
    told = compared(before, shipped(now), "the manifest" if expected else "the earlier release")
    return ComparedWith(comparison=told, expected=expected)


def facts_of(rule: Rule, test: RuleTest) -> tuple[Fact, ...]:
    """Return the facts of the rule's kind in what a test gives."""
    collectors, _ = facts.load()
    seen = collectors[rule.fact].collect(contents_of(test))
    return tuple(fact for fact in seen if isinstance(fact, Fact))


def judged(rule: Rule, ruleset: Ruleset, test: RuleTest, seen: Iterable[Fact]) -> Found:
    """Return what a rule finds among facts, in the form in which tests write it."""
    judge = Judge(replace(ruleset, rules=(rule,)), next(iter(rule.profiles)))
    artifact = Artifact(source="test", kind=test.artifact)
    advice = dict.fromkeys(ADVICE, lambda _: "advice")
    levels = bool(rule.severity_when)
    return tuple(
        sorted(
            (place(finding.location), finding.severity if levels else None)
            for finding in judge.findings(artifact, rule.fact, seen, advice)
        )
    )


def place(location: Location) -> str:
    """Return a location as tests spell it: `path`, `path:line`, `path (key)`."""
    line = f":{location.line}" if location.line is not None else ""
    key = f" ({location.key})" if location.key is not None else ""
    return f"{location.path}{line}{key}"


def failures(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    """Yield one line for each test of a rule that does not find exactly what it says."""
    for test in rule.tests:
        if test.artifact not in rule.artifacts:
            yield f"{rule.id}: {test.name}: the rule does not judge {test.artifact.value}"
            continue
        found = judged(rule, ruleset, test, facts_of(rule, test))
        wanted = tuple(sorted(test.finds))
        if found != wanted:
            yield f"{rule.id}: {test.name}: finds {_shown(found)}, not {_shown(wanted)}"


def _shown(found: Found) -> str:
    return ", ".join(f"{p} ({s.word})" if s else p for p, s in found) or "nothing"


__all__ = ["Finding", "contents_of", "entries", "facts_of", "failures", "judged", "place"]
