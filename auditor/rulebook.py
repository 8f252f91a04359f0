"""Rules as values, the folders they come from, and which of them a call loads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from auditor.errors import RuleError
from auditor.exposure import Level
from auditor.match import Lists, Where
from auditor.model import OF_OTHERS, ArtifactKind, Confidence, Profile, Severity


class FileSpec(Struct, frozen=True, kw_only=True):
    """One member of a rule test: its content or a size, and what its header says.

    A content may be written as a list of parts, so that a rule file does not itself hold what the
    rule finds: rules ship with us, and we are audited, too.

    `name` is the archive's spelling where it is not the path, `base64` a content that is no text.
    With `oddity` it is no member: the reader reports that kind of Oddity there, with the text.
    """

    text: str = ""
    size: int | None = None
    mode: int = 0o644
    link: str | None = None
    type: str = "file"
    name: str | None = None
    owner: str = ""
    base64: str = ""
    oddity: str | None = None


class RuleTest(Struct, frozen=True, kw_only=True):
    """A rule's example: what is given, and exactly what is found in it."""

    name: str
    artifact: ArtifactKind
    members: tuple[tuple[str, FileSpec], ...]
    packer: str = ""
    packed: tuple[str, ...] = ()
    file: str = ""
    """The artifact's file name."""
    sdist: tuple[str, ...] = ()
    """The paths of the sdist that a wheel is compared with."""
    manifest: tuple[tuple[str, FileSpec], ...] = ()
    """The members that the maintainers said would ship."""
    earlier: tuple[tuple[str, FileSpec], ...] = ()
    """The members of an earlier release."""
    sizes: tuple[str, ...] = ()
    """`VERSION BYTES` of each earlier release, and the version of the artifact as the last."""
    policy: Mapping[str, object] = field(default_factory=dict)
    """What the policy demands of what ships, as its file would have it."""
    size: int | None = None
    """Bytes of the artifact's own file."""
    git: tuple[tuple[str, str], ...] = ()
    """What git says of packed files: each path, and what `PathState.parse` reads of it."""
    finds: tuple[tuple[str, Severity | None], ...]
    """Each place as `path`, `path:line` or `path (key)`, with the severity where it varies."""


class Rule(Struct, frozen=True, kw_only=True):
    """One judgement about one kind of fact."""

    id: str
    title: str
    fact: str
    where: Where
    severity: Severity
    severity_when: tuple[tuple[Where, Severity], ...] = ()
    """The first that holds replaces `severity`."""
    confidence: Confidence
    exposure: Level | None = None
    """What a finding says in an incident report; `audit triage` judges by rules that have one."""
    status: str = "stable"
    since: str = ""
    artifacts: frozenset[ArtifactKind]
    profiles: frozenset[Profile] = frozenset(Profile)
    owner: str = ""
    protected: bool = False
    message: str
    why: str
    fix: str
    false_positives: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    tests: tuple[RuleTest, ...] = ()


class Ruleset(Struct, frozen=True, kw_only=True):
    """All rules of a call, with the lists they look things up in, and their common digest."""

    rules: tuple[Rule, ...]
    lists: Lists
    digest: str

    def by_id(self) -> dict[str, Rule]:
        """Return the rules by id."""
        return {rule.id: rule for rule in self.rules}


class Head(Struct, frozen=True, kw_only=True):
    """What a policy must know of a rule that it names."""

    severity: Severity
    protected: bool


def builtin_folder() -> Path:
    """Return the folder of our own rules: beside the package, or inside it when installed."""
    inside = Path(__file__).parent / "rules"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "rules"


FILES = (("data", ".txt"), ("", ".yaml"))
"""Folders below one of rules, and how the files end that are read there: lists and rules."""


class Source(Struct, frozen=True, kw_only=True):
    """The files of some folders with rules, not yet parsed."""

    lists: Mapping[str, bytes]
    """The lists that rules look things up in, by the names of their files."""
    rules: tuple[tuple[str, bytes], ...]
    """Names and contents, in the order of the folders and of the names."""
    digest: str
    """Of all of that; 64 hex digits."""


def read(folders: Iterable[Path]) -> Source:
    """Read every `*.yaml` of the folders, and the lists in their `data` folders.

    Raises RuleError for the first that cannot be read.
    """
    state = hashlib.sha256()
    places = [*folders]
    lists: dict[str, bytes] = {}
    for folder in places:
        lists |= _contents(folder / "data", ".txt")
    rules = tuple(one for folder in places for one in _contents(folder, ".yaml").items())
    for name, content in (*lists.items(), *rules):
        state.update(b"%d %d\0" % (len(name), len(content)))
        state.update(name.encode("utf-8", "surrogateescape") + content)
    return Source(lists=lists, rules=rules, digest=state.hexdigest())


def _contents(folder: Path, ending: str) -> dict[str, bytes]:
    """Return the files of a folder by name, in the order of the names; none where there is none."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.name.endswith(ending))
    except OSError:
        return {}
    found = {}
    for name in names:
        try:
            with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - as quick as it gets
                found[name] = file.readall()
        except OSError as problem:
            raise RuleError(name, f"cannot be read: {problem.strerror}") from None
    return found


def chosen(
    rules: Iterable[Rule], *, lockfile: bool | None = None, telling: bool = False
) -> tuple[Rule, ...]:
    """Return the rules that a call asks.

    `lockfile` leaves out those that are never asked about lockfiles (True), or about nothing else
    (False), `telling` all that say nothing in an incident report.
    """
    return tuple(
        rule
        for rule in rules
        if not (telling and rule.exposure is None)
        and (lockfile is None or not _is_idle(rule, lockfile=lockfile))
    )


def _is_idle(rule: Rule, *, lockfile: bool) -> bool:
    """Tell a rule that does not judge lockfiles, or nothing else; a policy is judged always."""
    kinds = rule.artifacts - {ArtifactKind.POLICY}
    if not kinds:
        return False
    return OF_OTHERS.isdisjoint(kinds) if lockfile else kinds <= OF_OTHERS
