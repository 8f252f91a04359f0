"""What a rule's test gives as a lockfile, its history, a tree or a machine, as contents."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from auditor import incidentfile, lockcontents, lockfiles, rulebook, yamldoc
from auditor.advisories import osv, signs
from auditor.advisories.records import collected
from auditor.advisories.signs import Sort
from auditor.facts.around.change import Earlier
from auditor.facts.around.dropper import MembersSeen
from auditor.facts.around.indicator import SignSeen
from auditor.facts.around.installed import HiddenSeen
from auditor.facts.around.past import Change, Commit, HistorySeen
from auditor.facts.lock.file import Beside
from auditor.facts.lock.known_bad import KnownBadFact
from auditor.facts.lock.known_bad import collect as known_bad
from auditor.facts.lock.names import NamesAsked
from auditor.facts.lock.recorded import Recorded
from auditor.facts.lock.said import RegistrySaid, candidates, key_of_name
from auditor.facts.lock.sibling import SiblingsSeen, family_of
from auditor.facts.policy.data_age import DataAgeFact
from auditor.facts.policy.waiver import State, WaiverFact
from auditor.namelists import NameList
from auditor.names.index import popular
from auditor.names.matcher import Matcher
from auditor.names.signals import ABSENT, Signals, age_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.advisories import IncidentIndex
    from auditor.facts import Contents
    from auditor.inventory import Inventory
    from auditor.lockcontents import Observation
    from auditor.rulebook import FileSpec, RuleTest

EARLIER = "before/"
HIDDEN = ".package-lock.json"
TREE = "node_modules/"
COMMITS = "commits/"
INTERNAL = "internal-names.txt"
REVIEWED = "reviewed-names.txt"
WAIVERS = "waivers"
SAID = "registry-says.json"
RECORDS = "advisories/"
_popular = cache(Matcher)


def lockfile(test: RuleTest) -> Contents:
    """Read the lockfile of a test: the first of its members; the others lie beside it.

    One in the folder `before/` is an earlier state of the lockfile; those in `commits/<time>/` are
    its history, the oldest first, and the last is what HEAD has. `.package-lock.json` makes the
    first an installed tree, and is the lockfile that npm hides in it; what lies in `node_modules/`
    are files of the tree. Lockfiles of other clients beside the first are its siblings. Two lists
    of names are what the user has listed: `internal-names.txt` and `reviewed-names.txt`.
    `registry-says.json` is what a registry answers: `now`, `min-age`, and below `versions` by name
    when each version was published; below `gone` those that it does not have any more.
    `advisories/ID.json` are records of the advisory database, in OSV's format.
    """
    (path, spec), *others = test.members
    beside = {name: other.text.encode() for name, other in others if not name.startswith(EARLIER)}
    data = b64decode(spec.base64) or spec.text.encode("utf-8", "surrogatepass")
    inventory = lockfiles.read(lockfiles.Document(path=path, data=data, beside=beside))
    incidents = incidentfile.load((rulebook.builtin_folder(),))
    seen: list[Observation] = []
    named = {name: data for name, data in beside.items() if name in family_of(path)}
    if named:
        read = (lockfiles.Document(path=n, data=d, beside=beside) for n, d in named.items())
        inventories = tuple(map(lockfiles.read, read))
        seen.append(SiblingsSeen(names=frozenset(named), inventories=inventories))
    for name, other in others:
        if name.startswith(EARLIER):
            seen.append(Earlier(label="before", inventory=_inventory(path, other.text)))
    if HIDDEN in dict(others):
        hidden = _inventory("package-lock.json", dict(others)[HIDDEN].text)
        seen.append(HiddenSeen(inventory=hidden))
    if any(name.startswith(TREE) for name, _ in others):
        seen.append(MembersSeen(paths=frozenset(_with_folders(others))))
    given = dict(others)
    internal, reviewed = (
        NameList(given[name].text.split() if name in given else ()) for name in (INTERNAL, REVIEWED)
    )
    seen.append(NamesAsked(judge=_popular, internal=internal, reviewed=reviewed))
    if SAID in given:
        seen.append(_said(given[SAID].text, inventory))
    seen.append(_recorded(others))
    history = _history(path, others, incidents)
    if history is not None:
        return lockcontents.observed(test.artifact, incidents, history)
    return lockcontents.observed(test.artifact, incidents, inventory, Beside(files=beside), *seen)


def _recorded(members: Iterable[tuple[str, FileSpec]]) -> Recorded:
    """Return the records of the advisory database that a test gives."""
    read = (osv.of_json(spec.text.encode()) for name, spec in members if name.startswith(RECORDS))
    return Recorded(records=collected(read), popular=popular)


def _said(text: str, inventory: Inventory) -> RegistrySaid:
    """Return a registry's answers about every package of an inventory that it serves."""
    said = json.loads(text)
    signals = {}
    for package in candidates(inventory.packages, NameList()):
        versions, gone = (
            {version: datetime.fromisoformat(when) for version, when in listed.items()}
            for listed in (said[part].get(package.name, {}) for part in ("versions", "gone"))
        )
        known = Signals(
            there=True,
            first=min(versions.values(), default=None),
            versions=len(versions),
            releases=versions,
            gone=gone,
        )
        there = package.name in said["versions"]
        signals[key_of_name(package.ecosystem, package.name)] = known if there else ABSENT
    return RegistrySaid(
        now=datetime.fromisoformat(said["now"]),
        min_age=age_of(said["min-age"]),
        signals=signals,
        asked=frozenset(package.id for package in inventory.packages),
    )


def _inventory(path: str, text: str) -> Inventory:
    return lockfiles.read(lockfiles.Document(path=path, data=text.encode()))


def _with_folders(members: list[tuple[str, FileSpec]]) -> Iterator[str]:
    """Yield the files of an installed tree, and the folders that they lie in."""
    for name, _ in members:
        parts = name.removeprefix(TREE).split("/")
        if name.startswith(TREE):
            yield from ("/".join(parts[: n + 1]) for n in range(len(parts)))


def _history(
    path: str, members: list[tuple[str, FileSpec]], incidents: IncidentIndex
) -> HistorySeen | None:
    """Return the history of one branch; an empty content is the lockfile's removal."""
    states = [(name, spec.text) for name, spec in members if name.startswith(COMMITS)]
    if not states:
        return None
    changes: list[Change] = []
    bad: dict[str, tuple[KnownBadFact, ...]] = {}
    blob = ""
    for number, (name, text) in enumerate(states, 1):
        at = int(datetime.fromisoformat(name.split("/")[1]).timestamp())
        before, blob = blob, f"content {number}" if text else ""
        commit = Commit(id=f"c{number}", committed=at, authored=at)
        change = Change(commit=commit, path=path, blob=blob, before=((path, before),))
        changes.append(change)
        if text:
            contents = lockcontents.contents_of(_inventory(path, text), {}, incidents)
            bad[blob] = tuple(known_bad(contents))
    return HistorySeen(changes=tuple(changes), bad=bad, tips={path: {"HEAD": blob}})


def machine(test: RuleTest) -> Contents:
    """Return what a test's machine holds: files at the places of signs, and the list of a cache.

    A member at the path of some incident's sign, as the pack spells it, is what was found there, a
    branch by its name; with the oddity `sha256` its text is the digest of what was found. A
    lockfile stands for what the cache of a package manager holds; `advisories/` as in `lockfile`.
    """
    incidents = incidentfile.load((rulebook.builtin_folder(),))
    seen: list[object] = [
        _inventory(path, spec.text) for path, spec in test.members if lockfiles.named(path)
    ]
    seen.append(_recorded(test.members))
    given = dict(test.members)
    for incident in incidents.incidents:
        detail = incidents.detail(incident.id)
        for sort in Sort:
            seen += [
                SignSeen(
                    incident=incident.id,
                    sort=sort,
                    sign=sign,
                    path=sign.path,
                    sha256=_sha256(given[sign.path]),
                )
                for sign in (signs.of(detail, sort) if detail else ())
                if sign.path in given and sign.contains in given[sign.path].text
            ]
    return lockcontents.observed(test.artifact, incidents, *seen)


def policy(test: RuleTest) -> Contents:
    """Return what became of the policy of a test: each waiver, and each set of data by its path.

    The text of a member is what is not as usual of it: `{state: expired, rule: a-rule}`.
    """
    seen: list[object] = []
    for path, spec in test.members:
        said = yamldoc.load(spec.text) or {}
        if path == WAIVERS:
            usual = {"rule": "a-rule", "subject": path, "reason": "fine", "owner": "", "until": ""}
            row = {**usual, "findings": 1, **said, "state": State(said["state"])}
            seen.append(WaiverFact(path=path, key=f"a-rule {path}", **row))
        else:
            stale = said["age"] > said["most"]
            seen.append(DataAgeFact(path=path, key="names", day="2026-01-01", stale=stale, **said))
    return lockcontents.observed(test.artifact, incidentfile.load(()), *seen)


def _sha256(spec: FileSpec) -> str:
    known = spec.oddity == "sha256"
    return spec.text if known else hashlib.sha256(spec.text.encode()).hexdigest()
