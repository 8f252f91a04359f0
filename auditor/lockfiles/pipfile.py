"""Pipfile.lock: `default`, `develop` and further categories, with digests and named indexes.

Source: pypa/pipenv, `pipenv/project.py`; pipenv.pypa.io, "Pipfile.lock".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Edge, Inventory, LockedPackage, LockProblem, Origin
from auditor.jsondoc import Repeated
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._documents import json_object
from auditor.lockfiles._json_keys import repeated, variants
from auditor.lockfiles._pypi import attempt, digest, host_of, tables, trusted, unique
from auditor.lockfiles._versions import Versions
from auditor.shape import get, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_META = regex(r'"_meta"\s*:\s*\{')
_PIPENV = regex(r'"(?:pipfile-spec|sources|default|develop)"\s*:')

_IDENTITY = ("version", "hashes", "file", "path", "git", "ref", "index")
_VERSIONS = Versions(place="_meta.pipfile-spec", known=("6",), kind=int, needed=False)
"""Pipenv writes it, but never asks for it."""


def _recognises(head: str) -> bool:
    return head.lstrip()[:1] == "{" and bool(_META.search(head) and _PIPENV.search(head))


def _read(document: Document) -> Inventory:
    return both_sides(document, _read_text)


def _read_text(document: Document, text: str) -> Inventory:
    lock = json_object(text, document.limits)
    unread: list[tuple[str, str]] = []
    meta = lock.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    sources: dict[str, str] = {}
    problems: list[LockProblem] = [*repeated(lock, {})]
    for _, source in tables(meta, "sources", unread, at="_meta."):
        name, url = source.get("name"), source.get("url")
        if isinstance(url, str):
            sources[name if isinstance(name, str) else url] = url
            if source.get("verify_ssl") is False:
                problems.append(trusted(host_of(url)))
    packages: list[LockedPackage] = []
    sections: dict[str, int] = {}
    ids: dict[str, int] = {}
    for category, holder in _values(lock):
        if category == "_meta":
            continue
        if not isinstance(holder, dict):
            unread.append((category, "is no object"))
            continue
        before = len(packages)
        for name, entry in _values(holder):
            found = attempt(
                f"{category}.{name}",
                unread,
                lambda e, n=name, c=category: _package(n, e, c, sources),  # type: ignore[misc]
                entry,
            )
            if found is not None:
                packages.append(replace(found, id=unique(ids, found.id)))
        sections[category] = sections.get(category, 0) + len(packages) - before
    if not sections and "_meta" not in lock:
        raise ParseError("has neither _meta nor a category of packages")
    spec = meta.get("pipfile-spec")
    return Inventory(
        path=document.path,
        format="pipfile",
        format_version=str(spec) if isinstance(spec, int) else "",
        packages=tuple(packages),
        # The file has the closure only; which of them the Pipfile names shows in no field.
        roots=tuple(Edge(name=p.name, target=p.id, dev=p.dev) for p in packages if p.direct),
        manifest_digest=_digest(meta),
        sections=sections,
        indexes=tuple(dict.fromkeys(sources.values())),
        problems=tuple(problems),
        unread=(*_VERSIONS.unread(spec), *unread),
    )


def _digest(meta: dict[str, Any]) -> str:
    digests = meta.get("hash")
    value = digests.get("sha256") if isinstance(digests, dict) else None
    return value if isinstance(value, str) else ""


def _values(holder: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield keys and values, of repeated keys all values, also of those inside a value."""
    for key, value in holder.items():
        earlier = holder.earlier.get(key, ()) if isinstance(holder, Repeated) else ()
        for one in (*earlier, value):
            inner = variants(one, _IDENTITY) if isinstance(one, dict) else ()
            yield from ((key, variant) for variant in inner)
            yield key, one


def _package(
    name: str, entry: dict[str, Any], category: str, sources: dict[str, str]
) -> LockedPackage:
    origin, resolved = _source(entry, sources)
    spelled = get(entry, "version", str) or ""
    version = spelled.lstrip("=").strip() if spelled.startswith("==") else ""
    return LockedPackage(
        id=f"{category}: {name}@{version}" if version else f"{category}: {name}",
        ecosystem="pypi",
        name=name,
        version=version,
        origin=origin,
        resolved=resolved,
        integrity=tuple(dict.fromkeys(digest(each) for each in texts(entry, "hashes") or ())),
        section=category,
        dev=category == "develop",
    )


def _source(entry: dict[str, Any], sources: dict[str, str]) -> tuple[Origin, str]:
    for kind in ("git", "hg", "svn", "bzr"):
        if address := get(entry, kind, str):
            reference = get(entry, "ref", str)
            return Origin.GIT, f"{address}#{reference}" if reference else address
    address = get(entry, "file", str) or get(entry, "uri", str)
    if address:
        is_path = address.startswith("file:") or "://" not in address
        return (Origin.FILE if is_path else Origin.URL), address
    if (path := get(entry, "path", str)) is not None:
        return Origin.FILE, path
    index = get(entry, "index", str) or ""
    return Origin.REGISTRY, sources.get(index, "")


FORMAT = Format(
    name="pipfile",
    ecosystem="pypi",
    files=("Pipfile.lock",),
    recognises=_recognises,
    read=_read,
)
