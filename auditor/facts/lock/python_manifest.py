"""Whether a Python project's manifest is the one that its lockfile was made from; no fact itself.

uv.lock repeats the requirements, which are compared one by one, without their markers: uv spells
those anew. The others have a digest of what counts in the manifest, by a recipe of their own. It
is computed here in each way that a version of the client has had; only a manifest that fits none
is another one. What a build computes (`dynamic`) cannot be told.

Source: python-poetry `packages/locker.py`, pdm `project/project_file.py`, plette `pipfiles.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor.errors import ParseError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from auditor.inventory import Inventory

PYPROJECT, PIPFILE = "pyproject.toml", "Pipfile"
_NAME = regex(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)", re.DOTALL)
_RUNS = regex(r"[-_.]+")
_COMPACT = (",", ":")
_PIPFILE_SECTIONS = frozenset({"source", "packages", "dev-packages", "requires", "scripts"})
_PIPFILE_OWN = frozenset({"pipfile", "pipenv", "default", "develop"})


class Drift(Struct, frozen=True, kw_only=True):
    """One difference; without a name the whole manifest is another one."""

    name: str = ""
    manifest: str | None = None
    """What the manifest asks for; None where it has no such requirement."""
    lockfile: str | None = None


def drift(inventory: Inventory, files: Mapping[str, bytes]) -> Iterator[Drift]:
    """Yield what manifest and lockfile do not have in common, as far as the lockfile tells."""
    name = PIPFILE if inventory.format == "pipfile" else PYPROJECT
    manifest = _document(files.get(name))
    if manifest is None:
        return
    if inventory.declared is not None:
        yield from _repeated(inventory, manifest)
    elif inventory.manifest_digest and inventory.format in _RECIPES:
        texts = [*_RECIPES[inventory.format](manifest)]
        known = {hashlib.sha256(text.encode()).hexdigest() for text in texts}
        if all(texts) and texts and inventory.manifest_digest not in known:
            yield Drift()


def _document(data: bytes | None) -> dict[str, Any] | None:
    if data is None:
        return None
    from auditor.lockfiles._toml import quick_toml  # noqa: PLC0415 - npm's projects have none

    try:
        return quick_toml(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ParseError):
        return None  # told by who reads the lockfile, if that needs it


def _text(value: object, separators: tuple[str, str] | None = None) -> str:
    """Return a content as JSON; empty for what JSON cannot say, such as dates."""
    try:
        return json.dumps(value, sort_keys=True, separators=separators)
    except (TypeError, ValueError, RecursionError):
        return ""


def _table(node: object, *keys: str) -> dict[str, Any]:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


# poetry, pdm and pipenv: digests


def _poetry(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what counts: since 2.0 with `project`, since 2.2 with groups, before without both."""
    own = _table(manifest, "tool", "poetry")
    legacy = ("dependencies", "source", "extras", "dev-dependencies")
    project = {
        key: manifest["project"][key]
        for key in ("requires-python", "dependencies", "optional-dependencies")
        if _table(manifest, "project").get(key) is not None
    }
    groups = _table(manifest, "dependency-groups")
    for with_project, with_groups, with_group in product((True, False), repeat=3):
        content = {key: own.get(key) for key in legacy}
        if with_group and own.get("group") is not None:
            content["group"] = own["group"]
        whole: dict[str, object] = {}
        if with_project and project:
            whole["project"] = project
        if with_groups and groups:
            whole["dependency-groups"] = groups
        if whole:
            known = {key: value for key, value in content.items() if value is not None}
            yield _text({**whole, "tool": {"poetry": known}})
        else:
            yield _text(content)


def _pdm(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what counts: since 2.11 the whole resolution, since 2.20 dependency groups, too."""
    own, project = _table(manifest, "tool", "pdm"), _table(manifest, "project")
    resolution = own.get("resolution", {})
    overrides = own.get("overrides", _table(resolution, "overrides"))
    groups: dict[str, list[object]] = {}
    for tables in (_table(manifest, "dependency-groups"), _table(own, "dev-dependencies")):
        for name, entries in tables.items():
            if isinstance(entries, list):
                groups.setdefault(_normal(name), []).extend(entries)
    for development in (groups, own.get("dev-dependencies", {})):
        for key, value in (("resolution", resolution), ("overrides", overrides)):
            content = {
                "sources": own.get("source", []),
                "dependencies": project.get("dependencies", []),
                "dev-dependencies": development,
                "optional-dependencies": project.get("optional-dependencies", {}),
                "requires-python": project.get("requires-python", ""),
                key: value,
            }
            yield _text(content)


def _pipfile(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what counts; nothing without sources, as pipenv puts one of its own in their place."""
    if "source" not in manifest:
        return
    content = {
        "_meta": {"sources": manifest["source"], "requires": manifest.get("requires", {})},
        "default": manifest.get("packages", {}),
        "develop": manifest.get("dev-packages", {}),
    }
    yield _text(content, _COMPACT)  # before 2022 without further categories
    further = manifest.keys() - _PIPFILE_SECTIONS - _PIPFILE_OWN
    yield _text(content | {name: manifest[name] for name in further}, _COMPACT)


_RECIPES: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "poetry": _poetry,
    "pdm": _pdm,
    "pipfile": _pipfile,
}


# uv: requirement by requirement


class _Groups(defaultdict[str, dict[str, set[str]]]):
    """Specifiers by name, by group."""

    def __init__(self) -> None:
        super().__init__(lambda: defaultdict(set))

    def add(self, group: str, spelled: object) -> None:
        """Take in a requirement as PEP 508 spells it; anything else is none."""
        found = _NAME.match(spelled) if isinstance(spelled, str) else None
        if found:
            self[group][_normal(found[1])].add(found[3].partition(";")[0].strip("() \t\n"))


def _repeated(inventory: Inventory, manifest: dict[str, Any]) -> Iterator[Drift]:
    """Compare requirements by group and name: those of the manifest with what uv.lock repeats."""
    project = _table(manifest, "project")
    if not project:
        return
    asked, unknown = _asked(manifest)
    locked = _Groups()
    own = _normal(str(project.get("name", "")))
    for one in inventory.declared or ():
        locked[one.group][_normal(one.name)].add(one.specifier)
    sourced = {_normal(name) for name in _table(manifest, "tool", "uv", "sources")}
    for group in sorted(asked.keys() | locked.keys()):
        here, there = asked.get(group, {}), locked.get(group, {})
        dynamic = "[]" in unknown and group.startswith("[")
        if group in unknown or dynamic or own in here or own in there:
            continue  # of what an extra of the project itself stands for uv has had two spellings
        for name in sorted(here.keys() | there.keys()):
            wants, has = here.get(name), there.get(name)
            one_sided = wants is None or has is None
            if one_sided or (name not in sourced and not _same(wants, has)):
                yield Drift(name=name, manifest=_shown(wants), lockfile=_shown(has))


def _asked(manifest: dict[str, Any]) -> tuple[_Groups, set[str]]:
    """Return what a pyproject.toml requires, and the groups that nobody can tell before a build."""
    asked = _Groups()
    project, own = _table(manifest, "project"), _table(manifest, "tool", "uv")
    listed = project.get("dynamic")
    dynamic = listed if isinstance(listed, list) else []
    unknown = {
        group
        for key, group in (("dependencies", ""), ("optional-dependencies", "[]"))
        if key in dynamic
    }
    for spelled in _list(project.get("dependencies")):
        asked.add("", spelled)
    for extra, entries in _table(project, "optional-dependencies").items():
        for spelled in _list(entries):
            asked.add(f"[{_normal(extra)}]", spelled)
    groups = {_normal(n): e for n, e in _table(manifest, "dependency-groups").items()}
    for name in groups:
        for spelled in _included(groups, name):
            asked.add(name, spelled)
    for spelled in _list(own.get("dev-dependencies")):
        asked.add("dev", spelled)
    return asked, unknown


def _included(groups: dict[str, Any], name: str) -> Iterator[object]:
    """Yield the requirements of a group and of those that it includes, each group once."""
    seen = {name}
    pending = [name]
    while pending:
        for entry in _list(groups.get(pending.pop())):
            inner = entry.get("include-group") if isinstance(entry, dict) else None
            if not isinstance(inner, str):
                yield entry
            elif _normal(inner) not in seen:
                seen.add(_normal(inner))
                pending.append(_normal(inner))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _normal(name: str) -> str:
    return _RUNS.sub("-", name).lower()


def _shown(specifiers: set[str] | None) -> str | None:
    return None if specifiers is None else " or ".join(sorted(filter(None, specifiers)))


def _same(wants: set[str] | None, has: set[str] | None) -> bool:
    """Tell whether specifiers are the same; what is none of PEP 440 (an address) is not judged."""
    if wants == has:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - seldom spelled anew

    try:
        return {SpecifierSet(each) for each in wants or ()} == {
            SpecifierSet(each) for each in has or ()
        }
    except InvalidSpecifier:
        return True


__all__ = ["Drift", "drift"]
