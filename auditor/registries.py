"""Which registries the clients of a project are configured to ask, from their settings files.

Read are `.npmrc` (npm's and pnpm's `registry`, `@scope:registry`), `.yarnrc` of yarn 1,
`.yarnrc.yml` (`npmRegistryServer`, `npmScopes`), `bunfig.toml` (`install.registry`,
`install.scopes`), `pip.conf`, `pyproject.toml` and `uv.toml` (indexes of uv, sources of Poetry and
PDM) and `Pipfile` (`[[source]]`). A file that cannot be read configures nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from auditor.addresses import address
from auditor.errors import ParseError
from auditor.lockfiles._toml import quick_toml

_ASSIGNED = re.compile(r"""(?m)^[ \t]*((?:@[^\s:=]+:)?registry)[ \t]*=[ \t]*["']?([^\s"']+)""")
_YARN_ONE = re.compile(r"""(?m)^[ \t]*"?((?:@[^\s:"]+:)?registry)"?[ \t]+"?([^\s"]+)""")
_SERVER = re.compile(r"""^(\s*)npmRegistryServer:\s*["']?([^\s"']+)""")
_KEY = re.compile(r"""^(\s*)["']?([^\s"':]+)["']?:\s*$""")
_PIP = re.compile(r"(?mi)^[ \t]*(?:extra[-_])?index[-_]url[ \t]*=(.*(?:\n[ \t]+\S.*)*)")
_LONGEST = 1024 * 1024
_TABLES: tuple[tuple[str, ...], ...] = (
    ("tool", "uv", "index"),
    ("index",),
    ("tool", "poetry", "source"),
    ("tool", "pdm", "source"),
    ("source",),
)
_KEYS: tuple[tuple[str, ...], ...] = (
    ("tool", "uv", "index-url"),
    ("tool", "uv", "extra-index-url"),
    ("index-url",),
    ("extra-index-url",),
    ("install", "registry"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """Hosts, with their ports where these are not the usual ones, by what they are there for."""

    default: frozenset[str] = frozenset()
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Hosts of an npm scope, by `@scope`."""


def configured(files: Mapping[str, bytes]) -> Registries:
    """Return what the settings among some files say; only their names decide how they are read."""
    default: set[str] = set()
    scopes: dict[str, set[str]] = {}
    for path, data in files.items():
        name = path.rpartition("/")[2]
        read = _READERS.get(name)
        if read is None or len(data) > _LONGEST:
            continue
        for scope, url in read(data.decode("utf-8", "replace")):
            host = address(url).source
            if host:
                (scopes.setdefault(scope, set()) if scope else default).add(host)
    return Registries(
        default=frozenset(default), scopes={s: frozenset(hosts) for s, hosts in scopes.items()}
    )


def _npmrc(text: str) -> Iterator[tuple[str, str]]:
    for key, url in _ASSIGNED.findall(text):
        yield key.rpartition(":")[0], url


def _yarnrc(text: str) -> Iterator[tuple[str, str]]:
    for key, url in _YARN_ONE.findall(text):
        yield key.rpartition(":")[0], url


def _yarnrc_yml(text: str) -> Iterator[tuple[str, str]]:
    scope = ""
    for line in text.splitlines():
        found = _SERVER.match(line)
        if found:
            yield (f"@{scope.removeprefix('@')}" if found[1] and scope else ""), found[2]
            continue
        key = _KEY.match(line)
        if key:
            scope = key[2] if key[1] else ""


def _pip_conf(text: str) -> Iterator[tuple[str, str]]:
    for urls in _PIP.findall(text):
        yield from (("", url) for url in urls.split())


def _toml(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = quick_toml(text)
    except ParseError:
        return
    for keys in _TABLES:
        entries = _at(document, keys)
        yield from (("", url) for entry in _listed(entries) for url in _urls(entry))
    for keys in _KEYS:
        yield from (("", url) for value in _listed(_at(document, keys)) for url in _urls(value))
    scopes = _at(document, ("install", "scopes"))
    if isinstance(scopes, dict):
        for scope, value in scopes.items():
            yield from ((f"@{scope.removeprefix('@')}", url) for url in _urls(value))


def _at(node: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _urls(value: object) -> Iterator[str]:
    url = value.get("url") if isinstance(value, dict) else value
    if isinstance(url, str):
        yield url


_READERS = {
    ".npmrc": _npmrc,
    ".yarnrc": _yarnrc,
    ".yarnrc.yml": _yarnrc_yml,
    "bunfig.toml": _toml,
    "pip.conf": _pip_conf,
    "pip.ini": _pip_conf,
    "pyproject.toml": _toml,
    "uv.toml": _toml,
    "Pipfile": _toml,
}
