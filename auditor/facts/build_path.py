"""Absolute paths of the machine that built a map: user names and the layout of a build host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.facts import Collector, Contents
from auditor.facts.source_map import MapSeen
from auditor.model import Fact

_SCHEME = re.compile(r"(?:webpack|file|rollup|vite|ng|turbopack|parcel)[\w-]*:/{2,3}", re.IGNORECASE)
_PRIVATE = re.compile(
    r"""(?x)
      /(?:home|Users|root|builds?|mnt|opt|srv|var|tmp|private|workspaces?|github|codebuild|runner
          |usr/src|app/node_modules/\.\.)/
    | [A-Za-z]:[\\/]
    | \\\\[\w.-]+\\
    """
)
_USER = re.compile(r"(?:/home/|/Users/|[A-Za-z]:[\\/]Users[\\/])([^/\\]+)")
_NOBODY = frozenset({"runner", "root", "vsts", "travis", "circleci", "node", "ubuntu", "jenkins"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPathFact(Fact):
    """The absolute paths of one map."""

    example: str
    count: int
    user: str
    """The user name that a path shows; empty for none, or one that every build host has."""


def collect(contents: Contents) -> Iterator[BuildPathFact]:
    """Yield one fact for each map; `count` is 0 where it names no private path."""
    for seen in contents.of(MapSeen):
        names = (*seen.map.roots, *(source.name for source in seen.map.sources))
        private = [bare for bare in map(_bare, names) if _PRIVATE.match(bare)]
        users = (found.group(1) for name in private if (found := _USER.match(name)))
        yield BuildPathFact(
            path=seen.path,
            line=seen.line,
            example=next(iter(private), ""),
            count=len(private),
            user=next((user for user in users if user.lower() not in _NOBODY), ""),
        )


def _bare(name: str) -> str:
    """Take off the scheme, keeping the slash of an absolute path."""
    found = _SCHEME.match(name)
    if found is None:
        return name
    rest = name[found.end() :]
    drive = re.match(r"/?[A-Za-z]:", rest)
    if drive:
        return rest.lstrip("/")
    file = found.group().lower().startswith("file")
    return f"/{rest.lstrip('/')}" if file or rest.startswith("/") else rest


COLLECTOR = Collector(name="build-path", fact=BuildPathFact, collect=collect)
