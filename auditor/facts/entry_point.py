"""The files that package.json promises: main, module, browser, types, bin, exports.

Targets are resolved as Node does (packages, "Package entry points"): `main` also with an ending
or as a folder, `exports` exactly, with `*` standing for any text.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.manifest import MANIFEST, ManifestSeen, manifest_of
from auditor.lazyre import regex
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_SINGLE = ("main", "module", "types", "typings", "unpkg", "jsdelivr", "style", "sass", "umd:main")
_NODE_ENDINGS = ("", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node")
_ENDINGS = (*_NODE_ENDINGS, ".cjs", ".mjs")
_TYPE_ENDINGS = ("", ".d.ts", ".d.mts", ".d.cts", ".ts", "/index.d.ts")
_STYLE_ENDINGS = ("", ".css", ".scss", ".sass", ".less", "/index.scss", "/_index.scss")
_SOURCE_CONDITIONS = regex(r"(?:.*[-/:])?(?:source|src|development)(?:[-/:].*)?\Z|@.*")
"""Conditions that only a monorepo's own tools ask for; they may point at unpublished files."""
_DEEPEST = 32
"""Conditions inside conditions; nobody writes more than a handful."""
_FIELD_ENDINGS = {
    "main": _NODE_ENDINGS,
    "types": _TYPE_ENDINGS,
    "typings": _TYPE_ENDINGS,
    "style": _STYLE_ENDINGS,
    "sass": _STYLE_ENDINGS,
}


class EntryPointFact(Fact, frozen=True, kw_only=True):
    """One promised file; `key` says where, such as `exports["./x"].import`."""

    field: str
    """The first key: `main`, `bin`, `exports`, …"""
    target: str
    exists: bool


def collect(contents: Contents) -> Iterator[EntryPointFact]:
    """Yield one fact for each distinct target of each place."""
    manifest = manifest_of(contents)
    if manifest is not None:
        made = contents.once(
            "entry points", lambda: tuple(_facts(contents, manifest)), contents.members, manifest
        )
        yield from made


def _facts(contents: Contents, manifest: ManifestSeen) -> Iterator[EntryPointFact]:
    paths = _Paths(contents.files().keys())
    for key, target, exact in _targets(manifest.document):
        field = re.split(r"[.\[]", key, maxsplit=1)[0]
        endings = ("",) if exact else _FIELD_ENDINGS.get(field, _ENDINGS)
        elsewhere = _versioned(manifest.document, target) if endings is _TYPE_ENDINGS else ()
        yield EntryPointFact(
            path=MANIFEST,
            line=manifest.line(field, *re.findall(r'\["([^"]+)"\]', key)),
            key=key,
            field=field,
            target=target,
            exists=any(paths.has(path, endings) for path in (target, *elsewhere)),
        )


def _targets(document: dict[str, object]) -> Iterator[tuple[str, str, bool]]:
    """Yield key, target and whether the target is exact."""
    for field in _SINGLE:
        value = document.get(field)
        if isinstance(value, str) and value:
            yield field, value, False
    bins = document.get("bin")
    if isinstance(bins, str) and bins:
        yield "bin", bins, True
    if isinstance(bins, dict):
        yield from ((f"bin.{k}", v, True) for k, v in bins.items() if isinstance(v, str) and v)
    browser = document.get("browser")
    if isinstance(browser, str) and browser:
        yield "browser", browser, False
    if isinstance(browser, dict):
        for key, value in browser.items():
            if isinstance(value, str) and value.startswith("./"):
                yield f'browser["{key}"]', value, False
    yield from _exports(document.get("exports"), "exports", depth=0)


def _exports(node: object, key: str, depth: int) -> Iterator[tuple[str, str, bool]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, str):
        if node.startswith("./"):
            yield key, node, True
    elif isinstance(node, list):
        # alternatives: a resolver takes the first that it understands, whether it exists or not
        each = (tuple(_exports(item, key, depth + 1)) for item in node)
        yield from next((found for found in each if found), ())
    elif isinstance(node, dict):
        for name, value in node.items():
            if str(name).startswith("."):
                yield from _exports(value, f'{key}["{name}"]', depth + 1)
            elif not _SOURCE_CONDITIONS.match(str(name)):
                yield from _exports(value, f"{key}.{name}", depth + 1)


def _versioned(document: dict[str, object], target: str) -> Iterator[str]:
    """Yield where TypeScript looks for the types instead (its `typesVersions`)."""
    ranges = document.get("typesVersions")
    plain = posixpath.normpath(target)
    for patterns in ranges.values() if isinstance(ranges, dict) else ():
        for pattern, places in patterns.items() if isinstance(patterns, dict) else ():
            head, star, tail = pattern.partition("*")
            long_enough = len(plain) >= len(head) + len(tail)
            if not (plain.startswith(head) and plain.endswith(tail) and long_enough):
                continue
            if not star and plain != pattern:
                continue
            middle = plain[len(head) : len(plain) - len(tail)] if star else ""
            for place in places if isinstance(places, list) else ():
                if isinstance(place, str):
                    yield place.replace("*", middle)


def _ends_of_parts(path: str) -> Iterator[int]:
    """Yield where the parts of a path end."""
    yield from (place for place, sign in enumerate(path) if sign == "/")
    yield len(path)


class _Paths:
    """The artifact's files, asked as a resolver asks."""

    def __init__(self, files: Collection[str]) -> None:
        self._files = files

    @cached_property
    def _folders(self) -> set[str]:
        folders = {path.rpartition("/")[0] for path in self._files}
        return {folder[:cut] for folder in folders for cut in _ends_of_parts(folder)}

    def has(self, target: str, endings: tuple[str, ...]) -> bool:
        """Tell whether a target names a file that is there."""
        path = posixpath.normpath(target.lstrip("/"))
        if "*" in path:
            head, _, tail = path.partition("*")
            tail = tail.rpartition("*")[2]
            return any(
                f.startswith(head) and f.endswith(tail) and len(f) >= len(head) + len(tail)
                for f in self._files
            )
        if target.endswith("/") and endings == ("",):
            return path in self._folders
        if path == ".":
            return any(f"index{ending}" in self._files for ending in (".js", ".json", ".node"))
        return any(path + ending in self._files for ending in endings)


COLLECTOR = Collector(name="entry-point", fact=EntryPointFact, collect=collect)
