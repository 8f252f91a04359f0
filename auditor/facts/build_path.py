"""Absolute paths of the machine that built a map: user names and the layout of a build host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.source_map import MapSeen
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEME = re.compile(
    r"(?:webpack|file|rollup|vite|ng|turbopack|parcel)[\w-]*:/{2,3}", re.IGNORECASE
)
_FILE_URL = re.compile(r"(?:.*/)?file:/+", re.IGNORECASE)
"""Also behind a folder, where a tool took the URL for a relative path."""
_DRIVE = re.compile(r"/*[A-Za-z]:[\\/]")
_PRIVATE = re.compile(
    r"""(?x)
      /(?:home|Users|root|builds?|mnt|opt|srv|var|tmp|private|workspaces?|github|codebuild|runner
          |vercel|__w|usr/src|app/node_modules/\.\.)/
    | [A-Za-z]:[\\/]
    | \\\\[\w.-]+\\
    """
)
_SHARED = re.compile(
    r"""(?xi)
      /home/(?:runner|vsts)/work/ | /Users/(?:runner|vsts)/work/ | /github/workspace/ | /__w/
    | /home/(?:travis/build|circleci/(?:project|repo)|node|ubuntu|jenkins)/
    | /root/(?:project|repo)/
    | /opt/(?:build/repo|buildhome/repo|atlassian/pipelines)/ | /vercel/path\d+/
    | /codebuild/output/ | /workspaces?/ | /usr/src/ | /app/node_modules/\.\./
    | [A-Z]:[\\/]a[\\/]
    """
)
_ABOVE = re.compile(r"(?:\.\.[\\/])+((?:home|Users)[\\/][^\\/]+[\\/])")
_USER = re.compile(r"(?:/home/|/Users/|[A-Za-z]:[\\/]Users[\\/])([^/\\]+)")
_NOBODY = frozenset({"runner", "root", "vsts", "travis", "circleci", "node", "ubuntu", "jenkins"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPathFact(Fact):
    """The absolute paths of one map."""

    example: str
    count: int
    user: str
    """The user name that a path shows; empty for none, or one that every build host has."""
    shared: bool
    """Each path is below a folder that all builds on a public service or image have."""


def collect(contents: Contents) -> Iterator[BuildPathFact]:
    """Yield one fact for each map; `count` is 0 where it names no private path."""
    for seen in contents.of(MapSeen):
        names = (*seen.map.roots, *(source.name for source in seen.map.sources))
        depth = seen.path.count("/")
        private = [path for name in names if _PRIVATE.match(path := _bare(name, depth))]
        own = [path for path in private if not _SHARED.match(path)]
        users = (found.group(1) for path in private if (found := _USER.match(path)))
        yield BuildPathFact(
            path=seen.path,
            line=seen.line,
            example=next(iter(own or private), ""),
            count=len(private),
            user=next((user for user in users if user.lower() not in _NOBODY), ""),
            shared=bool(private) and not own,
        )


def _bare(name: str, depth: int) -> str:
    """Take off the scheme, keeping the slash of an absolute path.

    A relative path that leads out of the package, from a map `depth` folders down in it, and on
    into somebody's home, is as absolute as if it said so.
    """
    file = _FILE_URL.match(name)
    found = file or _SCHEME.match(name)
    rest = name[found.end() :] if found else name
    if _DRIVE.match(rest):
        return rest.lstrip("/")
    if file or (found and rest.startswith("/")):
        return f"/{rest.lstrip('/')}"
    above = _ABOVE.match(rest)
    if above and rest.count("..", 0, above.start(1)) > depth + 1:
        return f"/{rest[above.start(1) :]}"
    return rest


COLLECTOR = Collector(name="build-path", fact=BuildPathFact, collect=collect)
