"""Real packages, by name: what the audit says of each, against counts made with nothing of ours.

The tarballs are fetched once with `npm pack NAME@VERSION` into $AUDIT_TEST_CACHE (by default a
folder below the system's temporary one). The counts here use tarfile, json and re alone; where a
package ships its sources, that its maps are of no weight was looked up by hand.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import posixpath
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.real import audited, kept_in

pytestmark = pytest.mark.registry

ROOT = Path(__file__).parent.parent
LINES = 50
"""A report that is longer than this is not read before a release."""

Findings = dict[str, int]
OURS = frozenset(
    {
        "access-token",
        "build-path-in-source-map",
        "dangling-source-map",
        "embedded-sources",
        "install-script",
        "missing-entry-point",
        "missing-script-file",
        "private-key",
        "remote-source-archive",
        "remote-source-map",
        "unpublishable-package",
        "unresolvable-dependency",
        "useless-source-map",
    }
)
"""The rules about maps and package.json; of these every finding is expected by number."""

PACKAGES: dict[str, Findings] = {
    "@angular/core@17.3.0": {"high embedded-sources": 368},
    "@tensorflow/tfjs@4.22.0": {
        "high embedded-sources": 2,
        "low embedded-sources": 14,
        "low dangling-source-map": 1,
    },
    "agent-base@4.3.0": {"medium private-key": 1},
    "axios@1.6.0": {"low embedded-sources": 6},
    "bootstrap@5.3.3": {"low embedded-sources": 48},
    "esbuild@0.25.0": {"low install-script": 1},
    "jquery@3.7.1": {},
    "monaco-editor@0.52.2": {
        "high embedded-sources": 13,
        "low embedded-sources": 1,
        "medium build-path-in-source-map": 4,
        "low dangling-source-map": 1,
    },
    "netlify-cli@23.0.0": {"low useless-source-map": 428, "low install-script": 1},
    "nsfwjs@4.1.0": {"medium missing-entry-point": 1, "low dangling-source-map": 4},
    "posthog-js@1.372.1": {"high embedded-sources": 193},
    "public-encrypt@4.0.3": {"medium private-key": 10},
    "rxjs@7.8.1": {"low embedded-sources": 1, "low useless-source-map": 1},
    "typescript@5.6.3": {"low dangling-source-map": 6},
}
HARMLESS = ("axios@1.6.0", "bootstrap@5.3.3", "jquery@3.7.1", "rxjs@7.8.1", "typescript@5.6.3")
"""They ship their sources, or no maps with text: nothing of any rule may be above low."""


def tarball(spec: str) -> Path:
    """Return a package's tarball, fetched by name when it is not there."""
    folder = kept_in("packages")
    path = folder / (re.sub(r"[^\w.-]+", "-", spec.lstrip("@").replace("@", "-")) + ".tgz")
    if not path.is_file():
        npm = shutil.which("npm")
        assert npm is not None, "npm is not installed"
        with tempfile.TemporaryDirectory(dir=folder) as made:
            command = [npm, "pack", spec, "--ignore-scripts", "--pack-destination", made]
            done = subprocess.run(command, cwd=made, check=False, capture_output=True)  # noqa: S603
            assert done.returncode == 0, done.stderr.decode(errors="replace")
            (fetched,) = Path(made).glob("*.tgz")
            fetched.replace(path)
    return path


def audit(spec: str, *options: str) -> str:
    return audited(tarball(spec), *options)


@functools.cache
def report(spec: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(audit(spec, "--format", "json"))
    return document


# -- the same counts, by hand


@dataclass(frozen=True, slots=True)
class Counted:
    """What is in a tarball, as far as the rules of `OURS` go."""

    findings: Counter[str] = field(default_factory=Counter)
    third_party: int = 0
    """Sources of all maps whose name is a library's."""
    first_party: int = 0
    told: int = 0
    """First-party sources whose text is in the map."""
    texts: frozenset[str] = frozenset()
    """The distinct first-party texts."""


DATA = re.compile(rb"sourceMappingURL=data:application/json[^,\s\"']*;base64,([A-Za-z0-9+/=]+)")
LINK = re.compile(r".*?(?://|/\*)[#@]\s*sourceMappingURL=(\S+?)\s*(?:\*/)?")
KEY = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+(?:[A-Za-z-]+: .*\s+)*[A-Za-z0-9+/=]{40,}\s"
)
CODE = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".css")


def members(spec: str) -> dict[str, bytes]:
    found = {}
    with tarfile.open(tarball(spec)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                found[member.name.partition("/")[2]] = content.read()
    return found


def documents(name: str, data: bytes) -> list[dict[str, Any]]:
    """Return the maps in a file: the file itself, or what is written inline."""
    raw = [data] if name.endswith(".map") else []
    if name.endswith(CODE):
        for payload in DATA.findall(data):
            try:
                raw.append(base64.b64decode(payload))
            except binascii.Error:
                continue
    found = []
    for text in raw:
        try:
            document = json.loads(text)
        except ValueError:
            continue
        if isinstance(document, dict) and "sources" in document:
            found.append(document)
    return found


def is_library(source: str) -> bool:
    return "node_modules" in source or "/tslib/" in source


@functools.cache
def counted(spec: str) -> Counted:
    files = members(spec)
    findings: Counter[str] = Counter()
    third = first = told = 0
    texts = set()
    for name, data in files.items():
        for document in documents(name, data):
            sources: list[str] = document["sources"]
            contents = document.get("sourcesContent") or [None] * len(sources)
            own = [s for s, c in zip(sources, contents, strict=True) if c and not is_library(s)]
            third += sum(map(is_library, sources))
            first += len(sources) - sum(map(is_library, sources))
            told += len(own)
            texts |= {
                c.replace("\r\n", "\n").strip()
                for s, c in zip(sources, contents, strict=True)
                if c and not is_library(s)
            }
            root = document.get("sourceRoot") or ""
            gone = [
                source
                for source, text in zip(sources, contents, strict=True)
                if not text and beside(name, posixpath.join(root, source)) not in files
            ]
            findings["embedded-sources"] += bool(own)
            findings["useless-source-map"] += bool(gone) and not any(contents)
            findings["build-path-in-source-map"] += any("file:/" in source for source in sources)
        findings["dangling-source-map"] += is_dangling(name, data, files)
        findings["private-key"] += KEY.search(data) is not None
    manifest = json.loads(files["package.json"])
    scripts = manifest.get("scripts", {})
    findings["install-script"] = len({"preinstall", "install", "postinstall"} & scripts.keys())
    findings["missing-entry-point"] = sum(
        key in manifest and manifest[key].removeprefix("./") not in files
        for key in ("main", "module", "unpkg", "jsdelivr", "typings")
    )
    return Counted(+findings, third, first, told, frozenset(texts))


def beside(path: str, url: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), url))


def is_dangling(name: str, data: bytes, files: dict[str, bytes]) -> bool:
    if not name.endswith(CODE) or b"sourceMappingURL=" not in data:
        return False
    last = data.decode("utf-8", "replace").strip().splitlines()[-1].strip()
    found = LINK.fullmatch(last)
    if found is None or found.group(1).startswith(("data:", "http")):
        return False
    return beside(name, found.group(1)) not in files


# -- the tests


@pytest.mark.parametrize("spec", PACKAGES)
def test_each_rule_finds_what_was_counted(spec: str) -> None:
    document = report(spec)
    found = [f for f in document["findings"] if f["rule"] in OURS]

    assert document["gaps"] == []
    assert Counter(f"{f['severity']} {f['rule']}" for f in found) == PACKAGES[spec]
    assert Counter(f["rule"] for f in found) == counted(spec).findings


@pytest.mark.parametrize("spec", PACKAGES)
def test_what_maps_give_back_is_what_was_counted(spec: str) -> None:
    """Link comments at a text's end aside, which do not make it another text."""
    link = re.compile(r"\s*(?://|/\*)[#@] sourceMappingURL=\S+(?: \*/)?\Z")
    texts = {link.sub("", text) for text in counted(spec).texts}
    (artifact,) = report(spec)["artifacts"]
    out = artifact["discloses"]

    assert (out["first_party_files"] if out else 0) == len(texts)
    if texts:
        lines = sum(len(text.split("\n")) for text in texts)
        # blank lines at the edges count for the audit and not here
        assert lines <= out["first_party_lines"] <= lines + 2 * len(texts)


@pytest.mark.parametrize("spec", PACKAGES)
def test_the_artifact_is_counted_whole(spec: str) -> None:
    files = members(spec)
    (artifact,) = report(spec)["artifacts"]
    assert artifact["files"] == len(files)
    assert artifact["unpacked_bytes"] == sum(map(len, files.values()))
    assert artifact["packed_bytes"] == tarball(spec).stat().st_size
    assert f"{artifact['name']}@{artifact['version']}" == spec


@pytest.mark.parametrize("spec", HARMLESS)
def test_a_package_that_hides_nothing_passes(spec: str) -> None:
    document = report(spec)
    assert document["verdict"] == "pass"
    assert {f["severity"] for f in document["findings"]} <= {"low", "info"}


@pytest.mark.parametrize("spec", PACKAGES)
def test_the_report_for_people_fits_on_a_screen(spec: str) -> None:
    lines = audit(spec).splitlines()
    assert len(lines) <= LINES
    assert all(len(line) <= 100 for line in lines)


def test_libraries_are_told_from_the_package_s_own() -> None:
    """TensorFlow bundles its parts from node_modules: their texts are no leak of this package."""
    spec = "@tensorflow/tfjs@4.22.0"
    assert (counted(spec).third_party, counted(spec).first_party) == (10_801, 35)
    assert counted(spec).told == 25
    found = [f for f in report(spec)["findings"] if f["rule"] == "embedded-sources"]
    assert sum(f["evidence"]["first_party_files"] for f in found) == 25
    high = {f["evidence"]["sample"][0] for f in found if f["severity"] == "high"}
    assert high == {"src/index_test.ts"}


def test_maps_inside_358_scripts_of_angular() -> None:
    found = [f for f in report("@angular/core@17.3.0")["findings"] if f["evidence"].get("inline")]
    assert len(found) == 358
    files = members("@angular/core@17.3.0")
    for finding in found:
        line = finding["location"]["line"]
        text = files[finding["location"]["path"]].split(b"\n")[line - 1]
        assert text.startswith(b"//# sourceMappingURL=data:")


def test_a_local_map_whose_name_begins_with_http_is_no_url() -> None:
    files = members("netlify-cli@23.0.0")
    assert any(b"sourceMappingURL=http-agent.js.map" in data for data in files.values())
    assert not any(
        f["rule"].startswith("remote-") for f in report("netlify-cli@23.0.0")["findings"]
    )


def test_the_compiler_that_writes_about_maps_has_none() -> None:
    files = members("typescript@5.6.3")
    words = sum(data.count(b"sourceMappingURL") for data in files.values())
    found = [
        f["location"]
        for f in report("typescript@5.6.3")["findings"]
        if f["rule"] == "dangling-source-map"
    ]
    assert words > 10
    assert len(found) == 6
    for place in found:
        line = files[place["path"]].split(b"\n")[place["line"] - 1]
        assert line.startswith(b"//# sourceMappingURL=")


def test_the_build_machine_shows_in_monaco() -> None:
    found = [
        f
        for f in report("monaco-editor@0.52.2")["findings"]
        if f["rule"] == "build-path-in-source-map"
    ]
    assert all(f["evidence"]["example"].startswith("/mnt/vss/_work/1/s/") for f in found)


def test_the_broken_field_of_nsfwjs_is_named() -> None:
    (found,) = (f for f in report("nsfwjs@4.1.0")["findings"] if f["rule"] == "missing-entry-point")
    assert found["location"]["key"] == "unpkg"
    assert found["evidence"]["target"] == "dist/nsfwjs.min.js"
    assert "dist/browser/nsfwjs.min.js" in members("nsfwjs@4.1.0")


def test_keys_of_tests_are_told_and_not_shown() -> None:
    for spec in ("public-encrypt@4.0.3", "agent-base@4.3.0"):
        found = [f for f in report(spec)["findings"] if f["rule"] == "private-key"]
        files = members(spec)
        for finding in found:
            assert finding["evidence"]["test_path"]
            body = b"".join(files[finding["location"]["path"]].split(b"\n")[1:3]).decode()
            assert body[:12] not in json.dumps(finding)
