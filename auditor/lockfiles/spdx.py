"""SPDX 2.x SBOMs in JSON: packages with a purl, their checksums, and who depends on whom.

What the document DESCRIBES is what the SBOM is of, and no package, where it describes one thing
alone. GitHub wraps what it exports in `{"sbom": …}`.

Source: spdx.github.io, SPDX specification 2.3, clauses 7 (packages) and 11 (relationships).
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
from auditor.lockfiles._purl import Purl, parse_purl
from auditor.lockfiles._pypi import Shape, misfits, tables, unique
from auditor.lockfiles._sbom import sbom_digests, sbom_package
from auditor.lockfiles._versions import Versions
from auditor.shape import get

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPDX = regex(r'(?m)"spdxVersion"\s*:|"SPDXID"\s*:|^SPDXVersion:|spdx\.org/rdf/3|"SPDXRef-')
_PREFIX = "SPDX-"
_VERSIONS = Versions(place="spdxVersion", known=("2.x",))
_SHAPE: Shape = {"externalRefs": [dict], "checksums": [dict]}
_NOWHERE = {"", "NONE", "NOASSERTION"}
_FORWARD = {"DEPENDS_ON": (False, False)}
_BACKWARD = {
    "DEPENDENCY_OF": (False, False),
    "RUNTIME_DEPENDENCY_OF": (False, False),
    "DEV_DEPENDENCY_OF": (True, False),
    "BUILD_DEPENDENCY_OF": (True, False),
    "TEST_DEPENDENCY_OF": (True, False),
    "OPTIONAL_DEPENDENCY_OF": (False, True),
}
"""Relationships whose second part requires the first: whether for development, or optionally."""


def _recognises(head: str) -> bool:
    return _SPDX.search(head) is not None


def _read(document: Document) -> Inventory:
    text = document.text
    if text.lstrip()[:1] != "{":
        raise ParseError("is SPDX in another form than JSON, which is not read")
    sbom = json_object(text, document.limits)
    wrapped = sbom.get("sbom")
    if "spdxVersion" not in sbom and isinstance(wrapped, dict):
        sbom = wrapped
    version = sbom.get("spdxVersion")
    number = version.removeprefix(_PREFIX) if isinstance(version, str) else version
    strange = tuple(_VERSIONS.unread(number))
    if strange and "packages" not in sbom:  # 3.x has a graph in its place
        raise ParseError("is not SPDX 2.x", "spdxVersion")
    unread: list[tuple[str, str]] = []
    links = list(_relations(sbom, unread))
    described = _described(sbom, links)
    own = next(iter(described)) if len(described) == 1 else ""
    ids: dict[str, int] = {}
    packages: list[LockedPackage] = []
    by_ref: dict[str, str] = {}
    nameless = 0
    for index, entry in tables(sbom, "packages", unread):
        ref = entry.get("SPDXID")
        if own and ref == own:
            continue
        try:
            package = _package(entry)
        except ParseError as problem:
            unread.append((f"packages[{index}]", str(problem)))
            continue
        if package is None:
            nameless += 1
            continue
        unread += misfits(entry, _SHAPE, f"packages[{index}]")
        id_ = unique(ids, ref if isinstance(ref, str) and ref else package.id)
        by_ref.setdefault(id_, id_)
        packages.append(replace(package, id=id_))
    if nameless:
        unread.append(("packages", f"{nameless:,} have no purl: nobody knows what they are"))
    edges = _edges(links, {p.id: p.name for p in packages})
    roots = edges.get(own, ())
    direct = {edge.target for edge in roots}
    only_dev = _only_dev(edges)
    return Inventory(
        path=document.path,
        format="spdx",
        format_version=number if isinstance(number, str) else "",
        packages=tuple(
            replace(
                package,
                requires=edges.get(package.id, ()),
                direct=package.id in direct,
                dev=package.id in only_dev,
            )
            for package in packages
        ),
        roots=roots,
        sections={"packages": len(packages)},
        problems=tuple(repeated(sbom, {})),
        unread=(*strange, *unread),
    )


def _relations(
    sbom: dict[str, Any], unread: list[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    for _, entry in tables(sbom, "relationships", unread):
        first, kind = entry.get("spdxElementId"), entry.get("relationshipType")
        second = entry.get("relatedSpdxElement")
        if isinstance(first, str) and isinstance(kind, str) and isinstance(second, str):
            yield first, kind, second


def _described(sbom: dict[str, Any], links: list[tuple[str, str, str]]) -> set[str]:
    found = {second for _, kind, second in links if kind == "DESCRIBES"}
    found |= {first for first, kind, _ in links if kind == "DESCRIBED_BY"}
    listed = sbom.get("documentDescribes")
    return found | {e for e in listed if isinstance(e, str)} if isinstance(listed, list) else found


def _package(entry: dict[str, Any]) -> LockedPackage | None:
    purl: Purl | None = None
    spelled = ""
    for _, reference in tables(entry, "externalRefs", []):
        if reference.get("referenceType") == "purl":
            spelled = get(reference, "referenceLocator", str) or ""
            purl = parse_purl(spelled)
            if purl is None:
                raise ParseError(f"is no package URL: {spelled[:80]!r}", "referenceLocator")
            break
    if purl is None:
        return None
    hashes = [
        (algorithm, value)
        for _, each in tables(entry, "checksums", [])
        if isinstance(algorithm := each.get("algorithm"), str)
        and isinstance(value := each.get("checksumValue"), str)
    ]
    address = get(entry, "downloadLocation", str) or ""
    return sbom_package(
        spelled,
        purl,
        address="" if address in _NOWHERE else address,
        integrity=sbom_digests(hashes),
    )


def _edges(links: list[tuple[str, str, str]], names: dict[str, str]) -> dict[str, tuple[Edge, ...]]:
    found: dict[str, dict[Edge, None]] = {}
    for first, kind, second in links:
        dependent, target = (first, second) if kind in _FORWARD else (second, first)
        dev, optional = _FORWARD.get(kind) or _BACKWARD.get(kind) or (None, False)
        if dev is not None and target in names:
            edge = Edge(name=names[target], target=target, dev=dev, optional=optional)
            found.setdefault(dependent, {})[edge] = None
    return {dependent: tuple(edges) for dependent, edges in found.items()}


def _only_dev(edges: dict[str, tuple[Edge, ...]]) -> set[str]:
    needed = {edge.target for found in edges.values() for edge in found if not edge.dev}
    return {edge.target for found in edges.values() for edge in found if edge.dev} - needed


FORMAT = Format(
    name="spdx",
    ecosystem="",
    files=("*.spdx.json", "*spdx*.json", "*.spdx"),
    recognises=_recognises,
    read=_read,
)
