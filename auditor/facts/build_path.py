"""Absolute paths of the machine that built a map: user names and the layout of a build host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import buildpaths
from auditor.facts import Collector, Contents
from auditor.facts.source_map import MapSeen
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class BuildPathFact(Fact, frozen=True, kw_only=True):
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
        paths = (buildpaths.bare(name, depth) for name in names)
        private = [path for path in paths if buildpaths.is_private(path)]
        own = [path for path in private if not buildpaths.is_shared(path)]
        users = map(buildpaths.user_of, private)
        yield BuildPathFact(
            path=seen.path,
            line=seen.line,
            example=next(iter(own or private), ""),
            count=len(private),
            user=next(filter(None, users), ""),
            shared=bool(private) and not own,
        )


COLLECTOR = Collector(name="build-path", fact=BuildPathFact, collect=collect)
