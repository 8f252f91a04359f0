"""CycloneDX SBOMs in JSON: components with a purl, nested ones too, and who depends on whom.

`metadata.component` is what the SBOM is of, and no package. Digests of a component are those of
the file that its writer had; npm, pnpm and uv take them from the lockfile.

Source: cyclonedx.org, JSON reference 1.2 to 1.7 (ECMA-424).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Edge, Inventory, LockedPackage
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._documents import json_object
from auditor.lockfiles._json_keys import repeated
from auditor.lockfiles._purl import parse_purl
from auditor.lockfiles._pypi import Shape, misfits, tables, unique
from auditor.lockfiles._sbom import sbom_digests, sbom_package
from auditor.lockfiles._versions import Versions
from auditor.shape import get

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON = regex(r'"bomFormat"\s*:\s*"CycloneDX"|cyclonedx\.org/schema/bom')
_VERSIONS = Versions(place="specVersion", known=("1.x",))
"""Each 1.x can be read as the one before it, as its makers promise."""
_SHAPE: Shape = {"hashes": [dict], "externalReferences": [dict], "properties": [dict]}
_NO_PACKAGES = {"file", "operating-system", "device", "firmware", "container", "data", "platform"}
"""Types of components that have no purl, and need none."""


def _recognises(head: str) -> bool:
    return head.lstrip()[:1] in {"{", "<"} and _JSON.search(head) is not None


def _read(document: Document) -> Inventory:
    text = document.text
    if text.lstrip()[:1] == "<":
        raise ParseError("is CycloneDX in XML; only JSON is read: `cyclonedx convert` makes it")
    sbom = json_object(text, document.limits)
    if sbom.get("bomFormat") != "CycloneDX":
        raise ParseError("is not CycloneDX", "bomFormat")
    unread: list[tuple[str, str]] = []
    metadata = sbom.get("metadata")
    root = metadata.get("component") if isinstance(metadata, dict) else None
    root = root if isinstance(root, dict) else {}
    own = root.get("bom-ref")
    ids: dict[str, int] = {}
    packages: list[LockedPackage] = []
    by_ref: dict[str, str] = {}
    nameless = 0
    for place, component in _components(sbom, root, unread):
        try:
            package = _package(component)
            nameless += package is None and get(component, "type", str) not in _NO_PACKAGES
        except ParseError as problem:
            unread.append((place, str(problem)))
            continue
        if package is None:
            continue
        unread += misfits(component, _SHAPE, place)
        ref = component.get("bom-ref")
        id_ = unique(ids, ref if isinstance(ref, str) and ref else package.id)
        if isinstance(ref, str):
            by_ref.setdefault(ref, id_)
        packages.append(replace(package, id=id_))
    if nameless:
        unread.append(("components", f"{nameless:,} have no purl: nobody knows what they are"))
    edges = _edges(sbom, by_ref, {p.id: p.name for p in packages}, unread)
    roots = edges.get(own, ()) if isinstance(own, str) else ()
    direct = {edge.target for edge in roots}
    version = sbom.get("specVersion")
    return Inventory(
        path=document.path,
        format="cyclonedx",
        format_version=version if isinstance(version, str) else "",
        packages=tuple(
            replace(package, requires=edges.get(package.id, ()), direct=package.id in direct)
            for package in packages
        ),
        roots=roots,
        sections={"components": len(packages)},
        problems=tuple(repeated(sbom, {})),
        unread=(*_VERSIONS.unread(version), *unread),
    )


def _components(
    sbom: dict[str, Any], root: dict[str, Any], unread: list[tuple[str, str]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all components, also those inside others, with their place."""
    pending: list[tuple[str, dict[str, Any]]] = [("metadata.component.", root), ("", sbom)]
    while pending:
        at, holder = pending.pop()
        for index, component in tables(holder, "components", unread, at=at):
            place = f"{at}components[{index}]"
            yield place, component
            if "components" in component:
                pending.append((f"{place}.", component))


def _package(component: dict[str, Any]) -> LockedPackage | None:
    spelled = get(component, "purl", str)
    if not spelled:
        return None
    purl = parse_purl(spelled)
    if purl is None:
        raise ParseError(f"is no package URL: {spelled[:80]!r}", "purl")
    hashes = _hashes(component)
    addresses: list[str] = []
    for _, reference in tables(component, "externalReferences", []):
        if reference.get("type") == "distribution":
            hashes += _hashes(reference)
            if url := get(reference, "url", str):
                addresses.append(url)
    properties = {
        name.rpartition(":")[2]: value
        for _, pair in tables(component, "properties", [])
        if isinstance(name := pair.get("name"), str) and isinstance(value := pair.get("value"), str)
    }
    is_pypi = purl.type == "pypi"
    return sbom_package(
        spelled,
        purl,
        address=addresses[0] if addresses and not is_pypi else "",
        integrity=sbom_digests(hashes),
        files=tuple(addresses) if is_pypi else (),
        member="is_project_root" in properties or "is_workspace_member" in properties,
        dev=properties.get("development") == "true",
        optional=component.get("scope") == "optional",
        bundled=properties.get("bundled") == "true",
    )


def _hashes(holder: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (algorithm, content)
        for _, each in tables(holder, "hashes", [])
        if isinstance(algorithm := each.get("alg"), str)
        and isinstance(content := each.get("content"), str)
    ]


def _edges(
    sbom: dict[str, Any],
    by_ref: dict[str, str],
    names: dict[str, str],
    unread: list[tuple[str, str]],
) -> dict[str, tuple[Edge, ...]]:
    """Return the edges by package id; those of the root by its own reference."""
    edges: dict[str, tuple[Edge, ...]] = {}
    for _, entry in tables(sbom, "dependencies", unread):
        ref, targets = entry.get("ref"), entry.get("dependsOn")
        if isinstance(ref, str) and isinstance(targets, list):
            ids = [
                by_ref.get(t, "") for t in dict.fromkeys(t for t in targets if isinstance(t, str))
            ]
            edges[by_ref.get(ref, ref)] = tuple(
                Edge(name=names[id_], target=id_) for id_ in ids if id_
            )
    return edges


FORMAT = Format(
    name="cyclonedx",
    ecosystem="",
    files=("*.cdx.json", "bom.json", "*cyclonedx*.json"),
    recognises=_recognises,
    read=_read,
)
