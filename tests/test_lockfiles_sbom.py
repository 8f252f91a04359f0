"""SBOMs: purls, digests, nested components, what the SBOM is of, and who depends on whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ParseError
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.lockfiles import Document, Format
from auditor.lockfiles._purl import parse_purl
from auditor.lockfiles.cyclonedx import FORMAT as CYCLONEDX
from auditor.lockfiles.spdx import FORMAT as SPDX

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles"


def of(format_: Format, document: Any) -> Inventory:  # noqa: ANN401 - any JSON
    return format_.read(Document(path="x.json", data=json.dumps(document).encode()))


def fixture(format_: Format, path: str) -> Inventory:
    return format_.read(Document(path=path, data=(FIXTURES / path).read_bytes()))


def named(inventory: Inventory, name: str) -> LockedPackage:
    (found,) = [package for package in inventory.packages if package.name == name]
    return found


@pytest.mark.parametrize(
    ("spelled", "kind", "name", "version"),
    [
        ("pkg:npm/foo@1.0.0", "npm", "foo", "1.0.0"),
        ("pkg:npm/%40scope/foo@1.0.0", "npm", "@scope/foo", "1.0.0"),
        ("pkg:npm/@scope/foo@1.0.0", "npm", "@scope/foo", "1.0.0"),
        ("pkg:npm/@scope/foo", "npm", "@scope/foo", ""),
        ("PKG://NPM/foo@1.0.0%2Bb?x=y@z#a@b", "npm", "foo", "1.0.0+b"),
        ("pkg:pypi/a_b", "pypi", "a_b", ""),
        ("pkg:golang/example.org/a/b@v1.0.0", "golang", "example.org/a/b", "v1.0.0"),
    ],
)
def test_package_urls(spelled: str, kind: str, name: str, version: str) -> None:
    found = parse_purl(spelled)
    assert found is not None
    assert (found.type, found.name, found.version) == (kind, name, version)


@pytest.mark.parametrize("spelled", ["", "npm/foo", "pkg:", "pkg:npm", "pkg:npm/", "pkg:1x/a"])
def test_what_is_no_package_url(spelled: str) -> None:
    assert parse_purl(spelled) is None


def test_cyclonedx() -> None:
    found = fixture(CYCLONEDX, "cyclonedx/nested/bom.json")
    assert named(found, "@scope/a").origin is Origin.GIT
    assert named(found, "@scope/a").resolved == "git+https://git.example.org/o/a.git"
    assert named(found, "b").dev
    assert named(found, "b").integrity[0].startswith("sha512-q6ur")
    assert named(found, "@raw/c").optional
    assert named(found, "d").files == ("https://files.example.org/d-1.0.tar.gz",)
    assert len(named(found, "d").integrity) == 1
    assert [e.target for e in found.roots] == ["a", "d"]
    assert [e.target for e in named(found, "@scope/a").requires] == ["b"]
    assert named(found, "d").direct


def test_spdx() -> None:
    found = fixture(SPDX, "spdx/2.3/sbom.spdx.json")
    assert named(found, "ms").resolved == "https://registry.example.org/ms/-/ms-2.1.3.tgz"
    assert named(found, "ms").integrity[0].startswith("sha512-q6ur")
    assert named(found, "dev").dev
    assert [e.target for e in found.roots] == ["SPDXRef-ms", "SPDXRef-dev"]
    assert [p.name for p in fixture(SPDX, "spdx/github/export.json").packages] == ["a"]


@pytest.mark.parametrize("format_", [CYCLONEDX, SPDX], ids=lambda f: f.name)
@pytest.mark.parametrize(
    "document",
    [{}, [], 1, {"bomFormat": 1}, {"spdxVersion": []}, {"bomFormat": "SPDX"}, {"spdxVersion": "3"}],
    ids=repr,
)
def test_what_is_no_sbom_is_refused(format_: Format, document: object) -> None:
    with pytest.raises(ParseError):
        of(format_, document)


def test_xml_and_tag_value_are_told_and_refused() -> None:
    xml = '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>'
    assert CYCLONEDX.recognises(xml)
    with pytest.raises(ParseError, match="XML"):
        CYCLONEDX.read(Document(path="bom.xml", data=xml.encode()))
    tags = "SPDXVersion: SPDX-2.3\n"
    assert SPDX.recognises(tags)
    with pytest.raises(ParseError, match="not read"):
        SPDX.read(Document(path="x.spdx", data=tags.encode()))


def test_wrong_types_are_noted_with_their_place() -> None:
    found = of(
        CYCLONEDX,
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "components": [
                {"purl": 7},
                {"purl": "nonsense"},
                "x",
                {"purl": "pkg:npm/a@1", "hashes": 7, "properties": [1], "components": {}},
            ],
            "dependencies": {},
        },
    )
    assert [p.name for p in found.packages] == ["a"]
    assert {place for place, _ in found.unread} == {
        "components[0]",
        "components[1]",
        "components[2]",
        "components[3].components",
        "components[3].hashes",
        "components[3].properties[0]",
        "dependencies",
    }


def test_repeated_references_give_ids_of_their_own() -> None:
    entry = {"bom-ref": "a", "purl": "pkg:npm/a@1"}
    found = of(CYCLONEDX, {"bomFormat": "CycloneDX", "components": [entry, entry]})
    assert [p.id for p in found.packages] == ["a", "a (2)"]
