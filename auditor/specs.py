"""How a release in a registry is asked for: `npm:NAME@VERSION`, `pypi:NAME==VERSION`."""

from __future__ import annotations

import re

from msgspec import Struct

from auditor.errors import UsageError
from auditor.lazyre import regex

LATEST = "latest"
_ECOSYSTEMS = frozenset({"npm", "pypi"})
_VERSION = regex(r"[A-Za-z0-9][\w.+!~-]{0,255}\Z", re.ASCII)
_OWN = regex(r"latest|v?\d[\w.+!~-]{0,255}", re.ASCII)
_NPM = regex(r"((?:@[^@/]+/)?[^@/]+)(?:@(.*))?\Z")
_PYPI = regex(r"([A-Za-z0-9][\w.-]*)(?:(?:==|@)([^/]*))?(?:/(.+))?\Z", re.ASCII)


class Spec(Struct, frozen=True, kw_only=True):
    """A release as somebody asks for it."""

    typed: str
    """What the user typed, without the files."""
    ecosystem: str
    name: str
    version: str = ""
    """A version, or a tag of npm's; empty for the newest."""
    files: str = ""
    """A glob of file names; empty for all."""


def is_spec(text: str) -> bool:
    """Tell whether a target is a release and no path."""
    return text.partition(":")[0] in _ECOSYSTEMS and ":" in text


def is_sound_version(text: str) -> bool:
    """Tell whether a text has the form of a version or tag, and none of a place."""
    return _VERSION.match(text) is not None


def is_version(text: str) -> bool:
    """Tell whether a text can be a version of a package that is known otherwise, or `latest`."""
    return _OWN.fullmatch(text) is not None


def of_version(ecosystem: str, name: str, version: str) -> str:
    """Return how a version of a package is asked for."""
    plain = version.removeprefix("v")
    if ecosystem == "npm":
        return f"npm:{name}@{plain}"
    return f"pypi:{name}" if plain == LATEST else f"pypi:{name}=={plain}"


def spec_of(text: str) -> Spec:
    """Read `npm:NAME[@VERSION|@TAG]` or `pypi:NAME[==VERSION][/GLOB]`; raise UsageError."""
    ecosystem, _, rest = text.partition(":")
    found = (_NPM if ecosystem == "npm" else _PYPI).match(rest)
    if found is None:
        form = "npm:NAME@VERSION" if ecosystem == "npm" else "pypi:NAME==VERSION"
        raise UsageError(f"{text!r} is no release: {form} is one, or without the version")
    name, version = found[1], found[2]
    files = found[3] or "" if ecosystem == "pypi" else ""
    if version is not None and not is_sound_version(version):
        raise UsageError(f"{text!r} names no version: ranges are not taken, only one version is")
    return Spec(
        typed=text.removesuffix(f"/{files}") if files else text,
        ecosystem=ecosystem,
        name=name,
        version="" if version in {None, LATEST} else version,
        files=files,
    )
