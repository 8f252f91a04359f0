"""Who made a tar archive: user and group names that its headers carry along.

Tar headers hold the owner of each file as the packing machine knew it (POSIX ustar, `uname` and
`gname`). npm, yarn, flit and hatchling blank them, setuptools writes them as they are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = frozenset(
    "root runner runneradmin nobody nogroup wheel staff users user admin administrators none docker"
    " vsts vsts_azpcontainer circleci travis jenkins ubuntu debian node build builder ci appveyor"
    " codespace vscode everyone system daemon bin sys adm www-data github".split()
)
"""Names that machines have, not people."""


class TarIdentityFact(Fact, frozen=True, kw_only=True):
    """The names of one archive; made where there is any."""

    owners: tuple[str, ...]
    """User names, the most frequent first."""
    groups: tuple[str, ...]
    personal: tuple[str, ...]
    """Those of both that are not names of machines and services."""
    members: int
    """Members that carry one of the personal names."""


def collect(contents: Contents) -> Iterator[TarIdentityFact]:
    """Yield the names, if there are any; nested archives are not looked at."""
    members = contents.members
    if {one.owner for one in members} | {one.group for one in members} <= {""}:
        return
    own = [member for member in members if not member.nested]
    owners = Counter(member.owner for member in own if member.owner)
    groups = Counter(member.group for member in own if member.group)
    if not owners and not groups:
        return
    ranked = dict.fromkeys(name for name, _ in (*owners.most_common(), *groups.most_common()))
    personal = {name for name in ranked if not _is_machine(name)}
    yield TarIdentityFact(
        path="",
        owners=tuple(name for name, _ in owners.most_common()),
        groups=tuple(name for name, _ in groups.most_common()),
        personal=tuple(name for name in ranked if name in personal),
        members=sum(not personal.isdisjoint({member.owner, member.group}) for member in own),
    )


def _is_machine(name: str) -> bool:
    lowered = name.lower()
    return lowered in NOBODY or lowered.isdigit() or lowered.startswith(("_", "gitlab", "runner"))


COLLECTOR = Collector(name="tar-identity", fact=TarIdentityFact, collect=collect)
