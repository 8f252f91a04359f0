"""What pnpm's keys mean: the dependency paths of every lockfile version since shrinkwrap.yaml.

    /name/1.0.0            up to 5.x, peers behind `_` (5.x) or `/` (shrinkwrap)
    /name@1.0.0(peer@1)    6.x
    name@1.0.0(peer@1)     9.x, with peers in `snapshots` only
    host/name/1.0.0        another registry than the default one, likewise host/name@1.0.0
    file:dir, host.org/owner/repository/<commit>, https://…, name@https://…    no registry's

Source: pnpm, `packages/dependency-path` and `lockfile/utils` of each version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Container

_NAME = r"(?:@[^/@()\s:]+/)?[^/@()\s:]+"
_AT = regex(rf"(?:([^/@()\s]+)/|/)?({_NAME})@(.+)\Z", re.DOTALL)
_SLASH = regex(rf"([^/@()\s]*)/({_NAME})/(\d+\.\d+\.\d+[^/_]*)(?:[_/].*)?\Z", re.DOTALL)
_SEMVER = regex(r"v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?\Z")


class PnpmKey(Struct, frozen=True, kw_only=True):
    """What a key says: `name` and `version` are empty where it does not say them."""

    name: str = ""
    version: str = ""
    source: str = ""
    """What stands in place of a version: an address, a path, `runtime:24.0.0`."""
    host: str = ""
    """The registry, where it is not the default one."""


def without_peers(key: str) -> str:
    """Cut the groups in parentheses behind a key or reference: peers and the hash of a patch."""
    if not key.endswith(")"):
        return key
    first = key.index("(") if "(" in key else 0
    if ":" not in key[:first]:
        return key[:first]  # neither path nor address, which may have parentheses of their own
    depth = 0
    for index in range(len(key) - 1, -1, -1):
        sign = key[index]
        if sign == ")":
            depth += 1
        elif sign == "(":
            depth -= 1
            if depth == 0 and (index == 0 or key[index - 1] != ")"):
                return key[:index]
    return key


def parsed(key: str) -> PnpmKey:
    """Return what a key says; the style is told by the key, whatever the file's version is."""
    bare = without_peers(key)
    if bare.startswith(("file:", "link:")):
        return PnpmKey(source=bare)
    found = _AT.match(bare)
    if found is not None:
        host, name, version = found.groups()
        if _SEMVER.match(version):
            return PnpmKey(name=name, version=version, host=host or "")
        if host is None:
            return PnpmKey(name=name, source=version)
    found = _SLASH.match(bare)
    if found is not None:
        host, name, version = found.groups()
        if not host or "." in host or "+" in host or host == "localhost":
            return PnpmKey(name=name, version=version, host=host)
    return PnpmKey(source=bare.removeprefix("@"))


def referred(name: str, reference: str, keys: Container[str]) -> str:
    """Return the key that a reference of a dependency called `name` means; empty if there is none.

    A reference is a version, an alias' real key, or a key.
    """
    if (key := f"{name}@{reference}") in keys:  # nearly always
        return key
    for spelled in dict.fromkeys((reference, without_peers(reference))):
        # In order of how often each style is met.
        if (key := f"{name}@{spelled}") in keys or (key := f"/{key}") in keys:
            return key
        if (key := f"/{name}/{spelled}") in keys or (key := spelled) in keys:
            return key
        if (key := f"/{spelled}") in keys:
            return key
    return ""
